"""What a snippet reaches of torch, NumPy and math: an exact list, and the record of what it does with it."""
