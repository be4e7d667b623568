"""The floating-point formats that torch differentiates in, as numbers."""

import math
from dataclasses import dataclass

from autogradcli.language.nearest import did_you_mean


@dataclass(frozen=True, slots=True)
class Dtype:
    """A binary floating-point format."""

    name: str
    digits: int
    """Binary digits of the significand, the hidden one included."""
    smallest: int
    """Exponent of 2 of the smallest positive number, a subnormal."""
    largest: float
    """The largest finite number."""
    rtol: float
    """The default relative tolerance: that of `torch.testing.assert_close`."""

    @property
    def unit_roundoff(self) -> float:
        """u: half the distance from 1 to the next number; honest rounding of x moves it by at most u |x|."""
        return math.ldexp(1.0, -self.digits)

    @property
    def normal(self) -> float:
        """The smallest number with all its digits; what is smaller is subnormal, or zero."""
        return math.ldexp(1.0, self.smallest + self.digits - 1)

    def holds(self, other: "Dtype") -> bool:
        """Whether every number of another format is one of this."""
        return self.digits >= other.digits and self.smallest <= other.smallest and self.largest >= other.largest

    def ulp(self, x: float) -> float:
        """Distance between the two numbers of the format around x: a unit in the last place."""
        if not math.isfinite(x):
            return math.nan
        exponent = math.frexp(x)[1] - self.digits if x else self.smallest
        return math.ldexp(1.0, max(exponent, self.smallest))


OTHER_NAMES = {
    **dict.fromkeys(("double", "fp64", "f64"), "float64"),
    **dict.fromkeys(("single", "fp32", "f32"), "float32"),
    **dict.fromkeys(("half", "fp16", "f16"), "float16"),
    "bf16": "bfloat16",
}
"""What the formats are called elsewhere."""

DTYPES = {
    each.name: each
    for each in (
        Dtype("float64", 53, -1074, 1.7976931348623157e308, 1e-7),
        Dtype("float32", 24, -149, 3.4028234663852886e38, 1.3e-6),
        Dtype("float16", 11, -24, 65504.0, 1e-3),
        Dtype("bfloat16", 8, -133, 3.3895313892515355e38, 1.6e-2),
    )
}


def dtype_meant(text: str) -> str | None:
    """What to ask about the name of a format that there is not; None if nothing is like it."""
    name = text.rpartition(".")[2].casefold()
    return did_you_mean(OTHER_NAMES.get(name, name), DTYPES)
