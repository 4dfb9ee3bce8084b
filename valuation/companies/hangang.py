"""杭钢股份 (600126.SH): the parts, the bridge and the value per share."""

from valuation.lines import (
    Company,
    Group,
    Method,
    Model,
    PartOfCompany,
    check,
    heading,
    line,
    total,
)
from valuation.methods.blend import methods_of
from valuation.methods.calendar import Calendar
from valuation.segments.compute_leasing import ComputeLeasing
from valuation.segments.corporate import Corporate
from valuation.segments.market import Market
from valuation.segments.zhejiang_cloud import ZhejiangCloud


class Hangang(Group, title="Sum of parts | 分部加总"):
    """Parts at the stake held, less a discount on operations only, less what others are owed."""

    calendar = Calendar
    market = Market
    zhejiang_cloud = ZhejiangCloud
    compute_leasing = ComputeLeasing
    corporate = Corporate

    parts = heading("Parts at the stake held | 各分部(按持股)")
    zhejiang_cloud_value = line("Zhejiang cloud | 浙江云", "CNY m", ZhejiangCloud.value)
    compute_leasing_value = line("Compute leasing | 算力租赁", "CNY m", ComputeLeasing.value)
    operating_value = line(
        "Operating parts | 经营性分部合计",
        "CNY m",
        total(zhejiang_cloud_value, compute_leasing_value),
    )

    bridge = heading("Bridge to equity | 股权价值桥")
    holding_discount = line(
        "Holding discount | 控股折价",
        "CNY m",
        -(operating_value * Corporate.holding_discount),
        note="On operating parts only: not on cash, associates or the cost of the centre.",
    )
    corporate_cost = line("Corporate cost | 总部费用", "CNY m", -Corporate.cost_value)
    net_cash = line("Net cash | 净现金", "CNY m", Corporate.net_cash)
    notes_payable = line(
        "Notes payable taken as debt | 视同债务的应付票据", "CNY m", -Corporate.notes_deducted
    )
    working_capital = line(
        "Working capital they finance | 票据对应营运资产", "CNY m", Corporate.working_capital_added
    )
    minimum_cash = line("Minimum operating cash | 最低经营现金", "CNY m", -Corporate.minimum_cash)
    associates = line("Associates | 联营企业", "CNY m", Corporate.associates)
    minority_interest = line(
        "Minority interest | 少数股东权益", "CNY m", -Corporate.minority_interest
    )

    result = heading("Equity | 股权价值")
    equity_value = line(
        "Equity value | 股权价值",
        "CNY m",
        total(
            operating_value,
            holding_discount,
            corporate_cost,
            net_cash,
            notes_payable,
            working_capital,
            minimum_cash,
            associates,
            minority_interest,
        ),
    )
    value_per_share = line(
        "Value per share | 每股价值", "CNY/share", equity_value / Corporate.diluted_shares
    )
    market_capitalisation = line(
        "Market capitalisation | 总市值", "CNY m", Market.market_price * Corporate.diluted_shares
    )
    upside = line(
        "Value against price | 相对股价空间", "%", value_per_share / Market.market_price - 1
    )

    checks = heading("Checks | 校验")
    parts_add_up = check(
        "Stakes times enterprise values add up to the operating parts | 分部合计一致",
        "CNY m",
        ZhejiangCloud.enterprise_value * ZhejiangCloud.stake
        + ComputeLeasing.enterprise_value * ComputeLeasing.stake
        - operating_value,
    )
    discount_not_on_cash = check(
        "Without discount and cost the bridge is cash, associates and minorities | 折价不及于现金",
        "CNY m",
        equity_value
        - operating_value * (1 - Corporate.holding_discount)
        + Corporate.cost_value
        - (
            Corporate.net_cash
            - Corporate.notes_deducted * (1 - Corporate.matched_ratio)
            - Corporate.minimum_cash
            + Corporate.associates
            - Corporate.minority_interest
        ),
    )


company = Company(
    name="hangang",
    title="Hangzhou Iron & Steel",
    chinese="杭钢股份",
    ticker="600126.SH",
    currency="CNY",
    model=Model(Hangang, year=Calendar.year, periods=21),
    base_year=Calendar.base_year,
    valuation_date=Calendar.valuation_date,
    parts=(
        PartOfCompany(
            key="zhejiang_cloud",
            title=ZhejiangCloud.title,
            chinese=ZhejiangCloud.chinese_title,
            methods=methods_of(ZhejiangCloud, "dcf", "exit_multiple", "rack_value"),
            enterprise_value=ZhejiangCloud.enterprise_value,
            method_gap=ZhejiangCloud.method_gap,
            stake=ZhejiangCloud.stake,
            value=Hangang.zhejiang_cloud_value,
        ),
        PartOfCompany(
            key="compute_leasing",
            title=ComputeLeasing.title,
            chinese=ComputeLeasing.chinese_title,
            methods=(
                Method(
                    key="contract_dcf",
                    title=ComputeLeasing.contract_and_option.label,
                    chinese=ComputeLeasing.contract_and_option.chinese,
                    value=ComputeLeasing.contract_and_option,
                    weight=ComputeLeasing.contract_dcf.weight,
                ),
            ),
            enterprise_value=ComputeLeasing.enterprise_value,
            method_gap=ComputeLeasing.method_gap,
            stake=ComputeLeasing.stake,
            value=Hangang.compute_leasing_value,
        ),
    ),
    bridge=(
        Hangang.holding_discount,
        Hangang.corporate_cost,
        Hangang.net_cash,
        Hangang.notes_payable,
        Hangang.working_capital,
        Hangang.minimum_cash,
        Hangang.associates,
        Hangang.minority_interest,
    ),
    equity_value=Hangang.equity_value,
    diluted_shares=Corporate.diluted_shares,
    value_per_share=Hangang.value_per_share,
    market_price=Market.market_price,
    upside=Hangang.upside,
)
