"""杭钢云: retail racks with the power in the price, and a second phase let by the kilowatt."""

from valuation.lines import (
    YEAR,
    Group,
    assume,
    at_least,
    at_most,
    check,
    equals,
    growing,
    heading,
    line,
    over_years,
    previous,
    ramp,
    where,
)
from valuation.methods.blend import blended, spread, weights
from valuation.methods.calendar import Calendar
from valuation.methods.capacity_value import RackValue
from valuation.methods.cost_of_capital import CostOfCapital
from valuation.methods.dcf import Dcf
from valuation.methods.multiples import ExitMultiple
from valuation.segments.demand import Demand
from valuation.segments.market import Market


class Legacy(Group, title="Existing racks | 存量机柜"):
    """4,000 racks and the data company's 1,500: price includes the power they draw."""

    take_up = heading("Racks and take-up | 机柜与上架")
    built_racks = assume("Racks built | 已建机柜", "racks", minimum=0)
    data_company_racks = assume("Racks of the data company | 数据公司机柜", "racks", minimum=0)
    count_year = assume("Year of the count | 盘点年度", "year", whole=True)
    racks_counted = assume("Racks in use at the count | 盘点时在用机柜", "racks", minimum=0)
    ramp_year = assume("Ramp counted from the start of | 爬坡起始年", "year", whole=True)
    opening_ratio = assume("Take-up, start of the ramp | 期初上架率", "%", minimum=0, maximum=1)
    saturation_ratio = assume("Take-up, saturated | 饱和上架率", "%", minimum=0, maximum=1)
    ramp_rate = assume("Ramp speed | 爬坡速度", "1/year", minimum=0, maximum=10)
    last_year = assume("Last year of life | 运营末年", "year", whole=True, minimum=2025)

    terms = heading("Price and power | 价格与电力")
    rack_price = assume(
        "Price of a rack, power included | 机柜价格(含电)",
        "CNY/rack/month",
        minimum=0,
        maximum=60000,
    )
    near_drift = assume("Price drift, first years | 近期价格变动", "%", minimum=-0.5, maximum=0.5)
    drift_year = assume("Last year of the first drift | 近期变动末年", "year", whole=True)
    later_drift = assume("Price drift after | 其后价格变动", "%", minimum=-0.5, maximum=0.5)
    rack_power = assume("Power of a rack | 单机柜功率", "kW/rack", minimum=0, maximum=100)
    load_ratio = assume("Load | 负载率", "%", minimum=0, maximum=1)
    pue = assume("Power usage effectiveness | PUE", "ratio", minimum=1, maximum=3)
    tariff = assume("Power tariff excl. VAT | 不含税电价", "CNY/kWh", minimum=0, maximum=5)
    tariff_growth = assume("Tariff growth | 电价年增长", "%", minimum=-0.2, maximum=0.2)

    costs = heading("Costs and plant | 成本与资产")
    variable_price = assume("Variable cost | 变动成本", "CNY/rack/month", minimum=0)
    fixed_price = assume("Fixed cost of a rack installed | 固定成本", "CNY/rack/month", minimum=0)
    cost_inflation = assume("Cost inflation | 成本通胀", "%", minimum=-0.1, maximum=0.2)
    maintenance = assume("Maintenance capex a year | 年维护性投资", "CNY m", minimum=0)
    annual_depreciation = assume("Depreciation a year | 年折旧", "CNY m", minimum=0)

    running = heading("Racks in use | 在用机柜")
    racks = line("Racks installed | 已装机柜", "racks", built_racks + data_company_racks)
    in_life = line("In operation | 运营期", "flag", Calendar.year <= last_year)
    ramp_time = line("Time on the ramp | 爬坡时间", "years", Calendar.middle - ramp_year)
    ramp_step = line(
        "Time on the ramp, this year | 本年爬坡时间",
        "years",
        at_least(ramp_time, 0) - at_least(ramp_time - YEAR, 0),
    )
    saturation = line(
        "Take-up, saturated | 饱和上架率",
        "%",
        at_most(
            saturation_ratio + Demand.rack_saturation_effect,
            at_least(saturation_ratio, Demand.saturation_cap),
        ),
    )
    ramp_before = previous(opening_ratio)
    ramp_path = line(
        "Take-up on the ramp | 爬坡上架率",
        "%",
        ramp(ramp_before, saturation, ramp_rate, ramp_step),
        closes=ramp_before,
    )
    take_up_ratio = line(
        "Take-up | 上架率",
        "%",
        where(equals(Calendar.year, count_year), racks_counted / racks, ramp_path),
    )
    racks_in_use = line("Racks in use | 在用机柜", "racks", racks * take_up_ratio * in_life)

    economics = heading("A rack a month | 单机柜月度经济性")
    price_change = line(
        "Change of the price | 价格变动",
        "%",
        Calendar.later_year * where(Calendar.year <= drift_year, near_drift, later_drift),
    )
    price = growing("Price of a rack | 机柜价格", "CNY/rack/month", rack_price, by=price_change)
    power_price = growing(
        "Power tariff | 电价", "CNY/kWh", tariff, by=tariff_growth * Calendar.later_year
    )
    power_cost_of_rack = line(
        "Power of a rack | 单机柜电费",
        "CNY/rack/month",
        rack_power * load_ratio * pue * power_price,
    )
    cost_index = growing(
        "Cost index | 成本指数", "ratio", 1, by=cost_inflation * Calendar.later_year
    )

    profit = heading("Operating profit | 营业利润")
    price_paid = line(
        "Price paid | 实收价格", "CNY/rack/month", price * (1 + Demand.rack_price_effect)
    )
    revenue = line("Revenue | 收入", "CNY m", racks_in_use * price_paid * YEAR)
    power_cost = line("Power | 电费", "CNY m", racks_in_use * power_cost_of_rack * YEAR)
    variable_cost = line(
        "Variable cost | 变动成本", "CNY m", racks_in_use * variable_price * cost_index * YEAR
    )
    fixed_cost = line(
        "Fixed cost | 固定成本", "CNY m", racks * fixed_price * cost_index * in_life * YEAR
    )
    ebitda = line("EBITDA", "CNY m", revenue - power_cost - variable_cost - fixed_cost)
    depreciation = line("Depreciation | 折旧", "CNY m", annual_depreciation * in_life)
    maintenance_capex = line(
        "Maintenance capex | 维护性投资", "CNY m", maintenance * cost_index * in_life
    )


class PhaseTwo(Group, title="Phase II | 二期"):
    """High-density halls let by the kilowatt, power passed through; flat in nominal terms."""

    power = assume("Power | 功率", "MW", minimum=0, maximum=1000)
    start_year = assume("First year of operation | 投运年度", "year", whole=True)
    last_year = assume("Last year of life | 运营末年", "year", whole=True, minimum=2025)
    first_ratio = assume("Take-up, first year | 首年上架率", "%", minimum=0, maximum=1)
    second_ratio = assume("Take-up, second year | 次年上架率", "%", minimum=0, maximum=1)
    third_ratio = assume("Take-up, third year | 第三年上架率", "%", minimum=0, maximum=1)
    saturation_ratio = assume("Take-up, saturated | 饱和上架率", "%", minimum=0, maximum=1)
    lease_price = assume(
        "Lease price, power excluded | 租金(不含电)", "CNY/kW/month", minimum=0, maximum=6000
    )
    variable_margin = assume("Margin after variable cost | 变动利润率", "%", minimum=-1, maximum=1)
    fixed_price = assume("Fixed cost | 固定成本", "CNY/kW/year", minimum=0)
    first_fixed_ratio = assume(
        "Fixed cost in the first year | 首年固定成本比例", "%", minimum=0, maximum=1
    )
    annual_depreciation = assume("Depreciation a year | 年折旧", "CNY m", minimum=0)
    maintenance = assume("Maintenance capex a year | 年维护性投资", "CNY m", minimum=0)
    maintenance_delay = assume(
        "Years before maintenance | 维护投资起始间隔", "years", minimum=0, whole=True
    )
    capex_left_total = assume("Capex left | 剩余投资", "CNY m", minimum=0)
    capex_left_year = assume("Year of the capex left | 剩余投资年度", "year", whole=True)

    running = heading("Power let | 出租功率")
    age = line("Years in operation | 投运年数", "years", Calendar.year - start_year)
    in_life = line("In operation | 运营期", "flag", (age >= 0) * (Calendar.year <= last_year))
    take_up_ratio = line(
        "Take-up | 上架率",
        "%",
        in_life
        * (
            equals(age, 0) * first_ratio
            + equals(age, YEAR) * second_ratio
            + equals(age, YEAR + YEAR) * third_ratio
            + (age > YEAR + YEAR) * saturation_ratio
        ),
    )
    power_let = line("Power let | 出租功率", "kW", power * take_up_ratio)

    profit = heading("Operating profit | 营业利润")
    price_paid = line(
        "Price paid | 实收价格", "CNY/kW/month", lease_price * (1 + Demand.phase_two_effect)
    )
    revenue = line("Revenue | 收入", "CNY m", power_let * price_paid * YEAR)
    variable_cost = line("Variable cost | 变动成本", "CNY m", revenue * (1 - variable_margin))
    fixed_cost = line(
        "Fixed cost | 固定成本",
        "CNY m",
        power * fixed_price * in_life * where(equals(age, 0), first_fixed_ratio, 1) * YEAR,
    )
    ebitda = line("EBITDA", "CNY m", revenue - variable_cost - fixed_cost)
    depreciation = line("Depreciation | 折旧", "CNY m", annual_depreciation * in_life)
    maintenance_capex = line(
        "Maintenance capex | 维护性投资",
        "CNY m",
        maintenance * in_life * (age >= maintenance_delay),
    )
    capex_left = line(
        "Capex left | 剩余投资", "CNY m", capex_left_total * equals(Calendar.year, capex_left_year)
    )


class HangangCloud(Group, title="Hangang cloud | 杭钢云"):
    """Existing racks and phase II, each with its ramp, price and life; one tax, no perpetuity."""

    stake = assume("Stake of the listed company | 上市公司持股", "%", minimum=0, maximum=1)
    tax_rate = assume("Income tax | 所得税率", "%", minimum=0, maximum=0.5)

    legacy = Legacy()
    phase_two = PhaseTwo()

    cash = heading("Both together | 合计")
    revenue = line("Revenue | 收入", "CNY m", legacy.revenue + phase_two.revenue)
    ebitda = line("EBITDA", "CNY m", legacy.ebitda + phase_two.ebitda)
    depreciation = line(
        "Depreciation | 折旧", "CNY m", legacy.depreciation + phase_two.depreciation
    )
    ebit = line("EBIT", "CNY m", ebitda - depreciation)
    tax = line("Tax on EBIT | 息税前利润所得税", "CNY m", at_least(ebit, 0) * tax_rate)
    nopat = line("NOPAT | 税后净营业利润", "CNY m", ebit - tax)
    maintenance_capex = line(
        "Maintenance capex | 维护性投资",
        "CNY m",
        legacy.maintenance_capex + phase_two.maintenance_capex,
    )
    capex_left = line(
        "Capex left | 剩余投资",
        "CNY m",
        phase_two.capex_left * (1 + Demand.capex_effect) * Calendar.valued,
    )
    fcff = line(
        "Free cash flow before capex left | 自由现金流(未扣剩余投资)",
        "CNY m",
        nopat + depreciation - maintenance_capex,
    )
    cash_flow = line(
        "Cash flow after the valuation date | 估值日后现金流",
        "CNY m",
        fcff * Calendar.weight - capex_left,
        note="Operating flows of the valuation year count for the stub; capex left counts in full.",
    )

    capital = CostOfCapital(
        risk_free_rate=Market.risk_free_rate,
        equity_risk_premium=Market.equity_risk_premium,
        cost_of_debt=Market.cost_of_debt,
        tax_rate=tax_rate,
        shift=Demand.data_centre_shift,
    )
    dcf = Dcf(
        title="DCF to the end of life | DCF(至运营期末)", cash_flow=cash_flow, wacc=capital.wacc
    )
    exit_multiple = ExitMultiple(
        ebitda=ebitda,
        present_value=dcf.present_value,
        wacc=capital.wacc,
        rerating=Demand.rerating,
    )
    capex_left_value = line(
        "Present value of capex left | 剩余投资现值",
        "CNY m",
        over_years(capex_left, dcf.discount_factor),
    )
    power_price = assume("Value of phase II | 二期单位功率价值", "CNY/kW", minimum=0)
    phase_two_value = line("Phase II at value | 二期价值", "CNY m", phase_two.power * power_price)
    deducted = line(
        "Capex left less phase II at value | 剩余投资现值减二期价值",
        "CNY m",
        capex_left_value - phase_two_value,
    )
    rack_value = RackValue(racks=legacy.racks, deducted=deducted)

    verdict = heading("Value | 价值")
    enterprise_value = line(
        "Enterprise value | 企业价值", "CNY m", blended(dcf, exit_multiple, rack_value)
    )
    method_gap = line(
        "Highest less lowest method | 方法间差异",
        "CNY m",
        spread(dcf, exit_multiple, rack_value),
    )
    value = line("Value of the stake | 持股价值", "CNY m", enterprise_value * stake)
    value_per_rack = line(
        "EV per rack installed | 单机柜企业价值", "万CNY/rack", enterprise_value / legacy.racks
    )
    phase_two_power = line("Phase II power | 二期功率", "kW", phase_two.power)
    power_total = line(
        "Power installed and planned | 已建与在建功率",
        "kW",
        legacy.racks * legacy.rack_power + phase_two_power,
    )
    value_per_power = line("EV per kW | 单千瓦企业价值", "万CNY/kW", enterprise_value / power_total)

    ev_to_ebitda = line(
        "EV / EBITDA of the exit year | 隐含 EV/EBITDA",
        "x",
        enterprise_value / exit_multiple.exit_ebitda,
    )

    checks = heading("Checks | 校验")
    weights_add_up = check(
        "Method weights sum to 100% | 方法权重合计100%",
        "%",
        weights(dcf, exit_multiple, rack_value) - 1,
    )
    capex_left_spent = check(
        "Capex left is spent once, in full | 剩余投资只计一次且足额",
        "CNY m",
        over_years(phase_two.capex_left, Calendar.valued) - phase_two.capex_left_total,
    )
