"""The Implied sheet: what each price implies, as Python found it, and a flag when it is old."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING, Final

from valuation.engines.formulas import letters
from valuation.workbook import charts
from valuation.workbook.charts import Cells, Line
from valuation.workbook.snapshot import heading, provenance, shown
from valuation.workbook.styles import number_format

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from valuation.risk.implication import Implied, ImpliedTable
    from valuation.workbook.draft import Draft

IMPLIED: Final = "Implied"
_MULTIPLE, _PROBABILITY, _PRICE = "0.00x_);(0.00x)", "0.0%_);(0.0%)", "0.00_);(0.00)"
#: Columns of what is now and of the first price; each price has a value and a remark.
_NOW, _FIRST, _STEP = 4, 5, 2
_WIDTHS: Final = {1: 46, 2: 30, 3: 16, 4: 12}
_VALUE_WIDTH, _REMARK_WIDTH, _HEAD_HEIGHT = 13, 38, 26
#: Size of the chart in cm: width, height of a bar and of all else, share of the width for names.
_WIDTH, _BAR, _FRAME, _NAMES = 26, 0.8, 3.4, 0.45


def write_implied(draft: Draft, table: ImpliedTable) -> None:
    """Write the sheet."""
    sheet = draft.book.sheet(IMPLIED)
    hint = (
        "The value at which the value per share equals each price, every other input left alone; "
        "all solutions within the bounds, found by re-runs."
    )
    heading(draft, sheet, "What the price implies", "股价隐含假设", hint)
    row = draft.company.value_per_share
    at = provenance(draft, sheet, table.scenario, row, table.value_per_share)
    for yardstick, name in table.yardsticks.items():
        at = _block(draft, sheet, at, table, yardstick, name)
    _multiples(draft, sheet, at, table)
    for column in range(1, _FIRST + _STEP * len(table.prices)):
        width = _REMARK_WIDTH if (column - _FIRST) % _STEP else _VALUE_WIDTH
        sheet.column_dimensions[letters(column)].width = _WIDTHS.get(column, width)
    sheet.freeze_panes = "B4"


def _block(
    draft: Draft, sheet: Worksheet, at: int, table: ImpliedTable, yardstick: str, name: str
) -> int:
    """Questions down, prices along, on one yardstick; returns the next free row."""
    book, styles = draft.book, draft.styles
    titles = {further.key: further.chinese for further in draft.company.yardsticks}
    chinese = titles.get(yardstick, draft.company.value_per_share.chinese)
    prices = [word for price in table.prices for word in (price.name, "Remark")]
    for column, word in enumerate((name, chinese, "Unit", "Now", *prices), 1):
        book.text(sheet, at, column, word, styles("head", wrap=True))
    sheet.row_dimensions[at].height = _HEAD_HEIGHT
    at += 1
    labels = "Price", "股价", draft.company.value_per_share.unit_text
    for column, text in enumerate(labels, 1):
        book.text(sheet, at, column, text, styles("bold"))
    for number, price in enumerate(table.prices):
        shown(draft, sheet, at, _FIRST + _STEP * number, price.price, _PRICE)
        book.text(sheet, at, _FIRST + _STEP * number + 1, price.chinese, styles("note"))
    at += 1
    for answers in table.on(yardstick):
        _row(draft, sheet, at, answers)
        at += 1
    return at + 1


def _row(draft: Draft, sheet: Worksheet, at: int, answers: Sequence[Implied]) -> None:
    """A question at every price."""
    first, book, styles = answers[0], draft.book, draft.styles
    labels = first.question.name or first.key, first.question.chinese, first.unit
    for column, text in enumerate(labels, 1):
        book.text(sheet, at, column, text, styles("text"))
    fmt = _format(draft, first)
    if first.base is not None:
        shown(draft, sheet, at, _NOW, first.base, fmt)
    for number, found in enumerate(answers):
        column = _FIRST + _STEP * number
        if len(found.solutions) == 1 and not found.spans:
            shown(draft, sheet, at, column, found.solutions[0], fmt)
        else:
            book.text(sheet, at, column, _text(found), styles("snapshot"))
        book.text(sheet, at, column + 1, _remark(found), styles("note"))


def _format(draft: Draft, found: Implied) -> str:
    if found.is_probability:
        return _PROBABILITY
    if len(found.question.keys) > 1:
        return _MULTIPLE
    return number_format(draft.company.model.rows[found.question.keys[0]])


def _text(found: Implied) -> str:
    """What stands in place of a single number."""
    if found.is_constant:
        return "every value" if found.spans else "no effect"
    if found.solutions or found.spans:
        texts = [found.number(value) for value in found.solutions]
        return "; ".join([*texts, *(found.between(*span) for span in found.spans)])
    return "none"


def _remark(found: Implied) -> str:
    """Whether solutions lie outside the elicited range, or how near the best comes."""
    if any(found.outside) and found.elicited is not None:
        if found.is_probability:
            return "outside 0 … 100%"
        which = "" if all(found.outside) else "some "
        return f"{which}outside {found.between(*found.elicited)}"
    if found.best is None:
        return "" if found.solutions or found.spans else "no value per share"
    side = "short" if found.best.shortfall > 0 else "above"
    reached = f"best {found.best.value_per_share:.2f} at {found.number(found.best.value)}"
    return f"{reached}, {abs(found.best.shortfall):.2f} {side}"


def _multiples(draft: Draft, sheet: Worksheet, at: int, table: ImpliedTable) -> None:
    """What the first price implies as a multiple of what is now, with its chart."""
    told = [
        (found, title, found.solutions[0] / found.base)
        for yardstick, title in table.yardsticks.items()
        for found, *_ in table.on(yardstick)
        if len(found.solutions) == 1 and found.base
    ]
    if not told:
        return
    price = table.prices[0]
    title = f"Implied by {price.name.lower()} {price.price:.2f}, as a multiple of now"
    draft.heads(sheet, at, (title, "隐含值 ÷ 当前值", "Unit", "Multiple"))
    first = at + 1
    names = [f"{found.question.name or found.key}: {name}" for found, name, _ in told]
    for row, (name, (found, _, multiple)) in enumerate(zip(names, told, strict=True), first):
        for column, text in enumerate((name, found.question.chinese, "x"), 1):
            draft.book.text(sheet, row, column, text, draft.styles("text"))
        shown(draft, sheet, row, _NOW, multiple, _MULTIPLE)
    line = Line("Multiple of now", Cells(IMPLIED, _NOW, first, [m for *_, m in told]), charts.NAVY)
    height = ceil(_FRAME + _BAR * max(len(told), 2))
    chart = charts.bars(
        f"{title}  股价隐含倍数",
        Cells(IMPLIED, 1, first, names),
        [line],
        fmt="0.0x",
        room=(_NAMES, height),
    )
    charts.place(sheet, chart, f"A{first + len(told) + 1}", height=height, width=_WIDTH)
