"""The page docs/constructs.md: each construct of part D of the facts, its clause, how it is written, and the case that proves it.

``python -m tests.constructs.page`` writes it anew from the heads of the policies beside this file.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from attrs import frozen

__all__ = ["HERE", "PAGE", "Construct", "constructs", "page"]

HERE: Final = Path(__file__).parent
PAGE: Final = HERE.parents[1] / "docs" / "constructs.md"
_HEAD: Final = re.compile(r"# Construct: (?P<what>.+)\n# Clause: (?P<clause>.+)\n# Written: (?P<written>.+)\n")
_NAME: Final = re.compile(r"^ +- name: \"(.+?)\"", re.MULTILINE)

_TOP: Final = """# The constructs that real rules demand

Forty-five constructs that regulations and house rules of complaint handling use, each with a clause that demands it (and how far the clause is verified), how it is written in this
language, and a policy that proves it: its tests hold what is met, what is breached, what cannot be decided, and the moment before and after the border, worked out by hand. The same records
are audited as a table, with the same result. The page is made from the heads of these policies (`python -m tests.constructs.page`).

| | construct | clause | written | proved by |
| --- | --- | --- | --- | --- |
"""


@frozen
class Construct:
    """One construct: its number, the file that proves it, and what its head says."""

    number: str
    path: Path
    what: str
    clause: str
    written: str

    @property
    def text(self) -> str:
        return self.path.read_text("utf-8")

    @property
    def cases(self) -> list[str]:
        return _NAME.findall(self.text)


def constructs() -> list[Construct]:
    """Every construct in the order of its number; of a folder the latest version speaks."""
    found = []
    for path in sorted([*HERE.glob("D??.yaml"), *HERE.glob("D??")]):
        file = path if path.is_file() else max(path.glob("*.yaml"))
        head = _HEAD.match(file.read_text("utf-8"))
        if head is None:
            raise ValueError(f"{file}: no head of three lines: Construct, Clause, Written")
        found.append(Construct(path.stem, file, head["what"], head["clause"], head["written"]))
    return found


def page() -> str:
    rows = []
    for one in constructs():
        link = Path("..", *one.path.parts[len(HERE.parents[1].parts) :]).as_posix()
        written = one.written.replace("|", "\\|")
        rows.append(f"| {one.number} | {one.what} | {one.clause} | `{written}` | [{len(one.cases)} cases]({link}) |\n")
    return _TOP + "".join(rows)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
