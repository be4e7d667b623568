"""The warm server: processes with torch, SymPy and flint loaded, which are ready before a command line asks for them.

`client` asks, `main` is the server, with a `nursery` for command lines, one for what computes and one for SymPy;
`call` is one command line in a process of the server.
"""
