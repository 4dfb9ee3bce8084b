"""What a worker does with a block of draws: draw, evaluate, and sum up.

A worker is handed a `Job` and block numbers, nothing else; what it returns depends on neither the
worker nor on what it did before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from valuation.engines.arrays import outputs
from valuation.engines.plan import Plan
from valuation.engines.rules import Array
from valuation.lines import Row
from valuation.risk.sampler import Block, Sampler

if TYPE_CHECKING:
    from valuation.engines.native import Kernel

Engine: TypeAlias = Literal["numpy", "numba"]

#: Bins of the integer histograms that stand in for the draws where there are too many to keep.
BINS = 65_536


@dataclass(frozen=True)
class Layout:
    """Which lines of the outputs are kept, and which are summed up together.

    Attributes:
        joint: Lines, from the first, whose covariances are summed up; a draw counts where all of
            them are numbers.
        kept: Lines whose every value is kept, or counted into a histogram.
        lines: How many there are.
    """

    joint: int
    kept: tuple[int, ...]
    lines: int


class Halted(Exception):  # noqa: N818 - it is no error: nobody waits for the answer
    """The work is no longer wanted."""


_asked: list[Callable[[], bool]] = []


def halt_when(wanted: Callable[[], bool]) -> None:
    """From now on, ask before each block of this process whether the work is no longer wanted."""
    _asked[:] = [wanted]


@dataclass(frozen=True, kw_only=True)
class Job:
    """All a worker needs.

    Attributes:
        plan: Steps to the outputs, whose lines follow each other in the order of `plan.outputs`.
        shared: Inputs that do not differ by draw, and the base case of the others.
        rows: Cells of each input that differs by draw, by position in the sampler.
        sampler: How draws are made.
        layout: What is done with the lines.
        ranges: Ends of the histogram of each kept line, shape (kept, 2); None keeps the values.
        engine: What evaluates.
    """

    plan: Plan
    shared: Mapping[Row, Array]
    rows: Mapping[Row, Sequence[int]]
    sampler: Sampler
    layout: Layout
    ranges: Array | None = None
    engine: Engine = "numpy"
    _kernel: list[Kernel] = field(default_factory=list, compare=False)

    def inputs(self, values: Array) -> dict[Row, Array]:
        """Inputs of the model at values of the cells, shape (cells, draws)."""
        return {**self.shared, **{row: values[list(cells)] for row, cells in self.rows.items()}}

    def lines(self, block: Block) -> Array:
        """Outputs of a block, shape (lines, draws)."""
        if self.engine == "numba":
            from valuation.risk.native_blocks import lines

            found: Array = lines(self, block)
            return found
        inputs = self.inputs(self.sampler.draw(block).values)
        return np.concatenate(outputs(self.plan, inputs, draws=block.count))

    def value(self, values: Array) -> Array:
        """The first output at values of the cells, shape (cells, draws); shape (draws,)."""
        if self.engine == "numba":
            from valuation.risk.native_blocks import evaluated

            found: Array = evaluated(self, values)[0]
            return found
        plan = self.plan.first(1)
        single: Array = outputs(plan, self.inputs(values), draws=values.shape[1])[0][0]
        return single

    def kernel(self) -> Kernel:
        """The compiled kernel, made once in a process."""
        if not self._kernel:
            from valuation.engines.native import Kernel

            self._kernel.append(Kernel(self.plan, list(self.rows), self.shared))
        return self._kernel[0]

    def __getstate__(self) -> dict[str, object]:
        """Leave the kernel behind: each process makes its own."""
        return {**self.__dict__, "_kernel": []}


@dataclass(frozen=True, kw_only=True)
class Moments:
    """Count, means and sums of squares about them.

    Attributes:
        count: Draws summed up by line; 0 where there was none.
        mean: Mean of each line.
        square: Sum of squares of each line about its mean.
        product: Sums of products of the joint lines about their means, shape (joint, joint).
    """

    count: NDArray[np.int64]
    mean: Array
    square: Array
    product: Array

    def __add__(self, other: Moments) -> Moments:
        """Merge with the moments of other draws (Chan, Golub and LeVeque 1979)."""
        count = self.count + other.count
        share = np.divide(other.count, count, out=np.zeros(len(count)), where=count > 0)
        apart = other.mean - self.mean
        weight = self.count * share
        joint = len(self.product)
        return Moments(
            count=count,
            mean=self.mean + apart * share,
            square=self.square + other.square + apart**2 * weight,
            product=self.product
            + other.product
            + np.outer(apart[:joint], apart[:joint]) * weight[0],
        )


@dataclass(frozen=True, kw_only=True)
class Summed:
    """A block of draws, evaluated and summed up.

    Attributes:
        block: Which.
        moments: Of all lines.
        dropped: Draws without a value, counted over all.
        digest: SHA-256 of the kept values.
        kept: Values of the kept lines, shape (kept, draws); None where only counted.
        counts: Draws in each bin, shape (kept, BINS); None where kept.
        ends: Least and largest kept value, shape (kept, 2).
    """

    block: Block
    moments: Moments
    dropped: NDArray[np.int64]
    digest: bytes
    kept: Array | None
    counts: NDArray[np.int64] | None
    ends: Array


def run(job: Job, blocks: Sequence[Block]) -> list[Summed]:
    """Evaluate blocks; histograms of those of one scrambling are added up in the last of them."""
    found = []
    for block in blocks:
        if any(asked() for asked in _asked):
            raise Halted
        found.append(run_block(job, block))
    for i, (one, two) in enumerate(pairwise(found)):
        same = one.block.scrambling == two.block.scrambling
        if one.counts is not None and two.counts is not None and same:
            two.counts[...] += one.counts
            found[i] = replace(one, counts=None)
    return found


def run_block(job: Job, block: Block) -> Summed:
    """Draw, evaluate and sum up one block."""
    lines = job.lines(block)
    joint = job.layout.joint
    good = np.isfinite(lines[:joint].sum(axis=0))
    kept = lines[list(job.layout.kept)]
    kept[:, ~good] = np.nan
    kept[np.isnan(kept)] = np.nan  # one way to write it, for the digest
    return Summed(
        block=block,
        moments=_moments(lines, good, joint),
        dropped=block.first + np.flatnonzero(~good),
        digest=sha256(np.ascontiguousarray(kept, dtype="<f8").data).digest(),
        kept=kept if job.ranges is None else None,
        counts=None if job.ranges is None else _counts(kept, job.ranges),
        ends=_ends(kept),
    )


def _moments(lines: Array, good: NDArray[np.bool_], joint: int) -> Moments:
    """Moments of the draws that have a value; a line may have none of its own in some of them."""
    if not good.all():
        lines = lines[:, good]
    whole = np.isfinite(lines).all(axis=1)
    count = np.where(whole, lines.shape[1], np.isfinite(lines).sum(axis=1))
    share = 1 / np.maximum(count, 1)
    total = np.sum if whole.all() else np.nansum
    start = np.nan_to_num(lines[:, 0]) if lines.shape[1] else np.zeros(len(lines))
    apart = lines - start[:, None]  # so that what does not vary has no variance at all
    middle = total(apart, axis=1) * share
    apart -= middle[:, None]
    mean, square = start + middle, total(apart**2, axis=1)
    return Moments(count=count, mean=mean, square=square, product=apart[:joint] @ apart[:joint].T)


def _ends(kept: Array) -> Array:
    """Least and largest of each line; where there is none, the empty interval."""
    low = np.min(kept, axis=1, where=np.isfinite(kept), initial=np.inf)
    high = np.max(kept, axis=1, where=np.isfinite(kept), initial=-np.inf)
    return np.stack([low, high], axis=1)


def _counts(kept: Array, ranges: Array) -> NDArray[np.int64]:
    """Draws in each bin of each line; what lies outside the range is in the first or last."""
    result = np.empty((len(kept), BINS), dtype=np.int64)
    for row, values, (low, high) in zip(result, kept, ranges, strict=True):
        found = values[np.isfinite(values)]
        place = np.clip((found - low) * (BINS / (high - low)), 0, BINS - 1)
        row[:] = np.bincount(place.astype(np.int64), minlength=BINS)
    return result
