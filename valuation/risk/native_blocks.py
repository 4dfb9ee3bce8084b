"""Blocks of draws in compiled code: drawn and evaluated in strips that stay in cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from valuation.engines.rules import Array
from valuation.risk import native_draws
from valuation.risk.sampler import Block
from valuation.risk.scores import coefficients

if TYPE_CHECKING:
    from valuation.risk.blocks import Job

#: Draws at a time: a multiple of the kernel's lanes and of a run of points, and no power of two,
#: whose rows would all fall into the same places of the cache.
STRIP: Final = 1056


def lines(job: Job, block: Block) -> Array:
    """Outputs of a block, shape (lines, draws)."""
    kernel, sampler, tables = job.kernel(), job.sampler, job.sampler.tables
    padded = -(-block.count // kernel.lanes) * kernel.lanes
    out = np.empty((kernel.length, padded))
    integers = None if sampler.kind == "sobol" else sampler.integers(block)
    drawn = np.empty((len(sampler.cells) + sampler.is_mixture, STRIP), dtype=np.uint32)
    table = np.empty((kernel.width, STRIP))
    result = np.empty((kernel.length, STRIP))
    rows, bound = _places(job)
    limits = sampler.limits()
    scores = coefficients()
    for start in range(0, padded, STRIP):
        width = min(STRIP, padded - start)
        if integers is None:
            directions, shift = (
                sampler.directions[block.scrambling],
                sampler.shifts[block.scrambling],
            )
            native_draws.points(directions, shift, block.start + start, drawn)
        else:
            given = integers[:, start : start + STRIP]
            drawn[:, : given.shape[1]] = given
            drawn[:, given.shape[1] :] = given[:, -1:]
        native_draws.draw(
            drawn, int(sampler.is_mixture), limits, scores, sampler.factor, bound, sampler.table,
            tables.stepped, tables.kink, tables.scale, tables.ends, tables.cubics, tables.limits,
            tables.values, rows, table,
        )  # fmt: skip
        if width == STRIP:
            kernel.run(table, result)
            out[:, start : start + width] = result
        else:
            part = np.empty((kernel.length, width))
            kernel.run(np.ascontiguousarray(table[:, :width]), part)
            out[:, start : start + width] = part
    return out[:, : block.count]


def evaluated(job: Job, values: Array) -> Array:
    """Outputs at values of the cells, shape (cells, draws)."""
    kernel = job.kernel()
    draws = values.shape[1]
    padded = -(-draws // kernel.lanes) * kernel.lanes
    rows, _ = _places(job)
    table = np.empty((kernel.width, padded))
    table[rows, :draws] = values
    table[:, draws:] = table[:, draws - 1 : draws]
    out = np.empty((kernel.length, padded))
    kernel.run(table, out)
    return out[:, :draws]


def _places(job: Job) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row of each cell in the kernel's table, and number of each correlated cell (-1: none)."""
    kernel = job.kernel()
    rows = np.empty(len(job.sampler.cells), dtype=np.int64)
    for row, cells in job.rows.items():
        rows[list(cells)] = kernel.cells[row]
    correlated = (job.sampler.factor != np.eye(len(rows))).any(axis=1)
    correlated |= (job.sampler.factor != np.eye(len(rows))).any(axis=0)
    bound = np.where(correlated, np.cumsum(correlated) - 1, -1)
    return rows, np.asarray(bound, dtype=np.int64)
