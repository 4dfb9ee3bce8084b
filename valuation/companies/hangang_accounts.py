"""杭钢股份: the group's accounts, its funding, and the reported year, from the segments' rows."""

from valuation.lines import (
    YEAR,
    Group,
    assume,
    at_least,
    check,
    heading,
    largest,
    line,
    over_years,
    previous,
    smallest,
    total,
    where,
)
from valuation.methods.calendar import Calendar
from valuation.segments.compute_leasing import ComputeLeasing
from valuation.segments.corporate import Corporate
from valuation.segments.data_services import DataServices
from valuation.segments.hangang_cloud import HangangCloud
from valuation.segments.market import Market
from valuation.segments.steel import Steel
from valuation.segments.trading import Trading
from valuation.segments.zhejiang_cloud import ZhejiangCloud


class GroupAccounts(Group, title="Group | 集团", shared=True):
    """Can steel and the cash pile carry the transformation? The same rows, added up by year."""

    other_ferrous_revenue = assume("Other ferrous revenue | 其他黑色收入", "CNY m", minimum=0)
    interest_income = assume("Net interest income | 净利息收入", "CNY m")
    grants = assume("Recurring grants | 经常性补助", "CNY m", minimum=0)
    payout_ratio = assume("Dividend payout | 分红率", "%", minimum=0, maximum=1)
    restricted_cash = assume("Net cash, of which restricted | 其中受限", "CNY m", minimum=0)
    cluster_first = assume("New clusters, first year of capex | 新集群投资首年", "year", whole=True)
    cluster_years = assume(
        "New clusters, years of capex | 新集群投资年数", "years", whole=True, minimum=1
    )
    last_year = assume("Last year of the funding check | 资金测算末年", "year", whole=True)

    yardstick_year = assume(
        "Year of digital EBITDA and returns | 数字 EBITDA 与回报年度", "year", whole=True
    )
    cloud_market_multiple = assume(
        "EV / EBITDA of A-share data centres | A股数据中心 EV/EBITDA", "x", minimum=0, maximum=200
    )
    steel_market_multiple = assume(
        "EV / EBITDA of A-share steel | A股钢铁 EV/EBITDA", "x", minimum=0, maximum=100
    )
    trading_capital = assume("Invested capital, trading | 贸易投入资本", "CNY m", minimum=0)
    hangang_cloud_capital = assume(
        "Invested capital, Hangang cloud | 杭钢云投入资本", "CNY m", minimum=1
    )
    zhejiang_cloud_capital = assume(
        "Invested capital, Zhejiang cloud | 浙江云投入资本", "CNY m", minimum=1
    )
    compute_capital = assume("Invested capital, compute | 算力投入资本", "CNY m", minimum=0)
    associate_capital = assume("Associate at cost | 联营账面", "CNY m", minimum=0)

    profit = heading("Profit | 利润")
    running = line("Years of the funding check | 资金测算年度", "flag", Calendar.year <= last_year)
    data_ebitda = line(
        "Data services, EBITDA | 数据服务 EBITDA", "CNY m", DataServices.annual_ebitda
    )
    revenue = line(
        "Revenue | 营业收入",
        "CNY m",
        total(
            Steel.revenue,
            other_ferrous_revenue,
            Trading.annual_revenue,
            HangangCloud.revenue,
            ZhejiangCloud.revenue,
            ComputeLeasing.revenue,
        ),
        note="Data services are in the model by their EBITDA only.",
    )
    ebitda = line(
        "EBITDA",
        "CNY m",
        total(
            Steel.ebitda,
            Trading.ebit,
            HangangCloud.ebitda,
            ZhejiangCloud.ebitda,
            ComputeLeasing.ebitda,
            data_ebitda,
        )
        - Corporate.unallocated_cost,
    )
    depreciation = line(
        "Depreciation | 折旧",
        "CNY m",
        total(
            Steel.depreciation,
            HangangCloud.depreciation,
            ZhejiangCloud.depreciation,
            ComputeLeasing.depreciation,
        ),
    )
    ebit = line("EBIT", "CNY m", ebitda - depreciation)
    pre_tax = line(
        "Profit before tax | 利润总额",
        "CNY m",
        ebit
        + interest_income
        + grants
        + ComputeLeasing.recovery
        + ComputeLeasing.proceeds
        - ComputeLeasing.book_value_left,
    )
    other_profit = line(
        "Centre and data services, before tax | 总部与数据服务税前",
        "CNY m",
        data_ebitda + interest_income + grants - Corporate.unallocated_cost,
    )
    tax = line(
        "Income tax | 所得税",
        "CNY m",
        total(
            Steel.losses.tax,
            Trading.ebit * Trading.tax_rate,
            HangangCloud.tax,
            ZhejiangCloud.tax,
            ComputeLeasing.tax,
            ComputeLeasing.other_tax,
            at_least(other_profit, 0) * Market.tax_rate,
        ),
        note="Each company pays its own: there is no group relief in China.",
    )
    net_profit = line("Net profit | 净利润", "CNY m", pre_tax - tax)
    earnings_per_share = line("EPS | 每股收益", "CNY/share", net_profit / Corporate.diluted_shares)
    dividends = line("Dividends | 分红", "CNY m", at_least(net_profit, 0) * payout_ratio)
    break_even_margin = line(
        "Steel margin at which profit before tax is zero | 集团税前盈亏平衡吨钢毛利",
        "CNY/t",
        Steel.cash_margin - pre_tax / Steel.tonnes,
    )
    profitable = line("Profit before tax not below zero | 税前利润非负", "flag", pre_tax >= 0)

    cash = heading("Cash | 现金流")
    new_cluster_capex = line(
        "New clusters | 新集群投资",
        "CNY m",
        ComputeLeasing.new_clusters.capex
        / cluster_years
        * YEAR
        * (Calendar.year >= cluster_first)
        * (Calendar.year < cluster_first + cluster_years),
        note="Their later inflows are in the value as NPV only: the path shows the outlay.",
    )
    capex = line(
        "Capex | 资本开支",
        "CNY m",
        total(
            Steel.maintenance_capex,
            HangangCloud.maintenance_capex,
            HangangCloud.capex_left,
            ZhejiangCloud.maintenance_capex,
            ZhejiangCloud.refresh,
            ZhejiangCloud.capex_left,
            new_cluster_capex,
        ),
    )
    operating_cash_flow = line(
        "Operating cash flow | 经营现金流",
        "CNY m",
        net_profit + depreciation + ComputeLeasing.book_value_left - Steel.nwc_increase,
    )
    free_cash_flow = line("Free cash flow | 自由现金流", "CNY m", operating_cash_flow - capex)
    coverage = line(
        "Operating cash flow to capex | 经营现金流/资本开支",
        "x",
        where(capex > 0, operating_cash_flow / capex, 0),
    )

    funding = heading("Funding | 资金")
    full_outlays = line(
        "Capex left and new clusters | 剩余投资与新集群",
        "CNY m",
        HangangCloud.capex_left + ZhejiangCloud.capex_left + new_cluster_capex,
    )
    cash_change = line(
        "Change of net cash after the valuation date | 估值日后净现金变动",
        "CNY m",
        (free_cash_flow + full_outlays - dividends) * Calendar.weight
        - full_outlays * Calendar.valued,
        note="The stub counts its share of the year; capex left counts in full.",
    )
    cash_before = previous(Corporate.net_cash)
    net_cash = line("Net cash | 净现金", "CNY m", cash_before + cash_change, closes=cash_before)
    free_cash = line("Net cash, unrestricted | 非受限净现金", "CNY m", net_cash - restricted_cash)
    below_minimum = line(
        "Below the minimum | 低于最低现金",
        "flag",
        (free_cash < Corporate.minimum_cash) * running * Calendar.valued,
    )
    funding_gap = line(
        "Below the minimum in any year checked | 测算期内出现缺口",
        "flag",
        over_years(below_minimum) > 0,
    )
    cash_in_check = line(
        "Net cash in the years checked | 测算期净现金",
        "CNY m",
        where(running * Calendar.valued, free_cash, Corporate.net_cash),
    )
    lowest_cash = line("Lowest net cash | 最低净现金", "CNY m", smallest(cash_in_check))
    years_to_shortfall = line(
        "Year if below the minimum, else the year after the ruler | 缺口年度",
        "year",
        where(below_minimum, Calendar.year, Calendar.year_last + YEAR),
    )
    first_shortfall = line(
        "First year below the minimum (0: never) | 首个缺口年度(0为无)",
        "year",
        where(over_years(below_minimum) > 0, smallest(years_to_shortfall), 0),
    )
    check_weight = line(
        "Weight in the funding check | 资金测算权重", "ratio", Calendar.weight * running
    )
    operating_total = line(
        "Operating cash flow in the years checked | 测算期经营现金流",
        "CNY m",
        over_years(operating_cash_flow, check_weight),
    )
    capex_checked = line(
        "Capex in the years checked | 测算期资本开支",
        "CNY m",
        (capex - full_outlays) * check_weight + full_outlays * Calendar.valued * running,
    )
    capex_total = line(
        "Capex in the years checked | 测算期资本开支", "CNY m", over_years(capex_checked)
    )
    coverage_total = line(
        "Capex covered by operating cash flow | 经营现金流覆盖资本开支",
        "x",
        operating_total / capex_total,
    )

    shares = heading("Per share and multiples | 每股与倍数")
    parent_equity = assume("Parent equity, opening | 归母净资产(期初)", "CNY m", minimum=0)
    equity_before = previous(parent_equity)
    book_equity = line(
        "Book equity | 净资产",
        "CNY m",
        equity_before + (net_profit - dividends) * Calendar.weight,
        closes=equity_before,
    )
    book_per_share = line("BPS | 每股净资产", "CNY/share", book_equity / Corporate.diluted_shares)
    price_to_earnings = line(
        "PE at the price (0: no profit) | 市盈率(按股价)",
        "x",
        where(earnings_per_share > 0, Market.market_price / earnings_per_share, 0),
    )
    price_to_book = line(
        "PB at the price | 市净率(按股价)", "x", Market.market_price / book_per_share
    )

    checks = heading("Checks | 校验")
    moved_before = previous(0, "CNY m")
    moved_so_far = line(
        "Flows so far | 累计现金流", "CNY m", moved_before + cash_change, closes=moved_before
    )
    cash_adds_up = line(
        "Net cash moved by flows only | 净现金勾稽",
        "CNY m",
        net_cash - Corporate.net_cash - moved_so_far,
    )
    cash_rolls = check("Net cash rolls | 净现金滚动一致", "CNY m", largest(cash_adds_up))


class Reported(Group, title="Reported | 报告年度"):
    """2024 as reported, and the same from the segments, to the digit; what balances is named."""

    reported_heading = heading("Reported | 报告数")
    steel_revenue = assume("Ferrous | 黑色金属收入", "CNY m")
    recycling_revenue = assume("Recycling, sold in 2025 | 再生资源收入(2025年出售)", "CNY m")
    trading_revenue = assume("Trading | 贸易收入", "CNY m")
    other_revenue = assume("Other, digital included | 其他收入(含数字)", "CNY m")
    other_operations_revenue = assume("Other operations | 其他业务收入", "CNY m")
    reported_revenue = assume("Revenue, reported | 营业总收入", "CNY m")
    reported_pre_tax = assume("Profit before tax, reported | 利润总额", "CNY m")
    reported_tax = assume("Income tax, reported | 所得税", "CNY m")
    reported_net_profit = assume("Net profit, reported | 净利润", "CNY m")
    reported_attributable = assume("Attributable, reported | 归母净利润", "CNY m")
    reported_adjusted = assume("Adjusted attributable, reported | 扣非归母净利润", "CNY m")

    build_heading = heading("Profit by segment | 分部利润")
    volume = assume("Hot-rolled coil sold | 热卷销量", "Mt", minimum=0)
    other_ferrous = assume("Other ferrous | 其他黑色", "CNY m")
    taxes_and_surcharges = assume("Taxes and surcharges | 税金及附加", "CNY m", minimum=0)
    selling_and_admin = assume(
        "Selling and administration, steel | 钢铁销管费用", "CNY m", minimum=0
    )
    research = assume("Research and development, steel | 钢铁研发费用", "CNY m", minimum=0)
    recycling_profit = assume("Recycling | 再生资源", "CNY m")
    trading_profit = assume("Trading | 贸易", "CNY m")
    digital_profit = assume("Digital and other operations | 数字与其他", "CNY m")
    financial_profit = assume(
        "Interest, investments, FX and impairment | 利息、投资、汇兑与减值", "CNY m"
    )
    unusual_profit = assume("Grants and unusual | 补助与非经常", "CNY m")
    non_operating_profit = assume("Non-operating | 营业外", "CNY m")
    unallocated_profit = assume("Unallocated | 未分摊", "CNY m")

    digital_heading = heading("Digital backcast | 数字业务回溯")
    hangang_racks = assume("Hangang cloud racks, average | 杭钢云平均机柜", "racks", minimum=0)
    zhejiang_racks = assume("Zhejiang cloud racks, average | 浙江云平均机柜", "racks", minimum=0)
    zhejiang_delivered = assume(
        "Zhejiang cloud racks delivered | 浙江云已交付机柜", "racks", minimum=0
    )
    digital_depreciation = assume("Depreciation | 折旧", "CNY m", minimum=0)
    digital_other = assume("Other | 其他", "CNY m")

    revenue_heading = heading("Revenue reconciled | 收入勾稽")
    revenue = line(
        "Revenue, sum of the lines | 收入合计",
        "CNY m",
        total(
            steel_revenue,
            recycling_revenue,
            trading_revenue,
            other_revenue,
            other_operations_revenue,
        ),
    )
    revenue_difference = line("Less reported | 差异", "CNY m", revenue - reported_revenue)

    profit_heading = heading("Profit reconciled | 利润勾稽")
    coil_gross = line(
        "Hot-rolled coil, gross | 热卷毛利",
        "CNY m",
        volume * Steel.reported_price * Steel.reported_margin_ratio,
    )
    other_segments = line(
        "All but steel | 钢铁以外",
        "CNY m",
        total(
            recycling_profit,
            trading_profit,
            digital_profit,
            financial_profit,
            unusual_profit,
            non_operating_profit,
            unallocated_profit,
        ),
    )
    steel_known = line(
        "Steel before other income | 钢铁(未计其他收益)",
        "CNY m",
        coil_gross + other_ferrous - taxes_and_surcharges - selling_and_admin - research,
    )
    balancing_income = line(
        "Other income of steel: the balancing item | 钢铁其他收益(平衡项)",
        "CNY m",
        reported_pre_tax - other_segments - steel_known,
        note="The one figure that is not sourced: it closes the profit before tax.",
    )
    steel_profit = line(
        "Steel, before grants | 钢铁(未计补助)", "CNY m", steel_known + balancing_income
    )
    pre_tax = line("Profit before tax | 利润总额", "CNY m", steel_profit + other_segments)
    net_profit = line("Net profit | 净利润", "CNY m", pre_tax - reported_tax)
    minorities = line(
        "Minorities | 少数股东损益",
        "CNY m",
        reported_net_profit - reported_attributable,
    )
    attributable = line("Attributable | 归母净利润", "CNY m", net_profit - minorities)
    unusual_items = line(
        "Unusual items, after tax | 非经常性损益",
        "CNY m",
        reported_attributable - reported_adjusted,
    )
    adjusted = line("Adjusted attributable | 扣非归母净利润", "CNY m", attributable - unusual_items)

    backcast_heading = heading("Digital from today's economics | 以现行经济性回溯")
    power_of_rack = line(
        "Power of a rack | 单机柜电费",
        "CNY/rack/month",
        HangangCloud.legacy.rack_power
        * HangangCloud.legacy.load_ratio
        * HangangCloud.legacy.pue
        * HangangCloud.legacy.tariff,
    )
    hangang_margin = line(
        "Hangang cloud, margin of a rack | 杭钢云单机柜毛利",
        "CNY/rack/month",
        HangangCloud.legacy.rack_price - power_of_rack - HangangCloud.legacy.variable_price,
    )
    hangang_backcast = line(
        "Hangang cloud, EBITDA | 杭钢云 EBITDA",
        "CNY m",
        (
            hangang_racks * hangang_margin
            - HangangCloud.legacy.racks * HangangCloud.legacy.fixed_price
        )
        * YEAR,
    )
    zhejiang_income = line(
        "Zhejiang cloud, lease less variable cost | 浙江云租金减变动成本",
        "CNY m",
        zhejiang_racks
        * ZhejiangCloud.rack_power
        * ZhejiangCloud.lease_price
        * ZhejiangCloud.variable_margin
        * YEAR,
    )
    zhejiang_power = line(
        "Zhejiang cloud, power delivered | 浙江云已交付功率",
        "kW",
        zhejiang_delivered * ZhejiangCloud.rack_power,
    )
    zhejiang_fixed = line(
        "Zhejiang cloud, fixed cost | 浙江云固定成本",
        "CNY m",
        zhejiang_power * ZhejiangCloud.fixed_price * YEAR,
    )
    backcast = line(
        "Digital, before tax, backcast | 数字业务回溯税前利润",
        "CNY m",
        hangang_backcast
        + zhejiang_income
        - zhejiang_fixed
        - ZhejiangCloud.land_rent
        - digital_depreciation
        + digital_other,
    )
    backcast_difference = line(
        "Backcast less reported | 回溯减报告数", "CNY m", backcast - digital_profit
    )

    checks = heading("Checks | 校验")
    revenue_reconciled = check(
        "Revenue of the reported year reconciles | 报告年度收入勾稽",
        "CNY m",
        revenue - reported_revenue,
    )
    profit_reconciled = check(
        "Net profit of the reported year reconciles | 报告年度净利润勾稽",
        "CNY m",
        net_profit - reported_net_profit,
    )
    attributable_reconciled = check(
        "Adjusted attributable profit reconciles | 扣非归母净利润勾稽",
        "CNY m",
        adjusted - reported_adjusted,
    )
    unit_cost_reproduced = check(
        "Unit cost of the reported year within 1 CNY a tonne | 报告年度单位成本复现",
        "CNY/t",
        Steel.cost_difference,
        tolerance=1,
    )
