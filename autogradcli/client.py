"""The entry point of `gradcalc`: standard library alone, so that what needs no engine does not wait for one."""

import sys


def main() -> None:
    """Run the command line of this process; the exit status comes as SystemExit."""
    try:
        from autogradcli.cli import main as run

        run()
    except KeyboardInterrupt:
        # A shell's own status for a command that was interrupted; a traceback through an import helps nobody.
        sys.exit(130)
