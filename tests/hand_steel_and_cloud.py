"""Independent hand computation of four more segments of 杭钢股份 (600126.SH).

A judge like `hand.py`, whose units, conventions and time axis it takes over: standard library
only, loops over years, floats, no rounding. It shares no code with the valuation model.

Covered: steel (`steel`), residual trading (`trading`), data services (`data_services`), 杭钢云
(`hangang_cloud`), and second methods for some figures (`self_check`).

Units: CNY m unless a name or comment says otherwise; steel volumes in Mt, so that Mt x CNY/t is
CNY m. Readings where the specification leaves room are marked "READING".
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from typing import TypedDict

from hand import BASE as HAND_BASE
from hand import (
    DATE_YEAR,
    FIRST_YEAR,
    LAST_RULER_YEAR,
    YEARS,
    GeneralInputs,
    Result,
    Row,
    discount_factor,
    stub_of,
    wacc_of,
    weight_of,
    years_to_flow,
)

# ------------------------------------------------------------------------------------------------
# Inputs
# ------------------------------------------------------------------------------------------------


class UnitPrices(TypedDict):
    """Prices of one year for the build of the unit cost, CNY/t."""

    ore: float
    coke: float
    pci: float
    scrap: float
    alloys: float  # CNY per t of steel, not of alloys
    conversion: float  # CNY per t of steel


class UnitUse(TypedDict):
    """Tonnes of raw material per tonne of steel."""

    ore: float
    coke: float
    pci: float
    scrap: float


class SteelInputs(TypedDict):
    """Steel, 宁波钢铁 (domain.md §2.1, §2.5, §8)."""

    stake: float
    tax: float
    asset_beta: float
    debt_to_equity: float
    size_premium: float
    volume_2025: float  # Mt
    volume: float  # Mt, from 2026
    price_2025: float  # CNY/t without VAT, of the build
    price: float  # CNY/t without VAT, from 2026
    use: UnitUse
    prices_2025: UnitPrices
    balancing_item: float  # CNY/t, added to the margin of 2025
    prices_2024: UnitPrices
    depreciation_per_tonne_2024: float
    reported_price_2024: float
    reported_gross_margin_2024: float
    mid_cycle_margin: float  # m*, CNY/t
    persistence: float  # phi
    shock: dict[int, float]  # year -> CNY/t; years not listed: 0; counts from 2026
    ets_cost: float  # CNY/t
    ets_year: int  # first year of the ETS cost
    other_ferrous: float  # EBITDA a year
    overhead: float  # a year
    depreciation_2025: float
    depreciation_ratio: float  # D&A at the end of the line, share of maintenance capex
    depreciation_end: int  # year in which the line ends; constant after
    maintenance_capex: float
    rd_spend: float
    rd_kept: float  # share of the super-deduction kept
    opening_losses: float
    opening_losses_origin: int
    loss_life: int  # a loss is usable in this many years after its own
    nwc_ratio: float  # of the change of HRC revenue
    last_explicit_year: int
    terminal_tax: float
    terminal_growth: float
    ronic: float
    abandonment: float
    multiple: float  # EV/EBITDA on mid-cycle EBITDA
    invested_capital: float
    capital_multiple: float  # EV/IC
    capacity: float  # Mt
    ev_per_tonne_check: float  # CNY/t
    weight_dcf: float
    weight_multiple: float
    weight_capital: float


class TradingInputs(TypedDict):
    """Residual trading."""

    stake: float
    revenue: float
    ebit_margin: float
    tax: float
    required_return: float


class DataServicesInputs(TypedDict):
    """Data services."""

    stake: float
    ebitda: float
    conversion: float
    rate: float


class HangangCloudInputs(TypedDict):
    """杭钢云: legacy racks and phase II (domain.md §2.2, §8)."""

    stake: float
    tax: float
    asset_beta: float
    debt_to_equity: float
    size_premium: float
    installed_racks: float
    observed_racks: float  # in use at mid-2025, used for 2025
    opening_utilisation: float  # December 2025
    saturation: float
    ramp_k: float  # per year
    last_year_legacy: int
    rack_price: float  # CNY per rack and month, with power
    drift: float  # yearly change from 2027 up to and with the drift year
    drift_year: int
    drift_after: float  # yearly change after the drift year
    kw_per_rack: float
    load: float
    pue: float
    tariff: float  # CNY/kWh
    tariff_growth: float  # from 2027
    variable_cost: float  # CNY per rack in use and month
    fixed_cost: float  # CNY per installed rack and month
    cost_inflation: float  # from 2027: variable, fixed and maintenance of legacy
    maintenance_legacy: float
    depreciation_legacy: float
    phase2_mw: float
    phase2_start: int
    phase2_ramp: list[float]  # utilisation by year of operation
    phase2_saturation: float  # after the ramp
    phase2_price: float  # CNY per kW and month
    phase2_margin: float
    phase2_fixed: float  # CNY per kW and year
    phase2_fixed_first: float  # share of it in the first year
    phase2_depreciation: float
    phase2_maintenance: float
    phase2_maintenance_from: int  # year of operation, 1 = the first
    last_year_phase2: int
    capex_left: float
    capex_left_split: dict[int, float]  # year -> share of capex left
    exit_multiple: float
    exit_year: int  # its EBITDA is used; the exit is at the end of the year before
    exit_premium: float  # added to WACC for the exit value
    rack_value: float  # CNY m per installed rack
    phase2_value: float  # CNY per kW
    weight_dcf: float
    weight_exit: float
    weight_rack: float


class BaseInputs(TypedDict):
    """All inputs, by group."""

    general: GeneralInputs
    steel: SteelInputs
    trading: TradingInputs
    data_services: DataServicesInputs
    hangang_cloud: HangangCloudInputs


BASE: BaseInputs = {
    "general": copy.deepcopy(HAND_BASE["general"]),
    "steel": {
        "stake": 1.0,
        "tax": 0.25,
        "asset_beta": 0.85,
        "debt_to_equity": 0.30,
        "size_premium": 0.005,
        "volume_2025": 4.55,
        "volume": 4.40,
        "price_2025": 3_035.0,
        "price": 3_060.0,
        "use": {"ore": 1.58, "coke": 0.40, "pci": 0.15, "scrap": 0.10},
        "prices_2025": {
            "ore": 760.0,
            "coke": 1_280.0,
            "pci": 800.0,
            "scrap": 2_120.0,
            "alloys": 115.0,
            "conversion": 650.0,
        },
        "balancing_item": 59.0,
        "prices_2024": {
            "ore": 820.0,
            "coke": 1_690.0,
            "pci": 1_000.0,
            "scrap": 2_350.0,
            "alloys": 115.0,
            "conversion": 695.0,
        },
        "depreciation_per_tonne_2024": 191.5,
        "reported_price_2024": 3_323.65,
        "reported_gross_margin_2024": -0.0105,
        "mid_cycle_margin": 400.0,
        "persistence": 0.55,
        "shock": {},
        "ets_cost": 5.0,
        "ets_year": 2027,
        "other_ferrous": -30.0,
        "overhead": 725.0,
        "depreciation_2025": 820.0,
        "depreciation_ratio": 0.98,
        "depreciation_end": 2035,
        "maintenance_capex": 575.0,
        "rd_spend": 450.0,
        "rd_kept": 0.50,
        "opening_losses": 900.0,
        "opening_losses_origin": 2024,
        "loss_life": 5,
        "nwc_ratio": 0.04,
        "last_explicit_year": 2035,
        "terminal_tax": 0.20,
        "terminal_growth": 0.005,
        "ronic": 0.075,
        "abandonment": 2_000.0,
        "multiple": 6.0,
        "invested_capital": 8_500.0,
        "capital_multiple": 0.60,
        "capacity": 4.40,
        "ev_per_tonne_check": 1_350.0,
        "weight_dcf": 0.55,
        "weight_multiple": 0.25,
        "weight_capital": 0.20,
    },
    "trading": {
        "stake": 1.0,
        "revenue": 12_000.0,
        "ebit_margin": 0.0025,
        "tax": 0.25,
        "required_return": 0.085,
    },
    "data_services": {
        "stake": 1.0,
        "ebitda": 35.0,
        "conversion": 0.80,
        "rate": 0.10,
    },
    "hangang_cloud": {
        "stake": 1.0,
        "tax": 0.25,
        "asset_beta": 0.80,
        "debt_to_equity": 0.60,
        "size_premium": 0.012,
        "installed_racks": 5_500.0,
        "observed_racks": 3_730.0,
        "opening_utilisation": 0.70,
        "saturation": 0.86,
        "ramp_k": 0.55,
        "last_year_legacy": 2042,
        "rack_price": 4_400.0,
        "drift": -0.01,
        "drift_year": 2028,
        "drift_after": 0.005,
        "kw_per_rack": 5.0,
        "load": 0.55,
        "pue": 1.40,
        "tariff": 0.62,
        "tariff_growth": 0.005,
        "variable_cost": 180.0,
        "fixed_cost": 560.0,
        "cost_inflation": 0.02,
        "maintenance_legacy": 27.0,
        "depreciation_legacy": 60.0,
        "phase2_mw": 25.48,
        "phase2_start": 2027,
        "phase2_ramp": [0.30, 0.60, 0.80],
        "phase2_saturation": 0.88,
        "phase2_price": 400.0,
        "phase2_margin": 0.88,
        "phase2_fixed": 1_000.0,
        "phase2_fixed_first": 0.60,
        "phase2_depreciation": 34.0,
        "phase2_maintenance": 6.0,
        "phase2_maintenance_from": 3,
        "last_year_phase2": 2041,
        "capex_left": 250.0,
        "capex_left_split": {2026: 1.0},
        "exit_multiple": 12.0,
        "exit_year": 2029,
        "exit_premium": 0.0,
        "rack_value": 0.13,
        "phase2_value": 20_000.0,
        "weight_dcf": 0.60,
        "weight_exit": 0.25,
        "weight_rack": 0.15,
    },
}

# ------------------------------------------------------------------------------------------------
# Steel
# ------------------------------------------------------------------------------------------------


def cash_cost_of(use: UnitUse, prices: UnitPrices) -> float:
    """Cash cost per tonne of steel: raw materials, alloys, conversion."""
    return (
        use["ore"] * prices["ore"]
        + use["coke"] * prices["coke"]
        + use["pci"] * prices["pci"]
        + use["scrap"] * prices["scrap"]
        + prices["alloys"]
        + prices["conversion"]
    )


def steel_depreciation_of(year: int, inp: SteelInputs) -> float:
    """On a straight line from 2025 to `depreciation_end`, constant after."""
    end = inp["depreciation_ratio"] * inp["maintenance_capex"]
    if year >= inp["depreciation_end"]:
        return end
    passed = (year - FIRST_YEAR) / (inp["depreciation_end"] - FIRST_YEAR)
    return inp["depreciation_2025"] + (end - inp["depreciation_2025"]) * passed


def steel_year(
    inp: SteelInputs,
    *,
    volume: float,
    margin: float,
    ets: float,
    depreciation: float,
    losses_available: float,
    nwc_increase: float,
) -> dict[str, float]:
    """The lines of one year from its cash margin per tonne down to FCFF."""
    ebitda = volume * (margin - ets) + inp["other_ferrous"] - inp["overhead"]
    ebit = ebitda - depreciation
    taxable = ebit - inp["rd_kept"] * inp["rd_spend"]  # before losses
    losses_used = min(losses_available, max(taxable, 0.0))
    tax = inp["tax"] * max(taxable - losses_used, 0.0)
    return {
        "ebitda": ebitda,
        "ebit": ebit,
        "taxable_before_losses": taxable,
        "losses_used": losses_used,
        "losses_made": max(-taxable, 0.0),
        "tax": tax,
        "fcff": ebitda - tax - inp["maintenance_capex"] - nwc_increase,
    }


def root_of(rising: Callable[[float], float]) -> float:
    """Root of a rising function, bisection down to neighbouring floats; nan without one in ±1e7."""
    low, high = -1e7, 1e7
    if not (rising(low) < 0.0 < rising(high)):
        return math.nan
    while True:
        middle = (low + high) / 2.0
        if middle in (low, high):
            return middle
        if rising(middle) < 0.0:
            low = middle
        else:
            high = middle


def age_losses(queue: dict[int, float], year: int, used: float, made: float, life: int) -> float:
    """Take `used` off the oldest losses still usable, add the year's own, tell what then lapses.

    `queue`: year of origin -> what is left of its loss; changed in place.
    """
    for origin in sorted(queue):
        if origin < year <= origin + life:
            taken = min(queue[origin], used)
            queue[origin] -= taken
            used -= taken
    queue[year] = made
    out = [origin for origin in queue if origin + life <= year]
    return sum(queue.pop(origin) for origin in out)


def break_even_margins(inp: SteelInputs, rows: Mapping[str, Row]) -> dict[str, Row]:
    """Cash margin per tonne that makes EBITDA, EBIT or FCFF of an explicit year zero.

    The past and the rest of the year stand as on the path: volume, ETS, D&A, usable losses, NWC.
    """
    found: dict[str, Row] = {}
    for y in range(DATE_YEAR, inp["last_explicit_year"] + 1):
        for target in ("ebitda", "ebit", "fcff"):

            def at(margin: float, y: int = y, target: str = target) -> float:
                return steel_year(
                    inp,
                    volume=rows["volume"][y],
                    margin=margin,
                    ets=rows["ets"][y],
                    depreciation=rows["depreciation"][y],
                    losses_available=rows["losses_available"][y],
                    nwc_increase=rows["nwc_increase"][y],
                )[target]

            found.setdefault(f"break_even_{target}", {})[y] = root_of(at)
    return found


def steel(general: GeneralInputs, inp: SteelInputs) -> Result:
    """Steel: yearly rows, break-even margins, three methods and the weighted EV.

    The rows run over the whole ruler; only flows up to `last_explicit_year` are counted.

    READING: 2025 makes a tax loss of its own (margin build, D&A and super-deduction of 2025),
    which is usable 2026-2030 on top of the opening losses from 2024.
    READING: the terminal EBITDA is mid-cycle, so that a shock of the last year is not worth a
    perpetuity; mid-cycle EBITDA has m* and the ETS cost whatever the ETS year.
    READING: another `last_explicit_year` leaves the line of D&A as it is.
    READING: no method is floored at zero but the terminal value at the abandonment value.
    """
    stub = stub_of(general)
    capm = wacc_of(
        general, inp["asset_beta"], inp["debt_to_equity"], inp["size_premium"], inp["tax"]
    )
    wacc = capm["wacc"]
    last = inp["last_explicit_year"]

    # --- unit builds
    cash_cost_2025 = cash_cost_of(inp["use"], inp["prices_2025"])
    margin_2025 = inp["price_2025"] - cash_cost_2025 + inp["balancing_item"]
    cash_cost_2024 = cash_cost_of(inp["use"], inp["prices_2024"])
    unit_cost_2024 = cash_cost_2024 + inp["depreciation_per_tonne_2024"]
    reported_2024 = inp["reported_price_2024"] * (1.0 - inp["reported_gross_margin_2024"])

    r: dict[str, Row] = {}
    queue = {inp["opening_losses_origin"]: inp["opening_losses"]}  # origin -> what is left of it
    margin = margin_2025
    revenue_before = math.nan

    for y in YEARS:
        # --- drivers
        volume = inp["volume_2025"] if y == FIRST_YEAR else inp["volume"]
        price = inp["price_2025"] if y == FIRST_YEAR else inp["price"]
        revenue = volume * price
        shock = inp["shock"].get(y, 0.0) if y > FIRST_YEAR else 0.0
        if y > FIRST_YEAR:
            centre = inp["mid_cycle_margin"]
            margin = centre + inp["persistence"] * (margin - centre) + shock
        ets = inp["ets_cost"] if y >= inp["ets_year"] else 0.0
        depreciation = steel_depreciation_of(y, inp)
        nwc_increase = 0.0
        if y > FIRST_YEAR:
            nwc_increase = inp["nwc_ratio"] * (revenue - revenue_before)
        revenue_before = revenue

        # --- the year, with the losses that are still usable in it
        available = sum(left for o, left in queue.items() if o < y <= o + inp["loss_life"])
        flows = steel_year(
            inp,
            volume=volume,
            margin=margin,
            ets=ets,
            depreciation=depreciation,
            losses_available=available,
            nwc_increase=nwc_increase,
        )

        lapsed = age_losses(queue, y, flows["losses_used"], flows["losses_made"], inp["loss_life"])

        # --- what is counted
        weight = weight_of(y, stub)
        counted = flows["fcff"] * weight if y <= last else 0.0
        factor = discount_factor(y, wacc, stub, general["mid_year"])

        line = {
            "volume": volume,
            "price": price,
            "revenue": revenue,
            "shock": shock,
            "margin": margin,
            "ets": ets,
            **flows,
            "depreciation": depreciation,
            "losses_available": available,
            "losses_lapsed": lapsed,
            "losses_closing": sum(queue.values()),
            "maintenance_capex": inp["maintenance_capex"],
            "nwc_increase": nwc_increase,
            "weight": weight,
            "counted": counted,
            "years": years_to_flow(y, stub, general["mid_year"]),
            "discount_factor": factor,
            "present_value": counted * factor,
        }
        for name, amount in line.items():
            r.setdefault(name, {})[y] = amount

    r.update(break_even_margins(inp, r))

    # --- methods
    explicit_pv = sum(r["present_value"].values())
    growth = inp["terminal_growth"]
    mid_cycle_ebitda = (
        inp["volume"] * (inp["mid_cycle_margin"] - inp["ets_cost"])
        + inp["other_ferrous"]
        - inp["overhead"]
    )
    terminal_ebit = mid_cycle_ebitda - inp["maintenance_capex"]  # D&A = capex
    terminal_nopat = terminal_ebit * (1.0 - inp["terminal_tax"])
    going_concern = (
        terminal_nopat * (1.0 + growth) * (1.0 - growth / inp["ronic"]) / (wacc - growth)
    )
    terminal_value = max(going_concern, inp["abandonment"])
    terminal_pv = terminal_value * r["discount_factor"][last]
    dcf = explicit_pv + terminal_pv

    multiple_method = inp["multiple"] * mid_cycle_ebitda
    capital_method = inp["capital_multiple"] * inp["invested_capital"]
    ev = (
        inp["weight_dcf"] * dcf
        + inp["weight_multiple"] * multiple_method
        + inp["weight_capital"] * capital_method
    )
    values = {
        "stub": stub,
        **capm,
        "cash_cost_2025": cash_cost_2025,
        "margin_2025": margin_2025,
        "unit_cost_2024": unit_cost_2024,
        "unit_cost_reported_2024": reported_2024,
        "unit_cost_gap_2024": unit_cost_2024 - reported_2024,
        "margin_2024": inp["reported_price_2024"] - cash_cost_2024,
        "explicit_pv": explicit_pv,
        "terminal_ebit": terminal_ebit,
        "terminal_nopat": terminal_nopat,
        "going_concern": going_concern,
        "terminal_value": terminal_value,
        "terminal_pv": terminal_pv,
        "dcf": dcf,
        "terminal_share": terminal_pv / dcf if dcf else math.nan,
        "mid_cycle_ebitda": mid_cycle_ebitda,
        "multiple_method": multiple_method,
        "capital_method": capital_method,
        "ev": ev,
        "ev_per_tonne": ev / inp["capacity"],  # CNY m / Mt = CNY/t
        "ev_check": inp["ev_per_tonne_check"] * inp["capacity"],
        "implied_multiple": ev / mid_cycle_ebitda if mid_cycle_ebitda else math.nan,
        "stake": inp["stake"],
        "value": ev * inp["stake"],
    }
    return {"rows": r, "values": values}


# ------------------------------------------------------------------------------------------------
# Trading and data services
# ------------------------------------------------------------------------------------------------


def trading(inp: TradingInputs) -> Result:
    """Profit after tax as a perpetuity; the WACC shift does not touch it."""
    ebit = inp["revenue"] * inp["ebit_margin"]
    nopat = ebit * (1.0 - inp["tax"])
    ev = nopat / inp["required_return"]
    values = {
        "ebit": ebit,
        "nopat": nopat,
        "ev": ev,
        "stake": inp["stake"],
        "value": ev * inp["stake"],
    }
    return {"rows": {}, "values": values}


def data_services(inp: DataServicesInputs) -> Result:
    """EBITDA times its conversion into cash as a perpetuity; no WACC shift either."""
    cash_flow = inp["ebitda"] * inp["conversion"]
    ev = cash_flow / inp["rate"]
    values = {
        "cash_flow": cash_flow,
        "ev": ev,
        "stake": inp["stake"],
        "value": ev * inp["stake"],
    }
    return {"rows": {}, "values": values}


# ------------------------------------------------------------------------------------------------
# 杭钢云
# ------------------------------------------------------------------------------------------------


def rack_price_of(year: int, inp: HangangCloudInputs) -> float:
    """CNY/rack-month: 2025 = 2026; `drift` a year up to the drift year, `drift_after` later."""
    price = inp["rack_price"]
    for y in range(DATE_YEAR + 1, year + 1):
        price *= 1.0 + (inp["drift"] if y <= inp["drift_year"] else inp["drift_after"])
    return price


def phase2_utilisation_of(year: int, inp: HangangCloudInputs) -> float:
    """By year of operation: the ramp, then saturation; 0 before the start and after the life."""
    if not inp["phase2_start"] <= year <= inp["last_year_phase2"]:
        return 0.0
    done = year - inp["phase2_start"]  # full years of operation before this one
    ramp = inp["phase2_ramp"]
    return ramp[done] if done < len(ramp) else inp["phase2_saturation"]


def hangang_cloud(general: GeneralInputs, inp: HangangCloudInputs) -> Result:  # noqa: PLR0915
    """杭钢云: yearly rows, three methods (DCF, exit multiple, rack value) and the weighted EV.

    READING: prices, tariff and cost index run on after the life; racks, costs, maintenance and
    D&A are zero.
    READING: another start of phase II moves its ramp, D&A and maintenance, but neither its last
    year nor the capex left (2026).
    READING: no tax losses are carried forward; tax is on the EBIT of both halves together.
    """
    stub = stub_of(general)
    capm = wacc_of(
        general, inp["asset_beta"], inp["debt_to_equity"], inp["size_premium"], inp["tax"]
    )
    wacc = capm["wacc"]
    installed = inp["installed_racks"]
    phase2_kw = inp["phase2_mw"] * 1000.0

    r: dict[str, Row] = {}

    for y in YEARS:
        # --- legacy
        alive = y <= inp["last_year_legacy"]
        if y < DATE_YEAR:  # 2025: the observed mid-2025 count
            in_use = inp["observed_racks"]
            u = in_use / installed
        else:
            t = y + 0.5 - 2026.0
            sat = inp["saturation"]
            u = sat - (sat - inp["opening_utilisation"]) * math.exp(-inp["ramp_k"] * t)
            in_use = installed * u
        if not alive:
            u = in_use = 0.0
        index = (1.0 + inp["cost_inflation"]) ** max(0, y - 2026)
        tariff = inp["tariff"] * (1.0 + inp["tariff_growth"]) ** max(0, y - 2026)
        price = rack_price_of(y, inp)
        power = inp["kw_per_rack"] * inp["load"] * 8760.0 * inp["pue"] * tariff / 12.0
        variable = inp["variable_cost"] * index
        revenue_legacy = in_use * price * 12.0 / 1e6
        power_cost = in_use * power * 12.0 / 1e6
        variable_cost = in_use * variable * 12.0 / 1e6
        fixed_cost = installed * inp["fixed_cost"] * index * 12.0 / 1e6 if alive else 0.0
        ebitda_legacy = revenue_legacy - power_cost - variable_cost - fixed_cost
        maintenance_legacy = inp["maintenance_legacy"] * index if alive else 0.0
        depreciation_legacy = inp["depreciation_legacy"] if alive else 0.0

        # --- phase II
        runs = inp["phase2_start"] <= y <= inp["last_year_phase2"]
        operating_year = y - inp["phase2_start"] + 1 if runs else 0
        u2 = phase2_utilisation_of(y, inp)
        revenue_phase2 = phase2_kw * u2 * inp["phase2_price"] * 12.0 / 1e6
        fixed_phase2 = 0.0
        if runs:
            first = inp["phase2_fixed_first"] if operating_year == 1 else 1.0
            fixed_phase2 = phase2_kw * inp["phase2_fixed"] * first / 1e6
        ebitda_phase2 = revenue_phase2 * inp["phase2_margin"] - fixed_phase2
        maintained = runs and operating_year >= inp["phase2_maintenance_from"]
        maintenance_phase2 = inp["phase2_maintenance"] if maintained else 0.0
        depreciation_phase2 = inp["phase2_depreciation"] if runs else 0.0

        # --- both
        ebitda = ebitda_legacy + ebitda_phase2
        depreciation = depreciation_legacy + depreciation_phase2
        maintenance = maintenance_legacy + maintenance_phase2
        ebit = ebitda - depreciation
        tax = inp["tax"] * max(ebit, 0.0)
        fcff = ebitda - tax - maintenance
        capex_left = 0.0
        if y >= DATE_YEAR:
            capex_left = inp["capex_left"] * inp["capex_left_split"].get(y, 0.0)
        weight = weight_of(y, stub)
        counted = fcff * weight - capex_left  # capex left in full, never times the stub
        factor = discount_factor(y, wacc, stub, general["mid_year"])

        line = {
            "utilisation": u,
            "racks_in_use": in_use,
            "price": price,
            "tariff": tariff,
            "power_per_rack": power,
            "cost_index": index,
            "revenue_legacy": revenue_legacy,
            "power_cost": power_cost,
            "variable_cost": variable_cost,
            "fixed_cost": fixed_cost,
            "ebitda_legacy": ebitda_legacy,
            "maintenance_legacy": maintenance_legacy,
            "depreciation_legacy": depreciation_legacy,
            "phase2_utilisation": u2,
            "revenue_phase2": revenue_phase2,
            "fixed_phase2": fixed_phase2,
            "ebitda_phase2": ebitda_phase2,
            "maintenance_phase2": maintenance_phase2,
            "depreciation_phase2": depreciation_phase2,
            "revenue": revenue_legacy + revenue_phase2,
            "ebitda": ebitda,
            "depreciation": depreciation,
            "ebit": ebit,
            "tax": tax,
            "maintenance_capex": maintenance,
            "fcff": fcff,
            "capex_left": capex_left,
            "weight": weight,
            "counted": counted,
            "years": years_to_flow(y, stub, general["mid_year"]),
            "discount_factor": factor,
            "present_value": counted * factor,
            "capex_left_pv": capex_left * factor,
        }
        for name, amount in line.items():
            r.setdefault(name, {})[y] = amount

    # --- methods
    dcf = sum(r["present_value"].values())
    capex_left_pv = sum(r["capex_left_pv"].values())

    exit_year = inp["exit_year"]
    years_to_exit = stub + (exit_year - 1 - DATE_YEAR)  # end of the year before: stub + 2 in base
    exit_value = inp["exit_multiple"] * r["ebitda"][exit_year]
    exit_pv = exit_value * (1.0 + wacc + inp["exit_premium"]) ** -years_to_exit
    interim_pv = sum(r["present_value"][y] for y in range(DATE_YEAR, exit_year))
    exit_method = exit_pv + interim_pv

    rack_gross = inp["rack_value"] * installed + inp["phase2_value"] * phase2_kw / 1e6
    rack_method = rack_gross - capex_left_pv

    ev = (
        inp["weight_dcf"] * dcf
        + inp["weight_exit"] * exit_method
        + inp["weight_rack"] * rack_method
    )
    values = {
        "stub": stub,
        **capm,
        "dcf": dcf,
        "capex_left_pv": capex_left_pv,
        "exit_value": exit_value,
        "years_to_exit": years_to_exit,
        "exit_pv": exit_pv,
        "interim_pv": interim_pv,
        "exit_method": exit_method,
        "rack_gross": rack_gross,
        "rack_method": rack_method,
        "ev": ev,
        "stake": inp["stake"],
        "value": ev * inp["stake"],
    }
    return {"rows": r, "values": values}


# ------------------------------------------------------------------------------------------------
# Second methods: closed forms and identities
# ------------------------------------------------------------------------------------------------


def horner(counted: Mapping[int, float], wacc: float, stub: float, mid_year: int) -> float:
    """Present value as an end-of-year Horner scheme from 2045 back, then one shift to mid-year."""
    back = 0.0
    for y in range(LAST_RULER_YEAR, DATE_YEAR, -1):
        back = (back + counted[y]) / (1.0 + wacc)
    half = 0.5 if mid_year else 0.0
    later = back * (1.0 + wacc) ** (half - stub)
    return float(later + counted[DATE_YEAR] / (1.0 + wacc) ** (stub * (1.0 - half)))


def losses_by_totals(inp: SteelInputs, taxable: Mapping[int, float]) -> dict[int, float]:
    """Losses used by year without a queue, from running totals alone.

    `made[y]` is all losses of origin up to y, `gone` all that was used or has lapsed. First in,
    first out means that `gone` is a mark on the line of `made`: use pushes it on, and after year y
    it stands at made[y - life] at least, for all of that has had its last year.
    """
    origin, life = inp["opening_losses_origin"], inp["loss_life"]
    made = {
        y: inp["opening_losses"] if y >= origin else 0.0
        for y in range(FIRST_YEAR - life - 1, FIRST_YEAR)
    }
    gone = 0.0
    used: dict[int, float] = {}
    for y in YEARS:
        made[y] = made[y - 1] + max(-taxable[y], 0.0)
        used[y] = min(made[y - 1] - gone, max(taxable[y], 0.0))
        gone = max(gone + used[y], made[y - life])
    return used


def steel_checks(
    case: str, general: GeneralInputs, inp: SteelInputs
) -> list[tuple[str, float, float]]:
    """Second methods for steel."""
    got = steel(general, inp)
    rows, values = got["rows"], got["values"]
    wacc, stub, mid_year = values["wacc"], values["stub"], general["mid_year"]
    last = inp["last_explicit_year"]
    checks: list[tuple[str, float, float]] = []

    # Margin of the last explicit year: the gap of 2025 and each shock, faded by its own age
    phi = inp["persistence"]
    closed = inp["mid_cycle_margin"]
    closed += phi ** (last - FIRST_YEAR) * (values["margin_2025"] - inp["mid_cycle_margin"])
    closed += sum(phi ** (last - y) * inp["shock"].get(y, 0.0) for y in range(DATE_YEAR, last + 1))
    checks.append((f"steel {case}: margin {last}", rows["margin"][last], closed))

    # D&A 2025-2035 in total: a trapezium
    if inp["depreciation_end"] <= LAST_RULER_YEAR:
        span = range(FIRST_YEAR, inp["depreciation_end"] + 1)
        end = inp["depreciation_ratio"] * inp["maintenance_capex"]
        checks.append(
            (
                f"steel {case}: D&A in total",
                sum(rows["depreciation"][y] for y in span),
                len(span) * (inp["depreciation_2025"] + end) / 2.0,
            )
        )

    # Losses by totals instead of a queue; weighted by a date so that timing counts
    used = losses_by_totals(inp, rows["taxable_before_losses"])
    checks.append(
        (
            f"steel {case}: losses used, by totals",
            1.0 + sum(rows["losses_used"][y] * (y - 2000) for y in YEARS),
            1.0 + sum(used[y] * (y - 2000) for y in YEARS),
        )
    )
    checks.append(
        (
            f"steel {case}: losses made are used, lapse or remain",
            1.0 + inp["opening_losses"] + sum(rows["losses_made"].values()),
            1.0
            + sum(rows["losses_used"].values())
            + sum(rows["losses_lapsed"].values())
            + rows["losses_closing"][LAST_RULER_YEAR],
        )
    )

    # Explicit part, Horner
    checks.append(
        (
            f"steel {case}: explicit part, Horner",
            values["explicit_pv"],
            horner(rows["counted"], wacc, stub, mid_year),
        )
    )

    # Terminal value: what 5,000 years of a growing flow are worth, less its reinvestment
    growth = inp["terminal_growth"]
    total, flow, factor = 0.0, values["terminal_nopat"], 1.0
    for _ in range(5_000):
        flow *= 1.0 + growth
        factor /= 1.0 + wacc
        total += (flow - flow * growth / inp["ronic"]) * factor
    checks.append((f"steel {case}: terminal value, long sum", values["going_concern"], total))

    # Break-even margins, solved by hand
    for y in range(DATE_YEAR, last + 1):
        volume, ets = rows["volume"][y], rows["ets"][y]
        level = (inp["overhead"] - inp["other_ferrous"]) / volume + ets
        free = (
            rows["depreciation"][y] + inp["rd_kept"] * inp["rd_spend"] + rows["losses_available"][y]
        )  # EBITDA above it is taxed
        spent = inp["maintenance_capex"] + rows["nwc_increase"][y]
        need = spent if spent <= free else (spent - inp["tax"] * free) / (1.0 - inp["tax"])
        for target, ebitda in (("ebitda", 0.0), ("ebit", rows["depreciation"][y]), ("fcff", need)):
            checks.append(
                (
                    f"steel {case}: break-even {target} {y}",
                    rows[f"break_even_{target}"][y],
                    level + ebitda / volume,
                )
            )
    return checks


def cloud_checks(
    case: str, general: GeneralInputs, inp: HangangCloudInputs
) -> list[tuple[str, float, float]]:
    """Second methods for 杭钢云."""
    got = hangang_cloud(general, inp)
    rows, values = got["rows"], got["values"]
    wacc, stub, mid_year = values["wacc"], values["stub"], general["mid_year"]
    last, last2, start = inp["last_year_legacy"], inp["last_year_phase2"], inp["phase2_start"]
    checks: list[tuple[str, float, float]] = []

    # Utilisation of the last year: each year closes the same share of the gap
    gap = (inp["saturation"] - inp["opening_utilisation"]) * math.exp(-0.5 * inp["ramp_k"])
    for _ in range(DATE_YEAR, last):
        gap *= math.exp(-inp["ramp_k"])
    checks.append((f"HG {case}: utilisation", rows["utilisation"][last], inp["saturation"] - gap))

    # Price of the last year, by powers
    falling = max(0, min(inp["drift_year"], last) - DATE_YEAR)
    price = inp["rack_price"] * (1.0 + inp["drift"]) ** falling
    price *= (1.0 + inp["drift_after"]) ** (last - DATE_YEAR - falling)
    checks.append((f"HG {case}: price {last}", rows["price"][last], price))

    # EBITDA of legacy per year from kWh and rack-months instead of unit margins
    for y in (DATE_YEAR, 2030, last):
        inflated = (1.0 + inp["cost_inflation"]) ** (y - DATE_YEAR)
        kwh = rows["racks_in_use"][y] * inp["kw_per_rack"] * inp["load"] * inp["pue"] * 24 * 365
        paid = kwh * inp["tariff"] * (1.0 + inp["tariff_growth"]) ** (y - DATE_YEAR)
        months = rows["racks_in_use"][y] * 12.0
        ebitda = months * (rows["price"][y] - inp["variable_cost"] * inflated) - paid
        ebitda -= inp["installed_racks"] * 12.0 * inp["fixed_cost"] * inflated
        checks.append((f"HG {case}: legacy EBITDA {y}", rows["ebitda_legacy"][y], ebitda / 1e6))

    # Phase II once ramped: a level annuity
    level_from = start + len(inp["phase2_ramp"])
    kw = inp["phase2_mw"] * 1000.0
    level = kw * (
        inp["phase2_saturation"] * inp["phase2_price"] * 12.0 * inp["phase2_margin"]
        - inp["phase2_fixed"]
    )
    q = 1.0 / (1.0 + wacc)
    first = q ** (stub + level_from - (DATE_YEAR + 1) + (0.5 if mid_year else 1.0))
    checks.append(
        (
            f"HG {case}: phase II EBITDA after the ramp, annuity",
            sum(
                rows["ebitda_phase2"][y] * rows["discount_factor"][y]
                for y in range(level_from, last2 + 1)
            ),
            level / 1e6 * first * (1.0 - q ** (last2 + 1 - level_from)) / (1.0 - q),
        )
    )

    # D&A and phase II maintenance in total
    years2 = last2 - start + 1
    checks.append(
        (
            f"HG {case}: D&A in total",
            sum(rows["depreciation"].values()),
            inp["depreciation_legacy"] * (last - FIRST_YEAR + 1)
            + inp["phase2_depreciation"] * years2,
        )
    )
    checks.append(
        (
            f"HG {case}: phase II maintenance in total",
            sum(rows["maintenance_phase2"].values()),
            inp["phase2_maintenance"] * (years2 - inp["phase2_maintenance_from"] + 1),
        )
    )

    # DCF, Horner; and the rack method from per-unit values
    checks.append(
        (f"HG {case}: DCF, Horner", values["dcf"], horner(rows["counted"], wacc, stub, mid_year))
    )
    to_capex = stub * (0.5 if mid_year else 1.0)
    checks.append(
        (
            f"HG {case}: rack method",
            values["rack_method"],
            inp["installed_racks"] * inp["rack_value"]
            + inp["phase2_mw"] * inp["phase2_value"] / 1000.0
            - inp["capex_left"] * q**to_capex,
        )
    )
    return checks


def self_check(base: BaseInputs) -> list[tuple[str, float, float]]:
    """Pairs (figure from the loops, the same figure by another route); the caller compares them."""
    general = base["general"]
    checks = steel_checks("base", general, base["steel"])

    # Losses that pile up and lapse, and losses that a boom uses up in between
    weak = copy.deepcopy(base["steel"])
    weak["mid_cycle_margin"] = -50.0
    checks += steel_checks("m* -50", general, weak)
    swings = copy.deepcopy(base["steel"])
    swings["shock"] = {2027: -600.0, 2030: 700.0, 2031: 200.0, 2032: -900.0, 2035: 800.0}
    checks += steel_checks("swings", general, swings)
    year_end = copy.deepcopy(general)
    year_end["mid_year"] = 0
    checks += steel_checks("year end", year_end, swings)

    # Steel that starts at m* with the ETS from the start: EBITDA is mid-cycle EBITDA every year
    steady = copy.deepcopy(base["steel"])
    steady["ets_year"] = FIRST_YEAR
    steady["mid_cycle_margin"] = steel(general, steady)["values"]["margin_2025"]
    got = steel(general, steady)
    for y in (DATE_YEAR, 2031, LAST_RULER_YEAR):
        checks.append(
            (
                f"steel at m*: EBITDA {y}",
                got["rows"]["ebitda"][y],
                got["values"]["mid_cycle_ebitda"],
            )
        )

    # Trading and data services: 2,000 years of the same flow
    for name, flow, rate, ev in (
        (
            "trading",
            trading(base["trading"])["values"]["nopat"],
            base["trading"]["required_return"],
            trading(base["trading"])["values"]["ev"],
        ),
        (
            "data services",
            data_services(base["data_services"])["values"]["cash_flow"],
            base["data_services"]["rate"],
            data_services(base["data_services"])["values"]["ev"],
        ),
    ):
        total = sum(flow * (1.0 + rate) ** -n for n in range(1, 2_001))
        checks.append((f"{name}: long sum", ev, total))

    checks += cloud_checks("base", general, base["hangang_cloud"])
    late = copy.deepcopy(base["hangang_cloud"])
    late["phase2_start"], late["drift_year"], late["drift"] = 2028, 2031, -0.04
    checks += cloud_checks("late", year_end, late)
    return checks
