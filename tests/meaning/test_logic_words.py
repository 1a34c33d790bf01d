"""A decision in data and in words: its exact shape, nothing missing, no placeholder, no personal data; and the policy as an object."""

from __future__ import annotations

import json
import pickle
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import attrs
import pytest

from complaint_policy import Decision, RecordError, load_policy, load_policy_text, shipped_policies
from complaint_policy.reader import plain
from tests.meaning.logic_support import NOW, RECEIVED, decide, policy

BODY = """
sources:
  law: {title: {en: Measures for complaints, zh: 投诉办法}, status: verified}
  note: {title: {zh: 转引的通知}, status: second-hand}
  house: {title: {en: House rules, zh: 公司制度}, status: company}
scope: {when: {preset: false}}
severity:
  levels: [low, high]
  rules: [{id: SEV, level: high, when: {flag: true}}]
  otherwise: low
responsibility:
  by: [kind]
  rows: [{id: RS, when: {kind: network}, owner: ops, accountable: head, consulted: [legal], informed: [desk]}]
  otherwise: {owner: desk}
escalation: [{id: ESC, when: {outcome: {DL-late: breached}}, to: director}]
admission:
  - {id: AD, title: {en: Filed in time, zh: 按期提出}, require: {flag: present}, reason: {en: Filed too late, zh: 超过期限}}
deadlines:
  - {id: DL-met, title: {en: First answer, zh: 首次答复}, from: received_at, to: responded_at, within: 5 days, source: {ref: law, clause: 第三条}}
  - {id: DL-late, title: {en: Visit, zh: 上门}, from: received_at, to: happened_at, within: 2 days, source: {ref: note, clause: 一}}
  - {id: DL-open, title: {en: Close, zh: 办结}, from: received_at, to: closed_at, within: 30 days, source: {ref: house}}
  - {id: DL-risk, title: {en: Plan, zh: 方案}, from: received_at, to: later_at, within: 9 days, at_risk: 80%}
  - {id: DL-none, title: {en: Promise, zh: 承诺}, from: received_at, to: later_at, within: promised}
  - {id: DL-off, title: {en: Off, zh: 不相干}, when: {kind: tariff}, from: received_at, to: later_at, within: 1 day}
  - {id: DL-exempt, title: {en: Spared, zh: 免除}, exempt: [{when: {kind: network}, reason: {en: Network cases are spared, zh: 网络类免除}}], from: received_at, to: later_at, within: 1 day}
  - {id: DL-waived, title: {en: Let off, zh: 放行}, waivable: {by: [head]}, from: received_at, to: later_at, within: 1 day}
  - {id: DL-unknown, title: {en: Unknown, zh: 未知}, when: {other: true}, from: received_at, to: later_at, within: 1 day}
  - {id: DL-waits, title: {en: Follow up, zh: 回访}, from: closed_at, to: followed_up_at, within: 3 days}
requirements:
  - {id: RQ, title: {en: Cause, zh: 原因}, require: {all: [{root_cause: present}, {any: [{pieces: {at_least: 2}}, {word: {contains: 断网}}]}]}, before: received_at}
  - {id: RQ-open, title: {en: Recusal, zh: 回避}, require: {handler: {not: {field: responsible_person}}}}
retention: [{id: RT, title: {en: File, zh: 档案}, keep_until: {from: responded_at, within: 3 years}, deleted: later_at}]
penalties:
  - {id: PN, title: {en: Liability, zh: 责任}, for: [DL-late], payable_to: company, range: [100, 300], amount: {field: sum}, charge: {field: responsible_person}, source: {ref: house, clause: 七}}
  - {id: PN-grows, title: {en: Delay, zh: 滞纳}, for: [DL-late], payable_to: complainant, amount: {times: [0.125, {field: limit}, {length: {late: DL-late}, in: days}]}}
"""
PERSONAL = {
    "complainant_name": "王小明",
    "complainant_phone": "13800001111",
    "complainant_id": "110101199001011234",
    "handler": "赵六",
    "responsible_person": "李四",
    "description": "他骂人",
    "first_contact": "孙七",
}
RECORD: dict[str, Any] = {
    **PERSONAL,
    "flag": True,
    "kind": "network",
    "responded_at": "2026-03-03T10:00",
    "happened_at": None,
    "sum": 50,
    "limit": "1,000.00",
    "pieces": "two",
    "recorded_severity": "low",
}
WAIVERS = [{"rule": "DL-waived", "records": "L-1", "by": "head", "reason": {"en": "Storm", "zh": "台风"}}]


def decision(**changed: Any) -> Decision:
    return decide(BODY, {**RECORD, **changed}, waivers=WAIVERS)


# --------------------------------------------------------------------------- data
def _types(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _types(v) for k, v in value.items()}
    return [_types(v) for v in value] if isinstance(value, list) else type(value).__name__


def test_the_outcomes_shown() -> None:
    assert {k.removeprefix("DL-"): v for k, v in decision().outcomes.items() if k.startswith("DL")} == {
        "met": "met",
        "late": "breached",
        "open": "pending",
        "risk": "at_risk",
        "none": "not_applicable",
        "off": "not_applicable",
        "exempt": "exempt",
        "waived": "waived",
        "unknown": "indeterminate",
        "waits": "pending",
    }


def test_the_shape() -> None:
    shown = decision().to_dict()
    assert list(shown) == [
        "complaint_id",
        "as_of",
        "policy",
        "engine",
        "status",
        "severity",
        "responsibility",
        "admission",
        "deadlines",
        "requirements",
        "retention",
        "penalties",
        "waivers",
        "findings",
    ] or set(shown) == {
        "complaint_id",
        "as_of",
        "policy",
        "engine",
        "status",
        "severity",
        "responsibility",
        "admission",
        "deadlines",
        "requirements",
        "retention",
        "penalties",
        "waivers",
        "findings",
        "portfolio",
    }
    assert json.loads(json.dumps(shown, allow_nan=False)) == shown  # plain data
    text = "str"
    assert _types(shown["policy"]) == {"id": text, "version": text, "digest": text}
    assert _types(shown["severity"]) == {"level": text, "rank": "int", "rule": text, "possible": [text], "at_least": text, "missing": []}
    assert shown["severity"]["rank"] == 2
    assert _types(shown["responsibility"]) == {
        "owner": text,
        "candidates": [text],
        "accountable": text,
        "consulted": [text],
        "informed": [text],
        "escalate_to": [text],
        "rule": text,
        "missing": [],
    }
    for deadline in shown["deadlines"]:
        assert list(deadline)[:10] == ["rule", "outcome", "from", "due_at", "due_on", "done_at", "over_by", "provisional", "paused", "missing"]
        assert set(list(deadline)[10:]) <= {"due_latest", "at_risk_at", "extension", "would_be", "without_waiver", "reason", "duty_of"}
    assert [r["before"] for r in shown["requirements"]] == ["received_at", "closed_at"]
    assert list(shown["penalties"][0])[:9] == ["rule", "state", "for", "payable_to", "min", "max", "amount", "currency", "charge"]
    for finding in shown["findings"]:
        assert list(finding) == ["rule", "outcome", "message", "source"] and set(finding["message"]) == {"en", "zh"}


def test_times_money_and_lengths_as_texts() -> None:
    shown = decision().to_dict()
    by_rule = {d["rule"]: d for d in shown["deadlines"]}
    assert by_rule["DL-met"]["from"] == "2026-03-02T10:00:00+08:00"
    assert (by_rule["DL-met"]["due_at"], by_rule["DL-met"]["due_on"]) == ("2026-03-07T23:59:59+08:00", "2026-03-07")
    assert by_rule["DL-waits"]["due_at"] is None
    pn, grows = shown["penalties"]
    assert (pn["state"], pn["min"], pn["max"], pn["amount"], pn["currency"], pn["clamped"]) == ("proposed", "100.00", "300.00", "100.00", "CNY", "min")
    assert pn["charge"] == {"field": "responsible_person", "name": None}
    # Six days since the end of 4 March, the last begun: 0.125 × 1000 × 6.
    assert (grows["state"], grows["amount"], grows["charge"]) == ("accruing", "750.00", None)
    late = {d["rule"]: d for d in decision(happened_at="2026-03-06T10:30:15").to_dict()["deadlines"]}
    assert late["DL-late"]["over_by"] == "P1DT10H30M15S"
    assert {d["rule"]: d for d in decision(happened_at="2026-03-05T00:00").to_dict()["deadlines"]}["DL-late"]["over_by"] == "PT0S"
    assert {d["rule"]: d for d in decision(happened_at="2026-03-06").to_dict()["deadlines"]}["DL-late"][
        "done_at"
    ] == "2026-03-06"  # the day is all that is known


@pytest.mark.parametrize(("currency", "expected"), [("JPY", "750"), ("KWD", "750.000"), ("USD", "750.00")])
def test_money_by_its_currency(currency: str, expected: str) -> None:
    shown = decide(BODY, RECORD, currency=currency).to_dict()
    assert (shown["penalties"][1]["amount"], shown["penalties"][1]["currency"]) == (expected, currency)


def test_findings_carry_their_source_and_its_status() -> None:
    found = {f.rule: f for f in decision().findings}
    assert found["DL-late"].source == {"ref": "note", "clause": "一", "status": "second-hand"}
    assert found["PN"].source == {"ref": "house", "clause": "七", "status": "company"}
    assert found["DL-risk"].source is None
    assert {(f.rule, f.outcome) for f in decision().findings} == {
        ("DL-late", "breached"),
        ("DL-risk", "at_risk"),
        ("DL-waived", "waived"),
        ("DL-unknown", "indeterminate"),
        ("RQ", "breached"),
        ("PN", "proposed"),
        ("PN-grows", "accruing"),
        ("severity", "differs"),
        ("record", "unusable"),
    }
    text = decision().explain("en"), decision().explain("zh")
    assert "[second-hand, not verified]" in text[0] and "［转引，未核实原文］" in text[1]
    assert "[verified]" in text[0] and "［已核实］" in text[1] and "[company rule]" in text[0] and "［企业制度］" in text[1]


# --------------------------------------------------------------------------- words
_BROKEN = [
    r"[{}]", r"\bNone\b", r"\bMaybe\b", r"\bGrowing\b", r"\bInterval\b", r"\bNOT_YET\b", r"\bNONE\b", r"\bText\(", r"\bDecimal\(", r"datetime", r"frozenset", r"\bTrue\b|\bFalse\b(?! report)",
    r"\(\)", r"（）", r"\.\.(?!\.)", r"。。", r"：：", r": :", r";;", r"；；", r" ,", r" \.", r",\s*\)", r"，。", r"：。", r": \.", r"； *$", r"; *$", r"\bdepends on$", r"缺少，", r"without \.", r"\b1 days\b|\b1 hours\b",
]  # fmt: skip


def assert_readable(text: str, language: str) -> None:
    assert text.endswith("\n") and not text.endswith("\n\n")
    for line in text.splitlines():
        assert line == line.rstrip()
        body = line.strip()
        assert "  " not in body, line
        for pattern in _BROKEN:
            assert re.search(pattern, body) is None, (pattern, line)
    if language == "zh":
        labels = re.findall(r"【(.*?)】", text)
        assert all(re.search(r"[一-龥]", label) for label in labels)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("changed", [
    {}, {"happened_at": "2026-03-06T10:30"}, {"happened_at": "2026-03-06"}, {"flag": None}, {"flag": "?"}, {"kind": None}, {"kind": "x"}, {"preset": True}, {"preset": "x"},
    {"responded_at": "never"}, {"happened_at": "x"}, {"closed_at": "2026-03-09", "root_cause": "x", "pieces": 3}, {"sum": None}, {"sum": 200, "responsible_person": None}, {"limit": None},
    {"word": "断网", "root_cause": "光缆"}, {"later_at": "2026-03-04"}, {"promised": "2026-03-20"}, {"received_at": "2026-03-11T10:00"}, {"other": True}, {"recorded_owner": "x"},
    {"id": None}, {"id": 17},
])  # fmt: skip
def test_every_explanation_reads_well(changed: dict[str, Any], language: str) -> None:
    made = decision(**changed)
    text = made.explain(language)
    assert_readable(text, language)
    for result in made.judged() if made.in_scope is not False else ():
        assert result.rule in text
    for finding in made.findings:
        assert_readable(finding.message.get(language) + "\n", language)
    for personal in PERSONAL.values():
        assert personal not in text
        assert personal not in json.dumps(made.to_dict(), ensure_ascii=False)
    for value in ("李四",):
        assert (value in made.explain(language, reveal=True)) is (made.in_scope is not False and changed.get("responsible_person", value) == value)


@pytest.mark.parametrize("name", shipped_policies())
def test_every_case_of_the_shipped_policies_reads_well(name: str) -> None:
    shipped = load_policy(name)
    cases = [case.node for version in shipped.versions for case in version.model.cases]
    decided = 0
    for node in cases:
        if node.get("record") is None:
            continue  # a case of schedules, or of many records
        try:
            made = shipped.evaluate(plain(node.get("record")), as_of=node.get("as_of").value)
        except RecordError:
            continue
        decided += 1
        for language in ("en", "zh"):
            assert_readable(made.explain(language), language)
    assert decided


def test_a_limit_whose_start_never_happened_says_so() -> None:
    body = "deadlines: [{id: DL, title: {en: Visit, zh: 上门}, from: happened_at, to: later_at, within: 2 days}, {id: OFF, when: {flag: true}, from: received_at, to: later_at, within: 1 day}]"
    for received in (RECEIVED, datetime(2026, 3, 2, 10)):  # the general and the straight evaluation
        made = decide(body, {"received_at": received, "closed_at": "2026-03-05T10:00" if received is RECEIVED else datetime(2026, 3, 5, 10), "flag": False})
        assert made.deadline("DL").outcome == "not_applicable"
        assert made.to_dict()["deadlines"][0]["reason"] == {"en": "its start never happened", "zh": "起算事件未发生"}
        assert "Visit: does not apply (its start never happened)." in made.explain("en") and "上门：不适用（起算事件未发生）。" in made.explain("zh")
        assert made.deadline("OFF").reason is None


def test_both_languages_say_the_same_numbers() -> None:
    for changed in ({}, {"happened_at": "2026-03-06T10:30"}, {"sum": 200}, {"limit": None}):
        made = decision(**changed)
        english, chinese = made.explain("en"), made.explain("zh")
        for number in ("750.00", "100.00", "200.00"):
            assert (number in english) is (number in chinese)
        assert english.count("[") and len(re.findall(r"^  \[", english, re.M)) == len(re.findall(r"^  【", chinese, re.M))


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="fr"):
        decision().explain("fr")


# --------------------------------------------------------------------------- the policy as an object
TEXT = """
format: 1
policy: test/digest
effective: {from: 2020-01-01}
timezone: Asia/Shanghai
currency: CNY
sources: {s: {title: {en: S, zh: 甲}, status: verified}}
calendars: {w: {weekdays: mon-fri, holidays: [2026-05-01]}}
counting: {calendar: w}
record: {fields: {flag: {type: boolean}, fee: {type: money, default: 0}}}
facts: {big: {fee: {at_least: 100}}}
severity: {levels: [low, high], rules: [{id: S, level: high, when: {big: true}}], otherwise: low}
deadlines:
  - {id: DL, title: {en: Answer, zh: 答复}, from: received_at, to: responded_at, within: 5 working days, when: {flag: true}, source: {ref: s, clause: 1}}
penalties: [{id: PN, for: [DL], payable_to: company, range: [1, 9], amount: 5}]
tests: [{name: t, as_of: 2026-03-03T10:00, record: {id: a, received_at: 2026-03-02, flag: true}, expect: {outcomes: {DL: pending}}}]
"""


def _digest(text: str) -> str:
    return load_policy_text(text, name="digest.yaml").digest


SAME = [
    TEXT.replace("\n", "\n# a remark\n"),
    TEXT.replace(
        "{id: DL, title: {en: Answer, zh: 答复}, from: received_at, to: responded_at,",
        "{to: responded_at, from: received_at, title: {zh: 答复, en: Answer}, id: DL,",
    ),
    TEXT.replace("timezone: Asia/Shanghai\ncurrency: CNY", "currency: 'CNY'\ntimezone: \"Asia/Shanghai\""),
    TEXT.replace("{flag: {type: boolean}, fee: {type: money, default: 0}}", "{fee: {type: money, default: 0}, flag: {type: boolean}}"),
    TEXT[: TEXT.index("tests:")],
    TEXT.replace("outcomes: {DL: pending}", "status: pending"),
    TEXT.replace("policy: test/digest", "policy:   test/digest"),
    "\n".join(["format: 1", *reversed(TEXT.strip().splitlines()[1:5]), *TEXT.strip().splitlines()[5:]]),
]


@pytest.mark.parametrize("text", SAME)
def test_the_digest_is_over_the_meaning(text: str) -> None:
    assert text != TEXT
    assert _digest(text) == _digest(TEXT)


CHANGED = [
    ("5 working days", "6 working days"), ("5 working days", "5 days"), ("at_least: 100", "at_least: 101"), ("at_least: 100", "above: 100"), ("default: 0", "default: 1"), ("2026-05-01", "2026-05-04"),
    ("mon-fri", "mon-sat"), ("{flag: true}, source", "{flag: false}, source"), ("range: [1, 9]", "range: [1, 8]"), ("amount: 5", "amount: 6"), ("payable_to: company", "payable_to: regulator"),
    ("levels: [low, high]", "levels: [low, middle, high]"), ("otherwise: low", "otherwise: high"), ("CNY", "USD"), ("Asia/Shanghai", "Asia/Tokyo"), ("clause: 1", "clause: 2"), ("zh: 答复", "zh: 回复"),
    ("status: verified", "status: second-hand"), ("{calendar: w}", "{calendar: w, ends: same_time}"), ("id: PN", "id: PX"), ("for: [DL], ", "for: [DL], per: breach, "), ("2020-01-01", "2020-01-02"), ("test/digest", "test/other"),
    ("responded_at", "acknowledged_at"), ("payable_to: company", "payable_to: company, waivable: {by: [head]}"), ("when: {flag: true}, source", "duty_of: merchant, when: {flag: true}, source"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new"), CHANGED)
def test_the_digest_changes_with_the_meaning(old: str, new: str) -> None:
    text = TEXT[: TEXT.index("tests:")]
    assert old in text
    assert _digest(text.replace(old, new)) != _digest(text)


def test_a_policy_is_immutable() -> None:
    made = policy(BODY)
    for name, value in (("id", "x"), ("digest", "x"), ("title", None), ("fields", ()), ("versions", ()), ("zone", None)):
        with pytest.raises(AttributeError):
            setattr(made, name, value)
    model = made.versions[0].model
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        made.versions[0].until = None  # type: ignore[misc]
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        model.title = None  # type: ignore[misc, assignment]
    rule = next(iter(model.section("deadlines")))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        rule.within = None
    made.evaluate({"id": 1, "received_at": RECEIVED}, as_of=NOW).deadlines[0]
    before = made.digest
    made.evaluate({"id": 1, "received_at": RECEIVED}, as_of=NOW).to_dict()["policy"]["id"] = "spoiled"
    assert (made.digest, made.evaluate({"id": 1, "received_at": RECEIVED}, as_of=NOW).to_dict()["policy"]["id"]) == (before, "test/logic")


def test_a_policy_is_picklable_before_and_after_use() -> None:
    fresh = load_policy_text(TEXT, name="digest.yaml")
    again = pickle.loads(pickle.dumps(fresh))
    record = {"id": "a", "received_at": datetime(2026, 3, 2, 10), "flag": True, "fee": 3}
    first = fresh.evaluate(record, as_of=NOW).to_dict()
    assert again.evaluate(record, as_of=NOW).to_dict() == first
    assert pickle.loads(pickle.dumps(fresh)).evaluate(record, as_of=NOW).to_dict() == first
    assert again.digest == fresh.digest


def test_threads_see_the_same() -> None:
    made = load_policy_text(BODY_ALONE, name="threads.yaml")  # not yet compiled
    records = [
        {
            "id": str(i),
            "received_at": RECEIVED,
            "flag": i % 2 == 0,
            "kind": ("network", "tariff", None)[i % 3],
            "responded_at": f"2026-03-{3 + i % 7:02d}T10:00",
        }
        for i in range(120)
    ]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda record: (made.evaluate(record, as_of=NOW).to_dict(), made.evaluate(record, as_of=NOW).explain("zh")), records))
    assert together == [(made.evaluate(record, as_of=NOW).to_dict(), made.evaluate(record, as_of=NOW).explain("zh")) for record in records]


def _alone() -> str:
    from tests.meaning.logic_support import FIELDS, HEAD

    return HEAD.format(zone="Asia/Shanghai", currency="CNY") + FIELDS + BODY


BODY_ALONE = _alone()


def test_the_same_inputs_give_the_same_bytes() -> None:
    a, b = (load_policy_text(BODY_ALONE, name=name).evaluate({"id": "x", "received_at": RECEIVED, **RECORD}, as_of=NOW) for name in ("a.yaml", "b.yaml"))
    assert json.dumps(a.to_dict()) == json.dumps(b.to_dict())
    assert (a.explain("en"), a.explain("zh")) == (b.explain("en"), b.explain("zh"))
