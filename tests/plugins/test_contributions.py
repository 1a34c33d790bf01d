"""What a policy takes from a plugin it names: policies, fields, settings, calendars, facts, and what clashes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from complaint_policy import PluginError, Policy, PolicyError, UsageError, load_policy, load_policy_text
from complaint_policy.plugins import Calendar, DerivedFact, Field, Settings, Text, hookimpl, make_manager

HEAD = """
format: 1
policy: test/claims
effective: {from: 2026-01-01}
timezone: Asia/Shanghai
currency: CNY
plugins: [claims]
"""
RECORD = {"id": "C-1", "received_at": "2026-03-02T09:00"}
AS_OF = "2026-03-03T09:00"
TITLE = Text("Title", "标题")


def loaded(text: str, plugin: object) -> Policy:
    return load_policy_text(HEAD + text, plugins=make_manager({"claims": plugin}, strict=True))


def refused(text: str, plugin: object) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        loaded(text, plugin)
    return [problem.code for problem in caught.value.problems]


# --------------------------------------------------------------------------- policies
class Folders:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @hookimpl
    def complaint_policy_policy_folders(self) -> Iterable[Path]:
        return [self.folder]


def written(folder: Path, name: str) -> Path:
    file = folder / name / "2026-01-01.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(f"format: 1\npolicy: {name}\neffective: {{from: 2026-01-01}}\ntimezone: UTC\n", "utf-8")
    return folder


def test_its_policies_are_loaded_by_name_and_only_by_its_host(tmp_path: Path) -> None:
    manager = make_manager({"claims": Folders(written(tmp_path, "insurance/claims"))}, strict=True)
    assert load_policy("insurance/claims", plugins=manager).id == "insurance/claims"
    with pytest.raises(PolicyError, match="unknown-policy"):
        load_policy("insurance/claims")


def test_a_policy_of_another_name_is_a_clash(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="the policy 'cn/telecom' comes with 'complaint_policy' already"):
        make_manager({"claims": Folders(written(tmp_path / "a", "cn/telecom"))}, strict=True)
    one, two = Folders(written(tmp_path / "b", "x/y")), Folders(written(tmp_path / "c", "x/y"))
    faults = make_manager({"one": one, "two": two}).faults
    assert [fault.message.en for fault in faults] == ["plugin 'two', complaint_policy_policy_folders: the policy 'x/y' comes with 'one' already"]
    with pytest.raises(PluginError, match="not there"):
        make_manager({"claims": Folders(tmp_path / "none")}, strict=True)


# --------------------------------------------------------------------------- fields
class Fields:
    @hookimpl
    def complaint_policy_record_fields(self) -> Iterable[Field]:
        return [Field("cover", "enum", TITLE, values=("full", "partial", "none")), Field("loss", "money", TITLE)]


def test_a_policy_narrows_a_plugins_field_and_no_more() -> None:
    text = "record: {fields: {cover: {values: [full, partial]}}}\nscope: {when: {cover: full}}\n"
    assert loaded(text, Fields()).versions[-1].model.fields["cover"].values == ("full", "partial")
    assert refused("record: {fields: {loss: {type: string}}}\n", Fields()) != []


def test_a_word_of_the_language_is_no_name() -> None:
    class Above:
        @hookimpl
        def complaint_policy_record_fields(self) -> Iterable[Field]:
            return [Field("above", "money", TITLE)]

    with pytest.raises(PluginError, match="'above' is a word of the policy language"):
        make_manager({"claims": Above()}, strict=True)


# --------------------------------------------------------------------------- settings and facts
def over_excess(loss: Decimal, *, settings: Any) -> bool:
    return bool(loss > settings["excess"])


class Claims(Fields):
    @hookimpl
    def complaint_policy_settings(self) -> Iterable[Settings]:
        return [Settings(key="excesses", title=TITLE, fields=(Field("excess", "money", TITLE), Field("since", "date", TITLE, empty="none")))]

    @hookimpl
    def complaint_policy_facts(self) -> Iterable[DerivedFact]:
        return [DerivedFact(name="over", kind="boolean", title=TITLE, reads=("loss",), function=over_excess, settings="excesses")]


def test_a_setting_is_typed_and_handed_over_read_only() -> None:
    policy = loaded("excesses: {excess: 0.10, since: 2026-02-01}\nscope: {when: {over: true}}\n", Claims())
    assert dict(policy.versions[-1].model.settings["excesses"]) == {"excess": Decimal("0.10"), "since": date(2026, 2, 1)}
    # 0.10 against 0.1 and 0.11: money is exact.
    assert [policy.evaluate(RECORD | {"loss": loss}, as_of=AS_OF).fact("over") for loss in ("0.1", "0.11")] == [False, True]


def test_wrong_settings_are_problems_of_the_file() -> None:
    assert refused("excesses: {excess: much}\nscope: {when: {over: true}}\n", Claims()) == ["bad-setting"]
    assert refused("scope: {when: {over: true}}\n", Claims()) == ["setting-missing"]
    assert refused("excesses: {exces: 1}\nscope: {when: {over: true}}\n", Claims()) != []


def test_a_fact_nobody_uses_is_named_as_such() -> None:
    decided = loaded("excesses: {excess: 1}\n", Claims()).evaluate(RECORD, as_of=AS_OF)
    with pytest.raises(UsageError, match="nothing in the policy uses the fact 'over' of the plugin 'claims'"):
        decided.fact("over")


def test_a_fact_the_policy_declares_too_is_refused() -> None:
    assert refused("excesses: {excess: 1}\nfacts: {over: {injury: true}}\nscope: {when: {over: true}}\n", Claims()) == ["fact-of-plugin"]


def test_a_table_gives_what_the_records_give() -> None:
    policy = loaded("excesses: {excess: 10}\nseverity: {levels: [low, high], rules: [{id: S, level: high, when: {over: true}}], otherwise: low}\n", Claims())
    losses = ["10", "10.01", "", "ten", None, "11"]
    records: list[dict[str, str | None]] = [{**RECORD, "id": str(i), "loss": loss} for i, loss in enumerate(losses)]
    one_by_one = [policy.evaluate(record, as_of=AS_OF).severity.level for record in records]
    assert one_by_one == ["low", "high", None, None, None, "high"]
    assert policy.audit(pl.DataFrame(records), as_of=AS_OF).decisions["severity"].to_list() == one_by_one


# --------------------------------------------------------------------------- calendars
def desk(**more: Any) -> object:
    class Desk:
        @hookimpl
        def complaint_policy_calendars(self) -> Iterable[Calendar]:
            return [Calendar(name="desk", title=TITLE, weekdays=("mon-fri",), **more)]

    return Desk()


LIMIT = "deadlines: [{id: DL, title: {en: A, zh: 答}, from: received_at, to: responded_at, within: 2 working days, counting: {calendar: desk}}]\n"


def due(policy: Policy) -> str:
    found = policy.evaluate(RECORD, as_of=AS_OF).deadline("DL").due_on
    assert found is not None
    return found.isoformat()


def test_a_policy_counts_by_a_plugins_calendar_or_its_own_of_that_name() -> None:
    # Monday the 2nd; the 3rd is closed; the 4th and 5th are the two days.
    assert due(loaded(LIMIT, desk(holidays=("2026-03-03",)))) == "2026-03-05"
    assert due(loaded("calendars: {desk: {weekdays: [mon-fri]}}\n" + LIMIT, desk(holidays=("2026-03-03",)))) == "2026-03-04"


def test_a_wrong_calendar_is_a_problem_of_the_policy_that_names_it() -> None:
    assert refused(LIMIT, desk(country="XX")) != []
    assert refused(LIMIT, desk(holidays=("2026-02-30",))) != []
