"""Two workbooks compared: what they say, and the value it gives."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sheets
from openpyxl import Workbook, load_workbook

import valuation
from valuation.errors import AssumptionError, NoAnswerError
from valuation.risk.assumptions import Assumptions
from valuation.risk.difference import FIELDS, Change, Difference, difference
from valuation.risk.valuation import value

ROOT = Path(__file__).parent.parent
WORKBOOK = ROOT / "assumptions" / "hangang.xlsx"


def changed(cells: dict[str, Any], *, sheet: str = "Mill") -> Workbook:
    """The valid workbook with some cells of a sheet changed."""
    book = sheets.valid()
    for address, content in cells.items():
        book[sheet][address] = content
    return book


def compared(new: Workbook, old: Workbook | None = None) -> Difference:
    return difference(sheets.read_book(old or sheets.valid()), sheets.read_book(new))


def test_a_workbook_does_not_differ_from_itself() -> None:
    found = compared(sheets.valid())
    assert found.is_empty
    assert found.value_per_share.change == 0


@pytest.mark.parametrize(
    ("cells", "field", "before", "after"),
    [
        ({"E8": 0.01}, "value", 0.0, 0.01),
        ({"F9": 14}, "low", 15.0, 14.0),
        ({"G9": 26}, "high", 25.0, 26.0),
        ({"F8": -0.1, "G8": 0.1}, "low", None, -0.1),
        ({"H6": "uniform"}, "distribution", "PERT", "uniform"),
        (
            {"I7": "5,850: 40%; 8,640: 60%"},
            "parameters",
            "5,850: 30%; 8,640: 20%; 10,800: 50%",
            "5,850: 40%; 8,640: 60%",
        ),
        ({"J9": 2}, "minimum", 1.0, 2.0),
        ({"K9": 40}, "maximum", 50.0, 40.0),
        ({"L9": "[A]"}, "source", "", "[A]"),
        ({"M9": "2026-02"}, "as_of", "", "2026-02"),
        ({"N9": "low"}, "confidence", "", "low"),
        ({"O9": "see F02"}, "note", "", "see F02"),
    ],
)
def test_every_field_of_an_input(
    cells: dict[str, Any], field: str, before: object, after: object
) -> None:
    found = compared(changed(cells))
    (given,) = found.inputs
    assert Change(what=field, before=before, after=after) in given.changes
    assert len(given.changes) == len(cells)
    assert not given.years
    assert not found.is_empty


def test_every_field_of_an_input_is_compared() -> None:
    """So that a field added to the sheet is not forgotten here."""
    given = next(iter(sheets.read_book(sheets.valid()).inputs.values()))
    parsed = {"settings", "weights"}  # numbers of the text in parameters
    assert set(FIELDS) == set(vars(given)) - {"key", "row"} - parsed


def test_years_of_a_yearly_input() -> None:
    found = compared(changed({"G14": 111, "H14": 130}))
    (given,) = found.inputs
    assert (given.key, given.label, given.unit) == ("mill.volume", "Volume", "t")
    assert given.years == (
        Change(what="2026", before=110.0, after=111.0),
        Change(what="2027", before=120.5, after=130.0),
    )
    assert given.changes == ()


def test_years_are_compared_by_year_when_the_ruler_moves() -> None:
    book = sheets.valid()
    book["Ruler"]["E5"] = 2025
    for column, year in zip("FGH", (2026, 2027, 2028), strict=True):
        book["Mill"][f"{column}13"] = year
    book["Mill"]["F14"], book["Mill"]["G14"], book["Mill"]["H14"] = 110, 120.5, 17
    found = {given.key: given for given in compared(book).inputs}
    assert found["mill.volume"].years == (
        Change(what="2025", before=100.0, after=None),
        Change(what="2028", before=None, after=17.0),
    )


def test_inputs_come_in_the_order_of_the_model() -> None:
    found = compared(changed({"E10": 3000, "E6": 0.9, "E8": 0.1}))
    assert [given.key for given in found.inputs] == [
        "mill.take_up", "mill.margin_shift", "mill.shares",
    ]  # fmt: skip


def test_scenarios_added_removed_and_changed() -> None:
    book = changed(
        {"J4": "boom", "J5": "繁荣", "H6": 0.2, "J6": 0.3, "H7": 0.8, "H8": None, "H9": 5},
        sheet="Scenarios",
    )
    book["Scenarios"]["A9"], book["Scenarios"]["D9"] = "mill.shares", "shares"
    found = {scenario.name: scenario for scenario in compared(book).scenarios}
    assert {name: s.status for name, s in found.items()} == {
        "bear": "changed", "bull": "removed", "boom": "added",
    }  # fmt: skip
    assert found["bear"].changes == (Change(what="weight", before=0.25, after=0.2),)
    assert set(found["bear"].values) == {
        (Change(what="mill.take_up", before=0.85, after=0.8)),
        (Change(what="mill.life", before=15.0, after=None)),
        (Change(what="mill.shares", before=None, after=5.0)),
    }
    assert found["boom"].values == (Change(what="mill.take_up", before=None, after=0.95),)
    assert Change(what="chinese", before=None, after="繁荣") in found["boom"].changes
    assert found["bull"].values == (Change(what="mill.take_up", before=0.95, after=None),)


def test_correlations_by_pair_whichever_stands_first() -> None:
    book = sheets.valid()
    sheet = book["Correlations"]
    sheets.fill(
        sheet,
        {
            4: ("Key", "mill.life", "mill.price", "mill.take_up"),
            5: ("mill.life", 1, None, -0.25),
            6: ("mill.price", 0, 1, 0.5),
            7: ("mill.take_up", None, None, 1),
        },
    )
    assert compared(book).correlations == ()
    sheet["D5"], sheet["D6"] = 0, 0.6
    assert set(compared(book).correlations) == {
        Change(what="mill.take_up, mill.price", before=0.5, after=0.6),
        Change(what="mill.take_up, mill.life", before=-0.25, after=None),
    }


def test_loadings_on_ai_demand_are_told_with_the_correlations() -> None:
    found = compared(changed({"E4": "AI demand", "E6": 0.45}, sheet="Correlations"))
    assert found.correlations == (Change(what="AI demand, mill.price", before=None, after=0.45),)
    assert not found.is_empty


def test_what_becomes_of_draws_without_a_value() -> None:
    found = compared(changed({"A5": "Draws without a value", "B5": "drop"}, sheet="Guide"))
    assert found.guide == (Change(what="gaps", before="stop", after="drop"),)
    assert not found.is_empty
    assert found.document()["guide"] == [{"what": "gaps", "before": "stop", "after": "drop"}]


def test_yearly_shocks() -> None:
    found = compared(changed({"L13": "Shock sd", "L14": 25, "M13": "Persistence", "M14": 0.6}))
    (given,) = found.inputs
    assert given.changes == (
        Change(what="shock_sd", before=0.0, after=25.0),
        Change(what="persistence", before=0.0, after=0.6),
    )


def test_overrides() -> None:
    found = compared(changed({"G7": 0.5}, sheet="Scenarios"))
    assert found.overrides == (Change(what="mill.take_up", before=None, after=0.5),)
    assert found.inputs == ()
    assert found.scenarios == ()
    assert found.value_per_share.change < 0


def test_value_before_and_after() -> None:
    """An input halved halves the mill."""
    found = compared(changed({"E7": 4320}))
    old = sheets.read_book(sheets.valid())
    assert found.equity_value.before == value(old).equity_value
    assert found.equity_value.after == pytest.approx(value(old).equity_value / 2)
    assert found.value_per_share.change == pytest.approx(-value(old).value_per_share / 2)
    assert found.value_per_share.unit == "CNY m/share"


def test_value_in_a_scenario() -> None:
    old, new = sheets.read_book(sheets.valid()), sheets.read_book(changed({"E6": 0.9}))
    found = difference(old, new, scenario="bear")  # its own take-up, so no change
    assert found.old.scenario == "bear"
    assert found.value_per_share.before == value(old, scenario="bear").value_per_share
    assert found.value_per_share.change == 0
    assert len(found.inputs) == 1


def test_parts_and_bridge_add_up_to_equity(book: Assumptions) -> None:
    """Before, after, and so the change."""
    given = book.inputs["zhejiang_cloud.lease_price"]
    assert not isinstance(given.value, tuple)
    inputs = {**book.inputs, given.key: replace(given, value=given.value - 10)}
    found = valuation.difference(book, replace(book, inputs=inputs))
    rows = (*found.parts, *found.bridge)
    assert sum(w.before for w in rows) == pytest.approx(found.equity_value.before)
    assert sum(w.change for w in rows) == pytest.approx(found.equity_value.change)
    assert [w.key for w in found.parts] == [part.key for part in book.company.parts]
    moved = {w.key for w in found.parts if w.change}
    assert moved == {"zhejiang_cloud"}
    told: Any = found.document()
    assert told["equity_value"]["change"] == found.equity_value.change
    assert [w["key"] for w in told["parts"]] == [w.key for w in found.parts]


def test_workbooks_of_two_companies_are_not_compared(book: Assumptions) -> None:
    with pytest.raises(AssumptionError, match=r"about hangang.*about mill.*one company"):
        difference(book, sheets.read_book(sheets.valid()))


def test_what_has_no_value_is_named(book: Assumptions) -> None:
    given = book.inputs["corporate.cost_growth"]
    inputs = {**book.inputs, given.key: replace(given, value=0.08)}
    with pytest.raises(NoAnswerError, match=r"^new\.xlsx: There is no value per share") as caught:
        difference(book, replace(book, inputs=inputs, source="new.xlsx"))
    assert caught.value.key == "corporate.cost_value"


def test_a_scenario_that_one_side_lacks_is_refused() -> None:
    old = sheets.read_book(sheets.valid())
    new = replace(old, scenarios={"base": old.scenarios["base"]}, source="new.xlsx")
    with pytest.raises(AssumptionError, match=r"new\.xlsx: no scenario 'bear'"):
        difference(old, new, scenario="bear")


# The command


def run(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "valuation", "diff", *map(str, words)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def edited(path: Path, change: Callable[[Workbook], None]) -> Path:
    book = load_workbook(WORKBOOK)
    change(book)
    book.save(path)
    return path


def cell(book: Workbook, key: str, column: int) -> Any:
    """A cell in the row of a key on an input sheet."""
    for sheet in book:
        for row in sheet.iter_rows(max_col=26):
            if row[0].value == key and sheet.title not in ("Scenarios", "Correlations"):
                return row[column - 1]
    raise KeyError(key)


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def change(book: Workbook) -> None:
        cell(book, "zhejiang_cloud.lease_price", 5).value = 455
        cell(book, "zhejiang_cloud.lease_price", 12).value = "[A] a new view"
        cell(book, "zhejiang_cloud.delivered_ratio", 7).value = 0.71
        cell(book, "calendar.valuation_date", 5).value = "2026-03-31"

    return edited(tmp_path_factory.mktemp("new") / "new.xlsx", change)


def test_the_command_tells_inputs_and_value(new: Path, book: Assumptions) -> None:
    done = run(WORKBOOK, new)
    assert done.returncode == 0, done.stderr
    found = valuation.difference(WORKBOOK, new)
    for said in (
        "Inputs changed: 3",
        "Base: 480 → 455",
        "→ [A] a new view",
        "Base 2026: 80% → 71%",
        "Base: 2026-02-27 → 2026-03-31",
        f"{found.equity_value.before:,.1f}",
        f"{found.equity_value.after:,.1f}",
        f"{found.equity_value.change:+,.1f}",
        f"{found.value_per_share.after:.2f}",
    ):
        assert said in done.stdout
    for part in book.company.parts:
        assert part.title in done.stdout


def test_json_is_the_difference(new: Path) -> None:
    done = run(WORKBOOK, new, "--scenario", "bear", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    found = valuation.difference(WORKBOOK, new, scenario="bear").document()
    names = {"old": str(WORKBOOK), "new": str(new)}
    assert told == json.loads(json.dumps({**found, **names}))
    assert told["scenario"] == "bear"
    by_key = {given["key"]: given for given in told["inputs"]}
    assert by_key["calendar.valuation_date"]["changes"] == [
        {"what": "value", "before": "2026-02-27", "after": "2026-03-31"}
    ]


def test_no_difference_is_told_as_such() -> None:
    done = run(WORKBOOK, WORKBOOK)
    assert done.returncode == 0
    assert "are the same" in done.stdout
    assert "changed" not in done.stdout


def test_scenarios_correlations_and_overrides_are_told(tmp_path: Path) -> None:
    def change(book: Workbook) -> None:
        sheet = book["Scenarios"]
        rows = {row[0].value: row for row in sheet.iter_rows(min_row=4)}
        columns = {c.value: c.column for c in rows["Key"]}
        low, high = (sheet.cell(rows["weight"][0].row, columns[n]) for n in ("bear", "bull"))
        low.value, high.value = low.value + 0.01, high.value - 0.01
        at = rows["zhejiang_cloud.saturation_ratio"][0].row
        sheet.cell(at, columns["bear"]).value = 0.75
        sheet.cell(at, columns["Override"]).value = 0.81
        square = book["Correlations"]
        square["C5"].value = square["B6"].value = 0.123

    done = run(WORKBOOK, edited(tmp_path / "new.xlsx", change))
    assert done.returncode == 0, done.stderr
    for said in ("bear changed", "Weight: ", "zhejiang_cloud.saturation_ratio: 78% → 75%",
                 "Overrides", "none → 81%", "Correlations", "→ 0.123"):  # fmt: skip
        assert said in done.stdout
    assert "override on" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((WORKBOOK, "README.md"), "README.md"),
        (("nowhere.xlsx", WORKBOOK), "nowhere.xlsx"),
        ((WORKBOOK, WORKBOOK, "--scenario", "grim"), "no scenario 'grim'"),
    ],
)
def test_bad_input_exits_2(words: tuple[object, ...], said: str) -> None:
    done = run(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""


def test_a_report_is_a_workbook_too(tmp_path: Path, book: Assumptions) -> None:
    path = tmp_path / "report.xlsx"
    valuation.report(WORKBOOK, path, changes={"zhejiang_cloud.lease_price": 455.0}, draws=0)
    found = valuation.difference(WORKBOOK, path)
    assert found.overrides == (Change(what="zhejiang_cloud.lease_price", before=None, after=455.0),)
    assert found.inputs == ()
    changes = {"zhejiang_cloud.lease_price": 455.0}
    assert found.value_per_share.after == value(book, changes=changes).value_per_share
