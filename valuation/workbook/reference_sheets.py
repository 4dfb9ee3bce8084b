"""Write the sheets of reference tables, Facts and KPIs, and the links that lead to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from valuation.engines.formulas import letters, quoted
from valuation.risk.facts import facts_named
from valuation.workbook import layout
from valuation.workbook.headers import heads

if TYPE_CHECKING:
    from valuation.risk.assumptions import Assumptions, Table
    from valuation.workbook.store import Book


def write_table(book: Book, table: Table) -> dict[str, str]:
    """A reference table on its sheet, below what stands there; returns the address of each ID."""
    styles = book.styles
    if table.sheet in book.workbook.sheetnames:
        sheet = book.find(table.sheet)
        at = sheet.max_row + 3
    else:
        sheet, at = book.sheet(table.sheet), 1
    book.text(sheet, at, 1, table.title, styles("title"))
    at = heads(book, sheet, at + 2, table.headers)
    found: dict[str, str] = {}
    for number, cells in enumerate(table.rows, at + 1):
        found[str(cells[0])] = f"{quoted(table.sheet)}!A{number}"
        for column, value in enumerate(cells, 1):
            if isinstance(value, float | int) and not isinstance(value, bool):
                book.number(sheet, number, column, value, styles("input", "General"))
            else:
                text = "" if value is None else str(value)
                book.text(sheet, number, column, text, styles("input", wrap=True))
    for column, width in enumerate((8, 18, 16, 14, 60, 18, 40, 60), 1):
        sheet.column_dimensions[letters(column)].width = width
    return found


def link_sources(
    book: Book,
    assumptions: Assumptions,
    places: Mapping[str, tuple[str, int]],
    facts: Mapping[str, str],
) -> None:
    """Lead from the source of an input to the first fact it names."""
    for key, (title, at) in places.items():
        given = assumptions.inputs[key]
        named, _ = facts_named(given.source, assumptions.tables.values())
        if named:
            scalar = layout.SCALAR_HEADERS.index("Source") + 1
            after = layout.FIRST_YEAR + assumptions.company.model.periods
            column = after + layout.YEARLY_TAIL.index("Source") if given.is_yearly else scalar
            cell = book.find(title).cell(at, column)
            book.link(cell, facts[named[0].id], book.styles("source"))
