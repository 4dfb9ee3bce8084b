"""Blocks of the Tables sheet: reference prices, and what a price is asked to imply."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from valuation.lines import Model
from valuation.risk.assumptions import Question, ReferencePrice
from valuation.workbook.findings import Bounds
from valuation.workbook.numbers import shown
from valuation.workbook.table_lines import Line

#: What stands between keys.
BETWEEN: Final = re.compile(r"[;,\s]+")
#: A question names two scenarios.
_TWO: Final = 2


def read_price(line: Line, name: str) -> Iterator[ReferencePrice]:
    """A price, where nothing is wrong with it."""
    unit = line.assumptions.company.market_price.unit_text
    value = line.findings.number(line.cell("Value"), line.label("Value"), Bounds(unit))
    if value is not None and value <= 0:
        line.problem("Value", f"{shown(value)} is not above zero. Enter a price in {unit}.")
    elif value is not None and name:
        chinese, source = line.text("名称"), line.text("Source")
        yield ReferencePrice(name=name, chinese=chinese, price=value, source=source)


def read_question(line: Line, name: str) -> Iterator[Question]:
    """A question, where it can be asked."""
    model = line.assumptions.company.model
    keys = tuple(filter(None, BETWEEN.split(line.text("Inputs"))))
    named = [part.strip() for part in line.text("Scenarios").split(";") if part.strip()]
    scenarios = tuple(line.scenario("Scenarios", part) for part in named)
    unknown = [key for key in keys if key not in model.assumptions]
    for key in unknown:
        line.unknown("Inputs", _explain(key, model))
    if len(set(keys)) < len(keys):
        line.problem("Inputs", "an input stands twice. Name each once.")
    if bool(keys) == bool(named):
        which = "both inputs and scenarios" if keys else "neither inputs nor scenarios"
        line.problem("Inputs", f"{which}. Name what is sought: inputs, or two scenarios.")
    if named and len(set(scenarios)) != _TWO:
        line.problem("Scenarios", "Name two different scenarios separated by ;.")
    if unknown:
        return
    bounds = _bounds(line, keys)
    low, high = (_end(line, header, bounds) for header in ("From", "To"))
    if low is not None and high is not None and low >= high:
        text = f"{shown(high, bounds.unit)} is not above From, {shown(low, bounds.unit)}."
        line.problem("To", f"{text} Enter a search from low to high.")
    if name:
        yield Question(
            name=name,
            chinese=line.text("名称"),
            keys=keys,
            scenarios=scenarios,
            low=low,
            high=high,
        )


def _bounds(line: Line, keys: tuple[str, ...]) -> Bounds:
    """What the ends of a search must keep to: bounds of the input, or a multiple above zero."""
    if not keys:
        return Bounds("%")
    if len(keys) > 1:
        return Bounds("x", 0.0)
    row = line.assumptions.company.model.assumptions[keys[0]]
    given = line.assumptions.inputs.get(keys[0])
    low, high = (given.minimum, given.maximum) if given else (row.minimum, row.maximum)
    return Bounds(row.unit_text, low, high, row.whole)


def _end(line: Line, header: str, bounds: Bounds) -> float | None:
    cell = line.cell(header)
    return None if cell.is_blank else line.findings.number(cell, line.label(header), bounds)


def _explain(key: str, model: Model) -> str:
    if key in model.rows:
        return f"{key!r} is calculated, not an input. Name an input."
    return f"no input has the key {key!r}.{model.nearest(key, model.assumptions)}"
