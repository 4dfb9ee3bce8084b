"""Group accounts, funding, reconciliation, break-evens, AI demand, facts and scenarios."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from openpyxl import load_workbook

from valuation.companies.hangang import company
from valuation.engines.arrays import evaluate
from valuation.engines.draws import inputs
from valuation.engines.plan import Plan
from valuation.risk.assumptions import Assumptions
from valuation.risk.valuation import Valuation, base_values, value

WORKBOOK = Path(__file__).parent.parent / "assumptions" / "hangang.xlsx"
YEARS = range(2025, 2046)
SCENARIOS = ["base", "bear", "bull", "compute success", "compute failure", "re-rating", "blue sky"]


def series(result: Valuation, key: str) -> np.ndarray:
    found = result[key]
    return np.array(found if isinstance(found, tuple) else [found] * len(YEARS))


# The reported year ------------------------------------------------------------------------------


def test_the_reported_year_reconciles_to_the_digit(book: Assumptions) -> None:
    """Figures of the annual report, typed here a second time."""
    result = value(book)
    assert result.number("reported.revenue") == pytest.approx(63_664.4, abs=1e-9)
    assert pytest.approx(63_664.4, abs=1e-9) == 20_345.6 + 30_032.6 + 12_574.3 + 609.3 + 102.6
    assert result.number("reported.pre_tax") == pytest.approx(-513.2, abs=1e-9)
    assert result.number("reported.net_profit") == pytest.approx(-627.0, abs=1e-9)
    assert result.number("reported.attributable") == pytest.approx(-628.1, abs=1e-9)
    assert result.number("reported.adjusted") == pytest.approx(-834.3, abs=1e-9)


def test_the_one_balancing_item_is_shown(book: Assumptions) -> None:
    """It is what the other lines leave of the reported profit before tax, about 64m."""
    coil = 4.2781 * 3_323.65 * -0.0105
    steel = coil - 72.5 - 45 - 300 - 470
    others = 45 + 25 + 26 + 202.2 + 232 - 10.7 - 60
    found = value(book).number("reported.balancing_income")
    assert found == pytest.approx(-513.2 - steel - others, abs=1e-9)
    assert found == pytest.approx(64.0, abs=0.15)


def test_a_wrong_figure_of_the_reported_year_fails_a_check(book: Assumptions) -> None:
    for key, check in (
        ("reported.trading_revenue", "reported.revenue_reconciled"),
        ("reported.reported_tax", "reported.profit_reconciled"),
        ("steel.last_build.ore_price", "reported.unit_cost_reproduced"),
    ):
        given = book.inputs[key].value
        assert isinstance(given, float | int)
        outcome = value(book, changes={key: given + 10})
        failed = [c.key for c in outcome.checks if not c.passed]
        assert check in failed, key


def test_the_digital_backcast(book: Assumptions) -> None:
    """3,300 and 1,300 racks at today's economics, by hand."""
    power = 5 * 0.55 * 8760 * 1.4 * 0.62 / 12
    hangang = (3300 * (4400 - power - 180) - 5500 * 560) * 12 / 1e6
    zhejiang = 1300 * 10 * 480 * 12 * 0.9 / 1e6 - 4320 * 10 * 750 / 1e6 - 12
    expected = hangang + zhejiang - 140 + 15
    result = value(book)
    assert result.number("reported.backcast") == pytest.approx(expected, abs=1e-9)
    assert result.number("reported.backcast_difference") == pytest.approx(expected - 26, abs=1e-9)


# Break-even -------------------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize(
    ("level", "target"),
    [
        ("steel.break_even_ebitda", "steel.ebitda"),
        ("steel.break_even_ebit", "steel.ebit"),
        ("steel.break_even_fcff", "steel.fcff"),
        ("group.break_even_margin", "group.pre_tax"),
    ],
)
def test_break_even_margins_put_back_give_zero(
    book: Assumptions, scenario: str, level: str, target: str
) -> None:
    """In each explicit year, the margin of that year replaced: one draw a year."""
    result = value(book, scenario=scenario)
    levels, path = series(result, level), series(result, "steel.cash_margin")
    explicit = [t for t, year in enumerate(YEARS) if 2026 <= year <= 2035]
    margins = np.repeat(path[:, None], len(explicit), axis=1)
    for draw, t in enumerate(explicit):
        margins[t, draw] = levels[t]
    given = inputs(
        company.model,
        base_values(book),
        {**book.scenario(scenario).values, "steel.cash_margin": margins},
        typed=["steel.cash_margin"],
    )
    row = company.model.rows[target]
    typed = [company.model.rows["steel.cash_margin"]]
    found = evaluate(Plan(company.model, [row], typed=typed), given, draws=len(explicit))[row]
    assert [found[t, draw] for draw, t in enumerate(explicit)] == pytest.approx(
        [0.0] * len(explicit), abs=1e-9
    )


# Accounts and funding ---------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_accounts_add_up_from_the_segments(book: Assumptions, scenario: str) -> None:
    result = value(book, scenario=scenario)
    revenue = (
        series(result, "steel.tonnes") * series(result, "steel.coil_price")
        + 6100
        + 12_000
        + series(result, "hangang_cloud.revenue")
        + series(result, "zhejiang_cloud.revenue")
        + series(result, "compute_leasing.revenue")
    )
    assert series(result, "group.revenue") == pytest.approx(revenue, rel=1e-12)
    ebitda = (
        series(result, "steel.ebitda")
        + 12_000 * 0.0025
        + series(result, "hangang_cloud.ebitda")
        + series(result, "zhejiang_cloud.ebitda")
        + series(result, "compute_leasing.ebitda")
        + 35
        - 60
    )
    assert series(result, "group.ebitda") == pytest.approx(ebitda, rel=1e-12)
    profit = series(result, "group.pre_tax") - series(result, "group.tax")
    assert series(result, "group.net_profit") == pytest.approx(profit, rel=1e-12)
    shares = result.number("corporate.diluted_shares")
    assert series(result, "group.earnings_per_share") == pytest.approx(profit / shares, rel=1e-12)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_funding_path(book: Assumptions, scenario: str) -> None:
    """Net cash by a loop over years, and whether it ever falls below the minimum."""
    result = value(book, scenario=scenario)
    cash = result.number("corporate.net_cash")
    profit, depreciation = series(result, "group.net_profit"), series(result, "group.depreciation")
    sold = series(result, "compute_leasing.book_value_left")
    nwc = series(result, "steel.nwc_increase")
    spent = (
        575
        + series(result, "hangang_cloud.maintenance_capex")
        + series(result, "zhejiang_cloud.maintenance_capex")
        + series(result, "zhejiang_cloud.refresh")
    )
    clusters = result.number("compute_leasing.new_clusters.capex") * 1000 / 3
    lowest, first = math.inf, 0
    for t, year in enumerate(YEARS):
        weight = 0.0 if year < 2026 else 307 / 365 if year == 2026 else 1.0
        in_full = series(result, "hangang_cloud.capex_left")[t]
        in_full += series(result, "zhejiang_cloud.capex_left")[t]
        in_full += clusters if 2027 <= year <= 2029 else 0.0
        dividend = 0.3 * max(profit[t], 0)
        running = profit[t] + depreciation[t] + sold[t] - nwc[t] - spent[t] - dividend
        cash += running * weight - (in_full if year >= 2026 else 0.0)
        assert series(result, "group.net_cash")[t] == pytest.approx(cash, rel=1e-11), year
        if 2026 <= year <= 2035:
            lowest = min(lowest, cash)
            first = first or (year if cash < 0 else 0)
    start = result.number("corporate.net_cash")
    assert result.number("group.lowest_cash") == pytest.approx(min(lowest, start), rel=1e-11)
    assert result.number("group.first_shortfall") == first


def test_a_funding_gap_is_dated(book: Assumptions) -> None:
    """Six billion of new clusters and no cash pile: the gap opens when they are bought."""
    result = value(
        book, changes={"corporate.net_cash": 500, "compute_leasing.new_clusters.capex": 6}
    )
    assert result.number("group.first_shortfall") == 2027
    assert result.number("group.lowest_cash") < 0
    assert value(book).number("group.first_shortfall") == 0


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_flags_of_the_simulation_say_what_the_accounts_say(
    book: Assumptions, scenario: str
) -> None:
    """A margin at or above its break-even is a profit at or above zero, in every explicit year."""
    rng = np.random.default_rng(5)
    for shock in (0.0, -150.0, -300.0, 150.0):
        at = {"steel.margin_shock": shock + float(rng.normal())}
        result = value(book, scenario=scenario, changes=at)
        asked = series(result, "steel.years_asked") > 0
        assert list(np.array(YEARS)[asked]) == list(range(2026, 2036))
        for flag, amount in (
            ("steel.ebitda_covered", "steel.ebitda"),
            ("steel.ebit_covered", "steel.ebit"),
            ("steel.fcff_covered", "steel.fcff"),
            ("group.profitable", "group.pre_tax"),
        ):
            expected = series(result, amount) >= 0
            assert (series(result, flag) > 0)[asked].tolist() == expected[asked].tolist(), flag
        gap = result.number("group.lowest_cash") < result.number("corporate.minimum_cash")
        assert result.number("group.funding_gap") == gap


def test_a_share_at_the_market_multiples_of_its_peers(book: Assumptions) -> None:
    """25 times the EBITDA of 2027 of both clouds, steel at 6.6 times mid-cycle, no discount."""
    result = value(book)
    year = list(YEARS).index(2027)
    stakes = 1.0
    clouds = sum(
        25.0 * series(result, f"{cloud}.ebitda")[year] - result.number(f"{cloud}.capex_left_value")
        for cloud in ("hangang_cloud", "zhejiang_cloud")
    )
    rest = sum(
        result.number(key)
        for key in ("trading_value", "data_services_value", "corporate_cost", "net_cash",
                    "associates", "minority_interest")
    )  # fmt: skip
    steel = 6.6 * result.number("steel.mid_cycle_ebitda")
    compute = result.number("compute_leasing.contract_dcf.enterprise_value")
    expected = (steel + clouds + compute + rest) * stakes / 3_377.189083
    assert result.number("per_share_at_market") == pytest.approx(expected, rel=1e-12)
    assert (
        result.company.yardsticks[0].value_per_share
        is result.company.model.rows["per_share_at_market"]
    )


def test_yardsticks_at_price_and_value(book: Assumptions) -> None:
    result = value(book)
    eps, bps = series(result, "group.earnings_per_share"), series(result, "group.book_per_share")
    assert series(result, "group.price_to_book") == pytest.approx(8.94 / bps)
    assert series(result, "price_to_book") == pytest.approx(result.value_per_share / bps)
    profitable = eps > 0
    assert series(result, "group.price_to_earnings")[profitable] == pytest.approx(
        8.94 / eps[profitable]
    )
    assert not series(result, "group.price_to_earnings")[~profitable].any()


def test_target_value_and_what_the_price_implies(book: Assumptions) -> None:
    result = value(book)
    weights = {p: result.number(f"{p}_value") for p in
               ("steel", "hangang_cloud", "zhejiang_cloud", "compute_leasing")}  # fmt: skip
    rate = sum(w * result.number(f"{p}.capital.cost_of_equity") for p, w in weights.items())
    rate /= sum(weights.values())
    dividends = series(result, "group.dividends")[1]
    target = (result.equity_value * (1 + rate) - dividends) / 3377.189083
    assert result.number("target_per_share") == pytest.approx(target, rel=1e-12)
    implied = result.number("implied_digital")
    put_back = value(book).equity_value + 0.9 * (implied - result.number("digital_value"))
    assert put_back == pytest.approx(8.94 * 3377.189083, rel=1e-12)
    assert result.number("implied_per_rack") == pytest.approx(implied / 16_300 * 100, rel=1e-12)
    kilowatts = 5500 * 5 + 25_480 + 108_000
    assert result.number("implied_per_power") == pytest.approx(implied / kilowatts * 100, rel=1e-12)


# AI demand --------------------------------------------------------------------------------------


def test_the_factor_is_zero_in_the_base_case_and_acts_only_where_switched_on(
    book: Assumptions,
) -> None:
    base = value(book)
    assert not series(base, "demand.factor").any()
    assert value(book, changes={"demand.acting": 1}).value_per_share == base.value_per_share
    shocked = value(book, changes={"demand.shock": 0.8})
    assert shocked.value_per_share == base.value_per_share
    both = value(book, changes={"demand.shock": 0.8, "demand.acting": 1})
    assert both.value_per_share != base.value_per_share


def test_the_factor_and_its_responses(book: Assumptions) -> None:
    """AR(1) and each response by hand, with a shock of 0.5 a year and an observed index."""
    changes = {
        "demand.acting": 1.0,
        "demand.shock": 0.5,
        "demand.alibaba_score": 1.0,
        "demand.token_score": 2.0,
        "demand.rental_score": -1.0,
        "demand.openrouter_score": 3.0,
    }
    base, moved = value(book), value(book, changes=changes)
    index = 0.4 * 1 + 0.3 * 2 - 0.2 * 1 + 0.1 * 3
    factor, path = index, []
    for _ in YEARS:
        factor = 0.6 * factor + 0.5
        path.append(factor)
    assert series(moved, "demand.factor") == pytest.approx(path, rel=1e-12)
    now = path[1]  # the valuation year, 2026
    shift = -0.0015 * now
    for part in ("hangang_cloud", "zhejiang_cloud"):
        wacc = base.number(f"{part}.capital.wacc") + shift
        assert moved.number(f"{part}.capital.wacc") == pytest.approx(wacc, rel=1e-12)
        ratio = moved.number(f"{part}.exit_multiple.exit_value") / moved.number(
            f"{part}.exit_multiple.exit_ebitda"
        )
        plain = base.number(f"{part}.exit_multiple.multiple")
        assert ratio == pytest.approx(plain + 1.5 * now, rel=1e-12)
    hazard = base.number("compute_leasing.termination_hazard") * 0.85**now
    assert moved.number("compute_leasing.hazard") == pytest.approx(hazard, rel=1e-12)
    caps = [min(0.92 + 0.025 * f, 0.97) for f in path]
    assert series(moved, "zhejiang_cloud.saturation") == pytest.approx(caps, rel=1e-12)
    speeds = [0.55 + 0.10 * f for f in path]
    assert series(moved, "zhejiang_cloud.ramp_speed") == pytest.approx(speeds, rel=1e-12)
    # the lease moves at its renewal only
    price = series(moved, "zhejiang_cloud.price")
    assert price[:8] == pytest.approx([480.0] * 8)
    assert price[8] == pytest.approx(480 * (1 - 0.08 + 0.06 * path[8]), rel=1e-12)
    ratio = series(moved, "hangang_cloud.legacy.price_paid") / series(
        base, "hangang_cloud.legacy.price_paid"
    )
    assert ratio == pytest.approx(1 + 0.03 * np.array(path), rel=1e-12)
    ratio = series(moved, "hangang_cloud.phase_two.price_paid") / 400
    assert ratio == pytest.approx(1 + 0.07 * np.array(path), rel=1e-12)
    spent = series(moved, "zhejiang_cloud.capex_left")
    assert spent[1] == pytest.approx(550 * 0.64 * (1 + 0.03 * path[1]), rel=1e-12)
    # nothing inside the running contract but its hazard
    assert moved.number("compute_leasing.full_revenue") == base.number(
        "compute_leasing.full_revenue"
    )
    cluster = {
        "compute_leasing.new_clusters.capex": 1,
        "compute_leasing.new_clusters.npv_ratio": 0.1,
    }
    found = value(book, changes={**changes, **cluster})
    assert found.number("compute_leasing.new_clusters.value") == pytest.approx(
        100 * (1 + 0.12 * now), rel=1e-12
    )


def test_the_chain_from_tokens_to_racks_is_sized_as_the_source_sizes_it(book: Assumptions) -> None:
    """OpenRouter one to three megawatts, the domestic apps 180 to 530; in no cash flow."""
    result = value(book)
    assert 1 <= result.number("demand.openrouter_power") <= 3
    assert 180 <= result.number("demand.domestic_power") <= 530
    gpus = 123e12 / 24 / 18.99e6 / 1000
    assert result.number("demand.domestic_gpus") == pytest.approx(gpus, rel=1e-12)
    assert result.number("demand.domestic_racks") == pytest.approx(gpus * 1250 / 10, rel=1e-12)
    moved = value(book, changes={"demand.domestic_tokens": 1e6, "demand.openrouter_tokens": 1e5})
    assert moved.value_per_share == result.value_per_share


# Sheets -----------------------------------------------------------------------------------------


def test_all_facts_and_conflicts_are_on_the_sheet(book: Assumptions) -> None:
    facts = book.tables["Facts of the source article  来源文章事实"]
    assert [row[0] for row in facts.rows] == [f"F{n:02d}" for n in range(1, 47)]
    assert all(row[4] for row in facts.rows), "every fact has its quote"
    conflicts = book.tables["Conflicts and their treatment  矛盾与处理"]
    assert [row[0] for row in conflicts.rows] == [f"I-{n:02d}" for n in range(1, 22)]
    assert all(row[3] for row in conflicts.rows), "every conflict has its treatment"
    kpis = book.tables["KPIs to watch  跟踪指标"]
    assert kpis.sheet == "KPIs"
    assert len(kpis.rows) == 12
    for row in kpis.rows:
        for key in str(row[4]).split("; "):
            assert key in company.model.rows, key


def test_inputs_lead_to_the_facts_they_rest_on() -> None:
    """A source that names a fact is a link to the row of that fact."""
    workbook = load_workbook(WORKBOOK)
    linked = 0
    for sheet in workbook:
        for row in sheet.iter_rows():
            for cell in row:
                link = cell.hyperlink
                if link is None or sheet.title in ("Facts", "KPIs"):
                    continue
                target, _, address = str(link.location).rpartition("!")
                name = str(workbook[target.strip("'")][address].value)
                if sheet.title != "Cover":
                    assert name in str(cell.value), (sheet.title, cell.coordinate)
                    linked += 1
    assert linked >= 20


#: Scenario table of the source document, typed here a second time; None is base.
TABLE: dict[str, tuple[Any, ...]] = {
    "weight": (0.25, 0.15, 0.08, 0.07, 0, 0),
    "steel.mid_cycle_margin": (290, 500, None, None, None, 500),
    "steel.volume": (4.1, 4.5, None, None, None, 4.5),
    "hangang_cloud.legacy.saturation_ratio": (0.76, 0.92, 0.94, 0.74, 0.94, 0.94),
    "hangang_cloud.legacy.rack_price": (4000, 4900, 5100, 3900, 5100, 5100),
    "zhejiang_cloud.saturation_ratio": (0.78, 0.96, 0.97, 0.70, 0.97, 0.97),
    "zhejiang_cloud.ramp_rate": (0.38, 0.80, 0.90, 0.30, 0.90, 0.90),
    "zhejiang_cloud.lease_price": (400, 560, 600, 370, 600, 600),
    "zhejiang_cloud.billing_floor": (0, 0.8, 0.8, 0, 0.8, 0.8),
    "hangang_cloud.phase_two.lease_price": (345, 480, 520, 330, 520, 520),
    "compute_leasing.fee": (100, 135, 140, 95, 140, 140),
    "compute_leasing.termination_hazard": (0.10, 0.01, 0, 0.20, 0, 0),
    "compute_leasing.new_clusters.capex": (None, 2, 6, None, 6, 6),
    "compute_leasing.new_clusters.npv_ratio": (None, 0.10, 0.25, None, 0.25, 0.25),
    "corporate.net_cash": (5500, 8500, None, None, None, 8500),
    "hangang_cloud.exit_multiple.multiple": (None, None, None, None, 18, 18),
    "zhejiang_cloud.exit_multiple.multiple": (None, None, None, None, 20, 20),
    "hangang_cloud.rack_value.rack_price": (None, None, None, None, 0.20, 0.20),
    "zhejiang_cloud.rack_value.rack_price": (None, None, None, None, 0.50, 0.50),
    "corporate.holding_discount": (0.15, 0.05, None, None, None, 0),
    "market.wacc_shift": (0.005, -0.005, None, None, None, -0.005),
}


def test_scenarios_are_those_of_the_source_document(book: Assumptions) -> None:
    names = [name for name in SCENARIOS if name != "base"]
    assert set(book.scenarios) == set(SCENARIOS)
    assert book.scenarios["base"].weight == 0.45
    for n, name in enumerate(names):
        scenario = book.scenarios[name]
        assert scenario.weight == TABLE["weight"][n]
        expected = {
            key: row[n] for key, row in TABLE.items() if key != "weight" and row[n] is not None
        }
        assert dict(scenario.values) == expected, name


#: Correlation matrix of the source document, upper half, typed here a second time.
ORDER = (
    "steel.mid_cycle_margin",
    "steel.volume",
    "hangang_cloud.legacy.saturation_ratio",
    "hangang_cloud.legacy.rack_price",
    "zhejiang_cloud.saturation_ratio",
    "zhejiang_cloud.lease_price",
    "hangang_cloud.legacy.tariff",
    "compute_leasing.new_clusters.npv_ratio",
    "compute_leasing.termination_hazard",
    "zhejiang_cloud.north_capex_left",
    "market.wacc_shift",
    "corporate.net_cash",
)
UPPER = (
    (0.32, 0.10, 0.07, 0, 0, 0.24, 0, -0.10, 0.17, 0.17, 0.32),
    (0.07, 0.05, 0, 0, 0.16, 0, -0.07, 0.11, 0.11, 0.20),
    (0.26, 0.39, 0.28, 0.16, 0.39, -0.27, 0.20, -0.02, 0.07),
    (0.32, 0.23, 0.12, 0.32, -0.22, 0.16, -0.02, 0.05),
    (0.35, 0.14, 0.49, -0.32, 0.21, -0.07, 0),
    (0.10, 0.35, -0.23, 0.15, -0.05, 0),
    (0.14, -0.14, 0.15, 0.07, 0.16),
    (-0.32, 0.21, -0.07, 0),
    (-0.17, 0.01, -0.07),
    (0.03, 0.11),
    (0.11,),
)


def test_correlations_are_those_of_the_source_document(book: Assumptions) -> None:
    for i, row in enumerate(UPPER):
        for n, expected in enumerate(row):
            pair = (ORDER[i], ORDER[i + 1 + n])
            found = book.correlations.get(pair, book.correlations.get(pair[::-1], 0.0))
            assert found == expected, pair
    assert set(ORDER) | {"zhejiang_cloud.ramp_rate", "hangang_cloud.phase_two.lease_price"} == set(
        book.correlated
    )
