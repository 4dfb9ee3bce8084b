"""From what a workbook says of an input to its distribution, also around a scenario's value.

What the sheet says means:

- fixed: not drawn.
- normal: Low and High are P10 and P90, and Base is not used; with `sd: 20` in Parameters the mean
  is Base and the standard deviation as given.
- lognormal: the same with P10 and P90 of a lognormal; with `sd: 12%` the median is Base and the
  logarithm has this standard deviation.
- triangular: from Low over Base, its mode, to High.
- PERT: the beta from Low to High with mode Base and weight 4 on it, or `lambda: 6`.
- uniform: from Low to High.
- beta: from Low to High, shaped by `alpha: 2; beta: 3`.
- discrete: `value: weight; value: weight`.
- bernoulli: High with `probability: 30%`, else Low; 1 and 0 where both are blank.
- fitted: P10 Low, P50 Base, P90 High; see `metalog`.

Minimum and Maximum are physical bounds. Normal and lognormal are truncated at them (conditional on
the value lying within), so that a P10 near a bound moves a little; fitted never reaches them; the
others lie within Low and High, which lie within the bounds.

A scenario's value takes the place of Base, and the distribution moves with it on its own scale:
Low and High of triangular, PERT, uniform and beta by the same amount, cut at the bounds; P10 and
P90 of normal by the same amount, uncut; those of lognormal in the same proportion; fitted by the
same amount on the line it is fitted on (a proportion of the distance to a single bound, of the
odds between two). A discrete or bernoulli input is fixed at the scenario's value, and so is one
whose range has no width left.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from valuation.errors import AssumptionError
from valuation.risk.assumptions import Input
from valuation.risk.distribution_faults import faults
from valuation.risk.marginals import Z90, Distribution, Normal
from valuation.risk.metalog import Scale, fit
from valuation.risk.shapes import Beta, Discrete, Triangular, Uniform

__all__ = ["Distribution", "distribution_of", "faults", "yearly_distribution"]

#: Weight of the mode in a PERT distribution, where Parameters do not say.
_LAMBDA: Final = 4.0


def distribution_of(given: Input, base: float | None = None) -> Distribution | None:
    """The distribution of an input with one value; None where it is fixed at its value.

    Args:
        given: The input.
        base: Value of the scenario, where one takes the place of the base value.

    Raises:
        AssumptionError: The input has no such distribution; every fault.
    """
    if given.distribution == "fixed" or isinstance(given.value, tuple):
        return None
    wrong = [f"{given.key}, {header}: {text}" for header, text in faults(given)]
    if wrong:
        raise AssumptionError(wrong)
    if base is not None and given.distribution in ("discrete", "bernoulli"):
        return None
    return _MAKERS[given.distribution](given, given.value, given.value if base is None else base)


def yearly_distribution(given: Input, period: int, base: float | None = None) -> Normal | None:
    """The distribution of a yearly input in one period; None where it has no shock.

    Normal around the base value of the period, with the same standard deviation in every period,
    truncated at the physical bounds. From one period to the next the scores have the correlation
    `given.persistence`.

    Args:
        given: The input.
        period: Position of the year.
        base: Value of the scenario, where one takes the place of the base value.

    Raises:
        AssumptionError: The shock has faults; all of them.
    """
    if not given.shock_sd or not isinstance(given.value, tuple):
        return None
    wrong = [f"{given.key}, {header}: {text}" for header, text in faults(given)]
    if wrong:
        raise AssumptionError(wrong)
    centre = given.value[period] if base is None else base
    return _truncated(given, centre, given.shock_sd, logarithmic=False)


def _discrete(given: Input, _value: float, _base: float) -> Distribution:
    return Discrete(name="discrete", weights=_sorted(given.weights))


def _bernoulli(given: Input, _value: float, _base: float) -> Distribution:
    low, high = (0.0, 1.0) if given.low is None or given.high is None else (given.low, given.high)
    share = given.settings["probability"]
    return Discrete(name="bernoulli", weights=_sorted(((low, 1 - share), (high, share))))


def _sorted(weights: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    return tuple(sorted((value, weight) for value, weight in weights if weight > 0))


def _normal(given: Input, value: float, base: float) -> Distribution:
    if "sd" in given.settings:
        return _truncated(given, base, given.settings["sd"], logarithmic=False)
    low, high = _range(given)
    centre = (low + high) / 2 + (base - value)
    return _truncated(given, centre, (high - low) / (2 * Z90), logarithmic=False)


def _lognormal(given: Input, value: float, base: float) -> Distribution | None:
    if base <= 0:
        return None
    if "sd" in given.settings:
        return _truncated(given, math.log(base), given.settings["sd"], logarithmic=True)
    low, high = map(math.log, _range(given))
    centre = (low + high) / 2 + math.log(base / value)
    return _truncated(given, centre, (high - low) / (2 * Z90), logarithmic=True)


def _truncated(given: Input, centre: float, spread: float, *, logarithmic: bool) -> Normal:
    return Normal(
        name="lognormal" if logarithmic else "normal",
        centre=centre,
        spread=spread,
        minimum=given.minimum,
        maximum=given.maximum,
        logarithmic=logarithmic,
    )


def _triangular(given: Input, value: float, base: float) -> Distribution | None:
    low, high = _moved(given, value, base)
    if low == high:
        return None
    return Triangular(name="triangular", low=low, mode=base, high=high)


def _pert(given: Input, value: float, base: float) -> Distribution | None:
    low, high = _moved(given, value, base)
    if low == high:
        return None
    pull = given.settings.get("lambda", _LAMBDA) / (high - low)
    alpha, beta = 1 + pull * (base - low), 1 + pull * (high - base)
    return Beta(name="PERT", low=low, high=high, alpha=alpha, beta=beta)


def _uniform(given: Input, value: float, base: float) -> Distribution | None:
    low, high = _moved(given, value, base)
    return None if low == high else Uniform(name="uniform", low=low, high=high)


def _beta(given: Input, value: float, base: float) -> Distribution | None:
    low, high = _moved(given, value, base)
    if low == high:
        return None
    alpha, beta = given.settings["alpha"], given.settings["beta"]
    return Beta(name="beta", low=low, high=high, alpha=alpha, beta=beta)


def _fitted(given: Input, value: float, base: float) -> Distribution | None:
    if base <= given.minimum or base >= given.maximum:
        return None
    scale = Scale(lower=given.minimum, upper=given.maximum)
    low, high = _range(given)
    return fit(low, value, high, scale).moved_to(base)


def _range(given: Input) -> tuple[float, float]:
    """Low and High, which the faults have found to be there."""
    return given.low or 0.0, given.high or 0.0


def _moved(given: Input, value: float, base: float) -> tuple[float, float]:
    """Low and High around another base value, cut at the bounds, the base always between them."""
    low, high = (min(max(x + base - value, given.minimum), given.maximum) for x in _range(given))
    return min(low, base), max(high, base)


_MAKERS: Final[Mapping[str, Callable[[Input, float, float], Distribution | None]]] = {
    "normal": _normal,
    "lognormal": _lognormal,
    "triangular": _triangular,
    "PERT": _pert,
    "uniform": _uniform,
    "beta": _beta,
    "discrete": _discrete,
    "bernoulli": _bernoulli,
    "fitted": _fitted,
}
