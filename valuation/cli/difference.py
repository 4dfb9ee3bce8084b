"""`diff`: what changed between two workbooks, and what that is worth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from valuation import api
from valuation.cli.console import Json, Scenario, err, out, paper, print_json, refusals, shown

if TYPE_CHECKING:
    from rich.console import RenderableType

    from valuation.risk.difference import Change, Difference, Worth

#: Headers of the input sheets, by the field they fill.
_HEADERS = {"value": "Base", "as_of": "As of", "shock_sd": "Shock sd"}
#: Fields that are texts, or a share of what the unit counts.
_UNITLESS = ("distribution", "parameters", "persistence", "source", "as_of", "confidence", "note")


def diff(
    old: Annotated[Path, typer.Argument(help="Workbook or report before.")],
    new: Annotated[Path, typer.Argument(help="Workbook or report after.")],
    scenario: Scenario = "base",
    as_json: Json = False,
) -> None:
    """Tell what differs between two workbooks: inputs, scenarios, and the value."""
    with refusals():
        found = api.difference(old, new, scenario=scenario)
    for path, result in ((old, found.old), (new, found.new)):
        for notice in result.assumptions.notices:
            text = f"Note: {path}: {notice}"
            err.print(text, style="yellow", markup=False, soft_wrap=True)
    if as_json:
        print_json({**found.document(), "old": str(old), "new": str(new)})
        return
    console = paper()
    text = f"{old} → {new}, scenario {found.old.scenario}"
    console.print(Text(text, "bold"), soft_wrap=True)
    for renderable in _report(found):
        console.print(renderable)
    console.print(_worth(found))


def _report(found: Difference) -> Iterator[RenderableType]:
    if found.is_empty:
        yield Text("Inputs, scenarios, correlations, overrides, Tables and the Guide are the same.")
    units = {key: given.row.unit_text for key, given in found.old.assumptions.inputs.items()}
    if found.inputs:
        yield _title(f"Inputs changed: {len(found.inputs)}")
    for given in found.inputs:
        name = Text.assemble((given.label, "cyan"), f" ({given.unit})  ", (given.key, "dim"))
        yield _moved(name, 2)
        years = [_line(f"Base {c.what}", c, given.unit) for c in given.years]
        yield from _indented([*years, *(_field(c, given.unit) for c in given.changes)])
    if found.scenarios:
        yield _title("Scenarios")
    for scenario in found.scenarios:
        yield _moved(Text.assemble((scenario.name, "cyan"), f" {scenario.status}"), 2)
        yield from _indented(
            _line(c.what.capitalize(), c, "%" if c.what == "weight" else "")
            for c in scenario.changes
        )
        yield from _indented(
            _line(c.what, c, units.get(c.what, ""), none="base") for c in scenario.values
        )
    if found.correlations:
        yield _title("Correlations")
        yield from _indented(_line(c.what, c, "", none="0") for c in found.correlations)
    if found.overrides:
        yield _title("Overrides")
        yield from _indented(
            _line(c.what, c, units.get(c.what, ""), none="none") for c in found.overrides
        )
    if found.tables:
        yield _title("Tables")
        yield from _indented(
            _line(c.what[0].upper() + c.what[1:], c, "", none="none") for c in found.tables
        )
    if found.guide:
        yield _title("Guide")
        yield from _indented(_line("Draws without a value", c, "") for c in found.guide)


def _title(text: str) -> Text:
    return Text(f"\n{text}", "bold")


def _indented(lines: Iterable[Text]) -> Iterator[Padding]:
    return (_moved(line, 4) for line in lines)


def _moved(text: Text, columns: int) -> Padding:
    return Padding(text, (0, 0, 0, columns), expand=False)


def _field(change: Change, unit: str) -> Text:
    name = _HEADERS.get(change.what, change.what.capitalize())
    return _line(name, change, "" if change.what in _UNITLESS else unit)


def _line(name: str, change: Change, unit: str, *, none: str = "blank") -> Text:
    before, after = (_said(v, unit, none) for v in (change.before, change.after))
    return Text.assemble(f"{name}: ", (before, "red"), " → ", (after, "green"))


def _said(value: object, unit: str, none: str) -> str:
    if isinstance(value, float | int):
        return shown(float(value), unit)
    return str(value) if value not in (None, "") else none


def _worth(found: Difference) -> Table:
    """The sum of the parts, line by line; the bridge where it changed."""
    table = Table(box=SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("CNY m", no_wrap=True, max_width=max(20, out.width - 40))
    for name in ("Before", "After", "Change"):
        table.add_column(name, justify="right", no_wrap=True, min_width=9)

    def line(worth: Worth, digits: int = 1, style: str = "") -> None:
        numbers = (f"{n:,.{digits}f}" for n in (worth.before, worth.after))
        change = f"{worth.change:+,.{digits}f}" if worth.change else "-"
        table.add_row(worth.label, *numbers, change, style=style)

    for worth in (*found.parts, *(b for b in found.bridge if b.change)):
        line(worth)
    table.add_section()
    line(found.equity_value, style="bold")
    line(found.value_per_share, digits=2, style="bold")
    return table
