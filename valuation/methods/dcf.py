"""Discounted cash flow on the ruler: a stub, then whole years."""

from valuation.lines import (
    YEAR,
    Group,
    Row,
    assume,
    check,
    given,
    line,
    over_years,
    power,
    previous,
    where,
)
from valuation.methods.calendar import Calendar


class Dcf(Group, title="Discounted cash flow | 现金流折现"):
    """Factors by running product: powers for the stub only, none a year.

    With WACC r, stub s and timing m (0.5 mid-year, 1 year-end) a flow of the valuation year is
    divided by (1 + r)^(s × m), one n years later by (1 + r)^(s + n - 1 + m). The check sums the
    same flows with these powers written out.
    """

    cash_flow: Row = given("Cash flow after the valuation date", "CNY m")
    wacc: Row = given("WACC", "%", single=True)

    weight = assume("Weight | 权重", "%", minimum=0, maximum=1)

    stub_growth = line(
        "Growth over the stub | 剩余期间折现增幅",
        "%",
        power(1 + wacc, Calendar.stub / YEAR) - 1,
    )
    stub_flow_growth = line(
        "Growth to the flow in the stub | 至剩余期间现金流的增幅",
        "%",
        power(1 + wacc, Calendar.stub / YEAR * Calendar.timing) - 1,
    )
    flow_growth = line(
        "Growth to the flow in a year | 至年内现金流的增幅",
        "%",
        power(1 + wacc, Calendar.timing) - 1,
    )
    factor_before = previous(1)
    year_end_factor = line(
        "Discount factor, year end | 年末折现系数",
        "ratio",
        factor_before / (1 + Calendar.stub_year * stub_growth + Calendar.later_year * wacc),
        closes=factor_before,
    )
    discount_factor = line(
        "Discount factor, cash flow | 现金流折现系数",
        "ratio",
        factor_before
        / (1 + Calendar.stub_year * stub_flow_growth + Calendar.later_year * flow_growth),
    )
    present_value = line("Present value | 现值", "CNY m", cash_flow * discount_factor)
    enterprise_value = line(
        "Enterprise value, DCF | 企业价值(DCF)", "CNY m", over_years(present_value)
    )
    weighted_value = line(
        "Weighted | 加权", "CNY m", where(weight > 0, enterprise_value * weight, 0)
    )
    present_value_by_power = line(
        "Present value by powers (check) | 按幂计算的现值(校验)",
        "CNY m",
        cash_flow / power(1 + wacc, Calendar.years_to_flow / YEAR),
    )
    two_ways = check(
        "Present value two ways | 现值两法一致",
        "CNY m",
        over_years(present_value_by_power) - enterprise_value,
    )
