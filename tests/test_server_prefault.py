"""Memory that a call writes to is copied before the call."""

import json
import subprocess
import sys

import pytest

SCRIPT = """
import json, mmap, os, resource
from autogradcli.server.prefault import copy, written_by

PAGES = 300
memory = mmap.mmap(-1, PAGES * mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)

def write():
    for page in range(PAGES):
        memory[page * mmap.PAGESIZE] = 1

def faults(spans):
    '''How many faults it costs a fork to write to every page, after parts of the memory were copied.'''
    reading, writing = os.pipe()
    if not os.fork():
        copy(spans)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        write()
        os.write(writing, str(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        return int(stream.read())

write()
found = {
    "shared": faults(()),
    "written": faults(written_by(write)),
    "read": faults(written_by(lambda: memory[:])),
    "ended": len(written_by(lambda: os._exit(3))),
    "failed": len(written_by(lambda: 1 / 0)),
}
print(json.dumps({"pages": PAGES} | found))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the system tells it there alone")
def test_what_a_rehearsal_writes_to_costs_no_fault_afterwards() -> None:
    """Without it each page costs one; what is only read stays shared; a rehearsal that fails tells nothing."""
    said = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True).stdout
    found = json.loads(said)
    assert found["shared"] >= found["pages"]
    assert found["written"] < found["pages"] / 4
    assert found["read"] >= found["pages"]
    assert found["ended"] == found["failed"] == 0
