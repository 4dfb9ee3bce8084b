"""The scenarios side by side, and the football field over them."""

from __future__ import annotations

import json
import math

import matplotlib as mpl
import pytest
import sheets
from test_tornado import run

import valuation
from valuation.errors import AssumptionError
from valuation.risk.assumptions import Assumptions
from valuation.risk.football import football
from valuation.risk.scenarios import Scenarios, compare

mpl.use("Agg")
ROWS = ("steel.volume", "zhejiang_cloud.ebitda")


@pytest.fixture(scope="module")
def found(book: Assumptions) -> Scenarios:
    return compare(book, rows=ROWS)


def test_every_scenario_is_a_valuation_of_its_own(book: Assumptions, found: Scenarios) -> None:
    assert found.names == tuple(book.scenarios)
    for n, name in enumerate(found.names):
        result = valuation.value(book, scenario=name)
        assert found.value_per_share.values[n] == pytest.approx(result.value_per_share, rel=1e-12)
        for figure in found.figures:
            expected = result[figure.row]
            if isinstance(expected, tuple):
                assert figure.year == result.years[figure.period or 0]
                expected = expected[figure.period or 0]
            assert figure.values[n] == pytest.approx(expected, rel=1e-12), figure.label
        steps = sum(figure.values[n] for figure in (*found.parts, *found.bridge))
        assert steps == pytest.approx(found.equity_value.values[n], rel=1e-12)


def test_the_weighted_value_by_hand(book: Assumptions, found: Scenarios) -> None:
    weights = {"bear": 0.25, "base": 0.45, "bull": 0.15, "compute success": 0.08,
               "compute failure": 0.07}  # fmt: skip
    expected = sum(
        weight * valuation.value(book, scenario=name).value_per_share
        for name, weight in weights.items()
    )
    assert found.value_per_share.weighted == pytest.approx(expected, rel=1e-12)
    assert found.value_per_share.weighted == pytest.approx(4.445, abs=5e-4)
    assert found.upside.weighted == pytest.approx(expected / 8.94 - 1, rel=1e-12)
    assert found.equity_value.weighted == pytest.approx(
        sum(figure.weighted for figure in (*found.parts, *found.bridge)), rel=1e-12
    )


def test_changes_hold_in_all_scenarios(book: Assumptions) -> None:
    found = compare(book, changes={"corporate.net_cash": 7000})
    assert set(next(f for f in found.bridge if f.key == "net_cash").values) == {7000}
    run_alone = valuation.value(book, scenario="bull", changes={"corporate.net_cash": 7000})
    at = found.names.index("bull")
    assert found.value_per_share.values[at] == pytest.approx(run_alone.value_per_share)


def test_a_scenario_without_a_value_counts_only_by_its_weight() -> None:
    """By hand: 51 a share in the base; 53 with north at 320; none with a depth below zero."""
    none = {"depth": -1.0}
    book = sheets.pair_book(
        {}, {"base": (0.75, {}), "far": (0.25, {"north": 320.0}), "deep": (0.0, none)}
    )
    found = compare(book)
    share = found.value_per_share
    assert share.values[:2] == pytest.approx((51, 53))
    assert math.isnan(share.values[2])
    assert share.weighted == pytest.approx(0.75 * 51 + 0.25 * 53)
    told = json.loads(json.dumps(found.document(), allow_nan=False))
    assert told["value_per_share"]["values"]["deep"] is None
    heavy = compare(sheets.pair_book({}, {"base": (0.75, {}), "deep": (0.25, none)}))
    assert math.isnan(heavy.value_per_share.weighted)
    half = compare(sheets.pair_book({}, {"base": (0.5, {})}))
    assert math.isnan(half.value_per_share.weighted)
    assert football(book).whole.high == pytest.approx(53)


def test_frame_document_and_picture(book: Assumptions, found: Scenarios) -> None:
    frame, told = found.frame(), found.document()
    assert frame.loc[("value_per_share", math.nan), "weighted"].item() == pytest.approx(
        found.value_per_share.weighted
    )
    assert [s["weight"] for s in told["scenarios"]] == list(found.weights)  # type: ignore[index, attr-defined]
    axes = found.plot()
    assert [patch.get_height() for patch in axes.patches] == list(found.value_per_share.values)
    assert axes.get_xticklabels()[0].get_text() == "bear\n25%"
    assert f"Price {8.94}" in [t.get_text() for t in axes.get_legend().get_texts()]
    with pytest.raises(AssumptionError, match=r"Did you mean 'steel\.volume'"):
        compare(book, rows=["steel.volum"])


def test_the_football_field_by_separate_runs(book: Assumptions) -> None:
    found = football(book)
    weighted = [name for name, s in book.scenarios.items() if s.weight > 0]
    assert list(found.over) == weighted
    runs = {name: valuation.value(book, scenario=name) for name in weighted}
    spans = {(span.part, span.method): span for span in found.spans}
    for part in book.company.parts:
        for method in part.methods:
            values = {
                name: run.number(method.value) * run.number(part.stake)
                / run.number(book.company.diluted_shares) for name, run in runs.items()
            }  # fmt: skip
            span = spans[part.key, method.key]
            assert span.low == pytest.approx(min(values.values()), rel=1e-12)
            assert span.base == pytest.approx(values["base"], rel=1e-12)
            assert span.high == pytest.approx(max(values.values()), rel=1e-12)
            assert values[span.low_in] == pytest.approx(span.low)
            assert values[span.high_in] == pytest.approx(span.high)
            assert span.weight == runs["base"].number(method.weight)
    assert found.whole.low == pytest.approx(runs["bear"].value_per_share)
    assert found.price == 8.94
    assert len(found.frame()) == len(spans) + 1
    labels = [t.get_text() for t in found.plot().get_legend().get_texts()]
    assert labels[0] == "Price 8.94"
    json.dumps(found.document(), allow_nan=False)


def test_the_chosen_scenario_is_in_the_spans(book: Assumptions) -> None:
    found = football(book, scenario="blue sky")
    assert found.over[-1] == "blue sky"
    assert found.whole.base == found.whole.high
    assert all(span.low <= span.base <= span.high for span in found.spans)


@pytest.mark.parametrize("columns", [80, 120])
def test_the_terminal_shows_all_scenarios_within_its_width(columns: int, found: Scenarios) -> None:
    done = run("scenarios", "--row", "steel.volume", columns=columns)
    assert done.returncode == 0, done.stderr
    headline, *lines = done.stdout.splitlines()
    assert "4.445 CNY a share by weight" in headline
    assert max(map(len, lines)) <= columns
    cells = [cell for line in lines if line.startswith(" Value per share")
             for cell in line.split()[3:]]  # fmt: skip
    share = found.value_per_share
    assert cells == [f"{value:.2f}" for value in (*share.values, share.weighted)]


def test_json_is_the_comparison(found: Scenarios) -> None:
    done = run("scenarios", "--json", *(w for row in ROWS for w in ("--row", row)))
    assert json.loads(done.stdout) == json.loads(json.dumps(found.document()))


def test_an_unknown_row_is_named_with_the_nearest() -> None:
    done = run("scenarios", "--row", "steel.volum")
    assert done.returncode == 2
    assert "Did you mean 'steel.volume'?" in done.stderr
