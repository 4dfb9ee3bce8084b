"""Formulas in input cells, and data tables lost on the way."""

import pytest
from openpyxl.worksheet.formula import ArrayFormula
from sheets import (
    fill,
    read_book,
    read_data,
    to_bytes,
    told,
    valid,
    with_cell_xml,
)

from valuation.errors import AssumptionError

MILL = 3  # the third sheet


@pytest.fixture
def book():
    return valid()


def test_a_formula_with_a_stored_value_is_used_and_told(book):
    cell = '<c r="E6"><f>0.9+0.02</f><v>0.92</v></c>'
    found = read_data(with_cell_xml(to_bytes(book), MILL, "E6", cell))
    assert found.inputs["mill.take_up"].value == 0.92
    assert found.notices == ("Mill!E6 holds a formula; its value 0.92 is used",)


def test_many_formulas_in_a_row_are_told_once(book):
    data = to_bytes(book)
    for column, value in zip("FGH", (100, 110, 120.5), strict=True):
        cell = f'<c r="{column}14"><f>1*{value}</f><v>{value}</v></c>'
        data = with_cell_xml(data, MILL, f"{column}14", cell)
    assert read_data(data).notices == ("Mill!F14:H14 holds 3 formulas; their values are used",)


@pytest.mark.parametrize("formula", ["=0.9+0.02", ArrayFormula("E6", "=0.9+0.02")])
def test_a_formula_without_a_stored_value_is_a_problem(book, formula):
    book["Mill"]["E6"] = formula
    (line,) = told(book)
    assert line == (
        "Mill!E6, Take-up, saturated: holds a formula without a stored value. "
        "Open the workbook in Excel and save it, or type the value."
    )


@pytest.mark.parametrize("cell", ["A6", "D6", "H6", "F13"])
def test_a_formula_without_a_stored_value_is_a_problem_in_text_cells_too(book, cell):
    book["Mill"][cell] = '="PERT"'
    assert f"Mill!{cell}" in " ".join(
        line for line in told(book) if "holds a formula without a stored value" in line
    )


def test_a_stored_error_value_is_a_problem(book):
    data = with_cell_xml(to_bytes(book), MILL, "E6", '<c r="E6" t="e"><f>X1</f><v>#REF!</v></c>')
    with pytest.raises(AssumptionError, match=r"Mill!E6, Take-up, saturated: .* the error #REF!\."):
        read_data(data)


def test_a_formula_that_gives_text_is_a_problem(book):
    cell = '<c r="E6" t="str"><f>"n"&amp;"/a"</f><v>n/a</v></c>'
    with pytest.raises(AssumptionError, match=r"Mill!E6, .*: 'n/a' is not a number\."):
        read_data(with_cell_xml(to_bytes(book), MILL, "E6", cell))


LOST = "LibreOffice saved this file and wrote TABLE( in place of a data table"


@pytest.mark.parametrize(
    "xml",
    [
        '<c r="E6" t="str"><f>TABLE($C$5,$A$2,$C6)</f><v></v></c>',
        '<c r="E6" t="str"><f>TABLE($C$5,$A$2,$C6)</f><v>0.92</v></c>',
        '<c r="E6" t="inlineStr"><is><t>=TABLE(C5,A2)</t></is></c>',
        '<c r="E6" t="inlineStr"><is><t>{=TABLE(C5,A2)}</t></is></c>',
    ],
)
def test_a_lost_data_table_in_an_input_is_a_problem(book, xml):
    with pytest.raises(AssumptionError, match=rf"Mill!E6, .*: {LOST[:20]}.* or type the value\."):
        read_data(with_cell_xml(to_bytes(book), MILL, "E6", xml))


def test_a_lost_data_table_elsewhere_is_told(book):
    fill(book.create_sheet("Sensitivity"), {1: ("WACC",), 2: ("=TABLE(A1,B1)",)})
    (notice,) = read_book(book).notices
    assert notice == f"Sensitivity!A2: {LOST}; inputs are read all the same"
