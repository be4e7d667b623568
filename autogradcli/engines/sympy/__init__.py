"""The SymPy engine: the derivative as a formula, found in a process of its own."""
