"""Write the Tables sheet: sensitivity tables wanted, reference prices, questions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from valuation.engines.formulas import letters
from valuation.risk.assumptions import BASE
from valuation.workbook import layout
from valuation.workbook.headers import heads
from valuation.workbook.styles import number_format

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from valuation.risk.assumptions import Assumptions, Question
    from valuation.workbook.store import Book

_WIDTHS: Final = (44, 30, 36, 26, 36, 26, 44, 14)
#: Empty rows below each block, for more.
_SPARE: Final = 2
#: A cell: a text, or a number with its format; None for one left empty.
_Cell = str | tuple[float, str] | None


def write_tables(book: Book, assumptions: Assumptions) -> dict[str, int]:
    """Write the three blocks, empty ones too; returns the row of each reference price."""
    sheet, styles = book.sheet(layout.TABLES), book.styles
    book.text(
        sheet, 1, 1, "Tables, prices and questions  敏感性表、参考价与隐含问题", styles("title")
    )
    hint = "Every report computes these anew. Steps: see the remark on their header."
    book.text(sheet, 2, 1, hint, styles("note"))
    tables = [
        (
            *(t.name, t.chinese, t.row_key, t.row_steps, t.column_key, t.column_steps),
            *("; ".join(t.outputs), "" if t.scenario == BASE else t.scenario),
        )
        for t in assumptions.wanted
    ]
    at = layout.HEADER_ROW
    at = _block(book, sheet, at, "Sensitivity tables  敏感性表", layout.TABLE_HEADERS, tables)
    price = number_format(assumptions.company.market_price)
    prices = [(p.name, p.chinese, (p.price, price), p.source) for p in assumptions.prices]
    places = {p.name: row for row, p in enumerate(assumptions.prices, at + 2)}
    at = _block(book, sheet, at, "Reference prices  参考价", layout.PRICE_HEADERS, prices)
    questions = [_question(assumptions, question) for question in assumptions.questions]
    title = "What the price implies  股价隐含什么"
    _block(book, sheet, at, title, layout.QUESTION_HEADERS, questions)
    for column, width in enumerate(_WIDTHS, 1):
        sheet.column_dimensions[letters(column)].width = width
    return places


def _block(
    book: Book,
    sheet: Worksheet,
    at: int,
    title: str,
    headers: tuple[str, ...],
    rows: Sequence[Sequence[_Cell]],
) -> int:
    """A title, a header and rows; returns the row of the next title."""
    book.text(sheet, at, 1, title, book.styles("bold"))
    heads(book, sheet, at + 1, headers)
    empty: list[Sequence[_Cell]] = [[None] * len(headers)] * _SPARE
    for number, cells in enumerate([*rows, *empty], at + 2):
        for column, cell in enumerate(cells, 1):
            if isinstance(cell, tuple):
                book.number(sheet, number, column, cell[0], book.styles("input", cell[1]))
            else:
                book.text(sheet, number, column, cell or "", book.styles("input"))
    return at + 2 + len(rows) + _SPARE + 1


def _question(assumptions: Assumptions, asked: Question) -> tuple[_Cell, ...]:
    fmt = '0.00"x"' if asked.keys else "0%"
    if len(asked.keys) == 1:
        row = assumptions.inputs[asked.keys[0]].row
        fmt = number_format(row, whole=row.whole)
    ends = (None if end is None else (end, fmt) for end in (asked.low, asked.high))
    keys, scenarios = "; ".join(asked.keys), "; ".join(asked.scenarios)
    return (asked.name, asked.chinese, keys, scenarios, *ends)
