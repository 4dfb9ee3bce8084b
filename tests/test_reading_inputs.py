"""Rows of the input sheets: each fault is told with its place, its value and a remedy."""

import re

import pytest
from sheets import fill, read_book, told, valid


@pytest.fixture
def book():
    return valid()


# Keys


def test_an_unknown_key_is_told_with_the_nearest(book):
    book["Mill"]["A6"] = "mill.takeup"
    missing, unknown = told(book)
    assert missing == (
        "Mill, Take-up: no row has the key 'mill.take_up'. Add one, with unit % and a value."
    )
    assert unknown == (
        "Mill!A6, Take-up, saturated: no input has the key 'mill.takeup'. "
        "Did you mean 'mill.take_up'?"
    )


def test_an_extra_key_is_told(book):
    fill(book["Mill"], {11: ("xyzzy", "Magic", "", "t", 3)})
    assert told(book) == [
        "Mill!A11, Magic: no input has the key 'xyzzy'. Delete the row or mend the key."
    ]
    fill(book["Mill"], {11: ("mill.revenue", "Revenue", "", "CNY m", 3)})
    assert told(book) == [
        "Mill!A11, Revenue: 'mill.revenue' is calculated, not an input. Delete the row."
    ]


def test_a_key_that_stands_twice_is_told_with_both_places(book):
    fill(book["Ruler"], {8: ("mill.price", "Price", "", "CNY m/t", 7)})
    assert told(book) == [
        "Mill!A7, Price: key 'mill.price' stands twice, also at Ruler!A8. Keep one."
    ]


def test_missing_keys_are_told_on_the_sheet_of_their_group(book):
    book["Mill"].delete_rows(10)
    assert told(book) == [
        "Mill, Shares: no row has the key 'mill.shares'. Add one, with unit shares and a value."
    ]


def test_missing_keys_of_a_group_that_stands_nowhere_are_told(book):
    book.remove(book["Ruler"])
    assert told(book)[0].startswith("Last actual year: no row has the key 'ruler.base_year'.")
    assert len(told(book)) == 3


def test_a_value_without_a_key_is_told(book):
    fill(book["Mill"], {11: (None, "Spare", None, None, 7)})
    assert told(book) == [
        "Mill!E11, Spare: 7 has no key. Give the row the key of its input, or move it."
    ]
    fill(book["Mill"], {11: (None, "Spare", None, None, None, 7)})
    assert told(book)[0].startswith("Mill!F11, Spare: 7 has no key.")
    fill(book["Mill"], {11: (None,) * 7, 15: (None, "Total", None, None, None, 1)})
    assert told(book)[0].startswith("Mill!F15, Total: 1 has no key.")


def test_an_input_in_the_wrong_kind_of_block_is_told(book):
    mill = book["Mill"]
    fill(mill, {11: ("mill.volume", "Volume", "", "t", 3), 14: (None,) * 12})
    assert told(book) == [
        "Mill!A11, Volume: has a value a year. Move it to a block whose headers are the years."
    ]
    fill(mill, {11: (None,) * 5, 10: (None,) * 5})
    fill(mill, {14: ("mill.volume", "Volume", "", "t", None, 1, 2, 3)})
    fill(mill, {14: ("mill.volume", "Volume", "", "t", None, 100, 110, 120)})
    fill(mill, {15: ("mill.shares", "Shares", "", "shares", None, 1, 2, 3)})
    assert told(book) == [
        "Mill!A15, Shares: has one value, not one a year. Move it to a block with a column Base."
    ]


# Headers


def test_a_header_without_its_column_of_values_is_told_and_its_keys_not_missed(book):
    book["Mill"]["E4"] = "Bsae"
    (line,) = told(book)
    assert line == (
        "Mill!A4, header: neither a column Base nor years in this header. "
        "Name the column of values."
    )


def test_a_missing_unit_column_is_told(book):
    book["Ruler"]["D4"] = None
    assert told(book) == ["Ruler!A4, header: no column Unit. Add it, with the unit of each row."]


def test_a_block_needs_no_more_than_keys_units_and_values(book):
    for row in (4, 13):
        for column in (*"BC", *"JKLMNO"):
            book["Mill"][f"{column}{row}"] = None
    book["Mill"]["I13"] = None
    assert len(read_book(book).inputs) == 9
    fill(book["Ruler"], {4: ("Key", None, None, None, "Base")})
    for column in range(6, 16):
        book["Ruler"].cell(4, column).value = None
    assert told(book) == ["Ruler!A4, header: no column Unit. Add it, with the unit of each row."]


def test_three_known_headers_without_values_are_a_header_that_lost_them(book):
    for row in (4, 13):
        fill(book["Mill"], {row: (*("Key", None, None, "Unit"), *("?",) * 10, "Note")})
    lines = [line for line in told(book) if "neither a column Base nor years" in line]
    assert [line[:8] for line in lines] == ["Mill!A13", "Mill!A4,"][::-1]


def test_the_word_key_in_another_column_ends_no_block(book):
    book["Mill"]["O6"] = "Key"
    assert len(read_book(book).inputs) == 9


def test_words_under_key_are_a_section_only_without_values(book):
    fill(book["Mill"], {11: ("Grand total", "All", None, None, 7)})
    (line,) = told(book)
    assert line.startswith("Mill!A11, All: no input has the key 'Grand total'.")


def test_what_looks_like_a_key_is_one_even_without_values(book):
    fill(book["Mill"], {11: ("mill.scrap_price", "Scrap")})
    (line,) = told(book)
    assert line.startswith("Mill!A11, Scrap: no input has the key 'mill.scrap_price'.")


@pytest.mark.parametrize(("cell", "header"), [("F4", "Base"), ("L13", 2026)])
def test_a_header_that_stands_twice_is_told(book, cell, header):
    book["Mill"][cell] = header
    lines = [line for line in told(book) if "heads more than one column" in line]
    assert len(lines) == 2
    assert f"Mill!{cell}, header: '{header}' heads more than one column. Keep one." in lines


@pytest.mark.parametrize(
    ("years", "wrong"),
    [
        ((2026, 2027, 2028), "missing: 2025; not among them: 2028"),
        ((2024, 2025, 2026, 2027), "not among them: 2024"),
        ((2025, 2026), "missing: 2027"),
        ((2025, "2026A", 2027), "missing: 2026"),
    ],
)
def test_years_must_be_those_after_the_base_year(book, years, wrong):
    fill(book["Mill"], {13: ("Key", "Label", "", "Unit", None, *years, *(None,) * 4)})
    fill(book["Mill"], {14: ("mill.volume", "Volume", "", "t", None, *(1 for _ in years))})
    for column in range(6 + len(years), 13):
        book["Mill"].cell(14, column).value = None
    (line,) = told(book)
    assert line == (
        "Mill!A13, header: the years must be 2025 to 2027, the 3 after 2024. "
        f"Mend the headers ({wrong})."
    )


def test_years_follow_the_base_year_of_the_workbook(book):
    book["Ruler"]["E5"] = 2025
    fill(book["Mill"], {13: ("Key", "Label", "", "Unit", None, 2026, 2027, 2028)})
    assert read_book(book).inputs["mill.volume"].value == (100.0, 110.0, 120.5)


def test_years_are_not_judged_by_a_base_year_that_is_none(book):
    book["Ruler"]["E5"] = "n/a"
    assert told(book) == [
        "Ruler!E5, Last actual year: 'n/a' is not a number. Enter a number in year."
    ]


# Values


WITHIN = "Enter a value within these bounds."
PERCENTAGE = "Enter a percentage such as 92% or 0.92."
BOTH = "Give both or neither."
KNOWN = "fixed, normal, lognormal, triangular, PERT, uniform, beta, discrete, bernoulli, fitted"


@pytest.mark.parametrize(
    ("cell", "value", "header", "text"),
    [
        ("E6", 92, "", "92 is outside 0 to 1. Enter 92% or 0.92."),
        ("E6", "150%", "", f"1.5 is outside 0 to 1. {WITHIN}"),
        ("E6", "n/a", "", f"'n/a' is not a number. {PERCENTAGE}"),
        ("E6", None, "", f"empty. {PERCENTAGE}"),
        ("E6", True, "", f"'TRUE' is not a number. {PERCENTAGE}"),
        ("E9", 20.5, "", "20.5 is not a whole number. Enter 20 or 21."),
        ("F9", 14.5, "Low", "14.5 is not a whole number. Enter 14 or 15."),
        ("E9", 0, "", f"0 is outside 1 to 50. {WITHIN}"),
        ("E10", -1, "", "-1 is below 0. Enter 0 or more."),
        ("F6", -0.1, "Low", f"-0.1 is outside 0 to 1. {WITHIN}"),
        ("G6", 1.1, "High", "1.1 is outside 0 to 1. Enter 1.1% or 0.011."),
        ("G14", 1001, "", f"1001 is outside 10 to 900. {WITHIN}"),
        ("F14", 5, "", f"5 is outside 10 to 900. {WITHIN}"),
        ("H14", "?", "", "'?' is not a number. Enter a number in t."),
        ("H14", None, "", "empty. Enter a number in t."),
        ("D6", None, "Unit", "empty where % is due. Enter %."),
        ("D7", "CNY/t", "Unit", "CNY/t where CNY m/t is due. Enter CNY m/t."),
        ("D14", "kt", "Unit", "kt where t is due. Enter t."),
        ("H6", "gauss", "Distribution", f"'gauss' is not known. Enter one of: {KNOWN}."),
        ("N6", "sure", "Confidence", "'sure' is not known. Enter one of: high, medium, low."),
        ("F6", None, "Low", f"High has a value and Low is empty. {BOTH}"),
        ("G6", None, "High", f"Low has a value and High is empty. {BOTH}"),
        ("F6", 0.95, "Low", "Low 0.95 is above Base 0.92. Lower Low or raise Base."),
        ("G6", 0.9, "High", "High 0.9 is below Base 0.92. Raise High or lower Base."),
        ("F9", 30, "Low", "Low 30 is above High 25. Exchange them."),
        ("J6", -1, "Minimum", "Minimum -1 is below the model's 0. Enter 0."),
        ("K6", 100, "Maximum", "Maximum 100 is above the model's 1. Enter 1."),
        ("J6", "x", "Minimum", f"'x' is not a number. {PERCENTAGE}"),
        ("I14", -1, "Minimum", "Minimum -1 is below the model's 0. Enter 0."),
        ("J14", 1001, "Maximum", "Maximum 1001 is above the model's 1000. Enter 1000."),
        ("J14", 9, "Minimum", "Minimum 10 is above Maximum 9. Lower Minimum or raise Maximum."),
    ],
)
def test_each_fault_of_a_row_is_told_with_cell_value_and_remedy(book, cell, value, header, text):
    sheet = book["Mill"]
    sheet[cell] = value
    label = sheet.cell(sheet[cell].row, 2).value
    place = "I14" if value == 9 else cell
    assert f"Mill!{place}, {', '.join(filter(None, (label, header)))}: {text}" in told(book)


def test_a_maximum_below_the_models_minimum_is_told(book):
    book["Mill"]["K6"] = -1
    (line,) = told(book)
    assert line == (
        "Mill!K6, Take-up, saturated, Maximum: Minimum 0 is above Maximum -1. "
        "Lower Minimum or raise Maximum."
    )


@pytest.mark.parametrize("distribution", KNOWN.split(", "))
def test_a_drawn_distribution_needs_low_and_high(book, distribution):
    parameters = {
        "beta": "alpha: 2; beta: 3",
        "discrete": "1%: 100%",
        "bernoulli": "probability: 30%",
    }
    book["Mill"]["H8"] = distribution.upper()
    book["Mill"]["I8"] = parameters.get(distribution)
    if distribution in ("fixed", "discrete", "bernoulli"):
        assert read_book(book).inputs["mill.margin_shift"].distribution == distribution
    else:
        text = f"{distribution} needs Low and High. Give both, or enter fixed."
        assert told(book) == [f"Mill!H8, Margin shift, Distribution: {text}"]


def test_a_sheet_may_narrow_bounds_and_its_values_keep_to_them(book):
    book["Mill"]["J6"], book["Mill"]["K6"] = "85%", 0.95
    assert told(book) == [
        f"Mill!F6, Take-up, saturated, Low: 0.8 is outside 0.85 to 0.95. {WITHIN}",
        "Mill!G6, Take-up, saturated, High: 1 is outside 0.85 to 0.95. " + WITHIN,
    ]


def test_the_label_of_the_model_stands_in_for_a_blank_one(book):
    book["Mill"]["B6"], book["Mill"]["E6"] = None, 92
    assert told(book) == ["Mill!E6, Take-up: 92 is outside 0 to 1. Enter 92% or 0.92."]


def test_all_problems_are_told_at_once_sorted_by_place(book):
    mill, ruler = book["Mill"], book["Ruler"]
    mill["E10"], mill["H14"], mill["D6"], mill["E6"] = "n/a", -1, "x", 92
    ruler["E7"], ruler["A6"] = 2, None
    book["Scenarios"]["H7"], book["Correlations"]["B6"] = 85, 2
    places = [re.split(r"[,:]", line)[0] for line in told(book)]
    assert places == [
        "Correlations!B6",
        *("Mill!D6", "Mill!E6", "Mill!E10", "Mill!H14"),
        *("Ruler", "Ruler!E6", "Ruler!E7"),
        "Scenarios!H7",
    ]
