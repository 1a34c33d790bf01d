"""Count the outcomes of the example policies by hand, without the library.

Usage: python independent_counts.py DATA_FOLDER [--shift DAYS]

Only the standard library is used: every reading is one line of date arithmetic on the text of the cells, in the naive
local time of the file. ``--shift`` lengthens (or, negative, shortens) every day limit, so that the counts of an edited
policy can be compared too. Prints JSON: file -> rule -> outcome -> rows.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path

Row = dict[str, str]
Counts = dict[str, dict[str, int]]
MET, BREACHED, PENDING, NONE, UNDECIDED = "met", "breached", "pending", "not_applicable", "indeterminate"
ROWS = "rows"
US_TIME = "%m/%d/%Y %I:%M:%S %p"
DAY = timedelta(days=1)

# Days off and make-up working days as the State Council announced them year by year (first and last day of each break).
OFF = """
2011-01-01 2011-01-03, 2011-02-02 2011-02-08, 2011-04-03 2011-04-05, 2011-04-30 2011-05-02, 2011-06-04 2011-06-06,
2011-09-10 2011-09-12, 2011-10-01 2011-10-07, 2012-01-01 2012-01-03, 2012-01-22 2012-01-28, 2012-04-02 2012-04-04,
2012-04-29 2012-05-01, 2012-06-22 2012-06-24, 2012-09-30 2012-10-07, 2013-01-01 2013-01-03, 2013-02-09 2013-02-15,
2013-04-04 2013-04-06, 2013-04-29 2013-05-01, 2013-06-10 2013-06-12, 2013-09-19 2013-09-21, 2013-10-01 2013-10-07,
2014-01-01 2014-01-01, 2014-01-31 2014-02-06, 2014-04-05 2014-04-07, 2014-05-01 2014-05-03, 2014-05-31 2014-06-02,
2014-09-06 2014-09-08, 2014-10-01 2014-10-07, 2015-01-01 2015-01-03, 2015-02-18 2015-02-24, 2015-04-04 2015-04-06,
2015-05-01 2015-05-03, 2015-06-20 2015-06-22, 2015-09-03 2015-09-05, 2015-09-26 2015-09-27, 2015-10-01 2015-10-07,
2016-01-01 2016-01-03, 2016-02-07 2016-02-13, 2016-04-02 2016-04-04, 2016-04-30 2016-05-02, 2016-06-09 2016-06-11,
2016-09-15 2016-09-17, 2016-10-01 2016-10-07, 2016-12-31 2017-01-02, 2017-01-27 2017-02-02, 2017-04-02 2017-04-04,
2017-04-29 2017-05-01, 2017-05-28 2017-05-30, 2017-10-01 2017-10-08, 2017-12-30 2018-01-01, 2018-02-15 2018-02-21,
2018-04-05 2018-04-07, 2018-04-29 2018-05-01, 2018-06-16 2018-06-18, 2018-09-22 2018-09-24, 2018-10-01 2018-10-07,
2018-12-30 2019-01-01, 2019-02-04 2019-02-10, 2019-04-05 2019-04-07, 2019-05-01 2019-05-04, 2019-06-07 2019-06-09,
2019-09-13 2019-09-15, 2019-10-01 2019-10-07, 2020-01-01 2020-01-01, 2020-01-24 2020-02-02
"""
MAKE_UP = """
2011-01-30 2011-02-12 2011-04-02 2011-10-08 2011-10-09 2011-12-31 2012-01-21 2012-01-29 2012-03-31 2012-04-01
2012-04-28 2012-09-29 2013-01-05 2013-01-06 2013-02-16 2013-02-17 2013-04-07 2013-04-27 2013-04-28 2013-06-08
2013-06-09 2013-09-22 2013-09-29 2013-10-12 2014-01-26 2014-02-08 2014-05-04 2014-09-28 2014-10-11 2015-01-04
2015-02-15 2015-02-28 2015-09-06 2015-10-10 2016-02-06 2016-02-14 2016-06-12 2016-09-18 2016-10-08 2016-10-09
2017-01-22 2017-02-04 2017-04-01 2017-05-27 2017-09-30 2018-02-11 2018-02-24 2018-04-08 2018-04-28 2018-09-29
2018-09-30 2018-12-29 2019-02-02 2019-02-03 2019-04-28 2019-05-05 2019-09-29 2019-10-12 2020-01-19
"""


def days_off() -> set[date]:
    """Return every announced day off."""
    found = set()
    for pair in OFF.split(","):
        day, last = (date.fromisoformat(part) for part in pair.split())
        while day <= last:
            found.add(day)
            day += DAY
    return found


CLOSED_DAYS = days_off()
EXTRA_WORKING_DAYS = {date.fromisoformat(day) for day in MAKE_UP.split()}


def working_day(day: date) -> bool:
    """Tell whether ``day`` is a working day in China (2011 to the end of January 2020)."""
    return day in EXTRA_WORKING_DAYS or (day.weekday() < 5 and day not in CLOSED_DAYS)


def next_working_day(day: date) -> date:
    """Return ``day``, or the next working day when it is a day off."""
    while not working_day(day):
        day += DAY
    return day


def read(path: Path) -> Iterator[Row]:
    """Yield the rows of a CSV file (plain or gzip); a row cut off before its last cell is empty."""
    opener: Callable[..., Iterable[str]] = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as lines:  # type: ignore[attr-defined]
        for row in csv.DictReader(lines):
            yield {} if None in row.values() else {name: cell.strip() for name, cell in row.items()}


def when(text: str, *formats: str) -> datetime | None:
    """Read a time with the first format that fits; blank gives None."""
    for pattern in formats if text else ():
        try:
            return datetime.strptime(text, pattern)
        except ValueError:
            continue
    if text:
        raise ValueError(f"not a time: {text!r}")
    return None


def kept(late: bool) -> str:
    """Name the outcome of a rule that could be judged."""
    return BREACHED if late else MET


def judge(rows: Iterable[Row], decide: Callable[[Row], dict[str, str]]) -> Counts:
    """Count the outcomes of each rule over the rows, and the rows themselves."""
    counts: dict[str, Counter[str]] = {ROWS: Counter()}
    for row in rows:
        counts[ROWS]["decided" if row else "rejected"] += 1
        if not row:
            continue
        for rule, outcome in decide(row).items():
            counts.setdefault(rule, Counter())[outcome] += 1
    return {rule: dict(sorted(found.items())) for rule, found in counts.items()}


def service_request(row: Row, columns: tuple[str, str, str], now: datetime, shift: int) -> dict[str, str]:
    """Judge one city service request against the due time the city itself gave it, read in four ways."""
    created, due, closed = (when(row[name], US_TIME) for name in columns)
    if created is None:
        raise ValueError("a request without a creation time")
    if due is None:
        return dict.fromkeys(("DL-instant", "DL-day", "DL-open-too"), NONE)
    instant = due + shift * DAY
    found = {"DL-instant": NONE, "DL-day": NONE}
    if closed is not None and closed < created:
        found = dict.fromkeys(("DL-instant", "DL-day", "DL-open-too"), UNDECIDED)
    elif closed is not None:
        found = {"DL-instant": kept(closed > instant), "DL-day": kept(closed.date() > instant.date())}
        found["DL-open-too"] = found["DL-instant"]
    else:
        found["DL-open-too"] = BREACHED if now > instant else PENDING
    return found


def new_york(data: Path, shift: int) -> Counts:
    """Count New York, September 2018, seen at the start of 3 September 2018."""
    columns, now = ("Created Date", "Due Date", "Closed Date"), datetime(2018, 9, 3)
    rows = read(data / "nyc311_all_agencies_2018_09.csv")
    return judge(rows, lambda row: service_request(row, columns, now, shift))


def baltimore(data: Path, shift: int) -> Counts:
    """Count Baltimore, seen at the end of 13 February 2019; twice, with and without duplicates and transfers."""
    columns, now = ("CreatedDate", "DueDate", "CloseDate"), datetime(2019, 2, 14)

    def decide(row: Row) -> dict[str, str]:
        found = service_request(row, columns, now, shift)
        elsewhere = "Duplicate" in row["SRStatus"] or "Transferred" in row["SRStatus"]
        found["DL-own"] = "exempt" if elsewhere and found["DL-instant"] != NONE else found["DL-instant"]
        return found

    return judge(read(data / "baltimore_311_2014_2019.csv.gz"), decide)


def los_angeles(data: Path, shift: int) -> Counts:
    """Count Los Angeles, seen at the start of 2019: the planned cell as an instant and as a day; two data checks."""
    columns, now = ("CreatedDate", "ServiceDate", "ClosedDate"), datetime(2019, 1, 1)

    def decide(row: Row) -> dict[str, str]:
        found = service_request(row, columns, now, shift)
        del found["DL-open-too"]
        created, due = when(row["CreatedDate"], US_TIME), when(row["ServiceDate"], US_TIME)
        if created is None:
            raise ValueError("a request without a creation time")
        found["RQ-plan"] = NONE if due is None else kept(due.date() + shift * DAY < created.date())
        found["RQ-assigned"] = kept(not row["AssignTo"])
        return found

    return judge(read(data / "los_angeles_311_2017.csv.gz"), decide)


def kansas_city(data: Path, shift: int) -> Counts:
    """Count Kansas City, January 2020: the city's own flag, the days it counted, and the days between its two dates."""

    def decide(row: Row) -> dict[str, str]:
        if row["STATUS"] != "RESOL":
            return dict.fromkeys(("RQ-flag", "RQ-days", "RQ-agrees", "DL-dates"), NONE)
        exceeded, days = row["EXCEEDED EST TIMEFRAME"] == "Y", int(row["DAYS TO CLOSE"])
        created, closed = when(row["CREATION DATE"], "%m/%d/%y"), when(row["CLOSED DATE"], "%m/%d/%y")
        found = {"RQ-flag": kept(exceeded), "RQ-days": kept(days > 1 + shift)}
        found["RQ-agrees"] = kept(exceeded != (days > 1 + shift))
        found["DL-dates"] = UNDECIDED
        if created and closed:
            found["DL-dates"] = kept((closed - created).days > 1 + shift)
        return found

    return judge(read(data / "kansas_city_311_2020_01.csv"), decide)


def cfpb(rows: Iterable[Row], names: tuple[str, str, str], pattern: str, shift: int) -> Counts:
    """Count CFPB complaints: the timely flag, the flag of answered ones only, and three limits for forwarding."""
    arrived_in, sent_in, response_in = names

    def decide(row: Row) -> dict[str, str]:
        timely = {"Yes": MET, "No": BREACHED, "Unknown": UNDECIDED}[row["Timely response?"]]
        answered = row[response_in] != "In progress"
        arrived, sent = when(row[arrived_in], pattern), when(row[sent_in], pattern)
        if arrived is None or sent is None:
            raise ValueError("a complaint without its dates")
        lag = (sent - arrived).days
        return {
            "RQ-timely": timely,
            "RQ-timely-answered": timely if answered else NONE,
            "RQ-wording": kept(row[response_in] == "Untimely response"),
            "DL-forward-same-day": kept(lag > shift),
            "DL-forward-1": kept(lag > 1 + shift),
            "DL-forward-10": kept(lag > 10 + shift),
        }

    return judge(rows, decide)


def cfpb_bank(data: Path, shift: int) -> Counts:
    """Count the complaints about one bank, 2017 to 2023."""
    names = ("Date submitted", "Date received", "Company response to consumer")
    return cfpb(read(data / "cfpb_bank_2017_2023.csv.gz"), names, "%Y-%m-%d", shift)


def cfpb_2014(data: Path, shift: int) -> Counts:
    """Count the complaints about all companies, October and November 2014."""
    names = ("Date received", "Date sent to company", "Company response")
    return cfpb(read(data / "cfpb_all_companies_2014.csv"), names, "%m/%d/%Y", shift)


def cn_messages(data: Path, shift: int) -> Counts:
    """Count Chinese government messages not answered within 15 days, counted in four ways."""
    limit = 15 + shift

    def decide(row: Row) -> dict[str, str]:
        sent = when(row["留言时间"], "%Y/%m/%d %H:%M:%S")
        replied = when(row["答复时间"], "%Y/%m/%d %H:%M:%S", "%Y/%m/%d")
        if sent is None or replied is None:
            raise ValueError("a message without its times")
        last_day = sent.date() + limit * DAY
        # One reply bears a date alone: it counts as late only if its whole day is.
        bare = len(row["答复时间"]) <= len("2000/01/01") and replied.time() == time()
        found = {
            "DL-elapsed": kept(replied - sent > limit * DAY),
            "DL-calendar": kept(replied.date() > last_day),
            "DL-roll": kept(replied.date() > next_working_day(last_day)),
            "RQ-whole": kept((replied - sent).days > limit),
        }
        if bare and (replied - sent > limit * DAY) != (replied + DAY - sent > limit * DAY):
            found["DL-elapsed"] = UNDECIDED
        if bare and (replied - sent).days <= limit < (replied + DAY - sent).days:
            found["RQ-whole"] = UNDECIDED
        return found

    return judge(read(data / "zh_gov_messages_replies.csv.gz"), decide)


FILES: dict[str, Callable[[Path, int], Counts]] = {
    "new_york": new_york,
    "baltimore": baltimore,
    "los_angeles": los_angeles,
    "kansas_city": kansas_city,
    "cfpb_bank": cfpb_bank,
    "cfpb_2014": cfpb_2014,
    "cn_messages": cn_messages,
}


def main() -> int:
    """Print the counts of every file as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with the records")
    parser.add_argument("--shift", type=int, default=0, help="days added to every limit")
    options = parser.parse_args()
    counts = {name: count(options.data, options.shift) for name, count in FILES.items()}
    json.dump(counts, sys.stdout, indent=1)
    print()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
