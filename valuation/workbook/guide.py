"""Write the Guide sheet: the company, what holds for the whole workbook, how to use it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from valuation.engines.formulas import letters
from valuation.risk.assumptions import CONFIDENCES, DISTRIBUTIONS, GAPS
from valuation.workbook import layout

if TYPE_CHECKING:
    from valuation.risk.assumptions import Assumptions
    from valuation.workbook.store import Book

_GUIDE = (
    "Blue cells on a pale ground are inputs: edit them, save, and run `valuation report`.",
    "Each input stands once, in the Base column of its sheet; yearly inputs have a cell a year.",
    "Scenarios: a filled cell replaces the base value; blank means base. Weights sum to 100%.",
    "Override: a number there wins over base and scenario until it is deleted.",
    "Correlations: rank correlations between uncertain inputs, symmetric, blank means 0.",
    "Tables: sensitivity tables, prices and questions that every report answers.",
    "Inputs are found by key: rows may be sorted and inserted, columns moved, sheets renamed.",
    "CNY m unless the unit says otherwise; flows exclude VAT; percentages as 92% or 0.92.",
    "`valuation check` lists every problem with its cell and what to do.",
)
_GAPS_HINT = "in a simulation: drop leaves them out and counts them, stop refuses to go on."


def write_guide(book: Book, assumptions: Assumptions) -> None:
    """Write the Guide sheet, with the lists that the drop-downs of the other sheets show."""
    sheet, styles = book.sheet(layout.GUIDE), book.styles
    company = assumptions.company
    book.text(sheet, 1, 1, f"{company.title} {company.chinese} {company.ticker}", styles("title"))
    book.text(sheet, 3, 1, layout.COMPANY_LABEL, styles("bold"))
    book.text(sheet, 3, 2, company.name, styles("input"))
    book.text(sheet, 4, 1, layout.GAPS_LABEL, styles("bold"))
    book.text(sheet, 4, 2, assumptions.gaps, styles("input"))
    book.text(sheet, 4, 3, _GAPS_HINT, styles("note"))
    choice = DataValidation(type="list", formula1=f'"{",".join(GAPS)}"')
    choice.add("B4")
    sheet.add_data_validation(choice)
    for number, text in enumerate(_GUIDE, 6):
        book.text(sheet, number, 1, text, styles("text"))
    start = 8 + len(_GUIDE)
    lists: list[tuple[str, str, tuple[str, ...]]] = [
        ("distributions", "Distributions", DISTRIBUTIONS),
        ("confidences", "Confidence", CONFIDENCES),
    ]
    for column, (name, title, words) in enumerate(lists, 1):
        book.text(sheet, start, column, title, styles("bold"))
        for number, word in enumerate(words, start + 1):
            book.text(sheet, number, column, word, styles("text"))
        span = f"${letters(column)}${start + 1}:${letters(column)}${start + len(words)}"
        book.workbook.defined_names[name] = DefinedName(name, attr_text=f"{layout.GUIDE}!{span}")
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 24, 24
