"""Nights when the clocks change, days without a midnight, old summer times, offsets in cells.

The instants are worked from the published rules: New York springs forward on Sunday 8 March 2026 at
02:00 (to 03:00, -05:00 to -04:00) and falls back on Sunday 1 November 2026 at 02:00 (to 01:00).  Sao
Paulo sprang forward at midnight of Sunday 4 November 2018 (00:00 to 01:00, -03:00 to -02:00) and fell
back at midnight of Sunday 18 February 2018 (to 23:00 of the 17th).  Shanghai sprang forward on Sunday
15 April 1990 at 02:00 (+08:00 to +09:00) and fell back on Sunday 16 September 1990 at 02:00.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.meaning.time_support import MICRO, SHANGHAI, deadline, judged, outcome

NEW_YORK, SAO_PAULO = "America/New_York", "America/Sao_Paulo"

# zone, within, counting, received, due_at as shown, the first late instant (aware, UTC)
NIGHTS = [
    # --- spring, New York: Saturday 7 March 12:00 is 17:00Z
    (NEW_YORK, "24 hours", "", "2026-03-07T12:00", "2026-03-08T13:00:00-04:00", "2026-03-08T17:00:00.000001+00:00"),  # elapsed
    (NEW_YORK, "1 day", "ends: same_time", "2026-03-07T12:00", "2026-03-08T12:00:00-04:00", "2026-03-08T16:00:00.000001+00:00"),  # 23 hours
    (NEW_YORK, "1 day", "", "2026-03-07T12:00", "2026-03-08T23:59:59-04:00", "2026-03-09T04:00:00+00:00"),
    (NEW_YORK, "same day", "", "2026-03-07T12:00", "2026-03-07T23:59:59-05:00", "2026-03-08T05:00:00+00:00"),
    (NEW_YORK, "same day", "", "2026-03-08T01:00", "2026-03-08T23:59:59-04:00", "2026-03-09T04:00:00+00:00"),
    (NEW_YORK, "1 day", "ends: same_time", "2026-03-07T02:30", "2026-03-08T03:30:00-04:00", "2026-03-08T07:30:00.000001+00:00"),  # a gap: shifted on
    (NEW_YORK, "1 week", "ends: same_time", "2026-03-01T02:00", "2026-03-08T03:00:00-04:00", "2026-03-08T07:00:00.000001+00:00"),
    (NEW_YORK, "1 month", "ends: same_time", "2026-02-08T02:59", "2026-03-08T03:59:00-04:00", "2026-03-08T07:59:00.000001+00:00"),
    (NEW_YORK, "2 hours", "", "2026-03-08T01:00", "2026-03-08T04:00:00-04:00", "2026-03-08T08:00:00.000001+00:00"),
    (NEW_YORK, "1 hour", "", "2026-03-08T02:30", "2026-03-08T04:30:00-04:00", "2026-03-08T08:30:00.000001+00:00"),  # received in the gap: 03:30
    # the shift from 22:00 to 06:00 has seven hours that night, the eighth is in the next one
    (NEW_YORK, "8 working hours", "calendar: night", "2026-03-07T22:00", "2026-03-08T23:00:00-04:00", "2026-03-09T03:00:00.000001+00:00"),
    (NEW_YORK, "1 working day", "calendar: days", "2026-03-06T12:00", "2026-03-09T23:59:59-04:00", "2026-03-10T04:00:00+00:00"),
    (NEW_YORK, "1 working day", "calendar: days, ends: same_time", "2026-03-06T12:00", "2026-03-09T12:00:00-04:00", "2026-03-09T16:00:00.000001+00:00"),
    # --- autumn, New York: Saturday 31 October 12:00 is 16:00Z
    (NEW_YORK, "24 hours", "", "2026-10-31T12:00", "2026-11-01T11:00:00-05:00", "2026-11-01T16:00:00.000001+00:00"),
    (NEW_YORK, "1 day", "ends: same_time", "2026-10-31T12:00", "2026-11-01T12:00:00-05:00", "2026-11-01T17:00:00.000001+00:00"),  # 25 hours
    (NEW_YORK, "1 day", "", "2026-10-31T12:00", "2026-11-01T23:59:59-05:00", "2026-11-02T05:00:00+00:00"),
    (NEW_YORK, "1 day", "ends: same_time", "2026-10-31T01:30", "2026-11-01T01:30:00-05:00", "2026-11-01T06:30:00.000001+00:00"),  # a fold: the later
    (NEW_YORK, "1 year", "ends: same_time", "2025-11-01T01:00", "2026-11-01T01:00:00-05:00", "2026-11-01T06:00:00.000001+00:00"),
    (NEW_YORK, "1 hour", "", "2026-11-01T01:30", "2026-11-01T01:30:00-05:00", "2026-11-01T06:30:00.000001+00:00"),  # received in the first 01:30
    (NEW_YORK, "9 working hours", "calendar: night", "2026-10-31T22:00", "2026-11-01T06:00:00-05:00", "2026-11-01T11:00:00.000001+00:00"),  # nine hours long
    # --- a day without midnight, Sao Paulo
    (SAO_PAULO, "1 day", "", "2018-11-02T12:00", "2018-11-03T23:59:59-03:00", "2018-11-04T03:00:00+00:00"),
    (SAO_PAULO, "same day", "", "2018-11-04T12:00", "2018-11-04T23:59:59-02:00", "2018-11-05T02:00:00+00:00"),
    (SAO_PAULO, "1 day", "ends: same_time", "2018-11-03T00:30", "2018-11-04T01:30:00-02:00", "2018-11-04T03:30:00.000001+00:00"),
    (SAO_PAULO, "24 hours", "", "2018-11-03T12:00", "2018-11-04T13:00:00-02:00", "2018-11-04T15:00:00.000001+00:00"),
    # --- an hour before midnight twice, Sao Paulo
    (SAO_PAULO, "same day", "", "2018-02-17T12:00", "2018-02-17T23:59:59-03:00", "2018-02-18T03:00:00+00:00"),
    (SAO_PAULO, "1 day", "ends: same_time", "2018-02-16T23:30", "2018-02-17T23:30:00-03:00", "2018-02-18T02:30:00.000001+00:00"),
    # --- Shanghai's summer time, and the years without it
    (SHANGHAI, "24 hours", "", "1990-04-14T12:00", "1990-04-15T13:00:00+09:00", "1990-04-15T04:00:00.000001+00:00"),
    (SHANGHAI, "1 day", "", "1990-04-14T12:00", "1990-04-15T23:59:59+09:00", "1990-04-15T15:00:00+00:00"),
    (SHANGHAI, "1 day", "ends: same_time", "1990-04-14T02:30", "1990-04-15T03:30:00+09:00", "1990-04-14T18:30:00.000001+00:00"),
    (SHANGHAI, "24 hours", "", "1990-09-15T12:00", "1990-09-16T11:00:00+08:00", "1990-09-16T03:00:00.000001+00:00"),
    (SHANGHAI, "1 day", "ends: same_time", "1990-09-15T01:30", "1990-09-16T01:30:00+08:00", "1990-09-15T17:30:00.000001+00:00"),
    (SHANGHAI, "3 months", "", "1990-06-15T12:00", "1990-09-15T23:59:59+09:00", "1990-09-15T15:00:00+00:00"),
    (SHANGHAI, "1 year", "ends: same_time", "1990-06-15T12:00", "1991-06-15T12:00:00+09:00", "1991-06-15T03:00:00.000001+00:00"),
    (SHANGHAI, "1 year", "ends: same_time", "1991-06-15T12:00", "1992-06-15T12:00:00+08:00", "1992-06-15T04:00:00.000001+00:00"),
    (SHANGHAI, "1 year", "", "1970-06-15T12:00", "1971-06-15T23:59:59+08:00", "1971-06-15T16:00:00+00:00"),
]


@pytest.mark.parametrize(("zone", "within", "counting", "received", "due", "first_late"), NIGHTS, ids=lambda v: str(v))
@pytest.mark.parametrize("typed", [False, True], ids=["text", "datetime"])
def test_nights_when_the_clocks_change(zone: str, within: str, counting: str, received: str, due: str, first_late: str, typed: bool) -> None:
    of = deadline(within, counting, zone=zone)
    late = datetime.fromisoformat(first_late)
    begun = datetime.fromisoformat(received) if typed else received
    open_ = judged(of, late - MICRO, received_at=begun).deadline("DL")
    assert open_.due_at is not None
    assert (open_.outcome, open_.due_at.isoformat()) == ("pending", due)
    assert outcome(of, late, received_at=begun) == "breached"
    later = late + timedelta(days=3)
    assert outcome(of, later, received_at=begun, responded_at=late - MICRO) == "met"
    done = judged(of, later, received_at=begun, responded_at=late).deadline("DL")
    # The end of a day is late from its boundary on, any other due instant only after it.
    assert (done.outcome, done.over_by) == ("breached", timedelta(0) if "T23:59:59" in due else MICRO)


def test_a_naive_time_in_a_fold_is_its_first_reading() -> None:
    of = deadline("1 hour", zone=NEW_YORK)
    begun = judged(of, "2026-11-02T00:00", received_at="2026-11-01T01:30").deadline("DL").start
    assert begun is not None
    assert begun.isoformat() == "2026-11-01T01:30:00-04:00"
    # A cell that says its offset means that reading.
    second = judged(of, "2026-11-02T00:00", received_at="2026-11-01T01:30-05:00").deadline("DL").due_at
    assert second is not None
    assert second.isoformat() == "2026-11-01T02:30:00-05:00"


def test_naive_and_aware_cells_stand_beside_each_other() -> None:
    of = deadline("2 hours")
    # 10:00 in Shanghai is 02:00Z; the limit ends at 04:00Z.
    for as_of in ("2026-03-03T00:00", "2026-03-02T16:00Z", "2026-03-02T11:00-05:00"):
        assert outcome(of, as_of, received_at="2026-03-02T10:00", responded_at="2026-03-02T04:00Z") == "met"
        assert outcome(of, as_of, received_at="2026-03-02T10:00", responded_at="2026-03-02T04:00:00.000001Z") == "breached"
        assert outcome(of, as_of, received_at="2026-03-01T21:00-05:00", responded_at="2026-03-02T12:00") == "met"
        assert outcome(of, as_of, received_at="2026-03-02T02:00+00:00", responded_at="2026-03-02T12:00:01") == "breached"


def test_the_day_of_a_start_is_the_local_one() -> None:
    # 16:30Z on 2 March is 00:30 on 3 March in Shanghai, so day 1 is the 4th.
    due = judged(deadline("1 day"), "2026-03-03T12:00", received_at="2026-03-02T16:30Z").deadline("DL")
    assert (str(due.due_on), due.due_at.isoformat() if due.due_at else None) == ("2026-03-04", "2026-03-04T23:59:59+08:00")


@pytest.mark.parametrize(("zone", "day", "first", "last"), [
    (NEW_YORK, "2026-03-08", "2026-03-08T05:00Z", "2026-03-09T03:59:59.999999Z"),
    (NEW_YORK, "2026-11-01", "2026-11-01T04:00Z", "2026-11-02T04:59:59.999999Z"),
    (SAO_PAULO, "2018-11-04", "2018-11-04T03:00Z", "2018-11-05T01:59:59.999999Z"),
    (SHANGHAI, "1990-09-16", "1990-09-15T15:00Z", "1990-09-16T15:59:59.999999Z"),
])  # fmt: skip
def test_a_bare_date_is_the_whole_local_day(zone: str, day: str, first: str, last: str) -> None:
    """Received at some moment of that day: an act before its first instant is before the start, an hour after its last is late."""
    of = deadline("1 hour", zone=zone)
    at = datetime.fromisoformat(last) + timedelta(days=2)
    before = datetime.fromisoformat(first) - MICRO
    assert judged(of, at, received_at=day, responded_at=before).deadline("DL").missing == ("received_at", "responded_at")
    assert outcome(of, at, received_at=day, responded_at=datetime.fromisoformat(last) + timedelta(hours=1) + MICRO) == "breached"
    assert outcome(of, at, received_at=day, responded_at=datetime.fromisoformat(last) + timedelta(hours=1)) == "indeterminate"
    assert outcome(deadline("same day", zone=zone), at, received_at=day, responded_at=datetime.fromisoformat(last)) == "met"
    assert outcome(deadline("same day", zone=zone), at, received_at=day, responded_at=datetime.fromisoformat(last) + MICRO) == "breached"
