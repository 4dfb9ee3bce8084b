"""Tax on profit when losses are carried forward a number of years, oldest first."""

from valuation.lines import Group, Row, assume, at_least, at_most, given, line, previous, years_ago


class TaxLosses(Group, title="Tax losses | 税务亏损"):
    """Losses made so far less losses settled (used or lapsed) are what is left to use.

    First in, first out: a loss of year y can be used in the years y + 1 to y + life; what is
    left of it then lapses. Settled so far never falls behind the losses made life years ago.
    """

    taxable_profit: Row = given("Taxable profit before losses", "CNY m")
    tax_rate: Row = given("Income tax", "%", single=True)

    opening_losses = assume("Tax losses of the last actual year | 期初税务亏损", "CNY m", minimum=0)
    life = assume("Years a loss can be used | 亏损结转年限", "years", whole=True, minimum=1)

    made_before = previous(opening_losses)
    losses_made = line(
        "Losses made so far | 累计亏损",
        "CNY m",
        made_before + at_least(-taxable_profit, 0),
        closes=made_before,
    )
    settled_before = previous(0, "CNY m")
    losses_available = line("Losses available | 可弥补亏损", "CNY m", made_before - settled_before)
    losses_used = line(
        "Losses used | 本年弥补亏损",
        "CNY m",
        at_most(losses_available, at_least(taxable_profit, 0)),
    )
    losses_settled = line(
        "Losses used or lapsed so far | 累计已弥补或失效",
        "CNY m",
        at_least(settled_before + losses_used, years_ago(losses_made, life)),
        closes=settled_before,
    )
    losses_lapsed = line(
        "Losses lapsed | 本年失效亏损", "CNY m", losses_settled - settled_before - losses_used
    )
    losses_left = line("Losses left | 未弥补亏损", "CNY m", losses_made - losses_settled)
    tax = line(
        "Income tax | 所得税", "CNY m", (at_least(taxable_profit, 0) - losses_used) * tax_rate
    )
