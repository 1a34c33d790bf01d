"""The page docs/constructs.md: each construct of part D of the facts, its clause, how it is written, and the case that proves it.

``python -m tests.constructs.page`` writes it anew from the heads of the policies beside this file.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from attrs import frozen

__all__ = ["CLAUSES", "HERE", "PAGE", "Construct", "constructs", "page"]

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


_CLAUSES: Final = """
## Twenty-five hard clauses

The clauses with which the language was tried when it was drawn up, each proved by one of the policies above or by one of its own.

| | clause | proved by |
| --- | --- | --- |
"""
# Each of the clauses and the policies that prove it: those of the constructs, and for the rest their own (F).
CLAUSES: Final = (
    ("Ladder, notice before expiry", "D09"),
    ("Provisional credit buys 45 or 90 days", "D11"),
    ("20 000 km or 100 days", "D14"),
    ("Two complete billing cycles, never over 90 days", "D15"),
    ("A promise with a legal bound", "D16"),
    ("An update every 20 working days until closed", "D20"),
    ("The balance of the remaining time on referral", "D22"),
    ("Repair over 30 days or the same fault over 4 times", "D23"),
    ("Solved by the close of the third business day", "D17"),
    ("Silence is stalling; burden of proof", "D19"),
    ("Admissibility: 5 months or 2 years, the operator first", "D18"),
    ("Keep 6 months past shelf life, none stated 2 years", "D28"),
    ("Quarterly within 20 days, nil too; publish from 500", "D39"),
    ("250, 400, 600, halved when re-routed", "D31"),
    ("1 % of the fee a day", "D32"),
    ("1-10 x income, none: up to 500 000; cap 30 000", "D34"),
    ("Attribution chains that end", "F17"),
    ("The first receiver owns until a hand-over is accepted", "F18"),
    ("Handled again until satisfied", "F19"),
    ("Several channels, one order, the earliest clock", "F20"),
    ("Everybody is called back", "F21"),
    ("A surge, against earlier periods", "D38"),
    ("Reclassified while it runs", "F23"),
    ("Reopen cycles", "F24"),
    ("Budgets of stages inside the whole", "F25"),
)


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
    for path in sorted([*HERE.glob("[DF]??.yaml"), *HERE.glob("[DF]??")]):
        file = path if path.is_file() else max(path.glob("*.yaml"))
        head = _HEAD.match(file.read_text("utf-8"))
        if head is None:
            raise ValueError(f"{file}: no head of three lines: Construct, Clause, Written")
        found.append(Construct(path.stem, file, head["what"], head["clause"], head["written"]))
    return found


def page() -> str:
    every = {one.number: one for one in constructs()}
    rows = [_row(one) for one in every.values() if one.number.startswith("D")]
    clauses = [f"| {n} | {clause} | {number if number[0] == 'D' else _link(every[number])} |\n" for n, (clause, number) in enumerate(CLAUSES, 1)]
    return _TOP + "".join(rows) + _CLAUSES + "".join(clauses)


def _row(one: Construct) -> str:
    written = one.written.replace("|", "\\|")
    return f"| {one.number} | {one.what} | {one.clause} | `{written}` | {_link(one)} |\n"


def _link(one: Construct) -> str:
    path = Path("..", *one.path.parts[len(HERE.parents[1].parts) :]).as_posix()
    return f"[{len(one.cases)} cases]({path})"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
