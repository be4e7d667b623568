"""An open file that a value comes from, and the words for what is wrong with it."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import BinaryIO

from autogradcli.errors import GradcalcError, visible
from autogradcli.functions.handles import MAX_ELEMENTS
from autogradcli.language.nearest import did_you_mean
from autogradcli.language.shapes import MAX_DIMENSIONS, written
from autogradcli.problems.point import MARK

MAX_BYTES = 64_000_000
"""Bytes that are read of one file: a million numbers take half of that at most, in any format."""
SHOWN = 8
"""Names that an error lists before it only counts them."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file as a value names it."""

    label: str
    """What the value is called, such as `--x`."""
    path: str
    name: str | None
    """Which of its tensors is meant, if that is said."""
    stream: BinaryIO

    def error(self, message: str, hint: str | None = None, kind: str = "file") -> GradcalcError:
        """The error whose message goes on after the name of the file; names in a file may hold any characters."""
        return GradcalcError(kind, visible(f"{self.label}: {self.path} {message}"), hint=hint and visible(hint))

    def read(self) -> bytes:
        """All of the file; raises GradcalcError if it holds nothing, or more than `MAX_BYTES`."""
        data = self.stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise self.too_large()
        if not data.strip():
            raise self.error("is empty")
        return data

    def too_large(self) -> GradcalcError:
        """The error for a file that is not read because of its size."""
        hint = "save the one tensor that is meant to a file of its own"
        return self.error(f"is larger than {MAX_BYTES // 10**6} MB", hint, "limit")

    def pick(self, names: Collection[str], what: str = "tensors") -> str:
        """The one of `names` that is meant: the one that is said, or the only one."""
        if not names:
            raise self.error(f"holds no {what}")
        if self.name is None and len(names) > 1:
            hint = f"type {self.label} {MARK}{self.path}:{next(iter(names))}"
            raise self.error(f"holds {len(names)} {what}: {_listed(names)}", hint)
        if self.name is not None and self.name not in names:
            hint = did_you_mean(self.name, names) or f"it holds {_listed(names)}"
            raise self.error(f"holds no {self.name}", hint)
        return next(iter(names)) if self.name is None else self.name

    def check_unnamed(self) -> None:
        """Raises GradcalcError if a name is said though the file's one tensor has none."""
        if self.name is not None:
            raise self.error("holds one tensor, which has no name", f"type {self.label} {MARK}{self.path}")

    def check_shape(self, shape: tuple[int, ...]) -> None:
        """Raises GradcalcError if a tensor of this shape has no components, too many, or too many dimensions."""
        if any(size < 1 for size in shape):
            raise self.error(f"holds no number: its shape is {written(shape)}")
        if math.prod(shape) > MAX_ELEMENTS:
            raise self.error(f"has shape {written(shape)}, and {MAX_ELEMENTS:,} numbers are allowed", kind="limit")
        if len(shape) > MAX_DIMENSIONS:
            raise self.error(f"has {len(shape)} dimensions, and {MAX_DIMENSIONS} are allowed", kind="limit")


def _listed(names: Collection[str]) -> str:
    first = ", ".join(list(names)[:SHOWN])
    return first if len(names) <= SHOWN else f"{first} and {len(names) - SHOWN} more"
