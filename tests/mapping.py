"""The inputs of the hand arithmetic by the keys of the workbook."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import hand

#: Key of the workbook -> group and name of the hand arithmetic's input.
GENERAL = {
    "calendar.mid_year": "mid_year",
    "market.risk_free_rate": "rf",
    "market.equity_risk_premium": "erp",
    "market.cost_of_debt": "kd",
    "market.wacc_shift": "wacc_shift",
}
CLOUD = {
    "stake": "stake",
    "planned_racks": "planned_racks",
    "rack_power": "kw_per_rack",
    "opening_racks": "opening_racks",
    "saturation_ratio": "saturation",
    "ramp_rate": "ramp_k",
    "last_year": "last_year",
    "lease_price": "lease_price",
    "reset_year": "reset_year",
    "reset_change": "reset",
    "escalator": "escalator",
    "billing_floor": "floor_ratio",
    "floor_delay": "floor_months",
    "variable_margin": "variable_margin",
    "fixed_price": "fixed_cost",
    "land_rent": "land_rent",
    "cost_inflation": "cost_inflation",
    "both_phases": "both_phases",
    "north_capex": "gross_capex",
    "both_capex": "gross_capex_both",
    "north_capex_left": "capex_left",
    "both_capex_left": "capex_left_both",
    "building_ratio": "building_part",
    "building_life": "building_life",
    "equipment_life": "equipment_life",
    "refresh_ratio": "refresh_ratio",
    "refresh_life": "refresh_life",
    "maintenance_ratio": "maintenance_ratio",
    "tax_rate": "tax",
    "capital.asset_beta": "asset_beta",
    "capital.debt_to_equity": "debt_to_equity",
    "capital.size_premium": "size_premium",
    "dcf.weight": "weight_dcf",
    "exit_multiple.weight": "weight_exit",
    "exit_multiple.multiple": "exit_multiple",
    "exit_multiple.exit_year": "exit_year",
    "exit_multiple.rate_premium": "exit_premium",
    "rack_value.weight": "weight_rack",
    "rack_value.rack_price": "rack_value",
}
COMPUTE = {
    "stake": "stake",
    "computing_power": "pflops",
    "contract_start": "start",
    "contract_term": "term",
    "fee": "fee",
    "contract_availability": "contract_availability",
    "availability": "availability",
    "sla_deduction": "sla_deduction",
    "running_ratio": "opex_ratio",
    "termination_hazard": "hazard",
    "termination_loss": "lgd",
    "bond_ratio": "bond_ratio",
    "capex_with_vat": "capex_incl_vat",
    "vat_rate": "vat",
    "book_residual_ratio": "book_residual_ratio",
    "residual_ratio": "residual_ratio",
    "tax_rate": "tax",
    "capital.asset_beta": "asset_beta",
    "capital.debt_to_equity": "debt_to_equity",
    "capital.size_premium": "size_premium",
    "new_clusters.capex": "new_capex_bn",
    "new_clusters.npv_ratio": "new_npv_per_cny",
}
CORPORATE = {
    "corporate.unallocated_cost": "unallocated_cost",
    "market.tax_rate": "unallocated_tax",
    "corporate.capitalisation_rate": "corporate_rate",
    "corporate.cost_growth": "corporate_growth",
    "corporate.net_cash": "net_cash",
    "corporate.notes_as_debt": "notes_as_debt",
    "corporate.notes_payable": "notes_payable",
    "corporate.matched_ratio": "notes_matching",
    "corporate.minimum_cash": "minimum_cash",
    "corporate.associates": "associate",
    "corporate.minority_interest": "minorities",
    "corporate.holding_discount": "holding_discount",
    "corporate.diluted_shares": "shares_m",
    "market.market_price": "price",
}
NAMES = {
    **{key: ("general", name) for key, name in GENERAL.items()},
    **{f"zhejiang_cloud.{key}": ("zhejiang_cloud", name) for key, name in CLOUD.items()},
    **{f"compute_leasing.{key}": ("compute", name) for key, name in COMPUTE.items()},
    **{key: ("corporate", name) for key, name in CORPORATE.items()},
}
YEARLY = {
    "zhejiang_cloud.delivered_ratio": "delivered_ratio",
    "zhejiang_cloud.capex_left_ratio": "capex_left_split",
}
BUILDINGS = {f"zhejiang_cloud.building_{letter.lower()}": letter for letter in "ABCDE"}


def _refresh(inputs: dict[str, Any], value: Callable[[str], float]) -> None:
    first, last = (int(value(f"zhejiang_cloud.refresh_{end}")) for end in ("first", "last"))
    inputs["refresh_years"] = list(range(first, last + 1))


def by_hand(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Value the company by the hand arithmetic, from every input by its key.

    Keys that the hand arithmetic fixes by convention are asserted to stand at that convention.
    """
    base: dict[str, Any] = copy.deepcopy(dict(hand.BASE))
    left = dict(inputs)
    for key, (group, name) in NAMES.items():
        base[group][name] = left.pop(key)
    cloud = base["zhejiang_cloud"]
    for key, name in YEARLY.items():
        cloud[name] = dict(zip(hand.YEARS, left.pop(key), strict=True))
    for key, letter in BUILDINGS.items():
        cloud["building_share"][letter] = left.pop(f"{key}.capacity_ratio")
        cloud["observed_racks"][letter] = left.pop(f"{key}.racks_counted")
    _refresh(cloud, left.__getitem__)
    del left["zhejiang_cloud.refresh_first"], left["zhejiang_cloud.refresh_last"]
    serial = left.pop("calendar.valuation_date")
    base["general"]["valuation_date"] = (date(1899, 12, 30) + timedelta(serial)).isoformat()
    fixed = {
        "calendar.base_year": 2024,
        "zhejiang_cloud.count_year": 2025,
        "zhejiang_cloud.ramp_year": 2026,
        "compute_leasing.contract_dcf.weight": 1,
    }
    for key, value in fixed.items():
        assert left.pop(key) == value, f"the hand arithmetic knows {key} = {value} only"
    left.pop("zhejiang_cloud.announced_investment")  # a ceiling for a check, not in any flow
    assert not left, f"inputs the hand arithmetic does not know: {sorted(left)}"
    cloud_result = hand.zhejiang_cloud(base["general"], cloud)
    compute = hand.compute_leasing(base["general"], base["compute"])
    parts = {
        "zhejiang_cloud": cloud_result["values"]["ev"],
        "compute_leasing": compute["values"]["ev"],
    }
    stakes = {"zhejiang_cloud": cloud["stake"], "compute_leasing": base["compute"]["stake"]}
    return {
        "cloud": cloud_result,
        "compute": compute,
        "sum": hand.sum_of_parts(parts, base["general"], base["corporate"], stakes),
    }


#: Rows of the model -> rows and values of the hand arithmetic.
CLOUD_ROWS = {
    "racks_in_use": "racks_in_use",
    "building_a.racks_in_use": "racks_A",
    "building_b.racks_in_use": "racks_B",
    "building_c.racks_in_use": "racks_C",
    "building_d.racks_in_use": "racks_D",
    "building_e.racks_in_use": "racks_E",
    "racks_delivered": "delivered_racks",
    "floor_share": "floor_share",
    "racks_billed": "billed_racks",
    "power_billed": "billed_kw",
    "price": "price",
    "revenue": "revenue",
    "variable_cost": "variable_cost",
    "cost_index": "cost_index",
    "fixed_cost": "fixed_cost",
    "rent": "land_rent",
    "ebitda": "ebitda",
    "building_depreciation": "dep_building",
    "equipment_depreciation": "dep_equipment",
    "refresh_depreciation": "dep_refresh",
    "depreciation": "depreciation",
    "ebit": "ebit",
    "tax": "tax",
    "maintenance_capex": "maintenance_capex",
    "refresh": "refresh_capex",
    "fcff": "fcff",
    "capex_left": "capex_left",
    "cash_flow": "counted",
    "dcf.present_value": "present_value",
}
CLOUD_VALUES = {
    "capital.beta": "relevered_beta",
    "capital.cost_of_equity": "cost_of_equity",
    "capital.wacc": "wacc",
    "gross_capex": "gross_capex_used",
    "dcf.enterprise_value": "dcf",
    "capex_left_value": "capex_left_pv",
    "exit_multiple.exit_value": "exit_value",
    "exit_multiple.years_to_exit": "years_to_exit",
    "exit_multiple.exit_present_value": "exit_pv",
    "exit_multiple.interim_value": "interim_pv",
    "exit_multiple.enterprise_value": "exit_method",
    "rack_value.gross_value": "rack_gross",
    "rack_value.enterprise_value": "rack_method",
    "enterprise_value": "ev",
    "value": "value",
}
COMPUTE_ROWS = {
    "service": "service",
    "termination": "p_term",
    "revenue": "revenue",
    "running_cost": "opex",
    "ebitda": "ebitda",
    "recovery": "recovery",
    "depreciation": "depreciation",
    "tax": "operating_tax",
    "fcff": "fcff",
    "proceeds": "residual",
    "cash_flow": "counted",
    "contract_dcf.present_value": "present_value",
    "project_flow": "project_before_tax",
    "project_flow_after_tax": "project_after_tax",
}
COMPUTE_VALUES = {
    "capital.wacc": "wacc",
    "capex": "capex_ex_vat",
    "contract_end": "end",
    "full_revenue": "running_revenue",
    "full_cost": "running_opex",
    "full_ebitda": "running_ebitda",
    "full_depreciation": "running_depreciation",
    "bond": "bond",
    "fee_per_power": "price_per_pflops_year",
    "contract_dcf.enterprise_value": "contract_dcf",
    "new_clusters.value": "new_clusters",
    "npv": "project_npv_before_tax",
    "npv_after_tax": "project_npv_after_tax",
    "enterprise_value": "ev",
    "value": "value",
}
SUM_VALUES = {
    "operating_value": "parts",
    "holding_discount": "holding_discount",
    "corporate_cost": "corporate_cost",
    "net_cash": "net_cash_reported",
    "notes_payable": "notes_as_debt",
    "working_capital": "notes_matching",
    "minimum_cash": "minimum_cash",
    "associates": "associate",
    "minority_interest": "minorities",
    "equity_value": "equity",
    "value_per_share": "value_per_share",
    "upside": "upside",
    "market_capitalisation": "market_cap",
}
