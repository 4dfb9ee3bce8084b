"""One sensitivity table on its sheet: live data table, Python's grid, closed form, checks.

It stands in bands. Above: the data table on the left, Python's grid on the right. Below: the
difference of the two on the left, the closed form on the right where there is one, and the
difference of that. Then the checks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np

from valuation.engines.formulas import letters, quoted
from valuation.engines.rules import Array
from valuation.lines import Row
from valuation.workbook import layout
from valuation.workbook.closed_form import formula_of, perpetuity_of
from valuation.workbook.grid import Block, heat
from valuation.workbook.input_cells import format_of, local
from valuation.workbook.sensitivity_checks import ChecksWriter
from valuation.workbook.snapshot import shown

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from valuation.lines import Perpetuity
    from valuation.risk.sensitivity import Axis, Sensitivity
    from valuation.workbook.check_sheet import Rule
    from valuation.workbook.draft import Draft

#: Column where the grids on the left start.
LEFT: Final = 4
#: From the title to the first grid, and rows between two bands.
_DOWN, _GAP = 4, 4
_LABELS_HEIGHT: Final = 36
#: Columns of a one-way data table that LibreOffice 7.4 takes over; it leaves the rest as numbers.
_READ_ALONE: Final = 2
_FINE: Final = "0.0E+00;-0.0E+00;0"


class TableWriter:
    """Writes a table from a row on; `at` is then the row below it."""

    def __init__(
        self,
        draft: Draft,
        sheet: Worksheet,
        table: Sensitivity,
        live: Array,
        *,
        at: int,
        right: int,
    ) -> None:
        """Take the table, what its live twin holds, the first row, and where Python's grid goes."""
        self.draft, self.sheet, self.table = draft, sheet, table
        self.book, self.styles = draft.book, draft.styles
        self.at, self.right = at, right
        count, across = table.values.shape
        self.live = Block(at + _DOWN, LEFT, count, across)
        self.python = Block(at + _DOWN, right, count, across)
        self.values = live
        formats = [format_of(row) for row in table.outputs]
        self.formats = formats if table.columns is None else formats * across

    def write(self) -> list[Rule]:
        """Write every band; returns the rules."""
        self._title()
        self._live()
        self._python()
        top = self.live.top + self.live.rows + _GAP
        below = Block(top, LEFT, self.live.rows, self.live.columns)
        self._difference(below, self.live, "Live less Python  差异")
        found = perpetuity_of(self.draft, self.table)
        rest = None
        if found is not None:
            closed = Block(top, self.right, below.rows, below.columns)
            rest = Block(top + below.rows + _GAP, LEFT, below.rows, below.columns)
            self._closed_form(closed, found)
            self._difference(rest, closed, "Closed form less Python  公式解差异")
        last = rest or below
        checks = ChecksWriter(self, last.top + last.rows + 2)
        rules = checks.write(below, rest)
        self.at = checks.at
        return rules

    def _title(self) -> None:
        """Name, outputs, axes, scenario."""
        table, columns = self.table, self.table.columns
        for column in range(1, self.right + self.live.columns + 1):
            self.sheet.cell(self.at, column).style = self.styles("block")
        self.book.text(self.sheet, self.at, 1, table.wanted.name, self.styles("block"))
        self.book.text(self.sheet, self.at, 2, table.wanted.chinese, self.styles("block"))
        units = [row.unit_text for row in table.outputs]
        outputs = "; ".join(f"{n}, {u}" for n, u in zip(table.labels, units, strict=True))
        along = f" Along the top: {_named(columns)}." if columns else ""
        told = (
            f"{outputs}. Down: {_named(table.rows)}.{along} "
            f"Python's grid starts from scenario {table.wanted.scenario}."
        )
        told = " ".join([told, *(f"{text[0].upper()}{text[1:]}" for text in table.notices)])
        if columns is None and len(table.outputs) > _READ_ALONE:
            told += " LibreOffice 7.4 recalculates the first two columns only."
        self.book.text(self.sheet, self.at + 1, 1, told, self.styles("note"))
        texts = (table.rows.label, "", table.rows.unit)
        for column, text in enumerate(texts, 1):
            self.book.text(self.sheet, self.live.top + 1, column, text, self.styles("note"))

    def _over(self, block: Block, title: str) -> None:
        """What stands above a block: its title, and what runs along its top."""
        self.book.text(self.sheet, block.top - 2, block.left, title, self.styles("bold"))
        if self.table.columns is not None:
            text = _named(self.table.columns)
            self.book.text(self.sheet, block.top - 1, block.left + 1, text, self.styles("note"))
            return
        for column, label in enumerate(self.table.labels, block.left + 1):
            style = self.styles("note", wrap=True)
            self.book.text(self.sheet, block.top - 1, column, label, style)
        self.sheet.row_dimensions[block.top - 1].height = _LABELS_HEIGHT

    def _headers(self, block: Block, *, kind: str, linked: bool = False) -> None:
        """Values of the axes, the base marked; as links they follow those of the live table."""
        sides: list[tuple[Axis, bool]] = [(self.table.rows, True)]
        sides += [(self.table.columns, False)] if self.table.columns else []
        for axis, down in sides:
            row = self.draft.company.model.rows.get(axis.key)
            fmt = "General" if row is None else format_of(row)
            for n, value in enumerate(axis.values):
                style = self.styles(f"base {kind}" if n == axis.base_at else kind, fmt)
                at = (block.top + 1 + n, block.left) if down else (block.top, block.left + 1 + n)
                if linked:
                    text = f"={self.live.cell(n, -1) if down else self.live.cell(-1, n)}"
                    self.book.formula(self.sheet, *at, text, value, style)
                elif isinstance(value, str):
                    self.book.text(self.sheet, *at, value, style)
                else:
                    self.book.number(self.sheet, *at, value, style)

    def _live(self) -> None:
        """The data table: a formula in the corner or above each column, and the body."""
        table, block = self.table, self.live
        self._over(block, "Live data table  实时数据表")
        self._headers(block, kind="axis")
        for n in range(len(table.outputs)):
            address, value = self.output(n)
            style = self.styles("link", self.formats[n])
            column = self._output_column(block, n)
            self.book.formula(self.sheet, block.top, column, f"={address}", value, style)
        self.book.data_table(
            self.sheet,
            block.top + 1,
            block.left + 1,
            self.values.tolist(),
            down=local(self.draft, table.rows.key),
            along=local(self.draft, table.columns.key) if table.columns else "",
        )
        self._dress(block, "formula", "base")

    def _output_column(self, block: Block, n: int) -> int:
        """Column of an output: the corner, or above its own column in a one-way table."""
        return block.left + n + (self.table.columns is None)

    def output(self, n: int) -> tuple[str, float]:
        """Address of an output on its sheet, and its value in the report."""
        row: Row = self.table.outputs[n]
        place, found = self.draft.places[row], self.draft.result[row]
        column, year = layout.VALUE, self.table.years[n]
        if isinstance(found, tuple):
            at = self.draft.result.years.index(year or 0)
            column, found = self.draft.grid.columns[at], found[at]
        return f"{quoted(place.sheet)}!${letters(column)}${place.number}", found

    def _python(self) -> None:
        """The grid as Python has it."""
        table, block = self.table, self.python
        self._over(block, "Python snapshot  Python 快照")
        self._headers(block, kind="header")
        for n, value in enumerate(table.base):
            column = self._output_column(block, n)
            shown(self.draft, self.sheet, block.top, column, value, self.formats[n])
        for (row, column), value in np.ndenumerate(table.values):
            at = block.top + 1 + row, block.left + 1 + column
            shown(self.draft, self.sheet, *at, float(value), self.formats[column])
        self._dress(block, "snapshot", "base snapshot")

    def is_base(self, row: int, column: int) -> bool:
        """Whether a body cell is the base: in a one-way table, the base row of every output."""
        across = self.table.columns
        return row == self.table.rows.base_at and (across is None or column == across.base_at)

    def _dress(self, block: Block, kind: str, base: str) -> None:
        """Style the body, border the base, and colour by size."""
        for row, column in np.ndindex(block.rows, block.columns):
            chosen = base if self.is_base(row, column) else kind
            cell = self.sheet.cell(block.top + 1 + row, block.left + 1 + column)
            cell.style = self.styles(chosen, self.formats[column])
        if self.table.columns is not None:
            heat(self.sheet, block.body)
            return
        for n in range(block.columns):
            heat(self.sheet, f"{block.cell(0, n)}:{block.cell(block.rows - 1, n)}")

    def _formulas(
        self, block: Block, values: Array, formula: Callable[[int, int], str], fmt: str = ""
    ) -> None:
        """Fill a body with formulas."""
        for (row, column), value in np.ndenumerate(values):
            style = self.styles("formula", fmt or self.formats[column])
            at = block.top + 1 + row, block.left + 1 + column
            self.book.formula(self.sheet, *at, formula(row, column), float(value), style)

    def _difference(self, block: Block, of: Block, title: str) -> None:
        """A block less Python's grid; 0 where it shows nothing, as before a recalculation."""
        self._over(block, title)
        self._headers(block, kind="header", linked=True)

        def formula(row: int, column: int) -> str:
            cell = of.cell(row, column)
            return f"=IF(ISNUMBER({cell}),{cell}-{self.python.cell(row, column)},0)"

        differences = np.where(np.isfinite(self.values), self.values - self.table.values, 0.0)
        self._formulas(block, differences, formula, _FINE)

    def _closed_form(self, block: Block, found: Perpetuity) -> None:
        """The same grid by a formula of WACC and growth."""
        self._over(block, "Closed form: works in every program  公式解")
        self._headers(block, kind="header", linked=True)
        down = self.table.rows.key == self.draft.company.model.key[found.wacc]

        def formula(row: int, column: int) -> str:
            side = f"${letters(block.left)}{block.top + 1 + row}"
            head = f"{letters(block.left + 1 + column)}${block.top}"
            wacc, growth = (side, head) if down else (head, side)
            return formula_of(self.draft, found, wacc, growth)

        self._formulas(block, self.values, formula)
        self._dress(block, "formula", "base")


def _named(axis: Axis) -> str:
    """What an axis is called, with its unit."""
    return f"{axis.label}, {axis.unit}" if axis.unit else axis.label
