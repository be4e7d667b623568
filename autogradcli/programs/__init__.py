"""PyTorch programs that Python runs while gradcalc watches: what to verify of them, and the ledger."""
