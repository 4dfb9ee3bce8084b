"""The input rows of a workbook: each checked against the row of the model it feeds."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from valuation.lines import Assumption, Company, Model, Shape
from valuation.risk.assumptions import CONFIDENCES, Input
from valuation.workbook.blocks import BASE_COLUMN, Block, BlockRow, input_blocks
from valuation.workbook.cells import Sheet
from valuation.workbook.entries import Entry
from valuation.workbook.findings import Bounds, Findings
from valuation.workbook.numbers import shown
from valuation.workbook.read_distribution import read_distribution, read_shock
from valuation.workbook.read_years import check_years, years_after, years_headed


@dataclass
class Inputs:
    """What the input sheets say.

    Attributes:
        inputs: By key, in the order of the model; without those that have a problem.
        bounds: By key, the sheet's where it narrows the model's.
        missing: Keys of the model that no row has.
        years: Of the yearly blocks; empty where they cannot be told.
    """

    inputs: dict[str, Input] = field(default_factory=dict)
    bounds: dict[str, Bounds] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    years: tuple[int, ...] = ()


def read_inputs(sheets: Sequence[Sheet], company: Company, findings: Findings) -> Inputs:
    """Read every block of inputs on the sheets given."""
    model = company.model
    blocks = [block for sheet in sheets for block in input_blocks(sheet, findings)]
    entries = _entries(blocks, model, findings)
    found = Inputs({}, {key: _model_bounds(row) for key, row in model.assumptions.items()})
    for entry in entries.values():
        if entry.row.shape == Shape.SINGLE and entry.at.block.has_base:
            _scalar(entry, found)
    base_year = model.key[company.base_year]
    found.years = years_after(found.inputs.get(base_year), model.periods)
    if base_year not in entries:
        found.years = years_headed(blocks, model.periods)
    for block in blocks:
        check_years(block, found.years, findings)
    for entry in entries.values():
        if entry.row.shape == Shape.SERIES and entry.at.block.is_yearly:
            _yearly(entry, found, found.years)
    _check_missing(entries, model, findings)
    found.missing = tuple(key for key in model.assumptions if key not in entries)
    found.inputs = {key: found.inputs[key] for key in model.assumptions if key in found.inputs}
    return found


def explain_unknown(key: str, model: Model) -> str:
    """Say that no input has this key, and which may be meant."""
    if key in model.rows:
        return f"{key!r} is calculated, not an input. Delete the row."
    near = model.nearest(key, model.assumptions) or " Delete the row or mend the key."
    return f"no input has the key {key!r}.{near}"


def _entries(blocks: Sequence[Block], model: Model, findings: Findings) -> dict[str, Entry]:
    """Rows by key, each key once."""
    entries: dict[str, Entry] = {}
    for row in (row for block in blocks for row in block.rows()):
        key = row.key
        here = row.cell("Key")
        if here.formula is not None:
            findings.text(here, "Key")
        if not key:
            _check_keyless(row, findings)
        elif key in entries:
            text = (
                f"key {key!r} stands twice, also at {entries[key].at.cell('Key').place}. Keep one."
            )
            findings.problem(here, entries[key].label, text)
        elif key in model.assumptions:
            entries[key] = Entry(row, key, model.assumptions[key], findings)
        elif not row.is_section:
            findings.unknown_key(here, row.cell("Label").text, explain_unknown(key, model))
    for entry in entries.values():
        _check_shape(entry)
    return entries


def _check_keyless(row: BlockRow, findings: Findings) -> None:
    numbers = [*row.values.values(), row.cell("Low"), row.cell("High")]
    found = [c for c in numbers if isinstance(c.value, float | int) or c.formula is not None]
    base = row.cell(BASE_COLUMN)
    for cell in ([] if base.is_blank else [base]) or found[:1]:
        text = (
            f"{cell.text or 'a formula'} has no key. Give the row the key of its input, or move it."
        )
        findings.problem(cell, row.cell("Label").text, text)


def _check_shape(entry: Entry) -> None:
    is_series = entry.row.shape == Shape.SERIES
    if is_series and entry.at.block.has_base:
        entry.problem("Key", "has a value a year. Move it to a block whose headers are the years.")
    elif not is_series and entry.at.block.is_yearly:
        entry.problem(
            "Key", "has one value, not one a year. Move it to a block with a column Base."
        )


def _model_bounds(row: Assumption) -> Bounds:
    return Bounds(row.unit_text, row.minimum, row.maximum, row.whole)


def _scalar(entry: Entry, found: Inputs) -> None:
    bounds = _common_checks(entry, found)
    value = entry.findings.number(entry.at.cell(BASE_COLUMN), entry.label, bounds)
    base = math.nan if value is None else value
    given = read_distribution(entry, _input(entry, base, bounds), base)
    if value is not None:
        found.inputs[entry.key] = given


def _yearly(entry: Entry, found: Inputs, years: Sequence[int]) -> None:
    bounds = _common_checks(entry, found)
    cells = {y: c for y, c in entry.at.values.items() if y in years or not years}
    values = [entry.findings.number(cells[y], entry.label, bounds) for y in sorted(cells)]
    numbers = tuple(v for v in values if v is not None)
    given = read_shock(entry, _input(entry, numbers, bounds))
    if len(numbers) == len(years):
        found.inputs[entry.key] = given


def _common_checks(entry: Entry, found: Inputs) -> Bounds:
    unit, declared = entry.text("Unit"), entry.row.unit_text
    if "Unit" in entry.at.block.columns and unit != declared:
        entry.problem("Unit", f"{unit or 'empty'} where {declared} is due. Enter {declared}.")
    found.bounds[entry.key] = bounds = _narrowed(entry, found.bounds[entry.key])
    return bounds


def _input(entry: Entry, value: float | tuple[float, ...], bounds: Bounds) -> Input:
    return Input(
        key=entry.key,
        row=entry.row,
        value=value,
        minimum=bounds.minimum,
        maximum=bounds.maximum,
        source=entry.text("Source"),
        as_of=entry.text("As of"),
        confidence=entry.choice("Confidence", CONFIDENCES),
        note=entry.text("Note"),
    )


def _narrowed(entry: Entry, model: Bounds) -> Bounds:
    """The model's bounds, or the sheet's where they are narrower; never wider."""
    anything = Bounds(model.unit)
    low, high = entry.number("Minimum", anything), entry.number("Maximum", anything)
    own_low, own_high = shown(model.minimum, model.unit), shown(model.maximum, model.unit)
    if low is not None and low < model.minimum:
        text = f"Minimum {shown(low, model.unit)} is below the model's {own_low}. Enter {own_low}."
        entry.problem("Minimum", text)
        low = None
    if high is not None and high > model.maximum:
        text = f"Maximum {shown(high, model.unit)} is above the model's {own_high}."
        entry.problem("Maximum", f"{text} Enter {own_high}.")
        high = None
    bounds = replace(
        model,
        minimum=model.minimum if low is None else low,
        maximum=model.maximum if high is None else high,
    )
    if bounds.minimum <= bounds.maximum:
        return bounds
    small, large = shown(bounds.minimum, model.unit), shown(bounds.maximum, model.unit)
    header = "Maximum" if low is None else "Minimum"
    text = f"Minimum {small} is above Maximum {large}. Lower Minimum or raise Maximum."
    entry.problem(header, text)
    return model


def _check_missing(entries: dict[str, Entry], model: Model, findings: Findings) -> None:
    for key, row in model.assumptions.items():
        if key not in entries:
            text = f"no row has the key {key!r}. Add one, with unit {row.unit_text} and a value."
            findings.missing_input(_home(key, entries), row.label, text)


def _home(key: str, entries: dict[str, Entry]) -> str:
    """The sheet where most other inputs of the same group stand."""
    group = key
    while group := group.rpartition(".")[0]:
        near = [e.at.block.sheet.title for k, e in entries.items() if k.startswith(f"{group}.")]
        if near:
            return Counter(near).most_common(1)[0][0]
    return ""
