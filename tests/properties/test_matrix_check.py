"""`check` says hole, overlap, dead row, shadowed level exactly where judging every record says so."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest import raises

from complaint_policy import PolicyError
from complaint_policy.cells import Cells
from complaint_policy.expressions import nodes as n
from complaint_policy.loader import load_policy_text
from complaint_policy.sieve import places
from complaint_policy.sifted import sifted

HEAD = "format: 1\npolicy: test/matrix\neffective: {from: 2020-01-01}\ntimezone: UTC\n"
AS_OF = "2026-03-01T00:00"

KIND = st.sampled_from(
    [
        {"type": "enum", "values": ["a", "b", "c"]},
        {"type": "enum", "values": ["a", "b", "c"], "empty": "none"},
        {"type": "enum", "values": ["a", "b", "c"], "default": "b"},
    ]
)
FLAG = st.sampled_from([{"type": "boolean"}, {"type": "boolean", "default": "false"}, {"type": "boolean", "empty": "none"}])
COUNT = st.sampled_from([{"type": "integer"}, {"type": "integer", "default": "2"}, {"type": "number"}])
WORDS = st.just({"type": "list"})

VALUES: dict[str, list[Any]] = {
    "kind": ["a", "b", "c", None],
    "flag": [True, False, None],
    "amount": ["-1", "0", "0.5", "1", "1.25", "1.5", "1.75", "2", "2.5", "3", "4", None],
    "words": [["x"], ["y"], ["x", "y"], ["z"], None],
}


def _kind_test() -> st.SearchStrategy[Any]:
    one = st.sampled_from(["a", "b", "c"])
    many = st.lists(one, min_size=1, max_size=3, unique=True)
    return st.one_of(one, many, st.builds(lambda m: {"not": m}, many), st.sampled_from(["present", "missing"]), st.just({"contains": "a"}))


def _count_test() -> st.SearchStrategy[Any]:
    cut = st.sampled_from(["0", "1", "1.5", "2", "3"])
    return st.one_of(
        cut,
        st.builds(lambda o, c: {o: c}, st.sampled_from(["at_least", "at_most", "above", "below"]), cut),
        st.builds(lambda a, b: {"above": a, "below": b}, cut, cut),
        st.just("missing"),
    )


def _condition() -> st.SearchStrategy[dict[str, Any]]:
    parts = {
        "kind": _kind_test(),
        "flag": st.sampled_from(["true", "false", "present"]),
        "amount": _count_test(),
        "words": st.sampled_from(["x", "y", {"contains": ["x", "y"]}, {"not": {"contains": "x"}}]),
        "level_fact": st.sampled_from(["true", "false"]),
    }
    simple = st.sets(st.sampled_from(sorted(parts)), min_size=1, max_size=2).flatmap(lambda names: st.fixed_dictionaries({n: parts[n] for n in sorted(names)}))
    return st.recursive(
        simple,
        lambda inner: st.one_of(
            st.builds(lambda p: {"any": p}, st.lists(inner, min_size=2, max_size=2)),
            st.builds(lambda p: {"not": p}, inner),
            st.builds(lambda p: {"all": p}, st.lists(inner, min_size=2, max_size=2)),
        ),
        max_leaves=3,
    )


FACT = st.sampled_from([{"kind": ["a", "b"]}, {"flag": "true"}, {"amount": {"at_least": "2"}}, {"any": [{"kind": "c"}, {"flag": "false"}]}])
FIELDS = st.fixed_dictionaries({"kind": KIND, "flag": FLAG, "amount": COUNT, "words": WORDS})


def _yaml(sections: dict[str, Any]) -> str:
    return HEAD + "".join(f"{key}: {json.dumps(value)}\n" for key, value in sections.items())


def _codes(text: str) -> set[str]:
    try:
        load_policy_text(text)
    except PolicyError as error:
        return {p.code for p in error.problems}
    return set()


def _truth(fields: dict[str, Any], fact: dict[str, Any], conditions: list[dict[str, Any]]) -> list[list[bool | None]]:
    """What each condition is for every record, as the record evaluator says."""
    facts = {"level_fact": fact, **{f"c{i}": condition for i, condition in enumerate(conditions)}}
    policy = load_policy_text(_yaml({"record": {"fields": fields}, "facts": facts}))
    whole = fields["amount"]["type"] == "integer"
    rows: list[list[bool | None]] = []
    names = list(VALUES)
    for combination in product(*VALUES.values()):
        record = dict(zip(names, combination, strict=True))
        if whole and "." in (record["amount"] or ""):
            continue
        decision = policy.evaluate({"received_at": "2026-02-01T00:00", **record}, as_of=AS_OF)
        rows.append([decision.fact(f"c{i}") for i in range(len(conditions))])
    return rows


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(FIELDS, FACT, st.lists(_condition(), min_size=1, max_size=3), st.booleans())
def test_matrix(fields: dict[str, Any], fact: dict[str, Any], conditions: list[dict[str, Any]], closed: bool) -> None:
    rows = [{"id": f"R{i}", "when": condition, "owner": f"o{i}"} for i, condition in enumerate(conditions)]
    matrix: dict[str, Any] = {"by": ["kind", "flag", "amount", "words", "level_fact"], "rows": rows}
    if closed:
        matrix["otherwise"] = {"owner": "rest"}
    found = _codes(_yaml({"record": {"fields": fields}, "facts": {"level_fact": fact}, "responsibility": matrix}))
    truth = _truth(fields, fact, conditions)
    expected = set()
    if any(answers.count(True) > 1 for answers in truth):
        expected.add("matrix-overlap")
    if not closed and any(True not in answers for answers in truth):
        expected.add("matrix-hole")
    if any(all(answers[i] is not True for answers in truth) for i in range(len(conditions))):
        expected.add("never-fires")
    assert found == expected, (fields, fact, conditions)


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(FIELDS, FACT, st.lists(_condition(), min_size=1, max_size=3))
def test_severity(fields: dict[str, Any], fact: dict[str, Any], conditions: list[dict[str, Any]]) -> None:
    rules = [{"id": f"S{i}", "level": "high", "when": condition} for i, condition in enumerate(conditions)]
    severity = {"levels": ["low", "high"], "rules": rules, "otherwise": "low"}
    found = _codes(_yaml({"record": {"fields": fields}, "facts": {"level_fact": fact}, "severity": severity}))
    truth = _truth(fields, fact, conditions)
    expected = set()
    for i in range(len(conditions)):
        firing = [answers for answers in truth if answers[i] is True]
        if not firing:
            expected.add("never-fires")
        elif all(True in answers[:i] for answers in firing):
            expected.add("shadowed-rule")
    assert found == expected, (fields, fact, conditions)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(FIELDS, FACT, st.lists(_condition(), min_size=1, max_size=5))
def test_sifted_conditions_are_those_that_hold(fields: dict[str, Any], fact: dict[str, Any], conditions: list[dict[str, Any]]) -> None:
    facts = {"level_fact": fact, **{f"c{i}": condition for i, condition in enumerate(conditions)}}
    model = load_policy_text(_yaml({"record": {"fields": fields}, "facts": facts})).versions[0].model
    asked: list[n.Condition] = [model.facts[f"c{i}"].expression for i in range(len(conditions))]  # type: ignore[misc]
    cells = Cells(model, asked, ("kind", "flag", "amount", "words", "level_fact"))
    sieve = sifted(cells, asked)
    assert sieve is not None
    for cell in cells:
        assert list(places(sieve.holding(cell))) == [i for i, condition in enumerate(asked) if cells.holds(condition, cell) is True]


def test_a_large_matrix_is_told_its_smallest_counter_examples() -> None:
    """2,500 rows of one cell: one cell left out, one row twice, one that no complaint has."""
    values = [f"v{i}" for i in range(50)]
    fields = {"kind": {"type": "enum", "values": values}, "word": {"type": "string"}}
    rows = [{"id": f"R{i}-{j}", "when": {"kind": v, "word": w}, "owner": "o"} for i, v in enumerate(values) for j, w in enumerate(values)]
    assert not _codes(_yaml({"record": {"fields": fields}, "responsibility": {"by": ["kind", "word"], "rows": rows, "otherwise": {"owner": "rest"}}}))
    rows[3 * 50 + 7]["when"] = {"kind": "v3", "word": "v8"}
    rows[4 * 50 + 1]["when"] = {"kind": "v4", "all": [{"word": "v1"}, {"word": "v2"}]}
    with raises(PolicyError) as refused:
        load_policy_text(_yaml({"record": {"fields": fields}, "responsibility": {"by": ["kind", "word"], "rows": rows}}))
    found = {(p.code, p.message.en) for p in refused.value.problems}
    assert {code for code, _ in found} == {"matrix-overlap", "matrix-hole", "never-fires"}
    # Rows are told in order: the later one overlaps the earlier one; the first hole in the order of the axes lacks no value.
    assert [m for c, m in found if c == "matrix-overlap"] == ["'R3-8' and 'R3-7' both take a complaint with kind: v3, word: v8"]
    assert [m for c, m in found if c == "matrix-hole"] == ["nobody owns a complaint with kind: v0, word: any other"]
