"""What a report tells besides the value: every analysis that is a re-run of the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from valuation.risk.assumptions import BASE, Assumptions
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
    """

    tables: tuple[Sensitivity, ...]
    tornado: Tornado
    tornadoes: Mapping[str, Tornado]
    scenarios: Scenarios
    implied: ImpliedTable


def analyse(
    assumptions: Assumptions,
    *,
    scenario: str = BASE,
    changes: Mapping[str, float] | None = None,
) -> Analyses:
    """Run every analysis of a report; tables that start from the base case do from its scenario.

    Raises:
        AssumptionError: A table or a question that does not fit.
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
    )
