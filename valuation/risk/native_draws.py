"""Draw blocks in compiled code: what `sobol`, `scores` and `quantiles` do, bit for bit."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from valuation.engines.rules import Array
from valuation.risk.quantiles import CELLS
from valuation.risk.scores import CELL_BITS, DEGREE, FIRST, HALF, INSIDE, ONE, SHIFT
from valuation.risk.sobol import BITS, Bits

#: Points that follow from the first of them by few XORs: a power of two.
RUN_BITS = 5
RUN = 1 << RUN_BITS

_compiled = numba.njit(nogil=True, cache=True, error_model="numpy")
_SHIFT, _INSIDE, _ONE = np.int64(SHIFT), np.int64(INSIDE), np.int64(ONE)
_FIRST, _CELL_BITS, _HALF = np.int64(FIRST), np.int64(CELL_BITS), np.uint32(HALF)


@_compiled
def points(directions: Bits, shift: Bits, start: int, out: Bits) -> None:
    """Sobol points from `start`, a multiple of `RUN`, as many as `out` is wide."""
    count = out.shape[1]
    for d in range(len(out)):
        for run in range(0, count, RUN):
            first = shift[d]
            for k in range(RUN_BITS, BITS):
                if (start + run) >> k & 1:
                    first ^= directions[d, k]
            row = out[d, run : run + RUN]
            row[0] = first
            for k in range(RUN_BITS):
                direction, half = directions[d, k], 1 << k
                for i in range(min(half, len(row) - half)):
                    row[half + i] = row[i] ^ direction


@_compiled
def score(integers: Bits, coefficients: Array, tail: Array, inside: Array, out: Array) -> None:
    """Normal scores of integers; `tail` and `inside` are room to work in."""
    bits, inner = tail.view(np.int64), inside.view(np.int64)
    for i in range(len(out)):
        n = integers[i]
        tail[i] = np.float64(~n if n >= _HALF else n) + 0.5
    for i in range(len(out)):
        inner[i] = ((bits[i] & _INSIDE) << _CELL_BITS) | _ONE
    for i in range(len(out)):
        cell = (bits[i] >> _SHIFT) - _FIRST
        t = inside[i] - 1.0
        r = coefficients[DEGREE, cell]
        for k in range(DEGREE - 1, -1, -1):
            r = r * t + coefficients[k, cell]
        out[i] = -r if integers[i] >= _HALF else r


@_compiled
def smooth(
    scores: Array, kink: float, left: float, right: float, low: float, high: float,
    cubic: Array, out: Array,
) -> None:  # fmt: skip
    """Values of one smooth distribution."""
    for i in range(len(out)):
        place = scores[i] - kink
        place *= left if place < 0 else right
        cell = min(max(np.floor(place), -CELLS), CELLS - 1.0)
        place -= cell
        at = np.int64(cell) + CELLS
        r = cubic[3, at]
        r = r * place + cubic[2, at]
        r = r * place + cubic[1, at]
        r = r * place + cubic[0, at]
        out[i] = min(max(r, low), high)


@_compiled
def stepped(scores: Array, limits: Array, values: Array, out: Array) -> None:
    """Values of one stepped distribution."""
    for i in range(len(out)):
        at = 0
        while at < len(limits) and scores[i] >= limits[at]:
            at += 1
        out[i] = values[at]


@_compiled
def value(
    scores: Array, scenario: NDArray[np.intp], of: NDArray[np.intp], is_stepped: NDArray[np.bool_],
    kink: Array, scale: Array, ends: Array, cubics: Array, limits: Array, values: Array,
    room: Array, out: Array,
) -> None:  # fmt: skip
    """Values of a cell whose table in each scenario is `of`; `room` is room to work in."""
    for s in range(len(of)):
        table = of[s]
        seen = False
        for before in range(s):
            seen = seen or of[before] == table
        if seen:
            continue
        alike = True
        for other in range(len(of)):
            alike = alike and of[other] == table
        found = out if alike else room
        if is_stepped[table]:
            stepped(scores, limits[table], values[table], found)
        else:
            smooth(
                scores, kink[table], scale[table, 0], scale[table, 1],
                ends[table, 0], ends[table, 1], cubics[table], found,
            )  # fmt: skip
        if not alike:
            for i in range(len(out)):
                if of[scenario[i]] == table:
                    out[i] = found[i]


@_compiled
def pick(integers: Bits, limits: NDArray[np.uint64], out: NDArray[np.intp]) -> None:
    """Scenario of uniform integers."""
    for i in range(len(out)):
        out[i] = 0
        for limit in limits:
            if integers[i] >= limit:
                out[i] += 1


@_compiled
def mix(held: Array, weights: Array, bound: NDArray[np.int64], out: Array) -> None:
    """Correlated scores of a cell: the held innovations times its weights, in their order."""
    started = False
    for other in range(len(weights)):
        weight = weights[other]
        if weight == 0.0:
            continue
        source = held[bound[other]]
        if started:
            for i in range(len(out)):
                out[i] += source[i] * weight
        else:
            for i in range(len(out)):
                out[i] = source[i] * weight
            started = True


@_compiled
def draw(
    integers: Bits, mixture: int, limits_of_scenarios: NDArray[np.uint64], coefficients: Array,
    factor: Array, bound: NDArray[np.int64], table: NDArray[np.intp],
    is_stepped: NDArray[np.bool_], kink: Array, scale: Array, ends: Array, cubics: Array,
    limits: Array, values: Array, rows: NDArray[np.int64], out: Array,
) -> None:  # fmt: skip
    """Values of every cell at some integers, cell i into row `rows[i]` of `out`.

    `bound[i]` numbers the cells whose scores others need or that need others', from 0; -1 is none.
    """
    count = integers.shape[1]
    scenario = np.zeros(count, np.intp)
    if mixture:
        pick(integers[0], limits_of_scenarios, scenario)
    tail, inside, own, room = np.empty(count), np.empty(count), np.empty(count), np.empty(count)
    held = np.empty((max(bound.max() + 1, 1), count))
    for c in range(len(rows)):
        if bound[c] >= 0:
            score(integers[c + mixture], coefficients, tail, inside, held[bound[c]])
    for c in range(len(rows)):
        if bound[c] >= 0:
            mix(held, factor[c], bound, own)
        else:
            score(integers[c + mixture], coefficients, tail, inside, own)
        value(own, scenario, table[:, c].copy(), is_stepped, kink, scale, ends, cubics,
              limits, values, room, out[rows[c]])  # fmt: skip
