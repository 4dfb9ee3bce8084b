"""Percentiles, shares and tails of simulated values, kept in full or counted into bins.

Every figure is worked out over all draws, and once more in each scrambling: how far those differ
is its standard error.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from valuation.engines.rules import Array

#: Percentiles that are told.
PERCENTS: Final = (1, 5, 10, 25, 50, 75, 90, 95, 99)


class Estimate(NamedTuple):
    """A figure and its standard error; the error is NaN where one scrambling cannot tell."""

    value: float
    standard_error: float


def standard_error(values: Sequence[float] | Array) -> float:
    """Standard error of a mean of independent figures, those that are no number left out."""
    found = np.asarray(values, dtype=np.float64)
    found = found[np.isfinite(found)]
    if len(found) < 2:  # noqa: PLR2004 - one figure has no spread
        return float("nan")
    return float(found.std(ddof=1) / np.sqrt(len(found)))


class Sample(ABC):
    """Simulated values of one line."""

    @property
    @abstractmethod
    def count(self) -> int:
        """How many draws have a value."""

    @abstractmethod
    def quantile(self, shares: Array) -> Array:
        """Values below which these shares lie."""

    @abstractmethod
    def share_above(self, value: float) -> float:
        """Share of the draws above a value."""

    @abstractmethod
    def mean_below(self, share: float) -> float:
        """Mean of the lowest share of the draws."""

    @abstractmethod
    def histogram(self, edges: Array) -> NDArray[np.int64]:
        """Draws between edges."""


@dataclass(frozen=True)
class Kept(Sample):
    """Every value, in order of size."""

    values: Array

    @property
    def count(self) -> int:
        """How many draws have a value."""
        return len(self.values)

    def quantile(self, shares: Array) -> Array:
        """Interpolate between the two values beside each share."""
        if not self.count:
            return np.full(len(shares), np.nan)
        place = shares * (self.count - 1)
        below = np.floor(place).astype(np.int64)
        above = np.minimum(below + 1, self.count - 1)
        low = self.values[below]
        result: Array = low + (place - below) * (self.values[above] - low)
        return result

    def share_above(self, value: float) -> float:
        """Count what is above."""
        if not self.count:
            return float("nan")
        return 1 - int(np.searchsorted(self.values, value, "right")) / self.count

    def mean_below(self, share: float) -> float:
        """Mean of the lowest values; a part of a draw counts in part."""
        whole, part = divmod(share * self.count, 1)
        if not self.count:
            return float("nan")
        whole = int(whole)
        total = float(self.values[:whole].sum())
        if part > 0:
            total += part * float(self.values[whole])
        return total / (whole + part)

    def histogram(self, edges: Array) -> NDArray[np.int64]:
        """Count by looking the edges up; the last one is included."""
        places = np.searchsorted(self.values, edges, "left")
        places[-1] = np.searchsorted(self.values, edges[-1], "right")
        return np.diff(places)


@dataclass(frozen=True)
class Counted(Sample):
    """Draws in each of many narrow bins; inside a bin they are taken to lie evenly.

    Attributes:
        counts: Draws in each bin.
        edges: Ends of the bins, one more than there are bins.
    """

    counts: NDArray[np.int64]
    edges: Array

    @property
    def count(self) -> int:
        """How many draws have a value."""
        return int(self.counts.sum())

    def _below(self) -> Array:
        """Draws below each edge."""
        return np.concatenate([[0.0], np.cumsum(self.counts, dtype=np.float64)])

    def quantile(self, shares: Array) -> Array:
        """Interpolate inside the bin."""
        if not self.count:
            return np.full(len(shares), np.nan)
        below = self._below()
        return np.interp(shares * self.count, below, self.edges)

    def share_above(self, value: float) -> float:
        """Interpolate inside the bin."""
        if not self.count:
            return float("nan")
        return 1 - float(np.interp(value, self.edges, self._below())) / self.count

    def mean_below(self, share: float) -> float:
        """Mean of the lowest bins, the last of them in part."""
        if not self.count:
            return float("nan")
        below = self._below()
        taken = np.diff(np.minimum(below, share * self.count))
        part = np.divide(taken, self.counts, out=np.zeros(len(taken)), where=self.counts > 0)
        middles = self.edges[:-1] + np.diff(self.edges) * part / 2
        return float((taken * middles).sum() / taken.sum())

    def histogram(self, edges: Array) -> NDArray[np.int64]:
        """Interpolate inside the bins."""
        below = np.interp(edges, self.edges, self._below())
        return np.diff(np.rint(below)).astype(np.int64)


@dataclass(frozen=True)
class Spread:
    """Simulated values of one line, over all draws and by scrambling."""

    all: Sample
    each: tuple[Sample, ...]

    def estimate(self, figure: Callable[[Sample], float]) -> Estimate:
        """A figure over all draws, and how far the scramblings differ in it."""
        return Estimate(figure(self.all), standard_error([figure(s) for s in self.each]))

    def percentiles(self, percents: Sequence[float] = PERCENTS) -> dict[str, Estimate]:
        """Percentiles by name: `p5`."""
        shares = np.asarray(percents) / 100
        values = self.all.quantile(shares)
        each = np.array([sample.quantile(shares) for sample in self.each])
        return {
            f"p{percent:g}": Estimate(float(value), standard_error(column))
            for percent, value, column in zip(percents, values, each.T, strict=True)
        }

    def probability_above(self, value: float) -> Estimate:
        """Share of the draws above a value."""
        return self.estimate(lambda sample: sample.share_above(value))

    def expected_shortfall(self, share: float = 0.05) -> Estimate:
        """Mean of the lowest share of the draws."""
        return self.estimate(lambda sample: sample.mean_below(share))


def kept(values: Array, sizes: Sequence[int]) -> Spread:
    """Sort values; NaN, a draw without a value, is left out."""
    each = []
    for part in np.split(values, np.cumsum(sizes)[:-1]):
        ordered = np.sort(part)  # NaN comes last
        each.append(ordered[: np.searchsorted(ordered, np.nan)])
    return Spread(Kept(np.sort(np.concatenate(each))), tuple(map(Kept, each)))


def counted(counts: NDArray[np.int64], edges: Array) -> Spread:
    """Take counts of shape (scramblings, bins)."""
    return Spread(Counted(counts.sum(axis=0), edges), tuple(Counted(c, edges) for c in counts))
