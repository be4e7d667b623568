"""The torch engine: the program under autograd."""
