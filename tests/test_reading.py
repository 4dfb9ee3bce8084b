"""Assumption sheets as people leave them: what is read, and what is told."""

import time
from datetime import datetime

import pytest
from openpyxl.utils.datetime import MAC_EPOCH
from sheets import (
    company,
    fill,
    read_book,
    read_data,
    to_bytes,
    told,
    valid,
    with_members,
)

MILL = 3  # the third sheet


@pytest.fixture
def book():
    return valid()


# What a good workbook gives


def test_every_input_is_read_in_the_order_of_the_model(book):
    found = read_book(book)
    assert found.company is company
    assert found.source == "mill.xlsx"
    assert found.notices == ()
    assert list(found.inputs) == list(company.model.assumptions)
    assert {k: i.value for k, i in found.inputs.items()} == {
        "ruler.base_year": 2024.0,
        "ruler.valuation_date": 46080.0,
        "ruler.mid_year": 1.0,
        "mill.take_up": 0.92,
        "mill.price": 8640.0,
        "mill.margin_shift": 0.0,
        "mill.life": 20.0,
        "mill.shares": 3377.2,
        "mill.volume": (100.0, 110.0, 120.5),
    }
    assert all(i.row is company.model.rows[k] for k, i in found.inputs.items())


def test_ranges_and_texts_of_a_row_are_read(book):
    day = datetime.fromisoformat("2026-02-27")
    for column, value in zip("JKLMNO", (0.1, "100%", "[S] 11", day, "Medium", 2024), strict=True):
        book["Mill"][f"{column}6"] = value
    found = read_book(book).inputs
    take_up = found["mill.take_up"]
    assert (take_up.low, take_up.high, take_up.distribution) == (0.8, 1.0, "PERT")
    assert (take_up.minimum, take_up.maximum) == (0.1, 1.0)
    assert (take_up.source, take_up.as_of) == ("[S] 11", "2026-02-27")
    assert (take_up.confidence, take_up.note) == ("medium", "2024")
    assert found["mill.price"].parameters == "5,850: 30%; 8,640: 20%; 10,800: 50%"
    shift = found["mill.margin_shift"]
    assert (shift.low, shift.high, shift.distribution) == (None, None, "fixed")
    assert (shift.minimum, shift.maximum) == (float("-inf"), float("inf"))
    volume = found["mill.volume"]
    assert (volume.minimum, volume.maximum, volume.source) == (10.0, 900.0, "[S]")


def test_facts_are_kept_as_they_are(book):
    tables = read_book(book).tables
    assert list(tables) == ["Facts of the article", "Conflicts"]
    assert tables["Facts of the article"].headers == ("ID", "Value", "Unit")
    assert tables["Facts of the article"].rows == (("F01", 10800, "racks"), ("F02", 0.92, "%"))
    assert tables["Conflicts"].rows == (("I-01", "15.8bn is not capex"),)


def test_blocks_of_facts_without_a_title_take_the_sheets(book):
    book["Facts"]["A2"] = None
    book["Facts"]["A1"] = None
    book["Facts"]["A9"] = None
    book["Facts"].title = "Facts and sources"
    assert list(read_book(book).tables) == ["Facts and sources", "Facts and sources (2)"]


# What people may do


def test_renamed_sheets_are_found_by_what_they_hold(book):
    for sheet in list(book):
        if sheet.title != "Facts":
            sheet.title = f"My {sheet.title}"
    found = read_book(book)
    assert len(found.inputs) == len(company.model.assumptions)
    assert set(found.scenarios) == {"bear", "base", "bull"}
    assert found.correlated


def test_titles_in_other_case_are_the_same_sheets(book):
    for title in ("Guide", "Scenarios", "Correlations", "Facts"):
        book[title].title = title.upper()
    found = read_book(book)
    assert set(found.scenarios) == {"bear", "base", "bull"}
    assert found.tables


def test_columns_may_stand_in_any_order(book):
    before = read_book(book).inputs
    mill = book["Mill"]
    for row in range(4, 11):
        values = [mill.cell(row, column).value for column in range(1, 16)]
        for column, value in enumerate([*values[::-1], None, None], 1):
            mill.cell(row, column).value = value
    assert read_book(book).inputs == before


def test_years_may_stand_in_any_order(book):
    fill(book["Mill"], {13: ("Key", "Label", "", "Unit", "2027E", "2025", " 2026e ")})
    fill(book["Mill"], {14: ("mill.volume", "Volume", "", "t", 3, 1, 2)})
    for column in "HIJKL":
        book["Mill"][f"{column}13"] = book["Mill"][f"{column}14"] = None
    assert read_book(book).inputs["mill.volume"].value == (1.0, 2.0, 3.0)


def test_rows_and_columns_may_be_inserted_and_rows_moved(book):
    before = read_book(book).inputs
    mill = book["Mill"]
    mill.insert_rows(7, 2)
    mill.insert_rows(1, 3)
    mill.insert_cols(3)
    mill.insert_cols(1)
    assert read_book(book).inputs == before
    ruler = book["Ruler"]
    values = [[c.value for c in row] for row in ruler["A5:O7"]]
    fill(ruler, {5 + n: tuple(row) for n, row in enumerate(values[::-1])})
    assert read_book(book).inputs == before


def test_rows_may_move_to_another_sheet(book):
    before = read_book(book).inputs
    row = tuple(c.value for c in book["Mill"][10])
    book["Mill"].delete_rows(10)
    fill(book["Ruler"], {9: row})
    assert read_book(book).inputs == before


def test_an_added_column_is_told_and_not_read(book):
    book["Mill"]["P4"], book["Mill"]["P6"] = "Owner", "Wang"
    book["Mill"]["M13"], book["Mill"]["M14"] = "Low", 3
    assert read_book(book).notices == (
        "Mill!P4: column 'Owner' is not read",
        "Mill!M13: column 'Low' is not read",
    )


def test_a_year_beside_base_is_an_added_column(book):
    book["Mill"]["P4"], book["Mill"]["P6"] = 2024, 0.9
    found = read_book(book)
    assert found.inputs["mill.take_up"].value == 0.92
    assert found.notices == ("Mill!P4: column '2024' is not read",)


def test_a_column_taken_away_is_told(book):
    book["Mill"].delete_cols(10, 2)
    found = read_book(book)
    assert found.notices == (
        "Mill!A4: no column Minimum, Maximum",
        "Mill!A13: no column Maximum",
    )


def test_sheets_without_keys_and_lists_of_keys_are_no_inputs(book):
    fill(book.create_sheet("Steel"), {4: ("Label", "Base", 2025, 2026), 5: ("Price", 1, 2, 3)})
    fill(
        book.create_sheet("Review"),
        {1: ("Key", "Remark", "By", "On"), 2: ("mill.price", "too high?")},
    )
    assert read_book(book).notices == ()


def test_a_list_of_keys_below_a_block_ends_it(book):
    fill(book["Mill"], {20: ("Key", "Remark"), 21: ("mill.price", "too high?")})
    assert read_book(book).notices == ()


def test_section_rows_and_remarks_are_skipped(book):
    fill(book["Ruler"], {8: ("Operations of the plant",), 9: (None, "just words", "in a row")})
    fill(book["Mill"], {15: ("Revenue",), 16: ("运营",), 17: (None, None, None, "t")})
    assert read_book(book).notices == ()


def test_text_numbers_are_accepted(book):
    mill = book["Mill"]
    mill["E6"], mill["F6"], mill["E7"], mill["E9"] = " 92% ", "８０％", "8,640", "２０"
    book["Ruler"]["E6"], book["Ruler"]["E7"] = "2026-02-27", True
    found = read_book(book).inputs
    assert (found["mill.take_up"].value, found["mill.take_up"].low) == (0.92, 0.8)
    assert (found["mill.price"].value, found["mill.life"].value) == (8640.0, 20.0)
    assert found["ruler.valuation_date"].value == 46080.0
    assert found["ruler.mid_year"].value == 1.0


def test_dates_of_a_1904_workbook_count_from_1900(book):
    book.epoch = MAC_EPOCH
    assert read_book(book).inputs["ruler.valuation_date"].value == 46080.0
    book["Ruler"]["E6"].number_format = "General"
    book["Ruler"]["E6"] = 46080 - 1462
    assert read_book(book).inputs["ruler.valuation_date"].value == 46080.0


def test_a_far_cell_costs_nothing(book):
    book["Mill"]["XFD1048576"] = "far"
    book["Scenarios"]["XFD1048576"] = "far"
    book["Facts"]["XFD1048576"] = "far"
    start = time.perf_counter()
    assert read_book(book).inputs
    assert time.perf_counter() - start < 2


def test_a_merged_sheet_costs_nothing(book):
    merged = b'</sheetData><mergeCells count="1"><mergeCell ref="Q20:XFD1048576"/></mergeCells>'

    def merge(members):
        name = f"xl/worksheets/sheet{MILL}.xml"
        members[name] = members[name].replace(b"</sheetData>", merged)

    start = time.perf_counter()
    assert read_data(with_members(to_bytes(book), merge)).inputs
    assert time.perf_counter() - start < 2


# The company


def test_the_company_is_found_on_any_sheet_where_there_is_no_guide(book):
    book["Guide"].title = "Read me"
    fill(book["Read me"], {3: (None, " company： ", None, "mill")})
    book["Read me"]["A3"] = None
    assert read_book(book).company is company


def test_an_unknown_company_is_told_with_its_place(book):
    book["Guide"]["B3"] = "milk"
    assert told(book) == ["Guide!B3, Company: no company 'milk'. Known: mill."]


def test_a_workbook_that_names_no_company_is_told(book):
    book.remove(book["Guide"])
    (line,) = told(book)
    assert line == (
        "no sheet names the company. On the sheet Guide, write Company in a cell and the name in "
        "the cell to its right."
    )
