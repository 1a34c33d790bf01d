"""Lines of JSON that Polars reads are what Python's `json` reads, and a file is read the same however it is cut into pieces."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from complaint_policy import InputError, load_policy
from complaint_policy.audit import json_blocks, json_files, json_shapes
from complaint_policy.audit.blocks import LINE, Block
from complaint_policy.audit.json_blocks import JsonBlocks
from complaint_policy.audit.json_files import JsonLinesTable
from complaint_policy.audit.row_blocks import RowBlocks
from complaint_policy.audit.sources import FileHandle, InputOptions
from complaint_policy.audit.typed_cells import Reading, TypedCells

CELLS = TypedCells({"n": Reading.NUMBER, "w": Reading.NUMBER, "断网": Reading.TEXT})
KEYS = ["n", "t", "w", "f", "断网", "a.b", 'q"', "x:y"]
WANTED = ["n", "t", "f", "断网", "a.b", 'q"', "w"]
# As they are written: of the kind that a key usually has, and others.
USUAL: dict[str, list[str]] = {
    "n": ["1.5", "12", "0.30", "-3", "0", "-0.0", "123456789012345", "999999999.999999", "null"],
    "w": ["1", "2", "-7", "null"],
    "t": ['"a"', '"2026-03-01 09:00"', '""', '" "', '"\\u65ad\\u7f51"', '"断"', '"\\ud83d\\ude00"', '"\\u0000"', '"\\/\\n\\""', '"\u2028"', '"\u3000"', '"{}:,"', '"\\\\"', "null"],
    "f": ["true", "false", "null"],
    "断网": ['"x"', '"y"', '"\\u3000z"'],
    "a.b": ['"k"', '"\\t"'],
    'q"': ["null"],
    "x:y": ['"z"', '"\\",\\"t\\":1"'],
}  # fmt: skip
OTHERS: dict[str, list[str]] = {
    "n": ["-0", "1234567890123456", "0.1234567890123456", "1e3", "1E400", "NaN", "-Infinity", "01", "+1", "1.", ".5", '"7"'],
    "w": ["10000000000000000001", "1.0", "1.25", "99999999999999999999999.5"],
    "t": ['"\\ud83d"', '"\\x"', '"\t"', "3", '"\\ud83d\\u0041"'],
    "f": ["0", '"yes"', "tru"],
    "断网": ["5", "[]", '["a","b"]'],
    "a.b": ['{"c":1}', "{}"],
    'q"': ['"late"', '{"d":null}'],
    "x:y": ['{"b":"in"}', "[1,[2]]", "1.123456789012345678", '{"b":1,"b":2}', "true"],
}
# Lines of no shape, each of which Python takes, refuses or leaves out.
STRAY = ["", " ", "[]", "{}", "null", "{", '{"n":1', '{"n":1}}', '{"n":1} x', '{"n":1 "t":"a"}', '{"n":1,,"t":"a"}', '{"n":1,}', '{,"n":1}', '\ufeff{"n":1}', "{'n':1}", "\x1f", '{"n" : 1}', '{"n":1,"n":1}', '{"t":"a","n":2}', '{"n":"' + "x" * 90 + '"}', ' {"n":2}', '{ "n":2 }']  # fmt: skip


@st.composite
def texts(draw: st.DrawFn) -> list[str]:
    """The lines of a file: all of one shape, or some of them not."""
    chance, keys = draw(st.sampled_from([0, 2, 25])), [key for key in KEYS if draw(st.integers(0, 7))]
    colon, comma = draw(st.sampled_from([(":", ","), (": ", ", "), (" :", " ,")]))
    ascii_only = draw(st.booleans())

    def odd() -> bool:
        return chance > 0 and draw(st.integers(0, 99)) < chance

    found: list[str] = []
    for _ in range(draw(st.integers(0, 14))):
        if odd():
            found.append(draw(st.sampled_from(STRAY)))
            continue
        there = [key for key in keys if draw(st.integers(0, 5))]
        if odd():
            there = draw(st.permutations(there)) + there[:1]
        pairs = [(json.dumps(key, ensure_ascii=ascii_only), draw(st.sampled_from(OTHERS[key] if odd() else USUAL[key]))) for key in there]
        found.append("{" + comma.join(f"{key}{colon}{value}" for key, value in pairs) + "}" + draw(st.sampled_from(["", "", " "])))
    return found


def read(blocks: Iterator[Block]) -> list[tuple[Any, ...]]:
    """Every row with its position, its line and what its cells mean, or its fault."""
    found: list[tuple[Any, ...]] = []
    for block in blocks:
        rows: list[tuple[Any, ...]] = [(row, line, *map(meant, WANTED, cells)) for row, line, *cells in block.frame.select("row", LINE, *WANTED).iter_rows()]
        rows += [(at, row.line, row.fault) if row.fault else (at, row.line, *map(meant, WANTED, row.cells)) for at, row in block.others]
        assert len(rows) == block.rows
        assert [row[0] for row in sorted(rows)] == list(range(block.first, block.first + block.rows))
        found += sorted(rows, key=lambda row: row[0])
    return found


def meant(name: str, cell: Any) -> Any:
    if isinstance(cell, str) and not cell.strip():
        return None
    if CELLS.readings.get(name) is Reading.NUMBER and not isinstance(cell, bool):
        try:
            number = Decimal(repr(cell) if isinstance(cell, float) else str(cell))
            return None if number.is_nan() else number.normalize()
        except ArithmeticError:
            return repr(cell)
    if name == "断网" and not isinstance(cell, str):  # a text may stand for a number or a list
        return None if cell in (None, []) else str(cell) if isinstance(cell, int) else ";".join(cell)
    return (type(cell), cell) if cell is not None else None


@settings(max_examples=400, deadline=None)
@given(text=texts(), piece=st.sampled_from([60, 300, 5000]), end=st.sampled_from(["\n", "\r\n"]), last=st.booleans())
@example(text=['{"n":1.5,"t":"a"}'] * 4 + ['{"n":1e3,"t":"b"}', '{"n":2,"t":"c"}'], piece=5000, end="\n", last=True)
@example(text=['{"n":1.5,"t":"a"}'] * 4 + ['{"n":-0.0,"t":"b"}'], piece=40, end="\n", last=False)
def test_both_ways_read_the_same(tmp_path_factory: pytest.TempPathFactory, text: list[str], piece: int, end: str, last: bool) -> None:
    path = tmp_path_factory.mktemp("json") / "t.jsonl"
    path.write_bytes((end.join(text) + (end if last else "")).encode())

    with patch.object(json_files, "_PIECE", piece), patch.object(json_shapes, "_WORTH", 1), patch.object(json_shapes, "_LEARNT_FROM", 2):
        table = JsonLinesTable(FileHandle(path), InputOptions(encoding="utf-8"))
        found = read(JsonBlocks(table, CELLS).blocks(WANTED, "row"))
    alone = JsonLinesTable(FileHandle(path), InputOptions(encoding="utf-8"))

    assert table.columns == alone.columns
    assert found == read(RowBlocks(alone, CELLS).blocks(WANTED, "row"))


def made(path: Path, text: str, **sizes: int) -> JsonLinesTable:
    path.write_text(text)
    sizes = {"_PIECE": 2000, "_WORTH": 5, "_LEARNT_FROM": 5} | sizes
    with patch.object(json_files, "_PIECE", sizes["_PIECE"]), patch.multiple(json_shapes, _WORTH=sizes["_WORTH"], _LEARNT_FROM=sizes["_LEARNT_FROM"]):
        return JsonLinesTable(FileHandle(path), InputOptions())


def by_python(table: JsonLinesTable, wanted: list[str], monkeypatch: pytest.MonkeyPatch, piece: int = 2000) -> list[str]:
    """The lines that Python reads in the second reading."""
    seen: list[str] = []
    monkeypatch.setattr(json_files, "_PIECE", piece)
    reader = table.reader

    def noted(names: Any) -> Any:
        of_line = reader(names)

        def read(number: int, line: str) -> Any:
            seen.append(line)
            return of_line(number, line)

        return read

    monkeypatch.setattr(table, "reader", noted)
    list(JsonBlocks(table, CELLS).blocks(wanted, "row"))
    return seen


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("separators", [None, (",", ":")])
def test_lines_of_one_shape_are_polars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ascii_only: bool, separators: Any) -> None:
    """Absent keys, texts with escapes, numbers with fractions or without, a key that comes later: none needs Python."""
    records = [
        {"id": f"编号{n} \n😀", **({"late": None} if n % 3 else {}), "n": n if n % 2 else n / 4, "flag": n % 5 == 0, **({"new": "x"} if n > 100 else {})} for n in range(400)
    ]  # fmt: skip
    table = made(tmp_path / "t.jsonl", "".join(json.dumps(r, ensure_ascii=ascii_only, separators=separators) + "\n" for r in records))
    seen = by_python(table, ["id", "late", "n", "flag", "new"], monkeypatch)

    assert seen == []
    assert len(table.survey.plain) > 5


def test_a_few_other_lines_leave_the_rest_to_polars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "".join(f'{{"id":"{n}","n":{n}.5}}\n' if n % 50 else f'{{"id":"{n}","n":{n},"more":{{"b":1}}}}\n' for n in range(1, 400))
    seen = by_python(made(tmp_path / "t.jsonl", text), ["id", "n"], monkeypatch)

    assert [json.loads(line)["id"] for line in seen] == [str(n) for n in range(50, 400, 50)]


def test_numbers_that_are_shown_are_not_made_floats(tmp_path: Path) -> None:
    """`7.10` of a field of texts is `7.10`."""
    table = made(tmp_path / "t.jsonl", "".join(f'{{"id":"{n}","t":7.10}}\n' for n in range(300)))
    found = [row for block in JsonBlocks(table, CELLS).blocks(["t"], "row") for _, row in block.others]

    assert [str(row.cells[0]) for row in found] == ["7.10"] * 300


def test_a_line_without_end_is_a_fault_wherever_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_files, "MAX_LINE", 500)
    monkeypatch.setattr(json_blocks, "MAX_LINE", 500)
    monkeypatch.setattr(json_files, "_PIECE", 250)
    short = '{"id":"a"}\n'
    for size in (489, 490, 700, 5000):
        path = tmp_path / f"{size}.jsonl"
        path.write_text(short * 3 + json.dumps({"id": "x" * size}) + "\n" + short * 3)
        rows = [*JsonLinesTable(FileHandle(path), InputOptions()).rows(["id"])]
        assert [(row.line, row.fault is not None) for row in rows] == [(n, n == 4 and size > 489) for n in range(1, 8)], size


def test_a_file_that_is_replaced_between_the_readings_is_told(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    table = made(path, '{"id":"a","n":1}\n' * 400)
    path.write_text('{"id":7,"n":"b"}\n' * 500)

    with pytest.raises(InputError, match="has changed"):
        list(JsonBlocks(table, CELLS).blocks(["id", "n"], "row"))


def test_a_float_of_polars_is_the_float_of_python() -> None:
    """Every number the pattern lets through is read to the nearest float."""
    texts = [f"{'-' if n % 3 == 0 else ''}{n * 7919 % 10**whole}.{n * 104729 % 10**digits:0{digits}d}" for n in range(1, 3000) for whole, digits in ((9, 6), (3, 12), (1, 1))]
    data = "".join(f'{{"n":{text}}}\n' for text in texts).encode()

    found = json_blocks._read(data, {"n": pl.Float64})

    assert found is not None
    assert found["n"].to_list() == [float(text) for text in texts]


def test_short_lines_of_a_wide_file_make_no_vast_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_blocks, "MOST_CELLS", 40)
    table = made(tmp_path / "t.jsonl", json.dumps({f"x{i}": "a" for i in range(10)}) + "\n" + '{"x0":"a"}\n' * 99)
    blocks = [*JsonBlocks(table, CELLS).blocks([f"x{i}" for i in range(10)], "row")]

    assert max(block.rows for block in blocks) == 4
    assert [row for block in blocks for row in block.frame["row"].to_list()] == list(range(100))
    assert [line for block in blocks for line in block.frame[LINE].to_list()] == list(range(1, 101))


def test_a_file_of_more_keys_than_a_pattern_has_room_for_is_pythons(tmp_path: Path) -> None:
    text = "".join(json.dumps({f"k{(n * 7 + i) % 400}": i for i in range(400)}) + "\n" for n in range(20))
    table = made(tmp_path / "t.jsonl", text)

    assert len(table.columns) == 400
    assert table.survey.shape.pattern is None
    assert sum(block.rows for block in JsonBlocks(table, CELLS).blocks(["k7"], "row")) == 20


def test_an_encoding_with_half_a_surrogate_pair(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes('{"id":"a"}\n'.encode("utf-7") * 20 + b'{"id":"+2AA-"}\n')
    with patch.multiple(json_shapes, _WORTH=5, _LEARNT_FROM=5):
        table = JsonLinesTable(FileHandle(path), InputOptions(encoding="utf-7"))

    found = [row for block in JsonBlocks(table, CELLS).blocks(["id"], "row") for row in (*block.frame["row"].to_list(), *(at for at, _ in block.others))]
    assert found == list(range(21))


def test_the_share_that_is_told_grows_to_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_blocks, "_ROWS", 300)
    monkeypatch.setattr(json_files, "_PIECE", 2000)
    told: list[tuple[int, float | None]] = []
    path = tmp_path / "t.jsonl"
    path.write_text('{"id":"a","received_at":"2026-03-01 09:00:00"}\n' * 4000)
    with patch.multiple(json_shapes, _WORTH=5, _LEARNT_FROM=5):
        load_policy("cn/base").audit(path, as_of="2026-03-20T18:00", progress=lambda rows, share: told.append((rows, share)))

    shares = [share for _, share in told if share is not None]
    assert len(shares) == len(told)
    assert shares == sorted(shares)
    assert (len(shares) > 5, told[-1]) == (True, (4000, 1.0))
