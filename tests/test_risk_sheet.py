"""The Risk sheet: what Python found, marked as a snapshot, and a flag that tells when it is old."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from judges import Formualizer
from openpyxl import load_workbook

import valuation
from valuation.risk.assumptions import Assumptions
from valuation.risk.simulation import Simulation
from valuation.workbook.report import report, write_report

CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"


@pytest.fixture(scope="module")
def found(book: Assumptions) -> Simulation:
    return valuation.simulate(book, draws=4096, walks=128)


@pytest.fixture(scope="module")
def path(book: Assumptions, found: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("risk") / "report.xlsx"
    write_report(valuation.value(book), target, simulation=found)
    return target


def rows(path: Path) -> dict[str, list[Any]]:
    """Cells of the Risk sheet from column C on, by label; the first of each label."""
    sheet = load_workbook(path, data_only=True)["Risk"]
    told: dict[str, list[Any]] = {}
    for row in sheet.iter_rows(values_only=True):
        if row[0]:
            told.setdefault(str(row[0]), list(row[2:]))
    return told


def test_figures_are_those_of_the_simulation(path: Path, found: Simulation) -> None:
    told, company = rows(path), found.company
    for label, row in [(p.title, p.value) for p in company.parts] + [
        (company.equity_value.label, company.equity_value),
        (company.value_per_share.label, company.value_per_share),
    ]:
        expected = [found.centre.number(row), *(e.value for e in found.figures(row).values())]
        assert told[label][1:13] == pytest.approx(expected, rel=1e-12), label
    assert told["Share price"][0] == 8.94
    assert told["Share price"][1:3] == pytest.approx(list(found.probability_above()))
    assert told["Mean of the worst 5%"][1] == pytest.approx(found.expected_shortfall().value)
    assert told["Draws"][1] == "4,096"
    assert told["Sampler"][1] == "sobol, seed 1"
    assert told["Scenario"][1] == "mixture"
    assert found.inputs_hash.startswith(told["Inputs hash"][1])
    assert found.digest.startswith(told["Digest of the outputs"][1])
    assert told["Draws without a value, left out"][1].startswith(f"{len(found.dropped):,},")
    chances = {c.year: c.probability.value for c in found.likelihoods()
               if c.event.key == "steel_ebit_covered"}  # fmt: skip
    assert told["Steel breaks even: EBIT"][1 : 1 + len(chances)] == pytest.approx(
        list(chances.values())
    )
    assert found.importance is not None
    first = found.importance.effects[0]
    assert told[found.title_of(first.key)][1] == pytest.approx(first.shapley.value)


def test_the_histogram_holds_every_draw_between_its_ends(path: Path, found: Simulation) -> None:
    sheet = load_workbook(path, data_only=True)["Risk"]
    start = next(r for r in range(1, sheet.max_row + 1)
                 if str(sheet.cell(r, 1).value).startswith("Histogram"))  # fmt: skip
    bins = [
        [sheet.cell(r, c).value for c in range(4, 9)] for r in range(start + 1, sheet.max_row + 1)
    ]
    values = found.frame()["value_per_share"].dropna().to_numpy()
    for low, high, count, share, below in bins:
        inside = ((values >= low) & (values < high)).sum()
        assert abs(inside - count) <= (high == bins[-1][1])
        assert share == pytest.approx(count / len(values))
        assert below == pytest.approx((values <= high).mean(), abs=1e-12)
    assert sum(row[2] for row in bins) >= 0.99 * len(values)
    assert bins[0][0] <= 8.94 < bins[-1][1]


def test_the_flag_turns_when_the_workbook_is_edited(path: Path) -> None:
    sheet = load_workbook(path)["Risk"]
    flag = next(row[3] for row in sheet.iter_rows(max_col=4)
                if row[0].value == "Simulated as the workbook stands")  # fmt: skip
    rules = [rule for r in sheet.conditional_formatting if flag.coordinate in r.sqref
             for rule in r.rules]  # fmt: skip
    assert [(rule.operator, rule.formula, rule.dxf.fill.bgColor.rgb) for rule in rules] == [
        ("equal", ["0"], "00C00000")
    ]
    judge = Formualizer(path)
    cell = f"Risk!{flag.coordinate}"
    assert judge.recalculate([])[cell] == 1
    book = load_workbook(path)
    place = next((s.title, row[4].coordinate) for s in book for row in s.iter_rows(max_col=5)
                 if row[0].value == "corporate.net_cash" and s.title == "Corporate")  # fmt: skip
    assert judge.recalculate([(*place, 7300)])[cell] == 0
    assert judge.recalculate([(*place, 7200)])[cell] == 1
    assert judge.recalculate([("Cover", "B4", "bear")])[cell] == 0


def test_snapshots_are_grey_and_formulas_few(path: Path) -> None:
    """Only the live value and the flag are formulas; every other number looks like a snapshot."""
    sheet = load_workbook(path)["Risk"]
    formulas = [c for row in sheet.iter_rows() for c in row if c.data_type == "f"]
    assert len(formulas) == 2
    numbers = [
        c for row in sheet.iter_rows() for c in row if c.data_type == "n" and c.value is not None
    ]
    assert len(numbers) > 300
    assert {c.font.color.rgb for c in numbers} == {"007F7F7F"}
    assert "snapshot" in str(sheet["A1"].value).lower()


def charts(path: Path) -> list[ET.Element]:
    with zipfile.ZipFile(path) as archive:
        names = [n for n in archive.namelist() if re.match(r"xl/charts/chart\d+\.xml", n)]
        return [ET.fromstring(archive.read(name)) for name in sorted(names)]  # noqa: S314 - ours


def test_charts_are_drawn_from_cells_that_hold_what_they_show(path: Path) -> None:
    found = charts(path)
    assert len(found) == 3
    book = load_workbook(path, data_only=True)
    for chart in found:
        assert all(e.get("val") == "0" for e in chart.iter(f"{CHART}delete"))
        assert [e.get("val") for e in chart.iter(f"{CHART}roundedCorners")] == ["0"]
        assert all(e.get("val") == "0" for e in chart.iter(f"{CHART}smooth"))
        assert all(e.get("val") == "0" for e in chart.iter(f"{CHART}invertIfNegative"))
        references = [*chart.iter(f"{CHART}numRef"), *chart.iter(f"{CHART}strRef")]
        assert references
        for reference in references:
            title, _, span = str(reference.findtext(f"{CHART}f")).rpartition("!")
            cells = [c.value for row in book[title.strip("'")][span.replace("$", "")] for c in row]
            cached = [str(e.findtext(f"{CHART}v")) for e in reference.iter(f"{CHART}pt")]
            assert len(cached) == len(cells)
            for cell, text in zip(cells, cached, strict=True):
                assert cell == text or float(text) == pytest.approx(float(cell))


def test_the_same_simulation_gives_the_same_bytes(book: Assumptions) -> None:
    """Also with another number of workers: nothing of the machine is on the sheet."""
    one, two = (
        report(valuation.value(book), valuation.simulate(book, draws=2000, walks=64, workers=w))
        for w in (1, 2)
    )
    assert one.to_bytes() == two.to_bytes()


def test_a_report_with_the_sheet_is_an_assumption_workbook(path: Path, book: Assumptions) -> None:
    again = valuation.load(path)
    assert again.inputs == book.inputs
    assert not again.notices
