"""Rows of the Tables sheet, under the header of each of its blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from valuation.errors import AssumptionError
from valuation.risk.assumptions import Assumptions
from valuation.workbook.cells import Cell, Sheet, same_words
from valuation.workbook.findings import Findings
from valuation.workbook.layout import PRICE_HEADERS, QUESTION_HEADERS, TABLE_HEADERS
from valuation.workbook.numbers import plain

_BLOCKS: Final = (TABLE_HEADERS, PRICE_HEADERS, QUESTION_HEADERS)
#: Columns that need not be there.
_OPTIONAL: Final = ("名称", "Source", "Scenario")


@dataclass(frozen=True)
class Line:
    """A row of a block."""

    sheet: Sheet
    number: int
    columns: dict[str, int]
    kind: str
    assumptions: Assumptions
    findings: Findings

    def cell(self, header: str) -> Cell:
        """The cell under a header; blank where there is no such column."""
        return self.sheet.cell(self.number, self.columns.get(header, 0))

    def text(self, header: str) -> str:
        """Read a cell of words."""
        return plain(self.findings.text(self.cell(header), self.label(header)))

    def label(self, header: str) -> str:
        """What a cell is called: the name of the row, and the header."""
        name = plain(self.cell(self.kind).text)
        return name if header == self.kind else f"{name}, {header}"

    def problem(self, header: str, text: str) -> None:
        """Note a fault at a cell."""
        self.findings.problem(self.cell(header), self.label(header), text)

    def unknown(self, header: str, text: str) -> None:
        """Note a key the model does not have."""
        self.findings.unknown_key(self.cell(header), self.label(header), text)

    def fits(self, header: str, check: Callable[[], object], *, key: bool = False) -> bool:
        """Whether a check passes; what it refuses is noted at a cell, as an unknown key or not."""
        try:
            check()
        except AssumptionError as error:
            for problem in error.problems:
                (self.unknown if key else self.problem)(header, problem.text)
            return False
        return True

    def scenario(self, header: str, name: str) -> str:
        """A scenario by its name; the name as it is where no scenario could be read."""
        if self.assumptions.scenarios and self.fits(
            header, lambda: self.assumptions.scenario(name)
        ):
            return self.assumptions.scenario(name).name
        return name


def lines(sheet: Sheet, assumptions: Assumptions, findings: Findings) -> Iterator[Line]:
    """Rows under the headers; the title of the next block is none."""
    filled = [number for number in sheet.numbers if sheet.row(number)]
    headers = {n: found for n in filled if (found := _headers(sheet, n))}
    columns: dict[str, int] = {}
    kind = ""
    for at, number in enumerate(filled):
        if number in headers:
            columns = _columns(sheet, number, headers[number], findings)
            kind = headers[number][0] if columns else ""
        elif kind:
            line = Line(sheet, number, columns, kind, assumptions, findings)
            is_title = len(sheet.row(number)) == 1 and set(filled[at + 1 : at + 2]) & set(headers)
            if not is_title and any(not line.cell(header).is_blank for header in columns):
                yield line


def _headers(sheet: Sheet, number: int) -> tuple[str, ...]:
    """Headers of the block that begins at a row: its first word and one more, or nothing."""
    words = [cell.text for cell in sheet.row(number)]
    for headers in _BLOCKS:
        known = [h for h in headers if any(same_words(word, h) for word in words)]
        if headers[0] in known and len(known) > 1:
            return headers
    return ()


def _columns(
    sheet: Sheet, number: int, headers: tuple[str, ...], findings: Findings
) -> dict[str, int]:
    """Column of each header; none where one is missing, and the block cannot be read."""
    columns: dict[str, int] = {}
    for cell in sheet.row(number):
        name = next((h for h in headers if same_words(cell.text, h)), "")
        if not name:
            findings.notice(f"{cell.place}: column {cell.text!r} is not read")
        elif name in columns:
            findings.problem(cell, "header", f"{name!r} heads more than one column. Keep one.")
        else:
            columns[name] = cell.column
    missing = [name for name in headers if name not in columns and name not in _OPTIONAL]
    for name in missing:
        here = sheet.cell(number, columns[headers[0]])
        findings.problem(here, "header", f"no column {name!r}. Add it; it may be left empty.")
    return {} if missing else columns
