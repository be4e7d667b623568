"""The reason codes and the page behind each: stable, as a linter's are.

GC1xx: mathematics has no derivative here. GC2xx: torch's numbers are not finite. GC3xx: torch's number is off.
GC4xx: SymPy. GC5xx: nothing could be told.
"""

from dataclasses import dataclass

from autogradcli.errors import GradcalcError


@dataclass(frozen=True, slots=True)
class Page:
    """What `gradcalc explain CODE` shows."""

    code: str
    title: str
    cause: str
    example: tuple[str, ...]
    """The arguments of a `gradcalc` call whose report has this code."""
    remedy: str


PAGES = (
    Page(
        "GC101",
        "kink",
        "The function is continuous here but its slopes to the left and to the right differ, so it has no derivative. "
        "Autograd has to return some number all the same, and each function has its own convention: relu gives 0, "
        "maximum(x, 0) gives 0.5, leaky_relu the left slope. The report prints both slopes; autograd's number lies "
        "between them. Of x*abs(x) at 0 it is the gradient that has the corner: there is no second derivative.",
        ("eval", "abs(x)", "--x", "0"),
        "Nothing is wrong if the point is hit by chance, as in training. If an optimum sits on the kink, use a smooth "
        "function (softplus, huber, sqrt(x**2 + c)).",
    ),
    Page(
        "GC102",
        "conventions at a kink add up to a wrong slope",
        "Each function with a kink contributes the number of its own convention, and together they come to something "
        "that is no slope of the whole function on either side. relu(x) - relu(-x) is just x, with slope 1 everywhere; "
        "at 0 autograd adds 0 and 0.",
        ("eval", "relu(x) - relu(-x)", "--x", "0"),
        "Rewrite the expression so that the kinks cancel before it is differentiated, or move off the point.",
    ),
    Page(
        "GC103",
        "kink across several components",
        "Several components tie. Moving any one of them alone gives a slope, but moving all of them gives another than "
        "the sum of these, so there is no derivative: the median of three equal numbers does not move with any one of "
        "them, and moves with all. Autograd shares the gradient among them.",
        ("eval", "median(x)", "--x", "[2, 2, 2]"),
        "Nothing is wrong if the tie is hit by chance. Otherwise break the tie, or use a smooth function.",
    ),
    Page(
        "GC104",
        "the branch of a guard was differentiated",
        "A condition holds at the point and not around it, such as x == 0, or abs(x) < 1e-12, which guards a division "
        "by 0. Autograd differentiates the branch that it took there. That mends the value alone: the derivative is "
        "what the function beside the point tends to. A branch that reaches less than 1e-6, beside the larger of 1 and "
        "the size of x, counts as a guard's if the function beyond it goes on through the point.",
        ("eval", "1 if x == 0 else expm1(x)/x", "--x", "0"),
        "Give the guard's branch the right slope as well: 1 + x/2 if x == 0 else expm1(x)/x; for a second derivative "
        "the next term too, 1 + x/2 + x**2/6. Or use a function that needs no guard, such as sinc or xlogy.",
    ),
    Page(
        "GC111",
        "not defined here",
        "An operation on the way to the output is outside its domain or at a pole: the logarithm of a negative number, "
        "a division by 0, a fractional power of a negative base. The function has no value, hence no derivative, even "
        "where autograd returns a finite number. The same holds of NaN, and of infinity where it reaches the output. A "
        "component, or a variable, that is only added to what is undefined keeps its own derivative.",
        ("eval", "log(x)", "--x=-1"),
        "Check the point. sin(x)/x and x*log(x) at 0 have limits but no values: write sinc(x/pi) and xlogy(x, x).",
    ),
    Page(
        "GC112",
        "vertical tangent",
        "The function has a value here, but its secants grow without bound: the slope is infinite, or there is none, "
        "as where it oscillates as sin(1/x) does at 0.",
        ("eval", "sqrt(x)", "--x", "0"),
        "Keep the argument away from the end of the domain, for instance sqrt(x + 1e-12), and mind what it changes.",
    ),
    Page(
        "GC113",
        "jump",
        "The function's value changes by a step here, so no derivative exists; autograd gives the slope beside it. "
        "Where the report points to GC201 as well, what stands after instead: removes NaN, and not the jump.",
        ("eval", "floor(x)", "--x", "2"),
        "Step functions carry no gradient: use a smooth one, such as sigmoid, or a straight-through estimator.",
    ),
    Page(
        "GC114",
        "no function beside the point",
        "The function is defined at the point but not on one side of it, or on neither, so no derivative exists. "
        "x**y with a negative x is defined for integer y only: it has a derivative in x, and none in y.",
        ("eval", "x**y", "--x=-2", "--y", "3"),
        "Differentiate with respect to the other variables only (--wrt), or keep the base positive.",
    ),
    Page(
        "GC115",
        "too large for the dtype",
        "The true value or derivative is larger than the largest finite number of the dtype.",
        ("eval", "exp(x)", "--x", "1000"),
        "Work with logarithms, rescale, or use a wider dtype.",
    ),
    Page(
        "GC201",
        "NaN from a branch that is not taken",
        "where(c, a, b) computes both branches, and backward goes through both: the branch that is not taken gets the "
        "gradient 0, and 0 times an infinite or undefined derivative is NaN. The value is right, the gradient is lost.",
        ("eval", "where(x > 0, sqrt(x), x)", "--x=-1"),
        "Use two wheres: where(x > 0, sqrt(where(x > 0, x, 1)), x). The inner one keeps the unused branch harmless.",
    ),
    Page(
        "GC202",
        "an intermediate value is not finite",
        "A step on the way is infinite or NaN in the dtype, though the truth is finite: it overflows, or it divides by "
        "what has underflowed to 0. The gradient comes out as NaN or infinity, or as 0 by dividing by infinity.",
        ("eval", "log(1 + exp(x))", "--x", "1000"),
        "Use the function that avoids the step: log_softmax(x, 0) for log(softmax(x, 0)), softplus(x) for "
        "log(1 + exp(x)), logsigmoid, logsumexp, logaddexp, hypot. Where p may be 0, xlogy(p, q) for p*log(q), and "
        "where q may be 0 as well, where(p == 0, 0, p*log(where(p == 0, 1, q))). "
        "Where a branch of where(...) is not finite though it is not taken, make its operand harmless: "
        "where(x > 0, sqrt(where(x > 0, x, 1)), 0).",
    ),
    Page(
        "GC203",
        "torch's derivative is not finite",
        "All values are finite, and so is the true derivative, or at a kink the slopes to the left and to the right of "
        "it; but the formula by which torch computes the derivative overflows or divides by 0. At a kink any number "
        "between the two slopes would do, and NaN is none.",
        ("eval", "x*abs(x)**0.5", "--x", "0"),
        "Rescale the problem, or rewrite the operation that the report names.",
    ),
    Page(
        "GC204",
        "an intermediate number underflows",
        "A value on the way, or a gradient, is smaller than the normal numbers of the dtype, so that it loses "
        "digits or becomes 0, though what it would have contributed to the result is of ordinary size. Each operation "
        "did its best: the order in which large and small factors meet is to blame.",
        ("eval", "x*1e200*1e-200*1e-200", "--x", "1"),
        "Multiply large and small factors with each other first, scale the problem (as loss scaling does in training "
        "with float16), or use a wider dtype.",
    ),
    Page(
        "GC301",
        "torch's formula loses accuracy",
        "The error is larger than honest rounding allows, but too small to matter beside the size of the function. "
        "torch computes the derivative of sigmoid as y*(1 - y): in the tail y rounds to 1, and nothing is left. "
        "However small x is, so that f/x is large, this covers no error that is larger than both the true derivative "
        "and the value of the function: such a number is wrong (GC303). What torch computes in one piece, such as "
        "log_softmax or layer_norm, is held against its exact backward for the numbers that reached it: where "
        "that loses digits it is torch's formula, however much it loses.",
        ("eval", "tanh(x)", "--x", "20"),
        "Usually none is needed. If the small number itself matters, compute its logarithm or use float64.",
    ),
    Page(
        "GC302",
        "cancellation in the expression",
        "Large terms cancel, and what is left is mostly their rounding errors. Every operation did its best: the "
        "expression itself loses the digits. Where rounding can make a denominator, or the argument of a logarithm or "
        "root, 0, it explains any number, and the report names that part; nothing else explains errors without bounds.",
        ("eval", "(x + 1)**2 - x**2", "--x", "1e17"),
        "Rearrange the expression so that the large terms cancel symbolically: 2*x + 1.",
    ),
    Page(
        "GC303",
        "autograd is wrong here",
        "The error is larger than honest rounding of this computation can explain, and large enough to matter. The "
        "report names the operation whose backward goes wrong, what it sends back, and what it should send.",
        ("eval", "asinh(x)", "--x", "1e200"),
        "Rewrite the operation that is named, or rescale its argument. If the gradient goes through a backward of your "
        "own, correct that (GC307). If torch's formula is at fault, report it.",
    ),
    Page(
        "GC304",
        "more than the error that was allowed",
        "The error is what honest rounding explains, but --rtol or --atol demand less.",
        ("eval", "sin(x)*exp(y)", "--x", "0.3", "--y", "1.7", "--rtol", "1e-18"),
        "Allow a larger error, use float64, or rearrange the expression.",
    ),
    Page(
        "GC305",
        "more ulps than were allowed",
        "The error in units in the last place of the dtype is larger than --max-ulps allows.",
        ("eval", "sin(x)*exp(y)", "--x", "0.3", "--y", "1.7", "--max-ulps", "0"),
        "Allow more, use float64, or rearrange the expression.",
    ),
    Page(
        "GC306",
        "off along a random direction",
        "The program has too many operations for a proof of every component, so its gradient, or the derivative of "
        "higher order, was multiplied with random directions, and one of the products is off by more than is allowed. "
        "The verdict tells whether honest rounding explains it.",
        ("eval", "sum(asinh(x))", "--x", "[1e200, 2]", "--max-operations", "1"),
        "Allow more operations with --max-operations: then the component and the operation are found.",
    ),
    Page(
        "GC307",
        "a backward of the program's own is wrong",
        "The program brings along an autograd.Function, or an operator with register_autograd, whose backward is not "
        "the derivative of its forward. The report names the class, the line of its backward and what is wrong: None "
        "for an input that has a gradient, inputs in the wrong order, a component that is off, a gradient from above "
        "that is ignored, or laid out in memory in another way than was expected.",
        (),
        "Correct the backward. If it differs from the derivative on purpose (straight-through, gradient reversal, "
        "clipping), say so: gradcalc run --surrogate NAME program.py.",
    ),
    Page(
        "GC401",
        "SymPy disagrees",
        "The value of SymPy's derivative lies outside the proven ball, so SymPy is the one that is wrong, or its "
        "formula means another branch. The verdict is about autograd and does not change.",
        (),
        "Trust the proven value; SymPy's formula may hold elsewhere.",
    ),
    Page(
        "GC501",
        "not decided",
        "The precision limit was reached before an operation could be told to be inside its domain, or before the "
        "slopes beside a kink settled. Of a program that is proven by steps: the loss is finite, and float64 gives NaN "
        "for this gradient too, which may come of infinity times 0.",
        ("eval", "where(x > 0, x/log(x), 0)", "--x", "0"),
        "Move the point by a little, or simplify the expression.",
    ),
    Page(
        "GC502",
        "the proven ball is too wide",
        "The enclosure of the true derivative holds numbers on both sides of the tolerance.",
        ("eval", "x*floor(ndtr(y))", "--x", "1", "--y", "150", "--wrt", "x"),
        "Move the point by a little, or simplify the expression.",
    ),
    Page(
        "GC503",
        "too long to prove",
        "Written out component by component, the computation has more operations than ball arithmetic can follow in "
        "reasonable time, so that nothing is known about autograd's gradient. Of a higher order it is the "
        "computation of the derivative before it that is too long.",
        ("eval", "sum(x**2)", "--x", "ones(200)", "--max-operations", "50"),
        "Try the same expression on smaller tensors, or allow more operations with --max-operations.",
    ),
    Page(
        "GC504",
        "no definition",
        "A function of the expression has no definition in scalar operations here, so that only torch can compute it, "
        "and nothing is known about autograd's gradient. Or there is no formula for this derivative of it, as for that "
        "of a Bessel function with respect to its order. Or a step rounds to a format that is less precise than "
        "that of --dtype, as x.half() does: then torch rounds the gradient there as well.",
        ("eval", "sum(svdvals(A))", "--A", "[[1, 2], [3, 4]]"),
        "Write the function out in others, such as sum, matmul and exp.",
    ),
    Page(
        "GC505",
        "not recorded",
        "Somewhere below this gradient a snippet does what the record of its operations cannot follow: an operation "
        "that is not in the table of functions, a change through a view, two dtypes. So nothing is known about it.",
        (),
        "Write that part in functions that gradcalc functions lists, without changes in place. With watch(), compute "
        "the loss inside the with block, not before it.",
    ),
    Page(
        "GC506",
        "out of time",
        "The time for this problem was up before its gradient was proven. The report says which engine ran out, and "
        "has what was found until then. In a program it is the time for all gradients together: of every line the "
        "first and the last pass come first, then the others in order.",
        (),
        "Give it more with --timeout, or make the problem smaller.",
    ),
    Page(
        "GC507",
        "out of memory",
        "The proof of this gradient needs more memory than a problem may take; the report says which engine ran out, "
        "and has what was found until then. Two processes work on a problem, SymPy in one of its own, and each may "
        "hold as much as --max-memory says.",
        (),
        "Give it more with --max-memory, or make the problem smaller.",
    ),
    Page(
        "GC508",
        "an engine ended",
        "The library that an engine is made of ended its process, so that nothing is known about this gradient. The "
        "report has what was found until then.",
        (),
        "Report it: a library must not do that. A simpler expression may be proven.",
    ),
    Page(
        "GC509",
        "no double backward",
        "A function's backward has no derivative of its own in torch, so that autograd gives no derivative of this "
        "order; the message is torch's. diff still finds the formula.",
        ("eval", "cdist([[x, x**2]], [[0, 0]])[0, 0]", "--x", "2", "--order", "2"),
        "Write the function out in others: a distance as sqrt(sum((a - b)**2)).",
    ),
    Page(
        "GC510",
        "a forward that autograd does not follow",
        "The forward of an autograd.Function, or of a custom operator, computes in NumPy, C++ or on numbers that were "
        "cut off, so that nothing is known of its derivative but what central differences say.",
        (),
        "Say what it computes in functions of torch, and the backward is held against that: "
        "autogradcli.watch(reference={Cube: lambda x: x**3}). Without one, compare its backward with the central "
        "differences that the report shows.",
    ),
    Page(
        "GC511",
        "another function",
        "torch's value of a function differs from what gradcalc's definition of it gives for the same numbers, by more "
        "than rounding. So the two are not one function here, and that autograd's gradient is not the derivative of "
        "the definition says nothing against autograd. Either the definition or torch's value is wrong.",
        (),
        "Compare both values with the function's documentation. Written out in others, such as sum, matmul and exp, "
        "the expression can be verified.",
    ),
    Page(
        "GC512",
        "one opinion alone",
        "torch does not have a function of the expression, or has no derivative of it, so that there is no number of "
        "autograd's; and SymPy has no number to hold against the proven one. The true value that the report shows is "
        "proven all the same. Where SymPy has a number, verified says that it lies in the proven ball.",
        ("eval", "Shi(x)", "--x", "1", "--no-symbolic"),
        "Nothing is wrong with the proven number. If SymPy was left out with --no-symbolic, leave that away.",
    ),
)


def page(code: str) -> Page:
    """The page behind a code, in any case of letters; GradcalcError of kind `name` if there is none."""
    for each in PAGES:
        if each.code == code.upper():
            return each
    raise GradcalcError("name", f"there is no reason code {code}", hint=_nearest(code.upper()))


def _nearest(code: str) -> str:
    """What may be meant by a code that there is not: the same digits, or those of the same group."""
    codes = [each.code for each in PAGES]
    plain = "".join(filter(str.isalnum, code))
    if plain in codes:
        return f"did you mean {plain}?"
    group = next((found for end in (4, 3) if (found := [each for each in codes if each[:end] == plain[:end]])), [])
    nearest = f"the nearest are {', '.join(group)}; " if group else ""
    return f"{nearest}gradcalc explain lists all of them"
