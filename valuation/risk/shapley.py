"""Shapley values: a change shared out among the players that make it together.

What a player adds depends on who came before. Its share is the mean of what it adds over all orders
in which the players can come (Shapley 1953): no order is preferred, a player that adds nothing gets
nothing, what two do only together is halved between them, and the shares sum to the change. Up to
12 players all 2^n coalitions are evaluated; beyond, orders are drawn, each together with the same
order backwards, and every order's additions sum to the change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import comb
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from valuation.engines.rules import Array
from valuation.errors import AssumptionError

#: Who is in: shape (players, coalitions).
Coalitions: TypeAlias = NDArray[np.bool_]
#: What coalitions are worth, in several measures: shape (measures, coalitions).
Game: TypeAlias = Callable[[Coalitions], Array]

#: Most players whose every coalition is evaluated; orders drawn where there are more.
EXACT: Final = 12
WALKS: Final = 1024
#: Fewest orders that tell a standard error, and coalitions evaluated at a time.
_FEWEST, _AT_ONCE = 4, 16_384


@dataclass(frozen=True, kw_only=True)
class Shares:
    """What each player adds to each measure.

    Attributes:
        teams: Players by number; those in one team come together, see `shapley`.
        values: Shape (measures, teams).
        standard_error: Of the same shape; 0 where every coalition was evaluated.
        walks: Orders drawn; 0 where every coalition was evaluated.
        runs: Coalitions evaluated.
    """

    teams: tuple[tuple[int, ...], ...]
    values: Array
    standard_error: Array
    walks: int
    runs: int

    def of(self, team: int) -> tuple[float, float, float]:
        """What a team adds to the first two measures, and the standard error of the first."""
        first, second = (float(value) for value in self.values[:2, team])
        return first, second, float(self.standard_error[0, team])


class _Gap(Exception):  # noqa: N818 - a turn of the search, no error
    """Coalitions without a value."""

    def __init__(self, inside: Coalitions, gaps: NDArray[np.bool_]) -> None:
        super().__init__()
        self.inside, self.gaps = inside, gaps


def shapley(
    game: Game, players: int, *, exact: int = EXACT, walks: int = WALKS, seed: int = 1
) -> Shares:
    """Share out what all players together add to a game.

    Where a coalition has no value, two players are made one team and the game is played again: the
    two that leave the smallest part of the coalitions without a value, the first two of several.

    Args:
        game: Worth of coalitions, NaN where there is none; that of nobody and of all must exist.
        players: How many there are.
        exact: Most teams for which every coalition is evaluated.
        walks: Orders drawn for more teams.
        seed: Seed of the orders.

    Raises:
        AssumptionError: Too few walks for a standard error.
    """
    if walks < _FEWEST:
        raise AssumptionError([f"{walks} walks tell no standard error. Ask for {_FEWEST} or more."])
    teams: list[tuple[int, ...]] = [(player,) for player in range(players)]
    runs = 0

    def play(inside: Coalitions) -> Array:
        nonlocal runs
        runs += inside.shape[1]
        worth = game(inside[_team_of(teams)])
        gaps: NDArray[np.bool_] = np.asarray(~np.isfinite(worth).all(axis=0))
        if gaps.any():
            raise _Gap(inside, gaps)
        return worth

    while True:
        try:
            if len(teams) <= exact:
                found = _all_coalitions(play, len(teams))
            else:
                found = _orders(play, len(teams), walks // 2, np.random.default_rng(seed))
        except _Gap as gap:
            first, second = _pair(gap)
            joined = tuple(sorted(teams[first] + teams[second]))
            teams = [team for i, team in enumerate(teams) if i not in (first, second)]
            teams = sorted([*teams, joined])
        else:
            return replace(found, teams=tuple(teams), runs=runs)


def _team_of(teams: Sequence[tuple[int, ...]]) -> NDArray[np.int64]:
    """Number of each player's team."""
    found = np.empty(sum(map(len, teams)), dtype=np.int64)
    for number, team in enumerate(teams):
        found[list(team)] = number
    return found


def _all_coalitions(play: Game, teams: int) -> Shares:
    """The weighted mean of what each adds to every coalition of the others."""
    coalitions = np.arange(2**teams)
    inside = (coalitions >> np.arange(teams)[:, None] & 1).astype(np.bool_)
    worth = play(inside)
    size = inside.sum(axis=0)
    weight = np.array([1 / (teams * comb(teams - 1, n)) for n in range(teams)])
    values = np.empty((len(worth), teams))
    for team in range(teams):
        without = coalitions[~inside[team]]
        added = worth[:, without | 1 << team] - worth[:, without]
        values[:, team] = added @ weight[size[without]]
    none = np.zeros_like(values)
    return Shares(teams=(), values=values, standard_error=none, walks=0, runs=0)


def _orders(play: Game, teams: int, pairs: int, random: np.random.Generator) -> Shares:
    """The mean of what each adds in random orders, each taken forwards and backwards."""
    ends = play(np.array([[False, True]] * teams))
    at_once = max(1, _AT_ONCE // (2 * teams))
    found = []
    for start in range(0, pairs, at_once):
        count = min(at_once, pairs - start)
        order = random.permuted(np.tile(np.arange(teams), (count, 1)), axis=1)
        forwards = np.argsort(order, axis=1)
        backwards = teams - 1 - forwards
        found.append((_added(play, forwards, ends) + _added(play, backwards, ends)) / 2)
    means = np.concatenate(found, axis=1)
    return Shares(
        teams=(),
        values=means.mean(axis=1),
        standard_error=means.std(axis=1, ddof=1) / np.sqrt(pairs),
        walks=2 * pairs,
        runs=0,
    )


def _added(play: Game, place: NDArray[np.int64], ends: Array) -> Array:
    """What each team adds in some orders, shape (measures, orders, teams).

    Args:
        play: Worth of coalitions.
        place: Of each team in each order, from 0; shape (orders, teams).
        ends: Worth of nobody and of all, shape (measures, 2).
    """
    orders, teams = place.shape
    inside = place.T[:, :, None] < np.arange(1, teams)
    worth = play(inside.reshape(teams, -1)).reshape(len(ends), orders, teams - 1)
    nobody, everybody = (np.broadcast_to(end[:, None, None], (len(ends), orders, 1))
                         for end in ends.T)  # fmt: skip
    added = np.diff(np.concatenate([nobody, worth, everybody], axis=2), axis=2)
    found: Array = np.take_along_axis(added, np.broadcast_to(place, added.shape), axis=2)
    return found


def _pair(gap: _Gap) -> tuple[int, int]:
    """The two teams that, made one, leave the smallest part of the coalitions without a value."""

    def left(pair: tuple[int, int]) -> float:
        together = gap.inside[pair[0]] == gap.inside[pair[1]]
        return float(gap.gaps[together].sum() / max(1, together.sum()))

    return min(combinations(range(len(gap.inside)), 2), key=left)
