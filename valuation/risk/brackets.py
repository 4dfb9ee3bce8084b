"""Brackets of a search: where between two numbers a target is met, and what a chain tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from valuation.engines.rules import Array

#: Distance from a target, relative to it, that counts as met.
TIGHT: Final = 1e-12
#: State of a number without a value.
GAP: Final = 2
#: Width of a bracket that is done, as a share of its ends, and at least.
_FINE: Final = 2.0**-52
_LEAST: Final = 1e-30


@dataclass(frozen=True)
class Target:
    """A value sought in one row of the function."""

    row: int
    value: float

    @property
    def scale(self) -> float:
        """What distances are measured by."""
        return abs(self.value) or 1.0


@dataclass(frozen=True)
class Bracket:
    """Where to look for a target: between two numbers, and at a third between them.

    Attributes:
        target: Position of the target.
        low: Lower end.
        high: Upper end.
        guess: The number to look at besides: where a straight line would hit, or a dip is.
        depth: Least distance seen in a dip.
    """

    target: int
    low: float
    high: float
    guess: float
    depth: float = np.inf


def state_of(away: Array, target: Target) -> NDArray[np.int8]:
    """Below -1, above 1, met 0; `GAP` where there is no value."""
    tight = TIGHT * target.scale
    state = np.sign(np.where(np.abs(away) <= tight, 0.0, away))
    return np.where(np.isfinite(away), state, GAP).astype(np.int8)


def read(
    x: Array, away: Array, at: int, target: Target, spans: Sequence[tuple[float, float]] = ()
) -> tuple[list[float], list[Bracket]]:
    """Solutions among points that follow each other, and brackets where another lies between."""
    state = state_of(away, target)
    roots = []
    for first, end in runs(state == 0):
        if not any(low <= x[first] <= high for low, high in spans):
            roots.append(float(x[first + int(np.argmin(np.abs(away[first:end])))]))
    one, two = state[:-1], state[1:]
    apart = (one * two == -1) | ((one == GAP) != (two == GAP))
    return roots, [between(at, x, away, int(i)) for i in np.flatnonzero(apart)]


def between(at: int, x: Array, away: Array, i: int) -> Bracket:
    """A bracket from one point to the next."""
    low, high = float(x[i]), float(x[i + 1])
    one, two = float(away[i]), float(away[i + 1])
    guess = low - one * (high - low) / (two - one) if one * two < 0 else low
    return Bracket(at, low, high, min(max(guess, low), high))


def around(at: int, x: Array, i: int, depth: float) -> Bracket:
    """A bracket around a point, to its neighbours."""
    low, high = x[max(i - 1, 0)], x[min(i + 1, len(x) - 1)]
    return Bracket(at, float(low), float(high), float(x[i]), depth)


def is_done(x: Array) -> bool:
    """Whether nothing that matters lies between the ends of a chain."""
    ends = abs(float(x[0])), abs(float(x[-1]))
    return bool(abs(x[-1] - x[0]) <= max(_FINE * max(ends), _LEAST))


def runs(flags: NDArray[np.bool_], least: int = 1) -> list[tuple[int, int]]:
    """First and end of every run of flags that is long enough."""
    steps = np.diff(np.concatenate([[0], flags.astype(np.int8), [0]]))
    firsts, ends = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    return [(int(a), int(b)) for a, b in zip(firsts, ends, strict=True) if b - a >= least]


def distinct(roots: list[float], width: float) -> tuple[float, ...]:
    """Solutions in order, those found twice once."""
    found: list[float] = []
    for root in sorted(roots):
        if not found or root - found[-1] > width:
            found.append(root)
    return tuple(found)
