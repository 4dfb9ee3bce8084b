"""Rank correlations between inputs."""

import pytest
from sheets import fill, read_book, told, valid


@pytest.fixture
def book():
    return valid()


def test_either_half_of_the_square_will_do_and_zeros_are_left_out(book):
    found = read_book(book)
    assert found.correlated == ("mill.take_up", "mill.price", "mill.life")
    assert found.correlations == {
        ("mill.take_up", "mill.price"): 0.5,
        ("mill.take_up", "mill.life"): -0.25,
    }


def test_rows_of_the_square_may_be_sorted_and_described(book):
    before = read_book(book).correlations
    sheet = book["Correlations"]
    rows = [[c.value for c in row] for row in sheet["A5:D7"]]
    fill(sheet, {5 + n: tuple(row) for n, row in enumerate(rows[::-1])})
    sheet.insert_cols(2)
    sheet["B4"], sheet["B5"] = "Label", "Life"
    found = read_book(book)
    assert found.correlations == before
    assert found.correlated == ("mill.take_up", "mill.price", "mill.life")


def test_a_correlation_may_be_a_percentage(book):
    book["Correlations"]["C5"] = "50%"
    assert read_book(book).correlations["mill.take_up", "mill.price"] == 0.5


def test_differences_below_the_tolerance_are_rounding(book):
    book["Correlations"]["C5"] = 0.5 + 1e-13
    assert read_book(book).correlations["mill.take_up", "mill.price"] == 0.5 + 1e-13


PERCENTAGE = "Enter a percentage such as 92% or 0.92."
WITHIN = "Enter a value within these bounds."
ALSO = "stands twice, also at"
OWN = "mill.take_up, mill.take_up"
PRICE = "mill.take_up, mill.price"
ALONE = "Enter 1, or leave the cell blank."
HERE = "Correlations!C5. Make them equal."


@pytest.mark.parametrize(
    ("cell", "value", "place", "line"),
    [
        ("C5", 50, "C5", f"{PRICE}: 50 is outside -1 to 1. Enter 50% or 0.5."),
        ("C5", "-101%", "C5", f"{PRICE}: -1.01 is outside -1 to 1. {WITHIN}"),
        ("C5", "x", "C5", f"{PRICE}: 'x' is not a number. {PERCENTAGE}"),
        ("B5", 0.9, "B5", f"{OWN}: 0.9 with itself. {ALONE}"),
        ("B5", 0, "B5", f"{OWN}: 0 with itself. {ALONE}"),
        ("B6", 0.4, "B6", f"{PRICE}: 0.4 here, but 0.5 at {HERE}"),
        ("C5", 0.5 + 1e-11, "B6", f"{PRICE}: 0.5 here, but 0.50000000001 at {HERE}"),
        ("C5", 0, "B6", f"{PRICE}: 0.5 here, but 0 at {HERE}"),
        (
            "C4",
            "mill.prize",
            "C4",
            "Key: no input has the key 'mill.prize'. Did you mean 'mill.price'?",
        ),
        ("C4", "mill.prize", "A6", "Key: 'mill.price' has no column. Add it, or delete the key."),
        ("A6", None, "C4", "Key: 'mill.price' has no row. Add it, or delete the key."),
        ("A6", "mill.life", "A7", f"Key: row 'mill.life' {ALSO} Correlations!A6. Keep one."),
        ("C4", "mill.life", "D4", f"Key: column 'mill.life' {ALSO} Correlations!C4. Keep one."),
        (
            "A6",
            "mill.equity",
            "A6",
            "Key: 'mill.equity' is calculated, not an input. Delete the row.",
        ),
    ],
)
def test_each_fault_of_the_correlations_is_told(book, cell, value, place, line):
    book["Correlations"][cell] = value
    assert f"Correlations!{place}, {line}" in told(book)
