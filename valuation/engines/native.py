"""Compute a plan with one generated numba kernel, for many draws; agrees with `arrays`.

The kernel computes what differs by draw. What does not is computed once by `arrays` and handed
over as numbers, and so one kernel serves all base cases of a model. Dates and rates of return are
left to `arrays` too, for each draw, with all that they need: right, but not fast.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from copy import copy
from pathlib import Path

import numpy as np

from valuation.engines import native_cache
from valuation.engines.arrays import Inputs, Pool, compute
from valuation.engines.native_layout import Layout
from valuation.engines.native_source import LANES, write
from valuation.engines.plan import Plan
from valuation.engines.rules import Array
from valuation.errors import EngineError
from valuation.lines import Row

#: Draws for which numpy computes what it has to before the kernel runs.
_BLOCK = 2048


class Kernel:
    """A compiled plan.

    Attributes:
        cells: Rows of the varying table of each varying input that the plan uses: one, or one a
            period for a yearly input.
        width: Number of rows of the varying table.
        lanes: The number of draws in a call must be a multiple of this.
        length: Number of rows of the output table: the periods of the rows asked for, one row
            after another.
        source: Text of the kernel's module.
    """

    def __init__(
        self, plan: Plan, varying: Collection[Row], shared: Inputs, *, cache: Path | None = None
    ) -> None:
        """Write the kernel and compile it, unless it is in the cache.

        Args:
            plan: Steps for the rows wanted.
            varying: Assumptions, or typed lines, whose values differ by draw.
            shared: Values of the other ones, shape (periods or 1, 1); of varying ones not read.
            cache: Folder of compiled kernels; by default the user's.
        """
        self._plan, self._layout = plan, Layout(plan, varying)
        places = self._layout.cells.items()
        self.cells: Mapping[Row, range] = {
            source: places
            for slot, places in places
            if (source := plan.steps[slot].source) is not None
        }
        self.width = self._layout.width
        self.lanes = LANES
        self.length = sum(map(len, self._layout.outputs))
        self._alike = self._compute_alike(shared)
        numbers = [self._column(slot) for slot in self._layout.shared]
        self._shared = np.concatenate(numbers) if numbers else np.zeros(1)
        self._before = _part(plan, self._layout.before(), self._layout.ahead)
        self.source = write(self._layout)
        self._kernel = native_cache.load(self.source, cache).kernel

    def _compute_alike(self, shared: Inputs) -> dict[int, Array]:
        groups = self._layout.alike()
        part = _part(self._plan, groups, [slot for group in groups for slot in group])
        with np.errstate(all="ignore"):
            return compute(part, shared, Pool(part))

    def _column(self, slot: int) -> Array:
        return np.broadcast_to(self._alike[slot][:, 0], self._layout.length(slot))

    def run(self, table: Array, out: Array) -> None:
        """Compute a number of draws; any number of threads may do so at once.

        Args:
            table: Values of the varying inputs, shape (width, draws).
            out: Receives the results, shape (length, draws).

        Raises:
            EngineError: Tables of other shapes.
        """
        draws = out.shape[1]
        if table.shape != (self.width, draws) or len(out) != self.length or draws % self.lanes:
            raise EngineError(
                f"tables of {table.shape} and {out.shape}: they must have {self.width} and "
                f"{self.length} rows, and as many draws, a multiple of {self.lanes}."
            )
        for slot, places in zip(self._plan.outputs, self._layout.outputs, strict=True):
            if slot in self._alike:
                out[places.start : places.stop] = self._column(slot)[:, None]
        if not self._layout.ahead:
            self._kernel(table, np.empty((0, 0)), self._shared, out, 0, draws)
            return
        pool = Pool(self._before)
        for first in range(0, draws, _BLOCK):
            last = min(first + _BLOCK, draws)
            ahead = self._compute_ahead(table[:, first:last], pool)
            self._kernel(table, ahead, self._shared, out, first, last)

    def _compute_ahead(self, table: Array, pool: Pool) -> Array:
        inputs = {row: table[places.start : places.stop] for row, places in self.cells.items()}
        with np.errstate(all="ignore"):
            value = compute(self._before, inputs, pool, self._alike)
            ahead = np.empty((sum(map(len, self._layout.ahead.values())), table.shape[1]))
            for slot, places in self._layout.ahead.items():
                ahead[places.start - self.width : places.stop - self.width] = value[slot]
        pool.take_back(value)
        return ahead

    def evaluate(self, inputs: Inputs, *, draws: int) -> dict[Row, Array]:
        """Compute the rows of the plan as `arrays.evaluate` does, for tests and single use."""
        padded = -(-draws // self.lanes) * self.lanes
        table = np.empty((self.width, padded))
        for row, places in self.cells.items():
            part = table[places.start : places.stop]
            part[:, :draws] = inputs[row]
            part[:, draws:] = part[:, draws - 1 : draws]
        out = np.empty((self.length, padded))
        self.run(table, out)
        return {
            row: out[places.start : places.stop, :draws]
            for row, places in zip(self._plan.rows, self._layout.outputs, strict=True)
        }


def _part(plan: Plan, groups: list[list[int]], outputs: Collection[int]) -> Plan:
    """A plan for some of the steps of another."""
    part = copy(plan)
    part.groups, part.outputs, part.rows = groups, list(outputs), []
    return part
