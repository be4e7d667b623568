"""Statements that were decided at a tie: what they leave in doubt, and what they do not."""

import pytest

from tests.programs import ledger

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
