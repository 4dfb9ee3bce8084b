"""Distributions between two ends, and of a few values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from valuation.engines.rules import Array
from valuation.risk.marginals import Distribution


@dataclass(frozen=True, kw_only=True)
class Beta(Distribution):
    """Beta from low to high; PERT is one."""

    low: float
    high: float
    alpha: float
    beta: float

    def quantile(self, z: Array) -> Array:
        """Value at each score, measured from the nearer end."""
        from scipy.special import betaincinv, ndtr

        width, is_low = self.high - self.low, z < 0
        share = betaincinv(
            np.where(is_low, self.alpha, self.beta),
            np.where(is_low, self.beta, self.alpha),
            ndtr(-np.abs(z)),
        )
        values: Array = np.where(is_low, self.low + width * share, self.high - width * share)
        return values

    def cdf(self, x: float) -> float:
        """Share at or below x."""
        from scipy.special import betainc

        share = (x - self.low) / (self.high - self.low)
        return float(betainc(self.alpha, self.beta, min(1.0, max(0.0, share))))

    @property
    def mean(self) -> float:
        """Low end + width α / (α + β)."""
        return self.low + (self.high - self.low) * self.alpha / (self.alpha + self.beta)

    @property
    def sd(self) -> float:
        """Width √(α β / (α + β + 1)) / (α + β)."""
        total = self.alpha + self.beta
        return (self.high - self.low) * math.sqrt(self.alpha * self.beta / (total + 1)) / total


@dataclass(frozen=True, kw_only=True)
class Triangular(Distribution):
    """Triangular with its mode from low to high, ends included."""

    low: float
    mode: float
    high: float

    def quantile(self, z: Array) -> Array:
        """Value at each score, by closed form from the end on its side of the mode."""
        from scipy.special import ndtr

        width, left, right = self._widths
        below, above = ndtr(z), ndtr(-z)
        rising = self.low + np.sqrt(below * width * left)
        falling = self.high - np.sqrt(above * width * right)
        values: Array = np.where(below * width < left, rising, falling)
        return values

    def cdf(self, x: float) -> float:
        """Share at or below x."""
        width, left, right = self._widths
        x = min(self.high, max(self.low, x))
        if x < self.mode:
            return (x - self.low) ** 2 / (width * left)
        return 1 - (self.high - x) ** 2 / (width * right) if right else 1.0

    @property
    def kink(self) -> float | None:
        """Score of the mode; None where it is at an end."""
        from scipy.special import ndtri

        width, left, right = self._widths
        if not left or not right:
            return None
        return float(ndtri(left / width) if left < right else -ndtri(right / width))

    @property
    def mean(self) -> float:
        """(low + mode + high) / 3."""
        return (self.low + self.mode + self.high) / 3

    @property
    def sd(self) -> float:
        """√((width² - left right) / 18), with the two sides of the mode."""
        width, left, right = self._widths
        return math.sqrt((width**2 - left * right) / 18)

    @property
    def _widths(self) -> tuple[float, float, float]:
        return self.high - self.low, self.mode - self.low, self.high - self.mode


@dataclass(frozen=True, kw_only=True)
class Uniform(Distribution):
    """Every value from low to high alike."""

    low: float
    high: float

    def quantile(self, z: Array) -> Array:
        """Value at each score, measured from the nearer end."""
        from scipy.special import ndtr

        part = ndtr(-np.abs(z)) * (self.high - self.low)
        values: Array = np.where(z < 0, self.low + part, self.high - part)
        return values

    def cdf(self, x: float) -> float:
        """Share at or below x."""
        return min(1.0, max(0.0, (x - self.low) / (self.high - self.low)))

    @property
    def mean(self) -> float:
        """(low + high) / 2."""
        return (self.low + self.high) / 2

    @property
    def sd(self) -> float:
        """(high - low) / √12."""
        return (self.high - self.low) / math.sqrt(12)


@dataclass(frozen=True, kw_only=True)
class Discrete(Distribution):
    """A few values with their probabilities; bernoulli is one.

    Attributes:
        weights: Value and probability, by rising value; probabilities are positive and sum to 1.
    """

    weights: tuple[tuple[float, float], ...]

    def quantile(self, z: Array) -> Array:
        """Least value whose cumulative probability is at least Φ(z)."""
        from scipy.special import ndtri

        below = [share for _, share in self.steps[:-1]]
        tail = list(accumulate(w for _, w in reversed(self.weights)))[-2::-1]
        scores = [ndtri(p) if p < q else -ndtri(q) for p, q in zip(below, tail, strict=True)]
        values: Array = np.array([value for value, _ in self.weights])
        found: Array = values[np.searchsorted(np.array(scores), z, side="left")]
        return found

    def cdf(self, x: float) -> float:
        """Share at or below x."""
        return max((share for value, share in self.steps if value <= x), default=0.0)

    @property
    def steps(self) -> tuple[tuple[float, float], ...]:
        """Value and cumulative probability, the last one 1."""
        shares = [*accumulate(w for _, w in self.weights[:-1]), 1.0]
        return tuple((value, s) for (value, _), s in zip(self.weights, shares, strict=True))

    @property
    def mean(self) -> float:
        """Σ w x."""
        return math.fsum(w * x for x, w in self.weights)

    @property
    def sd(self) -> float:
        """√(Σ w (x - mean)²)."""
        return math.sqrt(math.fsum(w * (x - self.mean) ** 2 for x, w in self.weights))
