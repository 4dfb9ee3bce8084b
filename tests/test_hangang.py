"""The company against arithmetic written out by hand, and against facts of its source."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import hand
import hand_steel_and_cloud as more
import mapping
import numpy as np
import numpy_financial as npf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import valuation
from valuation.companies.hangang import company
from valuation.engines.arrays import evaluate
from valuation.engines.draws import inputs
from valuation.engines.plan import Plan
from valuation.errors import NoAnswerError
from valuation.risk.assumptions import Assumptions, Input
from valuation.risk.valuation import Valuation, base_values, value

TOLERANCE = 1e-9


def all_inputs(book: Assumptions, changes: dict[str, float]) -> dict[str, object]:
    """Every input by key, with some changed; a yearly one in every year."""
    known = {key: given.value for key, given in book.inputs.items()}
    for key, number in changes.items():
        known[key] = (number,) * company.model.periods if isinstance(known[key], tuple) else number
    whole = {key for key, given in book.inputs.items() if given.row.whole}
    return {key: int(v) if key in whole else v for key, v in known.items()}  # type: ignore[call-overload]


def compare(result: Valuation, changes: dict[str, float]) -> None:
    """Every mapped row of the model equals the hand arithmetic."""
    told = mapping.by_hand(all_inputs(result.assumptions, changes))
    pairs: list[tuple[str, Any, Any]] = []
    for part, (rows, values) in mapping.PARTS.items():
        for key, name in rows.items():
            row = told[part]["rows"][name]
            pairs.append((f"{part}.{key}", result[f"{part}.{key}"], tuple(row.values())))
        for key, name in values.items():
            expected = told[part]["values"][name]
            pairs.append((f"{part}.{key}", result[f"{part}.{key}"], expected))
    pairs += [(key, result[key], told["sum"][name]) for key, name in mapping.SUM_VALUES.items()]
    for key, found, expected in pairs:
        if key == "steel.ebitda_multiple.enterprise_value" and expected <= 0:
            assert math.isnan(found), "a multiple of a loss is no value"
            continue
        assert found == pytest.approx(expected, rel=TOLERANCE, abs=TOLERANCE), key


def test_base_case_by_hand(book: Assumptions) -> None:
    compare(value(book), {})


def test_the_hand_arithmetic_agrees_with_its_own_second_methods() -> None:
    for name, one, other in [*hand.self_check(hand.BASE), *more.self_check(more.BASE)]:
        assert one == pytest.approx(other, rel=1e-8, abs=1e-8), name


CASES = [
    {"calendar.mid_year": 0},
    {"market.wacc_shift": 0.01},
    {"calendar.valuation_date": 46203},  # 2026-06-30
    {"calendar.valuation_date": 46023},  # 2026-01-01
    {"zhejiang_cloud.billing_floor": 0.95, "zhejiang_cloud.floor_delay": 18},
    {"zhejiang_cloud.both_phases": 1},
    {"zhejiang_cloud.planned_racks": 5850},
    {"zhejiang_cloud.stake": 0.51},
    {"zhejiang_cloud.delivered_ratio": 0.45},
    {"zhejiang_cloud.equipment_life": 5, "zhejiang_cloud.refresh_life": 3},
    {"zhejiang_cloud.tax_rate": 0.15},
    {"zhejiang_cloud.exit_multiple.exit_year": 2031},
    {"zhejiang_cloud.dcf.weight": 1, "zhejiang_cloud.exit_multiple.weight": 0,
     "zhejiang_cloud.rack_value.weight": 0, "zhejiang_cloud.last_year": 2040},
    {"compute_leasing.contract_start": 2024 + 8 / 12},
    {"compute_leasing.contract_start": 2025.5, "compute_leasing.contract_term": 5},
    {"compute_leasing.termination_hazard": 0.2, "compute_leasing.fee": 95},
    {"compute_leasing.new_clusters.capex": 6, "compute_leasing.new_clusters.npv_ratio": 0.25},
    {"steel.mid_cycle_margin": -50, "steel.ebitda_multiple.weight": 0, "steel.dcf.weight": 0.8},
    {"steel.mid_cycle_margin": 1000},
    {"steel.margin_shock": -250},
    {"steel.losses.opening_losses": 3000, "steel.losses.life": 10},
    {"steel.mid_cycle_margin": 290, "steel.volume": 4.1, "steel.last_explicit": 2032},
    {"steel.end.abandonment_value": 6000, "steel.terminal_tax_rate": 0.25},
    {"steel.research_kept": 0, "steel.maintenance_capex": 700, "steel.nwc_ratio": 0.06},
    {"hangang_cloud.phase_two.start_year": 2028, "hangang_cloud.phase_two.last_year": 2045},
    {"hangang_cloud.phase_two.start_year": 2026, "hangang_cloud.legacy.last_year": 2035},
    {"hangang_cloud.legacy.drift_year": 2031, "hangang_cloud.legacy.near_drift": -0.04},
    {"hangang_cloud.legacy.rack_price": 2800},
    {"hangang_cloud.legacy.saturation_ratio": 0.6, "hangang_cloud.legacy.built_racks": 5000},
    {"hangang_cloud.exit_multiple.exit_year": 2031, "hangang_cloud.stake": 0.6},
    {"trading.ebit_ratio": 0.004, "data_services.annual_ebitda": 50, "trading.stake": 0.5},
    {"corporate.notes_as_debt": 1, "corporate.matched_ratio": 0.6, "corporate.minimum_cash": 500},
]  # fmt: skip


@pytest.mark.parametrize("changes", CASES, ids=", ".join)
def test_changed_cases_by_hand(book: Assumptions, changes: dict[str, float]) -> None:
    compare(value(book, changes=changes), changes)


@settings(max_examples=60)
@given(data=st.data())
def test_any_inputs_within_their_ranges_by_hand(book: Assumptions, data: st.DataObject) -> None:
    """Any input that has a range, at any number of it, together with the others."""
    ranged = [key for key, given in book.inputs.items() if given.has_continuous_range]
    changes = {
        key: data.draw(st.floats(book.inputs[key].low, book.inputs[key].high), label=key)
        for key in ranged
    }
    compare(value(book, changes=changes), changes)


@pytest.mark.parametrize(
    "scenario",
    ["bear", "bull", "compute success", "compute failure", "re-rating", "blue sky"],
)
def test_scenarios_by_hand(book: Assumptions, scenario: str) -> None:
    changes = dict(book.scenario(scenario).values)
    compare(value(book, scenario=scenario), changes)


def test_project_returns_solve_the_project_flows(book: Assumptions) -> None:
    """The IRR puts the NPV at zero, by a library and by hand; before and after tax."""
    result = value(book)
    told = mapping.by_hand(all_inputs(book, {}))["compute_leasing"]["values"]
    for rate, flow, opening, by_hand in (
        ("irr", "project_flow", "project_opening_before_tax", "project_irr_before_tax"),
        ("irr_after_tax", "project_flow_after_tax", "project_opening_after_tax",
         "project_irr_after_tax"),
    ):  # fmt: skip
        found = result.number(f"compute_leasing.{rate}")
        years = result[f"compute_leasing.{flow}"]
        assert isinstance(years, tuple)
        assert found == pytest.approx(told[by_hand], abs=1e-12)
        assert npf.npv(found, [told[opening], *years]) == pytest.approx(0, abs=1e-8)
    wacc = result.number("compute_leasing.capital.wacc")
    years = result["compute_leasing.project_flow"]
    assert isinstance(years, tuple)
    npv = npf.npv(wacc, [told["project_opening_before_tax"], *years])
    assert result.number("compute_leasing.npv") == pytest.approx(npv, rel=TOLERANCE)


def test_no_rate_of_return_is_told_not_invented(book: Assumptions) -> None:
    result = value(book, changes={"compute_leasing.fee": 0, "compute_leasing.residual_ratio": 0})
    assert math.isnan(result.number("compute_leasing.irr"))
    assert math.isfinite(result.value_per_share)


def test_cost_of_capital_of_the_source_tables(book: Assumptions) -> None:
    """Rates the source document states, to the digits it states them."""
    result = value(book)
    stated = {
        "steel": (1.04, 0.091, 0.075),
        "hangang_cloud": (1.16, 0.105, 0.075),
        "zhejiang_cloud": (1.16, 0.098, 0.0705),
        "compute_leasing": (1.25, 0.099, 0.099),
    }
    for part, (beta, equity, wacc) in stated.items():
        assert result.number(f"{part}.capital.beta") == pytest.approx(beta, abs=0.005)
        assert result.number(f"{part}.capital.cost_of_equity") == pytest.approx(equity, abs=0.0005)
        assert result.number(f"{part}.capital.wacc") == pytest.approx(wacc, abs=0.0005)


def test_facts_of_the_source_stand_in_the_workbook(book: Assumptions) -> None:
    """Figures quoted from the article and the filings, typed here a second time."""
    stated = {
        "calendar.base_year": 2024,
        "market.market_price": 8.94,
        "zhejiang_cloud.planned_racks": 10_800,
        "zhejiang_cloud.building_a.racks_counted": 1_056,
        "zhejiang_cloud.building_b.racks_counted": 1_167,
        "zhejiang_cloud.building_c.racks_counted": 969,
        "compute_leasing.computing_power": 68,
        "compute_leasing.capex_with_vat": 374,
        "compute_leasing.contract_term": 4,
        "corporate.diluted_shares": 3377.189083,
    }
    for key, figure in stated.items():
        assert book.inputs[key].value == figure
    assert value(book).document()["valuation_date"] == "2026-02-27"
    assert value(book).number("calendar.stub") == 307 / 365
    facts = book.tables["Facts of the source article  来源文章事实"]
    assert len(facts.rows) == 46
    assert facts.headers[:5] == ("ID", "Value", "Unit", "As of", "Quote")


def test_inputs_of_the_hand_arithmetic_are_those_of_the_workbook(book: Assumptions) -> None:
    """The base inputs were typed twice, from the same source, by two hands."""
    for key, (group, name) in mapping.NAMES.items():
        expected = mapping.base_inputs()[group][name]
        assert book.inputs[key].value == pytest.approx(expected, abs=1e-12), key


def small_step(entry: Input, now: float) -> float:
    """A step that stays within the bounds: the other way for a switch, a year for a year."""
    if entry.row.unit_text == "flag":
        return 1 - 2 * now
    if entry.row.whole:
        return -1 if entry.key.endswith(("last", "last_year")) else 1
    step = 0.01 * max(abs(now), 0.1)
    return step if now + step <= entry.maximum else -0.01


def test_every_input_moves_something(book: Assumptions) -> None:
    """An input that moves no figure of the model would mislead whoever edits it.

    Left out: those that act only where another input is switched on.
    """
    switched = {
        "steel.end.abandonment_value": {"steel.end.abandonment_value": 6000},
        "zhejiang_cloud.both_capex": {"zhejiang_cloud.both_phases": 1},
        "zhejiang_cloud.both_capex_left": {"zhejiang_cloud.both_phases": 1},
        "zhejiang_cloud.billing_floor": {"zhejiang_cloud.billing_floor": 0.9},
        "zhejiang_cloud.floor_delay": {"zhejiang_cloud.billing_floor": 0.9},
        "zhejiang_cloud.announced_investment": {"zhejiang_cloud.announced_investment": 2000},
        "corporate.notes_payable": {"corporate.notes_as_debt": 1, "corporate.matched_ratio": 0.5},
        "corporate.matched_ratio": {"corporate.notes_as_debt": 1},
        "compute_leasing.new_clusters.capex": {"compute_leasing.new_clusters.npv_ratio": 0.1},
        "compute_leasing.new_clusters.npv_ratio": {"compute_leasing.new_clusters.capex": 1},
    }
    clusters = {
        "compute_leasing.new_clusters.capex": 1.0,
        "compute_leasing.new_clusters.npv_ratio": 0.1,
    }
    idle = []
    scores = {key: 1.0 for key in book.inputs if key.endswith("_score")}
    surge = {"demand.acting": 1.0, "demand.shock": 2.0, **scores, **clusters}
    pairs: dict[str, tuple[dict[str, float], dict[str, float]]] = {}
    for key, entry in book.inputs.items():
        start = switched.get(key, surge if key.startswith("demand.") else {})
        if key.startswith("group.cluster"):
            start = clusters
        if key == "group.last_year":
            start = {"zhejiang_cloud.last_year": 2045.0}
        base_value = entry.value[0] if isinstance(entry.value, tuple) else entry.value
        now = start.get(key, base_value)
        pairs[key] = (start, {**start, key: now + small_step(entry, now)})
    draws = [changes for pair in pairs.values() for changes in pair]
    model, base = company.model, base_values(book)
    table = {
        key: np.repeat(np.reshape(np.asarray(base[key], dtype=float), (-1, 1)), len(draws), axis=1)
        for key in {k for changes in draws for k in changes}
    }
    for draw, changes in enumerate(draws):
        for key, number in changes.items():
            table[key][:, draw] = number
    found = evaluate(Plan(model, model.rows.values()), inputs(model, base, table), draws=len(draws))
    for n, key in enumerate(pairs):
        moved = [
            row
            for other, row in model.rows.items()
            if other != key and (found[row][:, 2 * n] != found[row][:, 2 * n + 1]).any()
        ]
        if not moved:
            idle.append(key)
    assert not idle


def test_parts_and_bridge_add_up_in_every_scenario(book: Assumptions) -> None:
    for scenario in book.scenarios:
        document = value(book, scenario=scenario).document()
        parts, bridge = document["parts"], document["bridge"]
        assert isinstance(parts, list)
        assert isinstance(bridge, list)
        for part in parts:
            blended = sum(m["weight"] * m["value"] for m in part["methods"])
            assert part["enterprise_value"] == pytest.approx(blended, rel=1e-12)
            assert part["value"] == pytest.approx(blended * part["stake"], rel=1e-12)
            assert sum(m["weight"] for m in part["methods"]) == pytest.approx(1, abs=1e-12)
        equity = sum(p["value"] for p in parts) + sum(b["value"] for b in bridge)
        assert document["equity_value"] == pytest.approx(equity, rel=1e-12)
        assert document["value_per_share"] == pytest.approx(
            equity / document["diluted_shares"], rel=1e-12
        )


def test_the_spread_between_methods(book: Assumptions) -> None:
    result = value(book)
    for part in company.parts:
        values = [result.number(m.value) for m in part.methods]
        assert result.number(part.method_gap) == pytest.approx(max(values) - min(values))


def test_a_method_without_value_and_with_weight_is_an_error(book: Assumptions) -> None:
    losing = {"zhejiang_cloud.variable_margin": -0.5}
    with pytest.raises(NoAnswerError, match=r"C-REIT exit has no value but a weight of 25%"):
        value(book, changes=losing)
    without = {
        "zhejiang_cloud.exit_multiple.weight": 0,
        "zhejiang_cloud.dcf.weight": 0.85,
    }
    result = value(book, changes={**losing, **without})
    assert math.isfinite(result.value_per_share)
    methods = result.document()["parts"][3]["methods"]  # type: ignore[index]
    assert methods[1]["value"] is None


def test_a_perpetuity_without_a_rate_above_growth_has_no_value(book: Assumptions) -> None:
    with pytest.raises(
        NoAnswerError, match=r"corporate\.cost_value.*rate above its growth"
    ) as told:
        value(book, changes={"corporate.cost_growth": 0.08})
    assert told.value.key == "corporate.cost_value"


BREAKS = {
    "zhejiang_cloud.weights_add_up": {"zhejiang_cloud.dcf.weight": 0.7},
    "zhejiang_cloud.racks_placed": {"zhejiang_cloud.building_e.capacity_ratio": 0.05},
    "zhejiang_cloud.racks_within_plan": {"zhejiang_cloud.planned_racks": 4000},
    "zhejiang_cloud.capex_left_spent": {"zhejiang_cloud.capex_left_ratio": 0.04},
    "zhejiang_cloud.own_capex_only": {"zhejiang_cloud.north_capex": 15800},
    "zhejiang_cloud.racks_within_delivered": {"zhejiang_cloud.building_a.racks_counted": 5000},
    "compute_leasing.weights_add_up": {"compute_leasing.contract_dcf.weight": 0.9},
    "compute_leasing.capex_is_sunk": {"compute_leasing.contract_start": 2026.5},
    "calendar.date_on_ruler": {"calendar.valuation_date": 45000},
}


@pytest.mark.parametrize("key", BREAKS)
def test_each_guard_finds_what_it_guards_against(book: Assumptions, key: str) -> None:
    assert all(check.passed for check in value(book).checks)
    outcome = {c.key: c for c in value(book, changes=BREAKS[key]).checks}
    assert not outcome[key].passed


def test_own_stake_and_minorities(book: Assumptions) -> None:
    """Half the stake is half the value of the part, before the discount on it."""
    whole, half = value(book), value(book, changes={"zhejiang_cloud.stake": 0.5})
    lost = whole.number("zhejiang_cloud_value") - half.number("zhejiang_cloud_value")
    assert lost == pytest.approx(whole.number("zhejiang_cloud_value") / 2)
    discount = 1 - whole.number("corporate.holding_discount")
    assert whole.equity_value - half.equity_value == pytest.approx(lost * discount)


def test_scenario_then_override_then_setting(book: Assumptions) -> None:
    """What is set wins over the Override column, which wins over the scenario."""
    key = "zhejiang_cloud.lease_price"
    assert value(book, scenario="bear").number(key) == 400
    over = replace(book, overrides={key: 444})
    assert value(over, scenario="bear").number(key) == 444
    assert value(over, scenario="bear", changes={key: 455}).number(key) == 455
    assert value(book, scenario="Compute_Success").scenario == "compute success"
    assert value(book, scenario="悲观").scenario == "bear"


def test_from_python(book: Assumptions) -> None:
    result = valuation.value(book)
    parts = result.parts()
    assert parts.loc[("zhejiang_cloud", "dcf"), "weight"] == 0.6
    bridge = result.bridge()
    assert bridge.iloc[:-1].sum() == pytest.approx(bridge["equity_value"])
    rows = result.rows("zhejiang_cloud.")
    assert list(rows.columns[3:]) == list(range(2025, 2046))
    assert rows.loc["zhejiang_cloud.price", 2033] == pytest.approx(480 * 0.92)
