"""Sobol points as 32-bit integers, scrambled, from any place in the sequence.

Point `n` of a dimension is the XOR of the direction numbers at the set bits of `n`, so any block
is reached at once. A scrambling multiplies the bits by a random lower-triangular matrix and shifts
them (Matousek 1998): every point is then uniform, and the points stay a digital net.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Bits: TypeAlias = NDArray[np.uint32]

#: Bits of a point, and how many points a scrambling has.
BITS = 32
_NUMBERS = Path(__file__).with_name("joe_kuo.txt")
_PLACES = np.arange(BITS, dtype=np.uint32)


@cache
def _initial_numbers() -> tuple[tuple[int, ...], ...]:
    lines = _NUMBERS.read_text(encoding="ascii").splitlines()
    return tuple(tuple(map(int, line.split())) for line in lines if not line.startswith("#"))


def direction_numbers(dimensions: int) -> Bits:
    """Direction numbers of shape (dimensions, 32), after Joe and Kuo (2008).

    Raises:
        ValueError: More dimensions than there are numbers for.
    """
    known = _initial_numbers()
    if dimensions > len(known):
        raise ValueError(f"{dimensions} dimensions, and there are Sobol numbers for {len(known)}.")
    result = np.empty((dimensions, BITS), dtype=np.uint32)
    for row, (polynomial, *initial) in zip(result, known, strict=False):
        row[:] = _directions(polynomial, initial)
    return result


def _directions(polynomial: int, initial: list[int]) -> list[int]:
    """Run the recurrence of the polynomial from the initial numbers; of van der Corput, all 1."""
    degree = polynomial.bit_length() - 1
    numbers = list(initial) if degree else [1] * BITS
    for k in range(len(numbers), BITS):
        value = numbers[k - degree] ^ (numbers[k - degree] << degree)
        for i in range(1, degree):
            if polynomial >> (degree - i) & 1:
                value ^= numbers[k - i] << i
        numbers.append(value)
    return [number << (BITS - 1 - k) for k, number in enumerate(numbers)]


def scramble(directions: Bits, random: np.random.Generator) -> tuple[Bits, Bits]:
    """Scramble direction numbers; returns them and the shift of each dimension.

    Further dimensions leave the scrambling of those before them as it is.
    """
    dimensions = len(directions)
    drawn = random.integers(0, 2, (dimensions, BITS + 1, BITS), dtype=np.uint32)
    below = np.tril(np.ones((BITS, BITS), dtype=np.uint32), -1)
    matrix = drawn[:, :BITS] * below + np.eye(BITS, dtype=np.uint32)
    weights = np.uint32(1) << _PLACES[::-1]
    masks = (matrix * weights).sum(axis=2, dtype=np.uint32)  # row i: which bits decide bit i
    parity = np.bitwise_count(masks[:, :, None] & directions[:, None, :]) & 1
    scrambled = (parity * weights[:, None]).sum(axis=1, dtype=np.uint32)
    return scrambled, (drawn[:, BITS] * weights).sum(axis=1, dtype=np.uint32)


def points(directions: Bits, shift: Bits, start: int, count: int) -> Bits:
    """Points `start` to `start + count` of every dimension, shape (dimensions, count).

    Args:
        directions: Direction numbers, shape (dimensions, 32).
        shift: XORed to every point, shape (dimensions,).
        start: First point; a multiple of the next power of two at or above `count`.
        count: How many points.
    """
    bits = (count - 1).bit_length()
    first = shift.copy()
    for k in range(bits, BITS):
        if start >> k & 1:
            first ^= directions[:, k]
    result = np.empty((len(directions), 1 << bits), dtype=np.uint32)
    result[:, 0] = first
    for k in range(bits):
        np.bitwise_xor(result[:, : 1 << k], directions[:, k, None], out=result[:, 1 << k : 2 << k])
    return result[:, :count]
