"""The commands, run as a user runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

import valuation
from valuation.risk.assumptions import Assumptions
from valuation.risk.valuation import value

ROOT = Path(__file__).parent.parent
WORKBOOK = ROOT / "assumptions" / "hangang.xlsx"


def run(*words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "valuation", *words],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def document(*words: str, cwd: Path = ROOT) -> Any:
    done = run(*words, "--json", cwd=cwd)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def broken_copy(tmp_path: Path, cells: dict[str, Any]) -> Path:
    """A copy of the workbook with Base cells, or Base, Low and High, changed by key."""
    book = load_workbook(WORKBOOK)
    for sheet in book:
        for row in sheet.iter_rows(max_col=7):
            if row[0].value in cells and "." in str(row[0].value) and sheet.title != "Scenarios":
                given = cells.pop(row[0].value)
                for cell, number in zip(row[4:], given if isinstance(given, tuple) else [given],
                                        strict=False):  # fmt: skip
                    cell.value = number
    assert not cells
    path = tmp_path / "broken.xlsx"
    book.save(path)
    return path


def test_value_json_is_the_valuation(book: Assumptions) -> None:
    told = document("value")
    assert told == json.loads(json.dumps(value(book).document()))
    assert set(told) == {
        "company", "valuation_date", "scenario", "currency", "parts", "bridge", "equity_value",
        "diluted_shares", "value_per_share", "market_price", "upside",
    }  # fmt: skip
    assert [p["key"] for p in told["parts"]] == [
        "steel", "trading", "hangang_cloud", "zhejiang_cloud", "compute_leasing", "data_services",
    ]  # fmt: skip
    assert set(told["parts"][0]) == {
        "key", "label", "methods", "enterprise_value", "stake", "value",
    }  # fmt: skip
    assert {"value", "weight"} <= set(told["parts"][0]["methods"][0])
    assert set(told["bridge"][0]) == {"key", "label", "value"}
    assert told["value_per_share"] == value(book).value_per_share  # unrounded


def test_value_with_scenario_and_settings(book: Assumptions) -> None:
    told = document(
        "value",
        "--scenario", "bear",
        "--set", "zhejiang_cloud.saturation_ratio=85%",
        "--set", "zhejiang_cloud.lease_price=450",
    )  # fmt: skip
    changes = {"zhejiang_cloud.saturation_ratio": 0.85, "zhejiang_cloud.lease_price": 450.0}
    assert told["scenario"] == "bear"
    assert told["value_per_share"] == value(book, scenario="bear", changes=changes).value_per_share
    assert document("value", "--set", "calendar.valuation_date=2026-06-30")[
        "valuation_date"
    ] == "2026-06-30"  # fmt: skip


def test_inputs_json(book: Assumptions) -> None:
    told = document("inputs")
    assert [t["key"] for t in told] == list(book.inputs)
    fields = ["key", "label", "unit", "value", "low", "high", "minimum", "maximum",
              "distribution", "source"]  # fmt: skip
    assert all(list(t) == fields for t in told)
    by_key = {t["key"]: t for t in told}
    assert by_key["zhejiang_cloud.saturation_ratio"]["value"] == 0.92
    assert by_key["calendar.valuation_date"]["value"] == "2026-02-27"
    assert len(by_key["zhejiang_cloud.delivered_ratio"]["value"]) == 21
    for whole in ("zhejiang_cloud.planned_racks", "zhejiang_cloud.equipment_life",
                  "zhejiang_cloud.both_phases", "zhejiang_cloud.delivered_ratio"):  # fmt: skip
        assert by_key[whole]["low"] is None
        assert by_key[whole]["high"] is None


def test_every_number_between_low_and_high_may_be_set(book: Assumptions) -> None:
    """Both ends and the middle of every range told are accepted and give a value."""
    for told in document("inputs"):
        if told["low"] is None:
            continue
        for number in (told["low"], (told["low"] + told["high"]) / 2, told["high"]):
            assert value(book, changes={told["key"]: number}).value_per_share != 0


def test_the_value_of_every_input_can_be_set_as_told(book: Assumptions) -> None:
    """Setting an input to what `inputs --json` tells moves nothing."""
    singles = [t for t in document("inputs") if not isinstance(t["value"], list)]
    words = [w for t in singles for w in ("--set", f"{t['key']}={t['value']!r}".replace("'", ""))]
    assert document("value", *words)["value_per_share"] == value(book).value_per_share


def test_check_finds_nothing_in_the_workbook_as_shipped() -> None:
    told = document("check")
    assert told["problems"] == []
    assert all(c["passed"] for c in told["checks"])
    assert "zhejiang_cloud.building_a.capacity_ratio" in told["without_source"]


def test_check_lists_every_problem_and_exits_1(tmp_path: Path) -> None:
    path = broken_copy(
        tmp_path, {"zhejiang_cloud.saturation_ratio": 92, "compute_leasing.fee": "n/a"}
    )
    done = run("check", str(path), "--json")
    assert done.returncode == 1
    problems = json.loads(done.stdout)["problems"]
    assert len(problems) == 2
    assert any("92 is outside" in p and "92%" in p and "Zhejiang cloud!E" in p for p in problems)
    assert any("Compute leasing!E" in p and "n/a" in p for p in problems)
    plain = run("check", str(path))
    assert plain.returncode == 1
    assert "2 problems" in plain.stdout


def test_check_finds_a_rule_broken(tmp_path: Path) -> None:
    path = broken_copy(tmp_path, {"zhejiang_cloud.dcf.weight": 0.7})
    done = run("check", str(path), "--json")
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert any("zhejiang_cloud.weights_add_up" in p for p in told["problems"])


def test_check_finds_a_value_that_does_not_exist(tmp_path: Path) -> None:
    path = broken_copy(tmp_path, {"corporate.cost_growth": (0.08, 0.0, 0.08)})
    done = run("check", str(path), "--json")
    assert done.returncode == 1
    assert "corporate.cost_value" in json.loads(done.stdout)["problems"][0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("value", "nowhere.xlsx"), "nowhere.xlsx"),
        (("value", "README.md"), "README.md"),
        (("value", "--set", "zhejiang_cloud.lease_prise=1"), "lease_price"),
        (("value", "--set", "lease_price=1"), "zhejiang_cloud.lease_price"),
        (("value", "--set", "zhejiang_cloud.lease_price"), "KEY=VALUE"),
        (("value", "--set", "zhejiang_cloud.lease_price=cheap"), "cheap"),
        (("value", "--set", "zhejiang_cloud.saturation_ratio=92"), "92%"),
        (("value", "--set", "zhejiang_cloud.revenue=1"), "formula"),
        (("value", "--set", "zhejiang_cloud.equipment_life=12.5"), "whole"),
        (("value", "--scenario", "bearish"), "bear"),
        (("value", "--set", "corporate.cost_growth=8%"), "corporate.cost_value"),
        (("check", "README.md"), "README.md"),
        (("inputs", "nowhere.xlsx"), "nowhere.xlsx"),
        (("report", "nowhere.xlsx"), "nowhere.xlsx"),
    ],
)
def test_bad_input_exits_2_with_a_message_and_no_traceback(
    words: tuple[str, ...], said: str
) -> None:
    done = run(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_every_problem_of_the_settings_at_once() -> None:
    done = run("value", "--set", "corporate.net_cahs=1", "--set", "compute_leasing.fee=-5",
               "--set", "zhejiang_cloud.both_phases=0.5")  # fmt: skip
    assert done.returncode == 2
    for said in ("corporate.net_cash", "-5 is below 0", "whole"):
        assert said in done.stderr


def test_report_command(tmp_path: Path, book: Assumptions) -> None:
    (tmp_path / "assumptions").mkdir()
    (tmp_path / "assumptions" / "hangang.xlsx").write_bytes(WORKBOOK.read_bytes())
    told = document("report", "--draws", "0", "--scenario", "bull", cwd=tmp_path)
    assert Path(told["report"]) == Path("reports/hangang.xlsx")
    assert told["value_per_share"] == value(book, scenario="bull").value_per_share
    shown = load_workbook(tmp_path / "reports" / "hangang.xlsx", data_only=True)["Cover"]
    assert shown["B4"].value == "bull"
    assert shown["B6"].value == told["value_per_share"]
    done = run("report", "reports/hangang.xlsx", cwd=tmp_path)
    assert done.returncode == 2
    assert "--in-place" in done.stderr
    done = run("report", "reports/hangang.xlsx", "--draws", "0", "--in-place", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "reports" / "hangang.xlsx.bak").exists()
    done = run("report", "--draws", "0", "-o", "elsewhere/mine.xlsx", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "elsewhere" / "mine.xlsx").exists()


def test_a_report_that_cannot_be_made_leaves_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "old.xlsx"
    target.write_bytes(b"old")
    done = run("report", "-o", str(target), "--set", "zhejiang_cloud.lease_price=-1")
    assert done.returncode == 2
    assert target.read_bytes() == b"old"


def test_a_failing_check_is_told_beside_the_value() -> None:
    done = run("value", "--set", "zhejiang_cloud.dcf.weight=70%", "--json")
    assert done.returncode == 0
    assert "Check failed" in done.stderr
    json.loads(done.stdout)


def test_help_needs_none_of_the_heavy_libraries() -> None:
    heavy = "numpy", "openpyxl", "pandas"
    script = (
        "import sys, contextlib\nfrom valuation.cli import app\n"
        "with contextlib.suppress(SystemExit):\n    app(['--help'])\n"
        f"print([m for m in {heavy!r} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip().endswith("[]")
    for command in ("report", "value", "check", "inputs"):
        assert command in done.stdout


def test_public_names() -> None:
    assert valuation.__all__ == sorted(valuation.__all__)
    for name in valuation.__all__:
        assert getattr(valuation, name)
