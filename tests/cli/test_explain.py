"""``explain``: decisions, rules and codes in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from complaint_policy import load_policy, shipped_policies
from complaint_policy.cli.terminal import visible
from complaint_policy.messages import PROBLEMS
from tests.cli.conftest import AS_OF, GOOD, LATE, Run

Record = Callable[..., Path]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_decision(cli: Run, policy: Path, record: Record, language: str) -> None:
    decision = load_policy(policy).evaluate(LATE, as_of=AS_OF)
    ran = cli("explain", policy, record(), "--as-of", AS_OF, "--lang", language)
    assert (ran.status, ran.out, ran.err) == (0, visible(decision.explain(language)), "")


def test_a_decision_as_data(cli: Run, policy: Path, record: Record) -> None:
    decision = load_policy(policy).evaluate(LATE, as_of=AS_OF)
    data = cli("explain", policy, record([LATE, GOOD, {}]), "--as-of", AS_OF, "--format", "json").data
    ledger = decision.ledger(decision.deadlines[0].rule)
    assert ledger is not None
    assert data[0] == {**decision.to_dict(), "explanation": {"en": decision.explain("en"), "zh": decision.explain("zh")}, "ledgers": [ledger.to_dict()]}
    assert data[1]["complaint_id"] == "T-2"
    assert data[2]["error"]["field"] == "received_at"


def test_a_decision_needs_an_instant(cli: Run, policy: Path, record: Record) -> None:
    ran = cli("explain", policy, record())
    assert ran.status == 2
    assert "--as-of is needed" in ran.err


def test_a_rule(cli: Run, policy: Path) -> None:
    ran = cli("explain", policy, "DL-respond")
    assert ran.status == 0
    assert ran.out.splitlines()[0] == "DL-respond  Answer the customer"
    for expected in (
        "in force from 2026-01-01",
        "from Received",
        "until Answered",
        "within 5 working days",
        "the first day does not count; ends with the last day; calendar 'workdays'",
        "source House rules, 3 [company rule]",
        f"written at {policy}:31:",
    ):
        assert expected in ran.words
    assert "自" not in ran.out


def test_a_rule_in_chinese(cli: Run, policy: Path) -> None:
    assert "责任方 仓库（warehouse） 知会 服务台（desk）" in cli("explain", policy, "RS-goods", "--lang", "zh").words
    words = cli("explain", policy, "PN-late", "--lang", "zh").words
    for expected in (
        "PN-late 逾期答复",
        "针对违反 答复客户（DL-respond）",
        "范围 100元至500元",
        "计算单位 每案",
        "收款方 企业（company）",
        "金额（元） 200",
        "承担者 责任人",
        "适用条款 店规第三条",
    ):
        assert expected in words


@pytest.mark.parametrize("name", shipped_policies())
def test_every_shipped_rule_has_words_for_each_of_its_parts(cli: Run, name: str) -> None:
    rules = cli("explain", name, "--format", "json").data["rules"]
    for rule in rules:
        data = cli("explain", name, rule["rule"], "--format", "json").data
        assert data["forms"], rule
        for form in data["forms"]:
            for words in form["words"]:
                assert words["text"]["en"]
                assert words["text"]["zh"]
                assert not any("一" <= c <= "鿿" for c in words["part"]["en"])
                # An object without words would show its class.
                assert "(" not in words["text"]["en"] or "=" not in words["text"]["en"].partition("(")[2], words


def test_forms_of_several_versions(cli: Run, policy: Path) -> None:
    folder = policy.parent / "shop"
    folder.mkdir()
    text = policy.read_text("utf-8")
    (folder / "2026-01-01.yaml").write_text(text, encoding="utf-8")
    later = text.replace("effective: {from: 2026-01-01}", "effective: {from: 2026-07-01}").replace("5 working days", "4 working days")
    (folder / "2026-07-01.yaml").write_text(later, encoding="utf-8")
    words = cli("explain", folder, "DL-respond").words
    assert "from 2026-01-01, before 2026-07-01" in words
    assert "within 5 working days" in words
    assert "within 4 working days" in words
    data = cli("explain", folder, "DL-call", "--format", "json").data
    assert [(f["from"], f["until"]) for f in data["forms"]] == [("2026-01-01", None)]


def test_the_rules_there_are(cli: Run, policy: Path) -> None:
    words = cli("explain", policy).words
    for expected in ("Shop complaints", "SEV-major", "RS-goods", "DL-respond Deadlines Answer the customer", "PN-late"):
        assert expected in words


def test_the_fields_the_rules_use(cli: Run, policy: Path) -> None:
    out = cli("explain", policy).out
    words = " ".join(out[out.index("Fields of a record") :].split())
    assert "category enum: goods, service Category unknown RS-goods" in words
    assert "loss money (CNY) Loss unknown SEV-major" in words
    assert "closed_at event Closed not yet DL-call, RQ-cause" in words
    assert "media_exposure" not in words
    fields = {f["name"]: f for f in cli("explain", policy, "--format", "json").data["fields"]}
    assert fields["responded_at"] == {
        "name": "responded_at",
        "type": "event",
        "title": {"en": "Answered", "zh": "答复时间"},
        "values": [],
        "unit": None,
        "empty": "not_yet",
        "default": None,
        "sensitive": False,
        "scope": False,
        "rules": ["DL-respond"],
    }
    assert fields["received_at"]["rules"] == ["DL-respond"]
    assert fields["responsible_person"]["sensitive"] is True
    # What every decision looks at stands first; a field of the condition "for" names no field.
    assert list(fields)[:4] == ["id", "received_at", "recorded_owner", "recorded_severity"]
    assert fields["upheld"]["rules"] == ["RQ-cause"]
    assert "收到投诉时间 无法判定 必填" in cli("explain", policy, "--lang", "zh").words


def test_fields_through_facts_groups_and_the_scope(cli: Run, policy: Path) -> None:
    text = policy.read_text("utf-8").replace("roles:\n", "facts:\n  great: {loss: {at_least: 9}}\nscope: {when: {channel: web}}\nroles:\n", 1)
    text = text.replace("when: {upheld: true}", "when: {great: true}") + "portfolio:\n  - {id: PF-n, measure: {count: {upheld: true}}, by: [region]}\n"
    policy.write_text(text, encoding="utf-8")
    fields = {f["name"]: f for f in cli("explain", policy, "--format", "json").data["fields"]}
    assert fields["loss"]["rules"] == ["SEV-major", "RQ-cause"]
    assert fields["region"]["rules"] == ["PF-n"]
    assert (fields["channel"]["rules"], fields["channel"]["scope"]) == ([], True)
    assert "channel string Channel unknown scope" in cli("explain", policy).words


@pytest.mark.parametrize("name", shipped_policies())
def test_the_fields_of_every_shipped_policy(cli: Run, name: str) -> None:
    data = cli("explain", name, "--format", "json").data
    known = {rule["rule"] for rule in data["rules"]}
    assert {rule for field in data["fields"] for rule in field["rules"]} <= known
    for language in ("en", "zh"):
        assert cli("explain", name, "--lang", language).status == 0


def test_neither_a_file_nor_a_rule(cli: Run, policy: Path) -> None:
    ran = cli("explain", policy, "DL-respont")
    assert ran.status == 2
    assert "'DL-respont' is neither a file nor a rule of test/shop (did you mean 'DL-respond'?)" in ran.err


@pytest.mark.parametrize("code", sorted(PROBLEMS))
def test_every_code(cli: Run, code: str) -> None:
    message, hint = PROBLEMS[code]
    data = cli("explain", "--code", code, "--format", "json").data
    assert data == {"code": code, "message": message.to_dict(), "hint": hint.to_dict() if hint else None}
    for language in ("en", "zh"):
        out = cli("explain", "--code", code, "--lang", language).out
        assert out.startswith(code)
        assert "{{" not in out


def test_what_is_filled_in_is_shown_by_name(cli: Run) -> None:
    words = cli("explain", "--code", "length-without-anchor").words
    assert words == "length-without-anchor message <length> from when? hint write {from: ..., within: <length>}"


def test_a_code_of_a_mapping_file(cli: Run) -> None:
    assert "the table has no column '<name>'" in cli("explain", "--code", "mapping-no-column").words
    assert cli("explain", "--code", "mapping-nothing").status == 2
