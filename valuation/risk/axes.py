"""What the axes and outputs of a sensitivity table may be, and what they start from."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Final

from valuation.errors import AssumptionError
from valuation.lines import Assumption, Line, Row, Shape
from valuation.risk.assumptions import Assumptions, TableWanted
from valuation.risk.runs import row_of

#: Key of the axis along which the scenario changes.
SCENARIO: Final = "scenario"
_AT_YEAR: Final = re.compile(r"(?P<key>[^@]+)@(?P<year>[0-9]{4})")


def refuse(assumptions: Assumptions, wanted: TableWanted) -> None:
    """Refuse a table whose keys, outputs or scenario do not fit.

    Raises:
        AssumptionError: What does not fit, all of it.
    """
    problems = [text for _, text in layout_faults(wanted)]
    keys = [key for key in (wanted.row_key, wanted.column_key) if key and key != SCENARIO]
    for check, names in (
        (axis_row, keys),
        (output_of, wanted.outputs),
        (Assumptions.scenario, [wanted.scenario]),
    ):
        for name in names:
            try:
                check(assumptions, name)
            except AssumptionError as error:
                problems += [problem.text for problem in error.problems]
    if problems:
        raise AssumptionError(problems)


def layout_faults(wanted: TableWanted) -> Iterator[tuple[str, str]]:
    """Fields of a table at fault whatever the model, and what is wrong with them."""
    if not wanted.row_key:
        yield "row_key", "no row input. Name an input, a row, or scenario."
    elif wanted.row_key == wanted.column_key:
        text = f"{wanted.row_key} changes along both sides. Name another for one of them."
        yield "column_key", text
    if wanted.column_key and len(wanted.outputs) > 1:
        count = len(wanted.outputs)
        text = f"{count} outputs in a two-way table. Name one, or leave out the column input."
        yield "outputs", text
    if len(set(wanted.outputs)) < len(wanted.outputs):
        yield "outputs", "an output stands twice. Name each once."
    if wanted.column_steps.strip() and not wanted.column_key:
        text = "column steps without a column input. Name it, or leave out its steps."
        yield "column_steps", text


def axis_row(assumptions: Assumptions, key: str) -> Row:
    """The input or line that an axis changes.

    Raises:
        AssumptionError: Neither has this key; the nearest is named.
    """
    model = assumptions.company.model
    row = model.rows.get(key)
    if isinstance(row, Assumption | Line):
        return row
    near = model.nearest(key, [*model.rows, SCENARIO])
    raise AssumptionError([f"no input or row {key!r}.{near}"])


def output_of(assumptions: Assumptions, key: str) -> tuple[Row, int | None]:
    """The row of an output, and its year where the key ends in one: `group.revenue@2030`.

    Raises:
        AssumptionError: No such row or year, or a year where none is due.
    """
    found = _AT_YEAR.fullmatch(key)
    row = row_of(assumptions, found["key"] if found else key)
    years = years_of(assumptions)
    if row.shape != Shape.SERIES and found:
        raise AssumptionError([f"{found['key']} has one value. Leave out @{found['year']}."])
    if row.shape == Shape.SERIES and not found:
        year = years[0] if years else "2030"
        raise AssumptionError([f"{key} has a value a year. Name one: {key}@{year}."])
    if found and years and int(found["year"]) not in years:
        span = f"{years[0]} to {years[-1]}"
        raise AssumptionError([f"{key}: no year {found['year']}. Name one from {span}."])
    return row, int(found["year"]) if found else None


def base_of(
    assumptions: Assumptions, key: str, scenario: str, changes: Mapping[str, float] | None = None
) -> float | None:
    """Value of an input in a scenario; None where it differs from year to year."""
    for values in (changes or {}, assumptions.overrides, assumptions.scenario(scenario).values):
        if key in values:
            return float(values[key])
    value = assumptions.inputs[key].value
    years = value if isinstance(value, tuple) else (value,)
    return float(years[0]) if len(set(years)) == 1 else None


def scenarios_named(assumptions: Assumptions, text: str) -> list[str]:
    """Names of scenarios separated by `;`; all where the text is empty.

    Raises:
        AssumptionError: Names of no scenario, all of them.
    """
    names: list[str] = []
    problems: list[str] = []
    for name in filter(None, map(str.strip, re.split("[;；\n]", text))):
        try:
            names.append(assumptions.scenario(name).name)
        except AssumptionError as error:
            problems += [problem.text for problem in error.problems]
    if problems:
        raise AssumptionError(problems)
    return list(dict.fromkeys(names)) or list(assumptions.scenarios)


def years_of(assumptions: Assumptions) -> range:
    """Years of the ruler; none where the workbook does not say."""
    company = assumptions.company
    given = assumptions.inputs.get(company.model.key[company.base_year])
    if given is None or isinstance(given.value, tuple) or not math.isfinite(given.value):
        return range(0)
    first = int(given.value) + 1
    return range(first, first + company.model.periods)
