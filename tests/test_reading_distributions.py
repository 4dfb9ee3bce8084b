"""How inputs are distributed: parameters, ranges and yearly shocks, each fault with its cell."""

import math

import pytest
from sheets import YEARLY, YEARS, fill, read_book, to_bytes, told, valid

from valuation.workbook.inputs import assumption_workbook


@pytest.fixture
def book():
    return valid()


def shift(book, distribution, parameters=None, low=-0.05, base=0.0, high=0.1, bounds=()):
    """Describe the row of the margin shift, whose unit is % and which the model does not bound."""
    row = ("mill.margin_shift", "Margin shift", "", "%", base, low, high)
    fill(book["Mill"], {8: (*row, distribution, parameters, *bounds)})
    return book


# Parameters


@pytest.mark.parametrize(
    ("distribution", "text", "settings"),
    [
        ("normal", "sd: 5%", {"sd": 0.05}),
        ("Lognormal", "SD：１２％；", {"sd": 0.12}),
        ("pert", "lambda: 6", {"lambda": 6.0}),
        ("beta", "beta: 3; alpha: 0.5", {"alpha": 0.5, "beta": 3.0}),
        ("bernoulli", "probability: 30%", {"probability": 0.3}),
        ("PERT", None, {}),
        ("uniform", " ; ", {}),
    ],
)
def test_parameters_are_names_and_numbers(book, distribution, text, settings):
    found = read_book(shift(book, distribution, text, low=0.01, base=0.02))
    assert found.inputs["mill.margin_shift"].settings == settings
    assert found.inputs["mill.margin_shift"].parameters == (text or "").strip()


def test_values_and_weights_are_kept_as_numbers(book):
    found = read_book(book).inputs["mill.price"]
    assert found.weights == ((5850.0, 0.3), (8640.0, 0.2), (10800.0, 0.5))
    assert found.settings == {}


def test_a_given_sd_needs_no_range(book):
    found = read_book(shift(book, "normal", "sd: 5%", low=None, high=None))
    assert found.inputs["mill.margin_shift"].settings == {"sd": 0.05}


def test_bernoulli_needs_no_range(book):
    fill(book["Mill"], {8: ("mill.margin_shift", "Margin shift", "", "%", 1)})
    shift(book, "bernoulli", "probability: 0.3", low=None, base=1, high=None)
    assert read_book(book).inputs["mill.margin_shift"].distribution == "bernoulli"


EMPTY = "Empty the cell, or name the distribution they belong to."
PERCENT = "Enter a percentage such as 92% or 0.92."


@pytest.mark.parametrize(
    ("distribution", "text", "line"),
    [
        ("PERT", "lambda = 4", "'lambda = 4' is no name and number. Write lambda: 4."),
        ("PERT", "lamda: 4", "PERT has no parameter 'lamda'. Write lambda: 4."),
        ("PERT", "lambda: 4; lambda: 5", "lambda stands twice. Keep one."),
        ("PERT", "lambda: x", "lambda 'x' is not a number. Enter a number in ratio."),
        ("PERT", "lambda: 0", "lambda 0 is not above 0. Enter a number above 0."),
        ("beta", "alpha: 2", "beta needs beta. Write alpha: 2; beta: 3."),
        ("beta", "alpha: -2; beta: 3", "alpha -2 is not above 0. Enter a number above 0."),
        ("normal", "sd: -5%", "sd -0.05 is not above 0. Enter a number above 0."),
        ("normal", "sd:", f"sd empty. {PERCENT}"),
        ("lognormal", "sd: 12", "sd 12 is not above 0 and at most 2. Enter 12% or 0.12."),
        (
            "lognormal",
            "sd: -1%",
            "sd -0.01 is not above 0 and at most 2. Enter a percentage such as 12%.",
        ),
        ("bernoulli", "probability: 30", "probability 30 is not from 0 to 1. Enter 30% or 0.3."),
        ("uniform", "lambda: 4", f"uniform takes no parameters. {EMPTY}"),
        ("triangular", "4", f"triangular takes no parameters. {EMPTY}"),
        ("fitted", "sd: 4", f"fitted takes no parameters. {EMPTY}"),
        ("fixed", "sd: 4", f"fixed takes no parameters. {EMPTY}"),
        (None, "sd: 4", f"fixed takes no parameters. {EMPTY}"),
    ],
)
def test_each_fault_of_the_parameters_is_told(book, distribution, text, line):
    low, base = (0.01, 0.02) if distribution == "lognormal" else (-0.05, 0.0)
    shift(book, distribution, text, low, base)
    assert told(book) == [f"Mill!I8, Margin shift, Parameters: {line}"]


def test_parameters_that_are_missing_are_told_at_the_distribution(book):
    shift(book, "beta")
    assert told(book) == [
        f"Mill!H8, Margin shift, Parameters: beta needs {name}. Write alpha: 2; beta: 3."
        for name in ("alpha", "beta")
    ]


def test_all_faults_of_a_row_are_told(book):
    shift(book, "beta", "alpha: 0; gamma: 1", low=0.2, base=0.3, high=0.2)
    cells = [line.partition(",")[0] for line in told(book)]
    assert cells == ["Mill!G8", "Mill!I8", "Mill!I8"]


def test_an_unknown_distribution_is_the_only_fault_of_its_parameters(book):
    shift(book, "gauss", "sd: 4")
    (line,) = told(book)
    assert line.startswith("Mill!H8, Margin shift, Distribution: 'gauss' is not known.")


# Ranges

NARROW = "Give a range, or enter fixed."


@pytest.mark.parametrize(
    ("distribution", "values", "bounds", "place", "line"),
    [
        ("PERT", (0.1, 0.1, 0.1), (), "F8", f"Low: Low 0.1 is not below High 0.1. {NARROW}"),
        (
            "lognormal",
            (0, 0.1, 0.2),
            (),
            "F8",
            "Low: Low 0 is not above 0, as lognormal needs. Raise Low, or enter normal.",
        ),
        (
            "fitted",
            (0, 0.1, 0.2),
            (0, None),
            "F8",
            "Low: Low 0 is at Minimum, where fitted ends. Raise Low, lower Minimum, or enter PERT.",
        ),
        (
            "fitted",
            (0, 0.1, 0.2),
            (None, 0.2),
            "G8",
            (
                "High: High 0.2 is at Maximum, where fitted ends. "
                "Lower High, raise Maximum, or enter PERT."
            ),
        ),
        (
            "fitted",
            (0.01, 0.1, 10),
            (0, None),
            "H8",
            (
                "Distribution: Low 0.01, Base 0.1 and High 10 give fitted a tail "
                "without a standard deviation. Give a Maximum, or enter lognormal."
            ),
        ),
        (
            "fitted",
            (-10, -0.1, -0.01),
            (None, 0),
            "H8",
            (
                "Distribution: Low -10, Base -0.1 and High -0.01 give fitted a tail "
                "without a standard deviation. Give a Minimum, or enter lognormal."
            ),
        ),
    ],
)
def test_each_fault_of_a_range_is_told(book, distribution, values, bounds, place, line):
    shift(book, distribution, None, *values, bounds)
    assert told(book) == [f"Mill!{place}, Margin shift, {line}"]


def test_a_base_too_near_an_end_for_fitted_is_told_with_where_it_may_be(book):
    """On a line without bounds P50 stands between 16.66% and 83.34% of the way."""
    shift(book, "fitted", None, 0, 0.1, 1)
    assert told(book) == [
        (
            "Mill!E8, Margin shift: Base 0.1 is too near an end for fitted: with Low 0 and High 1 "
            "it must lie between 0.1666 and 0.8334. Move one of the three, or enter PERT."
        )
    ]


def test_a_lognormal_with_a_base_of_nothing_is_told(book):
    shift(book, "lognormal", "sd: 10%", None, 0, None)
    assert told(book) == [
        "Mill!E8, Margin shift: 0 is not above 0, as lognormal needs. Raise Base, or enter normal."
    ]


@pytest.mark.parametrize(
    ("distribution", "base", "left"),
    [
        ("normal", 0.5, math.erf(0.5 / 100 / math.sqrt(2))),
        ("lognormal", 1.0, 0.5),
    ],
)
def test_bounds_that_leave_nothing_of_the_distribution_are_told(book, distribution, base, left):
    sd = "10000%" if distribution == "normal" else "200%"
    low = 0 if distribution == "normal" else 0.99
    shift(book, distribution, f"sd: {sd}", None, base, None, (low, 1))
    if distribution == "lognormal":
        left -= math.erfc(-math.log(0.99) / 2 / math.sqrt(2)) / 2
    number = 100 if distribution == "normal" else 2
    assert told(book) == [
        (
            f"Mill!I8, Margin shift, Parameters: sd {number} leaves {left:.2%} of the distribution "
            f"within {low} to 1. Enter a smaller one."
        )
    ]


def test_bernoulli_outside_its_bounds_is_told(book):
    shift(book, "bernoulli", "probability: 30%", None, 0.2, None, (0.1, 0.9))
    assert told(book) == [
        (
            "Mill!H8, Margin shift, Low: bernoulli without Low and High is 0 or 1, "
            "outside 0.1 to 0.9. Give both."
        )
    ]


@pytest.mark.parametrize("distribution", ["triangular", "PERT", "normal"])
def test_whole_inputs_are_not_drawn_from_continuous_distributions(book, distribution):
    book["Mill"]["H9"] = distribution
    assert told(book) == [
        (
            f"Mill!H9, Life, Distribution: {distribution} draws broken numbers, and only whole "
            "ones make sense here. Enter discrete, bernoulli or fixed."
        )
    ]


def test_a_cell_that_cannot_be_read_is_the_only_fault_of_its_row(book):
    for cell in ("E8", "F8", "G8"):
        shift(book, "fitted")
        book["Mill"][cell] = "x"
        (line,) = told(book)
        assert line.startswith(f"Mill!{cell}, Margin shift")


# Yearly shocks


def shocked(book, sd, persistence):
    """Put the two columns after the years."""
    head = (*YEARLY[: 5 + len(YEARS)], "Shock sd", "Persistence", *YEARLY[5 + len(YEARS) :])
    row = ("mill.volume", "Volume", "", "t", None, 100, 110, 120.5, sd, persistence, 10, 900)
    fill(book["Mill"], {13: head, 14: row})
    return book


def test_yearly_inputs_may_have_a_shock(book):
    found = read_book(shocked(book, 25, "60%")).inputs["mill.volume"]
    assert (found.shock_sd, found.persistence) == (25.0, 0.6)
    assert (found.minimum, found.maximum) == (10.0, 900.0)


def test_a_workbook_without_the_columns_has_none(book):
    found = read_book(book)
    assert (found.inputs["mill.volume"].shock_sd, found.inputs["mill.volume"].persistence) == (0, 0)
    assert not any("column" in notice for notice in found.notices)


@pytest.mark.parametrize(
    ("sd", "persistence", "lines"),
    [
        (-1, None, ["K14, Volume, Shock sd: -1 is below 0. Enter 0 or more."]),
        ("x", 0.5, ["K14, Volume, Shock sd: 'x' is not a number. Enter a number in t."]),
        (
            5,
            1,
            [
                (
                    "L14, Volume, Persistence: 1 is not between -1 and 1, both left out. "
                    "Enter a value such as 0.6."
                )
            ],
        ),
        (
            None,
            0.5,
            [
                (
                    "L14, Volume, Persistence: 0.5 acts on nothing without a Shock sd. "
                    "Give Shock sd a value, or empty the cell."
                )
            ],
        ),
        (
            1e6,
            0,
            [
                (
                    "K14, Volume, Shock sd: 1000000 leaves 0.04% of the distribution "
                    "within 10 to 900. Enter a smaller one."
                )
            ],
        ),
    ],
)
def test_each_fault_of_a_shock_is_told(book, sd, persistence, lines):
    shocked(book, sd, persistence)
    place = {"K14": "I14", "L14": "J14"}  # after the three years
    assert told(book) == [f"Mill!{place[line[:3]]}{line[3:]}" for line in lines]


def test_a_shock_around_values_that_cannot_be_read_is_no_fault_of_its_own(book):
    shocked(book, 25, None)
    for cell in ("F14", "G14", "H14"):
        book["Mill"][cell] = "x"
    assert [line[:8] for line in told(book)] == ["Mill!F14", "Mill!G14", "Mill!H14"]


# Loadings and gaps


def test_loadings_on_ai_demand_are_read(book):
    book["Correlations"]["E4"] = "AI demand"
    book["Correlations"]["E5"], book["Correlations"]["E7"] = "70%", -0.25
    found = read_book(book)
    assert found.demand_loadings == {"mill.take_up": 0.7, "mill.life": -0.25}
    assert found.correlated == ("mill.take_up", "mill.price", "mill.life")


def test_the_column_of_loadings_may_stand_anywhere(book):
    book["Correlations"].insert_cols(2)
    book["Correlations"]["B4"], book["Correlations"]["B6"] = "ai demand", 0.5
    assert read_book(book).demand_loadings == {"mill.price": 0.5}
    assert read_book(valid()).demand_loadings == {}


@pytest.mark.parametrize(
    ("cell", "value", "line"),
    [
        ("E5", 70, "E5, mill.take_up, AI demand: 70 is outside -1 to 1. Enter 70% or 0.7."),
        ("E6", "x", f"E6, mill.price, AI demand: 'x' is not a number. {PERCENT}"),
        ("F4", "AI demand", "F4, header: 'AI demand' heads more than one column, also E4."),
    ],
)
def test_each_fault_of_the_loadings_is_told(book, cell, value, line):
    book["Correlations"]["E4"] = "AI demand"
    book["Correlations"][cell] = value
    (found,) = told(book)
    assert found.startswith(f"Correlations!{line}")


@pytest.mark.parametrize("word", ["drop", "Drop ", "STOP"])
def test_the_guide_says_what_becomes_of_draws_without_a_value(book, word):
    assert read_book(book).gaps == "stop"
    fill(book["Guide"], {5: ("Draws without a value：", word)})
    assert read_book(book).gaps == word.strip().lower()
    book["Guide"].title = "Read me"
    assert read_book(book).gaps == word.strip().lower()


def test_an_unknown_word_for_gaps_is_told(book):
    fill(book["Guide"], {5: ("Draws without a value", "skip")})
    assert told(book) == [
        "Guide!B5, Draws without a value: 'skip' is not known. Enter one of: stop, drop."
    ]


def test_what_is_written_reads_the_same(book):
    shift(shocked(book, 25, 0.6), "normal", "sd: 5%")
    book["Correlations"]["E4"], book["Correlations"]["E5"] = "AI demand", 0.7
    fill(book["Guide"], {5: ("Draws without a value", "drop")})
    before = read_book(book)
    after = read_book(assumption_workbook(before).workbook)
    assert after.inputs == before.inputs
    assert (after.demand_loadings, after.gaps) == ({"mill.take_up": 0.7}, "drop")
    assert to_bytes(assumption_workbook(after).workbook)
