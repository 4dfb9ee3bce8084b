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
    paths: Paths | None = None
    sheets: dict[str, Part] = field(init=False)

    def __post_init__(self) -> None:
        """Note the sheet of each part: the groups of the company, then the company itself."""
        tops = {path: part for path, part in self.model.groups.items() if path.count(".") == 0}
        object.__setattr__(self, "sheets", {**{k: v for k, v in tops.items() if k}, "": tops[""]})
