"""A function of tensors, called once at a point while it is watched: the report on its gradients."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from autogradcli.compute.compute import Session
from autogradcli.compute.problem import Options
from autogradcli.compute.report import Report
from autogradcli.errors import GradcalcError
from autogradcli.programs.demands import Demands
from autogradcli.programs.texts import Texts
from autogradcli.programs.verify import Verifier


def function_report(
    function: Callable[..., Any], point: Mapping[str, Any], options: Options, wrt: Collection[str]
) -> Report:
    """The report on what a function of these numbers computes, and its gradients with respect to some of them.

    The function is given tensors that have the dtype of the options.

    Raises GradcalcError if the function gives no number that depends on the point, or its record cannot be followed.
    """
    from autogradcli.engines.torch.record.functions import NoNumber, watch_call

    try:
        passes = watch_call(function, point, options.dtype, wrt)
    except NoNumber as problem:
        raise GradcalcError("value", str(problem), hint="let it give one number, as torch.sum does") from problem
    with Session(options.symbolic) as session:
        (found,) = Verifier(Texts(), session, Demands(options)).verify(passes)
    if found.report is None:
        reason = next(
            (entry.reason.message for entry in found.entry.entries if entry.reason),
            "it is too large, or the time too short: --timeout allows more",
        )
        message = f"the function cannot be proven as a whole: {reason}"
        raise GradcalcError("value", message, hint="with autogradcli.watch() it is verified by steps")
    return found.report
