"""The magic of notebooks: `%load_ext autogradcli`."""

from typing import Any

from autogradcli.api.watching import watch


def load_ipython_extension(shell: Any) -> None:
    """Let notebooks have `%%gradcalc`: a cell is run, and what its gradients are worth is shown below it."""

    def gradcalc(line: str, cell: str) -> None:
        with watch(surrogate=line.split()) as seen:
            shell.run_cell(cell)
        print(seen)  # noqa: T201 - what the magic is for

    shell.register_magic_function(gradcalc, "cell", "gradcalc")
