"""`report` and `value`: what a company is worth."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE
from rich.table import Table

from valuation import api
from valuation.cli.console import (
    Json,
    Scenario,
    Seed,
    Settings,
    Workbook,
    interruptible,
    out,
    print_json,
    print_notices,
    progress,
    refusals,
    valued,
)

if TYPE_CHECKING:
    from valuation.risk.valuation import Valuation


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
    against: Annotated[
        Path | None, typer.Option("--against", help="Workbook the value is bridged from.")
    ] = None,
    draws: Annotated[
        int, typer.Option("--draws", help="Draws of the simulation on the Risk sheet; 0: none.")
    ] = 100_000,
    seed: Seed = 1,
    as_json: Json = False,
) -> None:
    """Write the Excel report, every calculated cell a live formula."""
    with refusals(), interruptible(), progress() as tell:
        changes = api.parse_changes(api.load(workbook), settings) if settings else {}
        path, result = api.report(
            workbook,
            output,
            scenario=scenario,
            changes=changes,
            in_place=in_place,
            against=against,
            draws=draws,
            seed=seed,
            progress=tell,
        )
    print_notices(result)
    if as_json:
        print_json({"report": str(path), **result.document()})
        return
    out.print(_headline(result), soft_wrap=True)
    out.print(f"Report: {path}", markup=False, soft_wrap=True)


def value(
    workbook: Workbook = api.DEFAULT,
    scenario: Scenario = "base",
    settings: Settings = None,
    as_json: Json = False,
) -> None:
    """Value per share, by part and method."""
    with refusals():
        result = valued(workbook, scenario, settings)
    print_notices(result)
    if as_json:
        print_json(result.document())
    else:
        print_value(result)


def _headline(result: Valuation) -> str:
    company = result.company
    price = result.number(company.market_price)
    upside = result.number(company.upside)
    return (
        f"{company.title} {company.chinese} {company.ticker}, scenario {result.scenario}: "
        f"{result.value_per_share:.2f} {company.currency} a share against a price of {price:.2f} "
        f"({upside:+.1%})"
    )


def print_value(result: Valuation) -> None:
    """Parts, methods and bridge as a table."""
    company = result.company
    shares = result.number(company.diluted_shares)
    table = Table(box=SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("CNY m", no_wrap=True, max_width=max(20, out.width - 50))
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
    out.print(_headline(result), style="bold", soft_wrap=True)
    out.print(table)
