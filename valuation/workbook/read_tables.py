"""The Tables sheet: sensitivity tables wanted, reference prices, questions about the price."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from valuation.errors import AssumptionError
from valuation.risk.assumptions import (
    BASE,
    Assumptions,
    Question,
    ReferencePrice,
    TableWanted,
)
from valuation.risk.axes import (
    SCENARIO,
    axis_row,
    base_of,
    layout_faults,
    output_of,
    scenarios_named,
)
from valuation.risk.steps import parse_steps
from valuation.workbook.cells import Cell, Sheet, same_words
from valuation.workbook.findings import Findings
from valuation.workbook.layout import PRICE_HEADERS, TABLE_HEADERS
from valuation.workbook.numbers import plain
from valuation.workbook.read_questions import BETWEEN, read_price, read_question
from valuation.workbook.table_lines import Line, lines

#: What a sheet of another title must have to be taken for this one.
_TELLING: Final = ({"Table", "Row input", "Output"}, {"Question", "Inputs", "Scenarios"})
#: Column of each field that may be at fault.
_COLUMN: Final = {
    "row_key": "Row input",
    "column_key": "Column input",
    "column_steps": "Column steps",
    "outputs": "Output",
}


@dataclass
class Wanted:
    """What the Tables sheet says."""

    tables: list[TableWanted] = field(default_factory=list)
    prices: list[ReferencePrice] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)


def is_tables(sheet: Sheet) -> bool:
    """Whether a sheet of another title has the blocks of this one."""
    headers = ({plain(cell.text) for cell in sheet.row(number)} for number in sheet.numbers)
    return any(words >= telling for words in headers for telling in _TELLING)


def read_tables(sheet: Sheet, assumptions: Assumptions, findings: Findings) -> Wanted:
    """Read the blocks; keys and steps are checked against inputs and scenarios already read."""
    wanted = Wanted()
    seen: dict[tuple[str, str], Cell] = {}
    for line in lines(sheet, assumptions, findings):
        name = line.text(line.kind)
        here, known = line.cell(line.kind), (line.kind, name.casefold())
        if not name:
            line.problem(line.kind, f"no name. Name the {line.kind.lower()}, or clear the row.")
        elif known in seen:
            text = f"{name!r} stands twice, also at {seen[known].place}. Give each its own name."
            line.problem(line.kind, text)
        seen.setdefault(known, here)
        if line.kind == TABLE_HEADERS[0]:
            wanted.tables += _table(line, name)
        elif line.kind == PRICE_HEADERS[0]:
            wanted.prices += read_price(line, name)
        else:
            wanted.questions += read_question(line, name)
    return wanted


def _table(line: Line, name: str) -> Iterator[TableWanted]:
    row_key, column_key = (_axis_key(line.text(f"{side} input")) for side in ("Row", "Column"))
    wanted = TableWanted(
        name=name,
        chinese=line.text("名称"),
        row_key=row_key,
        row_steps=line.text("Row steps"),
        column_key=column_key,
        column_steps=line.text("Column steps"),
        outputs=tuple(filter(None, BETWEEN.split(line.text("Output")))),
        scenario=line.scenario("Scenario", line.text("Scenario") or BASE),
    )
    faults = list(layout_faults(wanted))
    for where, text in faults:
        line.problem(_COLUMN[where], text)
    known = [_axis(line, wanted, side) for side in ("Row", "Column")]
    outputs = [
        line.fits("Output", partial(output_of, line.assumptions, key), key=True)
        for key in wanted.outputs
    ]
    if name and not faults and all((*known, *outputs)):
        yield wanted


def _axis_key(text: str) -> str:
    return SCENARIO if same_words(text, SCENARIO) else text


def _axis(line: Line, wanted: TableWanted, side: str) -> bool:
    """Whether the key of an axis is known; its steps are read where its base is known."""
    assumptions = line.assumptions
    key, steps = wanted.row_key, wanted.row_steps
    if side == "Column":
        key, steps = wanted.column_key, wanted.column_steps
    header = f"{side} steps"
    if not key:
        return True
    if key == SCENARIO:
        if assumptions.scenarios:
            line.fits(header, lambda: scenarios_named(assumptions, steps))
        return True
    if not line.fits(f"{side} input", lambda: axis_row(assumptions, key), key=True):
        return False
    given = assumptions.inputs.get(key)
    base: float | None = 1.0  # of a line: its value is not needed to tell whether steps can be read
    if given is not None:
        try:
            base = base_of(assumptions, key, wanted.scenario)
        except AssumptionError:  # no such scenario, which is told at its own cell
            return True
    elif key in assumptions.company.model.assumptions:
        return True  # an input whose row is missing or at fault, which is told there
    line.fits(header, lambda: parse_steps(steps, axis_row(assumptions, key), base, given))
    return True
