"""Explanations: the words of a formula, and the trace from a row to its inputs and facts."""

from __future__ import annotations

import io
import json
import math
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sheets
from rich.console import Console

import valuation
from valuation.cli.explain import _trees
from valuation.engines import formulas
from valuation.engines.words import OPERATIONS, Words
from valuation.errors import AssumptionError, EngineError
from valuation.lines import (
    YEAR,
    Assumption,
    Company,
    Expr,
    Group,
    Line,
    Model,
    assume,
    at_end,
    at_least,
    at_most,
    average,
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
    root,
    smallest,
    where,
    year_end,
    years_ago,
)
from valuation.lines.functions import NO_VALUE
from valuation.lines.nodes import Op
from valuation.risk.assumptions import Assumptions, Input, Scenario, Table
from valuation.risk.explain import explain
from valuation.risk.explanation import Explanation, Step
from valuation.risk.facts import facts_named
from valuation.risk.valuation import Valuation, value

ROOT = Path(__file__).parent.parent


class Shelf(Group, title="Shelf"):
    """A second group whose labels are those of the shop."""

    fill = assume("Fill", "%")
    goods = assume("Goods", "t")

    stock = line("Stock", "t", goods * fill)


class Shop(Group, title="Shop | 店"):
    """Every operation once, in words an analyst would use."""

    base_year = assume("Last actual year", "year", whole=True, minimum=2000)
    valuation_date = assume("Valuation date", "date", whole=True)
    price = assume("Price", "CNY/kW/month")
    power_billed = assume("Power billed", "kW", yearly=True)
    rate = assume("Rate, real", "%")
    life = assume("Life", "years", whole=True, minimum=1)
    spent = assume("Spent", "CNY m")
    shares = assume("Shares", "m shares")
    stock_filled = assume("Stock", "t")

    shelf = Shelf

    year_before = previous(base_year)
    year = line("Year", "year", year_before + YEAR, closes=year_before)
    lease_price = growing("Lease price", "CNY/kW/month", price, by=rate)
    revenue = line("Revenue", "CNY m", power_billed * lease_price * YEAR)
    less = line("Less", "CNY m", revenue - (revenue - spent))
    minus = line("Minus", "CNY m", -(revenue + spent))
    product_of_sums = line("Product of sums", "%", (1 - rate) * (1 + rate))
    division = line("Division", "ratio", revenue / (spent / rate))
    higher = line("Higher", "CNY m", at_least(revenue, spent))
    lower = line("Lower", "CNY m", at_most(revenue - spent, 0))
    mean = line("Mean", "CNY m", average(revenue, spent))
    square_root = line("Root", "ratio", root(rate))
    exponential = line("Exponential", "ratio", exp(-(rate * rate)))
    logarithm = line("Logarithm", "ratio", log(1 + rate))
    compounded = line("Compounded", "ratio", power(1 + rate, rate * rate) - 1)
    dated = line("Valuation year", "year", calendar_year(valuation_date))
    last_day = line("Last day", "date", year_end(dated))
    total = line("Total", "CNY m", over_years(revenue))
    weighed = line("Weighed", "CNY m CNY m", over_years(revenue, higher))
    end = line("End", "CNY m", at_end(revenue))
    most = line("Most", "CNY m", largest(revenue))
    least = line("Least", "CNY m", smallest(revenue))
    chosen = line("Chosen", "CNY m", where(revenue > spent, revenue, NO_VALUE))
    flagged = line("Flagged", "CNY m", where(rate, where(rate > 0, revenue, 0), spent))
    is_year = line("Is the year", "flag", equals(year, dated))
    until = line("Until", "flag", (year <= dated) * (year < dated))
    gross_before = previous(spent)
    gross = line("Gross", "CNY m", gross_before + revenue, closes=gross_before)
    aged = line("Aged", "CNY m", years_ago(gross, life + YEAR))
    flow = line("Flow", "CNY m", revenue, opening=-spent)
    irr = line("IRR", "%", internal_rate_of_return(flow))
    stock = line("Stock", "t", stock_filled + Shelf.stock)
    goods = line("Goods", "t", Shelf.goods)
    per_share = line("Per share", "CNY m/m share", total / shares)


#: What each row of the shop must be said to be, written by hand.
SAID = {
    "year": "Year of the year before + 1",
    "lease_price": "Lease price of the year before × (1 + ‘Rate, real’)",
    "revenue": "Power billed × Lease price × months per year ÷ million",
    "less": "Revenue − (Revenue − Spent)",
    "minus": "−(Revenue + Spent)",
    "product_of_sums": "(1 − ‘Rate, real’) × (1 + ‘Rate, real’)",
    "division": "Revenue ÷ (Spent ÷ ‘Rate, real’)",
    "higher": "larger of (Revenue, Spent)",
    "lower": "smaller of (Revenue − Spent, 0)",
    "mean": "average of (Revenue, Spent)",
    "square_root": "square root of (‘Rate, real’)",
    "exponential": "e to the power of (−(‘Rate, real’ × ‘Rate, real’))",
    "logarithm": "natural logarithm of (1 + ‘Rate, real’)",
    "compounded": "((1 + ‘Rate, real’) to the power of (‘Rate, real’ × ‘Rate, real’)) − 1",
    "dated": "calendar year of (Valuation date)",
    "last_day": "31 December of (Valuation year)",
    "total": "sum over the years of (Revenue)",
    "weighed": "sum over the years of (Revenue × Higher)",
    "end": "Revenue in the last year",
    "most": "largest over the years of (Revenue)",
    "least": "smallest over the years of (Revenue)",
    "chosen": "Revenue if Spent is below Revenue, otherwise no value",
    "flagged": "(Revenue if ‘Rate, real’ is above 0, otherwise 0) if ‘Rate, real’ is not 0, "
    "otherwise Spent",
    "is_year": "1 if Year equals Valuation year, otherwise 0",
    "until": "(1 if Year is at most Valuation year, otherwise 0) × "
    "(1 if Year is below Valuation year, otherwise 0)",
    "gross": "Gross of the year before + Revenue",
    "aged": "Gross (Life + 1) years before",
    "flow": "Revenue",
    "irr": "internal rate of return of (Flow, its opening value included)",
    "stock": "Stock [stock_filled] + Stock [shelf.stock]",
    "goods": "Goods [Shelf]",
    "per_share": "Total ÷ Shares",
    "shelf.stock": "Goods × Fill",
}


def shop() -> Company:
    return Company(
        name="shop", title="Shop", chinese="店", ticker="", currency="CNY",
        model=Model(Shop, year=Shop.year, periods=4), base_year=Shop.base_year,
        valuation_date=Shop.valuation_date, parts=(), bridge=(), equity_value=Shop.total,
        diluted_shares=Shop.shares, value_per_share=Shop.per_share,
        market_price=Shop.per_share, upside=Shop.irr,
    )  # fmt: skip


FACTS = Table(
    title="Facts",
    headers=("ID", "Value", "Quote"),
    rows=(("F07", 450, '"450元"'), ("F27", 10800, None), ("K1", "a KPI", "")),
)
CONFLICTS = Table(title="Conflicts", headers=("ID", "Conflict"), rows=(("I-21", "open"),))


@pytest.fixture(scope="module")
def opened() -> Assumptions:
    """The shop with a value of every kind."""
    company = shop()
    values: dict[str, float | tuple[float, ...]] = {
        "base_year": 2024.0, "valuation_date": 46080.0, "price": 450.0,
        "power_billed": (1000.0, 2000.0, 3000.0, 4000.0), "rate": 0.04, "life": 1.0, "spent": 9.0,
        "shares": 10.0, "stock_filled": 5.0, "shelf.fill": 0.5, "shelf.goods": 8.0,
    }  # fmt: skip
    inputs = {
        key: Input(key=key, row=row, value=values[key])
        for key, row in company.model.assumptions.items()
    }
    inputs["price"] = Input(
        key="price", row=Shop.price, value=450.0, low=400.0, high=500.0, distribution="PERT",
        source="[S] F7; F99 and FP16", as_of="2025-04", confidence="low", note="see I-21",
    )  # fmt: skip
    scenarios = {
        "base": Scenario(name="base", weight=0.5),
        "bear": Scenario(name="bear", weight=0.5, values={"price": 400.0, "spent": 8.0}),
    }
    tables = {"Facts": FACTS, "Conflicts": CONFLICTS}
    return Assumptions(
        company=company, inputs=inputs, scenarios=scenarios, tables=tables,
        overrides={"shares": 11.0},
    )  # fmt: skip


# Words


def test_every_operation_that_can_be_written_can_be_said() -> None:
    assert OPERATIONS == formulas.OPERATIONS


def test_every_row_of_the_shop_is_said_as_written_by_hand(opened: Assumptions) -> None:
    model = opened.company.model
    lines = {key: row for key, row in model.rows.items() if isinstance(row, Line)}
    assert {key: Words(model, row).formula for key, row in lines.items()} == SAID


def test_the_shop_uses_every_operation(opened: Assumptions) -> None:
    """So that no rule goes untested; `same` is a change of unit and says nothing."""

    def used(node: Expr) -> set[str]:
        below = {name for operand in node.operands for name in used(operand)}
        return below | {node.name} if isinstance(node, Op) else below

    lines = [r for r in opened.company.model.rows.values() if isinstance(r, Line)]
    assert {name for row in lines for name in used(row)} == OPERATIONS


def test_an_operation_without_words_is_refused(opened: Assumptions) -> None:
    strange = Op(name="median", operands=(Shop.revenue,), unit=Shop.revenue.unit)
    with pytest.raises(EngineError, match=r"no words for 'median'\. Add a rule to engines/words"):
        Words(opened.company.model, Shop.revenue).say(strange)


def test_opening_values_are_said(opened: Assumptions) -> None:
    model = opened.company.model
    assert Words(model, Shop.gross).opening == "Spent"
    assert Words(model, Shop.flow).opening == "−Spent"
    assert Words(model, Shop.revenue).opening == ""


_PYTHON = {
    "sum over the years of (": "np.sum(",
    "largest over the years of (": "np.max(",
    "smallest over the years of (": "np.min(",
    "natural logarithm of (": "np.log(",
    "square root of (": "np.sqrt(",
    "e to the power of (": "np.exp(",
    "calendar year of (": "year_of(",
    "31 December of (": "last_day(",
    "average of (": "average(",
    "larger of (": "max(",
    "smaller of (": "min(",
    " to the power of ": " ** ",
    " is at most ": " <= ",
    " is at least ": " >= ",
    " is below ": " < ",
    " is above ": " > ",
    " equals ": " == ",
    " is not 0": " != 0",
    ", otherwise ": " else ",
    "no value": "math.nan",
    "×": "*",
    "÷": "/",
    "−": "-",
}
_DAY_0 = date(1899, 12, 30)
_NAMES = {
    "np": np,
    "math": math,
    "average": lambda a, b: (a + b) / 2,
    "year_of": lambda serial: (_DAY_0 + timedelta(days=int(serial))).year,
    "last_day": lambda year: (date(int(year), 12, 31) - _DAY_0).days,
}


def as_read(step: Step) -> float:
    """What a reader gets who puts the values told into the formula said."""
    text, values = step.formula, {}
    for operand in sorted(step.operands, key=lambda o: -len(o.text)):
        name = f"v{len(values)}_"
        values[name] = (
            np.array(list(operand.by_year.values())) if operand.by_year else operand.value
        )
        text = text.replace(operand.text, name)
    for words, python in _PYTHON.items():
        text = text.replace(words, python)
    return float(eval(text, _NAMES | values))  # noqa: S307 - our own formulas


@pytest.mark.parametrize("position", [0, 1, -1])
def test_words_and_values_give_the_value_of_every_row(
    book: Assumptions, opened: Assumptions, position: int
) -> None:
    """The formula said, worked out by Python with the operands told, is the row's own value."""
    for result in (value(book), value(opened)):
        for key, row in result.company.model.rows.items():
            if not isinstance(row, Line):
                continue
            found = explain(result, key, year=result.years[position], depth=1)
            step = found.steps[key, False]
            assert len({o.text for o in step.operands}) == len(step.operands), key
            if "internal rate of return" not in step.formula and math.isfinite(step.value):
                known = result[key]
                known = known[position] if isinstance(known, tuple) else known
                assert step.value == known, key
                assert as_read(step) == pytest.approx(known, rel=1e-9, abs=1e-9), step.formula


# The trace


def test_the_year_before_is_the_year_before(opened: Assumptions) -> None:
    result = value(opened)
    price = result["lease_price"]
    assert isinstance(price, tuple)
    step = explain(result, "lease_price", year=2027, depth=1).steps["lease_price", False]
    assert step.value == price[2]
    before = step.operands[0]
    assert (before.text, before.key) == ("Lease price of the year before", "lease_price")
    assert (before.year, before.value, before.opening) == (2026, price[1], False)
    assert step.before is not None
    assert (step.before.value, step.before.opening) == (450.0, True)


def test_before_the_first_year_stands_the_opening(opened: Assumptions) -> None:
    found = explain(value(opened), "lease_price", year=2025)
    step = found.steps["lease_price", False]
    assert (step.operands[0].value, step.operands[0].opening) == (450.0, True)
    assert step.operands[0].year is None
    assert step.before is None  # told already
    opening = found.steps["lease_price", True]
    assert (opening.formula, opening.value, opening.level) == ("Price", 450.0, 1)
    assert [o.key for o in opening.operands] == ["price"]


def test_some_years_before(opened: Assumptions) -> None:
    result = value(opened)
    gross = result["gross"]
    assert isinstance(gross, tuple)
    told = {}
    for year in result.years:
        step = explain(result, "aged", year=year, depth=1).steps["aged", False]
        ago, life = step.operands
        assert (ago.text, life.text) == ("Gross (Life + 1) years before", "Life")
        told[year] = (ago.year, ago.opening, ago.value)
        assert step.value == ago.value
    assert told == {
        2025: (2023, False, 0.0),  # before the opening: nothing
        2026: (None, True, 9.0),
        2027: (2025, False, gross[0]),
        2028: (2026, False, gross[1]),
    }


def test_a_row_read_before_the_ruler_is_explained_for_a_year_it_has(opened: Assumptions) -> None:
    """Its inputs count in later years, so they belong to the trace."""
    found = explain(value(opened), "aged", year=2025, depth=None)
    assert set(found.inputs) == {"life", "spent", "power_billed", "price", "rate"}
    text = drawn(found, 9)
    assert "Gross (Life + 1) years before (2023)  0 CNY m" in text
    assert "2025 = Gross of the year before + Revenue" in text


def test_a_row_read_in_all_its_years(opened: Assumptions) -> None:
    result = value(opened)
    step = explain(result, "total", depth=1).steps["total", False]
    revenue = result["revenue"]
    assert isinstance(revenue, tuple)
    (operand,) = step.operands
    assert operand.by_year == dict(zip(result.years, revenue, strict=True))
    assert (operand.year, operand.value) == (2026, revenue[1])
    assert step.year is None
    end = explain(result, "end", depth=1).steps["end", False].operands[0]
    assert (end.text, end.year, end.value) == ("Revenue in the last year", 2028, revenue[3])
    assert end.by_year == {}


def test_named_numbers_are_operands(opened: Assumptions) -> None:
    operands = explain(value(opened), "revenue", depth=1).steps["revenue", False].operands
    told = [(o.text, o.value) for o in operands[2:]]
    assert told == [("months per year", 12.0), ("million", 1e6)]
    assert all(o.key == "" for o in operands[2:])


def test_the_valuation_year_is_shown_unless_another_is_asked_for(opened: Assumptions) -> None:
    result = value(opened)
    found = explain(result, "revenue")
    assert (found.year, found.valuation_year) == (2026, 2026)
    assert found.steps["revenue", False].year == 2026
    assert explain(result, "revenue", year=2028).steps["revenue", False].year == 2028
    for year in (2024, 2029):
        with pytest.raises(AssumptionError, match=rf"{year} is not on the ruler.*2025 to 2028"):
            explain(result, "revenue", year=year)


def test_depth_counts_formulas(opened: Assumptions) -> None:
    result = value(opened)
    keys = [set(explain(result, "per_share", depth=n).steps) for n in (1, 2, 3)]
    assert keys[0] == {("per_share", False)}
    assert keys[1] == keys[0] | {("total", False)}
    assert keys[2] == keys[1] | {("revenue", False)}
    assert list(explain(result, "per_share", depth=1).inputs) == ["shares"]
    assert list(explain(result, "per_share", depth=3).inputs) == ["shares", "power_billed"]
    found = explain(result, "per_share", depth=None)
    assert set(found.inputs) == {"shares", "power_billed", "price", "rate"}
    assert {s.key: s.level for s in found.steps.values() if not s.opening} == {
        "per_share": 0, "total": 1, "revenue": 2, "lease_price": 3,
    }  # fmt: skip
    with pytest.raises(AssumptionError, match="depth 0 shows nothing"):
        explain(result, "per_share", depth=0)


def test_all_the_way_down_are_all_inputs_a_row_rests_on(book: Assumptions) -> None:
    """Against the order of calculation, which knows nothing of words."""
    result = value(book)
    model = result.company.model
    company = result.company
    for row in (company.value_per_share, *(p.enterprise_value for p in company.parts)):
        reached = [n for group in model.steps([row], ()) for n in group]
        inputs = {model.key[n] for n in reached if isinstance(n, Assumption)}
        lines = {model.key[n] for n in reached if isinstance(n, Line)}
        found = explain(result, model.key[row], depth=None)
        assert set(found.inputs) == inputs
        assert {key for key, _ in found.steps} == lines


def test_an_input_tells_where_it_comes_from(opened: Assumptions) -> None:
    used = explain(value(opened), "price").inputs["price"]
    assert (used.value, used.base, used.set_by) == (450.0, 450.0, "base")
    assert [f.id for f in used.facts] == ["F07", "I-21"]
    assert used.facts[0].cells == {"Value": 450, "Quote": '"450元"'}
    assert used.facts[1].table == "Conflicts"
    assert used.lost == ("F99",)
    told: Any = explain(value(opened), "price").document()["inputs"]
    assert {k: told[0][k] for k in ("low", "high", "distribution", "source", "as_of", "note",
                                    "confidence", "facts_missing")} == {
        "low": 400.0, "high": 500.0, "distribution": "PERT", "source": "[S] F7; F99 and FP16",
        "as_of": "2025-04", "note": "see I-21", "confidence": "low", "facts_missing": ["F99"],
    }  # fmt: skip
    assert told[0]["facts"][0] == {
        "id": "F07", "table": "Facts", "cells": {"Value": 450, "Quote": '"450元"'},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("key", "scenario", "changes", "expected"),
    [
        ("price", "base", {}, (450.0, "base")),
        ("price", "bear", {}, (400.0, "scenario bear")),
        ("price", "bear", {"price": 300.0}, (300.0, "set")),
        ("shares", "base", {}, (11.0, "override")),
        ("shares", "base", {"shares": 12.0}, (12.0, "set")),
        ("power_billed", "base", {"power_billed": 7.0}, (7.0, "set")),
    ],
)
def test_an_input_tells_what_set_it(
    opened: Assumptions,
    key: str,
    scenario: str,
    changes: Mapping[str, float],
    expected: tuple[float, str],
) -> None:
    found = explain(value(opened, scenario=scenario, changes=changes), key)
    used = found.inputs[key]
    assert (used.value, used.set_by) == expected
    base = opened.inputs[key].value
    assert used.base == (base[1] if isinstance(base, tuple) else base)
    assert found.scenario == scenario


def test_facts_are_found_however_they_are_written() -> None:
    found, lost = facts_named("[S]F-27,I21; F07/F27 (K1) not F2 nor AF07", [FACTS, CONFLICTS])
    assert [f.id for f in found] == ["F27", "I-21", "F07", "K1"]
    assert lost == ["F2"]
    assert facts_named("FP16 at 10.33%", [FACTS]) == ([], [])
    assert found[0].cells == {"Value": 10800}  # a blank cell is left out


def test_facts_of_a_workbook_as_read() -> None:
    made = sheets.valid()
    made["Mill"]["L6"] = "[S] F02; I-01"
    found = explain(value(sheets.read_book(made)), "mill.take_up").inputs["mill.take_up"]
    assert [(f.id, f.table) for f in found.facts] == [
        ("F02", "Facts of the article"), ("I-01", "Conflicts"),
    ]  # fmt: skip


def test_an_unknown_row_is_refused_with_the_nearest(book: Assumptions) -> None:
    with pytest.raises(AssumptionError, match=r"no row 'zhejiang_cloud.revenu'.*cloud\.revenue'"):
        valuation.explain(value(book), "zhejiang_cloud.revenu")


def test_every_row_of_the_company_can_be_explained_and_told(book: Assumptions) -> None:
    result = value(book)
    for key in result.company.model.rows:
        json.dumps(explain(result, key).document(), allow_nan=False)


# The command


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "valuation", "explain", *words],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def drawn(found: Explanation, deepest: int, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    for tree in _trees(found, deepest):
        console.print(tree)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_json_is_the_explanation(book: Assumptions) -> None:
    done = run(
        "zhejiang_cloud.revenue", "--year", "2030", "--scenario", "bear", "--depth", "all",
        "--set", "zhejiang_cloud.lease_price=455", "-w", "assumptions/hangang.xlsx", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    changes = {"zhejiang_cloud.lease_price": 455.0}
    result = value(book, scenario="bear", changes=changes)
    found = explain(result, "zhejiang_cloud.revenue", year=2030, depth=None)
    assert json.loads(done.stdout) == json.loads(json.dumps(found.document()))
    assert found.inputs["zhejiang_cloud.lease_price"].set_by == "set"


def test_the_tree_says_formula_values_source_and_fact() -> None:
    done = run("zhejiang_cloud.power_delivered", "--year", "2030", "--depth", "3")
    assert done.returncode == 0, done.stderr
    for said in (
        "in 2030, scenario base",
        "Power delivered = Racks delivered × Power per rack",
        "Racks delivered  10,800 racks  zhejiang_cloud.racks_delivered",
        "Racks planned  10,800 racks  zhejiang_cloud.planned_racks",
        "source [S] F27; I-21",
        "confidence low",
        "F27  Value 10,800",
    ):
        assert said in done.stdout
    assert "valuation year" not in done.stdout
    assert "the valuation year (--year shows another)" in run("zhejiang_cloud.revenue").stdout


def test_an_input_is_explained_too() -> None:
    done = run("calendar.valuation_date")
    assert done.returncode == 0
    assert "2026-02-27" in done.stdout
    assert "is an input" in done.stdout
    told = run("calendar.valuation_date", "--json")
    assert json.loads(told.stdout)["inputs"][0]["value"] == "2026-02-27"


@pytest.mark.parametrize("deepest", [3, 6, 100])
def test_every_formula_and_every_input_is_drawn_once(book: Assumptions, deepest: int) -> None:
    """However deep the tree may be, what does not fit goes on in a tree of its own."""
    found = explain(value(book), "value_per_share", depth=None)
    text = drawn(found, deepest, width=10_000)
    lines = text.splitlines()
    steps = [step for step in found.steps.values() if step.operands]  # a note may say "= 0" too
    for formula, count in Counter(step.formula for step in steps).items():
        assert sum(text.endswith(f"= {formula}") for text in lines) == count, formula
    sources = [text for text in lines if re.match(r"[│├└─ ]*(no source|source .)", text)]
    assert len(sources) == len(found.inputs)
    assert "input, told above" in text
    branches = [match[0] for text in lines if (match := re.match(r"[│ ]*[├└]── ", text))]
    nearest = 1 + max(step.level for step in steps)  # each formula where it is nearest to the row
    assert max(map(len, branches)) <= 4 * min(deepest, nearest)


def test_a_tree_fits_a_narrow_terminal(book: Assumptions) -> None:
    found = explain(value(book), "value_per_share", depth=None)
    assert all(len(line) <= 80 for line in drawn(found, 10).splitlines() if line.isascii())


def test_labels_in_brackets_are_no_markup(opened: Assumptions) -> None:
    text = drawn(explain(value(opened), "stock"), 5)
    assert "Stock [stock_filled] + Stock [shelf.stock]" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("zhejiang_cloud.revenu",), "Did you mean 'zhejiang_cloud.revenue'?"),
        (("zhejiang_cloud.revenue", "--year", "1999"), "1999 is not on the ruler"),
        (("zhejiang_cloud.revenue", "--depth", "deep"), "depth 'deep'"),
        (("zhejiang_cloud.revenue", "--depth", "0"), "depth 0"),
        (("zhejiang_cloud.revenue", "-w", "nowhere.xlsx"), "nowhere.xlsx"),
        (("zhejiang_cloud.revenue", "--scenario", "grim"), "grim"),
    ],
)
def test_bad_words_exit_2(words: tuple[str, ...], said: str) -> None:
    done = run(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""


def test_results_are_typed(opened: Assumptions) -> None:
    result: Valuation = value(opened)
    assert isinstance(valuation.explain(result, "revenue"), Explanation)
