"""What every row of the table means, written by hand over arrays of mpmath's numbers; nothing of gradcalc is in it.

A meaning of `NUMBERS` takes the operands; one of `TENSORS` what a row is called with, by the names of its parameters,
and of a row with fields also the `field` that is chosen. What a meaning does not do, since no test asks for it, is a
NotImplementedError.
"""

from tests.oracles.rows.factors import FACTORS
from tests.oracles.rows.layers import LAYERS
from tests.oracles.rows.lines import LINES
from tests.oracles.rows.losses import LOSSES
from tests.oracles.rows.matrices import MATRICES
from tests.oracles.rows.numbers import NUMBERS
from tests.oracles.rows.places import PLACES
from tests.oracles.rows.shaping import SHAPING

__all__ = ["NUMBERS", "TENSORS"]

TENSORS = SHAPING | LINES | MATRICES | LAYERS | LOSSES | FACTORS | PLACES
"""By the name of the row."""
