"""The Scenarios sheet: weights, Chinese names, values that replace base values, overrides."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from valuation.lines import Assumption, Model
from valuation.risk.assumptions import BASE, Scenario
from valuation.workbook.blocks import KEY, header_rows
from valuation.workbook.cells import Cell, Sheet
from valuation.workbook.entries import label_of
from valuation.workbook.findings import Bounds, Findings
from valuation.workbook.layout import NAME_KEY, SCENARIO_HEADERS, WEIGHT_KEY, YEARLY_TAIL
from valuation.workbook.numbers import plain, shown
from valuation.workbook.read_discrete import TOLERANCE
from valuation.workbook.read_inputs import explain_unknown

OVERRIDE: Final = "Override"
_WEIGHTS: Final = Bounds("%", 0.0, 1.0)
#: Beside the scenarios; remarks people add are no scenarios either.
_NO_SCENARIOS: Final = (*SCENARIO_HEADERS, *YEARLY_TAIL)


@dataclass
class Scenarios:
    """What the Scenarios sheet says.

    Attributes:
        scenarios: By name, in the order of the sheet.
        overrides: Values of the Override column by key.
    """

    scenarios: dict[str, Scenario] = field(default_factory=dict)
    overrides: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class _Header:
    """The header of the sheet: its row, and the column of each word."""

    row: int
    columns: dict[str, int]
    names: dict[str, int]


@dataclass(frozen=True)
class _Line:
    """One row under the header."""

    sheet: Sheet
    header: _Header
    number: int
    findings: Findings

    @property
    def cells(self) -> dict[str, Cell]:
        """Cells by scenario."""
        return {n: self.sheet.cell(self.number, c) for n, c in self.header.names.items()}

    @property
    def key_cell(self) -> Cell:
        return self.sheet.cell(self.number, self.header.columns[KEY])

    @property
    def label(self) -> Cell:
        return self.sheet.cell(self.number, self.header.columns.get("Label", 0))

    @property
    def override(self) -> Cell | None:
        """The Override cell, where something stands in it; `base` says that nothing does."""
        cell = self.sheet.cell(self.number, self.header.columns.get(OVERRIDE, 0))
        off = cell.is_blank or (cell.formula is None and cell.text.casefold() == BASE)
        return None if off else cell


def is_scenarios(sheet: Sheet) -> bool:
    """Whether a sheet has scenarios, whatever its title: a header, and a row of weights."""
    headers = header_rows(sheet)
    return any(
        sheet.cell(number, key.column).text == WEIGHT_KEY
        for key in headers.values()
        for number in sheet.numbers
        if number > key.row
    )


def read_scenarios(
    sheet: Sheet, model: Model, bounds: Mapping[str, Bounds], findings: Findings
) -> Scenarios:
    """Read the sheet; bounds are those of the input sheets."""
    header = _header(sheet, findings)
    if header is None:
        return Scenarios()
    lines: dict[str, _Line] = {}
    for number in sheet.numbers:
        line = _Line(sheet, header, number, findings)
        if number > header.row and sheet.row(number):
            _place(line, lines, model)
    weights = _weights(lines.pop(WEIGHT_KEY, None), sheet, findings)
    chinese = _chinese(lines.pop(NAME_KEY, None))
    found = Scenarios()
    values: dict[str, dict[str, float]] = {name: {} for name in header.names}
    for key, line in lines.items():
        replaced = _Replaced(key, model.assumptions[key], bounds[key], line)
        replaced.read_values(values)
        replaced.read_override(found.overrides)
    for name in header.names:
        found.scenarios[name] = Scenario(
            name=name,
            chinese=chinese.get(name, ""),
            weight=weights.get(name, 0.0),
            values=values[name],
        )
    return found


def _header(sheet: Sheet, findings: Findings) -> _Header | None:
    number = next(iter(header_rows(sheet)), None)
    if number is None:
        text = f"no header row with the word {KEY}. Add it above the scenarios."
        findings.absence(sheet.title, "", text)
        return None
    header = _Header(number, {}, {})
    seen: dict[str, str] = {}
    for cell in sheet.row(number):
        word = plain(findings.text(cell, "header"))
        if not word:
            continue
        same = word if word in _NO_SCENARIOS else f"scenario {_looked_up(word)}"
        if same in seen:
            text = f"{word!r} heads more than one column, also {seen[same]}. Keep one."
            findings.problem(cell, "header", text)
            continue
        seen[same] = cell.address
        if word in SCENARIO_HEADERS:
            header.columns[word] = cell.column
        elif word in _NO_SCENARIOS:
            findings.notice(f"{cell.place}: column {word!r} is not read")
        else:
            header.names[word] = cell.column
    if BASE not in header.names:
        key = sheet.cell(number, header.columns[KEY])
        findings.problem(key, "header", f"no scenario {BASE}. Add a column with the header {BASE}.")
    return header


def _looked_up(name: str) -> str:
    """A scenario's name as `Assumptions.scenario` compares it."""
    return "".join(c for c in name.casefold() if c not in " -_")


def _place(line: _Line, lines: dict[str, _Line], model: Model) -> None:
    key = plain(line.findings.text(line.key_cell, KEY))
    label = line.label.text
    given = [c for c in (*line.cells.values(), line.override) if c is not None and not c.is_blank]
    if not key or key == KEY:
        for cell in given if not key else ():
            text = f"{cell.text or 'a formula'} has no key. Give the row a key, or clear the cell."
            line.findings.problem(cell, label, text)
    elif key in lines:
        first = lines[key].key_cell.place
        text = f"key {key!r} stands twice, also at {first}. Keep one."
        line.findings.problem(line.key_cell, label, text)
    elif key in (WEIGHT_KEY, NAME_KEY) or key in model.assumptions:
        lines[key] = line
    else:
        line.findings.unknown_key(line.key_cell, label, explain_unknown(key, model))


def _weights(line: _Line | None, sheet: Sheet, findings: Findings) -> dict[str, float]:
    if line is None:
        text = f"no row with the key {WEIGHT_KEY}. Add one; weights sum to 100%."
        findings.absence(sheet.title, "", text)
        return {}
    _refuse_override(line)
    read = {
        name: 0.0 if cell.is_blank else findings.number(cell, f"{WEIGHT_KEY}, {name}", _WEIGHTS)
        for name, cell in line.cells.items()
    }
    weights = {name: weight for name, weight in read.items() if weight is not None}
    total = math.fsum(weights.values())
    if len(weights) == len(read) and abs(total - 1) > TOLERANCE:
        text = f"weights sum to {shown(100 * total)}%, not 100%. Change them to sum to 100%."
        findings.problem(line.key_cell, WEIGHT_KEY, text)
    return weights


def _chinese(line: _Line | None) -> dict[str, str]:
    if line is None:
        return {}
    _refuse_override(line)
    return {name: line.findings.text(cell, NAME_KEY) for name, cell in line.cells.items()}


def _refuse_override(line: _Line) -> None:
    if line.override is not None:
        text = "an override replaces an input, and this is none. Clear the cell."
        line.findings.problem(line.override, f"{line.key_cell.text}, {OVERRIDE}", text)


@dataclass(frozen=True)
class _Replaced:
    """An input whose base value the sheet replaces."""

    key: str
    row: Assumption
    bounds: Bounds
    line: _Line

    def read_values(self, values: Mapping[str, dict[str, float]]) -> None:
        """Add its value in each scenario that has one."""
        for name, cell in self.line.cells.items():
            if name == BASE and not cell.is_blank:
                text = (
                    f"Scenario {BASE} overrides nothing. Change the Base cell on the input sheet."
                )
                self.line.findings.problem(cell, self._label(name), text)
            elif not cell.is_blank:
                value = self._number(cell, name)
                if value is not None:
                    values[name][self.key] = value

    def read_override(self, overrides: dict[str, float]) -> None:
        """Add its override, if one is on."""
        cell = self.line.override
        value = None if cell is None else self._number(cell, OVERRIDE)
        if cell is not None and value is not None:
            overrides[self.key] = value
            told = shown(value, self.bounds.unit)
            text = f"{cell.place}: override on, {self.key} is {told} in every scenario"
            self.line.findings.notice(text)

    def _label(self, header: str) -> str:
        return f"{label_of(self.line.label, self.row)}, {header}"

    def _number(self, cell: Cell, header: str) -> float | None:
        return self.line.findings.number(cell, self._label(header), self.bounds)
