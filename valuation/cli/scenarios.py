"""`scenarios`: every scenario side by side, and the value by their weights."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE
from rich.table import Table

from valuation import api
from valuation.cli.console import Json, Workbook, err, out, print_json, refusals, rounded

if TYPE_CHECKING:
    from valuation.risk.scenarios import Figure, Scenarios

#: Letters of the names, the least they get, and of a number.
_NAMES, _LEAST, _NUMBER = 34, 22, 9
_WEIGHTED = "Weighted"


def scenarios(
    workbook: Workbook = api.DEFAULT,
    rows: Annotated[
        list[str] | None, typer.Option("--row", metavar="KEY", help="Show this row too.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Value every scenario, side by side, and their mean by weight."""
    from valuation.risk.scenarios import compare

    with refusals():
        assumptions = api.load(workbook)
        found = compare(assumptions, rows=rows or ())
    for notice in assumptions.notices:
        err.print(f"Note: {notice}", style="yellow", markup=False, soft_wrap=True)
    if as_json:
        print_json(found.document())
        return
    _print(found)


def _print(found: Scenarios) -> None:
    company = found.assumptions.company
    share = found.value_per_share
    weighted = "no weighted value"
    if math.isfinite(share.weighted):
        weighted = f"{share.weighted:.3f} {company.currency} a share by weight"
    out.print(
        f"{company.title} {company.chinese} {company.ticker}: {weighted}, against a price of "
        f"{found.market_price.values[0]:.2f}",
        style="bold",
        soft_wrap=True,
    )
    for chosen in _chunks(len(found.names)):
        out.print(_table(found, chosen))


def _chunks(count: int) -> Iterator[Sequence[int]]:
    """Columns of each table, as many as the terminal has room for; -1 is the weighted mean."""
    columns = [*range(count), -1]
    room = max(1, (out.width - _LEAST - 1) // (_NUMBER + 1))
    for first in range(0, len(columns), room):
        yield columns[first : first + room]


def _table(found: Scenarios, chosen: Sequence[int]) -> Table:
    table = Table(box=SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    left = out.width - len(chosen) * (_NUMBER + 1) - 1
    table.add_column("CNY m", max_width=min(_NAMES, left))
    for n in chosen:
        name = _WEIGHTED if n < 0 else found.names[n]
        table.add_column(name, justify="right", min_width=_NUMBER, max_width=_NUMBER)

    def line(figure: Figure, style: str = "") -> None:
        cells = (figure.weighted if n < 0 else figure.values[n] for n in chosen)
        table.add_row(figure.label, *(_said(cell, figure) for cell in cells), style=style)

    weights = (math.fsum(found.weights) if n < 0 else found.weights[n] for n in chosen)
    table.add_row("Weight", *(f"{weight:.0%}" for weight in weights), style="dim")
    for figures in (found.parts, found.bridge):
        table.add_section()
        for figure in figures:
            line(figure)
    table.add_section()
    line(found.equity_value, "bold")
    line(found.value_per_share, "bold")
    line(found.upside)
    if found.rows:
        table.add_section()
    for figure in found.rows:
        line(figure)
    return table


def _said(value: float, figure: Figure) -> str:
    """A number as its row is read: amounts to one decimal, values per share to two."""
    if not math.isfinite(value):
        return "no value"
    if figure.unit == "CNY m":
        return "-" if value == 0 else f"{value:,.1f}"
    if figure.unit.endswith("/share"):
        return f"{value:.2f}"
    if figure.key.endswith("upside"):
        return f"{value:+.1%}"
    return rounded(value, figure.unit).removesuffix(f" {figure.unit}")
