"""One draw of a simulation again, alone: valued, and with where each input came to lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from valuation.errors import AssumptionError
from valuation.lines import Company
from valuation.risk.assumptions import Assumptions, Input, Scenario
from valuation.risk.distributions import Distribution
from valuation.risk.simulate import Task
from valuation.risk.valuation import Valuation, value


@dataclass(frozen=True, kw_only=True)
class DrawnInput:
    """An input of a draw.

    Attributes:
        given: The input, with its base value.
        year: Of a yearly input.
        base: Its value before it was drawn: that of the scenario, else the base value.
        value: Its value in the draw.
        percentile: Share of its distribution below the value; None where it has no distribution.
    """

    given: Input
    year: int | None
    base: float
    value: float
    percentile: float | None


@dataclass(frozen=True, kw_only=True)
class Replay:
    """A draw valued alone.

    Attributes:
        draw: Its number, from 0.
        valuation: Its value; the workbook in it holds the drawn values, so that a report of it
            is live and gives the value of the draw.
        centre: The base case, or that of the scenario drawn around.
        inputs: What was drawn.
    """

    draw: int
    valuation: Valuation
    centre: Valuation
    inputs: tuple[DrawnInput, ...]

    @property
    def company(self) -> Company:
        """The company valued."""
        return self.valuation.company

    def document(self) -> dict[str, object]:
        """The draw as plain data: what `valuation replay --json` prints."""
        return {
            "draw": self.draw,
            **self.valuation.document(),
            "inputs": [
                {
                    "key": drawn.given.key,
                    "year": drawn.year,
                    "base": drawn.base,
                    "value": drawn.value,
                    "percentile": drawn.percentile,
                }
                for drawn in self.inputs
            ],
        }


def replay(task: Task, draw: int) -> Replay:
    """Value one draw of a simulation again.

    Args:
        task: The simulation made ready, from `prepare`, with the arguments it had.
        draw: Number of the draw, from 0.

    Raises:
        AssumptionError: There is no such draw.
        NoAnswerError: The draw has no value.
    """
    sampler, found = task.job.sampler, task.uncertainty
    if not 0 <= draw < sampler.draws:
        text = f"no draw {draw}: the simulation has {sampler.draws:,}. Name one from 0."
        raise AssumptionError([text])
    block, at = sampler.find(draw)
    drawn = sampler.draw(block, slice(at, at + 1))
    chosen = int(drawn.scenario[0])
    values = {c: float(drawn.values[i, 0]) for i, c in enumerate(sampler.cells)}
    yearly = {cell.key for cell in values if cell.period is not None}
    single = {cell.key: v for cell, v in values.items() if cell.period is None}
    paths = {key: tuple(values[c] for c in found.cells if c.key == key) for key in yearly}
    scenario = found.scenarios[chosen]
    assumptions = _with_paths(found.assumptions, paths)
    result = value(assumptions, scenario=scenario.name, changes={**found.changes, **single})
    centre = value(
        found.assumptions, scenario=found.scenarios[found.centre].name, changes=found.changes
    )
    correlated = sampler.correlated(drawn.innovations)[:, 0]
    inputs = []
    for i, cell in enumerate(sampler.cells):
        score = float(correlated[i])
        certain = not isinstance(found.spread[cell][chosen], Distribution)
        place = cell.key, cell.period, None if certain else score
        inputs.append(_drawn(found.assumptions, *place, values[cell], scenario, result.years))
    return Replay(draw=draw, valuation=result, centre=centre, inputs=tuple(inputs))


def _with_paths(assumptions: Assumptions, paths: Mapping[str, tuple[float, ...]]) -> Assumptions:
    """The workbook with yearly inputs at their drawn values, in every scenario."""
    inputs = {
        key: replace(given, value=paths[key]) if key in paths else given
        for key, given in assumptions.inputs.items()
    }
    scenarios = {
        name: replace(s, values={k: v for k, v in s.values.items() if k not in paths})
        for name, s in assumptions.scenarios.items()
    }
    return replace(assumptions, inputs=inputs, scenarios=scenarios)


def _drawn(
    assumptions: Assumptions,
    key: str,
    period: int | None,
    score: float | None,
    found: float,
    scenario: Scenario,
    years: tuple[int, ...],
) -> DrawnInput:
    given = assumptions.inputs[key]
    own = given.value[period or 0] if isinstance(given.value, tuple) else given.value
    return DrawnInput(
        given=given,
        year=None if period is None else years[period],
        base=scenario.values.get(key, own),
        value=found,
        percentile=None if score is None else _share_below(score),
    )


def _share_below(score: float) -> float:
    from scipy.special import ndtr

    return float(np.asarray(ndtr(score)))
