"""The gamma function and its kin."""

from autogradcli.functions.function import Function

NOT_A_POLE = "x > 0 or x != floor(x)"
"""The domain of the gamma function: its poles are 0 and the negative integers."""

MOST_TERMS = 16
"""The largest dimension for which `mvlgamma` is written out."""

ROWS: tuple[Function, ...] = (
    Function(
        "gamma",
        "x",
        "The gamma function.",
        torch="",
        aliases=("Gamma", "tgamma"),
        sympy="gamma",
        definition="gammasgn(x)*exp(lgamma(x))",
        domain=NOT_A_POLE,
        note="torch has no gamma; it runs the definition. exp(lgamma(x)) alone has the wrong sign for some x < 0.",
    ),
    Function(
        "gammasgn",
        "x",
        "The sign of the gamma function at x.",
        torch="",
        definition="where(x > 0, 1, 1 - 2*remainder(floor(x), 2))",
        domain=NOT_A_POLE,
        jumps="x <= 0 and x == floor(x)",
        steps=True,
    ),
    Function(
        "lgamma",
        "x",
        "The logarithm of the absolute value of gamma(x).",
        aliases=("gammaln", "loggamma", "lngamma"),
        sympy="lgamma",
        arb="lgamma",
        definition="log(abs(gamma(x)))",
        partials=("digamma(x)",),
        domain=NOT_A_POLE,
        note="Real for x < 0, where sympy.loggamma is complex.",
    ),
    Function(
        "digamma",
        "x",
        "The logarithmic derivative of the gamma function.",
        aliases=("psi",),
        sympy="digamma",
        arb="digamma",
        partials=("polygamma(1, x)",),
        domain=NOT_A_POLE,
    ),
    Function(
        "polygamma",
        "n: number, x",
        "The derivative of order n of digamma at x; n comes first.",
        sympy="polygamma",
        arb="polygamma",
        partials=("0", "polygamma(n + 1, x)"),
        domain=f"n >= 0 and n == floor(n) and ({NOT_A_POLE})",
        note="The order n is a whole number and has no derivative.",
    ),
    Function(
        "method_polygamma",
        "x, n: number",
        "polygamma as a method, of which the order is the argument.",
        aliases=("Tensor.polygamma",),
        torch="Tensor.polygamma",
        definition="polygamma(n, x)",
        domain=f"n >= 0 and n == floor(n) and ({NOT_A_POLE})",
    ),
    Function("trigamma", "x", "The derivative of digamma.", torch="", definition="polygamma(1, x)", domain=NOT_A_POLE),
    Function(
        "mvlgamma",
        "x, p: number",
        f"The logarithm of the multivariate gamma function of dimension p, which is at most {MOST_TERMS} here.",
        aliases=("multigammaln",),
        definition=" + ".join(
            ["p*(p - 1)/4*log(pi)", *(f"where(p > {i}, lgamma(x - {i}/2), 0)" for i in range(MOST_TERMS))]
        ),
        domain=f"x > (p - 1)/2 and p >= 1 and p <= {MOST_TERMS} and p == floor(p)",
    ),
    Function(
        "factorial",
        "x",
        "The factorial of x, which is gamma(x + 1).",
        torch="",
        definition="gamma(x + 1)",
        domain="x > -1 or x != floor(x)",
    ),
    Function(
        "beta",
        "x, y",
        "The beta function gamma(x)*gamma(y)/gamma(x + y).",
        torch="",
        sympy="beta",
        definition="gammasgn(x)*gammasgn(y)*gammasgn(x + y)*exp(lgamma(x) + lgamma(y) - lgamma(x + y))",
        domain="(x > 0 or x != floor(x)) and (y > 0 or y != floor(y)) and (x + y > 0 or x + y != floor(x + y))",
        note="torch runs the definition, through lgamma: without overflow.",
    ),
    Function(
        "binomial",
        "n, k",
        "The binomial coefficient gamma(n + 1)/(gamma(k + 1)*gamma(n - k + 1)).",
        torch="",
        aliases=("binom", "comb"),
        sympy="binomial",
        definition=(
            "gammasgn(n + 1)*gammasgn(k + 1)*gammasgn(n - k + 1)*exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1))"
        ),
        domain="(n > -1 or n != floor(n)) and (k > -1 or k != floor(k)) and (n - k > -1 or n - k != floor(n - k))",
        note="torch runs the definition, through lgamma: without overflow.",
    ),
)
