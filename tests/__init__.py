"""The tests: one file per module, tables of inputs and exact outcomes."""
