"""gradcalc as a library; nothing prints."""

from autogradcli.api.calls import diff, evaluate, graph, trace
from autogradcli.api.checking import assert_gradient, check
from autogradcli.api.display import ChainRule, CheckResult, Graph, Report
from autogradcli.api.notebook import load_ipython_extension
from autogradcli.api.watching import watch
from autogradcli.errors import GradcalcError

__all__ = [
    "ChainRule",
    "CheckResult",
    "GradcalcError",
    "Graph",
    "Report",
    "assert_gradient",
    "check",
    "diff",
    "evaluate",
    "graph",
    "load_ipython_extension",
    "trace",
    "watch",
]
