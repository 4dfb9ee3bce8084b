"""First-order indices of inputs, from the draws of a simulation."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from valuation.engines.rules import Array
from valuation.risk.sampler import Block
from valuation.risk.simulation import Simulation
from valuation.risk.spread import Estimate

#: Bins of a score.
BINS: Final = 32


def first_orders(
    simulation: Simulation, groups: dict[str, list[int]]
) -> dict[str, tuple[Estimate, float]]:
    """First-order index of each input, and of the size of deviations, which sees interactions.

    From the first block of each scrambling: the draws are the simulation's own. What two
    scramblings agree on is the input's, as all else in them is independent: products of bin means
    of different scramblings have no bias, whatever the sampler.
    """
    sampler = simulation.job.sampler
    halves: dict[str, list[tuple[Array, Array]]] = {key: [] for key in groups}
    values = []
    for block in sampler.blocks():
        if block.start:
            continue
        found = _values(simulation, block)
        good = np.isfinite(found)
        values.append(found[good])
        drawn = sampler.draw(block)
        correlated = sampler.correlated(drawn.innovations)[:, good]
        own = found[good] - found[good].mean()
        for key, cells in groups.items():
            if cells == [-1]:
                bins, count = drawn.scenario[good], len(sampler.scenarios)
                halves[key].append((_means(own, bins, count), _means(np.abs(own), bins, count)))
            elif len(cells) == 1:
                bins = _ranked(correlated[cells[0]])
                halves[key].append((_means(own, bins, BINS), _means(np.abs(own), bins, BINS)))
            else:
                slopes = np.linalg.lstsq(correlated[cells].T, own, rcond=None)[0]
                halves[key].append((slopes, np.zeros(len(slopes))))
    variance = float(np.concatenate(values).var())
    result = {}
    for key, cells in groups.items():
        weights = np.full(BINS, 1 / BINS)
        if cells == [-1]:
            weights = np.asarray(sampler.weights) / sum(sampler.weights)
        metric = np.diag(weights)
        if len(cells) > 1:
            metric = sampler.correlation[np.ix_(cells, cells)]
        first = np.array([half for half, _ in halves[key]])
        second = np.array([half for _, half in halves[key]])
        second = second - second.mean() if len(cells) == 1 else second
        result[key] = (
            _agreed(first, metric, variance),
            _agreed(second, metric, variance).value,
        )
    return result


def _values(simulation: Simulation, block: Block) -> Array:
    """Value per share of a block of the simulation."""
    if simulation.values is not None:
        found: Array = simulation.values[0, block.first : block.first + block.count]
        return found
    again: Array = simulation.job.lines(block)[0]
    return again


def _ranked(values: Array) -> NDArray[np.intp]:
    """Number of the bin of each score; the bins hold equally many."""
    order = np.argsort(values, kind="stable")
    bins = np.empty(len(values), dtype=np.intp)
    bins[order] = np.arange(len(values)) * BINS // len(values)
    return bins


def _means(values: Array, bins: NDArray[np.intp], count: int) -> Array:
    """Mean in each bin; 0, the mean of all, where a bin is empty."""
    sizes = np.bincount(bins, minlength=count)
    sums = np.bincount(bins, values, minlength=count)
    return np.asarray(sums / np.maximum(sizes, 1), dtype=np.float64)


def _agreed(found: Array, metric: Array, variance: float) -> Estimate:
    """Mean product of the figures of different scramblings, as a share of the variance.

    The standard error is that of the jackknife over scramblings.

    Args:
        found: Figures of each scrambling, shape (scramblings, figures).
        metric: What product of two rows of figures is taken.
        variance: Of the values.
    """
    products = found @ metric @ found.T
    count = len(found)
    if variance <= 0 or count < 3:  # noqa: PLR2004 - a jackknife leaves one out of two pairs
        return Estimate(float("nan"), float("nan"))
    apart = products - np.diag(np.diag(products))
    whole = apart.sum() / (count * (count - 1))
    left = (apart.sum() - 2 * apart.sum(axis=1)) / ((count - 1) * (count - 2))
    error = np.sqrt((count - 1) / count * ((left - left.mean()) ** 2).sum())
    return Estimate(float(whole / variance), float(error / variance))
