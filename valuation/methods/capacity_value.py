"""Value from capacity: so much a rack."""

from valuation.lines import Group, Row, assume, given, line, where


class RackValue(Group, title="Value per rack | 机柜价值法"):
    """Racks at the value a finished one fetches, less what it still costs to finish them."""

    racks: Row = given("Racks", "racks", single=True)
    deducted: Row = given("Present value of capex left", "CNY m", single=True)

    weight = assume("Weight | 权重", "%", minimum=0, maximum=1)
    rack_price = assume("Value of a rack | 单机柜价值", "CNY m/rack", minimum=0, maximum=10)

    gross_value = line("Racks at value | 机柜总价值", "CNY m", racks * rack_price)
    enterprise_value = line(
        "Enterprise value, racks | 企业价值(机柜)", "CNY m", gross_value - deducted
    )
    weighted_value = line(
        "Weighted | 加权", "CNY m", where(weight > 0, enterprise_value * weight, 0)
    )
