"""Simulations: against theory, the same for any workers and engine, and draws without a value."""

from __future__ import annotations

import json
import math
import multiprocessing
import os
import pickle
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sheets import PAIR, pair, pair_book

from valuation.errors import AssumptionError, NoAnswerError
from valuation.risk import sampler as drawing
from valuation.risk import simulate as simulating
from valuation.risk.assumptions import Assumptions
from valuation.risk.blocks import BINS, Job, Moments, _moments, run
from valuation.risk.correlation import correlation, without_factor
from valuation.risk.replay import replay
from valuation.risk.sampler import Block
from valuation.risk.simulate import Stopped, Task, prepare, simulate
from valuation.risk.simulation import Simulation
from valuation.risk.spread import PERCENTS
from valuation.risk.totals import Totals
from valuation.risk.uncertainty import uncertainty
from valuation.risk.workers import in_order, spans

NORMAL = {"distribution": "normal", "settings": {"sd": 30.0}}
OTHER = {"distribution": "normal", "settings": {"sd": 50.0}}
PERT = {"distribution": "PERT", "low": 100.0, "high": 350.0}
SKEWED = {"distribution": "lognormal", "settings": {"sd": 0.4}}
LUMPS = {"distribution": "discrete", "weights": ((0.5, 0.25), (1.0, 0.5), (2.0, 0.25))}
SHOCKS = {"shock_sd": 5.0, "persistence": 0.6}
#: Below zero, where it has no root, in a draw of six: Φ(-1).
GAPPED = {"distribution": "normal", "settings": {"sd": 1.0}}
CORRELATED = {"correlations": {("north", "south"): 0.5}, "correlated": ("north", "south")}
ALL = {"north": NORMAL, "south": PERT, "debt": SKEWED, "depth": LUMPS, "flow": SHOCKS}
ROWS = ["flow", "inflow", "curve", "ruin"]


@pytest.fixture(scope="module", autouse=True)
def _kernels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Compiled kernels go to a folder of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VALUATION_CACHE", str(tmp_path_factory.mktemp("kernels")))
        yield


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> int:
    """Many blocks of few draws."""
    monkeypatch.setattr(drawing, "BLOCK", 128)
    return 128


def mixed(**others: object) -> Assumptions:
    """Every kind of input, correlations, two scenarios."""
    scenarios = {"low": (0.5, {"north": 100.0, "depth": 2.0, "flow": 3.0})}
    return pair_book(ALL, scenarios, **{**CORRELATED, **others})


def gapped(gaps: str) -> Assumptions:
    return pair_book({"north": NORMAL, "depth": GAPPED}, gaps=gaps)


def task_of(book: Assumptions, **others: Any) -> Task:
    told: dict[str, Any] = {
        "draws": 100, "seed": 1, "sampler": "sobol", "scenario": "mixture", "changes": {},
        "demand_paths": False,
    }  # fmt: skip
    return prepare(book, **{**told, **others})


# Against theory


def linear() -> Assumptions:
    return pair_book({"north": NORMAL, "south": OTHER, "flow": SHOCKS}, **CORRELATED)


def variance(loadings: np.ndarray, covariance: np.ndarray) -> float:
    return float(loadings @ covariance @ loadings)


@pytest.fixture(scope="module")
def linear_run() -> Simulation:
    return simulate(linear(), draws=2**15, rows=["flow"], engine="numpy", workers=1)


def theory() -> tuple[float, float, np.ndarray]:
    """Mean and sd of the equity value; covariance of north and south with it."""
    rho = 2 * math.sin(math.pi * 0.5 / 6)
    parts = np.array([[30.0**2, rho * 1500], [rho * 1500, 50.0**2]])
    years = np.abs(np.subtract.outer(np.arange(3), np.arange(3)))
    flows = float((25.0 * 0.6**years).sum())
    mean = PAIR["north"] + PAIR["south"] + sum(PAIR["flow"]) - PAIR["debt"]
    with_equity = parts.sum(axis=1) + np.array([0, flows])
    return mean, math.sqrt(parts.sum() + flows), with_equity


def test_mean_and_sd_of_a_linear_model_are_those_of_theory(linear_run: Simulation) -> None:
    """Within 4 errors of as many pseudo-random draws, which Sobol points undercut."""
    mean, sd, _ = theory()
    n = linear_run.draws
    assert linear_run.mean("equity").value == pytest.approx(mean, abs=4 * sd / math.sqrt(n))
    assert linear_run.sd("equity").value == pytest.approx(sd, abs=4 * sd / math.sqrt(2 * n))
    assert linear_run.mean("per_share").value == pytest.approx(mean / 10, rel=1e-3)
    for row, theirs in (("mean", mean), ("sd", sd)):
        found = getattr(linear_run, row)("equity")
        assert 0 < found.standard_error < sd / math.sqrt(n)
        assert abs(found.value - theirs) < 5 * found.standard_error


def test_random_draws_give_the_same_within_their_error() -> None:
    mean, sd, _ = theory()
    found = simulate(linear(), draws=2**14, sampler="random", engine="numpy", workers=1)
    assert abs(found.mean("equity").value - mean) < 4 * sd / math.sqrt(found.draws)
    assert abs(found.sd("equity").value - sd) < 4 * sd / math.sqrt(2 * found.draws)
    error = found.mean("equity").standard_error  # √χ²(7)/7: 0.2 to 1.9 but once in a thousand
    assert 0.2 < error / (sd / math.sqrt(found.draws)) < 1.9


def test_percentiles_of_a_linear_model_are_normal(linear_run: Simulation) -> None:
    """Within 4 errors of a percentile, √(p (1 - p) / n) over the density."""
    from scipy.stats import norm

    mean, sd, _ = theory()
    for percent in PERCENTS:
        p = percent / 100
        expected = norm.ppf(p, mean, sd)
        error = math.sqrt(p * (1 - p) / linear_run.draws) / norm.pdf(expected, mean, sd)
        found = linear_run.spread("equity").percentiles()[f"p{percent}"]
        assert found.value == pytest.approx(expected, abs=4 * error)
    at = mean / 10 + sd / 10
    above = linear_run.probability_above(at).value
    assert above == pytest.approx(norm.sf(1), abs=4 * math.sqrt(0.16 * 0.84 / linear_run.draws))
    tail = mean / 10 - sd / 10 * norm.pdf(norm.ppf(0.05)) / 0.05
    assert linear_run.expected_shortfall().value == pytest.approx(tail, abs=0.02 * sd / 10)


def test_the_market_price_is_the_price_asked_by_default(linear_run: Simulation) -> None:
    values = linear_run.frame()["per_share"]
    assert linear_run.probability_above().value == pytest.approx((values > PAIR["price"]).mean())
    assert linear_run.probability_above(55.0).value == pytest.approx((values > 55.0).mean())


def test_variance_by_part_sums_to_1_and_is_the_covariance(linear_run: Simulation) -> None:
    """Of north and south, which are correlated; the debt does not vary and adds nothing."""
    shares = linear_run.variance_by_part()
    assert [share.key for share in shares] == ["north_value", "south_value", "less_debt"]
    assert sum(share.share for share in shares) == pytest.approx(1, abs=1e-12)
    frame = linear_run.frame()
    _, sd, with_equity = theory()
    for i, share in enumerate(shares[:2]):
        matrix = np.cov(frame[share.key], frame["equity"])
        assert share.share == pytest.approx(matrix[0, 1] / matrix[1, 1], rel=1e-9)
        assert share.sd == pytest.approx(math.sqrt(matrix[0, 0]), rel=1e-9)
        assert share.correlation == pytest.approx(
            matrix[0, 1] / math.sqrt(matrix[0, 0] * matrix[1, 1]), rel=1e-9
        )
        assert share.share == pytest.approx(with_equity[i] / sd**2, abs=4 / math.sqrt(2**15))
    assert (shares[2].sd, shares[2].share) == (0, 0)
    assert math.isnan(shares[2].correlation)
    expected = np.corrcoef(frame["north_value"], frame["south_value"])
    assert linear_run.correlations().to_numpy() == pytest.approx(expected, rel=1e-9)


def test_steps_of_the_bridge_take_part_with_their_sign() -> None:
    found = simulate(mixed(), draws=1024, rows=["debt"], engine="numpy", workers=1)
    frame = found.frame()
    frame["less_debt"] = -frame["debt"]
    shares = found.variance_by_part()
    whole = frame["equity"].var()
    for share in shares:
        expected = frame[share.key].cov(frame["equity"]) / whole
        assert share.share == pytest.approx(expected, rel=1e-9)
    assert sum(share.share for share in shares) == pytest.approx(1, abs=1e-12)


def test_moments_are_those_of_the_draws(linear_run: Simulation) -> None:
    frame = linear_run.frame()
    assert linear_run.mean("equity").value == pytest.approx(frame["equity"].mean(), rel=1e-12)
    assert linear_run.sd("equity").value == pytest.approx(frame["equity"].std(), rel=1e-9)
    sizes = np.cumsum([0, *linear_run.job.sampler.sizes])
    parts = [frame["equity"].to_numpy()[a:b] for a, b in pairwise(sizes)]
    for found, figure in ((linear_run.mean, np.mean), (linear_run.sd, lambda x: np.std(x, ddof=1))):
        expected = np.std([figure(part) for part in parts], ddof=1) / math.sqrt(8)
        assert found("equity").standard_error == pytest.approx(expected, rel=1e-6)


def test_moments_merge_into_those_of_all() -> None:
    """With a line that has no number in some draws, and parts of different sizes."""
    random = np.random.default_rng(3)
    lines = random.normal(size=(5, 1000)) * 3 + 1e6
    lines[1] += lines[0]
    lines[4, random.random(1000) < 0.3] = math.nan
    lines[4, 100:150] = math.nan  # a part without any
    good = random.random(1000) < 0.9
    merged: Moments | None = None
    for a, b in ((0, 1), (1, 100), (100, 150), (150, 700), (700, 1000)):
        part = _moments(lines[:, a:b], good[a:b], 3)
        merged = part if merged is None else merged + part
    assert merged is not None
    kept = lines[:, good]
    assert merged.count.tolist() == np.isfinite(kept).sum(axis=1).tolist()
    assert merged.mean == pytest.approx(np.nanmean(kept, axis=1), rel=1e-14)
    assert merged.square == pytest.approx(
        np.nanvar(kept, axis=1) * merged.count, rel=1e-7
    )  # numpy's own mean has lost 6 digits of 16 to the 1e6
    assert merged.product == pytest.approx(np.cov(kept[:3]) * (good.sum() - 1), rel=1e-7)


# Rows, frame, inputs


def test_yearly_rows_are_told_by_year(linear_run: Simulation) -> None:
    frame = linear_run.frame()
    years = linear_run.centre.years
    assert years == (2025, 2026, 2027)
    for year, base in zip(years, PAIR["flow"], strict=True):
        column = frame[f"flow@{year}"]
        assert linear_run.mean("flow", year).value == pytest.approx(column.mean(), rel=1e-12)
        assert linear_run.mean("flow", year).value == pytest.approx(
            base, abs=4 * 5 / math.sqrt(2**15)
        )
        found = linear_run.spread("flow", year).percentiles()["p25"].value
        assert found == pytest.approx(np.percentile(column, 25), rel=1e-12)
    assert [c.period for c in linear_run.further] == [0, 1, 2]
    assert set(linear_run.summary().index) == set(frame.columns)
    with pytest.raises(AssumptionError, match=r"flow has a value a year\. Name a year from 2025"):
        linear_run.mean("flow")
    with pytest.raises(AssumptionError, match=r"'curve' was not simulated\. Name it in rows="):
        linear_run.mean("curve")
    with pytest.raises(AssumptionError, match=r"of less_debt only mean and variance were kept"):
        linear_run.spread("less_debt")


def test_events_are_counted() -> None:
    book = pair_book({"north": {**NORMAL, "settings": {"sd": 300.0}}, "flow": {"shock_sd": 20.0}})
    found = simulate(book, draws=2048, rows=["flow"], engine="numpy", workers=1)
    frame = found.frame()
    told = {(x.event.key, x.year): x.probability.value for x in found.likelihoods()}
    assert told == pytest.approx(
        {
            ("inflow", 2026): (frame["flow@2026"] > 0).mean(),
            ("inflow", 2027): (frame["flow@2027"] > 0).mean(),
            ("ruin", None): (frame["equity"] < 0).mean(),
        }
    )
    assert all(0.01 < chance < 0.99 for chance in told.values())


@pytest.mark.parametrize("key", ["per_share", "equity", "south_value", "less_debt", "ruin"])
def test_a_row_that_is_simulated_anyway_may_be_asked_for(key: str) -> None:
    found = simulate(mixed(), draws=64, rows=[key], engine="numpy")
    frame = found.frame()
    assert found.mean(key).value == pytest.approx(frame[key].mean(), rel=1e-12)
    assert found.spread(key).percentiles()["p50"].value == pytest.approx(frame[key].median())
    assert len(found.likelihoods()) == 3
    assert len(found.variance_by_part()) == 3


def test_inputs_are_drawn_again() -> None:
    found = simulate(mixed(), draws=1000, rows=["north", "flow", "depth"], engine="numpy")
    frame, inputs = found.frame(), found.inputs()
    for name in ("north", "depth", "flow@2025", "flow@2027"):
        assert np.array_equal(frame[name], inputs[name]), name
    part = found.inputs(400, 417)
    assert part.equals(inputs.iloc[400:417])
    low = frame["scenario"] == "low"
    assert (frame["depth"][low] == 2.0).all()
    assert low.mean() == pytest.approx(1 / 3, abs=8 / 1000)  # a draw at each limit a scrambling


def test_changes_hold_an_input() -> None:
    found = simulate(
        mixed(), draws=256, changes={"north": 123.0, "flow": 4.0}, rows=["north", "flow"]
    )
    frame = found.frame()
    assert (frame["north"] == 123.0).all()
    assert (frame[["flow@2025", "flow@2027"]] == 4.0).all(axis=None)
    assert {cell.key for cell in found.job.sampler.cells} == {"south", "debt", "depth"}
    free = simulate(mixed(), draws=256, rows=["north"]).frame()
    assert free["north"].nunique() > 200


def test_overrides_hold_an_input_too() -> None:
    frame = simulate(mixed(overrides={"south": 7.0}), draws=64, rows=["south"]).frame()
    assert (frame["south"] == 7.0).all()


def test_nothing_uncertain_is_one_value() -> None:
    found = simulate(pair_book({}), draws=64)
    assert found.mean("equity").value == theory()[0]
    assert found.sd("equity").value == 0


def test_a_row_that_is_nowhere_a_number_has_no_mean() -> None:
    found = simulate(pair_book({"north": NORMAL}), draws=64, rows=["never"])
    assert math.isnan(found.spread("never").percentiles()["p50"].value)
    assert math.isnan(found.mean("never").value)
    assert math.isnan(found.sd("never").value)


# Who computes


@pytest.mark.parametrize("kind", ["sobol", "random"])
@pytest.mark.usefixtures("small_blocks")
def test_the_digest_is_the_same_for_any_number_of_workers(kind: Any) -> None:
    found = [
        simulate(mixed(), draws=5003, rows=ROWS, sampler=kind, engine="numpy", workers=workers)
        for workers in (1, 2, 3, 5)
    ]
    assert len({f.digest for f in found}) == 1
    assert [f.workers for f in found] == [1, 2, 3, 5]
    for other in found[1:]:
        assert np.array_equal(other.values, found[0].values, equal_nan=True)
        for a, b in zip(other.moments, found[0].moments, strict=True):
            assert np.array_equal(a.mean, b.mean)
            assert np.array_equal(a.product, b.product)
    assert not multiprocessing.active_children()


def test_the_digest_tells_other_draws_apart() -> None:
    told = [{}, {"seed": 0}, {"seed": 2}, {"sampler": "random"}, {"scenario": "low"}]
    digests = [simulate(mixed(), draws=256, engine="numpy", **more).digest for more in told]
    assert len(set(digests)) == len(told)
    assert simulate(mixed(), draws=256, engine="numpy").digest == digests[0]


@pytest.mark.usefixtures("small_blocks")
def test_the_order_of_the_blocks_does_not_matter() -> None:
    whole = simulate(mixed(), draws=5003, rows=ROWS, engine="numpy", workers=1)
    tasks = spans(whole.job.sampler.blocks(), 3)
    assert len(tasks) >= 16
    shuffled = [tasks[i] for i in np.random.default_rng(1).permutation(len(tasks))]
    totals = Totals(whole.job)
    for found in in_order(run(whole.job, task) for task in shuffled):
        totals.add(found)
    assert totals.digest == whole.digest
    assert totals.done == whole.draws
    for a, b in zip(totals.moments, whole.moments, strict=True):
        assert a is not None
        assert np.array_equal(a.square, b.square)


@pytest.mark.parametrize("workers", [1, 2, 3, 7])
def test_spans_hold_every_block_once_and_of_one_scrambling(workers: int) -> None:
    blocks = list(task_of(mixed(), draws=300_000).job.sampler.blocks())
    cut = spans(blocks, workers)
    assert [block for span in cut for block in span] == blocks
    assert all(len({block.scrambling for block in span}) == 1 for span in cut)


def test_a_job_is_the_same_in_another_process() -> None:
    """As sent to a cluster: rows are found again by identity."""
    job = task_of(mixed(), draws=500, rows=ROWS).job
    sent = pickle.loads(pickle.dumps(job))  # noqa: S301 - our own
    for block in job.sampler.blocks():
        assert np.array_equal(sent.lines(block), job.lines(block), equal_nan=True)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("workers", [1, 2])
def test_counting_gives_the_same_digest_and_percentiles_within_a_bin(
    monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    """Or between the draws next to a percentile, which bins forget."""
    kept = simulate(mixed(), draws=5003, rows=["curve"], engine="numpy", workers=1)
    monkeypatch.setattr(simulating, "EXACT", 1000)
    counted = simulate(mixed(), draws=5003, rows=["curve"], engine="numpy", workers=workers)
    assert counted.values is None
    assert counted.digest == kept.digest
    assert counted.mean("equity") == kept.mean("equity")
    assert counted.variance_by_part() == kept.variance_by_part()
    assert counted.job.ranges is not None
    for at, (low, high) in zip(counted.job.layout.kept, counted.job.ranges, strict=True):
        values = np.sort(kept.frame()[kept.columns[at].key])
        bin_ = max((high - low) / BINS, low - values[0], values[-1] - high)
        for percent in PERCENTS:
            place = percent / 100 * 5002
            least, most = values[[math.floor(place) - 1, math.ceil(place) + 1]]
            found = counted.spreads[at].percentiles()[f"p{percent}"].value
            assert least - bin_ <= found <= most + bin_
        tail = counted.spreads[at].expected_shortfall().value
        assert tail == pytest.approx(kept.spreads[at].expected_shortfall().value, abs=2 * bin_)
        assert counted.spreads[at].all.count == 5003
    with pytest.raises(AssumptionError, match=r"5,003 draws are too many to keep"):
        counted.frame()


def test_a_line_that_does_not_vary_is_counted_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulating, "EXACT", 100)
    found = simulate(pair_book({"north": NORMAL}), draws=1024, rows=["flow"], engine="numpy")
    for row, year, expected in (("south_value", None, 260.0), ("flow", 2026, 20.0)):
        assert found.mean(row, year).value == expected
        for percentile in found.spread(row, year).percentiles().values():
            assert percentile.value == pytest.approx(expected, rel=1e-3)


def test_counting_leaves_out_draws_without_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = simulate(gapped("drop"), draws=4096, engine="numpy", workers=1)
    monkeypatch.setattr(simulating, "EXACT", 1000)
    found = simulate(gapped("drop"), draws=4096, engine="numpy", workers=1)
    assert found.digest == kept.digest
    assert np.array_equal(found.dropped, kept.dropped)
    assert found.spread("equity").all.count == 4096 - len(kept.dropped)


# Engines


@pytest.fixture(scope="module")
def compiled() -> dict[str, Job]:
    """Jobs that share compiled kernels: of a mixture with every kind of input, and with gaps."""
    pytest.importorskip("numba")
    found = {
        "mixed": task_of(mixed(), draws=60_000, rows=[*ROWS, "north", "south", "debt"]).job,
        "gapped": task_of(gapped("drop"), draws=60_000, rows=["curve", "inverse", "never"]).job,
    }
    return {name: replace(job, engine="numba") for name, job in found.items()}


@pytest.mark.parametrize("count", [1, 31, 32, 33, 1055, 1056, 1057, 3000])
@pytest.mark.parametrize("kind", ["sobol", "random"])
@pytest.mark.parametrize("name", ["mixed", "gapped"])
def test_engines_agree(compiled: dict[str, Job], name: str, kind: Any, count: int) -> None:
    """At 1e-12, and to the bit in what is drawn: those rows are inputs."""
    native = compiled[name]
    native = replace(native, sampler=replace(native.sampler, kind=kind))
    plain = replace(native, engine="numpy")
    for block in (Block(0, 0, 0, 0, count), Block(9, 5, 4096, 45_003, count)):
        found, expected = native.lines(block), plain.lines(block)
        assert found.shape == expected.shape == (native.layout.lines, count)
        assert np.array_equal(np.isnan(found), np.isnan(expected))
        assert np.allclose(found, expected, rtol=1e-12, atol=1e-12, equal_nan=True)
        if name == "mixed":
            drawn = [native.layout.kept[4 + i] for i in (0, 1, 2, -3, -2, -1)]
            assert np.array_equal(found[drawn], expected[drawn])
        elif count > 100:
            assert 0 < np.isnan(found[0]).mean() < 1


def test_engines_agree_at_values_given(compiled: dict[str, Job]) -> None:
    for native in compiled.values():
        values = native.sampler.draw(Block(0, 3, 0, 0, 77)).values
        expected = replace(native, engine="numpy").value(values)
        assert np.allclose(native.value(values), expected, rtol=1e-12, atol=0, equal_nan=True)


@pytest.mark.usefixtures("compiled", "small_blocks")
def test_compiled_simulations_are_the_same_for_any_workers() -> None:
    found = [
        simulate(mixed(), draws=3001, rows=ROWS, engine="numba", workers=workers)
        for workers in (1, 2, 3)
    ]
    assert len({f.digest for f in found}) == 1
    plain = simulate(mixed(), draws=3001, rows=ROWS, engine="numpy", workers=1)
    assert np.allclose(found[0].values, plain.values, rtol=1e-12, atol=1e-12, equal_nan=True)
    assert found[0].job.engine == "numba"


# Draws without a value


def test_stop_names_the_draw_and_the_row() -> None:
    dropped = simulate(gapped("drop"), draws=256, engine="numpy", workers=1).dropped
    for workers in (1, 2):
        with pytest.raises(NoAnswerError, match=r"Draught \(draught\) is not a number\.") as caught:
            simulate(gapped("stop"), draws=256, engine="numpy", workers=workers)
        assert (caught.value.key, caught.value.draw) == ("draught", dropped[0])
        text = str(caught.value)
        assert text.startswith(f"Draw {dropped[0]} has no value: ")
        assert "The depth must not be below zero." in text
        assert "write drop beside" in text
    assert not multiprocessing.active_children()


def test_drop_counts_and_leaves_out() -> None:
    """One depth in six is below zero; NaN stands in the frame and in no figure."""
    found = simulate(gapped("drop"), draws=4096, rows=["depth"], engine="numpy", workers=1)
    below = found.inputs()["depth"] < 0
    assert below.mean() == pytest.approx(0.158655, abs=0.01)
    assert found.dropped.tolist() == np.flatnonzero(below).tolist()
    assert dict(found.reasons) == {"draught": int(below.sum())}
    frame = found.frame()
    assert frame["per_share"].isna().equals(below)
    assert frame["depth"].isna().equals(below)
    for key in ("per_share", "north_value", "depth"):
        assert found.mean(key).value == pytest.approx(frame[key].mean(), rel=1e-12)
        assert found.sd(key).value == pytest.approx(frame[key].std(), rel=1e-9)
        median = found.spread(key).percentiles()["p50"].value
        assert median == pytest.approx(frame[key].median(), rel=1e-12)
    values = frame["per_share"].dropna()
    assert found.probability_above(40.0).value == pytest.approx((values > 40.0).mean())
    assert found.spread("per_share").all.count == len(values)
    assert sum(share.share for share in found.variance_by_part()) == pytest.approx(1, abs=1e-12)


def test_a_further_row_without_a_value_drops_no_draw() -> None:
    book = pair_book({"north": NORMAL, "depth": LUMPS | {"weights": ((0.0, 0.5), (1.0, 0.5))}})
    found = simulate(book, draws=256, rows=["inverse", "depth"], engine="numpy")
    assert len(found.dropped) == 0
    assert found.reasons == {}
    assert found.mean("inverse").value == 1.0
    assert found.frame()["inverse"].isna().mean() == 0.5


@pytest.mark.parametrize("gaps", ["stop", "drop"])
def test_no_draw_with_a_value_is_no_answer(gaps: str) -> None:
    none = {"distribution": "normal", "settings": {"sd": 1.0}, "maximum": -0.5, "value": -1.0}
    with pytest.raises(NoAnswerError, match=r"Draw 0 has no value: .*draught") as caught:
        simulate(pair_book({"depth": none}, gaps=gaps), draws=64, engine="numpy")
    assert caught.value.key == "draught"


def sparse() -> tuple[Simulation, np.ndarray]:
    """Two draws a scrambling, both without a value in one of them; the equity values of each."""
    deep = {"distribution": "normal", "settings": {"sd": 1.0}, "value": 0.4}
    book = pair_book({"north": NORMAL, "depth": deep}, gaps="drop")
    for seed in range(100):
        found = simulate(book, draws=16, seed=seed, engine="numpy", sampler="random")
        parts = found.frame()["equity"].to_numpy().reshape(8, 2)
        counts = np.isfinite(parts).sum(axis=1)
        if 0 in counts and (counts == 2).sum() > 2:
            return found, parts
    pytest.fail("no seed has such scramblings")


def test_a_scrambling_without_a_value_has_no_part_in_errors() -> None:
    found, parts = sparse()
    means = [np.nanmean(part) for part in parts if np.isfinite(part).any()]
    expected = np.std(means, ddof=1) / math.sqrt(len(means))
    assert found.mean("equity").standard_error == pytest.approx(expected, rel=1e-9)


def test_a_scrambling_without_a_spread_has_no_part_in_that_of_the_sd() -> None:
    found, parts = sparse()
    sds = [np.std(part, ddof=1) for part in parts if np.isfinite(part).all()]
    expected = np.std(sds, ddof=1) / math.sqrt(len(sds))
    assert found.sd("equity").standard_error == pytest.approx(expected, rel=1e-6)


# Replay


@pytest.mark.parametrize("kind", ["sobol", "random"])
def test_a_replayed_draw_has_the_value_simulated(kind: Any) -> None:
    """To the bit: scenarios, yearly shocks, correlated inputs and all."""
    told: dict[str, Any] = {"draws": 2003, "seed": 5, "sampler": kind, "changes": {"debt": 61.0}}
    found = simulate(mixed(), rows=["flow", "depth"], engine="numpy", workers=2, **told)
    frame, inputs = found.frame(), found.inputs()
    task = task_of(mixed(), **told)
    scenarios = set()
    for draw in (0, 1, 250, 251, 999, 2002):
        again = replay(task, draw)
        row = frame.loc[draw]
        scenarios.add(again.valuation.scenario)
        assert again.valuation.scenario == row["scenario"]
        assert again.valuation.value_per_share == row["per_share"]
        assert again.valuation.equity_value == row["equity"]
        assert again.valuation["flow"] == tuple(row[f"flow@{y}"] for y in (2025, 2026, 2027))
        assert again.valuation.number("debt") == 61.0
        for one in again.inputs:
            name = one.given.key if one.year is None else f"{one.given.key}@{one.year}"
            assert one.value == inputs.loc[draw, name]
    assert scenarios == {"base", "low"}
    for wrong in (-1, 2003):
        with pytest.raises(AssumptionError, match=rf"no draw {wrong}: the simulation has 2,003"):
            replay(task, wrong)


def test_a_replayed_draw_says_where_each_input_came_to_lie() -> None:
    from scipy.stats import norm

    task = task_of(mixed(), draws=64)
    for draw in (3, 40):
        low = (again := replay(task, draw)).valuation.scenario == "low"
        for one in again.inputs:
            if one.given.key == "north":
                assert one.base == (100.0 if low else 300.0)
                expected = norm.cdf(one.value, one.base, 30.0)
                assert one.percentile == pytest.approx(expected, abs=1e-9)
            if one.given.key == "flow":
                expected = norm.cdf(one.value, one.base, 5.0)
                assert one.percentile == pytest.approx(expected, abs=1e-9)
            if one.given.key == "depth" and low:
                assert (one.value, one.percentile) == (2.0, None)


def test_a_replayed_draw_without_a_value_says_why() -> None:
    dropped = simulate(gapped("drop"), draws=256, engine="numpy").dropped
    with pytest.raises(NoAnswerError, match=r"draught") as caught:
        replay(task_of(gapped("drop"), draws=256), int(dropped[0]))
    assert caught.value.key == "draught"


# Demand paths


def test_demand_acts_by_its_shock_or_by_the_matrix_and_never_by_both(book: Assumptions) -> None:
    """With the switch on, the loadings leave the typed matrix; with it off, no shock is drawn."""
    paths = book.company.paths
    assert paths is not None
    shock, switch = (book.company.model.key[row] for row in (paths.shock, paths.switch))
    assert book.demand_loadings
    left = without_factor(book.correlated, book.correlations, book.demand_loadings)
    assert left != dict(book.correlations)
    for acting in (False, True):
        found = simulate(
            replace(book, gaps="drop"), draws=256, demand_paths=acting, rows=[switch, shock],
            engine="numpy",
        )  # fmt: skip
        cells = found.uncertainty.cells
        assert any(cell.key == shock for cell in cells) == acting
        frame = found.frame()
        assert (frame[switch].dropna() == acting).all()
        shocks = frame[[c for c in frame.columns if c.startswith(f"{shock}@")]].dropna()
        assert (shocks.std() > 0).any() == acting
        at = {cell.key: i for i, cell in enumerate(cells) if cell.period is None}
        keys = [key for key in book.correlated if key in at]
        pairs = left if acting else book.correlations
        expected, _ = correlation(keys, {p: r for p, r in pairs.items() if {*p} <= {*keys}})
        place = [at[key] for key in keys]
        assert np.array_equal(found.uncertainty.correlation[np.ix_(place, place)], expected)


def test_the_switch_of_the_workbook_is_as_good_as_the_option(book: Assumptions) -> None:
    book = replace(book, gaps="drop")
    paths = book.company.paths
    assert paths is not None
    switch = book.company.model.key[paths.switch]
    by_option = simulate(book, draws=64, demand_paths=True, engine="numpy")
    by_change = simulate(book, draws=64, changes={switch: 1.0}, engine="numpy")
    given = {**book.inputs, switch: replace(book.inputs[switch], value=1.0)}
    by_sheet = simulate(replace(book, inputs=given), draws=64, engine="numpy")
    assert by_option.digest == by_change.digest == by_sheet.digest
    assert by_option.digest != simulate(book, draws=64, engine="numpy").digest


def test_demand_must_act_alike_in_all_scenarios(book: Assumptions) -> None:
    paths = book.company.paths
    assert paths is not None
    switch = book.company.model.key[paths.switch]
    name = next(n for n, s in book.scenarios.items() if s.weight > 0 and n != "base")
    changed = replace(book.scenarios[name], values={**book.scenarios[name].values, switch: 1.0})
    split = replace(book, scenarios={**book.scenarios, name: changed})
    with pytest.raises(AssumptionError, match=r"differs between scenarios.*Set it alike"):
        simulate(split, draws=64)
    with pytest.raises(AssumptionError, match=r"Pair has no demand paths"):
        simulate(mixed(), draws=64, demand_paths=True)


# Interrupted and refused


@pytest.mark.usefixtures("small_blocks", "compiled")
@pytest.mark.parametrize(("engine", "workers"), [("numpy", 1), ("numpy", 2), ("numba", 2)])
def test_ctrl_c_says_how_far_it_got_and_leaves_no_process(engine: Any, workers: int) -> None:
    seen = []

    def stop_late(done: int, draws: int) -> None:
        seen.append((done, draws))
        if done >= 1000:
            raise KeyboardInterrupt

    with pytest.raises(Stopped, match=r"stopped after 1,0\d\d of 5,003 draws; nothing") as caught:
        simulate(mixed(), draws=5003, engine=engine, workers=workers, progress=stop_late)
    assert caught.value.done == seen[-1][0]
    assert 1000 <= caught.value.done < 1128
    assert caught.value.draws == 5003
    assert isinstance(caught.value, KeyboardInterrupt)
    assert not multiprocessing.active_children()


INTERRUPTED = """
import multiprocessing, os, sys
sys.path.insert(0, sys.argv[1])
from sheets import pair_book
from valuation.risk.simulate import Stopped, simulate

def tell(done, draws):
    if not told:
        told.extend(p.pid for p in multiprocessing.active_children())
        print(*told, flush=True)

told = []
try:
    simulate(pair_book({"north": {"distribution": "normal", "settings": {"sd": 30.0}}}),
             draws=400_000_000, engine="numpy", workers=2, progress=tell)
except Stopped as stopped:
    print(stopped, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="groups of processes are not heard alike")
def test_ctrl_c_at_the_terminal_ends_the_processes() -> None:
    """It reaches the whole group; the parent alone hears it, and ends the others."""
    command = [sys.executable, "-c", INTERRUPTED, str(Path(__file__).parent)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        children = [int(pid) for pid in process.stdout.readline().split()]
        assert len(children) == 2
        os.killpg(process.pid, signal.SIGINT)
        out, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert re.fullmatch(r"stopped after [\d,]+ of 400,000,000 draws; nothing was written\.\n", out)
    assert "Traceback" not in errors
    for child in children:
        with pytest.raises(ProcessLookupError, match=r"No such process"):
            os.kill(child, 0)


@pytest.mark.usefixtures("small_blocks")
def test_progress_counts_up_to_all_draws() -> None:
    seen: list[tuple[int, int]] = []
    simulate(mixed(), draws=1003, engine="numpy", progress=lambda *told: seen.append(told))
    assert seen[-1] == (1003, 1003)
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})


@pytest.mark.usefixtures("small_blocks")
def test_an_error_in_a_process_comes_out_and_leaves_no_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_: Job, block: Block) -> None:
        raise ZeroDivisionError(f"block {block.number}")

    monkeypatch.setattr(Job, "lines", fail)
    with pytest.raises(ZeroDivisionError, match=r"block \d+"):
        simulate(mixed(), draws=2003, engine="numpy", workers=2)
    assert not multiprocessing.active_children()


REFUSED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "draws and sampler": (
        {"draws": 15, "sampler": "halton"},
        [r"15 draws are too few. Ask for 16 or more.", "no sampler 'halton'"],
    ),
    "rows": ({"rows": ["flwo", "curve", "nought"]}, ["no row 'flwo'", "no row 'nought'"]),
    "workers": ({"workers": 0}, ["0 workers are too few. Ask for 1 or more."]),
    "engine": ({"engine": "jax"}, ["no engine 'jax'. Name numpy or numba."]),
    "scenario": ({"scenario": "boom"}, ["no scenario 'boom'"]),
    "changes": (
        {"changes": {"nroth": 1.0, "shares": -1.0, "equity": 2.0}},
        ["no input 'nroth'", "shares: -1 is outside", "equity is a formula"],
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused_all_at_once(name: str) -> None:
    given, expected = REFUSED[name]
    with pytest.raises(AssumptionError, match=r"\w") as caught:
        simulate(mixed(), **{"draws": 64, **given})
    told = [str(problem) for problem in caught.value.problems]
    assert len(told) == len(expected)
    assert all(any(text in problem for problem in told) for text in expected)


def test_arguments_that_do_not_fit_are_told_together() -> None:
    with pytest.raises(AssumptionError, match=r"3 draws are too few") as caught:
        simulate(mixed(), draws=3, engine="jax", workers=0, rows=["flwo"])  # type: ignore[arg-type]
    assert len(caught.value.problems) == 4


def test_no_weight_is_no_mixture() -> None:
    book = pair_book({"north": NORMAL}, {"base": (0.0, {}), "low": (0.0, {"north": 1.0})})
    with pytest.raises(AssumptionError, match=r"no scenario has a weight"):
        simulate(book, draws=64)
    assert simulate(book, draws=64, scenario="low").scenario == "low"


def test_what_is_not_read_is_not_drawn() -> None:
    """The price decides the upside alone, which nobody asked for."""
    drawn = {"north": NORMAL, "price": {"distribution": "uniform", "low": 40.0, "high": 60.0}}
    found = simulate(pair_book(drawn), draws=64)
    assert [cell.key for cell in found.job.sampler.cells] == ["north"]
    asked = simulate(pair_book(drawn), draws=64, rows=["upside"])
    assert {cell.key for cell in asked.job.sampler.cells} == {"north", "price"}


def test_what_is_correlated_and_certain_is_told() -> None:
    found = uncertainty(
        mixed(), scenario="base", changes={"north": 1.0}, reached=task_of(mixed()).job.plan
    )
    assert found.notices == ("correlated but certain here: north",)
    assert np.array_equal(found.correlation[:3, :3], np.eye(3))


def test_a_simulation_can_be_written_as_json() -> None:
    found = simulate(mixed(), draws=64, rows=["never", "flow"], engine="numpy")
    assert (found.company, found.scenario) == (pair, "mixture")
    told = json.loads(json.dumps(found.document(), allow_nan=False))
    assert told["value_per_share"]["mean"] == found.mean("per_share").value
    assert told["digest"] == found.digest
    assert [row["year"] for row in told["rows"]] == [None, 2025, 2026, 2027]
    assert told["rows"][0]["percentiles"]["p50"] is None


def test_the_hash_of_the_inputs_is_of_all_that_decides() -> None:
    told = [
        simulate(book, draws=64, engine="numpy", **others)
        for book, others in [
            (mixed(), {}),
            (mixed(correlations={("north", "south"): 0.4}), {}),
            (mixed(overrides={"debt": 1.0}), {}),
            (pair_book(ALL), {}),
            (mixed(), {"changes": {"debt": 2.0}}),
            (mixed(), {"scenario": "low"}),
        ]
    ]
    assert len({found.inputs_hash for found in told}) == len(told)
    assert simulate(mixed(), draws=128, seed=3).inputs_hash == told[0].inputs_hash


def test_the_hash_of_the_inputs_is_of_the_loadings_too(book: Assumptions) -> None:
    book = replace(book, gaps="drop")
    other = {key: loading / 2 for key, loading in book.demand_loadings.items()}
    one, two = (
        simulate(b, draws=64, demand_paths=True, engine="numpy")
        for b in (book, replace(book, demand_loadings=other))
    )
    assert one.digest != two.digest
    assert one.inputs_hash != two.inputs_hash
