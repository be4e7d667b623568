"""What honest rounding may make of one number: by the unit roundoff alone, or with what underflow loses as well."""

from dataclasses import dataclass
from typing import Self

from flint import arb

from autogradcli.language.dtypes import Dtype

ROUNDINGS = 4
"""Units of roundoff by which an elementary value or a partial derivative may honestly err."""


@dataclass(frozen=True)
class Rounding:
    """Rounding in a format without end: relative errors alone. It makes the rounding budget of a sweep."""

    spread: arb
    """A ball around 1, by which every rounded number is multiplied."""
    digits: int
    """Binary digits up to which the format holds a number as it is."""

    @classmethod
    def of(cls, dtype: Dtype) -> Self:
        """The rounding of a dtype."""
        return cls(arb(1, ROUNDINGS * dtype.unit_roundoff), dtype.digits)

    def __call__(self, number: arb) -> arb:
        """A ball of all that a number may come out as when it is rounded once."""
        return number * self.spread

    def sent(self, contribution: arb) -> arb:
        """A ball of all that an adjoint times a rounded partial derivative may come out as."""
        return contribution


@dataclass(frozen=True)
class Underflow(Rounding):
    """Rounding that knows where the format ends: below its normal numbers errors are absolute."""

    normal: arb
    """The smallest number with all its digits."""
    tiny: arb
    """A ball around 0, which is added to every number that may be smaller."""

    @classmethod
    def of(cls, dtype: Dtype) -> Self:
        """The rounding of a dtype."""
        tiny = arb(0, arb(2) ** dtype.smallest * ROUNDINGS)
        return cls(arb(1, ROUNDINGS * dtype.unit_roundoff), dtype.digits, arb(dtype.normal), tiny)

    def __call__(self, number: arb) -> arb:
        """A ball of all that a number may come out as when it is rounded once."""
        return self.sent(number * self.spread)

    def sent(self, contribution: arb) -> arb:
        """A ball of all that an adjoint times a rounded partial derivative may come out as."""
        small = not contribution.is_zero() and contribution.abs_lower() < self.normal
        return contribution + self.tiny if small else contribution
