from __future__ import annotations

import locale
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaint_policy.dates import FormatError, date_format


@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        ("%m/%d/%Y %I:%M:%S %p", "09/02/2018 12:00:00 AM", datetime(2018, 9, 2)),
        ("%m/%d/%Y %I:%M:%S %p", "9/2/2018 12:30:05 pm", datetime(2018, 9, 2, 12, 30, 5)),
        ("%d-%m-%Y %H:%M", "29-02-2016 09:06", datetime(2016, 2, 29, 9, 6)),
        ("%d-%b-%y", "24-Jun-14", datetime(2014, 6, 24)),
        ("%d %B %Y", "3 September 1999", datetime(1999, 9, 3)),
        ("%Y年%m月%d日 %H:%M", "2020年1月5日 9:05", datetime(2020, 1, 5, 9, 5)),
        ("%Y/%m/%d %p%I:%M", "2020/1/5 下午3:05", datetime(2020, 1, 5, 15, 5)),
        ("%Y%m%d", "20150203", datetime(2015, 2, 3)),
        ("%y/%m/%d", "69/01/01", datetime(1969, 1, 1)),
        ("%y/%m/%d", "68/01/01", datetime(2068, 1, 1)),
        ("%F %T", "2020-01-05 23:59:59", datetime(2020, 1, 5, 23, 59, 59)),
        ("%Y-%m-%d %H:%M:%S.%f", "2020-01-05 00:00:00.1234569", datetime(2020, 1, 5, 0, 0, 0, 123456)),
        ("%a, %d %b %Y %H:%M %z", "Mon, 06 Jan 2020 10:00 +0530",
         datetime(2020, 1, 6, 10, tzinfo=timezone(timedelta(hours=5, minutes=30)))),
        ("%Y-%m-%dT%H:%M%z", "2020-01-06T10:00Z", datetime(2020, 1, 6, 10, tzinfo=UTC)),
        ("%Y-%m-%d", "2020-02-31", None),
        ("%Y-%m-%d", "2020-01-05 10:00", None),
        ("%m/%d/%Y", "13/01/2020", None),
        ("%Y-%m-%d", "２０２０-01-01", None),
    ],
)  # fmt: skip
def test_a_format_reads_what_it_names_and_nothing_else(form: str, text: str, expected: datetime | None) -> None:
    assert date_format(form).read(text) == expected


@pytest.mark.parametrize(
    ("form", "word"),
    [
        ("%H:%M", "%Y"),
        ("%Y-%m", "%d"),
        ("%Y-%m-%d %I:%M", "%p"),
        ("%Y-%m-%d %H:%M %p", "%I"),
        ("%Y-%m-%d %Q", "%Q"),
        ("%Y-%m-%d %Y", "twice"),
        ("%Y-%m-%d %", "%"),
    ],
)
def test_a_format_that_tells_no_date_is_refused(form: str, word: str) -> None:
    with pytest.raises(FormatError) as caught:
        date_format(form)

    assert word in str(caught.value)
    assert caught.value.reason.zh


def test_a_hostile_cell_costs_little() -> None:
    assert date_format("%b%a %Y-%d").read("jan" + "mon" * 50_000) is None


def test_a_format_knows_whether_it_tells_a_time() -> None:
    assert date_format("%Y-%m-%d %H:%M").has_time
    assert not date_format("%Y-%m-%d").has_time


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2068, 12, 31)))
def test_reading_agrees_with_strptime(moment: datetime) -> None:
    for form in ("%m/%d/%Y %I:%M:%S %p", "%d-%m-%y %H:%M:%S", "%Y%m%d %H%M%S", "%d %b %Y, %H:%M:%S.%f"):
        text = moment.strftime(form)

        assert date_format(form).read(text) == datetime.strptime(text, form)


def test_the_locale_of_the_machine_is_not_asked() -> None:
    before = locale.setlocale(locale.LC_TIME)
    try:
        for name in ("de_DE.UTF-8", "zh_CN.UTF-8", "C"):
            try:
                locale.setlocale(locale.LC_TIME, name)
            except locale.Error:
                continue
            read = date_format("%d-%b-%y").read("24-May-14")
            assert read is not None
            assert read.date() == date(2014, 5, 24)
    finally:
        locale.setlocale(locale.LC_TIME, before)
