"""What the functions of whole tensors mean, component by component: a few lines over arrays of tape handles each.

Each takes the builder of the tape and, by the names of the row's parameters, the handles of its operands (a list for a
parameter that takes several, None for one that was left out) and its options. It appends scalar operations and gives
the result's handles: an index for a number, an array of them in the shape of a tensor. These are the definitions that
torch's kernels, fused or not, are checked against.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from autogradcli.language.meaning.attention import ATTENTION
from autogradcli.language.meaning.classes import CLASSES
from autogradcli.language.meaning.constructors import CONSTRUCTORS
from autogradcli.language.meaning.cross_entropy import CROSS_ENTROPY
from autogradcli.language.meaning.layers import LAYERS
from autogradcli.language.meaning.losses import LOSSES
from autogradcli.language.meaning.matrices import MATRICES
from autogradcli.language.meaning.norms import NORMS
from autogradcli.language.meaning.pieces import PIECES
from autogradcli.language.meaning.products import PRODUCTS
from autogradcli.language.meaning.reductions import REDUCTIONS
from autogradcli.language.meaning.resizing import RESIZING
from autogradcli.language.meaning.scattering import SCATTERING
from autogradcli.language.meaning.shaping import SHAPING
from autogradcli.language.meaning.softmax import SOFTMAX
from autogradcli.language.meaning.windows import WINDOWS

if TYPE_CHECKING:
    from autogradcli.language.tape import Handle

MEANING: Mapping[str, Callable[..., "Handle"]] = {
    **CONSTRUCTORS,
    **SHAPING,
    **PIECES,
    **CLASSES,
    **SCATTERING,
    **REDUCTIONS,
    **PRODUCTS,
    **NORMS,
    **MATRICES,
    **SOFTMAX,
    **LAYERS,
    **RESIZING,
    **WINDOWS,
    **ATTENTION,
    **LOSSES,
    **CROSS_ENTROPY,
}
"""By the name of the table's row."""
