"""10,000 cases of every kind through `gradcalc check`: status, order, counts and rates with any executor.

Run from the top of the checkout: python -m scripts.campaigns.many_cases --count 10000 [OPTION of gradcalc check]...
Exit status 1 if one outcome is not what it must be.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.many_cases import many_cases


def main(count: int, options: list[str]) -> int:
    """Run them, and compare."""
    text, statuses = many_cases(count)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "many.jsonl"
        path.write_text(text)
        command = [sys.executable, "-m", "autogradcli", "check", str(path), "--json", *options]
        start = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - start
    cases = json.loads(done.stdout)["cases"]
    wrong = [
        (case["name"], case["status"], status)
        for number, (case, status) in enumerate(zip(cases, statuses, strict=True))
        if (case["name"], case["status"]) != (f"case {number}", status)
    ]
    for each in wrong[:20]:
        print(*each)
    print(f"{count} cases, {len(wrong)} wrong, exit status {done.returncode}, {count / seconds:.0f} cases/s")
    return int(bool(wrong) or done.returncode != 1)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    options.add_argument("--count", type=int, default=10_000)
    asked, others = options.parse_known_args()
    sys.exit(main(asked.count, others))
