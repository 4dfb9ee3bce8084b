"""Re-runs of the model: rows of a company for many sets of inputs at once.

Every analysis is a choice of draws: a scenario for each, and inputs that differ from it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from valuation.engines.arrays import evaluate
from valuation.engines.draws import inputs
from valuation.engines.plan import Plan
from valuation.engines.rules import Array
from valuation.errors import AssumptionError
from valuation.lines import Model, Row
from valuation.risk.assumptions import BASE, Assumptions
from valuation.risk.valuation import base_values, bounds_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def rerun(
    assumptions: Assumptions,
    rows: Sequence[Row],
    *,
    draws: int,
    scenarios: str | Sequence[str] = BASE,
    changes: Mapping[str, ArrayLike] | None = None,
    typed: Collection[str] = (),
) -> list[Array]:
    """Compute rows for many sets of inputs.

    Args:
        assumptions: The workbook; what its Override column says wins over scenarios.
        rows: Rows wanted.
        draws: How many sets of inputs.
        scenarios: Scenario of all draws, or one name a draw.
        changes: Values by key that win over all: a number, one a draw, or (years, draws).
        typed: Keys of lines whose formula the changes replace.

    Returns:
        One array a row, shape (years or 1, draws); NaN where there is no value.

    Raises:
        AssumptionError: Scenarios, keys or values that do not fit.
    """
    model = assumptions.company.model
    changed: dict[str, ArrayLike] = {**_by_scenario(assumptions, scenarios, draws)}
    changed |= {**assumptions.overrides, **(changes or {})}
    given = inputs(
        model, base_values(assumptions), changed, typed=typed, bounds=bounds_of(assumptions)
    )
    plan = _plan(model, tuple(rows), tuple(model.rows[key] for key in typed))
    found = evaluate(plan, given, draws=draws)
    return [found[row] for row in rows]


def row_of(assumptions: Assumptions, key: str) -> Row:
    """A row by its key.

    Raises:
        AssumptionError: There is none; the nearest key is named.
    """
    model = assumptions.company.model
    if key not in model.rows:
        raise AssumptionError([f"no row {key!r}.{model.nearest(key)}"])
    return model.rows[key]


@lru_cache(maxsize=64)
def _plan(model: Model, rows: tuple[Row, ...], typed: tuple[Row, ...]) -> Plan:
    return Plan(model, rows, typed=typed)


def _by_scenario(
    assumptions: Assumptions, scenarios: str | Sequence[str], draws: int
) -> dict[str, ArrayLike]:
    """What each draw's scenario puts in place of base values."""
    if isinstance(scenarios, str):
        return dict(assumptions.scenario(scenarios).values)
    if len(scenarios) != draws:
        raise AssumptionError([f"{len(scenarios)} scenarios for {draws} draws. Name one a draw."])
    found = {name: assumptions.scenario(name).values for name in dict.fromkeys(scenarios)}
    base = base_values(assumptions)
    changed: dict[str, ArrayLike] = {}
    for key in dict.fromkeys(key for values in found.values() for key in values):
        own = np.atleast_1d(np.asarray(base[key], dtype=np.float64))
        columns = [np.full_like(own, found[s][key]) if key in found[s] else own for s in scenarios]
        array = np.stack(columns, axis=1)
        changed[key] = array if len(array) > 1 else array[0]
    return changed
