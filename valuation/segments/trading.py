"""贸易: what is left of trading after the recycling business was sold."""

from valuation.lines import Group, assume, check, heading, line
from valuation.methods.blend import blended, spread, weights
from valuation.methods.multiples import CapitalisedEarnings


class Trading(Group, title="Trading | 贸易"):
    """Thin and steady: revenue times a margin, after tax, over a required return."""

    stake = assume("Stake of the listed company | 上市公司持股", "%", minimum=0, maximum=1)
    annual_revenue = assume("Revenue a year | 年收入", "CNY m", minimum=0)
    ebit_ratio = assume("EBIT margin | EBIT 利润率", "%", minimum=-0.1, maximum=0.1)
    tax_rate = assume("Income tax | 所得税率", "%", minimum=0, maximum=0.5)

    ebit = line("EBIT", "CNY m", annual_revenue * ebit_ratio)
    nopat = line("NOPAT | 税后净营业利润", "CNY m", ebit * (1 - tax_rate))
    capitalised = CapitalisedEarnings(earnings=nopat)

    verdict = heading("Value | 价值")
    enterprise_value = line("Enterprise value | 企业价值", "CNY m", blended(capitalised))
    method_gap = line("Highest less lowest method | 方法间差异", "CNY m", spread(capitalised))
    value = line("Value of the stake | 持股价值", "CNY m", enterprise_value * stake)
    weights_add_up = check(
        "Method weights sum to 100% | 方法权重合计100%", "%", weights(capitalised) - 1
    )
