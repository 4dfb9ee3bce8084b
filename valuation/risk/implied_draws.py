"""What the price implies under uncertainty: the value sought in every simulated draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from valuation.engines.arrays import outputs
from valuation.engines.plan import Plan
from valuation.engines.rules import Array
from valuation.errors import AssumptionError
from valuation.lines import Row
from valuation.risk.assumptions import BASE, Assumptions, Question
from valuation.risk.document import plain
from valuation.risk.implied import yardstick_key
from valuation.risk.roots_by_draw import ByDraw, solve
from valuation.risk.simulate import Task, faults, prepare
from valuation.risk.sought import Sought, refuse_faults, sought
from valuation.risk.spread import PERCENTS

#: Draws at a time.
_CHUNK: Final = 8_192


@dataclass(frozen=True, kw_only=True)
class ImpliedDistribution:
    """The value sought, draw by draw.

    Attributes:
        question: What was asked.
        yardstick: Key of the yardstick.
        scenario: Scenario drawn around; of a mix, its two.
        price: The price sought.
        unit: Of the values.
        low: Lower end of the search.
        high: Upper end.
        seed: Of the draws.
        values: The first solution from below in each draw; NaN in draws without.
        below: Share of the draws whose value per share stays below the price.
        above: Share that stays above.
        gaps: Share without an answer for want of a value per share, or for a jump over the price.
        outside: Share of the probabilities of a mix that are below 0 or above 1.
    """

    question: Question
    yardstick: str
    scenario: str
    price: float
    unit: str
    low: float
    high: float
    seed: int
    values: Array = field(repr=False, compare=False)
    below: float
    above: float
    gaps: float
    outside: float = 0.0

    @property
    def draws(self) -> int:
        """How many draws."""
        return len(self.values)

    @property
    def found(self) -> float:
        """Share of the draws with a solution."""
        return float(np.isfinite(self.values).mean())

    @property
    def percentiles(self) -> dict[str, float]:
        """Percentiles of the draws with a solution; none where no draw has one."""
        values = self.values[np.isfinite(self.values)]
        if not len(values):
            return {}
        levels = np.quantile(values, np.array(PERCENTS) / 100)
        return {f"p{p}": float(v) for p, v in zip(PERCENTS, levels, strict=True)}

    def document(self) -> dict[str, object]:
        """The distribution as plain data."""
        return {
            "yardstick": self.yardstick, "scenario": self.scenario, "target": self.price,
            "unit": self.unit, "draws": self.draws, "seed": self.seed,
            "bounds": [self.low, self.high], "share_with_solution": self.found,
            "share_below_price": self.below, "share_above_price": self.above,
            "share_without_value": self.gaps, "share_outside_0_to_1": self.outside,
            "percentiles": plain(self.percentiles),
        }  # fmt: skip


def implied_distribution(
    assumptions: Assumptions,
    question: Question,
    *,
    price: float,
    draws: int = 4_096,
    seed: int = 1,
    scenario: str = BASE,
    changes: Mapping[str, float] | None = None,
    yardstick: Row | None = None,
) -> ImpliedDistribution:
    """Find in every simulated draw the value at which its value per share equals a price.

    All other inputs are as drawn. Each draw is looked at on a coarse grid, and its first change of
    sign is narrowed: with several solutions the lowest is taken, and two that lie within one step
    of the grid are missed. A multiple multiplies the drawn values; it ends where the first draw
    would leave a bound.

    Args:
        assumptions: The workbook.
        question: As in `implied`.
        price: In the currency of the company.
        draws: How many.
        seed: Any whole number.
        scenario: Scenario drawn around, or `mixture`: drawn by weight. A mix has its own two, and
            draws common to both.
        changes: Inputs held at a value in every draw.
        yardstick: Row held against the price; by default the value per share.

    Raises:
        AssumptionError: Something given does not fit.
    """
    names = question.scenarios or (scenario,)
    _refuse(assumptions, question, names, draws, price)
    row = assumptions.company.value_per_share if yardstick is None else yardstick
    tasks = [
        prepare(
            assumptions,
            draws=draws,
            seed=seed,
            scenario=name,
            changes=changes or {},
            sampler="random" if question.scenarios else "sobol",
            demand_paths=False,
            rows=(assumptions.company.model.key[row],),
            events=False,
        )
        for name in names
    ]
    result = ImpliedDistribution(
        question=question, yardstick=yardstick_key(assumptions, yardstick), price=price, unit="%",
        scenario=" / ".join(names), low=0.0, high=1.0, seed=seed, values=np.empty(0), below=0.0,
        above=0.0, gaps=0.0,
    )  # fmt: skip
    if question.scenarios:
        return _mixed(result, tasks, row)
    centre = tasks[0].uncertainty
    base = centre.scenarios[centre.centre].name
    seek = sought(assumptions, question, scenario=base, changes=changes or {})
    return _sought(result, tasks[0], row, seek)


def _refuse(
    assumptions: Assumptions, question: Question, names: tuple[str, ...], draws: int, price: float
) -> None:
    """Refuse what cannot be asked of draws."""
    refuse_faults(assumptions, question)
    wrong = [] if np.isfinite(price) else [f"the price {price} is no number."]
    whole = [key for key in question.keys if assumptions.inputs[key].row.whole]
    wrong += [f"{key} takes whole numbers, which meet no price exactly." for key in whole]
    for name in names:
        wrong += faults(assumptions, draws=draws, sampler="sobol", scenario=name)
    if wrong:
        raise AssumptionError(dict.fromkeys(wrong))


def _mixed(result: ImpliedDistribution, tasks: list[Task], row: Row) -> ImpliedDistribution:
    """Probability in each draw; the draws of both scenarios have the same random numbers."""
    every = np.arange(tasks[0].job.sampler.draws)
    first, second = (
        _per_share(task, row, _drawn(task), None)(np.zeros(len(every)), every) for task in tasks
    )
    apart = first - second
    with np.errstate(all="ignore"):
        values = np.where(apart == 0, np.nan, (result.price - second) / apart)
    values[~np.isfinite(values)] = np.nan
    good = np.isfinite(values)
    outside = float(((values < 0) | (values > 1)).mean())
    return replace(result, values=values, outside=outside, gaps=float(1 - good.mean()))


def _sought(result: ImpliedDistribution, task: Task, row: Row, seek: Sought) -> ImpliedDistribution:
    """Solve every draw, some thousands at a time."""
    drawn = _drawn(task)
    seek = _within(task, seek, drawn)
    per_share = _per_share(task, row, drawn, seek)
    every = np.arange(drawn.shape[1])
    parts = [
        solve(per_share, result.price, (seek.low, seek.high), every[first : first + _CHUNK])
        for first in range(0, len(every), _CHUNK)
    ]
    values, least, most = np.concatenate(parts, axis=1)
    none = ~np.isfinite(values)
    below, above = none & (most < result.price), none & (least > result.price)
    return replace(
        result, unit=seek.unit, low=seek.low, high=seek.high, values=values,
        below=float(below.mean()), above=float(above.mean()),
        gaps=float((none & ~below & ~above).mean()),
    )  # fmt: skip


def _drawn(task: Task) -> Array:
    """Values of the cells in every draw, shape (cells, draws)."""
    sampler = task.job.sampler
    found = [sampler.draw(block).values for block in sampler.blocks()]
    joined: Array = np.concatenate(found, axis=1)
    return joined


def _within(task: Task, seek: Sought, drawn: Array) -> Sought:
    """Narrow a multiple, so that no draw leaves a bound; the values are those of the draws."""
    if len(seek.keys) == 1:
        return seek
    model = task.uncertainty.assumptions.company.model
    inputs = task.job.inputs(drawn)
    low, high = seek.low, seek.high
    for key in seek.keys:
        values = inputs[model.rows[key]]
        values = values[values != 0]
        ends = np.sort(np.array(seek.limits[key])[:, None] / values, axis=0)
        if values.size:
            low, high = max(low, float(ends[0].max())), min(high, float(ends[1].min()))
    return replace(seek, low=low, high=high)


def _per_share(task: Task, row: Row, drawn: Array, seek: Sought | None) -> ByDraw:
    """The value per share of some draws, the sought inputs in place of the drawn ones."""
    company = task.uncertainty.assumptions.company
    plan = Plan(company.model, dict.fromkeys([company.value_per_share, row]))

    def per_share(numbers: Array, of: NDArray[np.intp]) -> Array:
        inputs = task.job.inputs(drawn[:, of])
        for key in () if seek is None else seek.keys:
            own = company.model.rows[key]
            alone = seek is not None and len(seek.keys) == 1
            given = numbers[None, :]
            inputs[own] = given if alone or seek is None else seek.times(key, inputs[own], given)
        found = outputs(plan, inputs, draws=len(of))
        finite = np.isfinite(found[0][0]) & np.isfinite(found[-1][0])
        values: Array = np.where(finite, found[-1][0], np.nan)
        return values

    return per_share
