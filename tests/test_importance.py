"""Shapley effects and first-order indices: against exact values, and against SALib."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm
from sheets import pair_book

from valuation.risk.correlation import factor
from valuation.risk.first_order import BINS
from valuation.risk.importance import OTHERS, Importance, importance
from valuation.risk.marginals import Distribution, Normal
from valuation.risk.quantiles import tables
from valuation.risk.sampler import SCENARIO, Block, Cell, Kind, Sampler, scrambled
from valuation.risk.shapes import Uniform
from valuation.risk.simulate import simulate

Values = np.ndarray
STANDARD = Normal(name="normal", centre=0.0, spread=1.0)
A = np.array([0.0, 1.0, 4.5, 9.0, 99.0])
DRAWS = 8 * 4096
#: What is taken off a first-order index for chance, which puts less between bins of Sobol points.
CHANCE = (BINS - 1) / (DRAWS / 8 - BINS)


@dataclass(frozen=True)
class Job:
    """What the importance needs of a job, with a function in place of a model."""

    sampler: Sampler
    function: Callable[[Values], Values]
    engine: str = "numpy"

    def value(self, values: Values) -> Values:
        return self.function(values)

    def lines(self, block: Block) -> Values:
        return self.function(self.sampler.draw(block).values)[None]


def job_of(
    function: Callable[[Values], Values],
    spread: Sequence[Distribution],
    *,
    matrix: Values | None = None,
    cells: Sequence[Cell] | None = None,
    seed: int = 1,
    draws: int = DRAWS,
    weights: tuple[float, ...] = (1.0,),
    kind: Kind = "sobol",
) -> Job:
    """A job whose cells have these distributions, scenario by scenario where there are some."""
    size = len(spread) // len(weights)
    matrix = np.eye(size) if matrix is None else matrix
    directions, shifts = scrambled(size + (len(weights) > 1), seed)
    sampler = Sampler(
        kind=kind, draws=draws, seed=seed,
        cells=tuple(cells or (Cell(f"x{i}") for i in range(size))),
        correlation=matrix, factor=factor(matrix),
        scenarios=tuple(f"s{i}" for i in range(len(weights))), weights=weights,
        tables=tables(spread),
        table=np.arange(len(spread)).reshape(len(weights), size),
        directions=directions, shifts=shifts,
    )  # fmt: skip
    return Job(sampler, function)


def found_for(job: Job, **others: Any) -> Importance:
    stub: Any = SimpleNamespace(job=job, values=None, workers=1)
    return importance(stub, **others)


def shapley(players: Sequence[Sequence[int]], worth: Callable[[list[int]], float]) -> Values:
    """Shapley values by the sum over all coalitions of the others."""
    count = len(players)
    result = np.zeros(count)
    for i in range(count):
        rest = [p for j, p in enumerate(players) if j != i]
        for size in range(count):
            weight = math.factorial(size) * math.factorial(count - size - 1)
            for some in combinations(rest, size):
                without = [cell for p in some for cell in p]
                gain = worth([*without, *players[i]]) - worth(without)
                result[i] += gain * weight / math.factorial(count)
    return result


def gaussian(loadings: Values, matrix: Values) -> Callable[[list[int]], float]:
    """Share of the variance of a linear function that some correlated normal inputs explain."""
    with_all = matrix @ loadings

    def worth(cells: list[int]) -> float:
        if not cells:
            return 0.0
        own = with_all[cells]
        return float(own @ np.linalg.solve(matrix[np.ix_(cells, cells)], own) / whole)

    whole = float(loadings @ with_all)
    return worth


def close(found: Importance, expected: dict[str, float]) -> None:
    """All within 4 standard errors, which are not so large that anything would be."""
    assert {effect.key for effect in found.effects} == set(expected)
    for effect in found.effects:
        value, error = effect.shapley
        assert 0 < error < 0.03, effect
        assert abs(value - expected[effect.key]) < 4 * error + 1e-6, effect
    assert sum(effect.shapley.value for effect in found.effects) == pytest.approx(1, abs=1e-12)


def by_key(found: Importance) -> dict[str, Any]:
    return {effect.key: effect for effect in found.effects}


# Correlated normal inputs of a linear function

LOADINGS = np.array([1.0, 2.0, -1.0, 0.5, 0.3])
MATRIX = np.array(
    [
        [1.0, 0.6, 0.2, 0.0, 0.0],
        [0.6, 1.0, -0.3, 0.0, 0.0],
        [0.2, -0.3, 1.0, 0.5, 0.0],
        [0.0, 0.0, 0.5, 1.0, 0.0],
        [0.0, 0.0, 0.0, 0.0, 1.0],
    ]
)


def linear(values: Values) -> Values:
    return LOADINGS @ values


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_correlated_inputs_of_a_linear_function(seed: int) -> None:
    """Exact by conditional variances: val(S) = c(S)' inv(Σ(S, S)) c(S), c = Σ b."""
    job = job_of(linear, [STANDARD] * 5, matrix=MATRIX, seed=seed)
    expected = shapley([[i] for i in range(5)], gaussian(LOADINGS, MATRIX))
    assert expected.sum() == pytest.approx(1)
    found = found_for(job)
    close(found, {f"x{i}": value for i, value in enumerate(expected)})
    order = [effect.shapley.value for effect in found.effects]
    assert order == sorted(order, reverse=True)
    edges = norm.ppf(np.arange(BINS + 1) / BINS)
    missed = 1 - np.mean((np.diff(norm.pdf(edges)) * BINS) ** 2)  # variance within bins
    for i, worth in enumerate(gaussian(LOADINGS, MATRIX)([i]) for i in range(5)):
        first = by_key(found)[f"x{i}"].first_order
        assert abs(first.value - worth) < 4 * first.standard_error + missed * worth + CHANCE


def test_a_singular_matrix_is_walked_too() -> None:
    """Two inputs that are one share alike."""
    matrix = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    found = found_for(job_of(lambda x: x[0] + x[2], [STANDARD] * 3, matrix=matrix))
    close(found, {"x0": 0.25, "x1": 0.25, "x2": 0.5})


@pytest.mark.parametrize("single", [1, 2, 3, 4])
def test_the_others_are_one_player(single: int) -> None:
    """Those left over are the ones that a first look finds least; together they are exact too."""
    job = job_of(linear, [STANDARD] * 5, matrix=MATRIX)
    found = found_for(job, single=single)
    kept = [effect.key for effect in found.effects[:-1]]
    assert found.effects[-1].key == OTHERS
    assert (len(kept), found.others) == (single, 5 - single)
    assert math.isnan(found.effects[-1].first_order.value)
    singles = [int(key[1:]) for key in kept]
    left = [i for i in range(5) if i not in singles]
    expected = shapley([*([i] for i in singles), left], gaussian(LOADINGS, MATRIX))
    close(found, dict(zip([*kept, OTHERS], expected, strict=True)))
    first = by_key(found_for(job))
    least = min(first[key].first_order.value for key in kept)
    assert all(first[f"x{i}"].first_order.value <= least for i in left)


def test_standard_errors_are_honest() -> None:
    """Of 40 runs, errors over theirs are Student's t of 7: mean square 7/5, its own sd 2.8 / √40.

    The shares of a run hang together, so one of them alone is looked at, and then another.
    """
    expected = shapley([[i] for i in range(5)], gaussian(LOADINGS, MATRIX))
    ratios = []
    for seed in range(40):
        job = job_of(linear, [STANDARD] * 5, matrix=MATRIX, seed=seed, draws=8 * 64)
        effects = by_key(found_for(job, walks=512))
        told = [effects[f"x{i}"].shapley for i in range(5)]
        ratios.append(
            [(e.value - t) / e.standard_error for e, t in zip(told, expected, strict=True)]
        )
    squares = np.mean(np.square(ratios), axis=0)
    assert (np.abs(squares - 1.4) < 4 * 2.8 / math.sqrt(40)).all()
    assert (squares > 0.4).all()  # errors told far too large
    assert (np.abs(np.mean(ratios, axis=0)) < 4 * math.sqrt(1.4 / 40)).all()


# Yearly inputs and scenarios


def test_the_years_of_an_input_are_one_player() -> None:
    """Shocks that persist, next to an input of its own: what they explain together."""
    years = np.abs(np.subtract.outer(np.arange(3), np.arange(3)))
    matrix = np.eye(4)
    matrix[:3, :3] = 0.7**years
    cells = [Cell("flow", 0), Cell("flow", 1), Cell("flow", 2), Cell("x")]
    loadings = np.array([1.0, 1.0, 1.0, 2.0])
    job = job_of(lambda x: loadings @ x, [STANDARD] * 4, matrix=matrix, cells=cells)
    whole = (0.7**years).sum() + 4
    found = found_for(job)
    close(found, {"flow": 1 - 4 / whole, "x": 4 / whole})
    assert by_key(found)["flow"].first_order.value == pytest.approx(1 - 4 / whole, abs=0.02)


def test_the_choice_of_scenario_is_a_player() -> None:
    """Normal around the scenario's value: the variance of the centres, and 1 within."""
    centres, weights = np.array([-2.0, 0.0, 3.0]), np.array([0.25, 0.5, 0.25])
    spread = [Normal(name="normal", centre=c, spread=1.0) for c in centres]
    job = job_of(lambda x: x[0], spread, weights=tuple(weights))
    between = float(weights @ centres**2 - (weights @ centres) ** 2)
    found = found_for(job)
    close(found, {SCENARIO: between / (between + 1), "x0": 1 / (between + 1)})
    first = by_key(found)[SCENARIO].first_order.value
    assert first == pytest.approx(between / (between + 1), abs=0.01)


def test_walks_without_a_value_are_lost_and_counted() -> None:
    """No value above a score of 2; the rest is still symmetric, and sums to 1."""

    def gapped(x: Values) -> Values:
        return np.where((x > 2).any(axis=0), np.nan, x.sum(axis=0))

    found = found_for(job_of(gapped, [STANDARD] * 2), walks=4096)
    assert found.walks == 4096
    assert found.evaluations == 4096 * 3
    lost = 1 - norm.cdf(2) ** 4  # either of 2 inputs, before or after
    assert found.lost / 4096 == pytest.approx(lost, abs=4 * math.sqrt(lost / 4096))
    close(found, {"x0": 0.5, "x1": 0.5})


# Ishigami and the g-function, whose inputs are uniform and independent


def ishigami(x: Values) -> Values:
    return np.sin(x[0]) + 7 * np.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * np.sin(x[0])


def g_function(x: Values) -> Values:
    return np.prod((np.abs(4 * x - 2) + A[:, None]) / (1 + A[:, None]), axis=0)


@dataclass(frozen=True)
class Known:
    """A function with its analytic indices."""

    function: Callable[[Values], Values]
    ends: tuple[float, float]
    first: Values
    total: Values
    shapley: Values
    #: What bins of equal probability miss: width² / 12 times the mean square slope of the effect.
    missed: Values


def known_ishigami() -> Known:
    """Ishigami and Homma 1990: only x0 and x2 act together, and share that alike."""
    b, pi = 0.1, math.pi
    whole = 7**2 / 8 + b * pi**4 / 5 + b**2 * pi**8 / 18 + 0.5
    first = np.array([0.5 * (1 + b * pi**4 / 5) ** 2, 7**2 / 8, 0]) / whole
    both = 8 * b**2 * pi**8 / 225 / whole
    slopes = np.array([0.5 * (1 + b * pi**4 / 5) ** 2, 7**2 / 2, 0]) / whole
    return Known(
        ishigami, (-pi, pi), first, first + np.array([both, 0, both]),
        first + np.array([both / 2, 0, both / 2]), slopes * (2 * pi / BINS) ** 2 / 12,
    )  # fmt: skip


def known_g() -> Known:
    """Saltelli and Sobol 1995: V(S) = Π v, v = 1 / 3(1 + a)²; an interaction is shared alike."""
    own = 1 / (3 * (1 + A) ** 2)
    whole = np.prod(1 + own) - 1
    total = own * np.prod(1 + own) / (1 + own) / whole
    shared = shapley([[i] for i in range(5)], lambda s: float(np.prod(1 + own[s]) - 1) / whole)
    slopes = 16 / (1 + A) ** 2 / whole
    return Known(g_function, (0.0, 1.0), own / whole, total, shared, slopes / BINS**2 / 12)


KNOWN = {"ishigami": known_ishigami(), "g-function": known_g()}
of_each = pytest.mark.parametrize("name", KNOWN)


def run(name: str, kind: Kind) -> Importance:
    known = KNOWN[name]
    low, high = known.ends
    spread = [Uniform(name="uniform", low=low, high=high)] * len(known.first)
    return found_for(job_of(known.function, spread, kind=kind), walks=8192)


@pytest.fixture(scope="module")
def runs() -> dict[str, Importance]:
    return {name: run(name, "sobol") for name in KNOWN}


@of_each
def test_shapley_effects_are_the_analytic_ones(runs: dict[str, Importance], name: str) -> None:
    known = KNOWN[name]
    assert known.shapley.sum() == pytest.approx(1)
    close(runs[name], {f"x{i}": value for i, value in enumerate(known.shapley)})
    for i, value in enumerate(known.shapley):
        assert known.first[i] - 1e-12 <= value <= known.total[i] + 1e-12


@of_each
def test_first_order_indices_are_the_analytic_ones(runs: dict[str, Importance], name: str) -> None:
    """Within 4 standard errors, what bins miss, and what is taken off for chance."""
    known, effects = KNOWN[name], by_key(runs[name])
    for i, expected in enumerate(known.first):
        value, error = effects[f"x{i}"].first_order
        assert error < 0.01
        assert -known.missed[i] - CHANCE - 4 * error < value - expected < 4 * error


@of_each
@pytest.mark.parametrize("kind", ["random", "sobol"])
def test_errors_of_first_order_indices_are_honest(kind: Kind, name: str) -> None:
    """Within 4 standard errors, and what bins miss."""
    known, effects = KNOWN[name], by_key(run(name, kind))
    for i, expected in enumerate(known.first):
        value, error = effects[f"x{i}"].first_order
        assert -known.missed[i] - 4 * error < value - expected < 4 * error


@of_each
def test_salib_finds_the_same(runs: dict[str, Importance], name: str) -> None:
    """Its Sobol analysis of first and total indices, with the error it tells; 1.96 of them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from SALib.analyze import sobol as analysis
        from SALib.sample import sobol as sampling

        known = KNOWN[name]
        count = len(known.first)
        problem = {"num_vars": count, "names": [f"x{i}" for i in range(count)],
                   "bounds": [list(known.ends)] * count}  # fmt: skip
        points = sampling.sample(problem, 4096, calc_second_order=False, seed=1)
        theirs = analysis.analyze(
            problem, known.function(points.T), calc_second_order=False, seed=1, num_resamples=100
        )
    effects = by_key(runs[name])
    for i in range(count):
        effect = effects[f"x{i}"]
        error = math.hypot(effect.first_order.standard_error, theirs["S1_conf"][i] / 1.96)
        apart = effect.first_order.value - theirs["S1"][i]
        assert abs(apart) < 4 * error + known.missed[i] + CHANCE
        slack = 4 * math.hypot(effect.shapley.standard_error, theirs["ST_conf"][i] / 1.96)
        assert theirs["S1"][i] - slack <= effect.shapley.value <= theirs["ST"][i] + slack


def test_an_input_that_acts_only_with_another_is_walked_alone() -> None:
    """The third of Ishigami's has no first-order index, and is not lumped with idle ones."""
    spread = [Uniform(name="uniform", low=-math.pi, high=math.pi)] * 6
    found = found_for(job_of(ishigami, spread), single=3)
    assert {e.key for e in found.effects} == {"x0", "x1", "x2", OTHERS}
    assert by_key(found)[OTHERS].shapley.value == pytest.approx(0, abs=1e-9)


# Of simulations


def test_workers_and_repetition_change_nothing() -> None:
    job = job_of(linear, [STANDARD] * 5, matrix=MATRIX, draws=8 * 64)
    one, again, two = (found_for(job, walks=2048, workers=w) for w in (1, 1, 2))
    assert one.effects == again.effects == two.effects
    other = replace(job, sampler=replace(job.sampler, seed=2))
    assert found_for(other, walks=2048).effects != one.effects


def test_effects_of_a_simulation() -> None:
    """North and south are correlated, three years of shocks persist, the debt is scaled down."""
    book = pair_book(
        {
            "north": {"distribution": "normal", "settings": {"sd": 30.0}},
            "south": {"distribution": "normal", "settings": {"sd": 50.0}},
            "flow": {"shock_sd": 5.0, "persistence": 0.6},
        },
        correlations={("north", "south"): 0.5},
        correlated=("north", "south"),
    )
    simulation = simulate(book, draws=8 * 2048, engine="numpy")
    rho = 2 * math.sin(math.pi * 0.5 / 6)
    years = np.abs(np.subtract.outer(np.arange(3), np.arange(3)))
    matrix = np.eye(5)
    matrix[0, 1] = matrix[1, 0] = rho
    matrix[2:, 2:] = 0.6**years
    loadings = np.array([30.0, 50.0, 5.0, 5.0, 5.0])
    expected = shapley([[0], [1], [2, 3, 4]], gaussian(loadings, matrix))
    found = importance(simulation)
    close(found, dict(zip(("north", "south", "flow"), expected, strict=True)))
    assert found.others == 0
    told = replace(simulation, importance=found).document()["importance"]
    assert [effect["key"] for effect in told] == [effect.key for effect in found.effects]


def test_nothing_that_varies_has_no_effects() -> None:
    found = importance(simulate(pair_book({}), draws=64, engine="numpy"), walks=64)
    assert all(not effect.shapley.value > 0 for effect in found.effects)
