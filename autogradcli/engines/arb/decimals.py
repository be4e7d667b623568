"""Balls in decimal."""

from flint import arb

from autogradcli.engines.results import Ball

DECIMALS = 40
"""Digits that a ball's midpoint is printed with."""
EXPONENTS = 2**20
"""Binary exponents beyond which a number is only called too large, or zero to within something tiny."""
TINY = 1 / arb(2) ** EXPONENTS


def as_text(ball: arb) -> Ball:
    """A ball in decimal; its radius also holds what the decimals of its midpoint leave out."""
    if float(ball) == 0 and 0 < abs(ball).upper() < TINY:
        return Ball("0", f"1e-{EXPONENTS // 4}")
    text: str = ball.str(DECIMALS)
    middle, _, radius = text.strip("[]").partition("+/- ")
    return Ball(_trim(middle.strip() or "0"), radius or "0")


def _trim(number: str) -> str:
    """A decimal without zeros at its end."""
    mantissa, mark, exponent = number.partition("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return mantissa + mark + exponent if exponent != "+0" else mantissa


def short_text(ball: arb) -> str:
    """A few digits of a ball, for a sentence."""
    return _trim(ball.mid().str(6, radius=False))
