"""Scenarios and overrides."""

import pytest
from sheets import fill, read_book, told, valid

from valuation.risk.assumptions import Scenario


@pytest.fixture
def book():
    return valid()


def test_scenarios_are_read_in_the_order_of_the_sheet(book):
    found = read_book(book)
    assert list(found.scenarios.values()) == [
        Scenario(
            name="bear", chinese="悲观", weight=0.25, values={"mill.take_up": 0.85, "mill.life": 15}
        ),
        Scenario(name="base", chinese="基准", weight=0.5, values={}),
        Scenario(name="bull", chinese="乐观", weight=0.25, values={"mill.take_up": 0.95}),
    ]
    assert found.overrides == {}


def test_a_blank_weight_is_none_and_names_are_optional(book):
    book["Scenarios"]["H6"], book["Scenarios"]["I6"] = None, "75%"
    book["Scenarios"].delete_rows(5)
    found = read_book(book).scenarios
    assert (found["bear"].weight, found["base"].weight) == (0.0, 0.75)
    assert found["bear"].chinese == ""


def test_base_and_live_columns_and_remarks_are_not_read(book):
    sheet = book["Scenarios"]
    sheet["E7"], sheet["F7"], sheet["K4"], sheet["K7"] = "=Mill!E6", "=E7", "Note", "as agreed"
    found = read_book(book)
    assert set(found.scenarios) == {"bear", "base", "bull"}
    assert found.notices == ("Scenarios!K4: column 'Note' is not read",)


def test_sections_and_repeated_headers_of_the_sheet_are_skipped(book):
    header = tuple(cell.value for cell in book["Scenarios"][4])
    fill(book["Scenarios"], {9: (None, "Market"), 10: header})
    assert read_book(book).notices == ()


@pytest.mark.parametrize("value", [None, "base", " Base "])
def test_an_override_that_says_base_is_off(book, value):
    book["Scenarios"]["G7"] = value
    assert read_book(book).overrides == {}


def test_an_override_wins_and_is_told(book):
    book["Scenarios"]["G7"] = "88%"
    found = read_book(book)
    assert found.overrides == {"mill.take_up": 0.88}
    assert found.notices == ("Scenarios!G7: override on, mill.take_up is 0.88 in every scenario",)


PERCENTAGE = "Enter a percentage such as 92% or 0.92."
NO_INPUT = "an override replaces an input, and this is none. Clear the cell."
NOTHING = "Scenario base overrides nothing. Change the Base cell on the input sheet."
ALSO = "stands twice, also at"
TWICE = "heads more than one column, also"


@pytest.mark.parametrize(
    ("cell", "value", "label", "text"),
    [
        ("H7", 85, "Take-up, bear", "85 is outside 0 to 1. Enter 85% or 0.85."),
        ("H7", "low", "Take-up, bear", f"'low' is not a number. {PERCENTAGE}"),
        ("J8", 20.5, "Life, bull", "20.5 is not a whole number. Enter 20 or 21."),
        ("G7", 1.5, "Take-up, Override", "1.5 is outside 0 to 1. Enter 1.5% or 0.015."),
        ("G8", 15.5, "Life, Override", "15.5 is not a whole number. Enter 15 or 16."),
        ("I7", 0.9, "Take-up, base", NOTHING),
        ("G6", 0.3, "weight, Override", NO_INPUT),
        ("G5", "x", "name, Override", NO_INPUT),
        ("H6", 25, "weight, bear", "25 is outside 0 to 1. Enter 25% or 0.25."),
        ("H6", "?", "weight, bear", f"'?' is not a number. {PERCENTAGE}"),
        ("A7", "xyz", "Take-up", "no input has the key 'xyz'. Delete the row or mend the key."),
        ("A8", "mill.take_up", "Life", f"key 'mill.take_up' {ALSO} Scenarios!A7. Keep one."),
        ("A7", "weight", "Take-up", f"key 'weight' {ALSO} Scenarios!A6. Keep one."),
        ("J4", "bear", "header", f"'bear' {TWICE} H4. Keep one."),
        ("J4", "Be-ar", "header", f"'Be-ar' {TWICE} H4. Keep one."),
        ("K4", "Override", "header", f"'Override' {TWICE} G4. Keep one."),
    ],
)
def test_each_fault_of_the_scenarios_is_told(book, cell, value, label, text):
    book["Scenarios"][cell] = value
    assert f"Scenarios!{cell}, {label}: {text}" in told(book)


def test_a_scenario_value_without_a_key_is_told(book):
    book["Scenarios"]["A8"] = None
    assert told(book) == [
        "Scenarios!H8, Life: 15 has no key. Give the row a key, or clear the cell."
    ]


def test_the_base_scenario_must_stand_on_the_sheet(book):
    book["Scenarios"]["I4"] = "basis"
    assert told(book) == [
        "Scenarios!A4, header: no scenario base. Add a column with the header base."
    ]


def test_scenarios_keep_to_the_bounds_of_the_input_sheet(book):
    book["Mill"]["J6"] = 0.9
    book["Mill"]["F6"] = 0.9
    assert told(book) == [
        "Scenarios!H7, Take-up, bear: 0.85 is outside 0.9 to 1. Enter a value within these bounds."
    ]


@pytest.mark.parametrize("weight", [0.2, 0.25 + 2e-9])
def test_weights_sum_to_100_percent(book, weight):
    book["Scenarios"]["H6"] = weight
    (line,) = told(book)
    total = format(100 * (weight + 0.75), ".15g")
    assert line == (
        f"Scenarios!A6, weight: weights sum to {total}%, not 100%. Change them to sum to 100%."
    )


def test_weights_that_sum_to_100_percent_but_for_rounding_pass(book):
    book["Scenarios"]["H6"] = 0.25 + 5e-10
    assert read_book(book).scenarios


def test_one_number_for_a_yearly_input_holds_in_every_year(book):
    fill(book["Scenarios"], {9: ("mill.volume", "Volume")})
    book["Scenarios"]["G9"] = 100
    assert read_book(book).overrides == {"mill.volume": 100}
    book["Scenarios"]["G9"] = -100
    (line,) = told(book)
    assert line.startswith("Scenarios!G9, Volume, Override: ")


def test_a_missing_row_of_weights_is_told(book):
    book["Scenarios"].delete_rows(6)
    assert told(book) == ["Scenarios: no row with the key weight. Add one; weights sum to 100%."]


@pytest.mark.parametrize("title", ["Scenarios", "Correlations"])
def test_a_missing_sheet_is_told(book, title):
    book.remove(book[title])
    assert told(book) == [
        f"sheet {title} is missing. Add it, or take it from the workbook as it was."
    ]


@pytest.mark.parametrize("title", ["Scenarios", "Correlations"])
def test_a_sheet_without_a_header_is_told(book, title):
    book[title]["A4"] = "Keys"
    (line,) = told(book)
    assert line.startswith(f"{title}: no header row with the word Key. Add it")


def test_a_copy_of_the_scenarios_is_told_and_not_read(book):
    book.copy_worksheet(book["Scenarios"]).title = "Old scenarios"
    book["Old scenarios"]["H7"] = 0.7
    found = read_book(book)
    assert found.scenarios["bear"].values["mill.take_up"] == 0.85
    assert found.notices == ("Old scenarios: not read, the sheet Scenarios is",)
