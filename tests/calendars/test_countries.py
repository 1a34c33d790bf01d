"""Countries from the ``holidays`` library, checked against the published notices."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import pytest

from complaint_policy.calendars import Calendar

# Notice of the State Council for 2026: Spring Festival 15 to 23 February, worked on 14 and 28 February.
CHINA = Calendar(country="CN", announced_until=date(2026, 12, 31))


@pytest.mark.parametrize(
    ("day", "worked", "kind"),
    [
        (date(2026, 2, 13), True, "working"),
        (date(2026, 2, 14), True, "make_up"),  # a Saturday
        (date(2026, 2, 15), False, "weekend"),
        (date(2026, 2, 17), False, "holiday"),
        (date(2026, 2, 23), False, "holiday"),  # a Monday
        (date(2026, 2, 24), True, "working"),
        (date(2026, 2, 28), True, "make_up"),
        (date(2026, 3, 1), False, "weekend"),
        (date(2026, 10, 10), True, "make_up"),
        (date(2027, 3, 1), True, "unannounced"),
    ],
)
def test_china(day: date, worked: bool, kind: str) -> None:
    assert CHINA.is_working_day(day) is worked
    assert CHINA.day_kind(day) == kind


def test_over_the_spring_festival() -> None:
    # Friday 13 February: 14 is one, 24 is two, 25 is three.
    assert CHINA.add_working_days(date(2026, 2, 13), 3) == date(2026, 2, 25)
    assert CHINA.add_working_days(date(2026, 2, 25), -3) == date(2026, 2, 13)
    assert CHINA.working_days_between(date(2026, 2, 13), date(2026, 2, 25)) == 3
    assert CHINA.roll(date(2026, 2, 20), "next_working_day") == date(2026, 2, 24)
    assert CHINA.roll(date(2026, 2, 20), "previous_working_day") == date(2026, 2, 14)


def test_a_make_up_day_has_office_hours() -> None:
    office = Calendar(country="CN", hours={"mon-fri": ["09:00-12:00", "13:30-18:00"]})
    assert office.working_time_between(date(2026, 2, 14), date(2026, 2, 15)).total_seconds() == 7.5 * 3600
    short = Calendar(country="CN", hours={"mon-fri": ["09:00-18:00"]}, dates={date(2026, 2, 14): ["10:00-12:00"]})
    assert short.working_time_between(date(2026, 2, 14), date(2026, 2, 15)).total_seconds() == 2 * 3600


def test_announced_until() -> None:
    assert CHINA.is_announced(date(2026, 12, 31))
    assert not CHINA.is_announced(date(2027, 1, 1))
    assert Calendar(country="CN").is_announced(date(2090, 1, 1))


def test_names_do_not_depend_on_the_locale_of_the_machine() -> None:
    assert CHINA.holidays_between(date(2026, 4, 4), date(2026, 4, 6), "en") == [
        (date(2026, 4, 5), "Tomb-Sweeping Day"),
        (date(2026, 4, 6), "Tomb-Sweeping Day (observed)"),
    ]
    assert CHINA.holidays_between(date(2026, 4, 5), date(2026, 4, 5), "zh") == [(date(2026, 4, 5), "清明节")]
    code = (
        "from datetime import date; from complaint_policy.calendars import Calendar;"
        "print(Calendar(country='DE').holidays_between(date(2026,1,1), date(2026,1,1)))"
    )
    environment = {"LANG": "de_DE.UTF-8", "LANGUAGE": "de", "PYTHONPATH": ":".join(sys.path)}
    found = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert "New Year's Day" in found.stdout


def test_own_days_come_before_those_of_the_country() -> None:
    bank = Calendar(
        country="CN",
        holidays={date(2026, 2, 14): "Closed to the public"},
        extra_working_days=[date(2026, 2, 17)],
        dates={date(2026, 2, 18): [("10:00", "12:00")], date(2026, 2, 24): []},
    )
    assert not bank.is_working_day(date(2026, 2, 14))
    assert bank.day_kind(date(2026, 2, 14)) == "holiday"
    assert bank.holidays_between(date(2026, 2, 14), date(2026, 2, 14)) == [(date(2026, 2, 14), "Closed to the public")]
    assert bank.day_kind(date(2026, 2, 17)) == "make_up"
    assert bank.day_kind(date(2026, 2, 18)) == "make_up"
    assert bank.day_kind(date(2026, 2, 24)) == "closed"
    assert bank.holidays_between(date(2026, 2, 24), date(2026, 2, 24)) == [(date(2026, 2, 24), "")]


def test_holidays_on_rest_days_and_plain_rest_days() -> None:
    plain = Calendar(timezone=None, holidays=[date(2026, 3, 7), date(2026, 3, 9)])
    assert plain.day_kind(date(2026, 3, 7)) == "holiday"
    assert plain.day_kind(date(2026, 3, 8)) == "weekend"
    assert [day for day, _ in plain.holidays_between(date(2026, 3, 1), date(2026, 3, 31))] == [
        date(2026, 3, 7),
        date(2026, 3, 9),
    ]


def test_cover_lists_what_differs_from_the_ordinary_week() -> None:
    plain = Calendar(
        timezone=None,
        hours={"mon-fri": ["09:00-17:00"]},
        holidays=[date(2026, 3, 7), date(2026, 3, 9)],
        extra_working_days=[date(2026, 3, 14)],
        dates={date(2026, 3, 10): ["10:00-12:00"]},
    )
    assert plain.cover(2026, 2026) == (("2026-03-09", "holiday"), ("2026-03-10", "working"), ("2026-03-14", "make_up"))
    assert plain.cover(2027, 2027) == ()
    assert ("2026-02-14", "make_up") in CHINA.cover(2025, 2026)


def test_the_weekend_of_the_country() -> None:
    emirates = Calendar(timezone="Asia/Dubai", country="AE")
    assert emirates.is_working_day(date(2024, 3, 8))  # a Friday
    assert not emirates.is_working_day(date(2019, 3, 8))
    assert emirates.is_working_day(date(2019, 3, 10))  # a Sunday
    assert emirates.add_working_days(date(2019, 3, 7), 1) == date(2019, 3, 10)
    assert emirates.working_days_between(date(2019, 3, 3), date(2019, 3, 9), count="both_in") == 5
    assert not Calendar(timezone="Asia/Riyadh", country="SA").is_working_day(date(2026, 3, 6))


def test_subdivisions() -> None:
    assert not Calendar(timezone="Europe/Berlin", country="DE", subdivision="BY").is_working_day(date(2026, 1, 6))
    assert Calendar(timezone="Europe/Berlin", country="DE").is_working_day(date(2026, 1, 6))


def test_unknown_places_are_refused_when_a_day_is_needed() -> None:
    nowhere = Calendar(country="XX")
    with pytest.raises(ValueError, match="'XX' is not known"):
        nowhere.is_working_day(date(2026, 3, 2))
    with pytest.raises(ValueError, match="subdivision 'ZZ' of DE is not known; known: BB"):
        Calendar(country="DE", subdivision="ZZ").is_working_day(date(2026, 3, 2))
    with pytest.raises(ValueError, match="needs a country"):
        Calendar(subdivision="BY")


def test_the_library_is_imported_only_when_a_day_is_needed() -> None:
    code = (
        "import sys; from datetime import date; from complaint_policy.calendars import Calendar;"
        "c = Calendar(country='CN'); assert 'holidays' not in sys.modules;"
        "c.is_working_day(date(2026, 3, 2)); assert 'holidays' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)}, check=True)


def test_a_country_that_warns_about_far_years_does_not(recwarn: pytest.WarningsRecorder) -> None:
    india = Calendar(timezone="Asia/Kolkata", country="IN")
    assert not india.is_working_day(date(2026, 1, 26))
    assert india.add_working_days(date(2036, 1, 1), 1) == date(2036, 1, 2)
    assert not list(recwarn)


def test_far_years_have_only_the_week() -> None:
    assert CHINA.is_working_day(date(2101, 10, 3))  # a Monday
    assert not CHINA.is_working_day(date(2101, 10, 1))  # a Saturday
    # 3652 days from a Monday to a Friday: 521 weeks and five days; the first day is not counted.
    assert CHINA.working_days_between(date(9990, 1, 1), date(9999, 12, 31)) == 521 * 5 + 5 - 1
    with pytest.raises(OverflowError, match="past the year 9999"):
        CHINA.add_working_days(date(2026, 1, 1), 2_500_000)
    with pytest.raises(OverflowError, match="outside the years 1 to 9999"):
        CHINA.working_time_between(date(1, 1, 1), date(2026, 1, 1))
