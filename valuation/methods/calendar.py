"""The ruler: years, the valuation date on it, and how much of each year is still to come."""

from valuation.lines import (
    YEAR,
    Group,
    assume,
    at_end,
    average,
    calendar_year,
    check,
    equals,
    heading,
    line,
    over_years,
    previous,
    switch,
    year_end,
)


class Calendar(Group, title="Calendar | 时间轴", shared=True):
    """One ruler for every sheet: a column is the same year everywhere.

    Only flows after the valuation date count: years before it have weight 0, its own year the
    stub (days left / 365), later years 1. Mid-year, the stub's flow comes at half the stub.
    """

    base_year = assume("Last actual year | 最近实际年度", "year", whole=True, minimum=2000)
    valuation_date = assume("Valuation date | 估值日", "date", whole=True, minimum=40000)
    mid_year = switch("Mid-year discounting (1 = yes) | 年中折现(1=是)")

    year_before = previous(base_year)
    year = line("Year | 年度", "year", year_before + YEAR, closes=year_before)

    year_last = line("Last year of the ruler | 时间轴末年", "year", at_end(year))

    valuation = heading("Valuation date on the ruler | 估值日在时间轴上的位置")
    valuation_year = line("Valuation year | 估值年度", "year", calendar_year(valuation_date))
    stub = line(
        "Rest of the valuation year | 估值年度剩余期间",
        "years",
        year_end(valuation_year) - valuation_date,
    )
    valuation_point = line(
        "Valuation date, in years | 估值时点(年)", "year", valuation_year + YEAR - stub
    )
    timing = line(
        "Timing of flows within a year | 年内现金流时点", "ratio", average(1, 1 - mid_year)
    )

    flags = heading("Flags | 标志")
    stub_year = line("Valuation year | 估值年度标志", "flag", equals(year, valuation_year))
    later_year = line("Later year | 估值年度之后", "flag", year > valuation_year)
    valued = line("Year valued | 计入估值的年度", "flag", stub_year + later_year)
    weight = line(
        "Share of the year after the valuation date | 估值日后占比",
        "ratio",
        stub_year * (stub / YEAR) + later_year,
    )
    middle = line("Middle of the year | 年中", "year", average(year, year + YEAR))
    years_before = previous(0, "years")
    years_to_end = line(
        "Years to the end of the year | 距年末年数",
        "years",
        years_before + weight * YEAR,
        closes=years_before,
    )
    years_to_flow = line(
        "Years to the cash flow | 距现金流年数", "years", years_before + weight * timing * YEAR
    )

    date_on_ruler = check(
        "Valuation date lies on the ruler | 估值日在时间轴内", "ratio", over_years(stub_year) - 1
    )
