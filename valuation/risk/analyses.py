"""What a report tells besides the value: every analysis that is a re-run of the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from valuation.risk.assumptions import BASE, Assumptions
from valuation.risk.attribution import Bridge, bridge
from valuation.risk.implication import ImpliedTable
from valuation.risk.implied import implied_table
from valuation.risk.scenarios import Scenarios, compare
from valuation.risk.sensitivity import Sensitivity, sensitivity
from valuation.risk.tornado import Tornado, tornado, tornadoes


@dataclass(frozen=True, kw_only=True)
class Analyses:
    """Analyses of one valuation.

    Attributes:
        tables: Sensitivity tables of the Tables sheet, in its order.
        tornado: Low and high of each input, for the value per share.
        tornadoes: The same for each part, by its key.
        scenarios: Every scenario side by side.
        implied: What the prices imply.
        bridge: Why the value changed since another workbook, where one was named.
    """

    tables: tuple[Sensitivity, ...]
    tornado: Tornado
    tornadoes: Mapping[str, Tornado]
    scenarios: Scenarios
    implied: ImpliedTable
    bridge: Bridge | None = None


def analyse(
    assumptions: Assumptions,
    *,
    scenario: str = BASE,
    changes: Mapping[str, float] | None = None,
    against: Assumptions | None = None,
) -> Analyses:
    """Run every analysis of a report; tables that start from the base case do from its scenario.

    Args:
        assumptions: The workbook.
        scenario: Scenario of the report.
        changes: Values by key set on top of it.
        against: Workbook that the value is bridged from, in the same scenario.

    Raises:
        AssumptionError: A table or a question that does not fit.
        NoAnswerError: The other workbook has no value.
    """
    wanted = [
        replace(one, scenario=scenario) if one.scenario == BASE else one
        for one in assumptions.wanted
    ]
    return Analyses(
        tables=tuple(sensitivity(assumptions, one, changes=changes) for one in wanted),
        tornado=tornado(assumptions, scenario=scenario, changes=changes),
        tornadoes=tornadoes(assumptions, scenario=scenario, changes=changes),
        scenarios=compare(assumptions, changes=changes),
        implied=implied_table(assumptions, scenario=scenario, changes=changes),
        bridge=None
        if against is None
        else bridge(against, assumptions, scenario=scenario, to_changes=changes),
    )
