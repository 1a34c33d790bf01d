"""Tests beside rules over many records: what passes, and that whatever is wrong is found at its own place, in both languages."""

from __future__ import annotations

import sys

import pytest

from complaint_policy import PolicyError, load_policy_text
from complaint_policy.cases import CaseResult, covered, run_cases

HEAD = """format: 1
policy: test/tables
effective: {from: 2026-01-01}
timezone: Asia/Shanghai
currency: CNY
record: {fields: {number: {type: string}}}
history:
  repeat_count: {count: {same: [complainant_id], within: 30 days}}
  merge: {same: [complainant_id, product], within: 1 day}
numbering: [{id: NR-case, form: "{month}{serial:2}", per: month, of: number}]
reconcile: [{id: RC-hotline, with: hotline, same: [complainant_phone], expect: both}]
requirements: [{id: RQ-cause, when: {repeat_count: {at_least: 1}}, require: {present: root_cause}, before: closed_at, waivable: {by: [boss]}}]
penalties: [{id: PN-late, for: [RQ-cause], amount: 300, charge: {field: handler}, payable_to: company, approver: boss, cap: {per: charge, in: month, amount: 500}}]
portfolio:
  - {id: PF-upheld, measure: {share: {upheld: true}}, per: month, expect: {at_most: 30%}}
  - {id: PF-product, measure: {count: {upheld: true}}, per: month, by: [product]}
  - {id: PF-rate, measure: {rate: complaints, exposure: orders, per: 1000}, per: month}
tests:
"""
# B is of A's customer, 8 days on; C is B again; D again, of another product; E has no receipt.
# One of the three cases A, B, D is upheld.  Number 02 is on nobody, 03 on B and C.  B and D have no cause: 300 each for Li, of whom 500 is asked.
CASE = """  - name: one
    as_of: 2026-04-01T00:00
    records:
      - {id: A, received_at: 2026-03-02T10:00, complainant_id: c1, product: p, number: "0301", complainant_phone: "1", upheld: true}
      - {id: B, received_at: 2026-03-10T10:00, complainant_id: c1, product: p, number: "0303", complainant_phone: "2", upheld: false, closed_at: 2026-03-12, handler: Li}
      - {id: C, received_at: 2026-03-10T11:00, complainant_id: c1, product: p, number: "0303", complainant_phone: "1"}
      - {id: D, received_at: 2026-03-11T10:00, complainant_id: c1, product: q, number: "0304", complainant_phone: "1", upheld: false, closed_at: 2026-03-12, handler: Li}
      - {id: E, complainant_id: c1, complainant_phone: "1"}
    lists: {hotline: [{complainant_phone: "1", received_at: 2026-03-02}, {complainant_phone: "9", received_at: 2026-03-02}]}
    exposures: [{period: 2026-03, orders: 1500}]
"""
REFUSED = "records: {E: {error: received_at}"


def ran(expect: str, case: str = CASE) -> CaseResult:
    (result,) = run_cases(load_policy_text(f"{HEAD}{case}    expect: {{{expect}}}\n", name="cases.yaml"))
    return result


@pytest.mark.parametrize(
    "expect",
    [
        REFUSED + ", A: {outcomes: {RQ-cause: not_applicable}, history: {repeat_count: 0}}, B: {history: {repeat_count: 1}, penalties: {PN-late: 300}}}",
        REFUSED + ", C: {outcomes: {RQ-cause: breached}}}",  # of its case
        REFUSED + "}, outcomes: {PF-upheld: {2026-03: breached}, PF-rate: {2026-03: null}}",
        REFUSED + "}, figures: {PF-upheld: {2026-03: 1/3}, PF-product: {2026-03: {p: 1, q: 0}}, PF-rate: {2026-03: [2, 2]}}",
        REFUSED + "}, merged: {C: B}",
        REFUSED + '}, findings: {NR-case: {duplicate: [C], gap: [2]}, RC-hotline: {unlisted: [B], concealed: [2]}}',
        REFUSED + "}, caps: {PN-late: {2026-03: {Li: {proposed: 600, allowed: 500}}}}",
    ],
)
def test_what_holds(expect: str) -> None:
    assert ran(expect).differences == ()


@pytest.mark.parametrize(
    ("expect", "en", "zh"),
    [
        ("merged: {C: B}", "E was rejected: received_at is missing: no version can be chosen", "E未被采用：缺少收到投诉时间（received_at），无法确定适用版本"),
        (REFUSED + ", B: {error: receipt}}", "B error: expected receipt, found a decision", "B error：应为receipt，实为已判定"),
        (REFUSED + ", D: {outcomes: {RQ-cause: met}}}", "D RQ-cause: expected met, found breached", "D RQ-cause：应为met，实为breached"),
        (REFUSED + ", D: {outcomes: {RQ-cuase: met}}}", "D RQ-cuase: the policy has no rule 'RQ-cuase' with a result", "D RQ-cuase：该制度没有可判定的规则“RQ-cuase”"),
        (REFUSED + ", D: {history: {repeat_count: 1}}}", "D repeat_count: expected 1, found 2", "D repeat_count：应为1，实为2"),
        (REFUSED + ", D: {history: {repeats: 1}}}", "the policy counts no 'repeats' (did you mean 'repeat_count'?)", "制度的 history 中没有“repeats”（是否想写“repeat_count”？）"),
        (REFUSED + "}, severity: major", "'severity' is said of one record: write records: {ID: {severity: ...}}", "“severity”是对单条记录而言的：请写成 records: {编号: {severity: ...}}"),
        (REFUSED + "}, figures: {PF-upheld: {2026-03: [0, 1/3]}}", "PF-upheld 2026-03: expected [0, 1/3], found 1/3", "PF-upheld 2026-03：应为[0, 1/3]，实为1/3"),
        (REFUSED + "}, outcomes: {PF-upheld: {2026-02: met}}", "there is no figure PF-upheld 2026-02; there are: 2026-03", "没有PF-upheld 2026-02这一数值；已有：2026-03"),
        (REFUSED + "}, figures: {PF-product: {2026-03: {r: 1}}}", "there is no figure PF-product 2026-03 r; there are: 2026-03 p, 2026-03 q", "没有PF-product 2026-03 r这一数值；已有：2026-03 p, 2026-03 q"),
        (REFUSED + "}, outcomes: {PF-uphold: {2026-03: met}}", "the policy has no such rule 'PF-uphold': a portfolio rule is meant here (did you mean 'PF-upheld'?)", "制度中没有“PF-uphold”：此处应为portfolio 规则（是否想写“PF-upheld”？）"),
        (REFUSED + "}, merged: {}", "merged: expected nothing, found C: B", "merged：应为无，实为C: B"),
        (REFUSED + "}, findings: {RC-hotline: {concealed: [2]}}", "RC-hotline unlisted: expected nothing, found B", "RC-hotline unlisted：应为无，实为B"),
        (REFUSED + "}, findings: {NR-case: {duplicate: [B], gap: [2]}}", "NR-case duplicate: expected B, found C", "NR-case duplicate：应为B，实为C"),
        (REFUSED + "}, caps: {PN-late: {2026-03: {Li: {allowed: 600}}}}", "PN-late 2026-03 Li allowed: expected 600, found 500.00", "PN-late 2026-03 Li allowed：应为600，实为500.00"),
        (REFUSED + "}, caps: {PN-late: {2026-03: {Wu: {allowed: 300}}}}", "PN-late 2026-03 Wu allowed: expected 300, found nothing", "PN-late 2026-03 Wu allowed：应为300，实为无"),
    ],
)  # fmt: skip
def test_what_does_not_hold(expect: str, en: str, zh: str) -> None:
    (difference,) = ran(expect).differences
    assert (difference.message.en, difference.message.zh) == (en, zh)
    assert difference.place.file == "cases.yaml"
    # A rejected record nobody spoke of stands at itself, all others at what was expected.
    assert difference.place.line == HEAD.count("\n") + (8 if "rejected" in en else CASE.count("\n") + 1)


def test_a_misspelt_field_and_a_table_that_counts_itself() -> None:
    (difference,) = ran(REFUSED + "}", CASE.replace("handler: Li}\n      - {id: C", "handlr: Li}\n      - {id: C")).differences
    assert difference.found == "handlr"
    (difference,) = ran("merged: {}", CASE.replace("{id: E,", "{id: E, repeat_count: 2,")).differences
    assert "repeat_count" in difference.message.zh
    assert ran("error: the policy counts itself", CASE.replace("{id: E,", "{id: E, repeat_count: 2,")).passed
    assert not ran("error: anything").passed


def test_as_of_waivers_and_what_the_source_knows() -> None:
    waived = CASE + "    waivers: [{rule: RQ-cause, records: [D], by: boss, reason: flood}]\n"
    assert ran(REFUSED + ", D: {outcomes: {RQ-cause: waived}}}", waived).passed
    # Without a column for it nobody knows whether a cause was found.
    known = CASE + "    source_fields: [id, received_at, complainant_id, product, closed_at]\n"
    assert ran(REFUSED + ", D: {outcomes: {RQ-cause: indeterminate}, missing: {RQ-cause: [root_cause]}}}", known).passed


def test_it_covers_rules() -> None:
    policy = load_policy_text(f"{HEAD}{CASE}    covers: {{PF-upheld: [hit]}}\n    expect: {{merged: {{C: B}}}}\n")
    assert covered(policy)["PF-upheld"] == {"hit"}


def test_without_polars_it_fails_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    import complaint_policy.audit

    monkeypatch.delitem(sys.modules, "complaint_policy.audit")
    monkeypatch.setattr(complaint_policy, "audit", complaint_policy.audit)  # restored with the module
    monkeypatch.setitem(sys.modules, "polars", None)
    (difference,) = ran("merged: {C: B}").differences
    assert difference.message.en == "not run: this needs the package 'polars': pip install 'complaint-policy[audit]'"
    assert difference.message.zh == "未运行：此功能需要软件包“polars”：pip install 'complaint-policy[audit]'"


@pytest.mark.parametrize(
    ("case", "expect", "code"),
    [
        (CASE.replace("{id: E,", "{id: D,"), "merged: {C: B}", "record-twice"),
        (CASE, "records: {F: {status: met}}", "unknown-record"),
        (CASE, "merged: {C: F}", "unknown-record"),
        (CASE, "merged: {F: B}", "unknown-record"),
        (CASE, "records: {A: {sverity: major}}", "unknown-key"),
        (CASE, "caps: {PN-late: {2026-03: {Li: {over: 100}}}}", "unknown-key"),
        (CASE, "figures: {PF-upheld: {2026-03: [1]}}", "too-few"),
        (CASE.replace("{id: E, ", "{"), "merged: {C: B}", "missing-key"),
        (CASE + "    record: {received_at: 2026-03-01}\n", "merged: {C: B}", "one-key-only"),
        ("  - {name: one, as_of: 2026-04-01T00:00, record: {id: A}, exposures: []", "status: met", "missing-key"),
    ],
)
def test_what_is_refused(case: str, expect: str, code: str) -> None:
    text = f"{HEAD}{case}, expect: {{{expect}}}}}\n" if case.startswith("  - {") else f"{HEAD}{case}    expect: {{{expect}}}\n"
    with pytest.raises(PolicyError) as caught:
        load_policy_text(text)
    (problem,) = caught.value.problems
    assert problem.code == code
