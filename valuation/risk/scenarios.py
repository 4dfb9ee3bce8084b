"""The scenarios side by side: what each is worth, and their mean by weight."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from valuation.engines.rules import Array
from valuation.lines import Row, Shape
from valuation.risk.assumptions import Assumptions, Scenario
from valuation.risk.document import plain
from valuation.risk.runs import rerun, row_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

#: How far weights may be from 100% together.
_TOLERANCE = 1e-6


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the comparison.

    Attributes:
        key: What it is known by: a part, or a row.
        row: The row of the model.
        label: What it is called.
        chinese: 中文名称.
        year: Year of a yearly row, else None.
        period: Position of that year, else None.
        values: One a scenario; NaN where there is none.
        weighted: Sum of weight times value; NaN where it has none.
    """

    key: str
    row: Row
    label: str
    chinese: str
    year: int | None = None
    period: int | None = None
    values: tuple[float, ...]
    weighted: float

    @property
    def unit(self) -> str:
        """Unit of its numbers."""
        return self.row.unit_text


@dataclass(frozen=True, kw_only=True)
class Scenarios:
    """Every scenario valued.

    Attributes:
        assumptions: The workbook.
        changes: Inputs set in all scenarios, by key.
        scenarios: In the order of the workbook.
        parts: Value of each part.
        bridge: Steps from the sum of the parts to equity, signed as added.
        equity_value: Equity.
        value_per_share: Per share.
        market_price: What the share costs.
        upside: Value against price.
        rows: Further rows asked for, a line a year where they are yearly.
    """

    assumptions: Assumptions
    changes: Mapping[str, float]
    scenarios: tuple[Scenario, ...]
    parts: tuple[Figure, ...]
    bridge: tuple[Figure, ...]
    equity_value: Figure
    value_per_share: Figure
    market_price: Figure
    upside: Figure
    rows: tuple[Figure, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each scenario."""
        return tuple(scenario.name for scenario in self.scenarios)

    @property
    def weights(self) -> tuple[float, ...]:
        """Weight of each scenario."""
        return tuple(scenario.weight for scenario in self.scenarios)

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Every line, from the parts down."""
        whole = (self.equity_value, self.value_per_share, self.market_price, self.upside)
        return (*self.parts, *self.bridge, *whole, *self.rows)

    def document(self) -> dict[str, object]:
        """The comparison as plain data: what `valuation scenarios --json` prints."""

        def told(figure: Figure) -> dict[str, object]:
            year = {} if figure.year is None else {"year": figure.year}
            values = dict(zip(self.names, figure.values, strict=True))
            return {
                "key": figure.key,
                "label": figure.label,
                "unit": figure.unit,
                **year,
                "values": plain(values),
                "weighted": plain(figure.weighted),
            }

        return {
            "company": self.assumptions.company.name,
            "currency": self.assumptions.company.currency,
            "changes": dict(self.changes),
            "scenarios": [
                {"name": s.name, "chinese": s.chinese, "weight": s.weight} for s in self.scenarios
            ],
            "parts": [told(figure) for figure in self.parts],
            "bridge": [told(figure) for figure in self.bridge],
            "equity_value": told(self.equity_value),
            "value_per_share": told(self.value_per_share),
            "market_price": told(self.market_price),
            "upside": told(self.upside),
            "rows": [told(figure) for figure in self.rows],
        }

    def frame(self) -> pd.DataFrame:
        """One row a line, by key and year; a column a scenario, then `weighted`."""
        import pandas as pd

        index = pd.MultiIndex.from_tuples(
            [(figure.key, figure.year) for figure in self.figures], names=["key", "year"]
        )
        values = [[*figure.values, figure.weighted] for figure in self.figures]
        return pd.DataFrame(values, index=index, columns=[*self.names, "weighted"])

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the value per share by scenario, with weights and the price."""
        from valuation.risk.analysis_plots import plot_scenarios

        return plot_scenarios(self, ax=ax)


def compare(
    assumptions: Assumptions,
    *,
    rows: Sequence[str] = (),
    changes: Mapping[str, float] | None = None,
) -> Scenarios:
    """Value every scenario of a workbook.

    Args:
        assumptions: The workbook.
        rows: Keys of further rows to show.
        changes: Inputs set in all scenarios, by key.

    Raises:
        AssumptionError: Keys or values that do not fit.
    """
    company = assumptions.company
    scenarios = tuple(assumptions.scenarios.values())
    further = {key: row_of(assumptions, key) for key in dict.fromkeys(rows)}
    parts = {part.key: part.value for part in company.parts}
    bridge = {company.model.key[row]: row for row in company.bridge}
    whole = (company.equity_value, company.value_per_share, company.market_price, company.upside)
    wanted = [*parts.values(), *bridge.values(), *whole, *further.values(), company.model.year]
    found = rerun(
        assumptions,
        wanted,
        draws=len(scenarios),
        scenarios=[scenario.name for scenario in scenarios],
        changes=changes,
    )
    arrays = dict(zip(wanted, found, strict=True))
    weights = np.array([scenario.weight for scenario in scenarios])
    years = [int(year) for year in arrays[company.model.year][:, 0]]

    def figures(key: str, row: Row) -> list[Figure]:
        return _figures(key, row, arrays[row], weights, years)

    named = [(part.title, part.chinese) for part in company.parts]
    titles = dict(zip(parts, named, strict=True))
    per_part = [_figure(k, row, *titles[k], arrays[row][0], weights) for k, row in parts.items()]
    equity, share, price, upside = (figures(company.model.key[row], row)[0] for row in whole)
    return Scenarios(
        assumptions=assumptions,
        changes=dict(changes or {}),
        scenarios=scenarios,
        parts=tuple(per_part),
        bridge=tuple(figure for k, row in bridge.items() for figure in figures(k, row)),
        equity_value=equity,
        value_per_share=share,
        market_price=price,
        upside=upside,
        rows=tuple(
            _with_place(assumptions, figure)
            for k, row in further.items()
            for figure in figures(k, row)
        ),
    )


def _with_place(assumptions: Assumptions, figure: Figure) -> Figure:
    """A further row is called by where it stands, too."""
    from dataclasses import replace

    title = assumptions.company.model.title(figure.key)
    return replace(figure, label=title if figure.year is None else f"{title} {figure.year}")


def _figures(
    key: str, row: Row, values: Array, weights: Array, years: Sequence[int]
) -> list[Figure]:
    """The line of a row, or one a year."""
    if row.shape != Shape.SERIES:
        return [_figure(key, row, row.label, row.chinese, values[0], weights)]
    own = np.broadcast_to(values, (len(years), len(weights)))
    return [
        _figure(key, row, f"{row.label} {year}", row.chinese, own[n], weights, at=(year, n))
        for n, year in enumerate(years)
    ]


def _figure(
    key: str,
    row: Row,
    label: str,
    chinese: str,
    values: Array,
    weights: Array,
    *,
    at: tuple[int, int] | tuple[None, None] = (None, None),
) -> Figure:
    own = np.broadcast_to(values, len(weights))
    return Figure(
        key=key,
        row=row,
        label=label,
        chinese=chinese,
        year=at[0],
        period=at[1],
        values=tuple(float(number) for number in own),
        weighted=_weighted(own, weights),
    )


def _weighted(values: Array, weights: Array) -> float:
    """Sum of weight times value; a scenario without weight counts for nothing."""
    if abs(math.fsum(weights) - 1) > _TOLERANCE:
        return math.nan
    counts = weights > 0
    return float(weights[counts] @ values[counts])
