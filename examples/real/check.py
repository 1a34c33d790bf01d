"""Audit the real records through the library and compare with the independent counts and the stated truths.

Usage: python check.py DATA_FOLDER [--lang en|zh|both]

Exit status 0 if every count agrees, 1 if one does not, 2 if the folder lacks a file.
"""

from __future__ import annotations

import argparse
import sys
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from independent_counts import FILES, ROWS, Counts

from complaint_policy import Policy, load_policy
from complaint_policy.audit import Summary, load_mapping, run_audit

HERE = Path(__file__).parent


class Source(NamedTuple):
    """One file of records, how it is read, and the moment it is looked at from."""

    file: str
    mapping: str
    as_of: str
    en: str
    zh: str


SOURCES = {
    "new_york": Source(
        "nyc311_all_agencies_2018_09.csv", "new_york/mapping.yaml", "2018-09-03T00:00", "New York 311", "纽约311"
    ),
    "baltimore": Source(
        "baltimore_311_2014_2019.csv.gz", "baltimore/mapping.yaml", "2019-02-14T00:00", "Baltimore 311", "巴尔的摩311"
    ),
    "los_angeles": Source(
        "los_angeles_311_2017.csv.gz", "los_angeles/mapping.yaml", "2019-01-01T00:00", "Los Angeles 311", "洛杉矶311"
    ),
    "kansas_city": Source(
        "kansas_city_311_2020_01.csv", "kansas_city/mapping.yaml", "2020-03-01T00:00", "Kansas City 311", "堪萨斯城311"
    ),
    "cfpb_bank": Source(
        "cfpb_bank_2017_2023.csv.gz", "cfpb/mapping_bank.yaml", "2024-01-01T00:00", "CFPB, one bank", "保护局：一家银行"
    ),
    "cfpb_2014": Source(
        "cfpb_all_companies_2014.csv", "cfpb/mapping_2014.yaml", "2015-01-01T00:00", "CFPB 2014", "保护局：2014年"
    ),
    "cn_messages": Source(
        "zh_gov_messages_replies.csv.gz", "cn_messages/mapping.yaml", "2026-01-01T00:00", "CN messages", "政府留言"
    ),
}

JUDGED = "judged"  # met and breached together
# What the description of the files states about them.
STATED: dict[tuple[str, str, str], int | Fraction] = {
    ("new_york", ROWS, "decided"): 1300,
    ("baltimore", ROWS, "decided"): 10000,
    ("los_angeles", ROWS, "decided"): 9999,
    ("kansas_city", ROWS, "decided"): 2331,
    ("cfpb_bank", ROWS, "decided"): 50000,
    # 8,340 rows, the last of them cut off in the middle.
    ("cfpb_2014", ROWS, "decided"): 8339,
    ("cfpb_2014", ROWS, "rejected"): 1,
    ("cn_messages", ROWS, "decided"): 1813,
    ("new_york", "DL-instant", "breached"): 27,
    ("new_york", "DL-instant", JUDGED): 1127,
    ("baltimore", "DL-instant", "breached"): 1567,
    ("baltimore", "DL-instant", JUDGED): 9555,
    ("baltimore", "DL-day", "breached"): 1316,
    ("los_angeles", "DL-day", "breached"): 3718,
    ("los_angeles", "DL-day", "indeterminate"): 12,
    ("los_angeles", "DL-day", "not_applicable"): 500,
    ("los_angeles", "RQ-plan", "breached"): 1303,
    ("los_angeles", "RQ-assigned", "breached"): 184,
    ("kansas_city", "RQ-flag", JUDGED): 1748,
    ("kansas_city", "RQ-flag", "not_applicable"): 583,
    ("kansas_city", "RQ-agrees", "met"): Fraction(985, 1000),
    ("kansas_city", "DL-dates", "indeterminate"): 152,
    ("cfpb_bank", "RQ-timely", "met"): 46669,
    ("cfpb_bank", "RQ-timely", "breached"): 1991,
    ("cfpb_bank", "RQ-timely", "indeterminate"): 1340,
    ("cfpb_2014", "RQ-timely", "breached"): 161,
    ("cfpb_2014", "RQ-wording", "breached"): 97,
    ("cn_messages", "DL-elapsed", "breached"): 701,
    ("cn_messages", "DL-calendar", "breached"): 687,
    ("cn_messages", "DL-roll", "breached"): 667,
    ("cn_messages", "RQ-whole", "breached"): 664,
}
WORDS = {
    "breached": ("breached", "违反"),
    "met": ("met", "符合"),
    "indeterminate": ("undecided", "无法判定"),
    "not_applicable": ("not applicable", "不适用"),
    JUDGED: ("judged", "可判定"),
    "decided": ("decided", "已判定"),
    "rejected": ("rejected", "未采用"),
}
HEADINGS = (
    ("file", "文件"), ("reading", "规则"), ("what is counted", "数的是什么"), ("library", "本库"),
    ("independent", "独立计数"), ("stated", "已知"), ("agree?", "一致？"),
)  # fmt: skip
YES, NO = ("yes", "是"), ("NO", "否")


def audited(data: Path, name: str, policy: Policy | None = None) -> Summary:
    """Audit one file through the library; ``policy`` stands in for the mapping's own."""
    source = SOURCES[name]
    mapping = load_mapping(HERE / source.mapping)
    policy = policy or load_policy(mapping.policy_reference() or "")
    as_of = datetime.fromisoformat(source.as_of)
    return run_audit(policy, data / source.file, as_of=as_of, mapping=mapping, keep=False).summary()


def counts_of(summary: Summary) -> Counts:
    """The outcomes of each rule and the rows, as the independent script writes them."""
    rows = {"decided": summary.identity.decided, "rejected": summary.identity.rejected}
    return {ROWS: {what: number for what, number in rows.items() if number}} | {
        rule: dict(sorted(counts.items())) for rule, counts in summary.outcomes.items()
    }


def number(counts: dict[str, int], what: str) -> int:
    """How many rows have that outcome."""
    return counts.get("met", 0) + counts.get("breached", 0) if what == JUDGED else counts.get(what, 0)


class Line(NamedTuple):
    """One line of the table."""

    file: str
    rule: str
    what: str
    library: int
    independent: int
    stated: int | Fraction | None
    judged: int

    @property
    def agrees(self) -> bool:
        """Whether both counts are equal and are what is stated (a share: to a tenth of a per cent)."""
        if self.library != self.independent:
            return False
        if isinstance(self.stated, Fraction):
            return abs(Fraction(self.library, self.judged) - self.stated) < Fraction(5, 10000)
        return self.stated is None or self.stated == self.library


def lines(name: str, library: Counts, independent: Counts) -> Iterator[Line]:
    """Lines of one file: for each rule those breached, whatever is stated, and anything that disagrees."""
    for rule in library | independent:
        mine, theirs = library.get(rule, {}), independent.get(rule, {})
        told = [what for file, ruled, what in STATED if (file, ruled) == (name, rule)]
        differ = sorted(what for what in mine.keys() | theirs.keys() if number(mine, what) != number(theirs, what))
        for what in dict.fromkeys([*([] if rule == ROWS else ["breached"]), *told, *differ]):
            judged = number(mine, JUDGED)
            yield Line(
                name, rule, what, number(mine, what), number(theirs, what), STATED.get((name, rule, what)), judged
            )


def places(text: str) -> int:
    """How many places a text takes on the terminal: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def table(found: list[Line], titles: dict[tuple[str, str], tuple[str, str]], language: int) -> str:
    """Write the lines as a table in English (0) or Chinese (1)."""
    rows = [[heading[language] for heading in HEADINGS]]
    for line in found:
        source = SOURCES[line.file]
        what = WORDS.get(line.what, (line.what, line.what))[language]
        stated = "-" if line.stated is None else str(line.stated)
        if isinstance(line.stated, Fraction):
            stated = f"{float(line.stated):.1%}"
        rows.append(
            [
                (source.en, source.zh)[language], line.rule, f"{titles[line.file, line.rule][language]}: {what}",
                str(line.library), str(line.independent), stated, (YES if line.agrees else NO)[language],
            ]
        )  # fmt: skip
    widths = [max(map(places, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell + " " * (width - places(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def main() -> int:
    """Compare, print, and tell by the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with the records")
    parser.add_argument("--lang", choices=("en", "zh", "both"), default="both")
    options = parser.parse_args()
    absent = [source.file for source in SOURCES.values() if not (options.data / source.file).is_file()]
    if absent:
        print(f"{options.data}: no {', '.join(absent)} / 缺少文件", file=sys.stderr)
        return 2
    found: list[Line] = []
    titles: dict[tuple[str, str], tuple[str, str]] = {}
    for name, count in FILES.items():
        summary = audited(options.data, name)
        found += lines(name, counts_of(summary), count(options.data, 0))
        titles[name, ROWS] = ("Source rows", "源文件行数")
        titles |= {(name, rule.id): (rule.title.en, rule.title.zh) for rule in summary.rules}
    for index, language in enumerate(("en", "zh")):
        if options.lang in (language, "both"):
            print(table(found, titles, index), end="\n\n")
    wrong = [line for line in found if not line.agrees]
    told = sum(line.stated is not None for line in found)
    print(f"{len(found)} counts, {told} of them stated, {len(wrong)} disagree")
    print(f"共{len(found)}项，{told}项有已知值，{len(wrong)}项不一致")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
