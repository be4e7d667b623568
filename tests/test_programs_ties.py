"""Statements that were decided at a tie: what they leave in doubt, and what they do not."""

import pytest

from tests.programs import ledger

NUMBERS = {
    "item": "if b.item() > 0:\n  y = b*b",
    "float": "if float(b) >= 0:\n  y = b*b",
    "a name": "v = b.item()\nif v > 0:\n  y = b*b",
    "a name made of it": "v = 2*b.item() + 1\nif v > 1:\n  y = b*b",
    "its size": "if abs(b.item()) <= 0.0:\n  y = b*b",
    "a threshold with a name": "least = 0.0\nif b.item() > least:\n  y = b*b",
    "a threshold of an object": "class S: least = 0.0\ns = S()\ns.least = 0.0\nif b.item() > s.least:\n  y = b*b",
    "its truth": "if b.item():\n  y = b*b",
    "a flag": "positive = b.item() > 0\nif positive:\n  y = b*b",
    "one of two conditions": "if b.item() > 0 and a.item() > 1:\n  y = b*b",
    "assigned in the condition": "if (v := b.item()) > 0:\n  y = b*b",
    "not": "if not b.item() > 0:\n  y = b*b",
    "a function": "def positive(v):\n  return v.item() > 0\nif positive(b):\n  y = b*b",
    "not None": "v = b.item()\nif v is not None and v > 0:\n  y = b*b",
    "a list": "if b.reshape(1).tolist()[0] > 0:\n  y = b*b",
    "a list with names": "first, = b.reshape(1).tolist()\nif first > 0:\n  y = b*b",
    "a loop over a list": "for v in torch.stack((a, b)).tolist():\n  if v > 0:\n    y = y + b*b",
    "a loop": "v = b.item()\nwhile v > 0:\n  y = b*b\n  v -= 1",
    "an expression": "y = b*b if b.item() > 0 else 2*b",
    "two of them": "if b.item() > a.item() - 2:\n  y = b*b",
    "the sum of two": "total = a.item()\ntotal += b.item()\nif total > 2:\n  y = b*b",
    "the whole part": "if int(b + 3) > 2:\n  y = b*b",
}
CERTAIN = {
    "no tie": "if b.item() > 1:\n  y = b*b",
    "nothing is decided": "v = b.item()\nprint(v)",
    "another decides": "u = a.item()\nif b.item() > 0 and u > 3:\n  y = b*b",
    "or another decides": "u = a.item()\nif b.item() > 0 or u > 1:\n  y = 3*b",
    "compared with itself": "if b.item() != b.item():\n  y = b*b",
    "it has another value by then": "v = b.item()\nv = v + 1\nif v > 0:\n  y = 3*b",
    "it has another value afterwards": "v = b.item() + 1\nif v > 0:\n  y = 3*b\nv -= 1",
    "the whole part does not jump there": "if int(b + 3.5) > 3:\n  y = b*b",
    "the whole part jumps, and decides the same": "if int(b + 3) > 1:\n  y = 3*b",
    "two whole numbers of the program": "k = 3\nif b.item() < 1 and k == 3:\n  y = 3*b",
}

A = "a = torch.tensor(2.0, requires_grad=True)\n"
B = "b = torch.tensor(0.0, requires_grad=True)\n"

# A program, and the verdict on each variable. What does not move the condition keeps its derivative.
PROGRAMS = {
    "the condition is about another variable": (
        f"{A}{B}if a > 2:\n  z = 3*a\nelse:\n  z = 2*a\n(z + torch.where(b > 0, torch.sqrt(b), 2*b)).backward()",
        {"a": "unverified", "b": "undefined"},
    ),
    "a product in the branch": (
        f"{A}c = torch.tensor(3.0, requires_grad=True)\nif a > 2:\n  y = a*c\nelse:\n  y = c**2 + a\ny.backward()",
        {"a": "unverified", "c": "verified"},
    ),
    "a condition about both": (
        f"{A}c = torch.tensor(4.0, requires_grad=True)\nif a*2 >= c:\n  y = a*c\nelse:\n  y = c + a\ny.backward()",
        {"a": "unverified", "c": "unverified"},
    ),
    "a condition made of what is made of it": (
        f"{A}s = torch.sigmoid(a - 2)\nif s > 0.5:\n  y = 3*a\nelse:\n  y = a**2\ny.backward()",
        {"a": "unverified"},
    ),
    "no tie": (f"{A}if a > 1:\n  y = a**2\nelse:\n  y = a\ny.backward()", {"a": "verified"}),
    "a function that returns early": (
        f"{A}{B}def f(v):\n  if v > 0:\n    return v*v\n  return -v\n(f(b) + a).backward()",
        {"b": "unverified", "a": "verified"},
    ),
    "a function that returns what it is given": (
        f"{A}{B}def f(v):\n  if v >= 0:\n    return v\n  return -v\n(f(b)*a).backward()",
        {"b": "unverified", "a": "verified"},
    ),
    "a name that a function returns": (
        f"{A}{B}def f(v):\n  w = 0 - v\n  if v >= 0:\n    w = v\n  return w\ny = f(b)\n(y*a).backward()",
        {"b": "unverified", "a": "verified"},
    ),
    "a loop that is left": (
        f"{A}y = a*1\nfor i in range(5):\n  if y <= 0:\n    break\n  y = y - 1\n(y*y).backward()",
        {"a": "unverified"},
    ),
    "a condition made of many": (
        f"{A}v = torch.tensor([0.0, 1.0], requires_grad=True)\nif (v >= 0).all():\n  y = v.sum()\n"
        "else:\n  y = 2*v.sum()\n(y*a).backward()",
        {"v": "unverified", "a": "verified"},
    ),
    "no tie where two conditions are both true": (
        f"{A}if (a > 1) & (a < 3):\n  y = a*a\nelse:\n  y = a\ny.backward()",
        {"a": "verified"},
    ),
    "a condition as a number": (f"{B}y = float(b > 0)*b + b\ny.backward()", {"b": "unverified"}),
    "a condition under no_grad": (
        f"{B}y = 2*b\nwith torch.no_grad():\n  positive = b > 0\nif positive:\n  y = b*b\ny.backward()",
        {"b": "unverified"},
    ),
    "a number as a condition": (f"{B}y = 2*b\nif b:\n  y = b*b\ny.backward()", {"b": "unverified"}),
    "torch.equal": (f"{B}y = 2*b\nif torch.equal(b, torch.zeros(())):\n  y = b*b\ny.backward()", {"b": "unverified"}),
    "one of several decisions of a line": (
        "v = torch.tensor([0.0, 2.0], requires_grad=True)\ny = sum([e if e > 0 else 0*e for e in v])\ny.backward()",
        {"v": "unverified"},
    ),
    "a mismatch is one whatever the branch": (
        f"{A}{B}if a > 2:\n  z = 3*a\nelse:\n  z = 2*a\n(z + torch.relu(b) - torch.relu(-b)).backward()",
        {"a": "unverified", "b": "mismatch"},
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_only_what_moves_the_condition_is_in_doubt(name: str) -> None:
    """Along a tensor that the condition is not made of the branch stays, so that its derivative is known."""
    text, verdicts = PROGRAMS[name]
    (found,) = ledger(text).passes
    assert {each.name: each.verdict for each in found.entries} == verdicts


def test_the_condition_on_its_line_is_named() -> None:
    """With what may be taken beyond it."""
    (found,) = ledger(PROGRAMS["a condition about both"][0]).passes
    reason = found.entries[0].reason
    assert reason is not None
    assert "the condition on line 5 was decided at a tie" in reason.message


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_that_are_read_off_tensors_tie_too(name: str) -> None:
    """The branch was taken at a tie, whichever way the number took to the condition."""
    (found,) = ledger(f"{A}{B}y = 2*b\n{NUMBERS[name]}\ny.backward()").passes
    assert {each.name: each.verdict for each in found.entries} == {"b": "unverified"}


@pytest.mark.parametrize("name", CERTAIN)
def test_numbers_that_tie_with_nothing_leave_nothing_in_doubt(name: str) -> None:
    """The same branch is taken on both sides."""
    (found,) = ledger(f"{A}{B}y = 2*b\n{CERTAIN[name]}\ny.backward()").passes
    assert {each.name: each.verdict for each in found.entries} == {"b": "verified"}


def test_an_integer_exponent_hides_nothing_in_a_program() -> None:
    """The slope of ldexp(t, 1) + ldexp(t*t, -2) at 0.7 is 2 + t/2 = 2.35; torch gives 2."""
    (found,) = ledger(
        "t = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)\n"
        "torch.ldexp(torch.stack((t, t*t)), torch.tensor([1, -2], dtype=torch.int32)).sum().backward()"
    ).passes
    (entry,) = found.entries
    assert entry.gradient is not None
    assert (entry.verdict, entry.gradient.autograd) == ("mismatch", 2.0)
    assert float(entry.gradient.exact.value) == pytest.approx(2.35)


def test_a_tie_of_an_earlier_pass_is_none_of_this_one() -> None:
    """The condition is looked at again before each backward."""
    text = "a = torch.tensor(1.0, requires_grad=True)\nfor i in range(3):\n  y = 3*a\n  if a > 1:\n    y = 2*a\n"
    made = ledger(text + "  y.backward()\n  with torch.no_grad(): a += 1")
    assert [each.verdict for each in made.passes] == ["unverified", "verified", "verified"]
