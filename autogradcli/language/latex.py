r"""LaTeX that people paste, as the language would have it: `\frac{x}{y}` is (x)/(y).

It is only what an error offers: the text itself is not read so.
"""

import re

_COMMANDS = {
    **dict.fromkeys(("cdot", "times", "ast"), "*"),
    **dict.fromkeys(("left", "right", "displaystyle", "quad", "qquad", ",", ";", "!", " "), " "),
    **dict.fromkeys(("leq", "le", "leqslant"), "<="),
    **dict.fromkeys(("geq", "ge", "geqslant"), ">="),
    **dict.fromkeys(("neq", "ne"), "!="),
    "div": "/",
    "infty": "inf",
    **{f"var{letter}": letter for letter in ("epsilon", "theta", "phi", "rho", "sigma", "kappa")},
    **{word: f"\\{word}" for word in ("int", "sum", "prod", "partial", "lim", "nabla", "begin", "end", "|")},
}
"""What commands mean that are neither names nor have arguments."""
_FRACTION = re.compile(r"\\[dtc]?frac\s*(?=[{\d])")
_ROOT = re.compile(r"\\sqrt\s*(?:\[([^\]]*)\])?\s*(?={)")
_NAMED = re.compile(r"\\(?:mathrm|operatorname|text|mathbf|mathit)\s*\{(\w+)\}")
_COMMAND = re.compile(r"\\([A-Za-z]+|.)")
_RAISED = re.compile(r"(?P<function>\\[a-z]+\s*)?\^\s*\{")
_LOGARITHM = re.compile(r"\\log\s*_\s*(?:(2)|\{(2|10)\})")
_BEFORE_SUM = re.compile(r"(?:^|[-+=(,])\s*$")
_AFTER_SUM = re.compile(r"\s*(?:$|[-+=),])")
_FACTOR = re.compile(r"\s*[\w\\({]")


def from_latex(source: str) -> str:
    """The text without LaTeX; what has no meaning here stays."""
    text = _NAMED.sub(r"\\\1", source.strip().strip("$").strip())
    text = re.sub(r"\\[\[\]()]", " ", text)
    text = _LOGARITHM.sub(lambda each: f" log{each[1] or each[2]} ", text)
    while found := _FRACTION.search(text):
        top, middle = _argument(text, found.end())
        bottom, end = _argument(text, middle)
        before, after, fraction = text[: found.start()], text[end:], f"{_group(top)}/{_group(bottom)}"
        alone = _BEFORE_SUM.search(before) and _AFTER_SUM.match(after)
        text = f"{before}{fraction if alone else f'({fraction})'}{after}"
    while found := _ROOT.search(text):
        inner, end = _argument(text, found.end())
        root = f"root({inner}, {found[1]})" if found[1] else f"sqrt({inner})"
        text = f"{text[: found.start()]}{root}{text[end:]}"
    while found := _RAISED.search(text):
        inner, end = _argument(text, found.end() - 1)
        product = "*" if not found["function"] and _FACTOR.match(text, end) else ""
        text = f"{text[: found.start()]}{found['function'] or ''}^{_group(inner)}{product}{text[end:]}"
    text = _COMMAND.sub(lambda each: _COMMANDS.get(each[1], f" {each[1]} "), text)
    text = text.replace("{", "(").replace("}", ")")
    text = re.sub(r"([A-Za-z])_\((\w+)\)", r"\1_\2", text)
    text = re.sub(r"\s+(?=[()^])|(?<=\()\s+|(?<=\s)\s+", "", text)
    return text.strip()


def _argument(text: str, start: int) -> tuple[str, int]:
    """What stands between braces, or the sign that stands there without, and where it ends."""
    while text[start : start + 1].isspace():
        start += 1
    if text[start : start + 1] != "{":
        return text[start : start + 1], start + 1
    depth = 0
    for place in range(start, len(text)):
        depth += (text[place] == "{") - (text[place] == "}")
        if not depth:
            return text[start + 1 : place], place + 1
    return text[start + 1 :], len(text)


def _group(text: str) -> str:
    """An operand, in brackets unless it is a name or a number."""
    text = text.strip()
    return text if re.fullmatch(r"\w+", text) else f"({text})"
