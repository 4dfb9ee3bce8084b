"""Which inputs the variance of the value comes from: Shapley effects and first-order indices.

Shapley effects share the variance out among inputs, correlated or not, and sum to 100% (Owen 2014;
Song, Nelson and Staum 2016). They are found by walks: two independent draws, and the inputs passed
one by one, in random order, from the first to the second. Correlated inputs are passed as
innovations of the factor of their matrix in that order, so that every step is a draw of the
model's own joint distribution. A step of a walk from g(0) to g(P) gives input k

    (g(P) - g(0)) (g(k) - g(k-1)) / 2,

whose mean is its effect (the mean of Goda's 2021 estimator and its mirror image).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from valuation.engines.rules import Array
from valuation.risk import sobol
from valuation.risk import workers as hands
from valuation.risk.blocks import Job
from valuation.risk.document import plain
from valuation.risk.first_order import first_orders
from valuation.risk.sampler import SCENARIO, SCRAMBLINGS, generator, scrambled
from valuation.risk.scores import scores
from valuation.risk.simulation import Simulation
from valuation.risk.spread import Estimate, standard_error

#: Inputs walked one by one; what the others add is told together.
SINGLE: Final = 24
#: Walks, where nobody says.
WALKS: Final = 4096
#: Draws in a block of walks.
_DRAWS: Final = 8192
#: Key of the inputs that are not walked one by one.
OTHERS: Final = "others"
#: How far a singular matrix is moved towards independence so that it can be factored.
_RIDGE: Final = 1e-9


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What an input does to the variance of the value per share.

    Attributes:
        key: Of the input; `scenario` for the choice of scenario, `others` for those left over.
        shapley: Share of the variance that is its own; all of them sum to 1.
        first_order: Share of the variance that would go if it were known.
    """

    key: str
    shapley: Estimate
    first_order: Estimate


@dataclass(frozen=True, kw_only=True)
class Importance:
    """Effects of the inputs, the largest first, those left over at the end.

    Attributes:
        effects: Of the inputs walked one by one, then of the others together.
        others: How many inputs these are.
        walks: Walks done.
        lost: Walks with a draw without a value, left out.
        evaluations: Draws evaluated for it.
        seconds: Time it took.
    """

    effects: tuple[Effect, ...]
    others: int
    walks: int
    lost: int
    evaluations: int
    seconds: float

    def document(self) -> list[dict[str, object]]:
        """The effects as plain data."""
        return [
            {
                "key": effect.key,
                "shapley": plain(effect.shapley.value),
                "standard_error": plain(effect.shapley.standard_error),
                "first_order": plain(effect.first_order.value),
                "first_order_standard_error": plain(effect.first_order.standard_error),
            }
            for effect in self.effects
        ]


def importance(
    simulation: Simulation,
    *,
    walks: int = WALKS,
    single: int = SINGLE,
    workers: int | None = None,
) -> Importance:
    """Share the variance of the value per share out among the inputs.

    Args:
        simulation: Its draws give the first-order indices, its job evaluates the walks.
        walks: How many; the standard error falls with their square root.
        single: Inputs walked one by one: those that a first look finds to matter most.
        workers: As in `simulate`.
    """
    began = time.perf_counter()
    job = simulation.job
    groups = _groups(job)
    if not groups:
        return Importance(effects=(), others=0, walks=0, lost=0, evaluations=0, seconds=0.0)
    first = first_orders(simulation, groups)
    ranked = sorted(
        groups, key=lambda key: -np.nan_to_num([first[key][0].value, first[key][1]]).max()
    )
    walked = {key: groups[key] for key in ranked[:single]}
    left = [key for key in groups if key not in walked]
    if left:
        walked[OTHERS] = [cell for key in left for cell in groups[key]]
    players = tuple(tuple(cells) for cells in walked.values())
    each = max(1, -(-walks // (2 * SCRAMBLINGS)))
    size = 1 << max(0, (_DRAWS // (len(players) + 1)).bit_length() - 1)  # as Sobol blocks must be
    spans = [
        Span(scrambling, start, min(size, each - start), players)
        for scrambling in range(SCRAMBLINGS)
        for start in range(0, each, size)
    ]
    count = simulation.workers if workers is None else workers
    found = sorted(hands.compute(walk, job, spans, workers=count), key=lambda w: w.order)
    shapley = _estimates(found, len(players))
    nothing = Estimate(float("nan"), float("nan"))
    effects = [
        Effect(key=key, shapley=estimate, first_order=first[key][0] if key in first else nothing)
        for key, estimate in zip(walked, shapley, strict=True)
    ]
    effects.sort(key=lambda e: (e.key == OTHERS, -e.shapley.value))
    done = 2 * SCRAMBLINGS * each
    return Importance(
        effects=tuple(effects),
        others=len(left),
        walks=done,
        lost=sum(w.lost for w in found),
        evaluations=done * (len(players) + 1),
        seconds=time.perf_counter() - began,
    )


def _groups(job: Job) -> dict[str, list[int]]:
    """Cells of each input, and -1 for the choice of scenario."""
    groups: dict[str, list[int]] = {SCENARIO: [-1]} if job.sampler.is_mixture else {}
    for i, cell in enumerate(job.sampler.cells):
        groups.setdefault(cell.key, []).append(i)
    return groups


@dataclass(frozen=True)
class Span:
    """Pairs of walks that follow each other, and the cells of each player."""

    scrambling: int
    start: int
    count: int
    players: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Walked:
    """Sums over the walks of a span: by player, and how many there were."""

    order: tuple[int, int]
    sums: Array
    count: int
    lost: int


def walk(job: Job, span: Span) -> Walked:
    """Do the walks of a span: each order of the players, and its reverse."""
    sampler = job.sampler
    size = len(sampler.cells) + sampler.is_mixture
    directions, shifts = scrambled(2 * size, f"{sampler.seed}|walks")
    points = sobol.points(
        directions[span.scrambling], shifts[span.scrambling], span.start, span.count
    )
    before, after = points[:size], points[size:]
    random = generator(f"{sampler.seed}|walks {span.scrambling} {span.start}")
    orders = np.argsort(random.random((span.count, len(span.players))), axis=1)
    sums, count = np.zeros(len(span.players)), 0
    for order in (orders, orders[:, ::-1]):
        walks = _steps(job, before, after, order, span.players)
        good = np.isfinite(walks).all(axis=1)
        steps = walks[good]
        half = (steps[:, -1] - steps[:, 0])[:, None] * np.diff(steps, axis=1) / 2
        sums += np.bincount(order[good].ravel(), half.ravel(), minlength=len(sums))
        count += int(good.sum())
    return Walked((span.scrambling, span.start), sums, count, 2 * span.count - count)


def _steps(
    job: Job,
    before: sobol.Bits,
    after: sobol.Bits,
    order: NDArray[np.intp],
    players: tuple[tuple[int, ...], ...],
) -> Array:
    """Value per share at every step of walks, shape (walks, players + 1)."""
    sampler = job.sampler
    count, steps = len(order), len(players) + 1
    place = np.argsort(order, axis=1)  # of each player on each walk
    player = np.zeros(len(before), dtype=np.intp)
    for number, cells in enumerate(players):
        player[[cell + sampler.is_mixture for cell in cells]] = number
    passed = place[:, player].T[:, :, None] < np.arange(steps)  # dimension, walk, step
    scenario = np.zeros(count * steps, dtype=np.intp)
    if sampler.is_mixture:
        picked = np.where(passed[0], after[0, :, None], before[0, :, None])
        scenario = sampler.pick(picked.reshape(-1))
        passed, player, before, after = passed[1:], player[1:], before[1:], after[1:]
    bound = (sampler.correlation != np.eye(len(player))).any(axis=1)
    simple = ~bound & (sampler.table == sampler.table[0]).all(axis=0)
    ends = scores(before), scores(after)
    innovations = np.where(passed[~simple], ends[1][~simple, :, None], ends[0][~simple, :, None])
    chosen = np.flatnonzero(bound[~simple])
    if len(chosen):
        tied = np.flatnonzero(bound)
        innovations[chosen] = _bound(
            sampler.correlation, tied, place[:, player], innovations[chosen]
        )
    values = np.empty((len(player), count * steps))
    flat = innovations.reshape(len(innovations), count * steps)
    values[~simple] = sampler.values(flat, scenario, np.flatnonzero(~simple))
    for cell in np.flatnonzero(simple):
        low, high = (sampler.tables.value(sampler.table[0, cell], end[cell]) for end in ends)
        values[cell] = np.where(passed[cell], high[:, None], low[:, None]).reshape(-1)
    return job.value(values).reshape(count, steps)


def _bound(
    correlation: Array, bound: NDArray[np.intp], place: NDArray[np.intp], innovations: Array
) -> Array:
    """Scores of correlated cells from innovations in the order in which a walk passes them.

    Args:
        correlation: Of all cells.
        bound: The correlated ones.
        place: Of each cell on each walk, shape (walks, cells).
        innovations: Of the correlated ones, shape (bound, walks, steps).
    """
    turn = np.argsort(place[:, bound], axis=1, kind="stable")  # cells in the order of the walk
    matrix = correlation[np.ix_(bound, bound)]
    matrix = matrix * (1 - _RIDGE) + np.eye(len(bound)) * _RIDGE
    factors = np.linalg.cholesky(matrix[turn[:, :, None], turn[:, None, :]])
    walks = np.arange(len(place))[:, None]
    ordered = innovations.transpose(1, 0, 2)[walks, turn]
    result = np.empty_like(ordered)
    result[walks, turn] = factors @ ordered
    return result.transpose(1, 0, 2)


def _estimates(found: Sequence[Walked], players: int) -> list[Estimate]:
    """Share of each player, over all walks and by scrambling."""
    sums = np.zeros((SCRAMBLINGS, players))
    for walked in found:
        sums[walked.order[0]] += walked.sums
    whole = sums.sum(axis=0)
    with np.errstate(invalid="ignore"):
        each = sums / sums.sum(axis=1, keepdims=True)
        shares = whole / whole.sum()
    return [
        Estimate(float(share), standard_error(column))
        for share, column in zip(shares, each.T, strict=True)
    ]
