"""The sheets of tornado, scenarios and football field: snapshots, charts, and what stays live."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from judges import Formualizer, differences, stored
from openpyxl import load_workbook

import valuation
from valuation.risk.assumptions import Assumptions, ReferencePrice
from valuation.risk.football import football
from valuation.risk.scenarios import compare
from valuation.risk.tornado import tornado, tornadoes
from valuation.risk.valuation import Valuation
from valuation.workbook import report as reports
from valuation.workbook.draft import Draft
from valuation.workbook.football import FOOTBALL, write_football
from valuation.workbook.scenario_table import SCENARIO_VALUES, write_scenarios
from valuation.workbook.tornado_sheet import TORNADO, write_tornado

CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
SHEETS = (TORNADO, SCENARIO_VALUES, FOOTBALL)


def write(draft: Draft, _found: object = None) -> None:
    """The three sheets, as the report writes them after the Risk sheet."""
    told, scenario = draft.assumptions, draft.result.scenario
    write_tornado(draft, tornado(told, scenario=scenario), tornadoes(told, scenario=scenario))
    write_scenarios(draft, compare(told, rows=["zhejiang_cloud.ebitda", "steel.volume"]))
    write_football(draft)


def written(result: Valuation, path: Path) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reports, "write_risk", write)
        reports.write_report(result, path, simulation=object())  # type: ignore[arg-type]
    return path


@pytest.fixture(scope="module")
def path(book: Assumptions, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(valuation.value(book), tmp_path_factory.mktemp("base") / "report.xlsx")


@pytest.fixture(scope="module")
def bear(book: Assumptions, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another scenario, an input set on top, prices: low of the steel margin has no value here."""
    from dataclasses import replace

    prices = (ReferencePrice(name="Peak", chinese="高点", price=14.72),
              ReferencePrice(name="Trough", chinese="低点", price=3.23))  # fmt: skip
    result = valuation.value(
        replace(book, prices=prices), scenario="bear", changes={"corporate.net_cash": 5000}
    )
    return written(result, tmp_path_factory.mktemp("bear") / "report.xlsx")


@cache
def cells(path: Path, title: str) -> list[tuple[Any, ...]]:
    return list(load_workbook(path, data_only=True)[title].iter_rows(values_only=True))


def block(path: Path, title: str, head: str) -> list[tuple[Any, ...]]:
    """Rows below a header, down to an empty one."""
    rows = cells(path, title)
    start = next(n for n, row in enumerate(rows) if row[0] and str(row[0]).startswith(head))
    end = next((n for n, row in enumerate(rows[start:], start) if row[0] is None), len(rows))
    return rows[start + 1 : end]


def test_tornado_tables_are_those_of_python(path: Path, book: Assumptions) -> None:
    found = tornado(book)
    head, *rows = block(path, TORNADO, "Value per share  每股价值")
    assert head[6] == head[7] == pytest.approx(found.value)
    assert [row[0] for row in rows] == [swing.label for swing in found.swings]
    for row, swing in zip(rows, found.swings, strict=True):
        expected = swing.low, swing.base, swing.high, swing.at_low, swing.at_high, swing.swing
        assert row[3:9] == pytest.approx(expected, abs=1e-12)
        assert row[9:11] == pytest.approx(swing.changes, abs=1e-12)
    for part in book.company.parts:
        told = block(path, TORNADO, f"{part.title}  {part.chinese}")[1:]
        assert [row[0] for row in told] == [s.label for s in tornadoes(book)[part.key].swings[:8]]


def test_an_end_without_a_value_says_so(bear: Path) -> None:
    _, first, *_ = block(bear, TORNADO, "Value per share  每股价值")
    assert first[0].startswith("Steel, Mid-cycle cash margin: 290 → 140 / 430")
    assert first[6] == "no value"
    assert first[9] == 0


def test_scenario_table_is_that_of_python(path: Path, book: Assumptions) -> None:
    found = compare(book, rows=["zhejiang_cloud.ebitda", "steel.volume"])
    rows = cells(path, SCENARIO_VALUES)
    start = next(n for n, row in enumerate(rows) if row[0] == "Line")
    assert rows[start][3:10] == found.names
    assert rows[start + 1][3:10] == found.weights
    table = rows[start + 2 : start + 2 + len(found.figures)]
    at = 3 + found.names.index("base")
    for row, figure in zip(table, found.figures, strict=True):
        assert row[0] == figure.label
        assert row[3:11] == pytest.approx((*figure.values, figure.weighted))
        assert row[11] == row[12] == pytest.approx(row[at])
        assert row[13] == 1


def test_football_is_that_of_python(bear: Path, book: Assumptions) -> None:
    rows = block(bear, FOOTBALL, "Part and method")
    found = football(book, scenario="bear", changes={"corporate.net_cash": 5000})
    spans = (*found.spans, found.whole)
    for row, span in zip(rows, spans, strict=False):
        assert row[0] == span.label
        assert row[3:6] == pytest.approx((span.low, span.base, span.high))
    assert [(row[0], *row[3:6]) for row in rows[len(spans) :]] == [
        ("Share price", 8.94, 8.94, 8.94), ("Peak", 14.72, 14.72, 14.72),
        ("Trough", 3.23, 3.23, 3.23),
    ]  # fmt: skip


def test_bars_of_the_football_field_end_where_the_spans_do(path: Path, book: Assumptions) -> None:
    """Drawn from zero outwards, each side of it on its own; also across zero."""
    prices, crossing = {"Share price", *(price.name for price in book.prices)}, 0
    for row in block(path, FOOTBALL, "Part and method"):
        low, base, high = row[3:6]
        split, before, below, to_base, from_base, one, price, from_below, to_below = row[8:17]
        assert split == pytest.approx(base)
        right = [before, to_base, from_base, one, price]
        assert min(right[1:]) >= 0 >= max(from_below, to_below)
        assert before + to_base + from_base == pytest.approx(max(high, 0))
        assert below + from_below + to_below == pytest.approx(min(low, 0))
        assert (before, below) == pytest.approx((max(low, 0), min(high, 0)))
        crossing += low < 0 < high
        assert (one > 0) == (high - low < 0.05 and row[0] not in prices)
        assert (price > 0) == (row[0] in prices)
    assert crossing == 1


@pytest.mark.parametrize("name", ["path", "bear"])
def test_an_outside_engine_gives_every_cell(name: str, request: pytest.FixtureRequest) -> None:
    path: Path = request.getfixturevalue(name)
    prefixes = tuple(f"{title}!" for title in SHEETS)
    expected = {c: v for c, v in stored(path).items() if c.startswith(prefixes)}
    found = Formualizer(path).recalculate([])
    assert len(expected) > 300
    assert not differences(expected, {cell: found[cell] for cell in expected})


def flags(path: Path) -> dict[str, str]:
    """Address of the flag of each sheet."""
    book = load_workbook(path)
    return {
        title: next(
            f"{title}!{row[3].coordinate}"
            for row in book[title].iter_rows(max_col=4)
            if row[0].value in ("Made as the workbook stands", "Live column equals the snapshot")
        )
        for title in SHEETS
    }


def test_flags_turn_when_the_workbook_is_edited(path: Path, book: Assumptions) -> None:
    """Choosing a scenario leaves the scenario table true, and moves its live column."""
    at, judge = flags(path), Formualizer(path)
    sheet = load_workbook(path)[SCENARIO_VALUES]
    row = next(r for r in sheet.iter_rows() if r[0].value == "Value per share")
    live, chosen = (f"{SCENARIO_VALUES}!{row[n].coordinate}" for n in (11, 12))
    for scenario in book.scenarios:
        told = judge.recalculate([("Cover", "B4", scenario)])
        value = valuation.value(book, scenario=scenario).value_per_share
        assert told[live] == pytest.approx(value, rel=1e-9)
        assert told[chosen] == pytest.approx(value, rel=1e-9)
        assert told[at[SCENARIO_VALUES]] == 1
        assert told[at[TORNADO]] == told[at[FOOTBALL]] == (scenario == "base")
    place = next((s.title, r[4].coordinate) for s in load_workbook(path) for r in s.iter_rows(
        max_col=5) if r[0].value == "corporate.net_cash" and s.title == "Corporate")  # fmt: skip
    told = judge.recalculate([("Cover", "B4", "base"), (*place, 7300)])
    assert {told[cell] for cell in at.values()} == {0}
    told = judge.recalculate([(*place, 7200)])
    assert {told[cell] for cell in at.values()} == {1}


def test_a_stale_flag_is_red(path: Path) -> None:
    book = load_workbook(path)
    for cell in flags(path).values():
        title, _, address = cell.rpartition("!")
        rules = [rule for r in book[title].conditional_formatting if address in r.sqref
                 for rule in r.rules]  # fmt: skip
        assert [(rule.operator, rule.formula, rule.dxf.fill.bgColor.rgb) for rule in rules] == [
            ("equal", ["0"], "00C00000")
        ]


def test_every_number_that_is_no_formula_is_grey(path: Path) -> None:
    book = load_workbook(path)
    for title in SHEETS:
        numbers = [
            c for r in book[title].iter_rows() for c in r
            if c.data_type == "n" and c.value is not None
        ]  # fmt: skip
        assert {c.font.color.rgb for c in numbers} == {"007F7F7F"}, title
        assert "snapshot" in str(book[title]["A1"].value).lower()


def charts(path: Path) -> list[ET.Element]:
    with zipfile.ZipFile(path) as archive:
        names = [n for n in archive.namelist() if re.match(r"xl/charts/chart\d+\.xml", n)]
        return [ET.fromstring(archive.read(name)) for name in names]  # noqa: S314 - ours


def home(chart: ET.Element) -> str:
    """Title of the sheet whose cells a chart shows."""
    return str(next(chart.iter(f"{CHART}f")).text).rpartition("!")[0].strip("'")


@pytest.mark.parametrize("name", ["path", "bear"])
def test_charts_hold_what_the_cells_do(name: str, request: pytest.FixtureRequest) -> None:
    path: Path = request.getfixturevalue(name)
    book = load_workbook(path, data_only=True)
    own = [chart for chart in charts(path) if home(chart) in SHEETS]
    assert len(own) == 9
    for chart in own:
        deleted = [a.find(f"{CHART}delete") for kind in ("catAx", "valAx")
                   for a in chart.iter(f"{CHART}{kind}")]  # fmt: skip
        assert len(deleted) == 2
        assert all(e is not None and e.get("val") == "0" for e in deleted)
        assert [e.get("val") for e in chart.iter(f"{CHART}roundedCorners")] == ["0"]
        assert all(e.get("val") == "0" for e in chart.iter(f"{CHART}smooth"))
        assert all(e.get("val") == "0" for e in chart.iter(f"{CHART}invertIfNegative"))
        for reference in (*chart.iter(f"{CHART}numRef"), *chart.iter(f"{CHART}strRef")):
            title, _, span = str(reference.findtext(f"{CHART}f")).rpartition("!")
            held = [c.value for r in book[title.strip("'")][span.replace("$", "")] for c in r]
            cached = [str(e.findtext(f"{CHART}v")) for e in reference.iter(f"{CHART}pt")]
            assert len(cached) == len(held)
            for cell, text in zip(held, cached, strict=True):
                assert cell == text or float(text) == pytest.approx(float(cell))


def test_tornado_bars_lie_over_each_other_and_the_largest_is_on_top(path: Path) -> None:
    bars = [chart for chart in charts(path) if home(chart) == TORNADO]
    assert len(bars) == 7
    for chart in bars:
        plot = next(chart.iter(f"{CHART}barChart"))
        for word, value in (("barDir", "bar"), ("overlap", "100"), ("grouping", "clustered")):
            assert next(plot.iter(f"{CHART}{word}")).get("val") == value
        names = next(chart.iter(f"{CHART}catAx"))
        assert next(names.iter(f"{CHART}orientation")).get("val") == "maxMin"
        assert next(names.iter(f"{CHART}tickLblPos")).get("val") == "low"
        low, high = (
            [float(str(p.findtext(f"{CHART}v"))) for p in s.find(f"{CHART}val").iter(f"{CHART}pt")]  # type: ignore[union-attr]
            for s in chart.iter(f"{CHART}ser")
        )
        swings = [max(abs(a), abs(b)) for a, b in zip(low, high, strict=True)]
        assert swings == sorted(swings, reverse=True)


def test_the_football_chart_names_only_what_is_seen(path: Path) -> None:
    chart = next(chart for chart in charts(path) if home(chart) == FOOTBALL)
    plot = next(chart.iter(f"{CHART}barChart"))
    assert next(plot.iter(f"{CHART}grouping")).get("val") == "stacked"
    gone = [str(next(e.iter(f"{CHART}idx")).get("val")) for e in chart.iter(f"{CHART}legendEntry")]
    assert gone == ["0", "1", "6", "7"]
    first = next(chart.iter(f"{CHART}ser"))
    properties = first.find(f"{CHART}spPr")
    assert properties is not None
    assert [child.tag.rpartition("}")[2] for child in properties] == ["noFill", "ln"]


def test_the_report_is_still_an_assumption_workbook(path: Path, book: Assumptions) -> None:
    again = valuation.load(path)
    assert again.inputs == book.inputs
    assert again.scenarios == book.scenarios
    assert not again.notices


def test_the_same_content_gives_the_same_bytes(path: Path, book: Assumptions) -> None:
    again = written(valuation.value(book), path.with_name("again.xlsx"))
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.libreoffice
def test_sheets_can_be_drawn(path: Path, tmp_path: Path) -> None:
    soffice = shutil.which("soffice")
    assert soffice
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    done = subprocess.run(
        [soffice, profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), path],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert (tmp_path / "report.pdf").stat().st_size > 50_000, done.stderr
