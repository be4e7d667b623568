"""Colours that colour-blind readers can tell apart (after Okabe and Ito, 2008), and that light and dark pages can bear.

Boxes bring a light ground of their own for dark text; lines and text beside them are of a grey and a red whose contrast
to white and to black is about the same.
"""

from dataclasses import dataclass

INK = "#1f2328"
"""Text in boxes."""
QUIET = "#57606a"
"""Text in boxes that matters less."""
LINE = "#767b82"
"""Arrows, and text that stands on the page itself."""
LOST = "#e0361f"
"""Arrows and borders of what is not finite."""


@dataclass(frozen=True, slots=True)
class Paint:
    """How a box, or a remark in one, looks."""

    ground: str
    border: str


BOXES = {
    "leaf": Paint("#d6ebf8", "#0072b2"),
    "operation": Paint("#f3f4f6", "#767b82"),
    "output": Paint("#fdebc8", "#b36b00"),
}
"""By the kind of the node."""

MARKS = {
    "good": Paint("#00664b", "#ffffff"),
    "doubtful": Paint("#f0c419", "#1f2328"),
    "wrong": Paint("#8c1a10", "#ffffff"),
    "lost": Paint("#fbdcd7", "#a31908"),
}
"""By the tone of the remark: its ground, and its text."""

SIGNS = {"good": "✓", "doubtful": "!", "wrong": "✗", "lost": "⚠"}
"""What stands before a remark, so that it needs no colour to be understood."""
