"""钢铁 (宁波钢铁): tonnes times a cash margin that returns to its mid-cycle level."""

from valuation.lines import (
    YEAR,
    Group,
    Row,
    assume,
    at_end,
    at_least,
    check,
    equals,
    given,
    heading,
    line,
    over_years,
    previous,
    where,
    within,
)
from valuation.methods.blend import blended, spread, weights
from valuation.methods.calendar import Calendar
from valuation.methods.cost_of_capital import CostOfCapital
from valuation.methods.dcf import Dcf
from valuation.methods.multiples import CapitalMultiple, EbitdaMultiple
from valuation.methods.tax_losses import TaxLosses
from valuation.methods.terminal_value import ValueDriver
from valuation.segments.market import Market


class UnitCost(Group, title="Cost of a tonne | 吨钢成本"):
    """Raw materials by their use, conversion, and what is left of the price."""

    price: Row = given("Price", "CNY/t", single=True)
    ore_use: Row = given("Ore use", "t/t", single=True)
    coke_use: Row = given("Coke use", "t/t", single=True)
    pci_use: Row = given("PCI use", "t/t", single=True)
    scrap_use: Row = given("Scrap use", "t/t", single=True)
    alloys: Row = given("Alloys and flux", "CNY/t", single=True)

    ore_price = assume("Iron ore, landed | 铁矿石到厂价", "CNY/t", minimum=0)
    coke_price = assume("Coke | 焦炭价格", "CNY/t", minimum=0)
    pci_price = assume("PCI coal | 喷吹煤价格", "CNY/t", minimum=0)
    scrap_price = assume("Scrap | 废钢价格", "CNY/t", minimum=0)
    conversion = assume("Cash conversion | 现金加工成本", "CNY/t", minimum=0)

    raw_materials = line(
        "Raw materials | 原燃料成本",
        "CNY/t",
        ore_use * ore_price
        + coke_use * coke_price
        + pci_use * pci_price
        + scrap_use * scrap_price
        + alloys,
    )
    cash_cost = line("Cash cost | 现金成本", "CNY/t", raw_materials + conversion)
    spread = line("Price less cash cost | 价格减现金成本", "CNY/t", price - cash_cost)


class Steel(Group, title="Steel | 钢铁"):
    """The margin a tonne, not the price, makes the value; it reverts to its mid-cycle level."""

    stake = assume("Stake of the listed company | 上市公司持股", "%", minimum=0, maximum=1)

    # What people edit
    market_inputs = heading("Volume, price and margin | 销量、价格与毛利")
    first_volume = assume("Hot-rolled coil, first forecast year | 首年热卷销量", "Mt", minimum=0)
    volume = assume("Hot-rolled coil, later years | 其后热卷销量", "Mt", minimum=0, maximum=20)
    capacity = assume("Capacity | 产能", "Mt", minimum=0.1)
    first_price = assume("Price excl. VAT, first forecast year | 首年不含税价", "CNY/t", minimum=0)
    price = assume("Price excl. VAT, later years | 其后不含税价", "CNY/t", minimum=0)
    ore_use = assume("Iron ore use | 铁矿石单耗", "t/t", minimum=0, maximum=3)
    coke_use = assume("Coke use | 焦炭单耗", "t/t", minimum=0, maximum=2)
    pci_use = assume("PCI use | 喷煤单耗", "t/t", minimum=0, maximum=1)
    scrap_use = assume("Scrap use | 废钢单耗", "t/t", minimum=0, maximum=1)
    alloys = assume("Alloys and flux | 合金与熔剂", "CNY/t", minimum=0)
    balancing_item = assume("By-products and mix (balancing) | 副产品与结构(平衡项)", "CNY/t")
    mid_cycle_margin = assume("Mid-cycle cash margin | 周期中枢吨钢现金毛利", "CNY/t")
    persistence = assume("Persistence of the margin | 毛利持续性", "ratio", minimum=0, maximum=1)
    margin_shock = assume("Shock to the margin | 毛利冲击", "CNY/t", yearly=True)
    ets_price = assume("Carbon cost | 碳市场成本", "CNY/t", minimum=0)
    ets_year = assume("Carbon cost from | 碳成本起始年", "year", whole=True)

    cost_inputs = heading("Costs, plant and tax | 费用、资产与税")
    other_ferrous = assume("Other ferrous processing | 其他黑色加工", "CNY m")
    selling_and_admin = assume("Selling and administration | 销售与管理费用", "CNY m", minimum=0)
    research = assume("Research and development | 研发费用", "CNY m", minimum=0)
    taxes_and_surcharges = assume("Taxes and surcharges | 税金及附加", "CNY m", minimum=0)
    other_income = assume("Other income | 其他收益", "CNY m")
    research_kept = assume("Super-deduction kept | 加计扣除保留比例", "%", minimum=0, maximum=1)
    maintenance_capex = assume("Maintenance capex | 维护性投资", "CNY m", minimum=0)
    first_depreciation = assume("Depreciation, first forecast year | 首年折旧", "CNY m", minimum=0)
    depreciation_ratio = assume(
        "Depreciation to capex, last explicit year | 末年折旧/投资", "ratio", minimum=0, maximum=2
    )
    nwc_ratio = assume("Working capital to revenue | 营运资金占收入", "%", minimum=-1, maximum=1)
    last_explicit = assume("Last explicit year | 显性预测末年", "year", whole=True)
    tax_rate = assume("Income tax | 所得税率", "%", minimum=0, maximum=0.5)
    terminal_tax_rate = assume(
        "Income tax, terminal year | 终值年税率", "%", minimum=0, maximum=0.5
    )
    invested_capital = assume("Invested capital | 投入资本", "CNY m", minimum=0)
    price_of_capacity = assume(
        "EV per tonne, cross-check | 吨钢企业价值(交叉校验)", "CNY/t", minimum=0
    )

    # The cost of a tonne, this year and last
    build = UnitCost(
        title="Cost of a tonne, first forecast year | 吨钢成本(首年)",
        price=first_price,
        ore_use=ore_use,
        coke_use=coke_use,
        pci_use=pci_use,
        scrap_use=scrap_use,
        alloys=alloys,
    )
    first_margin = line(
        "Cash margin, first forecast year | 首年吨钢现金毛利",
        "CNY/t",
        build.spread + balancing_item,
    )

    # Margin
    years = heading("Volume and margin | 销量与毛利")
    first_year = line(
        "First forecast year | 预测首年", "flag", equals(Calendar.year, Calendar.base_year + YEAR)
    )
    explicit = line("Explicit years | 显性预测期", "flag", Calendar.year <= last_explicit)
    last_year = line(
        "Last explicit year | 显性预测末年", "flag", equals(Calendar.year, last_explicit)
    )
    tonnes = line("Hot-rolled coil | 热卷销量", "Mt", where(first_year, first_volume, volume))
    coil_price = line("Price excl. VAT | 不含税价", "CNY/t", where(first_year, first_price, price))
    revenue_before = previous(0, "CNY m")
    revenue = line(
        "Revenue, hot-rolled coil | 热卷收入",
        "CNY m",
        tonnes * coil_price,
        closes=revenue_before,
    )
    margin_before = previous(first_margin)
    cash_margin = line(
        "Cash margin | 吨钢现金毛利",
        "CNY/t",
        where(
            first_year,
            first_margin,
            mid_cycle_margin + persistence * (margin_before - mid_cycle_margin) + margin_shock,
        ),
        closes=margin_before,
    )
    carbon_cost = line("Carbon cost | 碳成本", "CNY/t", ets_price * (Calendar.year >= ets_year))

    # Operating profit
    profit = heading("Operating profit | 营业利润")
    overhead = line(
        "Overheads | 期间费用",
        "CNY m",
        selling_and_admin + research + taxes_and_surcharges - other_income,
    )
    ebitda = line(
        "EBITDA", "CNY m", tonnes * (cash_margin - carbon_cost) + other_ferrous - overhead
    )
    fade = line(
        "Progress to the last explicit year | 折旧过渡进度",
        "ratio",
        within(
            (Calendar.year - Calendar.base_year - YEAR)
            / (last_explicit - Calendar.base_year - YEAR),
            0,
            1,
        ),
    )
    depreciation = line(
        "Depreciation | 折旧",
        "CNY m",
        first_depreciation + fade * (maintenance_capex * depreciation_ratio - first_depreciation),
    )
    ebit = line("EBIT", "CNY m", ebitda - depreciation)
    deduction = line("R&D super-deduction kept | 研发加计扣除", "CNY m", research * research_kept)
    taxable_profit = line(
        "Taxable profit before losses | 亏损弥补前应税利润", "CNY m", ebit - deduction
    )
    losses = TaxLosses(taxable_profit=taxable_profit, tax_rate=tax_rate)

    # Cash flow
    cash = heading("Free cash flow | 自由现金流")
    nopat = line("NOPAT | 税后净营业利润", "CNY m", ebit - losses.tax)
    nwc_increase = line(
        "Increase in working capital | 营运资金增加",
        "CNY m",
        where(first_year, 0, (revenue - revenue_before) * nwc_ratio),
    )
    fcff = line(
        "Free cash flow | 自由现金流",
        "CNY m",
        nopat + depreciation - maintenance_capex - nwc_increase,
    )

    # Terminal year
    terminal = heading("Terminal year | 终值年")
    mid_cycle_ebitda = line(
        "EBITDA, mid-cycle | 周期中枢 EBITDA",
        "CNY m",
        volume * (mid_cycle_margin - ets_price) + other_ferrous - overhead,
    )
    terminal_ebit = line(
        "EBIT, depreciation equal to capex | 终值年 EBIT(折旧=投资)",
        "CNY m",
        mid_cycle_ebitda - maintenance_capex,
        note="Mid-cycle, not the last year's: a shock of one year is not worth a perpetuity.",
    )
    terminal_nopat = line(
        "NOPAT, terminal year | 终值年 NOPAT", "CNY m", terminal_ebit * (1 - terminal_tax_rate)
    )
    capital = CostOfCapital(
        risk_free_rate=Market.risk_free_rate,
        equity_risk_premium=Market.equity_risk_premium,
        cost_of_debt=Market.cost_of_debt,
        tax_rate=tax_rate,
        shift=Market.wacc_shift,
    )
    end = ValueDriver(nopat=terminal_nopat, wacc=capital.wacc)
    terminal_flow = line(
        "Terminal value, with the last flow | 终值(计入末年)",
        "CNY m",
        end.terminal_value * last_year,
    )
    cash_flow = line(
        "Cash flow after the valuation date | 估值日后现金流",
        "CNY m",
        fcff * Calendar.weight * explicit + terminal_flow,
        note="The terminal value is discounted with the factor of the last explicit flow.",
    )

    # Value
    dcf = Dcf(title="Mid-cycle DCF | 周期中枢 DCF", cash_flow=cash_flow, wacc=capital.wacc)
    ebitda_multiple = EbitdaMultiple(ebitda=mid_cycle_ebitda)
    capital_multiple = CapitalMultiple(invested_capital=invested_capital)

    verdict = heading("Value | 价值")
    enterprise_value = line(
        "Enterprise value | 企业价值", "CNY m", blended(dcf, ebitda_multiple, capital_multiple)
    )
    method_gap = line(
        "Highest less lowest method | 方法间差异",
        "CNY m",
        spread(dcf, ebitda_multiple, capital_multiple),
    )
    value = line("Value of the stake | 持股价值", "CNY m", enterprise_value * stake)
    terminal_share = line(
        "Terminal value, share of the DCF | 终值占 DCF 比例",
        "%",
        over_years(terminal_flow, dcf.discount_factor) / dcf.enterprise_value,
    )
    value_per_tonne = line(
        "EV per tonne of capacity | 吨产能企业价值", "CNY/t", enterprise_value / capacity
    )
    capacity_value = line(
        "Capacity at the cross-check price | 产能交叉校验价值",
        "CNY m",
        capacity * price_of_capacity,
    )
    ev_to_ebitda = line(
        "EV / EBITDA, mid-cycle | 隐含 EV/EBITDA(中枢)", "x", enterprise_value / mid_cycle_ebitda
    )
    ev_to_capital = line(
        "EV / invested capital | 隐含 EV/投入资本", "x", enterprise_value / invested_capital
    )
    return_on_capital = line(
        "NOPAT on invested capital, terminal year | 终值年投入资本回报率",
        "%",
        terminal_nopat / invested_capital,
    )

    # Break-even
    break_even = heading("Cash margin at which nothing is left | 盈亏平衡吨钢现金毛利")
    break_even_ebitda = line(
        "EBITDA is zero | EBITDA 为零",
        "CNY/t",
        (overhead - other_ferrous) / tonnes + carbon_cost,
    )
    break_even_ebit = line(
        "EBIT is zero | EBIT 为零",
        "CNY/t",
        (overhead - other_ferrous + depreciation) / tonnes + carbon_cost,
    )
    sheltered = line(
        "EBITDA that pays no tax | 免税 EBITDA 上限",
        "CNY m",
        depreciation + deduction + losses.losses_available,
    )
    cash_spent = line(
        "Capex and working capital | 投资与营运资金", "CNY m", maintenance_capex + nwc_increase
    )
    break_even_fcff = line(
        "Free cash flow is zero | 自由现金流为零",
        "CNY/t",
        (
            at_least(cash_spent, (cash_spent - sheltered * tax_rate) / (1 - tax_rate))
            + overhead
            - other_ferrous
        )
        / tonnes
        + carbon_cost,
        note="Above what depreciation, deduction and losses shelter, a yuan of EBITDA pays tax.",
    )
    years_asked = line("Years asked | 考察年度", "flag", explicit * Calendar.valued)
    ebitda_covered = line(
        "Margin covers costs: EBITDA | 覆盖 EBITDA", "flag", cash_margin >= break_even_ebitda
    )
    ebit_covered = line(
        "Margin covers depreciation too: EBIT | 覆盖 EBIT", "flag", cash_margin >= break_even_ebit
    )
    fcff_covered = line(
        "Margin covers capex and tax: free cash flow | 覆盖自由现金流",
        "flag",
        cash_margin >= break_even_fcff,
    )

    # Last year's tonne
    last_actual = heading("The reported year | 报告年度")
    reported_price = assume("Price excl. VAT, last actual year | 上年不含税价", "CNY/t", minimum=0)
    reported_margin_ratio = assume(
        "Gross margin reported, last actual year | 上年毛利率", "%", minimum=-1, maximum=1
    )
    reported_depreciation = assume(
        "Depreciation per tonne, last actual year | 上年吨钢折旧", "CNY/t", minimum=0
    )
    last_build = UnitCost(
        title="Cost of a tonne, last actual year | 吨钢成本(上年)",
        price=reported_price,
        ore_use=ore_use,
        coke_use=coke_use,
        pci_use=pci_use,
        scrap_use=scrap_use,
        alloys=alloys,
    )
    built_cost = line(
        "Unit cost built up | 自下而上单位成本",
        "CNY/t",
        last_build.cash_cost + reported_depreciation,
    )
    reported_cost = line(
        "Unit cost reported | 报告单位成本",
        "CNY/t",
        reported_price * (1 - reported_margin_ratio),
    )
    cost_difference = line("Built up less reported | 差异", "CNY/t", built_cost - reported_cost)
    reported_cash_margin = line(
        "Cash margin, last actual year | 上年吨钢现金毛利",
        "CNY/t",
        reported_price - reported_cost + reported_depreciation,
    )

    # Checks
    checks = heading("Checks | 校验")
    weights_add_up = check(
        "Method weights sum to 100% | 方法权重合计100%",
        "%",
        weights(dcf, ebitda_multiple, capital_multiple) - 1,
    )
    losses_roll = check(
        "Losses made are used, lapsed or left | 亏损勾稽",
        "CNY m",
        at_end(losses.losses_made)
        - over_years(losses.losses_used)
        - over_years(losses.losses_lapsed)
        - at_end(losses.losses_left),
    )
