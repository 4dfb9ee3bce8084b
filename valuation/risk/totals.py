"""What is left of the blocks once they are summed up, in order of their numbers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from valuation.engines.rules import Array
from valuation.risk.blocks import BINS, Job, Moments, Summed
from valuation.risk.sampler import SCRAMBLINGS
from valuation.risk.spread import Spread, counted, kept


class Totals:
    """Sums over blocks: added in order, so that they round alike whoever computed the blocks.

    Attributes:
        moments: By scrambling; None where a scrambling has no draws.
        dropped: Draws without a value.
        done: Draws added.
    """

    def __init__(self, job: Job) -> None:
        """Make room: for every kept value, or for bins."""
        lines = len(job.layout.kept)
        self._job = job
        self._kept = np.empty((lines, job.sampler.draws)) if job.ranges is None else None
        self._counts = None
        if job.ranges is not None:
            self._counts = np.zeros((lines, SCRAMBLINGS, BINS), dtype=np.int64)
        self._ends = np.tile([np.inf, -np.inf], (lines, 1))
        self._dropped: list[NDArray[np.int64]] = []
        self._digest = sha256()
        self.moments: list[Moments | None] = [None] * SCRAMBLINGS
        self.done = 0

    def add(self, found: Summed) -> None:
        """Add the next block."""
        block = found.block
        before = self.moments[block.scrambling]
        merged = found.moments if before is None else before + found.moments
        self.moments[block.scrambling] = merged
        if self._kept is not None and found.kept is not None:
            self._kept[:, block.first : block.first + block.count] = found.kept
        if self._counts is not None and found.counts is not None:
            self._counts[:, block.scrambling] += found.counts
        self._ends[:, 0] = np.minimum(self._ends[:, 0], found.ends[:, 0])
        self._ends[:, 1] = np.maximum(self._ends[:, 1], found.ends[:, 1])
        if len(found.dropped):
            self._dropped.append(found.dropped)
        self._digest.update(found.digest)
        self.done += block.count

    @property
    def dropped(self) -> NDArray[np.int64]:
        """Draws without a value, by number."""
        return np.concatenate([np.empty(0, np.int64), *self._dropped])

    @property
    def digest(self) -> str:
        """SHA-256 of the outputs, block by block."""
        return self._digest.hexdigest()

    @property
    def values(self) -> Array | None:
        """Kept values of every draw, shape (kept lines, draws); None where only counted."""
        return self._kept

    def spreads(self) -> list[Spread]:
        """Distribution of each kept line; sorting lets go of the lock, so threads share it."""
        ranges = self._job.ranges
        if self._kept is not None:
            sizes = self._job.sampler.sizes
            with ThreadPoolExecutor() as pool:
                return list(pool.map(lambda line: kept(line, sizes), self._kept))
        if self._counts is None or ranges is None:
            return []
        found = []
        for counts, (low, high), (least, most) in zip(
            self._counts, ranges, self._ends, strict=True
        ):
            edges = np.linspace(low, high, BINS + 1)
            edges[0], edges[-1] = min(least, edges[1]), max(most, edges[-2])
            if least == most:
                edges[:] = least
            found.append(counted(counts, edges))
        return found
