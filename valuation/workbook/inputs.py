"""Write the sheets people edit: Guide, one sheet a part, Scenarios, Correlations, Facts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from openpyxl.comments import Comment
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from valuation.engines.formulas import letters, quoted
from valuation.lines import Assumption, Row
from valuation.lines.rows import Heading, Part, members, parts_of
from valuation.risk.assumptions import BASE, CONFIDENCES, DISTRIBUTIONS
from valuation.workbook import layout
from valuation.workbook.styles import number_format

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from valuation.risk.assumptions import Assumptions, Input, Table
    from valuation.workbook.store import Book

_WIDTHS = {
    "Key": 40,
    "Label": 42,
    "名称": 24,
    "Unit": 15,
    "Base": 12,
    "Low": 10,
    "High": 10,
    "Distribution": 11,
    "Parameters": 24,
    "Minimum": 9,
    "Maximum": 9,
    "Source": 22,
    "As of": 11,
    "Confidence": 10,
    "Note": 60,
}
_HINTS = {
    "Key": "Full name of the input. Scenarios, tables and commands use it; do not change it.",
    "Base": "The value used. Enter 92% or 0.92 for a percentage.",
    "Low": "Low end of the range: P10 for normal, lognormal and fitted, else the least value.",
    "High": "High end of the range: P90 for normal, lognormal and fitted, else the largest value.",
    "Distribution": "How the value is drawn in a simulation; fixed is not drawn.",
    "Parameters": "For discrete: value: weight; value: weight. Weights sum to 100%.",
    "Minimum": "Physical bound. It may be raised above the model's own bound, not lowered.",
    "Maximum": "Physical bound. It may be lowered below the model's own bound, not raised.",
    "Source": "Where the value comes from: [S] article, [P-n] public page, [C] calibrated, "
    "[A] analyst estimate, F.. a fact of the Facts sheet.",
}
_GUIDE = (
    "Blue cells on a pale ground are inputs: edit them, save, and run `valuation report`.",
    "Each input stands once, in the Base column of its sheet; yearly inputs have a cell a year.",
    "Scenarios: a filled cell replaces the base value in that scenario; blank means base. "
    "Weights sum to 100%.",
    "Override: a number there wins over base and scenario until it is deleted.",
    "Correlations: rank correlations between uncertain inputs, symmetric, blank means 0.",
    "Rows may be sorted and inserted, columns moved and added, sheets renamed: "
    "inputs are found by their key.",
    "CNY m unless the unit says otherwise; flows exclude VAT; percentages as 92% or 0.92.",
    "`valuation check` lists every problem with its cell and what to do.",
)


@dataclass(frozen=True)
class Places:
    """Where the inputs stand: sheet and row of each key, and of each row of Scenarios."""

    inputs: Mapping[str, tuple[str, int]]
    scenarios: Mapping[str, int]


def write_inputs(book: Book, assumptions: Assumptions, *, live: bool) -> Places:
    """Write every input sheet.

    Args:
        book: The workbook being written.
        assumptions: What to write.
        live: With the Base and Live columns of the Scenarios sheet as formulas, for a report.
    """
    _guide(book, assumptions)
    places: dict[str, tuple[str, int]] = {}
    for path, part in assumptions.company.sheets.items():
        if any(isinstance(row, Assumption) for _, row in _rows(path, part)):
            places |= _part(book, assumptions, path, part)
    scenarios = _scenarios(book, assumptions, places, live=live)
    _correlations(book, assumptions)
    for table in assumptions.tables.values():
        _table(book, table)
    return Places(places, scenarios)


def assumption_workbook(assumptions: Assumptions) -> Book:
    """An assumption workbook, without a report around it."""
    from valuation.workbook.store import Book  # noqa: PLC0415 - the two modules build on each other

    book = Book()
    write_inputs(book, assumptions, live=False)
    finish(book)
    return book


def _rows(path: str, part: Part) -> Iterator[tuple[str, Row | Heading]]:
    """Rows and headings of a part by key, groups inside it as headings; other sheets left out."""
    for name, item in members(part):
        key = f"{path}.{name}".lstrip(".")
        if isinstance(item, Row | Heading):
            yield key, item
        elif path and (inner := dict(parts_of(part)).get(name)) is not None:
            yield key, Heading(inner.title, inner.chinese_title)
            yield from _rows(key, inner)


def _guide(book: Book, assumptions: Assumptions) -> None:
    sheet, styles = book.sheet(layout.GUIDE), book.styles
    company = assumptions.company
    book.text(sheet, 1, 1, f"{company.title} {company.chinese} {company.ticker}", styles("title"))
    book.text(sheet, 3, 1, layout.COMPANY_LABEL, styles("bold"))
    book.text(sheet, 3, 2, company.name, styles("input"))
    for number, text in enumerate(_GUIDE, 5):
        book.text(sheet, number, 1, text, styles("text"))
    start = 7 + len(_GUIDE)
    lists = (("distributions", "Distributions", DISTRIBUTIONS),)
    lists += (("confidences", "Confidence", CONFIDENCES),)
    for column, (name, title, words) in enumerate(lists, 1):
        book.text(sheet, start, column, title, styles("bold"))
        for number, word in enumerate(words, start + 1):
            book.text(sheet, number, column, word, styles("text"))
        span = f"${letters(column)}${start + 1}:${letters(column)}${start + len(words)}"
        book.workbook.defined_names[name] = DefinedName(name, attr_text=f"{layout.GUIDE}!{span}")
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 24, 24


def _part(
    book: Book, assumptions: Assumptions, path: str, part: Part
) -> dict[str, tuple[str, int]]:
    """The sheet of one part: a block of single inputs, then a block of yearly ones."""
    sheet, styles = book.sheet(part.title), book.styles
    title = f"{part.title}  {part.chinese_title}: assumptions 假设"
    book.text(sheet, 1, 1, title, styles("title"))
    doc = (getattr(part, "__doc__", "") or "").strip().splitlines()
    book.text(sheet, 2, 1, doc[0] if doc else "", styles("note"))
    rows = list(_rows(path, part))
    single = {k: assumptions.inputs[k] for k, r in rows if k in assumptions.inputs}
    yearly = {k: i for k, i in single.items() if i.is_yearly}
    places: dict[str, tuple[str, int]] = {}
    at = _heads(book, sheet, layout.HEADER_ROW, layout.SCALAR_HEADERS) + 1
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
        years = _years(assumptions)
        headers = (*layout.YEARLY_HEADERS, *map(str, years), *layout.YEARLY_TAIL)
        at = _heads(book, sheet, at + 1, headers, years=years) + 1
        for key, given in yearly.items():
            _yearly(book, sheet, at, given, len(years))
            places[key] = (part.title, at)
            at += 1
    _validations(sheet, places, single, last_scalar)
    for name, width in _WIDTHS.items():
        column = letters(layout.SCALAR_HEADERS.index(name) + 1)
        sheet.column_dimensions[column].width = width
    sheet.freeze_panes = f"{letters(layout.VALUE + 1)}{layout.HEADER_ROW + 1}"
    return places


def _years(assumptions: Assumptions) -> list[int]:
    company = assumptions.company
    base = assumptions.inputs[company.model.key[company.base_year]].value
    first = int(base if isinstance(base, float | int) else base[0]) + 1
    return list(range(first, first + company.model.periods))


def _heads(
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


def _labels(book: Book, sheet: Worksheet, at: int, given: Input) -> None:
    plain = book.styles("text")
    book.text(sheet, at, 1, given.key, book.styles("note"))
    book.text(sheet, at, 2, given.row.label, plain)
    book.text(sheet, at, 3, given.row.chinese, plain)
    book.text(sheet, at, 4, given.row.unit_text, plain)


def _tail(book: Book, sheet: Worksheet, at: int, column: int, given: Input) -> None:
    """Bounds and provenance, from a column on."""
    style = book.styles("input", number_format(given.row, whole=given.row.whole))
    words = book.styles("input")
    for offset, bound in enumerate((given.minimum, given.maximum)):
        if math.isfinite(bound):
            book.number(sheet, at, column + offset, bound, style)
        else:
            sheet.cell(at, column + offset).style = style
    texts = (given.source, given.as_of, given.confidence, given.note)
    for offset, text in enumerate(texts, 2):
        book.text(sheet, at, column + offset, text, words)


def _scalar(book: Book, sheet: Worksheet, at: int, given: Input) -> None:
    _labels(book, sheet, at, given)
    style = book.styles("input", number_format(given.row, whole=given.row.whole))
    values = (given.value, given.low, given.high)
    for column, value in enumerate(values, layout.SCALAR_HEADERS.index("Base") + 1):
        if isinstance(value, float | int):
            book.number(sheet, at, column, value, style)
        else:
            sheet.cell(at, column).style = style
    column = layout.SCALAR_HEADERS.index("Distribution") + 1
    book.text(sheet, at, column, given.distribution, book.styles("input"))
    book.text(sheet, at, column + 1, given.parameters, book.styles("input"))
    _tail(book, sheet, at, layout.SCALAR_HEADERS.index("Minimum") + 1, given)
    if given.row.note:
        base = sheet.cell(at, layout.SCALAR_HEADERS.index("Base") + 1)
        base.comment = Comment(given.row.note, "valuation", height=90, width=260)


def _yearly(book: Book, sheet: Worksheet, at: int, given: Input, periods: int) -> None:
    _labels(book, sheet, at, given)
    style = book.styles("input", number_format(given.row))
    values = given.value if isinstance(given.value, tuple) else (given.value,) * periods
    for column, value in enumerate(values, layout.FIRST_YEAR):
        book.number(sheet, at, column, value, style)
    _tail(book, sheet, at, layout.FIRST_YEAR + periods, given)


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


def scenario_keys(assumptions: Assumptions) -> list[str]:
    """Keys with a row on the Scenarios sheet, in the order of the model."""
    used = set(assumptions.overrides)
    for scenario in assumptions.scenarios.values():
        used |= set(scenario.values)
    return [key for key in assumptions.inputs if key in used]


def _scenarios(
    book: Book, assumptions: Assumptions, places: Mapping[str, tuple[str, int]], *, live: bool
) -> dict[str, int]:
    sheet, styles = book.sheet(layout.SCENARIOS), book.styles
    scenarios = list(assumptions.scenarios.values())
    book.text(sheet, 1, 1, "Scenarios  情景", styles("title"))
    hint = "A filled cell replaces the base value; blank means base. Override wins over all."
    book.text(sheet, 2, 1, hint, styles("note"))
    fixed = layout.SCENARIO_HEADERS
    head = _heads(book, sheet, layout.HEADER_ROW, (*fixed, *(s.name for s in scenarios)))
    first = len(fixed) + 1
    columns = {s.name: first + n for n, s in enumerate(scenarios)}
    for at, key, label, chinese in (
        (head + 1, layout.NAME_KEY, "Name in Chinese", "名称"),
        (head + 2, layout.WEIGHT_KEY, "Weight", "权重"),
    ):
        book.text(sheet, at, 1, key, styles("note"))
        book.text(sheet, at, 2, label, styles("text"))
        book.text(sheet, at, 3, chinese, styles("text"))
        for scenario in scenarios:
            column = columns[scenario.name]
            if key == layout.NAME_KEY:
                book.text(sheet, at, column, scenario.chinese, styles("input"))
            else:
                book.number(sheet, at, column, scenario.weight, styles("input", "0%"))
    rows: dict[str, int] = {}
    for at, key in enumerate(scenario_keys(assumptions), head + 3):
        rows[key] = at
        given = assumptions.inputs[key]
        _labels(book, sheet, at, given)
        style = styles("input", number_format(given.row, whole=given.row.whole))
        if not given.is_yearly and isinstance(given.value, float | int):
            title, row = places[key]
            base = letters(layout.SCALAR_HEADERS.index("Base") + 1)
            link = f"={quoted(title)}!${base}${row}"
            fmt = number_format(given.row, whole=given.row.whole)
            book.formula(sheet, at, fixed.index("Base") + 1, link, given.value, styles("link", fmt))
        override = fixed.index("Override") + 1
        for column in (override, *columns.values()):
            sheet.cell(at, column).style = style
        if key in assumptions.overrides:
            book.number(sheet, at, override, assumptions.overrides[key], style)
        for scenario in scenarios:
            if scenario.name == BASE:
                sheet.cell(at, columns[BASE]).style = styles("note")
            elif key in scenario.values:
                book.number(sheet, at, columns[scenario.name], scenario.values[key], style)
    names = f"{layout.SCENARIOS}!${letters(first)}${head}:${letters(first + len(scenarios) - 1)}${head}"
    if live:
        book.workbook.defined_names["scenario_names"] = DefinedName(
            "scenario_names", attr_text=names
        )
    widths = {1: 40, 2: 42, 3: 24, 4: 15} | dict.fromkeys(range(5, first + len(scenarios)), 13)
    for column, width in widths.items():
        sheet.column_dimensions[letters(column)].width = width
    sheet.freeze_panes = f"{letters(first)}{head + 1}"
    return rows


def _correlations(book: Book, assumptions: Assumptions) -> None:
    sheet, styles = book.sheet(layout.CORRELATIONS), book.styles
    book.text(sheet, 1, 1, "Rank correlations  秩相关系数", styles("title"))
    hint = "Symmetric, from -1 to 1; blank means 0. Fill one half or both alike."
    book.text(sheet, 2, 1, hint, styles("note"))
    keys = assumptions.correlated
    head = _heads(book, sheet, layout.HEADER_ROW, ("Key", *keys))
    for column in range(2, len(keys) + 2):
        sheet.cell(head, column).style = styles("head", wrap=True)
        sheet.column_dimensions[letters(column)].width = 17
    for at, row in enumerate(keys, head + 1):
        book.text(sheet, at, 1, row, styles("text"))
        for column, other in enumerate(keys, 2):
            pair = assumptions.correlations.get((row, other))
            pair = assumptions.correlations.get((other, row)) if pair is None else pair
            value = 1.0 if row == other else pair or 0.0
            kind = "note" if row == other else "input"
            book.number(sheet, at, column, value, styles(kind, "0.00_);-0.00"))
    sheet.row_dimensions[head].height = 40
    sheet.column_dimensions["A"].width = 40
    sheet.freeze_panes = f"B{head + 1}"


def _table(book: Book, table: Table) -> None:
    """A reference table on the Facts sheet, below what stands there already."""
    styles = book.styles
    if layout.FACTS in book.workbook.sheetnames:
        sheet = book.workbook[layout.FACTS]
        at = sheet.max_row + 3
    else:
        sheet, at = book.sheet(layout.FACTS), 1
    book.text(sheet, at, 1, table.title, styles("title"))
    at = _heads(book, sheet, at + 2, table.headers)
    for number, cells in enumerate(table.rows, at + 1):
        for column, value in enumerate(cells, 1):
            if isinstance(value, float | int) and not isinstance(value, bool):
                book.number(sheet, number, column, value, styles("input", "General"))
            else:
                text = "" if value is None else str(value)
                book.text(sheet, number, column, text, styles("input", wrap=True))
    for column, width in enumerate((8, 18, 16, 14, 60, 18, 40, 60), 1):
        sheet.column_dimensions[letters(column)].width = width


def finish(book: Book) -> None:
    """What every sheet shares: no grid lines, landscape, one page wide, titles repeated."""
    for sheet in book.workbook.worksheets:
        sheet.sheet_view.showGridLines = False
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.paperSize = 9
        sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        sheet.oddFooter.left.text, sheet.oddFooter.right.text = "&A", "&P / &N"
        if sheet.freeze_panes:
            sheet.print_title_rows = f"1:{layout.HEADER_ROW}"
