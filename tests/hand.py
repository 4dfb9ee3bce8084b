"""Independent hand computation of two segments and the sum of the parts of 杭钢股份 (600126.SH).

A judge for the valuation model: it shares no code with it. Standard library only, loops over
years, floats, no rounding anywhere. Every formula is one that a pocket calculator can repeat.

Covered: 浙江云 (`zhejiang_cloud`), compute leasing (`compute_leasing`), the bridge from the
parts to a value per share (`sum_of_parts`), and second methods for some figures (`self_check`).

Units: CNY m unless a name or comment says otherwise; ratios and rates are fractions (0.25 = 25 %);
dates inside the formulas are decimal years (2025.0 = 1 Jan 2025). Sections in comments refer to
domain.md. Readings where the specification leaves room are marked "READING".

"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TypedDict

FIRST_YEAR = 2025
LAST_RULER_YEAR = 2045
YEARS: list[int] = list(range(FIRST_YEAR, LAST_RULER_YEAR + 1))
DATE_YEAR = 2026  # the year of the valuation date: only its part after that date is valued

Row = dict[int, float]  # year -> value


class Result(TypedDict):
    """What each segment function returns."""

    rows: dict[str, Row]  # name -> {year: value}, every intermediate line
    values: dict[str, float]  # name -> one number


# ------------------------------------------------------------------------------------------------
# Inputs
# ------------------------------------------------------------------------------------------------


class GeneralInputs(TypedDict):
    """Inputs shared by all segments (domain.md §2.5, §8)."""

    valuation_date: str  # ISO date
    mid_year: int  # 1 = mid-year discounting, 0 = year-end
    rf: float  # risk-free rate
    erp: float  # equity risk premium
    kd: float  # pre-tax cost of debt
    wacc_shift: float  # added to every segment WACC and to the corporate rate


class ZhejiangCloudInputs(TypedDict):
    """浙江云 (domain.md §2.3, §8)."""

    stake: float
    tax: float
    asset_beta: float
    debt_to_equity: float
    size_premium: float
    planned_racks: float
    opening_racks: float  # enabled at December 2025
    saturation: float  # share of planned racks
    ramp_k: float  # per year
    observed_racks: dict[str, float]  # building -> enabled at mid-2025, used for 2025
    building_share: dict[str, float]  # building -> share of planned racks, in filling order
    delivered_ratio: dict[int, float]  # year -> share of planned racks; years not listed: 1
    floor_ratio: float  # minimum billing, share of delivered racks
    floor_months: float  # months after 2026.0 from which the floor applies
    kw_per_rack: float
    lease_price: float  # CNY per kW and month, without power
    reset_year: int
    reset: float  # one-off change of the price in the reset year
    escalator: float  # yearly change after the reset year
    variable_margin: float
    fixed_cost: float  # CNY per delivered kW and year
    land_rent: float  # CNY m a year
    cost_inflation: float  # from 2027
    both_phases: int  # 1 = "10,800 = both phases": the second pair of capex figures
    gross_capex: float
    gross_capex_both: float
    capex_left: float
    capex_left_both: float
    capex_left_split: dict[int, float]  # year -> share of capex left
    building_part: float  # of gross capex; the rest is M&E
    building_life: int
    equipment_life: int
    depreciation_start: int
    refresh_ratio: float  # of gross capex, in equal parts over the refresh years
    refresh_years: list[int]
    refresh_life: int
    maintenance_ratio: float  # of gross capex, a year
    last_year: int
    exit_multiple: float  # C-REIT exit, times EBITDA of the exit year
    exit_year: int  # its EBITDA is used; the exit is at the end of the year before
    exit_premium: float  # added to WACC for the exit value
    rack_value: float  # CNY m per planned rack
    weight_dcf: float
    weight_exit: float
    weight_rack: float


class ComputeInputs(TypedDict):
    """Compute leasing, 68 PFlops (domain.md §2.4, §8)."""

    stake: float
    tax: float
    asset_beta: float
    debt_to_equity: float
    size_premium: float
    pflops: float
    capex_incl_vat: float
    vat: float
    start: float  # decimal year
    term: float  # years
    fee: float  # CNY m per year of service, without VAT
    availability: float
    contract_availability: float
    sla_deduction: float
    opex_ratio: float  # of the fee
    hazard: float  # a year, continuous
    lgd: float
    bond_ratio: float  # of the contract sum fee * term
    residual_ratio: float  # sale proceeds, of capex without VAT
    book_residual_ratio: float  # book value at the end, of capex without VAT
    new_capex_bn: float  # CNY bn of new clusters
    new_npv_per_cny: float


class CorporateInputs(TypedDict):
    """The bridge from the parts to the share (domain.md §2.5, §8)."""

    unallocated_cost: float  # a year, before tax
    unallocated_tax: float
    corporate_rate: float
    corporate_growth: float
    net_cash: float
    notes_as_debt: int  # 1 = notes payable are debt, matching working capital is added back
    notes_payable: float
    notes_matching: float  # share of notes payable matched by working capital
    minimum_cash: float
    associate: float
    minorities: float
    holding_discount: float  # of the sum of the part values
    shares_m: float
    price: float  # CNY


class BaseInputs(TypedDict):
    """All inputs, by group."""

    general: GeneralInputs
    zhejiang_cloud: ZhejiangCloudInputs
    compute: ComputeInputs
    corporate: CorporateInputs


BASE: BaseInputs = {
    "general": {
        "valuation_date": "2026-02-27",
        "mid_year": 1,
        "rf": 0.018,
        "erp": 0.065,
        "kd": 0.032,
        "wacc_shift": 0.0,
    },
    "zhejiang_cloud": {
        "stake": 1.0,
        "tax": 0.25,
        "asset_beta": 0.80,
        "debt_to_equity": 0.60,
        "size_premium": 0.005,
        "planned_racks": 10_800.0,
        "opening_racks": 4_320.0,
        "saturation": 0.92,
        "ramp_k": 0.55,
        "observed_racks": {"A": 1_056.0, "B": 1_167.0, "C": 969.0, "D": 0.0, "E": 0.0},
        "building_share": {"A": 0.2, "B": 0.2, "C": 0.2, "D": 0.2, "E": 0.2},
        "delivered_ratio": {2025: 0.60, 2026: 0.80},
        "floor_ratio": 0.0,
        "floor_months": 24.0,
        "kw_per_rack": 10.0,
        "lease_price": 480.0,
        "reset_year": 2033,
        "reset": -0.08,
        "escalator": 0.01,
        "variable_margin": 0.90,
        "fixed_cost": 750.0,
        "land_rent": 12.0,
        "cost_inflation": 0.015,
        "both_phases": 0,
        "gross_capex": 2_450.0,
        "gross_capex_both": 3_610.0,
        "capex_left": 550.0,
        "capex_left_both": 1_710.0,
        "capex_left_split": {2026: 0.64, 2027: 0.36},
        "building_part": 0.30,
        "building_life": 30,
        "equipment_life": 13,
        "depreciation_start": 2025,
        "refresh_ratio": 0.25,
        "refresh_years": [2036, 2037, 2038],
        "refresh_life": 10,
        "maintenance_ratio": 0.012,
        "last_year": 2045,
        "exit_multiple": 14.0,
        "exit_year": 2029,
        "exit_premium": 0.01,
        "rack_value": 0.34,
        "weight_dcf": 0.60,
        "weight_exit": 0.25,
        "weight_rack": 0.15,
    },
    "compute": {
        "stake": 1.0,
        "tax": 0.15,
        "asset_beta": 1.25,
        "debt_to_equity": 0.0,
        "size_premium": 0.0,
        "pflops": 68.0,
        "capex_incl_vat": 374.0,
        "vat": 0.13,
        "start": 2025.0,
        "term": 4.0,
        "fee": 115.0,
        "availability": 0.985,
        "contract_availability": 0.985,
        "sla_deduction": 0.01,
        "opex_ratio": 0.20,
        "hazard": 0.03,
        "lgd": 0.70,
        "bond_ratio": 0.05,
        "residual_ratio": 0.08,
        "book_residual_ratio": 0.05,
        "new_capex_bn": 0.0,
        "new_npv_per_cny": 0.0,
    },
    "corporate": {
        "unallocated_cost": 60.0,
        "unallocated_tax": 0.25,
        "corporate_rate": 0.08,
        "corporate_growth": 0.01,
        "net_cash": 7_200.0,
        "notes_as_debt": 0,
        "notes_payable": 8_100.0,
        "notes_matching": 1.0,
        "minimum_cash": 0.0,
        "associate": 450.0,
        "minorities": 200.0,
        "holding_discount": 0.10,
        "shares_m": 3_377.189083,
        "price": 8.94,
    },
}

# ------------------------------------------------------------------------------------------------
# Time and discounting
# ------------------------------------------------------------------------------------------------


def stub_of(general: GeneralInputs) -> float:
    """Share of the valuation year after the valuation date: days to 31 Dec / 365 (base 307/365)."""
    valued = date.fromisoformat(general["valuation_date"])
    return (date(valued.year, 12, 31) - valued).days / 365.0


def weight_of(year: int, stub: float) -> float:
    """Share of a year's flow that is valued: 0 before 2026, the stub in 2026, then 1."""
    if year < DATE_YEAR:
        return 0.0
    if year == DATE_YEAR:
        return stub
    return 1.0


def years_to_flow(year: int, stub: float, mid_year: int) -> float:
    """Years from the valuation date to the flow of `year` (0 for 2025, which is not valued)."""
    timing = 0.5 if mid_year else 1.0
    if year < DATE_YEAR:
        return 0.0
    if year == DATE_YEAR:
        return stub * timing
    return stub + (year - (DATE_YEAR + 1)) + timing


def discount_factor(year: int, wacc: float, stub: float, mid_year: int) -> float:
    """(1 + wacc) ^ -years; 0 for years that are not valued."""
    if year < DATE_YEAR:
        return 0.0
    return float((1.0 + wacc) ** -years_to_flow(year, stub, mid_year))


def wacc_of(
    general: GeneralInputs,
    asset_beta: float,
    debt_to_equity: float,
    size_premium: float,
    tax: float,
) -> dict[str, float]:
    """CAPM cost of equity on a relevered beta and the weighted cost of capital."""
    beta = asset_beta * (1.0 + (1.0 - tax) * debt_to_equity)
    cost_of_equity = general["rf"] + beta * general["erp"] + size_premium
    equity_share = 1.0 / (1.0 + debt_to_equity)
    debt_share = debt_to_equity / (1.0 + debt_to_equity)
    cost_of_debt = general["kd"] * (1.0 - tax)
    wacc = equity_share * cost_of_equity + debt_share * cost_of_debt + general["wacc_shift"]
    return {"relevered_beta": beta, "cost_of_equity": cost_of_equity, "wacc": wacc}


# ------------------------------------------------------------------------------------------------
# 浙江云
# ------------------------------------------------------------------------------------------------


def fill_buildings(racks: float, planned: float, share: Mapping[str, float]) -> dict[str, float]:
    """Racks by building: filled in the order of `share`, each up to planned * its share."""
    left = racks
    filled: dict[str, float] = {}
    for name in share:
        filled[name] = min(left, planned * share[name])
        left = left - filled[name]
    return filled


def floor_share_of(year: int, floor_months: float) -> float:
    """Share of `year` that lies after 2026.0 + floor_months/12."""
    floor_start = 2026.0 + floor_months / 12.0
    return min(1.0, max(0.0, (year + 1) - floor_start))


def lease_price_of(year: int, inp: ZhejiangCloudInputs) -> float:
    """CNY/kW-month: flat, times (1 + reset) in the reset year, then the escalator every year."""
    if year < inp["reset_year"]:
        return inp["lease_price"]
    years_since_reset = year - inp["reset_year"]
    return inp["lease_price"] * (1.0 + inp["reset"]) * (1.0 + inp["escalator"]) ** years_since_reset


def zhejiang_cloud(general: GeneralInputs, inp: ZhejiangCloudInputs) -> Result:  # noqa: PLR0915
    """浙江云: yearly rows, three methods (DCF, C-REIT exit, rack value) and the weighted EV.

    READING: after `last_year` everything is zero: racks, revenue, all costs (land rent too),
    maintenance, refresh and depreciation.
    """
    stub = stub_of(general)
    capm = wacc_of(
        general, inp["asset_beta"], inp["debt_to_equity"], inp["size_premium"], inp["tax"]
    )
    wacc = capm["wacc"]
    gross = inp["gross_capex_both"] if inp["both_phases"] else inp["gross_capex"]
    left_total = inp["capex_left_both"] if inp["both_phases"] else inp["capex_left"]
    planned = inp["planned_racks"]
    opening_utilisation = inp["opening_racks"] / planned
    building_cost = gross * inp["building_part"]
    equipment_cost = gross * (1.0 - inp["building_part"])
    refresh_a_year = gross * inp["refresh_ratio"] / len(inp["refresh_years"])
    dep_start = inp["depreciation_start"]

    r: dict[str, Row] = {}

    for y in YEARS:
        alive = y <= inp["last_year"]

        # --- racks
        ratio = inp["delivered_ratio"].get(y, 1.0)
        delivered = planned * ratio if alive else 0.0
        if y < DATE_YEAR:  # 2025: the observed mid-2025 counts
            buildings = dict(inp["observed_racks"])
            in_use = sum(buildings.values())
            demanded = in_use
            u = in_use / planned
        else:
            t = y + 0.5 - 2026.0
            sat = inp["saturation"]
            u = sat - (sat - opening_utilisation) * math.exp(-inp["ramp_k"] * t)
            u = u if alive else 0.0
            demanded = planned * u
            in_use = min(demanded, delivered)
            buildings = fill_buildings(in_use, planned, inp["building_share"])
        floor_share = floor_share_of(y, inp["floor_months"])
        floor_racks = inp["floor_ratio"] * delivered * floor_share
        billed = max(in_use, floor_racks)

        # --- EBITDA
        price = lease_price_of(y, inp)
        billed_kw = billed * inp["kw_per_rack"]
        revenue = billed_kw * price * 12.0 / 1e6
        variable = revenue * (1.0 - inp["variable_margin"])
        index = (1.0 + inp["cost_inflation"]) ** max(0, y - 2026)
        fixed = inp["fixed_cost"] * delivered * inp["kw_per_rack"] * index / 1e6
        rent = inp["land_rent"] * index if alive else 0.0
        ebitda = revenue - variable - fixed - rent

        # --- depreciation: buildings, M&E, and each refresh year's spend from the year after it
        dep_building = 0.0
        if dep_start <= y < dep_start + inp["building_life"]:
            dep_building = building_cost / inp["building_life"]
        dep_equipment = 0.0
        if dep_start <= y < dep_start + inp["equipment_life"]:
            dep_equipment = equipment_cost / inp["equipment_life"]
        dep_refresh = 0.0
        for spent in inp["refresh_years"]:
            if spent + 1 <= y <= spent + inp["refresh_life"]:
                dep_refresh += refresh_a_year / inp["refresh_life"]
        if not alive:
            dep_building = dep_equipment = dep_refresh = 0.0
        depreciation = dep_building + dep_equipment + dep_refresh

        # --- cash flow
        ebit = ebitda - depreciation
        tax = inp["tax"] * max(ebit, 0.0)
        maintenance = gross * inp["maintenance_ratio"] if alive else 0.0
        refresh = refresh_a_year if alive and y in inp["refresh_years"] else 0.0
        fcff = ebitda - tax - maintenance - refresh
        capex_left = left_total * inp["capex_left_split"].get(y, 0.0) if y >= DATE_YEAR else 0.0
        weight = weight_of(y, stub)
        counted = fcff * weight - capex_left  # capex left in full, never times the stub
        factor = discount_factor(y, wacc, stub, general["mid_year"])

        line = {
            "utilisation_path": u,
            "racks_demanded": demanded,
            "delivered_racks": delivered,
            "racks_in_use": in_use,
            "floor_share": floor_share,
            "floor_racks": floor_racks,
            "billed_racks": billed,
            "billed_kw": billed_kw,
            "price": price,
            "revenue": revenue,
            "variable_cost": variable,
            "cost_index": index,
            "fixed_cost": fixed,
            "land_rent": rent,
            "ebitda": ebitda,
            "dep_building": dep_building,
            "dep_equipment": dep_equipment,
            "dep_refresh": dep_refresh,
            "depreciation": depreciation,
            "ebit": ebit,
            "tax": tax,
            "maintenance_capex": maintenance,
            "refresh_capex": refresh,
            "fcff": fcff,
            "capex_left": capex_left,
            "weight": weight,
            "counted": counted,
            "years": years_to_flow(y, stub, general["mid_year"]),
            "discount_factor": factor,
            "present_value": counted * factor,
            "capex_left_pv": capex_left * factor,
        }
        line.update({"racks_" + name: racks for name, racks in buildings.items()})
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

    rack_gross = inp["rack_value"] * planned
    rack_method = rack_gross - capex_left_pv

    ev = (
        inp["weight_dcf"] * dcf
        + inp["weight_exit"] * exit_method
        + inp["weight_rack"] * rack_method
    )
    values = {
        "stub": stub,
        **capm,
        "gross_capex_used": gross,
        "capex_left_used": left_total,
        "opening_utilisation": opening_utilisation,
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
# Compute leasing
# ------------------------------------------------------------------------------------------------


def npv(rate: float, flows: Sequence[float]) -> float:
    """Present value of flows at times 0, 1, 2, ..."""
    return sum(flow / (1.0 + rate) ** n for n, flow in enumerate(flows))


def irr(flows: Sequence[float]) -> float:
    """Rate with npv = 0, bisection in -99 %..1,000 % to 1e-13; nan without a sign change."""
    low, high = -0.99, 10.0
    value_low = npv(low, flows)
    if value_low * npv(high, flows) > 0.0:
        return math.nan
    while high - low > 1e-13:
        middle = (low + high) / 2.0
        if middle in (low, high):  # floats cannot get closer
            break
        value = npv(middle, flows)
        if value * value_low > 0.0:
            low, value_low = middle, value
        else:
            high = middle
    return (low + high) / 2.0


def compute_leasing(general: GeneralInputs, inp: ComputeInputs) -> Result:  # noqa: PLR0915
    """Compute leasing: yearly rows, contract DCF, the project view from inception, EV.

    READING: the tax on the residual gain is symmetric too (a residual below book gives a credit).
    READING: the year of the residual is the one with the last moment of service, ceil(end) - 1.
    """
    stub = stub_of(general)
    valuation_point = (DATE_YEAR + 1) - stub  # V as a decimal year
    capm = wacc_of(
        general, inp["asset_beta"], inp["debt_to_equity"], inp["size_premium"], inp["tax"]
    )
    wacc = capm["wacc"]
    tax_rate = inp["tax"]

    # --- per year of service
    capex = inp["capex_incl_vat"] / (1.0 + inp["vat"])
    start = inp["start"]
    end = start + inp["term"]
    fee_factor = inp["availability"] / inp["contract_availability"]
    running_revenue = inp["fee"] * fee_factor * (1.0 - inp["sla_deduction"])
    running_opex = inp["opex_ratio"] * inp["fee"]
    running_ebitda = running_revenue - running_opex
    running_depreciation = capex * (1.0 - inp["book_residual_ratio"]) / inp["term"]
    bond = inp["bond_ratio"] * inp["fee"] * inp["term"]
    residual_year = math.ceil(end - 1e-9) - 1
    residual_proceeds = inp["residual_ratio"] * capex
    residual_gain_tax = tax_rate * (residual_proceeds - inp["book_residual_ratio"] * capex)

    r: dict[str, Row] = {}
    hazard = inp["hazard"]

    for y in YEARS:
        service = max(0.0, min(end, y + 1.0) - max(start, float(y)))

        # --- survival, counted from the valuation point
        begin = max(start, float(y), valuation_point)
        finish = min(end, y + 1.0)
        if finish > begin:
            middle = (begin + finish) / 2.0
            survival = math.exp(-hazard * (middle - valuation_point))
            p_term = math.exp(-hazard * (begin - valuation_point)) - math.exp(
                -hazard * (finish - valuation_point)
            )
            remaining = end - middle
        else:  # before V service is a fact; after the end there is no service to survive
            survival, p_term, remaining = 1.0, 0.0, 0.0

        revenue = running_revenue * service * survival
        opex = running_opex * service * survival
        ebitda = revenue - opex
        recovery = p_term * ((1.0 - inp["lgd"]) * running_ebitda * remaining - bond)
        recovery_tax = tax_rate * recovery  # symmetric
        depreciation = running_depreciation * service
        operating_tax = tax_rate * max(ebitda - depreciation, 0.0)
        fcff = ebitda - operating_tax
        residual = residual_proceeds if y == residual_year else 0.0
        residual_tax = residual_gain_tax if y == residual_year else 0.0

        # --- counted: operations by weight; recovery and residual in full
        weight = weight_of(y, stub)
        counted = fcff * weight + (recovery - recovery_tax)
        if y >= DATE_YEAR:
            counted += residual - residual_tax
        factor = discount_factor(y, wacc, stub, general["mid_year"])

        before_tax = ebitda + recovery + residual
        line = {
            "service": service,
            "survival_mid": survival,
            "p_term": p_term,
            "revenue": revenue,
            "opex": opex,
            "ebitda": ebitda,
            "years_remaining": remaining,
            "recovery": recovery,
            "recovery_tax": recovery_tax,
            "depreciation": depreciation,
            "operating_tax": operating_tax,
            "fcff": fcff,
            "residual": residual,
            "residual_tax": residual_tax,
            "weight": weight,
            "counted": counted,
            "years": years_to_flow(y, stub, general["mid_year"]),
            "discount_factor": factor,
            "present_value": counted * factor,
            "project_before_tax": before_tax,
            "project_after_tax": before_tax - operating_tax - recovery_tax - residual_tax,
        }
        for name, amount in line.items():
            r.setdefault(name, {})[y] = amount

    contract_dcf = sum(r["present_value"].values())
    new_clusters = inp["new_capex_bn"] * 1000.0 * inp["new_npv_per_cny"]  # CNY bn -> CNY m
    ev = contract_dcf + new_clusters

    # --- project view from inception: opening at the end of 2024 = time 0, 2025 = time 1, ...
    service_2024 = max(0.0, FIRST_YEAR - start)
    opening_before = -capex + running_ebitda * service_2024
    opening_tax = tax_rate * max(
        running_ebitda * service_2024 - running_depreciation * service_2024, 0.0
    )
    opening_after = opening_before - opening_tax
    flows_before = [opening_before] + [r["project_before_tax"][y] for y in YEARS]
    flows_after = [opening_after] + [r["project_after_tax"][y] for y in YEARS]

    values = {
        "stub": stub,
        "valuation_point": valuation_point,
        **capm,
        "capex_ex_vat": capex,
        "end": end,
        "running_revenue": running_revenue,
        "running_opex": running_opex,
        "running_ebitda": running_ebitda,
        "running_depreciation": running_depreciation,
        "bond": bond,
        "residual_year": float(residual_year),
        "residual_proceeds": residual_proceeds,
        "residual_gain_tax": residual_gain_tax,
        "price_per_pflops_year": inp["fee"] / inp["pflops"],
        "contract_dcf": contract_dcf,
        "new_clusters": new_clusters,
        "project_opening_before_tax": opening_before,
        "project_opening_after_tax": opening_after,
        "project_irr_before_tax": irr(flows_before),
        "project_irr_after_tax": irr(flows_after),
        "project_npv_before_tax": npv(wacc, flows_before),
        "project_npv_after_tax": npv(wacc, flows_after),
        "ev": ev,
        "stake": inp["stake"],
        "value": ev * inp["stake"],
    }
    return {"rows": r, "values": values}


# ------------------------------------------------------------------------------------------------
# Sum of the parts
# ------------------------------------------------------------------------------------------------


def sum_of_parts(
    part_ev: Mapping[str, float],
    general: GeneralInputs,
    corp: CorporateInputs,
    stakes: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """Bridge from enterprise values of the operating parts to a value per share.

    `part_ev`: part -> EV of 100 %; `stakes`: part -> stake, 1 for parts not listed.
    Deductions are returned as negative numbers, so the bridge lines add up to `equity`.
    """
    owned = stakes or {}
    part_values = {name: ev * owned.get(name, 1.0) for name, ev in part_ev.items()}
    parts = sum(part_values.values())
    discount = corp["holding_discount"] * parts

    rate = corp["corporate_rate"] + general["wacc_shift"]
    corporate_cost = (
        corp["unallocated_cost"]
        * (1.0 - corp["unallocated_tax"])
        / (rate - corp["corporate_growth"])
    )
    notes_debt = corp["notes_payable"] if corp["notes_as_debt"] else 0.0
    notes_matched = notes_debt * corp["notes_matching"]
    net_cash = corp["net_cash"] - notes_debt + notes_matched

    equity = (
        parts
        - discount
        - corporate_cost
        + net_cash
        - corp["minimum_cash"]
        + corp["associate"]
        - corp["minorities"]
    )
    per_share = equity / corp["shares_m"]
    bridge = {"part_" + name: value for name, value in part_values.items()}
    bridge.update(
        {
            "parts": parts,
            "holding_discount": -discount,
            "corporate_cost": -corporate_cost,
            "net_cash_reported": corp["net_cash"],
            "notes_as_debt": -notes_debt,
            "notes_matching": notes_matched,
            "net_cash_used": net_cash,
            "minimum_cash": -corp["minimum_cash"],
            "associate": corp["associate"],
            "minorities": -corp["minorities"],
            "equity": equity,
            "value_per_share": per_share,
            "upside": per_share / corp["price"] - 1.0,
            "market_cap": corp["price"] * corp["shares_m"],
        }
    )
    return bridge


# ------------------------------------------------------------------------------------------------
# Second methods: closed forms and identities
# ------------------------------------------------------------------------------------------------


def self_check(base: BaseInputs) -> list[tuple[str, float, float]]:
    """Pairs (figure from the loops, the same figure by another route); the caller compares them."""
    general, zj_in, cp_in = base["general"], base["zhejiang_cloud"], base["compute"]
    zj, cp = zhejiang_cloud(general, zj_in), compute_leasing(general, cp_in)
    checks: list[tuple[str, float, float]] = []

    # ZJ ramp: the S-curve is du/dt = k (sat - u); step it finely from December 2025 to mid-2031
    u = zj["values"]["opening_utilisation"]
    steps = 550_000
    for _ in range(steps):
        slope_now = zj_in["ramp_k"] * (zj_in["saturation"] - u)
        slope_next = zj_in["ramp_k"] * (zj_in["saturation"] - (u + slope_now * 5.5 / steps))
        u += 0.5 * (slope_now + slope_next) * 5.5 / steps
    checks.append(("ZJ utilisation mid-2031, by steps", zj["rows"]["utilisation_path"][2031], u))

    # ZJ price in the last year, by repeated multiplication
    price = zj_in["lease_price"] * (1.0 + zj_in["reset"])
    for _ in range(zj_in["reset_year"] + 1, LAST_RULER_YEAR + 1):
        price *= 1.0 + zj_in["escalator"]
    checks.append(("ZJ price 2045", zj["rows"]["price"][2045], price))

    # ZJ DCF as an end-of-year Horner scheme from 2045 back, then one shift to mid-year
    w, stub = zj["values"]["wacc"], zj["values"]["stub"]
    back = 0.0
    for y in range(LAST_RULER_YEAR, DATE_YEAR, -1):
        back = (back + zj["rows"]["counted"][y]) / (1.0 + w)
    half = 0.5 if general["mid_year"] else 0.0
    horner = back * (1.0 + w) ** (half - stub)
    first = zj["rows"]["counted"][DATE_YEAR] / (1.0 + w) ** (stub * (1.0 - half))
    checks.append(("ZJ DCF, Horner", zj["values"]["dcf"], horner + first))

    # ZJ M&E is written off in full; the buildings add up to the campus
    checks.append(
        (
            "ZJ M&E depreciation in total",
            sum(zj["rows"]["dep_equipment"].values()),
            zj["values"]["gross_capex_used"] * (1.0 - zj_in["building_part"]),
        )
    )
    for y in (2025, 2030, 2045):
        by_building = sum(zj["rows"]["racks_" + n][y] for n in zj_in["building_share"])
        checks.append((f"ZJ racks by building {y}", zj["rows"]["racks_in_use"][y], by_building))

    # Compute: probabilities add up to 1 - survival to the end; depreciation to 95 % of capex
    life_left = cp["values"]["end"] - cp["values"]["valuation_point"]
    checks.append(
        (
            "compute termination probability",
            sum(cp["rows"]["p_term"].values()),
            1.0 - math.exp(-cp_in["hazard"] * life_left),
        )
    )
    checks.append(
        (
            "compute depreciation in total (start from 2025)",
            sum(cp["rows"]["depreciation"].values()),
            cp["values"]["capex_ex_vat"] * (1.0 - cp_in["book_residual_ratio"]),
        )
    )

    # Compute without hazard and tax, start 2025.0: an annuity that is written in one line
    plain: ComputeInputs = copy.deepcopy(cp_in)
    plain["hazard"], plain["tax"] = 0.0, 0.0
    got = compute_leasing(general, plain)["values"]
    q = 1.0 / (1.0 + got["wacc"])
    if general["mid_year"]:
        terms = stub * q ** (stub / 2) + q ** (stub + 0.5) + q ** (stub + 1.5)
        last = q ** (stub + 1.5)
    else:
        terms = stub * q**stub + q ** (stub + 1.0) + q ** (stub + 2.0)
        last = q ** (stub + 2.0)
    closed = got["running_ebitda"] * terms + got["residual_proceeds"] * last
    checks.append(("compute DCF, no hazard, no tax", got["contract_dcf"], closed))

    # Project IRRs by a second root finder: Newton from 5 %
    for side in ("before", "after"):
        flows = [cp["values"][f"project_opening_{side}_tax"]]
        flows += [cp["rows"][f"project_{side}_tax"][y] for y in YEARS]
        rate = cp["values"][f"project_irr_{side}_tax"]
        x = 0.05
        for _ in range(60):
            slope = sum(-n * f / (1.0 + x) ** (n + 1) for n, f in enumerate(flows))
            x -= npv(x, flows) / slope
        checks.append((f"compute project IRR {side} tax, Newton", rate, x))

    # Bridge: notes payable fully matched leave the value unchanged
    corp = base["corporate"]
    switched: CorporateInputs = copy.deepcopy(corp)
    switched["notes_as_debt"] = 1
    ev = {"a": 1000.0}
    checks.append(
        (
            "bridge, notes as debt fully matched",
            sum_of_parts(ev, general, corp)["equity"],
            sum_of_parts(ev, general, switched)["equity"]
            + (1.0 - corp["notes_matching"]) * corp["notes_payable"],
        )
    )
    return checks
