"""`bridge`: why the value changed, from one workbook, scenario or date to another."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.box import SIMPLE
from rich.table import Table
from rich.text import Text

from valuation import api
from valuation.cli.console import Json, Seed, err, paper, print_json, refusals, shown
from valuation.errors import AssumptionError

if TYPE_CHECKING:
    from valuation.risk.assumptions import Assumptions
    from valuation.risk.attribution import Bridge, Step

#: Columns that the figures beside the labels take, with and without old and new values.
_FIGURES, _SIDES = 34, 34
#: Narrowest column of labels worth showing.
_NARROW = 24


class ByName(StrEnum):
    """What the steps are."""

    input = "input"
    group = "group"


_BY: dict[ByName, Literal["input", "group"]] = {ByName.input: "input", ByName.group: "group"}


def bridge(
    old: Annotated[Path, typer.Argument(help="Workbook or report before.")],
    new: Annotated[
        Path | None, typer.Argument(help="Workbook or report after; by default the same.")
    ] = None,
    scenario: Annotated[str, typer.Option("--scenario", help="Scenario before.")] = "base",
    to_scenario: Annotated[
        str | None, typer.Option("--to-scenario", help="Scenario after; by default the same.")
    ] = None,
    date: Annotated[
        str | None, typer.Option("--date", metavar="YYYY-MM-DD", help="Valuation date after.")
    ] = None,
    by: Annotated[
        ByName | None,
        typer.Option("--by", help="Steps by input or by group; by default input up to 12."),
    ] = None,
    seed: Seed = 1,
    as_json: Json = False,
) -> None:
    """Tell why the value changed: each input's part, whatever the order."""
    with refusals():
        if new is None and to_scenario is None and date is None:
            text = "nothing to go to. Name a second workbook, --to-scenario or --date."
            raise AssumptionError([text])
        found = _found(old, new, scenario, to_scenario, date, _BY.get(by) if by else None, seed)
    sources = [(old, found.old)] if new is None else [(old, found.old), (new, found.new)]
    notices = [f"{path}: {n}" for path, result in sources for n in result.assumptions.notices]
    for notice in (*notices, *found.notices):
        err.print(f"Note: {notice}", style="yellow", markup=False, soft_wrap=True)
    if as_json:
        document = found.document()
        paths = {"from": old, "to": old if new is None else new}
        print_json({**document, **{side: {**_mapping(document[side]), "workbook": str(path)}
                                   for side, path in paths.items()}})  # fmt: skip
        return
    _print_bridge(found)


def _found(
    old: Path,
    new: Path | None,
    scenario: str,
    to_scenario: str | None,
    date: str | None,
    by: Literal["input", "group"] | None,
    seed: int,
) -> Bridge:
    before = api.load(old)
    after = before if new is None else api.load(new)
    return api.bridge(
        before,
        after,
        scenario=scenario,
        to_scenario=to_scenario,
        to_changes=_on(after, date),
        by=by,
        seed=seed,
    )


def _on(book: Assumptions, date: str | None) -> dict[str, float]:
    """The valuation date as a change of its input."""
    if date is None:
        return {}
    key = book.company.model.key[book.company.valuation_date]
    return api.parse_changes(book, [f"{key}={date}"])


def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _print_bridge(found: Bridge) -> None:
    company, (old, new) = found.old.company, found.names
    console = paper()
    text = (
        f"{company.title} {company.chinese} {company.ticker}: "
        f"{found.old.value_per_share:.4f} → {found.new.value_per_share:.4f} "
        f"{company.currency} a share, {found.change:+.4f}; equity {found.equity_change:+,.1f} CNY m"
    )
    console.print(Text(text, "bold"), soft_wrap=True)
    how = f"sampled, {found.walks:,} orders, ± is one standard error" if found.walks else "exact"
    console.print(
        Text(f"{old} → {new}, by {found.by}, {how}, {found.runs:,} re-runs", "dim"), soft_wrap=True
    )
    if not found.steps:
        console.print("No input that the value reads changed.")
    console.print(_table(found, console.width))
    if found.without_effect:
        keys = ", ".join(found.without_effect)
        console.print(Text(f"Changed without effect: {keys}", "dim"), soft_wrap=True)


def _table(found: Bridge, width: int) -> Table:
    """From the old value to the new one; old and new inputs where there is room."""
    told = any(step.before is not None for step in found.steps)
    sides = told and width >= _FIGURES + _SIDES + 2 * _NARROW
    table = Table(box=SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    room = max(_NARROW, width - _FIGURES - _SIDES * sides)
    table.add_column("CNY a share", max_width=room, overflow="fold")
    heads = [*(("Before", "After") if sides else ()), "Change", *(["±"] if found.walks else [])]
    for head in (*heads, "Cumulative"):
        table.add_column(head, justify="right", no_wrap=True)
    blank = [""] * len(heads)
    (old, new), level = found.names, found.old.value_per_share
    table.add_row(old, *blank, f"{level:.4f}", style="bold")
    table.add_section()
    for step in found.steps:
        level += step.change
        cells = [*(_sides(step) if sides else ()), f"{step.change:+.4f}"]
        cells += [f"{step.standard_error:.4f}"] if found.walks else []
        table.add_row(step.label, *cells, f"{level:.4f}")
    table.add_section()
    total = [f"{found.change:+.4f}" if head == "Change" else "" for head in heads]
    table.add_row(new, *total, f"{found.new.value_per_share:.4f}", style="bold")
    return table


def _sides(step: Step) -> Iterator[str]:
    return (shown(side, step.unit) for side in (step.before, step.after))
