"""Sobol points: those of scipy, from any place, and still a net once they are scrambled."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest, qmc

from valuation.risk import sobol
from valuation.risk.sampler import SCRAMBLINGS, scrambled

DIMENSIONS = 600


@pytest.fixture(scope="module")
def plain() -> sobol.Bits:
    return sobol.direction_numbers(DIMENSIONS)


@pytest.fixture(scope="module")
def all_scrambled() -> tuple[sobol.Bits, sobol.Bits]:
    return scrambled(40, 7)


def by_definition(directions: sobol.Bits, shift: sobol.Bits, n: int) -> sobol.Bits:
    """Point n: the XOR of the direction numbers at the set bits of n, and of the shift."""
    result = shift.copy()
    for k in range(32):
        if n >> k & 1:
            result ^= directions[:, k]
    return result


def test_unscrambled_points_are_those_of_scipy(plain: sobol.Bits) -> None:
    """Scipy runs through them in the order of the Gray code: its point n is our n ^ (n >> 1)."""
    ours = sobol.points(plain, np.zeros(DIMENSIONS, np.uint32), 0, 2**11)
    theirs = qmc.Sobol(DIMENSIONS, scramble=False, bits=32).random(2**11)
    n = np.arange(2**11)
    assert np.array_equal(ours[:, n ^ (n >> 1)].T / 2.0**32, theirs)


def test_all_32_direction_numbers_are_those_of_scipy(plain: sobol.Bits) -> None:
    """Points tell the first direction numbers only; scipy holds them all in a private matrix."""
    assert np.array_equal(plain, qmc.Sobol(DIMENSIONS, scramble=False, bits=32)._sv)


def test_there_are_numbers_for_hundreds_of_dimensions_and_not_for_more() -> None:
    known = len(sobol._initial_numbers())
    assert known >= DIMENSIONS
    assert sobol.direction_numbers(known).shape == (known, 32)
    with pytest.raises(ValueError, match=rf"{known + 1} dimensions, and .* for {known}\."):
        sobol.direction_numbers(known + 1)


def test_further_dimensions_leave_earlier_ones_as_they_are(plain: sobol.Bits) -> None:
    assert np.array_equal(sobol.direction_numbers(5), plain[:5])
    few, more = scrambled(5, 3), scrambled(40, 3)
    assert np.array_equal(few[0], more[0][:, :5])
    assert np.array_equal(few[1], more[1][:, :5])


def test_a_scrambling_is_its_own_and_decided_by_the_seed(
    all_scrambled: tuple[sobol.Bits, sobol.Bits],
) -> None:
    again, other = scrambled(40, 7), scrambled(40, 8)
    for found, same, different in zip(all_scrambled, again, other, strict=True):
        assert np.array_equal(found, same)
        assert not np.array_equal(found, different)
        assert len(found) == SCRAMBLINGS == len(np.unique(found.reshape(SCRAMBLINGS, -1), axis=0))


@pytest.mark.parametrize("start", [0, 1024, 5 * 1024, 2**31, 2**32 - 1024])
def test_every_scrambling_stays_a_net_in_each_dimension(
    all_scrambled: tuple[sobol.Bits, sobol.Bits], start: int
) -> None:
    """Any 2^m points from a multiple of 2^m hit each of 2^m intervals once."""
    for directions, shift in zip(*all_scrambled, strict=True):
        found = sobol.points(directions, shift, start, 1024)
        for m in range(1, 11):
            hit = np.sort((found[:, : 2**m] >> np.uint32(32 - m)).astype(np.int64), axis=1)
            assert (hit == np.arange(2**m)).all()


def test_the_first_two_dimensions_stay_a_net_together(
    all_scrambled: tuple[sobol.Bits, sobol.Bits],
) -> None:
    """They are a (0, m, 2)-net: every box of 2^-a by 2^-(m-a) has one point.

    A lower-triangular scrambling keeps it one, an upper-triangular one would not.
    """
    m = 10
    for directions, shift in zip(*all_scrambled, strict=True):
        one, two = sobol.points(directions[:2], shift[:2], 0, 2**m).astype(np.int64)
        for a in range(m + 1):
            box = (one >> (32 - a)) * 2 ** (m - a) + (two >> (32 - (m - a)))
            assert np.array_equal(np.sort(box), np.arange(2**m))


def test_the_mean_of_a_scrambling_is_a_half(
    all_scrambled: tuple[sobol.Bits, sobol.Bits],
) -> None:
    """With one point in each of n intervals the mean is within 1 / 2n of a half."""
    for directions, shift in zip(*all_scrambled, strict=True):
        found = sobol.points(directions, shift, 0, 4096) / 2.0**32
        assert np.abs(found.mean(axis=1) - 0.5).max() <= 0.5 / 4096


def test_a_single_point_is_uniform_over_scramblings() -> None:
    """Each point of each dimension, over scramblings: without it the estimates are biased."""
    drawn = [scrambled(300, seed) for seed in range(3)]
    for n in (0, 5):
        found = [
            by_definition(d, s, n) for both in drawn for d, s in zip(*both, strict=True)
        ]  # 3 x 8 x 300 numbers, a chance of 1e-4 of being refused by mistake
        assert kstest(np.concatenate(found) / 2.0**32, "uniform").pvalue > 1e-4


def test_the_digits_below_a_scrambled_one_are_random() -> None:
    """A shift alone would leave the differences of two points what they were."""
    plain = sobol.direction_numbers(200)
    found, _ = sobol.scramble(plain, np.random.default_rng(1))
    for k in (0, 3, 20):  # the first digit that is 1 stays the first, those below it are tossed
        first = np.floor(np.log2(plain[:, k]))
        assert np.array_equal(np.floor(np.log2(found[:, k])), first)
    below = (found[:, 0] >> np.arange(31, dtype=np.uint32)[:, None]) & 1
    assert abs(below.mean() - 0.5) < 4 * 0.5 / np.sqrt(below.size)


@pytest.mark.parametrize("count", [1, 2, 5, 8, 100, 128])
def test_points_from_any_place_are_a_slice_of_the_whole(
    all_scrambled: tuple[sobol.Bits, sobol.Bits], count: int
) -> None:
    directions, shift = all_scrambled[0][2], all_scrambled[1][2]
    whole = sobol.points(directions, shift, 0, 4096)
    step = 1 << (count - 1).bit_length()
    for start in range(0, 4096, step * max(1, 512 // step)):
        found = sobol.points(directions, shift, start, count)
        assert np.array_equal(found, whole[:, start : start + count])


def test_points_far_out_are_what_the_definition_says(
    all_scrambled: tuple[sobol.Bits, sobol.Bits],
) -> None:
    directions, shift = all_scrambled[0][1], all_scrambled[1][1]
    for start in (2**31, 2**32 - 64, 3 * 2**29 + 64):
        found = sobol.points(directions, shift, start, 64)
        for i in (0, 1, 37, 63):
            assert np.array_equal(found[:, i], by_definition(directions, shift, start + i))


@pytest.mark.parametrize("count", [1, 2, 31, 32, 33, 200, 1056])
@pytest.mark.parametrize("start", [0, 32, 1056, 7 * 8192, 2**31 + 96])
def test_compiled_points_are_the_same(
    all_scrambled: tuple[sobol.Bits, sobol.Bits], start: int, count: int
) -> None:
    pytest.importorskip("numba")
    from valuation.risk import native_draws

    directions, shift = all_scrambled[0][0], all_scrambled[1][0]
    found = np.empty((len(directions), count), dtype=np.uint32)
    native_draws.points(directions, shift, start, found)
    for i in {0, count // 2, count - 1}:
        assert np.array_equal(found[:, i], by_definition(directions, shift, start + i))
    base = start - start % 8192
    whole = sobol.points(directions, shift, base, 8192)
    assert np.array_equal(found, whole[:, start - base : start - base + count])
