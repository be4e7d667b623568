"""Verdicts in words and colours; the word itself always stands there too."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Look:
    """How a verdict is shown."""

    style: str
    """The style of its word, where there are colours."""
    sentence: str
    """What it says."""


LOOKS = {
    "verified": Look("green", "autograd's gradient is right"),
    "imprecise": Look("yellow", "autograd's gradient loses accuracy here"),
    "kink": Look("yellow", "the function is not differentiable here"),
    "undefined": Look("yellow", "there is no finite derivative here"),
    "unverified": Look("yellow", "no engine could check autograd's gradient"),
    "mismatch": Look("alarm", "autograd's gradient is WRONG"),
}
