"""`tornado`: how far each input moves the value, from its low to its high."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE
from rich.table import Table
from rich.text import Text

from valuation import api
from valuation.cli.console import (
    Json,
    Scenario,
    Settings,
    WorkbookOption,
    err,
    out,
    print_json,
    refusals,
    rounded,
)
from valuation.errors import AssumptionError

if TYPE_CHECKING:
    from valuation.risk.assumptions import Assumptions
    from valuation.risk.swings import Swing
    from valuation.risk.tornado import Tornado

#: Characters and colours of the bars: towards the low of an input, and towards its high.
_MARKS = ("▒", "█")
_COLOURS = ("cyan", "yellow")
#: Letters of the widest number; least and most of a bar's half, and of the names.
_NUMBER, _HALF, _NAMES = 9, (7, 24), (30, 60)
#: Formats of values by unit, so that a column has the same decimals.
_FORMS = {"CNY/share": ".3f", "CNY m": ",.1f"}


def tornado(
    workbook: WorkbookOption = api.DEFAULT,
    output: Annotated[
        str | None,
        typer.Option("--output", metavar="KEY", help="Row looked at, not the value per share."),
    ] = None,
    part: Annotated[
        str | None,
        typer.Option("--part", metavar="KEY", help="A part's value, and the inputs that move it."),
    ] = None,
    top: Annotated[int, typer.Option("--top", min=1, help="How many inputs to show.")] = 15,
    scenario: Scenario = "base",
    settings: Settings = None,
    as_json: Json = False,
) -> None:
    """Set each input to its low and to its high, and value the company again."""
    with refusals():
        assumptions = api.load(workbook)
        changes = api.parse_changes(assumptions, settings or [])
        found = _tornado(assumptions, output, part, scenario, changes)
    for notice in assumptions.notices:
        err.print(f"Note: {notice}", style="yellow", markup=False, soft_wrap=True)
    if as_json:
        print_json(found.document())
    else:
        _print(found, top)


def _tornado(
    assumptions: Assumptions,
    output: str | None,
    part: str | None,
    scenario: str,
    changes: dict[str, float],
) -> Tornado:
    from valuation.risk.runs import row_of
    from valuation.risk.tornado import tornado as whole
    from valuation.risk.tornado import tornadoes

    if part is None:
        row = None if output is None else row_of(assumptions, output)
        return whole(assumptions, output=row, scenario=scenario, changes=changes)
    if output is not None:
        raise AssumptionError(["an output and a part are both named. Name one."])
    known = [p.key for p in assumptions.company.parts]
    if part not in known:
        hint = assumptions.company.model.nearest(part, known)
        hint = hint or f" Name one of: {', '.join(known)}."
        raise AssumptionError([f"no part {part!r}.{hint}"])
    return tornadoes(assumptions, scenario=scenario, changes=changes)[part]


def _print(found: Tornado, top: int) -> None:
    company = found.assumptions.company
    unit = found.row.unit_text
    out.print(
        f"{company.title} {company.chinese} {company.ticker}: {found.title} "
        f"{rounded(found.value, unit)} in scenario {found.scenario}; "
        "each input at its low and at its high",
        style="bold",
        soft_wrap=True,
    )
    shown = found.swings[:top]
    names = min(max(out.width * 2 // 5, _NAMES[0]), _NAMES[1])
    half = (out.width - names - 2 * (_NUMBER + 1) - 4) // 2
    half = min(max(half, _HALF[0]), _HALF[1])
    scale = max((swing.swing for swing in shown), default=0.0)
    table = Table(box=SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("Input: base → low / high", max_width=names)
    for name, mark, colour in zip(("At low", "At high"), _MARKS, _COLOURS, strict=True):
        head = Text.assemble((f"{mark} ", colour), name)
        table.add_column(head, justify="right", no_wrap=True, min_width=_NUMBER)
    table.add_column("", no_wrap=True)
    for swing in shown:
        label = Text.assemble(swing.title, "\n", (swing.shock, "dim"))
        ends = (_number(end, unit) for end in (swing.at_low, swing.at_high))
        table.add_row(label, *ends, _bar(swing, scale, half))
    out.print(table)
    left = len(found.swings) - len(shown)
    if left:
        out.print(f"and {left} more; --top shows them, --json has all", style="dim")
    for swing in found.without_value:
        end = "low" if math.isnan(swing.at_low) else "high"
        text = f"Note: no value with {swing.given.key} at its {end}."
        err.print(text, style="yellow", markup=False, soft_wrap=True)


def _number(value: float, unit: str) -> str:
    if math.isfinite(value) and unit in _FORMS:
        return f"{value:{_FORMS[unit]}}"
    return rounded(value, unit).removesuffix(f" {unit}")


def _bar(swing: Swing, scale: float, half: int) -> Text:
    """Both changes on either side of the value; the shorter of two on one side is in front."""
    cells: list[tuple[str, str]] = [(" ", "")] * (2 * half)
    sides = [
        (change, mark, colour)
        for change, mark, colour in zip(swing.changes, _MARKS, _COLOURS, strict=True)
        if math.isfinite(change) and scale
    ]
    for change, mark, colour in sorted(sides, key=lambda side: -abs(side[0])):
        length = round(abs(change) / scale * half)
        first = half if change > 0 else half - length
        cells[first : first + length] = [(mark, colour)] * length
    return Text.assemble(*cells[:half], ("│", "dim"), *cells[half:])
