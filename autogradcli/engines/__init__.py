"""The engines: torch, SymPy and Arb, three siblings that never import each other."""
