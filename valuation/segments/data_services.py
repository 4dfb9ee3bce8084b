"""数据服务: the data company's services beside leasing and racks."""

from valuation.lines import Group, assume, check, heading, line
from valuation.methods.blend import blended, spread, weights
from valuation.methods.multiples import CapitalisedEarnings


class DataServices(Group, title="Data services | 数据服务"):
    """EBITDA, the share of it that turns into cash, over a required return."""

    stake = assume("Stake of the listed company | 上市公司持股", "%", minimum=0, maximum=1)
    annual_ebitda = assume("EBITDA a year | 年 EBITDA", "CNY m", minimum=-1000)
    cash_conversion = assume("Share that turns into cash | 现金转化率", "%", minimum=0, maximum=1)

    cash_earnings = line("Cash earnings | 现金收益", "CNY m", annual_ebitda * cash_conversion)
    capitalised = CapitalisedEarnings(earnings=cash_earnings)

    verdict = heading("Value | 价值")
    enterprise_value = line("Enterprise value | 企业价值", "CNY m", blended(capitalised))
    method_gap = line("Highest less lowest method | 方法间差异", "CNY m", spread(capitalised))
    value = line("Value of the stake | 持股价值", "CNY m", enterprise_value * stake)
    weights_add_up = check(
        "Method weights sum to 100% | 方法权重合计100%", "%", weights(capitalised) - 1
    )
