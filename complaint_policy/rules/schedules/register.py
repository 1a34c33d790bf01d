"""The register: rows of ``schedule``, ``period`` and ``at``, read like records, and what is to be said of single rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from attrs import frozen

from complaint_policy.coerce import is_empty
from complaint_policy.errors import InputError
from complaint_policy.fields import Field
from complaint_policy.intake import cell_reader, getter_of
from complaint_policy.texts import Text
from complaint_policy.zones import Zone

__all__ = ["COLUMNS", "Filing", "RegisterFinding", "read_register"]

COLUMNS: Final = ("schedule", "period", "at")
_KINDS: Final = {"schedule": "string", "period": "string", "at": "event"}


@frozen
class Filing:
    """One row: ``schedule`` and ``period`` are None where they cannot be read, and so is ``at``; ``row`` counts from 1."""

    row: int
    schedule: str | None
    period: str | None
    at: Any  # an instant, the interval of a day, NOT_YET, or None
    blank: bool = False

    @property
    def unread(self) -> frozenset[str]:
        """What cannot be read of it, by the names results give as missing."""
        return frozenset(f"register.{name}" for name in COLUMNS if getattr(self, name) is None)


@frozen
class RegisterFinding:
    """What is to be said of one row of the register; of no row where it is about a waiver."""

    row: int | None
    code: str
    message: Text

    def to_dict(self) -> dict[str, Any]:
        return {"row": self.row, "code": self.code, "message": self.message.to_dict()}


def read_register(rows: Iterable[Any], zone: Zone, as_of: datetime) -> list[Filing]:
    """The rows in order: mappings, or objects with these names; an empty ``at`` has not happened, as for any event.

    Raises :class:`InputError` for what is no list of rows.
    """
    if hasattr(rows, "__arrow_c_stream__") or hasattr(rows, "collect_schema"):
        raise InputError(
            Text(
                "a register is a list of rows: hand in those of the table (to_dicts(), to_pylist(), to_dict('records')); an audit reads tables",
                "登记表应为行的列表：请传入表的各行（to_dicts()、to_pylist()、to_dict('records')）；审计可直接读表",
            )
        )
    if isinstance(rows, (str, bytes, Mapping)) or not isinstance(rows, Iterable):
        raise InputError(Text("a register is a list of rows with schedule, period and at", "登记表应为列表，每行含 schedule、period 和 at"))
    readers = {}
    for name, kind in _KINDS.items():
        empty = "not_yet" if kind == "event" else "unknown"
        readers[name] = cell_reader(Field(f"register.{name}", kind, Text(name, name), empty=empty), zone, None)
    return [_filing(number, row, readers, as_of) for number, row in enumerate(rows, 1)]


def _filing(number: int, row: Any, readers: dict[str, Any], as_of: datetime) -> Filing:
    cells: dict[str, Any] = {}
    blank = True
    for name, reader in readers.items():
        try:
            value = getter_of(row)(name)
            blank = blank and is_empty(value)
            read = reader(value, as_of)
        except Exception:  # noqa: BLE001  a stranger's object may raise anything; what cannot be read is unknown
            blank, read = False, None
        cells[name] = read if name == "at" or isinstance(read, str) else None
    return Filing(number, cells["schedule"], cells["period"], cells["at"], blank)
