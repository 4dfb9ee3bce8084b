"""A grid of cells on a sheet: where its headers and its body stand, and its colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from openpyxl.formatting.rule import ColorScaleRule

from valuation.engines.formulas import letters

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

#: Lowest, middle and highest.
_HEAT: Final = ("F4B183", "FFFFFF", "A9D08E")


@dataclass(frozen=True)
class Block:
    """A grid of cells: a header row and column, and a body of rows and columns."""

    top: int
    left: int
    rows: int
    columns: int

    def cell(self, row: int, column: int) -> str:
        """Address of a body cell; -1 is the header."""
        return f"{letters(self.left + 1 + column)}{self.top + 1 + row}"

    @property
    def body(self) -> str:
        """Address of the body."""
        return f"{self.cell(0, 0)}:{self.cell(self.rows - 1, self.columns - 1)}"

    @property
    def side(self) -> str:
        """Address of the header column."""
        return f"{self.cell(0, -1)}:{self.cell(self.rows - 1, -1)}"

    @property
    def head(self) -> str:
        """Address of the header row."""
        return f"{self.cell(-1, 0)}:{self.cell(-1, self.columns - 1)}"


def heat(sheet: Worksheet, span: str) -> None:
    """Colour the cells of a span from low to high."""
    low, middle, high = _HEAT
    scale = ColorScaleRule(  # type: ignore[no-untyped-call]
        start_type="min",
        start_color=low,
        mid_type="percentile",
        mid_value=50,
        mid_color=middle,
        end_type="max",
        end_color=high,
    )
    sheet.conditional_formatting.add(span, scale)
