"""The Sensitivity sheet: native data tables that other engines recalculate to Python's numbers."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import test_report
from judges import Edit, Formualizer, Formulon, differences, libreoffice, stored
from openpyxl import load_workbook
from openpyxl.worksheet.formula import DataTableFormula
from test_report import STATUS, base_cells, expected_of, with_base

import valuation
from valuation.engines.formulas import letters, number
from valuation.lines import Shape
from valuation.risk.assumptions import Assumptions, TableWanted
from valuation.risk.runs import rerun
from valuation.risk.sensitivity import Sensitivity, sensitivity
from valuation.risk.valuation import Valuation, value
from valuation.workbook import layout
from valuation.workbook.report import report, write_report
from valuation.workbook.store import Book

SHEET = "Sensitivity"
WACC, GROWTH = "steel.capital.wacc", "steel.end.growth"
#: Every kind of axis: inputs with and without a row on Scenarios, one a year, a line, scenarios.
WANTED = (
    TableWanted(
        name="Shift by margin",
        row_key="market.wacc_shift",
        row_steps="-1%; 0; 1%; 2%",
        column_key="steel.mid_cycle_margin",
        column_steps="±40 1",
        outputs=("value_per_share",),
    ),
    TableWanted(
        name="WACC by growth",
        row_key=WACC,
        row_steps="0.9%; base; 9%",
        column_key=GROWTH,
        column_steps="0%; 0.5%; 1%; 2%",
        outputs=("steel.dcf.enterprise_value",),
    ),
    TableWanted(
        name="Scenario by discount",
        row_key="corporate.holding_discount",
        row_steps="0%; base; 20%",
        column_key="scenario",
        column_steps="bear; base; bull; blue sky",
        outputs=("equity_value",),
    ),
    TableWanted(
        name="Delivered",
        row_key="zhejiang_cloud.delivered_ratio",
        row_steps="70%; 90%",
        outputs=("value_per_share", "zhejiang_cloud.enterprise_value", "steel.revenue@2030"),
    ),
    TableWanted(
        name="Margin",
        row_key="steel.mid_cycle_margin",
        row_steps="±60 1",
        outputs=("value_per_share", "steel.revenue@2030"),
    ),
)
#: Blue cells away from the axes and from what steel's cost of capital rests on.
EDITS = {
    "corporate.net_cash": 7300.0,
    "steel.nwc_ratio": 0.05,
    "steel.maintenance_capex": 700.0,
    "zhejiang_cloud.lease_price": 500.0,
    "steel.end.return_on_new_capital": 0.09,
}


@pytest.fixture(scope="module")
def tables(book: Assumptions) -> list[Sensitivity]:
    return computed(book)


@pytest.fixture(scope="module")
def path(
    book: Assumptions, tables: list[Sensitivity], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    target = tmp_path_factory.mktemp("tables") / "report.xlsx"
    write_report(value(book), target, tables=tables)
    return target


@pytest.fixture(scope="module")
def formulon(path: Path) -> Formulon:
    """Started once; each test leaves the cells as they were."""
    return Formulon(path)


def computed(book: Assumptions, **changes: float) -> list[Sensitivity]:
    return [sensitivity(book, wanted, changes=changes) for wanted in WANTED]


def data_tables(path: Path) -> list[DataTableFormula]:
    """The data tables of the sheet, from top to bottom."""
    cells = [c.value for row in load_workbook(path)[SHEET].iter_rows() for c in row]
    return [found for found in cells if isinstance(found, DataTableFormula)]


def body(ref: str) -> list[list[str]]:
    """Cells of a range, row by row."""
    found = re.fullmatch(r"([A-Z]+)(\d+):([A-Z]+)(\d+)", ref)
    assert found is not None
    left, top, right, bottom = found.groups()
    return [
        [f"{SHEET}!{letters(column)}{row}" for column in range(number(left), number(right) + 1)]
        for row in range(int(top), int(bottom) + 1)
    ]


def bodies(path: Path) -> list[list[list[str]]]:
    return [body(found.ref) for found in data_tables(path)]


def firsts(path: Path) -> frozenset[str]:
    """Cells that hold the data tables: formualizer has no rule for them."""
    return frozenset(cells[0][0] for cells in bodies(path))


def assert_bodies(
    path: Path,
    found: dict[str, Any],
    tables: Iterable[Sensitivity],
    *,
    rel: float = 1e-9,
    one_way: int = 99,
) -> None:
    """Bodies equal Python's grids; of one-way tables the first columns only."""
    for cells, table in zip(bodies(path), tables, strict=True):
        assert np.shape(cells) == table.values.shape
        for (row, column), expected in np.ndenumerate(table.values):
            if table.columns is None and column >= one_way:
                continue
            got = found[cells[row][column]]
            if np.isnan(expected):
                assert not isinstance(got, float), (table.wanted.name, row, column)
            else:
                assert got == pytest.approx(expected, rel=rel), (table.wanted.name, row, column)


def input_cells(path: Path) -> dict[str, str]:
    """Address of each input cell by the key it changes."""
    rows = load_workbook(path)[SHEET].iter_rows(min_row=6, max_row=20)
    return {row[6].value: row[3].coordinate for row in rows if isinstance(row[6].value, str)}


def model_cells(path: Path, book: Assumptions) -> dict[str, list[str]]:
    """Cells of every row of the model by key."""
    found = {}
    periods, rows = book.company.model.periods, book.company.model.rows
    for sheet in load_workbook(path):
        for cells in sheet.iter_rows(min_row=layout.FIRST_ROW):
            row = rows.get(cells[-1].value)
            if row is not None and (
                sheet.title.endswith(" model") or sheet.title == "Sum of parts"
            ):
                columns = [layout.VALUE]
                if row.shape == Shape.SERIES:
                    columns = list(range(layout.FIRST_YEAR, layout.FIRST_YEAR + periods))
                names = [f"{sheet.title}!{letters(column)}{cells[0].row}" for column in columns]
                found[cells[-1].value] = names
    return found


def assert_model(cells: dict[str, list[str]], found: dict[str, Any], result: Any) -> None:
    """Every row of the model equals Python, whatever the sheets about it say."""
    for key, names in cells.items():
        expected = np.atleast_1d(result[key])
        expected = np.broadcast_to(expected, len(names))
        for name, number_ in zip(names, expected, strict=True):
            if np.isfinite(number_):
                assert found[name] == pytest.approx(float(number_), rel=1e-9, abs=1e-9), name
            else:
                assert not isinstance(found[name], float), name


def edits_of(path: Path, changes: dict[str, float]) -> list[Edit]:
    cells = base_cells(path)
    return [(*cells[key], new) for key, new in changes.items()]


def verdicts(path: Path) -> dict[str, str]:
    """Cell of the verdict of each rule on Checks."""
    return {
        row[0].value: f"Checks!F{row[0].row}"
        for row in load_workbook(path)["Checks"].iter_rows()
        if isinstance(row[0].value, str)
    }


# What is written ------------------------------------------------------------------------------


def test_what_holds_for_a_report_holds_with_tables(book: Assumptions, path: Path) -> None:
    test_report.test_every_calculated_cell_is_a_formula_with_its_value(path)
    test_report.test_the_values_stored_are_those_of_python(book, path)
    test_report.test_the_report_is_an_assumption_workbook(book, path)
    test_report.test_one_formula_a_row(path)
    test_report.test_checks_sheet_and_master_check(path)
    test_report.test_sheets_people_edit_are_pleasant(path)
    test_report.test_nothing_external_and_nothing_volatile(path)
    test_report.test_sheet_names_fit_excel(path)


def test_the_file_stores_what_python_has(path: Path, tables: list[Sensitivity]) -> None:
    sheet = load_workbook(path, data_only=True)[SHEET]
    found = {f"{SHEET}!{c.coordinate}": c.value for row in sheet.iter_rows() for c in row}
    assert_bodies(path, found, tables, rel=1e-15)


def test_the_row_input_cell_is_that_of_the_values_along_the_top(path: Path) -> None:
    cells = input_cells(path)
    assert set(cells) == {w.row_key for w in WANTED} | {w.column_key for w in WANTED} - {""}
    for wanted, found in zip(WANTED, data_tables(path), strict=True):
        row, column = cells[wanted.row_key], cells.get(wanted.column_key)
        if column is None:
            assert (found.r1, found.r2, found.dt2D, found.dtr) == (row, None, False, False)
        else:
            assert (found.r1, found.r2, found.dt2D, found.dtr) == (column, row, "1", "1")


def test_input_cells_are_never_empty(path: Path) -> None:
    sheet = load_workbook(path)[SHEET]
    told = {key: sheet[cell].value for key, cell in input_cells(path).items()}
    assert told.pop("scenario") == "as chosen"
    assert set(told.values()) == {"base"}


def test_base_is_marked_and_equals_the_headline(
    path: Path, book: Assumptions, tables: list[Sensitivity]
) -> None:
    sheet, shown = load_workbook(path)[SHEET], load_workbook(path, data_only=True)[SHEET]
    result = value(book)
    for table, cells in zip(tables, bodies(path), strict=True):
        bordered = [
            (r, c)
            for r, line in enumerate(cells)
            for c, name in enumerate(line)
            if getattr(sheet[name.partition("!")[2]].border.left, "style", "") == "medium"
        ]
        across = range(table.values.shape[1])
        at = [table.columns.base_at] if table.columns else list(across)
        rows = [] if table.rows.base_at is None else [table.rows.base_at]
        assert bordered == list(product(rows, at))
        for n, (row, column) in enumerate(bordered):
            output, year = table.outputs[n], table.years[n]
            expected = result[output]
            if isinstance(expected, tuple):
                expected = expected[result.years.index(year or 0)]
            assert shown[cells[row][column].partition("!")[2]].value == pytest.approx(
                expected, rel=1e-12
            )


def test_both_grids_are_coloured(path: Path) -> None:
    sheet = load_workbook(path)[SHEET]
    spans = {str(r.sqref) for r in sheet.conditional_formatting
             if any(rule.type == "colorScale" for rule in r.rules)}  # fmt: skip
    for found, wanted in zip(data_tables(path), WANTED, strict=True):
        assert (found.ref in spans) == bool(wanted.column_key)
    assert len(spans) == 2 * 3 + 1 + 2 * (3 + 2)


def test_the_same_tables_give_the_same_bytes(book: Assumptions) -> None:
    one, two = (report(value(book), tables=computed(book)).to_bytes() for _ in range(2))
    assert one == two
    assert report(value(book)).to_bytes() != one


def test_a_data_table_without_a_value_is_refused() -> None:
    made = Book()
    sheet = made.sheet("S")
    made.data_table(sheet, 2, 2, [[1.0, float("nan")], [3.0, 4.0]], down="A9", along="A8")
    with zipfile.ZipFile(io.BytesIO(made.to_bytes())) as archive:
        text = archive.read("xl/worksheets/sheet1.xml").decode()
    formula = '<f t="dataTable" ref="B2:C3" dt2D="1" dtr="1" r1="A8" r2="A9"/>'
    assert f'<c r="B2">{formula}<v>1</v></c><c r="C2" t="e"><v>#N/A</v></c>' in text
    sheet["E5"] = DataTableFormula("E5:F6", r1="A1")
    with pytest.raises(ValueError, match="formulas without a value"):
        made.to_bytes()


# Recalculated ---------------------------------------------------------------------------------


def test_formulon_recalculates_every_cell_to_what_python_has(
    path: Path, formulon: Formulon, tables: list[Sensitivity]
) -> None:
    """The bodies are not echoed: another margin moves them, the old one brings them back."""
    also = [name for cells in bodies(path) for line in cells for name in line]
    ((sheet, cell),) = [
        place for key, place in base_cells(path).items() if key == "steel.nwc_ratio"
    ]
    old = load_workbook(path)[sheet][cell].value
    moved = formulon.recalculate([(sheet, cell, old + 0.02)], also)
    found = formulon.recalculate([(sheet, cell, old)], also)
    assert moved[also[0]] != pytest.approx(found[also[0]], rel=1e-6)
    assert_bodies(path, found, tables)
    expected = stored(path)
    assert not differences(expected, {name: found[name] for name in expected})


def test_tables_follow_blue_cells(book: Assumptions, path: Path, formulon: Formulon) -> None:
    also = [name for cells in bodies(path) for line in cells for name in line]
    before = {key: book.inputs[key].value for key in EDITS}
    found = formulon.recalculate(edits_of(path, EDITS), also)
    formulon.recalculate(edits_of(path, before))  # type: ignore[arg-type]
    assert_bodies(path, found, computed(with_base(book, EDITS)))
    assert found["Cover!B10"] == 1


def test_tables_start_from_the_scenario_on_the_cover(
    book: Assumptions, path: Path, formulon: Formulon, tables: list[Sensitivity], tmp_path: Path
) -> None:
    """Python's grid keeps the scenario it was asked for; the report made there says the same."""
    also = [name for cells in bodies(path) for line in cells for name in line]
    found = formulon.recalculate([("Cover", "B4", "bull")], also)
    formulon.recalculate([("Cover", "B4", "base")])
    other = tmp_path / "bull.xlsx"
    write_report(value(book, scenario="bull"), other, tables=tables)
    expected = stored(other)
    assert not differences(expected, {name: found[name] for name in expected}, leave_out=STATUS)
    for cells, table in zip(bodies(path), tables, strict=True):
        if table.columns and table.columns.key == "scenario":
            continue
        keys = [table.rows.key, table.columns.key if table.columns else ""]
        row, column = 0, table.values.shape[1] - 1
        changes = {keys[0]: table.rows.values[row]}
        if table.columns:
            changes[keys[1]] = table.columns.values[column]
        (single,) = rerun(
            book, [table.outputs[-1]], draws=1, scenarios="bull", changes=changes,
            typed=[WACC] if WACC in keys else [],
        )  # fmt: skip
        year = table.years[-1]
        at = 0 if year is None else value(book).years.index(year)
        if np.isfinite(single[at, 0]):
            assert found[cells[row][column]] == pytest.approx(single[at, 0], rel=1e-9)


@pytest.mark.libreoffice
def test_libreoffice_recalculates_the_tables(
    book: Assumptions, path: Path, tables: list[Sensitivity]
) -> None:
    """LibreOffice 7.4 takes the first two columns of a one-way table and leaves the others."""
    asis, edited = libreoffice(path, [[], edits_of(path, EDITS)])
    assert_bodies(path, asis, tables, one_way=2)
    assert_bodies(path, edited, computed(with_base(book, EDITS)), one_way=2)
    expected = stored(path)
    assert not differences(expected, {name: asis[name] for name in expected})
    assert edited["Cover!B10"] == 1


def test_the_report_recalculates_with_tables_in_it(path: Path) -> None:
    found = Formualizer(path).recalculate([])
    assert not differences(stored(path), found, leave_out=firsts(path))


# Input cells ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "new"),
    [
        ("market.wacc_shift", 0.015),
        ("steel.mid_cycle_margin", 455.0),
        ("corporate.holding_discount", 0.22),
        ("zhejiang_cloud.delivered_ratio", 0.6),
        (GROWTH, 0.013),
    ],
)
def test_a_number_in_an_input_cell_moves_the_whole_model(
    book: Assumptions, path: Path, key: str, new: float
) -> None:
    """Also over the scenario chosen; and the Checks say that it was left there."""
    edits: list[Edit] = [("Cover", "B4", "bull"), (SHEET, input_cells(path)[key], new)]
    engine = Formualizer(path)
    found = engine.recalculate(edits)
    result = value(book, scenario="bull", changes={key: new})
    assert_model(model_cells(path, book), found, result)
    assert found["Cover!B10"] == 0
    again = engine.recalculate([("Cover", "B4", "base"), (SHEET, input_cells(path)[key], "base")])
    assert not differences(stored(path), again, leave_out=firsts(path))


def test_a_number_takes_the_place_of_a_formula(book: Assumptions, path: Path) -> None:
    model = book.company.model
    rows = list(model.rows.values())
    arrays = rerun(book, rows, draws=1, changes={WACC: 0.085}, typed=[WACC])
    found = Formualizer(path).recalculate([(SHEET, input_cells(path)[WACC], 0.085)])
    values = {key: array[:, 0] for key, array in zip(model.rows, arrays, strict=True)}
    assert_model(model_cells(path, book), found, values)


@pytest.mark.parametrize("scenario", ["base", "bear", "blue sky"])
def test_the_scenario_cell_wins_over_the_cover(
    book: Assumptions, path: Path, scenario: str
) -> None:
    edits = [("Cover", "B4", "bull"), (SHEET, input_cells(path)["scenario"], scenario)]
    found = Formualizer(path).recalculate(edits)
    assert_model(model_cells(path, book), found, value(book, scenario=scenario))


def test_a_setting_is_the_base_of_the_tables(book: Assumptions, tmp_path: Path) -> None:
    """What is set on top stands in the Override column; the tables replace it in their axis."""
    changes = {"corporate.net_cash": 7000.0, "zhejiang_cloud.delivered_ratio": 0.8}
    result: Valuation = value(book, scenario="bear", changes=changes)
    path = tmp_path / "set.xlsx"
    wanted = [replace(w, scenario="bear") for w in WANTED]
    write_report(result, path, tables=[sensitivity(book, w, changes=changes) for w in wanted])
    found = Formualizer(path).recalculate([])
    assert not differences(stored(path), found, leave_out=firsts(path))
    assert found["Cover!B10"] == 1
    assert valuation.load(path).overrides == changes


# Checks ---------------------------------------------------------------------------------------


def test_blank_live_tables_do_not_fail(path: Path) -> None:
    """As LibreOffice shows them before a hard recalculation."""
    blank = [(SHEET, name.partition("!")[2], " ")
             for cells in bodies(path) for line in cells for name in line]  # fmt: skip
    assert Formualizer(path).recalculate(blank)["Cover!B10"] == 1


@pytest.mark.parametrize("table", range(len(WANTED)))
def test_a_live_table_that_differs_from_python_is_found(path: Path, table: int) -> None:
    name = bodies(path)[table][-1][-1]
    shown = load_workbook(path, data_only=True)[SHEET][name.partition("!")[2]].value
    found = Formualizer(path).recalculate([(SHEET, name.partition("!")[2], shown + 1)])
    assert found[verdicts(path)[f"Live table less Python: {WANTED[table].name}"]] == 0
    assert found["Cover!B10"] == 0


def test_an_edit_is_no_difference(book: Assumptions, path: Path) -> None:
    """Python's grid is a snapshot: after an edit or on other axes it is not held against."""
    found = Formualizer(path).recalculate(edits_of(path, EDITS))
    expected = expected_of(value(with_base(book, EDITS)))
    told = {name: found[name] for name in expected if not name.startswith(("Checks", "Cover"))}
    kept = {name: expected[name] for name in told}
    assert not differences(kept, told, leave_out=STATUS)
    assert found["Cover!B10"] == 1
    sheet = load_workbook(path)[SHEET]
    corner = sheet[bodies(path)[0][0][0].partition("!")[2]]
    header = sheet.cell(corner.row, corner.column - 1)
    again = Formualizer(path).recalculate([(SHEET, header.coordinate, 0.05)])
    assert again["Cover!B10"] == 1


# Closed form ----------------------------------------------------------------------------------


def closed_form(path: Path) -> list[list[str]]:
    """Cells of the closed form, found by its title."""
    sheet = load_workbook(path)[SHEET]
    ((title,),) = [
        [c for c in row if str(c.value).startswith("Closed form: works")]
        for row in sheet.iter_rows()
        if any(str(c.value).startswith("Closed form: works") for c in row)
    ]
    left, top = title.column + 1, title.row + 3
    return [[f"{SHEET}!{letters(left + c)}{top + r}" for c in range(4)] for r in range(3)]


@pytest.mark.parametrize("changes", [{}, EDITS | {"steel.end.abandonment_value": 4000.0}])
def test_the_closed_form_works_without_data_tables(
    book: Assumptions, path: Path, changes: dict[str, float]
) -> None:
    cells = closed_form(path)
    found = Formualizer(path).recalculate(edits_of(path, changes))
    table = sensitivity(with_base(book, changes), WANTED[1])
    assert np.isnan(table.values).any()
    for (row, column), expected in np.ndenumerate(table.values):
        got = found[cells[row][column]]
        if np.isnan(expected):
            assert not isinstance(got, float)
        else:
            assert got == pytest.approx(expected, rel=1e-9)


def test_the_closed_form_follows_the_axes(book: Assumptions, path: Path) -> None:
    live, closed = bodies(path)[1], closed_form(path)
    sheet = load_workbook(path)[SHEET]
    corner = sheet[live[0][0].partition("!")[2]]
    side = sheet.cell(corner.row + 2, corner.column - 1).coordinate
    head = sheet.cell(corner.row - 1, corner.column + 1).coordinate
    found = Formualizer(path).recalculate([(SHEET, side, 0.11), (SHEET, head, 0.03)])
    for row, column, wacc, growth in ((2, 1, 0.11, 0.03), (2, 3, 0.11, 0.02)):
        changes = {WACC: wacc, GROWTH: growth}
        (expected,) = rerun(
            book, [book.company.model.rows["steel.dcf.enterprise_value"]],
            draws=1, changes=changes, typed=[WACC],
        )  # fmt: skip
        assert found[closed[row][column]] == pytest.approx(expected[0, 0], rel=1e-9)


def test_only_the_enterprise_value_of_a_perpetuity_rests_on_wacc_and_growth(
    book: Assumptions,
) -> None:
    for found in book.company.perpetuities:
        key = book.company.model.key
        rows = [*found.flow, found.last_year, found.years, found.nopat,
                found.return_on_new_capital, found.abandonment_value]  # fmt: skip
        wanted = [*rows, found.enterprise_value]
        wacc, growth = key[found.wacc], key[found.growth]
        low, high = (
            rerun(book, wanted, draws=1, changes={wacc: rate, growth: slow}, typed=[wacc])
            for rate, slow in ((0.06, 0.0), (0.12, 0.02))
        )
        assert all(np.array_equal(a, b) for a, b in zip(low[:-1], high[:-1], strict=True))
        assert low[-1] != pytest.approx(high[-1])


def test_the_closed_form_stands_only_where_it_is_exact(book: Assumptions) -> None:
    def has(wanted: TableWanted) -> bool:
        found = report(value(book), tables=[sensitivity(book, wanted)])
        return any("SUMPRODUCT(" in str(c.value) and "NA()" in str(c.value)
                   for row in found.find(SHEET).iter_rows() for c in row)  # fmt: skip

    turned = replace(
        WANTED[1], row_key=GROWTH, row_steps="0%; 1%", column_key=WACC, column_steps="7%; 9%"
    )
    assert has(WANTED[1])
    assert has(turned)
    assert not has(replace(WANTED[1], outputs=("steel.enterprise_value",)))
    assert not has(replace(WANTED[1], row_key="market.wacc_shift", row_steps=""))
