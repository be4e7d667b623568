"""The magic of notebooks: `%load_ext autogradcli`."""

import sys
from argparse import ArgumentParser
from typing import Any, NoReturn

from autogradcli.api.watching import watch


def load_ipython_extension(shell: Any) -> None:
    """Let notebooks have `%%gradcalc`: a cell is run, and what its gradients are worth is shown below it."""

    def gradcalc(line: str, cell: str) -> None:
        """Run a cell, and show what its gradients are worth: %%gradcalc [--timeout SECONDS] [--surrogate NAME]."""
        try:
            asked = OPTIONS.parse_args(line.split())
        except ValueError as error:
            print(f"error: {error}\nhint: type {USAGE}", file=sys.stderr)  # noqa: T201 - a magic has no other way
            return
        with watch(surrogate=[*asked.surrogate, *asked.names], timeout=asked.timeout) as seen:
            shell.run_cell(cell)
        print(seen)  # noqa: T201 - what the magic is for

    shell.register_magic_function(gradcalc, "cell", "gradcalc")


class _Options(ArgumentParser):
    """Raises ValueError where argparse would end the process."""

    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


USAGE = "%%gradcalc --timeout 30, or %%gradcalc --surrogate NAME"
OPTIONS = _Options("%%gradcalc", add_help=False, allow_abbrev=False)
OPTIONS.add_argument("--timeout", type=float, default=10.0, metavar="SECONDS")
OPTIONS.add_argument("--surrogate", action="append", default=[], metavar="NAME")
OPTIONS.add_argument("names", nargs="*", help="the same as --surrogate")
