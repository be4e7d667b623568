"""gradcalc: the gradient of an expression, and whether that gradient is right.

    from autogradcli import evaluate
    evaluate("sigmoid(x)", x=40).gradients["x"].verdict

`evaluate`, `diff`, `graph`, `trace`, `check`, `assert_gradient` and `watch` are the library; see `autogradcli.api`.
Nothing prints, and nothing is imported before it is asked for.
"""

TYPE_CHECKING = False
"""As in `typing`, which takes as long to import as all that a call of the warm server needs."""
if TYPE_CHECKING:
    from typing import Any

    from autogradcli.api import (
        ChainRule,
        CheckResult,
        Graph,
        Report,
        assert_gradient,
        check,
        diff,
        evaluate,
        graph,
        load_ipython_extension,
        trace,
        watch,
    )
    from autogradcli.errors import GradcalcError

__version__ = "0.1.0"

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


def __getattr__(name: str) -> "Any":
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from autogradcli import api

    return getattr(api, name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
