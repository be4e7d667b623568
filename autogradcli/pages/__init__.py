"""The pages behind the words of gradcalc and of its reports, in Markdown: a file for each."""

from dataclasses import dataclass
from importlib.resources import files

NAMES = (
    "language",
    "values",
    "verdict",
    "ulp",
    "kink",
    "formats",
    "json",
    "cases",
    "programs",
    "python",
    "beyond",
    "speed",
)
"""What there is a page about."""
ALIASES = {
    **dict.fromkeys(("expression", "syntax", "operators", "constants"), "language"),
    **dict.fromkeys(("value", "point", "at", "csv", "npy", "tensors", "seed"), "values"),
    **dict.fromkeys(("verified", "imprecise", "mismatch", "undefined", "unverified", "tolerance", "exit"), "verdict"),
    **dict.fromkeys(("status", "rounding", "budget", "proof"), "verdict"),
    **dict.fromkeys(("ulps", "error", "precision"), "ulp"),
    **dict.fromkeys(("kinks", "subgradient", "corner", "slopes"), "kink"),
    **dict.fromkeys(("format", "output", "colors", "digits", "plain"), "formats"),
    **dict.fromkeys(("batch", "jsonl", "schema"), "json"),
    **dict.fromkeys(("case", "check", "toml", "claim", "claims", "ci", "pytest"), "cases"),
    **dict.fromkeys(("program", "run", "ledger", "watch"), "programs"),
    **dict.fromkeys(("library", "notebook", "jupyter", "api"), "python"),
    **dict.fromkeys(("server", "warm", "fast", "performance"), "speed"),
    **dict.fromkeys(("hessian", "jacobian", "order", "hvp", "jvp", "scale"), "beyond"),
}
"""Other words that mean a page."""


@dataclass(frozen=True, slots=True)
class WordPage:
    """What `gradcalc explain WORD` shows."""

    word: str
    title: str
    text: str
    """Markdown, with lines that fit 80 columns."""


def word_page(word: str) -> WordPage | None:
    """The page about a word, in any case of letters; None if there is none."""
    name = ALIASES.get(word.casefold(), word.casefold())
    if name not in NAMES:
        return None
    text = files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8")
    return WordPage(name, text.partition("\n")[0].removeprefix("# "), text)
