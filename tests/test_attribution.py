"""Why the value changed: shares that sum to the change, whatever the order of the inputs."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import permutations
from math import factorial, sqrt
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import typer
from matplotlib import pyplot as plt
from openpyxl import load_workbook
from typer.testing import CliRunner

import valuation
from valuation.cli.bridge import bridge as command
from valuation.errors import AssumptionError, NoAnswerError
from valuation.lines import (
    YEAR,
    Company,
    Group,
    Method,
    Model,
    PartOfCompany,
    assume,
    calendar_year,
    line,
    over_years,
    previous,
    root,
)
from valuation.risk.assumptions import Assumptions, Input, Scenario
from valuation.risk.attribution import TIME, Bridge, bridge
from valuation.risk.shapley import shapley
from valuation.risk.valuation import Valuation, value
from valuation.risk.waterfall import spans, stack
from valuation.workbook.bridge_sheet import write_bridge
from valuation.workbook.check_sheet import write_checks
from valuation.workbook.draft import Draft
from valuation.workbook.inputs import finish, write_inputs
from valuation.workbook.model_sheets import write_model_sheets
from valuation.workbook.selector import write_selector

WORKBOOK = Path(__file__).parent.parent / "assumptions" / "hangang.xlsx"
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
DATE = "calendar.valuation_date"


class Clock(Group, title="Clock", shared=True):
    """Three years; flows count from the year of the valuation date."""

    base_year = assume("Base year", "year", whole=True)
    valuation_date = assume("Valuation date", "date", whole=True)
    year_before = previous(base_year)
    year = line("Year", "year", year_before + YEAR, closes=year_before)
    counted = line("Counted", "flag", year >= calendar_year(valuation_date))


class Plant(Group, title="Plant"):
    """Sums, products, a yearly flow, two methods, and a rate that must be above growth."""

    fixed = assume("Fixed", "CNY m")
    tonnes = assume("Tonnes", "t")
    margin = assume("Margin", "CNY m/t")
    use = assume("Use", "ratio")
    flow = assume("Flow", "CNY m", yearly=True)
    rate = assume("Rate", "ratio")
    growth = assume("Growth", "ratio")
    one_weight = assume("One, weight", "ratio")
    two_weight = assume("Two, weight", "ratio")

    one = line("One", "CNY m", fixed + tonnes * margin * use)
    to_come = line("Flow to come", "CNY m", flow * Clock.counted)
    two = line("Two", "CNY m", over_years(to_come) / root(rate - growth))
    blend = line("Blend", "CNY m", one_weight * one + two_weight * two)


class Rest(Group, title="Rest", shared=True):
    """What the value is divided by, and what it does not read."""

    cash = assume("Cash", "CNY m")
    shares = assume("Shares", "m shares")
    price = assume("Price", "CNY m/m shares")


class Firm(Group, title="Firm"):
    """The company."""

    clock = Clock
    plant = Plant
    rest = Rest
    equity = line("Equity value", "CNY m", Plant.blend + Rest.cash)
    per_share = line("Value per share", "CNY m/m shares", equity / Rest.shares)
    upside = line("Upside", "ratio", per_share / Rest.price)


METHODS = tuple(
    Method(key=key, title=key, chinese="", value=getattr(Plant, key),
           weight=getattr(Plant, f"{key}_weight"))
    for key in ("one", "two")
)  # fmt: skip
firm = Company(
    name="firm", title="Firm", chinese="", ticker="", currency="CNY",
    model=Model(Firm, year=Clock.year, periods=3), base_year=Clock.base_year,
    valuation_date=Clock.valuation_date,
    parts=(PartOfCompany(key="plant", title="Plant", chinese="", methods=METHODS,
                         enterprise_value=Plant.blend, method_gap=Plant.blend, stake=Plant.blend,
                         value=Plant.blend),),
    bridge=(), equity_value=Firm.equity, diluted_shares=Rest.shares,
    value_per_share=Firm.per_share, market_price=Rest.price, upside=Firm.upside,
)  # fmt: skip
#: 27 February 2025 and 2026, as Excel counts days.
FEB_2025, FEB_2026 = 45715.0, 46080.0
OLD: dict[str, Any] = {
    "clock.base_year": 2024.0, "clock.valuation_date": FEB_2025, "plant.fixed": 100.0,
    "plant.tonnes": 10.0, "plant.margin": 2.0, "plant.use": 1.0, "plant.flow": (1.0, 2.0, 4.0),
    "plant.rate": 0.05, "plant.growth": 0.01, "plant.one_weight": 1.0, "plant.two_weight": 0.0,
    "rest.cash": 5.0, "rest.shares": 1.0, "rest.price": 50.0,
}  # fmt: skip


def state(changes: Mapping[str, Any] | None = None, **others: Any) -> Assumptions:
    """The firm's workbook with some values changed."""
    values = {**OLD, **(changes or {})}
    return Assumptions(
        company=firm,
        inputs={
            key: Input(key=key, row=row, value=values[key])
            for key, row in firm.model.assumptions.items()
        },
        **{"scenarios": {"base": Scenario(name="base", weight=1.0)}, "source": "firm.xlsx"}
        | others,
    )


def told(found: Bridge) -> dict[str, float]:
    return {step.key: step.change for step in found.steps}


def assert_sums(found: Bridge) -> None:
    """The steps lead from the value of one state to that of the other."""
    assert sum(s.change for s in found.steps) == pytest.approx(found.change, rel=0, abs=1e-9)
    assert sum(s.equity for s in found.steps) == pytest.approx(
        found.equity_change, rel=0, abs=1e-9 * max(1, abs(found.new.equity_value))
    )
    assert found.change == found.new.value_per_share - found.old.value_per_share


#: Five inputs that act together in every way: sums, products, a ratio.
FIVE = {"plant.fixed": 130.0, "plant.tonnes": 14.0, "plant.margin": 3.0, "plant.use": 0.5,
        "rest.shares": 2.0}  # fmt: skip


def by_brute_force(changes: Mapping[str, float]) -> dict[str, float]:
    """What each input adds on average over all orders, one valuation after the other."""
    added = dict.fromkeys(changes, 0.0)
    for order in permutations(changes):
        set_so_far: dict[str, float] = {}
        before = value(state()).value_per_share
        for key in order:
            set_so_far[key] = changes[key]
            after = value(state(), changes=set_so_far).value_per_share
            added[key] += (after - before) / factorial(len(changes))
            before = after
    return added


def test_exact_is_the_mean_over_all_orders() -> None:
    found = bridge(state(), state(FIVE))
    assert_sums(found)
    assert (found.walks, found.runs, found.standard_error) == (0, 2**5, 0)
    expected = by_brute_force(FIVE)
    assert told(found) == {key: pytest.approx(share, abs=1e-12) for key, share in expected.items()}
    assert [s.key for s in found.steps] == sorted(expected, key=lambda key: -abs(expected[key]))


def test_what_only_adds_has_its_own_effect() -> None:
    changes = {"plant.fixed": 107.0, "rest.cash": -4.0}
    assert told(bridge(state(), state(changes))) == {
        "rest.cash": pytest.approx(-4.0 - 5.0), "plant.fixed": pytest.approx(7.0),
    }  # fmt: skip


def test_what_two_do_together_is_halved() -> None:
    """10 t × 2 to 14 t × 3: 4 × 2 is the tonnes', 10 × 1 the margin's, 4 × 1 both's."""
    found = bridge(state(), state({"plant.tonnes": 14.0, "plant.margin": 3.0}))
    assert told(found) == {
        "plant.margin": pytest.approx(10 * 1 + 4 * 1 / 2),
        "plant.tonnes": pytest.approx(4 * 2 + 4 * 1 / 2),
    }
    step = found.steps[0]
    assert (step.before, step.after, step.unit) == (2.0, 3.0, "CNY m/t")
    assert (step.label, step.keys) == ("Plant, Margin", ("plant.margin",))


@pytest.mark.parametrize("exact", [12, 0])
def test_the_way_back_turns_every_sign(exact: int) -> None:
    there = bridge(state(), state(FIVE), by="input", exact=exact)
    back = bridge(state(FIVE), state(), by="input", exact=exact)
    assert told(back) == {key: pytest.approx(-s, abs=1e-12) for key, s in told(there).items()}


@pytest.mark.parametrize("exact", [12, 0])
def test_the_order_of_the_inputs_does_not_matter(exact: int) -> None:
    def turned(book: Assumptions) -> Assumptions:
        return replace(book, inputs=dict(reversed(book.inputs.items())))

    found = bridge(state(), state(FIVE), by="input", exact=exact)
    again = bridge(turned(state()), turned(state(FIVE)), by="input", exact=exact)
    assert again.steps == found.steps


def test_the_number_of_a_player_does_not_matter() -> None:
    """A game of seven with every interaction, and the same with its players renumbered."""
    effects = np.random.default_rng(3).normal(size=(7, 7, 7))

    def worth(inside: np.ndarray) -> np.ndarray:
        x = inside.astype(float)
        return np.einsum("ijk,in,jn,kn->n", effects, x, x, x)[None]

    renumbered = np.random.default_rng(4).permutation(7)

    def other(inside: np.ndarray) -> np.ndarray:
        return worth(inside[renumbered])

    one, two = shapley(worth, 7), shapley(other, 7)
    assert two.values[0, renumbered] == pytest.approx(one.values[0], abs=1e-12)
    assert one.values.sum() == pytest.approx(effects.sum(), abs=1e-9)


def test_orders_drawn_agree_with_all_coalitions(book: Assumptions) -> None:
    """16 inputs of the real company; also that each seed sums to the change, and differs."""
    exact = bridge(book, to_scenario="bull", by="input", exact=16)
    assert (exact.walks, exact.runs) == (0, 2**16)
    assert_sums(exact)
    expected = told(exact)
    others = [bridge(book, to_scenario="bull", by="input", seed=s, walks=200) for s in (0, 1, 2)]
    for found in others:
        assert found.walks == 200
        assert found.standard_error > 0
        assert_sums(found)
        for step in found.steps:
            miss = abs(step.change - expected[step.key])
            assert miss <= 4 * step.standard_error + 1e-12, step.key
    assert len({found.steps for found in others}) == 3
    again = bridge(book, to_scenario="bull", by="input", seed=1, walks=200)
    assert again.steps == others[1].steps


def test_standard_errors_are_as_large_as_the_misses() -> None:
    """A game of four at once for 200 seeds: the spread of the shares is the error told."""

    def worth(inside: np.ndarray) -> np.ndarray:
        x = inside.astype(float)
        return (x[0] * x[1] * x[2] + 3 * x[3] * x[0] + x[1])[None]

    exact = shapley(worth, 4).values[0]
    assert exact == pytest.approx([1 / 3 + 1.5, 1 / 3 + 1, 1 / 3, 1.5])
    found = [shapley(worth, 4, exact=0, walks=64, seed=seed) for seed in range(200)]
    misses = np.array([f.values[0] - exact for f in found])
    errors = np.array([f.standard_error[0] for f in found])
    spread, told_error = misses.std(axis=0), np.sqrt((errors**2).mean(axis=0))
    assert spread[:3] == pytest.approx(told_error[:3], rel=0.2)
    assert misses[:, 3] == pytest.approx(0, abs=1e-12)  # pairs of orders halve it exactly
    assert abs(misses.mean(axis=0)).max() <= 4 * (told_error / sqrt(200)).max()


def test_too_few_walks() -> None:
    with pytest.raises(AssumptionError, match="3 walks tell no standard error"):
        bridge(state(), state(FIVE), walks=3)


def test_time_alone() -> None:
    """Flows weigh all: 1 + 2 + 4 over 0.2 in 2025, without the first in 2026."""
    weights = {"plant.one_weight": 0.0, "plant.two_weight": 1.0}
    old = state(weights)
    found = bridge(old, to_changes={"clock.valuation_date": FEB_2026})
    (step,) = found.steps
    assert step.key == TIME
    assert step.change == pytest.approx(-1 / 0.2)
    assert (step.before, step.after, step.unit) == (FEB_2025, FEB_2026, "date")
    assert_sums(found)
    assert found.names == ("2025-02-27", "2026-02-27")


def test_time_comes_first_and_the_inputs_play_on_the_new_date() -> None:
    weights = {"plant.one_weight": 0.0, "plant.two_weight": 1.0}
    new = {**weights, "clock.valuation_date": FEB_2026, "plant.flow": (9.0, 3.0, 4.0),
           "rest.cash": 6.0}  # fmt: skip
    found = bridge(state(weights), state(new))
    assert [s.key for s in found.steps] == [TIME, "plant.flow", "rest.cash"]
    assert [s.change for s in found.steps] == pytest.approx([-1 / 0.2, 1 / 0.2, 1.0])
    assert found.steps[1].after == (9.0, 3.0, 4.0)
    assert_sums(found)


def test_yearly_inputs_stay_with_their_years_when_the_base_year_moves() -> None:
    """2026 to 2028: the old 2 and 4, and 4 again for 2028, for which the new one says 7."""
    weights = {"plant.one_weight": 0.0, "plant.two_weight": 1.0}
    new = {**weights, "clock.base_year": 2025.0, "clock.valuation_date": FEB_2026,
           "plant.flow": (2.0, 4.0, 7.0)}  # fmt: skip
    found = bridge(state(weights), state(new))
    assert told(found) == {
        TIME: pytest.approx((2 + 4 + 4 - 1 - 2 - 4) / 0.2),
        "plant.flow": pytest.approx((7 - 4) / 0.2),
    }
    assert found.steps[0].keys == ("clock.valuation_date", "clock.base_year")
    assert found.steps[1].before == (2.0, 4.0, 4.0)
    (notice,) = found.notices
    assert notice.startswith("The years move from 2025–2027 to 2026–2028")
    assert notice.endswith("the old ones lack 2028, taken from 2027.")
    assert_sums(found)
    back = bridge(state(new), state(weights))
    assert back.steps[0].change == pytest.approx((2 + 2 + 4 - 2 - 4 - 7) / 0.2)
    assert "lack 2025, taken from 2026" in back.notices[0]
    assert_sums(back)


def test_inputs_without_a_value_alone_come_together() -> None:
    """Growth of 8% on a rate of 5% has no value; rate and growth together have one."""
    weights = {"plant.one_weight": 0.0, "plant.two_weight": 1.0}
    new = {**weights, "plant.rate": 0.12, "plant.growth": 0.08, "rest.cash": 6.0,
           "rest.shares": 2.0}  # fmt: skip
    for exact in (12, 0):
        found = bridge(state(weights), state(new), by="input", exact=exact)
        keys = {step.key for step in found.steps}
        assert keys == {"plant.rate + plant.growth", "rest.cash", "rest.shares"}
        assert found.notices == (
            "Plant, Rate + Plant, Growth: one step, as one without the other leaves no value.",
        )
        assert_sums(found)
        (step,) = (s for s in found.steps if s.key.startswith("plant"))
        assert step.change == pytest.approx(0, abs=1e-12)  # 12% less 8% is 5% less 1%
        assert step.before is None


def test_weights_of_a_part_are_one_step() -> None:
    found = bridge(state(), state({"plant.one_weight": 0.5, "plant.two_weight": 0.5}))
    (step,) = found.steps
    assert (step.key, step.label) == ("plant.method_weights", "Plant, method weights")
    assert step.keys == ("plant.one_weight", "plant.two_weight")
    assert step.change == pytest.approx(0.5 * 7 / 0.2 - 0.5 * 120)


def test_groups_and_the_default() -> None:
    found = bridge(state(), state(FIVE), by="group")
    assert [(s.key, s.label, s.before) for s in found.steps] == [
        ("rest", "Rest", None), ("plant", "Plant", None),
    ]  # fmt: skip
    assert_sums(found)
    assert bridge(state(), state(FIVE)).by == "input"
    assert bridge(state(), state(FIVE), exact=4).by == "group"


def test_scenarios_and_overrides_count_as_changes_of_inputs() -> None:
    scenarios = {
        "base": Scenario(name="base", weight=1.0),
        "good": Scenario(name="good", values={"plant.fixed": 103.0, "plant.flow": 5.0}),
    }
    old = state(scenarios=scenarios, overrides={"rest.cash": 9.0})
    new = state(scenarios=scenarios, overrides={"plant.fixed": 110.0})
    assert told(bridge(old, to_scenario="good")) == {"plant.fixed": 3.0, "plant.flow": 0.0}
    assert told(bridge(old, new)) == {"plant.fixed": 10.0, "rest.cash": -4.0}
    found = bridge(old, new, to_scenario="good")  # the override wins over the scenario
    assert told(found) == {"plant.fixed": 10.0, "rest.cash": -4.0, "plant.flow": 0.0}
    assert found.names == ("base", "good")


def test_what_the_value_does_not_read_is_no_step() -> None:
    old = state()
    price = old.inputs["rest.price"]
    shaken = {
        "rest.price": replace(price, value=60.0),
        "plant.fixed": replace(old.inputs["plant.fixed"], low=1.0, high=2.0, distribution="PERT"),
    }
    new = replace(old, inputs={**old.inputs, **shaken}, correlations={("a", "b"): 0.5},
                  scenarios={"base": Scenario(name="base", weight=0.5)})  # fmt: skip
    found = bridge(old, new)
    assert (found.steps, found.change, found.without_effect) == ((), 0, ("rest.price",))


def test_narrower_bounds_of_one_workbook_do_not_bind_the_other() -> None:
    old, new = (
        replace(book, inputs={**book.inputs, key: replace(book.inputs[key], **bounds)})
        for book, key, bounds in (
            (state(), "plant.fixed", {"maximum": 101.0}),
            (state({"plant.fixed": 130.0}), "plant.fixed", {"minimum": 120.0}),
        )
    )
    assert told(bridge(old, new)) == {"plant.fixed": pytest.approx(30.0)}


def test_refusals(book: Assumptions) -> None:
    with pytest.raises(AssumptionError, match=r"firm\.xlsx is about firm, hangang\.xlsx about"):
        bridge(state(), book)
    with pytest.raises(AssumptionError, match=r"hangang\.xlsx: no scenario 'bare'"):
        bridge(book, to_scenario="bare")
    weights = {"plant.one_weight": 0.0, "plant.two_weight": 1.0}
    with pytest.raises(NoAnswerError, match=r"firm\.xlsx: .* no value"):
        bridge(state(weights), state({**weights, "plant.growth": 0.06}))
    with pytest.raises(AssumptionError, match="2 amounts but 1 marks"):
        spans([1.0, 2.0], [True])


def test_scenarios_of_the_real_company(book: Assumptions) -> None:
    found = bridge(book, scenario="bear", to_scenario="bull", by="group")
    assert_sums(found)
    ends = [value(book, scenario=name).value_per_share for name in ("bear", "bull")]
    assert found.change == ends[1] - ends[0]
    changed = set(book.scenario("bear").values) | set(book.scenario("bull").values)
    assert {s.key for s in found.steps} == {key.partition(".")[0] for key in changed}
    assert {key for s in found.steps for key in s.keys} == changed


def test_a_date_of_the_real_company(book: Assumptions) -> None:
    june = {DATE: 46203.0}
    found = bridge(book, to_changes=june)
    (step,) = found.steps
    expected = value(book, changes=june).value_per_share - value(book).value_per_share
    assert step.change == pytest.approx(expected, abs=1e-12)
    assert step.document()["before"] == "2026-02-27"
    assert step.document()["after"] == "2026-06-30"


def edited(path: Path, cells: dict[str, float]) -> Path:
    """A copy of the real workbook with Base cells changed by key."""
    file = load_workbook(WORKBOOK)
    left = dict(cells)
    for sheet in file:
        if sheet.title != "Scenarios":
            for row in sheet.iter_rows(max_col=5):
                if row[0].value in left and "." in str(row[0].value):
                    row[4].value = left.pop(row[0].value)
    assert not left
    file.save(path)
    return path


@pytest.fixture(scope="module")
def edit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real workbook a year later, with three inputs changed."""
    cells = {"corporate.net_cash": 7900, "zhejiang_cloud.lease_price": 455,
             "corporate.holding_discount": 0.12, DATE: 46203}  # fmt: skip
    return edited(tmp_path_factory.mktemp("bridge") / "edited.xlsx", cells)


def test_files(book: Assumptions, edit: Path) -> None:
    new = valuation.load(edit)
    found = bridge(book, new)
    assert_sums(found)
    assert found.steps[0].key == TIME
    assert {s.key for s in found.steps[1:]} == {
        "corporate.net_cash", "zhejiang_cloud.lease_price", "corporate.holding_discount",
    }  # fmt: skip
    moved = value(book, changes={DATE: 46203.0}).value_per_share
    assert found.steps[0].change == pytest.approx(moved - value(book).value_per_share, abs=1e-12)
    assert found.new.value_per_share == pytest.approx(value(new).value_per_share, abs=1e-12)
    document = found.document()
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert list(document)[:5] == ["company", "from", "to", "by", "steps"]


def run(*words: str) -> Any:
    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, list(words))


def test_command(book: Assumptions, edit: Path) -> None:
    done = run(str(WORKBOOK), str(edit), "--json")
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    expected = bridge(book, valuation.load(edit)).document()
    assert document["steps"] == expected["steps"]
    assert document["change"] == expected["change"]
    assert document["from"]["workbook"] == str(WORKBOOK)
    assert document["to"]["workbook"] == str(edit)
    table = run(str(WORKBOOK), "--to-scenario", "compute success").stdout
    found = bridge(book, to_scenario="compute success")
    assert f"{found.old.value_per_share:.4f} → {found.new.value_per_share:.4f}" in table
    rows = [line.split() for line in table.splitlines() if "  +" in line]
    assert [row[-2] for row in rows] == [f"{s.change:+.4f}" for s in found.steps] + [
        f"{found.change:+.4f}"
    ]
    assert rows[-1][-1] == rows[-2][-1] == f"{found.new.value_per_share:.4f}"
    groups = run(str(WORKBOOK), "--to-scenario", "bull", "--by", "group").stdout
    assert "by group, exact" in groups
    sampled = run(str(WORKBOOK), "--to-scenario", "bull", "--by", "input", "--seed", "2").stdout
    assert "sampled, 1,024 orders" in sampled
    assert "±" in sampled
    dated = json.loads(run(str(WORKBOOK), "--date", "2026-06-30", "--json").stdout)
    assert dated["to"]["valuation_date"] == "2026-06-30"
    assert [step["key"] for step in dated["steps"]] == [TIME]
    assert "No input" in run(str(WORKBOOK), "--to-scenario", "base").stdout


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ((), "nothing to go to. Name a second workbook, --to-scenario or --date."),
        (("--to-scenario", "boom"), "no scenario 'boom'. Name one of: bear, base"),
        (("--date", "2026-13-01"), "2026-13-01 is not a day"),
        (("nowhere.xlsx",), "nowhere.xlsx"),
    ],
)
def test_command_refuses(words: tuple[str, ...], text: str) -> None:
    done = run(str(WORKBOOK), *words)
    assert done.exit_code == 2
    assert text in done.stderr


#: Rises and falls above, below and across zero, a total among them, and steps of nothing.
CASES: list[tuple[list[float], list[bool]]] = [
    ([5, 2, -4, 3], [True, False, False, True]),
    ([2, -5, 1, -2, 6, 2], [True, False, False, False, False, True]),
    ([-3, -1, 2, -2], [True, False, False, True]),
    ([-3, 3, 2, -1, -1, 0], [True, False, False, True, False, False]),
    ([0, 4, 0, -4], [True, False, False, False]),
]


@pytest.mark.parametrize(("amounts", "totals"), CASES)
def test_the_stack_draws_every_bar_from_its_start_to_its_end(
    amounts: list[float], totals: list[bool]
) -> None:
    """What is above zero is stacked upwards and what is below downwards, as charts do."""
    made = stack(amounts, totals)
    level = 0.0
    for at, (amount, total) in enumerate(zip(amounts, totals, strict=True)):
        start = 0.0 if total else level
        level = start + amount
        base, *drawn = (series[at] for series in made)
        up, down = (sum(x for x in drawn if sign * x > 0) for sign in (1, -1))
        low, high = min(start, level), max(start, level)
        assert up + max(base, 0) == (max(high, 0) if up else max(base, 0))
        assert down + min(base, 0) == (min(low, 0) if down else min(base, 0))
        assert up - down == high - low
        if low < 0 < high:
            assert base == 0
        wrong = (made.fall, made.fall_below) if amount > 0 else (made.rise, made.rise_below)
        assert all(series[at] == 0 for series in wrong)
        assert (made.total[at] != 0) == (total and amount != 0)


def test_the_stack_of_nothing() -> None:
    assert stack([], []) == ((),) * 6


def written(book: Assumptions, found: Bridge, result: Valuation, path: Path) -> Path:
    """A report with the sheet."""
    draft = Draft(result)
    draft.inputs = write_inputs(draft.book, book, live=True)
    weights = write_selector(draft)
    write_model_sheets(draft)
    write_checks(draft, weights)
    write_bridge(draft, found)
    finish(draft.book)
    draft.book.save(path)
    return path


def series_of(path: Path) -> tuple[list[str], dict[str, list[float]]]:
    """Names of the bars and cached values of each series of the chart; each as its cells are."""
    with zipfile.ZipFile(path) as archive:
        (name,) = (n for n in archive.namelist() if n.startswith("xl/charts/chart"))
        chart = ET.fromstring(archive.read(name))  # noqa: S314 - ours
    cells = load_workbook(path, data_only=True)["Bridge"]
    assert [e.get("val") for e in chart.iter(f"{CHART}grouping")] == ["stacked"]
    found: dict[str, list[float]] = {}
    names: list[str] = []
    for series in chart.iter(f"{CHART}ser"):
        for kind in ("cat", "val"):
            (reference,) = (e for e in series.find(f"{CHART}{kind}") or () if "Ref" in e.tag)
            span = str(reference.findtext(f"{CHART}f")).partition("!")[2].replace("$", "")
            shown = [c.value for row in cells[span] for c in row]
            cached = [str(e.findtext(f"{CHART}v")) for e in reference.iter(f"{CHART}pt")]
            if kind == "cat":
                names = cached
                assert shown == cached
            else:
                numbers = [float(text) for text in cached]
                assert shown == pytest.approx(numbers)
                found[str(series.findtext(f"{CHART}tx/{CHART}v"))] = numbers
    return names, found


def test_the_sheet_with_a_value_below_zero(book: Assumptions, tmp_path: Path) -> None:
    """Net cash far below zero takes the value across zero, fees bring it back up a little."""
    changes = {"corporate.net_cash": -20_000.0, "zhejiang_cloud.lease_price": 600.0}
    result = value(book, changes=changes)
    found = bridge(book, to_changes=changes)
    assert found.old.value_per_share > 0 > found.new.value_per_share
    names, series = series_of(written(book, found, result, tmp_path / "report.xlsx"))
    old, new = found.old.value_per_share, found.new.value_per_share
    fall, rise = found.steps
    assert names == [
        f"Old {old:,.2f}",
        f"{fall.label} {fall.change:+,.2f}",
        f"{rise.label} {rise.change:+,.2f}",
        f"New {new:,.2f}",
    ]
    low = old + fall.change
    assert low < new < 0 < rise.change
    expected = {
        "Base": [0, 0, new, 0],
        "Total": [old, 0, 0, new],
        "Rise": [0, 0, 0, 0],
        "Rise below zero": [0, 0, low - new, 0],
        "Fall": [0, old, 0, 0],
        "Fall below zero": [0, low, 0, 0],
    }
    assert list(series) == list(expected)
    for name, values in expected.items():
        assert series[name] == pytest.approx(values, abs=1e-12), name


def test_the_sheet_is_the_bridge(book: Assumptions, tmp_path: Path) -> None:
    found = bridge(book, to_scenario="bull")
    path = written(book, found, value(book, scenario="bull"), tmp_path / "report.xlsx")
    rows = list(load_workbook(path, data_only=True)["Bridge"].iter_rows(values_only=True))
    by_label = {str(row[0]): row for row in rows if row[0]}
    for step in found.steps:
        row = by_label[step.label]
        assert row[4] == pytest.approx(step.change)
        assert row[7] == pytest.approx(step.equity)
    end = next(row for row in rows if row[0] == "bull")
    last = rows[rows.index(end) - 1]
    assert last[6] == pytest.approx(end[6])
    assert end[6] == pytest.approx(found.new.value_per_share)
    assert by_label["The bridge ends at the value now  与当前一致"][4] == 1
    formulas = [c for row in load_workbook(path)["Bridge"].iter_rows() for c in row
                if c.data_type == "f"]  # fmt: skip
    assert len(formulas) == 2
    assert valuation.load(path).inputs == book.inputs  # still an assumption workbook


def test_the_sheet_shows_single_inputs_and_no_flag_elsewhere(
    book: Assumptions, edit: Path, tmp_path: Path
) -> None:
    found = bridge(book, valuation.load(edit))
    path = written(book, found, value(book), tmp_path / "report.xlsx")  # not where it ends
    rows = list(load_workbook(path, data_only=True)["Bridge"].iter_rows(values_only=True))
    by_label = {str(row[0]): row for row in rows if row[0]}
    assert by_label["Corporate, Net cash"][1:4] == (7200, 7900, "CNY m")
    assert not any("ends at the value now" in label for label in by_label)


def test_many_steps_are_shown_as_the_largest_and_the_others() -> None:
    found = bridge(state(), state(FIVE))
    shown = found.largest(3)
    assert shown[:2] == found.steps[:2]
    assert shown[2].label == "3 others"
    assert sum(s.change for s in shown) == pytest.approx(found.change)
    assert found.largest(5) == found.steps


@pytest.mark.parametrize(
    "draw", [lambda found, ax: found.plot(ax=ax), lambda found, _: found.plot()]
)
def test_plot(draw: Callable[[Bridge, Any], Any]) -> None:
    found = bridge(state(), state({"rest.cash": -400.0, "plant.fixed": 130.0}))
    ax = draw(found, plt.subplots()[1])
    bars = [(p.get_y(), p.get_height()) for p in ax.patches]
    assert bars == [
        (0, pytest.approx(125)), (pytest.approx(125), pytest.approx(-405)),
        (pytest.approx(-280), pytest.approx(30)), (0, pytest.approx(-250)),
    ]  # fmt: skip
    assert [t.get_text() for t in ax.get_xticklabels()][1:3] == ["Rest, Cash", "Plant, Fixed"]
    plt.close("all")
