"""Where the program is: the place of a call, and whose a file is."""

import sys
import sysconfig
from types import FrameType
from typing import Any

import torch

from autogradcli.engines.torch.record.calls import CallSite

LIBRARIES = tuple(
    {f"{sysconfig.get_path(name)}/" for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    | {"<frozen", f"{__file__.rpartition('/autogradcli/')[0]}/autogradcli/"}
)
"""Where code is that is not the program's own."""
INSIDE = (f"{__file__.rpartition('/engines/')[0]}/", f"{torch.__path__[0]}/", "<frozen")
"""Where code is that is gradcalc's or torch's."""


class Places:
    """Finds the place in the program from which a call comes."""

    def __init__(self) -> None:
        self.fixed: CallSite | None = None
        """The place of what is being recorded, where it is known already."""
        self._owners: dict[str, str] = {}

    def place(self) -> CallSite | None:
        """Where the program is: the innermost frame that is its own, or that of a library if none is."""
        if self.fixed is not None:
            return self.fixed
        frame = self.frame()
        return None if frame is None else CallSite(frame.f_code, frame.f_lasti)

    def frame(self) -> FrameType | None:
        """The innermost frame that is the program's own, or that of a library if none is."""
        frame: Any = sys._getframe(1)
        other: Any = None
        owners = self._owners
        while frame is not None:  # some ten frames of each call: one look into a dictionary for each
            file = frame.f_code.co_filename
            owner = owners.get(file) or self._owner(file)
            if owner == "program":
                return frame  # type: ignore[no-any-return]
            if other is None and owner == "library":
                other = frame
            frame = frame.f_back
        return other  # type: ignore[no-any-return]

    def callers(self) -> tuple[CallSite, ...]:
        """Where the program's functions around the place were called, the innermost first."""
        frame: Any = sys._getframe(1)
        found = []
        while frame is not None:
            if self.is_own(frame.f_code.co_filename):
                found.append(CallSite(frame.f_code, frame.f_lasti))
            frame = frame.f_back
        return tuple(found[1:])

    def is_own(self, file: str) -> bool:
        """Whether a file is the program's, and not a library's."""
        return (self._owners.get(file) or self._owner(file)) == "program"

    def _owner(self, file: str) -> str:
        """Whose a file is: the `program`'s, gradcalc's or torch's (`inside`), or another `library`'s."""
        if not file.startswith(LIBRARIES) and "/site-packages/" not in file:
            found = "program"
        else:
            found = "inside" if file.startswith(INSIDE) else "library"
        self._owners[file] = found
        return found
