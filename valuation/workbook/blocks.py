"""Blocks of rows under a header with the word `Key`: found wherever people have moved them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from valuation.workbook.cells import Cell, Sheet, same_words
from valuation.workbook.findings import Findings
from valuation.workbook.layout import SCALAR_HEADERS, YEARLY_HEADERS, YEARLY_TAIL
from valuation.workbook.numbers import plain

KEY: Final = "Key"
BASE_COLUMN: Final = "Base"
_YEAR: Final = re.compile(r"((?:19|20|21)[0-9]{2})E?", re.IGNORECASE)
_KEY_LIKE: Final = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*")
#: How many known headers make a row the header of inputs even without a column of values.
_TORN: Final = 3
_UNIT: Final = "Unit"
#: Columns that change results: without them a block reads as if their cells were blank.
_MISSED: Final = ("Low", "High", "Distribution", "Parameters", "Minimum", "Maximum")


@dataclass(frozen=True)
class Block:
    """Rows under one header.

    Attributes:
        sheet: Where it stands.
        header: Row of the header.
        end: Row after the last.
        columns: Column of each known header.
        years: Column of each year; empty in a block with a Base column.
    """

    sheet: Sheet
    header: int
    end: int
    columns: dict[str, int]
    years: dict[int, int] = field(default_factory=dict)

    @property
    def has_base(self) -> bool:
        """Whether rows have one value, under Base."""
        return BASE_COLUMN in self.columns

    @property
    def is_yearly(self) -> bool:
        """Whether rows have a value a year."""
        return bool(self.years)

    @property
    def header_cell(self) -> Cell:
        """The cell `Key`."""
        return self.sheet.cell(self.header, self.columns[KEY])

    def rows(self) -> Iterator[BlockRow]:
        """Rows that have cells, the header left out."""
        for number in self.sheet.numbers:
            if self.header < number < self.end:
                yield BlockRow(self, number)


@dataclass(frozen=True)
class BlockRow:
    """One row of a block."""

    block: Block
    number: int

    def cell(self, header: str) -> Cell:
        """The cell under a header; blank where the block has no such column."""
        return self.block.sheet.cell(self.number, self.block.columns.get(header, 0))

    @property
    def values(self) -> dict[int, Cell]:
        """Cells by year."""
        return {y: self.block.sheet.cell(self.number, c) for y, c in self.block.years.items()}

    @property
    def key(self) -> str:
        """What stands under Key."""
        return plain(self.cell(KEY).text)

    @property
    def is_section(self) -> bool:
        """Whether it is a title between inputs: words under Key, and no unit and no values."""
        given = [*self.values.values(), *map(self.cell, (BASE_COLUMN, "Low", "High", "Unit"))]
        return all(c.is_blank for c in given) and not _KEY_LIKE.fullmatch(self.key)


def header_rows(sheet: Sheet) -> dict[int, Cell]:
    """Rows with the word `Key`, and its cell."""
    found: dict[int, Cell] = {}
    for number in sheet.numbers:
        for cell in sheet.rows[number].values():
            if cell.holds(KEY):
                found.setdefault(number, cell)
    return found


def input_blocks(sheet: Sheet, findings: Findings) -> list[Block]:
    """Blocks of inputs on a sheet; what is odd about their headers goes to the findings."""
    headers = header_rows(sheet)
    starts = [n for n in headers if _has_base(sheet, n) or _years(sheet, n) or _is_torn(sheet, n)]
    columns = {headers[n].column for n in starts}
    ends = [n for n, key in headers.items() if key.column in columns]
    ends.append(max(sheet.numbers, default=0) + 1)
    return [_block(sheet, n, min(e for e in ends if e > n), findings) for n in starts]


def _has_base(sheet: Sheet, number: int) -> bool:
    return any(same_words(c.text, BASE_COLUMN) for c in sheet.row(number))


def _years(sheet: Sheet, number: int) -> list[tuple[int, Cell]]:
    found = ((_YEAR.fullmatch(plain(c.text)), c) for c in sheet.row(number))
    return [(int(match[1]), cell) for match, cell in found if match]


def _is_torn(sheet: Sheet, number: int) -> bool:
    """Whether a header has lost its columns of values; a list of keys and remarks is no header."""
    known = [c for c in sheet.row(number) if any(same_words(c.text, h) for h in SCALAR_HEADERS)]
    return len(known) >= _TORN


def _block(sheet: Sheet, number: int, end: int, findings: Findings) -> Block:
    cells = sheet.row(number)
    scalar = _has_base(sheet, number)
    years = [] if scalar else _years(sheet, number)
    known = SCALAR_HEADERS if scalar else (*YEARLY_HEADERS, *YEARLY_TAIL)
    columns: dict[str, int] = {}
    year_columns: dict[int, int] = {}
    names = [_named(cell, years, known) for cell in cells]
    for cell, name in zip(cells, names, strict=True):
        if isinstance(name, int):
            year_columns.setdefault(name, cell.column)
        elif name:
            columns.setdefault(name, cell.column)
        elif findings.text(cell, "header"):
            findings.notice(f"{cell.place}: column {cell.text!r} is not read")
    block = Block(sheet, number, end, columns, year_columns)
    _check_header(block, cells, names, findings)
    lacking = [h for h in known if h in _MISSED and h not in columns]
    if lacking:
        findings.notice(f"{block.header_cell.place}: no column {', '.join(lacking)}")
    return block


def _named(cell: Cell, years: list[tuple[int, Cell]], known: Sequence[str]) -> str | int:
    year = [year for year, other in years if other is cell]
    return year[0] if year else next((h for h in known if same_words(cell.text, h)), "")


def _check_header(
    block: Block, cells: list[Cell], names: list[str | int], findings: Findings
) -> None:
    count = Counter(name for name in names if name)
    for cell, name in zip(cells, names, strict=True):
        if count[name] > 1:
            text = f"{cell.text!r} heads more than one column. Keep one."
            findings.problem(cell, "header", text)
    here = block.header_cell
    if not block.years and not block.has_base:
        text = "neither a column Base nor years in this header. Name the column of values."
        findings.problem(here, "header", text)
    if _UNIT not in block.columns:
        findings.problem(here, "header", f"no column {_UNIT}. Add it, with the unit of each row.")
