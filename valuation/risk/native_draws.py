"""Draw blocks in compiled code: the arithmetic of `sobol`, `scores` and `quantiles`, bit for bit."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from valuation.engines.rules import Array
from valuation.risk.quantiles import CELLS
from valuation.risk.scores import CELL_BITS, DEGREE, FIRST, HALF, INSIDE, ONE, SHIFT
from valuation.risk.sobol import BITS, Bits

_compiled = numba.njit(nogil=True, cache=True, error_model="numpy")
_SHIFT, _INSIDE, _ONE = np.int64(SHIFT), np.int64(INSIDE), np.int64(ONE)
_FIRST, _CELL_BITS, _HALF = np.int64(FIRST), np.int64(CELL_BITS), np.uint32(HALF)


@_compiled
def points(directions: Bits, shift: Bits, start: int, out: Bits) -> None:
    """Sobol points from `start`, a multiple of the next power of two at or above their count."""
    count = out.shape[1]
    bits = 0
    while 1 << bits < count:
        bits += 1
    for d in range(len(out)):
        first = shift[d]
        for k in range(bits, BITS):
            if start >> k & 1:
                first ^= directions[d, k]
        row = out[d]
        row[0] = first
        for k in range(bits):
            direction, half = directions[d, k], 1 << k
            for i in range(min(half, count - half)):
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
def draw(
    integers: Bits, mixture: int, limits_of_scenarios: NDArray[np.uint64], coefficients: Array,
    factor: Array, bound: NDArray[np.int64], table: NDArray[np.intp],
    is_stepped: NDArray[np.bool_], kink: Array, scale: Array, ends: Array, cubics: Array,
    limits: Array, values: Array, rows: NDArray[np.int64], out: Array,
) -> None:  # fmt: skip
    """Values of every cell at some integers, cell i into row `rows[i]` of `out`.

    `bound[i]` numbers the cells whose scores others need or that need others', from 0; -1 is none.
    """
    cells, count = len(rows), integers.shape[1]
    scenario = np.zeros(count, np.intp)
    if mixture:
        for i in range(count):
            for limit in limits_of_scenarios:
                if integers[0, i] >= limit:
                    scenario[i] += 1
    tail, inside, own, room = np.empty(count), np.empty(count), np.empty(count), np.empty(count)
    held = np.empty((max(bound.max() + 1, 1), count))
    for c in range(cells):
        into = held[bound[c]] if bound[c] >= 0 else own
        score(integers[c + mixture], coefficients, tail, inside, into)
        if bound[c] < 0:
            value(own, scenario, table[:, c].copy(), is_stepped, kink, scale, ends, cubics,
                  limits, values, room, out[rows[c]])  # fmt: skip
    for c in range(cells):
        if bound[c] < 0:
            continue
        started = False
        for other in range(c + 1):
            weight = factor[c, other]
            if weight == 0.0:
                continue
            source = held[bound[other]]
            if started:
                for i in range(count):
                    own[i] += source[i] * weight
            else:
                for i in range(count):
                    own[i] = source[i] * weight
                started = True
        value(own, scenario, table[:, c].copy(), is_stepped, kink, scale, ends, cubics,
              limits, values, room, out[rows[c]])  # fmt: skip
