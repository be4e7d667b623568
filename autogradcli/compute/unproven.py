"""The result for a program about which ball arithmetic proves nothing, with the reason."""

from autogradcli.engines.results import Autograd, Cause, Enclosure, Unproven, flat
from autogradcli.functions.handles import TooLong
from autogradcli.processes.limits import OutOfTime


def unproven(reason: Exception, autograd: Autograd) -> Unproven:
    """The opinion on a program that cannot be put on a tape, or for which the engine reached a limit."""
    if isinstance(reason, TooLong):
        code, message = "GC503", f"{reason}, too many to prove anything about: --max-operations allows more"
    elif isinstance(reason, OutOfTime):
        code, message = "GC506", "ball arithmetic ran out of time: --timeout allows more"
    elif isinstance(reason, MemoryError):
        code, message = "GC507", "ball arithmetic ran out of memory: --max-memory allows more"
    elif isinstance(reason, ChildProcessError):
        code, message = "GC508", f"ball arithmetic ended its process: {reason}"
    else:
        code, message = "GC504", f"{reason}: torch alone can compute it, and nothing is proven"
    return because(Cause("unverified", code, message, None), autograd)


def because(cause: Cause, autograd: Autograd, remark: str | None = None) -> Unproven:
    """The same for a cause of every number."""
    return Unproven(Enclosure(cause=cause), len(flat(autograd.value)), remark)
