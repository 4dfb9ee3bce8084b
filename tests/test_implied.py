"""What the price implies: every solution, and only solutions; none is said so with the best."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from openpyxl import load_workbook
from sheets import PAIR, pair, pair_book
from typer.testing import CliRunner

import valuation
from valuation.cli.implied import implied as command
from valuation.errors import AssumptionError
from valuation.lines import (
    YEAR,
    Company,
    Group,
    Line,
    Model,
    assume,
    at_least,
    calendar_year,
    line,
    over_years,
    previous,
    root,
    where,
)
from valuation.risk.assumptions import Assumptions, Input, Question, Scenario
from valuation.risk.implication import Implied
from valuation.risk.implied import implied, implied_table, question_of, yardsticks_of
from valuation.risk.implied_draws import implied_distribution
from valuation.risk.replay import replay
from valuation.risk.simulate import prepare
from valuation.risk.valuation import value
from valuation.workbook.draft import Draft
from valuation.workbook.implied_sheet import write_implied
from valuation.workbook.inputs import write_inputs


class Curves(Group, title="Curves"):
    """Values per share of every shape, as functions of a few inputs."""

    base_year = assume("Last actual year", "year", whole=True, minimum=2000)
    valuation_date = assume("Valuation date", "date", whole=True)
    x = assume("X", "ratio", minimum=-10, maximum=20)
    y = assume("Y", "ratio", minimum=0, maximum=8)
    free = assume("Free", "ratio")
    idle = assume("Idle", "ratio", minimum=0, maximum=1)
    count = assume("Count", "ratio", whole=True, minimum=0, maximum=50)
    flow = assume("Flow", "ratio", yearly=True, minimum=0, maximum=100)
    slope = assume("Slope", "ratio")
    centre = assume("Centre", "ratio")
    price = assume("Price", "ratio")

    year_before = previous(base_year)
    year = line("Year", "year", year_before + YEAR, closes=year_before)
    asked = line("Asked", "flag", year >= calendar_year(valuation_date))
    straight = line("Straight", "ratio", slope * x + centre)
    square = line("Square", "ratio", (x - centre) * (x - centre) + slope)
    jump = line("Jump", "ratio", where(x < centre, x, x + slope))
    gapped = line("Gapped", "ratio", root(x - centre) + slope)
    floored = line("Floored", "ratio", at_least(x, centre))
    counted = line("Counted", "ratio", slope * count + centre)
    flows = line("Flows", "ratio", over_years(flow) + 0 * idle)
    product = line("Product", "ratio", x * y + centre)
    wide = line("Wide", "ratio", slope * free + centre)
    upside = line("Upside", "ratio", straight - price)


BASE: dict[str, float | tuple[float, ...]] = {
    "base_year": 2024.0, "valuation_date": 46080.0, "x": 2.0, "y": 4.0, "free": 6.0, "idle": 0.0,
    "count": 7.0, "flow": (1.0, 2.0, 3.0), "slope": 4.0, "centre": 3.0, "price": 5.0,
}  # fmt: skip
CURVES = Model(Curves, year=Curves.year, periods=3)


def curve(row: Line, ranges: Mapping[str, tuple[float, float]] | None = None) -> Assumptions:
    """Give a company whose value per share is one of the rows."""
    company = Company(
        name="curves", title="Curves", chinese="", ticker="", currency="CNY", model=CURVES,
        base_year=Curves.base_year, valuation_date=Curves.valuation_date, parts=(), bridge=(),
        equity_value=row, diluted_shares=Curves.slope, value_per_share=row,
        market_price=Curves.price, upside=Curves.upside,
    )  # fmt: skip
    ends = ranges or {}
    return Assumptions(
        company=company,
        inputs={
            key: Input(
                key=key, row=given, value=BASE[key], minimum=given.minimum, maximum=given.maximum,
                low=ends.get(key, (None, None))[0], high=ends.get(key, (None, None))[1],
            )
            for key, given in CURVES.assumptions.items()
        },
        scenarios={
            "base": Scenario(name="base"),
            "high": Scenario(name="high", values={"x": 6.0}),
            "low": Scenario(name="low", values={"x": 1.0}),
            "same": Scenario(name="same", values={"y": 5.0}),
        },
    )  # fmt: skip


def ask(row: Line, key: str, price: float, **others: Any) -> Implied:
    question = Question(name=key, keys=tuple(key.split(",")), **others)
    return implied(curve(row), question, price=price)


def test_straight_line() -> None:
    found = ask(Curves.straight, "x", 37.0)
    assert found.solutions == pytest.approx(((37 - 3) / 4,), rel=1e-12)
    assert (found.low, found.high) == (-10, 20)
    assert found.best is None
    assert not found.gaps
    assert not found.notes


def test_two_solutions_and_one_that_touches() -> None:
    assert ask(Curves.square, "x", 5.0).solutions == pytest.approx((2.0, 4.0), rel=1e-9)
    touching = ask(Curves.square, "x", 4.0)
    assert touching.solutions == pytest.approx((3.0,), abs=1e-6)  # as flat as rounding lets it be
    close = ask(Curves.square, "x", 4.0 + 1e-8).solutions
    assert close == pytest.approx((3 - 1e-4, 3 + 1e-4), abs=1e-7)


def test_below_the_least_there_is_none_and_the_best_is_told() -> None:
    found = ask(Curves.square, "x", 1.5)
    assert found.solutions == ()
    assert found.best is not None
    assert found.best.value == pytest.approx(3.0, abs=1e-6)
    assert found.best.value_per_share == pytest.approx(4.0)
    assert found.best.shortfall == pytest.approx(-2.5)
    assert found.answer == (
        "no value between -10 and 20 ratio does; the best is 4.00 at 3 ratio, 2.50 above"
    )


def test_beyond_the_bounds_there_is_none() -> None:
    found = ask(Curves.straight, "x", 84.0)
    assert found.best is not None
    assert (found.best.value, found.best.value_per_share, found.best.shortfall) == (20, 83, 1)
    narrower = ask(Curves.straight, "x", 37.0, low=0.0, high=5.0)
    assert narrower.solutions == ()
    assert narrower.best is not None
    assert narrower.best.value == 5


def test_bounds_of_the_input_cut_those_of_the_question() -> None:
    found = ask(Curves.straight, "x", 37.0, low=-50.0, high=90.0)
    assert (found.low, found.high) == (-10, 20)
    assert found.notes == (
        "-50 is beyond the bound -10 of x", "90 is beyond the bound 20 of x",
    )  # fmt: skip


@pytest.mark.parametrize("price", [3.5, 5.0, 6.9])
def test_no_solution_where_a_jump_straddles_the_price(price: float) -> None:
    found = ask(Curves.jump, "x", price)  # x below 3, x + 4 from 3 on
    assert found.solutions == ()
    assert found.best is not None
    assert found.best.value == pytest.approx(3.0)
    assert found.best.value_per_share == pytest.approx(3.0 if price < 5 else 7.0, abs=1e-6) or (
        price == 5
    )


def test_solutions_on_either_side_of_a_jump() -> None:
    assert ask(Curves.jump, "x", 2.5).solutions == pytest.approx((2.5,))
    assert ask(Curves.jump, "x", 7.0).solutions == pytest.approx((3.0,))
    assert ask(Curves.jump, "x", 9.0).solutions == pytest.approx((5.0,))


def test_gap_and_its_edge() -> None:
    found = ask(Curves.gapped, "x", 6.0)  # root(x - 3) + 4
    assert found.solutions == pytest.approx((7.0,), rel=1e-9)
    assert found.gaps == ((-10.0, pytest.approx(3.0, rel=1e-12)),)
    close = ask(Curves.gapped, "x", 4.0 + 1e-4)
    assert close.solutions == pytest.approx((3 + 1e-8,), rel=1e-12)
    below = ask(Curves.gapped, "x", 3.0)
    assert below.best is not None
    assert (below.best.value, below.best.value_per_share) == pytest.approx((3.0, 4.0))


def test_every_value_of_an_interval() -> None:
    found = ask(Curves.floored, "x", 3.0)
    assert found.solutions == ()
    assert found.spans == ((-10.0, pytest.approx(3.0, rel=1e-9)),)
    assert found.answer == "every value between -10 and 3 ratio"


def test_whole_numbers_only() -> None:
    assert ask(Curves.counted, "count", 43.0).solutions == (10.0,)
    found = ask(Curves.counted, "count", 44.0)  # 10 gives 43 and 11 gives 47
    assert found.best is not None
    assert (found.best.value, found.best.shortfall) == (10.0, 1.0)


def test_one_number_for_all_years() -> None:
    found = ask(Curves.flows, "flow", 45.0)
    assert found.solutions == pytest.approx((15.0,))
    assert found.base is None
    told = value(curve(Curves.flows), changes={"flow": found.solutions[0]})
    assert told.value_per_share == pytest.approx(45.0, rel=1e-9)


def test_an_input_that_does_nothing_is_said_so() -> None:
    found = ask(Curves.flows, "idle", 7.0)
    assert found.is_constant
    assert found.answer == "no value: the value per share does not depend on it"
    assert found.best is not None
    assert (found.best.value, found.best.shortfall) == (0.0, 1.0)
    always = ask(Curves.flows, "idle", 6.0)
    assert always.spans == ((0.0, 1.0),)
    assert always.answer == "every value: the value per share does not depend on it"


def test_without_bounds_the_search_is_wide_and_says_so() -> None:
    found = ask(Curves.wide, "free", 203.0)
    assert (found.low, found.high) == (0.0, 60.0)
    assert found.solutions == pytest.approx((50.0,))
    assert found.notes[1] == "free has no high bound: searched to 60, 10 times the base value"
    book = curve(Curves.wide, {"free": (4.0, 9.0)})
    ranged = implied(book, Question(name="free", keys=("free",)), price=203.0)
    assert (ranged.low, ranged.high) == (6 - 50, 6 + 50)
    assert ranged.outside == (True,)
    assert ranged.answer == "50 ratio (outside the elicited range 4 … 9 ratio)"


def test_one_number_multiplies_several_inputs() -> None:
    ranges = {"x": (1.0, 3.0), "y": (2.0, 5.0)}
    question = Question(name="both", keys=("x", "y"), low=0.0, high=12.0)
    found = implied(curve(Curves.product, ranges), question, price=21.0)  # 8 k^2 + 3
    assert found.solutions == pytest.approx((1.5,))
    assert found.high == 2.0  # y may not pass 8
    assert found.notes == ("above 2x y would leave its bounds",)
    assert found.elicited == (0.5, 1.25)  # y / 4 is the narrower
    assert found.outside == (True,)
    with pytest.raises(AssumptionError, match="count is a whole number"):
        ask(Curves.product, "x,count", 21.0)


def mix(first: str, second: str, price: float) -> Implied:
    return implied(
        curve(Curves.straight), Question(name="mix", scenarios=(first, second)), price=price
    )


def test_probability_is_exact_and_never_clipped() -> None:
    high, low = 4 * 6 + 3, 4 * 1 + 3
    for price, expected in ((12.0, 0.25), (low, 0.0), (47.0, 2.0), (2.0, -0.25)):
        found = mix("high", "low", price)
        assert found.solutions == pytest.approx((expected,))
        p = found.solutions[0]
        assert p * high + (1 - p) * low == pytest.approx(price)
        assert found.outside == (not 0 <= expected <= 1,)
    assert mix("high", "low", 47.0).answer == (
        "200% (outside 0 … 100%; 0% gives 7.00, 100% gives 27.00)"
    )
    assert mix("base", "same", 12.0).is_constant


def test_faults_name_the_key() -> None:
    book = curve(Curves.straight)
    with pytest.raises(AssumptionError, match=r"'slop' is no input.* Did you mean 'slope'\?"):
        question_of(book, "slop")
    with pytest.raises(AssumptionError, match="'straight' is a formula"):
        question_of(book, "straight")
    with pytest.raises(AssumptionError, match="'nothing' is no input"):
        implied(book, Question(name="n", keys=("nothing",)), price=1.0)
    with pytest.raises(AssumptionError, match="needs inputs, or two scenarios"):
        implied(book, Question(name="n"), price=1.0)
    with pytest.raises(AssumptionError, match="no number"):
        implied(book, Question(name="n", keys=("x",)), price=math.nan)
    with pytest.raises(AssumptionError, match="no scenario 'worst'"):
        implied(book, Question(name="n", keys=("x",)), price=1.0, scenario="worst")


def put_back(book: Assumptions, found: Implied, solution: float) -> float:
    """Value on the yardstick of an answer, by a single valuation."""
    row = yardsticks_of(book)[found.yardstick]
    if found.question.scenarios:
        one, two = (value(book, scenario=s).number(row) for s in found.question.scenarios)
        return solution * one + (1 - solution) * two
    keys = found.question.keys
    base = {key: float(np.asarray(book.inputs[key].value)) for key in keys}
    changes = {key: solution * base[key] if len(keys) > 1 else solution for key in keys}
    return value(book, changes=changes).number(row)


def test_all_questions_at_all_prices(book: Assumptions) -> None:
    table = implied_table(book)
    assert [p.price for p in table.prices] == [8.94, 14.72, 4.64, 4.0, 3.23]
    assert len(table.questions) == 5
    solved = 0
    for yardstick in table.yardsticks:
        for answers in table.on(yardstick):
            for price, found in zip(table.prices, answers, strict=True):
                assert found.price == price.price
                assert bool(found.solutions) == (found.best is None)
                for solution, outside in zip(found.solutions, found.outside, strict=True):
                    solved += 1
                    assert put_back(book, found, solution) == pytest.approx(price.price, rel=1e-9)
                    low, high = found.elicited or (-np.inf, np.inf)
                    assert outside == (not low <= solution <= high)
    assert solved > 20


def test_what_the_market_price_implies(book: Assumptions) -> None:
    by_name = {
        answers[0].question.keys: answers[0] for answers in implied_table(book).on("intrinsic")
    }
    take_up = by_name["zhejiang_cloud.saturation_ratio",]
    assert take_up.solutions == ()
    assert take_up.best is not None
    assert take_up.best.value == 1.0
    best = value(book, changes={"zhejiang_cloud.saturation_ratio": 1.0}).value_per_share
    assert take_up.best.value_per_share == pytest.approx(best)
    assert take_up.best.shortfall == pytest.approx(8.94 - best)
    assert by_name[()].solutions[0] > 1
    margin = by_name["steel.mid_cycle_margin",]
    assert margin.outside == (True,)
    (gap,) = margin.gaps
    assert gap[0] == -200
    inside, below = gap[1] + 1e-6, gap[1] - 1e-6
    assert value(book, changes={"steel.mid_cycle_margin": inside}).value_per_share < 8.94
    with pytest.raises(valuation.NoAnswerError, match="no value"):
        value(book, changes={"steel.mid_cycle_margin": below})


def test_settings_and_scenario_are_kept(book: Assumptions) -> None:
    question = Question(name="m", keys=("steel.mid_cycle_margin",), low=-200, high=3000)
    changes = {"corporate.net_cash": 6000.0}
    found = implied(book, question, price=6.0, scenario="bear", changes=changes)
    (solution,) = found.solutions
    told = value(book, scenario="bear", changes={**changes, question.keys[0]: solution})
    assert told.value_per_share == pytest.approx(6.0, rel=1e-9)
    assert found.base == book.scenarios["bear"].values["steel.mid_cycle_margin"]


DRAWN = {
    "south": {"low": 150.0, "high": 250.0, "distribution": "normal"},
    "debt": {"low": 20.0, "high": 90.0, "distribution": "triangular"},
}


def test_distribution_is_the_closed_form_draw_by_draw() -> None:
    small = pair_book(DRAWN)
    question = Question(name="north", keys=("north",), low=200.0, high=350.0)
    found = implied_distribution(small, question, price=50.0, draws=512, seed=3)
    task = prepare(
        small, draws=512, seed=3, sampler="sobol", scenario="base", changes={}, demand_paths=False,
        rows=("per_share",), events=False,
    )  # fmt: skip
    sampler = task.job.sampler
    drawn = np.concatenate([sampler.draw(b).values for b in sampler.blocks()], axis=1)
    by_key = dict(zip([cell.key for cell in sampler.cells], drawn, strict=True))
    flow, shares = np.sum(PAIR["flow"]), float(np.asarray(PAIR["shares"]))
    exact = 50.0 * shares - by_key["south"] - flow + by_key["debt"]
    inside = (exact >= 200) & (exact <= 350)
    np.testing.assert_allclose(found.values[inside], exact[inside], rtol=1e-8)
    assert np.isnan(found.values[~inside]).all()
    assert found.below == np.mean(exact > 350)  # even the most north is too little
    assert found.above == np.mean(exact < 200)
    assert found.gaps == 0
    assert found.percentiles["p50"] == pytest.approx(np.median(exact[inside]), rel=1e-8)


def test_distribution_of_the_probability_of_a_mix() -> None:
    small = pair_book(DRAWN, {"good": (0.0, {"north": 500.0}), "bad": (0.0, {"north": 100.0})})
    question = Question(name="mix", scenarios=("good", "bad"))
    found = implied_distribution(small, question, price=50.0, draws=256)
    p10, p90 = (found.percentiles[p] for p in ("p10", "p90"))
    assert p10 < (500 - 100 - 200 - 60 + 50) / 400 < p90
    assert found.found == 1
    # Both scenarios have the same draws: without them p would vary by far more than the south does.
    task = [prepare(small, draws=256, seed=1, sampler="random", scenario=s, changes={},
                    demand_paths=False, rows=("per_share",), events=False)
            for s in ("good", "bad")]  # fmt: skip
    one, two = (replay(t, 17).valuation.value_per_share for t in task)
    assert one - two == pytest.approx(40.0)
    assert found.values[17] == pytest.approx((50 - two) / (one - two))


def test_distribution_of_a_whole_number_is_refused() -> None:
    question = Question(name="year", keys=("base_year",))
    with pytest.raises(AssumptionError, match="meet no price exactly"):
        implied_distribution(pair_book(DRAWN), question, price=50.0, draws=64)
    assert pair.name == "pair"


@pytest.mark.parametrize(
    "keys", [("steel.mid_cycle_margin",), ("zhejiang_cloud.lease_price", "compute_leasing.fee")]
)
def test_draws_put_back_one_by_one(book: Assumptions, keys: tuple[str, ...]) -> None:
    low, high = (-200.0, 3000.0) if len(keys) == 1 else (0.0, 12.0)
    question = Question(name="q", keys=keys, low=low, high=high)
    found = implied_distribution(book, question, price=5.0, draws=256, seed=2)
    task = prepare(
        book, draws=256, seed=2, sampler="sobol", scenario="base", changes={}, demand_paths=False,
        rows=(book.company.model.key[book.company.value_per_share],), events=False,
    )  # fmt: skip
    solved = np.flatnonzero(np.isfinite(found.values))
    assert len(solved) > 200
    for draw in solved[:: len(solved) // 8]:
        drawn = replay(task, int(draw)).valuation
        own = {key: drawn.number(key) for key in keys} if len(keys) > 1 else {keys[0]: 1.0}
        changes = {key: float(found.values[draw]) * own[key] for key in keys}
        changes = {**drawn.changes, **changes}
        told = value(drawn.assumptions, scenario=drawn.scenario, changes=changes)
        assert told.value_per_share == pytest.approx(5.0, rel=2e-9)


def run(*words: str) -> tuple[int, str]:
    app = typer.Typer()
    app.command()(command)
    done = CliRunner().invoke(app, list(words))
    return done.exit_code, done.output


def test_command_in_words() -> None:
    code, told = run("zhejiang_cloud.saturation_ratio")
    assert code == 0
    assert "Value per share: no value between 0% and 100% does; the best is" in told
    code, told = run("Steel mid-cycle margin", "--price", "14.72")
    assert code == 0
    assert "(outside the elicited range 250 … 540 CNY/t)" in told
    assert "no value per share between -200 and 176.59 CNY/t" in told
    code, told = run()
    assert code == 0
    assert "Probability of compute success" in told
    assert "Digital at A-share multiples" in told


def test_command_refuses() -> None:
    code, told = run("steel.mid_cycle_margn")
    assert code == 2
    assert "'steel.mid_cycle_margn' is no input and no question." in told
    assert "Did you mean 'steel.mid_cycle_margin'?" in told
    code, told = run("--draws", "64")
    assert code == 2
    assert "Name an input or a question." in told


def test_command_as_json(book: Assumptions) -> None:
    code, told = run("steel.mid_cycle_margin", "--price", "4.64", "--draws", "256", "--json")
    assert code == 0
    document = json.loads(told)
    assert {"key", "question", "target", "bounds", "solutions", "outside_elicited_range", "best",
            "yardstick"} <= set(document)  # fmt: skip
    assert document["key"] == "steel.mid_cycle_margin"
    assert document["bounds"] == [-200, 3000]
    assert document["target"] == 4.64
    assert document["best"] is None
    (solution,) = document["solutions"]
    told_again = value(book, changes={"steel.mid_cycle_margin": solution}).value_per_share
    assert told_again == pytest.approx(4.64, rel=1e-9)
    assert document["distribution"]["draws"] == 256
    assert document["other_yardsticks"][0]["yardstick"] == "at_market"
    code, told = run("--json", "--price", "5")
    assert code == 0
    table = json.loads(told)
    assert len(table["answers"]) == 5 * 1 * 2
    assert {answer["target"] for answer in table["answers"]} == {5.0}


def test_sheet(book: Assumptions, tmp_path: Path) -> None:
    table = implied_table(book)
    draft = Draft(valuation.value(book))
    draft.inputs = write_inputs(draft.book, draft.assumptions, live=True)
    write_implied(draft, table)
    path = tmp_path / "implied.xlsx"
    draft.book.workbook.save(path)
    sheet = load_workbook(path)["Implied"]
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    by_name: dict[str, list[list[Any]]] = {}
    for row in rows:
        by_name.setdefault(str(row[0]), []).append(row)
    for number, yardstick in enumerate(table.yardsticks):
        for answers in table.on(yardstick):
            told = by_name[answers[0].question.name][number]
            for found, cell, remark in zip(answers, told[4::2], told[5::2], strict=False):
                assert (cell == "none") == (not found.solutions)
                if found.solutions:
                    assert cell == pytest.approx(found.solutions[0], rel=1e-12)
                    assert bool(remark) == found.outside[0]
                else:
                    assert remark.startswith("best ")
    assert len(sheet._charts) == 1


def test_plot(book: Assumptions) -> None:
    from matplotlib import pyplot as plt

    found = implied(book, question_of(book, "zhejiang_cloud.lease_price"), price=8.94)
    ax = found.plot()
    assert ax.get_ylabel() == "Value per share, intrinsic"
    assert len(ax.texts) == len(found.solutions) == 1
    mixed = implied(book, question_of(book, "Probability of compute success"), price=8.94)
    (line_drawn, *_) = mixed.plot().lines
    ends = [np.asarray(line_drawn.get_data()[axis], dtype=float)[-1] for axis in (0, 1)]
    assert ends == pytest.approx([mixed.solutions[0], 8.94])
    plt.close("all")
