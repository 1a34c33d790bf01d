"""Rule engines that judge one record, each given severity and owner in its own language, and nothing more.

They take no working-day calendars, so deadlines and amounts are left out: what they do is a part of what the library does.
The owner of an engine that only answers conditions is looked up in a Python dictionary.  Engines known to be slower than
these on the same task (Cedar, Rego, Cloud Custodian, durable-rules, cel-python, json-logic-qubit) are left out.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from typing import Any, NamedTuple

from workload import OWNER

Row = dict[str, Any]
Answers = list[tuple[int, str]]
Ready = Callable[[], Answers]
FIELDS = ("channel", "category", "amount_claimed", "affected_customers", "repeat_count", "media_exposure", "injury", "regulator_involved")


class Peer(NamedTuple):
    """``ready`` compiles the rules and takes the records; what it gives judges them all."""

    name: str
    distribution: str
    ready: Callable[[Sequence[Row]], Ready]

    @property
    def version(self) -> str | None:
        try:
            return version(self.distribution)
        except PackageNotFoundError:
            return None


def by_hand(r: Row) -> tuple[int, str]:
    """Severity and owner, written by hand."""
    a = r["amount_claimed"]
    n = r["affected_customers"]
    if r["injury"] or (r["regulator_involved"] and a is not None and a >= 50000) or n >= 1000:
        s = 4
    elif r["media_exposure"] or (a is not None and a >= 10000) or n >= 100:
        s = 3
    elif r["repeat_count"] >= 3 or (a is not None and a >= 1000) or r["channel"] in ("regulator", "media"):
        s = 2
    else:
        s = 1
    return s, OWNER[r["category"]][s - 1]


def _owned(severity: Callable[[Row], int], rows: Sequence[Row]) -> Ready:
    def judged() -> Answers:
        found = []
        for row in rows:
            level = severity(row)
            found.append((level, OWNER[row["category"]][level - 1]))
        return found

    return judged


# --------------------------------------------------------------------------- GoRules Zen
_ZEN = (
    "injury or (regulator_involved and (amount_claimed ?? 0) >= 50000) or affected_customers >= 1000",
    "media_exposure or (amount_claimed ?? 0) >= 10000 or affected_customers >= 100",
    "repeat_count >= 3 or (amount_claimed ?? 0) >= 1000 or channel in ['regulator', 'media']",
)
_ZEN_SEVERITY = f"{_ZEN[0]} ? 4 : ({_ZEN[1]} ? 3 : ({_ZEN[2]} ? 2 : 1))"


def _zen_compiled(rows: Sequence[Row]) -> Ready:
    expression = importlib.import_module("zen").compile_expression(_ZEN_SEVERITY)
    return _owned(lambda row: int(expression.evaluate(row)), rows)


def _zen_expressions(rows: Sequence[Row]) -> Ready:
    owner = " ".join(f"category == '{k}' ? {json.dumps(v)}[$.severity - 1] :" for k, v in OWNER.items()) + " null"
    expressions = [{"id": "1", "key": "severity", "value": _ZEN_SEVERITY}, {"id": "2", "key": "owner", "value": owner}]
    content = {"expressions": expressions, "passThrough": False, "executionMode": "single"}
    return _zen_graph({"id": "x", "name": "x", "type": "expressionNode", "content": content}, rows=rows)


def _zen_tables(rows: Sequence[Row]) -> Ready:
    first = {"hitPolicy": "first", "passThrough": True, "executionMode": "single"}
    levels = [{"_id": str(i), "c": condition, "s": str(level)} for i, (condition, level) in enumerate(zip((*_ZEN, ""), (4, 3, 2, 1), strict=True))]
    severity = first | {
        "inputs": [{"id": "c", "name": "condition"}],  # no field: each cell is a whole expression
        "outputs": [{"id": "s", "name": "severity", "field": "severity"}],
        "rules": levels,
    }
    cells = [{"_id": f"{k}{i}", "c": f'"{k}"', "v": str(i + 1), "o": f'"{o}"'} for k, v in OWNER.items() for i, o in enumerate(v)]
    owner = first | {
        "inputs": [{"id": "c", "name": "category", "field": "category"}, {"id": "v", "name": "severity", "field": "severity"}],
        "outputs": [{"id": "o", "name": "owner", "field": "owner"}],
        "rules": cells,
    }
    nodes = [{"id": name, "name": name, "type": "decisionTableNode", "content": content} for name, content in (("severity", severity), ("owner", owner))]
    return _zen_graph(*nodes, rows=rows)


def _zen_graph(*inner: dict[str, Any], rows: Sequence[Row]) -> Ready:
    nodes = [{"id": "in", "name": "in", "type": "inputNode"}, *inner, {"id": "out", "name": "out", "type": "outputNode"}]
    edges = [{"id": f"e{i}", "sourceId": a["id"], "targetId": b["id"], "type": "edge"} for i, (a, b) in enumerate(pairwise(nodes))]
    # A static loader compiles once: ten times as fast as `create_decision`.
    engine = importlib.import_module("zen").ZenEngine({"loader": {"type": "static", "content": {"w": {"nodes": nodes, "edges": edges}}}})

    def results() -> Iterator[dict[str, Any]]:
        for row in rows:
            yield engine.evaluate("w", row)["result"]

    return lambda: [(int(found["severity"]), found["owner"]) for found in results()]


# --------------------------------------------------------------------------- Common Expression Language
_CEL = (
    "injury || (regulator_involved && amount_claimed != null && amount_claimed >= 50000.0) || affected_customers >= 1000 ? 4 : "
    "(media_exposure || (amount_claimed != null && amount_claimed >= 10000.0) || affected_customers >= 100 ? 3 : "
    "(repeat_count >= 3 || (amount_claimed != null && amount_claimed >= 1000.0) || channel in ['regulator', 'media'] ? 2 : 1))"
)


def _cel(rows: Sequence[Row]) -> Ready:
    program = importlib.import_module("cel").compile(_CEL)
    return _owned(program.execute, rows)


# --------------------------------------------------------------------------- rule-engine
_RULES = (
    "injury or (regulator_involved and amount_claimed != null and amount_claimed >= 50000) or affected_customers >= 1000",
    "media_exposure or (amount_claimed != null and amount_claimed >= 10000) or affected_customers >= 100",
    "repeat_count >= 3 or (amount_claimed != null and amount_claimed >= 1000) or channel in ['regulator', 'media']",
)


def _rule_engine(rows: Sequence[Row]) -> Ready:
    rule = importlib.import_module("rule_engine").Rule
    rules = [(level, rule(text)) for level, text in zip((4, 3, 2), _RULES, strict=True)]
    return _owned(lambda row: next((level for level, rule in rules if rule.matches(row)), 1), rows)


# --------------------------------------------------------------------------- business-rules
def _business_rules(rows: Sequence[Row]) -> Ready:
    engine = importlib.import_module("business_rules")
    actions = importlib.import_module("business_rules.actions")
    variables = importlib.import_module("business_rules.variables")
    numeric = importlib.import_module("business_rules.fields").FIELD_NUMERIC
    boolean, number, text = variables.boolean_rule_variable, variables.numeric_rule_variable, variables.string_rule_variable

    def held(self: Any, row: Row) -> None:
        self.row = row

    def variable(kind: Any, name: str, empty: Any = False) -> Any:
        def read(self: Any) -> Any:
            return self.row[name] or empty

        read.__name__ = name
        return kind(read)

    members: dict[str, Any] = {"__init__": held, "channel": variable(text, "channel", "")}
    members |= {name: variable(boolean, name) for name in ("injury", "media_exposure", "regulator_involved")}
    members |= {name: variable(number, name, 0) for name in ("amount_claimed", "affected_customers", "repeat_count")}
    complaint = type("Complaint", (variables.BaseVariables,), members)

    def kept(self: Any, found: list[int]) -> None:
        self.found = found

    def set_level(self: Any, level: int) -> None:
        self.found.append(level)

    level_of = type("Level", (actions.BaseActions,), {"__init__": kept, "set_level": actions.rule_action(params={"level": numeric})(set_level)})

    def at_least(name: str, value: int) -> dict[str, Any]:
        return {"name": name, "operator": "greater_than_or_equal_to", "value": value}

    def true(name: str) -> dict[str, Any]:
        return {"name": name, "operator": "is_true", "value": ""}

    def equal(name: str, value: str) -> dict[str, Any]:
        return {"name": name, "operator": "equal_to", "value": value}

    conditions: tuple[list[dict[str, Any]], ...] = (
        [true("injury"), {"all": [true("regulator_involved"), at_least("amount_claimed", 50000)]}, at_least("affected_customers", 1000)],
        [true("media_exposure"), at_least("amount_claimed", 10000), at_least("affected_customers", 100)],
        [at_least("repeat_count", 3), at_least("amount_claimed", 1000), equal("channel", "regulator"), equal("channel", "media")],
    )
    rules = [
        {"conditions": {"any": any_of}, "actions": [{"name": "set_level", "params": {"level": level}}]}
        for level, any_of in zip((4, 3, 2), conditions, strict=True)
    ]

    def severity(row: Row) -> int:
        found: list[int] = []
        engine.run_all(rule_list=rules, defined_variables=complaint(row), defined_actions=level_of(found), stop_on_first_trigger=True)
        return found[0] if found else 1

    return _owned(severity, rows)


# --------------------------------------------------------------------------- JSON logic
def _json_logic(rows: Sequence[Row]) -> Ready:
    logic = importlib.import_module("json_logic").jsonLogic

    def at_least(name: str, bound: int) -> dict[str, Any]:
        return {">=": [{"var": name}, bound]}

    rule = {
        "if": [
            {"or": [{"var": "injury"}, {"and": [{"var": "regulator_involved"}, at_least("amount_claimed", 50000)]}, at_least("affected_customers", 1000)]},
            4,
            {"or": [{"var": "media_exposure"}, at_least("amount_claimed", 10000), at_least("affected_customers", 100)]},
            3,
            {"or": [at_least("repeat_count", 3), at_least("amount_claimed", 1000), {"in": [{"var": "channel"}, ["regulator", "media"]]}]},
            2,
            1,
        ]
    }
    return _owned(lambda row: int(logic(rule, row)), rows)


PEERS = (
    Peer("GoRules Zen, compiled expression", "zen-engine", _zen_compiled),
    Peer("GoRules Zen, expression node", "zen-engine", _zen_expressions),
    Peer("GoRules Zen, decision tables", "zen-engine", _zen_tables),
    Peer("CEL (common-expression-language)", "common-expression-language", _cel),
    Peer("JSON logic (panzi-json-logic)", "panzi-json-logic", _json_logic),
    Peer("rule-engine", "rule-engine", _rule_engine),
    Peer("business-rules", "business-rules", _business_rules),
)
