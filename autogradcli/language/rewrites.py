"""The table of remedies: expressions that overflow, lose digits or give NaN, and the same function written better.

Both sides of a row are in gradcalc's own language. `a`, `b`, `c` stand for any expressions; `d`, `k` and `i` for a
`dim=`, a `keepdim=` and a subscript, whatever they are in the text. Several replacements are tried in order. The left
side is matched by what it computes, not by how it is written: `compute/remedies.py` runs what comes of a row before
anybody reads it.
"""

from typing import NamedTuple


class Rewrite(NamedTuple):
    """One row."""

    pattern: str
    instead: tuple[str, ...]
    """The same function wherever the pattern is defined, and perhaps beyond."""
    domain: str = ""
    """Where the pattern is defined, as a condition on the letters; empty: everywhere."""


LETTERS = "a, b, c, d: ints = None, k: flag = False, i: index = None"
"""The letters of the rows, as a signature."""


def _row(pattern: str, *instead: str, domain: str = "") -> Rewrite:
    return Rewrite(pattern, instead, domain)


SMOOTH = (
    # Logarithms of sigmoids, and of sums of exponentials.
    _row("log(1 + exp(a))", "softplus(a)", "-logsigmoid(-a)"),
    _row("log1p(exp(a))", "softplus(a)", "-logsigmoid(-a)"),
    _row("log(sigmoid(a))", "logsigmoid(a)"),
    _row("log(1 - sigmoid(a))", "logsigmoid(-a)"),
    _row("log1p(-sigmoid(a))", "logsigmoid(-a)"),
    _row("log(1/(1 + exp(a)))", "logsigmoid(-a)"),
    _row("log(exp(a)/(1 + exp(a)))", "logsigmoid(a)"),
    _row("softplus(a)", "-logsigmoid(-a)"),
    _row(
        "binary_cross_entropy(sigmoid(a), b)",
        "binary_cross_entropy_with_logits(a, b)",
        "mean(-b*logsigmoid(a) - (1 - b)*logsigmoid(-a))",
        domain="b >= 0 and b <= 1 and abs(a) < 20",
    ),
    _row("binary_cross_entropy_with_logits(a, b)", "mean(-b*logsigmoid(a) - (1 - b)*logsigmoid(-a))"),
    _row("-(b*log(sigmoid(a)) + (1 - b)*log(1 - sigmoid(a)))", "-(b*logsigmoid(a) + (1 - b)*logsigmoid(-a))"),
    _row("log(1 - tanh(a)**2)", "2*(log(2) - a - softplus(-2*a))", "log(4) + logsigmoid(2*a) + logsigmoid(-2*a)"),
    _row("log(1 - tanh(a))", "log(2) + logsigmoid(-2*a)"),
    _row("log(1 + tanh(a))", "log(2) + logsigmoid(2*a)"),
    _row("log(cosh(a))", "abs(a) + log1p(exp(-2*abs(a))) - log(2)", "a + softplus(-2*a) - log(2)"),
    _row("log(sinh(a))", "a + log(-expm1(-2*a)) - log(2)", domain="a > 0"),
    _row("log(1 - exp(a))", "log(-expm1(a))", "log1p(-exp(a))", domain="a < 0"),
    _row("log(exp(a) - 1)", "log(expm1(a))", "a + log(-expm1(-a))", "a + log1p(-exp(-a))", domain="a > 0"),
    _row("log(expm1(a))", "a + log(-expm1(-a))", "a + log1p(-exp(-a))", domain="a > 0"),
    _row("log(exp(a) + exp(b))", "logaddexp(a, b)"),
    _row("log(exp(a) + exp(b) + exp(c))", "logsumexp([a, b, c], dim=0)"),
    _row("log(exp(a) - exp(b))", "a + log(-expm1(b - a))", domain="a > b"),
    _row("log(sum(exp(a)))", "logsumexp(a, dim=0)", "logsumexp(flatten(a), dim=0)"),
    _row("log(sum(exp(a), dim=d, keepdim=k))", "logsumexp(a, dim=d, keepdim=k)"),
    _row(
        "log(mean(exp(a), dim=d, keepdim=k))",
        "amax(a, dim=d, keepdim=k) + log(mean(exp(a - amax(a, dim=d, keepdim=True)), dim=d, keepdim=k))",
    ),
    _row(
        "log(sum(b*exp(a), dim=d, keepdim=k))",
        "amax(a, dim=d, keepdim=k) + log(sum(b*exp(a - amax(a, dim=d, keepdim=True)), dim=d, keepdim=k))",
        domain="b > 0",
    ),
    _row("log(softmax(a, d))", "log_softmax(a, dim=d)"),
    _row("log(softmax(a, d)[i])", "log_softmax(a, dim=d)[i]"),
    _row("log(softmin(a, d))", "log_softmax(-a, dim=d)"),
    _row("log(exp(a)/sum(exp(a)))", "log_softmax(a, dim=0)"),
    _row("log((exp(a)/sum(exp(a)))[i])", "log_softmax(a, dim=0)[i]"),
    _row("exp(a)/sum(exp(a))", "softmax(a, dim=0)", "softmax(flatten(a), dim=0)"),
    _row("exp(a)/sum(exp(a), dim=d, keepdim=True)", "softmax(a, dim=d)"),
    _row("exp(a)[i]/sum(exp(a))", "softmax(a, dim=0)[i]"),
    _row("exp(a[i])/sum(exp(a))", "softmax(a, dim=0)[i]"),
    _row("b*exp(a)/sum(exp(a))", "b*softmax(a, dim=0)"),
    _row("sum(b*exp(a))/sum(exp(a))", "sum(b*softmax(a, dim=0))"),
    _row("dot(exp(a), b)/sum(exp(a))", "dot(softmax(a, dim=0), b)"),
    _row("exp(a)/(exp(a) + exp(b))", "sigmoid(a - b)"),
    _row("exp(a)/(exp(a) + exp(b) + exp(c))", "softmax([a, b, c], dim=0)[0]"),
    _row("exp(a)/(1 + exp(a))", "sigmoid(a)"),
    _row("1/(1 + exp(a))", "sigmoid(-a)", "exp(logsigmoid(-a))"),
    _row("sigmoid(a)", "exp(logsigmoid(a))"),
    _row("b/(1 + exp(a))", "b*sigmoid(-a)"),
    _row("1/(exp(a) - 1)", "exp(-a)/(-expm1(-a))", "1/expm1(a)", domain="a != 0"),
    _row("b/(exp(a) - 1)", "b*exp(-a)/(-expm1(-a))", "b/expm1(a)", domain="a != 0"),
    _row("1 - sigmoid(a)", "sigmoid(-a)"),
    _row("sigmoid(a)*(1 - sigmoid(a))", "sigmoid(a)*sigmoid(-a)"),
    # Hyperbolic functions written out.
    _row("(exp(a) - exp(-a))/(exp(a) + exp(-a))", "tanh(a)"),
    _row("(exp(2*a) - 1)/(exp(2*a) + 1)", "tanh(a)"),
    _row("(exp(a) - 1)/(exp(a) + 1)", "tanh(a/2)"),
    _row("(1 - exp(a))/(1 + exp(a))", "-tanh(a/2)"),
    _row("sinh(a)/cosh(a)", "tanh(a)"),
    _row("(exp(a) - exp(-a))/2", "sinh(a)"),
    _row("0.5*(exp(a) - exp(-a))", "sinh(a)"),
    _row("exp(a) - exp(-a)", "2*sinh(a)"),
    _row("1/cosh(a)", "2*exp(-abs(a))/(1 + exp(-2*abs(a)))"),
    _row("1/cosh(a)**2", "4*sigmoid(2*a)*sigmoid(-2*a)"),
    _row("1 - tanh(a)**2", "4*sigmoid(2*a)*sigmoid(-2*a)"),
    _row("1 - tanh(a)", "2*sigmoid(-2*a)"),
    _row("1 + tanh(a)", "2*sigmoid(2*a)"),
    _row("tanh(a)", "2*sigmoid(2*a) - 1", "1 - 2*exp(logsigmoid(-2*a))"),
    _row("log(a + sqrt(a**2 + 1))", "asinh(a)"),
    _row("log(a + sqrt(a**2 - 1))", "acosh(a)", domain="a > 1"),
    _row("log((1 + a)/(1 - a))", "2*atanh(a)", domain="a < 1 and a > -1"),
    # The tails of the normal distribution, and gamma.
    _row("log(ndtr(a))", "log_ndtr(a)"),
    _row("log(1 - ndtr(a))", "log_ndtr(-a)"),
    _row("log((1 + erf(a/sqrt(2)))/2)", "log_ndtr(a)"),
    _row("log(0.5*(1 + erf(a/sqrt(2))))", "log_ndtr(a)"),
    _row("1 - ndtr(a)", "ndtr(-a)"),
    _row("1 - erf(a)", "erfc(a)"),
    _row("1 + erf(a)", "erfc(-a)"),
    _row("exp(a**2)*erfc(a)", "erfcx(a)"),
    _row("log(erfc(a))", "log(erfcx(a)) - a**2"),
    _row("log(gamma(a))", "lgamma(a)", domain="a > 0"),
    _row("gamma(a + 1)/gamma(a)", "a", domain="a > 0"),
    _row("gamma(a)/gamma(a + 1)", "1/a", domain="a > 0"),
    _row("gamma(a)/gamma(b)", "exp(lgamma(a) - lgamma(b))", domain="a > 0 and b > 0"),
    _row("gamma(a)*gamma(b)/gamma(a + b)", "exp(lgamma(a) + lgamma(b) - lgamma(a + b))", domain="a > 0 and b > 0"),
    _row("log(i0(a))", "log(i0e(a)) + abs(a)"),
    _row("i1(a)/i0(a)", "i1e(a)/i0e(a)"),
)
"""What has a function of its own."""

LOGARITHMS = (
    _row("exp(log(a)*b)", "a**b", domain="a > 0"),
    _row("exp(log(a))", "a", domain="a > 0"),
    _row("log(exp(a))", "a"),
    _row("exp(a)*exp(b)", "exp(a + b)"),
    _row("exp(a)/exp(b)", "exp(a - b)"),
    _row("1/exp(a)", "exp(-a)"),
    _row("b/exp(a)", "b*exp(-a)"),
    _row("exp(a)**b", "exp(a*b)"),
    _row("log(sqrt(a))", "log(a)/2", domain="a > 0"),
    _row("log(a**2)", "2*log(abs(a))", domain="a != 0"),
    _row("log(a**b)", "b*log(a)", "b*log(abs(a))", domain="a > 0"),
    _row(
        "log(prod(a, dim=d, keepdim=k))",
        "sum(log(a), dim=d, keepdim=k)",
        "sum(log(abs(a)), dim=d, keepdim=k)",
        domain="a > 0",
    ),
    _row("log(a/b)", "log(a) - log(b)", "log(abs(a)) - log(abs(b))", domain="a > 0 and b > 0"),
    _row("log(a*b)", "log(a) + log(b)", "log(abs(a)) + log(abs(b))", domain="a > 0 and b > 0"),
    _row("log(sum(a**2))", "2*log(norm(a))"),
    _row("log(det(a))", "logdet(a)", domain="det(a) > 0"),
    _row("log(abs(det(a)))", "slogdet(a)[1]", domain="det(a) != 0"),
    _row("a/(a/b)", "b", domain="a != 0 and b != 0"),
    _row("a*b/a", "b", domain="a != 0"),
    _row("a*(b/a)", "b", domain="a != 0"),
)
"""Products, powers and logarithms that pass through 0 or infinity on the way."""

DIFFERENCES = (
    _row("log(1 - a**2)", "log1p(-a**2)", "log1p(-a) + log1p(a)", domain="a < 1 and a > -1"),
    _row("a*log(1 + b)", "xlog1py(a, b)", domain="b > -1"),
    _row("log(1 + a)", "log1p(a)", domain="a > -1"),
    _row("log(1 - a)", "log1p(-a)", domain="a < 1"),
    _row("log(a) - log(b)", "log1p((a - b)/b)", "log(a/b)", domain="a > 0 and b > 0"),
    _row("log(a/b)", "log1p((a - b)/b)", domain="a > 0 and b > 0"),
    _row("exp(a) - 1", "expm1(a)"),
    _row("1 - exp(a)", "-expm1(a)"),
    _row("exp(a) - exp(b)", "exp(b)*expm1(a - b)"),
    _row("(1 + a)**b", "exp(b*log1p(a))", domain="a > -1"),
    _row("a**b - 1", "expm1(b*log(a))", domain="a > 0"),
    _row("sin(a)/a", "sinc(a/pi)", domain="a != 0"),
    _row("a/sin(a)", "1/sinc(a/pi)", domain="a > 0 and a < 3"),
    _row("sin(b*a)/a", "b*sinc(b*a/pi)", domain="a != 0"),
    _row("(1 - cos(a))/a**2", "sinc(a/(2*pi))**2/2", domain="a != 0"),
    _row("(1 - cos(a))/a", "sin(a/2)*sinc(a/(2*pi))", domain="a != 0"),
    _row("tan(a)/a", "sinc(a/pi)/cos(a)", domain="a > 0 and a < 1"),
    _row("1 - cos(a)", "2*sin(a/2)**2"),
    _row("cosh(a) - 1", "2*sinh(a/2)**2"),
    _row("1 - sin(a)**2", "cos(a)**2"),
    _row("1 - cos(a)**2", "sin(a)**2"),
    _row("cosh(a)**2 - sinh(a)**2", "1 + 0*a"),
    _row("cos(a) - cos(b)", "-2*sin((a + b)/2)*sin((a - b)/2)"),
    _row("sin(a) - sin(b)", "2*cos((a + b)/2)*sin((a - b)/2)"),
    _row("sqrt(a**2 + b) - a", "b/(sqrt(a**2 + b) + a)", domain="b > 0"),
    _row("a - sqrt(a**2 - b)", "b/(a + sqrt(a**2 - b))", domain="a > 0 and b < a**2 and b > 0"),
    _row("sqrt(a + b) - sqrt(a)", "b/(sqrt(a + b) + sqrt(a))", domain="a > 0 and b > 0"),
    _row("sqrt(1 + a) - 1", "a/(sqrt(1 + a) + 1)", domain="a > -1"),
    _row("sqrt(a + 1) - sqrt(a - 1)", "2/(sqrt(a + 1) + sqrt(a - 1))", domain="a > 1"),
    _row("1 - sqrt(1 - a)", "a/(1 + sqrt(1 - a))", domain="a < 1"),
    _row("sqrt(a) - sqrt(b)", "(a - b)/(sqrt(a) + sqrt(b))", domain="a > 0 and b > 0"),
    _row("(-a + sqrt(a**2 - b))/c", "-b/(c*(a + sqrt(a**2 - b)))", domain="a > 0 and b < a**2 and b > 0 and c != 0"),
    _row("(sqrt(a**2 - b) - a)/c", "-b/(c*(a + sqrt(a**2 - b)))", domain="a > 0 and b < a**2 and b > 0 and c != 0"),
    _row(
        "sqrt(a**2 - b**2)",
        "sqrt((a - b)*(a + b))",
        "sqrt(abs(a) - abs(b))*sqrt(abs(a) + abs(b))",
        domain="abs(a) > abs(b)",
    ),
    _row("sqrt(1 - a**2)", "sqrt((1 - a)*(1 + a))", domain="a < 1 and a > -1"),
    _row("a**2 - b**2", "(a - b)*(a + b)"),
    _row("1 - a**2", "(1 - a)*(1 + a)"),
    _row("a**2 - 1", "(a - 1)*(a + 1)"),
    _row("1/a - 1/b", "(b - a)/(a*b)", domain="a > 0 and b > 0"),
    _row("(a + b)**2 - a**2", "b*(2*a + b)"),
    _row("a**2 - 2*a*b + b**2", "(a - b)**2"),
    _row("mean(a**2) - mean(a)**2", "mean((a - mean(a))**2)"),
    _row(
        "mean(a**2, dim=d, keepdim=k) - mean(a, dim=d, keepdim=k)**2",
        "mean((a - mean(a, dim=d, keepdim=True))**2, dim=d, keepdim=k)",
    ),
    _row("mean(a*b) - mean(a)*mean(b)", "mean((a - mean(a))*(b - mean(b)))"),
    _row("(a + b) - c", "a + (b - c)", "b + (a - c)"),
    _row("(a - b) + c", "a + (c - b)", "(a + c) - b"),
    _row("(a - b) - c", "(a - c) - b"),
    _row("(a + b) + c", "a + (b + c)", "b + (a + c)"),
)
"""Differences of nearly equal numbers, and quotients that are 0/0 at a point."""

SIZES = (
    _row("sqrt(a**2)", "abs(a)"),
    _row("sqrt(sum(a**2))", "norm(a)", "amax(abs(a))*norm(a/amax(abs(a)))"),
    _row("sum(abs(a)**2)**0.5", "norm(a)"),
    _row("sqrt(sum(a**2, dim=d, keepdim=k))", "norm(a, dim=d, keepdim=k)"),
    _row("sqrt(dot(a, a))", "norm(a)"),
    _row("sqrt(mean(a**2))", "norm(a)/sqrt(numel(a))"),
    _row("sqrt(var(a))", "std(a)"),
    _row("sqrt(a**2 + b**2)", "hypot(a, b)", "norm([a, b], dim=0)"),
    _row("sqrt(a**2 + b**2 + c**2)", "norm([a, b, c], dim=0)", "hypot(hypot(a, b), c)"),
    _row("hypot(a, b)", "norm([a, b], dim=0)"),
    _row("norm(a)", "amax(abs(a))*norm(a/amax(abs(a)))", domain="abs(a) > 0"),
    _row("sqrt(a*b)", "sqrt(a)*sqrt(b)", "sqrt(abs(a))*sqrt(abs(b))", domain="a > 0 and b > 0"),
    _row("sqrt(a/b)", "sqrt(a)/sqrt(b)", "sqrt(abs(a))/sqrt(abs(b))", domain="a > 0 and b > 0"),
    _row("sqrt(a)**2", "a", domain="a > 0"),
    _row("sqrt(a)*sqrt(a)", "a", domain="a > 0"),
    _row("a/sqrt(a)", "sqrt(a)", domain="a > 0"),
    _row("a**2/a", "a", domain="a != 0"),
    _row("(a**2 - b**2)/(a - b)", "a + b", domain="a != b"),
    _row("(a - b)/(a**2 - b**2)", "1/(a + b)", domain="a > b and b > 0"),
    _row("a/b**2", "a/b/b", domain="b != 0"),
    _row("a*b*c", "a*(b*c)", "b*(a*c)"),
    _row("a*b/c", "a*(b/c)", "b*(a/c)", domain="c != 0"),
    _row("a/b*c", "a*(c/b)", domain="b != 0"),
    _row("a/b/c", "a/(b*c)", "a/c/b", domain="b != 0 and c != 0"),
    _row("(-a)/b", "-(a/b)", domain="b != 0"),
    _row("(-a)*b", "-(a*b)"),
    _row("atan(a/b)", "atan2(a, b)", domain="b > 0"),
    _row("relu(a) - relu(-a)", "a"),
    _row("relu(a) + relu(-a)", "abs(a)"),
    _row("maximum(a, b) - minimum(a, b)", "abs(a - b)"),
    _row("maximum(a, a)", "a"),
    _row("ldexp_of_integers(a, d)", "a*2**d"),
)
"""Lengths, and products whose parts are too large or too small."""

MASKS = (
    _row("a*log(b)", "xlogy(a, b)", "where(a == 0, 0, a*log(where(a == 0, 1, b)))", domain="b > 0"),
    _row("xlogy(a, b)", "where(a == 0, 0, a*log(where(a == 0, 1, b)))", domain="b > 0"),
    _row("a*sqrt(b)", "a*sqrt(where(a == 0, 1, b))", domain="b > 0"),
    _row("a*exp(b)", "a*exp(where(a == 0, 0, b))"),
    _row("a*b**c", "a*where(a == 0, 1, b)**c", domain="b > 0"),
    _row("a/b", "a/where(a == 0, 1, b)", domain="b != 0"),
    _row("a*(c/b)", "a*(c/where(a == 0, 1, b))", domain="b != 0"),
    _row("(a**b - 1)/b if b != 0 else log(a)", "(a**b - 1)/b if b != 0 else log(a) + b*log(a)**2/2", domain="a > 0"),
    _row("log(a) if b == 0 else (a**b - 1)/b", "log(a) + b*log(a)**2/2 if b == 0 else (a**b - 1)/b", domain="a > 0"),
    _row("sqrt(a)", "where(a == 0, 0, sqrt(where(a == 0, 1, a)))", domain="a > 0"),
    _row("a**0.5", "where(a == 0, 0, sqrt(where(a == 0, 1, a)))", domain="a > 0"),
    _row("hypot(a, b)", "where((a == 0) & (b == 0), 0, hypot(where((a == 0) & (b == 0), 1, a), b))"),
)
"""What is 0 times infinity in backward: the operand is made harmless where the result does not depend on it."""

REWRITES = (*SMOOTH, *LOGARITHMS, *DIFFERENCES, *SIZES, *MASKS)
