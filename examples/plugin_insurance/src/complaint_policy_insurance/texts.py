"""What the plugin does with texts, notes and reports."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from complaint_policy.plugins import Evidence, Note, ReportTable, Text

__all__ = ["begins_with_one_of", "kept", "line", "plain_numbers", "underpaid"]

_WORDS = {"motor": ("car", "windscreen", "车"), "home": ("kitchen", "roof", "房")}


def begins_with_one_of(value: str, operand: tuple[str, ...]) -> bool:
    """Whether the text begins with one of these, case as written."""
    return value.startswith(operand)


def plain_numbers(cells: Mapping[str, Any]) -> dict[str, Any]:
    """Claim numbers as the check wants them: `4539-1488 0344` is `453914880344`."""
    given = cells["claim_number"]
    if not isinstance(given, str):
        return {}
    plain = re.sub(r"[ -]", "", given)
    return {} if plain == given else {"claim_number": plain}


def line(description: str) -> Evidence | None:
    """The line whose words stand in the text, sure where only one line's do; a model would stand here."""
    found = {label: [word for word in words if word in description] for label, words in _WORDS.items()}
    there = [label for label, words in found.items() if words]
    if not there:
        return None
    return Evidence(there[0], Decimal("0.9") if len(there) == 1 else Decimal("0.5"), ", ".join(word for words in found.values() for word in words))


def underpaid(paid: Decimal | None, due: Decimal | None, *, decided: Mapping[str, Any]) -> list[Note]:
    """A note where less was paid than is due; none while either is unknown."""
    if paid is None or due is None or paid >= due:
        return []
    return [Note("underpaid", {"paid": paid, "due": due})]


def kept(summary: Mapping[str, Any]) -> list[Text | ReportTable]:
    """For each rule the share kept, of the records for which that is decided."""
    rows = []
    for rule in summary["rules"]:
        met, breached = rule["outcomes"].get("met", 0), rule["outcomes"].get("breached", 0)
        if met + breached:
            rows.append((rule["rule"], met + breached, (Decimal(met) / (met + breached)).quantize(Decimal("0.001"))))
    headings = (Text("rule", "规则"), Text("decided", "已判定"), Text("share kept", "履行率"))
    return [Text("Of the records where it is decided.", "按已判定的记录计。"), ReportTable(headings, tuple(rows))]
