"""Names of functions that cannot be differentiated in torch, as torch, SciPy, SymPy and mpmath spell them."""

_ABSENT: dict[str, str] = {
    "the sine and cosine integrals": "Si Ci Shi Chi si ci shi chi sici shichi sinint cosint",
    "the exponential integrals": "Ei E1 ei e1 expi exp1 expn expint",
    "the logarithmic integral": "li Li",
    "the Fresnel integrals": "fresnels fresnelc fresnel",
    "the polylogarithm": "polylog dilog spence lerchphi",
    "the Lambert W function": "LambertW lambertw",
    "the Bessel functions": (
        "besselj bessely besselk jn jv jve yn yv yve kn kv kve j0 j1 y0 y1 k0 k0e k1 k1e spherical_jn spherical_yn "
        "hankel1 hankel2"
    ),
    "the elliptic integrals": (
        "elliptic_k elliptic_f elliptic_e elliptic_pi ellipk ellipkm1 ellipf ellipe ellippi ellipkinc ellipeinc ellipj"
    ),
    "the incomplete beta function": "betainc betaincinv",
    "the hypergeometric functions": "hyper hyp0f1 hyp1f1 hyp2f1 hyperu meijerg",
    "the imaginary error function, nor anything to write it with": "erfi dawsn wofz",
    "the orthogonal polynomials as functions that it can differentiate": (
        "legendre chebyshevt chebyshevu hermite laguerre gegenbauer jacobi"
    ),
}
"""What torch has not, and the names that it has elsewhere."""

_WITHOUT_DERIVATIVE = (
    "airy_ai bessel_j0 bessel_j1 bessel_y0 bessel_y1 spherical_bessel_j0 modified_bessel_k0 modified_bessel_k1 "
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
    "airyai": "torch.special.airy_ai has no derivative.",
    "airybi": "torch has no Airy function of the second kind, and the first has no derivative.",
    "airy": "torch.special.airy_ai has no derivative.",
    "besseli": "torch has i0, i0e, i1 and i1e, and can differentiate these: type i0(x) for order 0, i1(x) for order 1.",
    "iv": "torch has i0, i0e, i1 and i1e, and can differentiate these: type i0(x) for order 0, i1(x) for order 1.",
    "ive": "torch has i0, i0e, i1 and i1e, and can differentiate these: type i0e(x) for order 0, i1e(x) for order 1.",
    "modified_bessel_i0": "torch.special.modified_bessel_i0 has no derivative; i0 is the same function and has one.",
    "modified_bessel_i1": "torch.special.modified_bessel_i1 has no derivative; i1 is the same function and has one.",
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
