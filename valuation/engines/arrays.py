"""Compute a plan with numpy: one array of shape (periods, draws) per step. The reference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from valuation.engines.plan import Plan, Step
from valuation.engines.rules import OVER_PAST, OVER_PERIODS, Array, rule_for
from valuation.lines import Row

Inputs: TypeAlias = Mapping[Row, Array]

#: Draws computed at a time: fewer pay for Python's overhead, more for leaving the cache (measured).
BLOCK = 8192


def evaluate(plan: Plan, inputs: Inputs, *, draws: int, block: int = BLOCK) -> dict[Row, Array]:
    """Compute the rows of a plan.

    Args:
        plan: Steps for the rows wanted.
        inputs: One array an assumption, shape (periods or 1, draws or 1).
        draws: Number of draws.
        block: Draws computed at a time, so that arrays stay in cache.

    Returns:
        One array a row, shape (periods or 1, draws).
    """
    found = outputs(plan, inputs, draws=draws, block=block)
    return dict(zip(plan.rows, found, strict=True))


def outputs(plan: Plan, inputs: Inputs, *, draws: int, block: int = BLOCK) -> list[Array]:
    """Compute the outputs of a plan as `evaluate` does, in their order and without their rows."""
    shapes = [plan.periods if plan.steps[i].series else 1 for i in plan.outputs]
    result = [np.empty((n, draws)) for n in shapes]
    pool = Pool(plan)
    with np.errstate(all="ignore"):  # gaps stay NaN and are named by `first_gap`
        for start in range(0, draws, block):
            span = slice(start, min(start + block, draws))
            part = {k: v if v.shape[1] == 1 else v[:, span] for k, v in inputs.items()}
            value = compute(plan, part, pool)
            for out, slot in zip(result, plan.outputs, strict=True):
                out[:, span] = value[slot]
            pool.take_back(value)
    return result


class Pool:
    """Arrays used again after the last use of what they held; views are never handed out."""

    def __init__(self, plan: Plan) -> None:
        self.periods = plan.periods
        self.last = _last_use(plan)
        self._free: dict[tuple[int, int], list[Array]] = defaultdict(list)
        self._own: set[int] = set()

    def empty(self, shape: tuple[int, int]) -> Array:
        """Hand out an array, used before if there is one."""
        free = self._free[shape]
        array = free.pop() if free else np.empty(shape)
        self._own.add(id(array))
        return array

    def release(self, array: Array) -> None:
        """Take an array back, unless it came from elsewhere."""
        if id(array) in self._own:
            self._own.discard(id(array))
            self._free[array.shape[0], array.shape[1]].append(array)

    def take_back(self, value: dict[int, Array]) -> None:
        """Take all arrays back."""
        for array in value.values():
            self.release(array)
        value.clear()


def compute(
    plan: Plan, inputs: Inputs, pool: Pool, known: Mapping[int, Array] | None = None
) -> dict[int, Array]:
    """Values of the steps whose outputs are wanted, by step.

    Args:
        plan: Steps in groups; all that they read is in earlier groups or known.
        inputs: One array an assumption, shape (periods or 1, draws or 1).
        pool: Arrays to use; give them back when the values have been read.
        known: Values of steps that no group computes.
    """
    value = dict(known or {})
    for position, group in enumerate(plan.groups):
        if len(group) == 1 and group[0] not in plan.steps[group[0]].operands:
            value[group[0]] = _whole(plan.steps[group[0]], value, inputs, pool)
        else:
            _walk(plan, group, value, pool)
        for slot in pool.last.get(position, ()):
            pool.release(value.pop(slot))
    return value


def _whole(step: Step, value: dict[int, Array], inputs: Inputs, pool: Pool) -> Array:
    """All periods of one step at once."""
    parts = [value[i] for i in step.operands]
    if step.name == "number":
        return np.full((1, 1), step.value)
    if step.source is not None:
        return inputs[step.source]
    width = max(p.shape[1] for p in parts)
    if step.name in OVER_PAST:
        out = pool.empty((pool.periods, width))
        row = 1 if step.name == "previous" else 0
        parts[row] = np.broadcast_to(parts[row], (pool.periods, parts[row].shape[1]))
        for t in range(pool.periods):
            _from_the_past(step.name, parts, t, out[t])
        return out
    if step.name in OVER_PERIODS:
        series = [
            p if step.name == "irr" and n else np.broadcast_to(p, (pool.periods, p.shape[1]))
            for n, p in enumerate(parts)
        ]
        out = pool.empty((1, width))
        out[0] = OVER_PERIODS[step.name](*series)
        return out
    out = pool.empty((max(p.shape[0] for p in parts), width))
    rule_for(step.name)(out, *parts)
    return out


def _from_the_past(name: str, parts: list[Array], t: int, out: Array) -> None:
    """Value of a previous period: `previous` is (first, row), `years_ago` (row, first, years)."""
    if name == "previous":
        first, row = parts
        out[...] = row[t - 1] if t else first[0]
        return
    row, first, years = parts
    source = t - years[0]
    if source.min() == source.max():
        position = int(source[0])
        out[...] = row[position] if position >= 0 else first[0] if position == -1 else 0.0
        return
    at = np.broadcast_to(source.astype(np.int64), out.shape)
    row = np.broadcast_to(row, (row.shape[0], out.shape[0]))
    past = np.take_along_axis(row, np.maximum(at, 0)[None, :], axis=0)[0]
    out[...] = np.where(at >= 0, past, np.where(at == -1, first[0], 0.0))


def _walk(plan: Plan, group: list[int], value: dict[int, Array], pool: Pool) -> None:
    """Steps that depend on each other's past, one period at a time."""
    outside = {i for slot in group for i in plan.steps[slot].operands} - set(group)
    width = max((value[i].shape[1] for i in outside), default=1)
    for slot in group:
        value[slot] = pool.empty((pool.periods, width))
    for t in range(pool.periods):
        for slot in group:
            step = plan.steps[slot]
            parts = [value[i] for i in step.operands]
            if step.name in OVER_PAST:
                _from_the_past(step.name, parts, t, value[slot][t])
            else:
                rule_for(step.name)(value[slot][t], *(p[t if len(p) > 1 else 0] for p in parts))


def _last_use(plan: Plan) -> dict[int, list[int]]:
    """Steps to release after each group."""
    last: dict[int, int] = {}
    for position, group in enumerate(plan.groups):
        for slot in group:
            last[slot] = position
            for i in plan.steps[slot].operands:
                last[i] = max(position, last.get(i, 0))
    released: dict[int, list[int]] = {}
    kept = set(plan.outputs)
    for slot, position in last.items():
        if slot not in kept:
            released.setdefault(position, []).append(slot)
    return released


def first_gap(plan: Plan, inputs: Inputs, *, draws: int) -> tuple[Row, int, int] | None:
    """The first row, in order of calculation, that is not a number, and its period and draw."""
    result = evaluate(plan, inputs, draws=draws)
    for _, row in sorted(zip(plan.outputs, plan.rows, strict=True), key=lambda pair: pair[0]):
        array = result[row]
        if not np.isfinite(array).all():
            period, draw = np.argwhere(~np.isfinite(array))[0]
            return row, int(period), int(draw)
    return None
