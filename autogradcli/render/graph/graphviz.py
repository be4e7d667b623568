"""The process that draws a picture: DOT on standard input, the picture on standard output."""

import sys

from autogradcli.render.graph.image import MISSING


def main() -> int:
    """The exit status."""
    try:
        from pygraphviz import AGraph  # type: ignore[import-untyped]
    except ImportError:
        return MISSING
    graph = AGraph(string=sys.stdin.buffer.read().decode())
    sys.stdout.buffer.write(graph.draw(format=sys.argv[1], prog="dot"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
