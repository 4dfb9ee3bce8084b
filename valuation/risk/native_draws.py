"""Draw blocks in compiled code: what `sobol`, `scores` and `quantiles` do, bit for bit."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from valuation.engines.rules import Array
from valuation.risk.quantiles import CELLS, END, WHOLE
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
        first = shift[d]
        for k in range(RUN_BITS, BITS):
            if start >> k & 1:
                first ^= directions[d, k]
        for run in range(0, count, RUN):
            row = out[d, run : run + RUN]
            row[0] = first
            for k in range(RUN_BITS):
                direction, half = directions[d, k], 1 << k
                for i in range(min(half, len(row) - half)):
                    row[half + i] = row[i] ^ direction
            k = RUN_BITS  # the bits that change from this run to the next
            while k < BITS and (start + run) >> k & 1:
                first ^= directions[d, k]
                k += 1
            if k < BITS:
                first ^= directions[d, k]


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
    cubic: Array, floor: Array, inside: Array, out: Array,
) -> None:  # fmt: skip
    """Values of one smooth distribution; `floor` and `inside` are room to work in."""
    bits = floor.view(np.int64)
    for i in range(len(out)):
        place = scores[i] - kink
        place *= left if place < 0 else right
        place = min(max(place, -float(CELLS)), END)
        whole = (place - 0.5) + WHOLE
        floor[i] = whole
        inside[i] = place - (whole - WHOLE)
    for i in range(len(out)):
        at = (bits[i] + CELLS) & (2 * CELLS - 1)
        place = inside[i]
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
def by_scenario(
    scores: Array, scenario: NDArray[np.intp], of: NDArray[np.intp], is_stepped: NDArray[np.bool_],
    kink: Array, scale: Array, ends: Array, cubics: Array, limits: Array, values: Array,
    out: Array,
) -> None:  # fmt: skip
    """Values of a cell whose table differs by scenario."""
    for i in range(len(out)):
        table = of[scenario[i]]
        if is_stepped[table]:
            at = 0
            while at < limits.shape[1] and scores[i] >= limits[table, at]:
                at += 1
            out[i] = values[table, at]
        else:
            place = scores[i] - kink[table]
            place *= scale[table, 0] if place < 0 else scale[table, 1]
            place = min(max(place, -float(CELLS)), END)
            whole = ((place - 0.5) + WHOLE) - WHOLE
            place -= whole
            cell = np.int64(whole) + CELLS
            r = cubics[table, 3, cell]
            r = r * place + cubics[table, 2, cell]
            r = r * place + cubics[table, 1, cell]
            r = r * place + cubics[table, 0, cell]
            out[i] = min(max(r, ends[table, 0]), ends[table, 1])


@_compiled
def value(
    scores: Array, scenario: NDArray[np.intp], of: NDArray[np.intp], is_stepped: NDArray[np.bool_],
    kink: Array, scale: Array, ends: Array, cubics: Array, limits: Array, values: Array,
    floor: Array, inside: Array, out: Array,
) -> None:  # fmt: skip
    """Values of a cell whose table in each scenario is `of`; `floor` and `inside` are room."""
    table = of[0]
    for other in of:
        if other != table:
            by_scenario(scores, scenario, of, is_stepped, kink, scale, ends, cubics, limits,
                        values, out)  # fmt: skip
            return
    if is_stepped[table]:
        stepped(scores, limits[table], values[table], out)
    else:
        smooth(
            scores, kink[table], scale[table, 0], scale[table, 1],
            ends[table, 0], ends[table, 1], cubics[table], floor, inside, out,
        )  # fmt: skip


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
    used = np.empty(len(weights), np.int64)
    count = 0
    for other in range(len(weights)):
        if weights[other] != 0.0:
            used[count] = other
            count += 1
    w, source = weights[used[0]], held[bound[used[0]]]
    for i in range(len(out)):
        out[i] = source[i] * w
    done = 1
    while done + 4 <= count:  # four at a time: the sum is read and written less often
        n0, n1, n2, n3 = used[done], used[done + 1], used[done + 2], used[done + 3]
        w0, w1, w2, w3 = weights[n0], weights[n1], weights[n2], weights[n3]
        s0, s1, s2, s3 = held[bound[n0]], held[bound[n1]], held[bound[n2]], held[bound[n3]]
        for i in range(len(out)):
            out[i] = (((out[i] + s0[i] * w0) + s1[i] * w1) + s2[i] * w2) + s3[i] * w3
        done += 4
    while done < count:
        w, source = weights[used[done]], held[bound[used[done]]]
        for i in range(len(out)):
            out[i] += source[i] * w
        done += 1


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
    tail, inside, own = np.empty(count), np.empty(count), np.empty(count)
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
              limits, values, tail, inside, out[rows[c]])  # fmt: skip
