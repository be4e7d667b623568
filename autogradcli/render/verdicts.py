"""Verdicts in words and colours; the word itself always stands there too."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VerdictStyle:
    """How a verdict is shown."""

    style: str
    """The style of its word, where there are colours."""
    sentence: str
    """What it says."""


LOOKS = {
    "verified": VerdictStyle("green", "autograd's gradient is right"),
    "imprecise": VerdictStyle("yellow", "autograd's gradient loses accuracy here"),
    "kink": VerdictStyle("yellow", "the function is not differentiable here"),
    "undefined": VerdictStyle("yellow", "there is no finite derivative here"),
    "unverified": VerdictStyle("yellow", "no engine could check autograd's gradient"),
    "mismatch": VerdictStyle("alarm", "autograd's gradient is WRONG"),
}
WITHOUT_TORCH = {
    "verified": "SymPy and balls agree, and torch has no {}",
    "unverified": "torch has no {}, and there are not two opinions on every number",
}
"""What is said in place of that where there is no number of autograd's."""
