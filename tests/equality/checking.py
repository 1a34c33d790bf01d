"""One seed after the other: draw a policy and tables, hold the audit against the loop, count what was met."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final

import duckdb
import polars as pl
from attrs import Factory, define

from complaint_policy import Policy, PolicyError
from complaint_policy.audit import Audit
from complaint_policy.audit.judging import fields_of_policy
from complaint_policy.audit.mapping import by_name
from complaint_policy.columns.python_cells import python_rows
from tests.equality.comparing import Loop, audited, compare, compare_file, differences, entries_of, loop, penalties_apart, same_whatever_the_order
from tests.equality.counts import count_decisions, count_policy, count_table
from tests.equality.draw_mapping import draw_mapping, features_of_mapping, headed
from tests.equality.policies import Drawn, draw_policy, features_of
from tests.equality.records import Table, draw_table, split_frame
from tests.equality.reducing import reduced, shown
from tests.equality.small import asked, few_days, small_pieces

__all__ = ["Found", "Run", "both", "check_seed", "check_table"]

TABLES: Final = 2  # of each policy
Counts = Counter[tuple[str, str]]
Form = Callable[[Policy, Table, Loop, Audit, Counts], list[str]]


@define
class Found:
    """A seed whose audit and loop differ."""

    seed: int
    table: int
    differences: list[str]
    small: str = ""

    def __str__(self) -> str:
        told = "\n  ".join(self.differences[:12])
        return f"seed {self.seed}, table {self.table} (again: COMPLAINT_POLICY_FUZZ_SEED={self.seed}):\n  {told}\n{self.small}"


@define
class Run:
    """What a run has met so far."""

    counts: Counter[tuple[str, str]] = Factory(Counter)
    found: list[Found] = Factory(list)

    def add(self, other: Run) -> None:
        self.counts.update(other.counts)
        self.found += other.found


def both(policy: Policy, table: Table) -> tuple[Loop, Audit]:
    """The loop over a table, and its audit."""
    expected = loop(policy, entries_of(policy, table.records), table.columns, table.as_of, table.waivers)
    return expected, asked(audited(policy, table.source, table.as_of, table.waivers))


def check_table(policy: Policy, table: Table, random: Random, run: Run | None = None) -> list[str]:
    """The audit against the loop, against itself in another order and in small pieces, and of some tables in another form."""
    form, days = random.choice(FORMS), nullcontext() if random.random() < 0.05 else few_days()
    with days:
        return _checked(policy, table, random, run, form)


def _checked(policy: Policy, table: Table, random: Random, run: Run | None, form: Form | None) -> list[str]:
    try:
        expected, audit = both(policy, table)
        if run is not None:
            count_decisions(run.counts, expected)
        found = differences(expected, audit)
        if not found and run is not None and table.frame is not None and Random(len(expected.rows)).random() < 0.5:
            found = penalties_apart(policy, table.frame, expected, table.as_of, table.waivers)
        if found or len(table.records) < 2:
            return found
        order = random.sample(range(len(table.records)), len(table.records))
        with small_pieces(random.randint(1, len(order))):
            if form is not None and table.frame is not None:
                name, counts = form.__name__.strip("_"), Counts() if run is None else run.counts
                counts["form", name] += 1
                if told := form(policy, table, expected, audit, counts):
                    return [f"{name}: {line}" for line in told]
            # The order is asked of every fourth drawn table: it costs as much as the audit itself.
            if run is not None and len(order) % 4:
                return []
            return _in_another_order(policy, table, audit, order, random)
    except Exception as error:  # noqa: BLE001  an audit never raises on records
        return [f"raised: {type(error).__name__}: {error}"]


def _in_another_order(policy: Policy, table: Table, audit: Audit, order: list[int], random: Random) -> list[str]:
    """The audit against that of the same rows shuffled: a frame in chunks, or a query; the summary before the decisions."""
    source: Any = table.taken(order)
    if table.frame is None:
        source = source.source
        if set(table.columns) != {name for record in source for name in record}:
            return []
    else:
        source = split_frame(source.frame, [random.randrange(len(order)) for _ in range(2)])
        source = source.lazy() if random.random() < 0.5 else source
    again = asked(audited(policy, source, table.as_of, table.waivers), summary_first=random.random() < 0.5)
    return same_whatever_the_order(audit, again, order)


# --------------------------------------------------------------------------- other forms of the same table
def _query(policy: Policy, table: Table, expected: Loop, audit: Audit, counts: Counts) -> list[str]:
    """A query over the frame."""
    assert table.frame is not None
    return differences(expected, asked(audited(policy, table.frame.lazy(), table.as_of, table.waivers)))


def _parquet(policy: Policy, table: Table, expected: Loop, audit: Audit, counts: Counts) -> list[str]:
    """A Parquet file, in which a frame's rows are the same values."""
    assert table.frame is not None
    with TemporaryDirectory() as folder:
        path = Path(folder) / "table.parquet"
        table.frame.write_parquet(path, row_group_size=max(1, table.frame.height // 2))
        return differences(expected, asked(audited(policy, path, table.as_of, table.waivers), summary_first=True))


def _csv(policy: Policy, table: Table, expected: Loop, audit: Audit, counts: Counts) -> list[str]:
    """A CSV file: the cells are texts now, and the loop reads them anew."""
    assert table.frame is not None
    flat = [name for name, kind in table.frame.schema.items() if not kind.is_nested()]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        table.frame.select(flat).write_csv(path)
        return compare_file(policy, path, by_name(flat, fields_of_policy(policy)), table.as_of, table.waivers)


def _json(policy: Policy, table: Table, expected: Loop, audit: Audit, counts: Counts) -> list[str]:
    """A file of JSON Lines, or one JSON list, with lists and logs in it; the loop reads it anew."""
    assert table.frame is not None
    random = _random("json", table)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "table.jsonl"
        table.frame.write_ndjson(path)
        if random.random() < 0.3:
            lines = path.read_text("utf-8").splitlines()
            path = path.with_suffix(".json")
            path.write_text("[" + ",\n".join(lines) + "]", "utf-8")
        return compare_file(policy, path, by_name(table.frame.columns, fields_of_policy(policy)), table.as_of, table.waivers)


def _foreign(policy: Policy, table: Table, expected: Loop, audit: Audit, counts: Counts) -> list[str]:
    """A table of another library that holds the same values."""
    assert table.frame is not None
    random = _random("foreign", table)
    held: Any = table.frame.to_arrow()
    kind = random.choice(("pyarrow", "reader", "pandas", "duckdb"))
    if kind == "reader":
        held = held.to_reader(max_chunksize=random.randint(1, 4))
    elif kind == "pandas":
        held = table.frame.to_pandas(use_pyarrow_extension_array=True)
    elif kind == "duckdb":
        held = duckdb.from_arrow(held)
    counts["foreign", kind] += 1
    return differences(expected, asked(audited(policy, held, table.as_of, table.waivers), summary_first=random.random() < 0.5))


def _random(what: str, table: Table) -> Random:
    """The same draws for the same table."""
    return Random(f"{what} {table.as_of} {table.columns} {sorted(table.forms.items())}")


def _far(policy: Policy, table: Table, expected: Loop, audit: Audit, counts: Counts) -> list[str]:
    """Some days and times are ones that Python has no object for."""
    assert table.frame is not None
    random, frame = _random("far", table), table.frame
    for column in frame.select(pl.col(pl.Date, pl.Datetime("ms"), pl.Datetime("us"), pl.Datetime("ms", "*"), pl.Datetime("us", "*"))).get_columns():
        ticks = column.to_physical()
        kind = column.dtype
        per = 86_400_000_000 if not isinstance(kind, pl.Datetime) else 1000 if kind.time_unit == "ms" else 1
        for place in random.sample(range(len(ticks)), random.randint(0, min(3, len(ticks)))):
            ticks[place] = random.choice(_FAR) // per
        frame = frame.with_columns(ticks.cast(column.dtype))
    records = [dict(zip(frame.columns, cells, strict=True)) for cells in python_rows(frame)]
    source = frame.lazy() if random.random() < 0.5 else frame
    return compare(policy, source, table.as_of, table.waivers, records=records)


def _objects(policy: Policy, table: Table, expected: Loop, audit: Audit, counts: Counts) -> list[str]:
    """Some columns hold the objects that the records hold."""
    assert table.frame is not None
    random = _random("objects", table)
    names = random.sample(table.frame.columns, min(random.randint(1, 6), table.frame.width))
    frame = table.frame.with_columns(pl.Series(name, table.frame[name].to_list(), dtype=pl.Object) for name in names)
    return differences(expected, asked(audited(policy, frame, table.as_of, table.waivers), summary_first=random.random() < 0.5))


def _alike(policy: Policy, table: Table, expected: Loop, audit: Audit, counts: Counts) -> list[str]:
    """Some columns have one value for all rows, which Polars holds once: `pl.lit` in a frame gives such."""
    assert table.frame is not None
    random = _random("alike", table)
    names = random.sample(table.frame.columns, min(random.randint(1, 6), table.frame.width))
    same = [pl.col(name).first() for name in names if name != "received_at" or random.random() < 0.3]
    frame = table.frame.with_columns(same)
    source = table.frame.lazy().with_columns(same) if random.random() < 0.5 else frame
    return compare(policy, source, table.as_of, table.waivers, records=frame.to_dicts())


def _mapped(policy: Policy, table: Table, expected: Loop, audit: Audit, counts: Counts) -> list[str]:
    """A table in memory, a query or a Parquet file, read through a mapping; now and then as a CSV file."""
    assert table.frame is not None
    random = _random("mapping", table)
    how = random.choice(("frame", "frame", "query", "parquet", "csv", "csv"))
    frame = table.frame.select(name for name, kind in table.frame.schema.items() if how != "csv" or not kind.is_nested())
    names, frame = frame.columns, headed(frame, random)
    with TemporaryDirectory() as folder:
        source: Any = frame
        shown = frame
        if how == "query":
            source = frame.lazy()
        elif how == "parquet":
            source = Path(folder) / "table.parquet"
            frame.write_parquet(source)
        elif how == "csv":
            source = Path(folder) / "table.csv"
            frame.write_csv(source)
            shown = pl.read_csv(source, infer_schema=False)
            shown.columns = frame.columns  # quotes in headers stay doubled
        mapping = draw_mapping(policy, names, shown, random)
        if mapping is None:
            return []
        first = random.random() < 0.5
        told = compare_file(policy, source, mapping, table.as_of, table.waivers, asked=lambda audit: asked(audit, summary_first=first))
        counts["mapped", how] += 1
        counts.update(("mapping", feature) for feature in features_of_mapping(mapping))
        return told


def _written(policy: Policy, table: Table, expected: Loop, audit: Audit, counts: Counts) -> list[str]:
    """Decisions that are written to a file and not kept are those that are kept."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "decisions.parquet"
        again = audited(policy, table.source, table.as_of, table.waivers, decisions_to=path, keep=False)
        return differences(expected, again, pl.read_parquet(path))


FORMS: Final = (None, _json, _foreign, _query, _parquet, _csv, _written, _far, _objects, _alike, _mapped, _mapped)
# Microseconds of the years -500, 10000, 12000 and 200000, and of none that a calendar has.
_FAR: Final = (-77_941_000_000_000_000, 253_402_300_800_000_000, 316_000_000_000_000_000, 6_250_000_000_000_000_000, 2**63 - 1, 1 - 2**63)


def check_seed(seed: int, features: Sequence[str] | None = None, *, small: bool = True) -> Run:
    """The policy of a seed on its tables, with the ``features`` that have their turn, or these; the first difference is made ``small``."""
    run = Run()
    drawn = draw_policy(seed, tuple(features) if features is not None else features_of(seed))
    policy = loaded(drawn, run)
    if policy is None:
        return run
    count_policy(run.counts, policy, drawn)
    for number in range(TABLES):
        table = draw_table(drawn, policy, seed * TABLES + number)
        count_table(run.counts, table)
        told = check_table(policy, table, Random(f"order {seed} {number}"), run)
        if told:
            order = f"order {seed} {number}"
            cut = small and not run.found
            run.found.append(Found(seed, number, told, smallest(drawn, table, order) if cut else ""))
    return run


def smallest(drawn: Drawn, table: Table, order: str) -> str:
    """A small policy and table that still differ."""

    def differ(policy: Policy, table: Table) -> list[str]:
        return check_table(policy, table, Random(order))

    drawn, table = reduced(drawn, table, differ)
    return shown(drawn, table, differ(drawn.load(), table))


def loaded(drawn: Drawn, run: Run) -> Policy | None:
    """The policy, or ``None`` where drawing has gone wrong: rare, and counted."""
    try:
        policy = drawn.load()
    except PolicyError:
        run.counts["policies", "not valid"] += 1
        return None
    run.counts["policies", "loaded"] += 1
    return policy
