"""All numbers at which a function meets a target, found by batches of numbers.

A dense scan finds every change of sign, every dip towards the target, and every edge of the
function's domain; brackets are then narrowed together, some hundred points each round. What
happens between two points of the scan without leaving a trace at either is not seen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from valuation.engines.rules import Array
from valuation.risk.brackets import (
    TIGHT,
    Bracket,
    Target,
    around,
    distinct,
    is_done,
    read,
    runs,
    state_of,
)

#: Takes numbers, shape (n,), and gives rows of values, shape (rows, n); NaN where there is none.
Function: TypeAlias = Callable[[Array], Array]

#: Distance from a target, relative to it, that still is a solution where nothing is closer.
SOLVED: Final = 1e-9
#: Points each round, rounds, brackets a round, and dips looked into.
_INSIDE: Final = 130
_ROUNDS: Final = 14
_MOST: Final = 256
#: Improvement of a dip, relative to the target, that is none.
_NOISE: Final = 1e-15
_DIPS: Final = 8
#: A dip is looked into where it may reach the target: this many times its step to a neighbour.
_REACH: Final = 8
#: Solutions closer than this share of the search are one.
_SAME: Final = 1e-10


@dataclass(frozen=True)
class Found:
    """What meets a target.

    Attributes:
        roots: Numbers that do, in order.
        spans: Intervals of which every number does.
        best: The number that comes closest, and its value; None where there is no value at all.
    """

    roots: tuple[float, ...]
    spans: tuple[tuple[float, float], ...]
    best: tuple[float, float] | None


class Search:
    """A function, scanned; then asked for its targets.

    Attributes:
        points: Numbers scanned, in order, with the edges of the domain.
        values: Their values, shape (rows, points).
    """

    def __init__(self, function: Function, points: Array, near: float, *, whole: bool) -> None:
        """Scan a function.

        Args:
            function: The function.
            points: Numbers to look at, the ends of the search among them.
            near: Of several best numbers, the one nearest to this is told.
            whole: Only the points themselves may be solutions.
        """
        self._function, self._near, self._whole = function, near, whole
        self.points = np.unique(points)
        self.values = function(self.points)
        self._targets: Sequence[Target] = ()
        self._best: list[tuple[float, float, float, float]] = []
        if not whole:
            self._add(self._edges())

    def gaps(self, row: int) -> tuple[tuple[float, float], ...]:
        """Intervals in which a row has no value, from one edge of the domain to the next."""
        missing = ~np.isfinite(self.values[row])
        found, last = [], len(self.points) - 1
        for first, end in runs(missing):
            low, high = self.points[max(first - 1, 0)], self.points[min(end, last)]
            found.append((float(low), float(high)))
        return tuple(found)

    def is_constant(self, row: int) -> bool:
        """Whether the number sought does nothing to a row."""
        values = self.values[row]
        spread = float(values.max() - values.min())
        return bool(spread <= TIGHT * float(np.abs(values).max()))  # NaN: there are gaps

    def find(self, targets: Sequence[Target]) -> list[Found]:
        """Find what meets each target."""
        self._targets = targets
        self._best = [(np.inf, np.inf, np.nan, np.nan)] * len(targets)
        self._see(self.points, self.values, range(len(targets)))
        roots: list[list[float]] = [[] for _ in targets]
        spans: list[list[tuple[float, float]]] = [[] for _ in targets]
        brackets: list[Bracket] = []
        dips: list[Bracket] = []
        for at, target in enumerate(targets):
            away = self.values[target.row] - target.value
            if self._whole:
                roots[at] += self.points[np.abs(away) <= SOLVED * target.scale].tolist()
                continue
            spans[at] = [self._span(at, *run) for run in runs(state_of(away, target) == 0, 2)]
            roots[at], new = read(self.points, away, at, target, spans[at])
            brackets += new
            dips += self._dips(at, away, any_root=bool(roots[at] or new or spans[at]))
        touching, crossed = self._touching(dips)
        for at, root in [*touching, *self._crossings([*brackets, *crossed])]:
            roots[at].append(root)
        width = 0.0 if self._whole else _SAME * float(self.points[-1] - self.points[0])
        return [
            Found(distinct(own, width), tuple(flat), (x, v) if np.isfinite(x) else None)
            for own, flat, (_, _, x, v) in zip(roots, spans, self._best, strict=True)
        ]

    def _add(self, points: Sequence[float]) -> None:
        """Scan further points."""
        new = np.setdiff1d(np.array(points, dtype=np.float64), self.points)
        if len(new):
            both = np.concatenate([self.points, new])
            values = np.concatenate([self.values, self._function(new)], axis=1)
            order = np.argsort(both)
            self.points, self.values = both[order], values[:, order]

    def _edges(self) -> list[float]:
        """Last number with a value and first without, at every edge of every row's domain."""
        pairs = []
        for row, values in enumerate(self.values):
            good = np.isfinite(values)
            for i in np.flatnonzero(good[1:] != good[:-1]):
                ends = float(self.points[i]), float(self.points[i + 1])
                pairs.append((row, *(ends if good[i] else ends[::-1])))

        def good_at(row: int, values: Array) -> NDArray[np.bool_]:
            finite: NDArray[np.bool_] = np.isfinite(values[row])
            return finite

        return [x for _, *ends in self._narrowed(pairs, good_at) for x in ends]

    def _narrowed(
        self,
        pairs: list[tuple[int, float, float]],
        good: Callable[[int, Array], NDArray[np.bool_]],
    ) -> list[tuple[int, float, float]]:
        """Move a good and a bad number together, until nothing lies between them."""
        for _ in range(_ROUNDS):
            chains = [np.linspace(a, b, _INSIDE) for _, a, b in pairs]
            if all(is_done(x) for x in chains):
                break
            values = self._function(np.concatenate(chains))
            following = []
            for n, ((owner, _, _), x) in enumerate(zip(pairs, chains, strict=True)):
                inside = good(owner, values[:, n * len(x) : (n + 1) * len(x)])
                bad = max(int(np.argmin(inside)), 1)
                following.append((owner, float(x[bad - 1]), float(x[bad])))
            pairs = following
        return pairs

    def _span(self, at: int, first: int, end: int) -> tuple[float, float]:
        """Ends of an interval of which every number meets a target."""
        target, x = self._targets[at], self.points
        pairs = []
        if first > 0:
            pairs.append((at, float(x[first]), float(x[first - 1])))
        if end < len(x):
            pairs.append((at, float(x[end - 1]), float(x[end])))

        def good(_: int, values: Array) -> NDArray[np.bool_]:
            met: NDArray[np.bool_] = state_of(values[target.row] - target.value, target) == 0
            return met

        ends = [edge for _, edge, _ in self._narrowed(pairs, good)]
        return min([float(x[first]), *ends]), max([float(x[end - 1]), *ends])

    def _dips(self, at: int, away: Array, *, any_root: bool) -> list[Bracket]:
        """Where the distance to a target is least between its neighbours."""
        x, target = self.points, self._targets[at]
        size = np.where(np.isfinite(away), np.abs(away), np.inf)
        before, after = np.append(np.inf, size[:-1]), np.append(size[1:], np.inf)
        with np.errstate(invalid="ignore"):
            steps = np.abs(np.stack([before - size, after - size]))
        step = np.max(np.where(np.isfinite(steps), steps, 0.0), axis=0)
        low = (size <= before) & (size <= after) & (step > 0) & (state_of(away, target) != 0)
        low &= np.isfinite(size)
        chosen = np.flatnonzero(low & (size <= _REACH * step))
        chosen = chosen[np.argsort(size[chosen], kind="stable")][:_DIPS]
        if not any_root and low.any():
            chosen = np.union1d(chosen, np.argmin(np.where(low, size, np.inf)))
        return [around(at, x, int(i), float(size[i])) for i in chosen]

    def _touching(self, dips: list[Bracket]) -> tuple[list[tuple[int, float]], list[Bracket]]:
        """Follow dips down: those that touch are solutions, those that cross are brackets."""
        found: list[tuple[int, float]] = []
        brackets: list[Bracket] = []
        for _ in range(_ROUNDS):
            following = []
            for dip, (x, away) in zip(dips, self._chains(dips), strict=True):
                target = self._targets[dip.target]
                states = state_of(away, target)
                if (states == 1).any() and (states == -1).any():
                    roots, new = read(x, away, dip.target, target)
                    found += [(dip.target, root) for root in roots]
                    brackets += new
                    continue
                size = np.where(np.isfinite(away), np.abs(away), np.inf)
                i = int(np.argmin(size))
                if size[i] < dip.depth - _NOISE * target.scale:
                    following.append(around(dip.target, x, i, float(size[i])))
                elif size[i] <= TIGHT * target.scale:
                    found.append((dip.target, float(x[i])))
            dips = following
        return found, brackets

    def _crossings(self, brackets: list[Bracket]) -> list[tuple[int, float]]:
        """Narrow brackets whose ends lie on either side; a jump leaves nothing."""
        found = []
        for _ in range(_ROUNDS):
            following = []
            for bracket, (x, away) in zip(brackets, self._chains(brackets), strict=True):
                target = self._targets[bracket.target]
                if is_done(x):
                    i = int(np.nanargmin(np.abs(away)))
                    if abs(away[i]) <= SOLVED * target.scale:
                        found.append((bracket.target, float(x[i])))
                    continue
                roots, new = read(x, away, bracket.target, target)
                found += [(bracket.target, root) for root in roots]
                following += new
            brackets = following[:_MOST]
        return found

    def _chains(self, brackets: list[Bracket]) -> list[tuple[Array, Array]]:
        """Points of each bracket, and how far from the target each of them is."""
        if not brackets:
            return []
        chains = [
            np.unique(np.append(np.linspace(b.low, b.high, _INSIDE), b.guess)) for b in brackets
        ]
        values = self._function(np.concatenate(chains))
        stops = np.cumsum([0, *(len(x) for x in chains)])
        result = []
        for b, x, (first, end) in zip(brackets, chains, pairwise(stops), strict=True):
            own = values[:, first:end]
            self._see(x, own, [b.target])
            target = self._targets[b.target]
            result.append((x, own[target.row] - target.value))
        return result

    def _see(self, x: Array, values: Array, targets: Sequence[int]) -> None:
        """Note the numbers that come closest to targets."""
        for at in targets:
            target = self._targets[at]
            size = np.abs(values[target.row] - target.value)
            size = np.where(np.isfinite(size), size, np.inf)
            tied = np.flatnonzero(size == size.min())
            i = tied[np.argmin(np.abs(x[tied] - self._near))]
            seen = float(size[i]), abs(float(x[i]) - self._near)
            if np.isfinite(seen[0]) and seen < self._best[at][:2]:
                self._best[at] = (*seen, float(x[i]), float(values[target.row, i]))
