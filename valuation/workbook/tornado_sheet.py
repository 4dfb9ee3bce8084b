"""The Tornado sheet: what the low and the high of each input do to the whole and to each part."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from valuation.engines.formulas import letters
from valuation.workbook import charts
from valuation.workbook.charts import Cells, Line
from valuation.workbook.snapshot import heading, new_page, provenance, room, shown
from valuation.workbook.styles import number_format

if TYPE_CHECKING:
    from openpyxl.chart._chart import ChartBase
    from openpyxl.worksheet.worksheet import Worksheet

    from valuation.risk.swings import Swing
    from valuation.risk.tornado import Tornado
    from valuation.workbook.draft import Draft

TORNADO: Final = "Tornado"
_HEADS: Final = ("名称", "Unit", "Low", "Base", "High", "At low", "At high", "Swing",
                 "Change at low", "Change at high")  # fmt: skip
_LOW, _BASE, _HIGH, _AT_LOW, _AT_HIGH, _SWING, _CHANGE_LOW, _CHANGE_HIGH = range(4, 12)
_WIDTHS: Final = {1: 66, 2: 24, 3: 16}
#: Inputs in the chart of the whole, and in the table and chart of a part.
_WHOLE, _PART = 15, 8
#: Width of a chart in cm and the share of it that names get, cm of a bar and of what stands above
#: and below the bars.
_WIDTH, _SHARE, _BAR, _FRAME = 32, 0.42, 0.68, 3.4


def write_tornado(draft: Draft, tornado: Tornado, per_part: Mapping[str, Tornado]) -> None:
    """Write the sheet.

    Args:
        draft: The report.
        tornado: Of the whole, in the scenario of the report.
        per_part: Of the value of each part, by key.
    """
    sheet = draft.book.sheet(TORNADO)
    hint = "Each input set to its low and to its high, all else left alone; every figure a re-run."
    heading(draft, sheet, "Tornado", "敏感性排序", hint)
    at = provenance(draft, sheet, tornado.scenario, tornado.row, tornado.value)
    at = _block(draft, sheet, at, tornado, tornado.swings, _WHOLE)
    for part in draft.company.parts:
        found = per_part.get(part.key)
        if found is not None and found.swings:
            new_page(sheet, at)
            at = _block(draft, sheet, at, found, found.swings[:_PART], _PART)
    for column in range(1, _CHANGE_HIGH + 1):
        sheet.column_dimensions[letters(column)].width = _WIDTHS.get(column, 12)
    sheet.freeze_panes = "B5"


def _height(bars: int) -> int:
    """Height of a chart in cm."""
    return math.ceil(_FRAME + _BAR * max(bars, 2))


def _block(
    draft: Draft, sheet: Worksheet, at: int, found: Tornado, swings: Sequence[Swing], top: int
) -> int:
    """A chart, and its table below; returns the next free row."""
    height = _height(min(top, len(swings)))
    corner, at = f"A{at}", room(sheet, at, height)
    chinese = _chinese(draft, found)
    draft.heads(sheet, at, (f"{found.title}  {chinese}", *_HEADS))
    at += 1
    draft.book.text(sheet, at, 1, "No input shocked", draft.styles("bold"))
    draft.book.text(sheet, at, 3, found.row.unit_text, draft.styles("text"))
    for column in (_AT_LOW, _AT_HIGH):
        shown(draft, sheet, at, column, found.value, number_format(found.row))
    first = at + 1
    for number, swing in enumerate(swings, first):
        _line(draft, sheet, number, swing, found, centre=at)
    if swings:
        chart = _chart(draft, first, found, swings[:top])
        charts.place(sheet, chart, corner, height=height, width=_WIDTH)
    return first + len(swings) + 1


def _chinese(draft: Draft, found: Tornado) -> str:
    names = {part.value: part.chinese for part in draft.company.parts}
    return names.get(found.row, found.row.chinese)


def _line(
    draft: Draft, sheet: Worksheet, at: int, swing: Swing, found: Tornado, *, centre: int
) -> None:
    """One input: what was set, what came of it, and the change as a formula of both."""
    book, styles, given = draft.book, draft.styles, swing.given.row
    for column, text in enumerate((swing.label, given.chinese, given.unit_text), 1):
        book.text(sheet, at, column, text, styles("text"))
    fmt, result = number_format(given, whole=given.whole), number_format(found.row)
    for column, value in ((_LOW, swing.low), (_BASE, swing.base), (_HIGH, swing.high)):
        shown(draft, sheet, at, column, value, fmt)
    ends = (_AT_LOW, swing.at_low, _CHANGE_LOW), (_AT_HIGH, swing.at_high, _CHANGE_HIGH)
    for (column, value, target), change in zip(ends, _changes(swing), strict=True):
        shown(draft, sheet, at, column, value, result)
        end, base = f"{letters(column)}{at}", f"{letters(column)}${centre}"
        formula = f"=IF(ISNUMBER({end}),{end}-{base},0)"
        book.formula(sheet, at, target, formula, change, styles("formula", result))
    low, high = (f"ABS({letters(column)}{at})" for column in (_CHANGE_LOW, _CHANGE_HIGH))
    formula = f"=MAX({low},{high})"
    book.formula(sheet, at, _SWING, formula, swing.swing, styles("formula", result))


def _changes(swing: Swing) -> tuple[float, float]:
    """What low and high add; nothing where there is no value, so that no bar is drawn."""
    low, high = (float(np.nan_to_num(change)) for change in swing.changes)
    return low, high


def _chart(draft: Draft, first: int, found: Tornado, swings: Sequence[Swing]) -> ChartBase:
    names = Cells(TORNADO, 1, first, [swing.label for swing in swings])
    changes = [_changes(swing) for swing in swings]
    series = [
        Line(name, Cells(TORNADO, column, first, [change[side] for change in changes]), colour)
        for side, (name, column, colour) in enumerate(
            (
                ("At its low", _CHANGE_LOW, charts.STEEL),
                ("At its high", _CHANGE_HIGH, charts.SAND),
            )
        )
    ]
    per_share = found.row.unit_text.endswith("/share")
    value = f"{found.value:,.2f}" if per_share else f"{found.value:,.0f}"
    return charts.bars(
        f"{found.title}  {_chinese(draft, found)}",
        names,
        series,
        fmt="0.00" if per_share else "#,##0",
        axis=f"Change from {value} {found.row.unit_text}",
        room=(_SHARE, _height(len(swings))),
    )
