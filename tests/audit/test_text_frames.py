"""Tables in memory whose cells are all texts are read as files of texts are, and judged alike."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest

from complaint_policy import PolicyError, load_policy
from complaint_policy.audit import read_mapping, run, text_frames
from complaint_policy.audit.judging import fields_of_policy
from complaint_policy.audit.mapping import by_name
from complaint_policy.audit.tables import memory_table
from complaint_policy.audit.text_frames import FEWEST, TextFrame, text_frame
from tests.equality.comparing import compare_file
from tests.equality.policies import draw_policy
from tests.equality.records import draw_table
from tests.equality.small import few_days, small_pieces

AS_OF = "2026-03-20T18:00"
CSV = "编号,时间,类别,金额,办结\n" + "".join(
    f"C{i},2026-03-{i % 19 + 1:02d} 09:0{i % 10},{('fault', 'charge', 'x')[i % 3]},{i}.50,{'' if i % 4 else '2026-03-19 10:00'}\n" for i in range(FEWEST)
)
MAPPING = read_mapping(
    "format: 1\nmapping: m\nfields:\n  id: {column: 编号}\n  received_at: {column: 时间}\n  category: {column: 类别, values: {x: service}}\n"
    "  amount_claimed: {column: 金额}\n  responded_at: {column: 办结}\n"
)


@pytest.fixture
def all_sizes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(run, "text_frame", partial(text_frame, fewest=0))
    yield


@pytest.mark.parametrize("seed", range(12))
def test_drawn_tables_as_texts(all_sizes: None, seed: int) -> None:
    try:
        drawn = draw_policy(9_000 + seed)
        policy = drawn.load()
    except PolicyError:
        return
    table = draw_table(drawn, policy, seed)
    if table.frame is None:
        return
    flat = [name for name, kind in table.frame.schema.items() if not kind.is_nested()]
    frame = pl.read_csv(io.StringIO(table.frame.select(flat).write_csv()), infer_schema=False)
    random = Random(seed)
    blank = random.choice([None, "", "  ", "\u3000"])
    frame = frame if blank is None else frame.fill_null(blank)
    with few_days(), small_pieces(random.randint(1, 30)):
        assert not compare_file(policy, frame, by_name(flat, fields_of_policy(policy)), table.as_of, table.waivers)


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
    frame = pl.DataFrame({"a": ["x"] * FEWEST, " b ": ["y"] * FEWEST, "n": [1] * FEWEST})
    table: Any = memory_table(frame)
    assert isinstance(text_frame(table, ("a", "b")), TextFrame)
    assert text_frame(table, ("a", "n")) is None
    assert text_frame(table, ()) is None
    assert text_frame(memory_table(frame.head(FEWEST - 1)), ("a",)) is None  # type: ignore[arg-type]
    assert text_frame(memory_table(frame.lazy()), ("a",)) is None  # type: ignore[arg-type]


def test_rows_come_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_frames, "_BATCH", 3)
    texts: Any = text_frame(memory_table(pl.DataFrame({"a": ["x", None, " ", "y", "\u3000", "z", ""]})), ("a",), fewest=0)  # type: ignore[arg-type]
    blocks = list(texts.blocks(("a",), "row"))
    assert [(b.first, b.rows, b.frame["row"].to_list(), b.frame["a"].to_list()) for b in blocks] == [
        (0, 3, [0, 1, 2], ["x", None, None]),
        (3, 3, [3, 4, 5], ["y", None, "z"]),
        (6, 1, [6], [None]),
    ]
    assert texts.share() == 1.0
