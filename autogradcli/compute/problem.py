"""The problem: a program, a point, and what is asked about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from autogradcli.engines.backward import ONCE, Backward
from autogradcli.engines.results import Array
from autogradcli.functions.table import row
from autogradcli.language.program import Call, Program, Step, Tensor
from autogradcli.language.tape import MAX_OPERATIONS


@dataclass(frozen=True, slots=True)
class Beyond:
    """What is wanted besides the gradient."""

    order: int = 1
    """Of one variable that is a number all derivatives up to this one; of anything else 2, all second derivatives."""
    hessian: bool = False
    """All second derivatives, also of one variable that is a number."""
    mixed: tuple[str, ...] = ()
    """One mixed partial derivative, as `x, x, y`."""
    jacobian: bool = False
    """The derivative of every component of the output, in place of the gradient of a number."""
    hvp: tuple[tuple[str, Program], ...] = ()
    """The direction that the Hessian is multiplied by: names, and for each a constant program in its shape."""
    jvp: tuple[tuple[str, Program], ...] = ()
    """The direction along which the output is differentiated by torch's forward mode, in the same form."""

    @property
    def asked(self) -> bool:
        """Whether there is anything."""
        return self != GRADIENT


GRADIENT = Beyond()
"""Nothing but the gradient."""


def called(order: int) -> str:
    """What a derivative of that order is called in a sentence."""
    return "gradient" if order == 1 else f"derivative of order {order}"


LARGEST_SEED = 2**53


@dataclass(frozen=True, slots=True)
class Options:
    """How a problem is computed, how closely it is looked at, and what may be spent on it."""

    dtype: str = "float64"
    """float64, float32, float16 or bfloat16."""
    rtol: float | None = None
    """A demand on the relative error, or None for the dtype's default."""
    atol: float | None = None
    """A demand on the absolute error, in units of f / x, or None for 0."""
    max_ulps: float | None = None
    """A demand on the error in units in the last place, or None."""
    symbolic: bool = True
    """Whether SymPy is used."""
    timeout: float = 10.0
    """Seconds that SymPy may take."""
    seed: int = 0
    """What torch's generator of random numbers starts from."""
    max_operations: int = MAX_OPERATIONS
    """Scalar operations up to which Arb is used."""
    trace: bool = False
    """Whether the chain rule is written out."""
    remedies: float = 1.0
    """Seconds of processor time that the search for remedies may take; 0 for none."""


BRIEF = 0.1
"""Seconds for the remedies of one problem of many."""
NONE = 0.0
"""The same where nobody reads them."""
DEFAULTS = Options()
"""The defaults."""


@dataclass(frozen=True, slots=True)
class Problem:
    """All that `compute` needs to know, and what is claimed of it."""

    program: Program
    at: Mapping[str, Program]
    """For each variable of the program a constant program that is its value."""
    wrt: tuple[str, ...]
    """The variables and intermediates to differentiate with respect to, in the order of the report."""
    options: Options = DEFAULTS
    backward: Backward = ONCE
    """How torch's `backward` is called; the verdict is about what one call adds to `.grad`."""
    beyond: Beyond = GRADIENT
    """Which derivatives are wanted besides the gradient."""
    function: str | Callable[..., object] | None = None
    """The user's own code that is to have this value and gradient: `package.module:name`, or a callable."""
    folder: str | None = None
    """Where that code is looked for as well as in the working directory."""
    claims: Mapping[str, Program] = field(default_factory=dict)
    """What somebody says that the true derivatives are, anywhere and not only at this point."""
    given: Mapping[str, Array] = field(default_factory=dict)
    """Gradients to be judged in place of those that torch gives for the program: what a program of the user's got."""
    id: object = None
    """What the caller knows it by."""
    remarks: tuple[str, ...] = ()
    """What is to be said of how it was stated, a sentence each."""

    @property
    def random(self) -> bool:
        """Whether a value holds random numbers, or a function draws some."""
        steps = (step for each in (self.program, *self.at.values()) for step in each.steps)
        return any(isinstance(step, Call) and (row(step.function).random or row(step.function).draws) for step in steps)

    @property
    def tensors(self) -> bool:
        """Whether a variable is given data, or a value that a function of whole tensors makes."""
        return any(_holds_tensor(step) for value in self.at.values() for step in value.steps)


def _holds_tensor(step: Step) -> bool:
    return isinstance(step, Tensor) or (isinstance(step, Call) and row(step.function).tensor)
