"""What is said of options of the command line, said of the keys of a case."""

import re

_OPTION = re.compile(r'--(jacobian|hessian|upstream|wrt|order)\b(?: (?:"([^"]*)"|([\w.,]+)))?')


def in_keys(text: str) -> str:
    """The text with `jacobian = true` for `--jacobian`, and `upstream = "x"` for `--upstream x`."""
    return _OPTION.sub(_key, text)


def _key(option: re.Match[str]) -> str:
    value = option[2] or option[3]
    if value is None:
        return f"{option[1]} = true" if option[1] in {"jacobian", "hessian"} else option[1]
    return f"{option[1]} = {value}" if value.isdigit() else f'{option[1]} = "{value}"'
