"""What to type for a text that has to be typed in another way: all of it, with every such place mended at once."""

from collections.abc import Callable, Sequence

from autogradcli.errors import GradcalcError, Span

LONGEST = 200
"""Characters of a text that a hint writes out; of a longer one it shows the piece."""
MOST_PLACES = 40
"""Places of one text that are mended."""


class Unclear(GradcalcError):
    """A place of a text that has to be typed in another way, or that can be read in several ways."""

    def __init__(
        self, message: str, *, source: str, span: Span, pieces: Sequence[str], hint: str | None = None
    ) -> None:
        """Each of `pieces` can stand in place of the span; `hint` has a `{}` for each of them."""
        self.pieces = pieces
        self.edit = span
        """What the pieces stand in place of; the span, which is what is shown, may be longer."""
        self._sentence = hint or _choice(len(pieces))
        super().__init__("parse", message, source=source, span=span, hint=self._sentence.format(*pieces))

    def with_piece(self, number: int) -> str:
        """The text with one of the pieces in its place; with the last one where there are not so many."""
        assert self.source is not None
        piece = self.pieces[min(number, len(self.pieces) - 1)]
        return f"{self.source[: self.edit.start]}{piece}{self.source[self.edit.end :]}"

    def in_full(self, read: Callable[[str], str]) -> GradcalcError:
        """The same, with a hint that shows the whole text; as it is where another mistake is in the way.

        `read` gives back a text that makes sense; it raises `Unclear` for one that has such a place.
        """
        texts: list[str] = []
        wanted = len(self.pieces)
        while len(texts) < wanted:
            text, most = self._mended(len(texts), read)
            if text is None or len(text) > LONGEST:
                return self
            wanted = max(wanted, most)
            texts.append(text)
        distinct = list(dict.fromkeys(texts))
        sentence = self._sentence if len(distinct) == len(self.pieces) else _choice(len(distinct))
        hint = sentence.format(*distinct)
        return GradcalcError(self.kind, self.message, source=self.source, span=self.span, hint=hint)

    def _mended(self, number: int, read: Callable[[str], str]) -> tuple[str | None, int]:
        """The whole text in one of its readings, if it makes sense then, and how many readings a place of it has."""
        place, most = self, len(self.pieces)
        for _ in range(MOST_PLACES):
            try:
                return read(place.with_piece(number)), most
            except Unclear as other:
                place, most = other, max(most, len(other.pieces))
            except GradcalcError:
                break
        return None, most


def _choice(count: int) -> str:
    """`type {} or {}`."""
    return f"type {' or '.join(['{}'] * count)}"
