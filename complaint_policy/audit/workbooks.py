"""XLSX (and XLS, ODS) by python-calamine: typed cells, the row numbers of the sheet."""

from __future__ import annotations

import html
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, Final

from attrs import frozen

from complaint_policy.audit.sources import (
    MAX_WHOLE,
    FileHandle,
    InputOptions,
    Row,
    SourceTable,
    checked_columns,
    too_large,
)
from complaint_policy.errors import InputError, MissingExtra
from complaint_policy.texts import Text

__all__ = ["WorkbookTable"]

# Above it a float no longer holds every whole number.
_WHOLE = float(1 << 53)


class WorkbookTable(SourceTable):
    """One sheet of a workbook.  A sheet has one width, so short rows are filled with empty cells."""

    def __init__(self, handle: FileHandle, options: InputOptions) -> None:
        try:
            import python_calamine as calamine
        except ImportError:
            raise MissingExtra("python-calamine", "audit") from None
        self.name, self.kind = handle.path.name, "xlsx"
        self._handle = handle
        content = handle.whole()
        self._refuse_bomb(content)
        try:
            book = calamine.load_workbook(io.BytesIO(content))
            sheet = self._chosen(book, content, options.sheet)
        except (calamine.CalamineError, calamine.ZipError, calamine.XmlError, calamine.PasswordError, OSError) as error:
            raise InputError(
                Text(
                    f"'{self.name}' is not a workbook that can be read: {error}",
                    f"无法读取工作簿“{self.name}”：{error}",
                )
            ) from None
        self._cells: list[list[Any]] = sheet.to_python(skip_empty_area=False)
        for row, column, shown in errors_of(content, sheet.name):
            if row < len(self._cells) and column < len(self._cells[row]):
                self._cells[row][column] = shown
        self._find_header(options)

    def _refuse_bomb(self, content: bytes) -> None:
        """A workbook is a ZIP archive: what it unpacks to is bounded too."""
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                size = sum(entry.file_size for entry in archive.infolist())
        except zipfile.BadZipFile:
            return  # XLS is none; what is damaged calamine will say
        if size > MAX_WHOLE:
            raise too_large(self.name)

    def _chosen(self, book: Any, content: bytes, wanted: str | None) -> Any:
        names: list[str] = book.sheet_names
        if wanted is not None and wanted not in names:
            raise InputError(
                Text(
                    f"'{self.name}' has no sheet '{wanted}'; it has: " + ", ".join(names),
                    f"“{self.name}”没有工作表“{wanted}”；现有：" + "、".join(names),
                )
            )
        for name in [wanted] if wanted else names:
            reach = reach_of(content, name)
            if reach is not None and reach.is_empty_land:
                raise InputError(reach.told(self.name, name))
        filled = [wanted] if wanted else [n for n in names if book.get_sheet_by_name(n).height > 0]
        if not filled:
            raise InputError(Text(f"'{self.name}' is empty", f"“{self.name}”为空文件"))
        remark = Text(f"sheet '{filled[0]}'", f"工作表“{filled[0]}”")
        if len(filled) > 1:
            others = len(filled) - 1
            remark += Text(f" ({others} more not read)", f"（另有 {others} 个工作表未读取）")
        self.remarks = (remark,)
        return book.get_sheet_by_name(filled[0])

    def _find_header(self, options: InputOptions) -> None:
        header = options.header if options.header is not None else not options.columns
        first = (options.header_line or 1) - 1
        while first < len(self._cells) and not any(c != "" for c in self._cells[first]):
            first += 1
        self._first = first + 1 if header else first
        if options.columns:
            self.columns = checked_columns(options.columns, self.name)
            width = max((len(r) for r in self._cells), default=0)
            if width != len(self.columns):
                raise InputError(
                    Text(
                        f"'{self.name}' has {width} columns, {len(self.columns)} are declared",
                        f"“{self.name}”有 {width} 列，声明了 {len(self.columns)} 列",
                    )
                )
        elif not header or first >= len(self._cells):
            raise InputError(Text(f"'{self.name}' has no header line", f"“{self.name}”没有表头"))
        else:
            self.columns = checked_columns([_typed(cell) for cell in self._cells[first]], self.name)

    def unchanged(self) -> bool:
        return self._handle.unchanged()

    def rows(self, wanted: Sequence[str]) -> Iterator[Row]:
        indices = [self.columns.index(name) for name in wanted]
        for number in range(self._first, len(self._cells)):
            cells = self._cells[number]
            yield Row(number + 1, [_typed(cells[i]) for i in indices])


@frozen
class Reach:
    """How far the cells of a sheet lie: the last row and column (counted from 1), and how many cells are written."""

    rows: int
    columns: int
    cells: int

    @property
    def is_empty_land(self) -> bool:
        """Whether next to all of the area is empty: a reader makes a cell of every place in it."""
        area = self.rows * self.columns
        return area > _MOST_PLACES and area > _SPARSE * self.cells

    def told(self, name: str, sheet: str) -> Text:
        place = f"{_letters(self.columns)}{self.rows}"
        return Text(
            f"'{name}': the sheet '{sheet}' reaches to {place} with {self.cells:,} cells written; delete the empty rows and columns",
            f"“{name}”：工作表“{sheet}”延伸至 {place}，而有内容的单元格仅 {self.cells:,} 个；请删除空行、空列",
        )


_MOST_PLACES: Final = 5_000_000
_SPARSE: Final = 20


def reach_of(content: bytes, name: str) -> Reach | None:
    """How far a sheet of an XLSX file reaches; ``None`` of another kind of file."""
    sheet = _sheet_of(content, name)
    if sheet is None:
        return None
    rows = max((int(row[1]) for row in _ROW.finditer(sheet)), default=0)
    # Most tables end before column AA: then no cell need be looked at.
    reach = Reach(rows, _widest(_FAR, sheet) or 26, len(_WRITTEN.findall(sheet)))
    return Reach(rows, _widest(_PLACE, sheet), reach.cells) if reach.is_empty_land else reach


def _widest(places: re.Pattern[bytes], sheet: bytes) -> int:
    return max((_number(place[1]) for place in places.finditer(sheet)), default=0)


def _number(letters: bytes) -> int:
    column = 0
    for letter in letters:
        column = column * 26 + letter - ord("A") + 1
    return column


def _letters(column: int) -> str:
    found = ""
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(ord("A") + rest) + found
    return found


# The file may be hostile: no pattern looks further than a tag can be long, so that the time they take grows with the file alone.
_SHEET: Final = re.compile(rb"<(?:\w{1,20}:)?sheet\b[^<>]{0,2000}>")
_RELATION: Final = re.compile(rb"<(?:\w{1,20}:)?Relationship\b[^<>]{0,4000}>")
_CELL: Final = re.compile(rb"<(?:\w{1,20}:)?c\b[^<>]{0,200}?\bt=[\"']e[\"'][^<>]{0,200}(?<!/)>")
_PLACE: Final = re.compile(rb"\br=[\"']([A-Z]{1,3})([0-9]{1,7})[\"']")
# The rows, and the columns from AA on; each cell may say its place or leave it to be counted.
_ROW: Final = re.compile(rb"<(?:\w{1,20}:)?row\b[^<>]{0,300}?\br=[\"']([0-9]{1,7})[\"']")
_FAR: Final = re.compile(rb"\br=[\"']([A-Z]{2,3})[0-9]{1,7}[\"']")
_WRITTEN: Final = re.compile(rb"<(?:\w{1,20}:)?(?:v|is)>")
# No formula of a cell is longer.
_LONGEST: Final = 10_000
_VALUE: Final = re.compile(rb"<(?:\w{1,20}:)?v>(#[A-Z0-9/?!_]{1,20})</")


def errors_of(content: bytes, name: str) -> list[tuple[int, int, str]]:
    """The error cells (``#N/A`` and its kind) of a sheet of an XLSX file: row, column (both from 0) and what they show.

    calamine gives them as empty cells; a lookup that failed would then say that nothing has happened.
    """
    sheet = _sheet_of(content, name) or b""
    found: list[tuple[int, int, str]] = []
    for cell in _CELL.finditer(sheet) if re.search(rb"\bt=[\"']e[\"']", sheet) else ():
        end = sheet.find(b"</c>", cell.end(), cell.end() + _LONGEST)
        place, value = _PLACE.search(cell[0]), _VALUE.search(sheet, cell.end(), end if end >= 0 else cell.end() + _LONGEST)
        if place is not None:
            found.append((int(place[2]) - 1, _number(place[1]) - 1, value[1].decode("ascii") if value is not None else "#N/A"))
    return found


def _sheet_of(content: bytes, name: str) -> bytes | None:
    """The XML of a sheet of an XLSX file; ``None`` of an XLS file, or an archive of another make."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            part = _part_of(archive, name)
            return archive.read(part) if part is not None else None
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, zlib.error):
        return None


def _part_of(archive: zipfile.ZipFile, name: str) -> str | None:
    """The part of an XLSX archive that holds a sheet."""
    book, relations = archive.read("xl/workbook.xml"), archive.read("xl/_rels/workbook.xml.rels")
    for tag in _SHEET.findall(book):
        if html.unescape(_attribute(tag, b"name")) == name:
            wanted = _attribute(tag, rb"\w+:id")
            for relation in _RELATION.findall(relations):
                if _attribute(relation, b"Id") == wanted:
                    target = _attribute(relation, b"Target")
                    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return None


def _attribute(tag: bytes, name: bytes) -> str:
    found = re.search(rb"\s" + name + rb"=(?:\"([^\"]*)\"|'([^']*)')", tag)
    return (found[1] or found[2] or b"").decode("utf-8", "replace") if found is not None else ""


def _typed(cell: Any) -> object:
    """A cell as it was meant: a whole number without ``.0``, a time of day as text."""
    if isinstance(cell, float):
        return int(cell) if cell.is_integer() and abs(cell) < _WHOLE else cell
    if isinstance(cell, timedelta):
        return str(cell)
    return cell
