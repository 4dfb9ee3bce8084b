"""Uniform 32-bit integers to standard normal scores, by a table: the same bits on every machine.

The table has 64 cells for each binade of the tail probability, a cubic in each, and is good to
1e-10: `scipy.special.ndtri`, from which it is made, costs ten times as much in compiled code, and
its last bits are not the same everywhere.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from valuation.engines.rules import Array
from valuation.risk.sobol import BITS, Bits

#: Cells of a binade as bits; degree of the polynomials.
CELL_BITS, DEGREE = 6, 3
#: Bits of a double below those that number the cell, and the number of the first cell, that of 0.5.
SHIFT = 52 - CELL_BITS
FIRST = 1022 << CELL_BITS
#: An integer with its first bit set is above the median.
HALF = 1 << (BITS - 1)
#: What is left of a double's bits inside its cell, and the bits of 1.0.
INSIDE, ONE = (1 << SHIFT) - 1, 1023 << 52


@cache
def coefficients() -> Array:
    """Polynomial of each cell, shape (degree + 1, cells), lowest degree first."""
    from scipy.special import ndtri

    cells = BITS << CELL_BITS
    edges = (np.arange(FIRST, FIRST + cells + 1, dtype=np.int64) << SHIFT).view(np.float64)
    nodes = 0.5 - 0.5 * np.cos(np.pi * (np.arange(DEGREE + 1) + 0.5) / (DEGREE + 1))
    tails = edges[:-1] + nodes[:, None] * np.diff(edges)
    values = ndtri(tails * 2.0**-BITS)
    return np.linalg.solve(np.vander(nodes, increasing=True), values)


def scores(integers: Bits) -> Array:
    """Standard normal scores of uniform integers `n`, at probability (n + 1/2) / 2^32."""
    table = coefficients()
    upper = integers >= HALF
    tail = np.where(upper, ~integers, integers) + 0.5
    bits: NDArray[np.int64] = tail.view(np.int64)
    cell = (bits >> SHIFT) - FIRST
    inside = (((bits & INSIDE) << CELL_BITS) | ONE).view(np.float64) - 1.0
    result = table[DEGREE].take(cell)
    for row in table[DEGREE - 1 :: -1]:
        result *= inside
        result += row.take(cell)
    signed: Array = np.where(upper, -result, result)
    return signed
