"""The report: live formulas that outside engines recompute, and files never half written."""

from __future__ import annotations

import os
import stat
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from judges import Edit, Formualizer, differences, formula_cells, libreoffice, stored
from openpyxl import load_workbook

import valuation
from valuation.engines.formulas import letters, relative
from valuation.lines import Line, Shape
from valuation.risk.assumptions import Assumptions
from valuation.risk.valuation import Valuation, value
from valuation.workbook import layout
from valuation.workbook.report import report, write_report
from valuation.workbook.store import Book
from valuation.workbook.store import replace as replace_file

#: The one formula that says whether the workbook was edited since it was made.
STATUS = frozenset({"Cover!B12"})


@pytest.fixture(scope="module")
def base_report(book: Assumptions, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "hangang.xlsx"
    write_report(value(book), path)
    return path


def expected_of(result: Valuation) -> dict[str, Any]:
    """Value of every formula cell of a report, as Python has it; a gap as an error."""
    return {
        f"{title}!{address}": found if isinstance(found, str) or np.isfinite(found) else "#N/A"
        for (title, address), found in report(result).values().items()
    }


def base_cells(path: Path) -> dict[str, tuple[str, str]]:
    """Sheet and address of the Base cell of every input with one value, found by its key."""
    found = {}
    for sheet in load_workbook(path):
        if sheet.title in (layout.SCENARIOS, layout.CORRELATIONS):
            continue
        for row in sheet.iter_rows(min_col=1, max_col=5):
            if isinstance(row[0].value, str) and "." in row[0].value and row[4].data_type in "nd":
                found[row[0].value] = (sheet.title, row[4].coordinate)
    return found


def scenario_cells(path: Path, column: str) -> dict[str, str]:
    """Address of a column's cell on the Scenarios sheet, by key."""
    sheet = load_workbook(path)[layout.SCENARIOS]
    heads = {c.value: c.column_letter for c in sheet[layout.HEADER_ROW]}
    return {
        row[0].value: f"{heads[column]}{row[0].row}"
        for row in sheet.iter_rows(min_row=layout.HEADER_ROW + 1, max_col=1)
        if isinstance(row[0].value, str) and "." in row[0].value
    }


def random_edits(book: Assumptions, rng: np.random.Generator, count: int) -> dict[str, float]:
    """Some inputs, each at a random number of its range."""
    ranged = [
        key
        for key, given in book.inputs.items()
        if given.has_continuous_range and given.low != given.high
    ]
    chosen = rng.choice(ranged, size=count, replace=False)
    return {
        str(key): float(rng.uniform(book.inputs[key].low, book.inputs[key].high)) for key in chosen
    }


def with_base(book: Assumptions, changes: dict[str, float]) -> Assumptions:
    """The same workbook with other base values."""
    inputs = {
        key: replace(given, value=changes[key], low=None, high=None) if key in changes else given
        for key, given in book.inputs.items()
    }
    return replace(book, inputs=inputs)


def test_every_calculated_cell_is_a_formula_with_its_value(base_report: Path) -> None:
    """On model sheets every number but those of inputs is a formula, and each has a value."""
    values = stored(base_report)
    assert len(values) > 2000
    assert not [name for name, v in values.items() if v is None or v == ""]
    for sheet in load_workbook(base_report):
        if not sheet.title.endswith(" model") and sheet.title not in ("Summary", "Sum of parts"):
            continue
        loose = [
            c.coordinate
            for row in sheet.iter_rows()
            for c in row
            if isinstance(c.value, int | float)
        ]
        assert not loose, sheet.title


def test_the_values_stored_are_those_of_python(book: Assumptions, base_report: Path) -> None:
    """Rows are found by the key written beside them."""
    result, values = value(book), stored(base_report)
    seen = set()
    for sheet in load_workbook(base_report):
        if not sheet.title.endswith(" model") and sheet.title != "Sum of parts":
            continue
        for cells in sheet.iter_rows(min_row=layout.FIRST_ROW):
            key = cells[-1].value
            row = book.company.model.rows.get(key)
            if row is None:
                continue
            seen.add(key)
            found = result[key]
            if isinstance(found, tuple):
                names = [f"{sheet.title}!{letters(layout.FIRST_YEAR + t)}{cells[0].row}"
                         for t in range(len(found))]  # fmt: skip
                assert [values[n] for n in names] == pytest.approx(list(found), rel=1e-15)
            else:
                name = f"{sheet.title}!{letters(layout.VALUE)}{cells[0].row}"
                assert values[name] == pytest.approx(found, rel=1e-15)
    assert seen == set(book.company.model.rows)


def test_the_file_stores_what_python_has(book: Assumptions, base_report: Path) -> None:
    assert stored(base_report) == expected_of(value(book))


def test_formualizer_gives_the_same_values(base_report: Path) -> None:
    assert not differences(stored(base_report), Formualizer(base_report).recalculate([]))


@pytest.mark.parametrize("scenario", ["bear", "bull", "compute success", "compute failure",
                                      "re-rating", "blue sky"])  # fmt: skip
def test_scenario_selector(book: Assumptions, base_report: Path, scenario: str) -> None:
    found = Formualizer(base_report).recalculate([("Cover", "B4", scenario)])
    expected = expected_of(value(book, scenario=scenario))
    assert not differences(expected, found, leave_out=STATUS)
    assert found["Cover!B12"] == 0


def test_inputs_changed_inside_the_workbook(book: Assumptions, base_report: Path) -> None:
    """Ten times eight random blue cells: every formula cell equals Python on the same inputs."""
    rng = np.random.default_rng(20260227)
    cells = base_cells(base_report)
    engine = Formualizer(base_report)
    changes: dict[str, float] = {}
    for _ in range(10):
        changes |= random_edits(book, rng, 8)
        edits: list[Edit] = [(*cells[key], number) for key, number in changes.items()]
        found = engine.recalculate(edits)
        expected = expected_of(value(with_base(book, changes)))
        assert not differences(expected, found, leave_out=STATUS), changes


def test_yearly_inputs_and_switches_changed_inside_the_workbook(
    book: Assumptions, base_report: Path
) -> None:
    cells = base_cells(base_report)
    changes = {
        "zhejiang_cloud.both_phases": 1.0,
        "calendar.mid_year": 0.0,
        "calendar.valuation_date": 46203.0,
        "zhejiang_cloud.equipment_life": 6.0,
        "zhejiang_cloud.exit_multiple.exit_year": 2031.0,
        "corporate.notes_as_debt": 1.0,
        "compute_leasing.contract_start": 2024.6666,
    }
    sheet = load_workbook(base_report)["Zhejiang cloud"]
    row = next(
        r[0].row for r in sheet.iter_rows() if r[0].value == "zhejiang_cloud.delivered_ratio"
    )
    changed = with_base(book, changes)
    given = changed.inputs["zhejiang_cloud.delivered_ratio"]
    assert isinstance(given.value, tuple)
    yearly = (0.5, 0.55, *given.value[2:])
    inputs = {**changed.inputs, given.key: replace(given, value=yearly)}
    edits: list[Edit] = [(*cells[key], number) for key, number in changes.items()]
    edits += [("Zhejiang cloud", f"F{row}", 0.5), ("Zhejiang cloud", f"G{row}", 0.55)]
    found = Formualizer(base_report).recalculate(edits)
    expected = expected_of(value(replace(changed, inputs=inputs)))
    assert not differences(expected, found, leave_out=STATUS)


def test_override_column(book: Assumptions, base_report: Path, tmp_path: Path) -> None:
    """An override typed into the report wins over the scenario, and is read back."""
    key = "zhejiang_cloud.lease_price"
    edit = (layout.SCENARIOS, scenario_cells(base_report, "Override")[key], 455)
    found = Formualizer(base_report).recalculate([("Cover", "B4", "bear"), edit])
    result = value(book, scenario="bear", changes={key: 455})
    assert not differences(expected_of(result), found, leave_out=STATUS)
    write_report(result, tmp_path / "override.xlsx")
    read_back = valuation.load(tmp_path / "override.xlsx")
    assert read_back.overrides == {key: 455}
    assert any("verride" in notice for notice in read_back.notices)


def test_settings_stand_in_the_report(book: Assumptions, tmp_path: Path) -> None:
    """Also for keys without a row on the Scenarios sheet, and for yearly ones."""
    changes = {"corporate.associates": 321.0, "zhejiang_cloud.delivered_ratio": 0.9}
    path = tmp_path / "set.xlsx"
    result = value(book, scenario="bull", changes=changes)
    write_report(result, path)
    assert not differences(stored(path), Formualizer(path).recalculate([]))
    again = value(valuation.load(path), scenario="bull")
    assert again.value_per_share == pytest.approx(result.value_per_share, rel=1e-15)
    off = [(layout.SCENARIOS, cell, None) for key, cell in
           scenario_cells(path, "Override").items() if key in changes]  # fmt: skip
    found = Formualizer(path).recalculate(off)
    without = value(book, scenario="bull").value_per_share
    assert found["Cover!B6"] == pytest.approx(without, rel=1e-12)


def test_the_report_is_an_assumption_workbook(book: Assumptions, base_report: Path) -> None:
    read_back = valuation.load(base_report)
    assert read_back.inputs == book.inputs
    assert read_back.scenarios == book.scenarios
    assert read_back.correlations == book.correlations
    assert read_back.demand_loadings == book.demand_loadings
    assert read_back.gaps == book.gaps == "drop"
    assert read_back.tables == book.tables


def test_one_formula_a_row(base_report: Path) -> None:
    """The first forecast year is not special: the formula is the same along the row."""
    checked = 0
    for sheet in load_workbook(base_report):
        if not sheet.title.endswith(" model") and sheet.title != "Sum of parts":
            continue
        for row in sheet.iter_rows(min_row=layout.FIRST_ROW, min_col=layout.FIRST_YEAR, max_col=26):
            shapes = {relative(str(c.value), c.column) for c in row if c.data_type == "f"}
            assert len(shapes) <= 1, (sheet.title, row[0].row, shapes)
            checked += bool(shapes)
    series = [r for r in value_rows() if r.shape == Shape.SERIES]
    assert checked == len(series)


def value_rows() -> list[Any]:
    from valuation.companies.hangang import company

    return list(company.model.rows.values())


def test_the_ruler_is_the_same_on_every_sheet(base_report: Path) -> None:
    values = stored(base_report)
    sheets = {name.partition("!")[0] for name in values if name.endswith("!F4")}
    assert len(sheets) >= 6
    for sheet in sheets:
        years = [values[f"{sheet}!{letters(layout.OPENING + n)}4"] for n in range(22)]
        assert years == list(range(2024, 2046))


def test_checks_sheet_and_master_check(base_report: Path) -> None:
    engine = Formualizer(base_report)
    assert engine.recalculate([])["Cover!B10"] == 1
    cells = base_cells(base_report)
    broken = engine.recalculate([(*cells["zhejiang_cloud.dcf.weight"], 0.7)])
    assert broken["Cover!B10"] == 0
    assert broken["Zhejiang cloud model!D1"] == 0


def tampered(path: Path, sheet: str, key: str, column: int | None = None) -> dict[str, Any]:
    """Recalculate after a stale number is pasted over a formula, found by the key of its row."""
    page = load_workbook(path)[sheet]
    row = next(r[0].row for r in page.iter_rows() if r[-1].value == key)
    return Formualizer(path).recalculate(
        [(sheet, f"{letters(column or layout.VALUE)}{row}", 123.456)]
    )


TAMPERED = {
    "zhejiang_cloud.plant_rolls": ("Zhejiang cloud model", "zhejiang_cloud.net_plant", 10),
    "zhejiang_cloud.dcf.two_ways": ("Zhejiang cloud model", "zhejiang_cloud.dcf.present_value", 9),
    "compute_leasing.contract_dcf.two_ways": (
        "Compute leasing model",
        "compute_leasing.contract_dcf.discount_factor",
        8,
    ),
    "compute_leasing.fully_written_off": (
        "Compute leasing model",
        "compute_leasing.depreciation",
        7,
    ),
    "parts_add_up": ("Sum of parts", "zhejiang_cloud_value", None),
    "discount_not_on_cash": ("Sum of parts", "holding_discount", None),
}


@pytest.mark.parametrize("key", TAMPERED)
def test_checks_find_a_number_pasted_over_a_formula(
    book: Assumptions, base_report: Path, key: str
) -> None:
    found = tampered(base_report, *TAMPERED[key])
    title = book.company.model.title(key)
    sheet = load_workbook(base_report)["Checks"]
    row = next(r[0].row for r in sheet.iter_rows() if r[0].value == title)
    assert found[f"Checks!F{row}"] == 0
    assert found["Cover!B10"] == 0


def test_no_rate_of_return_shows_as_an_error_cell(book: Assumptions, tmp_path: Path) -> None:
    """The answer that does not exist is not invented, and the checks say there is a gap."""
    path = tmp_path / "none.xlsx"
    nothing = dict.fromkeys(("fee", "residual_ratio", "book_residual_ratio"), 0)
    write_report(value(book, changes={f"compute_leasing.{k}": v for k, v in nothing.items()}), path)
    values, found = stored(path), Formualizer(path).recalculate([])
    assert not differences(values, found)
    gaps = [n for n, v in values.items() if isinstance(v, str) and v.startswith("#")]
    assert len(gaps) == 2
    assert values["Cover!B10"] == 0


@pytest.mark.libreoffice
def test_libreoffice_gives_the_same_values_also_after_edits(
    book: Assumptions, base_report: Path
) -> None:
    """One session: as made, every scenario, then ten times eight random blue cells."""
    rng = np.random.default_rng(7)
    cells = base_cells(base_report)
    runs: list[list[Edit]] = [[]]
    expected = [stored(base_report)]
    for scenario in book.scenarios:
        runs.append([("Cover", "B4", scenario)])
        expected.append(expected_of(value(book, scenario=scenario)))
    runs.append([("Cover", "B4", "base")])
    expected.append(stored(base_report))
    changes: dict[str, float] = {}
    for _ in range(10):
        new = random_edits(book, rng, 8)
        changes |= new
        runs.append([(*cells[key], number) for key, number in new.items()])
        expected.append(expected_of(value(with_base(book, changes))))
    found = libreoffice(base_report, runs)
    assert len(found) == len(expected)
    for one, other in zip(expected, found, strict=True):
        assert not differences(one, other, leave_out=STATUS)


# Files ---------------------------------------------------------------------------------------


def test_the_same_inputs_give_the_same_bytes(book: Assumptions) -> None:
    assert report(value(book)).to_bytes() == report(value(book)).to_bytes()


def test_overwriting_the_workbook_read_must_be_asked_for(
    base_report: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reports").mkdir()
    own = tmp_path / "reports" / "hangang.xlsx"
    own.write_bytes(base_report.read_bytes())
    before = own.read_bytes()
    with pytest.raises(valuation.WorkbookError, match="--in-place"):
        valuation.report(own)
    assert own.read_bytes() == before
    path, result = valuation.report(
        own, in_place=True, changes={"corporate.net_cash": 7000}, draws=0
    )
    assert path == own
    assert own.with_name("hangang.xlsx.bak").read_bytes() == before
    assert valuation.load(own).overrides == {"corporate.net_cash": 7000}
    assert result.number("net_cash") == 7000


def test_a_failed_run_leaves_the_old_report(base_report: Path, tmp_path: Path) -> None:
    target = tmp_path / "old.xlsx"
    target.write_bytes(b"old")
    with pytest.raises(valuation.InputError):
        valuation.report(base_report, target, changes={"corporate.net_cahs": 1})
    with pytest.raises(valuation.NoAnswerError):
        valuation.report(base_report, target, changes={"corporate.cost_growth": 0.09})
    assert target.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["old.xlsx"]


@pytest.mark.parametrize("lock", ["~$out.xlsx", ".~lock.out.xlsx#"])
def test_a_report_open_elsewhere_is_not_written(tmp_path: Path, lock: str) -> None:
    (tmp_path / "out.xlsx").write_bytes(b"old")
    (tmp_path / lock).touch()
    with pytest.raises(valuation.WorkbookError, match="open in another program"):
        replace_file(tmp_path / "out.xlsx", b"new")
    assert (tmp_path / "out.xlsx").read_bytes() == b"old"


def test_a_write_that_fails_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out.xlsx").write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(valuation.WorkbookError, match=r"No space left.*old file is unchanged"):
        replace_file(tmp_path / "out.xlsx", b"new")
    assert (tmp_path / "out.xlsx").read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["out.xlsx"]


def test_mode_and_symbolic_link_survive(tmp_path: Path) -> None:
    real = tmp_path / "real.xlsx"
    real.write_bytes(b"old")
    real.chmod(0o600)
    link = tmp_path / "link.xlsx"
    link.symlink_to(real)
    replace_file(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert stat.S_IMODE(real.stat().st_mode) == 0o600


def test_a_formula_without_a_value_is_refused() -> None:
    made = Book()
    sheet = made.sheet("S")
    sheet["A1"] = "=1+1"
    with pytest.raises(ValueError, match="formulas without a value"):
        made.to_bytes()


def test_text_never_becomes_a_formula(tmp_path: Path) -> None:
    made = Book()
    sheet = made.sheet("S")
    for row, text in enumerate(("=1+1", "+1", "@SUM(A1)", "#N/A", "-1", "2026-01-01"), 1):
        made.text(sheet, row, 1, text)
    (tmp_path / "t.xlsx").write_bytes(made.to_bytes())
    assert not formula_cells(tmp_path / "t.xlsx")
    kept = [c.value for c in load_workbook(tmp_path / "t.xlsx")["S"]["A"]]
    assert kept == ["=1+1", "+1", "@SUM(A1)", "#N/A", "-1", "2026-01-01"]
    with pytest.raises(valuation.WorkbookError, match="Shorten"):
        made.text(sheet, 9, 1, "x" * 32_768)


def test_numbers_that_are_none_are_refused() -> None:
    made = Book()
    with pytest.raises(ValueError, match="is no number"):
        made.number(made.sheet("S"), 1, 1, float("nan"), made.styles("text"))


def test_sheets_people_edit_are_pleasant(base_report: Path) -> None:
    """Blue inputs, frozen panes, drop-downs at named ranges, bounds, comments, no grid lines."""
    workbook = load_workbook(base_report)
    sheet = workbook["Zhejiang cloud"]
    base = base_cells(base_report)["zhejiang_cloud.lease_price"][1]
    assert sheet[base].font.color.rgb.endswith("0000FF")
    assert sheet.freeze_panes == "E5"
    rules = sheet.data_validations.dataValidation
    assert {"=distributions", "=confidences"} <= {r.formula1 for r in rules}
    assert any(base in str(r.sqref) and r.formula2 == "6000" for r in rules)
    assert sheet["E4"].comment is not None
    assert {"distributions", "confidences", "scenario_names"} <= set(workbook.defined_names)
    for page in workbook:
        assert page.sheet_state == "visible"
        assert not page.sheet_view.showGridLines
        assert not page.merged_cells.ranges
        assert page.page_setup.orientation == "landscape"
        assert page.page_setup.fitToWidth == 1


def test_nothing_external_and_nothing_volatile(base_report: Path) -> None:
    with zipfile.ZipFile(base_report) as archive:
        names = archive.namelist()
    assert not [n for n in names if "externalLink" in n or "vba" in n.lower()]
    for name, text in formula_cells(base_report).items():
        assert not any(w in text for w in ("OFFSET(", "INDIRECT(", "NOW(", "RAND", "[")), name
        assert "IFERROR" not in text
        assert '""' not in text, f"{name} may return empty text"


def test_a_line_that_opens_without_a_value_is_refused(book: Assumptions) -> None:
    """Every opening cell of the report has a value of its own."""
    rows = [
        r for r in book.company.model.rows.values() if isinstance(r, Line) and r.opening is not None
    ]
    assert rows
    result = value(book)
    for row in rows:
        assert row.opening is not None
        assert np.isfinite(result.node(row.opening))


def test_sheet_names_fit_excel(base_report: Path) -> None:
    for title in load_workbook(base_report).sheetnames:
        assert len(title) <= 31
        assert not set(title) & set("[]:*?/\\")
