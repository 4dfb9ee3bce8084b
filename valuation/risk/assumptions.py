"""What an assumption workbook says: inputs with their ranges, scenarios, correlations, facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from valuation.errors import AssumptionError
from valuation.lines import Assumption, Company

#: Distributions an input may name, in the order of the drop-down.
DISTRIBUTIONS: Final = (
    "fixed",
    "normal",
    "lognormal",
    "triangular",
    "PERT",
    "uniform",
    "beta",
    "discrete",
    "bernoulli",
    "fitted",
)
#: How far an input can be trusted.
CONFIDENCES: Final = ("high", "medium", "low")
#: What becomes of draws without a value, the first where the workbook does not say.
GAPS: Final = ("stop", "drop")
#: Name of the scenario that overrides nothing.
BASE: Final = "base"


@dataclass(frozen=True, kw_only=True)
class Input:
    """One input of the workbook.

    Attributes:
        key: Full key, such as `zhejiang_cloud.ramp_rate`.
        row: The row of the model it feeds.
        value: Base value, one number, or one a year for a yearly input.
        low: Low end of the range; with `high` None where there is no range.
        high: High end of the range.
        distribution: One of `DISTRIBUTIONS`.
        parameters: Text of the Parameters cell, such as `5850: 30%; 8640: 20%; 10800: 50%`.
        settings: Numbers of that text by name, such as `lambda`; empty for discrete.
        weights: Value and weight of each pair of that text, for discrete only.
        minimum: Physical lower bound, the model's or narrower.
        maximum: Physical upper bound, the model's or narrower.
        shock_sd: Standard deviation of the yearly shock around the base values of a yearly input.
        persistence: Correlation of the shock of a year with that of the year before.
        source: Where the value comes from; empty is allowed and counted.
        as_of: Date or period of the value.
        confidence: One of `CONFIDENCES`, or empty.
        note: What the reader should know.
    """

    key: str
    row: Assumption
    value: float | tuple[float, ...]
    low: float | None = None
    high: float | None = None
    distribution: str = "fixed"
    parameters: str = ""
    settings: Mapping[str, float] = field(default_factory=dict)
    weights: tuple[tuple[float, float], ...] = ()
    minimum: float = float("-inf")
    maximum: float = float("inf")
    shock_sd: float = 0.0
    persistence: float = 0.0
    source: str = ""
    as_of: str = ""
    confidence: str = ""
    note: str = ""

    @property
    def is_yearly(self) -> bool:
        """Whether there is one value a year."""
        return isinstance(self.value, tuple)

    @property
    def has_continuous_range(self) -> bool:
        """Whether every number between low and high may be set."""
        return (
            self.low is not None
            and self.high is not None
            and not self.row.whole
            and self.distribution not in ("discrete", "bernoulli")
        )


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Values that replace the base ones together; `values` is empty for the base scenario."""

    name: str
    chinese: str = ""
    weight: float = 0.0
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Table:
    """A block of reference rows kept as they are: headers, then cells row by row."""

    title: str
    sheet: str = "Facts"
    headers: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]


@dataclass(frozen=True, kw_only=True)
class TableWanted:
    """A sensitivity table that every report holds.

    Attributes:
        name: Its name, unique among the tables.
        chinese: 中文名称.
        row_key: Input that changes down the side, or `scenario`.
        row_steps: Its steps as written, such as `-1%; -0.5%; 0; 0.5%; 1%` or `x0.8; x1; x1.2`.
        column_key: Input that changes along the top, or `scenario`; empty for a one-way table.
        column_steps: Its steps.
        outputs: Keys of the rows shown; one, or several in a one-way table.
        scenario: Scenario that the table starts from.
    """

    name: str
    chinese: str = ""
    row_key: str
    row_steps: str = ""
    column_key: str = ""
    column_steps: str = ""
    outputs: tuple[str, ...] = ()
    scenario: str = BASE


@dataclass(frozen=True, kw_only=True)
class ReferencePrice:
    """A share price that the value is held against; `source` says where it comes from."""

    name: str
    chinese: str = ""
    price: float
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What must be so for the value to equal a price.

    Attributes:
        name: Its name, unique among the questions.
        chinese: 中文名称.
        keys: The input sought; several inputs are multiplied by one number, which is sought.
        scenarios: Two scenarios whose mix is sought: the probability of the first.
        low: Lower end of the search, in the unit of the input, or of the multiple.
        high: Upper end.
    """

    name: str
    chinese: str = ""
    keys: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True)
class Assumptions:
    """Everything an assumption workbook says, checked against the model of its company.

    Attributes:
        company: The company the Guide sheet names.
        inputs: By key, in the order of the model; every assumption of the model has one.
        scenarios: By name, in the order of the sheet; `base` is always among them.
        correlations: Rank correlation by pair of keys, each pair once, zero pairs left out.
        correlated: Keys of the matrix, in its order.
        demand_loadings: Loading of inputs of the matrix on the AI-demand factor, zeros left out.
        gaps: What becomes of draws without a value, one of `GAPS`.
        overrides: Values of the Override column: they win over scenarios.
        tables: Facts and other reference blocks, by title.
        wanted: Sensitivity tables of every report.
        prices: Share prices that the value is held against, the market's not among them.
        questions: What the price is asked to imply.
        notices: What the reader accepted but the user should know.
        source: Name of the file read.
    """

    company: Company
    inputs: Mapping[str, Input]
    scenarios: Mapping[str, Scenario]
    correlations: Mapping[tuple[str, str], float] = field(default_factory=dict)
    correlated: tuple[str, ...] = ()
    demand_loadings: Mapping[str, float] = field(default_factory=dict)
    gaps: str = GAPS[0]
    overrides: Mapping[str, float] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)
    wanted: tuple[TableWanted, ...] = ()
    prices: tuple[ReferencePrice, ...] = ()
    questions: tuple[Question, ...] = ()
    notices: tuple[str, ...] = ()
    source: str = ""

    def scenario(self, name: str) -> Scenario:
        """Find a scenario by name; case, spaces, hyphens and underscores do not matter.

        Raises:
            AssumptionError: No scenario has this name.
        """

        def plain(text: str) -> str:
            return "".join(c for c in text.casefold() if c not in " -_")

        found = [
            s for s in self.scenarios.values() if plain(name) in (plain(s.name), plain(s.chinese))
        ]
        if not found or not plain(name):
            known = ", ".join(self.scenarios)
            raise AssumptionError([f"no scenario {name!r}. Name one of: {known}."])
        return found[0]

    @property
    def without_source(self) -> list[str]:
        """Keys of the inputs that name no source."""
        return [key for key, given in self.inputs.items() if not given.source.strip()]
