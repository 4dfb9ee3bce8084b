"""杭钢股份 (600126.SH): the parts, the bridge and the value per share."""

from valuation.companies.hangang_accounts import GroupAccounts, Reported
from valuation.lines import (
    Company,
    Event,
    Group,
    Method,
    Model,
    Paths,
    Perpetuity,
    Yardstick,
    check,
    equals,
    heading,
    line,
    over_years,
    total,
    where,
)
from valuation.methods.blend import methods_of, part
from valuation.methods.calendar import Calendar
from valuation.segments.compute_leasing import ComputeLeasing
from valuation.segments.corporate import Corporate
from valuation.segments.data_services import DataServices
from valuation.segments.demand import Demand
from valuation.segments.hangang_cloud import HangangCloud
from valuation.segments.market import Market
from valuation.segments.steel import Steel
from valuation.segments.trading import Trading
from valuation.segments.zhejiang_cloud import ZhejiangCloud


class Hangang(Group, title="Sum of parts | 分部加总"):
    """Parts at the stake held, less a discount on operations only, less what others are owed."""

    calendar = Calendar
    market = Market
    demand = Demand
    steel = Steel
    trading = Trading
    hangang_cloud = HangangCloud
    zhejiang_cloud = ZhejiangCloud
    compute_leasing = ComputeLeasing
    data_services = DataServices
    corporate = Corporate
    group = GroupAccounts
    reported = Reported

    parts = heading("Parts at the stake held | 各分部(按持股)")
    steel_value = line("Steel | 钢铁", "CNY m", Steel.value)
    trading_value = line("Trading | 贸易", "CNY m", Trading.value)
    hangang_cloud_value = line("Hangang cloud | 杭钢云", "CNY m", HangangCloud.value)
    zhejiang_cloud_value = line("Zhejiang cloud | 浙江云", "CNY m", ZhejiangCloud.value)
    compute_leasing_value = line("Compute leasing | 算力租赁", "CNY m", ComputeLeasing.value)
    data_services_value = line("Data services | 数据服务", "CNY m", DataServices.value)
    operating_value = line(
        "Operating parts | 经营性分部合计",
        "CNY m",
        total(
            steel_value,
            trading_value,
            hangang_cloud_value,
            zhejiang_cloud_value,
            compute_leasing_value,
            data_services_value,
        ),
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

    target = heading("Twelve months on | 十二个月后")
    cost_of_equity = line(
        "Cost of equity, weighted by part | 权益成本(按分部加权)",
        "%",
        total(
            steel_value * Steel.capital.cost_of_equity,
            hangang_cloud_value * HangangCloud.capital.cost_of_equity,
            zhejiang_cloud_value * ZhejiangCloud.capital.cost_of_equity,
            compute_leasing_value * ComputeLeasing.capital.cost_of_equity,
        )
        / total(steel_value, hangang_cloud_value, zhejiang_cloud_value, compute_leasing_value),
    )
    next_dividends = line(
        "Dividends of the valuation year | 估值年度分红",
        "CNY m",
        over_years(GroupAccounts.dividends, Calendar.stub_year),
    )
    target_equity = line(
        "Equity rolled forward less dividends | 股权价值滚动",
        "CNY m",
        equity_value * (1 + cost_of_equity) - next_dividends,
    )
    target_per_share = line(
        "Target value in twelve months | 十二个月目标价值",
        "CNY/share",
        target_equity / Corporate.diluted_shares,
    )

    implied = heading("What the price says of the digital businesses | 股价隐含的数字业务价值")
    digital_value = line(
        "Digital parts in the model | 数字业务模型价值",
        "CNY m",
        total(
            hangang_cloud_value, zhejiang_cloud_value, compute_leasing_value, data_services_value
        ),
    )
    implied_digital = line(
        "Digital EV the price implies | 股价隐含数字业务企业价值",
        "CNY m",
        digital_value + (market_capitalisation - equity_value) / (1 - Corporate.holding_discount),
        note="The price less everything else, before the holding discount on it.",
    )
    digital_power = line(
        "Power, both clouds | 两云功率",
        "kW",
        HangangCloud.power_total + ZhejiangCloud.planned_racks * ZhejiangCloud.rack_power,
    )
    digital_racks = line(
        "Racks, both clouds | 两云机柜",
        "racks",
        HangangCloud.legacy.racks + ZhejiangCloud.planned_racks,
    )
    digital_ebitda_path = line(
        "Digital EBITDA | 数字业务 EBITDA",
        "CNY m",
        total(
            HangangCloud.ebitda,
            ZhejiangCloud.ebitda,
            ComputeLeasing.ebitda,
            GroupAccounts.data_ebitda,
        ),
    )
    multiple_year = line(
        "Year of the digital EBITDA | 数字 EBITDA 年度",
        "flag",
        equals(Calendar.year, GroupAccounts.yardstick_year),
    )
    digital_ebitda = line(
        "Digital EBITDA of that year | 该年数字 EBITDA",
        "CNY m",
        over_years(digital_ebitda_path, multiple_year),
    )
    implied_per_power = line(
        "Implied, per kW | 隐含每千瓦", "万CNY/kW", implied_digital / digital_power
    )
    implied_per_rack = line(
        "Implied, per rack | 隐含每机柜", "万CNY/rack", implied_digital / digital_racks
    )
    implied_multiple = line(
        "Implied, EV / digital EBITDA | 隐含 EV/EBITDA", "x", implied_digital / digital_ebitda
    )

    at_market = heading("Digital at A-share multiples | 数字业务按 A 股倍数")
    steel_at_market = line(
        "Steel, mid-cycle EBITDA at the A-share multiple | 钢铁按 A 股倍数",
        "CNY m",
        Steel.mid_cycle_ebitda * GroupAccounts.steel_market_multiple * Steel.stake,
    )
    hangang_cloud_at_market = line(
        "Hangang cloud, EBITDA of that year at the A-share multiple | 杭钢云按 A 股倍数",
        "CNY m",
        (
            over_years(HangangCloud.ebitda, multiple_year) * GroupAccounts.cloud_market_multiple
            - HangangCloud.capex_left_value
        )
        * HangangCloud.stake,
    )
    zhejiang_cloud_at_market = line(
        "Zhejiang cloud, EBITDA of that year at the A-share multiple | 浙江云按 A 股倍数",
        "CNY m",
        (
            over_years(ZhejiangCloud.ebitda, multiple_year) * GroupAccounts.cloud_market_multiple
            - ZhejiangCloud.capex_left_value
        )
        * ZhejiangCloud.stake,
        note="Less the present value of capex left. Multiples are the market's, not through-cycle.",
    )
    compute_contract = line(
        "Compute, contract DCF | 算力合同 DCF",
        "CNY m",
        ComputeLeasing.contract_dcf.enterprise_value * ComputeLeasing.stake,
    )
    equity_at_market = line(
        "Equity at A-share multiples, no holding discount | 按 A 股倍数股权价值(无控股折价)",
        "CNY m",
        total(
            steel_at_market,
            trading_value,
            hangang_cloud_at_market,
            zhejiang_cloud_at_market,
            compute_contract,
            data_services_value,
            corporate_cost,
            net_cash,
            notes_payable,
            working_capital,
            minimum_cash,
            associates,
            minority_interest,
        ),
    )
    per_share_at_market = line(
        "A share at A-share multiples | 按 A 股倍数每股价值",
        "CNY/share",
        equity_at_market / Corporate.diluted_shares,
    )

    yardsticks = heading("At the value | 按价值衡量")
    price_to_earnings = line(
        "PE at the value (0: no profit) | 市盈率(按价值)",
        "x",
        where(
            GroupAccounts.earnings_per_share > 0,
            value_per_share / GroupAccounts.earnings_per_share,
            0,
        ),
    )
    price_to_book = line(
        "PB at the value | 市净率(按价值)", "x", value_per_share / GroupAccounts.book_per_share
    )
    capital_found = line(
        "Invested capital, associate and net cash | 投入资本、联营与净现金",
        "CNY m",
        total(
            Steel.invested_capital,
            GroupAccounts.trading_capital,
            GroupAccounts.hangang_cloud_capital,
            GroupAccounts.zhejiang_cloud_capital,
            GroupAccounts.compute_capital,
            GroupAccounts.associate_capital,
            Corporate.net_cash,
        ),
    )
    capital_difference = line(
        "Less parent equity | 减归母净资产", "CNY m", capital_found - GroupAccounts.parent_equity
    )
    enterprise_to_capital = line(
        "Operating parts to invested capital | 经营分部/投入资本",
        "x",
        operating_value
        / total(
            Steel.invested_capital,
            GroupAccounts.trading_capital,
            GroupAccounts.hangang_cloud_capital,
            GroupAccounts.zhejiang_cloud_capital,
            GroupAccounts.compute_capital,
        ),
    )
    steel_return = line(
        "Steel: terminal return less WACC | 钢铁回报减 WACC",
        "%",
        Steel.return_on_capital - Steel.capital.wacc,
    )
    hangang_return_path = line(
        "Hangang cloud: NOPAT on capital | 杭钢云投入资本回报",
        "%",
        HangangCloud.nopat / GroupAccounts.hangang_cloud_capital,
    )
    hangang_return = line(
        "Hangang cloud: return in that year less WACC | 杭钢云回报减 WACC",
        "%",
        over_years(hangang_return_path, multiple_year) - HangangCloud.capital.wacc,
    )
    zhejiang_return_path = line(
        "Zhejiang cloud: NOPAT on capital | 浙江云投入资本回报",
        "%",
        ZhejiangCloud.nopat / GroupAccounts.zhejiang_cloud_capital,
    )
    zhejiang_return = line(
        "Zhejiang cloud: return in that year less WACC | 浙江云回报减 WACC",
        "%",
        over_years(zhejiang_return_path, multiple_year) - ZhejiangCloud.capital.wacc,
    )

    checks = heading("Checks | 校验")
    parts_add_up = check(
        "Stakes times enterprise values add up to the operating parts | 分部合计一致",
        "CNY m",
        total(
            Steel.enterprise_value * Steel.stake,
            Trading.enterprise_value * Trading.stake,
            HangangCloud.enterprise_value * HangangCloud.stake,
            ZhejiangCloud.enterprise_value * ZhejiangCloud.stake,
            ComputeLeasing.enterprise_value * ComputeLeasing.stake,
            DataServices.enterprise_value * DataServices.stake,
        )
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
        part(
            "steel",
            Steel,
            Hangang.steel_value,
            methods_of(Steel, "dcf", "ebitda_multiple", "capital_multiple"),
        ),
        part("trading", Trading, Hangang.trading_value, methods_of(Trading, "capitalised")),
        part(
            "hangang_cloud",
            HangangCloud,
            Hangang.hangang_cloud_value,
            methods_of(HangangCloud, "dcf", "exit_multiple", "rack_value"),
        ),
        part(
            "zhejiang_cloud",
            ZhejiangCloud,
            Hangang.zhejiang_cloud_value,
            methods_of(ZhejiangCloud, "dcf", "exit_multiple", "rack_value"),
        ),
        part(
            "compute_leasing",
            ComputeLeasing,
            Hangang.compute_leasing_value,
            (
                Method(
                    key="contract_dcf",
                    title=ComputeLeasing.contract_and_option.label,
                    chinese=ComputeLeasing.contract_and_option.chinese,
                    value=ComputeLeasing.contract_and_option,
                    weight=ComputeLeasing.contract_dcf.weight,
                ),
            ),
        ),
        part(
            "data_services",
            DataServices,
            Hangang.data_services_value,
            methods_of(DataServices, "capitalised"),
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
    events=(
        Event(
            key="steel_ebitda_covered",
            title="Steel breaks even: EBITDA",
            chinese="钢铁盈亏平衡:EBITDA",
            flag=Steel.ebitda_covered,
            during=Steel.years_asked,
        ),
        Event(
            key="steel_ebit_covered",
            title="Steel breaks even: EBIT",
            chinese="钢铁盈亏平衡:EBIT",
            flag=Steel.ebit_covered,
            during=Steel.years_asked,
        ),
        Event(
            key="steel_fcff_covered",
            title="Steel breaks even: free cash flow",
            chinese="钢铁盈亏平衡:自由现金流",
            flag=Steel.fcff_covered,
            during=Steel.years_asked,
        ),
        Event(
            key="group_profitable",
            title="Group profit before tax not below zero",
            chinese="集团税前不亏损",
            flag=GroupAccounts.profitable,
            during=Steel.years_asked,
        ),
        Event(
            key="funding_gap",
            title="Funding gap in any year checked",
            chinese="测算期内资金缺口",
            flag=GroupAccounts.funding_gap,
        ),
    ),
    yardsticks=(
        Yardstick(
            key="at_market",
            title="Digital at A-share multiples",
            chinese="数字业务按A股倍数",
            value_per_share=Hangang.per_share_at_market,
        ),
    ),
    perpetuities=(
        Perpetuity(
            enterprise_value=Steel.dcf.enterprise_value,
            wacc=Steel.capital.wacc,
            growth=Steel.end.growth,
            flow=(Steel.fcff, Calendar.weight, Steel.explicit),
            last_year=Steel.last_year,
            years=Calendar.years_to_flow,
            nopat=Steel.terminal_nopat,
            return_on_new_capital=Steel.end.return_on_new_capital,
            abandonment_value=Steel.end.abandonment_value,
        ),
    ),
    paths=Paths(switch=Demand.acting, shock=Demand.shock),
)
