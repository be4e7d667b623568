"""Writes autogradcli/functions/index.py anew from the rows: `.venv/bin/python -m scripts.function_names`."""

from pathlib import Path
from textwrap import fill

from autogradcli.functions.table import modules, rows_of

FILE = Path(__file__).resolve().parents[1] / "autogradcli" / "functions" / "index.py"
HEAD = '''"""The names of the functions in each module, so that a name is found without importing them all.

Written by `.venv/bin/python -m scripts.function_names`; a test says when that is due.
"""

NAMES = {
'''


def text() -> str:
    """What the file should hold."""
    return HEAD + "".join(f'    "{module}": """\n{_names(module)}\n    """,\n' for module in modules()) + "}\n"


def _names(module: str) -> str:
    rows = rows_of(module)
    names = dict.fromkeys(name for row in rows for name in (row.name, *row.aliases, *(f".{x}" for x in row.properties)))
    return fill(" ".join(names), width=120, initial_indent=" " * 8, subsequent_indent=" " * 8, break_on_hyphens=False)


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
