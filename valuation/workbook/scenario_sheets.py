"""Write the sheets of scenarios and rank correlations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from openpyxl.workbook.defined_name import DefinedName

from valuation.engines.formulas import letters, quoted
from valuation.risk.assumptions import BASE
from valuation.workbook import layout
from valuation.workbook.headers import heads, labels
from valuation.workbook.styles import number_format

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from valuation.risk.assumptions import Assumptions, Input
    from valuation.workbook.store import Book

_WIDTHS = {1: 40, 2: 42, 3: 24, 4: 15}


def scenario_keys(assumptions: Assumptions) -> list[str]:
    """Keys with a row on the Scenarios sheet, in the order of the model."""
    used = set(assumptions.overrides)
    for scenario in assumptions.scenarios.values():
        used |= set(scenario.values)
    return [key for key in assumptions.inputs if key in used]


def write_scenarios(
    book: Book, assumptions: Assumptions, places: Mapping[str, tuple[str, int]], *, live: bool
) -> dict[str, int]:
    """Write names, weights and values by scenario; returns the row of each key.

    Args:
        book: The workbook being written.
        assumptions: What to write.
        places: Sheet and row of each input.
        live: With a Live column for the chosen scenario, in a report.
    """
    sheet, styles = book.sheet(layout.SCENARIOS), book.styles
    book.text(sheet, 1, 1, "Scenarios  情景", styles("title"))
    hint = "A filled cell replaces the base value; blank means base. Override wins over all."
    book.text(sheet, 2, 1, hint, styles("note"))
    fixed = tuple(word for word in layout.SCENARIO_HEADERS if live or word != "Live")
    names = tuple(assumptions.scenarios)
    head = heads(book, sheet, layout.HEADER_ROW, (*fixed, *names))
    columns = {name: len(fixed) + n for n, name in enumerate(names, 1)}
    _names_and_weights(book, sheet, head + 1, assumptions, columns)
    rows = {key: at for at, key in enumerate(scenario_keys(assumptions), head + 3)}
    for key, at in rows.items():
        labels(book, sheet, at, assumptions.inputs[key])
        _base(book, sheet, at, assumptions.inputs[key], places[key])
        _values(book, sheet, at, key, assumptions, columns, fixed.index("Override") + 1)
    if live:
        first, last = (letters(columns[name]) for name in (names[0], names[-1]))
        span = f"{layout.SCENARIOS}!${first}${head}:${last}${head}"
        book.workbook.defined_names["scenario_names"] = DefinedName(
            "scenario_names", attr_text=span
        )
    widths = _WIDTHS | dict.fromkeys(range(5, len(fixed) + len(names) + 1), 13)
    for column, width in widths.items():
        sheet.column_dimensions[letters(column)].width = width
    sheet.freeze_panes = f"{letters(len(fixed) + 1)}{head + 1}"
    return rows


def _names_and_weights(
    book: Book, sheet: Worksheet, at: int, assumptions: Assumptions, columns: Mapping[str, int]
) -> None:
    """The two rows below the header: Chinese names, and weights."""
    styles = book.styles
    told = ((layout.NAME_KEY, "Name in Chinese", "名称"), (layout.WEIGHT_KEY, "Weight", "权重"))
    for row, words in enumerate(told, at):
        for column, word in enumerate(words, 1):
            book.text(sheet, row, column, word, styles("note" if column == 1 else "text"))
    for name, column in columns.items():
        scenario = assumptions.scenarios[name]
        book.text(sheet, at, column, scenario.chinese, styles("input"))
        book.number(sheet, at + 1, column, scenario.weight, styles("input", "0%"))


def _base(book: Book, sheet: Worksheet, at: int, given: Input, place: tuple[str, int]) -> None:
    """What the scenarios replace, linked; a yearly input has no one base value."""
    if isinstance(given.value, tuple):
        return
    title, row = place
    link = f"={quoted(title)}!${letters(layout.SCALAR_HEADERS.index('Base') + 1)}${row}"
    style = book.styles("link", number_format(given.row, whole=given.row.whole))
    column = layout.SCENARIO_HEADERS.index("Base") + 1
    book.formula(sheet, at, column, link, given.value, style)


def _values(
    book: Book,
    sheet: Worksheet,
    at: int,
    key: str,
    assumptions: Assumptions,
    columns: Mapping[str, int],
    override: int,
) -> None:
    """The cells people fill: the override, and a cell a scenario but for the base."""
    row = assumptions.inputs[key].row
    style = book.styles("input", number_format(row, whole=row.whole))
    found = {columns[n]: s.values.get(key) for n, s in assumptions.scenarios.items() if n != BASE}
    found[override] = assumptions.overrides.get(key)
    for column, value in found.items():
        if value is None:
            sheet.cell(at, column).style = style
        else:
            book.number(sheet, at, column, value, style)


def write_correlations(book: Book, assumptions: Assumptions) -> None:
    """Write the whole matrix, both halves alike."""
    sheet, styles = book.sheet(layout.CORRELATIONS), book.styles
    book.text(sheet, 1, 1, "Rank correlations  秩相关系数", styles("title"))
    hint = "Symmetric, from -1 to 1; blank means 0. Fill one half or both alike."
    book.text(sheet, 2, 1, hint, styles("note"))
    keys = assumptions.correlated
    head = heads(book, sheet, layout.HEADER_ROW, ("Key", *keys, layout.DEMAND_LABEL))
    for column in range(2, len(keys) + 3):
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
        loading = assumptions.demand_loadings.get(row)
        if loading:
            book.number(sheet, at, len(keys) + 2, loading, styles("input", "0.00_);-0.00"))
        else:
            sheet.cell(at, len(keys) + 2).style = styles("input", "0.00_);-0.00")
    sheet.row_dimensions[head].height = 40
    sheet.column_dimensions["A"].width = 40
    sheet.freeze_panes = f"B{head + 1}"
