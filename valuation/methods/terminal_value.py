"""What a business is worth at the end of the explicit years."""

from valuation.lines import NO_VALUE, Group, Row, assume, at_least, check, given, line, where


class ValueDriver(Group, title="Terminal value | 终值"):
    """Value-driver formula: growth needs capital, and that capital earns its own return.

    TV = NOPAT × (1 + g) × (1 - g / RONIC) / (WACC - g), not below what abandoning it would bring
    (McKinsey, Valuation, continuing value). Where g is not below WACC there is no value.
    """

    nopat: Row = given("NOPAT, normalised", "CNY m", single=True)
    wacc: Row = given("WACC", "%", single=True)

    growth = assume("Terminal growth | 永续增长率", "%", minimum=-0.1, maximum=0.1)
    return_on_new_capital = assume(
        "Return on new capital (RONIC) | 新增资本回报率", "%", minimum=0.001, maximum=1
    )
    abandonment_value = assume("Abandonment value | 放弃价值", "CNY m", minimum=0)

    reinvestment_ratio = line("Reinvested share | 再投资率", "%", growth / return_on_new_capital)
    perpetuity = line(
        "Value of the perpetuity | 永续价值",
        "CNY m",
        where(
            wacc > growth,
            nopat * (1 + growth) * (1 - reinvestment_ratio) / (wacc - growth),
            NO_VALUE,
        ),
        note="A perpetuity needs a WACC above its growth; without one there is no value.",
    )
    terminal_value = line("Terminal value | 终值", "CNY m", at_least(perpetuity, abandonment_value))
    wacc_above_growth = check(
        "WACC above terminal growth | WACC 高于永续增长率", "%", at_least(growth - wacc, 0)
    )
