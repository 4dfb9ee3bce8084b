"""The engines: numpy against a slow judge and a recalculated workbook; inputs; formula text."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pytest
import slow
from graphs import (
    OPENING,
    PERIODS,
    Graph,
    all_rows,
    formulas,
    graphs,
    recalculated,
    ruled,
    values,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.formula.tokenizer import Token, Tokenizer
from openpyxl.formula.translate import Translator

import valuation.lines
from valuation.companies.hangang import company
from valuation.engines import rules
from valuation.engines.arrays import evaluate, first_gap
from valuation.engines.draws import inputs
from valuation.engines.formulas import OPERATIONS, letters, number, quoted, relative
from valuation.engines.plan import Plan
from valuation.errors import AssumptionError, EngineError
from valuation.lines import (
    NO_VALUE,
    YEAR,
    Assumption,
    Check,
    Expr,
    Line,
    Model,
    Row,
    Shape,
    assume,
    at_end,
    at_least,
    at_most,
    average,
    balance,
    calendar_year,
    equals,
    exp,
    growing,
    internal_rate_of_return,
    largest,
    line,
    log,
    over_years,
    power,
    previous,
    ramp,
    root,
    smallest,
    straight_line,
    total,
    where,
    within,
    year_end,
    years_ago,
)
from valuation.lines.nodes import Op

if TYPE_CHECKING:
    from valuation.risk.assumptions import Assumptions

SEEDS = st.integers(0, 2**32 - 1)
many = settings(max_examples=200)
some = settings(max_examples=60)


def same(found: Iterable[float], expected: Iterable[float], rel: float) -> bool:
    """Whether values agree, relative to 1 or to their size; no value agrees with no value only."""
    a, b = np.broadcast_arrays(np.asarray(found, float), np.asarray(expected, float))
    near = np.abs(a - b) <= rel * np.maximum(1, np.abs(b))
    return bool(np.all(near | (np.isnan(a) & np.isnan(b))))


def openings(model: Model, base: Mapping[str, float | list[float]]) -> dict[str, float]:
    """Opening values as the numpy engine computes them."""
    rows = {
        key: Line(label=key, unit_text="", operands=(row.opening,), shape=Shape.SINGLE)
        for key, row in model.rows.items()
        if isinstance(row, Line) and row.opening is not None
    }
    result = evaluate(Plan(model, rows.values()), inputs(model, base), draws=1)
    return {key: float(result[row][0, 0]) for key, row in rows.items()}


def agree(model: Model, base: Mapping[str, float | list[float]], exact: frozenset[Row]) -> None:
    """All cells of all rows are the same three times."""
    found = {key: array[:, 0] for key, array in all_rows(model, base).items()}
    judge = slow.Slow(model, base)
    expected, opened = judge.rows(), judge.openings()
    sheet, opened_on_sheet = recalculated(model, base)
    assert sheet.keys() == {k for k, row in model.rows.items() if isinstance(row, Line)}
    for key, row in model.rows.items():
        if row in exact:
            assert same(found[key], expected[key], 0), key
        assert same(found[key], expected[key], 1e-12), key
        if key in sheet:
            assert same(sheet[key], found[key], 1e-9), key
    first = openings(model, base)
    assert first.keys() == opened.keys() == opened_on_sheet.keys()
    for key, value in first.items():
        assert same([value], [opened[key]], 1e-12), key
        assert same([opened_on_sheet[key]], [value], 1e-9), key


# ------------------------------------------------------------------------------------------------
# Three computations of the same rows
# ------------------------------------------------------------------------------------------------


@many
@given(graph=graphs(), seed=SEEDS)
def test_random_companies_are_the_same_in_numpy_plain_python_and_on_the_sheet(
    graph: Graph, seed: int
) -> None:
    agree(graph.model, values(graph.model, seed), graph.exact)


def in_range(book: Assumptions, draws: int) -> dict[str, np.ndarray]:
    """Every input with a range, at random within it."""
    rng = np.random.default_rng(draws)
    ranged = {key: found for key, found in book.inputs.items() if found.has_continuous_range}
    return {key: rng.uniform(found.low, found.high, draws) for key, found in ranged.items()}


def base_of(book: Assumptions) -> dict[str, float | list[float]]:
    return {
        key: list(found.value) if isinstance(found.value, tuple) else found.value
        for key, found in book.inputs.items()
    }


def test_the_company_is_the_same_in_numpy_plain_python_and_on_the_sheet(book: Assumptions) -> None:
    base = base_of(book)
    changes = in_range(book, 4)
    assert len(changes) > 20
    agree(company.model, base, frozenset())
    for draw in range(4):
        agree(company.model, base | {k: v[draw] for k, v in changes.items()}, frozenset())


def test_a_recurrence_through_exponentials_keeps_its_digits() -> None:
    speed, start = assume("Speed", "%"), assume("Start", "%")
    before, other_before = previous(start), previous(0)
    one = line("One", "%", exp(-(before * speed)) + log(1 + other_before), closes=before)
    other = line("Other", "%", power(1 + one, speed) * root(one), closes=other_before)
    model = ruled(
        {
            "speed": speed,
            "start": start,
            "before": before,
            "other_before": other_before,
            "one": one,
            "other": other,
        },
        periods=30,
    )
    base = {"base_year": 2024.0, "speed": 0.7, "start": 0.4}
    agree(model, base, frozenset())
    assert any(len(group) > 8 for group in model.steps(model.rows.values(), ()))


def varied(model: Model, seed: int, draws: int) -> dict[str, np.ndarray]:
    """Other values of most inputs in every draw, of yearly ones by year or alike in all."""
    rng = np.random.default_rng(seed)
    found = {}
    for key, row in model.assumptions.items():
        drawn = [np.atleast_1d(values(model, int(rng.integers(2**32)))[key]) for _ in range(draws)]
        if rng.random() < 0.7:
            table = np.array(drawn).T
            yearly = row.shape == Shape.SERIES and rng.random() < 0.5
            found[key] = table if yearly else table[0]
    return found


@some
@given(graph=graphs(), seed=SEEDS)
def test_one_draw_is_the_same_alone_and_among_many(graph: Graph, seed: int) -> None:
    model, draws = graph.model, 9
    base, changes = values(model, seed), varied(graph.model, seed, draws)
    among_many = all_rows(model, base, changes, draws=draws)
    for draw in range(draws):
        alone = all_rows(model, base, {k: v[..., draw : draw + 1] for k, v in changes.items()})
        for key, row in model.rows.items():
            assert among_many[key].shape in {
                (1, draws),
                (PERIODS if row.shape == Shape.SERIES else 1, draws),
            }
            assert np.array_equal(among_many[key][:, draw], alone[key][:, 0], equal_nan=True), key


def test_totals_of_many_years_are_summed_year_by_year_however_many_draws() -> None:
    """Numpy sums what lies side by side in pairs: one draw would not be a draw among many."""
    periods, draws = 60, 5
    a, b = assume("A", "%", yearly=True), assume("B", "%", yearly=True)
    rows = {
        "a": a,
        "b": b,
        "sum": line("Sum", "%", over_years(a)),
        "dot": line("Dot", "%", over_years(a, b)),
        "first": line("First", "%", largest(a) - smallest(b)),
    }
    model = ruled(rows, periods)
    table = np.random.default_rng(3).normal(size=(2, periods, draws))
    base = {"base_year": 2024, "a": 0, "b": 0}
    many_draws = all_rows(model, base, {"a": table[0], "b": table[1]}, draws=draws)
    for draw in range(draws):
        told = {"a": table[0][:, draw].tolist(), "b": table[1][:, draw].tolist()}
        alone = all_rows(model, base | told)
        expected = slow.Slow(model, base | told).rows()
        for key in ("sum", "dot", "first"):
            assert many_draws[key][0, draw] == alone[key][0, 0] == expected[key][0], key


@some
@given(graph=graphs(), seed=SEEDS)
def test_the_size_of_the_block_changes_no_bit(graph: Graph, seed: int) -> None:
    model, draws = graph.model, 23
    base, changes = values(model, seed), varied(graph.model, seed, draws)
    whole = all_rows(model, base, changes, draws=draws, block=2048)
    for block in (1, 7, draws):
        blocks = all_rows(model, base, changes, draws=draws, block=block)
        for key, array in whole.items():
            assert np.array_equal(blocks[key], array, equal_nan=True), (key, block)


def test_lives_that_differ_by_draw() -> None:
    """A balance written off over its life, and a recurrence that looks years back into itself."""
    life, spent, start = (
        assume("Life", "years", whole=True, minimum=1, maximum=9),
        assume("Spent", "CNY m", yearly=True),
        assume("Start", "CNY m"),
    )
    gross = balance("Gross", "CNY m", start, add=spent, less=0)
    before = previous(start)
    renewed = line("Renewed", "CNY m", before + spent, closes=None)
    again = line("Again", "CNY m", renewed - years_ago(renewed, life), closes=before)
    model = ruled(
        {
            "life": life,
            "spent": spent,
            "start": start,
            "gross": gross,
            "written_off": line("Written off", "CNY m", straight_line(gross, life)),
            "before": before,
            "renewed": renewed,
            "again": again,
        },
        periods=8,
    )
    rng = np.random.default_rng(5)
    base = {"base_year": 2024.0, "start": 50.0, "spent": rng.uniform(0, 9, 8).tolist(), "life": 3}
    lives = np.array([1.0, 2, 3, 7, 8, 9, 2])
    found = all_rows(model, base, {"life": lives}, draws=lives.size)
    for draw, one in enumerate(lives):
        alone = all_rows(model, base, {"life": one})
        expected = slow.Slow(model, base | {"life": one}).rows()
        for key in ("written_off", "renewed", "again"):
            assert np.array_equal(found[key][:, draw], alone[key][:, 0]), key
            assert same(found[key][:, draw], expected[key], 1e-12), key
    assert not same(found["written_off"][:, 0], found["written_off"][:, 1], 1e-3)


# ------------------------------------------------------------------------------------------------
# What is computed, and what is typed over
# ------------------------------------------------------------------------------------------------


def mill() -> Model:
    """Small, with a row of every kind that the tests below need."""
    price = assume("Price", "CNY", yearly=True, minimum=0, maximum=100)
    share = assume("Share", "%", minimum=0, maximum=1)
    life = assume("Life", "years", whole=True, minimum=1)
    growth = assume("Growth", "%")
    revenue = line("Revenue", "CNY", price * share)
    stock = balance("Stock", "CNY", 0, add=revenue, less=0)
    return ruled(
        {
            "price": price,
            "share": share,
            "life": life,
            "growth": growth,
            "revenue": revenue,
            "margin": line("Margin", "ratio", exp(growth)),
            "stock": stock,
            "doubled": line("Doubled", "CNY", stock + stock),
            "sum": line("Sum", "CNY", over_years(revenue)),
            "gap": line("Gap", "CNY/year", at_end(revenue) / life),
        }
    )


MILL = {"base_year": 2024, "price": [1, 2, 3, 4, 5], "share": 0.5, "life": 4, "growth": 0.1}


def test_only_the_rows_asked_for_are_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    model = mill()
    plan = Plan(model, [model.rows["revenue"]])
    assert [step.name for step in plan.steps] == ["input", "input", "mul"]
    assert {step.source for step in plan.steps} == {
        model.rows["price"],
        model.rows["share"],
        None,
    }
    counted: list[str] = []
    for name, rule in rules.ELEMENTWISE.items():
        monkeypatch.setitem(
            rules.ELEMENTWISE,
            name,
            lambda *parts, name=name, rule=rule: (counted.append(name), rule(*parts)),
        )
    result = evaluate(plan, inputs(model, MILL), draws=1)
    assert list(result) == [model.rows["revenue"]]
    assert counted == ["mul"]
    counted.clear()
    evaluate(Plan(model, [model.rows["margin"]]), inputs(model, MILL), draws=1)
    assert counted == ["exp"]


def test_an_input_asked_for_is_returned() -> None:
    model = mill()
    row = model.rows["price"]
    result = evaluate(Plan(model, [row]), inputs(model, MILL), draws=3)
    assert np.array_equal(result[row], np.repeat(np.array(MILL["price"])[:, None], 3, axis=1))


def test_equal_formulas_are_one_step_and_numbers_are_folded() -> None:
    a, b = assume("A", "%"), assume("B", "%")
    one, other = line("One", "%", (a + b) * a), line("Other", "%", (a + b) * b)
    folded = line("Folded", "%", a * (average(0, 1) + 1))
    model = ruled({"a": a, "b": b, "one": one, "other": other, "folded": folded})
    names = [step.name for step in Plan(model, [one, other]).steps]
    assert sorted(names) == ["add", "input", "input", "mul", "mul"]
    plan = Plan(model, [folded])
    assert sorted(step.name for step in plan.steps if step.name != "number") == ["input", "mul"]
    result = evaluate(plan, inputs(model, {"base_year": 1, "a": 3, "b": 0}), draws=1)
    assert result[folded][0, 0] == 3 * ((0 + 1) / 2 + 1)


def test_previous_values_with_equal_openings_are_not_merged() -> None:
    a = assume("A", "%")
    one, other = previous(0), previous(0)
    rows = {
        "a": a,
        "one_before": one,
        "other_before": other,
        "one": line("One", "%", one + a, closes=one),
        "other": line("Other", "%", other - a, closes=other),
    }
    found = all_rows(ruled(rows), {"base_year": 2024, "a": 2})
    assert found["one"][:, 0].tolist() == [2.0 * (t + 1) for t in range(PERIODS)]
    assert found["other"][:, 0].tolist() == [-2.0 * (t + 1) for t in range(PERIODS)]


def test_typed_rows_take_the_place_of_their_formulas() -> None:
    model = mill()
    revenue, stock = model.rows["revenue"], model.rows["stock"]
    told = np.arange(10.0).reshape(PERIODS, 2)
    given_ = inputs(model, MILL, {"revenue": told}, typed=["revenue"])
    plan = Plan(model, [stock, model.rows["sum"], revenue], typed=[revenue])
    assert model.rows["price"] not in {step.source for step in plan.steps}
    result = evaluate(plan, given_, draws=2)
    assert np.array_equal(result[revenue], told)
    assert np.array_equal(result[stock], np.cumsum(told, axis=0))
    assert np.array_equal(result[model.rows["sum"]], told.sum(axis=0, keepdims=True))


def test_a_typed_row_still_carries_forward() -> None:
    """The row that closes a previous value is typed: each period starts from what was typed."""
    start, rate = assume("Start", "CNY"), assume("Rate", "%")
    before = previous(start)
    interest = line("Interest", "CNY", before * rate)
    debt = line("Debt", "CNY", before + interest, closes=before)
    rows = {"start": start, "rate": rate, "before": before, "interest": interest, "debt": debt}
    model = ruled(rows)
    told = np.array([[100.0], [200], [300], [400], [500]])
    base = {"base_year": 2024, "start": 50, "rate": 0.5}
    given_ = inputs(model, base, {"debt": told}, typed=["debt"])
    result = evaluate(Plan(model, [interest], typed=[debt]), given_, draws=1)
    assert result[interest][:, 0].tolist() == [25.0, 50.0, 100.0, 150.0, 200.0]


def test_first_gap_names_the_first_row_in_order_of_calculation() -> None:
    a, b = assume("A", "%"), assume("B", "%", yearly=True)
    ratio = line("Ratio", "%", a / b)
    later = line("Later", "%", ratio + a)
    rows = {"a": a, "b": b, "later": later, "ratio": ratio}
    model = ruled(rows)
    plan = Plan(model, [later, ratio, a])
    base = {"base_year": 2024, "a": 0, "b": [1, 2, 3, 4, 5]}
    assert first_gap(plan, inputs(model, base), draws=1) is None
    b_table = np.ones((PERIODS, 3))
    b_table[2, 1] = b_table[4, 0] = 0
    given_ = inputs(model, base, {"b": b_table})
    assert first_gap(plan, given_, draws=3) == (ratio, 2, 1)  # 0/0
    given_ = inputs(model, base, {"b": b_table, "a": 1.0})
    assert first_gap(plan, given_, draws=3) == (ratio, 2, 1)  # 1/0 is no number either


# ------------------------------------------------------------------------------------------------
# Inputs: the one door
# ------------------------------------------------------------------------------------------------


def test_inputs_become_arrays_of_periods_and_draws() -> None:
    model = mill()
    changes = {"share": [0.1, 0.2, 0.3], "price": np.ones((PERIODS, 3)), "life": 2}
    found = inputs(model, MILL, changes)
    shapes = {model.key[row]: array.shape for row, array in found.items()}
    assert shapes == {
        "base_year": (1, 1),
        "price": (PERIODS, 3),
        "share": (1, 3),
        "life": (1, 1),
        "growth": (1, 1),
    }
    assert all(array.dtype == np.float64 for array in found.values())
    assert inputs(model, MILL)[model.rows["price"]].shape == (PERIODS, 1)
    assert inputs(model, MILL, {"price": [7, 8]})[model.rows["price"]].tolist() == [[7, 8]]


TABLE = np.full((PERIODS, 2), 5.0)
TABLE[2, 1] = -3
REFUSED: dict[str, tuple[dict, dict, list[str]]] = {
    "unknown key": ({}, {"revenu": 1}, ["no input 'revenu'."]),
    "unknown key, near one": ({}, {"shar": 1}, ["no input 'shar'. Did you mean 'share'?"]),
    "right word, wrong place": (
        {},
        {"north_south_east_west.life": 1},
        ["no input 'north_south_east_west.life'. Did you mean 'life'?"],
    ),
    "formula": (
        {},
        {"revenue": 1},
        ["revenue is a formula. Name it in typed= to put values in its place."],
    ),
    "formula in the base case": (
        {"sum": 1},
        {},
        ["sum is a formula. Name it in typed= to put values in its place."],
    ),
    "periods": ({"price": [1, 2, 3]}, {}, ["price has 3 periods, not 5 or 1."]),
    "periods of a single value": (
        {},
        {"share": np.full((5, 2), 0.5)},
        ["share has 5 periods, not 1 or 1."],
    ),
    "three axes": ({}, {"price": np.ones((5, 2, 2))}, ["price has 5 periods, not 5 or 1."]),
    "outside": ({"growth": 0, "share": -1}, {}, ["share: -1 is outside 0 to 1. Enter a number"]),
    "percent": ({"share": 92}, {}, ["share: 92 is outside 0 to 1. Enter 92% or 0.92."]),
    "no percent remedy above 100%": (
        {"share": 101},
        {},
        ["share: 101 is outside 0 to 1. Enter a number from 0 to 1."],
    ),
    "no percent remedy for money": (
        {"price": 101},
        {},
        ["price: 101 is outside 0 to 100. Enter a number from 0 to 100."],
    ),
    "not a number": ({"growth": float("nan")}, {}, ["growth: nan is outside -inf to inf."]),
    "infinite": ({}, {"growth": float("inf")}, ["growth: inf is outside -inf to inf."]),
    "place": ({}, {"price": TABLE}, ["price, period 3, draw 1: -3 is outside 0 to 100."]),
    "not whole": ({"life": 2.5}, {}, ["life: 2.5 is not whole. Enter a whole number."]),
    "not whole, in a draw": (
        {},
        {"life": [1, 2, 3.5]},
        ["life, draw 2: 3.5 is not whole. Enter a whole number."],
    ),
    "draws": (
        {},
        {"share": [0.1, 0.2], "growth": [1, 2, 3]},
        ["changes have different numbers of draws: [2, 3]."],
    ),
    "all at once": (
        {"share": 92, "life": 0},
        {"shar": 1, "sum": 2, "price": np.ones((2, 2))},
        [
            "life: 0 is outside 1 to inf.",
            "no input 'shar'. Did you mean 'share'?",
            "price has 2 periods, not 5 or 1.",
            "share: 92 is outside 0 to 1. Enter 92% or 0.92.",
            "sum is a formula.",
        ],
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_inputs_that_do_not_fit_are_refused_together(case: str) -> None:
    base, changes, expected = REFUSED[case]
    with pytest.raises(AssumptionError, match=re.escape(expected[0])) as caught:
        inputs(mill(), {**MILL, **base}, changes)
    told = [problem.text for problem in caught.value.problems]
    assert len(told) == len(expected)
    for text, start in zip(told, expected, strict=True):
        assert text.startswith(start)


def test_missing_inputs_are_named() -> None:
    with pytest.raises(AssumptionError, match=r"^life is missing\.\nshare is missing\.$"):
        inputs(mill(), {k: v for k, v in MILL.items() if k not in ("share", "life")})


def test_narrower_bounds_win_over_the_model() -> None:
    bounds = {"share": (0.2, 0.6)}
    assert inputs(mill(), MILL, bounds=bounds)
    with pytest.raises(AssumptionError, match=r"share: 0\.7 is outside 0\.2 to 0\.6\."):
        inputs(mill(), MILL, {"share": 0.7}, bounds=bounds)


def test_typed_rows_need_a_number_but_no_bounds() -> None:
    model = mill()
    assert inputs(model, MILL, {"revenue": -1e9}, typed=["revenue"])
    with pytest.raises(AssumptionError, match="revenue: nan is outside"):
        inputs(model, MILL, {"revenue": float("nan")}, typed=["revenue"])


# ------------------------------------------------------------------------------------------------
# One rule for every operation
# ------------------------------------------------------------------------------------------------


def words() -> dict[str, Expr]:
    """A formula for every word that the language has for formulas, by word."""
    a, s = assume("A", "%"), assume("S", "%", yearly=True)
    day = assume("Day", "date", whole=True)
    life = assume("Life", "years", whole=True, minimum=1)
    project = line("Project", "%", s, opening=a)
    gross = balance("Gross", "%", a, add=s, less=0)
    return {
        "at_end": at_end(s),
        "at_least": at_least(a, s),
        "at_most": at_most(a, s),
        "average": average(a, s),
        "balance": gross,
        "calendar_year": calendar_year(day),
        "check": valuation.lines.check("Check", "%", a),
        "equals": equals(a, s),
        "exp": exp(a),
        "growing": growing("Growing", "%", a, by=s),
        "internal_rate_of_return": internal_rate_of_return(project),
        "largest": largest(s),
        "line": line("Line", "%", a),
        "log": log(a),
        "over_years": over_years(s) + over_years(s, project),
        "power": power(a, s),
        "previous": previous(a),
        "ramp": ramp(a, s, a / YEAR, life),
        "root": root(a),
        "smallest": smallest(s),
        "straight_line": straight_line(gross, life),
        "total": total(a, s),
        "where": where(a, s, 0),
        "within": within(a, 0, s),
        "year_end": year_end(calendar_year(day)),
        "years_ago": years_ago(gross, life),
        # no words
        "+": a + s,
        "-": a - s,
        "*": a * s,
        "/": a / s,
        "<=": a <= s,
        "<": a < s,
        ">=": a >= s,
        ">": a > s,
        "negative": -a,
        "one year": a * YEAR,
        "conversion": line("Conversion", "CNY m", assume("C", "万CNY")),
    }


#: Words that declare what is no formula.
DECLARATIONS = {"assume", "given", "heading", "switch"}


def operations(node: Expr) -> set[str]:
    found = {node.name} if isinstance(node, Op) else set()
    return found.union(*(operations(n) for n in node.operands))


def test_every_word_is_made_of_operations_that_have_rules() -> None:
    table = words()
    public = {
        name
        for name in valuation.lines.__all__
        if inspect.isfunction(getattr(valuation.lines, name))
    }
    assert public - DECLARATIONS <= table.keys()
    assert set().union(*map(operations, table.values())) == OPERATIONS


def test_the_rule_tables_hold_the_same_operations() -> None:
    in_numpy = {*rules.ELEMENTWISE, *rules.OVER_PERIODS, *rules.OVER_PAST, "same"} - {"previous"}
    assert in_numpy == OPERATIONS == slow.OPERATIONS


def unknown(*, recurrent: bool) -> Model:
    a = assume("A", "%", yearly=True)
    before = previous(0)
    odd = Op(name="sinh", operands=(a + before if recurrent else a,))
    odd_row = line("Odd", "%", odd)
    closing = line("Closing", "%", (odd_row if recurrent else before) + a, closes=before)
    return ruled({"a": a, "before": before, "odd": odd_row, "closing": closing})


@pytest.mark.parametrize("recurrent", [False, True])
def test_an_operation_without_a_rule_is_an_error(recurrent: bool) -> None:
    model = unknown(recurrent=recurrent)
    with pytest.raises(EngineError, match=r"numpy has no rule for 'sinh'\. Add one to"):
        all_rows(model, {"base_year": 2024, "a": 1})
    with pytest.raises(EngineError, match=r"Excel has no rule for 'sinh'\. Add one to"):
        list(formulas(model).cells(model.rows["odd"]))


def test_a_node_of_a_new_kind_is_an_error() -> None:
    model = ruled({"odd": line("Odd", "%", Expr())})
    with pytest.raises(EngineError, match="no way to compute a Expr"):
        Plan(model, [model.rows["odd"]])
    with pytest.raises(EngineError, match="Excel has no rule for a Expr"):
        list(formulas(model).cells(model.rows["odd"]))


# ------------------------------------------------------------------------------------------------
# Gaps: an error on the sheet is no number in Python, and spreads alike
# ------------------------------------------------------------------------------------------------

GAPS: dict[str, Callable[[Expr, Expr], Expr]] = {
    "no value": lambda _, none: none + 1,
    "division by zero": lambda zero, _: 1 / zero,
    "zero by zero": lambda zero, _: zero / zero,
    "logarithm of zero": lambda zero, _: log(zero),
    "root of a negative": lambda zero, _: root(zero - 1),
    "zero to the power of minus one": lambda zero, _: power(zero, zero - 1),
    "larger than no value": lambda _, none: at_least(none, 0),
    "smaller than no value": lambda _, none: at_most(0 - none, 0),
    "mean with no value": average,
    "no value times zero": lambda zero, none: none * zero,
    "branch chosen": lambda zero, none: where(equals(zero, 0), none, 1),
    "branch not chosen": lambda zero, none: where(equals(zero, 1), none, 1),
    "branch not chosen, division": lambda zero, _: where(zero, 1 / zero, 1),
    "comparison": lambda _, none: none <= 1,
    "equality": lambda _, none: equals(none, 0),
    "flag without a value": lambda _, none: where(none, 1, 0),
    "comparison as a condition": lambda _, none: where(none > 0, 1, 0),
    "one by infinity": lambda zero, _: 1 / (1 / zero),
    "infinity held": lambda zero, _: at_most(1 / zero, 1),
    "infinity compared": lambda zero, _: where(1 / zero > 0, 1, 0),
    "exponential of minus infinity": lambda zero, _: exp(log(zero)),
    "overflow": lambda zero, _: 1 / exp(exp(exp(exp(exp(1 + zero))))),
}


@pytest.mark.parametrize("case", GAPS)
def test_gaps_spread_as_errors_do_on_a_sheet(case: str) -> None:
    zero = assume("Zero", "ratio")
    none = line("None", "ratio", where(equals(zero, 0), NO_VALUE, zero))
    row = line("Row", "ratio", GAPS[case](zero, none))
    model = ruled({"zero": zero, "none": none, "row": row})
    base = {"base_year": 2024.0, "zero": 0.0}
    (found,) = all_rows(model, base)["row"][0]
    (expected,) = slow.Slow(model, base).rows()["row"]
    (on_sheet,) = recalculated(model, base)[0]["row"]
    assert np.isnan(on_sheet) == np.isnan(expected)
    assert np.isfinite(found) == np.isfinite(on_sheet)
    assert not np.isfinite(found) or found == on_sheet == expected


def test_a_date_or_year_without_a_value_is_a_gap() -> None:
    day, flag = assume("Day", "date", whole=True), assume("Flag", "flag")
    none = line("None", "date", where(flag, day, NO_VALUE))
    no_year = line("No year", "year", where(flag, calendar_year(day), NO_VALUE))
    rows = {
        "day": day,
        "flag": flag,
        "none": none,
        "no_year": no_year,
        "year_of_none": line("Year of none", "year", calendar_year(none)),
        "end_of_none": line("End of none", "date", year_end(no_year)),
    }
    model = ruled(rows)
    base = {"base_year": 2024.0, "day": 46000.0, "flag": 0.0}
    agree(model, base, frozenset())
    agree(model, base | {"flag": 1.0}, frozenset())
    found = all_rows(model, base)
    assert np.isnan([found["year_of_none"][0, 0], found["end_of_none"][0, 0]]).all()


@some
@given(graph=graphs(), seed=SEEDS)
def test_random_companies_have_the_same_gaps(graph: Graph, seed: int) -> None:
    """Some inputs are 0 although their bounds, which the door keeps, say that they are above."""
    model, rng = graph.model, np.random.default_rng(seed)
    base = {
        key: told if model.assumptions[key].whole or rng.random() < 0.6 else zeroed(told, rng)
        for key, told in values(model, seed).items()
    }
    given_ = {model.rows[key]: np.reshape(told, (-1, 1)) for key, told in base.items()}
    found = evaluate(Plan(model, model.rows.values()), given_, draws=1)
    expected = slow.Slow(model, base).rows()
    on_sheet = recalculated(model, base)[0]
    for key, row in model.rows.items():
        assert same(found[row][:, 0], expected[key], 1e-12), key
        assert key not in on_sheet or same(on_sheet[key], expected[key], 1e-9), key


def zeroed(told: float | list[float], rng: np.random.Generator) -> float | list[float]:
    """A value as nothing, or some of its years."""
    if isinstance(told, list):
        return [0.0 if rng.random() < 0.5 else value for value in told]
    return 0.0


# ------------------------------------------------------------------------------------------------
# Formula text
# ------------------------------------------------------------------------------------------------


def abc() -> tuple[Assumption, Assumption, Assumption, Assumption]:
    return assume("A", "%"), assume("B", "%"), assume("C", "%"), assume("S", "%", yearly=True)


#: What is written for formulas of single values a, b, c and of s, which has one a period.
PRECEDENCE: dict[str, Callable[..., Expr]] = {
    "a+b-c": lambda a, b, c, *_: (a + b) - c,
    "a-(b-c)": lambda a, b, c, *_: a - (b - c),
    "a-(b+c)": lambda a, b, c, *_: a - (b + c),
    "a-b-c": lambda a, b, c, *_: a - b - c,
    "(a+b)*c": lambda a, b, c, *_: (a + b) * c,
    "a*(b+c)": lambda a, b, c, *_: a * (b + c),
    "a+b*c": lambda a, b, c, *_: a + b * c,
    "a/(b*c)": lambda a, b, c, *_: a / (b * c),
    "a/(b/c)": lambda a, b, c, *_: a / (b / c),
    "a/b/c": lambda a, b, c, *_: a / b / c,
    "a/b*c": lambda a, b, c, *_: a / b * c,
    "a*b/c": lambda a, b, c, *_: (a * b) / c,
    "a/(b-c)": lambda a, b, c, *_: a / (b - c),
    "(a^b)^c": lambda a, b, c, *_: power(power(a, b), c),
    "a^(b^c)": lambda a, b, c, *_: power(a, power(b, c)),
    "(a+b)^c": lambda a, b, c, *_: power(a + b, c),
    "(a*b)^(1+c)": lambda a, b, c, *_: power(a * b, 1 + c),
    "a^b*c": lambda a, b, c, *_: power(a, b) * c,
    "a/b^c": lambda a, b, c, *_: a / power(b, c),
    "a-b^c": lambda a, b, c, *_: a - power(b, c),
    "(-a)^b": lambda a, b, *_: power(-a, b),
    "-(a^b)": lambda a, b, *_: -power(a, b),
    "-a": lambda a, *_: -a,
    "-(-a)": lambda a, *_: -(0 - a),
    "-(a+b)": lambda a, b, *_: -(a + b),
    "-(a*b)": lambda a, b, *_: -(a * b),
    "a-(-b)": lambda a, b, *_: a - (-b),
    "a*(-b)": lambda a, b, *_: a * (-b),
    "EXP((-a)*b)": lambda a, b, *_: exp((-a) * b),
    "MAX(a-b,-c)": lambda a, b, c, *_: at_least(a - b, -c),
    "MIN(MAX(a,0),1)": lambda a, *_: within(a, 0, 1),
    "AVERAGE(a+b,c)*a": lambda a, b, c, *_: average(a + b, c) * a,
    "SQRT(a+b)": lambda a, b, *_: root(a + b),
    "LN(1+a)": lambda a, *_: log(1 + a),
    "IF(a<b,1,0)": lambda a, b, *_: a < b,
    "IF(b<a,1,0)": lambda a, b, *_: a > b,
    "IF(b<=a,1,0)": lambda a, b, *_: a >= b,
    "IF(a=b,1,0)": lambda a, b, *_: equals(a, b),
    "IF(a-b<=(-c),1,0)": lambda a, b, c, *_: (a - b) <= -c,
    "IF(a<=b,1,0)*c": lambda a, b, c, *_: (a <= b) * c,
    "IF(IF(a<b,1,0)<c,1,0)": lambda a, b, c, *_: (a < b) < c,
    "IF(a<b,c,0)": lambda a, b, c, *_: where(a < b, c, 0),
    "IF(a<>0,b,c)": lambda a, b, c, *_: where(a, b, c),
    "IF(a+b<>0,b,c)": lambda a, b, c, *_: where(a + b, b, c),
    "IF(IF(a<b,1,0)*IF(b<c,1,0)<>0,b,c)": lambda a, b, c, *_: where((a < b) * (b < c), b, c),
    "IF(a=b,IF(b<c,a,b),c)": lambda a, b, c, *_: where(equals(a, b), where(b < c, a, b), c),
    "IF(a<b,NA(),c)": lambda a, b, c, *_: where(a < b, NO_VALUE, c),
    "1-IF(a<b,b,c)": lambda a, b, c, *_: 1 - where(a < b, b, c),
    "SUM(s)": lambda *abcs: over_years(abcs[3]),
    "SUMPRODUCT(s,s)/a": lambda *abcs: over_years(abcs[3], abcs[3]) / abcs[0],
    "MAX(s)-MIN(s)": lambda *abcs: largest(abcs[3]) - smallest(abcs[3]),
}


@pytest.mark.parametrize("expected", PRECEDENCE)
def test_brackets_stand_where_precedence_needs_them(expected: str) -> None:
    nodes = abc()
    rows = dict(zip("abcs", nodes, strict=True))
    row = line("Row", "%", PRECEDENCE[expected](*nodes))
    used = line("Used", "%", total(*nodes))
    model = ruled({**rows, "used": used, "row": row})
    text = formulas(model)
    ((_, formula),) = text.cells(row)
    first, last = letters(text.grid.columns[0]), letters(text.grid.columns[-1])
    for name, node in rows.items():
        number_ = text.places[node].number
        formula = formula.replace(f"${first}{number_}:${last}{number_}", name)
        formula = formula.replace(f"$D${number_}", name)
    assert formula == f"={expected}"
    base = {"base_year": 2024.0, "a": 1.7, "b": 0.6, "c": 2.0, "s": [3.0, 0.5, 0.1, 0.2, 0.4]}
    agree(model, base, frozenset())


def test_precedence_with_dates_lags_and_conversions() -> None:
    day, money = assume("Day", "date", whole=True), assume("Money", "亿CNY", yearly=True)
    life = assume("Life", "years", whole=True, minimum=1)
    million = line("Million", "CNY m", money + money, opening=0)
    rows = {
        "day": day,
        "money": money,
        "life": life,
        "million": million,
        "left": line("Left", "years", year_end(calendar_year(day)) - day),
        "ago": line("Ago", "CNY m", years_ago(million, life + YEAR)),
        "last": line("Last", "CNY k", at_end(million)),
    }
    model = ruled(rows)
    told = {
        key: [text for _, text in formulas(model).cells(model.rows[key])][:2]
        for key in ("million", "left", "ago", "last", "year")
    }
    assert told == {
        "year": ["=$D$6", "=E$4+1"],
        "million": ["=0", "=(F8+F8)*hundred_million/million"],
        "left": ["=((DATE(YEAR($D$7)+1,1,1)-1)-$D$7)/days_per_year"],
        "ago": [
            "=SUMIF($E$4:E$4,F$4-($D$9+1),$E10:E10)",
            "=SUMIF($E$4:F$4,G$4-($D$9+1),$E10:F10)",
        ],
        "last": ["=$J10*million/thousand"],
    }


def literals(formula: str) -> set[str]:
    """Numbers and texts written in a formula."""
    return {
        token.value
        for token in Tokenizer(formula).items
        if token.type == Token.OPERAND and token.subtype in (Token.NUMBER, Token.TEXT)
    }


def consistent(model: Model) -> None:
    """Every row has one formula, filled to the right, and names every number but 0 and 1."""
    text = formulas(model)
    for key, row in model.rows.items():
        if not isinstance(row, Line):
            continue
        cells = dict(text.cells(row))
        assert set().union(*map(literals, cells.values())) <= {"0", "1"}, key
        opened = cells.pop(OPENING, None)
        assert (opened is None) == (row.opening is None), key
        assert list(cells) == (
            list(text.grid.columns) if row.shape == Shape.SERIES else [text.grid.value]
        )
        assert len({relative(formula, column) for column, formula in cells.items()}) == 1, key
        origin, *others = cells.items()
        for column, formula in others:
            filled = Translator(origin[1], f"{letters(origin[0])}1")
            assert filled.translate_formula(f"{letters(column)}1") == formula, key


def test_the_company_has_one_formula_a_row_and_no_number_but_0_and_1() -> None:
    consistent(company.model)


@some
@given(graph=graphs())
def test_random_companies_have_one_formula_a_row_and_no_number_but_0_and_1(graph: Graph) -> None:
    consistent(graph.model)


@pytest.mark.parametrize("word", ["over_years", "at_end", "largest", "smallest"])
def test_a_total_in_a_yearly_formula_is_the_same_in_every_year(word: str) -> None:
    flow = assume("Flow", "CNY", yearly=True)
    rest = line("Rest", "CNY", getattr(valuation.lines, word)(flow) - flow)
    consistent(ruled({"flow": flow, "rest": rest}))


def test_the_judge_of_formula_text_can_tell() -> None:
    assert literals('=F7*0.5+IF(F8>2,"",1)') == {"0.5", "2", '""', "1"}
    assert literals("='Part 2'!F7*thousand") == set()
    assert relative("=$D$7+F8*F$4", 6) == relative("=$D$7+G8*G$4", 7)
    assert relative("=$D$7+F8*F$4", 6) != relative("=$D$7+F8*G$4", 7)
    assert relative("='Part 2'!E9+LOG10(F7)", 6) == relative("='Part 2'!F9+LOG10(G7)", 7)
    assert relative("=$D$7", 6) != relative("=D7", 6)


def test_columns_have_letters() -> None:
    expected = {1: "A", 26: "Z", 27: "AA", 52: "AZ", 53: "BA", 702: "ZZ", 703: "AAA", 16384: "XFD"}
    assert {n: letters(n) for n in expected} == expected
    assert all(number(letters(n)) == n for n in range(1, 17000, 7))


@pytest.mark.parametrize(
    ("sheet", "expected"),
    [
        ("Steel", "Steel"),
        ("Steel_2", "Steel_2"),
        ("Steel north", "'Steel north'"),
        ("2026", "'2026'"),
        ("浙江云", "'浙江云'"),
        ("Owner's", "'Owner''s'"),
        ("A-B", "'A-B'"),
    ],
)
def test_sheet_titles_are_quoted_where_needed(sheet: str, expected: str) -> None:
    assert quoted(sheet) == expected


def test_checks_keep_their_formula_on_a_sheet() -> None:
    """A check is a line like any other to both engines."""
    a = assume("A", "CNY m")
    rule = valuation.lines.check("Rule", "CNY", a - a)
    model = ruled({"a": a, "rule": rule})
    assert isinstance(rule, Check)
    assert [text for _, text in formulas(model).cells(rule)] == ["=($D$7-$D$7)*million"]
    agree(model, {"base_year": 2024.0, "a": 3.0}, frozenset())
