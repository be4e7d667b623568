"""The process that draws a picture: DOT on standard input, the picture on standard output."""

import sys

MISSING = 3
"""The exit status where there is no pygraphviz."""


def main() -> int:
    """The exit status."""
    try:
        from pygraphviz import AGraph  # type: ignore[import-untyped]
    except ImportError:
        return MISSING
    graph = AGraph(string=sys.stdin.buffer.read().decode())
    sys.stdout.buffer.write(graph.draw(format=sys.argv[1], prog=sys.argv[2]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
