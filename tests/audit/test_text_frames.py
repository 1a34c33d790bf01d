"""Tables in memory whose cells are all texts are read as files of texts are, and judged alike."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from complaint_policy import InputError, Policy, PolicyError, load_policy
from complaint_policy.audit import read_mapping, text_frames
from complaint_policy.audit.batches import BatchJudge
from complaint_policy.audit.frames import shown
from complaint_policy.audit.judging import fields_of_policy
from complaint_policy.audit.mapping import by_name
from complaint_policy.audit.tables import memory_table
from complaint_policy.audit.text_frames import TextFrame, text_frame
from tests.audit.support import assert_partials_hold
from tests.equality.comparing import compare_file
from tests.equality.policies import draw_policy
from tests.equality.records import Table, draw_table
from tests.equality.small import few_days, small_pieces

AS_OF = "2026-03-20T18:00"
CSV = "编号,时间,类别,金额,办结\n" + "".join(
    f"C{i},2026-03-{i % 19 + 1:02d} 09:0{i % 10},{('fault', 'charge', 'x')[i % 3]},{i}.50,{'' if i % 4 else '2026-03-19 10:00'}\n" for i in range(2_000)
)
MAPPING = read_mapping(
    "format: 1\nmapping: m\nfields:\n  id: {column: 编号}\n  received_at: {column: 时间}\n  category: {column: 类别, values: {x: service}}\n"
    "  amount_claimed: {column: 金额}\n  responded_at: {column: 办结}\n"
)


def drawn_texts(seed: int) -> tuple[Policy, Table, pl.DataFrame] | None:
    """A drawn policy and table, and its frame with some columns, or every fourth time all, as texts."""
    try:
        drawn = draw_policy(9_000 + seed)
        policy = drawn.load()
    except PolicyError:
        return None
    table = draw_table(drawn, policy, seed)
    if table.frame is None or not table.frame.height:
        return None
    random = Random(seed)
    flat = [name for name, kind in table.frame.schema.items() if not kind.is_nested()]
    texts = pl.read_csv(io.StringIO(table.frame.select(flat).write_csv()), infer_schema=False)
    blank = random.choice([None, "", "  ", "\u3000"])
    texts = texts if blank is None else texts.fill_null(blank)
    some = random.sample(flat, random.randint(1, len(flat))) if seed % 4 else flat
    return policy, table, table.frame.with_columns(texts.select(some).get_columns()) if seed % 4 else texts


@pytest.mark.parametrize("seed", range(16))
def test_drawn_tables_as_texts(seed: int, tmp_path: Path) -> None:
    """In memory, in a query, or in a Parquet file."""
    found = drawn_texts(seed)
    if found is None:
        return
    policy, table, frame = found
    source: Any = frame if seed % 3 else frame.lazy() if seed % 2 else tmp_path / "table.parquet"
    if isinstance(source, Path):
        frame.write_parquet(source)
    with few_days(), small_pieces(Random(seed).randint(1, 30)):
        assert not compare_file(policy, source, by_name(frame.columns, fields_of_policy(policy)), table.as_of, table.waivers)


@pytest.mark.parametrize("seed", range(16, 28))
def test_batches_of_texts(seed: int) -> None:
    """As Spark's workers judge them: a batch at a time, in any number of rows."""
    found = drawn_texts(seed)
    if found is None:
        return
    policy, table, frame = found
    with few_days():
        audit = policy.audit(frame, as_of=table.as_of, waivers=table.waivers)
        judge = BatchJudge(policy, schema=frame.schema, as_of=table.as_of, waivers=table.waivers)
        size = Random(seed).randint(1, frame.height)
        pieces = [judge.judge(frame.slice(first, size), first) for first in range(0, frame.height, size)]
        decided = judge.public(pl.concat([decided for decided, _ in pieces]))
        counted = [judge.count(frame.slice(first, size), first) for first in range(0, frame.height, size)]
        assert_partials_hold(judge, frame, size)
    assert_frame_equal(shown(decided, judge.shape), audit.decisions)
    assert_frame_equal(pl.concat([rejected for _, rejected in pieces]), audit.rejected)
    assert sum(one.rows for one in counted) == frame.height
    assert sum(len(one.ids()) for one in counted) in (0, audit.decisions.height)
    assert_frame_equal(pl.concat([audit.rejected.clear(), *(part for one in counted for part in one.rejected)]).sort("row"), audit.rejected)


def forms(folder: Path) -> dict[str, Any]:
    path = folder / "table.csv"
    path.write_text(CSV, "utf-8")
    frame = pl.read_csv(path, infer_schema=False)
    pandas, duckdb = pytest.importorskip("pandas"), pytest.importorskip("duckdb")
    return {
        "csv": path,
        "polars": frame,
        "blanks": frame.fill_null(""),
        "pandas": pandas.read_csv(path, dtype=str),
        "pandas, no nulls": pandas.read_csv(path, dtype=str, keep_default_na=False),
        "duckdb": duckdb.read_csv(str(path), all_varchar=True),
    }


def test_every_form_of_texts_tells_the_same(tmp_path: Path) -> None:
    policy = load_policy("cn/telecom")
    audits = {name: policy.audit(source, as_of=AS_OF, mapping=MAPPING) for name, source in forms(tmp_path).items()}
    csv = audits.pop("csv")
    for name, audit in audits.items():
        assert audit.decisions.equals(csv.decisions), name
        assert audit.notes == csv.notes, name
        assert audit.decision("C7").to_dict() == csv.decision("C7").to_dict(), name
        summary, expected = (one.summary().to_dict() | {"source": None} for one in (audit, csv))
        assert summary == expected, name


def test_which_tables_are_texts() -> None:
    policy = load_policy("cn/telecom")
    declared = [version.model.fields for version in policy.versions]
    frame = pl.DataFrame({"received_at": ["2026-03-02"], " id ": ["1"], "n": [1], "when": [datetime(2026, 3, 2)], "o": pl.Series([object()], dtype=pl.Object)})

    def read(fields: str, where: str = "") -> TextFrame | None:
        table: Any = memory_table(frame)
        return text_frame(table, read_mapping(f"format: 1\nmapping: m\n{where}fields: {{{fields}}}\n"), declared)

    assert isinstance(read("received_at: {column: received_at}, id: {column: id}"), TextFrame)
    assert isinstance(read("received_at: {column: received_at}, affected_customers: {column: n}"), TextFrame)
    assert read("received_at: {column: when}, id: {column: id}") is None
    assert read("received_at: {column: received_at}, id: {column: o}") is None
    assert read("received_at: {column: received_at}", "rows: {where: {o: x}}\n") is None
    assert read("received_at: {constant: 2026-03-02}") is None


def test_rows_come_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_frames, "_BATCH", 3)
    frame = pl.DataFrame({" a": ["x", None, " ", "y", "\u3000", "z", ""], "n": range(7)})
    for source in (frame, frame.lazy()):
        table: Any = memory_table(source)
        texts = TextFrame(table)
        blocks = list(texts.blocks(("a", "n"), "row"))
        joined = pl.concat([b.frame for b in blocks])
        assert joined.rows() == [(i, i + 1, text, i) for i, text in enumerate(["x", None, None, "y", None, "z", None])]
        assert [b.first for b in blocks] == [sum(b.rows for b in blocks[:i]) for i in range(len(blocks))]
        assert texts.block_at(("n",), "row", 5).frame.rows() == [(5, 6, 5)]
    held: Any = memory_table(frame)
    assert [b.rows for b in TextFrame(held).blocks(("a",), "row")] == [3, 3, 1]


def test_a_query_that_fails_is_told() -> None:
    policy = load_policy("cn/telecom")
    query = pl.DataFrame({"received_at": ["2026-03-02T10:00"], "id": ["x"]}).lazy().with_columns(affected_customers=pl.col("id").cast(pl.Int64))
    with pytest.raises(InputError, match="cannot be read"):
        policy.audit(query, as_of=AS_OF)
