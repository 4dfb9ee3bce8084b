"""The checks below a sensitivity table, asked while axes and outputs are those Python had.

After an edit the live table has moved and Python's grid has not: they then differ, and rightly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from valuation.engines.formulas import letters
from valuation.workbook.check_sheet import TOLERANCE_CELL, Rule
from valuation.workbook.draft import SENSITIVITY
from valuation.workbook.grid import Block
from valuation.workbook.snapshot import verdict

if TYPE_CHECKING:
    from valuation.workbook.sensitivity_table import TableWriter

_COLUMN: Final = 4
#: Differences that still pass: this share of the largest value, and not less than the floor.
_SHARE, _FLOOR = 1e-9, 1e-6
_FINE: Final = "0.0E+00;-0.0E+00;0"


class ChecksWriter:
    """Writes one line below the other; `at` is the next row."""

    def __init__(self, writer: TableWriter, at: int) -> None:
        """Take the table as written, and the first row."""
        self.writer, self.at = writer, at
        self.rules: list[Rule] = []
        self.made, self.value = "", 0.0

    def write(self, live: Block, closed: Block | None) -> list[Rule]:
        """Write the checks; returns their rules.

        Args:
            live: Differences of the live table.
            closed: Differences of the closed form.
        """
        self._as_made()
        self._largest("Live table less Python", "实时表与 Python 差异", live)
        if closed is not None:
            self._largest("Closed form less Python", "公式解与 Python 差异", closed)
        grid, two_way = self.writer.live, self.writer.table.columns is not None
        base = [at for at in np.ndindex(grid.rows, grid.columns) if self.writer.is_base(*at)]
        for row, column in base[:1]:
            cell = grid.cell(row, column)
            headline = grid.cell(-1, -1 if two_way else column)
            formula = f"IF(ISNUMBER({cell}),{cell}-{headline},0)"
            self._check("Base cell less the headline", "基准格与标题值", formula)
        return self.rules

    def _as_made(self) -> None:
        """Whether axes and outputs still are those Python had."""
        writer, table = self.writer, self.writer.table
        pairs = [(writer.live.side, writer.python.side)]
        ends = writer.live.head, writer.python.head
        if table.columns is not None:
            pairs.append(ends)
            ends = writer.live.cell(-1, -1), writer.python.cell(-1, -1)
        terms = [f"SUMPRODUCT(({one}<>{other})*1)" for one, other in pairs]
        one, other = ends
        near = TOLERANCE_CELL
        terms.append(f"SUMPRODUCT(({one}-{other}>{near})+({other}-{one}>{near}))")
        now = np.array([writer.output(n)[1] for n in range(len(table.outputs))])
        gaps = np.abs(now - np.array(table.base))
        tolerance = writer.draft.result.checks[0].tolerance
        made = float((gaps <= tolerance).all()) if np.isfinite(gaps).all() else float("nan")
        self.value = 0.0 if np.isfinite(made) else made
        self.made = f"${letters(_COLUMN)}${self.at}"
        self._say("Axes and outputs as Python had them", "坐标与输出同 Python", "")
        formula = f"=IF({'+'.join(terms)}=0,1,0)"
        verdict(writer.draft, writer.sheet, self.at, _COLUMN, formula, value=made)
        self.at += 1

    def _largest(self, label: str, chinese: str, block: Block) -> None:
        """The largest difference of a block."""
        self._check(label, chinese, f"MAX(MAX({block.body}),-MIN({block.body}))")

    def _check(self, label: str, chinese: str, formula: str) -> None:
        """A line of the checks, and its rule; 0 where the table is not as made."""
        writer, table = self.writer, self.writer.table
        unit = table.outputs[0].unit_text if len(table.outputs) == 1 else ""
        said = f"{label}: {table.wanted.name}"
        self._say(said, chinese, unit)
        text = f"=IF({self.made}=1,{formula},0)"
        style = writer.styles("formula", _FINE)
        writer.book.formula(writer.sheet, self.at, _COLUMN, text, self.value, style)
        address = f"={SENSITIVITY}!${letters(_COLUMN)}${self.at}"
        finite = np.abs(table.values[np.isfinite(table.values)])
        tolerance = max(_FLOOR, _SHARE * float(finite.max(initial=0.0)))
        self.rules.append(Rule(said, chinese, unit, address, self.value, tolerance))
        self.at += 1

    def _say(self, label: str, chinese: str, unit: str) -> None:
        writer = self.writer
        for column, text in enumerate((label, chinese, unit), 1):
            writer.book.text(writer.sheet, self.at, column, text, writer.styles("note"))
