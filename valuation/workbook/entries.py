"""A row of the input sheets that feeds a row of the model: its cells, read with their label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from valuation.lines import Assumption
from valuation.workbook.blocks import BASE_COLUMN, BlockRow
from valuation.workbook.cells import Cell
from valuation.workbook.findings import Bounds, Findings


@dataclass(frozen=True)
class Entry:
    """A row of a block that feeds a row of the model."""

    at: BlockRow
    key: str
    row: Assumption
    findings: Findings

    @property
    def label(self) -> str:
        """What the input is called."""
        return label_of(self.at.cell("Label"), self.row)

    def has(self, header: str) -> bool:
        """Whether the block has a column of this header."""
        return header in self.at.block.columns

    def problem(self, header: str, text: str) -> None:
        """Note a fault at a cell of the row."""
        name = self.label if header in ("Key", BASE_COLUMN) else f"{self.label}, {header}"
        self.findings.problem(self.at.cell(header), name, text)

    def number(self, header: str, bounds: Bounds) -> float | None:
        """Read a cell that may be blank."""
        cell = self.at.cell(header)
        if cell.is_blank:
            return None
        return self.findings.number(cell, f"{self.label}, {header}", bounds)

    def text(self, header: str) -> str:
        """Read a cell of words."""
        return self.findings.text(self.at.cell(header), f"{self.label}, {header}")

    def choice(self, header: str, words: Sequence[str]) -> str:
        """Read one of some words, whatever its case; empty where blank or unknown."""
        text = self.text(header)
        found = next((word for word in words if word.casefold() == text.casefold()), "")
        if text and not found:
            self.problem(header, f"{text!r} is not known. Enter one of: {', '.join(words)}.")
        return found


def label_of(cell: Cell, row: Assumption) -> str:
    """What an input is called: as the sheet says it, else as the model does."""
    return cell.text or row.label
