"""浙江云: a campus of five buildings, let by the kilowatt to one tenant who pays the power."""

from valuation.lines import (
    YEAR,
    Group,
    Row,
    assume,
    at_end,
    at_least,
    at_most,
    check,
    equals,
    given,
    growing,
    heading,
    largest,
    line,
    over_years,
    previous,
    ramp,
    straight_line,
    switch,
    total,
    where,
    within,
)
from valuation.methods.blend import blended, spread, weights
from valuation.methods.calendar import Calendar
from valuation.methods.capacity_value import RackValue
from valuation.methods.cost_of_capital import CostOfCapital
from valuation.methods.dcf import Dcf
from valuation.methods.multiples import ExitMultiple
from valuation.segments.demand import Demand
from valuation.segments.market import Market


class Building(Group, title="Building | 楼栋"):
    """Takes the racks the building before it left over, up to its capacity."""

    planned_racks: Row = given("Racks planned, campus", "racks", single=True)
    racks_to_place: Row = given("Racks to place", "racks")
    counted_year: Row = given("Year counted", "flag")

    capacity_ratio = assume(
        "Share of the planned racks | 占规划机柜比例", "%", minimum=0, maximum=1
    )
    racks_counted = assume("Racks enabled at the count | 盘点时启用机柜", "racks", minimum=0)

    capacity = line("Capacity | 容量", "racks", planned_racks * capacity_ratio)
    racks_in_use = line(
        "Racks in use | 在用机柜",
        "racks",
        where(counted_year, racks_counted, at_most(racks_to_place, capacity)),
    )
    racks_left = line(
        "Racks left for the next building | 余下机柜",
        "racks",
        at_least(racks_to_place - racks_in_use, 0),
    )


class ZhejiangCloud(Group, title="Zhejiang cloud | 浙江云"):
    """Racks fill towards saturation; the lease price moves at renewal only; the life is finite."""

    stake = assume("Stake of the listed company | 上市公司持股", "%", minimum=0, maximum=1)

    # What people edit
    take_up = heading("Racks and take-up | 机柜与上架")
    planned_racks = assume("Racks planned | 规划机柜", "racks", minimum=0, maximum=100000)
    rack_power = assume("Power per rack | 单机柜功率", "kW/rack", minimum=0, maximum=200)
    opening_racks = assume("Racks enabled, Dec-2025 | 2025年末启用机柜", "racks", minimum=0)
    count_year = assume("Year of the count by building | 分楼栋盘点年度", "year", whole=True)
    ramp_year = assume("Ramp counted from the start of | 爬坡起始年", "year", whole=True)
    saturation_ratio = assume("Take-up, saturated | 饱和上架率", "%", minimum=0, maximum=1)
    ramp_rate = assume("Ramp speed | 爬坡速度", "1/year", minimum=0, maximum=10)
    delivered_ratio = assume(
        "Racks delivered, share of plan | 已交付比例", "%", yearly=True, minimum=0, maximum=1
    )
    last_year = assume("Last year of life | 运营末年", "year", whole=True, minimum=2025)

    lease = heading("Lease | 租约")
    lease_price = assume(
        "Lease price, power excluded | 租金(不含电)", "CNY/kW/month", minimum=0, maximum=6000
    )
    reset_year = assume("Year of the renewal | 续约年度", "year", whole=True)
    reset_change = assume("Change at the renewal | 续约调价", "%", minimum=-1, maximum=2)
    escalator = assume("Escalator after it | 其后年递增", "%", minimum=-0.5, maximum=0.5)
    billing_floor = assume(
        "Billing floor, share of delivered racks | 保底计费比例", "%", minimum=0, maximum=1
    )
    floor_delay = assume("Months before the floor | 保底起算月数", "months", minimum=0)

    costs = heading("Costs, plant and tax | 成本、资产与税")
    variable_margin = assume("Margin after variable cost | 变动利润率", "%", minimum=-1, maximum=1)
    fixed_price = assume("Fixed cost | 固定成本", "CNY/kW/year", minimum=0)
    land_rent = assume("Land rent | 土地租金", "CNY m", minimum=0)
    cost_inflation = assume("Cost inflation | 成本通胀", "%", minimum=-0.1, maximum=0.2)
    both_phases = switch("The plan is both phases (1 = yes) | 规划含两期(1=是)")
    north_capex = assume("Own capex, north zone | 自有投资(北区)", "CNY m", minimum=0)
    both_capex = assume("Own capex, both phases | 自有投资(两期)", "CNY m", minimum=0)
    announced_investment = assume(
        "Own investment announced, both phases | 公告自有投资(两期)", "CNY m", minimum=0
    )
    north_capex_left = assume("Capex left, north zone | 剩余投资(北区)", "CNY m", minimum=0)
    both_capex_left = assume("Capex left, both phases | 剩余投资(两期)", "CNY m", minimum=0)
    capex_left_ratio = assume(
        "Capex left by year | 剩余投资年度分布", "%", yearly=True, minimum=0, maximum=1
    )
    building_ratio = assume("Building, share of capex | 土建占比", "%", minimum=0, maximum=1)
    building_life = assume("Life of the building | 土建折旧年限", "years", whole=True, minimum=1)
    equipment_life = assume("Life of M&E | 机电折旧年限", "years", whole=True, minimum=1)
    refresh_ratio = assume(
        "Refresh of M&E, share of capex | 机电更新占比", "%", minimum=0, maximum=2
    )
    refresh_first = assume("Refresh, first year | 更新首年", "year", whole=True)
    refresh_last = assume("Refresh, last year | 更新末年", "year", whole=True)
    refresh_life = assume("Life of the refresh | 更新折旧年限", "years", whole=True, minimum=1)
    maintenance_ratio = assume(
        "Maintenance capex, share of capex a year | 年维护性投资占比", "%", minimum=0, maximum=1
    )
    tax_rate = assume("Income tax | 所得税率", "%", minimum=0, maximum=0.5)

    # Racks
    racks = heading("Racks in use | 在用机柜")
    in_life = line("In operation | 运营期", "flag", Calendar.year <= last_year)
    counted_year = line("Year counted | 盘点年度", "flag", equals(Calendar.year, count_year))
    ramp_time = line("Time on the ramp | 爬坡时间", "years", Calendar.middle - ramp_year)
    racks_delivered = line(
        "Racks delivered | 已交付机柜", "racks", planned_racks * delivered_ratio * in_life
    )
    ramp_step = line(
        "Time on the ramp, this year | 本年爬坡时间",
        "years",
        at_least(ramp_time, 0) - at_least(ramp_time - YEAR, 0),
    )
    saturation = line(
        "Take-up, saturated | 饱和上架率",
        "%",
        at_most(
            saturation_ratio + Demand.saturation_effect,
            at_least(saturation_ratio, Demand.saturation_cap),
        ),
    )
    ramp_speed = line(
        "Ramp speed | 爬坡速度", "1/year", at_least(ramp_rate + Demand.ramp_effect, 0)
    )
    wanted_before = previous(opening_racks)
    racks_wanted = line(
        "Racks wanted by the tenant | 租户需求机柜",
        "racks",
        ramp(wanted_before, planned_racks * saturation, ramp_speed, ramp_step),
        closes=wanted_before,
    )
    racks_to_place = line(
        "Racks to place, within what is delivered | 可上架机柜",
        "racks",
        at_most(racks_wanted, racks_delivered),
    )
    building_a = Building(
        title="Building A | A栋",
        planned_racks=planned_racks,
        racks_to_place=racks_to_place,
        counted_year=counted_year,
    )
    building_b = Building(
        title="Building B | B栋",
        planned_racks=planned_racks,
        racks_to_place=building_a.racks_left,
        counted_year=counted_year,
    )
    building_c = Building(
        title="Building C | C栋",
        planned_racks=planned_racks,
        racks_to_place=building_b.racks_left,
        counted_year=counted_year,
    )
    building_d = Building(
        title="Building D | D栋",
        planned_racks=planned_racks,
        racks_to_place=building_c.racks_left,
        counted_year=counted_year,
    )
    building_e = Building(
        title="Building E | E栋",
        planned_racks=planned_racks,
        racks_to_place=building_d.racks_left,
        counted_year=counted_year,
    )
    buildings = (building_a, building_b, building_c, building_d, building_e)

    # Revenue
    revenues = heading("Revenue | 收入")
    racks_in_use = line(
        "Racks in use | 在用机柜", "racks", total(*(b.racks_in_use for b in buildings))
    )
    take_up_ratio = line(
        "Take-up of the plan | 规划上架率",
        "%",
        where(planned_racks > 0, racks_in_use / planned_racks, 0),
    )
    floor_years = line("Years before the floor | 保底前年数", "years", floor_delay)
    floor_start = line("Billing floor starts | 保底起始", "year", ramp_year + floor_years)
    floor_share = line(
        "Share of the year under the floor | 保底占全年比例",
        "ratio",
        within(Calendar.year + YEAR - floor_start, 0, YEAR) / YEAR,
    )
    racks_billed = line(
        "Racks billed | 计费机柜",
        "racks",
        at_least(racks_in_use, racks_delivered * billing_floor * floor_share),
    )
    power_billed = line("Power billed | 计费功率", "kW", racks_billed * rack_power)
    power_delivered = line("Power delivered | 已交付功率", "kW", racks_delivered * rack_power)
    price_change = line(
        "Change of the lease price | 租金变动",
        "%",
        equals(Calendar.year, reset_year) * (reset_change + Demand.reset_effect)
        + (Calendar.year > reset_year) * escalator,
    )
    price = growing("Lease price | 租金", "CNY/kW/month", lease_price, by=price_change)
    revenue = line("Revenue | 收入", "CNY m", power_billed * price * YEAR)

    # Operating profit
    profit = heading("Operating profit | 营业利润")
    cost_index = growing(
        "Cost index | 成本指数", "ratio", 1, by=cost_inflation * Calendar.later_year
    )
    variable_cost = line("Variable cost | 变动成本", "CNY m", revenue * (1 - variable_margin))
    fixed_cost = line(
        "Fixed cost | 固定成本", "CNY m", power_delivered * fixed_price * cost_index * YEAR
    )
    rent = line("Land rent | 土地租金", "CNY m", land_rent * cost_index * in_life)
    ebitda = line("EBITDA", "CNY m", revenue - variable_cost - fixed_cost - rent)

    # Plant
    plant = heading("Plant | 固定资产")
    gross_capex = line("Own capex | 自有投资", "CNY m", where(both_phases, both_capex, north_capex))
    capex_left_total = line(
        "Capex left | 剩余投资", "CNY m", where(both_phases, both_capex_left, north_capex_left)
    )
    capex_left = line(
        "Capex left | 剩余投资",
        "CNY m",
        capex_left_total * capex_left_ratio * (1 + Demand.capex_effect) * Calendar.valued,
    )
    refresh = line(
        "Refresh of M&E | 机电更新",
        "CNY m",
        gross_capex
        * refresh_ratio
        * (Calendar.year >= refresh_first)
        * (Calendar.year <= refresh_last)
        * in_life
        / (refresh_last - refresh_first + YEAR)
        * YEAR,
    )
    maintenance_capex = line(
        "Maintenance capex | 维护性投资", "CNY m", gross_capex * maintenance_ratio * in_life
    )
    opening_building = line(
        "Building at cost, opening | 土建原值(期初)", "CNY m", gross_capex * building_ratio
    )
    opening_equipment = line(
        "M&E at cost, opening | 机电原值(期初)", "CNY m", gross_capex * (1 - building_ratio)
    )
    building_before = previous(opening_building)
    building_gross = line(
        "Building at cost | 土建原值", "CNY m", building_before, closes=building_before
    )
    equipment_before = previous(opening_equipment)
    equipment_gross = line(
        "M&E at cost | 机电原值", "CNY m", equipment_before, closes=equipment_before
    )
    refresh_before = previous(0, "CNY m")
    refresh_gross = line(
        "Refresh at cost | 更新原值", "CNY m", refresh_before + refresh, closes=refresh_before
    )
    building_depreciation = line(
        "Depreciation, building | 土建折旧",
        "CNY m",
        straight_line(building_gross, building_life) * in_life,
    )
    equipment_depreciation = line(
        "Depreciation, M&E | 机电折旧",
        "CNY m",
        straight_line(equipment_gross, equipment_life) * in_life,
    )
    refresh_depreciation = line(
        "Depreciation, refresh | 更新折旧",
        "CNY m",
        straight_line(refresh_gross, refresh_life) * in_life,
    )
    depreciation = line(
        "Depreciation | 折旧",
        "CNY m",
        building_depreciation + equipment_depreciation + refresh_depreciation,
    )
    plant_before = previous(gross_capex)
    net_plant = line(
        "Plant, net | 资产净值", "CNY m", plant_before + refresh - depreciation, closes=plant_before
    )

    # Cash flow
    cash = heading("Free cash flow | 自由现金流")
    ebit = line("EBIT", "CNY m", ebitda - depreciation)
    tax = line("Tax on EBIT | 息税前利润所得税", "CNY m", at_least(ebit, 0) * tax_rate)
    nopat = line("NOPAT | 税后净营业利润", "CNY m", ebit - tax)
    fcff = line(
        "Free cash flow before capex left | 自由现金流(未扣剩余投资)",
        "CNY m",
        nopat + depreciation - maintenance_capex - refresh,
    )
    cash_flow = line(
        "Cash flow after the valuation date | 估值日后现金流",
        "CNY m",
        fcff * Calendar.weight - capex_left,
        note="Operating flows of the valuation year count for the stub; capex left counts in full.",
    )

    # Value
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
        title="C-REIT exit | C-REIT 退出",
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
    rack_value = RackValue(racks=planned_racks, deducted=capex_left_value)

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
        "EV per rack planned | 单机柜企业价值", "万CNY/rack", enterprise_value / planned_racks
    )
    value_per_power = line(
        "EV per kW planned | 单千瓦企业价值",
        "万CNY/kW",
        enterprise_value / (planned_racks * rack_power),
    )
    ev_to_ebitda = line(
        "EV / EBITDA of the exit year | 隐含 EV/EBITDA",
        "x",
        enterprise_value / exit_multiple.exit_ebitda,
    )
    before_renewal = line(
        "Year before the renewal | 续约前一年", "flag", equals(Calendar.year + YEAR, reset_year)
    )
    return_on_capex = line(
        "NOPAT on own capex, year before the renewal | 续约前一年投资回报",
        "%",
        over_years(nopat, before_renewal) / gross_capex,
    )

    # Checks
    checks = heading("Checks | 校验")
    weights_add_up = check(
        "Method weights sum to 100% | 方法权重合计100%",
        "%",
        weights(dcf, exit_multiple, rack_value) - 1,
    )
    racks_unplaced = line(
        "Racks without a building | 无楼栋容纳的机柜",
        "racks",
        building_e.racks_left * (1 - counted_year),
    )
    racks_placed = check(
        "Every rack stands in a building | 机柜均有楼栋容纳", "racks", largest(racks_unplaced)
    )
    racks_within_plan = check(
        "Racks enabled within the plan | 启用机柜不超规划",
        "racks",
        at_least(opening_racks - planned_racks, 0),
    )
    racks_over = line(
        "Racks in use above delivered | 超出已交付",
        "racks",
        at_least(racks_in_use - planned_racks * delivered_ratio, 0),
    )
    racks_within_delivered = check(
        "Racks in use within what is delivered | 在用不超交付", "racks", largest(racks_over)
    )
    capex_share = line(
        "Capex left, share in the years valued | 计入估值年度的剩余投资比例",
        "%",
        capex_left_ratio * Calendar.valued,
    )
    capex_left_spent = check(
        "Capex left is spent once, in full | 剩余投资只计一次且足额",
        "%",
        over_years(capex_share) - 1,
    )
    plant_rolls = check(
        "Net plant is cost less depreciation to date | 净值等于原值减累计折旧",
        "CNY m",
        at_end(building_gross)
        + at_end(equipment_gross)
        + at_end(refresh_gross)
        - over_years(depreciation)
        - at_end(net_plant),
    )
    own_capex_only = check(
        "Own capex within the own investment announced | 自有投资不超公告金额",
        "CNY m",
        at_least(gross_capex - announced_investment, 0),
        note="The 15.8bn of the group and Alibaba programme is not the listed company's capex.",
    )
