"""What Python found, as it stands on a sheet: grey, and with a flag that says whether it is old."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.pagebreak import Break

from valuation.engines.formulas import letters
from valuation.workbook import layout
from valuation.workbook.check_sheet import TOLERANCE_CELL
from valuation.workbook.styles import number_format

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from valuation.lines import Row
    from valuation.workbook.draft import Draft

NO_VALUE: Final = "no value"
#: Column of the values of the block on top; height of a row in points, and in cm.
_VALUE, _POINTS, _CM = 4, 15, 0.529
_STATUS = '[=1]"yes";[=0]"NO: edited";General'


def heading(draft: Draft, sheet: Worksheet, title: str, chinese: str, hint: str) -> None:
    """Title and hint of a sheet of snapshots."""
    styles = draft.styles
    draft.book.text(sheet, 1, 1, f"{title}  {chinese}: Python snapshot", styles("title"))
    words = "These numbers do not move with the workbook: after an edit run `valuation report`."
    draft.book.text(sheet, 2, 1, f"{hint} {words}", styles("note"))


def provenance(draft: Draft, sheet: Worksheet, scenario: str, row: Row, made: float) -> int:
    """Scenario, value then and now, and whether they are the same; returns the next free row.

    Args:
        draft: The report.
        sheet: Where it stands, from the row below the title.
        scenario: Scenario the snapshot was made in.
        row: The row whose value tells.
        made: Its value when the snapshot was made.
    """
    book, styles, at = draft.book, draft.styles, layout.RULER_ROW + 1  # the rows above repeat
    draft.heads(sheet, at, ("Snapshot", "快照", "Unit", ""))
    labels = (
        ("Scenario", "情景", ""),
        (f"{row.label} when made", f"{row.chinese}(快照)", row.unit_text),
        (f"{row.label} now", f"{row.chinese}(当前)", row.unit_text),
        ("Made as the workbook stands", "快照与当前一致", ""),
    )
    for number, words in enumerate(labels, at + 1):
        for column, text in enumerate(words, 1):
            book.text(sheet, number, column, text, styles("text"))
    book.text(sheet, at + 1, _VALUE, scenario, styles("snapshot"))
    shown(draft, sheet, at + 2, _VALUE, made, number_format(row))
    draft.link(sheet, at + 3, _VALUE, row, number_format(row))
    ends = f"{letters(_VALUE)}{at + 3}", f"{letters(_VALUE)}{at + 2}"
    flag(draft, sheet, at + 4, _VALUE, ends, (draft.result.number(row), made))
    return at + 6


def shown(draft: Draft, sheet: Worksheet, at: int, column: int, value: float, fmt: str) -> None:
    """A snapshot value, or that there is none."""
    if np.isfinite(value):
        draft.book.number(sheet, at, column, value, draft.styles("snapshot", fmt))
    else:
        cell = draft.book.text(sheet, at, column, NO_VALUE, draft.styles("snapshot"))
        cell.alignment = Alignment(horizontal="right", vertical="center")


def room(sheet: Worksheet, at: int, height: int) -> int:
    """Rows of one height below each other for a chart of so many cm; returns the row below."""
    rows = math.ceil(height / _CM) + 1
    for row in range(at, at + rows):
        sheet.row_dimensions[row].height = _POINTS
    return at + rows


def new_page(sheet: Worksheet, at: int) -> None:
    """Print a row at the top of a page."""
    sheet.row_breaks.append(Break(id=at - 1))


def flag(
    draft: Draft,
    sheet: Worksheet,
    at: int,
    column: int,
    ends: tuple[str, str],
    values: tuple[float, float],
) -> float:
    """1 where two cells are the same within the tolerance of the checks, else 0 and red.

    Args:
        draft: The report.
        sheet: Where it stands.
        at: Its row.
        column: Its column.
        ends: Addresses of the two cells; the same too where neither holds a number.
        values: What they hold.

    Returns:
        Its value.
    """
    one, other = ends
    same = abs(values[0] - values[1]) <= draft.result.checks[0].tolerance
    same = same or not np.isfinite(values).any()
    formula = (
        f"=IF(ISNUMBER({one}-{other}),IF(ABS({one}-{other})<={TOLERANCE_CELL},1,0),"
        f"IF(ISNUMBER({one})=ISNUMBER({other}),1,0))"
    )
    verdict(draft, sheet, at, column, formula, value=float(same))
    return float(same)


def verdict(
    draft: Draft, sheet: Worksheet, at: int, column: int, formula: str, *, value: float
) -> None:
    """A formula that gives 1 for yes, and 0 in red."""
    draft.book.formula(sheet, at, column, formula, value, draft.styles("formula", _STATUS))
    stale = CellIsRule(  # type: ignore[no-untyped-call]
        operator="equal",
        formula=["0"],
        font=Font(color="FFFFFF", bold=True),
        fill=PatternFill("solid", bgColor="C00000"),
    )
    sheet.conditional_formatting.add(f"{letters(column)}{at}", stale)
