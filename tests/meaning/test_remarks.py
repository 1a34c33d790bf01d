"""What `check` remarks about a policy that loads: each warning and note as hit, near miss and border."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from complaint_policy import PolicyError, Problem, load_policy, load_policy_text
from complaint_policy.digest import digest_of
from complaint_policy.remark_messages import LEVELS, REMARKS

HEAD = """format: 1
policy: t/remarks
effective: {from: 2026-01-01}
timezone: Asia/Shanghai
currency: CNY
scope: {when: {amount_claimed: {at_least: 0}}}
"""
LEVELLED = "severity: {levels: [low], otherwise: low}\n"


def remarks(body: str, on: date | None = None, head: str = HEAD + LEVELLED) -> list[Problem]:
    return list(load_policy_text(head + body).remarks(on))


def codes(body: str, on: date | None = None) -> list[str]:
    return [r.code for r in remarks(body, on)]


SOURCED = """sources:
  law: {{title: {{en: Law, zh: 法}}, status: verified{more}}}
deadlines:
  - {{id: D, title: {{en: {title}, zh: {zh}}}, from: received_at, to: responded_at, within: {within}, source: {{ref: law}}}}
"""


def sourced(more: str = "", title: str = "Answer", zh: str = "答复", within: str = "2 days", tail: str = "") -> str:
    return SOURCED.format(more=more, title=title, zh=zh, within=within) + tail


def test_a_policy_without_blemish() -> None:
    assert codes(sourced()) == []


def test_a_source_that_has_ended() -> None:
    ended = ", in_force: {until: 2026-06-01}"
    (found,) = remarks(sourced(ended))
    assert (found.code, found.level, found.place.line, found.place.column) == ("source-ended", "warning", 11, 10)
    assert "'D' rests on 'law', which is in force only until 2026-06-01" in found.render("en")
    assert "仅施行至2026-06-01" in found.render("zh")
    # the version ends with the source: until is exclusive in both
    assert [r.code for r in load_policy_text((HEAD + LEVELLED + sourced(ended)).replace("from: 2026-01-01}", "from: 2026-01-01, until: 2026-06-01}")).remarks()] == []
    late = (HEAD + LEVELLED + sourced(ended)).replace("from: 2026-01-01}", "from: 2026-01-01, until: 2026-06-02}")
    assert [r.code for r in load_policy_text(late).remarks()] == ["source-ended"]


def test_a_source_that_is_not_yet_in_force() -> None:
    assert codes(sourced(", in_force: {from: 2026-01-02}")) == ["source-not-yet"]
    assert codes(sourced(", in_force: {from: 2026-01-01}")) == []


def test_a_rule_of_the_base_on_a_source_that_has_ended(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(HEAD + LEVELLED + sourced(", in_force: {until: 2026-06-01}"), encoding="utf-8")
    (tmp_path / "top.yaml").write_text(HEAD.replace("t/remarks", "t/top") + "extends: [./base.yaml]\n", encoding="utf-8")
    (found,) = load_policy(tmp_path / "top.yaml").remarks()
    assert (found.code, Path(found.place.file).name) == ("source-ended", "base.yaml")


def test_what_was_to_be_reviewed() -> None:
    due = ", review_by: 2026-06-01"
    assert codes(sourced(due)) == []  # no day, no clock
    assert codes(sourced(due), date(2026, 6, 1)) == []
    assert codes(sourced(due), date(2026, 6, 2)) == ["review-due"]
    assert codes("review_by: 2026-06-01\n" + sourced(), date(2026, 6, 2)) == ["review-due"]
    ended = (HEAD + LEVELLED + sourced(due)).replace("from: 2026-01-01}", "from: 2026-01-01, until: 2026-06-01}")
    assert [r.code for r in load_policy_text(ended).remarks(date(2026, 6, 2))] == []  # a version of the past


def test_a_source_that_nothing_rests_on() -> None:
    unused = sourced().replace("deadlines:", "  house: {title: {en: House}, status: company}\ndeadlines:")
    (found,) = remarks(unused)
    assert (found.code, found.place.line, found.place.column) == ("source-unused", 10, 3)


def test_a_rule_without_source() -> None:
    more = "  - {id: E, from: received_at, to: closed_at, within: 2 days}\n"
    (found,) = remarks(sourced(tail=more))
    assert (found.code, found.place.line) == ("rule-without-source", 12)
    assert codes("deadlines:\n" + more) == []  # where nothing has a source, none is lacking


def test_a_text_that_is_the_name_of_a_field() -> None:
    rule = "requirements: [{{id: R, title: {{en: Recusal, zh: 回避}}, require: {{handler: {{not: {v}}}}}}}]\n"
    (found,) = remarks(rule.format(v="responsible_person"))
    assert (found.code, found.place.line, found.place.column) == ("text-like-field", 8, 79)  # 14 + 9 + 21 + 9 + 10 + 10 + 5 characters stand before it
    assert codes(rule.format(v="{field: responsible_person}")) == codes(rule.format(v="nobody")) == []
    # A field of numbers is no text, and the values of an enum are known.
    assert codes(rule.format(v="repeat_count")) == []
    assert codes("record: {fields: {category: {type: enum, values: [product, other]}}}\nfacts: {a: {category: product}}") == []
    assert codes("record: {fields: {branch: {type: string}}}\nfacts: {a: {branch: product}}") == ["text-like-field"]
    assert codes("escalation: [{id: E, when: {injury: true}, to: handler}]") == ["text-like-field"]


def test_a_vague_word_with_a_number() -> None:
    assert codes(sourced(title="Answer promptly")) == ["vague-word"]
    assert codes(sourced(zh="及时答复")) == ["vague-word"]
    assert codes(sourced(zh="答复")) == []
    bound = "terms: {promptly: {is: 2 days, house: true}}\n"
    assert codes(bound + sourced(title="Answer promptly", within="promptly")) == []
    assert codes(bound + sourced(title="Answer promptly", within="{first_of: [closed_at, promptly]}")) == []


def test_two_limits_for_one_act() -> None:
    def twice(more: str) -> list[str]:
        return codes(sourced(tail=f"  - {{id: E, from: received_at, to: responded_at, source: {{ref: law}}, {more}}}\n"))

    assert twice("within: 5 days") == ["same-act-twice"]
    assert twice("within: 5 days, when: {upheld: true}") == []
    assert twice("within: 5 days, duty_of: regulator") == []
    assert codes(sourced(tail="  - {id: E, from: assigned_at, to: responded_at, source: {ref: law}, within: 5 days}\n")) == []


@pytest.mark.parametrize(
    ("form", "lacks"),
    [
        ("{month}{serial:4}", "year"),
        ("{year}{serial:4}, per: month", "month"),  # number 1 of March and of April are the same text
        ("{year}{month}{serial:4}, per: day", "day"),
        ("{year}{day}{serial:4}", "month"),
        ("{yy}{month}{serial:4}", None),
        ("{yy}{month}{day}{serial:4}, per: month", None),
        ("{serial:4}", None),
    ],
)
def test_numbers_that_come_again(form: str, lacks: str | None) -> None:
    form, _, more = form.partition(",")
    body = f'numbering: [{{id: NR, form: "{form}"{"," if more else ""}{more}}}]\n'
    found = [(remark.code, remark.message.en) for remark in remarks(body)]
    assert found == ([] if lacks is None else [("number-comes-again", f"numbers of the form {form} ('NR') do not tell the {lacks}: each of them comes again")])


def test_a_penalty_that_is_charged_without_a_basis() -> None:
    penalty = "penalties: [{{id: P, when: {{upheld: true}}, amount: 200, charge: {{field: product}}{}}}]\n"
    assert codes(penalty.format("")) == ["penalty-without-basis"]
    assert codes(penalty.format(", legal_basis: {en: Art. 7}")) == []


def test_a_person_charged_before_responsibility_is_established() -> None:
    penalty = "penalties: [{{id: P, when: {}, payable_to: {}, amount: 200, charge: {{first_known: [{{field: {}}}, {{field: product}}]}}, legal_basis: {{en: Art. 7}}}}]\n"
    assert codes(penalty.format("{upheld: true}", "company", "handler")) == ["charge-without-responsibility"]
    assert codes(penalty.format("{responsibility_determined_at: present}", "company", "handler")) == []
    assert codes("facts: {fixed: {all: [{upheld: true}, {responsibility_determined_at: present}]}}\n" + penalty.format("{fixed: true}", "company", "handler")) == []
    assert codes(penalty.format("{upheld: true}", "regulator", "handler")) == []  # not the company's
    assert codes(penalty.format("{upheld: true}", "company", "responsible_team")) == []  # no person


def test_scope_and_levels() -> None:
    """A policy without scope is for every complaint, which is nothing to remark; one without levels neglects urgent ones."""
    deadline = "deadlines: [{id: D, from: received_at, to: responded_at, within: 2 days}]\n"
    assert [(r.code, r.level) for r in remarks(deadline, head=HEAD)] == [("no-levels", "note")]
    assert remarks("", head=HEAD) == []  # a base that has no rule
    law = HEAD + "sources: {law: {title: {en: Law}, status: verified}}\n"
    cited = deadline.replace("within: 2 days", "within: 2 days, source: {ref: law}")
    assert remarks(cited, head=law) == []  # a law has the classes it has
    assert [r.code for r in remarks(cited, head=law.replace("verified", "company"))] == ["no-levels"]


ACCEPTED = "accepted_remarks: [{{remark: {}, reason: {{en: The sheet has none., zh: 制度未分级。}}}}]\n"


def test_a_remark_that_is_accepted_with_a_reason() -> None:
    deadline = "deadlines: [{id: D, title: {en: Answer promptly}, from: received_at, to: responded_at, within: 2 days}]\n"
    assert [r.code for r in remarks(deadline, head=HEAD)] == ["no-levels", "vague-word"]
    # One of the policy as a whole, one of a rule: each answers its own and no other.
    assert [r.code for r in remarks(ACCEPTED.format("no-levels") + deadline, head=HEAD)] == ["vague-word"]
    assert [r.code for r in remarks(ACCEPTED.format("vague-word, rule: D") + deadline, head=HEAD)] == ["no-levels"]
    # What check does not remark needs no answer: of another rule, of the whole where a rule is meant, of nothing.
    for entry in ("vague-word, rule: X", "vague-word", "number-runs-out", "no-levels, rule: X"):
        found = remarks(ACCEPTED.format(entry) + deadline, head=HEAD)
        assert [(r.code, r.level) for r in found if r.code not in ("no-levels", "vague-word")] == [("accepted-needless", "warning")]
        assert len(found) == 3
    assert found[1].place.line == 7  # the entry's own
    with pytest.raises(PolicyError, match="unknown-word"):
        load_policy_text(HEAD + ACCEPTED.format("no-level") + deadline)
    # It means nothing to a decision.
    digests = {digest_of(load_policy_text(HEAD + before + deadline).versions[0].model) for before in ("", ACCEPTED.format("no-levels"))}
    assert len(digests) == 1


def pinned(tmp_path: Path, extends: str, until: str = "") -> list[Problem]:
    folder = tmp_path / "base"
    folder.mkdir(exist_ok=True)
    base = HEAD.replace("t/remarks", "t/base")
    for day in ("2026-01-01", "2026-06-01"):
        (folder / f"{day}.yaml").write_text(base.replace("2026-01-01", day), encoding="utf-8")
    (folder / "2026-03-01.yaml").write_text(base.replace("t/base", "t/other").replace("2026-01-01", "2026-03-01"), encoding="utf-8")
    if extends.endswith("base]"):
        (folder / "2026-03-01.yaml").unlink()
    top = HEAD.replace("from: 2026-01-01", f"from: 2026-01-01{until}") + f"extends: {extends}\n"
    (tmp_path / "top.yaml").write_text(top, encoding="utf-8")
    return list(load_policy(tmp_path / "top.yaml").remarks())


def test_an_overlay_pinned_to_a_version_of_its_base(tmp_path: Path) -> None:
    (found,) = pinned(tmp_path, "[./base/2026-01-01.yaml]")
    assert (found.code, found.place.line, found.place.column) == ("base-newer", 7, 11)
    assert "from 2026-06-01 on there is a newer one" in found.render("en")  # 1 March is of another policy
    assert pinned(tmp_path, "[./base/2026-01-01.yaml]", ", until: 2026-06-01") == []
    assert [r.code for r in pinned(tmp_path, "[./base/2026-01-01.yaml]", ", until: 2026-06-02")] == ["base-newer"]
    assert pinned(tmp_path, "[./base]") == []


def test_every_remark_has_a_hint_in_both_languages() -> None:
    for code, (message, hint) in REMARKS.items():
        assert hint is not None
        assert all((message.en, message.zh, hint.en, hint.zh)), code
    assert REMARKS.keys() == LEVELS.keys()
