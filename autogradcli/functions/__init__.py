"""The table of functions: a family a file, its rows with their bodies."""
