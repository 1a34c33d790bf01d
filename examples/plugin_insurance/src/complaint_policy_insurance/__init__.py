"""Insurance for ``complaint_policy``: what a policy on claims needs and YAML cannot say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from complaint_policy.plugins import (
    Calendar,
    Classifier,
    DerivedFact,
    Field,
    Finder,
    Normaliser,
    Operator,
    ReportSection,
    Settings,
    Text,
    hookimpl,
)
from complaint_policy_insurance import facts, texts

__all__ = ["version"]

version = "1.0.0"  # changes whenever a function may give another answer


@hookimpl
def complaint_policy_policy_folders() -> list[Path]:
    return [Path(__file__).parent / "policies"]


@hookimpl
def complaint_policy_record_fields() -> list[Field]:
    return [
        Field("claim_number", "string", Text("Claim number", "理赔号")),
        Field("loss", "money", Text("Loss", "损失金额")),
        Field("bought_at", "date", Text("Bought", "购买日期")),
        Field("incident_at", "event", Text("Incident", "出险时间"), empty="not_yet"),
        Field("cover", "intervals", Text("Periods of cover", "保险期间"), empty="none"),
    ]


@hookimpl
def complaint_policy_settings() -> list[Settings]:
    fields = (
        Field("excess", "money", Text("Excess", "免赔额")),
        Field("yearly_depreciation", "number", Text("Depreciation a begun year", "每年折旧率")),
    )
    return [Settings(key="claims", title=Text("Claims", "理赔"), fields=fields)]


@hookimpl
def complaint_policy_facts() -> list[DerivedFact]:
    return [
        DerivedFact(
            name="claim_number_is_right",
            kind="boolean",
            title=Text("Claim number is right", "理赔号正确"),
            reads=("claim_number",),
            function=facts.claim_number_is_right,
            column=facts.claim_number_is_right_column,
        ),
        DerivedFact(
            name="under_cover",
            kind="boolean",
            title=Text("Incident under cover", "出险在保险期间内"),
            reads=("incident_at", "cover"),
            function=facts.under_cover,
            optional=("cover",),
        ),
        DerivedFact(
            name="payout",
            kind="money",
            title=Text("Payout due", "应赔金额"),
            reads=("loss", "bought_at", "incident_at"),
            function=facts.payout,
            settings="claims",
        ),
    ]


@hookimpl
def complaint_policy_operators() -> list[Operator]:
    title = Text("{value} begins with one of {operand}", "{value}以{operand}开头")
    return [Operator(name="begins_with_one_of", title=title, kinds=("string",), operand="list", function=texts.begins_with_one_of)]


@hookimpl
def complaint_policy_calendars() -> list[Calendar]:
    return [Calendar(name="claims_desk", title=Text("Claims desk", "理赔柜台"), weekdays=("mon-sat",))]


@hookimpl
def complaint_policy_normalisers() -> list[Normaliser]:
    title = Text("Claim numbers without blanks and dashes", "去除理赔号中的空格与连字符")
    return [Normaliser(name="plain_numbers", title=title, reads=("claim_number",), writes=("claim_number",), function=texts.plain_numbers)]


@hookimpl
def complaint_policy_classifiers() -> list[Classifier]:
    return [
        Classifier(
            name="line",
            title=Text("Line of insurance", "险种"),
            labels=("motor", "home"),
            titles={"motor": Text("Motor", "车险"), "home": Text("Home", "家财险")},
            reads=("description",),
            function=texts.line,
        )
    ]


@hookimpl
def complaint_policy_finders() -> list[Finder]:
    title = Text("Paid less than is due", "赔付不足")
    return [Finder(name="underpaid", title=title, reads=("compensation_paid", "payout"), function=texts.underpaid)]


@hookimpl
def complaint_policy_messages() -> Mapping[str, Text]:
    return {"underpaid": Text("{paid} was paid, {due} is due.", "已赔付{paid}，应赔{due}。")}


@hookimpl
def complaint_policy_report_sections() -> list[ReportSection]:
    return [ReportSection(name="kept", title=Text("Promises kept", "承诺履行率"), function=texts.kept)]
