"""AI demand: one factor that moves the digital businesses, and how large its sources really are."""

from valuation.lines import (
    Group,
    assume,
    check,
    heading,
    line,
    over_years,
    power,
    previous,
    switch,
)
from valuation.methods.calendar import Calendar
from valuation.segments.market import Market


class Demand(Group, title="AI demand | AI 需求", shared=True):
    """An AR(1) factor in standard deviations, zero in the base case.

    It acts through the responses below only where its switch is on; otherwise AI demand enters a
    simulation through the correlation matrix. Never both: that would count it twice.
    """

    factor_inputs = heading("Factor | 因子")
    acting = switch(
        "The responses act (1), or the correlation matrix (0) | 响应生效(1)或相关矩阵(0)"
    )
    persistence = assume("Persistence of the factor | 因子持续性", "ratio", minimum=0, maximum=1)
    shock = assume("Shock to the factor | 因子冲击", "ratio", yearly=True)
    alibaba_score = assume(
        "Alibaba capex and Qwen tokens, z-score | 阿里资本开支与千问调用", "ratio"
    )
    token_score = assume("Domestic daily tokens, z-score | 国内日调用量", "ratio")
    rental_score = assume("GPU rental price, z-score | 算力租赁价格", "ratio")
    openrouter_score = assume(
        "OpenRouter Chinese weekly tokens, z-score | OpenRouter 周调用", "ratio"
    )
    alibaba_weight = assume("Weight of Alibaba | 权重:阿里", "%", minimum=0, maximum=1)
    token_weight = assume("Weight of domestic tokens | 权重:国内调用", "%", minimum=0, maximum=1)
    rental_weight = assume("Weight of rental prices | 权重:租赁价格", "%", minimum=0, maximum=1)
    openrouter_weight = assume("Weight of OpenRouter | 权重:OpenRouter", "%", minimum=0, maximum=1)

    response_inputs = heading("Responses to one standard deviation | 一个标准差的响应")
    ramp_response = assume("Zhejiang cloud, ramp speed | 浙江云爬坡速度", "1/year")
    saturation_response = assume("Zhejiang cloud, take-up | 浙江云饱和上架率", "%")
    saturation_cap = assume("Take-up not above | 上架率上限", "%", minimum=0, maximum=1)
    reset_response = assume("Zhejiang cloud, price at the renewal | 浙江云续约价格", "%")
    rack_saturation_response = assume("Hangang cloud, take-up | 杭钢云饱和上架率", "%")
    rack_price_response = assume("Hangang cloud, price | 杭钢云价格", "%")
    phase_two_response = assume("Phase II, price | 二期价格", "%")
    cluster_response = assume("New clusters, value | 新集群价值", "%")
    hazard_response = assume(
        "Termination hazard, multiplied by | 终止概率乘数", "ratio", minimum=0.01
    )
    capex_response = assume("Capex left | 剩余投资", "%")
    wacc_response = assume("WACC of data centres | 数据中心 WACC", "%")
    multiple_response = assume("Exit multiple of data centres | 数据中心退出倍数", "x")

    chain_inputs = heading("From tokens to racks | 从调用量到机柜")
    domestic_tokens = assume(
        "Domestic tokens, three largest apps | 国内前三应用调用量", "bn tokens/day"
    )
    openrouter_tokens = assume("OpenRouter, Chinese models | OpenRouter 中国模型", "bn tokens/day")
    tokens_per_gpu = assume("Tokens a GPU serves | 单卡处理量", "m tokens/GPU/hour", minimum=0.001)
    gpu_power = assume("Power of a GPU in service | 单卡功率", "kW/GPU", minimum=0)
    rack_power = assume("Power of a rack | 单机柜功率", "kW/rack", minimum=0.1)

    factor_heading = heading("The factor | 因子")
    observed_index = line(
        "Observed index | 观测指数",
        "ratio",
        alibaba_weight * alibaba_score
        + token_weight * token_score
        + rental_weight * rental_score
        + openrouter_weight * openrouter_score,
    )
    factor_before = previous(observed_index)
    factor = line(
        "AI-demand factor | AI 需求因子",
        "ratio",
        persistence * factor_before + shock,
        closes=factor_before,
    )
    acting_factor = line("Factor where it acts | 生效因子", "ratio", factor * acting)
    factor_now = line(
        "Factor of the valuation year | 估值年度因子",
        "ratio",
        over_years(acting_factor, Calendar.stub_year),
    )

    effects = heading("Effects by year | 逐年影响")
    ramp_effect = line(
        "Zhejiang cloud, ramp speed | 浙江云爬坡", "1/year", ramp_response * acting_factor
    )
    saturation_effect = line(
        "Zhejiang cloud, take-up | 浙江云上架率", "%", saturation_response * acting_factor
    )
    reset_effect = line(
        "Zhejiang cloud, price at the renewal | 浙江云续约价", "%", reset_response * acting_factor
    )
    rack_saturation_effect = line(
        "Hangang cloud, take-up | 杭钢云上架率", "%", rack_saturation_response * acting_factor
    )
    rack_price_effect = line(
        "Hangang cloud, price | 杭钢云价格", "%", rack_price_response * acting_factor
    )
    phase_two_effect = line("Phase II, price | 二期价格", "%", phase_two_response * acting_factor)
    capex_effect = line("Capex left | 剩余投资", "%", capex_response * acting_factor)
    hazard_effect = line(
        "Termination hazard, times | 终止概率乘数", "ratio", power(hazard_response, factor_now)
    )
    cluster_effect = line("New clusters | 新集群", "%", cluster_response * factor_now)
    data_centre_shift = line(
        "WACC shift, data centres | 数据中心 WACC 平移",
        "%",
        Market.wacc_shift + wacc_response * factor_now,
    )
    rerating = line("Exit multiple, added | 退出倍数增量", "x", multiple_response * factor_now)

    chain = heading("How large it is | 规模测算")
    domestic_gpus = line(
        "GPUs, domestic apps | 国内应用所需卡数", "k GPUs", domestic_tokens / tokens_per_gpu
    )
    openrouter_gpus = line(
        "GPUs, OpenRouter | OpenRouter 所需卡数", "k GPUs", openrouter_tokens / tokens_per_gpu
    )
    domestic_power = line("Power, domestic apps | 国内应用功率", "MW", domestic_gpus * gpu_power)
    openrouter_power = line(
        "Power, OpenRouter | OpenRouter 功率", "MW", openrouter_gpus * gpu_power
    )
    domestic_racks = line(
        "Racks, domestic apps | 国内应用机柜", "racks", domestic_power / rack_power
    )
    openrouter_racks = line(
        "Racks, OpenRouter | OpenRouter 机柜",
        "racks",
        openrouter_power / rack_power,
        note="A signal of sentiment, not a load: information only, in no cash flow.",
    )
    weights_add_up = check(
        "Weights of the index sum to 100% | 指数权重合计100%",
        "%",
        alibaba_weight + token_weight + rental_weight + openrouter_weight - 1,
    )
