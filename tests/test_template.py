"""New workbooks from a model: empty ones, and old ones brought up to it."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sheets
from openpyxl import Workbook, load_workbook

import valuation
from valuation.errors import AssumptionError, WorkbookError
from valuation.lines import Shape
from valuation.risk.assumptions import Assumptions, Input
from valuation.risk.blank import ADDED
from valuation.risk.valuation import value
from valuation.workbook.inputs import assumption_workbook
from valuation.workbook.new import write_template, write_upgraded
from valuation.workbook.read import Outdated, read, read_outdated
from valuation.workbook.store import Book

ROOT = Path(__file__).parent.parent
WORKBOOK = ROOT / "assumptions" / "hangang.xlsx"
OTHER = ("Scenarios", "Correlations", "Guide", "Facts", "KPIs")


def run(*words: object, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "valuation", *map(str, words)],
        cwd=cwd, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def rows_of(path: Path) -> dict[str, dict[str, Any]]:
    """Every input row of a workbook, cells by header, read with no code of ours."""
    found: dict[str, dict[str, Any]] = {}
    for sheet in load_workbook(path):
        headers: list[Any] = []
        for row in sheet.iter_rows() if sheet.title not in OTHER else ():
            if row[0].value == "Key":
                headers = [cell.value for cell in row]
            elif row[0].value and headers:
                assert row[0].value not in found
                found[row[0].value] = dict(zip(headers, row, strict=False))
    return found


def filled(path: Path, given: Mapping[str, Input]) -> Path:
    """Fill in the Base cells that are empty, as a person would."""
    book = load_workbook(path)
    for sheet in book:
        headers: list[Any] = []
        for row in sheet.iter_rows() if sheet.title not in OTHER else ():
            if row[0].value == "Key":
                headers = [cell.value for cell in row]
            elif row[0].value in given:
                number = given[row[0].value].value
                years = [n for n, h in enumerate(headers) if isinstance(h, int)]
                cells = [row[n] for n in years] or [row[headers.index("Base")]]
                numbers = number if isinstance(number, tuple) else (number,)
                for cell, wanted in zip(cells, numbers, strict=True):
                    cell.value = wanted if cell.value is None else cell.value
    book.save(path)
    return path


def first_year_of(book: Assumptions) -> int:
    base = book.inputs[book.company.model.key[book.company.base_year]].value
    assert not isinstance(base, tuple)
    return int(base) + 1


# Template


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, book: Assumptions) -> Path:
    """The template of the company, over the years of its workbook."""
    path = tmp_path_factory.mktemp("template") / "new.xlsx"
    done = run("template", "hangang", "-o", path, "--base-year", first_year_of(book) - 1)
    assert done.returncode == 0, done.stderr
    assert f"{len(book.inputs)} inputs to fill in" in done.stdout
    return path


def test_a_template_has_a_row_for_every_input_and_no_value(made: Path, book: Assumptions) -> None:
    rows = rows_of(made)
    model = book.company.model
    assert set(rows) == set(model.assumptions)
    for key, cells in rows.items():
        row = model.assumptions[key]
        assert (cells["Label"].value, cells["Unit"].value) == (row.label, row.unit_text)
        assert (cells["名称"].value or "") == row.chinese
        for header, bound in (("Minimum", row.minimum), ("Maximum", row.maximum)):
            found = cells[header].value
            if isinstance(found, datetime):
                found = (found - datetime(1899, 12, 30)).days  # noqa: DTZ001
            assert found == (bound if math.isfinite(bound) else None), key
        if row.shape == Shape.SERIES:
            years = [header for header in cells if isinstance(header, int)]
            assert years == list(range(first_year_of(book), years[-1] + 1))
            assert len(years) == model.periods
            assert all(cells[year].value is None for year in years)
        else:
            assert cells["Distribution"].value == "fixed"
            assert all(cells[h].value is None for h in ("Base", "Low", "High", "Parameters"))
        assert all(cells[h].value is None for h in ("Source", "As of", "Confidence"))


def test_check_lists_every_empty_cell_and_nothing_else(made: Path, book: Assumptions) -> None:
    done = run("check", made, "--json")
    assert done.returncode == 1
    problems = json.loads(done.stdout)["problems"]
    cells = {
        f"new.xlsx, {cell.parent.title}!{cell.coordinate}"
        for row in rows_of(made).values()
        for header, cell in row.items()
        if isinstance(header, int) or header == "Base"
    }
    assert {", ".join(problem.split(", ", 2)[:2]) for problem in problems} == cells
    assert all("empty" in problem for problem in problems)
    assert len(problems) == len(cells)
    periods = book.company.model.periods
    yearly = sum(r.shape == Shape.SERIES for r in book.company.model.assumptions.values())
    assert len(cells) == len(book.inputs) + yearly * (periods - 1)


def test_a_template_filled_in_gives_the_value(
    made: Path, book: Assumptions, tmp_path: Path
) -> None:
    path = tmp_path / "filled.xlsx"
    path.write_bytes(made.read_bytes())
    read_again = valuation.load(filled(path, book.inputs))
    assert read_again.notices == ()
    assert value(read_again).value_per_share == value(book).value_per_share
    assert {k: g.value for k, g in read_again.inputs.items()} == {
        k: g.value for k, g in book.inputs.items()
    }
    assert {name: s.weight for name, s in read_again.scenarios.items()} == {"base": 1.0}
    assert read_again.scenarios["base"].values == {}
    assert read_again.correlated == ()
    assert read_again.correlations == {}


def test_the_base_year_says_what_the_columns_need(tmp_path: Path) -> None:
    """By default the columns begin with this year, so the last one is the base year."""
    path = tmp_path / "mill.xlsx"
    write_template(sheets.company, path, base_year=2030)
    rows = rows_of(path)
    assert [h for h in rows["mill.volume"] if isinstance(h, int)] == [2031, 2032, 2033]
    assert "enter 2030" in rows["ruler.base_year"]["Note"].value
    count = valuation.template("hangang", tmp_path / "now.xlsx")
    note = rows_of(tmp_path / "now.xlsx")["calendar.base_year"]["Note"].value
    assert f"enter {datetime.now(UTC).year - 1}," in note
    assert count == len(rows_of(tmp_path / "now.xlsx"))


def test_a_template_is_no_workbook_to_value(made: Path) -> None:
    with pytest.raises(AssumptionError, match="empty"):
        valuation.load(made)


def test_a_template_is_never_written_over_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.xlsx"
    path.write_bytes(b"mine")
    done = run("template", "hangang", "-o", path)
    assert done.returncode == 2
    assert "Choose another name" in done.stderr
    assert path.read_bytes() == b"mine"
    assert run("template", "hangang", "-o", path, "--force").returncode == 2


def test_an_unknown_company_is_refused(tmp_path: Path) -> None:
    done = run("template", "baosteel", "-o", tmp_path / "new.xlsx")
    assert done.returncode == 2
    assert "Name one of: hangang" in done.stderr
    assert not (tmp_path / "new.xlsx").exists()


def test_the_writer_leaves_no_cell_blank_by_mistake(book: Assumptions) -> None:
    """Blank stands for an input to fill in, in input cells only; else NaN stays refused."""
    made = Book()
    with pytest.raises(ValueError, match="no number"):
        made.number(made.sheet("Any"), 1, 1, math.nan, made.styles("text"))
    written = assumption_workbook(book)
    for sheet in written.workbook:
        for row in sheet.iter_rows() if sheet.title not in OTHER else ():
            if row[0].value in book.inputs and not book.inputs[row[0].value].is_yearly:
                assert row[4].value is not None


# Upgrade


def outdated(book: Workbook, tmp_path: Path) -> Outdated:
    path = tmp_path / "old.xlsx"
    book.save(path)
    return read_outdated(path, sheets.find_company)


def upgraded(book: Workbook, tmp_path: Path) -> tuple[Outdated, Path]:
    """The mill's workbook brought up to its model."""
    found = outdated(book, tmp_path)
    path = tmp_path / "new.xlsx"
    write_upgraded(found, path, base_year=1999)
    return found, path


def old_mill() -> Workbook:
    """Made before take-up and volume were inputs, when tonnage and a bonus were."""
    book = sheets.valid()
    mill = book["Mill"]
    mill["A6"], mill["B6"] = "mill.tonnage", "Tonnage"
    mill["A14"] = "mill.bonus"
    book["Scenarios"]["A7"] = "mill.tonnage"
    book["Scenarios"]["G8"] = 16
    for cell in ("A5", "B4"):
        book["Correlations"][cell] = "mill.tonnage"
    return book


def test_upgrade_keeps_what_is_known_and_marks_what_is_missing(tmp_path: Path) -> None:
    known = sheets.read_book(sheets.valid()).inputs
    found, path = upgraded(old_mill(), tmp_path)
    assert found.missing == ("mill.take_up", "mill.volume")
    rows = rows_of(path)
    assert set(rows) == set(known)
    for key, cells in rows.items():
        blank = [c for h, c in cells.items() if h == "Base" or isinstance(h, int)]
        fills = {c.fill.fgColor.rgb for c in blank}
        if key in found.missing:
            assert all(cell.value is None for cell in blank)
            assert cells["Note"].value == ADDED == "added by upgrade: fill in Base"
            assert fills == {"00F8CBAD"}
        else:
            assert all(cell.value is not None for cell in blank)
            assert cells["Note"].value is None
            assert fills == {"00FFF9E5"}


def test_upgrade_filled_in_is_the_workbook_again(tmp_path: Path) -> None:
    """Every field of every input kept, scenarios, correlations, overrides and facts too."""
    before = sheets.read_book(sheets.valid())
    _, path = upgraded(old_mill(), tmp_path)
    after = read(filled(path, before.inputs), sheets.find_company)
    kept = [key for key in before.inputs if key not in ("mill.take_up", "mill.volume")]
    assert {k: after.inputs[k] for k in kept} == {k: before.inputs[k] for k in kept}
    assert {k: g.value for k, g in after.inputs.items()} == {
        k: g.value for k, g in before.inputs.items()
    }
    assert dict(after.scenarios["bear"].values) == {"mill.life": 15.0}
    assert [(s.name, s.chinese, s.weight) for s in after.scenarios.values()] == [
        ("bear", "悲观", 0.25), ("base", "基准", 0.5), ("bull", "乐观", 0.25),
    ]  # fmt: skip
    assert after.overrides == {"mill.life": 16.0}
    assert after.correlated == ("mill.price", "mill.life")
    assert after.tables == before.tables


def test_upgrade_tells_each_unknown_key_with_its_place(tmp_path: Path) -> None:
    found, _ = upgraded(old_mill(), tmp_path)
    assert {(p.sheet, p.cell) for p in found.unknown} == {
        ("Mill", "A6"), ("Mill", "A14"), ("Scenarios", "A7"), ("Correlations", "A5"),
        ("Correlations", "B4"),
    }  # fmt: skip
    assert all("no input has the key" in problem.text for problem in found.unknown)


def test_an_input_that_is_now_calculated_is_not_written(tmp_path: Path) -> None:
    book = sheets.valid()
    sheets.fill(book["Mill"], {11: ("mill.revenue", "Revenue", "", "CNY m", 5)})
    found, path = upgraded(book, tmp_path)
    (problem,) = found.unknown
    assert "is calculated" in problem.text
    assert "mill.revenue" not in rows_of(path)
    assert read(path, sheets.find_company).inputs == sheets.read_book(sheets.valid()).inputs


def test_without_the_base_year_the_columns_stay_those_of_the_old_workbook(
    tmp_path: Path,
) -> None:
    before = sheets.read_book(sheets.valid())
    book = sheets.valid()
    book["Ruler"].delete_rows(5)
    found, path = upgraded(book, tmp_path)
    assert found.missing == ("ruler.base_year",)
    assert [h for h in rows_of(path)["mill.volume"] if isinstance(h, int)] == [2025, 2026, 2027]
    after = read(filled(path, before.inputs), sheets.find_company)
    assert after.inputs["mill.volume"] == before.inputs["mill.volume"]


def test_yearly_values_are_never_dropped_without_a_word(tmp_path: Path) -> None:
    """Neither base year nor as many columns as the model has years: nobody knows which is which."""
    book = sheets.valid()
    book["Ruler"].delete_rows(5)
    book["Mill"]["H13"] = book["Mill"]["H14"] = None
    with pytest.raises(AssumptionError, match=r"Last actual year: .* Add it first"):
        outdated(book, tmp_path)


@pytest.mark.parametrize(
    ("sheet", "cell", "content", "said"),
    [
        ("Mill", "E9", 99, "99 is outside 1 to 50"),
        ("Mill", "E9", None, "empty"),
        ("Mill", "D9", "months", "months where years is due"),
        ("Mill", "A9", "mill.price", "stands twice"),
        ("Mill", "H13", 2030, "the years must be 2025 to 2027"),
        ("Scenarios", "H6", 0.9, "weights sum to"),
        ("Correlations", "D6", 7, "outside"),
    ],
)
def test_any_other_problem_is_refused_as_usual(
    tmp_path: Path, sheet: str, cell: str, content: object, said: str
) -> None:
    book = old_mill()
    book[sheet][cell] = content
    with pytest.raises(AssumptionError, match=said) as caught:
        outdated(book, tmp_path)
    told = str(caught.value)
    assert "no input has" not in told
    assert "no row has" not in told


def test_reading_still_refuses_what_upgrade_accepts(tmp_path: Path) -> None:
    """In one list with the rest, sorted by place."""
    book = old_mill()
    assert len(sheets.told(book)) == 7
    book["Mill"]["E9"] = 99
    said = sheets.told(book)
    assert len(said) == 8
    assert sum("no input has the key" in text for text in said) == 5
    assert sum("no row has the key" in text for text in said) == 2
    places = [text.split(":", 1)[0] for text in said]
    assert places.index("Mill!A6, Tonnage") < places.index("Mill!E9, Life")
    assert places.index("Mill!E9, Life") < places.index("Mill!A14, Volume")
    assert outdated(old_mill(), tmp_path).assumptions.company is sheets.company


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The company's workbook with a key mistyped, a row deleted and a row of a former model."""
    book = load_workbook(WORKBOOK)
    for sheet in book:
        for row in list(sheet.iter_rows(max_col=1)) if sheet.title not in OTHER else ():
            if row[0].value == "zhejiang_cloud.rack_power":
                row[0].value = "zhejiang_cloud.rack_powers"
    corporate = book["Corporate"]
    keys = [row[0].value for row in corporate.iter_rows(max_col=1)]
    corporate.delete_rows(keys.index("corporate.associates") + 1)
    path = tmp_path / "old.xlsx"
    book.save(path)
    return path


def test_upgrade_command(old: Path, tmp_path: Path, book: Assumptions) -> None:
    before = old.read_bytes()
    done = run("upgrade", old, "-o", tmp_path / "new.xlsx")
    assert done.returncode == 0, done.stderr
    assert old.read_bytes() == before
    for said in ("Added: zhejiang_cloud.rack_power", "Added: corporate.associates",
                 f"{len(book.inputs) - 2} inputs kept, 2 added, 1 rows"):  # fmt: skip
        assert said in done.stdout
    assert "'zhejiang_cloud.rack_powers'. Did you mean 'zhejiang_cloud.rack_power'?" in done.stderr
    checked = run("check", tmp_path / "new.xlsx", "--json")
    assert checked.returncode == 1
    problems = json.loads(checked.stdout)["problems"]
    assert len(problems) == 2
    assert all("empty" in problem for problem in problems)
    after = valuation.load(filled(tmp_path / "new.xlsx", book.inputs))
    found = valuation.difference(book, after)
    assert {given.key for given in found.inputs} == {
        "zhejiang_cloud.rack_power", "corporate.associates",
    }  # fmt: skip
    assert found.value_per_share.change == 0
    assert (found.scenarios, found.correlations, found.overrides) == ((), (), ())
    assert after.tables == book.tables


def test_nothing_to_upgrade_gives_the_same_workbook(tmp_path: Path, book: Assumptions) -> None:
    found = valuation.upgrade(WORKBOOK, tmp_path / "new.xlsx")
    assert (found.missing, found.unknown) == ((), ())
    assert valuation.difference(book, tmp_path / "new.xlsx").is_empty
    assert (tmp_path / "new.xlsx").read_bytes() == assumption_workbook(book).to_bytes()


def test_upgrade_never_writes_over_a_file(old: Path, tmp_path: Path) -> None:
    before = old.read_bytes()
    link = tmp_path / "link.xlsx"
    link.symlink_to(old)
    for output in (old, link, tmp_path / "sub" / ".." / "old.xlsx"):
        done = run("upgrade", old, "-o", output)
        assert done.returncode == 2
        assert "stays as it is" in done.stderr
    mine = tmp_path / "mine.xlsx"
    mine.write_bytes(b"mine")
    done = run("upgrade", old, "-o", mine)
    assert done.returncode == 2
    assert "Choose another name" in done.stderr
    assert mine.read_bytes() == b"mine"
    assert old.read_bytes() == before


def test_upgrade_refused_writes_nothing(tmp_path: Path) -> None:
    for name in ("README.md", "nowhere.xlsx"):
        done = run("upgrade", name, "-o", tmp_path / "new.xlsx")
        assert done.returncode == 2
        assert name in done.stderr
        assert "Traceback" not in done.stderr
        assert list(tmp_path.iterdir()) == []
    with pytest.raises(WorkbookError, match="Choose another name"):
        valuation.upgrade(WORKBOOK, WORKBOOK.with_name("..") / "README.md")


def test_marks_stay_until_the_note_is_replaced(tmp_path: Path) -> None:
    """So that a report of the upgraded workbook still shows what was added."""
    before = sheets.read_book(sheets.valid())
    _, path = upgraded(old_mill(), tmp_path)
    after = read(filled(path, before.inputs), sheets.find_company)
    again = tmp_path / "again.xlsx"
    assumption_workbook(after).save(again)
    assert rows_of(again)["mill.take_up"]["Base"].fill.fgColor.rgb == "00F8CBAD"
    assert rows_of(again)["mill.price"]["Base"].fill.fgColor.rgb == "00FFF9E5"


def test_the_commands_are_listed() -> None:
    done = run("--help")
    for command in ("explain", "diff", "template", "upgrade"):
        assert command in done.stdout
        assert run(command, "--help").returncode == 0
