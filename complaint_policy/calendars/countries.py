"""Public holidays and make-up working days of countries, from the ``holidays`` library.

The library is imported when the first day of a country is asked for, not before.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from attrs import frozen

if TYPE_CHECKING:
    from holidays.holiday_base import HolidayBase

__all__ = ["CountryYear", "country_weekend", "country_year", "holiday_names"]

_LANGUAGES: Final = ("en", "zh")
_ONE_DAY: Final = timedelta(days=1)
_QUIET: Final = threading.Lock()
# The weekly rest days of a country are read at this date; earlier years may differ from them.
_USUAL_YEAR: Final = 2090


@frozen
class CountryYear:
    """What is special about one year: ordinals of closed days, of worked rest days, and odd weekends."""

    closed: frozenset[int]
    worked: frozenset[int]
    # Days whose weekly kind was another in that year, such as Fridays in the Emirates before 2022.
    rest: frozenset[int]
    no_rest: frozenset[int]


def _generate(country: str, subdivision: str | None, year: int, language: str | None) -> HolidayBase:
    import holidays

    # Some countries warn about years they do not know; `announced_until` is how a calendar says that.
    with _QUIET, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return holidays.country_holidays(country, subdiv=subdivision, years=year, expand=False, language=language)
        except NotImplementedError:  # how `holidays` refuses a country or subdivision; said in our words below
            pass
    places = holidays.list_supported_countries(include_aliases=True)
    if country not in places:
        raise ValueError(f"country {country!r} is not known; use an ISO 3166 code such as CN or US")
    known = ", ".join(places[country]) or "none"
    raise ValueError(f"subdivision {subdivision!r} of {country} is not known; known: {known}")


@lru_cache(maxsize=64)
def _sample(country: str, subdivision: str | None) -> HolidayBase:
    return _generate(country, subdivision, _USUAL_YEAR, "en_US")


@lru_cache(maxsize=256)
def _language(country: str, subdivision: str | None, language: str) -> str | None:
    """The library's code for ``en`` or ``zh``, so that the machine's locale never decides."""
    sample = _sample(country, subdivision)
    for wanted in dict.fromkeys((language, "en")):
        exact = "zh_CN" if wanted == "zh" else "en_US"
        near = [code for code in sample.supported_languages if code.split("_")[0] == wanted]
        if near:
            return exact if exact in near else near[0]
    return sample.default_language


@lru_cache(maxsize=64)
def country_weekend(country: str, subdivision: str | None) -> frozenset[int]:
    """The weekly rest days of a country today (0 is Monday).  Raises ``ValueError`` for an unknown country."""
    sample = _sample(country, subdivision)
    monday = date(_USUAL_YEAR, 1, 1)
    monday -= timedelta(days=monday.weekday())
    return frozenset(n for n in range(7) if sample.is_weekend(monday + timedelta(days=n)))


@lru_cache(maxsize=1024)
def country_year(country: str, subdivision: str | None, year: int) -> CountryYear:
    """The special days of one year.  Raises ``ValueError`` for an unknown country or subdivision."""
    usual = country_weekend(country, subdivision)
    days = _sample(country, subdivision)
    if days.start_year <= year <= days.end_year:
        # The make-up days are filled only once the year has been generated.
        days = _generate(country, subdivision, year, _language(country, subdivision, "en"))
    odd = [day for day in _days_to_compare(days, year, usual) if days.is_weekend(day) != (day.weekday() in usual)]
    return CountryYear(
        closed=frozenset(day.toordinal() for day in days if day.year == year),
        worked=frozenset(day.toordinal() for day in days.weekend_workdays if day.year == year),
        rest=frozenset(day.toordinal() for day in odd if day.weekday() not in usual),
        no_rest=frozenset(day.toordinal() for day in odd if day.weekday() in usual),
    )


def _days_to_compare(days: HolidayBase, year: int, usual: frozenset[int]) -> list[date]:
    """The days of a year if its weekend is not the usual one at either end, else none."""
    ends = [date(year, month, day) for month, first in ((1, 1), (12, 25)) for day in range(first, first + 7)]
    if all(days.is_weekend(day) == (day.weekday() in usual) for day in ends):
        return []
    first = date(year, 1, 1)
    return [first + n * _ONE_DAY for n in range((date(year, 12, 31) - first).days + 1)]


@lru_cache(maxsize=256)
def holiday_names(country: str, subdivision: str | None, year: int, language: str) -> Mapping[date, str]:
    """The names of a year's holidays in ``en`` or ``zh``; if not there in English, else in the country's own language."""
    if language not in _LANGUAGES:
        raise ValueError(f"language is {language!r}; allowed: {', '.join(_LANGUAGES)}")
    days = _generate(country, subdivision, year, _language(country, subdivision, language))
    return {day: str(name) for day, name in days.items() if day.year == year}
