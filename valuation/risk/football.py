"""The football field: what each method says of each part, a share, over the scenarios.

A span runs from the least to the greatest value of a method among the scenarios with a weight,
each a re-run: value of the method, times the stake, by the diluted shares. The holding discount
and the bridge are not in it; they are in the span of the whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from valuation.engines.rules import Array
from valuation.risk.assumptions import BASE, Assumptions, ReferencePrice
from valuation.risk.document import plain
from valuation.risk.runs import rerun

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True, kw_only=True)
class Span:
    """Values per share of one method of a part, or of the whole.

    Attributes:
        part: Key of the part; empty for the whole.
        method: Key of the method; empty for the whole.
        label: What it is called.
        chinese: 中文名称.
        weight: Weight of the method in the part, in the scenario looked at; 1 for the whole.
        low: Least value over the scenarios; NaN where no scenario has one.
        base: Value in the scenario looked at; NaN where there is none.
        high: Greatest value.
        low_in: Scenario of the least value.
        high_in: Scenario of the greatest value.
    """

    part: str
    method: str
    label: str
    chinese: str
    weight: float
    low: float
    base: float
    high: float
    low_in: str
    high_in: str


@dataclass(frozen=True, kw_only=True)
class Football:
    """Spans of all methods, of the whole, and the prices they are held against.

    Attributes:
        assumptions: The workbook.
        scenario: Scenario of the base values.
        over: Scenarios the spans run over.
        spans: One a method, part by part.
        whole: Value per share of the company.
        price: What the share costs.
        references: Other prices of the workbook.
    """

    assumptions: Assumptions
    scenario: str
    over: tuple[str, ...]
    spans: tuple[Span, ...]
    whole: Span
    price: float
    references: tuple[ReferencePrice, ...]

    def document(self) -> dict[str, object]:
        """The spans as plain data."""
        return {
            "company": self.assumptions.company.name,
            "scenario": self.scenario,
            "over": list(self.over),
            "spans": [plain(span) for span in self.spans],
            "whole": plain(self.whole),
            "price": self.price,
            "references": [plain(price) for price in self.references],
        }

    def frame(self) -> pd.DataFrame:
        """One row a method, by part and method; the whole last."""
        import pandas as pd

        return pd.DataFrame([vars(s) for s in (*self.spans, self.whole)]).set_index(
            ["part", "method"]
        )

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the spans and the price line."""
        from valuation.risk.analysis_plots import plot_football

        return plot_football(self, ax=ax)


def football(
    assumptions: Assumptions,
    *,
    scenario: str = BASE,
    changes: Mapping[str, float] | None = None,
) -> Football:
    """Find the span of every method.

    Args:
        assumptions: The workbook.
        scenario: Scenario of the base values; it is among those the spans run over.
        changes: Inputs set in all scenarios, by key.

    Raises:
        AssumptionError: A scenario, key or value that does not fit.
    """
    company = assumptions.company
    chosen = assumptions.scenario(scenario).name
    weighted = [s.name for s in assumptions.scenarios.values() if s.weight > 0]
    over = list(dict.fromkeys([*weighted, chosen])) if weighted else list(assumptions.scenarios)
    methods = [(part, method) for part in company.parts for method in part.methods]
    rows = list(dict.fromkeys([
        *(row for part, method in methods for row in (method.value, method.weight, part.stake)),
        company.diluted_shares, company.value_per_share, company.market_price,
    ]))  # fmt: skip
    found = rerun(assumptions, rows, draws=len(over), scenarios=over, changes=changes)
    told = {row: np.broadcast_to(a[0], len(over)) for row, a in zip(rows, found, strict=True)}
    at = over.index(chosen)

    def span(values: Array, weight: float, **words: str) -> Span:
        return _span(values, over, at, weight, words)

    return Football(
        assumptions=assumptions,
        scenario=chosen,
        over=tuple(over),
        spans=tuple(
            span(
                told[method.value] * told[part.stake] / told[company.diluted_shares],
                float(told[method.weight][at]),
                part=part.key,
                method=method.key,
                label=f"{part.title}, {method.title}",
                chinese=f"{part.chinese} {method.chinese}",
            )
            for part, method in methods
        ),
        whole=span(
            told[company.value_per_share],
            1.0,
            part="",
            method="",
            label=company.value_per_share.label,
            chinese=company.value_per_share.chinese,
        ),
        price=float(told[company.market_price][at]),
        references=assumptions.prices,
    )


def _span(values: Array, over: list[str], at: int, weight: float, words: Mapping[str, str]) -> Span:
    """Least, chosen and greatest of the values; those that are none are left out."""
    known = [n for n, number in enumerate(values) if np.isfinite(number)]
    least = min(known, key=lambda n: values[n], default=None)
    most = max(known, key=lambda n: values[n], default=None)
    return Span(
        **words,
        weight=weight,
        low=float("nan") if least is None else float(values[least]),
        base=float(values[at]),
        high=float("nan") if most is None else float(values[most]),
        low_in="" if least is None else over[least],
        high_in="" if most is None else over[most],
    )
