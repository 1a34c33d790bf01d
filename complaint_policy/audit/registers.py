"""The register of an audit: what was done for each schedule and period, from a file or a table, as rows."""

from __future__ import annotations

from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import Any, Never

from complaint_policy.audit.sources import InputOptions, open_source
from complaint_policy.audit.tables import memory_table
from complaint_policy.errors import InputError, UsageError
from complaint_policy.rules.schedules.register import COLUMNS
from complaint_policy.texts import Text

__all__ = ["check_register", "rows_of_register"]


class _Unreadable:
    """A row that is none: whatever is asked of it cannot be read."""

    def __getattr__(self, name: str) -> Never:
        raise ValueError(name)


def rows_of_register(register: object) -> list[Any]:
    """The rows of a file (as for :func:`run_audit`), an Arrow table, or a list of mappings.

    Raises :class:`InputError` where it cannot be read or lacks a column.
    """
    if isinstance(register, (str, PathLike)):
        table = open_source(Path(register), InputOptions())
    else:
        table = memory_table(register)
        if not table.columns:
            return []  # a list with nothing in it has no columns either
    lacking = [name for name in COLUMNS if name not in table.columns]
    if lacking:
        names = ", ".join(lacking)
        raise InputError(Text(f"the register '{table.name}' has no column {names}", f"登记表“{table.name}”缺少列：{names}"))

    def rows() -> Iterator[Any]:
        for row in table.rows(COLUMNS):
            yield _Unreadable() if row.fault is not None else dict(zip(COLUMNS, row.cells, strict=True))

    return list(rows())


def check_register(register: object, since: object) -> None:
    """The periods that are looked at are said, never guessed."""
    if register is not None and since is None:
        raise UsageError(Text("a register needs since: the day from which periods are looked at", "给出登记表时须写明 since：自哪一天起查看各期"))
