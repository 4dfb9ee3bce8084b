"""The Sensitivity sheet: input cells on top, then every table with its checks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from valuation.engines.formulas import letters
from valuation.engines.rules import Array
from valuation.risk.axes import SCENARIO
from valuation.risk.runs import rerun
from valuation.workbook import layout
from valuation.workbook.check_sheet import Rule
from valuation.workbook.draft import SENSITIVITY
from valuation.workbook.input_cells import at_rest_rule, write_input_cells
from valuation.workbook.sensitivity_table import LEFT, TableWriter

if TYPE_CHECKING:
    from valuation.risk.sensitivity import Sensitivity
    from valuation.workbook.draft import Draft

_WIDTHS: Final = {1: 46, 2: 26, 3: 12}
_WIDTH: Final = 13


def write_sensitivity(draft: Draft, tables: Sequence[Sensitivity]) -> list[Rule]:
    """Write the sheet where there are tables; their input cells were reserved before.

    Returns:
        The rules of the sheet, for the Checks sheet.
    """
    if not tables:
        return []
    book, styles = draft.book, draft.styles
    sheet = book.sheet(SENSITIVITY)
    book.text(sheet, 1, 1, "Sensitivity  敏感性", styles("title"))
    hint = (
        "Live tables recalculate with the workbook (LibreOffice: Ctrl+Shift+F9), in the scenario "
        "chosen on the Cover; their axes may be edited. Leave the input cells at their words."
    )
    book.text(sheet, 2, 1, hint, styles("note"))
    at = write_input_cells(draft, sheet) + 1
    widest = max(table.values.shape[1] for table in tables)
    rules = [at_rest_rule(draft)]
    for table in tables:
        writer = TableWriter(
            draft, sheet, table, live_values(draft, table), at=at, right=LEFT + widest + 2
        )
        rules += writer.write()
        at = writer.at + 1
    widths = dict.fromkeys(range(LEFT, LEFT + 2 * widest + 3), _WIDTH) | _WIDTHS
    for column, width in widths.items():
        sheet.column_dimensions[letters(column)].width = width
    sheet.freeze_panes = f"A{layout.RULER_ROW}"
    return rules


def live_values(draft: Draft, table: Sensitivity) -> Array:
    """What the data table works out: it starts from the scenario of the report."""
    axes = [axis for axis in (table.rows, table.columns) if axis is not None]
    keys = [axis.key for axis in axes]
    if draft.result.scenario == table.wanted.scenario or SCENARIO in keys:
        return table.values
    grids = np.meshgrid(*(np.array(axis.values, dtype=np.float64) for axis in axes), indexing="ij")
    found = rerun(
        draft.assumptions,
        table.outputs,
        draws=grids[0].size,
        scenarios=draft.result.scenario,
        changes={key: grid.ravel() for key, grid in zip(keys, grids, strict=True)},
        typed=[key for key in keys if key not in draft.assumptions.inputs],
    )
    years = draft.result.years
    told = [
        np.broadcast_to(values[0 if year is None else years.index(year)], grids[0].size)
        for values, year in zip(found, table.years, strict=True)
    ]
    values: Array = np.stack(told, axis=-1).reshape(table.values.shape)
    return values
