"""Checks: what is to hold of a problem, and whether it does."""
