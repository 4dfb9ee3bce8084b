"""Write the sheets people edit: Guide, a sheet a part, Scenarios, Correlations, Tables, Facts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from openpyxl.comments import Comment
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.header_footer import HeaderFooterItem, _HeaderFooterPart
from openpyxl.worksheet.properties import PageSetupProperties

from valuation.engines.formulas import letters
from valuation.lines import Assumption
from valuation.lines.rows import Heading, Part
from valuation.risk.blank import ADDED, is_blank
from valuation.workbook import layout
from valuation.workbook.guide import write_guide
from valuation.workbook.headers import heads, labels
from valuation.workbook.outline import outline
from valuation.workbook.reference_sheets import link_sources, write_table
from valuation.workbook.scenario_sheets import write_correlations, write_scenarios
from valuation.workbook.store import Book
from valuation.workbook.styles import number_format
from valuation.workbook.tables_sheet import write_tables

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from valuation.risk.assumptions import Assumptions, Input

_WIDTHS = {
    "Key": 40,
    "Label": 42,
    "名称": 24,
    "Unit": 15,
    "Base": 12,
    "Low": 10,
    "High": 10,
    "Distribution": 11,
    "Parameters": 13,
    "Minimum": 9,
    "Maximum": 9,
    "Source": 22,
    "As of": 11,
    "Confidence": 10,
    "Note": 11,  # the last column: its text runs on to the right
}


@dataclass(frozen=True)
class Places:
    """Where the inputs stand: sheet and row of each key, row of each scenario key and price."""

    inputs: Mapping[str, tuple[str, int]]
    scenarios: Mapping[str, int]
    prices: Mapping[str, int]


def write_inputs(
    book: Book, assumptions: Assumptions, *, live: bool, first_year: int | None = None
) -> Places:
    """Write every input sheet.

    Args:
        book: The workbook being written.
        assumptions: What to write.
        live: With the Base and Live columns of the Scenarios sheet as formulas, for a report.
        first_year: Heads the yearly columns where the last actual year is still blank.
    """
    years = _years(assumptions, first_year)
    write_guide(book, assumptions)
    places: dict[str, tuple[str, int]] = {}
    for path, part in assumptions.company.sheets.items():
        if any(isinstance(row, Assumption) for _, row in outline(assumptions.company.model, path)):
            places |= _part(book, assumptions, path, part, years)
    scenarios = write_scenarios(book, assumptions, places, live=live)
    write_correlations(book, assumptions)
    prices = write_tables(book, assumptions)
    facts: dict[str, str] = {}
    for table in assumptions.tables.values():
        facts |= write_table(book, table)
    link_sources(book, assumptions, places, facts)
    return Places(places, scenarios, prices)


def assumption_workbook(assumptions: Assumptions, *, first_year: int | None = None) -> Book:
    """An assumption workbook, without a report around it; `first_year` as in `write_inputs`."""
    from valuation.workbook.store import Book

    book = Book()
    write_inputs(book, assumptions, live=False, first_year=first_year)
    finish(book)
    return book


def _part(
    book: Book, assumptions: Assumptions, path: str, part: Part, years: list[int]
) -> dict[str, tuple[str, int]]:
    """The sheet of one part: a block of single inputs, then a block of yearly ones."""
    sheet, styles = book.sheet(part.title), book.styles
    title = f"{part.title}  {part.chinese_title}: assumptions 假设"
    book.text(sheet, 1, 1, title, styles("title"))
    doc = (getattr(part, "__doc__", "") or "").strip().splitlines()
    book.text(sheet, 2, 1, doc[0] if doc else "", styles("note"))
    rows = list(outline(assumptions.company.model, path))
    single = {k: assumptions.inputs[k] for k, r in rows if k in assumptions.inputs}
    yearly = {k: i for k, i in single.items() if i.is_yearly}
    places: dict[str, tuple[str, int]] = {}
    at = heads(book, sheet, layout.HEADER_ROW, layout.SCALAR_HEADERS) + 1
    pending: Heading | None = None
    for key, row in rows:
        if isinstance(row, Heading):
            pending = row  # a heading with no input below it gives way to the next
        elif key in single and key not in yearly:
            if pending is not None:
                book.text(sheet, at, 2, pending.label, styles("bold"))
                book.text(sheet, at, 3, pending.chinese, styles("bold"))
                at, pending = at + 1, None
            _scalar(book, sheet, at, single[key])
            places[key] = (part.title, at)
            at += 1
    last_scalar = at - 1
    if yearly:
        at += 1
        book.text(sheet, at, 2, "Yearly inputs  分年输入", styles("bold"))
        headers = (*layout.YEARLY_HEADERS, *map(str, years), *layout.YEARLY_TAIL)
        at = heads(book, sheet, at + 1, headers, years=years) + 1
        for key, given in yearly.items():
            _yearly(book, sheet, at, given, len(years))
            places[key] = (part.title, at)
            at += 1
    _validations(sheet, places, single, last_scalar)
    for name, width in _WIDTHS.items():
        column = letters(layout.SCALAR_HEADERS.index(name) + 1)
        sheet.column_dimensions[column].width = width
    if yearly:
        last = layout.FIRST_YEAR + len(years) + layout.YEARLY_TAIL.index(layout.PERSISTENCE)
        sheet.column_dimensions[letters(last)].width = _WIDTHS["Note"]
    sheet.freeze_panes = f"{letters(layout.VALUE + 1)}{layout.HEADER_ROW + 1}"
    return places


def _years(assumptions: Assumptions, first_year: int | None) -> list[int]:
    company = assumptions.company
    base = assumptions.inputs[company.model.key[company.base_year]].value
    base = base if isinstance(base, float | int) else base[0]
    first = first_year if is_blank(base) and first_year is not None else int(base) + 1
    return list(range(first, first + company.model.periods))


def _kind(given: Input) -> str:
    """How the cells of an input look: apart, where an upgrade has added it."""
    return "added" if given.note == ADDED else "input"


def _tail(book: Book, sheet: Worksheet, at: int, column: int, given: Input) -> None:
    """Bounds and provenance, from a column on."""
    style = book.styles(_kind(given), number_format(given.row, whole=given.row.whole))
    words = book.styles(_kind(given))
    for offset, bound in enumerate((given.minimum, given.maximum)):
        if math.isfinite(bound):
            book.number(sheet, at, column + offset, bound, style)
        else:
            sheet.cell(at, column + offset).style = style
    texts = (given.source, given.as_of, given.confidence, given.note)
    for offset, text in enumerate(texts, 2):
        book.text(sheet, at, column + offset, text, words)


def _scalar(book: Book, sheet: Worksheet, at: int, given: Input) -> None:
    labels(book, sheet, at, given)
    style = book.styles(_kind(given), number_format(given.row, whole=given.row.whole))
    values = (given.value, given.low, given.high)
    for column, value in enumerate(values, layout.SCALAR_HEADERS.index("Base") + 1):
        if isinstance(value, float | int) and not is_blank(value):
            book.number(sheet, at, column, value, style)
        else:
            sheet.cell(at, column).style = style
    column, words = layout.SCALAR_HEADERS.index("Distribution") + 1, book.styles(_kind(given))
    book.text(sheet, at, column, given.distribution, words)
    book.text(sheet, at, column + 1, given.parameters, words)
    _tail(book, sheet, at, layout.SCALAR_HEADERS.index("Minimum") + 1, given)
    if given.row.note:
        base = sheet.cell(at, layout.SCALAR_HEADERS.index("Base") + 1)
        base.comment = Comment(given.row.note, "valuation", height=90, width=260)


def _yearly(book: Book, sheet: Worksheet, at: int, given: Input, periods: int) -> None:
    labels(book, sheet, at, given)
    style = book.styles(_kind(given), number_format(given.row))
    values = given.value if isinstance(given.value, tuple) else (given.value,) * periods
    for column, value in enumerate(values, layout.FIRST_YEAR):
        if is_blank(value):
            sheet.cell(at, column).style = style
        else:
            book.number(sheet, at, column, value, style)
    tail = layout.FIRST_YEAR + periods
    for column, number, shape in (
        (tail, given.shock_sd, style),
        (tail + 1, given.persistence, book.styles(_kind(given), "0.00_);-0.00")),
    ):
        if number:
            book.number(sheet, at, column, number, shape)
        else:
            sheet.cell(at, column).style = shape
    _tail(book, sheet, at, tail + layout.YEARLY_TAIL.index("Minimum"), given)


def _validations(
    sheet: Worksheet,
    places: Mapping[str, tuple[str, int]],
    inputs: Mapping[str, Input],
    last_scalar: int,
) -> None:
    """Drop-downs for words and switches, and bounds on numbers."""
    first = layout.HEADER_ROW + 1
    for header, name in (("Distribution", "distributions"), ("Confidence", "confidences")):
        column = letters(layout.SCALAR_HEADERS.index(header) + 1)
        words = DataValidation(type="list", formula1=f"={name}", allow_blank=True)
        words.add(f"{column}{first}:{column}{last_scalar}")
        sheet.add_data_validation(words)
    base = letters(layout.SCALAR_HEADERS.index("Base") + 1)
    for key, (_, at) in places.items():
        row = inputs[key].row
        low, high = inputs[key].minimum, inputs[key].maximum
        if inputs[key].is_yearly or not (math.isfinite(low) and math.isfinite(high)):
            continue
        rule = DataValidation(
            type="whole" if row.whole else "decimal",
            operator="between",
            formula1=f"{low:.15g}",
            formula2=f"{high:.15g}",
            showErrorMessage=True,
            error=f"{row.label} lies between {low:g} and {high:g}.",
            errorTitle=row.label[:30],
        )
        rule.add(f"{base}{at}")
        sheet.add_data_validation(rule)


def finish(book: Book) -> None:
    """What every sheet shares: no grid lines, landscape, one page wide, titles repeated."""
    for sheet in book.workbook.worksheets:
        sheet.sheet_view.showGridLines = False
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.paperSize = 9
        sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        sheet.oddFooter = HeaderFooterItem(
            left=_HeaderFooterPart(text="&A"), right=_HeaderFooterPart(text="&P / &N")
        )
        if sheet.freeze_panes:
            sheet.print_title_rows = f"1:{layout.HEADER_ROW}"
