"""What is said of options of the command line, said of the keys of a case and of the fields of a line."""

import json
import re
from collections.abc import Callable

from autogradcli.errors import GradcalcError

_OPTION = re.compile(
    r"--(jacobian|hessian|upstream|wrt|order|hvp|jvp)\b"
    r'(?: (?:"([^"]*)"|(NAME=VALUE)|((?<=order )\d+|(?<=wrt )\w+(?:,\w+)*|VALUE\b)))?'
)
"""An option that is a key as well, and the value that is typed after it."""


def in_keys(error: GradcalcError) -> GradcalcError:
    """The error with `jacobian = true` for `--jacobian`, and `upstream = "x"` for `--upstream "x"`."""
    return _worded(error, "{} = {}", str, "{}.NAME = VALUE")


def in_fields(error: GradcalcError) -> GradcalcError:
    """The error with `"jacobian": true` for `--jacobian`, and `"upstream": "x"` for `--upstream "x"`."""
    return _worded(error, "{}: {}", json.dumps, '"{}": {{NAME: VALUE}}')


def _worded(error: GradcalcError, given: str, name: Callable[[str], str], parts: str) -> GradcalcError:
    """The error with every option that is a key written as one."""

    def key(option: re.Match[str]) -> str:
        if option[3]:
            return parts.format(option[1])
        quoted, bare = option[2], option[4]
        value = "true" if option[1] in {"jacobian", "hessian"} else bare if bare == "VALUE" else quoted or bare
        if value is None:
            return name(option[1])
        plain = value in {"true", "VALUE"} or value.isdigit()
        return given.format(name(option[1]), value if plain else json.dumps(value))

    message, hint = (None if text is None else _OPTION.sub(key, text) for text in (error.message, error.hint))
    return GradcalcError(error.kind, str(message), source=error.source, span=error.span, hint=hint)
