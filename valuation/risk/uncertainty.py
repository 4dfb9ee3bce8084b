"""What is uncertain in a workbook, and how draws of it are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from valuation.engines.arrays import evaluate
from valuation.engines.draws import inputs
from valuation.engines.plan import Plan
from valuation.engines.rules import Array
from valuation.errors import AssumptionError
from valuation.lines import Row
from valuation.risk import sobol
from valuation.risk.assumptions import BASE, Assumptions, Input, Scenario
from valuation.risk.correlation import Move, correlation, factor, without_factor
from valuation.risk.distributions import Distribution, distribution_of, yearly_distribution
from valuation.risk.quantiles import tables
from valuation.risk.sampler import Cell, Kind, Sampler, scrambled
from valuation.risk.valuation import base_values, bounds_of

#: Name that asks for a scenario drawn by its weight.
MIXTURE: Final = "mixture"
#: Score of P90, at which the importance of an input is first looked at.
_P90: Final = 1.2815515655446004


@dataclass(frozen=True, kw_only=True)
class Uncertainty:
    """Distributions of all that is uncertain, scenario by scenario.

    Attributes:
        assumptions: The workbook.
        scenarios: Those drawn from.
        changes: Inputs set by hand: they are certain, in every scenario.
        cells: What differs by draw, in the order of the model.
        spread: Distribution of each cell in each scenario, or its one value there.
        correlation: Of the normal scores of the cells.
        moves: Correlations that had to move for the matrix to be one.
        notices: What the reader should know.
    """

    assumptions: Assumptions
    scenarios: tuple[Scenario, ...]
    changes: Mapping[str, float]
    cells: tuple[Cell, ...]
    spread: Mapping[Cell, tuple[Distribution | float, ...]]
    correlation: Array
    moves: tuple[Move, ...]
    notices: tuple[str, ...]

    @property
    def centre(self) -> int:
        """Position of the scenario looked at first: the base one where it is among them."""
        names = [scenario.name for scenario in self.scenarios]
        return names.index(BASE) if BASE in names else 0

    @property
    def base(self) -> dict[str, float | tuple[float, ...]]:
        """Value of every input in that scenario, before anything is drawn."""
        scenario = self.scenarios[self.centre]
        changed = {**scenario.values, **self.assumptions.overrides, **self.changes}
        return {**base_values(self.assumptions), **changed}

    def sampler(self, order: Sequence[Cell], *, kind: Kind, draws: int, seed: int) -> Sampler:
        """A sampler whose dimensions come in the order of the cells given."""
        at = [self.cells.index(cell) for cell in order]
        matrix = self.correlation[np.ix_(at, at)]
        spread = [found for cell in order for found in self.spread[cell]]
        distinct = list(dict.fromkeys(spread))
        place = {found: i for i, found in enumerate(distinct)}
        table = np.array([place[found] for found in spread], dtype=np.intp)
        mixture = len(self.scenarios) > 1
        size = len(order) + mixture
        none = np.empty((0, size, sobol.BITS), np.uint32), np.empty((0, size), np.uint32)
        directions, shifts = scrambled(size, seed) if kind == "sobol" else none
        return Sampler(
            kind=kind,
            draws=draws,
            seed=seed,
            cells=tuple(order),
            correlation=matrix,
            factor=_factor(matrix),
            scenarios=tuple(s.name for s in self.scenarios),
            weights=tuple(s.weight for s in self.scenarios) if mixture else (1.0,),
            tables=tables(distinct),
            table=table.reshape(len(order), len(self.scenarios)).T.copy(),
            directions=directions,
            shifts=shifts,
        )

    def by_importance(self, plan: Plan) -> list[Cell]:
        """Cells by how far the first output moves from their P10 to their P90, one by one.

        Args:
            plan: Its first output is the value looked at.
        """
        looks = np.array([-_P90, 0.0, _P90])
        count = len(self.cells)
        values = np.empty((count, 2 * count))
        for i, cell in enumerate(self.cells):
            found = self.spread[cell][self.centre]
            at = found.quantile(looks) if isinstance(found, Distribution) else np.full(3, found)
            values[i] = at[1]
            values[i, 2 * i : 2 * i + 2] = at[0], at[2]
        given = {**self.shared(), **self.rows_of(values)}
        worth = evaluate(plan, given, draws=2 * count)[plan.rows[0]][0]
        swing = np.nan_to_num(np.abs(worth[1::2] - worth[::2]), nan=np.inf)
        return [self.cells[i] for i in np.argsort(-swing, kind="stable")]

    def shared(self) -> dict[Row, Array]:
        """Every input in that scenario, as arrays."""
        model = self.assumptions.company.model
        return inputs(model, self.base, bounds=bounds_of(self.assumptions))

    def rows(self, cells: Sequence[Cell]) -> dict[Row, list[int]]:
        """Positions of the cells of each input, in the order of its periods."""
        model = self.assumptions.company.model
        found: dict[Row, list[int]] = {}
        for cell in sorted(cells, key=lambda c: c.period or 0):
            found.setdefault(model.rows[cell.key], []).append(cells.index(cell))
        return found

    def rows_of(self, values: Array) -> dict[Row, Array]:
        """Arrays of inputs at values of `cells`, shape (cells, draws)."""
        return {row: values[at] for row, at in self.rows(self.cells).items()}


def uncertainty(
    assumptions: Assumptions,
    *,
    scenario: str,
    changes: Mapping[str, float],
    reached: Plan,
    demand_paths: bool = False,
) -> Uncertainty:
    """Find what is uncertain.

    Args:
        assumptions: The workbook.
        scenario: Name of a scenario to draw around, or `MIXTURE`.
        changes: Inputs set by hand, by key.
        reached: Plan of the outputs; inputs none of them reads are left alone.
        demand_paths: Whether AI demand acts by its responses, and not by the matrix.

    Raises:
        AssumptionError: No such scenario, a matrix or a distribution that cannot be.
    """
    chosen = chosen_scenarios(assumptions, scenario)
    changes = dict(changes)
    paths = assumptions.company.paths
    if demand_paths:
        if paths is None:
            raise AssumptionError([f"{assumptions.company.title} has no demand paths."])
        changes[assumptions.company.model.key[paths.switch]] = 1.0
    fixed = {**assumptions.overrides, **changes}
    read = {step.source for step in reached.steps if step.source is not None}
    notices: list[str] = []
    acting = paths is not None and _acts(assumptions, chosen, fixed)
    spread: dict[Cell, tuple[Distribution | float, ...]] = {}
    for key, given in assumptions.inputs.items():
        if given.row not in read or key in fixed:
            continue
        if paths is not None and given.row is paths.shock and not acting:
            continue
        for period in range(len(given.value)) if isinstance(given.value, tuple) else [None]:
            found = tuple(_spread(given, period, s.values.get(key)) for s in chosen)
            if len(set(found)) > 1 or isinstance(found[0], Distribution):
                spread[Cell(key, period)] = found
    cells = tuple(spread)
    matrix, moves = _matrix(assumptions, cells, acting=acting, notices=notices)
    return Uncertainty(
        assumptions=assumptions,
        scenarios=chosen,
        changes=changes,
        cells=cells,
        spread=spread,
        correlation=matrix,
        moves=moves,
        notices=tuple(notices),
    )


def _factor(matrix: Array) -> Array:
    """Lower triangular factor; cells that are correlated with none stand for themselves."""
    bound = np.flatnonzero((matrix != np.eye(len(matrix))).any(axis=1))
    result = np.eye(len(matrix))
    result[np.ix_(bound, bound)] = factor(matrix[np.ix_(bound, bound)])
    return result


def chosen_scenarios(assumptions: Assumptions, name: str) -> tuple[Scenario, ...]:
    """The scenario named, or all that have a weight.

    Raises:
        AssumptionError: No scenario has the name, or none a weight.
    """
    if name.casefold() != MIXTURE:
        return (assumptions.scenario(name),)
    weighted = tuple(s for s in assumptions.scenarios.values() if s.weight > 0)
    if not weighted:
        text = "no scenario has a weight. Give weights that sum to 100%, or name one scenario."
        raise AssumptionError([text])
    return weighted


def _acts(
    assumptions: Assumptions, scenarios: Sequence[Scenario], fixed: Mapping[str, float]
) -> bool:
    """Whether AI demand acts by its responses, which the switch must say alike everywhere."""
    paths = assumptions.company.paths
    if paths is None:
        return False
    key = assumptions.company.model.key[paths.switch]
    base = assumptions.inputs[key].value
    said = {fixed.get(key, s.values.get(key, base)) for s in scenarios}
    if len(said) > 1:
        text = (
            f"{key} differs between scenarios, and AI demand acts either by its responses or by "
            "the correlations. Set it alike in all of them."
        )
        raise AssumptionError([text])
    return said != {0.0}


def _spread(given: Input, period: int | None, base: float | None) -> Distribution | float:
    """Distribution of a cell in a scenario, or its value there."""
    if period is not None and isinstance(given.value, tuple):
        at = given.value[period] if base is None else base
        found: Distribution | None = yearly_distribution(given, period, base)
        return at if found is None else found
    found = distribution_of(given, base)
    own = given.value if base is None else base
    return float(np.asarray(own)) if found is None else found


def _matrix(
    assumptions: Assumptions, cells: tuple[Cell, ...], *, acting: bool, notices: list[str]
) -> tuple[Array, tuple[Move, ...]]:
    """Correlation of the scores of all cells: the sheet's matrix, and the shocks year by year."""
    pairs = assumptions.correlations
    if acting:
        pairs = without_factor(assumptions.correlated, pairs, assumptions.demand_loadings)
    place = {cell.key: i for i, cell in enumerate(cells) if cell.period is None}
    keys = [key for key in assumptions.correlated if key in place]
    idle = {k for pair in pairs for k in pair if k not in place}
    if idle:
        notices.append(f"correlated but certain here: {', '.join(sorted(idle))}")
    matrix = np.eye(len(cells))
    small, moves = correlation(keys, {p: r for p, r in pairs.items() if not idle & set(p)})
    at = [place[key] for key in keys]
    matrix[np.ix_(at, at)] = small
    for i, one in enumerate(cells):
        for j, two in enumerate(cells):
            if one.key == two.key and one.period is not None and two.period is not None:
                persistence = assumptions.inputs[one.key].persistence
                matrix[i, j] = persistence ** abs(one.period - two.period)
    return matrix, moves
