"""Corporate centre: what the parts do not carry, and what stands between them and equity."""

from valuation.lines import NO_VALUE, Group, assume, at_least, check, line, switch, where
from valuation.segments.market import Market


class Corporate(Group, title="Corporate | 总部", shared=True):
    """Unallocated cost for ever, cash by its definition, associates and minorities."""

    unallocated_cost = assume("Unallocated cost | 未分摊费用", "CNY m", minimum=0)
    capitalisation_rate = assume("Capitalisation rate | 资本化率", "%", minimum=0, maximum=0.5)
    cost_growth = assume("Growth of the cost | 费用增长率", "%", minimum=-0.1, maximum=0.1)
    net_cash = assume("Net cash | 净现金", "CNY m")
    notes_as_debt = switch("Notes payable count as debt (1 = yes) | 应付票据视同债务(1=是)")
    notes_payable = assume("Notes payable | 应付票据", "CNY m", minimum=0)
    matched_ratio = assume(
        "Notes matched by working capital | 票据对应营运资产比例", "%", minimum=0, maximum=1
    )
    minimum_cash = assume("Minimum operating cash | 最低经营现金", "CNY m", minimum=0)
    associates = assume("Associates at fair value | 联营企业公允价值", "CNY m", minimum=0)
    minority_interest = assume(
        "Minority interest at fair value | 少数股东权益公允价值", "CNY m", minimum=0
    )
    holding_discount = assume("Holding discount | 控股折价", "%", minimum=0, maximum=1)
    diluted_shares = assume("Diluted shares | 稀释后股数", "m shares", minimum=1)

    capital_rate = line(
        "Capitalisation rate, shifted | 资本化率(含平移)",
        "%",
        capitalisation_rate + Market.wacc_shift,
    )
    cost_after_tax = line(
        "Unallocated cost after tax | 税后未分摊费用",
        "CNY m",
        unallocated_cost * (1 - Market.tax_rate),
    )
    cost_value = line(
        "Unallocated cost, capitalised | 未分摊费用资本化",
        "CNY m",
        where(
            capital_rate > cost_growth,
            cost_after_tax / (capital_rate - cost_growth),
            NO_VALUE,
        ),
        note="A perpetuity needs a rate above its growth; without one there is no value.",
    )
    notes_deducted = line(
        "Notes payable taken as debt | 视同债务的应付票据", "CNY m", notes_as_debt * notes_payable
    )
    working_capital_added = line(
        "Working capital they finance, added back | 对应营运资产加回",
        "CNY m",
        notes_deducted * matched_ratio,
        note="Without it the notes would be counted against the company twice.",
    )
    rate_above_growth = check(
        "Capitalisation rate above growth | 资本化率高于增长率",
        "%",
        at_least(cost_growth - capital_rate, 0),
    )
