"""Errors and exit codes: what went wrong, where in which text, and what to type instead.

Every error that input can cause is a `GradcalcError`; it is drawn in one place, `GradcalcError.draw`.
Whatever mathematics does (poles, NaN, kinks, an engine out of time) is data in a report and never an exception.
"""

import unicodedata
from enum import IntEnum
from typing import Any, NamedTuple

WINDOW = 72
"""Columns of source text that an error shows around its span."""


class ExitCode(IntEnum):
    """The exit status of every command, the same in all of them."""

    OK = 0
    MISMATCH = 1
    USAGE = 2
    UNDEFINED = 3
    INTERNAL = 70
    """A defect of gradcalc itself; the number is EX_SOFTWARE of sysexits.h."""
    INTERRUPTED = 130
    """Ctrl-C: 128 + SIGINT, as shells have it."""
    CLOSED_PIPE = 141
    """The reader of standard output went away: 128 + SIGPIPE, as shells have it."""


class Span(NamedTuple):
    """A half-open range of characters (code points) in a source text; a plain tuple, as there are many."""

    start: int
    end: int

    def join(self, other: "Span") -> "Span":
        """The smallest span that holds both."""
        return Span(min(self.start, other.start), max(self.end, other.end))


class GradcalcError(Exception):
    """Input that makes no sense: a kind, a message, and where it can be told, the source, the span and a hint.

    `kind` is one word for programs: parse, name, argument, limit, value, shape, usage, file, torch.
    """

    def __init__(
        self,
        kind: str,
        message: str,
        *,
        source: str | None = None,
        span: Span | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.source = source
        self.span = span
        self.hint = hint

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (self.kind, self.message, self.source, self.span, self.hint)

    def to_dict(self) -> dict[str, object]:
        """The error as a JSON object, as `batch` reports it."""
        span = None if self.span is None else [self.span.start, self.span.end]
        return {"kind": self.kind, "message": self.message, "span": span, "hint": self.hint}

    def draw(self) -> str:
        """The error as a command prints it."""
        return f"error: {self}"

    def __str__(self) -> str:
        """Lines of text: message, source with carets under the span, hint."""
        lines = [self.message]
        if self.source and self.span is not None:
            lines += [f"  {line}" for line in underline(self.source, self.span)]
        if self.hint:
            lines.append(f"hint: {self.hint}")
        return "\n".join(lines)


def _unpickled(kind: str, message: str, source: str | None, span: Span | None, hint: str | None) -> GradcalcError:
    return GradcalcError(kind, message, source=source, span=span, hint=hint)


def defect(error: Exception) -> GradcalcError:
    """What an exception becomes that is gradcalc's own fault, where it must not take other work with it."""
    if isinstance(error, MemoryError):
        return GradcalcError("limit", "out of memory (GC507)", hint="type --max-memory 8GB")
    hint = "this is a defect of gradcalc: please report it"
    return GradcalcError("internal", f"{type(error).__name__}: {error}", hint=hint)


def underline(source: str, span: Span) -> tuple[str, str]:
    """The line of `source` on which `span` starts, cut to a window around it, and the carets below it."""
    start = min(span.start, len(source))
    line_start = source.rfind("\n", 0, start) + 1
    line_end = source.find("\n", start)
    line_end = len(source) if line_end < 0 else line_end
    end = max(start + 1, min(span.end, line_end))
    left = max(line_start, min(start - WINDOW // 2, line_end - WINDOW))
    right = min(line_end, left + WINDOW)
    end = min(end, max(right, start + 1))
    before = ("…" if left > line_start else "") + visible(source[left:start])
    marked = visible(source[start:end])
    after = visible(source[end:right]) + ("…" if right < line_end else "")
    return before + marked + after, " " * columns(before) + "^" * max(1, columns(marked))


def visible(text: str) -> str:
    """`text` with every character that a terminal would obey, hide or refuse replaced by a picture of it."""
    return "".join(map(_visible_character, text))


def _visible_character(character: str) -> str:
    if character == "\t":
        return " "
    if character < " ":
        return chr(0x2400 + ord(character))
    category = unicodedata.category(character)
    return "\N{REPLACEMENT CHARACTER}" if category in {"Cc", "Cf", "Cs", "Zl", "Zp"} else character


def columns(text: str) -> int:
    """How many terminal columns `text` takes: two for wide characters, none for combining ones."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
