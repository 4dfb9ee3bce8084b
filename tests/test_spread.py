"""Percentiles, shares and tails: by their definitions, kept in full or counted into bins."""

from __future__ import annotations

import math

import numpy as np
import pytest

from valuation.risk.blocks import BINS
from valuation.risk.spread import PERCENTS, Counted, Kept, Spread, counted, kept, standard_error

SIZES = [126, 126, 125, 125, 125, 125, 125, 125]


@pytest.fixture(scope="module")
def values() -> np.ndarray:
    """Two humps, a lump of equal values, in no order."""
    random = np.random.default_rng(5)
    parts = random.normal(0, 1, 500), random.gamma(2, 3, 402), np.full(100, 2.5)
    return random.permutation(np.concatenate(parts))


@pytest.fixture(scope="module")
def both(values: np.ndarray) -> tuple[Spread, Spread]:
    """The same values kept and counted."""
    edges = np.linspace(-24, 40, BINS + 1)
    parts = np.split(values, np.cumsum(SIZES)[:-1])
    counts = np.array([np.histogram(part, edges)[0] for part in parts])
    return kept(values, SIZES), counted(counts, edges)


def test_percentiles_are_those_of_numpy(values: np.ndarray, both: tuple[Spread, Spread]) -> None:
    found = both[0].percentiles()
    assert list(found) == [f"p{p}" for p in PERCENTS]
    expected = np.percentile(values, PERCENTS)
    assert [e.value for e in found.values()] == pytest.approx(expected, rel=1e-12)
    assert both[0].percentiles([0, 100, 97.5])["p97.5"].value == pytest.approx(
        np.percentile(values, 97.5), rel=1e-12
    )
    ends = [e.value for e in both[0].percentiles([0, 100]).values()]
    assert ends == [values.min(), values.max()]


def test_standard_errors_come_from_the_scramblings(
    values: np.ndarray, both: tuple[Spread, Spread]
) -> None:
    parts = np.split(values, np.cumsum(SIZES)[:-1])
    found = both[0].percentiles([5, 50])
    for percent in (5, 50):
        each = [np.percentile(part, percent) for part in parts]
        expected = np.std(each, ddof=1) / math.sqrt(8)
        assert found[f"p{percent}"].standard_error == pytest.approx(expected, rel=1e-9)
    shares = [(part > 2.0).mean() for part in parts]
    assert both[0].probability_above(2.0).standard_error == pytest.approx(
        np.std(shares, ddof=1) / math.sqrt(8), rel=1e-9
    )


def test_a_standard_error_is_sd_over_root_n_of_what_is_a_number() -> None:
    figures = [1.0, 4.0, 2.0, 8.0, 5.0, 7.0, 1.0, 3.0]
    assert standard_error(figures) == pytest.approx(np.std(figures, ddof=1) / math.sqrt(8))
    assert standard_error([*figures, math.nan]) == standard_error(figures)
    assert math.isnan(standard_error([3.0, math.nan]))
    assert math.isnan(standard_error([]))


def test_share_above_counts_what_is_above_and_not_at(
    values: np.ndarray, both: tuple[Spread, Spread]
) -> None:
    for at in (-100.0, -1.0, 0.0, 2.5, 7.3, 100.0):
        found = both[0].probability_above(at).value
        assert found == pytest.approx((values > at).mean(), abs=1e-12)
    assert both[0].probability_above(values.min()).value == pytest.approx(1 - 1 / len(values))


def test_expected_shortfall_is_the_mean_of_the_lowest_share(
    values: np.ndarray, both: tuple[Spread, Spread]
) -> None:
    """1,002 draws: 5% are 50 and a tenth of the 51st."""
    ordered = np.sort(values)
    expected = (ordered[:50].sum() + 0.1 * ordered[50]) / 50.1
    assert both[0].expected_shortfall().value == pytest.approx(expected, rel=1e-9)
    assert both[0].expected_shortfall(0.5).value == pytest.approx(ordered[:501].mean(), rel=1e-12)
    assert both[0].expected_shortfall(1.0).value == pytest.approx(values.mean(), rel=1e-12)
    assert Kept(ordered).mean_below(0.5 / 1002) == ordered[0]


def test_histograms_count(values: np.ndarray, both: tuple[Spread, Spread]) -> None:
    for edges in (np.linspace(-3, 9, 25), np.array([values.min(), 2.5, values.max()])):
        expected = np.histogram(values, edges)[0]
        assert np.array_equal(both[0].all.histogram(edges), expected)
    edges = np.linspace(-24, 40, 65)  # edges of bins, so that counting loses nothing
    assert np.array_equal(both[1].all.histogram(edges), np.histogram(values, edges)[0])


def test_counted_agrees_with_kept_within_a_bin(
    values: np.ndarray, both: tuple[Spread, Spread]
) -> None:
    """A percentile may also lie anywhere between its draw and the next ones, which bins forget."""
    bin_ = 64 / BINS
    ordered = np.sort(values)
    for percent, found in both[1].percentiles().items():
        place = float(percent[1:]) / 100 * (len(values) - 1)
        low, high = ordered[math.floor(place) - 1], ordered[math.ceil(place) + 1]
        assert low - bin_ <= found.value <= high + bin_
    for at in (-1.0, 0.0, 7.3):
        crowd = np.sum(np.abs(values - at) <= bin_) / len(values)
        expected = (values > at).mean()
        assert abs(both[1].probability_above(at).value - expected) <= crowd + 1e-12
    for share in (0.05, 0.5, 1.0):
        expected = both[0].expected_shortfall(share).value
        assert both[1].expected_shortfall(share).value == pytest.approx(expected, abs=bin_)
    assert both[1].all.count == both[0].all.count == len(values)


def test_counted_standard_errors_agree_with_kept(both: tuple[Spread, Spread]) -> None:
    """A mean of a tail moves by at most a bin, and so does its standard error."""
    one, two = both[0].expected_shortfall(), both[1].expected_shortfall()
    assert two.standard_error == pytest.approx(one.standard_error, abs=64 / BINS)


def test_counted_inside_a_bin_is_even() -> None:
    sample = Counted(np.array([2, 0, 8]), np.array([0.0, 1.0, 2.0, 4.0]))
    assert sample.quantile(np.array([0.1, 0.6, 1.0])) == pytest.approx([0.5, 3.0, 4.0])
    assert sample.share_above(3.0) == pytest.approx(0.4)
    assert sample.mean_below(0.2) == pytest.approx(0.5)
    assert sample.mean_below(0.6) == pytest.approx((2 * 0.5 + 4 * 2.5) / 6)
    assert sample.histogram(np.array([0.0, 3.0, 4.0])).tolist() == [6, 4]


def test_draws_without_a_value_are_left_out(values: np.ndarray) -> None:
    gaps = values.copy()
    gaps[::7] = math.nan
    found, whole = kept(gaps, SIZES), gaps[~np.isnan(gaps)]
    assert found.all.count == len(whole)
    assert sum(sample.count for sample in found.each) == len(whole)
    assert found.percentiles()["p25"].value == pytest.approx(np.percentile(whole, 25), rel=1e-12)
    assert found.probability_above(1.0).value == pytest.approx((whole > 1.0).mean(), abs=1e-12)


def test_a_scrambling_without_values_is_no_figure(values: np.ndarray) -> None:
    gaps = values.copy()
    gaps[: SIZES[0]] = math.nan
    found = kept(gaps, SIZES)
    parts = np.split(gaps, np.cumsum(SIZES)[:-1])[1:]
    expected = np.std([np.median(part) for part in parts], ddof=1) / math.sqrt(7)
    assert found.percentiles([50])["p50"].standard_error == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    "nothing",
    [
        kept(np.full(16, math.nan), [2] * 8),
        counted(np.zeros((8, 3), dtype=np.int64), np.linspace(0, 1, 4)),
    ],
    ids=["kept", "counted"],
)
def test_nothing_has_no_figures(nothing: Spread) -> None:
    assert nothing.all.count == 0
    for found in (
        nothing.percentiles()["p50"],
        nothing.probability_above(0),
        nothing.expected_shortfall(),
    ):
        assert math.isnan(found.value)
        assert math.isnan(found.standard_error)
