"""Banking: losses from transactions, who bears them, causes from codes, the chain of handlers, extensions that count.

What YAML cannot say: add up amounts of the log, look at every window of time, follow a chain from hand to hand, let each step of an extension rest on
those before it.  A policy that says ``plugins: [banking]`` has the entries ``transaction``, ``transfer`` and ``extension`` of the event log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from complaint_policy.contributed import DerivedFact, Settings
from complaint_policy.fields import EntryKind, Field
from complaint_policy.plugins.hookspecs import hookimpl
from complaint_policy.plugins.industries.stretches import normalised
from complaint_policy.texts import Text
from complaint_policy.versions import library_version

__all__ = ["complaint_policy_facts", "complaint_policy_record_fields", "complaint_policy_settings"]

version: Final = library_version
Entries = Sequence[Mapping[str, Any]]
_ZERO: Final = Decimal(0)
_HOUR: Final = timedelta(hours=1)
_LONGEST: Final = 10_000  # days of one extension: more is a slip of the keyboard


# --------------------------------------------------------------------------- losses
def _losses(transactions: Entries) -> list[tuple[datetime, Decimal]] | None:
    """When what was lost, of the transactions the customer did not authorise; ``None`` where that or an amount is not known."""
    if any(entry["authorised"] is None or (entry["authorised"] is False and (entry["amount"] is None or entry["amount"] < 0)) for entry in transactions):
        return None
    return [(entry["at"], entry["amount"]) for entry in transactions if not entry["authorised"]]


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, _ZERO)


def fraud_loss(transactions: Entries) -> Decimal | None:
    """All that was lost."""
    losses = _losses(transactions)
    return None if losses is None else _sum(amount for _, amount in losses)


def loss_after_report(transactions: Entries, reported: datetime) -> Decimal | None:
    """What was lost from the report on, the moment of the report included: the bank knew."""
    losses = _losses(transactions)
    return None if losses is None else _sum(amount for at, amount in losses if at >= reported)


def customer_bears(transactions: Entries, reported: datetime, learned: datetime, *, settings: Mapping[str, Any]) -> Decimal | None:
    """The customer's part of the loss.

    Reported within ``report_hours`` of learning of it (the last moment included): what was lost before the report, at most ``cap_in_time``.  Later: of what was
    lost up to the end of those hours at most ``cap_in_time``, and what was lost from then until the report, together at most ``cap_late``.
    """
    losses = _losses(transactions)
    if losses is None or None in (settings["report_hours"], settings["cap_in_time"], settings["cap_late"]):
        return None
    cap, late = Decimal(settings["cap_in_time"]), Decimal(settings["cap_late"])
    end = learned + settings["report_hours"] * _HOUR
    before = [(at, amount) for at, amount in losses if at < reported]
    if reported <= end:
        return min(cap, _sum(amount for _, amount in before))
    early = min(cap, _sum(amount for at, amount in before if at <= end))
    return min(late, early + _sum(amount for at, amount in before if at > end))


def bank_bears(loss: Decimal, customer: Decimal) -> Decimal:
    """The bank's part: the rest."""
    return loss - customer


def largest_loss_in_window(transactions: Entries, *, settings: Mapping[str, Any]) -> Decimal | None:
    """The most that was lost in any ``window_hours`` on end; what lies exactly so far apart is still together."""
    losses, hours = _losses(transactions), settings["window_hours"]
    if losses is None or hours is None:
        return None
    largest = total = _ZERO
    first = 0
    for at, amount in losses:
        total += amount
        while losses[first][0] < at - hours * _HOUR:
            total -= losses[first][1]
            first += 1
        largest = max(largest, total)
    return largest


# --------------------------------------------------------------------------- identity checks
def identity_check_cause(code: str | None, *, settings: Mapping[str, Any]) -> str | None:
    """The cause that the setting ``check_codes`` (``E01=document expired``) gives for the code, however it was typed; unknown for another code."""
    wanted = normalised(code)
    for pair in settings["check_codes"] or ():
        written, _, cause = pair.partition("=")
        if wanted is not None and normalised(written) == wanted:
            return cause.strip() or None
    return None


# --------------------------------------------------------------------------- who had the case
def _holders(transfers: Entries, first: str | None) -> list[str | None]:
    """Everybody who had the case, in order: the first contact, then of each transfer who gave it, if that is another, and who got it."""
    chain: list[str | None] = [] if first is None else [normalised(first)]
    for entry in transfers:
        giver = normalised(entry["by"])
        if giver is not None and (not chain or chain[-1] != giver):
            chain.append(giver)
        chain.append(normalised(entry["to"]))
    return chain


def transfer_cycle(transfers: Entries, first: str | None) -> bool | None:
    """Whether the case came back to somebody who had had it."""
    chain = _holders(transfers, first)
    known = [holder for holder in chain if holder is not None]
    return True if len(set(known)) < len(known) else None if None in chain else False


def recusal_broken(transfers: Entries, first: str | None, handler: str | None, related: tuple[str, ...] | None) -> bool | None:
    """Whether anybody who had the case has an interest in it: the first contact, everybody of the chain, the handler."""
    interested = {normalised(name) for name in related or ()} - {None}
    chain = [*_holders(transfers, first), normalised(handler)]
    if not interested:
        return False
    return True if interested & set(chain) else None if None in chain else False


# --------------------------------------------------------------------------- extensions
def extensions_that_count(extensions: Entries, received: datetime, *, settings: Mapping[str, Any]) -> int | None:
    """How many extensions were granted in time by a level high enough: see :func:`days_allowed`."""
    counted = _counted(extensions, received, settings)
    return None if counted is None else len(counted)


def days_allowed(extensions: Entries, received: datetime, *, settings: Mapping[str, Any]) -> int | None:
    """``base_days`` and those of every extension that counts.

    The n-th to count needs at least the n-th of ``approver_levels`` (beyond the last none counts), and is granted by the last day so far.  A last
    day may move past rest days by up to ``may_move_days``: whether an approval within them was in time is not told here.
    """
    counted = _counted(extensions, received, settings)
    return None if counted is None else settings["base_days"] + sum(counted)


def _counted(extensions: Entries, received: datetime, settings: Mapping[str, Any]) -> list[int] | None:
    base, levels = settings["base_days"], settings["approver_levels"]
    try:
        needed = [int(level) for level in levels or ()]
    except ValueError:
        return None
    if base is None:
        return None
    found: list[int] = []
    for entry in extensions:
        if len(found) == len(needed):
            break
        last = (received + timedelta(days=base + sum(found))).date()
        at, level, days = entry["at"].date(), entry["approver_level"], entry["days"]
        if at > last + timedelta(days=settings["may_move_days"] or 0):
            break  # too late heals nothing
        if level is None or days is None or not 0 <= days <= _LONGEST or (at > last and level >= needed[len(found)]):
            return None
        if level >= needed[len(found)]:
            found.append(days)
    return found


# --------------------------------------------------------------------------- hooks
@hookimpl
def complaint_policy_record_fields() -> list[Field | EntryKind]:
    return [
        EntryKind(
            "transaction",
            Text("Transaction", "交易"),
            (Field("amount", "money", Text("Amount", "金额")), Field("authorised", "boolean", Text("Authorised by the customer", "客户授权"))),
        ),
        EntryKind("transfer", Text("Case passed on", "投诉移交"), ()),
        EntryKind(
            "extension",
            Text("Extension granted", "批准延期"),
            (
                Field("approver_level", "integer", Text("Level of the approver", "批准人层级")),
                Field("days", "integer", Text("Days granted", "延期天数"), unit="days"),
            ),
        ),
        Field("loss_learned_at", "event", Text("Customer learned of the loss", "客户知悉损失时间"), empty="not_yet"),
        Field("loss_reported_at", "event", Text("Loss reported to the bank", "客户报失时间"), empty="not_yet"),
        Field("related_persons", "list", Text("Persons with an interest", "与投诉事项有利害关系的人员"), empty="none", sensitive=True),
        Field("check_code", "string", Text("Code of the identity check", "身份核验结果代码"), empty="none"),
    ]


@hookimpl
def complaint_policy_settings() -> list[Settings]:
    fields = (
        Field("report_hours", "integer", Text("Hours to report a loss", "报失时限（小时）"), unit="hours", empty="none"),
        Field("cap_in_time", "money", Text("Customer's part at most, reported in time", "按时报失的客户承担上限"), empty="none"),
        Field("cap_late", "money", Text("Customer's part at most, reported late", "逾期报失的客户承担上限"), empty="none"),
        Field("window_hours", "integer", Text("Window in which losses are added up", "合并计算时段（小时）"), unit="hours", empty="none"),
        Field("check_codes", "list", Text("Causes of identity checks by code", "身份核验代码对应原因"), empty="none"),
        Field("base_days", "integer", Text("Days before any extension", "未延期的天数"), unit="days", empty="none"),
        Field("approver_levels", "list", Text("Level needed for each extension", "各次延期所需批准层级"), empty="none"),
        Field("may_move_days", "integer", Text("Days a last day may move past rest days", "最后一日因休息日最多顺延天数"), unit="days", empty="none"),
    )
    return [Settings(key="banking", title=Text("Banking", "银行"), fields=fields)]


def _fact(name: str, kind: str, en: str, zh: str, function: Any, *reads: str, optional: tuple[str, ...] = (), settings: bool = False) -> DerivedFact:
    key = "banking" if settings else None
    return DerivedFact(name=name, kind=kind, title=Text(en, zh), reads=reads, function=function, optional=optional, settings=key)


@hookimpl
def complaint_policy_facts() -> list[DerivedFact]:
    lost, moved, more = "event:transaction", "event:transfer", ("event:extension", "received_at")
    return [
        _fact("fraud_loss", "money", "Loss", "损失金额", fraud_loss, lost),
        _fact("loss_after_report", "money", "Loss after the report", "报失后的损失", loss_after_report, lost, "loss_reported_at"),
        _fact("customer_bears", "money", "Customer's part", "客户承担金额", customer_bears, lost, "loss_reported_at", "loss_learned_at", settings=True),
        _fact("bank_bears", "money", "Bank's part", "银行承担金额", bank_bears, "fraud_loss", "customer_bears"),
        _fact("largest_loss_in_window", "money", "Largest loss in a window", "时段内最大损失", largest_loss_in_window, lost, settings=True),
        _fact(
            "identity_check_cause",
            "string",
            "Cause of the identity check",
            "身份核验未通过原因",
            identity_check_cause,
            "check_code",
            optional=("check_code",),
            settings=True,
        ),
        _fact("transfer_cycle", "boolean", "Passed in a circle", "循环移交", transfer_cycle, moved, "first_contact", optional=("first_contact",)),
        _fact(
            "recusal_broken",
            "boolean",
            "Handled by somebody with an interest",
            "应回避人员经办",
            recusal_broken,
            moved,
            "first_contact",
            "handler",
            "related_persons",
            optional=("first_contact", "handler", "related_persons"),
        ),
        _fact("extensions_that_count", "integer", "Extensions that count", "有效延期次数", extensions_that_count, *more, settings=True),
        _fact("days_allowed", "integer", "Days allowed", "允许的天数", days_allowed, *more, settings=True),
    ]
