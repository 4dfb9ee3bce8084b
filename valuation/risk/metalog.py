"""The metalog distribution of a low, a middle and a high percentile.

T. W. Keelin, The Metalog Distributions, Decision Analysis 13(4), 2016, section 5: a symmetric
percentile triplet (here P10, P50 and P90), unbounded, semi-bounded by a logarithm and bounded by
a logit. With L = ln(u / (1 - u)) its quantile function is

    M(u) = a1 + a2 L + a3 (u - 0.5) L,

of the value itself, of ln(x - lower), of -ln(upper - x), or of ln((x - lower) / (upper - x)).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np

from valuation.engines.rules import Array
from valuation.risk.marginals import Distribution, moments

#: ln(0.9 / 0.1), and how far apart P10 and P90 are.
_LOG_ODDS: Final = math.log(9)
_SPAN: Final = 0.8
#: Largest size of a3 / a2 for which M rises everywhere (Keelin 2016, equation 19 and note).
STEEPEST: Final = 1.66711
#: Least and largest share of the way from P10 to P90 at which P50 may stand.
LEAST_SHARE: Final = (1 - STEEPEST * _SPAN / 2) / 2
#: A one-sided tail falls as (1 - u) ** -exponent; from here on it has no standard deviation.
HEAVIEST: Final = 0.5
#: Reach of the quadrature in asinh(L), and its points.
_REACH: Final = 13.0
_NODES: Final = 6001


@dataclass(frozen=True, kw_only=True)
class Scale:
    """From values to the line on which the metalog is fitted, and back."""

    lower: float = -math.inf
    upper: float = math.inf

    def line(self, x: float) -> float:
        """Place of a value on the line; the bounds are at its ends."""
        below = -math.inf if x <= self.lower else math.log(x - self.lower)
        above = -math.inf if x >= self.upper else math.log(self.upper - x)
        if math.isinf(self.lower):
            return x if math.isinf(self.upper) else -above
        return below if math.isinf(self.upper) else below - above

    def value(self, line: Array) -> Array:
        """Value at a place on the line, measured from the nearer bound."""
        if math.isinf(self.lower) and math.isinf(self.upper):
            return line
        if math.isinf(self.upper):
            return self.lower + np.exp(line)
        if math.isinf(self.lower):
            return self.upper - np.exp(-line)
        near = np.exp(-np.abs(line))
        part = (self.upper - self.lower) * near / (1 + near)
        values: Array = np.where(line < 0, self.lower + part, self.upper - part)
        return values


@dataclass(frozen=True, kw_only=True)
class Fitted(Distribution):
    """A metalog of three terms.

    Attributes:
        scale: Line on which it is fitted.
        middle: a1, the median on the line.
        spread: a2, above 0.
        skew: a3.
    """

    scale: Scale
    middle: float
    spread: float
    skew: float

    def quantile(self, z: Array) -> Array:
        """Value at each score."""
        from scipy.special import log_ndtr, ndtr

        log_odds = log_ndtr(z) - log_ndtr(-z)
        return self.scale.value(
            self.middle + (self.spread + self.skew * (ndtr(z) - 0.5)) * log_odds
        )

    def cdf(self, x: float) -> float:
        """Share at or below x, by halving an interval of L."""
        place = self.scale.line(x)
        low, high = -750.0, 750.0
        while (half := (low + high) / 2) not in (low, high):
            if self._line(half) <= place:
                low = half
            else:
                high = half
        return _share(low)

    @property
    def mean(self) -> float:
        """a1 + a3 / 2 where unbounded, else by quadrature."""
        return self._moments[0]

    @property
    def sd(self) -> float:
        """√(π² a2² / 3 + a3² (1 / 12 + π² / 36)) where unbounded, else by quadrature."""
        return self._moments[1]

    def moved_to(self, middle: float) -> Fitted:
        """The same shape on the line around another median."""
        return replace(self, middle=self.scale.line(middle))

    def _line(self, log_odds: float) -> float:
        return self.middle + (self.spread + self.skew * (_share(log_odds) - 0.5)) * log_odds

    @cached_property
    def _moments(self) -> tuple[float, float]:
        lower, upper = self.scale.lower, self.scale.upper
        if math.isfinite(lower) and math.isfinite(upper):
            return moments(self.quantile)
        if math.isfinite(lower):
            mean, sd = _log_moments(self.middle, self.spread, self.skew)
            return lower + mean, sd
        if math.isfinite(upper):  # the mirror image: u becomes 1 - u, and L becomes -L
            mean, sd = _log_moments(-self.middle, self.spread, -self.skew)
            return upper - mean, sd
        variance = (math.pi * self.spread) ** 2 / 3 + self.skew**2 * (1 / 12 + math.pi**2 / 36)
        return self.middle + self.skew / 2, math.sqrt(variance)


def fit(low: float, middle: float, high: float, scale: Scale) -> Fitted:
    """The metalog whose P10, P50 and P90 are three values."""
    first, second, third = map(scale.line, (low, middle, high))
    return Fitted(
        name="fitted",
        scale=scale,
        middle=second,
        spread=(third - first) / (2 * _LOG_ODDS),
        skew=(first + third - 2 * second) / (_SPAN * _LOG_ODDS),
    )


def tail(fitted: Fitted) -> float:
    """Exponent of the heavy tail of a semi-bounded metalog; 0 for the others."""
    scale = fitted.scale
    if math.isinf(scale.lower) == math.isinf(scale.upper):
        return 0.0
    return fitted.spread + (fitted.skew if math.isinf(scale.upper) else -fitted.skew) / 2


def _share(log_odds: float) -> float:
    """Probability of its log odds."""
    near = math.exp(-abs(log_odds))
    return 1 / (1 + near) if log_odds > 0 else near / (1 + near)


def _log_moments(middle: float, spread: float, skew: float) -> tuple[float, float]:
    """Mean and standard deviation of exp(M), with every product taken as a sum of logarithms.

    The tail can be so heavy that exp(M) leaves the range of floats where its weight is still felt.
    """
    from scipy.special import expit, log_expit

    step = np.linspace(-_REACH, _REACH, _NODES)
    log_odds = np.sinh(step)
    weight = log_expit(log_odds) + log_expit(-log_odds) + np.log(np.cosh(step))
    weight -= np.log(np.exp(weight).sum())
    line = (spread + skew * (expit(log_odds) - 0.5)) * log_odds
    log_mean = float(np.log(np.exp(line + weight).sum()))
    away = line - log_mean
    with np.errstate(divide="ignore"):  # at the mean itself
        size = np.maximum(away, 0) + np.log(-np.expm1(-np.abs(away)))
    variance = float(np.exp(2 * size + weight).sum())
    mean = math.exp(middle + log_mean)
    return mean, mean * math.sqrt(variance)
