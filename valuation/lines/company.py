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
    sheets: dict[str, Part] = field(init=False)

    def __post_init__(self) -> None:
        """Note the sheet of each part: the groups of the company, then the company itself."""
        tops = {path: part for path, part in self.model.groups.items() if path.count(".") == 0}
        object.__setattr__(self, "sheets", {**{k: v for k, v in tops.items() if k}, "": tops[""]})
