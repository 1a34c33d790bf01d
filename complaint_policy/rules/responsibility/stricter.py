"""Whether an overlay's matrix still tells everybody whom its bases' matrix tells."""

from __future__ import annotations

from complaint_policy.cells import Cell, Cells
from complaint_policy.comparing import Comparison, Objection
from complaint_policy.comparing.comparison import case_of
from complaint_policy.rules.responsibility.model import Matrix, Roles, Row
from complaint_policy.texts import Text


def compare(base: Matrix | tuple[()], own: Matrix | tuple[()], comparison: Comparison) -> None:
    """Who owns a case may differ; who is consulted, informed or accountable may not be fewer."""
    if not isinstance(base, Matrix) or not isinstance(own, Matrix) or base == own:
        return
    cells = Cells(comparison.own, [row.when for row in (*base.rows, *own.rows)], own.by)
    if not cells.complete:
        comparison.object("responsibility", own.place, Objection(Text("its cells are too many to compare", "矩阵单元过多，无法比较")))
        return
    told: set[str] = set()
    for cell in cells:
        _, before = _roles(base, cell, cells)
        at_fault, now = _roles(own, cell, cells)
        if before is None or now is None:
            continue
        name = at_fault.id if at_fault is not None else "responsibility"
        lacking = _lacking(before, now)
        if lacking is None or name in told:
            continue
        told.add(name)
        why = Text("'{r}' is no longer told: {c}", "不再知会“{r}”：{c}").filled(r=lacking, c=case_of(cell, cells))
        place = at_fault.place if at_fault is not None else own.place
        comparison.object(name, place, Objection(why, certain=True), at_fault.laxer if at_fault is not None else None)


def _lacking(before: Roles, now: Roles) -> str | None:
    """Somebody who is no longer told anything."""
    everybody = {now.owner, now.accountable, *now.consulted, *now.informed}
    return next((role for role in (before.accountable, *before.consulted, *before.informed) if role is not None and role not in everybody), None)


def _roles(matrix: Matrix, cell: Cell, cells: Cells) -> tuple[Row | None, Roles | None]:
    for row in matrix.rows:
        if cells.holds(row.when, cell) is True:
            return row, row.roles
    return None, matrix.otherwise
