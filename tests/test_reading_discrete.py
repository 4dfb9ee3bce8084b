"""Parameters of discrete distributions: values and their weights."""

import pytest
from sheets import read_book, told, valid


@pytest.fixture
def book():
    return valid()


@pytest.mark.parametrize(
    "text",
    [
        "5850: 0.3; 8640: 0.2; 10800: 0.5",
        "5,850: 30%; 8,640: 20%; 10,800: 50%;",
        "５，８５０：３０％；８，６４０：２０％；１０，８００：５０％",
        "8640:100%",
    ],
)
def test_values_and_weights_may_be_written_in_many_ways(book, text):
    book["Mill"]["I7"] = text
    assert read_book(book).inputs["mill.price"].parameters == text


WRITE = "Write value: weight; value: weight, such as 15%: 30%; 25%: 70%."


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (" ; ", f"discrete needs its values and weights. {WRITE}"),
        ("5850; 8640: 100%", f"'5850' has no weight. {WRITE}"),
        ("x: 50%; 8640: 50%", "value 'x' is not a number. Enter a number in CNY m/t."),
        ("1: x; 8640: 100%", "weight 'x' is not a number. Enter a percentage such as 92% or 0.92."),
        ("1: 30; 2: 70", "weight 30 is outside 0 to 1. Enter 30% or 0.3."),
        ("1: -50%; 2: 150%", "weight -0.5 is outside 0 to 1. Enter a value within these bounds."),
        ("-1: 50%; 2: 50%", "value -1 is outside 0 to 20000. Enter a value within these bounds."),
        ("2: 50%; 2: 50%", "value 2 stands twice. Add its weights up."),
        ("1: 50%; 2: 40%", "weights sum to 90%, not 100%. Change them to sum to 100%."),
    ],
)
def test_each_fault_of_a_discrete_distribution_is_told(book, text, line):
    book["Mill"]["I7"] = text
    assert f"Mill!I7, Price, Parameters: {line}" in told(book)


def test_a_discrete_distribution_without_parameters_is_told(book):
    book["Mill"]["I7"] = None
    assert told(book) == [
        f"Mill!H7, Price, Parameters: discrete needs its values and weights. {WRITE}"
    ]


def test_discrete_values_of_whole_inputs_are_whole(book):
    book["Mill"]["H9"], book["Mill"]["I9"] = "Discrete", "15: 50%; 20.5: 50%"
    assert told(book) == [
        "Mill!I9, Life, Parameters: value 20.5 is not a whole number. Enter 20 or 21."
    ]
