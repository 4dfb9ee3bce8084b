"""Numbers as people type them."""

import math
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils.datetime import from_excel, to_excel

from valuation.workbook.numbers import (
    Refusal,
    bound_fault,
    parse_cell,
    parse_text,
    shown,
)

FINITE = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e250, max_value=1e250)
DAY = date(2026, 2, 27)
MIDNIGHT = datetime.fromisoformat("2026-02-27")
FULL_WIDTH = str.maketrans({chr(c): chr(c + 0xFEE0) for c in range(0x21, 0x7F)})


def refused(value, unit="t", number_format="General"):
    found = parse_cell(value, number_format, unit)
    assert isinstance(found, Refusal), found
    return found.text


@pytest.mark.parametrize(
    ("text", "unit", "number"),
    [
        ("12", "t", 12.0),
        ("1,234.5", "t", 1234.5),
        ("12,345,678", "t", 12345678.0),
        ("１２．５", "t", 12.5),
        ("１，２３４", "t", 1234.0),
        ("  12 ", "t", 12.0),
        ("\u300012\u00a0", "t", 12.0),
        ("\ufeff12", "t", 12.0),
        ("+3", "t", 3.0),
        ("-3.5", "t", -3.5),
        ("\u22123.5", "t", -3.5),
        ("(3.5)", "t", -3.5),
        ("（３．５）", "t", -3.5),
        ("(1,234)", "t", -1234.0),
        ("1e-3", "t", 0.001),
        (".5", "t", 0.5),
        ("5.", "t", 5.0),
        ("92%", "%", 0.92),
        ("92 %", "%", 0.92),
        ("９２％", "%", 0.92),
        ("7.1%", "%", 0.071),
        ("(3.5%)", "%", -0.035),
        ("(3.5)%", "%", -0.035),
        ("0.92", "%", 0.92),
        ("4%", "%/year", 0.04),
        ("TRUE", "flag", 1.0),
        ("false", "flag", 0.0),
        ("1", "flag", 1.0),
        ("2026-02-27", "date", 46080.0),
        ("２０２６-０２-２７", "date", 46080.0),
        ("46080", "date", 46080.0),
    ],
)
def test_unambiguous_text_is_a_number(text, unit, number):
    assert parse_text(text, unit) == number
    assert parse_cell(text, "General", unit) == number


@pytest.mark.parametrize(
    "text",
    [
        *("n/a", "-", "—", "abc", "12 t", "¥12", "1 234", "1.2.3", "%", "3/4", "十二", "12万"),
        *("12,34", "1,2345", "0,123", "1234,567", "1_000", "0x10", "1e", "nan", "inf"),
        *(
            "--3",
            "(-3)",
            "-(3)",
            "(3",
            "3)",
            "()",
            "½",
            "²",
            "①",
            "٣",
            "2026-02-27",
            "TRUE",
            "=1+1",
        ),
    ],
)
def test_other_text_is_refused_with_what_it_says_and_a_remedy(text):
    told = refused(text)
    assert told == f"{text!r} is not a number. Enter a number in t."
    assert parse_text(text, "t") == Refusal(told)


@pytest.mark.parametrize("text", ["", "  ", "\u3000", None])
@pytest.mark.parametrize(
    ("unit", "remedy"),
    [
        ("t", "Enter a number in t."),
        ("", "Enter a number."),
        ("%", "Enter a percentage such as 92% or 0.92."),
        ("flag", "Enter 1 or 0."),
        ("date", "Enter a date such as 2026-02-27."),
    ],
)
def test_empty_is_refused_with_a_remedy_for_the_unit(text, unit, remedy):
    assert refused(text, unit) == f"empty. {remedy}"


@pytest.mark.parametrize("error", ["#REF!", "#DIV/0!", "#N/A", "#VALUE!", "#NAME?", "Err:502"])
def test_error_values_are_named(error):
    assert refused(error) == f"the cell holds the error {error}. Enter a number in t."


def test_long_text_is_cut_in_the_message():
    assert len(refused("x" * 10_000)) < 100


@pytest.mark.parametrize("value", [True, False])
def test_booleans_are_for_flags_only(value):
    assert parse_cell(value, "General", "flag") == float(value)
    assert refused(value) == f"'{str(value).upper()}' is not a number. Enter a number in t."
    assert refused(value, "%").startswith(f"'{str(value).upper()}' is not a number.")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 10**400, "9" * 400, "1e9999"])
def test_what_is_not_finite_is_refused(value):
    assert refused(value) == "not a finite number. Enter a number in t."


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (MIDNIGHT, "the date 2026-02-27"),
        (MIDNIGHT.replace(hour=6), "the date 2026-02-27 06:00:00"),
        (DAY, "the date 2026-02-27"),
        (time(12), "the time 12:00:00"),
        (timedelta(hours=1), "the time 1:00:00"),
    ],
)
def test_dates_and_times_are_no_numbers(value, told):
    assert refused(value) == f"{told} is not a number. Enter a number in t."


def test_a_time_is_no_date():
    assert refused(time(12), "date").startswith("the time 12:00:00 is not a number.")


def test_dates_are_serial_numbers_from_1900():
    assert parse_cell(MIDNIGHT, "yyyy-mm-dd", "date") == 46080
    assert parse_cell(DAY, "yyyy-mm-dd", "date") == 46080
    assert parse_cell(46080, "General", "date") == 46080
    assert parse_cell(MIDNIGHT.replace(hour=12), "yyyy-mm-dd", "date") == 46080.5


def test_serial_numbers_of_a_1904_workbook_are_counted_from_1900():
    days = (DAY - date(1904, 1, 1)).days
    assert parse_cell(days, "General", "date", date_1904=True) == 46080
    assert parse_cell(str(days), "General", "date", date_1904=True) == 46080
    assert parse_cell(MIDNIGHT, "yyyy-mm-dd", "date", date_1904=True) == 46080
    assert parse_cell(days, "General", "t", date_1904=True) == days


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (20260227, "20260227 is not a date. Enter 2026-02-27."),
        ("20260227", "20260227 is not a date. Enter 2026-02-27."),
        (99999999, "99999999 is not a date. Enter a date such as 2026-02-27."),
        (0, "0 is not a date. Enter a date such as 2026-02-27."),
        ("2026-02-30", "2026-02-30 is not a day of the calendar. Enter a date such as 2026-02-27."),
        ("2026/2/27", "'2026/2/27' is not a number. Enter a date such as 2026-02-27."),
    ],
)
def test_what_is_no_date_is_refused(value, told):
    assert refused(value, "date") == told


@pytest.mark.parametrize("unit", ["t", "CNY m", "ratio", "flag", "date"])
def test_a_typed_percentage_is_refused_where_the_unit_is_none(unit):
    told = f"92% is a percentage, the unit is {unit}. Enter the number without %."
    assert refused("92%", unit) == told


@pytest.mark.parametrize(("unit", "accepted"), [("%", True), ("ratio", True), ("x", True)])
def test_a_pure_number_may_show_as_a_percentage(unit, accepted):
    assert (parse_cell(0.92, "0.0%", unit) == 0.92) is accepted


def test_a_price_that_shows_as_a_percentage_is_refused():
    told = "92% is a percentage, the unit is CNY/t. Enter the number without %."
    assert refused(0.92, "CNY/t", "0%") == told
    assert refused(1, "flag", "0%").startswith("100% is a percentage")
    assert parse_cell(0.92, '0.0"%"', "CNY/t") == 0.92


@pytest.mark.parametrize(
    ("value", "unit", "bounds", "told"),
    [
        (92, "%", (0, 1), "92 is outside 0 to 1. Enter 92% or 0.92."),
        (7.1, "%", (0, 1), "7.1 is outside 0 to 1. Enter 7.1% or 0.071."),
        (-5, "%", (-0.1, 1), "-5 is outside -0.1 to 1. Enter -5% or -0.05."),
        (920, "%", (0, 1), "920 is outside 0 to 1. Enter a value within these bounds."),
        (92, "ratio", (0, 1), "92 is outside 0 to 1. Enter a value within these bounds."),
        (2, "flag", (0, 1), "2 is outside 0 to 1. Enter 1 or 0."),
        (-3, "t", (0, math.inf), "-3 is below 0. Enter 0 or more."),
        (9, "t", (-math.inf, 5), "9 is above 5. Enter 5 or less."),
        (4, "date", (46080, math.inf), f"1900-01-04 is below {DAY}. Enter {DAY} or more."),
    ],
)
def test_a_number_outside_its_bounds_is_told_with_a_remedy(value, unit, bounds, told):
    assert bound_fault(float(value), unit, *bounds) == told


def test_a_percentage_typed_as_one_gets_no_percent_sign_as_remedy():
    told = bound_fault(1.5, "%", 0, 1, as_percentage=True)
    assert told == "1.5 is outside 0 to 1. Enter a value within these bounds."


def test_bounds_themselves_are_inside():
    assert not bound_fault(0.0, "%", 0, 1)
    assert not bound_fault(1.0, "%", 0, 1)


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [
        (3.5, "years", "3.5 is not a whole number. Enter 3 or 4."),
        (-0.5, "years", "-0.5 is not a whole number. Enter -1 or 0."),
        (46080.25, "date", f"{DAY} 06:00:00 is not a whole number. Enter {DAY} or 2026-02-28."),
    ],
)
def test_whole_numbers_have_no_fraction(value, unit, told):
    assert bound_fault(value, unit, -math.inf, math.inf, whole=True) == told
    assert not bound_fault(value, unit, -math.inf, math.inf)
    assert not bound_fault(float(math.floor(value)), unit, -math.inf, math.inf, whole=True)


@pytest.mark.parametrize(
    ("value", "text"), [(92.0, "92"), (0.1 + 0.2, "0.3"), (7.1 / 100, "0.071"), (10800.0, "10800")]
)
def test_numbers_are_shown_without_noise(value, text):
    assert shown(value) == text


@given(FINITE)
def test_any_float_written_out_reads_back(value):
    assert parse_text(repr(value), "t") == value
    assert parse_cell(value, "General", "t") == value


@given(FINITE)
def test_full_width_digits_and_spaces_change_nothing(value):
    assert parse_text(f" {repr(value).translate(FULL_WIDTH)}\u3000", "t") == value


@given(st.integers(-(10**15), 10**15), st.integers(0, 4))
def test_thousands_separators_change_nothing(digits, places):
    value = digits / 10**places
    assert parse_text(f"{value:,.{places}f}", "t") == float(f"{value:.{places}f}")


@given(st.floats(0.001, 1e9))
def test_brackets_are_minus(value):
    assert parse_text(f"({value!r})", "t") == -value


@given(st.integers(-(10**9), 10**9), st.integers(0, 6))
def test_a_percentage_is_the_hundredth_rounded_once(digits, places):
    text = f"{digits}e-{places}"
    assert parse_text(f"{text}%", "%") == float(f"{digits}e-{places + 2}")


@given(st.integers(1, 2_958_465))
def test_every_day_of_excel_reads_as_its_serial_number(serial):
    if serial != 60:  # the 29 February 1900 that never was
        assert parse_cell(from_excel(serial), "yyyy-mm-dd", "date") == serial
        day = from_excel(serial).date()
        assert parse_text(str(day), "date") == to_excel(day) == serial
        assert shown(float(serial), "date") == str(day)


@given(st.text(max_size=30))
def test_any_text_is_a_finite_number_or_refused(text):
    found = parse_text(text, "%")
    assert isinstance(found, Refusal) or math.isfinite(found)


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.datetimes()))
def test_any_value_of_any_unit_is_a_finite_number_or_refused(value):
    for unit in ("t", "%", "flag", "date", ""):
        found = parse_cell(value, "0%", unit)
        assert isinstance(found, Refusal) or math.isfinite(found)
