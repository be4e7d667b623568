"""The ledger of a program in each format."""
