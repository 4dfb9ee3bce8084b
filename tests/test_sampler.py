"""Draws by number: their distributions, their correlations, and that a number says all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import kstest, spearmanr
from sheets import PAIR, pair, pair_book

from valuation.engines.plan import Plan
from valuation.risk.assumptions import Assumptions
from valuation.risk.distributions import Distribution, distribution_of
from valuation.risk.quantiles import tables
from valuation.risk.sampler import (
    BLOCK,
    SCRAMBLINGS,
    Block,
    Cell,
    Drawn,
    Kind,
    Sampler,
    generator,
    scrambled,
)
from valuation.risk.uncertainty import uncertainty

NORMAL = {"distribution": "normal", "settings": {"sd": 30.0}}
PERT = {"distribution": "PERT", "low": 100.0, "high": 350.0}
SKEWED = {"distribution": "lognormal", "settings": {"sd": 0.4}}
LUMPS = {"distribution": "discrete", "weights": ((0.5, 0.25), (1.0, 0.5), (2.0, 0.25))}
SHOCKS = {"shock_sd": 5.0, "persistence": 0.6}
KINDS: tuple[Kind, ...] = ("sobol", "random")
both_kinds = pytest.mark.parametrize("kind", KINDS)


def sampler_of(
    book: Assumptions,
    *,
    kind: Kind = "sobol",
    draws: int = 4096,
    seed: int = 1,
    scenario: str = "base",
) -> Sampler:
    """The sampler of a book, its cells in the order of the model."""
    plan = Plan(pair.model, [pair.value_per_share, pair.model.rows["upside"]])
    found = uncertainty(book, scenario=scenario, changes={}, reached=plan)
    return found.sampler(found.cells, kind=kind, draws=draws, seed=seed)


def uniform(dimensions: int, *, kind: Kind, draws: int, seed: int = 1) -> Sampler:
    """A sampler of independent uniform numbers."""
    from valuation.risk.shapes import Uniform

    directions, shifts = scrambled(dimensions, seed)
    return Sampler(
        kind=kind, draws=draws, seed=seed, cells=tuple(Cell(f"x{i}") for i in range(dimensions)),
        correlation=np.eye(dimensions), factor=np.eye(dimensions), scenarios=("base",),
        weights=(1.0,), tables=tables([Uniform(name="uniform", low=0.0, high=1.0)]),
        table=np.zeros((1, dimensions), dtype=np.intp), directions=directions, shifts=shifts,
    )  # fmt: skip


def draws_of(sampler: Sampler) -> Iterator[tuple[Block, Drawn]]:
    for block in sampler.blocks():
        yield block, sampler.draw(block)


def values_of(sampler: Sampler) -> dict[str, np.ndarray]:
    """Every draw by name of the cell."""
    found = np.concatenate([drawn.values for _, drawn in draws_of(sampler)], axis=1)
    return dict(zip([cell.name for cell in sampler.cells], found, strict=True))


# Blocks


@pytest.mark.parametrize("draws", [16, 17, 23, 4096, 8 * BLOCK, 8 * BLOCK + 5, 200_003])
def test_blocks_hold_every_draw_once(draws: int) -> None:
    sampler = uniform(1, kind="sobol", draws=draws)
    blocks = list(sampler.blocks())
    assert sum(sampler.sizes) == draws
    assert len(sampler.sizes) == SCRAMBLINGS
    assert max(sampler.sizes) - min(sampler.sizes) <= 1
    assert [b.number for b in blocks] == list(range(len(blocks)))
    held = [n for b in blocks for n in range(b.first, b.first + b.count)]
    assert held == list(range(draws))
    points = {(b.scrambling, n) for b in blocks for n in range(b.start, b.start + b.count)}
    assert points == {(s, n) for s, size in enumerate(sampler.sizes) for n in range(size)}
    assert all(b.start % BLOCK == 0 and b.count <= BLOCK for b in blocks)


@both_kinds
def test_a_draw_alone_is_the_draw_at_its_place(kind: Kind) -> None:
    book = pair_book(
        {"north": NORMAL, "south": PERT, "depth": LUMPS, "flow": SHOCKS},
        {"low": (0.5, {"north": 100.0, "flow": 3.0})},
        correlations={("north", "south"): 0.5},
        correlated=("north", "south"),
    )
    sampler = sampler_of(book, kind=kind, draws=8 * BLOCK + 4003, scenario="mixture")
    whole = np.concatenate([drawn.values for _, drawn in draws_of(sampler)], axis=1)
    scenario = np.concatenate([drawn.scenario for _, drawn in draws_of(sampler)])
    for draw in (0, 1, 5, BLOCK - 1, BLOCK, BLOCK + 501, 30_001, sampler.draws - 1):
        block, at = sampler.find(draw)
        assert block in sampler.blocks()
        assert block.first + at == draw
        single = Block(0, block.scrambling, block.start + at, draw, 1)
        alone = sampler.draw(single)
        assert np.array_equal(alone.values[:, 0], whole[:, draw])
        assert alone.scenario[0] == scenario[draw]
    for wrong in (-1, sampler.draws):
        with pytest.raises(IndexError, match=rf"draw {wrong} is not among 0 to"):
            sampler.find(wrong)


# Correlations

RANKS = {("north", "south"): 0.6, ("south", "debt"): -0.4, ("north", "debt"): 0.1}


@both_kinds
def test_rank_correlations_are_those_typed(kind: Kind) -> None:
    """Within 4 standard errors, at most 1.1 / √n each (Kendall): less than Pearson's r would miss.

    Taken for that of the scores, 0.6 would give ranks a correlation of 6/π asin(0.3) = 0.582.
    """
    book = pair_book(
        {"north": NORMAL, "south": PERT, "debt": SKEWED},
        correlations=RANKS,
        correlated=("debt", "north", "south"),
    )
    draws = 2**17
    found = values_of(sampler_of(book, kind=kind, draws=draws))
    bound = 4 * 1.1 / np.sqrt(draws)
    assert bound < 0.6 - 6 / np.pi * np.arcsin(0.3)
    for (one, two), rank in RANKS.items():
        assert abs(spearmanr(found[one], found[two]).statistic - rank) < bound


def test_the_factor_gives_the_matrix_of_the_scores() -> None:
    book = pair_book(
        {"north": NORMAL, "south": PERT, "debt": SKEWED, "flow": SHOCKS},
        correlations=RANKS,
        correlated=("north", "south", "debt"),
    )
    sampler = sampler_of(book)
    assert np.tril(sampler.factor) == pytest.approx(sampler.factor, abs=0)
    assert sampler.factor @ sampler.factor.T == pytest.approx(sampler.correlation, abs=1e-12)
    place = {cell.name: i for i, cell in enumerate(sampler.cells)}
    for (one, two), rank in RANKS.items():
        expected = 2 * np.sin(np.pi * rank / 6)
        assert sampler.correlation[place[one], place[two]] == pytest.approx(expected, rel=1e-12)
    assert sampler.correlation[place["flow@0"], place["north"]] == 0
    innovations = sampler.draw(next(sampler.blocks())).innovations
    assert sampler.correlated(innovations) == pytest.approx(
        sampler.factor @ innovations, rel=1e-12, abs=1e-12
    )


@both_kinds
def test_marginals_are_not_moved_by_the_correlations(kind: Kind) -> None:
    """Each input has its own distribution still; the draws are a fixed sample, so no chance."""
    drawn = {"north": NORMAL, "south": PERT, "debt": SKEWED}
    book = pair_book(drawn, correlations=RANKS, correlated=("north", "south", "debt"))
    found = values_of(sampler_of(book, kind=kind, draws=4096))
    for key in drawn:
        distribution = distribution_of(book.inputs[key])
        assert distribution is not None
        assert kstest(found[key], np.vectorize(distribution.cdf)).pvalue > 1e-3


@both_kinds
def test_shocks_have_their_sd_and_persistence(kind: Kind) -> None:
    """AR(1) in its steady state: corr(t, t + k) = persistence^k, sd and mean in every year alike.

    Standard errors: of a mean sd/√n, of an sd sd/√2n, of a correlation (1 - ρ²)/√n.
    """
    draws, sd, persistence = 2**15, 5.0, 0.6
    found = values_of(sampler_of(pair_book({"flow": SHOCKS}), kind=kind, draws=draws))
    years = np.array([found[f"flow@{t}"] for t in range(3)])
    root = np.sqrt(draws)
    assert np.abs(years.mean(axis=1) - PAIR["flow"]).max() < 4 * sd / root
    assert np.abs(years.std(axis=1) - sd).max() < 4 * sd / (root * np.sqrt(2))
    matrix = np.corrcoef(years)
    for i in range(3):
        for j in range(i):
            rho = persistence ** (i - j)
            assert abs(matrix[i, j] - rho) < 4 * (1 - rho**2) / root


# Streams and seeds


def test_adding_an_input_leaves_random_streams_as_they_are() -> None:
    """To the bit, though it comes first in the model and the others are correlated."""
    told = {
        "correlations": {("south", "debt"): 0.5},
        "correlated": ("south", "debt"),
    }
    few = {"south": PERT, "debt": SKEWED, "flow": SHOCKS}
    scenarios = {"low": (1.0, {"debt": 20.0})}
    before, after = (
        sampler_of(pair_book(drawn, scenarios, **told), kind="random", scenario="mixture")
        for drawn in (few, {**few, "north": NORMAL, "depth": LUMPS})
    )
    assert len(after.cells) == len(before.cells) + 2
    one, two = values_of(before), values_of(after)
    for name, found in one.items():
        assert np.array_equal(found, two[name]), name
    for (_, a), (_, b) in zip(draws_of(before), draws_of(after), strict=True):
        assert np.array_equal(a.scenario, b.scenario)


def test_random_streams_do_not_repeat_each_other() -> None:
    """Neither between inputs nor along a stream; a correlation has a standard error of 1/√n."""
    found = np.array(list(values_of(uniform(6, kind="random", draws=2**15)).values()))
    assert np.abs(np.corrcoef(found) - np.eye(6)).max() < 5 / np.sqrt(2**15)
    for lag in (1, 4096):  # 4,096: the draws of a scrambling
        along = np.corrcoef(found[:, lag:], found[:, :-lag])[:6, 6:]
        assert np.abs(along).max() < 5 / np.sqrt(2**15 - lag)


@both_kinds
def test_seeds_decide_and_0_is_one_of_them(kind: Kind) -> None:
    book = pair_book({"north": NORMAL})
    found = {
        seed: values_of(sampler_of(book, kind=kind, seed=seed))["north"]
        for seed in (0, 1, -1, 2**70)
    }
    for seed, values in found.items():
        again = values_of(sampler_of(book, kind=kind, seed=seed))["north"]
        assert np.array_equal(values, again)
        assert not any(np.array_equal(values, v) for s, v in found.items() if s != seed)


@both_kinds
def test_no_scrambling_is_another_again(kind: Kind) -> None:
    """What differs between them is the standard error."""
    sampler = uniform(3, kind=kind, draws=8 * 512)
    parts = np.array([drawn.values for _, drawn in draws_of(sampler)])
    assert len(np.unique(parts[:, 0], axis=0)) == SCRAMBLINGS


def test_the_standard_error_of_the_scramblings_is_honest() -> None:
    """Errors over theirs are Student's t of 7: the mean of 200 squares is 7/5 give or take 0.2.

    Its variance 3 · 7² / (5 · 3) - (7/5)² = 7.84, over 200 and the root of it.
    """
    ratios = []
    for seed in range(200):
        sampler = uniform(2, kind="sobol", draws=8 * 8, seed=seed)
        each = [np.exp(drawn.values.sum(axis=0)).mean() for _, drawn in draws_of(sampler)]
        error = np.mean(each) - (np.e - 1) ** 2
        ratios.append(error / (np.std(each, ddof=1) / np.sqrt(8)))
    assert abs(np.mean(np.square(ratios)) - 7 / 5) < 4 * np.sqrt(7.84 / 200)
    assert abs(np.mean(ratios)) < 4 * np.sqrt(7 / 5 / 200)


def test_texts_decide_generators() -> None:
    assert generator("1|a").integers(2**60) == generator("1|a").integers(2**60)
    assert generator("1|a").integers(2**60) != generator("1|b").integers(2**60)


# What Sobol points are for


def test_sobol_points_find_the_mean_of_a_smooth_function() -> None:
    """Of Π (1 + c (u - 1/2)), which is 1; its variance is Π (1 + c² / 12) - 1.

    Pseudo-random draws miss it by the root of that over √n, Sobol points by 20 times less at most.
    """
    draws, c = 8 * 2**10, np.array([1.0, 0.8, 0.6, 0.5, 0.4])
    chance = np.sqrt((np.prod(1 + c**2 / 12) - 1) / draws)
    error: dict[Kind, float] = {}
    for kind in KINDS:
        found = [
            np.array(list(values_of(uniform(5, kind=kind, draws=draws, seed=seed)).values()))
            for seed in range(5)
        ]
        means = [np.prod(1 + c[:, None] * (u - 0.5), axis=0).mean() for u in found]
        error[kind] = float(np.sqrt(np.mean((np.array(means) - 1) ** 2)))
    assert 0.3 * chance < error["random"] < 3 * chance  # χ² of 5: outside once in a thousand
    assert error["sobol"] < chance / 20


# Scenarios


@pytest.mark.parametrize("weights", [(0.25, 0.5, 0.25), (0.125, 0.625, 0.25)])
def test_each_scrambling_picks_scenarios_by_their_weights(weights: tuple[float, ...]) -> None:
    """Weights that are eighths cut the net between two of its intervals: every count is exact."""
    scenarios = {f"s{i}": (w, {"north": 100.0 * i}) for i, w in enumerate(weights)}
    scenarios["base"] = (0.0, {})
    sampler = sampler_of(pair_book({"north": NORMAL}, scenarios), scenario="mixture")
    assert sampler.scenarios == ("s0", "s1", "s2")
    for _, drawn in draws_of(sampler):
        counts = np.bincount(drawn.scenario, minlength=3)
        assert counts.tolist() == [512 * w for w in weights]


@both_kinds
def test_any_weights_are_met(kind: Kind) -> None:
    """A net errs by a draw at each limit, pseudo-random numbers by √(n w (1 - w)) a time."""
    weights = (0.3, 0.17, 0.53)
    scenarios = {f"s{i}": (w, {"north": 100.0 * i}) for i, w in enumerate(weights)}
    scenarios["base"] = (0.0, {})
    book = pair_book({"north": NORMAL}, scenarios)
    sampler = sampler_of(book, kind=kind, scenario="mixture", draws=8 * 1024)
    for _, drawn in draws_of(sampler):
        counts = np.bincount(drawn.scenario, minlength=3)
        for count, w in zip(counts, weights, strict=True):
            error = 2 if kind == "sobol" else 5 * np.sqrt(1024 * w * (1 - w))
            assert abs(count - 1024 * w) <= error


def test_the_scenario_is_independent_of_the_inputs() -> None:
    sampler = sampler_of(
        pair_book({"south": PERT}, {"low": (1.0, {"north": 1.0})}), scenario="mixture"
    )
    for _, drawn in draws_of(sampler):
        at = sampler.cells.index(Cell("south"))
        halves = [drawn.innovations[at][drawn.scenario == s].mean() for s in (0, 1)]
        assert abs(halves[0] - halves[1]) < 4 * 2 / np.sqrt(512)


MOVED = {"north": 100.0, "south": 150.0, "debt": 80.0, "depth": 2.0, "flow": 7.0}


@both_kinds
@pytest.mark.parametrize("scenario", ["low", "mixture"])
def test_around_a_scenario_the_distributions_are_the_shifted_ones(
    kind: Kind, scenario: str
) -> None:
    """Quantiles of the input moved to the scenario's value, at the correlated scores."""
    drawn = {"north": NORMAL, "south": PERT, "debt": SKEWED, "depth": LUMPS, "flow": SHOCKS}
    book = pair_book(
        drawn, {"low": (1.0, MOVED)}, correlations=RANKS, correlated=("north", "south", "debt")
    )
    sampler = sampler_of(book, kind=kind, scenario=scenario, draws=2048)
    assert sampler.is_mixture == (scenario == "mixture")
    depth = "depth" in {cell.key for cell in sampler.cells}
    assert depth == sampler.is_mixture  # discrete: fixed at the scenario's value
    for block, found in draws_of(sampler):
        scores = sampler.correlated(sampler.draw(block).innovations)
        low = np.array([name == "low" for name in sampler.scenarios])[found.scenario]
        for i, cell in enumerate(sampler.cells):
            for chosen, base in ((low, MOVED[cell.key]), (~low, None)):
                if not chosen.any():
                    continue
                expected = quantiles(book, cell, base, scores[i, chosen])
                assert found.values[i, chosen] == pytest.approx(expected, rel=1e-8), cell


def quantiles(book: Assumptions, cell: Cell, base: float | None, z: np.ndarray) -> np.ndarray:
    """By the words of `distributions`, from scratch where they are simple."""
    given = book.inputs[cell.key]
    if cell.period is not None:
        centre = PAIR["flow"][cell.period] if base is None else base
        return centre + 5.0 * z
    if cell.key == "north":
        return (PAIR["north"] if base is None else base) + 30.0 * z
    if cell.key == "debt":
        return (PAIR["debt"] if base is None else base) * np.exp(0.4 * z)
    if cell.key == "depth" and base is not None:
        return np.full(len(z), base)
    if cell.key == "south" and base is not None:  # moved as a whole; it has no bounds
        apart = base - given.value
        given = replace(given, value=base, low=given.low + apart, high=given.high + apart)
    found = distribution_of(given)
    assert isinstance(found, Distribution)
    return found.quantile(z)


# Compiled


def test_compiled_picks_are_the_same() -> None:
    pytest.importorskip("numba")
    from valuation.risk import native_draws

    scenarios = {f"s{i}": (w, {"north": 1.0 * i}) for i, w in enumerate((0.3, 0.17, 0.53))}
    sampler = sampler_of(
        pair_book({"north": NORMAL}, {"base": (0.0, {}), **scenarios}), scenario="mixture"
    )
    limits = sampler.limits()
    edges = np.concatenate([limits - 1, limits, limits + 1, [0, 2**32 - 1]]).astype(np.uint32)
    found = np.empty(len(edges), dtype=np.intp)
    native_draws.pick(edges, limits, found)
    assert np.array_equal(found, sampler.pick(edges))
    assert found.tolist() == [0, 1, 1, 2, 1, 2, 0, 2]
