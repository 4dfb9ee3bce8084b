"""`check`, `inputs`, `template` and `upgrade`: assumption workbooks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE
from rich.table import Table

from valuation import api
from valuation.cli.console import (
    FOUND,
    WIDE,
    Json,
    Workbook,
    err,
    out,
    paper,
    print_json,
    refusals,
    shown,
)
from valuation.errors import AssumptionError, NoAnswerError, ValuationError

if TYPE_CHECKING:
    from valuation.risk.assumptions import Assumptions, Input
    from valuation.risk.valuation import CheckResult, Valuation


@dataclass(frozen=True)
class _Checked:
    """What there is to say about a workbook."""

    problems: list[str]
    checks: tuple[CheckResult, ...]
    without_source: list[str]
    notices: tuple[str, ...]


def check(workbook: Workbook = api.DEFAULT, as_json: Json = False) -> None:
    """List every problem of a workbook with its place and remedy; exit 1 if there is one."""
    with refusals():
        found = _checked(workbook)
    if as_json:
        print_json(_checked_document(found))
    else:
        for problem in found.problems:
            out.print(problem, style="red", markup=False, soft_wrap=True)
        for notice in found.notices:
            out.print(f"Note: {notice}", style="yellow", markup=False, soft_wrap=True)
        if found.without_source:
            keys = ", ".join(found.without_source)
            text = f"{len(found.without_source)} inputs without a source: {keys}."
            out.print(text, markup=False, soft_wrap=True)
        passed = sum(c.passed for c in found.checks)
        out.print(f"{len(found.problems)} problems; {passed} of {len(found.checks)} checks passed.")
    if found.problems:
        raise typer.Exit(FOUND)


def _checked(workbook: Path) -> _Checked:
    problems: list[str] = []
    result: Valuation | None = None
    assumptions: Assumptions | None = None
    try:
        assumptions = api.load(workbook)
        result = api.value(assumptions)
        for name in assumptions.scenarios:
            problems += _scenario_problems(assumptions, name)
    except AssumptionError as error:
        problems += [str(p) for p in error.problems]
    except NoAnswerError as error:
        problems.append(str(error))
    checks = result.checks if result else ()
    problems += [
        f"Check failed: {c.label} ({c.key}): off by {c.value:g}, tolerance {c.tolerance:g}."
        for c in checks
        if not c.passed
    ]
    return _Checked(
        problems=problems,
        checks=checks,
        without_source=assumptions.without_source if assumptions else [],
        notices=assumptions.notices if assumptions else (),
    )


def _checked_document(found: _Checked) -> dict[str, object]:
    return {
        "problems": found.problems,
        "checks": [
            {
                "key": c.key,
                "label": c.label,
                "value": c.value if math.isfinite(c.value) else None,
                "tolerance": c.tolerance,
                "passed": c.passed,
            }
            for c in found.checks
        ],
        "without_source": found.without_source,
        "notices": list(found.notices),
    }


def _scenario_problems(assumptions: Assumptions, name: str) -> list[str]:
    """Checks that fail in a scenario only, and a scenario without a value."""
    try:
        outcome = api.value(assumptions, scenario=name)
    except ValuationError as error:
        return [f"Scenario {name}: {error}"]
    if name == "base":
        return []
    return [
        f"Scenario {name}: check failed: {c.label} ({c.key}): off by {c.value:g}."
        for c in outcome.checks
        if not c.passed
    ]


def inputs(workbook: Workbook = api.DEFAULT, as_json: Json = False) -> None:
    """List the inputs with value, range, distribution and source."""
    with refusals():
        assumptions = api.load(workbook)
    if as_json:
        print_json([_input_document(given) for given in assumptions.inputs.values()])
        return
    wide = out.width >= WIDE or not out.is_terminal
    table = Table(box=SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("Key", no_wrap=True)
    for name in ("Value", "Low", "High"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("Unit", *(("Distribution", "Source") if wide else ())):
        table.add_column(name, no_wrap=True)
    for given in assumptions.inputs.values():
        unit = given.row.unit_text
        cells = [shown(v, unit) for v in (given.value, given.low, given.high)]
        more = (given.distribution, given.source or "-") if wide else ()
        table.add_row(given.key, *cells, unit, *more)
    console = paper()
    console.print(table)
    console.print(f"{len(assumptions.inputs)} inputs of {assumptions.source}", soft_wrap=True)


def _input_document(given: Input) -> dict[str, object]:
    """One input as plain data, in the unit of its cell."""
    from valuation.risk.valuation import iso_date

    ranged = given.has_continuous_range
    value: object = list(given.value) if isinstance(given.value, tuple) else given.value
    if given.row.unit_text == "date" and isinstance(given.value, float | int):
        value = iso_date(given.value)
    return {
        "key": given.key,
        "label": given.row.label,
        "unit": given.row.unit_text,
        "value": value,
        "low": given.low if ranged else None,
        "high": given.high if ranged else None,
        "minimum": given.minimum if math.isfinite(given.minimum) else None,
        "maximum": given.maximum if math.isfinite(given.maximum) else None,
        "distribution": given.distribution,
        "source": given.source,
    }


def template(
    company: Annotated[str, typer.Argument(help="Name of a company, such as hangang.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Workbook to write; a new file.")],
    base_year: Annotated[
        int | None,
        typer.Option("--base-year", help="Year before the yearly columns; by default last year."),
    ] = None,
) -> None:
    """Write an assumption workbook with every Base cell to be filled in."""
    with refusals():
        count = api.template(company, output, base_year=base_year)
    out.print(f"Template: {output}", markup=False, soft_wrap=True)
    text = f"{count} inputs to fill in; `valuation check {output}` lists those still empty."
    out.print(text, markup=False, soft_wrap=True)


def upgrade(
    old: Annotated[Path, typer.Argument(help="Workbook made for another state of the model.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Workbook to write; a new file.")],
) -> None:
    """Write a new workbook with the inputs the model has gained; the old one is not touched."""
    with refusals():
        found = api.upgrade(old, output)
    inputs = found.assumptions.inputs
    for problem in found.unknown:
        err.print(f"Not written: {problem}", style="yellow", markup=False, soft_wrap=True)
    for notice in found.assumptions.notices:
        err.print(f"Note: {notice}", style="yellow", markup=False, soft_wrap=True)
    for key in found.missing:
        text = f"Added: {key}  {inputs[key].row.label} ({inputs[key].row.unit_text})"
        out.print(text, markup=False, soft_wrap=True)
    out.print(f"Upgraded: {output}", markup=False, soft_wrap=True)
    kept, added, lost = len(inputs) - len(found.missing), len(found.missing), len(found.unknown)
    text = f"{kept} inputs kept, {added} added, {lost} rows or columns of unknown keys left out."
    if added:
        text += f" Fill in the Base cells of those added; `valuation check {output}` lists them."
    out.print(text, markup=False, soft_wrap=True)
