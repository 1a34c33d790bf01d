"""A condition over a record's fields alone, asked outside a version: by a waiver, by a transition."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from complaint_policy.expressions.compile import Compiler
from complaint_policy.expressions.moments import FIRST_FREE
from complaint_policy.expressions.nodes import Condition, fields_in
from complaint_policy.intake import Intake
from complaint_policy.model import PolicyModel
from complaint_policy.zones import Zone

__all__ = ["FieldTest"]


class FieldTest:
    """``test(record, instant, source_fields)`` is ``True``, ``False`` or a ``Maybe``."""

    def __init__(self, condition: Condition, model: PolicyModel, zone: Zone) -> None:
        self._made_of = condition, model, zone
        names = dict.fromkeys(fields_in(condition))
        slots = {f"field:{name}": index for index, name in enumerate(names, FIRST_FREE)}
        # Whether a field was given is kept apart only where a default would hide it, as in a version.
        hidden = [name for name in names if model.fields[name].default is not None]
        given = {name: FIRST_FREE + len(slots) + i for i, name in enumerate(hidden)}
        slots |= {f"given:{name}": slot for name, slot in given.items()}
        slots |= {name: FIRST_FREE + len(slots) + i for i, name in enumerate(("entry", "memo"))}
        self._intake = Intake([(slots[f"field:{name}"], model.fields[name], given.get(name)) for name in names], zone, model.currency)
        self._function = Compiler(slots, zone).condition(condition)
        self._size = FIRST_FREE + len(slots)

    def __reduce__(self) -> tuple[Any, ...]:
        return FieldTest, self._made_of

    def __call__(self, record: Any, instant: datetime, source_fields: Collection[str] | None) -> Any:
        if self._function is None:  # no condition at all
            return False
        state: list[Any] = [None] * self._size
        state[0] = instant
        self._intake.read(record, state, instant, source_fields, {})
        return self._function(state)
