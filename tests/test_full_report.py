"""The report as a user makes it: every analysis in it, judged as a whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from judges import Formulon, differences, formula_cells, stored
from openpyxl import load_workbook

import valuation
from valuation.risk.assumptions import Assumptions
from valuation.workbook.inputs import assumption_workbook

ROOT = Path(__file__).parent.parent
WORKBOOK = ROOT / "assumptions" / "hangang.xlsx"
ANALYSES = [
    "Scenario values",
    "Sensitivity",
    "Tornado",
    "Football field",
    "Implied",
    "Bridge",
    "Risk",
]


@pytest.fixture(scope="module")
def old(book: Assumptions, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook of some time before."""
    path = tmp_path_factory.mktemp("old") / "old.xlsx"
    before = {"zhejiang_cloud.lease_price": 450.0, "corporate.net_cash": 6900.0}
    inputs = {
        key: replace(given, value=before.get(key, given.value))
        for key, given in book.inputs.items()
    }
    assumption_workbook(replace(book, inputs=inputs)).save(path)
    return path


@pytest.fixture(scope="module")
def path(old: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("full") / "report.xlsx"
    valuation.report(WORKBOOK, target, against=old, draws=2000)
    return target


def test_every_analysis_has_its_sheet_after_the_sum_of_the_parts(path: Path) -> None:
    titles = load_workbook(path, read_only=True).sheetnames
    start = titles.index("Sum of parts model") if "Sum of parts model" in titles else 0
    found = [title for title in titles[start:] if title in ANALYSES]
    assert found == ANALYSES
    assert titles.index("Checks") > titles.index("Risk")


def test_an_outside_engine_finds_the_same_in_every_cell(path: Path) -> None:
    expected = stored(path)
    assert len(expected) > 6000
    assert not differences(expected, Formulon(path).recalculate([]))


def test_the_bridge_ends_at_the_value_of_the_report(path: Path, old: Path) -> None:
    found = valuation.bridge(old, WORKBOOK)
    sheet = load_workbook(path, data_only=True)["Bridge"]
    cells = {row[0].value: row for row in sheet.iter_rows()}
    for step in found.steps:
        numbers = [c.value for c in cells[step.label] if isinstance(c.value, float)]
        assert any(n == pytest.approx(step.change, rel=1e-12) for n in numbers), step.label


def test_from_python(book: Assumptions) -> None:
    """What the commands tell, from the names the package exports."""
    swings = valuation.tornado(book)
    assert swings.value == valuation.value(book).value_per_share
    part = valuation.tornado(str(WORKBOOK), output="steel.value", scenario="bear")
    assert part.value == valuation.value(book, scenario="bear").number("steel.value")
    with pytest.raises(valuation.AssumptionError, match=r"Did you mean 'steel\.value'"):
        valuation.tornado(book, output="steel.valu")
    side = valuation.scenarios(book, changes={"corporate.net_cash": 7000.0}).frame()
    for name in book.scenarios:
        alone = valuation.value(book, scenario=name, changes={"corporate.net_cash": 7000.0})
        found = side.xs("value_per_share", level=0)[name].item()
        assert found == pytest.approx(alone.value_per_share, rel=1e-12)


def test_it_is_an_assumption_workbook_again(path: Path, book: Assumptions) -> None:
    again = valuation.load(path)
    assert again.inputs == book.inputs
    assert again.wanted == book.wanted
    assert again.questions == book.questions
    assert again.prices == book.prices
    assert formula_cells(path)


def test_around_another_scenario_with_an_input_set(tmp_path: Path) -> None:
    """Steps that the scenario moves out of bounds are left out; the report is made all the same."""
    target = tmp_path / "bull.xlsx"
    valuation.report(
        WORKBOOK, target, scenario="bull", changes={"corporate.net_cash": 7000.0}, draws=0
    )
    text = " ".join(
        str(cell) for row in load_workbook(target)["Sensitivity"].iter_rows(values_only=True)
        for cell in row if cell
    )  # fmt: skip
    assert "104% is above the upper bound" in text
