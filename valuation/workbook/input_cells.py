"""Input cells: where a sensitivity table puts its values, and how the model obeys them.

Excel wants the input cells of a data table on its own sheet. Each holds a word while nothing is
changed; a number in it (or a scenario) takes the place of what the model has otherwise. It is never
empty: LibreOffice would then show the base value in every cell of the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from valuation.engines.formulas import letters, quoted
from valuation.lines import Assumption, Row, Shape
from valuation.risk.axes import SCENARIO
from valuation.workbook import layout
from valuation.workbook.check_sheet import Rule
from valuation.workbook.draft import SENSITIVITY
from valuation.workbook.styles import number_format

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from valuation.risk.sensitivity import Sensitivity
    from valuation.workbook.draft import Draft

#: What an input cell holds while nothing is changed; `base` would be the name of a scenario.
AT_REST: Final = "base"
SCENARIO_AT_REST: Final = "as chosen"
_CELL, _REST, _NOW, _ROW = 4, 5, 6, 7
_HEAD: Final = layout.RULER_ROW + 1
_FIRST: Final = _HEAD + 1


def reserve(draft: Draft, tables: Sequence[Sensitivity]) -> None:
    """Give each input, line or scenario that a table changes one input cell."""
    keys = dict.fromkeys(
        axis.key for table in tables for axis in (table.rows, table.columns) if axis is not None
    )
    draft.input_cells = {
        key: f"{SENSITIVITY}!${letters(_CELL)}${at}" for at, key in enumerate(keys, _FIRST)
    }


def local(draft: Draft, key: str) -> str:
    """Address of an input cell on its own sheet, as a data table names it."""
    return draft.input_cells[key].partition("!")[2].replace("$", "")


def replaceable(draft: Draft, key: str, formula: str) -> str:
    """Formula of a row, giving way to a number in its input cell where it has one."""
    cell = draft.input_cells.get(key)
    return formula if cell is None else f"=IF(ISNUMBER({cell}),{cell},{formula[1:]})"


def scenario_formula(draft: Draft) -> str:
    """Formula of the number of the scenario: that of the input cell, else that of the Cover."""
    cell = draft.input_cells.get(SCENARIO)
    if cell is None:
        return "=MATCH(scenario,scenario_names,0)"
    return f"=MATCH(IF(COUNTIF(scenario_names,{cell}),{cell},scenario),scenario_names,0)"


def format_of(row: Row) -> str:
    """Number format of a row's values."""
    return number_format(row, whole=isinstance(row, Assumption) and row.whole)


def write_input_cells(draft: Draft, sheet: Worksheet) -> int:
    """List the input cells, each with the live value of its row; returns the next free row."""
    draft.heads(
        sheet,
        _HEAD,
        ("Changed by the tables", "名称", "Unit", "Input cell", "At rest", "In the model", "Row"),
    )
    for at, key in enumerate(draft.input_cells, _FIRST):
        if key == SCENARIO:
            _scenario(draft, sheet, at)
        else:
            _row(draft, sheet, at, key)
        draft.book.text(sheet, at, _ROW, key, draft.styles("note"))
    return _FIRST + len(draft.input_cells)


def _scenario(draft: Draft, sheet: Worksheet, at: int) -> None:
    book, styles = draft.book, draft.styles
    book.text(sheet, at, 1, "Scenario", styles("text"))
    book.text(sheet, at, 2, "情景", styles("text"))
    book.text(sheet, at, _CELL, SCENARIO_AT_REST, styles("input"))
    book.text(sheet, at, _REST, SCENARIO_AT_REST, styles("note"))
    formula = "=INDEX(scenario_names,1,scenario_number)"
    book.formula(sheet, at, _NOW, formula, draft.result.scenario, styles("link"))


def _row(draft: Draft, sheet: Worksheet, at: int, key: str) -> None:
    book, styles, model = draft.book, draft.styles, draft.company.model
    row = model.rows[key]
    texts = (model.title(key), "text"), (row.chinese, "text"), (row.unit_text, "note")
    for column, (text, kind) in enumerate(texts, 1):
        book.text(sheet, at, column, text, styles(kind))
    book.text(sheet, at, _CELL, AT_REST, styles("input", format_of(row)))
    book.text(sheet, at, _REST, AT_REST, styles("note"))
    if row.shape != Shape.SERIES:
        draft.link(sheet, at, _NOW, row, format_of(row))


def at_rest_rule(draft: Draft) -> Rule:
    """The rule that no input cell is left changed."""
    last = _FIRST + len(draft.input_cells) - 1
    cells, words = (
        f"{quoted(SENSITIVITY)}!${letters(c)}${_FIRST}:${letters(c)}${last}" for c in (_CELL, _REST)
    )
    label = "Input cells of the sensitivity tables left changed"
    return Rule(
        label, "敏感性输入单元格复位", "cells", f"=SUMPRODUCT(({cells}<>{words})*1)", 0.0, 0.5
    )
