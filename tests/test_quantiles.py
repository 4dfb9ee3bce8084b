"""Tables in place of scipy: integers to normal scores, normal scores to values."""

from __future__ import annotations

import math
from inspect import signature

import numpy as np
import pytest
from scipy.special import ndtri

from valuation.lines import assume
from valuation.risk.assumptions import Input
from valuation.risk.distributions import Distribution, distribution_of
from valuation.risk.marginals import Normal
from valuation.risk.metalog import Fitted
from valuation.risk.quantiles import REACH, tables
from valuation.risk.scores import coefficients, scores

LAST = 2**32 - 1
EXTREMES = np.array([0, 1, 2, 3, 2**31 - 1, 2**31, LAST - 2, LAST - 1, LAST], dtype=np.uint32)


def integers() -> np.ndarray:
    """Uniform ones, and as many near either end at every order of size."""
    random = np.random.default_rng(1)
    anywhere = random.integers(0, 2**32, 100_000, dtype=np.uint32)
    small = np.exp2(random.uniform(0, 31, 50_000)).astype(np.uint32)
    edges = np.uint32(1) << np.arange(32, dtype=np.uint32)
    return np.concatenate([EXTREMES, anywhere, small, ~small, edges, edges - np.uint32(1), ~edges])


def by_scipy(found: np.ndarray) -> np.ndarray:
    """Scores at (n + 1/2) / 2^32, each from the end it is nearer to, where no digit is lost."""
    n = found.astype(np.float64)
    return np.where(n < 2**31, ndtri((n + 0.5) / 2**32), -ndtri((LAST - n + 0.5) / 2**32))


def test_scores_are_those_of_scipy() -> None:
    n = integers()
    assert np.abs(scores(n) - by_scipy(n)).max() < 1e-10


def test_scores_of_the_extremes_are_finite_and_mirror_images() -> None:
    found = scores(EXTREMES)
    assert found[0] == pytest.approx(ndtri(0.5 / 2**32), abs=1e-10)
    assert found[-1] == pytest.approx(-ndtri(0.5 / 2**32), abs=1e-10)
    n = integers()
    assert np.array_equal(scores(~n), -scores(n))


def test_scores_rise() -> None:
    """Neighbours in both tails and across every cell; in the middle they lie 6e-10 apart."""
    n = np.unique(integers())
    assert (np.diff(scores(n)) > -1e-10).all()
    ends = np.concatenate([np.arange(4096), np.arange(2**32 - 4096, 2**32)]).astype(np.uint32)
    assert (np.diff(scores(ends)) > 0).all()


def given(distribution: str, value: float, *ends: float, **others: object) -> Distribution:
    """The distribution of an input as a workbook has it."""
    low, high = ends or (None, None)
    told = Input(
        key="x", row=assume("X", "CNY"), value=value, low=low, high=high,
        distribution=distribution, **others,
    )  # fmt: skip
    found = distribution_of(told)
    assert found is not None
    return found


PAIRS = ((5850.0, 0.3), (8640.0, 0.2), (10800.0, 0.5))
SMOOTH: dict[str, Distribution] = {
    "normal": given("normal", 5, 2, 9),
    "normal, truncated on one side": given("normal", 1, 0.2, 1.8, minimum=0),
    "normal, truncated on both": given("normal", 1, settings={"sd": 2.0}, minimum=0, maximum=3),
    "lognormal": given("lognormal", 10, 8, 13),
    "lognormal, truncated": given("lognormal", 10, 6, 20, minimum=4, maximum=25),
    "triangular": given("triangular", 3, 1, 10),
    "triangular, steep on the left": given("triangular", 1.001, 1, 10),
    "triangular, mode at the low end": given("triangular", 1, 1, 10),
    "triangular, mode at the high end": given("triangular", 10, 1, 10),
    "PERT": given("PERT", 0.92, 0.8, 1),
    "PERT, mode at an end": given("PERT", 1, 0.8, 1),
    "PERT, pulled": given("PERT", 3, 0, 10, settings={"lambda": 12.0}),
    "uniform": given("uniform", 3, -1, 10),
    "beta": given("beta", 3, -1, 10, settings={"alpha": 2.0, "beta": 5.0}),
    "beta, piled at the ends": given("beta", 3, 0, 10, settings={"alpha": 0.7, "beta": 0.8}),
    "fitted": given("fitted", 5, 3, 9),
    "fitted, bounded below": given("fitted", 5, 3, 9, minimum=0),
    "fitted, bounded above": given("fitted", 5, 3, 9, maximum=12),
    "fitted, bounded": given("fitted", 0.3, 0.2, 0.5, minimum=0, maximum=1),
}
STEPPED: dict[str, Distribution] = {
    "discrete": given("discrete", 8640, weights=PAIRS),
    "bernoulli": given("bernoulli", 0, settings={"probability": 0.3}),
    "bernoulli of two values": given("bernoulli", 2, 2, 7, settings={"probability": 0.9}),
}
ALL = {**SMOOTH, **STEPPED}
TABLES = tables([*ALL.values(), 42.0])


def test_every_kind_of_distribution_is_looked_at() -> None:
    from valuation.risk.assumptions import DISTRIBUTIONS

    assert {found.name for found in ALL.values()} == {*DISTRIBUTIONS} - {"fixed"}
    assert any(found.kink is not None for found in SMOOTH.values())


def random_scores(distribution: Distribution) -> np.ndarray:
    random = np.random.default_rng(2)
    near = [] if distribution.kink is None else distribution.kink + random.normal(0, 1e-3, 500)
    return np.sort(np.concatenate([random.uniform(-6, 6, 20_000), random.normal(size=5000), near]))


def width(distribution: Distribution) -> float:
    """Between the ends, or where there are none what the scores looked at span."""
    low, high = distribution.quantile(np.array([-6.0, 6.0]))
    return float(high - low)


def bounds(distribution: Distribution) -> tuple[float, float]:
    """Ends, or physical bounds."""
    match distribution:
        case Normal():
            return distribution.minimum, distribution.maximum
        case Fitted():
            return distribution.scale.lower, distribution.scale.upper
    return distribution.low, distribution.high


@pytest.mark.parametrize("name", SMOOTH)
def test_a_table_gives_the_quantiles_of_its_distribution(name: str) -> None:
    found, z = SMOOTH[name], random_scores(SMOOTH[name])
    error = np.abs(TABLES.value([*ALL].index(name), z) - found.quantile(z))
    assert error.max() < 5e-9 * width(found)


@pytest.mark.parametrize("name", SMOOTH)
def test_a_table_rises_and_stays_within_the_bounds(name: str) -> None:
    """It rises but for its error where the distribution is flat, as a beta is at its ends."""
    found, z = SMOOTH[name], random_scores(SMOOTH[name])
    at = [*ALL].index(name)
    values = TABLES.value(at, z)
    far = np.array([-50.0, -REACH, -8.0, -7.0, 7.0, 8.0, REACH, 50.0])  # sums of scores reach out
    values = np.concatenate([TABLES.value(at, far[:4]), values, TABLES.value(at, far[4:])])
    assert np.diff(values).min() > -1e-10 * width(found)
    low, high = bounds(found)
    assert ((values >= low) & (values <= high)).all()


@pytest.mark.parametrize("name", STEPPED)
def test_steps_are_exact(name: str) -> None:
    found, z = STEPPED[name], random_scores(STEPPED[name])
    assert np.array_equal(TABLES.value([*ALL].index(name), z), found.quantile(z))


def test_the_share_of_each_value_is_its_weight() -> None:
    """Over evenly spaced probabilities, of which each step can miss one."""
    n = (np.arange(2**16, dtype=np.uint64) << 16) + 2**15
    drawn = TABLES.value([*ALL].index("discrete"), scores(n.astype(np.uint32)))
    for value, weight in PAIRS:
        assert abs((drawn == value).mean() - weight) <= 1 / 2**16


def test_a_number_is_a_distribution_with_one_value() -> None:
    assert (TABLES.value(len(ALL), np.linspace(-9, 9, 11)) == 42.0).all()


def test_the_mean_over_integers_is_the_mean_of_the_distribution() -> None:
    """Midpoints of 2^16 strips of probability: the two outermost miss about what they span."""
    n = ((np.arange(2**16, dtype=np.uint64) << 16) + 2**15).astype(np.uint32)
    z = scores(n)
    for at, (name, found) in enumerate(ALL.items()):
        values = TABLES.value(at, z)
        lost = (np.ptp(found.quantile(np.array([-6.0, -4.0]))) +
                np.ptp(found.quantile(np.array([4.0, 6.0]))) + found.sd) / 2**15  # fmt: skip
        assert abs(values.mean() - found.mean) < max(lost, 1e-12), name


def test_compiled_scores_are_the_same_to_the_bit() -> None:
    pytest.importorskip("numba")
    from valuation.risk import native_draws

    n = integers()
    found, tail, inside = (np.empty(len(n)) for _ in range(3))
    native_draws.score(n, coefficients(), tail, inside, found)
    assert np.array_equal(found, scores(n))


@pytest.mark.parametrize("name", ALL)
def test_compiled_values_are_the_same_to_the_bit(name: str) -> None:
    pytest.importorskip("numba")
    from valuation.risk import native_draws

    at = [*ALL].index(name)
    z = np.concatenate([random_scores(ALL[name]), [-50.0, -9.0, 0.0, 9.0, 50.0]])
    z = np.concatenate([z, TABLES.limits[at][np.isfinite(TABLES.limits[at])]])
    found = np.empty(len(z))
    if TABLES.stepped[at]:
        native_draws.stepped(z, TABLES.limits[at], TABLES.values[at], found)
    else:
        ends = *map(float, TABLES.scale[at]), *map(float, TABLES.ends[at])
        needs = len(signature(native_draws.smooth.py_func).parameters)
        room = [np.empty(len(z)) for _ in range(needs - 8)]
        native_draws.smooth(z, float(TABLES.kink[at]), *ends, TABLES.cubics[at], *room, found)
    assert np.array_equal(found, TABLES.value(at, z))
    assert not math.isnan(found.sum())
