"""The value of the steel part written by hand for numba: what a generated kernel is measured by.

Three functions with the same arguments and the same answer. `loop_per_draw` is what most people
would write. `strips_row_by_row` is what a person who knows the machine writes for the same rows:
every line in every year, a strip of draws at a time. `strips` is reduced by algebra on top of that,
and unrolled for one calendar: it does a fraction of the arithmetic. All know the rows of the model
only by reading it: `check` holds them to the numpy engine.

    python tests/benchmarks/steel_by_hand.py        # check, then nanoseconds a draw

How fast `strips` is depends on the width of the table, because its rows are read side by side: in
a table whose rows lie a multiple of 4 KB apart (1,024 draws) they fight for the same lines of the
cache, in one of 1,056 draws they do not.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias, get_type_hints

import numpy as np
from numba import njit
from numpy.typing import NDArray

import valuation
from valuation.companies.hangang import company
from valuation.engines.arrays import evaluate
from valuation.engines.draws import inputs
from valuation.engines.plan import Plan
from valuation.risk.assumptions import Assumptions
from valuation.risk.valuation import base_values

Array: TypeAlias = NDArray[np.float64]
Record: TypeAlias = NDArray[np.void]
Kernel: TypeAlias = Callable[[Array, Record, Array], None]

WORKBOOK = Path(__file__).parents[2] / "assumptions" / "hangang.xlsx"
VALUE = "steel.value"
SHOCK_KEY = "steel.margin_shock"

#: Keys of the inputs that differ by draw, in the order of the rows of the table; the rows below
#: them are the shock to the margin, one a year.
VARYING = (
    "market.risk_free_rate",
    "market.equity_risk_premium",
    "market.cost_of_debt",
    "market.wacc_shift",
    "steel.volume",
    "steel.price",
    "steel.balancing_item",
    "steel.mid_cycle_margin",
    "steel.persistence",
    "steel.ets_price",
    "steel.other_ferrous",
    "steel.maintenance_capex",
    "steel.nwc_ratio",
    "steel.losses.opening_losses",
    "steel.capital.asset_beta",
    "steel.end.growth",
    "steel.end.return_on_new_capital",
    "steel.ebitda_multiple.multiple",
    "steel.capital_multiple.multiple",
)
RISK_FREE, PREMIUM, COST_OF_DEBT, SHIFT = 0, 1, 2, 3
VOLUME, PRICE, BALANCING, MID_MARGIN, PERSISTENCE, CARBON, FERROUS = 4, 5, 6, 7, 8, 9, 10
CAPEX, NWC, OPENING, ASSET_BETA, GROWTH, RONIC, EBITDA_MULTIPLE, CAPITAL_MULTIPLE = (
    11, 12, 13, 14, 15, 16, 17, 18,
)  # fmt: skip
SHOCK: Final = len(VARYING)


class Fixed(NamedTuple):
    """Inputs that are the same in every draw, from the workbook: names and types of the record."""

    stake: float
    first_volume: float
    first_price: float
    ore_use: float
    coke_use: float
    pci_use: float
    scrap_use: float
    alloys: float
    ore_price: float
    coke_price: float
    pci_price: float
    scrap_price: float
    conversion: float
    ets_year: float
    selling_and_admin: float
    research: float
    taxes_and_surcharges: float
    other_income: float
    research_kept: float
    first_depreciation: float
    depreciation_ratio: float
    last_explicit: float
    tax_rate: float
    terminal_tax_rate: float
    invested_capital: float
    life: int
    debt_to_equity: float
    size_premium: float
    abandonment: float
    dcf_weight: float
    ebitda_weight: float
    capital_weight: float
    mid_year: float
    first_year: int
    valuation_year: int
    stub: float


#: `Fixed` as one record: numba unpacks it in a microsecond, a named tuple of this size in six.
FIXED = np.dtype([(name, np.dtype(kind)) for name, kind in get_type_hints(Fixed).items()])
#: Names in `Fixed` of inputs that do not stand directly under `steel.`
KEYS = {
    "ore_price": "steel.build.ore_price",
    "coke_price": "steel.build.coke_price",
    "pci_price": "steel.build.pci_price",
    "scrap_price": "steel.build.scrap_price",
    "conversion": "steel.build.conversion",
    "debt_to_equity": "steel.capital.debt_to_equity",
    "size_premium": "steel.capital.size_premium",
    "abandonment": "steel.end.abandonment_value",
    "dcf_weight": "steel.dcf.weight",
    "ebitda_weight": "steel.ebitda_multiple.weight",
    "capital_weight": "steel.capital_multiple.weight",
    "mid_year": "calendar.mid_year",
}


def fixed_inputs(book: Assumptions) -> Record:
    """Record of the inputs that no draw changes; the valuation date becomes a year and a stub."""

    def number(key: str) -> float:
        value = book.inputs[key].value
        assert not isinstance(value, tuple)
        return value

    valued = date(1899, 12, 30) + timedelta(number("calendar.valuation_date"))
    dated: dict[str, float] = {
        "life": number("steel.losses.life"),
        "first_year": number("calendar.base_year") + 1,
        "valuation_year": valued.year,
        "stub": (date(valued.year, 12, 31) - valued).days / 365,
    }
    numbers = [
        dated[name] if name in dated else number(KEYS.get(name, f"steel.{name}"))
        for name in Fixed._fields
    ]
    return np.array([tuple(numbers)], dtype=FIXED)


@njit(nogil=True)
def loop_per_draw(table: Array, record: Record, out: Array) -> None:  # noqa: PLR0915 - one story
    """Value draw by draw, year by year, as the model reads; powers where the desk writes them."""
    fixed = record[0]
    periods = table.shape[0] - SHOCK
    made = np.empty(periods)
    for draw in range(table.shape[1]):
        volume = table[VOLUME, draw]
        mid_margin = table[MID_MARGIN, draw]
        capex = table[CAPEX, draw]
        growth = table[GROWTH, draw]

        # Cost of capital
        beta = table[ASSET_BETA, draw] * (1 + (1 - fixed.tax_rate) * fixed.debt_to_equity)
        cost_of_equity = table[RISK_FREE, draw] + beta * table[PREMIUM, draw] + fixed.size_premium
        debt_ratio = fixed.debt_to_equity / (1 + fixed.debt_to_equity)
        cost_of_debt = table[COST_OF_DEBT, draw] * (1 - fixed.tax_rate)
        wacc = cost_of_equity * (1 - debt_ratio) + cost_of_debt * debt_ratio + table[SHIFT, draw]

        # A tonne and a year
        raw_materials = (
            fixed.ore_use * fixed.ore_price
            + fixed.coke_use * fixed.coke_price
            + fixed.pci_use * fixed.pci_price
            + fixed.scrap_use * fixed.scrap_price
            + fixed.alloys
        )
        margin = fixed.first_price - raw_materials - fixed.conversion + table[BALANCING, draw]
        overhead = (
            fixed.selling_and_admin
            + fixed.research
            + fixed.taxes_and_surcharges
            - fixed.other_income
        )
        deduction = fixed.research * fixed.research_kept
        span = fixed.last_explicit - fixed.first_year

        # Explicit years
        opening_losses = table[OPENING, draw]
        made_before, settled = opening_losses, 0.0
        revenue_before = 0.0
        value, factor = 0.0, 1.0
        for t in range(periods):
            year = fixed.first_year + t
            if year > fixed.last_explicit:
                break
            tonnes = fixed.first_volume if t == 0 else volume
            revenue = tonnes * (fixed.first_price if t == 0 else table[PRICE, draw])
            nwc_increase = 0.0
            if t > 0:
                margin = mid_margin + table[PERSISTENCE, draw] * (margin - mid_margin)
                margin += table[SHOCK + t, draw]
                nwc_increase = (revenue - revenue_before) * table[NWC, draw]
            revenue_before = revenue
            carbon = table[CARBON, draw] if year >= fixed.ets_year else 0.0
            ebitda = tonnes * (margin - carbon) + table[FERROUS, draw] - overhead
            fade = t / span
            depreciation = fixed.first_depreciation + fade * (
                capex * fixed.depreciation_ratio - fixed.first_depreciation
            )
            taxable = ebitda - depreciation - deduction
            used = min(made_before - settled, max(taxable, 0.0))
            made[t] = made_before + max(-taxable, 0.0)
            made_before = made[t]
            past = t - fixed.life
            lapsing = made[past] if past >= 0 else opening_losses if past == -1 else 0.0
            settled = max(settled + used, lapsing)
            tax = (max(taxable, 0.0) - used) * fixed.tax_rate
            fcff = ebitda - tax - capex - nwc_increase

            if year >= fixed.valuation_year:
                timing = 0.5 if fixed.mid_year else 1.0
                if year == fixed.valuation_year:
                    weight, years = fixed.stub, fixed.stub * timing
                else:
                    weight = 1.0
                    years = fixed.stub + (year - fixed.valuation_year - 1) + timing
                factor = (1 + wacc) ** -years
                value += fcff * weight * factor

        # Terminal value and the other methods
        mid_cycle_ebitda = (
            volume * (mid_margin - table[CARBON, draw]) + table[FERROUS, draw] - overhead
        )
        nopat = (mid_cycle_ebitda - capex) * (1 - fixed.terminal_tax_rate)
        perpetuity = nopat * (1 + growth) * (1 - growth / table[RONIC, draw]) / (wacc - growth)
        value += max(perpetuity, fixed.abandonment) * factor
        out[draw] = fixed.stake * (
            fixed.dcf_weight * value
            + fixed.ebitda_weight * mid_cycle_ebitda * table[EBITDA_MULTIPLE, draw]
            + fixed.capital_weight * fixed.invested_capital * table[CAPITAL_MULTIPLE, draw]
        )


#: FMA may be used; nothing else is reordered. Division by zero gives infinity: a branch that raises
#: would keep LLVM from vectorising the loop.
FAST = {"nogil": True, "fastmath": {"contract"}, "error_model": "numpy"}


@njit(inline="always", **FAST)
def larger(a: float, b: float) -> float:
    """One vmaxpd; max() asks for NaN first."""
    return a if a > b else b  # noqa: FURB136 - see above


@njit(inline="always", **FAST)
def smaller(a: float, b: float) -> float:
    """One vminpd."""
    return a if a < b else b  # noqa: FURB136 - as above


@njit(inline="always", **FAST)
def growth_to(ratio: float, exponent: float) -> float:
    """(1 + r) ** exponent, with ratio = r / (2 + r): log by atanh, exp by Taylor.

    To the last bits for r from -10 % to 25 % and exponents up to 1. Written as polynomials in
    pairs, not by Horner: the chain of dependent operations is half as long.
    """
    q = ratio * ratio
    q2 = q * q
    low = (1 + q * (1 / 3)) + q2 * (1 / 5 + q * (1 / 7))
    high = (1 / 9 + q * (1 / 11)) + q2 * (1 / 13 + q * (1 / 15))
    x = 2 * ratio * (low + q2 * q2 * high) * exponent
    x2 = x * x
    x4 = x2 * x2
    first = (1 + x) + x2 * (1 / 2 + x * (1 / 6))
    second = (1 / 24 + x * (1 / 120)) + x2 * (1 / 720 + x * (1 / 5040))
    third = (1 / 40320 + x * (1 / 362880)) + x2 * (1 / 3628800 + x * (1 / 39916800))
    return first + x4 * second + x4 * x4 * (third + x4 * (1 / 479001600))


@njit(inline="always", **FAST)
def after_tax(
    profit: float, left: float, lost: float, tax_rate: float
) -> tuple[float, float, float]:
    """One year's tax, what is left of the losses before any lapse, and the losses made so far.

    With x the profit beyond the losses left: what is taxed is x where it is above zero, and what
    is left is -x where it is not. `lost` adds up the losses with a negative sign.
    """
    beyond = profit - left
    taxed = larger(beyond, 0.0)
    return taxed * tax_rate, taxed - beyond, lost + smaller(profit, 0.0)


@njit(**FAST)
def strips(table: Array, record: Record, out: Array) -> None:  # noqa: PLR0915 - a straight line is what LLVM turns into strips
    """Value four draws at a time: one loop without a branch, all of a draw in registers.

    The years are unrolled, for the calendar `written_for` names. Revenue is level after the second
    year, so only that one has working capital; margins count from mid-cycle, times the volume;
    a loss of five years ago caps what is left at the losses made since. Factors are running
    products; what does not differ by draw is above the loop.
    """
    fixed = record[0]
    first_margin = (
        fixed.first_price
        - fixed.ore_use * fixed.ore_price
        - fixed.coke_use * fixed.coke_price
        - fixed.pci_use * fixed.pci_price
        - fixed.scrap_use * fixed.scrap_price
        - fixed.alloys
        - fixed.conversion
    )
    overhead = (
        fixed.selling_and_admin + fixed.research + fixed.taxes_and_surcharges - fixed.other_income
    )
    relief = fixed.first_depreciation + fixed.research * fixed.research_kept
    levered = 1 + (1 - fixed.tax_rate) * fixed.debt_to_equity
    equity_ratio = 1 / (1 + fixed.debt_to_equity)
    debt_after_tax = (1 - fixed.tax_rate) * (1 - equity_ratio)
    size_premium, tax_rate, stub = fixed.size_premium, fixed.tax_rate, fixed.stub
    to_flow = -stub * (0.5 if fixed.mid_year else 1.0)
    step = 1 / (fixed.last_explicit - fixed.first_year)
    first_volume, first_depreciation = fixed.first_volume, fixed.first_depreciation
    first_revenue = first_volume * fixed.first_price
    depreciation_ratio, abandonment = fixed.depreciation_ratio, fixed.abandonment
    kept = 1 - fixed.terminal_tax_rate
    dcf_weight = fixed.stake * fixed.dcf_weight
    ebitda_weight = fixed.stake * fixed.ebitda_weight
    capital_weight = fixed.stake * fixed.capital_weight * fixed.invested_capital
    mid_year = fixed.mid_year != 0

    for i in range(table.shape[1]):
        equity = table[RISK_FREE, i] + table[ASSET_BETA, i] * levered * table[PREMIUM, i]
        debt = table[COST_OF_DEBT, i] * debt_after_tax
        wacc = (equity + size_premium) * equity_ratio + debt + table[SHIFT, i]
        shared = 1 / ((1 + wacc) * (2 + wacc))  # one division for two quotients
        yearly = shared * (2 + wacc)
        stub_factor = growth_to(wacc * shared * (1 + wacc), to_flow)

        volume, mid_margin, capex = table[VOLUME, i], table[MID_MARGIN, i], table[CAPEX, i]
        centre = table[FERROUS, i] - overhead
        carbon = volume * table[CARBON, i]
        ebitda = volume * mid_margin + centre - carbon  # mid-cycle
        net = ebitda - capex
        base = ebitda - relief
        rise = (capex * depreciation_ratio - first_depreciation) * step
        phi = table[PERSISTENCE, i]

        # First year: not valued, but its loss is carried forward
        margin = first_margin + table[BALANCING, i]
        profit = first_volume * margin + centre - relief
        _, left, lost0 = after_tax(profit, table[OPENING, i], 0.0, tax_rate)

        # Year of the valuation date: before the carbon cost, and with working capital
        gap = phi * (volume * (margin - mid_margin)) + volume * table[SHOCK + 1, i]
        tax, left, lost1 = after_tax(base + carbon - rise + gap, left, lost0, tax_rate)
        nwc_increase = (volume * table[PRICE, i] - first_revenue) * table[NWC, i]
        value = stub_factor * stub * (net + carbon + gap - tax - nwc_increase)
        factor = stub_factor * stub_factor * np.sqrt(yearly) if mid_year else stub_factor * yearly

        # Later years: `value` without the flow that every year has, `factors` to multiply it with
        gap = phi * gap + volume * table[SHOCK + 2, i]
        tax, left, lost2 = after_tax(base - 2 * rise + gap, left, lost1, tax_rate)
        value += factor * (gap - tax)
        factors = factor

        factor *= yearly
        gap = phi * gap + volume * table[SHOCK + 3, i]
        tax, left, lost3 = after_tax(base - 3 * rise + gap, left, lost2, tax_rate)
        value += factor * (gap - tax)
        factors += factor

        factor *= yearly
        gap = phi * gap + volume * table[SHOCK + 4, i]
        tax, left, lost4 = after_tax(base - 4 * rise + gap, left, lost3, tax_rate)
        left = smaller(left, -lost4)
        value += factor * (gap - tax)
        factors += factor

        factor *= yearly
        gap = phi * gap + volume * table[SHOCK + 5, i]
        tax, left, lost5 = after_tax(base - 5 * rise + gap, left, lost4, tax_rate)
        left = smaller(left, lost0 - lost5)
        value += factor * (gap - tax)
        factors += factor

        factor *= yearly
        gap = phi * gap + volume * table[SHOCK + 6, i]
        tax, left, lost6 = after_tax(base - 6 * rise + gap, left, lost5, tax_rate)
        left = smaller(left, lost1 - lost6)
        value += factor * (gap - tax)
        factors += factor

        factor *= yearly
        gap = phi * gap + volume * table[SHOCK + 7, i]
        tax, left, lost7 = after_tax(base - 7 * rise + gap, left, lost6, tax_rate)
        left = smaller(left, lost2 - lost7)
        value += factor * (gap - tax)
        factors += factor

        factor *= yearly
        gap = phi * gap + volume * table[SHOCK + 8, i]
        tax, left, lost8 = after_tax(base - 8 * rise + gap, left, lost7, tax_rate)
        left = smaller(left, lost3 - lost8)
        value += factor * (gap - tax)
        factors += factor

        factor *= yearly
        gap = phi * gap + volume * table[SHOCK + 9, i]
        tax, left, lost9 = after_tax(base - 9 * rise + gap, left, lost8, tax_rate)
        left = smaller(left, lost4 - lost9)
        value += factor * (gap - tax)
        factors += factor

        factor *= yearly
        gap = phi * gap + volume * table[SHOCK + 10, i]
        tax, _, _ = after_tax(base - 10 * rise + gap, left, lost9, tax_rate)
        value += factor * (gap - tax)
        factors += factor

        # Terminal value and the other methods
        growth, ronic = table[GROWTH, i], table[RONIC, i]
        perpetuity = net * kept * (1 + growth) * (ronic - growth) / (ronic * (wacc - growth))
        value += factors * net + factor * larger(perpetuity, abandonment)
        out[i] = (
            dcf_weight * value
            + ebitda_weight * ebitda * table[EBITDA_MULTIPLE, i]
            + capital_weight * table[CAPITAL_MULTIPLE, i]
        )


#: Draws in a strip of `strips_row_by_row`: 16 are slower, 64 no faster.
LANES: Final = 32
PERIODS: Final = company.model.periods
#: Rows of its workspace, after those of the table that hold one value for all years.
WACC, FIRST_MARGIN, RISE, TERMINAL, STUB_GROWTH, STUB_FLOW, FLOW, MULTIPLES = range(
    SHOCK, SHOCK + 8
)
TONNES, COIL_PRICE, MARGIN, MADE, SETTLED, REVENUE, FACTOR, TOTAL, LAPSING = range(
    SHOCK + 8, SHOCK + 17
)
SHOCKS: Final = SHOCK + 17
LOSSES: Final = SHOCKS + PERIODS
ROWS: Final = LOSSES + PERIODS


@njit(**FAST)
def strips_row_by_row(table: Array, record: Record, out: Array) -> None:  # noqa: C901, PLR0912, PLR0915 - loops
    """Value a strip of draws at a time, row by row as in the model, in every year of the ruler.

    Nothing is left out or taken together: flags multiply in years when they are zero, factors are
    divided. What outlives a loop over the lanes stands in one workspace of constant width, so that
    the compiler knows no two rows overlap; rows are copied through views and over `strip` lanes,
    as it would break up copies of constant length, or with an offset, into single numbers.
    """
    fixed = record[0]
    raw_materials = (
        fixed.ore_use * fixed.ore_price
        + fixed.coke_use * fixed.coke_price
        + fixed.pci_use * fixed.pci_price
        + fixed.scrap_use * fixed.scrap_price
        + fixed.alloys
    )
    spread = fixed.first_price - (raw_materials + fixed.conversion)
    overhead = (
        fixed.selling_and_admin + fixed.research + fixed.taxes_and_surcharges - fixed.other_income
    )
    deduction = fixed.research * fixed.research_kept
    levered = 1 + (1 - fixed.tax_rate) * fixed.debt_to_equity
    debt_ratio = fixed.debt_to_equity / (1 + fixed.debt_to_equity)
    equity_ratio, taxed_once = 1 - debt_ratio, 1 - fixed.tax_rate
    kept = 1 - fixed.terminal_tax_rate
    timing = (1 + (1 - fixed.mid_year)) * 0.5
    stub, to_stub_flow = fixed.stub, fixed.stub * timing
    first_volume, first_price = fixed.first_volume, fixed.first_price
    first_depreciation, depreciation_ratio = fixed.first_depreciation, fixed.depreciation_ratio
    tax_rate, size_premium = fixed.tax_rate, fixed.size_premium
    abandonment, invested_capital = fixed.abandonment, fixed.invested_capital
    stake, dcf_weight = fixed.stake, fixed.dcf_weight
    ebitda_weight, capital_weight = fixed.ebitda_weight, fixed.capital_weight
    life, span = fixed.life, fixed.last_explicit - fixed.first_year

    ws = np.zeros((ROWS, LANES))
    for at in range(0, table.shape[1], LANES):
        strip = min(table.shape[1] - at, LANES)
        for row in range(SHOCK):
            to, source = ws[row], table[row, at:]
            for i in range(strip):
                to[i] = source[i]
        for t in range(PERIODS):
            to, source = ws[SHOCKS + t], table[SHOCK + t, at:]
            for i in range(strip):
                to[i] = source[i]

        # Rows with one value, and what the years begin with
        for i in range(LANES):
            beta = ws[ASSET_BETA, i] * levered
            cost_of_equity = ws[RISK_FREE, i] + beta * ws[PREMIUM, i] + size_premium
            cost_of_debt = ws[COST_OF_DEBT, i] * taxed_once * debt_ratio
            wacc = cost_of_equity * equity_ratio + cost_of_debt + ws[SHIFT, i]
            ratio = wacc / (2 + wacc)
            ws[WACC, i] = wacc
            ws[STUB_GROWTH, i] = growth_to(ratio, stub) - 1
            ws[STUB_FLOW, i] = growth_to(ratio, to_stub_flow) - 1
            ws[FLOW, i] = growth_to(ratio, timing) - 1
            capex, growth = ws[CAPEX, i], ws[GROWTH, i]
            ws[RISE, i] = capex * depreciation_ratio - first_depreciation
            ebitda = ws[VOLUME, i] * (ws[MID_MARGIN, i] - ws[CARBON, i]) + ws[FERROUS, i] - overhead
            nopat = (ebitda - capex) * kept
            reinvested = growth / ws[RONIC, i]
            perpetuity = nopat * (1 + growth) * (1 - reinvested) / (wacc - growth)
            ws[TERMINAL, i] = larger(perpetuity, abandonment)
            by_ebitda = ebitda * ws[EBITDA_MULTIPLE, i] * ebitda_weight
            by_capital = invested_capital * ws[CAPITAL_MULTIPLE, i] * capital_weight
            ws[MULTIPLES, i] = by_ebitda + by_capital
            first_margin = spread + ws[BALANCING, i]
            ws[FIRST_MARGIN, i] = first_margin
            ws[MARGIN, i] = first_margin
            ws[TONNES, i] = first_volume
            ws[COIL_PRICE, i] = first_price
            ws[MADE, i] = ws[OPENING, i]
            ws[SETTLED, i] = 0.0
            ws[REVENUE, i] = 0.0
            ws[FACTOR, i] = 1.0
            ws[TOTAL, i] = 0.0

        for t in range(PERIODS):
            # What does not differ by draw
            year = fixed.first_year + t
            first = t == 0
            later = 0.0 if first else 1.0
            with_carbon = 1.0 if year >= fixed.ets_year else 0.0
            explicit = 1.0 if year <= fixed.last_explicit else 0.0
            last = 1.0 if year == fixed.last_explicit else 0.0
            stub_year = 1.0 if year == fixed.valuation_year else 0.0
            later_year = 1.0 if year > fixed.valuation_year else 0.0
            weight = stub_year * stub + later_year
            fade = min(max(t / span, 0.0), 1.0)

            # Whole rows that depend on the year
            if t == 1:
                for i in range(LANES):
                    ws[TONNES, i] = ws[VOLUME, i]
                    ws[COIL_PRICE, i] = ws[PRICE, i]
            if t >= life:
                to, source = ws[LAPSING], ws[LOSSES + t - life]
                for i in range(strip):
                    to[i] = source[i]
            elif t == life - 1:
                for i in range(LANES):
                    ws[LAPSING, i] = ws[OPENING, i]
            else:
                for i in range(LANES):
                    ws[LAPSING, i] = 0.0

            for i in range(LANES):
                tonnes = ws[TONNES, i]
                revenue = tonnes * ws[COIL_PRICE, i]
                mid_margin = ws[MID_MARGIN, i]
                reverted = mid_margin + ws[PERSISTENCE, i] * (ws[MARGIN, i] - mid_margin)
                margin = ws[FIRST_MARGIN, i] if first else reverted + ws[SHOCKS + t, i]
                ws[MARGIN, i] = margin
                carbon = ws[CARBON, i] * with_carbon
                ebitda = tonnes * (margin - carbon) + ws[FERROUS, i] - overhead
                depreciation = first_depreciation + fade * ws[RISE, i]
                ebit = ebitda - depreciation
                taxable = ebit - deduction
                profit = larger(taxable, 0.0)

                made_before, settled_before = ws[MADE, i], ws[SETTLED, i]
                made = made_before + larger(-taxable, 0.0)
                ws[MADE, i] = made
                ws[LOSSES + t, i] = made
                used = smaller(made_before - settled_before, profit)
                ws[SETTLED, i] = larger(settled_before + used, ws[LAPSING, i])
                tax = (profit - used) * tax_rate

                nwc_increase = (revenue - ws[REVENUE, i]) * ws[NWC, i] * later
                ws[REVENUE, i] = revenue
                fcff = ebit - tax + depreciation - ws[CAPEX, i] - nwc_increase
                cash_flow = fcff * weight * explicit + ws[TERMINAL, i] * last

                before = ws[FACTOR, i]
                ws[FACTOR, i] = before / (
                    1 + stub_year * ws[STUB_GROWTH, i] + later_year * ws[WACC, i]
                )
                factor = before / (1 + stub_year * ws[STUB_FLOW, i] + later_year * ws[FLOW, i])
                ws[TOTAL, i] += cash_flow * factor

        result = out[at:]
        for i in range(strip):
            result[i] = (ws[TOTAL, i] * dcf_weight + ws[MULTIPLES, i]) * stake


def written_for(record: Record) -> bool:
    """Whether the calendar is the one `strips` is unrolled for."""
    fixed = record[0]
    first = fixed["first_year"]
    return bool(
        fixed["valuation_year"] == first + 1
        and fixed["ets_year"] == first + 2
        and fixed["last_explicit"] == first + 10
        and fixed["life"] == 5
    )


def varying_keys(book: Assumptions) -> set[str]:
    """Keys of the inputs of the steel value whose distribution is not fixed."""
    model = company.model
    steps = Plan(model, [model.rows[VALUE]]).steps
    keys = {model.key[step.source] for step in steps if step.source is not None}
    return {key for key in keys if book.inputs[key].distribution != "fixed"}


def random_table(book: Assumptions, draws: int, seed: int = 1) -> Array:
    """Draws anywhere between low and high; shocks large enough for losses to be made and lapse."""
    rng = np.random.default_rng(seed)
    rows = []
    for given in (book.inputs[key] for key in VARYING):
        assert given.low is not None
        assert given.high is not None
        rows.append(rng.uniform(given.low, given.high, draws))
    shocks = rng.normal(0, 150, (company.model.periods, draws))
    return np.vstack([*rows, shocks])


def by_engine(book: Assumptions, table: Array) -> Array:
    """The same value from the numpy engine."""
    model = company.model
    changes: dict[str, Array] = dict(zip(VARYING, table[:SHOCK], strict=True))
    changes[SHOCK_KEY] = table[SHOCK:]
    row = model.rows[VALUE]
    given = inputs(model, base_values(book), changes)
    return evaluate(Plan(model, [row]), given, draws=table.shape[1])[row][0]


#: Most people's, row by row in strips, reduced by algebra.
KERNELS: Final[tuple[Kernel, ...]] = (loop_per_draw, strips_row_by_row, strips)


def check(draws: int = 10_000, tolerance: float = 1e-9) -> dict[str, float]:
    """Hold all three to the numpy engine; the largest relative difference of each."""
    book = valuation.load(WORKBOOK)
    assert varying_keys(book) == set(VARYING), "the workbook varies other inputs than this file"
    record, table = fixed_inputs(book), random_table(book, draws)
    assert written_for(record), "strips() is unrolled for another calendar"
    expected, out = by_engine(book, table), np.empty(draws)
    found = {}
    for kernel in KERNELS:
        kernel(table, record, out)
        np.testing.assert_allclose(out, expected, rtol=tolerance)
        found[kernel.__name__] = float(np.max(np.abs(out / expected - 1)))
    return found


def nanoseconds_per_draw(kernel: Kernel, *, block: int, draws: int = 2**18) -> float:
    """Best of some runs over many blocks of one table that stays in the cache, on one core."""
    book = valuation.load(WORKBOOK)
    record, table, out = fixed_inputs(book), random_table(book, block), np.empty(block)
    kernel(table, record, out)
    best = np.inf
    blocks = -(-draws // block)
    for _ in range(9):
        start = time.perf_counter()
        for _ in range(blocks):
            kernel(table, record, out)
        best = min(best, time.perf_counter() - start)
    return best / (blocks * block) * 1e9


def arithmetic_of_the_loop(kernel: Kernel = strips) -> tuple[int, int]:
    """Packed and scalar arithmetic in the longest stretch of machine code without a jump.

    That stretch is the body of the loop over draws. In `strips` it works on ymm registers, four
    draws each; the same body in scalars follows it once, for the draws that are left over.
    """
    assembler = "".join(kernel.inspect_asm().values())  # type: ignore[attr-defined]
    operation = r"\tv(?:fn?m(?:add|sub)\d*|add|sub|mul|div|max|min|sqrt)"
    stretches = re.split(r"\n\tj\w+", assembler)
    packed, scalar = (
        [len(re.findall(operation + ending, stretch)) for stretch in stretches]
        for ending in (r"pd\t[^\n]*%ymm", r"sd\t")
    )
    body = packed.index(max(packed))
    return packed[body], scalar[body]


def main() -> None:
    """Print differences and speeds."""
    for name, difference in check().items():
        sys.stdout.write(f"{name}: largest relative difference {difference:.1e}\n")
    for block in (1024, 1056):
        for kernel in KERNELS:
            speed = nanoseconds_per_draw(kernel, block=block)
            sys.stdout.write(f"{kernel.__name__}, blocks of {block:,}: {speed:.1f} ns a draw\n")
    packed, scalar = arithmetic_of_the_loop()
    sys.stdout.write(f"loop of strips: {packed} packed operations, {scalar} scalar\n")


if __name__ == "__main__":
    main()
