"""Value from what the market pays for like earnings or like capital."""

from valuation.lines import (
    NO_VALUE,
    YEAR,
    Group,
    Row,
    assume,
    equals,
    given,
    line,
    over_years,
    power,
    where,
)
from valuation.methods.calendar import Calendar


class ExitMultiple(Group, title="Exit multiple | 退出倍数"):
    """Sale at a multiple of the exit year's EBITDA at the start of that year, and flows until then.

    EV = multiple × EBITDA / (1 + WACC + premium)^years to the exit + present value of the flows
    before the exit year. Where EBITDA is not above zero a multiple says nothing: no value.
    """

    ebitda: Row = given("EBITDA", "CNY m")
    present_value: Row = given("Present value of the cash flow", "CNY m")
    wacc: Row = given("WACC", "%", single=True)
    rerating: Row = given("Added to the multiple", "x", single=True)

    weight = assume("Weight | 权重", "%", minimum=0, maximum=1)
    multiple = assume("EV / EBITDA | EV/EBITDA 倍数", "x", minimum=0, maximum=100)
    exit_year = assume("Year of the EBITDA | EBITDA 年度", "year", whole=True, minimum=2000)
    rate_premium = assume("Rate above WACC | 高于 WACC 的溢价", "%", minimum=-0.1, maximum=0.2)

    in_exit_year = line("Exit year | 退出年度", "flag", equals(Calendar.year, exit_year))
    before_exit = line("Before the exit year | 退出年度之前", "flag", Calendar.year < exit_year)
    exit_ebitda = line(
        "EBITDA of the exit year | 退出年度 EBITDA", "CNY m", over_years(ebitda, in_exit_year)
    )
    years_to_exit = line(
        "Years to the exit | 距退出年数",
        "years",
        exit_year - YEAR - Calendar.valuation_year + Calendar.stub,
    )
    exit_value = line(
        "Value at the exit | 退出价值",
        "CNY m",
        where(exit_ebitda > 0, exit_ebitda * (multiple + rerating), NO_VALUE),
        note="A multiple says nothing where the EBITDA of its year is not above zero.",
    )
    exit_present_value = line(
        "Present value of the exit | 退出价值现值",
        "CNY m",
        exit_value / power(1 + wacc + rate_premium, years_to_exit / YEAR),
    )
    interim_value = line(
        "Value of the flows until then | 期间现金流现值",
        "CNY m",
        over_years(present_value, before_exit),
    )
    enterprise_value = line(
        "Enterprise value, exit multiple | 企业价值(退出倍数)",
        "CNY m",
        exit_present_value + interim_value,
    )
    weighted_value = line(
        "Weighted | 加权", "CNY m", where(weight > 0, enterprise_value * weight, 0)
    )


class EbitdaMultiple(Group, title="EV / EBITDA | EV/EBITDA 倍数法"):
    """A multiple of one normalised EBITDA. Where it is not above zero there is no value."""

    ebitda: Row = given("EBITDA, normalised", "CNY m", single=True)

    weight = assume("Weight | 权重", "%", minimum=0, maximum=1)
    multiple = assume("EV / EBITDA | EV/EBITDA 倍数", "x", minimum=0, maximum=100)

    enterprise_value = line(
        "Enterprise value, EV/EBITDA | 企业价值(EV/EBITDA)",
        "CNY m",
        where(ebitda > 0, ebitda * multiple, NO_VALUE),
        note="A multiple says nothing where the EBITDA is not above zero.",
    )
    weighted_value = line(
        "Weighted | 加权", "CNY m", where(weight > 0, enterprise_value * weight, 0)
    )


class CapitalMultiple(Group, title="EV / invested capital | EV/投入资本"):
    """A multiple of the capital invested."""

    invested_capital: Row = given("Invested capital", "CNY m", single=True)

    weight = assume("Weight | 权重", "%", minimum=0, maximum=1)
    multiple = assume("EV / invested capital | EV/投入资本倍数", "x", minimum=0, maximum=20)

    enterprise_value = line(
        "Enterprise value, EV/IC | 企业价值(EV/IC)", "CNY m", invested_capital * multiple
    )
    weighted_value = line(
        "Weighted | 加权", "CNY m", where(weight > 0, enterprise_value * weight, 0)
    )


class CapitalisedEarnings(Group, title="Capitalised earnings | 收益资本化"):
    """Steady earnings after tax over a required return."""

    earnings: Row = given("Earnings", "CNY m", single=True)

    weight = assume("Weight | 权重", "%", minimum=0, maximum=1)
    required_return = assume("Required return | 要求回报率", "%", minimum=0.001, maximum=1)

    enterprise_value = line(
        "Enterprise value, capitalised | 企业价值(资本化)", "CNY m", earnings / required_return
    )
    weighted_value = line(
        "Weighted | 加权", "CNY m", where(weight > 0, enterprise_value * weight, 0)
    )
