"""What a marginal distribution is, a function of a standard normal score z; and the normal.

With u = Φ(z) a score reaches both tails with full accuracy: below the middle a quantile is taken
from Φ(z), above it from Φ(-z), which keep their digits where 1 - Φ has lost them. scipy is imported
where it is used, as it costs 0.4 s.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from valuation.engines.rules import Array

#: Score of the 90th percentile; the 10th is at its negative.
Z90: Final = 1.2815515655446004
_INFINITY: Final = math.inf
#: Scores of the quadrature: the trapezium rule converges exponentially on a smooth function.
_REACH: Final = 20.0
_NODES: Final = 1281


@dataclass(frozen=True, kw_only=True)
class Distribution(ABC):
    """How an uncertain input is distributed.

    Attributes:
        name: One of `assumptions.DISTRIBUTIONS`.
    """

    name: str

    @abstractmethod
    def quantile(self, z: Array) -> Array:
        """Value at each standard normal score, of the same shape; rises with z."""

    @abstractmethod
    def cdf(self, x: float) -> float:
        """Share of the distribution at or below x."""

    @property
    @abstractmethod
    def mean(self) -> float:
        """Mean."""

    @property
    @abstractmethod
    def sd(self) -> float:
        """Standard deviation."""

    @property
    def kink(self) -> float | None:
        """Score where the second derivative of the quantile breaks; None where it is smooth."""
        return None

    @property
    def steps(self) -> tuple[tuple[float, float], ...]:
        """Value and cumulative probability of each step, rising; empty where continuous."""
        return ()


@dataclass(frozen=True, kw_only=True)
class Normal(Distribution):
    """Normal, or lognormal, within physical bounds: conditional on them, not clipped at them.

    Attributes:
        centre: Mean before truncation; of the logarithm where `logarithmic`.
        spread: Standard deviation before truncation; of the logarithm where `logarithmic`.
        minimum: Physical lower bound.
        maximum: Physical upper bound.
        logarithmic: Whether the logarithm of the value is normal.
    """

    centre: float
    spread: float
    minimum: float = -_INFINITY
    maximum: float = _INFINITY
    logarithmic: bool = False

    def quantile(self, z: Array) -> Array:
        """Value at each score: with a, b the scores of the bounds, at Φ(a) + u (Φ(b) - Φ(a))."""
        w = z if self._is_whole else self._within(z)
        values: Array = self.centre + self.spread * w
        if self.logarithmic:
            values = np.exp(values)
        return np.clip(values, self.minimum, self.maximum)  # against rounding only

    def cdf(self, x: float) -> float:
        """Share at or below x."""
        from scipy.special import ndtr

        low, high, mass = self._tails
        w = self._score(x)
        share = (ndtr(w) - low) / mass if w <= 0 else 1 - (ndtr(-w) - high) / mass
        return min(1.0, max(0.0, float(share)))

    @property
    def mean(self) -> float:
        """Mean, after truncation."""
        return self._moments[0]

    @property
    def sd(self) -> float:
        """Standard deviation, after truncation."""
        return self._moments[1]

    @property
    def share_within(self) -> float:
        """Probability that the bounds leave of the distribution."""
        return self._tails[2]

    def _within(self, z: Array) -> Array:
        """Score before truncation; sums of positive numbers on both sides, so nothing cancels."""
        from scipy.special import ndtr, ndtri

        low, high, mass = self._tails
        below, above = low + ndtr(z) * mass, high + ndtr(-z) * mass
        w: Array = np.where(below < above, ndtri(below), -ndtri(above))
        return w

    @property
    def _is_whole(self) -> bool:
        return math.isinf(self._score(self.minimum)) and math.isinf(self._score(self.maximum))

    def _score(self, x: float) -> float:
        if self.logarithmic:
            x = -_INFINITY if x <= 0 else math.log(x)
        return (x - self.centre) / self.spread

    @cached_property
    def _tails(self) -> tuple[float, float, float]:
        """Probability below the minimum, above the maximum, and between."""
        from scipy.special import ndtr

        a, b = self._score(self.minimum), self._score(self.maximum)
        mass = ndtr(b) - ndtr(a) if a <= 0 else ndtr(-a) - ndtr(-b)
        return float(ndtr(a)), float(ndtr(-b)), float(mass)

    @cached_property
    def _moments(self) -> tuple[float, float]:
        if not self._is_whole:
            return moments(self.quantile)
        if not self.logarithmic:
            return self.centre, self.spread
        mean = math.exp(self.centre + self.spread**2 / 2)
        return mean, mean * math.sqrt(math.expm1(self.spread**2))


def moments(quantile: Callable[[Array], Array]) -> tuple[float, float]:
    """Mean and standard deviation by the trapezium rule in z; for a smooth quantile function."""
    z = np.linspace(-_REACH, _REACH, _NODES)
    weights = np.exp(-z * z / 2)
    weights /= weights.sum()
    values = quantile(z)
    mean = float(weights @ values)
    return mean, math.sqrt(float(weights @ (values - mean) ** 2))
