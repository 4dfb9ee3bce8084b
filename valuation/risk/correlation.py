"""Rank correlations, as typed, to what the Gaussian copula needs: a correlation matrix, factored.

A matrix typed pair by pair is often none that numbers can have (not positive semi-definite). The
nearest one that is takes its place, and what moved is told.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from valuation.engines.rules import Array

#: From what change of a rank correlation on it is told.
MOVED: Final = 1e-9
#: Least eigenvalue of a matrix that counts as positive semi-definite: rounding.
_LEAST: Final = -1e-12
#: Least pivot of a matrix that Cholesky's method factors without loss.
_PIVOT: Final = 1e-8
#: Eigenvalues up to here are 0 but for rounding.
_NOTHING: Final = 1e-14
#: The alternating projections stop when a step moves no entry by more, or after so many.
_STILL: Final = 1e-13
_STEPS: Final = 20_000


@dataclass(frozen=True)
class Move:
    """A rank correlation that could not stand as typed.

    Attributes:
        first: Key of an input.
        second: Key of another.
        typed: Rank correlation on the sheet, 0 where blank.
        used: Rank correlation used.
    """

    first: str
    second: str
    typed: float
    used: float


def pearson(rank: float) -> float:
    """Correlation of two normal scores of this rank correlation: 2 sin(π r / 6) (Pearson 1907)."""
    return 2 * math.sin(math.pi * rank / 6)


def spearman(score: float) -> float:
    """Rank correlation of two normal scores of this correlation; the inverse of `pearson`."""
    return 6 / math.pi * math.asin(score / 2)


def correlation(
    keys: Sequence[str], pairs: Mapping[tuple[str, str], float]
) -> tuple[Array, tuple[Move, ...]]:
    """Correlation matrix of the normal scores of some inputs, repaired where it must be.

    Args:
        keys: Inputs that are drawn, in any order.
        pairs: Rank correlation by pair, each pair once and either way round; a pair not among
            them is 0, one with an input that is not drawn does not count.

    Returns:
        The matrix in the order of the keys, positive semi-definite, ready for `factor`; and the
        pairs that had to move by more than `MOVED`, none where the matrix was fine.
    """
    place = {key: at for at, key in enumerate(keys)}
    typed = np.eye(len(keys))
    for (a, b), rank in pairs.items():
        if a in place and b in place:
            typed[place[a], place[b]] = typed[place[b], place[a]] = pearson(rank)
    matrix = nearest_correlation(typed)
    moves = []
    for i, a in enumerate(keys):
        for j, b in enumerate(keys[:i]):
            before = pairs.get((b, a), pairs.get((a, b), 0.0))
            after = spearman(float(matrix[i, j]))
            if abs(after - before) > MOVED:
                moves.append(Move(b, a, before, after))
    return matrix, tuple(moves)


def nearest_correlation(matrix: Array) -> Array:
    """The correlation matrix nearest to a symmetric one in the Frobenius norm.

    N. J. Higham, Computing the nearest correlation matrix, IMA Journal of Numerical Analysis 22,
    2002, algorithm 3.3: projections on the positive semi-definite and on the unit-diagonal
    matrices in turn, with Dykstra's correction. A correlation matrix comes back as it is. A last
    step scales the positive semi-definite side to a unit diagonal, which keeps it so.
    """
    if (np.diag(matrix) == 1).all() and _least_eigenvalue(matrix) >= _LEAST:
        return matrix
    unit, correction = matrix, np.zeros_like(matrix)
    semidefinite = matrix
    for _ in range(_STEPS):
        shifted = unit - correction
        semidefinite = _semidefinite(shifted)
        correction = semidefinite - shifted
        before, unit = unit, semidefinite.copy()
        np.fill_diagonal(unit, 1.0)
        if np.abs(unit - before).max() <= _STILL:
            break
    scale = 1 / np.sqrt(np.diag(semidefinite))
    found: Array = np.clip(semidefinite * np.outer(scale, scale), -1.0, 1.0)
    np.fill_diagonal(found, 1.0)
    return found


def factor(matrix: Array) -> Array:
    """Lower triangular L with L Lᵀ = matrix, for a positive semi-definite one.

    Cholesky's method in plain ordered sums, so that the bits are the same on every machine. It
    loses digits on a matrix that is singular or nearly so; that one is factored from its symmetric
    square root S by S = Q R, L = Rᵀ, which does not.
    """
    found = _cholesky(matrix)
    if found is not None:
        return found
    values, vectors = np.linalg.eigh(matrix)
    root = np.sqrt(np.where(values > _NOTHING, values, 0.0))[:, None] * vectors.T
    lower: Array = np.tril(np.transpose(np.linalg.qr(root, mode="r")))
    return lower * np.where(np.diag(lower) < 0, -1.0, 1.0)


def without_factor(
    keys: Sequence[str], pairs: Mapping[tuple[str, str], float], loadings: Mapping[str, float]
) -> dict[tuple[str, str], float]:
    """Rank correlations that are left when a factor acts by its responses: less its loadings.

    Counting the factor in the matrix too would count it twice.

    Args:
        keys: Inputs of the matrix.
        pairs: Rank correlation by pair, either way round; a pair not among them is 0.
        loadings: Loading of each input on the factor; an input not among them has 0.

    Returns:
        Entry (i, j) less the product of the loadings, cut at -1 and 1; zero pairs left out.
    """
    left: dict[tuple[str, str], float] = {}
    for i, a in enumerate(keys):
        for b in keys[i + 1 :]:
            rank = pairs.get((a, b), pairs.get((b, a), 0.0))
            rest = rank - loadings.get(a, 0.0) * loadings.get(b, 0.0)
            if rest:
                left[a, b] = min(1.0, max(-1.0, rest))
    return left


def _least_eigenvalue(matrix: Array) -> float:
    return float(np.linalg.eigvalsh(matrix)[0]) if len(matrix) else 0.0


def _semidefinite(matrix: Array) -> Array:
    """The nearest positive semi-definite matrix: negative eigenvalues become 0."""
    values, vectors = np.linalg.eigh(matrix)
    half: Array = vectors * np.maximum(values, 0.0)
    product: Array = half @ vectors.T
    return (product + product.T) / 2


def _cholesky(matrix: Array) -> Array | None:
    """Cholesky's factor, row by row; None where a pivot is too small."""
    rows: list[list[float]] = []
    for i, given in enumerate(matrix.tolist()):
        row: list[float] = []
        for j in range(i):
            rest = given[j] - sum(a * b for a, b in zip(row, rows[j], strict=False))
            row.append(rest / rows[j][j])
        pivot = given[i] - sum(a * a for a in row)
        if pivot < _PIVOT:
            return None
        rows.append([*row, math.sqrt(pivot)])
    found = np.zeros(matrix.shape)
    for i, row in enumerate(rows):
        found[i, : i + 1] = row
    return found
