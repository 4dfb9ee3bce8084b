"""One sheet a part with all its rows over the ruler of years, and the units they convert by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from valuation.engines.formulas import letters, quoted
from valuation.lines import Assumption, Line, Row, Shape
from valuation.lines.units import FACTORS
from valuation.workbook import layout
from valuation.workbook.draft import UNITS
from valuation.workbook.input_cells import replaceable
from valuation.workbook.outline import outline
from valuation.workbook.selector import live_value
from valuation.workbook.styles import PASSED, number_format

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from valuation.lines.rows import Heading
    from valuation.workbook.draft import Draft

_WIDTHS = {1: 52, 2: 30, 3: 16, 4: 13, 5: 11}
_YEAR_WIDTH, _NOTE_WIDTH, _KEY_WIDTH = 10, 60, 44


def write_model_sheets(draft: Draft) -> None:
    """Write the sheet of every part that has rows."""
    for path in draft.company.sheets:
        items = list(outline(draft.company.model, path))
        if not any(isinstance(item, Row) for _, item in items):
            continue
        sheet = draft.book.sheet(draft.titles[path])
        draft.model_sheets.append(sheet)
        _head(draft, sheet, path)
        for number, (key, item) in enumerate(items, layout.FIRST_ROW):
            if isinstance(item, Row):
                _row(draft, sheet, number, key, item)
            else:
                _heading(draft, sheet, number, item)
        _dress(draft, sheet)


def _dress(draft: Draft, sheet: Worksheet) -> None:
    """Column widths, frozen corner, and what is printed: notes and keys stay on the screen."""
    last = draft.grid.columns[-1]
    widths = _WIDTHS | dict.fromkeys(draft.grid.columns, _YEAR_WIDTH)
    for column, width in (widths | {last + 1: _NOTE_WIDTH, last + 2: _KEY_WIDTH}).items():
        sheet.column_dimensions[letters(column)].width = width
    sheet.freeze_panes = f"{letters(layout.OPENING)}{layout.RULER_ROW + 1}"
    sheet.print_area = f"A1:{letters(last)}{sheet.max_row}"


def _head(draft: Draft, sheet: Worksheet, path: str) -> None:
    """Title, status and the ruler, the same on every model sheet."""
    book, styles, grid = draft.book, draft.styles, draft.grid
    part = draft.company.sheets[path]
    book.text(sheet, 1, 1, f"{part.title}  {part.chinese_title}", styles("title"))
    book.text(sheet, 2, 1, "CNY m unless the unit says otherwise", styles("note"))
    book.text(sheet, 1, 3, "Checks", styles("note"))
    book.formula(sheet, 1, layout.VALUE, "=master_check", 1.0, styles("formula", PASSED))
    draft.heads(sheet, layout.RULER_ROW, ("Label", "名称", "Unit", "Value"))
    home = draft.places[draft.company.model.year]
    years = draft.result.years
    for column, year in zip([grid.opening, *grid.columns], [years[0] - 1, *years], strict=True):
        link = f"={quoted(home.sheet)}!{letters(column)}{home.number}"
        fmt = '0"A"' if column == grid.opening else '0"E"'
        book.formula(sheet, layout.RULER_ROW, column, link, year, styles("head", fmt))
    last = grid.columns[-1]
    book.text(sheet, layout.RULER_ROW, last + 1, "Note", styles("head"))
    book.text(sheet, layout.RULER_ROW, last + 2, "Row", styles("head"))


def _heading(draft: Draft, sheet: Worksheet, number: int, item: Heading) -> None:
    style = draft.styles("block")
    for column in range(1, draft.grid.columns[-1] + 3):
        sheet.cell(number, column).style = style
    draft.book.text(sheet, number, 1, item.label, style)
    draft.book.text(sheet, number, 2, item.chinese, style)


def _row(draft: Draft, sheet: Worksheet, number: int, key: str, row: Row) -> None:
    """Label, name, unit, a formula a cell with its value, note and key."""
    book, styles, grid = draft.book, draft.styles, draft.grid
    whole = row.whole if isinstance(row, Assumption) else row is draft.company.model.year
    fmt = number_format(row, whole=whole)
    last = grid.columns[-1]
    texts = ((1, row.label, "text"), (2, row.chinese, "text"), (3, row.unit_text, "note"),
             (last + 1, row.note, "note"), (last + 2, key, "note"))  # fmt: skip
    for column, text, kind in texts:
        if text:
            book.text(sheet, number, column, text, styles(kind))
    series = row.shape == Shape.SERIES
    found = draft.result.arrays[row][:, 0]
    values = np.broadcast_to(found, (grid.periods if series else 1,))
    columns = grid.columns if series else [grid.value]
    at = dict(zip(columns, map(float, values), strict=True))
    if isinstance(row, Line):
        if row.opening is not None:
            at[grid.opening] = draft.result.node(row.opening)
        for column, formula in draft.formulas.cells(row):
            text = replaceable(draft, key, formula) if column != grid.opening else formula
            book.formula(sheet, number, column, text, at[column], styles("formula", fmt))
    elif isinstance(row, Assumption):
        for column, value in at.items():
            text = live_value(draft, key, row, column)
            book.formula(sheet, number, column, text, value, styles("link", fmt))


def write_units(draft: Draft) -> None:
    """Write the named factors of unit conversions."""
    book, styles = draft.book, draft.styles
    sheet = book.sheet(UNITS)
    book.text(sheet, 1, 1, "Units  单位换算", styles("title"))
    hint = "Formulas convert units by these names only; they are constants, not assumptions."
    book.text(sheet, 2, 1, hint, styles("note"))
    draft.heads(sheet, layout.RULER_ROW, ("Name", "", "", "Value"))
    for at, (name, value) in enumerate(FACTORS.items(), layout.RULER_ROW + 1):
        book.text(sheet, at, 1, name, styles("text"))
        book.number(sheet, at, layout.VALUE, value, styles("text", "#,##0"))
        draft.name(name, UNITS, at, layout.VALUE)
    sheet.column_dimensions["A"].width, sheet.column_dimensions["D"].width = 24, 16
