"""What a simulation found: distributions, probabilities, and what the variance is made of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from valuation.engines.rules import Array
from valuation.errors import AssumptionError
from valuation.lines import Company, Event, Row
from valuation.risk.assumptions import Assumptions
from valuation.risk.blocks import Job, Moments
from valuation.risk.document import plain
from valuation.risk.sampler import SCENARIO
from valuation.risk.spread import Estimate, Spread, standard_error
from valuation.risk.uncertainty import Uncertainty
from valuation.risk.valuation import Valuation

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from valuation.risk.importance import Importance


#: What of an input decides how it is drawn.
_DECIDES = ("value", "low", "high", "distribution", "parameters", "minimum", "maximum",
            "shock_sd", "persistence")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Column:
    """A line of the outputs: a row, or one year of a yearly row."""

    key: str
    row: Row
    period: int | None = None


@dataclass(frozen=True, kw_only=True)
class Likelihood:
    """How likely an event is, in a year where it is asked year by year."""

    event: Event
    year: int | None
    probability: Estimate


@dataclass(frozen=True, kw_only=True)
class Share:
    """What a part or a step of the bridge adds to the variance of equity.

    Attributes:
        key: Key of the row.
        label: Its label.
        sd: Its own standard deviation, CNY m.
        correlation: With equity; NaN where it does not vary.
        share: Covariance with equity over the variance of equity; all of them sum to 1.
    """

    key: str
    label: str
    sd: float
    correlation: float
    share: float


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """A company's value over draws of its uncertain inputs.

    Attributes:
        assumptions: The workbook.
        uncertainty: What was drawn.
        columns: Lines of the outputs.
        job: How they were computed; with it any draw can be computed again.
        workers: How many computed.
        seconds: Drawing, evaluating and summarising.
        moments: Of every line, by scrambling.
        spreads: Distribution of the kept lines, by position.
        values: Kept values of every draw, shape (kept lines, draws); None beyond 10 million.
        dropped: Draws without a value, by number.
        reasons: How many of them (of the first 2,000) by the key of the row that is the reason.
        digest: SHA-256 of the outputs: the same for any number of workers.
        centre: The base case, or that of the scenario drawn around.
        importance: Which inputs the variance comes from, once it has been worked out.
    """

    assumptions: Assumptions
    uncertainty: Uncertainty
    columns: tuple[Column, ...]
    job: Job
    workers: int
    seconds: float
    moments: tuple[Moments, ...]
    spreads: Mapping[int, Spread]
    values: Array | None
    dropped: NDArray[np.int64]
    reasons: Mapping[str, int]
    digest: str
    centre: Valuation
    importance: Importance | None = field(default=None)

    @property
    def company(self) -> Company:
        """The company simulated."""
        return self.assumptions.company

    @property
    def draws(self) -> int:
        """Draws asked for, those without a value included."""
        return self.job.sampler.draws

    @property
    def seed(self) -> int:
        """Seed of the draws."""
        return self.job.sampler.seed

    @property
    def scenario(self) -> str:
        """Scenario drawn around, or `mixture`."""
        names = self.job.sampler.scenarios
        return names[0] if len(names) == 1 else "mixture"

    @cached_property
    def pooled(self) -> Moments:
        """Moments over all draws."""
        first, *rest = self.moments
        for other in rest:
            first += other
        return first

    @property
    def inputs_hash(self) -> str:
        """SHA-256 of all that decides the draws and the values, the company's name included."""
        u = self.uncertainty
        said = {
            "company": self.company.name,
            "inputs": {
                key: [*(getattr(given, name) for name in _DECIDES)]
                for key, given in self.assumptions.inputs.items()
            },
            "scenarios": [[s.name, s.weight, dict(s.values)] for s in u.scenarios],
            "correlations": [[*pair, r] for pair, r in self.assumptions.correlations.items()],
            "demand_loadings": dict(self.assumptions.demand_loadings),
            "gaps": self.assumptions.gaps,
            "changes": {**self.assumptions.overrides, **u.changes},
        }
        return sha256(json.dumps(plain(said), sort_keys=True).encode()).hexdigest()

    def position(self, row: Row | str, year: int | None = None) -> int:
        """Position of a row among the lines, in a year where it is yearly.

        Raises:
            AssumptionError: The row was not simulated, or a year is missing or too much.
        """
        model = self.company.model
        key = row if isinstance(row, str) else model.key[row]
        found = [i for i, column in enumerate(self.columns) if column.key == key]
        if not found:
            text = f"{key!r} was not simulated. Name it in rows=.{model.nearest(key)}"
            raise AssumptionError([text])
        if len(found) == 1:
            return found[0]
        years = self.centre.years
        if year not in years:
            text = f"{key} has a value a year. Name a year from {years[0]} to {years[-1]}."
            raise AssumptionError([text])
        return found[years.index(year)]

    def spread(self, row: Row | str, year: int | None = None) -> Spread:
        """Distribution of a row that was kept.

        Raises:
            AssumptionError: It was not.
        """
        at = self.position(row, year)
        if at not in self.spreads:
            text = f"of {self.columns[at].key} only mean and variance were kept. Name it in rows=."
            raise AssumptionError([text])
        return self.spreads[at]

    def mean(self, row: Row | str, year: int | None = None) -> Estimate:
        """Mean of a row over the draws with a value."""
        at = self.position(row, year)
        each = [m.mean[at] for m in self.moments if m.count[at]]
        pooled = self.pooled
        value = float(pooled.mean[at]) if pooled.count[at] else float("nan")
        return Estimate(value, standard_error(each))

    def sd(self, row: Row | str, year: int | None = None) -> Estimate:
        """Standard deviation of a row over the draws with a value."""
        at = self.position(row, year)

        def of(m: Moments) -> float:
            freedom = int(m.count[at]) - 1
            return float(np.sqrt(m.square[at] / freedom)) if freedom > 0 else float("nan")

        return Estimate(of(self.pooled), standard_error([of(m) for m in self.moments]))

    def probability_above(self, price: float | None = None) -> Estimate:
        """Probability that the value per share is above a price, by default the market's."""
        at = self.centre.number(self.company.market_price) if price is None else price
        return self.spread(self.company.value_per_share).probability_above(at)

    def expected_shortfall(self, share: float = 0.05) -> Estimate:
        """Mean value per share in the worst share of the draws."""
        return self.spread(self.company.value_per_share).expected_shortfall(share)

    def likelihoods(self) -> list[Likelihood]:
        """Probability of every event of the company, by year where it is asked so."""
        found = []
        years = self.centre.years
        simulated = {column.key for column in self.columns}
        for event in self.company.events:
            key = self.company.model.key[event.flag]
            if key not in simulated:
                continue
            if event.during is None:
                found.append(Likelihood(event=event, year=None, probability=self.mean(key)))
                continue
            asked = self.centre[event.during]
            for year, flag in zip(years, asked if isinstance(asked, tuple) else (), strict=True):
                if flag:
                    chance = self.mean(key, year)
                    found.append(Likelihood(event=event, year=year, probability=chance))
        return found

    def variance_by_part(self) -> list[Share]:
        """What each part and each step of the bridge adds to the variance of equity."""
        company = self.company
        moments = self.pooled
        equity = self.position(company.equity_value)
        whole = moments.product[equity, equity]
        rows = [*(part.value for part in company.parts), *company.bridge]
        shares = []
        for row in rows:
            at = self.position(row)
            own = moments.product[at, at]
            scale = np.sqrt(own * whole)
            shares.append(
                Share(
                    key=company.model.key[row],
                    label=row.label,
                    sd=float(np.sqrt(own / max(int(moments.count[at]) - 1, 1))),
                    correlation=_ratio(moments.product[at, equity], scale),
                    share=_ratio(moments.product[at, equity], whole),
                )
            )
        return shares

    def correlations(self) -> pd.DataFrame:
        """Correlations between the values of the parts."""
        import pandas as pd

        rows = [part.value for part in self.company.parts]
        at = [self.position(row) for row in rows]
        product = self.pooled.product[np.ix_(at, at)]
        scale = np.sqrt(np.diag(product))
        with np.errstate(invalid="ignore"):
            found = product / np.outer(scale, scale)
        keys = [part.key for part in self.company.parts]
        return pd.DataFrame(found, index=keys, columns=keys)

    def frame(self) -> pd.DataFrame:
        """Every draw: its scenario and the values kept; draws without a value have NaN."""
        from valuation.risk.simulation_draws import frame

        return frame(self)

    def inputs(self, start: int = 0, stop: int | None = None) -> pd.DataFrame:
        """Inputs of some draws, drawn again: a column each, `key@year` for yearly ones."""
        from valuation.risk.simulation_draws import inputs

        return inputs(self, start, stop)

    def summary(self) -> pd.DataFrame:
        """Mean, sd and percentiles of every kept line, a row each."""
        import pandas as pd

        records = {}
        for at in self.job.layout.kept:
            column = self.columns[at]
            figures = self.figures(column.key, self.year_of(column))
            records[self.name_of(column)] = {name: e.value for name, e in figures.items()}
        return pd.DataFrame.from_dict(records, orient="index")

    def figures(self, row: Row | str, year: int | None = None) -> dict[str, Estimate]:
        """Mean, sd and percentiles of a kept row."""
        percentiles = self.spread(row, year).percentiles()
        return {"mean": self.mean(row, year), "sd": self.sd(row, year), **percentiles}

    def title_of(self, key: str) -> str:
        """What an input is called, with where it stands; the choice of scenario has its own."""
        if key == SCENARIO:
            return "Choice of scenario"
        model = self.company.model
        return model.title(key) if key in model.rows else key

    def save(self, path: Path) -> None:
        """Write every draw with its scenario, values and inputs to a parquet file."""
        from valuation.risk.simulation_draws import save

        save(self, path)

    def plot(self, kind: str = "histogram", *, ax: Axes | None = None) -> Axes:
        """Draw a picture with matplotlib: `histogram`, `variance`, `importance` or `events`."""
        from valuation.risk.plots import plot

        return plot(self, kind, ax=ax)

    def document(self) -> dict[str, object]:
        """The simulation as plain data: what `valuation simulate --json` prints."""
        from valuation.risk.simulation_document import document

        return document(self)

    @property
    def further(self) -> list[Column]:
        """Kept lines beyond value, equity and parts: the rows asked for."""
        first = 2 + len(self.company.parts)
        return [self.columns[at] for at in self.job.layout.kept[first:]]

    def year_of(self, column: Column) -> int | None:
        """Year of a line of a yearly row."""
        return None if column.period is None else self.centre.years[column.period]

    def name_of(self, column: Column) -> str:
        """Name of a line: its key, `key@year` where yearly."""
        year = self.year_of(column)
        return column.key if year is None else f"{column.key}@{year}"


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")
