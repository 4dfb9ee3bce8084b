"""What every command shares: consoles, options, refusals, JSON, and how numbers are shown."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console

from valuation import api
from valuation.errors import InputError, ValuationError

if TYPE_CHECKING:
    from valuation.risk.valuation import Valuation

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

#: Columns from which a terminal has room for sources; length of a line that no terminal cuts.
WIDE, LINE = 140, 240
#: Exit codes: `check` found problems; bad input; ended by Ctrl-C.
FOUND, BAD, INTERRUPTED = 1, 2, 130

Workbook = Annotated[
    Path, typer.Argument(help="Assumption workbook, or a report.", show_default=True)
]
WorkbookOption = Annotated[
    Path, typer.Option("-w", "--workbook", help="Assumption workbook, or a report.")
]
Scenario = Annotated[str, typer.Option("--scenario", help="Scenario of the workbook.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Set an input; wins over the scenario."),
]
Seed = Annotated[int, typer.Option("--seed", help="Seed of the draws: any whole number.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


@contextmanager
def refusals() -> Iterator[None]:
    """Tell what was refused, without a traceback."""
    try:
        yield
    except ValuationError as error:
        _refuse(error)


def _refuse(error: ValuationError) -> NoReturn:
    problems = error.problems if isinstance(error, InputError) else (error,)
    for problem in problems:
        err.print(str(problem), style="red", markup=False, soft_wrap=True)
    if len(problems) > 1:
        err.print(f"{len(problems)} problems; nothing was written.", soft_wrap=True)
    raise typer.Exit(BAD)


@contextmanager
def interruptible() -> Iterator[None]:
    """Say how far it got when Ctrl-C ends it."""
    try:
        yield
    except KeyboardInterrupt as stop:
        text = f"Interrupted: {stop}" if str(stop) else "Interrupted; nothing was written."
        err.print(text, style="red", soft_wrap=True)
        raise typer.Exit(INTERRUPTED) from None


@contextmanager
def progress() -> Iterator[api.Progress]:
    """A bar of draws done on a terminal, nothing elsewhere."""
    if not err.is_terminal:
        yield lambda _done, _draws: None
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = TextColumn("Draws"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("draws", total=None)
        yield lambda done, draws: bar.update(task, completed=done, total=draws)


def print_json(document: object) -> None:
    """Write one JSON document, numbers unrounded."""
    text = json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False)
    sys.stdout.write(text + "\n")


def print_notices(result: Valuation) -> None:
    """What the reader of a figure must know, on standard error."""
    for notice in result.assumptions.notices:
        err.print(f"Note: {notice}", style="yellow", markup=False, soft_wrap=True)
    for check in result.checks:
        if not check.passed:
            text = f"Check failed: {check.label}: off by {check.value:g} (key {check.key})."
            err.print(text, style="yellow", markup=False, soft_wrap=True)


def valued(workbook: Path, scenario: str, settings: list[str] | None) -> Valuation:
    """Value a workbook as the options say."""
    assumptions = api.load(workbook)
    changes = api.parse_changes(assumptions, settings or [])
    return api.value(assumptions, scenario=scenario, changes=changes)


def paper() -> Console:
    """The terminal, or lines that are not cut where the output goes elsewhere."""
    return out if out.is_terminal else Console(highlight=False, width=LINE)


def shown(value: float | tuple[float, ...] | None, unit: str) -> str:
    """A value for people: percentages, thousands, the span of a yearly input."""
    from valuation.risk.valuation import iso_date

    if value is None:
        return ""
    if isinstance(value, tuple):
        low, high = shown(min(value), unit), shown(max(value), unit)
        return low if low == high else f"{low} … {high}"
    if unit == "date":
        return iso_date(value)
    if unit.startswith("%"):
        return f"{value:.4g}" if abs(value) >= 10 else f"{value * 100:.6g}%"  # noqa: PLR2004
    return f"{value:.10g}" if unit == "year" else f"{value:,.10g}"


def rounded(value: float, unit: str) -> str:
    """A calculated value for people, with its unit: five figures, or one decimal of thousands."""
    if not math.isfinite(value):
        return "no value"
    if unit == "date":
        return shown(value, unit)
    if unit == "year":
        return f"{value:.10g}"
    number = value + 0.0  # no minus before a zero
    if unit.startswith("%"):
        return f"{100 * number:,.5g}%"
    text = f"{number:.5g}" if abs(number) < 1000 else f"{number:,.1f}".removesuffix(".0")  # noqa: PLR2004
    return text if unit in ("", "1", "ratio", "flag") else f"{text} {unit}"
