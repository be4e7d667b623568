"""1,000 cases of which 20 hang, end their process or eat memory: 980 right outcomes in order, 20 errors.

Run from the top of the checkout: python -m scripts.campaigns.limits 1 2
Exit status 1 if one outcome is not what it must be.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COUNT, EVERY = 1000, 50
BAD = ("hangs", "crashes", "eats")


def _case(number: int) -> dict[str, object]:
    name = BAD[number // EVERY % len(BAD)]
    bad = number % EVERY == EVERY // 2
    return {
        "name": str(number),
        "expression": "x",
        "at": {"x": 13 if bad else 2},
        "function": f"tests.users_code:{name}",
    }


def main(jobs: str) -> int:
    """Run them, and compare."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cases.jsonl"
        path.write_text("".join(json.dumps(_case(number)) + "\n" for number in range(COUNT)), encoding="utf-8")
        words = ["check", str(path), "--jobs", jobs, "--json", "--no-symbolic", "--timeout", "4"]
        start = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "autogradcli", *words], capture_output=True, text=True, check=False
        )
        seconds = time.monotonic() - start
    if not done.stdout:
        print(f"{jobs} jobs: exit status {done.returncode}, {seconds:.0f} s: {done.stderr}")
        return 1
    cases = json.loads(done.stdout)["cases"]
    wanted = [(str(n), "error" if n % EVERY == EVERY // 2 else "passed") for n in range(COUNT)]
    wrong = [case for case, each in zip(cases, wanted, strict=True) if (case["name"], case["status"]) != each]
    for case in wrong:
        print(json.dumps(case))
    said = sorted({case["error"]["message"] for case in cases if case["error"]})
    print(f"{jobs} jobs: {len(wrong)} wrong of {len(cases)}, exit status {done.returncode}, {seconds:.0f} s; {said}")
    return int(bool(wrong) or done.returncode != 2)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("jobs", nargs="*", default=["1", "2"], help="with how many jobs, one run each")
    sys.exit(max(map(main, options.parse_args().jobs)))
