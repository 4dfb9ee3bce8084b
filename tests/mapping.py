"""The inputs and rows of the hand arithmetic by the keys of the workbook."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import hand
import hand_steel_and_cloud as more

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
STEEL = {
    "stake": "stake",
    "first_volume": "volume_2025",
    "volume": "volume",
    "capacity": "capacity",
    "first_price": "price_2025",
    "price": "price",
    "balancing_item": "balancing_item",
    "mid_cycle_margin": "mid_cycle_margin",
    "persistence": "persistence",
    "ets_price": "ets_cost",
    "ets_year": "ets_year",
    "other_ferrous": "other_ferrous",
    "research": "rd_spend",
    "research_kept": "rd_kept",
    "maintenance_capex": "maintenance_capex",
    "first_depreciation": "depreciation_2025",
    "depreciation_ratio": "depreciation_ratio",
    "nwc_ratio": "nwc_ratio",
    "last_explicit": "last_explicit_year",
    "tax_rate": "tax",
    "terminal_tax_rate": "terminal_tax",
    "invested_capital": "invested_capital",
    "price_of_capacity": "ev_per_tonne_check",
    "reported_price": "reported_price_2024",
    "reported_margin_ratio": "reported_gross_margin_2024",
    "reported_depreciation": "depreciation_per_tonne_2024",
    "losses.opening_losses": "opening_losses",
    "losses.life": "loss_life",
    "capital.asset_beta": "asset_beta",
    "capital.debt_to_equity": "debt_to_equity",
    "capital.size_premium": "size_premium",
    "end.growth": "terminal_growth",
    "end.return_on_new_capital": "ronic",
    "end.abandonment_value": "abandonment",
    "dcf.weight": "weight_dcf",
    "ebitda_multiple.weight": "weight_multiple",
    "ebitda_multiple.multiple": "multiple",
    "capital_multiple.weight": "weight_capital",
    "capital_multiple.multiple": "capital_multiple",
}
HANGANG = {
    "stake": "stake",
    "tax_rate": "tax",
    "legacy.racks_counted": "observed_racks",
    "legacy.opening_ratio": "opening_utilisation",
    "legacy.saturation_ratio": "saturation",
    "legacy.ramp_rate": "ramp_k",
    "legacy.last_year": "last_year_legacy",
    "legacy.rack_price": "rack_price",
    "legacy.near_drift": "drift",
    "legacy.drift_year": "drift_year",
    "legacy.later_drift": "drift_after",
    "legacy.rack_power": "kw_per_rack",
    "legacy.load_ratio": "load",
    "legacy.pue": "pue",
    "legacy.tariff": "tariff",
    "legacy.tariff_growth": "tariff_growth",
    "legacy.variable_price": "variable_cost",
    "legacy.fixed_price": "fixed_cost",
    "legacy.cost_inflation": "cost_inflation",
    "legacy.maintenance": "maintenance_legacy",
    "legacy.annual_depreciation": "depreciation_legacy",
    "phase_two.power": "phase2_mw",
    "phase_two.start_year": "phase2_start",
    "phase_two.last_year": "last_year_phase2",
    "phase_two.saturation_ratio": "phase2_saturation",
    "phase_two.lease_price": "phase2_price",
    "phase_two.variable_margin": "phase2_margin",
    "phase_two.fixed_price": "phase2_fixed",
    "phase_two.first_fixed_ratio": "phase2_fixed_first",
    "phase_two.annual_depreciation": "phase2_depreciation",
    "phase_two.maintenance": "phase2_maintenance",
    "phase_two.capex_left_total": "capex_left",
    "capital.asset_beta": "asset_beta",
    "capital.debt_to_equity": "debt_to_equity",
    "capital.size_premium": "size_premium",
    "power_price": "phase2_value",
    "dcf.weight": "weight_dcf",
    "exit_multiple.weight": "weight_exit",
    "exit_multiple.multiple": "exit_multiple",
    "exit_multiple.exit_year": "exit_year",
    "exit_multiple.rate_premium": "exit_premium",
    "rack_value.weight": "weight_rack",
    "rack_value.rack_price": "rack_value",
}
TRADING = {
    "stake": "stake",
    "annual_revenue": "revenue",
    "ebit_ratio": "ebit_margin",
    "tax_rate": "tax",
    "capitalised.required_return": "required_return",
}
DATA_SERVICES = {
    "stake": "stake",
    "annual_ebitda": "ebitda",
    "cash_conversion": "conversion",
    "capitalised.required_return": "rate",
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
    **{f"steel.{key}": ("steel", name) for key, name in STEEL.items()},
    **{f"hangang_cloud.{key}": ("hangang_cloud", name) for key, name in HANGANG.items()},
    **{f"trading.{key}": ("trading", name) for key, name in TRADING.items()},
    **{f"data_services.{key}": ("data_services", name) for key, name in DATA_SERVICES.items()},
}
YEARLY = {
    "zhejiang_cloud.delivered_ratio": "delivered_ratio",
    "zhejiang_cloud.capex_left_ratio": "capex_left_split",
}
BUILDINGS = {f"zhejiang_cloud.building_{letter.lower()}": letter for letter in "ABCDE"}


def _refresh(inputs: dict[str, Any], value: Callable[[str], float]) -> None:
    first, last = (int(value(f"zhejiang_cloud.refresh_{end}")) for end in ("first", "last"))
    inputs["refresh_years"] = list(range(first, last + 1))


def base_inputs() -> dict[str, Any]:
    """Base inputs of both files of hand arithmetic, by group."""
    return copy.deepcopy({**more.BASE, **hand.BASE})


def _steel(steel: dict[str, Any], left: dict[str, Any]) -> None:
    """Uses, prices and overheads, which the hand arithmetic groups its own way."""
    for name in ("ore", "coke", "pci", "scrap"):
        steel["use"][name] = left.pop(f"steel.{name}_use")
        for build, year in (("build", "prices_2025"), ("last_build", "prices_2024")):
            steel[year][name] = left.pop(f"steel.{build}.{name}_price")
    for build, year in (("build", "prices_2025"), ("last_build", "prices_2024")):
        steel[year]["conversion"] = left.pop(f"steel.{build}.conversion")
        steel[year]["alloys"] = left["steel.alloys"]
    del left["steel.alloys"]
    overheads = ("selling_and_admin", "taxes_and_surcharges")
    steel["overhead"] = steel["rd_spend"] + sum(left.pop(f"steel.{n}") for n in overheads)
    steel["overhead"] -= left.pop("steel.other_income")
    steel["shock"] = dict(zip(hand.YEARS, left.pop("steel.margin_shock"), strict=True))
    steel["depreciation_end"] = steel["last_explicit_year"]


def _hangang(cloud: dict[str, Any], left: dict[str, Any]) -> None:
    racks = ("built_racks", "data_company_racks")
    cloud["installed_racks"] = sum(left.pop(f"hangang_cloud.legacy.{n}") for n in racks)
    ramp = ("first_ratio", "second_ratio", "third_ratio")
    cloud["phase2_ramp"] = [left.pop(f"hangang_cloud.phase_two.{n}") for n in ramp]
    delay = left.pop("hangang_cloud.phase_two.maintenance_delay")
    cloud["phase2_maintenance_from"] = delay + 1
    year = left.pop("hangang_cloud.phase_two.capex_left_year")
    cloud["capex_left_split"] = {year: 1.0}


def by_hand(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Value the company by the hand arithmetic, from every input by its key.

    Keys that the hand arithmetic fixes by convention are asserted to stand at that convention;
    the accounts and the demand factor, zero in the base case, have tests of their own.
    """
    base = base_inputs()
    left = {k: v for k, v in inputs.items() if not k.startswith(("group.", "reported.", "demand."))}
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
    _steel(base["steel"], left)
    _hangang(base["hangang_cloud"], left)
    serial = left.pop("calendar.valuation_date")
    base["general"]["valuation_date"] = (date(1899, 12, 30) + timedelta(serial)).isoformat()
    fixed = {
        "calendar.base_year": 2024,
        "zhejiang_cloud.count_year": 2025,
        "zhejiang_cloud.ramp_year": 2026,
        "hangang_cloud.legacy.count_year": 2025,
        "hangang_cloud.legacy.ramp_year": 2026,
        "compute_leasing.contract_dcf.weight": 1,
        "trading.capitalised.weight": 1,
        "data_services.capitalised.weight": 1,
    }
    for key, value in fixed.items():
        assert left.pop(key) == value, f"the hand arithmetic knows {key} = {value} only"
    left.pop("zhejiang_cloud.announced_investment")  # a ceiling for a check, not in any flow
    assert not left, f"inputs the hand arithmetic does not know: {sorted(left)}"
    general = base["general"]
    told = {
        "steel": more.steel(general, base["steel"]),
        "trading": more.trading(base["trading"]),
        "hangang_cloud": more.hangang_cloud(general, base["hangang_cloud"]),
        "zhejiang_cloud": hand.zhejiang_cloud(general, cloud),
        "compute_leasing": hand.compute_leasing(general, base["compute"]),
        "data_services": more.data_services(base["data_services"]),
    }
    parts = {key: result["values"]["ev"] for key, result in told.items()}
    stakes = {key: result["values"]["stake"] for key, result in told.items()}
    return {**told, "sum": hand.sum_of_parts(parts, general, base["corporate"], stakes)}


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
STEEL_ROWS = {
    "tonnes": "volume",
    "coil_price": "price",
    "revenue": "revenue",
    "cash_margin": "margin",
    "carbon_cost": "ets",
    "ebitda": "ebitda",
    "depreciation": "depreciation",
    "ebit": "ebit",
    "taxable_profit": "taxable_before_losses",
    "losses.losses_available": "losses_available",
    "losses.losses_used": "losses_used",
    "losses.losses_lapsed": "losses_lapsed",
    "losses.losses_left": "losses_closing",
    "losses.tax": "tax",
    "nwc_increase": "nwc_increase",
    "fcff": "fcff",
}
STEEL_VALUES = {
    "capital.beta": "relevered_beta",
    "capital.wacc": "wacc",
    "build.cash_cost": "cash_cost_2025",
    "first_margin": "margin_2025",
    "built_cost": "unit_cost_2024",
    "reported_cost": "unit_cost_reported_2024",
    "cost_difference": "unit_cost_gap_2024",
    "terminal_ebit": "terminal_ebit",
    "terminal_nopat": "terminal_nopat",
    "end.perpetuity": "going_concern",
    "end.terminal_value": "terminal_value",
    "dcf.enterprise_value": "dcf",
    "terminal_share": "terminal_share",
    "mid_cycle_ebitda": "mid_cycle_ebitda",
    "ebitda_multiple.enterprise_value": "multiple_method",
    "capital_multiple.enterprise_value": "capital_method",
    "value_per_tonne": "ev_per_tonne",
    "capacity_value": "ev_check",
    "ev_to_ebitda": "implied_multiple",
    "enterprise_value": "ev",
    "value": "value",
}
HANGANG_ROWS = {
    "legacy.racks_in_use": "racks_in_use",
    "legacy.price": "price",
    "legacy.power_price": "tariff",
    "legacy.power_cost_of_rack": "power_per_rack",
    "legacy.cost_index": "cost_index",
    "legacy.revenue": "revenue_legacy",
    "legacy.power_cost": "power_cost",
    "legacy.variable_cost": "variable_cost",
    "legacy.fixed_cost": "fixed_cost",
    "legacy.ebitda": "ebitda_legacy",
    "legacy.maintenance_capex": "maintenance_legacy",
    "legacy.depreciation": "depreciation_legacy",
    "phase_two.take_up_ratio": "phase2_utilisation",
    "phase_two.revenue": "revenue_phase2",
    "phase_two.fixed_cost": "fixed_phase2",
    "phase_two.ebitda": "ebitda_phase2",
    "phase_two.maintenance_capex": "maintenance_phase2",
    "phase_two.depreciation": "depreciation_phase2",
    "revenue": "revenue",
    "ebitda": "ebitda",
    "depreciation": "depreciation",
    "tax": "tax",
    "fcff": "fcff",
    "capex_left": "capex_left",
    "cash_flow": "counted",
    "dcf.present_value": "present_value",
}
HANGANG_VALUES = {
    "capital.wacc": "wacc",
    "dcf.enterprise_value": "dcf",
    "exit_multiple.enterprise_value": "exit_method",
    "rack_value.enterprise_value": "rack_method",
    "enterprise_value": "ev",
    "value": "value",
}
#: Part -> its rows and its values.
PARTS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "steel": (STEEL_ROWS, STEEL_VALUES),
    "trading": ({}, {"ebit": "ebit", "nopat": "nopat", "enterprise_value": "ev", "value": "value"}),
    "hangang_cloud": (HANGANG_ROWS, HANGANG_VALUES),
    "zhejiang_cloud": (CLOUD_ROWS, CLOUD_VALUES),
    "compute_leasing": (COMPUTE_ROWS, COMPUTE_VALUES),
    "data_services": (
        {},
        {"cash_earnings": "cash_flow", "enterprise_value": "ev", "value": "value"},
    ),
}
