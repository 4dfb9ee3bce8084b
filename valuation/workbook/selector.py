"""The live scenario: which one is chosen, and the value of each input it may replace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from valuation.engines.formulas import letters, quoted
from valuation.lines import Assumption, Shape
from valuation.workbook import layout
from valuation.workbook.input_cells import replaceable, scenario_formula
from valuation.workbook.scenario_sheets import scenario_keys
from valuation.workbook.styles import number_format

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from valuation.risk.assumptions import Input
    from valuation.workbook.draft import Draft

_FIXED = layout.SCENARIO_HEADERS
_BASE, _LIVE, _OVERRIDE = (_FIXED.index(w) + 1 for w in ("Base", "Live", "Override"))
#: What the Live cell of a yearly input says where nothing replaces its years.
_AS_GIVEN = "base"


def write_selector(draft: Draft) -> str:
    """Write number of the scenario, live values, and the sum of weights; returns its address."""
    sheet, book, styles = draft.book.find(layout.SCENARIOS), draft.book, draft.styles
    names = list(draft.assumptions.scenarios)
    first, last = len(_FIXED) + 1, len(_FIXED) + len(names)
    book.text(sheet, 2, 4, "Scenario number", styles("note"))
    number = names.index(draft.result.scenario) + 1
    book.formula(sheet, 2, 5, scenario_formula(draft), number, styles("formula", "0"))
    draft.name("scenario_number", layout.SCENARIOS, 2, 5)
    for key in scenario_keys(draft.assumptions):
        _live(draft, sheet, draft.assumptions.inputs[key], first, last)
    at = sheet.max_row + 2
    weights = f"{letters(first)}{layout.HEADER_ROW + 2}:{letters(last)}{layout.HEADER_ROW + 2}"
    total = sum(s.weight for s in draft.assumptions.scenarios.values())
    book.text(sheet, at, 2, "Sum of the weights", styles("text"))
    book.formula(sheet, at, _BASE, f"=SUM({weights})", total, styles("formula", "0%"))
    return f"{quoted(layout.SCENARIOS)}!${letters(_BASE)}${at}"


def _live(draft: Draft, sheet: Worksheet, given: Input, first: int, last: int) -> None:
    """Override before scenario before base."""
    row = draft.inputs.scenarios[given.key]
    chosen = f"INDEX({letters(first)}{row}:{letters(last)}{row},1,scenario_number)"
    fallback = f'"{_AS_GIVEN}"' if given.is_yearly else f"{letters(_BASE)}{row}"
    override = f"{letters(_OVERRIDE)}{row}"
    formula = f"=IF(ISNUMBER({override}),{override},IF(ISNUMBER({chosen}),{chosen},{fallback}))"
    scenario = draft.assumptions.scenarios[draft.result.scenario]
    replaced = {**scenario.values, **draft.assumptions.overrides}.get(given.key)
    base = _AS_GIVEN if isinstance(given.value, tuple) else given.value
    style = draft.styles("formula", number_format(given.row, whole=given.row.whole))
    draft.book.formula(sheet, row, _LIVE, formula, base if replaced is None else replaced, style)


def live_value(draft: Draft, key: str, row: Assumption, column: int) -> str:
    """Formula of an assumption on its model sheet."""
    title, number = draft.inputs.inputs[key]
    base = f"${letters(layout.SCALAR_HEADERS.index('Base') + 1)}$"
    single = row.shape == Shape.SINGLE
    source = f"{quoted(title)}!{base if single else letters(column)}{number}"
    if key not in draft.inputs.scenarios:
        return replaceable(draft, key, f"={source}")
    chosen = f"{layout.SCENARIOS}!${letters(_LIVE)}${draft.inputs.scenarios[key]}"
    live = f"={chosen}" if single else f"=IF(ISNUMBER({chosen}),{chosen},{source})"
    return replaceable(draft, key, live)
