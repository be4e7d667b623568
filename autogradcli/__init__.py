"""gradcalc: the gradient of an expression, and whether that gradient is right."""

__version__ = "0.1.0"
