"""The command line: a module for each group of commands."""

from __future__ import annotations

import typer

from valuation.cli.bridge import bridge
from valuation.cli.difference import diff
from valuation.cli.explain import explain
from valuation.cli.implied import implied
from valuation.cli.scenarios import scenarios
from valuation.cli.sensitivity import sensitivity, tables
from valuation.cli.simulation import replay, simulate
from valuation.cli.tornado import tornado
from valuation.cli.values import report, value
from valuation.cli.workbooks import check, inputs, template, upgrade

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Value a company by its parts from an assumption workbook.",
)
for command in (
    report,
    value,
    check,
    inputs,
    sensitivity,
    tables,
    tornado,
    scenarios,
    simulate,
    replay,
    implied,
    explain,
    diff,
    bridge,
    template,
    upgrade,
):
    app.command()(command)
