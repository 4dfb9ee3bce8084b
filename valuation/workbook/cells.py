"""The cells a workbook really has, by sheet and row: the value last saved, and its formula."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from io import BytesIO
from typing import Any
from xml.etree.ElementTree import Element

from openpyxl import load_workbook
from openpyxl.cell.read_only import ReadOnlyCell
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import MAC_EPOCH
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet._reader import FORMULA_TAG, WorkSheetParser

from valuation.errors import Problem, WorkbookError
from valuation.workbook.numbers import plain, shown


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.

    Attributes:
        sheet: Title of its sheet.
        row: Row number.
        column: Column number.
        value: As last saved; of a formula the stored result, None where none is stored.
        formula: Text of its formula without `=` (empty for a shared one), None where typed.
        number_format: As Excel writes it.
    """

    sheet: str
    row: int
    column: int
    value: object = None
    formula: str | None = None
    number_format: str = "General"

    @property
    def address(self) -> str:
        """Such as `F12`."""
        return f"{get_column_letter(self.column)}{self.row}"

    @property
    def place(self) -> str:
        """Such as `Steel!F12`."""
        return f"{self.sheet}!{self.address}"

    @property
    def is_blank(self) -> bool:
        """Whether nothing stands in it: neither a value nor a formula."""
        return self.formula is None and not self.text

    @property
    def is_lost_table(self) -> bool:
        """Whether LibreOffice wrote it in place of a data table."""
        if self.formula is not None:
            return self.formula.startswith("TABLE(")
        return isinstance(self.value, str) and self.text.startswith(("=TABLE(", "{=TABLE("))

    def holds(self, word: str) -> bool:
        """Whether it holds exactly this word, spaces around aside."""
        return isinstance(self.value, str) and self.value.strip() == word

    @property
    def text(self) -> str:
        """The value as text: dates as ISO, whole numbers without a point."""
        return as_text(self.value)


@dataclass(frozen=True)
class Sheet:
    """A worksheet: its title, and its cells by row and column number."""

    title: str
    rows: dict[int, dict[int, Cell]] = field(default_factory=dict)

    def row(self, number: int) -> list[Cell]:
        """Cells of a row that are not blank, from the left."""
        cells = self.rows.get(number, {})
        return [cells[column] for column in sorted(cells) if not cells[column].is_blank]

    def cell(self, row: int, column: int) -> Cell:
        """One cell, blank where the sheet has none."""
        return self.rows.get(row, {}).get(column) or Cell(self.title, row, column)

    @property
    def numbers(self) -> list[int]:
        """Numbers of the rows that have cells."""
        return sorted(self.rows)


@dataclass(frozen=True)
class Book:
    """A workbook: its worksheets in order, and whether it counts days from 1904."""

    sheets: tuple[Sheet, ...]
    date_1904: bool = False


def as_text(value: object) -> str:
    """Write a cell's value as text."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case float():
            return shown(value)
        case datetime() if value.time() == time():
            return str(value.date())
        case date():
            return str(value)
        case _:
            return str(value).strip()


def same_words(left: str, right: str) -> bool:
    """Whether two titles or headers agree but for case, full-width forms and spaces around."""
    return plain(left).casefold() == plain(right).casefold()


def open_book(data: bytes, file: str) -> Book:
    """Unpack a workbook that `archive.read_bytes` has passed.

    Each sheet is read once, value and formula together, and only for the cells it has: one cell at
    XFD1048576, a merged million of cells or a drawing costs nothing.

    Raises:
        WorkbookError: Its parts do not fit together.
    """
    try:
        with warnings.catch_warnings(action="ignore"):  # what openpyxl drops is not read here
            return _unpack(data)
    except Exception as error:  # openpyxl raises a dozen kinds on damaged parts
        reason = str(error).partition("\n")[0] or type(error).__name__
        text = f"damaged inside ({reason}). Open it in Excel and save it, or copy it again."
        raise WorkbookError([Problem(file=file, text=text)]) from error


_Parsed = dict[str, Any]


class _Parser(WorkSheetParser):
    """openpyxl's own parser of a sheet, which tells of each cell its value or its formula."""

    def parse_cell(self, element: Element) -> _Parsed:
        """Keep both."""
        cell: _Parsed = super().parse_cell(element)
        cell["formula"] = element.findtext(FORMULA_TAG)
        return cell


def _unpack(data: bytes) -> Book:
    book = load_workbook(BytesIO(data), read_only=True, data_only=True, keep_links=False)
    try:
        sheets = [_sheet(s) for s in book.worksheets if isinstance(s, ReadOnlyWorksheet)]
    finally:
        book.close()
    return Book(tuple(sheets), date_1904=book.epoch == MAC_EPOCH)


def _sheet(source: ReadOnlyWorksheet) -> Sheet:
    sheet = Sheet(source.title)
    formats: dict[int, str] = {}
    for parsed in _cells(source):
        style = parsed["style_id"]
        if style not in formats:
            formats[style] = ReadOnlyCell(source, 1, 1, None, style_id=style).number_format
        row, column = parsed["row"], parsed["column"]
        sheet.rows.setdefault(row, {})[column] = Cell(
            source.title, row, column, parsed["value"], parsed["formula"], formats[style]
        )
    return sheet


def _cells(source: ReadOnlyWorksheet) -> Iterator[_Parsed]:
    book: Any = source.parent
    reader: Any = source
    with reader._get_source() as xml:  # noqa: SLF001  its public ways fill every gap with cells
        parser = _Parser(
            xml,
            reader._shared_strings,  # noqa: SLF001
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,  # noqa: SLF001
            timedelta_formats=book._timedelta_formats,  # noqa: SLF001
        )
        for _, row in parser.parse():
            yield from (c for c in row if c["value"] is not None or c["formula"] is not None)
