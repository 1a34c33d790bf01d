"""The recipe of CONTRIBUTING.md, followed: a rule kind of a stranger's own, from schema to explanation.

The kind says that the words of an answer must have (or must not have) a text in them::

    wording: [{id: WD-sorry, in: answer_text, says: [对不起, 抱歉, sorry], before: closed_at}]
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from attrs import frozen
from jsonschema import Draft202012Validator

from complaint_policy import PolicyError, Text, check_policy, load_policy_text
from complaint_policy.building import Builder
from complaint_policy.expressions import nodes as n
from complaint_policy.frame import Rule, settler
from complaint_policy.head import scalar_text, words
from complaint_policy.kinds import Piece, RuleKind, Setting, Step, ids_of_list
from complaint_policy.outcomes import BREACHED, INDETERMINATE, MET, NOT_APPLICABLE, PENDING
from complaint_policy.plugins import hookimpl, make_manager
from complaint_policy.reader import Scalar
from complaint_policy.registry import BUILTIN_KINDS
from complaint_policy.results import Judged, Settled
from complaint_policy.schema_check import policy_schema
from complaint_policy.schemas import rules, text_list
from tests.project.tree import ROOT

State = list[Any]


# ---------------------------------------------------------------- step 1: the room
# model.py: what one rule says, over the frame every rule has
@frozen(kw_only=True)
class Wording(Rule):
    field: str
    says: n.Condition


# build.py: the schema piece, and from the located tree to the model
SCHEMA = rules({"in": {"type": "string"}, "says": text_list()}, ("in", "says"))


def build(pieces: list[Piece], builder: Builder) -> tuple[Wording, ...]:
    made: list[Wording] = []
    for node, env in builder.merged(pieces):
        frame = builder.frame(node, env)
        name = node.get("in")
        declared = builder.fields.get(name.value) if isinstance(name, Scalar) else None
        if declared is None or not isinstance(name, Scalar):
            where = name.place if name is not None else node.place
            builder.problems.add("unknown-field", where, name=scalar_text(name) or "?", near=(scalar_text(name) or "", builder.fields))
            continue
        value = n.NamedValue(declared.name, declared.kind, "field", declared.unit, place=name.place)
        made.append(Wording(**frame, field=declared.name, says=n.HasAny(value, words(node.get("says")), place=name.place)))
    return tuple(made)


# record.py: what it rests on, and its outcome for one record
def steps(section: tuple[Wording, ...]) -> Iterable[Step]:
    for rule in section:
        names = [name for part in (rule.when, rule.says, *(e.when for e in rule.exempt)) for name in n.names_in(part)]
        yield Step(f"rule:{rule.id}", (*names, "field:closed_at"), lambda setting, rule=rule: _compile(rule, setting), rule.place)  # type: ignore[misc]


def _compile(rule: Wording, setting: Setting) -> Callable[[State], Settled]:
    says = setting.compiler.condition(rule.says)
    closed = setting.compiler.condition(n.Present("closed_at"))
    assert says is not None
    assert closed is not None

    def judge(state: State) -> Settled:
        holds = says(state)
        if holds is True:
            return Settled(rule, MET)
        if holds is False:
            return Settled(rule, BREACHED if closed(state) is True else PENDING)
        result = Settled(rule, INDETERMINATE)
        details = result.own_details()
        details.missing, details.possible = tuple(sorted(holds.missing)), frozenset({MET, BREACHED})
        return result

    return settler(rule, setting.compiler, setting.scope, judge, setting.waivers, Settled(rule, NOT_APPLICABLE))


# explain.py: one result as data and as a sentence, in both languages
def to_dict(result: Judged) -> dict[str, Any]:
    return {"rule": result.rule, "outcome": result.outcome, "missing": list(result.missing)}


def message(result: Judged, said: Any) -> Text:
    rule: Any = result.model
    return Text("{t}: the answer must say it ({o}).", "{t}：答复中须写明（{o}）。").filled(t=rule.name, o=result.outcome)


# __init__.py: the kind
KIND = RuleKind(
    key="wording",
    kind="wording",
    title=Text("Wording of the answer", "答复用语"),
    schema=SCHEMA,
    ids=ids_of_list,
    build=build,
    steps=steps,
    judged=True,
    to_dict=to_dict,
    message=message,
)

# ---------------------------------------------------------------- step 2: one line of registration
class House:
    """A plugin with the one hook."""

    @hookimpl
    def complaint_policy_rule_kinds(self) -> list[RuleKind]:
        return [KIND]


MANAGER = make_manager({"house": House()}, strict=True)

# ---------------------------------------------------------------- step 4: its cases
POLICY = """\
format: 1
policy: test/wording
effective: {from: 2020-01-01}
timezone: Asia/Shanghai
plugins: [house]
sources: {house: {title: {en: House style, zh: 答复规范}, status: company}}
record: {fields: {answer_text: {type: string, title: {en: The answer, zh: 答复内容}}, formal: {type: boolean}}}
wording:
  - id: WD-sorry
    title: {en: Say sorry, zh: 致歉}
    source: {ref: house, clause: "3"}
    when: {formal: true}
    in: answer_text
    says: [对不起, 抱歉, sorry]
    waivable: {by: [manager]}
"""
RECORD = {"id": "A", "received_at": "2026-03-02T10:00", "closed_at": "2026-03-03T10:00", "formal": True}
AS_OF = "2026-03-04T00:00"


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"answer_text": "我们深表抱歉。"}, MET),  # hit
        ({"answer_text": "我们深表歉意。"}, BREACHED),  # near miss
        ({"answer_text": "抱歉"}, MET),  # border: nothing but the word
        ({"answer_text": "", "closed_at": None}, INDETERMINATE),  # missing
        ({"answer_text": "好的", "closed_at": None}, PENDING),
        ({"answer_text": "好的", "formal": False}, "not_applicable"),
        ({"answer_text": "好的", "formal": None}, INDETERMINATE),
    ],
)
def test_the_kind_judges(changes: dict[str, Any], outcome: str) -> None:
    policy = load_policy_text(POLICY, plugins=MANAGER)
    decision = policy.evaluate({**RECORD, **changes}, as_of=AS_OF)

    assert decision.outcomes == {"WD-sorry": outcome}
    assert decision.status == outcome


def test_it_is_in_every_part_of_the_decision() -> None:
    policy = load_policy_text(POLICY, plugins=MANAGER)
    decision = policy.evaluate({**RECORD, "answer_text": "好的"}, as_of=AS_OF)

    assert decision.to_dict()["wording"] == [{"rule": "WD-sorry", "outcome": "breached", "missing": []}]
    assert [(f.rule, f.source and f.source["clause"]) for f in decision.findings] == [("WD-sorry", "3")]
    assert "答复用语" in decision.explain("zh")
    assert "Say sorry: the answer must say it" in decision.explain("en")
    assert [b.rule for b in decision.breaches] == ["WD-sorry"]
    json.dumps(decision.to_dict())


def test_the_frame_comes_with_it() -> None:
    """Waivers, the digest, overlays and pickling ask nothing of a new kind."""
    policy = load_policy_text(POLICY, plugins=MANAGER)
    waiver = {"rule": "WD-sorry", "records": ["A"], "reason": "by phone", "by": "manager"}
    decision = policy.evaluate({**RECORD, "answer_text": "好的"}, as_of=AS_OF, waivers=[waiver])

    assert decision.outcomes == {"WD-sorry": "waived"}
    assert policy.digest != load_policy_text(POLICY.replace("对不起", "不好意思"), plugins=MANAGER).digest


def test_the_schema_has_its_piece() -> None:
    schema = policy_schema((*BUILTIN_KINDS, KIND))
    Draft202012Validator.check_schema(schema)
    assert schema["properties"]["wording"] == SCHEMA
    assert "wording" not in policy_schema(BUILTIN_KINDS)["properties"]


def test_its_problems_have_places() -> None:
    with pytest.raises(PolicyError) as caught:
        load_policy_text(POLICY.replace("in: answer_text", "in: answer_txt").replace("says:", "say:"), name="p.yaml", plugins=MANAGER)
    found = [str(problem) for problem in caught.value.problems]
    assert found == [
        "p.yaml:9:5: missing-key 'says' is missing (write says: ... here)",
        "p.yaml:13:9: unknown-field unknown field 'answer_txt' (did you mean 'answer_text'?)",
        "p.yaml:14:5: unknown-key unknown key 'say' (did you mean 'says'?)",
    ]


def test_without_the_kind_the_section_is_refused() -> None:
    with pytest.raises(PolicyError, match="unknown-key unknown key 'wording'"):
        load_policy_text(POLICY.replace("plugins: [house]\n", ""), plugins=MANAGER)
    with pytest.raises(PolicyError, match="unknown-plugin there is no plugin 'house'"):
        load_policy_text(POLICY)


# ---------------------------------------------------------------- the recipe itself
def test_the_recipe_names_what_is_there() -> None:
    """Every path the recipe names exists, and the five steps are five."""
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    recipe = page[page.index("## A new rule kind in five steps") :]
    recipe = recipe[: recipe.index("\n## ", 5)]
    assert [line[0] for line in recipe.splitlines() if line[:1].isdigit()] == list("12345")

    paths = set(re.findall(r"`((?:complaint_policy|tests|docs|policies)/[^`<>*]+)`", page))
    assert paths
    assert [p for p in sorted(paths) if not (ROOT / p).exists()] == []


def test_nothing_is_wrong_with_the_shipped_ones() -> None:
    assert check_policy("cn/base", plugins=MANAGER) == ()


def test_the_audit_takes_it_up() -> None:
    policy = load_policy_text(POLICY, plugins=MANAGER)
    records = [{**RECORD, "answer_text": "抱歉"}, {**RECORD, "id": "B", "answer_text": "好的"}]
    audit = policy.audit(records, as_of=AS_OF)

    assert audit.decisions["WD-sorry.outcome"].to_list() == [MET, BREACHED]
    assert audit.summary().outcomes["WD-sorry"] == {MET: 1, BREACHED: 1}


def test_conditions_and_penalties_name_its_rules() -> None:
    """A kind whose rules can be kept or broken stands in `outcome:` and `for:` like the built-in ones."""
    more = """currency: CNY
escalation: [{id: ESC-words, when: {outcome: {WD-sorry: breached}}, to: editor}]
penalties: [{id: PN-words, for: [WD-sorry], amount: 50, payable_to: company}]
"""
    policy = load_policy_text(POLICY + more, plugins=MANAGER)

    decision = policy.evaluate({**RECORD, "answer_text": "好的"}, as_of=AS_OF)

    assert decision.responsibility.escalate_to == ("editor",)
    assert [str(p.amount) for p in decision.penalties] == ["50.00"]
