"""Names of functions that cannot be differentiated in torch, as torch, SciPy, SymPy and mpmath spell them."""

_ABSENT: dict[str, str] = {
    "the Lerch transcendent": "lerchphi",
    "scaled, spherical and complex Bessel functions": (
        "jn yn kn jve yve kve k0e k1e spherical_jn spherical_yn hankel1 hankel2"
    ),
    "the incomplete elliptic integrals, nor the Jacobi elliptic functions": (
        "elliptic_f elliptic_pi ellipkm1 ellipf ellippi ellipkinc ellipeinc ellipj"
    ),
    "the incomplete beta function": "betainc betaincinv",
    "the hypergeometric functions": "hyper hyp0f1 hyp1f1 hyp2f1 hyperu meijerg",
    "the Faddeeva function": "wofz",
    "the orthogonal polynomials as functions that it can differentiate": (
        "legendre chebyshevt chebyshevu hermite laguerre gegenbauer jacobi"
    ),
}
"""What torch has not, and the names that it has elsewhere."""

_WITHOUT_DERIVATIVE = (
    "spherical_bessel_j0 "
    "scaled_modified_bessel_k0 scaled_modified_bessel_k1 chebyshev_polynomial_t chebyshev_polynomial_u "
    "chebyshev_polynomial_v chebyshev_polynomial_w shifted_chebyshev_polynomial_t shifted_chebyshev_polynomial_u "
    "shifted_chebyshev_polynomial_v shifted_chebyshev_polynomial_w hermite_polynomial_h hermite_polynomial_he "
    "laguerre_polynomial_l legendre_polynomial_p"
)
"""Names below `torch.special` whose results carry no gradient."""

_PARTLY = {
    "the incomplete gamma functions": ("gammainc gammaincc igamma igammac uppergamma lowergamma", "first argument"),
    "the zeta function": ("zeta zetac hurwitz_zeta", "first argument"),
}
"""What torch has, the names of it, and the argument in which it has no derivative."""

_BY_HAND = {
    "airy": "It gives four functions at once: type airyai(x), airyaiprime(x), airybi(x) or airybiprime(x).",
    "sici": "It gives two functions at once: type Si(x) or Ci(x).",
    "shichi": "It gives two functions at once: type Shi(x) or Chi(x).",
    "fresnel": "It gives two functions at once: type fresnels(x) or fresnelc(x).",
    "spence": "It is the dilogarithm of 1 - x: type polylog(2, 1 - x).",
    "dilog": "It has two meanings: type polylog(2, x) or polylog(2, 1 - x).",
    "ive": "torch has i0, i0e, i1 and i1e, and can differentiate these: type i0e(x) for order 0, i1e(x) for order 1.",
    "modified_bessel_i0": "torch.special.modified_bessel_i0 has no derivative; i0 is the same function and has one.",
    "modified_bessel_i1": "torch.special.modified_bessel_i1 has no derivative; i1 is the same function and has one.",
    "nextafter": "torch.nextafter has no derivative.",
    "svd_lowrank": "It is a random approximation: type svd(x).",
    "pca_lowrank": "It is a random approximation: type svd(x - mean(x, dim=0)).",
    "DiracDelta": "It is not a function: no number is its value at 0.",
    "gcd": "torch.gcd is for integers, which have no derivatives.",
    "lcm": "torch.lcm is for integers, which have no derivatives.",
}

UNDIFFERENTIABLE: dict[str, str] = {
    **{name: f"torch does not have {what}." for what, names in _ABSENT.items() for name in names.split()},
    **{name: f"torch.special.{name} has no derivative." for name in _WITHOUT_DERIVATIVE.split()},
    **{
        name: f"torch has no derivative of {what} in the {argument}."
        for what, (names, argument) in _PARTLY.items()
        for name in names.split()
    },
    **_BY_HAND,
}
"""Each name with the sentence that says why."""
