"""The tornado: every figure a run of its own, sorted, named by the shock that was applied."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import pytest
import sheets

import valuation
from valuation.errors import AssumptionError, NoAnswerError
from valuation.risk.assumptions import Assumptions
from valuation.risk.runs import row_of
from valuation.risk.swings import Swing
from valuation.risk.tornado import Tornado, tornado, tornadoes
from valuation.risk.valuation import Valuation

mpl.use("Agg")


@pytest.fixture(scope="module")
def bear(book: Assumptions) -> Tornado:
    return tornado(book, scenario="bear")


def of(found: Tornado, key: str) -> Swing:
    return next(swing for swing in found.swings if swing.given.key == key)


@pytest.fixture(scope="module")
def runs(book: Assumptions) -> dict[str, tuple[Valuation, Valuation]]:
    """Each input with a range valued alone at the low and at the high of its sheet."""
    ends = {
        key: [n for n, _ in given.weights] or [given.low, given.high]
        for key, given in book.inputs.items()
        if given.weights or (given.low is not None and given.high is not None)
    }
    return {
        key: (
            valuation.value(book, changes={key: min(numbers)}),
            valuation.value(book, changes={key: max(numbers)}),
        )
        for key, numbers in ends.items()
    }


def test_every_end_is_a_valuation_of_its_own(
    book: Assumptions, runs: dict[str, tuple[Valuation, Valuation]]
) -> None:
    found = tornado(book)
    assert found.value == pytest.approx(valuation.value(book).value_per_share, rel=1e-12)
    assert {swing.given.key for swing in found.swings} == runs.keys()
    for swing in found.swings:
        low, high = runs[swing.given.key]
        assert swing.at_low == pytest.approx(low.value_per_share, rel=1e-12), swing.label
        assert swing.at_high == pytest.approx(high.value_per_share, rel=1e-12), swing.label


def test_every_end_around_a_scenario(book: Assumptions, bear: Tornado) -> None:
    """An end that no valuation accepts has no value, and is listed."""
    for swing in (*bear.swings[:25], *bear.without_value):
        for number, told in ((swing.low, swing.at_low), (swing.high, swing.at_high)):
            changes = {swing.given.key: number}
            if math.isnan(told):
                with pytest.raises(NoAnswerError, match=r"no value|not a number"):
                    valuation.value(book, scenario="bear", changes=changes)
            else:
                run = valuation.value(book, scenario="bear", changes=changes)
                assert told == pytest.approx(run.value_per_share, rel=1e-12)
    assert [s.given.key for s in bear.without_value] == ["steel.mid_cycle_margin"]
    assert bear.swings[0].given.key == "steel.mid_cycle_margin"


def test_the_largest_swing_is_first(book: Assumptions, bear: Tornado) -> None:
    for found in (bear, tornado(book), *tornadoes(book).values()):
        sizes = [max(abs(c) for c in s.changes if math.isfinite(c)) for s in found.swings]
        assert sizes == sorted(sizes, reverse=True)
        assert sizes == [swing.swing for swing in found.swings]


def test_ranges_move_with_the_scenario_and_stop_at_the_bounds(
    book: Assumptions, bear: Tornado
) -> None:
    margin = of(bear, "steel.mid_cycle_margin")  # 400, 250 to 540; 290 in the bear scenario
    assert (margin.low, margin.base, margin.high) == (140, 290, 430)
    take_up = of(bear, "zhejiang_cloud.saturation_ratio")  # 92%, 70% to 97%; 78%
    assert (take_up.low, take_up.base, take_up.high) == pytest.approx((0.56, 0.78, 0.83))
    success = of(tornado(book, scenario="compute success"), "zhejiang_cloud.saturation_ratio")
    assert (success.low, success.high) == pytest.approx((0.75, 1.0))  # 1.02 cut
    held = of(tornado(book, changes={"corporate.net_cash": 9000}), "corporate.net_cash")
    assert (held.low, held.base, held.high) == (6300, 9000, 11200)
    racks = of(bear, "zhejiang_cloud.planned_racks")  # discrete: its own values
    assert (racks.low, racks.base, racks.high) == (5850, 10800, 10800)


def test_labels_tell_the_shock(book: Assumptions, bear: Tornado) -> None:
    found = tornado(book)
    told = {swing.given.key: swing.label for swing in (*found.swings,)}
    assert told["zhejiang_cloud.lease_price"] == (
        "Zhejiang cloud, Lease price, power excluded: 480 → 350 / 600 CNY/kW/month"
    )
    assert told["zhejiang_cloud.saturation_ratio"].endswith(": 92% → 70% / 97%")
    assert told["zhejiang_cloud.planned_racks"].endswith(": 10,800 → 5,850 / 10,800 racks")
    assert told["market.wacc_shift"].endswith(": +0 → -1 / +1.5 pp")
    assert told["compute_leasing.termination_hazard"].endswith(": 3 → 0 / 20 %/year")
    assert told["zhejiang_cloud.capital.asset_beta"].endswith(": 0.8 → 0.65 / 0.95 x")
    assert of(bear, "market.wacc_shift").shock == "+0.5 → -0.5 / +2 pp"


@pytest.mark.parametrize("scenario", ["base", "bear", "blue sky"])
def test_numbers_of_a_label_are_those_set(book: Assumptions, scenario: str) -> None:
    for swing in tornado(book, scenario=scenario).swings:
        numbers = re.findall(r"[-+]?[\d,]*\.?\d+", swing.shock.split(" → ")[0])
        ends = re.findall(r"(?<![A-Za-z])[-+]?[\d,]*\.?\d+", swing.shock.split(" → ")[1])
        told = [float(n.replace(",", "")) for n in (numbers[0], *ends[:2])]
        scale = 100 if swing.given.row.unit_text.startswith("%") else 1
        expected = [scale * x for x in (swing.base, swing.low, swing.high)]
        assert told == pytest.approx(expected, rel=1e-9), swing.label


def test_parts_show_only_what_moves_them(
    book: Assumptions, runs: dict[str, tuple[Valuation, Valuation]]
) -> None:
    base, found = valuation.value(book), tornadoes(book)
    assert list(found) == [part.key for part in book.company.parts]
    for part in book.company.parts:
        one = found[part.key]
        assert one.value == pytest.approx(base.number(part.value), rel=1e-12)
        swings = {swing.given.key: swing for swing in one.swings}
        for key, ends in runs.items():
            low, high = (end.number(part.value) for end in ends)
            moved = max(abs(low - one.value), abs(high - one.value)) > 1e-9
            assert moved == (key in swings), (part.key, key)
            if moved:
                told = swings[key].at_low, swings[key].at_high
                assert told == pytest.approx((low, high), rel=1e-12)


def test_another_output_and_chosen_inputs(book: Assumptions) -> None:
    row = row_of(book, "implied_multiple")
    found = tornado(book, output=row, keys=["market.wacc_shift", "corporate.net_cash"])
    assert [s.given.key for s in found.swings] == ["corporate.net_cash", "market.wacc_shift"]
    run = valuation.value(book, changes={"corporate.net_cash": 4500}).number(row)
    assert found.swings[0].at_low == pytest.approx(run, rel=1e-12)


def test_what_does_not_fit_is_refused(book: Assumptions) -> None:
    with pytest.raises(AssumptionError, match=r"steel\.volum.*Did you mean 'steel\.volume'"):
        tornado(book, keys=["steel.volum"])
    with pytest.raises(AssumptionError, match=r"calendar\.base_year|has no range"):
        tornado(book, keys=["corporate.diluted_shares"])
    with pytest.raises(AssumptionError, match="one value a year"):
        tornado(book, output=row_of(book, "zhejiang_cloud.ebitda"))
    with pytest.raises(AssumptionError, match="no scenario 'bare'"):
        tornado(book, scenario="bare")


def test_an_end_without_a_value_is_listed() -> None:
    """By hand: south is 200 × root(depth) + 60, and no depth below zero has a root."""
    book = sheets.pair_book({
        "depth": {"low": -1.0, "high": 4.0, "distribution": "uniform"},
        "north": {"low": 290.0, "high": 330.0, "distribution": "uniform"},
        "debt": {"low": 50.0, "high": 50.0},
    })  # fmt: skip
    found = tornado(book)
    assert found.value == pytest.approx((300 + 260 - 50) / 10)
    depth, north, debt = found.swings
    assert math.isnan(depth.at_low)
    assert depth.at_high == pytest.approx((300 + 460 - 50) / 10)
    assert (north.at_low, north.at_high) == pytest.approx((50, 54))
    assert debt.swing == 0
    assert found.without_value == (depth,)
    told = json.loads(json.dumps(found.document(), allow_nan=False))
    assert told["inputs"][0]["value_at_low"] is None
    assert told["inputs"][0]["swing"] == pytest.approx(20)
    assert [s.given.key for s in tornadoes(book)["north"].swings] == ["north"]
    assert len(found.plot().patches) == 6


def test_a_workbook_without_ranges_has_an_empty_tornado() -> None:
    found = tornado(sheets.pair_book({}))
    assert found.swings == ()
    assert found.frame().empty


def test_frame_and_document_agree(book: Assumptions) -> None:
    found = tornado(book)
    frame, told = found.frame(), found.document()["inputs"]
    assert isinstance(told, list)
    assert list(frame.index) == [one["key"] for one in told]
    assert list(frame["swing"]) == [one["swing"] for one in told]
    first = found.plot(top=5).get_yticklabels()[0].get_text()
    assert first.replace("\n", " ") == found.swings[0].label


def run(*words: str, columns: int = 80) -> subprocess.CompletedProcess[str]:
    """A command of this module, registered or not yet."""
    code = (
        "import typer\n"
        "from valuation.cli.tornado import tornado\n"
        "from valuation.cli.scenarios import scenarios\n"
        "app = typer.Typer(pretty_exceptions_enable=False)\n"
        "app.command()(tornado)\napp.command()(scenarios)\napp()\n"
    )
    return subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=False,
        timeout=120, cwd=Path(__file__).parent.parent,
        env={"COLUMNS": str(columns), "PATH": "/usr/bin:/bin", "PYTHONUTF8": "1"},
    )  # fmt: skip


@pytest.mark.parametrize("columns", [80, 120])
def test_the_terminal_shows_bars_within_its_width(columns: int, bear: Tornado) -> None:
    done = run("tornado", "--scenario", "bear", "--top", "5", columns=columns)
    assert done.returncode == 0, done.stderr
    _, *lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= columns
    assert sum("│" in line for line in lines) == 5
    assert "no value" in done.stdout
    assert "steel.mid_cycle_margin at its low" in done.stderr
    shown = [n for n, line in enumerate(lines) if "│" in line]
    assert all("▒" in lines[n] or "█" in lines[n] for n in shown)
    assert f"and {len(bear.swings) - 5} more" in done.stdout


def test_json_is_the_tornado(book: Assumptions) -> None:
    for words, found in (
        (("--part", "steel"), tornadoes(book)["steel"]),
        (("--output", "equity_value", "--set", "corporate.net_cash=7000"),
         tornado(book, output=book.company.equity_value, changes={"corporate.net_cash": 7000})),
    ):  # fmt: skip
        done = run("tornado", "--json", *words)
        assert json.loads(done.stdout) == json.loads(json.dumps(found.document()))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--part", "stel"), "no part 'stel'. Did you mean 'steel'?"),
        (("--output", "value_per_shar"), "Did you mean 'value_per_share'?"),
        (("--set", "steel.volum=4"), "Did you mean 'steel.volume'?"),
        (("--part", "steel", "--output", "equity_value"), "Name one."),
        (("--scenario", "bare"), "no scenario 'bare'"),
    ],
)
def test_what_is_unknown_is_named_with_the_nearest(words: tuple[str, ...], said: str) -> None:
    done = run("tornado", *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert not done.stdout
