"""Cost of capital: what the providers of money ask for."""

from valuation.lines import Group, Row, assume, given, line


class CostOfCapital(Group, title="Cost of capital | 资本成本"):
    """CAPM with a beta relevered at a target capital structure, so nothing is circular.

    beta = asset beta × (1 + (1 - tax) × D/E)  (Hamada 1972);
    WACC = cost of equity × E/(D+E) + cost of debt × (1 - tax) × D/(D+E) + parallel shift.
    """

    risk_free_rate: Row = given("Risk-free rate", "%", single=True)
    equity_risk_premium: Row = given("Equity risk premium", "%", single=True)
    cost_of_debt: Row = given("Cost of debt, before tax", "%", single=True)
    tax_rate: Row = given("Tax rate", "%", single=True)
    shift: Row = given("WACC shift", "%", single=True)

    asset_beta = assume("Asset beta (unlevered) | 无杠杆贝塔", "x", minimum=0, maximum=5)
    debt_to_equity = assume("Target D/E | 目标债务权益比", "x", minimum=0, maximum=10)
    size_premium = assume("Size premium | 规模溢价", "%", minimum=-0.05, maximum=0.2)

    beta = line(
        "Beta, relevered | 再杠杆贝塔", "x", asset_beta * (1 + (1 - tax_rate) * debt_to_equity)
    )
    cost_of_equity = line(
        "Cost of equity | 权益成本",
        "%",
        risk_free_rate + beta * equity_risk_premium + size_premium,
    )
    debt_ratio = line("Debt to capital | 债务占比", "%", debt_to_equity / (1 + debt_to_equity))
    wacc = line(
        "WACC | 加权平均资本成本",
        "%",
        cost_of_equity * (1 - debt_ratio) + cost_of_debt * (1 - tax_rate) * debt_ratio + shift,
    )
