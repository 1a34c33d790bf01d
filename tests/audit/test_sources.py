from __future__ import annotations

import gzip
import io
import json
from datetime import datetime
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from complaint_policy.audit.sources import InputOptions, Row, SourceTable, open_source
from complaint_policy.audit.tables import memory_table
from complaint_policy.errors import InputError, MissingExtra

xlsxwriter: Any = import_module("xlsxwriter")  # brings no types
HEAD = "编号,标题,受理时间\r\n"
ROWS = '1,"断网, 三天",2024/1/5\r\n2,"第一行\r\n第二行",2024/1/6\r\n3,"他说""好""",2024/1/7\r\n'


def read(path: Path, columns: list[str] | None = None, **options: Any) -> list[Row]:
    table = open_source(path, InputOptions(**options))
    return list(table.rows(columns or list(table.columns)))


def cells(rows: list[Row]) -> list[list[object]]:
    return [list(r.cells) for r in rows if r.fault is None]


EXPECTED = [["1", "断网, 三天", "2024/1/5"], ["2", "第一行\r\n第二行", "2024/1/6"], ["3", '他说"好"', "2024/1/7"]]


@pytest.mark.parametrize(
    ("encoding", "found", "certain"),
    [
        ("utf-8", "utf-8", True),
        ("utf-8-sig", "utf-8-sig", True),
        ("gbk", "gb18030", False),
        ("utf-16", "utf-16", True),
    ],
)
def test_the_encoding_is_found_and_named(tmp_path: Path, encoding: str, found: str, certain: bool) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes((HEAD + ROWS).encode(encoding))
    table = open_source(path, InputOptions())

    assert table.columns == ("编号", "标题", "受理时间")
    assert cells(list(table.rows(table.columns))) == EXPECTED
    assert table.encoding is not None
    assert (table.encoding.name, table.encoding.certain) == (found, certain)


def test_a_western_file_is_guessed_and_the_guess_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    text = "id,text\n" + "".join(f"{n},Café fermé, à côté\n".replace("fermé, ", "ferme ") for n in range(50))
    path.write_bytes(text.encode("cp1252"))
    table = open_source(path, InputOptions())

    assert table.encoding is not None
    assert not table.encoding.certain
    assert "guess" in table.encoding.how.en


def test_a_character_cut_in_two_does_not_change_the_encoding_of_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    row = "1,投诉内容很长\n".encode()
    path.write_bytes(b"id,text\n" + row * 40 + "2,内容".encode()[:-1] + b"\n" + row)
    table = open_source(path, InputOptions())
    found = [r.cells[0] for r in table.rows(["text"])]

    assert table.encoding is not None
    assert (table.encoding.name, table.encoding.certain) == ("utf-8", False)
    assert "2 bytes" in table.encoding.how.en
    assert found[0] == found[-1] == "投诉内容很长"
    assert found[-2] == "内容".encode()[:-1]


def test_lines_are_counted_as_a_person_counts_them(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes((HEAD + ROWS).encode())

    assert [r.line for r in read(path)] == [2, 3, 5]


def test_only_wanted_columns_come_in_the_order_wanted(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes((HEAD + ROWS).encode())

    assert list(read(path, ["受理时间", "编号"])[0].cells) == ["2024/1/5", "1"]


def test_rows_of_another_width_are_named_not_shifted(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b,c\n1,2\n1,2,3\n1,2,3,4\n\n1,2,3,\n4,5,6\n")
    rows = read(path)

    assert [(r.line, r.fault and r.fault.en) for r in rows] == [
        (2, "too few cells: 2 of 3"),
        (3, None),
        (4, "too many cells: 4 instead of 3"),
        (6, "too many cells: 4 instead of 3"),
        (7, None),
    ]
    assert all(r.fault.zh for r in rows if r.fault)


def test_a_quote_that_is_never_closed_is_named_where_it_begins(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('a,b\n1,2\n3,"open\n5,6\n7,8\n')
    rows = read(path)

    assert [r.line for r in rows] == [2, 3]
    assert rows[1].fault is not None
    assert "still open" in rows[1].fault.en


def test_a_cell_beyond_the_bound_costs_its_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1," + "x" * 200_000 + "\n3,4\n")
    rows = read(path)

    assert rows[0].fault is not None
    assert "131072" in rows[0].fault.en
    assert list(rows[-1].cells) == ["3", "4"]


@pytest.mark.parametrize(
    ("delimiter", "name"), [(";", "semicolon"), ("\t", "tab"), ("|", "vertical bar"), (",", "comma")]
)
def test_the_delimiter_is_found_and_named(tmp_path: Path, delimiter: str, name: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(delimiter.join(["a, b", "c d", "e"]).replace(", ", "_") + "\n" + delimiter.join("123") + "\n")
    table = open_source(path, InputOptions())

    assert len(table.columns) == 3
    assert name in table.remarks[0].en


def test_a_tab_file_without_quoting(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text('1\t"STOP" IT SAID\tY\n2\t"open\tN\n')

    table = open_source(path, InputOptions(kind="tsv", quoted=False, header=False, columns=("a", "b", "c")))
    assert cells(list(table.rows(["b", "c"]))) == [['"STOP" IT SAID', "Y"], ['"open', "N"]]


def test_declared_columns_name_a_file_without_header(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("1,2\n3,4\n")
    table = open_source(path, InputOptions(columns=("a", "b")))

    assert [(r.line, list(r.cells)) for r in table.rows(["b"])] == [(1, ["2"]), (2, ["4"])]
    with pytest.raises(InputError, match="name its columns"):
        open_source(path, InputOptions(header=False))


def test_a_header_further_down(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Monthly report\nprinted 2024-01-05\nid,x\n1,2\n")
    table = open_source(path, InputOptions(header=True, header_line=3))

    assert table.columns == ("id", "x")
    assert [(r.line, list(r.cells)) for r in table.rows(["id"])] == [(4, ["1"])]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a,b,a\n1,2,3\n", "'a' stands more than once"),
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"PK\x03\x04rest", "XLSX"),
        (b"PAR1rest", "Parquet"),
        (b"\x1f\x8b\x08\x00broken", "damaged"),
    ],
)
def test_files_that_are_no_table_are_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)

    with pytest.raises(InputError, match=words) as caught:
        open_source(path, InputOptions())
    assert caught.value.render("zh") != caught.value.render("en")


def test_a_compressed_file_that_breaks_off(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * 10_000)[:-20])

    with pytest.raises(InputError, match="damaged"):
        read(path)


@pytest.mark.parametrize("name", ["missing.csv", "a.docx"])
def test_a_path_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.docx").write_text("x")

    with pytest.raises(InputError):
        open_source(tmp_path / name, InputOptions())


def test_a_wrong_declared_encoding_says_the_right_one(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes((HEAD + ROWS).encode("gbk"))

    with pytest.raises(InputError, match="gb18030"):
        open_source(path, InputOptions(encoding="utf-8"))


def test_a_stray_byte_costs_its_cell(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("id,名\n1,好\n2,".encode() + b"\xff\n" + "3,坏\n".encode())
    rows = read(path, encoding="utf-8")

    assert [list(r.cells) for r in rows] == [["1", "好"], ["2", b"\xff"], ["3", "坏"]]


RECORDS: list[dict[str, Any]] = [
    {"id": "1", "paid": 10.10, "customer": {"id": "c1", "address": {"city": "上海"}}, "tags": ["a"]},
    {"id": "2", "late": True},
]


def write_json(path: Path, document: Any) -> Path:
    text = json.dumps(document, ensure_ascii=False)
    data = text.encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


@pytest.mark.parametrize("name", ["a.json", "a.json.gz"])
def test_json_opens_objects_with_dots(tmp_path: Path, name: str) -> None:
    for document in (RECORDS, {"count": 2, "results": RECORDS}):
        table = open_source(write_json(tmp_path / name, document), InputOptions())

        assert table.columns == ("id", "paid", "customer.id", "customer.address.city", "tags", "late")
        rows = list(table.rows(["paid", "customer.address.city", "tags", "late"]))
        assert [list(r.cells) for r in rows] == [[Decimal("10.1"), "上海", ["a"], None], [None, None, None, True]]


def test_json_lines_name_the_lines_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"id": 1}\n\n{"id": 2,}\n[1]\n{"id": 3, "x": null}\n' + b"[" * 100_000 + b"\n"))
    table = open_source(path, InputOptions())
    rows = list(table.rows(["id"]))

    assert table.columns == ("id", "x")
    assert [(r.line, list(r.cells), bool(r.fault)) for r in rows] == [
        (1, [1], False), (3, [], True), (4, [], True), (5, [3], False), (6, [], True),
    ]  # fmt: skip


def test_a_record_with_a_key_twice_is_named(tmp_path: Path) -> None:
    text = '{"id": 1, "id": 2}|{"id": 3}|{"id": 4, "x": {"y": 1, "y": 1}}'
    (tmp_path / "a.json").write_text("[" + text.replace("|", ",") + "]")
    (tmp_path / "a.jsonl").write_text(text.replace("|", "\n"))
    for name in ("a.json", "a.jsonl"):
        rows = read(tmp_path / name, ["id"])

        assert [(list(r.cells), r.fault and r.fault.en) for r in rows] == [
            ([], "a key stands twice in the object"),
            ([3], None),
            ([], "a key stands twice in the object"),
        ]


@pytest.mark.parametrize("document", [{"a": [{}], "b": [{}]}, {"a": 1}, 7])
def test_json_without_one_array_is_refused(tmp_path: Path, document: Any) -> None:
    with pytest.raises(InputError, match="array"):
        open_source(write_json(tmp_path / "a.json", document), InputOptions())


def test_json_that_is_none_is_refused_at_its_place(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[{"id": 1},\n {"id": }]')
    with pytest.raises(InputError, match="line 2, column 9"):
        open_source(path, InputOptions())

    path.write_text("[" * 200_000)
    with pytest.raises(InputError, match="nested"):
        open_source(path, InputOptions())


def workbook(path: Path) -> Path:
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("投诉")
    day = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    sheet.write_row(1, 1, ["编号", "受理时间", "金额", "备注"])
    sheet.write_row(2, 1, [20240001])
    sheet.write_datetime(2, 2, datetime(2024, 1, 5, 9, 30), day)
    sheet.write(2, 3, 12.5)
    sheet.write(4, 1, "K-2")
    book.add_worksheet("empty")
    other = book.add_worksheet("other")
    other.write(0, 0, "x")
    book.close()
    return path


def test_a_workbook_keeps_types_and_row_numbers(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx")
    (tmp_path / "b.xlsx.gz").write_bytes(gzip.compress(path.read_bytes()))
    for name in ("a.xlsx", "b.xlsx.gz"):
        table = open_source(tmp_path / name, InputOptions())

        assert table.columns == ("", "编号", "受理时间", "金额", "备注")
        rows = [(r.line, *r.cells) for r in table.rows(["编号", "受理时间", "金额"])]
        assert rows == [(3, 20240001, datetime(2024, 1, 5, 9, 30), 12.5), (4, "", "", ""), (5, "K-2", "", "")]
        assert "1 more not read" in table.remarks[0].en


@pytest.mark.parametrize(("cell", "place"), [("XFD1048576", "XFD1048576"), ("CV1000000", "CV1000000"), ("J1000000", "J1000000")])
def test_a_stray_cell_far_away_is_told(tmp_path: Path, cell: str, place: str) -> None:
    """A reader makes a cell of every place up to the last: here some millions for five of them."""
    path = tmp_path / "far.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("Fälle")
    sheet.write_row(0, 0, ["id", "received_at"])
    sheet.write_row(1, 0, ["1", "2026-03-01 09:00"])
    sheet.write_string(cell, " ")
    book.close()
    with pytest.raises(InputError, match=f"the sheet 'Fälle' reaches to {place} with 5 cells written") as caught:
        read(path)
    assert f"延伸至 {place}" in caught.value.render("zh")


def test_a_wide_sheet_and_a_long_one_are_read(tmp_path: Path) -> None:
    for name, cells in (("wide", (0, 4_000)), ("long", (20_000, 3))):
        path = tmp_path / f"{name}.xlsx"
        book = xlsxwriter.Workbook(str(path))
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["id", "received_at"])
        sheet.write_row(1, 0, ["1", "2026-03-01 09:00"])
        sheet.write_string(*cells, "x")
        book.close()
        assert len(read(path)) == max(cells[0], 1)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-16"])
def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("\ufeff编号,时间\nA,2026-03-01\n".encode(encoding))
    for options in (InputOptions(encoding=encoding), InputOptions()):
        assert open_source(path, options).columns == ("编号", "时间")


def test_a_name_that_no_file_can_have() -> None:
    with pytest.raises(InputError, match="cannot read"):
        read(Path("a\0b.csv"))


def test_a_workbook_that_is_none_or_lacks_the_sheet(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx")
    with pytest.raises(InputError, match="other"):
        open_source(path, InputOptions(sheet="nope"))

    path.write_bytes(b"PK\x03\x04 broken")
    with pytest.raises(InputError, match="workbook"):
        open_source(path, InputOptions())


FRAME = pl.DataFrame({"id": ["1", "2"], " when ": [datetime(2024, 1, 5), None], "n": [1.0, float("nan")]})


@pytest.mark.parametrize("name", ["a.parquet", "a[1].parquet", "a.parquet.gz"])
def test_parquet(tmp_path: Path, name: str) -> None:
    buffer = io.BytesIO()
    FRAME.write_parquet(buffer)
    path = tmp_path / name
    path.write_bytes(gzip.compress(buffer.getvalue()) if name.endswith(".gz") else buffer.getvalue())
    table = open_source(path, InputOptions())

    assert table.columns == ("id", "when", "n")
    assert [list(r.cells) for r in table.rows(["when", "id"])] == [[datetime(2024, 1, 5), "1"], [None, "2"]]
    path.write_bytes(b"PAR1 broken")
    with pytest.raises(InputError):
        open_source(path, InputOptions())


def test_files_that_unpack_to_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with gzip.open(tmp_path / "a.csv.gz", "wb") as file:
        file.write(b"id,x\n1,")
        for _ in range(17):
            file.write(b"0" * (1 << 20))
    with pytest.raises(InputError, match="more than 16777216 characters"):
        read(tmp_path / "a.csv.gz")

    for module in ("sources", "workbooks"):
        monkeypatch.setattr(f"complaint_policy.audit.{module}.MAX_WHOLE", 2000)
    with pytest.raises(InputError, match="larger than"):
        read(workbook(tmp_path / "a.xlsx"))
    with pytest.raises(InputError, match="larger than"):
        read(write_json(tmp_path / "a.json.gz", [{"x": "0" * 3000}]))


class ArrowOnly:
    """A table that offers nothing but the Arrow stream."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return FRAME.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize("source", [FRAME, FRAME.lazy(), ArrowOnly(), FRAME.to_arrow()])
def test_tables_in_memory(source: object) -> None:
    table = memory_table(source)

    assert [(r.line, *r.cells) for r in table.rows(["id"])] == [(1, "1"), (2, "2")]
    assert len(list(table.rows([]))) == 2


def test_lists_of_records_and_objects() -> None:
    class Plain:
        pass

    table: SourceTable = memory_table(iter([{"id": 1}, Plain(), {"x": 2}]))

    assert table.columns == ("id", "x")
    assert [(list(r.cells), bool(r.fault)) for r in table.rows(["x"])] == [([None], False), ([], True), ([2], False)]


@pytest.mark.parametrize("source", [7, {"id": 1}, None])
def test_what_is_no_table_is_refused(source: object) -> None:
    with pytest.raises(InputError, match="no table"):
        memory_table(source)


def test_a_missing_library_names_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = workbook(tmp_path / "a.xlsx")
    monkeypatch.setitem(__import__("sys").modules, "python_calamine", None)

    with pytest.raises(MissingExtra, match=r"pip install 'complaint-policy\[audit\]'"):
        open_source(path, InputOptions())
