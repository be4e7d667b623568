"""The ledger of a snippet in each format."""
