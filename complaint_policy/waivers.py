"""Waivers: a named role lets a breach of one rule pass for some records, with a reason, until a day.

A waiver that cannot be used is ignored, with a finding; what is waived is shown, never hidden.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from complaint_policy.coerce import Unusable, as_text, read_moment
from complaint_policy.errors import WaiverError
from complaint_policy.expressions.environment import Environment
from complaint_policy.expressions.nodes import Condition, Each, names_in
from complaint_policy.expressions.parse_conditions import parse_condition
from complaint_policy.field_tests import FieldTest
from complaint_policy.findings import Finding
from complaint_policy.frame import Held, Waived
from complaint_policy.head import scalar_text, text_of, words
from complaint_policy.intake import getter_of
from complaint_policy.model import PolicyModel
from complaint_policy.outcomes import WAIVED
from complaint_policy.problems import NOWHERE, Place, Problems
from complaint_policy.reader import Mapping, Node, Scalar, from_plain, read_yaml
from complaint_policy.reader import Sequence as ListNode
from complaint_policy.texts import Text, joined
from complaint_policy.zones import Zone

if TYPE_CHECKING:
    from complaint_policy.policy import Policy

__all__ = ["EXPIRED", "IN_FORCE", "NOT_YET", "UNUSABLE", "Waiver", "WaiverSet", "chosen", "read_waivers"]

UNUSABLE: Final = "unusable"
IN_FORCE: Final = "in_force"
NOT_YET: Final = "not_yet"
EXPIRED: Final = "expired"
Test = Callable[[Any, datetime, Collection[str] | None], Any]


@frozen
class Waiver:
    """One entry of a waiver file; ``fault`` says why it cannot be used."""

    rule: str
    by: str
    reason: Text
    at: datetime | None  # naive UTC; None: since ever
    until: datetime | None  # naive UTC, exclusive; None: for ever
    ids: frozenset[str]
    test: Test | None
    fault: Text | None = None
    condition: Condition | None = None  # what ``test`` tests
    place: Place = field(default=NOWHERE, eq=False)

    @property
    def own_rule(self) -> str:
        """The rule's id, without the time of a duty that begins anew."""
        return self.rule.partition("#")[0]

    def allowed_by(self, model: PolicyModel) -> bool:
        """Whether a version lets this role waive the rule; another version may not have it."""
        rule = model.rule(self.own_rule)
        return rule is not None and self.by in rule.waivable_by

    def state_at(self, instant: datetime) -> str:
        """``unusable``, ``not_yet``, ``expired`` or ``in_force``."""
        if self.fault is not None:
            return UNUSABLE
        if self.holds_at(instant):
            return IN_FORCE
        return NOT_YET if self.at is not None and instant < self.at else EXPIRED

    def holds_at(self, instant: datetime) -> bool:
        return (self.at is None or self.at <= instant) and (self.until is None or instant < self.until)


@frozen
class WaiverSet:
    """Waivers checked against a policy."""

    waivers: tuple[Waiver, ...]

    def __bool__(self) -> bool:
        return bool(self.waivers)


def read_waivers(policy: Policy, data: Any, file: str = "<waivers>") -> WaiverSet:
    """YAML text, or a list of mappings; raises :class:`WaiverError` where it is no list of waivers at all."""
    problems = Problems()
    try:
        tree: Node | None = read_yaml(data, file, problems) if isinstance(data, (str, bytes)) else from_plain(data, file)
    except Exception:  # noqa: BLE001  lists that hold themselves, objects that cannot be shown
        tree = None
    if problems.has_any():
        raise WaiverError(problems.sorted())
    if isinstance(tree, Mapping) and tree.get("waivers") is not None:
        tree = tree.get("waivers")
    if not isinstance(tree, ListNode):
        where = tree.place if tree is not None else from_plain("", file).place
        problems.add("wrong-shape", where, wanted=Text("a list of waivers", "豁免列表"))
        raise WaiverError(problems.sorted())
    return WaiverSet(tuple(_waiver(policy, item) for item in tree.items))


def _waiver(policy: Policy, node: Node) -> Waiver:
    if not isinstance(node, Mapping):
        return Waiver("?", "", Text("", ""), None, None, frozenset(), None, Text("not a mapping", "不是键值结构"), place=node.place)
    faults: list[Text] = []
    rule_id, by = scalar_text(node.get("rule")) or "?", scalar_text(node.get("by")) or ""
    model = policy.versions[-1].model
    # One time of a duty that begins anew may be waived by itself: `DL-update#2`.
    own, mark, time = rule_id.partition("#")
    rule = next((r for v in reversed(policy.versions) if (r := v.model.rule(own)) is not None), None)
    if mark and not (time.isdecimal() and isinstance(getattr(rule, "start", None), Each)):
        rule = None
    if rule is None:
        faults.append(Text(f"unknown rule '{rule_id}'", f"规则“{rule_id}”不存在"))
    elif not rule.waivable_by:
        faults.append(Text(f"rule '{rule_id}' cannot be waived", f"规则“{rule_id}”不可豁免"))
    elif by not in rule.waivable_by:
        allowed = ", ".join(rule.waivable_by)
        faults.append(Text(f"'{by}' may not waive it (only {allowed})", f"“{by}”无权豁免（仅限{allowed}）"))
    for key in node.keys():
        if key not in ("rule", "records", "reason", "by", "at", "until"):
            faults.append(Text(f"unknown key '{key}'", f"未知的键“{key}”"))
    reason_node = node.get("reason")
    reason = text_of(reason_node) or (Text(reason_node.value, reason_node.value) if isinstance(reason_node, Scalar) and reason_node.value else None)
    if reason is None:
        faults.append(Text("no reason", "没有理由"))
    at, until = _moment(policy, node.get("at"), faults, last=False), _moment(policy, node.get("until"), faults, last=True)
    ids, test, condition = _records(model, policy, node.get("records"), faults)
    fault = joined(faults) if faults else None
    return Waiver(rule_id, by, reason or Text("", ""), at, until, ids, test, fault, condition, node.place)


def _moment(policy: Policy, node: Node | None, faults: list[Text], *, last: bool) -> datetime | None:
    """A bare ``until`` day is the last day the waiver holds."""
    if node is None:
        return None
    try:
        read = read_moment(node.value if isinstance(node, Scalar) else None, policy.zone)
    except Unusable as error:
        faults.append(error.reason)
        return None
    if isinstance(read, datetime):
        return read
    if last and read == date.max:
        return None  # for good
    return policy.zone.beginning(read + timedelta(days=1) if last else read)


def _records(model: Any, policy: Policy, node: Node | None, faults: list[Text]) -> tuple[frozenset[str], Test | None, Condition | None]:
    if node is None:
        faults.append(Text("no records named", "未指明记录"))
        return frozenset(), None, None
    if not isinstance(node, Mapping):
        return frozenset(words(node)), None, None
    problems = Problems()
    env = Environment(
        problems, dict(model.fields), lambda name, place: None, frozenset(), {}, (), dict(model.calendars), model.counting, terms=dict(model.terms)
    )
    condition = parse_condition(node, env)
    if condition is None or problems.has_any() or any(not n.startswith("field:") for n in names_in(condition)):
        faults.extend(p.message for p in problems.sorted())
        if not problems.has_any():
            faults.append(Text("the condition may name record fields only", "条件只能使用记录字段"))
        return frozenset(), None, None
    return frozenset(), FieldTest(condition, model, policy.zone), condition


def chosen(
    policy: Policy,
    model: PolicyModel,
    waivers: WaiverSet | Iterable[Any],
    record: Any,
    instant: datetime,
    source_fields: Collection[str] | None,
    notes: list[Finding],
) -> Held:
    """The waivers that hold for a record under a version, by rule; those that cannot be used become findings."""
    known = waivers if isinstance(waivers, WaiverSet) else read_waivers(policy, list(waivers))
    try:
        identity = _identity(record)
    except Exception:  # noqa: BLE001  a record whose id cannot be read is named by no waiver
        identity = ""
    held, named = Held(), []
    for number, waiver in enumerate(known.waivers):
        applies = identity in waiver.ids if waiver.test is None else waiver.test(record, instant, source_fields) is True
        if waiver.fault is not None:
            if waiver.test is not None or not waiver.ids or identity in waiver.ids:
                notes.append(Finding(waiver.rule, "waiver_ignored", Text("Waiver ignored: ", "豁免未被采用：") + waiver.fault))
        elif applies and not waiver.holds_at(instant):
            notes.append(Finding(waiver.rule, "waiver_ignored", Text("Waiver not in force at this moment.", "豁免在该时刻未生效或已过期。")))
        elif applies and waiver.allowed_by(model):
            held[waiver.rule] = Waived(waiver.rule, waiver.by, waiver.reason, waiver.at, waiver.until)
            named.append(str(number))
        elif applies and model.rule(waiver.own_rule) is not None:
            message = Text("Waiver ignored: '{b}' may not waive it under this version.", "豁免未被采用：依此版本“{b}”无权豁免。").filled(b=waiver.by)
            notes.append(Finding(waiver.rule, "waiver_ignored", message))
    held.named = tuple(named)
    return held


def _identity(record: Any) -> str | None:
    """The record's id as the decision prints it."""
    try:
        return as_text(getter_of(record)("id"))
    except Exception:  # noqa: BLE001  a stranger's object may raise anything
        return None


def waived_dict(waivers: dict[str, Waived] | None, zone: Zone) -> list[dict[str, Any]]:
    """The waivers of a decision, echoed."""

    def shown(moment: datetime | None) -> str | None:
        return zone.to_aware(moment).isoformat() if moment is not None else None

    return [
        {"rule": w.rule, "by": w.by, "reason": w.reason.to_dict(), "at": shown(w.at), "until": shown(w.until), "outcome": WAIVED}
        for w in (waivers or {}).values()
    ]
