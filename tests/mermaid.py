"""Mermaid's own parser, from its npm package: fetched once, into the user's cache, where Node is there to run it."""

import html
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PACKAGES = ("mermaid@12.3.0", "jsdom@27.0.0")
HOME = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gradcalc-tests" / "-".join(PACKAGES)
READ = """
import { JSDOM } from "jsdom";
globalThis.window = new JSDOM("").window;
globalThis.document = window.document;
const { default: mermaid } = await import("mermaid");
mermaid.initialize({ maxEdges: 100000 });
let text = "";
for await (const chunk of process.stdin) text += chunk;
const answers = [];
for (const diagram of JSON.parse(text)) {
  try {
    const { db } = await mermaid.mermaidAPI.getDiagramFromText(diagram);
    const boxes = [...db.getVertices().values()].map((each) => [each.id, each.text]);
    const arrows = db.getEdges().map((each) => [each.start, each.end, each.text]);
    answers.push({ boxes, arrows, groups: db.getSubGraphs().map((each) => each.title) });
  } catch (error) {
    answers.push({ error: String(error) });
  }
}
console.log(JSON.stringify(answers));
"""


def is_there() -> bool:
    """Whether there is a Node to run it."""
    return shutil.which("node") is not None and shutil.which("npm") is not None


def read(diagrams: Sequence[str]) -> list[dict[str, Any]]:
    """What the parser makes of each diagram: its boxes, arrows and groups with their texts, or its error."""
    if not HOME.exists():
        _install()
    done = subprocess.run(
        ["node", "--input-type=module", "--eval", READ],
        input=json.dumps(list(diagrams)),
        cwd=HOME,
        capture_output=True,
        text=True,
        check=True,
    )
    answers: list[dict[str, Any]] = json.loads(_decoded(done.stdout))
    return answers


def _install() -> None:
    """Fetch the packages beside their place, and move them there when all is done: others may do the same."""
    HOME.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=HOME.parent) as directory:
        folder = Path(directory) / "new"
        folder.mkdir()
        (folder / "package.json").write_text("{}")
        command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *PACKAGES]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        if not HOME.exists():
            folder.rename(HOME)


def _decoded(text: str) -> str:
    """Texts with the numbers of characters as what they stand for: Mermaid itself decodes them when it draws."""
    return re.sub("ﬂ°°(\\d+)¶ß", lambda found: json.dumps(html.unescape(f"&#{found[1]};"))[1:-1], text)
