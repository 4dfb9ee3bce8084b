"""What every block of inputs begins with: a header row, and the labels of each row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openpyxl.comments import Comment

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from valuation.risk.assumptions import Input
    from valuation.workbook.store import Book

_HINTS = {
    "Key": "Full name of the input. Scenarios, tables and commands use it; do not change it.",
    "Base": "The value used. Enter 92% or 0.92 for a percentage.",
    "Low": "Low end of the range: P10 for normal, lognormal and fitted, else the least value.",
    "High": "High end of the range: P90 for normal, lognormal and fitted, else the largest value.",
    "Distribution": "How the value is drawn in a simulation; fixed is not drawn.",
    "Parameters": "discrete: value: weight; value: weight, summing to 100%. normal: sd: 20. "
    "lognormal: sd: 12%. PERT: lambda: 4. beta: alpha: 2; beta: 3. bernoulli: probability: 30%.",
    "Shock sd": "Standard deviation, in every year, of a random shock around the values of this "
    "row; blank means none.",
    "Persistence": "Correlation of the shock of a year with that of the year before, between -1 "
    "and 1; blank means 0.",
    "AI demand": "Loading on the AI-demand factor, from -1 to 1; blank means 0. Where the factor "
    "acts by its responses, its part leaves the matrix.",
    "Minimum": "Physical bound. It may be raised above the model's own bound, not lowered.",
    "Maximum": "Physical bound. It may be lowered below the model's own bound, not raised.",
    "Row steps": "Values 400; 480, differences base-40; base+40, multiples x0.9; x1.1, "
    "steps either side ±40 3, a range 400..480 5. Blank: from Low to High.",
    "Column steps": "As the row steps; blank where the table has one axis.",
    "Row input": "Key of an input or a row, or scenario.",
    "Output": "Key of a row, key@2030 for a year; several separated by ; where there is one axis.",
    "Inputs": "Key of the input sought; several, separated by ;, are multiplied by one number.",
    "Scenarios": "Two scenarios separated by ;: the probability of the first is sought.",
    "From": "Lower end of the search, in the unit of the input, or of the multiple.",
    "Source": "Where the value comes from: [S] article, [P-n] public page, [C] calibrated, "
    "[A] analyst estimate, F.. a fact of the Facts sheet.",
}


def heads(
    book: Book,
    sheet: Worksheet,
    row: int,
    headers: tuple[str, ...],
    *,
    years: list[int] | None = None,
) -> int:
    """Write a header row; years stand as numbers."""
    style, year_style = book.styles("head"), book.styles("head", '0"E"')
    for column, header in enumerate(headers, 1):
        if years and header.isdigit():
            book.number(sheet, row, column, int(header), year_style)
            continue
        cell = book.text(sheet, row, column, header, style)
        if header in _HINTS:
            cell.comment = Comment(_HINTS[header], "valuation", height=90, width=260)
    return row


def labels(book: Book, sheet: Worksheet, at: int, given: Input) -> None:
    """Write key, label, Chinese name and unit of an input into the first four columns."""
    plain = book.styles("text")
    book.text(sheet, at, 1, given.key, book.styles("note"))
    book.text(sheet, at, 2, given.row.label, plain)
    book.text(sheet, at, 3, given.row.chinese, plain)
    book.text(sheet, at, 4, given.row.unit_text, plain)
