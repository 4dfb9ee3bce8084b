"""Methods of valuation: closed forms, known answers, a library, and arithmetic written out."""

from __future__ import annotations

import math
from datetime import date
from fractions import Fraction

import numpy as np
import numpy_financial as npf
import pytest
from graphs import all_rows, recalculated
from hypothesis import assume as assumed
from hypothesis import given
from hypothesis import strategies as st

from valuation.lines import (
    NO_VALUE,
    Group,
    Line,
    Model,
    Row,
    assume,
    equals,
    internal_rate_of_return,
    line,
    where,
)
from valuation.methods.blend import blended, methods_of, spread, weights
from valuation.methods.calendar import Calendar
from valuation.methods.capacity_value import RackValue
from valuation.methods.cost_of_capital import CostOfCapital
from valuation.methods.dcf import Dcf
from valuation.methods.multiples import ExitMultiple

BASE_YEAR = 2024
YEARS = list(range(2025, 2033))
FLOWS = [90.0, 100.0, -30.0, 120.0, 140.0, 10.0, 160.0, 300.0]


def serial(day: date) -> int:
    """Number of a date on a sheet."""
    return (day - date(1899, 12, 30)).days


def dated(rows: dict[str, object], periods: int = len(YEARS)) -> Model:
    """A company of a calendar and a few rows."""
    company = type("Dated", (Group,), {"calendar": Calendar, **rows}, title="Dated")
    return Model(company, year=Calendar.year, periods=periods)


def on(day: date, *, mid_year: bool) -> dict[str, object]:
    return {
        "calendar.base_year": BASE_YEAR,
        "calendar.valuation_date": serial(day),
        "calendar.mid_year": float(mid_year),
    }


def discounted() -> Model:
    """Flows a year, of which those after the valuation date are discounted."""
    flow, wacc = assume("Flow", "CNY m", yearly=True), assume("WACC", "%")
    counted = line("Counted", "CNY m", flow * Calendar.weight)
    rows = {"flow": flow, "wacc": wacc, "counted": counted}
    return dated({**rows, "dcf": Dcf(cash_flow=counted, wacc=wacc)})


DISCOUNTED = discounted()


def dcf(
    day: date, rate: float, *, mid_year: bool, flows: list[float] | None = None
) -> dict[str, np.ndarray]:
    """All rows of the discounted flows, by key."""
    base = on(day, mid_year=mid_year) | {"flow": flows or FLOWS, "wacc": rate, "dcf.weight": 1}
    found = all_rows(DISCOUNTED, base)
    return {key: array[:, 0] for key, array in found.items()}


def value(day: date, rate: float, *, mid_year: bool, flows: list[float] | None = None) -> float:
    return float(dcf(day, rate, mid_year=mid_year, flows=flows)["dcf.enterprise_value"][0])


# ------------------------------------------------------------------------------------------------
# The ruler
# ------------------------------------------------------------------------------------------------

YEAR_END = date(2025, 12, 31)
WITH_STUB = date(2026, 2, 27)
DAYS = st.dates(date(2025, 1, 1), date(2032, 12, 31))
RATES = st.floats(0.001, 0.4)


def left(day: date) -> float:
    """Rest of the year of a date, in years of 365 days."""
    return (date(day.year, 12, 31) - day).days / 365


@given(day=DAYS, mid_year=st.booleans())
def test_the_calendar_counts_days_after_the_valuation_date(day: date, mid_year: bool) -> None:
    found = dcf(day, 0.1, mid_year=mid_year)
    assert found["calendar.year"].tolist() == YEARS
    assert found["calendar.stub"][0] == pytest.approx(left(day), rel=1e-14)
    assert found["calendar.valuation_point"][0] == pytest.approx(day.year + 1 - left(day))
    weight, to_end, to_flow, valued = [], [], [], []
    for year in YEARS:
        part = 0.0 if year < day.year else left(day) if year == day.year else 1.0
        weight.append(part)
        end = 0.0 if year < day.year else left(day) + year - day.year
        to_end.append(end)
        to_flow.append(end - part * (0.5 if mid_year else 0))
        valued.append(float(year >= day.year))
    assert found["calendar.weight"] == pytest.approx(weight, abs=1e-14)
    assert found["calendar.years_to_end"] == pytest.approx(to_end, abs=1e-12)
    assert found["calendar.years_to_flow"] == pytest.approx(to_flow, abs=1e-12)
    assert found["calendar.valued"].tolist() == valued
    assert found["calendar.middle"].tolist() == [year + 0.5 for year in YEARS]
    assert found["calendar.date_on_ruler"][0] == 0


def test_on_the_last_day_of_a_year_nothing_of_it_is_left() -> None:
    found = dcf(YEAR_END, 0.1, mid_year=False)
    assert found["calendar.stub"][0] == 0
    assert found["calendar.weight"].tolist() == [0, 1, 1, 1, 1, 1, 1, 1]
    assert found["counted"][0] == 0


def test_the_valuation_date_of_the_report_leaves_307_days() -> None:
    """28 Feb to 31 Dec 2026: 1 day, then the days of March to December."""
    days = 1 + sum((31, 30, 31, 30, 31, 31, 30, 31, 30, 31))
    assert dcf(WITH_STUB, 0.1, mid_year=True)["calendar.stub"][0] == days / 365


@pytest.mark.parametrize("day", [date(2024, 12, 31), date(2033, 1, 1)])
def test_a_date_off_the_ruler_breaks_a_check(day: date) -> None:
    rule = DISCOUNTED.checks["calendar.date_on_ruler"]
    broken = dcf(day, 0.1, mid_year=True)["calendar.date_on_ruler"][0]
    assert abs(broken) == 1 > rule.tolerance


# ------------------------------------------------------------------------------------------------
# Discounting
# ------------------------------------------------------------------------------------------------


@given(rate=RATES)
def test_whole_years_are_worth_what_numpy_financial_says(rate: float) -> None:
    expected = npf.npv(rate, [0.0, *FLOWS[1:]])
    assert value(YEAR_END, rate, mid_year=False) == pytest.approx(expected, rel=1e-12)


@given(rate=RATES)
def test_mid_year_is_worth_half_a_year_more(rate: float) -> None:
    expected = value(YEAR_END, rate, mid_year=False) * (1 + rate) ** 0.5
    assert value(YEAR_END, rate, mid_year=True) == pytest.approx(expected, rel=1e-12)


@given(rate=RATES, growth=st.floats(-0.3, 0.3))
def test_a_growing_annuity_has_a_closed_form(rate: float, growth: float) -> None:
    assumed(abs(rate - growth) > 1e-3)
    flows = [0.0, *(50 * (1 + growth) ** n for n in range(7))]
    expected = 50 / (rate - growth) * (1 - ((1 + growth) / (1 + rate)) ** 7)
    found = value(YEAR_END, rate, mid_year=False, flows=flows)
    assert found == pytest.approx(expected, rel=1e-10)


def test_a_flat_annuity_at_no_rate_is_its_sum() -> None:
    assert value(YEAR_END, 0.0, mid_year=True) == pytest.approx(sum(FLOWS[1:]), rel=1e-14)


@given(
    day=DAYS,
    rate=RATES,
    mid_year=st.booleans(),
    flows=st.lists(st.floats(-500, 500), min_size=8, max_size=8),
)
def test_a_stub_is_discounted_by_explicit_powers(
    day: date, rate: float, mid_year: bool, flows: list[float]
) -> None:
    """Each flow from the day it comes on: at the end of its year, or in the middle of its part."""
    found = dcf(day, rate, mid_year=mid_year, flows=flows)
    expected = 0.0
    for year, flow in zip(YEARS, flows, strict=True):
        if year < day.year:
            continue
        start = 0.0 if year == day.year else left(day) + (year - day.year - 1)
        end = left(day) + (year - day.year)
        comes = (start + end) / 2 if mid_year else end
        expected += flow * (end - start) / (1 + rate) ** comes
    assert found["dcf.enterprise_value"][0] == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert abs(found["dcf.two_ways"][0]) < DISCOUNTED.checks["dcf.two_ways"].tolerance


@given(day=DAYS, rate=RATES)
def test_discount_factors_of_year_ends(day: date, rate: float) -> None:
    found = dcf(day, rate, mid_year=True)
    expected = [
        (1 + rate) ** -(left(day) + year - day.year) if year >= day.year else 1.0 for year in YEARS
    ]
    assert found["dcf.year_end_factor"] == pytest.approx(expected, rel=1e-12)


def test_a_year_end_dcf_is_an_xnpv() -> None:
    """Flows on 31 December of years that have 365 days, discounted day by day as XNPV does."""
    rate, flows = 0.083, [0.0, 100.0, 200.0]
    days = [(date(year, 12, 31) - WITH_STUB).days for year in (2026, 2027)]
    expected = sum(
        flow * part / (1 + rate) ** (n / 365)
        for flow, part, n in zip(flows[1:], (days[0] / 365, 1), days, strict=True)
    )
    found = value(WITH_STUB, rate, mid_year=False, flows=[*flows, *[0.0] * 5])
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("weight", [0.0, 0.25, 1.0])
def test_a_dcf_is_weighted(weight: float) -> None:
    base = on(WITH_STUB, mid_year=True) | {"flow": FLOWS, "wacc": 0.08, "dcf.weight": weight}
    found = all_rows(DISCOUNTED, base)
    expected = weight * found["dcf.enterprise_value"]
    assert np.array_equal(found["dcf.weighted_value"], expected)


# ------------------------------------------------------------------------------------------------
# Cost of capital
# ------------------------------------------------------------------------------------------------

CAPITAL_INPUTS = (
    *("risk_free_rate", "equity_risk_premium", "cost_of_debt", "tax_rate", "shift"),
    *("asset_beta", "debt_to_equity", "size_premium"),
)


def capital(**inputs: float) -> dict[str, float]:
    """Rows of a cost of capital, by name."""
    handed = {name: assume(name, "%") for name in CAPITAL_INPUTS[:5]}
    model = dated({**handed, "capital": CostOfCapital(**handed)})
    unused = on(WITH_STUB, mid_year=True)
    base = {f"capital.{key}" if key in CAPITAL_INPUTS[5:] else key: v for key, v in inputs.items()}
    found = all_rows(model, unused | base)
    return {
        key.removeprefix("capital."): float(array[0, 0])
        for key, array in found.items()
        if key.startswith("capital.")
    }


@given(
    debt=st.integers(0, 500),
    asset_beta=st.floats(0, 3),
    rates=st.tuples(*[st.floats(0, 0.15)] * 3),
    tax=st.floats(0, 0.5),
    premium=st.floats(-0.05, 0.2),
    shift=st.floats(-0.05, 0.1),
)
def test_cost_of_capital_is_what_each_provider_gets(
    debt: int,
    asset_beta: float,
    rates: tuple[float, float, float],
    tax: float,
    premium: float,
    shift: float,
) -> None:
    """Of 100 of equity and some debt: the cash each asks for a year, over both."""
    risk_free, erp, cost_of_debt = rates
    found = capital(
        risk_free_rate=risk_free,
        equity_risk_premium=erp,
        cost_of_debt=cost_of_debt,
        tax_rate=tax,
        shift=shift,
        asset_beta=asset_beta,
        debt_to_equity=debt / 100,
        size_premium=premium,
    )
    # Hamada: assets carry the risk of equity and of debt after tax, which has none
    assert found["beta"] * 100 / (100 + debt * (1 - tax)) == pytest.approx(asset_beta, abs=1e-12)
    to_equity = 100 * (risk_free + found["beta"] * erp + premium)
    to_lenders = debt * cost_of_debt * (1 - tax)
    expected = (to_equity + to_lenders) / (100 + debt) + shift
    assert found["wacc"] == pytest.approx(expected, rel=1e-12, abs=1e-15)
    assert found["cost_of_equity"] == pytest.approx(to_equity / 100, rel=1e-12, abs=1e-15)
    assert found["debt_ratio"] == pytest.approx(debt / (100 + debt), abs=1e-15)


def test_without_debt_all_is_equity() -> None:
    found = capital(
        risk_free_rate=0.018,
        equity_risk_premium=0.065,
        cost_of_debt=0.032,
        tax_rate=0.15,
        shift=0,
        asset_beta=1.25,
        debt_to_equity=0,
        size_premium=0,
    )
    assert found["beta"] == 1.25
    assert found["wacc"] == found["cost_of_equity"] == 0.018 + 1.25 * 0.065


#: Textbook cases: asset beta, D/E, tax, risk-free rate, equity risk premium, cost of debt.
TEXTBOOK = {
    # a peer of beta 1.2 at D/E 1/2 and 40% tax, unlevered, then relevered at D/E 1
    "relevered from a peer": (
        Fraction(12, 10) / (1 + Fraction(6, 10) * Fraction(1, 2)),
        Fraction(1),
        Fraction(4, 10),
        Fraction(5, 100),
        Fraction(6, 100),
        Fraction(7, 100),
    ),
    # the share of debt in capital is 30 in 100
    "thirty per cent of debt": (
        Fraction(9, 10),
        Fraction(30, 70),
        Fraction(25, 100),
        Fraction(4, 100),
        Fraction(5, 100),
        Fraction(6, 100),
    ),
}


@pytest.mark.parametrize("case", TEXTBOOK)
def test_textbook_costs_of_capital(case: str) -> None:
    asset_beta, debt_to_equity, tax, risk_free, premium, cost_of_debt = TEXTBOOK[case]
    beta = asset_beta + asset_beta * (1 - tax) * debt_to_equity
    equity = 1 / (1 + debt_to_equity)
    wacc = equity * (risk_free + beta * premium) + (1 - equity) * cost_of_debt * (1 - tax)
    found = capital(
        risk_free_rate=float(risk_free),
        equity_risk_premium=float(premium),
        cost_of_debt=float(cost_of_debt),
        tax_rate=float(tax),
        shift=0,
        asset_beta=float(asset_beta),
        debt_to_equity=float(debt_to_equity),
        size_premium=0,
    )
    assert found["beta"] == pytest.approx(float(beta), rel=1e-14)
    assert found["wacc"] == pytest.approx(float(wacc), rel=1e-14)


def test_the_relevered_peer_by_mental_arithmetic() -> None:
    """Beta 1.2 / 1.3 x 1.6 = 1.477: equity asks 5% + 1.477 x 6% = 13.86%, lenders 7% x 0.6."""
    found = capital(
        risk_free_rate=0.05,
        equity_risk_premium=0.06,
        cost_of_debt=0.07,
        tax_rate=0.4,
        shift=0,
        asset_beta=1.2 / 1.3,
        debt_to_equity=1,
        size_premium=0,
    )
    assert round(found["beta"], 3) == 1.477
    assert round(found["cost_of_equity"], 4) == 0.1386
    assert round(found["wacc"], 4) == round((0.1386 + 0.042) / 2, 4)


# ------------------------------------------------------------------------------------------------
# Multiples and capacity
# ------------------------------------------------------------------------------------------------


def sold() -> Model:
    ebitda, pv = assume("EBITDA", "CNY m", yearly=True), assume("PV", "CNY m", yearly=True)
    wacc, rerating = assume("WACC", "%"), assume("Rerating", "x")
    handed = {"ebitda": ebitda, "present_value": pv, "wacc": wacc, "rerating": rerating}
    return dated({**handed, "sale": ExitMultiple(**handed)})


SOLD = sold()


def sale(day: date, **changed: object) -> dict[str, np.ndarray]:
    base = on(day, mid_year=True) | {
        "ebitda": [10.0 * n for n in range(1, 9)],
        "present_value": [float(n) for n in range(1, 9)],
        "wacc": 0.08,
        "rerating": 0,
        "sale.weight": 0.4,
        "sale.multiple": 11,
        "sale.exit_year": 2029,
        "sale.rate_premium": 0.01,
    }
    return {key: array[:, 0] for key, array in all_rows(SOLD, base | changed).items()}


@given(
    day=st.dates(date(2025, 1, 1), date(2028, 12, 31)),
    exit_year=st.integers(2029, 2032),
    rate=RATES,
    premium=st.floats(-0.05, 0.1),
    rerating=st.floats(-2, 2),
)
def test_an_exit_is_a_sale_and_the_flows_before_it(
    day: date, exit_year: int, rate: float, premium: float, rerating: float
) -> None:
    found = sale(
        day,
        wacc=rate,
        rerating=rerating,
        **{"sale.exit_year": exit_year, "sale.rate_premium": premium},
    )
    at = exit_year - 2025
    years = (date(exit_year - 1, 12, 31).year - day.year) + left(day)
    price = (11 + rerating) * 10 * (at + 1)
    expected = price / (1 + rate + premium) ** years + sum(range(1, at + 1))
    assert found["sale.exit_ebitda"][0] == 10 * (at + 1)
    assert found["sale.years_to_exit"][0] == pytest.approx(years, rel=1e-12)
    assert found["sale.enterprise_value"][0] == pytest.approx(expected, rel=1e-12)
    assert found["sale.weighted_value"][0] == pytest.approx(expected * 0.4, rel=1e-12)


def test_the_exit_of_the_report_is_two_years_and_307_days_away() -> None:
    found = sale(WITH_STUB)
    assert found["sale.years_to_exit"][0] == pytest.approx(2 + 307 / 365, rel=1e-14)


NOTHING_EARNED = {
    "nothing": [10.0, 20, 30, 40, 0, 60, 70, 80],
    "a loss": [10.0, 20, 30, 40, -5, 60, 70, 80],
}


@pytest.mark.parametrize("case", NOTHING_EARNED)
def test_without_earnings_a_multiple_gives_no_value(case: str) -> None:
    found = sale(WITH_STUB, ebitda=NOTHING_EARNED[case])
    assert math.isnan(found["sale.enterprise_value"][0])
    assert math.isnan(found["sale.weighted_value"][0])  # it has a weight: no zero is blended in
    found = sale(WITH_STUB, ebitda=NOTHING_EARNED[case], **{"sale.weight": 0})
    assert math.isnan(found["sale.enterprise_value"][0])
    assert found["sale.weighted_value"][0] == 0


@pytest.mark.parametrize("weight", [0.0, 0.4])
def test_without_earnings_the_sheet_shows_no_value_either(weight: float) -> None:
    base = on(WITH_STUB, mid_year=True) | {
        "ebitda": NOTHING_EARNED["a loss"],
        "present_value": [1.0] * 8,
        "wacc": 0.08,
        "rerating": 0,
        "sale.weight": weight,
        "sale.multiple": 11,
        "sale.exit_year": 2029,
        "sale.rate_premium": 0.01,
    }
    found = recalculated(SOLD, base)[0]
    assert math.isnan(found["sale.enterprise_value"][0])
    assert math.isnan(found["sale.weighted_value"][0]) == (weight > 0)


def test_an_exit_year_off_the_ruler_gives_no_value() -> None:
    assert math.isnan(sale(WITH_STUB, **{"sale.exit_year": 2040})["sale.enterprise_value"][0])


def test_racks_at_value_less_what_is_still_to_pay() -> None:
    racks, left_to_pay = assume("Racks", "racks"), assume("Left", "CNY m")
    (to_pay,) = {"capex_left_value", "deducted"} & set(vars(RackValue))
    rows = {"racks": racks, "left": left_to_pay}
    model = dated({**rows, "value": RackValue(racks=racks, **{to_pay: left_to_pay})})
    base = on(WITH_STUB, mid_year=True) | {
        "racks": 4320,
        "left": 512.5,
        "value.rack_price": 0.65,
        "value.weight": 0.3,
    }
    found = all_rows(model, base)
    assert found["value.enterprise_value"][0, 0] == pytest.approx(4320 * 0.65 - 512.5, rel=1e-14)
    expected = 0.3 * (4320 * 0.65 - 512.5)
    assert found["value.weighted_value"][0, 0] == pytest.approx(expected, rel=1e-14)


# ------------------------------------------------------------------------------------------------
# Methods weighed against each other
# ------------------------------------------------------------------------------------------------


class Method(Group, title="Method | 方法"):
    """A method whose value is typed; 0 stands for none."""

    weight = assume("Weight", "%", minimum=0, maximum=1)
    typed = assume("Typed", "CNY m")
    enterprise_value = line("Value", "CNY m", where(equals(typed, 0), NO_VALUE, typed))
    weighted_value = line("Weighted", "CNY m", where(weight > 0, enterprise_value * weight, 0))


class Weighed(Group, title="Weighed"):
    calendar = Calendar
    one = Method(title="One | 其一")
    two = Method()
    three = Method()
    value = line("Value", "CNY m", blended(one, two, three))
    weight = line("Weights", "%", weights(one, two, three))
    gap = line("Gap", "CNY m", spread(one, two, three))
    alone = line("Alone", "CNY m", spread(two))


WEIGHED = Model(Weighed, year=Calendar.year, periods=3)
AMOUNTS = st.tuples(*[st.floats(-1e4, 1e4).filter(bool)] * 3)
SHARES = st.tuples(*[st.floats(0, 1)] * 3)


def weighed(amounts: tuple[float, ...], shares: tuple[float, ...]) -> dict[str, float]:
    base = on(WITH_STUB, mid_year=True)
    for name, amount, share in zip(("one", "two", "three"), amounts, shares, strict=True):
        base |= {f"{name}.typed": amount, f"{name}.weight": share}
    found = all_rows(WEIGHED, base)
    return {key: float(found[key][0, 0]) for key in ("value", "weight", "gap", "alone")}


@given(amounts=AMOUNTS, shares=SHARES)
def test_methods_are_blended_by_their_weights(
    amounts: tuple[float, ...], shares: tuple[float, ...]
) -> None:
    found = weighed(amounts, shares)
    expected = sum(a * s for a, s in zip(amounts, shares, strict=True))
    assert found["value"] == pytest.approx(expected, rel=1e-12, abs=1e-9)
    assert found["weight"] == pytest.approx(sum(shares), rel=1e-12)
    assert found["gap"] == max(amounts) - min(amounts)
    assert found["alone"] == 0


def test_a_method_without_a_value_is_never_blended_in_as_zero() -> None:
    assert math.isnan(weighed((100.0, 0.0, 300.0), (0.5, 0.25, 0.25))["value"])
    assert weighed((100.0, 0.0, 300.0), (0.5, 0.0, 0.5))["value"] == 200


def test_roles_of_the_methods_are_told_by_name() -> None:
    one, two = methods_of(Weighed, "one", "two")
    assert (one.key, one.title, one.chinese) == ("one", "One", "其一")
    assert (one.value, one.weight) == (Weighed.one.enterprise_value, Weighed.one.weight)
    assert (two.key, two.title, two.value) == ("two", "Method", Weighed.two.enterprise_value)


# ------------------------------------------------------------------------------------------------
# Rate of return
# ------------------------------------------------------------------------------------------------


def project() -> Model:
    paid, earned = assume("Paid", "CNY m"), assume("Earned", "CNY m", yearly=True)
    flow: Row = line("Flow", "CNY m", earned, opening=-paid)
    assert isinstance(flow, Line)
    irr = line("IRR", "%", internal_rate_of_return(flow))
    return dated({"paid": paid, "earned": earned, "flow": flow, "irr": irr})


PROJECT = project()


def rate_of_return(paid: float, earned: list[float]) -> float:
    base = on(WITH_STUB, mid_year=True) | {"paid": paid, "earned": earned}
    return float(all_rows(PROJECT, base)["irr"][0, 0])


@given(
    paid=st.floats(50, 500),
    earned=st.lists(st.floats(10, 200), min_size=8, max_size=8),
)
def test_the_rate_of_return_leaves_a_project_worth_nothing(
    paid: float, earned: list[float]
) -> None:
    rate = rate_of_return(paid, earned)
    assert rate == pytest.approx(npf.irr([-paid, *earned]), rel=1e-12)
    assert npf.npv(rate, [-paid, *earned]) == pytest.approx(0, abs=1e-7 * paid)
    worth = sum(flow / (1 + rate) ** n for n, flow in enumerate([-paid, *earned]))
    assert worth == pytest.approx(0, abs=1e-7 * paid)


def test_known_rates_of_return() -> None:
    """One payment after n years returns a root; an annuity at its own rate returns that rate."""
    assert rate_of_return(100, [0, 0, 133.1, 0, 0, 0, 0, 0]) == pytest.approx(0.1, rel=1e-12)
    annuity = 100 * 0.12 / (1 - 1.12**-8)
    assert rate_of_return(100, [annuity] * 8) == pytest.approx(0.12, rel=1e-10)
    assert rate_of_return(100, [10.0] * 7 + [110.0]) == pytest.approx(0.1, rel=1e-10)
    assert rate_of_return(100, [50.0] + [0.0] * 7) == pytest.approx(-0.5, rel=1e-10)


@pytest.mark.parametrize(
    ("paid", "earned"),
    [(100.0, [-10.0] * 8), (-100.0, [10.0] * 8), (0.0, [0.0] * 8), (100.0, [0.0] * 8)],
    ids=["only paid", "only earned", "nothing", "nothing earned"],
)
def test_without_a_change_of_sign_there_is_no_rate_of_return(
    paid: float, earned: list[float]
) -> None:
    assert math.isnan(rate_of_return(paid, earned))
    base = on(WITH_STUB, mid_year=True) | {"paid": paid, "earned": earned}
    assert math.isnan(recalculated(PROJECT, base)[0]["irr"][0])


def test_known_to_have_two_rates_of_return() -> None:
    """At 10% and at 20% alike these flows are worth nothing."""
    flows = [-100.0, 230.0, -132.0]
    for rate in (0.1, 0.2):
        assert npf.npv(rate, flows) == pytest.approx(0, abs=1e-12)
    assert math.isnan(rate_of_return(-flows[0], [*flows[1:], *[0.0] * 6]))


QUIET = pytest.mark.xfail(strict=True, reason="years without a flow hide a change of the sign")


@pytest.mark.parametrize(
    ("paid", "earned"),
    [
        (50.0, [51.0, 1, 148, 30, 10, 118, 239, -154]),
        (100.0, [230.0, -132, 0, 0, 0, 0, 0, 0]),
        pytest.param(100.0, [0.0, 230, 0, -132, 0, 0, 0, 0], marks=QUIET),
        pytest.param(50.0, [200.0, 0, 0, 0, 0, 0, 0, -160], marks=QUIET),
    ],
)
def test_a_project_that_pays_later_too_may_have_several_rates_and_has_no_value(
    paid: float, earned: list[float]
) -> None:
    base = on(WITH_STUB, mid_year=True) | {"paid": paid, "earned": earned}
    assert math.isnan(recalculated(PROJECT, base)[0]["irr"][0])
    assert math.isnan(rate_of_return(paid, earned))
