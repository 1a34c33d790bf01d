"""The workload as DuckDB SQL, as people write it (``plain``) and tuned: owners by CASE instead of a join, a state by one comparison."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
from hand import COLUMNS, DONE, STEPS, calendar_days, working_days
from workload import AS_OF, OWNER

_SEVERITY = """CASE WHEN injury OR (regulator_involved AND amount_claimed >= 50000) OR affected_customers >= 1000 THEN 4
 WHEN media_exposure OR amount_claimed >= 10000 OR affected_customers >= 100 THEN 3
 WHEN repeat_count >= 3 OR amount_claimed >= 1000 OR channel IN ('regulator', 'media') THEN 2 ELSE 1 END"""
_PENALTY = """CASE WHEN NOT breached THEN 0 ELSE least(1500, (CASE severity WHEN 1 THEN 200 WHEN 2 THEN 500 WHEN 3 THEN 1000 ELSE 1500 END)
 * (CASE WHEN repeat_count >= 3 THEN 3 ELSE 2 END) // 2) END"""


class Duck:
    """A connection with the calendar and the matrix in it; ``load`` puts the complaints beside them."""

    def __init__(self, threads: int) -> None:
        self.connection: Any = importlib.import_module("duckdb").connect()
        self.connection.execute(f"SET threads={threads}")
        ends = {f"d{n}": pl.Series(v).cast(pl.Datetime("us")) for n, v in working_days().items()}
        self.table("calendar", pl.DataFrame({"day": calendar_days(), **ends}))
        owners = [{"category": k, "severity": i + 1, "owner": o} for k, v in OWNER.items() for i, o in enumerate(v)]
        self.table("owners", pl.DataFrame(owners, schema_overrides={"severity": pl.Int32}))

    def load(self, frame: pl.DataFrame) -> None:
        """The complaints as DuckDB's own table ``w``, with the number of each row."""
        self.table("w", frame.with_row_index("row"))

    def decisions(self, how: str, extra: Sequence[str] = ()) -> Any:
        """The decisions as an Arrow table."""
        return self.connection.sql(f"{sql('w', how)} SELECT {', '.join((*extra, *COLUMNS))} FROM o").to_arrow_table()

    def summary(self, source: Path, how: str) -> list[tuple[Any, ...]]:
        """By owner and severity the rows decided, those with a breach, and the sum of the amounts, from a file."""
        query = f"{sql(reader(source), how)} SELECT owner, severity, count(*), sum(breached::INT), sum(penalty) FROM o GROUP BY ALL"
        return [tuple(row) for row in self.connection.execute(query).fetchall()]

    def table(self, name: str, frame: pl.DataFrame) -> Any:
        """A table of DuckDB's own."""
        self.connection.register("taken", frame)
        self.connection.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM taken")
        self.connection.unregister("taken")
        return self.connection.table(name)

    def relation(self, source: str | Path) -> Any:
        """A table by its name, or a file."""
        if isinstance(source, str):
            return self.connection.table(source)
        return self.connection.read_csv(str(source)) if source.suffix == ".csv" else self.connection.read_parquet(str(source))


def reader(source: Path) -> str:
    """A file in SQL."""
    return f"read_csv('{source}')" if source.suffix == ".csv" else f"read_parquet('{source}')"


def sql(source: str, how: str) -> str:
    """The decisions as the common table ``o``."""
    as_of = f"TIMESTAMP '{AS_OF}'"
    if how == "tuned":
        cells = " ".join(
            f"WHEN '{k}' THEN CASE severity " + " ".join(f"WHEN {i + 1} THEN '{o}'" for i, o in enumerate(v)) + " END" for k, v in OWNER.items()
        )
        owner, join = f"CASE category {cells} END", ""
    else:
        owner, join = "owners.owner", "LEFT JOIN owners ON owners.category = s.category AND owners.severity = s.severity"
    dues = (
        "received_at + INTERVAL 24 HOUR",
        "c.d1",
        "date_trunc('day', received_at) + CASE WHEN region = 'overseas' THEN INTERVAL 19 DAY ELSE INTERVAL 16 DAY END - INTERVAL 1 MICROSECOND",
        "CASE WHEN s.severity <= 2 THEN c.d7 ELSE c.d15 END",
        "closed_at + INTERVAL 1 DAY",
    )
    due_columns = ", ".join(f"{due} AS due_{s}" for s, due in zip(STEPS, dues, strict=True))
    if how == "tuned":
        late = ", ".join(f"coalesce({done}, {as_of}) > due_{s} AS late_{s}" for s, done in zip(STEPS, DONE, strict=True))
        states = ", ".join(
            f"CASE WHEN late_{s} THEN 1 WHEN late_{s} IS NULL THEN NULL WHEN {done} IS NULL THEN 2 ELSE 0 END::TINYINT AS st_{s}"
            for s, done in zip(STEPS, DONE, strict=True)
        )
        breached = " OR ".join(f"coalesce(late_{s}, false)" for s in STEPS)
        stage = f"l AS (SELECT *, {late} FROM d), st AS (SELECT *, {states}, ({breached}) AS breached FROM l)"
    else:
        states = ", ".join(
            f"CASE WHEN due_{s} IS NULL THEN NULL WHEN {done} IS NOT NULL THEN CASE WHEN {done} <= due_{s} THEN 0 ELSE 1 END "
            f"WHEN {as_of} > due_{s} THEN 1 ELSE 2 END::TINYINT AS st_{s}"
            for s, done in zip(STEPS, DONE, strict=True)
        )
        breached = " OR ".join(f"coalesce(st_{s} = 1, false)" for s in STEPS)
        stage = f"l AS (SELECT *, {states} FROM d), st AS (SELECT *, ({breached}) AS breached FROM l)"
    return f"""WITH s AS (SELECT *, {_SEVERITY} AS severity FROM {source} WHERE received_at IS NOT NULL),
 d AS (SELECT s.*, {owner} AS owner, {due_columns} FROM s LEFT JOIN calendar c ON c.day = CAST(received_at AS DATE) {join}),
 {stage}, o AS (SELECT * EXCLUDE (owner, severity), severity, owner, {_PENALTY} AS penalty FROM st)"""
