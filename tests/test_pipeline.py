"""Lines read ahead by a thread: whatever ends the reading ends the run."""

import io

import pytest

from autogradcli.cli.batch import run_lines
from autogradcli.cli.pipeline import lines_of
from autogradcli.compute.problem import Options
from autogradcli.errors import GradcalcError
from autogradcli.processes.serial import Serial


class Broken(io.BytesIO):
    """An input that cannot be read."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def readline(self, _: int | None = -1, /) -> bytes:
        """Nothing but the error."""
        raise self._error


@pytest.mark.parametrize("error", [ValueError("read of closed file"), MemoryError("a line without end")])
def test_a_defect_of_the_reader_is_raised(error: Exception) -> None:
    """The caller does not wait for lines that will never come."""
    with pytest.raises(type(error), match=str(error)):
        list(run_lines(lines_of([Broken(error)]), Serial(), Options(symbolic=False)))


def test_an_input_that_cannot_be_read_is_an_error() -> None:
    """The system's word for it is passed on."""
    with pytest.raises(GradcalcError) as caught:
        list(run_lines(lines_of([Broken(OSError(5, "Input/output error"))]), Serial(), Options(symbolic=False)))
    assert caught.value.message == "the input cannot be read: Input/output error"
