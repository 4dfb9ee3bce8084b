"""`simulate`, `replay` and the draws of `report`, run as a user runs them."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_cli import ROOT, document, run

import valuation
from valuation.risk.assumptions import Assumptions

SMALL = ("--draws", "2000", "--walks", "64")
FIGURES = {"mean", "sd", "percentiles", "standard_errors"}
PERCENTILES = {"p1", "p5", "p10", "p25", "p50", "p75", "p90", "p95", "p99"}


def test_simulate_json_has_what_it_promises() -> None:
    told = document("simulate", *SMALL, "--seed", "0", "--row", "steel.cash_margin")
    assert told["draws"] == 2000
    assert told["seed"] == 0
    assert (told["engine"], told["sampler"], told["scenario"]) == ("numpy", "sobol", "mixture")
    assert told["seconds"] > 0
    assert told["importance_seconds"] > 0
    for figures in (told["equity_value"], told["value_per_share"], *told["parts"], *told["rows"]):
        assert figures.keys() >= FIGURES
        assert set(figures["percentiles"]) == PERCENTILES
        assert set(figures["standard_errors"]) == {"mean", "sd", *PERCENTILES}
        values = list(figures["percentiles"].values())
        assert values == sorted(values)
    assert [part["key"] for part in told["parts"]] == [
        "steel", "trading", "hangang_cloud", "zhejiang_cloud", "compute_leasing", "data_services",
    ]  # fmt: skip
    assert 0 <= told["probability_above_price"] <= 1
    assert sum(effect["shapley"] for effect in told["importance"]) == pytest.approx(1)
    assert sum(share["share"] for share in told["variance_by_part"]) == pytest.approx(1)
    assert told["dropped"] == sum(told["dropped_by_reason"].values())
    assert len(told["digest"]) == 64
    assert [row["year"] for row in told["rows"]] == list(range(2025, 2046))


def test_the_digest_depends_on_the_outputs_only() -> None:
    one = document("simulate", *SMALL, "--workers", "1")
    two = document("simulate", *SMALL, "--workers", "2", "--walks", "0")
    other = document("simulate", *SMALL, "--seed", "2", "--walks", "0")
    assert one["digest"] == two["digest"] != other["digest"]
    assert two["importance"] == []
    assert two["importance_seconds"] is None


def test_simulate_around_a_scenario_with_an_input_held() -> None:
    """Net cash is its value in every draw, so that it adds nothing to the variance."""
    told = document("simulate", *SMALL, "--scenario", "Bear", "--set", "corporate.net_cash=6000")
    assert told["scenario"] == "bear"
    shares = {share["key"]: share for share in told["variance_by_part"]}
    assert shares["net_cash"]["sd"] == 0
    assert shares["net_cash"]["share"] == 0


def test_every_draw_as_parquet(tmp_path: Path, book: Assumptions) -> None:
    target = tmp_path / "draws.parquet"
    told = document("simulate", *SMALL, "-o", str(target))
    frame = pd.read_parquet(target).set_index("draw")
    found = valuation.simulate(book, draws=2000, walks=0)
    expected = found.frame().join(found.inputs())
    assert list(frame) == list(expected)
    assert frame["scenario"].astype(str).tolist() == expected["scenario"].astype(str).tolist()
    pd.testing.assert_frame_equal(frame.drop(columns="scenario"), expected.drop(columns="scenario"))
    assert len(frame) == 2000
    good = frame["value_per_share"].dropna()
    assert len(good) == 2000 - told["dropped"]
    assert good.mean() == pytest.approx(told["value_per_share"]["mean"], rel=1e-12)
    assert np.percentile(good, 25) == pytest.approx(
        told["value_per_share"]["percentiles"]["p25"], rel=1e-12
    )
    assert list(tmp_path.iterdir()) == [target]


def test_a_draw_valued_again_is_the_draw(tmp_path: Path, book: Assumptions) -> None:
    found = valuation.simulate(book, draws=2000, walks=0)
    target = tmp_path / "draw.xlsx"
    told = document("replay", "1234", "--draws", "2000", "-o", str(target))
    assert told["value_per_share"] == found.frame()["value_per_share"][1234]
    assert told["scenario"] == found.frame()["scenario"][1234]
    drawn = found.inputs(1234, 1235).loc[1234]
    years = {f"{i['key']}@{i['year']}" if i["year"] else i["key"]: i for i in told["inputs"]}
    assert set(years) == set(drawn.index)
    assert all(years[name]["value"] == drawn[name] for name in drawn.index)
    again = document("value", str(target), "--scenario", told["scenario"])
    assert again["value_per_share"] == pytest.approx(told["value_per_share"], rel=1e-12)
    shown = run("replay", "1234", "--draws", "2000")
    assert f"Draw 1234, scenario {told['scenario']}" in shown.stdout
    said = run("replay", "1234", "--draws", "2000", "--explain", "steel.mid_cycle_margin")
    assert "Mid-cycle cash margin is an input" in said.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("simulate", "--draws", "3"), "3 draws are too few. Ask for 16 or more."),
        (("simulate", "--row", "steel.cash_margn"), "Did you mean 'steel.cash_margin'?"),
        (("simulate", "--scenario", "beer"), "no scenario 'beer'. Name one of: bear"),
        (("simulate", "-o", "x.csv"), "x.csv is no .parquet file"),
        (("simulate", "-o", "nowhere/x.parquet"), "there is no folder nowhere"),
        (("simulate", "--draws", "20000000", "-o", "x.parquet"), "too many to write"),
        (("simulate", "--set", "corporate.net_cahs=1"), "Did you mean 'corporate.net_cash'?"),
        (("simulate", "--scheduler", "tcp://127.0.0.1:1"), "127.0.0.1:1"),
        (("replay", "2000", "--draws", "2000"), "no draw 2000: the simulation has 2,000"),
        (("replay", "5", "-o", "assumptions/hangang.xlsx"), "stays as it is"),
    ],
)
def test_what_does_not_fit_is_refused(words: tuple[str, ...], said: str) -> None:
    done = run(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_report_has_a_risk_sheet_unless_told_not_to(tmp_path: Path) -> None:
    from openpyxl import load_workbook

    for draws, expected in (("1000", True), ("0", False)):
        target = tmp_path / f"{draws}.xlsx"
        document("report", "--draws", draws, "-o", str(target))
        assert ("Risk" in load_workbook(target).sheetnames) is expected


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pseudo-terminal")
def test_ctrl_c_ends_at_once_and_says_how_far_it_got() -> None:
    """In a terminal: the bar shows, Ctrl-C is pressed, the processes end."""
    terminal, inner = pty.openpty()
    started = subprocess.Popen(
        [sys.executable, "-m", "valuation", "simulate", "--draws", "9000000", "--engine", "numpy",
         "--workers", "2"],
        cwd=ROOT, stdin=inner, stdout=inner, stderr=inner, start_new_session=True,
    )  # fmt: skip
    os.close(inner)
    text = b""
    while b"/9000000" not in text:
        text += os.read(terminal, 4096)
    time.sleep(1)
    pressed = time.monotonic()
    os.killpg(started.pid, signal.SIGINT)
    try:
        while True:
            text += os.read(terminal, 4096)
    except OSError:  # the other end is closed
        pass
    assert started.wait(timeout=10) == 130
    assert time.monotonic() - pressed < 8
    shown = text.decode(errors="replace")
    assert "of 9,000,000 draws; nothing was written" in shown
    assert "Traceback" not in shown
    with pytest.raises(ProcessLookupError):
        os.killpg(started.pid, 0)
