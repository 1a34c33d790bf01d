"""The page docs/coverage.md, rendered from docs/coverage.yaml.

``python -m tests.coverage.page`` writes it anew.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any, Final

import yaml

__all__ = ["PAGE", "SOURCE", "coverage", "page"]

DOCS: Final = Path(__file__).parents[2] / "docs"
SOURCE: Final = DOCS / "coverage.yaml"
PAGE: Final = DOCS / "coverage.md"

_TOP: Final = """# What of the company documents is covered

The policies of companies (`policies/cn`) were written from five documents on how companies handle complaints. This page has every mechanism and number of them, in a few words, and where it is: rules of shipped policies
with the cases beside them that prove it, tests of the library, or why there is nothing. It is rendered from [coverage.yaml](coverage.yaml) (`python -m tests.coverage.page`), and a test holds that every
rule, case and test it names is there. Where a quick reading of the documents goes wrong: [test_traps.py](../tests/coverage/test_traps.py).

{covered} of {rows} rows are covered, {part} of them in part; {left} are left out:

{kinds}
| row | what the documents say | rules, tests | cases |
| --- | --- | --- | --- |
"""


def coverage() -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(SOURCE.read_text("utf-8"), yaml.BaseLoader)
    return found


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _where(row: dict[str, Any], kinds: dict[str, Any]) -> str:
    if "left" in row:
        return f"left out ({row['kind']}): {_cell(row['left'])}"
    named = [f"`{rule}`" for rule in row.get("rules", ())]
    named += [f"[{test.split('::')[1]}](../{test.split('::')[0]})" for test in row.get("tests", ())]
    return ", ".join(named) + (f"; in part: {_cell(row['part'])}" if "part" in row else "")


def page() -> str:
    read = coverage()
    kinds, rows = read["kinds"], read["rows"]
    left = Counter(row["kind"] for row in rows.values() if "left" in row)
    listed = "".join(f"- `{kind}` ({left[kind]}): {title['en']} ({title['zh']}).\n" for kind, title in kinds.items())
    top = _TOP.format(
        rows=len(rows), covered=len(rows) - left.total(), part=sum("part" in row for row in rows.values()), left=left.total(), kinds=listed
    )
    lines = [f"| {name} | {_cell(row['says'])} | {_where(row, kinds)} | {_cell('; '.join(row.get('cases', ())))} |\n" for name, row in rows.items()]
    return top + "".join(lines)


def written_twice() -> list[str]:
    """Rows that stand in the file more than once: YAML readers keep the last silently."""
    names = Counter(re.findall(r"^  (S\d+\.\d+):", SOURCE.read_text("utf-8"), re.MULTILINE))
    return [name for name, times in names.items() if times > 1]


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
