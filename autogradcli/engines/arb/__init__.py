"""The Arb engine: the same program in ball arithmetic, which proves what it says."""
