"""A policy small enough to be judged by hand: answer within five days, close with a cause, 100 for being late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from complaint_policy.coerce import Unusable, coercer, is_empty
from complaint_policy.errors import RecordError, UsageError
from complaint_policy.fields import CORE_FIELDS, Field
from complaint_policy.outcomes import worst
from complaint_policy.possible import NOT_YET
from complaint_policy.texts import Text
from complaint_policy.zones import Zone, zone_named

LIMIT = timedelta(days=5)


def _rule(name: str, en: str, zh: str) -> Any:
    return SimpleNamespace(id=name, name=Text(en, zh), duty_of="company")


_FIELDS = (
    *(f for f in CORE_FIELDS.values() if f.name != "category"),
    Field("category", "enum", Text("Category", "类别"), values=("network", "tariff", "other")),
    Field("urgent", "boolean", Text("Urgent", "紧急")),
    Field("due", "date", Text("Due", "约定日期")),
)
_SECTIONS: dict[str, Any] = {
    "severity": SimpleNamespace(
        levels=("general", "major"), title_of=lambda level: Text(level, {"general": "一般", "major": "重大"}[level])
    ),
    "deadlines": (_rule("DL-answer", "Answer", "答复"),),
    "requirements": (_rule("RQ-cause", "Cause on record", "记录原因"),),
    "penalties": (_rule("PN-late", "Late answer", "逾期答复"),),
}
_MODEL = SimpleNamespace(fields={f.name: f for f in _FIELDS}, section=_SECTIONS.__getitem__)


class FakePolicy:
    """What the audit needs of a policy, and nothing else."""

    id: str = "test/fake"
    title: Text = Text("A fake", "测试制度")
    zone: Zone = zone_named("Asia/Shanghai")
    currency: str | None = "CNY"
    fields: tuple[Field, ...] = _FIELDS
    versions: tuple[Any, ...] = (SimpleNamespace(model=_MODEL),)
    kinds: tuple[Any, ...] = (
        SimpleNamespace(key="deadlines", kind="deadline", judged=True),
        SimpleNamespace(key="requirements", kind="requirement", judged=True),
        SimpleNamespace(key="penalties", kind="penalty", judged=False),
        SimpleNamespace(key="severity", kind="severity", judged=False),
    )

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []
        self.fails_on: str | None = None

    def instant(self, as_of: datetime | str) -> datetime:
        if not isinstance(as_of, datetime):
            raise UsageError(Text("as_of is a bare date", "as_of 只有日期"))
        return self.zone.to_utc(as_of) if as_of.tzinfo is None else as_of.astimezone(UTC).replace(tzinfo=None)

    def read_waivers(self, data: Any) -> Any:
        return data

    def evaluate(
        self,
        record: Mapping[str, Any],
        *,
        as_of: datetime,
        source_fields: AbstractSet[str] | None = None,
        waivers: Sequence[Any] = (),
    ) -> Any:
        self.seen.append(dict(record))
        if self.fails_on is not None and record.get("id") == self.fails_on:
            raise ZeroDivisionError
        values: dict[str, Any] = {}
        unusable: dict[str, Text] = {}
        for field in self.fields:
            cell = record.get(field.name)
            if not is_empty(cell):
                try:
                    values[field.name] = coercer(field, self.zone, self.currency)(cell)
                except Unusable as error:
                    unusable[field.name] = error.reason
        received = values.get("received_at")
        if received is None:
            raise RecordError(Text("no usable received_at", "没有可用的受理时间"), "received_at")
        start = getattr(received, "low", received)
        known = source_fields is None or "responded_at" in source_fields
        done = values.get("responded_at")
        done = getattr(done, "high", done)
        now = self.instant(as_of)
        due = start + LIMIT
        missing: tuple[str, ...] = ()
        if not known or "responded_at" in unusable:
            outcome, missing = "indeterminate", ("responded_at",)
        else:
            outcome = "met" if done and done <= due else "breached" if done or now > due else "pending"
        cause = "met" if values.get("root_cause") else "pending"
        deadline = SimpleNamespace(
            rule="DL-answer", outcome=outcome, missing=missing, due_at=self.zone.to_aware(due),
            done_at=self.zone.to_aware(done) if done else None,
            due=due,
            done=done or NOT_YET,
            over_by=done - due if done and outcome == "breached" else None,
        )  # fmt: skip
        late = outcome == "breached"
        amount = Decimal("100.00")
        penalty = SimpleNamespace(rule="PN-late", state="proposed", amount=amount, min=amount, max=amount)
        requirement = SimpleNamespace(rule="RQ-cause", outcome=cause, missing=())
        return SimpleNamespace(
            complaint_id=str(record["id"]) if "id" in record else None,
            as_of=self.zone.to_aware(now),
            policy_version="2024-01-01",
            status=worst([outcome, cause]),
            severity=SimpleNamespace(
                level="major" if values.get("urgent") else "general", possible=("general",), missing=()
            ),
            responsibility=SimpleNamespace(
                owner=values.get("category"), candidates=("network", "tariff"), missing=("category",)
            ),
            deadlines=(deadline,),
            judged=lambda: (deadline, requirement),
            penalties=(penalty,) if late else (),
            outcomes={"DL-answer": outcome, "RQ-cause": cause},
            unusable=unusable,
        )
