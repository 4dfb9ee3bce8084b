"""Correlation matrices: Higham's published examples, and factors of singular ones."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from scipy.optimize import brentq

import valuation
from valuation.risk.correlation import (
    Move,
    correlation,
    factor,
    nearest_correlation,
    pearson,
    spearman,
    without_factor,
)

WORKBOOK = Path(__file__).parents[1] / "assumptions" / "hangang.xlsx"


def is_correlation(matrix):
    assert (matrix == matrix.T).all()
    assert (np.diag(matrix) == 1).all()
    assert np.linalg.eigvalsh(matrix)[0] > -1e-13


# Rank correlation and correlation of scores


def test_the_rank_correlation_of_two_normals_is_pearsons():
    """Known at three places: 0 gives 0, 1 gives 1, and 1 / 2 gives 2 sin(π / 12)."""
    assert pearson(0) == 0
    assert pearson(1) == pytest.approx(1, rel=1e-15)
    assert pearson(0.5) == pytest.approx((math.sqrt(6) - math.sqrt(2)) / 2, rel=1e-15)
    assert spearman(pearson(-0.3)) == pytest.approx(-0.3, rel=1e-14)


def test_scores_of_the_matrix_have_the_rank_correlation_typed():
    matrix, moves = correlation(["a", "b"], {("b", "a"): 0.6})
    assert moves == ()
    scores = factor(matrix) @ stats.qmc.MultivariateNormalQMC([0, 0], rng=1).random(2**15).T
    assert stats.spearmanr(*scores).statistic == pytest.approx(0.6, abs=1e-3)


# The nearest matrix


def test_highams_example_of_order_three():
    """The nearest has the form [1 a b; a 1 a; b a 1] and is singular, so b = 2 a² - 1.

    What is left of the distance is 4 (1 - a)² + 2 b², least where 4 a³ - a - 1 = 0. Higham (2002)
    prints 0.7607 and 0.1573.
    """
    found = nearest_correlation(np.array([[1.0, 1, 0], [1, 1, 1], [0, 1, 1]]))
    a = brentq(lambda x: 4 * x**3 - x - 1, 0, 1, xtol=1e-15)
    b = 2 * a**2 - 1
    assert (round(a, 4), round(b, 4)) == (0.7607, 0.1573)
    np.testing.assert_allclose(found, [[1, a, b], [a, 1, a], [b, a, 1]], atol=1e-10)
    is_correlation(found)


def test_highams_example_of_order_four():
    """As printed in Higham (2002), section 4: tridiag(-1, 2, -1)."""
    matrix = 2 * np.eye(4) - np.eye(4, k=1) - np.eye(4, k=-1)
    found = nearest_correlation(matrix)
    printed = [
        [1, -0.8084, 0.1916, 0.1068],
        [-0.8084, 1, -0.6562, 0.1916],
        [0.1916, -0.6562, 1, -0.8084],
        [0.1068, 0.1916, -0.8084, 1],
    ]
    np.testing.assert_allclose(found, printed, atol=5e-5)
    assert np.linalg.norm(matrix - found) == pytest.approx(2.1337, abs=5e-5)
    is_correlation(found)


def test_a_correlation_matrix_stays_to_the_bit():
    for matrix in (np.eye(3), np.ones((4, 4)), np.array([[1, 0.3], [0.3, 1]]), np.eye(0)):
        assert nearest_correlation(matrix) is matrix


@st.composite
def symmetric(draw):
    size = draw(st.integers(2, 7))
    entries = draw(arrays(float, (size, size), elements=st.floats(-1, 1)))
    matrix = np.round(np.tril(entries, -1), 2)
    return matrix + matrix.T + np.eye(size)


@settings(max_examples=80, deadline=None)
@given(symmetric())
def test_the_nearest_is_a_correlation_matrix_and_nothing_around_it_is_nearer(matrix):
    """On the way to any other correlation matrix the distance grows: it is the nearest."""
    found = nearest_correlation(matrix)
    is_correlation(found)
    away = matrix - found
    size = len(matrix)
    signs = np.where(np.arange(size) % 2, -1.0, 1.0)
    for other in (np.eye(size), np.ones((size, size)), np.outer(signs, signs)):
        assert (away * (other - found)).sum() <= 1e-7


@settings(max_examples=80, deadline=None)
@given(symmetric())
def test_a_factor_gives_the_matrix_in_any_order(matrix):
    found = nearest_correlation(matrix)
    for order in (range(len(found)), range(len(found))[::-1]):
        ordered = found[np.ix_(order, order)]
        lower = factor(ordered)
        assert (lower == np.tril(lower)).all()
        assert (np.diag(lower) >= 0).all()
        np.testing.assert_allclose(lower @ lower.T, ordered, atol=1e-12)


def test_singular_matrices_have_a_factor():
    ones = factor(np.ones((3, 3)))
    np.testing.assert_allclose(ones, [[1, 0, 0]] * 3, atol=1e-15)
    signs = np.outer([1.0, -1, 1], [1.0, -1, 1])
    np.testing.assert_allclose(factor(signs) @ factor(signs).T, signs, atol=1e-15)


def test_the_factor_of_a_definite_matrix_is_choleskys():
    matrix = np.array([[1, 0.5, 0.2], [0.5, 1, -0.3], [0.2, -0.3, 1]])
    np.testing.assert_allclose(factor(matrix), np.linalg.cholesky(matrix), rtol=1e-14)


# Pairs


def test_pairs_of_inputs_that_are_not_drawn_do_not_count():
    pairs = {("a", "b"): 0.4, ("b", "c"): 0.9}
    matrix, moves = correlation(["c", "a"], pairs)
    assert (matrix == np.eye(2)).all()
    assert moves == ()


def test_pairs_may_stand_either_way_round_and_keys_in_any_order():
    one, _ = correlation(["a", "b", "c"], {("a", "b"): 0.4, ("c", "a"): -0.2})
    two, _ = correlation(["c", "b", "a"], {("b", "a"): 0.4, ("a", "c"): -0.2})
    assert (one == two[::-1, ::-1]).all()
    assert one[0, 1] == pearson(0.4)


def test_every_move_is_told_with_what_was_typed_and_what_is_used():
    pairs = {("a", "b"): 1.0, ("b", "c"): 1.0}
    matrix, moves = correlation(["a", "b", "c"], pairs)
    is_correlation(matrix)
    assert {(m.first, m.second, m.typed) for m in moves} == {
        ("a", "b", 1.0),
        ("b", "c", 1.0),
        ("a", "c", 0.0),
    }
    used = {(m.first, m.second): m.used for m in moves}
    assert pearson(used["a", "c"]) == pytest.approx(matrix[0, 2], rel=1e-12)
    assert isinstance(moves[0], Move)


# Without the factor


def test_what_a_factor_explains_leaves_the_matrix():
    """Entries made of two factors: what is left without the first is the second alone."""
    first, second = {"a": 0.55, "b": 0.45, "d": 0.7}, {"a": 0.15, "b": 0.10, "c": 0.70, "d": 0.0}
    keys = ["a", "b", "c", "d"]
    pairs = {
        (x, y): first.get(x, 0) * first.get(y, 0) + second[x] * second[y]
        for i, x in enumerate(keys)
        for y in keys[:i]
    }
    left = without_factor(keys, pairs, first)
    for (x, y), rank in left.items():
        assert rank == pytest.approx(second[x] * second[y], abs=1e-15)
    assert left["a", "c"] == pytest.approx(0.15 * 0.7)
    assert ("c", "d") not in left
    _, moves = correlation(keys, left)
    assert moves == ()


def test_a_pair_that_is_not_typed_loses_the_factor_too():
    assert without_factor(["a", "b"], {}, {"a": 0.5, "b": -0.6}) == {("a", "b"): 0.3}
    assert without_factor(["a", "b"], {("a", "b"): -0.9}, {"a": 0.5, "b": 0.6}) == {
        ("a", "b"): -1.0
    }
    assert without_factor(["a", "b"], {("b", "a"): 0.2}, {}) == {("a", "b"): 0.2}


#: Loadings on AI demand and on steel and the economy (domain.md, 3), by input of the sheet.
LOADINGS = {
    "steel.mid_cycle_margin": (0.0, 0.70),
    "steel.volume": (0.0, 0.45),
    "hangang_cloud.legacy.saturation_ratio": (0.55, 0.15),
    "hangang_cloud.legacy.rack_price": (0.45, 0.10),
    "hangang_cloud.phase_two.lease_price": (0.45, 0.10),
    "zhejiang_cloud.saturation_ratio": (0.70, 0.0),
    "zhejiang_cloud.ramp_rate": (0.70, 0.0),
    "zhejiang_cloud.lease_price": (0.50, 0.0),
    "hangang_cloud.legacy.tariff": (0.20, 0.35),
    "compute_leasing.new_clusters.npv_ratio": (0.70, 0.0),
    "compute_leasing.termination_hazard": (-0.45, -0.15),
    "zhejiang_cloud.north_capex_left": (0.30, 0.25),
    "market.wacc_shift": (-0.10, 0.25),
    "corporate.net_cash": (0.0, 0.45),
}


def test_the_workbook_has_the_loadings_of_the_source_document():
    """Its matrix, rounded to two digits, is made of them: what is left is the second factor's."""
    book = valuation.load(WORKBOOK)
    assert set(book.correlated) == set(LOADINGS)
    assert book.demand_loadings == {key: f for key, (f, _) in LOADINGS.items() if f}
    left = without_factor(book.correlated, book.correlations, book.demand_loadings)
    for i, a in enumerate(book.correlated):
        for b in book.correlated[i + 1 :]:
            expected = LOADINGS[a][1] * LOADINGS[b][1]
            assert left.get((a, b), 0.0) == pytest.approx(expected, abs=0.0051), (a, b)
    for pairs in (book.correlations, left):
        assert correlation(book.correlated, pairs)[1] == ()
