"""What reading a workbook finds: problems with their place, and things worth a notice."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

from valuation.errors import Problem
from valuation.workbook.cells import Cell
from valuation.workbook.numbers import (
    Refusal,
    bound_fault,
    is_typed_percentage,
    parse_cell,
    shown,
)

INFINITY: Final = float("inf")
#: From how many formulas in one row on the notice names the row and not each cell.
_MANY: Final = 3


@dataclass(frozen=True)
class Bounds:
    """What a number must keep to."""

    unit: str
    minimum: float = -INFINITY
    maximum: float = INFINITY
    whole: bool = False


@dataclass
class Findings:
    """Collects problems and notices while a workbook is read; nothing stops at the first.

    Attributes:
        file: Name of the workbook.
        date_1904: The workbook counts days from 1904.
        problems: What must be mended.
        outdated: Keys the model does not have, and inputs without a row: what changes when the
            model does, and what an upgrade mends.
        notices: What was accepted but the user should know.
    """

    file: str
    date_1904: bool = False
    problems: list[Problem] = field(default_factory=list)
    outdated: list[Problem] = field(default_factory=list)
    _notices: list[str] = field(default_factory=list)
    _formulas: dict[tuple[str, int], dict[int, tuple[Cell, str]]] = field(
        default_factory=lambda: defaultdict(dict)
    )

    @property
    def notices(self) -> tuple[str, ...]:
        """All notices, formulas in input cells last."""
        formulas: list[str] = []
        for cells in self._formulas.values():
            found = [cells[column] for column in sorted(cells)]
            first, last = found[0][0], found[-1][0]
            if len(found) >= _MANY:
                span = f"{first.place}:{last.address}"
                formulas.append(f"{span} holds {len(found)} formulas; their values are used")
            else:
                formulas += [f"{c.place} holds a formula; its value {v} is used" for c, v in found]
        return (*dict.fromkeys(self._notices), *formulas)

    def notice(self, text: str) -> None:
        """Note something accepted."""
        self._notices.append(text)

    def problem(self, cell: Cell, label: str, text: str) -> None:
        """Note a fault at a cell."""
        self.problems.append(self._at(cell, label, text))

    def unknown_key(self, cell: Cell, label: str, text: str) -> None:
        """Note a key the model does not have."""
        self.outdated.append(self._at(cell, label, text))

    def missing_input(self, sheet: str, label: str, text: str) -> None:
        """Note an input of the model that no row feeds."""
        self.outdated.append(Problem(sheet=sheet, label=label, text=text, file=self.file))

    def _at(self, cell: Cell, label: str, text: str) -> Problem:
        return Problem(
            sheet=cell.sheet,
            row=cell.row,
            column=cell.column,
            cell=cell.address,
            label=label,
            text=text,
            file=self.file,
        )

    def absence(self, sheet: str, label: str, text: str) -> None:
        """Note something that stands nowhere, on a sheet or in the file."""
        self.problems.append(Problem(sheet=sheet, label=label, text=text, file=self.file))

    def number(self, cell: Cell, label: str, bounds: Bounds) -> float | None:
        """Read a number within its bounds; None with a problem where it is none."""
        if self._lacks_value(cell, label):
            return None
        unit = bounds.unit
        value = parse_cell(cell.value, cell.number_format, unit, date_1904=self.date_1904)
        if isinstance(value, Refusal):
            self.problem(cell, label, value.text)
            return None
        fault = bound_fault(
            value,
            unit,
            bounds.minimum,
            bounds.maximum,
            whole=bounds.whole,
            as_percentage=is_typed_percentage(cell.value),
        )
        if fault:
            self.problem(cell, label, fault)
            return None
        if cell.formula is not None:
            self._formulas[cell.sheet, cell.row][cell.column] = (cell, shown(value, unit))
        return value

    def text(self, cell: Cell, label: str) -> str:
        """Read a text; empty with a problem where a formula has no stored value."""
        return "" if self._lacks_value(cell, label) else cell.text

    def _lacks_value(self, cell: Cell, label: str) -> bool:
        if cell.is_lost_table:
            self.problem(
                cell,
                label,
                "LibreOffice saved this file and wrote TABLE( in place of a data table. "
                "Take the file as it was before, or type the value.",
            )
        elif cell.formula is not None and cell.value is None:
            self.problem(
                cell,
                label,
                "holds a formula without a stored value. "
                "Open the workbook in Excel and save it, or type the value.",
            )
        else:
            return False
        return True
