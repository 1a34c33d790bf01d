"""Dense policies of every kind with their tables, held to the loop over ``evaluate``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any, Final

import polars as pl
from attrs import frozen

from complaint_policy import Policy, PolicyError
from tests.equality.comparing import audited, differences, entries_of, loop, penalties_apart
from tests.equality.draw_dense import RECEIVED, Again, Document, Draw, Instants, Lengths, Lists, Logs
from tests.equality.draw_dense_figures import Figures
from tests.equality.draw_dense_past import Past
from tests.equality.draw_dense_rules import Counted, Duties, Matrix
from tests.equality.draw_dense_values import Values
from tests.equality.draw_dense_versions import Overlays, Versions
from tests.equality.policies import load_documents, yaml_text
from tests.equality.small import asked, small_pieces

__all__ = ["DRAWN", "Dense", "check_dense", "draw_dense"]

DRAWN: Final[dict[str, Callable[[Random], Draw]]] = {
    "instants": Instants,
    "lengths": Lengths,
    "logs": Logs,
    "lists": Lists,
    "values": Values,
    "duties": Duties,
    "counted": Counted,
    "matrix": Matrix,
    "again": Again,
    "versions": Versions,
    "overlays": Overlays,
    "figures": Figures,
}
# Their tables are counted before they are judged, so they have a test of their own.
_HISTORY: Final[dict[str, Callable[[Random], Draw]]] = {"past": Past}
_COSTS: Final = ("values", "lengths", "duties", "matrix", "again", "versions", "overlays")
_TRIES: Final = 40


@frozen
class Dense:
    """A policy (its first document too), a table for it, and which records are waived."""

    text: str
    document: Document
    policy: Policy
    frame: pl.DataFrame
    as_of: str
    waivers: list[Document]


def draw_dense(kind: str, seed: int, rows: int) -> Dense:
    """The policy and the table of a seed; what is no valid policy is drawn again."""
    random = Random(f"dense {kind} {seed}")
    for _ in range(_TRIES):
        draw = (DRAWN | _HISTORY)[kind](random)
        files = draw.files()
        try:
            policy = load_documents(files, next(iter(files)).split("/")[0])
        except PolicyError:
            continue
        text = "\n".join(f"# {name}\n{yaml_text(document)}" for name, document in files.items())
        cells = draw.table(rows)
        closed = [draw.one(None, datetime(2026, 3, 18)) for _ in range(rows)]
        columns = {"received_at": [RECEIVED] * rows, **cells, "closed_at": closed}
        frame = pl.DataFrame(columns, schema_overrides={**dict.fromkeys(cells, pl.String), **draw.schema, "closed_at": pl.Datetime("us")})
        as_of = draw.one("2026-03-20T00:00", "2026-03-20T12:00", "2026-03-05T00:00", "2026-03-05T16:00")
        if draw.chance(0.5):
            frame = _typed(policy, frame, draw)
        if (received := draw.receipts()) is not None:
            frame = frame.with_columns(pl.Series("received_at", [draw.one(*received) for _ in range(rows)]))
        return Dense(text, next(iter(files.values())), policy, frame, as_of, draw.waivers(policy))
    raise AssertionError(f"no valid policy in {_TRIES} tries: {kind} {seed}")


def _typed(policy: Policy, frame: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """Some of the columns as what they hold; what is not of that type becomes an empty cell."""
    types = {field.name: field.type for field in policy.fields}
    columns = []
    for series in frame:
        kind = types.get(series.name)
        if series.dtype == pl.String and draw.chance(0.4):
            match kind:
                case "event" | "datetime":
                    series = series.str.to_datetime("%Y-%m-%dT%H:%M", strict=False, time_unit=draw.one("us", "ms", "ns"))
                case "date":
                    series = series.str.to_date("%Y-%m-%d", strict=False)
                case "integer":
                    series = series.cast(draw.one(pl.Int64, pl.Int8, pl.Float64), strict=False)
                case "number" | "money":
                    series = series.cast(draw.one(pl.Float64, pl.Decimal(12, 3)), strict=False)
                case "boolean":
                    series = series.replace_strict({"true": True, "false": False}, default=None, return_dtype=pl.Boolean)
                case "enum" | "string":
                    series = series.cast(pl.Categorical)
        columns.append(series)
    return pl.DataFrame(columns)


def check_dense(kind: str, seed: int, rows: int) -> tuple[list[str], dict[str, int]]:
    """Where audit and loop differ, with the policy that shows it; and how many outcomes there were of each kind."""
    dense = draw_dense(kind, seed, rows)
    policy, frame = dense.policy, dense.frame
    expected = loop(policy, entries_of(policy, frame.to_dicts()), frame.columns, dense.as_of, dense.waivers)
    # As a table, as a query read a few rows at a time, as records.
    source: Any = (frame, frame, frame.lazy(), frame.to_dicts())[seed % 4]
    with small_pieces(max(rows // 5, 2)):
        found = differences(expected, asked(audited(policy, source, dense.as_of, dense.waivers)))
    if not found and kind in _COSTS:
        found = penalties_apart(policy, frame, expected, dense.as_of, dense.waivers)
    met: dict[str, int] = {}
    for row in expected.rows:
        for name, value in row.items():
            if name.endswith(".outcome"):
                met[value] = met.get(value, 0) + 1
    return ([f"dense {kind} {seed} at {dense.as_of}: {line}" for line in found[:6]] + [dense.text, str(dense.waivers)] if found else []), met
