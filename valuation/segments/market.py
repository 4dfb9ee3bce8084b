"""Market: what every business shares."""

from valuation.lines import Group, assume


class Market(Group, title="Market | 市场", shared=True):
    """Rates for every cost of capital, the tax rate, and the price of the share."""

    market_price = assume("Share price | 股价", "CNY/share", minimum=0)
    risk_free_rate = assume("Risk-free rate | 无风险利率", "%", minimum=-0.02, maximum=0.2)
    equity_risk_premium = assume("Equity risk premium | 股权风险溢价", "%", minimum=0, maximum=0.2)
    cost_of_debt = assume("Cost of debt, before tax | 税前债务成本", "%", minimum=0, maximum=0.2)
    wacc_shift = assume("WACC shift, all segments | WACC 平移", "%", minimum=-0.05, maximum=0.1)
    tax_rate = assume("Corporate income tax | 企业所得税率", "%", minimum=0, maximum=0.5)
