"""Numbers of a program in a sentence."""


def nine_digits(number: float) -> str:
    """A number as torch's usual format has it: in as few digits as tell it, and at most nine."""
    candidates = (f"{number:.{digits}g}" for digits in range(1, 9))
    close = (each for each in candidates if abs(float(each) - number) <= HALF_A_UNIT * abs(number))
    return repr(float(next(close, f"{number:.9g}")))


HALF_A_UNIT = 2.0**-25
"""Relatively, as far as a decimal may be from a float32 that it stands for."""
