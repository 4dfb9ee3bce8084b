"""The Correlations sheet: a square of rank correlations between inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from valuation.lines import Model
from valuation.workbook.blocks import KEY, header_rows
from valuation.workbook.cells import Cell, Sheet, same_words
from valuation.workbook.findings import Bounds, Findings
from valuation.workbook.layout import DEMAND_LABEL, SCENARIO_HEADERS, YEARLY_TAIL
from valuation.workbook.numbers import plain, shown
from valuation.workbook.read_inputs import explain_unknown

#: How far the two halves of the square may differ.
TOLERANCE: Final = 1e-12
_BOUNDS: Final = Bounds("%", -1.0, 1.0)
#: Columns that describe a row and are no keys.
_WORDS: Final = (*SCENARIO_HEADERS, *YEARLY_TAIL)


@dataclass
class Correlations:
    """What the Correlations sheet says.

    Attributes:
        keys: In the order of the header.
        pairs: Correlation by pair of keys in that order, zero pairs left out.
        loadings: Loading of keys on the AI-demand factor, zeros left out.
    """

    keys: tuple[str, ...] = ()
    pairs: dict[tuple[str, str], float] = field(default_factory=dict)
    loadings: dict[str, float] = field(default_factory=dict)


def is_correlations(sheet: Sheet, model: Model) -> bool:
    """Whether a sheet has correlations, whatever its title: a header of `Key`, then keys."""
    headers = (sheet.row(number) for number in header_rows(sheet))
    return any(
        cells[0].holds(KEY) and any(c.text in model.assumptions for c in cells) for cells in headers
    )


def read_correlations(sheet: Sheet, model: Model, findings: Findings) -> Correlations:
    """Read the square; either half will do, and where both are filled they must agree."""
    header, corner = next(iter(header_rows(sheet).items()), (0, None))
    if corner is None:
        text = f"no header row with the word {KEY}. Add it, with the keys to the right."
        findings.absence(sheet.title, "", text)
        return Correlations()
    heads = [c for c in sheet.row(header) if c is not corner and c.text not in _WORDS]
    demand = [c for c in heads if same_words(c.text, DEMAND_LABEL)]
    heads = [c for c in heads if c not in demand]
    columns = _keys(heads, "column", model, findings)
    below = [sheet.cell(n, corner.column) for n in sheet.numbers if n > header]
    rows = _keys([c for c in below if not c.is_blank], "row", model, findings)
    _check_same(rows, columns, findings)
    keys = tuple(key for key in columns if key in rows)
    cells = {(a, b): sheet.cell(rows[a].row, columns[b].column) for a in keys for b in keys}
    loadings = _loadings(sheet, demand, {key: rows[key] for key in keys}, findings)
    return Correlations(keys, _pairs(keys, cells, findings), loadings)


def _keys(cells: list[Cell], side: str, model: Model, findings: Findings) -> dict[str, Cell]:
    found: dict[str, Cell] = {}
    for cell in cells:
        key = plain(findings.text(cell, KEY))
        if key in found:
            text = f"{side} {key!r} stands twice, also at {found[key].place}. Keep one."
            findings.problem(cell, KEY, text)
        elif key in model.assumptions:
            found[key] = cell
        elif key:
            findings.unknown_key(cell, KEY, explain_unknown(key, model))
    return found


def _check_same(rows: Mapping[str, Cell], columns: Mapping[str, Cell], findings: Findings) -> None:
    for here, there, other in ((rows, columns, "column"), (columns, rows, "row")):
        for key, cell in here.items():
            if key not in there:
                findings.problem(cell, KEY, f"{key!r} has no {other}. Add it, or delete the key.")


def _pairs(
    keys: tuple[str, ...], cells: Mapping[tuple[str, str], Cell], findings: Findings
) -> dict[tuple[str, str], float]:
    pairs: dict[tuple[str, str], float] = {}
    for at, a in enumerate(keys):
        own = _number(cells[a, a], f"{a}, {a}", findings)
        if own not in (None, 1.0):
            text = f"{shown(own or 0.0)} with itself. Enter 1, or leave the cell blank."
            findings.problem(cells[a, a], f"{a}, {a}", text)
        for b in keys[at + 1 :]:
            value = _agreed(cells[a, b], cells[b, a], f"{a}, {b}", findings)
            if value:
                pairs[a, b] = value
    return pairs


def _loadings(
    sheet: Sheet, heads: list[Cell], rows: Mapping[str, Cell], findings: Findings
) -> dict[str, float]:
    """The column of loadings on AI demand, where there is one."""
    for cell in heads[1:]:
        text = f"{cell.text!r} heads more than one column, also {heads[0].address}. Keep one."
        findings.problem(cell, "header", text)
    found = {}
    for key, row in rows.items() if heads else ():
        cell = sheet.cell(row.row, heads[0].column)
        if value := _number(cell, f"{key}, {DEMAND_LABEL}", findings):
            found[key] = value
    return found


def _agreed(one: Cell, two: Cell, label: str, findings: Findings) -> float:
    """The correlation of a pair: from either half of the square, 0 where both are blank."""
    first, second = sorted((one, two), key=lambda c: (c.row, c.column))
    left, right = (_number(cell, label, findings) for cell in (first, second))
    if left is not None and right is not None and abs(left - right) > TOLERANCE:
        text = f"{shown(right)} here, but {shown(left)} at {first.place}. Make them equal."
        findings.problem(second, label, text)
    return (right if left is None else left) or 0.0


def _number(cell: Cell, label: str, findings: Findings) -> float | None:
    return None if cell.is_blank else findings.number(cell, label, _BOUNDS)
