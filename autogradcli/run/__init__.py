"""Snippets: Python's syntax over torch, run by an interpreter of our own, with a ledger of every `backward`."""
