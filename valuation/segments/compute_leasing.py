"""Compute leasing: a 68 PFlops cluster let for four years, already paid for."""

from valuation.lines import (
    YEAR,
    Group,
    assume,
    at_least,
    at_most,
    average,
    check,
    exp,
    heading,
    internal_rate_of_return,
    line,
    over_years,
    previous,
    where,
)
from valuation.methods.blend import spread, weights
from valuation.methods.calendar import Calendar
from valuation.methods.cost_of_capital import CostOfCapital
from valuation.methods.dcf import Dcf
from valuation.segments.demand import Demand
from valuation.segments.market import Market


class NewClusters(Group, title="New clusters | 新建算力集群"):
    """A growth option apart from the running contract: spending times what each yuan adds."""

    capex = assume("Capex on new clusters | 新集群投资", "CNY bn", minimum=0, maximum=100)
    npv_ratio = assume("NPV per CNY spent | 每元投资净现值", "ratio", minimum=-1, maximum=2)
    value = line(
        "Value of new clusters | 新集群价值",
        "CNY m",
        capex * npv_ratio * (1 + Demand.cluster_effect),
    )


class ComputeLeasing(Group, title="Compute leasing | 算力租赁"):
    """A contract that recovers its cost: fee, deductions and the risk that it ends early.

    Survival is exp(-hazard × time) from the valuation date, at the middle of each year's service.
    """

    stake = assume("Stake of the listed company | 上市公司持股", "%", minimum=0, maximum=1)

    # What people edit
    contract = heading("Contract | 合同")
    computing_power = assume("Computing power | 算力规模", "PFlops", minimum=0)
    contract_start = assume(
        "Start of service, as a year | 服务起始(年)", "year", minimum=2020, maximum=2045
    )
    contract_term = assume("Term | 合同期", "years", minimum=0, maximum=20)
    fee = assume("Fee, VAT excluded | 服务费(不含税)", "CNY m/year", minimum=0)
    contract_availability = assume(
        "Availability in the contract | 合同可用率", "%", minimum=0, maximum=1
    )
    availability = assume("Availability | 实际可用率", "%", minimum=0, maximum=1)
    sla_deduction = assume("SLA deduction, share of fee | SLA 扣减", "%", minimum=0, maximum=1)
    running_ratio = assume("Running cost, share of fee | 运营成本占比", "%", minimum=0, maximum=2)
    termination_hazard = assume(
        "Termination hazard | 提前终止概率(年)", "%/year", minimum=0, maximum=1
    )
    termination_loss = assume("Loss given termination | 终止损失率", "%", minimum=0, maximum=1)
    bond_ratio = assume("Bond, share of the contract | 履约保证金占比", "%", minimum=0, maximum=1)

    plant_inputs = heading("Plant and tax | 资产与税")
    capex_with_vat = assume("Capex, VAT included | 投资(含税)", "CNY m", minimum=0)
    vat_rate = assume("VAT on servers | 服务器增值税率", "%", minimum=0, maximum=0.3)
    book_residual_ratio = assume(
        "Book value left at the end, share of capex | 账面残值率", "%", minimum=0, maximum=1
    )
    residual_ratio = assume(
        "Proceeds at the end, share of capex | 期末处置收入占比", "%", minimum=0, maximum=1
    )
    tax_rate = assume("Income tax | 所得税率", "%", minimum=0, maximum=0.5)

    # Terms of the contract
    terms = heading("Terms | 合同条款")
    capex = line("Capex, VAT excluded | 投资(不含税)", "CNY m", capex_with_vat / (1 + vat_rate))
    contract_end = line("End of service | 服务终止", "year", contract_start + contract_term)
    fee_per_power = line(
        "Price per PFlops-year | 每 PFlops 年价格", "CNY m/PFlops/year", fee / computing_power
    )
    bond = line("Bond | 履约保证金", "CNY m", fee * contract_term * bond_ratio)
    full_revenue = line(
        "Revenue of a year of service | 全年服务收入",
        "CNY m/year",
        fee * (availability / contract_availability) * (1 - sla_deduction),
    )
    full_cost = line(
        "Running cost of a year of service | 全年运营成本", "CNY m/year", fee * running_ratio
    )
    full_ebitda = line(
        "EBITDA of a year of service | 全年 EBITDA", "CNY m/year", full_revenue - full_cost
    )
    full_depreciation = line(
        "Depreciation of a year of service | 全年折旧",
        "CNY m/year",
        capex * (1 - book_residual_ratio) / contract_term,
    )

    # Service and survival
    service_heading = heading("Service and survival | 服务与存续")
    service = line(
        "Service in the year | 年内服务期",
        "years",
        at_least(
            at_most(contract_end, Calendar.year + YEAR) - at_least(contract_start, Calendar.year),
            0,
        ),
    )
    hazard = line(
        "Termination hazard, with AI demand | 终止概率(含需求)",
        "%/year",
        termination_hazard * Demand.hazard_effect,
    )
    ahead_from = line(
        "Service ahead, from | 待服务期起点",
        "year",
        at_least(at_least(contract_start, Calendar.year), Calendar.valuation_point),
    )
    ahead_to = line(
        "Service ahead, to | 待服务期终点",
        "year",
        at_least(at_most(contract_end, Calendar.year + YEAR), ahead_from),
    )
    ahead_middle = line(
        "Service ahead, middle | 待服务期中点", "year", average(ahead_from, ahead_to)
    )
    survival = line(
        "Survival at the middle of the service | 服务中点存续概率",
        "%",
        exp(-(hazard * (ahead_middle - Calendar.valuation_point))),
    )
    termination = line(
        "Probability of termination in the year | 年内终止概率",
        "%",
        exp(-(hazard * (ahead_from - Calendar.valuation_point)))
        - exp(-(hazard * (ahead_to - Calendar.valuation_point))),
    )

    # Operating profit
    profit = heading("Operating profit, expected | 预期营业利润")
    revenue = line("Revenue | 收入", "CNY m", full_revenue * service * survival)
    running_cost = line("Running cost | 运营成本", "CNY m", full_cost * service * survival)
    ebitda = line("EBITDA", "CNY m", revenue - running_cost)
    depreciation = line("Depreciation | 折旧", "CNY m", full_depreciation * service)
    ebit = line("EBIT", "CNY m", ebitda - depreciation)
    tax = line("Tax on EBIT | 息税前利润所得税", "CNY m", at_least(ebit, 0) * tax_rate)
    nopat = line("NOPAT | 税后净营业利润", "CNY m", ebit - tax)
    fcff = line("Free cash flow | 自由现金流", "CNY m", nopat + depreciation)

    # Flows outside the ordinary course
    others = heading("Termination and the end of the contract | 提前终止与合同结束")
    recovery = line(
        "Recovered on termination less bond, expected | 终止回收减保证金(预期)",
        "CNY m",
        termination * (full_ebitda * (contract_end - ahead_middle) * (1 - termination_loss) - bond),
    )
    last_service = line(
        "Year in which the contract ends | 合同结束年度",
        "flag",
        (contract_end > Calendar.year) * (contract_end <= Calendar.year + YEAR),
    )
    proceeds = line(
        "Proceeds of the servers | 服务器处置收入", "CNY m", capex * residual_ratio * last_service
    )
    book_value_left = line(
        "Book value sold | 处置账面价值", "CNY m", capex * book_residual_ratio * last_service
    )
    other_tax = line(
        "Tax on recovery and gain | 回收与处置所得税",
        "CNY m",
        (recovery + proceeds - book_value_left) * tax_rate,
        note="Both signs: a loss lowers the tax of the subsidiary's other business.",
    )
    cash_flow = line(
        "Cash flow after the valuation date | 估值日后现金流",
        "CNY m",
        fcff * Calendar.weight + (recovery + proceeds - other_tax) * Calendar.valued,
        note="The capex is sunk: it was paid before the valuation date and is not in these flows.",
    )

    # Value
    capital = CostOfCapital(
        risk_free_rate=Market.risk_free_rate,
        equity_risk_premium=Market.equity_risk_premium,
        cost_of_debt=Market.cost_of_debt,
        tax_rate=tax_rate,
        shift=Market.wacc_shift,
    )
    contract_dcf = Dcf(
        title="Contract DCF | 合同现金流折现", cash_flow=cash_flow, wacc=capital.wacc
    )
    new_clusters = NewClusters()

    verdict = heading("Value | 价值")
    contract_and_option = line(
        "Contract DCF and new clusters | 合同折现与新建集群",
        "CNY m",
        contract_dcf.enterprise_value + new_clusters.value,
        note="The only method: new clusters are an option beside the running contract.",
    )
    enterprise_value = line(
        "Enterprise value | 企业价值", "CNY m", contract_and_option * contract_dcf.weight
    )
    method_gap = line("Highest less lowest method | 方法间差异", "CNY m", spread(contract_dcf))
    value = line("Value of the stake | 持股价值", "CNY m", enterprise_value * stake)

    # The project since it was paid for
    project = heading("The project since inception | 项目自投资起")
    service_before = line(
        "Service before the ruler | 时间轴之前的服务期",
        "years",
        at_least(Calendar.base_year + YEAR - contract_start, 0),
    )
    ebitda_before = line(
        "EBITDA before the ruler | 时间轴之前 EBITDA", "CNY m", full_ebitda * service_before
    )
    tax_before = line(
        "Tax before the ruler | 时间轴之前所得税",
        "CNY m",
        at_least(ebitda_before - full_depreciation * service_before, 0) * tax_rate,
    )
    project_flow = line(
        "Project cash flow before tax | 项目税前现金流",
        "CNY m",
        ebitda + recovery + proceeds,
        opening=ebitda_before - capex,
    )
    project_flow_after_tax = line(
        "Project cash flow after tax | 项目税后现金流",
        "CNY m",
        project_flow - tax - other_tax,
        opening=ebitda_before - tax_before - capex,
    )
    project_factor_before = previous(1)
    project_factor = line(
        "Discount factor from the opening year | 自期初折现系数",
        "ratio",
        project_factor_before / (1 + capital.wacc),
        closes=project_factor_before,
    )
    irr = line("IRR before tax | 税前内部收益率", "%", internal_rate_of_return(project_flow))
    irr_after_tax = line(
        "IRR after tax | 税后内部收益率", "%", internal_rate_of_return(project_flow_after_tax)
    )
    npv = line(
        "NPV before tax | 税前净现值",
        "CNY m",
        ebitda_before - capex + over_years(project_flow, project_factor),
    )
    npv_after_tax = line(
        "NPV after tax | 税后净现值",
        "CNY m",
        ebitda_before - tax_before - capex + over_years(project_flow_after_tax, project_factor),
    )

    # Checks
    checks = heading("Checks | 校验")
    weights_add_up = check(
        "Method weights sum to 100% | 方法权重合计100%", "%", weights(contract_dcf) - 1
    )
    capex_is_sunk = check(
        "The contract started before the valuation date, so its capex is sunk | 投资已沉没",
        "years",
        at_least(contract_start - Calendar.valuation_point, 0),
    )
    fully_written_off = check(
        "Depreciation and book value left add up to capex | 折旧与残值合计等于投资",
        "CNY m",
        where(
            contract_end <= Calendar.year_last,
            capex
            - over_years(depreciation)
            - full_depreciation * service_before
            - over_years(book_value_left),
            0,
        ),
    )
