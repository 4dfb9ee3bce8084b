"""Write the report: front, input sheets, model sheets with live formulas, checks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from valuation.workbook import layout
from valuation.workbook.bridge_sheet import BRIDGE, write_bridge
from valuation.workbook.check_sheet import write_checks
from valuation.workbook.draft import CHECKS, COVER, RISK, SENSITIVITY, SUMMARY, UNITS, Draft
from valuation.workbook.football import FOOTBALL, write_football
from valuation.workbook.front import write_cover, write_summary
from valuation.workbook.implied_sheet import IMPLIED, write_implied
from valuation.workbook.input_cells import reserve
from valuation.workbook.inputs import finish, write_inputs
from valuation.workbook.model_sheets import write_model_sheets, write_units
from valuation.workbook.risk_sheet import write_risk
from valuation.workbook.scenario_table import SCENARIO_VALUES, write_scenarios
from valuation.workbook.selector import write_selector
from valuation.workbook.sensitivity_sheet import write_sensitivity
from valuation.workbook.tornado_sheet import TORNADO, write_tornado

if TYPE_CHECKING:
    from pathlib import Path

    from valuation.risk.analyses import Analyses
    from valuation.risk.sensitivity import Sensitivity
    from valuation.risk.simulation import Simulation
    from valuation.risk.valuation import Valuation
    from valuation.workbook.store import Book


def report(
    result: Valuation,
    simulation: Simulation | None = None,
    *,
    tables: Sequence[Sensitivity] = (),
    analyses: Analyses | None = None,
) -> Book:
    """Build the report of a valuation, with sheets for the simulation and analyses handed in.

    The scenario is chosen in its selector; values set on top stand in the Override column, so that
    the workbook shows what was asked for and can be read again as an assumption workbook.
    """
    draft = Draft(result)
    reserve(draft, tables)
    cover, summary = draft.book.sheet(COVER), draft.book.sheet(SUMMARY)
    draft.inputs = write_inputs(draft.book, draft.assumptions, live=True)
    weights = write_selector(draft)
    write_model_sheets(draft)
    passed = write_checks(draft, weights, write_sensitivity(draft, tables))
    if simulation is not None:
        write_risk(draft, simulation)
    if analyses is not None:
        write_scenarios(draft, analyses.scenarios)
        write_tornado(draft, analyses.tornado, analyses.tornadoes)
        write_football(draft)
        if analyses.implied.answers:
            write_implied(draft, analyses.implied)
        if analyses.bridge is not None:
            write_bridge(draft, analyses.bridge)
    write_units(draft)
    write_summary(draft, summary)
    write_cover(draft, cover, passed=passed, titles=_order(draft))
    finish(draft.book)
    return draft.book


def _order(draft: Draft) -> list[str]:
    """Put the sheets in calculation order: front, inputs, calculations, result, checks."""
    workbook = draft.book.workbook
    titles = workbook.sheetnames
    model = [title for path, title in draft.titles.items() if path]
    analyses = SCENARIO_VALUES, SENSITIVITY, TORNADO, FOOTBALL, IMPLIED, BRIDGE, RISK
    back = [draft.titles[""], *analyses, CHECKS, *layout.REFERENCE, UNITS]
    inputs = [t for t in titles if t not in {COVER, SUMMARY, *model, *back}]
    order = [t for t in (COVER, SUMMARY, *inputs, *model, *back) if t in titles]
    for place, title in enumerate(order):
        sheet = draft.book.find(title)
        workbook.move_sheet(sheet, place - workbook.index(sheet))
    return order


def write_report(
    result: Valuation,
    path: Path,
    *,
    simulation: Simulation | None = None,
    tables: Sequence[Sensitivity] = (),
    analyses: Analyses | None = None,
    backup: bool = False,
) -> Book:
    """Build the report and replace the file in one step."""
    book = report(result, simulation, tables=tables, analyses=analyses)
    book.save(path, backup=backup)
    return book
