"""The command line: report, value, check, inputs."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from valuation import api
from valuation.errors import AssumptionError, InputError, NoAnswerError, ValuationError

if TYPE_CHECKING:
    from valuation.risk.assumptions import Assumptions, Input
    from valuation.risk.valuation import Valuation

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Value a company by its parts from an assumption workbook.",
)
_out = Console(highlight=False)
_err = Console(stderr=True, highlight=False)

#: Columns from which a terminal has room for sources; length of a line that no terminal cuts.
_WIDE, _LINE = 140, 240
#: Exit codes: `check` found problems; bad input.
FOUND, BAD = 1, 2

Workbook = Annotated[
    Path, typer.Argument(help="Assumption workbook, or a report.", show_default=True)
]
Scenario = Annotated[str, typer.Option("--scenario", help="Scenario of the workbook.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Set an input; wins over the scenario."),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


@contextmanager
def _refusals() -> Iterator[None]:
    """Tell what was refused, without a traceback."""
    try:
        yield
    except ValuationError as error:
        _refuse(error)


def _refuse(error: ValuationError) -> NoReturn:
    problems = error.problems if isinstance(error, InputError) else (error,)
    for problem in problems:
        _err.print(str(problem), style="red", markup=False, soft_wrap=True)
    if len(problems) > 1:
        _err.print(f"{len(problems)} problems; nothing was written.", soft_wrap=True)
    raise typer.Exit(BAD)


def _print_json(document: object) -> None:
    """Write one JSON document, numbers unrounded."""
    text = json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False)
    sys.stdout.write(text + "\n")


def _notices(result: Valuation) -> None:
    """What the reader of a figure must know, on standard error."""
    for notice in result.assumptions.notices:
        _err.print(f"Note: {notice}", style="yellow", markup=False, soft_wrap=True)
    for check in result.checks:
        if not check.passed:
            text = f"Check failed: {check.label}: off by {check.value:g} (key {check.key})."
            _err.print(text, style="yellow", markup=False, soft_wrap=True)


def _valued(workbook: Path, scenario: str, settings: list[str] | None) -> Valuation:
    assumptions = api.load(workbook)
    changes = api.parse_changes(assumptions, settings or [])
    return api.value(assumptions, scenario=scenario, changes=changes)


@app.command()
def report(
    workbook: Workbook = api.DEFAULT,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Report to write.", show_default=False)
    ] = None,
    scenario: Scenario = "base",
    settings: Settings = None,
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Write over the workbook read; keeps a .bak.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write the Excel report, every calculated cell a live formula."""
    with _refusals():
        changes = api.parse_changes(api.load(workbook), settings) if settings else {}
        path, result = api.report(
            workbook, output, scenario=scenario, changes=changes, in_place=in_place
        )
    _notices(result)
    if as_json:
        _print_json({"report": str(path), **result.document()})
        return
    _out.print(_headline(result), soft_wrap=True)
    _out.print(f"Report: {path}", markup=False, soft_wrap=True)


@app.command()
def value(
    workbook: Workbook = api.DEFAULT,
    scenario: Scenario = "base",
    settings: Settings = None,
    as_json: Json = False,
) -> None:
    """Value per share, by part and method."""
    with _refusals():
        result = _valued(workbook, scenario, settings)
    _notices(result)
    if as_json:
        _print_json(result.document())
    else:
        _print_value(result)


def _headline(result: Valuation) -> str:
    company = result.company
    price = result.number(company.market_price)
    upside = result.number(company.upside)
    return (
        f"{company.title} {company.chinese} {company.ticker}, scenario {result.scenario}: "
        f"{result.value_per_share:.2f} {company.currency} a share against a price of {price:.2f} "
        f"({upside:+.1%})"
    )


def _print_value(result: Valuation) -> None:
    company = result.company
    shares = result.number(company.diluted_shares)
    table = Table(box=SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("CNY m", no_wrap=True, max_width=max(20, _out.width - 50))
    for name, width in (("Weight", 6), ("EV", 8), ("Stake", 5), ("Value", 8), ("Per share", 9)):
        table.add_column(name, justify="right", no_wrap=True, min_width=width)

    def line(label: str, chinese: str, *cells: str, style: str = "") -> None:
        table.add_row(f"{label} {chinese}", *cells, style=style)

    def worth(amount: float) -> tuple[str, str]:
        return f"{amount:,.1f}", f"{amount / shares:.2f}"

    for part in company.parts:
        amount = f"{result.number(part.enterprise_value):,.1f}"
        stake = f"{result.number(part.stake):.0%}"
        value = worth(result.number(part.value))
        line(part.title, part.chinese, "", amount, stake, *value, style="bold")
        for method in part.methods:
            weight, found = result.number(method.weight), result.number(method.value)
            shown = f"{found:,.1f}" if math.isfinite(found) else "no value"
            line(f"  {method.title}", "", f"{weight:.0%}", shown, "", "", "")
    table.add_section()
    for row in company.bridge:
        line(row.label, row.chinese, "", "", "", *worth(result.number(row)))
    table.add_section()
    equity = company.equity_value
    line(equity.label, equity.chinese, "", "", "", *worth(result.equity_value), style="bold")
    _out.print(_headline(result), style="bold", soft_wrap=True)
    _out.print(table)


@app.command()
def check(workbook: Workbook = api.DEFAULT, as_json: Json = False) -> None:
    """List every problem of a workbook with its place and remedy; exit 1 if there is one."""
    problems: list[str] = []
    result: Valuation | None = None
    assumptions: Assumptions | None = None
    with _refusals():
        try:
            assumptions = api.load(workbook)
            result = api.value(assumptions)
            for name in assumptions.scenarios:
                problems += _scenario_problems(assumptions, name)
        except AssumptionError as error:
            problems += [str(p) for p in error.problems]
        except NoAnswerError as error:
            problems.append(str(error))
    unsourced = assumptions.without_source if assumptions else []
    notices = assumptions.notices if assumptions else ()
    checks = result.checks if result else ()
    problems += [
        f"Check failed: {c.label} ({c.key}): off by {c.value:g}, tolerance {c.tolerance:g}."
        for c in checks
        if not c.passed
    ]
    if as_json:
        _print_json(
            {
                "problems": problems,
                "checks": [
                    {
                        "key": c.key,
                        "label": c.label,
                        "value": c.value if math.isfinite(c.value) else None,
                        "tolerance": c.tolerance,
                        "passed": c.passed,
                    }
                    for c in checks
                ],
                "without_source": unsourced,
                "notices": list(notices),
            }
        )
    else:
        for problem in problems:
            _out.print(problem, style="red", markup=False, soft_wrap=True)
        for notice in notices:
            _out.print(f"Note: {notice}", style="yellow", markup=False, soft_wrap=True)
        if unsourced:
            text = f"{len(unsourced)} inputs without a source: {', '.join(unsourced)}."
            _out.print(text, markup=False, soft_wrap=True)
        passed = sum(c.passed for c in checks)
        _out.print(f"{len(problems)} problems; {passed} of {len(checks)} checks passed.")
    if problems:
        raise typer.Exit(FOUND)


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


@app.command()
def inputs(workbook: Workbook = api.DEFAULT, as_json: Json = False) -> None:
    """List the inputs with value, range, distribution and source."""
    with _refusals():
        assumptions = api.load(workbook)
    if as_json:
        _print_json([_input_document(given) for given in assumptions.inputs.values()])
        return
    wide = _out.width >= _WIDE or not _out.is_terminal
    table = Table(box=SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("Key", no_wrap=True)
    for name in ("Value", "Low", "High"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("Unit", *(("Distribution", "Source") if wide else ())):
        table.add_column(name, no_wrap=True)
    for given in assumptions.inputs.values():
        unit = given.row.unit_text
        shown = [_shown(v, unit) for v in (given.value, given.low, given.high)]
        more = (given.distribution, given.source or "-") if wide else ()
        table.add_row(given.key, *shown, unit, *more)
    console = _out if _out.is_terminal else Console(highlight=False, width=_LINE)
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


def _shown(value: float | tuple[float, ...] | None, unit: str) -> str:
    """A value for people: percentages, thousands, the span of a yearly input."""
    from valuation.risk.valuation import iso_date

    if value is None:
        return ""
    if isinstance(value, tuple):
        low, high = _shown(min(value), unit), _shown(max(value), unit)
        return low if low == high else f"{low} … {high}"
    if unit == "date":
        return iso_date(value)
    if unit.startswith("%"):
        return f"{value:.4g}" if abs(value) >= 10 else f"{value * 100:.6g}%"  # noqa: PLR2004
    return f"{value:.10g}" if unit == "year" else f"{value:,.10g}"
