"""Where a function of one number meets a target in each of many draws: one number a draw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from valuation.engines.rules import Array

#: Values at numbers, one a draw, of the draws at some places: (numbers, places) to values.
ByDraw: TypeAlias = Callable[[Array, NDArray[np.intp]], Array]

#: Points of the coarse grid of each draw, and most rounds of narrowing.
_GRID: Final = 9
_ROUNDS: Final = 80
#: Distance from the target, relative to it, that counts as met; width of a bracket that is done.
_SOLVED: Final = 1e-9
_FINE: Final = 1e-13


def solve(
    function: ByDraw, target: float, ends: tuple[float, float], of: NDArray[np.intp]
) -> Array:
    """Find the first number of each draw that meets a target.

    Args:
        function: The function.
        target: The value sought.
        ends: Ends of the search.
        of: The draws.

    Returns:
        The numbers, NaN where there is none, and the least and the largest value seen; shape
        (3, draws).
    """
    grid = np.linspace(*ends, _GRID)
    seen = np.stack([function(np.full(len(of), x), of) - target for x in grid])
    least = np.min(seen, axis=0, where=np.isfinite(seen), initial=np.inf) + target
    most = np.max(seen, axis=0, where=np.isfinite(seen), initial=-np.inf) + target
    met = np.abs(seen) <= _SOLVED * (abs(target) or 1.0)
    sides = np.where(np.isfinite(seen), np.sign(seen), 2)
    turns = sides[1:] * sides[:-1] == -1
    edges = (sides[1:] == 2) != (sides[:-1] == 2)  # noqa: PLR2004 - no value on one side
    at = np.where(turns.any(axis=0), turns.argmax(axis=0), edges.argmax(axis=0))
    values = np.where(met.any(axis=0), grid[met.argmax(axis=0)], np.nan)
    places = np.flatnonzero(~met.any(axis=0) & (turns.any(axis=0) | edges.any(axis=0)))
    around = grid[at[places]], grid[at[places] + 1]
    away = seen[at[places], places], seen[at[places] + 1, places]
    values[places] = _narrowed(function, target, of[places], around, away)
    return np.stack([values, least, most])


def _narrowed(
    function: ByDraw,
    target: float,
    of: NDArray[np.intp],
    ends: tuple[Array, Array],
    away: tuple[Array, Array],
) -> Array:
    """Narrow a bracket a draw: by halves, and by straight lines where both ends have a value."""
    flip = ~np.isfinite(away[0])  # the end that stays has a value
    low, high = np.where(flip, ends[1], ends[0]), np.where(flip, ends[0], ends[1])
    one, two = np.where(flip, away[1], away[0]), np.where(flip, away[0], away[1])
    values = np.full(len(of), np.nan)
    left = np.arange(len(of))
    for step in range(_ROUNDS):
        if not len(left):
            break
        a, b, f, g = low[left], high[left], one[left], two[left]
        with np.errstate(all="ignore"):
            line = a - f * (b - a) / (g - f)
        at = np.where(np.isfinite(line) & (step % 3 != 2), line, (a + b) / 2)  # noqa: PLR2004
        here = function(at, of[left]) - target
        met = np.abs(here) <= _SOLVED * (abs(target) or 1.0)
        values[left[met]] = at[met]
        stays = np.isfinite(here) & (np.sign(here) == np.sign(f))
        low[left], one[left] = np.where(stays, at, a), np.where(stays, here, f)
        high[left], two[left] = np.where(stays, b, at), np.where(stays, g, here)
        wide = np.abs(high[left] - low[left]) > _FINE * np.abs(high[left])
        left = left[~met & wide]
    return values
