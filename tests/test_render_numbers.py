"""Numbers as text: shortest in their dtype, cut to digits, and balls that stay true when cut."""

import math
import struct
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autogradcli.language.dtypes import DTYPES
from autogradcli.render.numbers import enclosure, shortest, significant, ulps

SHORTEST = [
    (72.0, "float64", "72.0"),
    (0.1, "float64", "0.1"),
    (0.10000000149011612, "float64", "0.10000000149011612"),
    (0.10000000149011612, "float32", "0.1"),
    (16777216.0, "float32", "16777216.0"),
    (3.4028234663852886e38, "float32", "3.4028235e+38"),
    (1.401298464324817e-45, "float32", "1e-45"),
    (0.0999755859375, "float16", "0.1"),
    (65504.0, "float16", "65500.0"),
    (0.10009765625, "bfloat16", "0.1"),
    (3.140625, "bfloat16", "3.14"),
    (-0.0, "float32", "-0.0"),
    (math.nan, "float32", "nan"),
    (-math.inf, "float64", "-inf"),
    (None, "float64", "none"),
    (True, "float64", "True"),
    ([[1.0, 2.5], [None, 0.10000000149011612]], "float32", "[[1.0, 2.5], [none, 0.1]]"),
    ([], "float64", "[]"),
]


@pytest.mark.parametrize(("value", "dtype", "text"), SHORTEST)
def test_numbers_are_as_short_as_their_dtype_allows(value: object, dtype: str, text: str) -> None:
    """A float32 that was made from 0.1 is 0.1."""
    assert shortest(value, dtype) == text


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_shortest_float32_is_read_back(number: float) -> None:
    """The text of a float32 rounds to the same float32."""
    assert struct.unpack("f", struct.pack("f", float(shortest(number, "float32")))) == (number,)


@given(st.floats(width=16, allow_nan=False, allow_infinity=False))
def test_shortest_float16_is_read_back(number: float) -> None:
    """The text of a float16 is nearer to it than to any other float16."""
    assert abs(float(shortest(number, "float16")) - number) <= DTYPES["float16"].ulp(number) / 2


SIGNIFICANT = [
    ("72.0000000000000000000000000000", 30, "72"),
    ("0.333333333333333333333333333333", 30, "0.333333333333333333333333333333"),
    ("0.333333333333333333333333333333", 17, "0.33333333333333333"),
    ("2.99999999999999999999999999999", 17, "3"),
    ("-0.0154904602693857531198765432110", 8, "-0.01549046"),
    ("1.20000000000000000000000000000e-50", 30, "1.2e-50"),
    ("123456789012345678901234567890", 30, "1.2345678901234567890123456789e+29"),
    ("1234567890123456", 17, "1234567890123456"),
    ("12345678901234567", 17, "1.2345678901234567e+16"),
    ("33333333.333333333", 6, "3.33333e+07"),
    ("123456.7", 6, "123457"),
    ("0.0001", 17, "0.0001"),
    ("0.00001", 17, "1e-05"),
    ("1e1000000", 17, "1e+1000000"),
    ("0E-30", 17, "0"),
    ("-0.0", 17, "0"),
    ("zoo", 17, "zoo"),
    ("Infinity", 17, "Infinity"),
]


@pytest.mark.parametrize(("text", "digits", "expected"), SIGNIFICANT)
def test_decimals_are_cut_without_trailing_zeros(text: str, digits: int, expected: str) -> None:
    """72, not 72.0000; a size that few digits can show is written with an exponent, as Python does."""
    assert significant(text, digits) == expected


ENCLOSURES = [
    ("72", "0", 30, "72 ± 0"),
    ("0.1000000000000000055511151231257827", "1e-40", 17, "0.10000000000000001 ± 4.5e-18"),
    ("2.5", "1.25e-3", 30, "2.5 ± 0.0013"),
    ("-1.5e-300", "3e-340", 30, "-1.5e-300 ± 3e-340"),
    ("0", "1e-50", 30, "0 ± 1e-50"),
]


@pytest.mark.parametrize(("value", "radius", "digits", "text"), ENCLOSURES)
def test_balls(value: str, radius: str, digits: int, text: str) -> None:
    """A ball shows as many digits as there is room for, and two of its radius."""
    assert enclosure(value, radius, digits) == text


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=40, min_value=-9, max_value=9),
    st.decimals(allow_nan=False, allow_infinity=False, places=60, min_value=0, max_value="1e-10"),
    st.integers(6, 30),
)
def test_a_cut_ball_still_encloses(value: Decimal, radius: Decimal, digits: int) -> None:
    """Whatever lies in the ball lies in the ball that is shown."""
    centre, _, shown = enclosure(str(value), str(radius), digits).partition(" ± ")
    assert abs(Decimal(centre) - value) + radius <= Decimal(shown)


@pytest.mark.parametrize(
    ("distance", "text"),
    [
        (0.0, "0 ulp"),
        (0.293, "0.29 ulp"),
        (15.0, "15 ulp"),
        (1e7, "1e+07 ulp"),
        (None, ""),
        ([0.5, None], "[0.5 ulp, ]"),
    ],
)
def test_distances(distance: object, text: str) -> None:
    """A distance in ulp has two digits; one that is not known is left out."""
    assert ulps(distance) == text
