"""A company as the machinery sees it: which rows play which role."""

from __future__ import annotations

from dataclasses import dataclass, field

from valuation.lines.model import Model
from valuation.lines.nodes import Assumption, Line, Row
from valuation.lines.rows import Part


@dataclass(frozen=True, kw_only=True)
class Method:
    """One way to value a part: its rows for value and weight."""

    key: str
    title: str
    chinese: str
    value: Row
    weight: Row


@dataclass(frozen=True, kw_only=True)
class PartOfCompany:
    """One part of the sum: value = weighted methods times stake, before holding discount."""

    key: str
    title: str
    chinese: str
    methods: tuple[Method, ...]
    enterprise_value: Row
    method_gap: Row
    stake: Row
    value: Row


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something whose probability is asked for: a flag, of the whole or year by year.

    Attributes:
        flag: 1 where it happens, else 0.
        during: Years in which it is asked; None for a flag without years.
    """

    key: str
    title: str
    chinese: str
    flag: Line
    during: Row | None = None


@dataclass(frozen=True, kw_only=True)
class Yardstick:
    """Another way to value a share, beside the sum of the parts."""

    key: str
    title: str
    chinese: str
    value_per_share: Line


@dataclass(frozen=True, kw_only=True)
class Paths:
    """A factor that acts either by its responses, year by year, or by the correlation matrix.

    Attributes:
        switch: 1 where the responses act.
        shock: Its yearly shock, drawn only where they do.
    """

    switch: Assumption
    shock: Assumption


@dataclass(frozen=True, kw_only=True)
class Perpetuity:
    """A DCF that ends in a perpetuity, whose value one formula gives for any WACC and growth.

    EV = sum of flow / (1 + WACC)^years + TV × sum of last_year / (1 + WACC)^years, where
    TV = NOPAT × (1 + g) × (1 - g / RONIC) / (WACC - g), not below the abandonment value, and no
    value where g is not below WACC. Only enterprise_value may rest on wacc or growth.

    Attributes:
        enterprise_value: What the formula gives.
        wacc: Discount rate.
        growth: Growth of the perpetuity.
        flow: Rows whose product is the flow of an explicit year.
        last_year: 1 in the year with whose flow the terminal value comes, else 0.
        years: Years from the valuation date to the flow.
        nopat: NOPAT before growth.
        return_on_new_capital: RONIC.
        abandonment_value: Floor of the terminal value.
    """

    enterprise_value: Line
    wacc: Row
    growth: Row
    flow: tuple[Row, ...]
    last_year: Row
    years: Row
    nopat: Row
    return_on_new_capital: Row
    abandonment_value: Row


@dataclass(frozen=True, kw_only=True)
class Company:
    """A listed company: its model, and the rows the reports and analyses ask for by role.

    Attributes:
        name: Word by which the Guide sheet names it.
        title: Name of the company.
        chinese: 中文名称.
        ticker: Exchange code.
        currency: Of every money row.
        model: All rows.
        parts: In the order of the sum.
        bridge: Rows between the sum of the parts and equity, signed as they are added.
        events: What the simulation tells the probability of.
        yardsticks: Other ways to value a share that prices are held against.
        perpetuities: Values that have a formula in WACC and growth.
        paths: The factor that links the parts, where there is one.
    """

    name: str
    title: str
    chinese: str
    ticker: str
    currency: str
    model: Model
    base_year: Assumption
    valuation_date: Assumption
    parts: tuple[PartOfCompany, ...]
    bridge: tuple[Line, ...]
    equity_value: Line
    diluted_shares: Row
    value_per_share: Line
    market_price: Row
    upside: Line
    events: tuple[Event, ...] = ()
    yardsticks: tuple[Yardstick, ...] = ()
    perpetuities: tuple[Perpetuity, ...] = ()
    paths: Paths | None = None
    sheets: dict[str, Part] = field(init=False)

    def __post_init__(self) -> None:
        """Note the sheet of each part: the groups of the company, then the company itself."""
        tops = {path: part for path, part in self.model.groups.items() if path.count(".") == 0}
        object.__setattr__(self, "sheets", {**{k: v for k, v in tops.items() if k}, "": tops[""]})
