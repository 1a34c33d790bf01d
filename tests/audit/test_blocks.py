"""Blocks of delimited text hold the rows that the reader of rows gives, whatever the file and the size of a block."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from complaint_policy.audit.blocks import LINE
from complaint_policy.audit.delimited import DelimitedTable
from complaint_policy.audit.sources import InputOptions, open_source
from complaint_policy.errors import InputError

SIZES = (1, 7, 64, 1 << 20)


def by_rows(table: DelimitedTable, wanted: list[str]) -> list[Any]:
    return [(i, r.line, ["" if c == "" else c for c in r.cells], r.fault) for i, r in enumerate(table.rows(wanted))]


def by_blocks(table: DelimitedTable, wanted: list[str], size: int) -> list[Any]:
    found: list[Any] = []
    for block in table.blocks(wanted, "row", size):
        rows: list[Any] = [
            (row, line, ["" if c is None else c for c in cells], None) for row, line, *cells in block.frame.select("row", LINE, *wanted).iter_rows()
        ]
        assert rows == sorted(rows, key=lambda r: r[0])
        rows += [(position, row.line, list(row.cells), row.fault) for position, row in block.others]
        assert sorted(r[0] for r in rows) == list(range(block.first, block.first + block.rows))
        found += sorted(rows, key=lambda r: r[0])
    return found


def both(path: Path, sizes: tuple[int, ...] = SIZES, wanted: list[str] | None = None, **options: Any) -> list[Any]:
    table = cast("DelimitedTable", open_source(path, InputOptions(**options)))
    chosen = wanted if wanted is not None else [c for c in reversed(table.columns) if c]
    expected = _or_refused(lambda: by_rows(table, chosen))
    for size in sizes:
        assert _or_refused(lambda size=size: by_blocks(table, chosen, size)) == expected, size  # type: ignore[misc]
    return expected


def _or_refused(read: Callable[[], list[Any]]) -> list[Any]:
    try:
        return read()
    except InputError as error:
        return [str(error)]


CELLS = st.sampled_from(
    [
        "",
        "a",
        "b c",
        " ",
        "1",
        "断网",
        "é",
        '"q"',
        '"x\ny"',
        '"x\r\ny"',
        '"a,b"',
        '"a""b"',
        'q"',
        '"open',
        "\t",
        ";",
        "x\x0by",
        "\x85",
        "\u2028",
        "\0",
        "\x1f",
        "\ufeff",
        "'",
    ]
)
ENDS = st.sampled_from(["\n", "\r\n", "\n", "\r\n", "\r", "\n\n", "\r\r\n"])
LINES = st.lists(st.tuples(st.lists(CELLS, min_size=0, max_size=4), ENDS), max_size=12)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    width=st.sampled_from([1, 2, 3, 3]),
    lines=LINES,
    regular=st.integers(0, 5),
    usual=st.sampled_from(["xyz", ["x", '"y"', "z"], ['"a,b"', '""', '" "']]),
    delimiter=st.sampled_from([",", ",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "gb18030", "utf-16"]),
    declared=st.booleans(),
    stray=st.sampled_from([b"", b"", b"\xff\x80", b"\x81"]),
    header_line=st.sampled_from([None, None, 1, 3]),
    quoted=st.booleans(),
    ended=st.booleans(),
)
def test_blocks_hold_the_rows_of_the_reader_of_rows(tmp_path: Path, **drawn: Any) -> None:
    width, delimiter = drawn["width"], drawn["delimiter"]
    text = "".join("above\n" for _ in range((drawn["header_line"] or 1) - 1))
    text += delimiter.join(f"c{i}" for i in range(width)) + "\n"
    for cells, end in drawn["lines"]:
        text += delimiter.join(cells) + end
        text += (delimiter.join(drawn["usual"][:width]) + end) * drawn["regular"]
    if drawn["ended"]:
        text = text.rstrip("\r\n")
    data = text.encode(drawn["encoding"], "replace")
    if drawn["encoding"] != "utf-16":
        middle = len(data) * 2 // 3
        data = data[:middle] + drawn["stray"] + data[middle:]
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    options: dict[str, Any] = {"delimiter": delimiter, "quoted": drawn["quoted"], "header_line": drawn["header_line"]}
    if drawn["declared"]:
        options["encoding"] = drawn["encoding"].removesuffix("-sig")
    try:
        open_source(path, InputOptions(**options))
    except InputError:
        return  # refused at its head
    both(path, (1, 5, 17, 1 << 20), **options)


def test_quoted_line_breaks_keep_their_own_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b'a,b\r\n1,"x\ny"\r\n2,z\r\n3,"x\r\ny"\r\n')

    assert [cells for _, _, cells, _ in both(path, wanted=["b"])] == [["x\ny"], ["z"], ["x\r\ny"]]


def test_a_packed_file_and_one_of_old_line_ends(tmp_path: Path) -> None:
    text = "a,b\r" + "".join(f"{i},x\r" for i in range(50))
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text.encode()))
    (tmp_path / "b.csv").write_text(text, newline="")

    assert both(tmp_path / "a.csv.gz") == both(tmp_path / "b.csv")
    assert len(both(tmp_path / "b.csv")) == 50


def test_a_cell_beyond_the_bound_and_a_line_beyond_it(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1," + "x" * 200_000 + "\n3,4\n" + '5,"' + "y\n" * 100_000 + '"\n7,8\n')

    assert both(path, (1000, 1 << 20))[0][3].en.startswith("a cell longer than 131072")


def test_a_row_through_many_blocks(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n" + '3,"' + "line\n" * 3000 + '"\n4,5\n6,"open\n')

    assert [line for _, line, _, _ in both(path, (64, 1 << 20))] == [2, 3, 3004, 3005]


def test_no_line_is_longer_than_the_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("complaint_policy.audit.delimited._MAX_LINE", 2000)
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n" + "x" * 5000 + "\n3,4\n")
    table = cast("DelimitedTable", open_source(path, InputOptions()))
    for size in (100, 1 << 20):
        with pytest.raises(InputError, match="more than 2000 characters"):
            list(table.blocks(["a"], "row", size))
    with pytest.raises(InputError, match="more than 2000 characters"):
        list(table.rows(["a"]))


def test_an_empty_line_above_the_header_of_one_column_is_not_the_header(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("\n\na\nx\n\ny\n")

    assert [(line, cells) for _, line, cells, _ in both(path)] == [(4, ["x"]), (5, [""]), (6, ["y"])]


def test_no_column_wanted(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('a,b\n1,2\n"3",4\n')

    assert len(both(path, wanted=[])) == 2


LINES_AS_THEY_STAND = 1 << 20


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "odd",
    [["1,2,3,4", "1,2"], ["1,2", "1,2,3,4"], ["1,2,", ",,,"], ["", "1,2,3,,,"], [""], ["1,2"], ["1,2,3,4"], [",,,"], ["1,2,3\r4"]],
    ids=["more-less", "less-more", "empty-more", "none-more", "none", "less", "more", "empty-cells", "inside"],
)
def test_lines_with_a_cell_more_and_less_among_many_that_are_rows_as_they_stand(tmp_path: Path, odd: list[str], end: str) -> None:
    path = tmp_path / "a.csv"
    usual = ["x,y,z", "x,,z", "x,y,", ",,"]
    for place in (0, 1, 700):
        lines = ["a,b,c", *usual * place, *odd, *usual * 40]
        path.write_text(end.join(lines) + end, newline="")
        both(path, (LINES_AS_THEY_STAND, 300), ["a", "b", "c"])
        both(path, (LINES_AS_THEY_STAND,), ["c", "a"])


def test_a_line_of_the_longest_kind_among_others(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    for length in (65_534, 65_537, 131_069, 131_072, 140_000):
        path.write_text("a,b\n" + "1,2\n" * 50 + "1," + "x" * length + "\n" + "1,2\n" * 50)
        both(path, (LINES_AS_THEY_STAND,), ["a", "b"])
