"""The Tables sheet: sensitivity tables, reference prices and questions."""

from dataclasses import replace

import pytest
from openpyxl import load_workbook
from sheets import Mill, fill, find_company, read_book, told, valid

import valuation
from valuation.risk.assumptions import Question, ReferencePrice, TableWanted
from valuation.risk.difference import difference
from valuation.risk.wanted import wanted_in_words
from valuation.workbook.inputs import assumption_workbook
from valuation.workbook.layout import PRICE_HEADERS, QUESTION_HEADERS, TABLE_HEADERS
from valuation.workbook.new import write_upgraded
from valuation.workbook.read import read, read_outdated

TABLES = (
    TableWanted(
        name="Take-up x price",
        chinese="上架率 × 价格",
        row_key="mill.take_up",
        row_steps="±2% 2",
        column_key="mill.price",
        outputs=("mill.per_share",),
        scenario="bear",
    ),
    TableWanted(
        name="Scenarios",
        row_key="scenario",
        outputs=("mill.per_share", "mill.equity", "mill.revenue@2026"),
    ),
    TableWanted(
        name="Revenue a year",
        row_key="mill.revenue_per_year",
        row_steps="x0.9; x1.1",
        outputs=("mill.per_share",),
    ),
)
PRICES = (ReferencePrice(name="Peak", chinese="高点", price=14.72, source="F01"),)
QUESTIONS = (
    Question(name="Take-up", chinese="上架率", keys=("mill.take_up",), low=0.0, high=1.0),
    Question(name="Multiple", keys=("mill.take_up", "mill.price"), low=0.0, high=12.0),
    Question(name="Odds", scenarios=("bull", "bear")),
)


@pytest.fixture
def book():
    """A workbook with a Tables sheet, as a person might have typed it."""
    book = valid()
    fill(
        book.create_sheet("Tables"),
        {
            1: ("Tables",),
            4: ("Sensitivity tables",),
            5: TABLE_HEADERS,
            6: ("Take-up x price", "上架率 × 价格", "mill.take_up", "±2% 2", "mill.price", None,
                "mill.per_share", "Bear"),
            7: ("Scenarios", None, "Scenario", None, None, None,
                "mill.per_share; mill.equity mill.revenue@2026"),
            8: ("Revenue a year", None, "mill.revenue_per_year", "x0.9; x1.1", None, None,
                "mill.per_share"),
            11: ("Reference prices",),
            12: PRICE_HEADERS,
            13: ("Peak", "高点", 14.72, "F01"),
            16: ("Questions",),
            17: QUESTION_HEADERS,
            18: ("Take-up", "上架率", "mill.take_up", None, "0%", 1),
            19: ("Multiple", None, "mill.take_up; mill.price", None, 0, 12),
            20: ("Odds", None, None, "bull; 悲观"),
        },
    )  # fmt: skip
    return book


def test_the_three_blocks_are_read(book):
    found = read_book(book)
    assert found.wanted == TABLES
    assert found.prices == PRICES
    assert found.questions == QUESTIONS
    assert found.notices == ()


def test_a_workbook_without_the_sheet_is_an_old_one():
    found = read_book(valid())
    assert (found.wanted, found.prices, found.questions) == ((), (), ())
    assert found.notices == ()


def test_blocks_may_be_moved_and_the_sheet_renamed(book):
    sheet = book["Tables"]
    sheet.move_range("A16:F20", rows=30, cols=3)
    sheet.move_range("A11:D13", rows=60, cols=1)
    sheet.title = "Sensitivities"
    found = read_book(book)
    assert (found.wanted, found.prices) == (TABLES, PRICES)
    assert found.questions == QUESTIONS


def test_columns_may_change_places(book):
    sheet = book["Tables"]
    for row in range(12, 14):
        name, chinese, value, source = (sheet.cell(row, c).value for c in range(1, 5))
        fill(sheet, {row: (source, value, name, chinese)})
    assert read_book(book).prices == PRICES


def test_a_number_is_a_step_too(book):
    book["Tables"]["D6"], book["Tables"]["F6"] = 0.9, 8000
    found = read_book(book).wanted[0]
    assert (found.row_steps, found.column_steps) == ("0.9", "8000")


def test_an_unknown_column_is_told(book):
    book["Tables"]["I5"] = "Note"
    assert read_book(book).notices == ("Tables!I5: column 'Note' is not read",)


STEPS = "Write values such as 400; 480, or base-40; base+40, x0.9; x1.1, ±40 3, 400..480 5."


@pytest.mark.parametrize(
    ("cell", "value", "label", "text"),
    [
        ("C6", "mill.takeup", "Take-up x price, Row input",
         "no input or row 'mill.takeup'. Did you mean 'mill.take_up'?"),
        ("C6", None, "Take-up x price, Row input",
         "no row input. Name an input, a row, or scenario."),
        ("C6", "mill.price", "Take-up x price, Column input",
         "mill.price changes along both sides. Name another for one of them."),
        ("D6", "low", "Take-up x price, Row steps", f"step 'low': not known. {STEPS}"),
        ("D6", "95%; 101%", "Take-up x price, Row steps",
         "step '101%': above the upper bound of mill.take_up, 100%."),
        ("D6", "±8% 2", "Take-up x price, Row steps",
         "step '±8% 2': 101% is above the upper bound of mill.take_up, 100%."),
        ("E6", "mill.volume", "Take-up x price, Column steps",
         "mill.volume has no Low and High. Write its steps, such as ±10% 3."),
        ("E7", "mill.life", "Scenarios, Output",
         "3 outputs in a two-way table. Name one, or leave out the column input."),
        ("F7", "5", "Scenarios, Column steps",
         "column steps without a column input. Name it, or leave out its steps."),
        ("D7", "bull; bare", "Scenarios, Row steps",
         "no scenario 'bare'. Name one of: bear, base, bull."),
        ("D8", "+1", "Revenue a year, Row steps",
         "step '+1': a value or a difference? Write 1 or base+1."),
        ("D8", None, "Revenue a year, Row steps",
         "a line has no Low and High. Write its steps, such as ±10% 3."),
        ("G6", "mill.pershare", "Take-up x price, Output",
         "no row 'mill.pershare'. Did you mean 'mill.per_share'?"),
        ("G6", "mill.revenue", "Take-up x price, Output",
         "mill.revenue has a value a year. Name one: mill.revenue@2025."),
        ("G6", "mill.revenue@2028", "Take-up x price, Output",
         "mill.revenue@2028: no year 2028. Name one from 2025 to 2027."),
        ("H6", "bare", "Take-up x price, Scenario",
         "no scenario 'bare'. Name one of: bear, base, bull."),
        ("A7", "take-up X price", "take-up X price",
         "'take-up X price' stands twice, also at Tables!A6. Give each its own name."),
        ("A7", None, "", "no name. Name the table, or clear the row."),
        ("A13", None, "", "no name. Name the price, or clear the row."),
        ("C13", 0, "Peak, Value", "0 is not above zero. Enter a price in CNY m/share."),
        ("C13", "high", "Peak, Value", "'high' is not a number. Enter a number in CNY m/share."),
        ("C13", None, "Peak, Value", "empty. Enter a number in CNY m/share."),
        ("C18", "mill.takeup", "Take-up, Inputs",
         "no input has the key 'mill.takeup'. Did you mean 'mill.take_up'?"),
        ("C18", "mill.revenue", "Take-up, Inputs",
         "'mill.revenue' is calculated, not an input. Name an input."),
        ("C19", "mill.price mill.price", "Multiple, Inputs",
         "an input stands twice. Name each once."),
        ("C18", None, "Take-up, Inputs",
         "neither inputs nor scenarios. Name what is sought: inputs, or two scenarios."),
        ("C20", "mill.life", "Odds, Inputs",
         "both inputs and scenarios. Name what is sought: inputs, or two scenarios."),
        ("D20", "bull", "Odds, Scenarios", "Name two different scenarios separated by ;."),
        ("D20", "bull; 乐观", "Odds, Scenarios", "Name two different scenarios separated by ;."),
        ("D20", "bull; bare", "Odds, Scenarios",
         "no scenario 'bare'. Name one of: bear, base, bull."),
        ("E18", 1, "Take-up, To", "1 is not above From, 1. Enter a search from low to high."),
        ("F18", 92, "Take-up, To", "92 is outside 0 to 1. Enter 92% or 0.92."),
        ("E19", -1, "Multiple, From", "-1 is below 0. Enter 0 or more."),
        ("C5", "Input", "header", "no column 'Row input'. Add it; it may be left empty."),
        ("D12", "Value", "header", "'Value' heads more than one column. Keep one."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_cell(book, cell, value, label, text):
    book["Tables"][cell] = value
    found = told(book)
    at = [line for line in found if text in line]
    assert len(at) == 1
    place = at[0].removesuffix(text)
    assert place.startswith("Tables!")
    assert place.endswith(f"{label}: " if label else ": ")


def test_the_cell_named_is_the_one_at_fault(book):
    sheet = book["Tables"]
    sheet["D6"], sheet["C13"], sheet["F18"] = "foo", -1, 5
    assert [line.partition(":")[0] for line in told(book)] == [
        "Tables!D6, Take-up x price, Row steps",
        "Tables!C13, Peak, Value",
        "Tables!F18, Take-up, To",
    ]


def test_faults_of_the_inputs_are_not_told_again(book):
    book["Mill"]["E6"] = "high"
    assert len(told(book)) == 1


def test_a_name_alone_is_no_table(book):
    book["Tables"]["A9"] = "To come"
    assert told(book) == [
        "Tables!C9, To come, Row input: no row input. Name an input, a row, or scenario."
    ]


# Round trips


def test_what_is_written_is_read(book, tmp_path):
    found = read_book(book)
    path = tmp_path / "mill.xlsx"
    assumption_workbook(found).save(path)
    again = read(path, find_company)
    assert (again.wanted, again.prices, again.questions) == (TABLES, PRICES, QUESTIONS)
    assert again == replace(found, source="mill.xlsx")
    assert Mill.price in again.company.model.key


def test_an_empty_sheet_has_its_headers(tmp_path):
    path = tmp_path / "mill.xlsx"
    assumption_workbook(read_book(valid())).save(path)
    sheet = load_workbook(path)["Tables"]
    rows = [tuple(c.value for c in row if c.value is not None) for row in sheet.iter_rows()]
    assert {TABLE_HEADERS, PRICE_HEADERS, QUESTION_HEADERS} <= set(rows)
    assert read(path, find_company).wanted == ()


def test_an_upgrade_keeps_what_the_model_still_has(book, tmp_path):
    old, new = tmp_path / "old.xlsx", tmp_path / "new.xlsx"
    book["Tables"]["E6"] = "mill.gone"
    book["Tables"]["C19"] = "mill.gone; mill.price"
    book["Mill"].delete_rows(9)
    book["Scenarios"].delete_rows(8)
    book["Correlations"].delete_rows(7)
    book["Correlations"].delete_cols(4)
    book.save(old)
    outdated = read_outdated(old, find_company)
    assert outdated.missing == ("mill.life",)
    assert [problem.cell for problem in outdated.unknown] == ["E6", "C19"]
    write_upgraded(outdated, new, base_year=2024)
    filled = load_workbook(new)
    (row,) = (r for r in filled["Mill"].iter_rows() if r[0].value == "mill.life")
    row[4].value = 20
    filled.save(new)
    found = read(new, find_company)
    assert (found.wanted, found.prices) == (TABLES[1:], PRICES)
    assert found.questions == (QUESTIONS[0], QUESTIONS[2])


def test_a_report_reads_back(tmp_path):
    from conftest import WORKBOOK

    source = valuation.load(WORKBOOK)
    path, _ = valuation.report(WORKBOOK, tmp_path / "report.xlsx", draws=0)
    found = valuation.load(path)
    assert found.wanted == source.wanted != ()
    assert found.prices == source.prices != ()
    assert found.questions == source.questions != ()


def test_what_differs_is_told(book):
    old = read_book(book)
    sheet = book["Tables"]
    sheet["D6"], sheet["C13"], sheet["A20"] = "±1% 2", 15, "Chance"
    new = read_book(book)
    found = difference(old, new)
    before, after = wanted_in_words(old), wanted_in_words(new)
    assert [(c.what, c.before, c.after) for c in found.tables] == [
        (name, before.get(name), after.get(name))
        for name in ("table Take-up x price", "price Peak", "question Odds", "question Chance")
    ]
    assert "row_steps ±1% 2" in after["table Take-up x price"]
    assert "price 15" in after["price Peak"]
    assert not found.is_empty
    assert difference(old, old).is_empty
