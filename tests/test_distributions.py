"""Marginal distributions against closed forms, scipy.stats and their own definitions."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import ndtr
from sheets import company

from valuation.errors import AssumptionError
from valuation.risk.assumptions import Input
from valuation.risk.distributions import distribution_of, faults, yearly_distribution
from valuation.risk.marginals import Z90, moments
from valuation.risk.metalog import Scale, fit, tail

PRICE = company.model.assumptions["mill.margin_shift"]  # without bounds, not whole
LIFE = company.model.assumptions["mill.life"]
TAILS = np.array([-9.0, -6.0, -3.0, -1.0, -1e-3, 0.0, 1e-3, 1.0, 3.0, 6.0, 9.0])


def an_input(distribution, low=None, base=0.0, high=None, **rest):
    return Input(
        key="mill.x", row=PRICE, value=base, low=low, high=high, distribution=distribution, **rest
    )


def of(distribution, low=None, base=0.0, high=None, *, scenario=None, **rest):
    return distribution_of(an_input(distribution, low, base, high, **rest), scenario)


def expected(frozen, z):
    """Quantiles by scipy.stats, from the tail that keeps its digits."""
    return np.where(z < 0, frozen.ppf(ndtr(np.minimum(z, 0))), frozen.isf(ndtr(-np.maximum(z, 0))))


def at(found, z):
    return float(found.quantile(np.array([z]))[0])


# Shapes


def test_low_and_high_of_normal_are_p10_and_p90():
    found = of("normal", 3780, 4000, 4860)
    assert at(found, -Z90) == pytest.approx(3780, rel=1e-14)
    assert at(found, Z90) == pytest.approx(4860, rel=1e-14)
    assert found.mean == (3780 + 4860) / 2
    assert found.sd == pytest.approx((4860 - 3780) / 2 / stats.norm.ppf(0.9), rel=1e-14)


def test_low_and_high_of_lognormal_are_p10_and_p90():
    found = of("lognormal", 0.3, 0.5, 0.9)
    spread = math.log(0.9 / 0.3) / 2 / stats.norm.ppf(0.9)
    reference = stats.lognorm(spread, scale=math.sqrt(0.3 * 0.9))
    np.testing.assert_allclose(found.quantile(TAILS), expected(reference, TAILS), rtol=1e-12)
    assert found.mean == pytest.approx(reference.mean(), rel=1e-13)
    assert found.sd == pytest.approx(reference.std(), rel=1e-13)


def test_a_given_sd_makes_base_the_mean_or_the_median():
    found = of("normal", base=50.0, settings={"sd": 20.0})
    assert (found.mean, found.sd) == (50.0, 20.0)
    found = of("lognormal", base=3060.0, settings={"sd": 0.12})
    assert at(found, 0.0) == pytest.approx(3060, rel=1e-15)
    assert math.log(at(found, 1.0) / 3060) == pytest.approx(0.12, rel=1e-13)


def test_pert_has_the_mean_and_variance_of_its_formula():
    low, mode, high = 250.0, 400.0, 540.0
    found = of("PERT", low, mode, high)
    mean = (low + 4 * mode + high) / 6
    assert found.mean == pytest.approx(mean, rel=1e-15)
    assert found.sd**2 == pytest.approx((mean - low) * (high - mean) / 7, rel=1e-14)
    steeper = of("PERT", low, mode, high, settings={"lambda": 10.0})
    assert steeper.mean == pytest.approx((low + 10 * mode + high) / 12, rel=1e-15)
    assert steeper.sd < found.sd


def test_pert_and_beta_reach_both_tails():
    share = (0.92 - 0.7) / (0.97 - 0.7)
    a, b = 1 + 4 * share, 1 + 4 * (1 - share)
    found = of("PERT", 0.7, 0.92, 0.97)
    low = found.quantile(TAILS[TAILS < 0]) - 0.7
    high = 0.97 - found.quantile(TAILS[TAILS > 0])
    below = stats.beta(a, b).ppf(ndtr(TAILS[TAILS < 0])) * 0.27
    above = stats.beta(b, a).ppf(ndtr(-TAILS[TAILS > 0])) * 0.27
    np.testing.assert_allclose(low, below, rtol=1e-9, atol=2e-16)
    np.testing.assert_allclose(high, above, rtol=1e-9, atol=2e-16)
    shaped = of("beta", 0.0, 0.3, 1.0, settings={"alpha": 2.0, "beta": 3.0})
    reference = stats.beta(2, 3)
    z = TAILS[TAILS < 0]
    np.testing.assert_allclose(shaped.quantile(z), expected(reference, z), rtol=1e-11)
    assert (shaped.mean, shaped.sd) == pytest.approx((reference.mean(), reference.std()))


def test_triangular_meets_its_formulas_and_has_its_kink_at_the_mode():
    low, mode, high = 0.45, 0.48, 0.65
    found = of("triangular", low, mode, high)
    reference = stats.triang((mode - low) / (high - low), low, high - low)
    z = TAILS[TAILS <= 0]
    np.testing.assert_allclose(found.quantile(z), reference.ppf(ndtr(z)), rtol=1e-12)
    mirrored = stats.triang((high - mode) / (high - low), 0, high - low)  # isf is 1 - ppf there
    np.testing.assert_allclose(high - found.quantile(-z), mirrored.ppf(ndtr(z)), atol=2e-16)
    assert found.mean == pytest.approx((low + mode + high) / 3, rel=1e-15)
    assert found.sd == pytest.approx(reference.std(), rel=1e-13)
    assert found.kink == pytest.approx(stats.norm.ppf((mode - low) / (high - low)), rel=1e-12)
    assert at(found, found.kink) == pytest.approx(mode, rel=1e-14)
    assert of("triangular", 1, 1, 2).kink is None
    assert of("triangular", 1, 2, 2).kink is None
    assert of("triangular", 1, 2, 2).cdf(2) == 1


def test_uniform_meets_its_formulas():
    found = of("uniform", -1.0, 0.0, 3.0)
    assert (found.mean, found.sd) == (1.0, 4 / math.sqrt(12))
    assert at(found, -9.0) + 1 == pytest.approx(4 * ndtr(-9), abs=1e-16)
    assert at(found, Z90) == pytest.approx(-1 + 4 * 0.9, rel=1e-14)


# Discrete


def test_discrete_takes_each_value_with_its_weight():
    found = of("discrete", weights=((10800, 0.5), (5850, 0.3), (8640, 0.2), (1, 0.0)))
    assert found.steps == ((5850, 0.3), (8640, pytest.approx(0.5)), (10800, 1.0))
    first, second = (stats.norm.ppf(share) for share in (0.3, 0.5))
    z = np.array([-9, first - 1e-9, first + 1e-9, second - 1e-9, second + 1e-9, 9])
    assert found.quantile(z).tolist() == [5850, 5850, 8640, 8640, 10800, 10800]
    mean = 0.3 * 5850 + 0.2 * 8640 + 0.5 * 10800
    assert found.mean == pytest.approx(mean, rel=1e-15)
    square = 0.3 * 5850**2 + 0.2 * 8640**2 + 0.5 * 10800**2
    assert found.sd == pytest.approx(math.sqrt(square - mean**2), rel=1e-13)
    shares = [found.cdf(x) for x in (5849, 5850, 9000, 10800)]
    assert shares == pytest.approx([0, 0.3, 0.5, 1])


def test_a_small_last_weight_keeps_its_digits():
    found = of("discrete", weights=((0.0, 1 - 1e-15), (1.0, 1e-15)))
    border = stats.norm.isf(1e-15)
    assert found.quantile(np.array([border - 1e-6, border + 1e-6])).tolist() == [0, 1]


def test_bernoulli_is_high_with_its_probability():
    found = of("bernoulli", settings={"probability": 0.3})
    assert found.steps == ((0.0, 0.7), (1.0, 1.0))
    assert (found.mean, found.sd) == pytest.approx((0.3, math.sqrt(0.3 * 0.7)))
    found = of("bernoulli", 2.0, 2.0, 6.0, settings={"probability": 0.25})
    assert found.mean == pytest.approx(0.75 * 2 + 0.25 * 6)
    certain = of("bernoulli", 2.0, 2.0, 6.0, settings={"probability": 1.0})
    assert certain.steps == ((6.0, 1.0),)
    assert at(certain, -9.0) == 6.0


# Truncation


@pytest.mark.parametrize(("low", "high"), [(-0.5, 1.0), (-math.inf, 0.3), (1.5, 3.0), (-4.0, -2.2)])
def test_a_truncated_normal_has_the_moments_of_its_closed_form(low, high):
    mean, sd = 1.0, 2.0
    found = of("normal", base=mean, minimum=low, maximum=high, settings={"sd": sd})
    a, b = (low - mean) / sd, (high - mean) / sd
    mass = stats.norm.cdf(b) - stats.norm.cdf(a)
    density = stats.norm.pdf(a) - stats.norm.pdf(b)
    edge = (0 if math.isinf(a) else a * stats.norm.pdf(a)) - b * stats.norm.pdf(b)
    assert found.mean == pytest.approx(mean + sd * density / mass, rel=1e-13)
    variance = sd**2 * (1 + edge / mass - (density / mass) ** 2)
    assert found.sd == pytest.approx(math.sqrt(variance), rel=1e-11)
    assert found.share_within == pytest.approx(mass, rel=1e-14)
    reference = stats.truncnorm(a, b, mean, sd)
    z = TAILS[np.abs(TAILS) <= 6]
    np.testing.assert_allclose(found.quantile(z), expected(reference, z), rtol=1e-9)


def test_a_truncated_lognormal_has_the_mean_of_its_closed_form():
    centre, spread, top = math.log(0.009), 1.2, 0.05
    found = of("lognormal", base=0.009, maximum=top, settings={"sd": spread})
    edge = (math.log(top) - centre) / spread
    share = stats.norm.cdf(edge - spread) / stats.norm.cdf(edge)
    assert found.mean == pytest.approx(math.exp(centre + spread**2 / 2) * share, rel=1e-12)
    assert at(found, 9.0) <= top
    assert of("lognormal", 1, 2, 3, minimum=0.0) == replace(of("lognormal", 1, 2, 3), minimum=0.0)


def test_truncation_is_no_clipping():
    """Values at the bound have no weight of their own, and far tails stay apart."""
    found = of("normal", base=0.0, minimum=0.0, settings={"sd": 1.0})
    near = found.quantile(np.array([-9.0, -8.0, -7.0]))
    assert (np.diff(near) > 0).all()
    for z, value in zip((-9.0, -8.0, -7.0), near, strict=True):
        assert value == pytest.approx(ndtr(z) / 2 * math.sqrt(2 * math.pi), rel=1e-5)


# Fitted


@pytest.mark.parametrize(
    ("minimum", "maximum"), [(-math.inf, math.inf), (0, math.inf), (-math.inf, 20), (0, 20)]
)
def test_fitted_goes_through_its_percentiles(minimum, maximum):
    found = of("fitted", 3.0, 5.0, 9.0, minimum=minimum, maximum=maximum)
    z = np.array([-Z90, 0.0, Z90])
    np.testing.assert_allclose(found.quantile(z), [3, 5, 9], rtol=1e-14)
    ends = found.quantile(np.array([-9.0, 9.0]))
    assert minimum <= ends[0] < 3
    assert 9 < ends[1] <= maximum
    assert [found.cdf(x) for x in (3, 5, 9)] == pytest.approx([0.1, 0.5, 0.9], rel=1e-13)


def test_a_symmetric_fitted_is_the_logistic():
    found = of("fitted", -1.0, 0.0, 1.0)
    reference = stats.logistic(0, 1 / math.log(9))
    np.testing.assert_allclose(found.quantile(TAILS), expected(reference, TAILS), atol=1e-12)
    assert (found.mean, found.sd) == pytest.approx((0, reference.std()), rel=1e-14)


def test_a_fitted_with_even_ratios_is_the_log_logistic():
    """exp(a1 + a2 L) has mean e^a1 π a2 / sin(π a2), and its square the same with 2 a2."""
    found = of("fitted", 2.0, 4.0, 8.0, minimum=0.0)
    a2 = math.log(2) / math.log(9)
    mean = 4 * math.pi * a2 / math.sin(math.pi * a2)
    square = 16 * math.pi * 2 * a2 / math.sin(math.pi * 2 * a2)
    assert found.mean == pytest.approx(mean, rel=1e-12)
    assert found.sd == pytest.approx(math.sqrt(square - mean**2), rel=1e-11)
    mirrored = of("fitted", -8.0, -4.0, -2.0, maximum=0.0)
    assert mirrored.mean == pytest.approx(-mean, rel=1e-12)
    assert mirrored.sd == pytest.approx(found.sd, rel=1e-12)
    np.testing.assert_allclose(mirrored.quantile(-TAILS), -found.quantile(TAILS), rtol=1e-12)


def test_a_heavy_tail_that_still_has_a_deviation_is_measured():
    high = 4 * 9**0.499
    found = of("fitted", 16 / high, 4.0, high, minimum=0.0)
    assert tail(found) == pytest.approx(0.499)
    square = 16 * math.pi * 0.998 / math.sin(math.pi * 0.998)
    mean = 4 * math.pi * 0.499 / math.sin(math.pi * 0.499)
    assert found.sd == pytest.approx(math.sqrt(square - mean**2), rel=1e-9)


def test_the_moments_of_a_skew_fitted_are_those_of_its_quantiles():
    found = of("fitted", 3.0, 4.0, 9.0)
    mean, sd = moments(found.quantile)
    assert (found.mean, found.sd) == pytest.approx((mean, sd), rel=1e-10)


def test_the_steepest_fitted_still_rises():
    """Keelin's limit: at 1.66711 the slope touches 0 somewhere and does not go below."""
    least = (1 - 1.66711 * 0.4) / 2
    for share in (least + 1e-4, 1 - least - 1e-4):
        found = of("fitted", 0.0, share, 1.0)
        assert (np.diff(found.quantile(np.linspace(-9, 9, 20001))) > 0).all()
    beyond = fit(0.0, least - 0.01, 1.0, Scale())
    assert (np.diff(beyond.quantile(np.linspace(-9, 9, 20001))) < 0).any()


# Around a scenario's value


def test_a_fixed_input_has_no_distribution():
    assert of("fixed", 1, 2, 3) is None


def test_a_range_moves_with_a_scenario_and_is_cut_at_the_bounds():
    moved = of("triangular", 0.72, 0.86, 0.94, scenario=0.94, minimum=0.0, maximum=1.0)
    assert (moved.low, moved.mode, moved.high) == pytest.approx((0.80, 0.94, 1.0))
    low = of("PERT", 0.0, 0.03, 0.2, scenario=0.0, minimum=0.0, maximum=1.0)
    assert (low.low, low.high, low.alpha) == (0.0, pytest.approx(0.17), 1.0)
    for name in ("triangular", "PERT", "uniform"):
        assert of(name, 0.0, 0.03, 0.2, minimum=0.0, maximum=1.0) == of(
            name, 0.0, 0.03, 0.2, scenario=0.03, minimum=0.0, maximum=1.0
        )
    shaped = of("beta", 0, 1, 4, scenario=3.0, maximum=5.0, settings={"alpha": 2.0, "beta": 3.0})
    assert (shaped.low, shaped.high, shaped.alpha, shaped.beta) == (2.0, 5.0, 2.0, 3.0)


@pytest.mark.parametrize("name", ["triangular", "PERT", "uniform", "beta"])
def test_a_range_without_width_left_is_fixed(name):
    parameters = {"alpha": 2.0, "beta": 3.0} if name == "beta" else {}
    assert of(name, 1, 1, 2, scenario=5.0, maximum=5.0, settings=parameters) is None


def test_normal_moves_and_lognormal_scales():
    moved = of("normal", 10.0, 20.0, 40.0, scenario=25.0)
    assert [at(moved, z) for z in (-Z90, Z90)] == pytest.approx([15, 45], rel=1e-14)
    scaled = of("lognormal", 10.0, 20.0, 40.0, scenario=5.0)
    assert [at(scaled, z) for z in (-Z90, Z90)] == pytest.approx([2.5, 10], rel=1e-14)
    assert of("lognormal", 10.0, 20.0, 40.0, scenario=0.0) is None
    assert of("normal", base=1.0, settings={"sd": 2.0}, scenario=7.0).mean == 7
    assert at(of("lognormal", base=1.0, settings={"sd": 2.0}, scenario=7.0), 0) == pytest.approx(7)


def test_fitted_keeps_its_shape_on_its_line():
    moved = of("fitted", 3.0, 5.0, 9.0, scenario=6.0)
    np.testing.assert_allclose(moved.quantile(np.array([-Z90, 0, Z90])), [4, 6, 10], rtol=1e-13)
    scaled = of("fitted", 3.0, 5.0, 9.0, scenario=10.0, minimum=0.0)
    np.testing.assert_allclose(scaled.quantile(np.array([-Z90, 0, Z90])), [6, 10, 18], rtol=1e-13)
    odds = of("fitted", 0.2, 0.5, 0.8, scenario=0.8, minimum=0.0, maximum=1.0)
    assert at(odds, Z90) == pytest.approx(16 / 17, rel=1e-13)  # odds of 4, times 4
    assert of("fitted", 3.0, 5.0, 9.0, scenario=0.0, minimum=0.0) is None
    assert of("fitted", 3.0, 5.0, 9.0, scenario=20.0, maximum=20.0) is None


def test_a_scenario_fixes_what_has_few_values():
    assert of("discrete", base=1.0, weights=((1.0, 0.5), (2.0, 0.5)), scenario=2.0) is None
    assert of("bernoulli", settings={"probability": 0.5}, scenario=1.0) is None


# Every year


def yearly(sd=150.0, values=(0.0, 10.0, 20.0), **rest):
    row = company.model.assumptions["mill.volume"]
    return Input(key="mill.volume", row=row, value=values, shock_sd=sd, **rest)


def test_a_yearly_shock_is_normal_around_the_base_of_its_year():
    found = yearly_distribution(yearly(), 1)
    assert (found.mean, found.sd, found.name) == (10.0, 150.0, "normal")
    assert yearly_distribution(yearly(), 1, 7.0).mean == 7
    assert yearly_distribution(yearly(0.0), 1) is None
    assert yearly_distribution(an_input("normal", 1, 2, 3), 0) is None
    assert distribution_of(yearly()) is None


def test_a_yearly_shock_is_truncated():
    found = yearly_distribution(yearly(minimum=0.0), 0)
    assert found.mean == pytest.approx(150 * math.sqrt(2 / math.pi), rel=1e-13)
    with pytest.raises(AssumptionError, match="Enter a smaller one"):
        yearly_distribution(yearly(1e6, minimum=0.0, maximum=30.0), 0)


# Properties

NAMES = ("normal", "lognormal", "triangular", "PERT", "uniform", "beta", "fitted")


@st.composite
def inputs(draw):
    """Inputs without a fault, with bounds or without."""
    name = draw(st.sampled_from(NAMES))
    low = draw(st.floats(0.01, 50))
    width = draw(st.floats(0.5, 50))
    base = low + width * draw(st.floats(0.35, 0.65))
    minimum = draw(st.sampled_from([-math.inf, 0.0, low / 2]))
    maximum = draw(st.sampled_from([math.inf, low + 1.5 * width]))
    shape = {"beta": {"alpha": 2.0, "beta": 0.7}}.get(name, {})
    found = an_input(name, low, base, low + width, minimum=minimum, maximum=maximum, settings=shape)
    return replace(found, distribution="PERT") if list(faults(found)) else found


@settings(max_examples=150, deadline=None)
@drawn(inputs(), st.floats(0.05, 0.95))
def test_quantiles_rise_keep_to_the_bounds_and_meet_the_cdf(given, share):
    lowest = given.minimum if math.isfinite(given.minimum) else given.low
    highest = given.maximum if math.isfinite(given.maximum) else given.high
    for scenario in (None, lowest + share * (highest - lowest)):
        found = distribution_of(given, scenario)
        if found is None:
            continue
        z = np.linspace(-9, 9, 721)
        values = found.quantile(z)
        size = np.abs(values).max()
        assert (np.diff(values) >= -4e-16 * size).all()
        assert given.minimum <= values.min()
        assert values.max() <= given.maximum
        middle = np.abs(z) < 3
        shares = [found.cdf(float(x)) for x in values[middle]]
        np.testing.assert_allclose(shares, ndtr(z[middle]), atol=1e-7, rtol=0)
        assert math.isfinite(found.mean)
        assert found.sd > 0
        assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301  our own


@settings(max_examples=60, deadline=None)
@drawn(inputs())
def test_moments_are_those_of_the_quantiles(given):
    found = distribution_of(given)
    u = (np.arange(200_000) + 0.5) / 200_000
    values = found.quantile(stats.norm.ppf(u))
    assert values.mean() == pytest.approx(found.mean, rel=2e-2)
    if given.distribution != "fitted":  # whose heavy tails the grid does not reach
        assert values.std() == pytest.approx(found.sd, rel=2e-2)


# Faults


def texts(**changes):
    row = changes.pop("row", PRICE)
    return list(faults(replace(an_input("normal", 1.0, 2.0, 3.0), row=row, **changes)))


def test_an_input_without_a_fault():
    assert texts() == []
    assert texts(value=math.nan, distribution="fitted") == []


@pytest.mark.parametrize(
    ("changes", "header", "text"),
    [
        ({"low": None, "high": None}, "Distribution", "normal needs Low and High. Give both, "),
        ({"low": None}, "Low", "Low is empty. Give both, "),
        ({"low": 3.0, "value": 3.0}, "Low", "Low 3 is not below High 3. Give a range, "),
        ({"value": 4.0}, "Base", "Base 4 is outside Low 1 to High 3. Move one of them."),
        ({"settings": {"mu": 1.0}}, "Parameters", "normal has no parameter 'mu'. Write sd: 20."),
        ({"distribution": "beta"}, "Parameters", "beta needs alpha. Write alpha: 2; beta: 3."),
        ({"distribution": "discrete"}, "Parameters", "discrete needs its values and weights."),
        ({"row": LIFE}, "Distribution", "normal draws broken numbers, and only whole ones"),
    ],
)
def test_each_fault_has_the_header_of_its_cell(changes, header, text):
    (at_header, told), *_ = texts(**changes)
    assert at_header == header
    assert told.startswith(text)


def test_an_input_with_faults_has_no_distribution():
    with pytest.raises(AssumptionError, match=r"mill\.x, Distribution: PERT needs Low and High"):
        of("PERT")
