"""Schema, building and checks of the responsibility matrix."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from complaint_policy.building import Builder
from complaint_policy.cells import MISSING, Cell, Cells, shown
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.parse_values import NO_LEVELS
from complaint_policy.head import scalar_text, words
from complaint_policy.kinds import Piece
from complaint_policy.model import PolicyModel
from complaint_policy.problems import Place, Problems
from complaint_policy.reader import Mapping, Node, Scalar, Sequence
from complaint_policy.rules.responsibility.model import Matrix, Roles, Row
from complaint_policy.schemas import closed, rules, text_list
from complaint_policy.sieve import places
from complaint_policy.sifted import sifted

_ROLES: dict[str, Any] = {"owner": {"type": "string", "minLength": 1}, "accountable": {"type": "string"}, "consulted": text_list(), "informed": text_list()}

SCHEMA: dict[str, Any] = closed(
    {
        "by": {"type": "array", "items": {"type": "string"}, "minItems": 1, "description": "The axes of the matrix: fields, facts or severity."},
        "rows": rules(_ROLES, ("when", "owner"), without=("exempt", "duty_of", "waivable")),
        "otherwise": closed(_ROLES, ("owner",)),
    },
)


def build(pieces: list[Piece], builder: Builder) -> Matrix:
    problems = builder.problems
    axes: dict[str, None] = {}
    otherwise: Roles | None = None
    for piece in pieces:
        if not isinstance(piece.node, Mapping):
            continue
        given = piece.node.get("by")
        for item in getattr(given, "items", ()):
            if not isinstance(item, Scalar):
                continue
            if item.value != "severity" and item.value not in builder.fields and item.value not in builder.fact_nodes:
                problems.add("unknown-field", item.place, name=item.value, near=(item.value, [*builder.fields, *builder.fact_nodes, "severity"]))
            elif item.value == "severity" and not builder.levels:
                problems.add("unknown-field", item.place, name=item.value, hint=NO_LEVELS)
            axes[item.value] = None
        rest = piece.node.get("otherwise")
        if isinstance(rest, Mapping):
            otherwise = _roles(rest, builder)
    if not axes:
        problems.add("missing-key", pieces[-1].node.place, name="by")
    rows = [_row(node, env, builder, axes) for node, env in builder.merged(pieces, "rows")]
    names = tuple(axis if axis == "severity" else f"fact:{axis}" if axis in builder.fact_nodes else f"field:{axis}" for axis in axes)
    return Matrix(tuple(axes), tuple(r for r in rows if r is not None), otherwise, pieces[-1].node.place, names)


def _roles(node: Mapping, builder: Builder) -> Roles:
    owner = node.get("owner")
    if isinstance(owner, Scalar) and owner.value == "any":
        builder.problems.add("owner-any", owner.place)
    for key in _ROLES:
        builder.check_roles(node.get(key))
    return Roles(scalar_text(owner) or "", scalar_text(node.get("accountable")), words(node.get("consulted")), words(node.get("informed")))


def _row(node: Mapping, env: Any, builder: Builder, axes: dict[str, None]) -> Row | None:
    frame = builder.frame(node, env)
    for name, place in _names_tested(node.get("when")):
        if name not in axes:
            builder.problems.add("not-an-axis", place, name=name)
    return Row(**frame, roles=_roles(node, builder)) if frame["when"] is not None else None


def _names_tested(when: Node | None) -> Iterator[tuple[str, Place]]:
    """The names a row's condition tests, through `all`, `any` and `not`, each with its place."""
    for entry in when.entries if isinstance(when, Mapping) else ():
        if entry.key in ("all", "any") and isinstance(entry.value, Sequence):
            for item in entry.value.items:
                yield from _names_tested(item)
        elif entry.key == "not":
            yield from _names_tested(entry.value)
        elif entry.key in ("present", "missing"):
            items = entry.value.items if isinstance(entry.value, Sequence) else (entry.value,)
            yield from ((item.value, item.place) for item in items if isinstance(item, Scalar))
        else:
            yield entry.key, entry.place


def check(section: Matrix, model: PolicyModel, problems: Problems) -> None:
    """Exactly one owner for every complaint: overlaps, holes and dead rows, each by its smallest complaint."""
    conditions: list[n.Condition] = [row.when for row in section.rows]
    if not conditions:
        if section.otherwise is None:
            problems.add("matrix-empty", section.place)
        return
    cells = Cells(model, conditions, section.by)
    rows_of = sifted(cells, conditions)
    if rows_of is None:
        problems.add("matrix-too-large", section.place)
        return
    alive = 0
    looked_at: set[int] = set()  # rows that overlap, found before
    overlaps: set[tuple[int, int]] = set()
    hole: Cell | None = None
    for cell in cells:
        rows = rows_of.holding(cell)
        alive |= rows
        if rows & (rows - 1) and rows not in looked_at:
            looked_at.add(rows)
            for first, second in pairwise(places(rows)):
                if (first, second) not in overlaps:
                    overlaps.add((first, second))
                    row, other = section.rows[second], section.rows[first]
                    problems.add("matrix-overlap", row.place, name=row.id, other=other.id, case=shown(cell, cells))
                if problems.is_full():
                    return
        if not rows and section.otherwise is None and (hole is None or _smaller(cell, hole)):
            hole = cell
    if hole is not None:
        problems.add("matrix-hole", section.place, case=shown(hole, cells))
    for index, row in enumerate(section.rows):
        if not alive >> index & 1:
            problems.add("never-fires", row.place, name=row.id)


def _smaller(cell: Cell, other: Cell) -> bool:
    """A complaint with fewer missing values says more about the hole."""
    return sum(v is MISSING for v in cell.values()) < sum(v is MISSING for v in other.values())
