"""One draw: the value of a company under its assumptions, row by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

import numpy as np

from valuation.engines.arrays import Inputs, evaluate, first_gap
from valuation.engines.draws import inputs
from valuation.engines.plan import Plan
from valuation.engines.rules import Array
from valuation.errors import AssumptionError, NoAnswerError
from valuation.lines import Company, Expr, Line, Model, Row, Shape
from valuation.risk.assumptions import BASE, Assumptions

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """A rule of the model and by how much it is broken.

    Attributes:
        key: Key of the check row.
        label: What the rule says.
        value: Amount by which it is broken, in the row's unit.
        tolerance: Largest size that still passes.
    """

    key: str
    label: str
    value: float
    tolerance: float

    @property
    def passed(self) -> bool:
        """Whether the rule holds; a gap (NaN) does not pass."""
        return abs(self.value) <= self.tolerance


@dataclass(frozen=True, kw_only=True)
class Valuation:
    """Every row of a company for one set of inputs.

    Attributes:
        assumptions: The workbook valued.
        scenario: Name of the scenario.
        changes: Values set on top of the scenario, by key.
        arrays: Value of every row, shape (periods or 1, 1).
    """

    assumptions: Assumptions
    scenario: str
    changes: Mapping[str, float]
    arrays: Mapping[Row, Array]

    @property
    def company(self) -> Company:
        """The company valued."""
        return self.assumptions.company

    def __getitem__(self, row: Row | str) -> float | tuple[float, ...]:
        """Value of a row: one number, or one a year."""
        found = self.company.model.rows[row] if isinstance(row, str) else row
        values = self.arrays[found][:, 0]
        if found.shape == Shape.SERIES:
            return tuple(float(v) for v in np.broadcast_to(values, self.company.model.periods))
        return float(values[0])

    def node(self, node: Expr) -> float:
        """Value of an expression of single values, such as an opening."""
        found = Line(label="", unit_text="", operands=(node,), unit=node.unit, shape=Shape.SINGLE)
        plan = Plan(self.company.model, [found], typed=self.arrays)
        return float(evaluate(plan, self.arrays, draws=1)[found][0, 0])

    def number(self, row: Row | str) -> float:
        """Value of a row that has one."""
        value = self[row]
        if isinstance(value, tuple):
            key = row if isinstance(row, str) else self.company.model.key[row]
            raise AssumptionError([f"{key} has one value a year."])
        return value

    @property
    def years(self) -> tuple[int, ...]:
        """Years of the ruler."""
        year = self[self.company.model.year]
        return tuple(int(y) for y in year) if isinstance(year, tuple) else (int(year),)

    @property
    def value_per_share(self) -> float:
        """Equity value over diluted shares, CNY."""
        return self.number(self.company.value_per_share)

    @property
    def equity_value(self) -> float:
        """Sum of the parts less the bridge, CNY m."""
        return self.number(self.company.equity_value)

    @cached_property
    def checks(self) -> tuple[CheckResult, ...]:
        """Every rule of the model."""
        model = self.company.model
        return tuple(
            CheckResult(
                key=key, label=model.title(key), value=self.number(row), tolerance=row.tolerance
            )
            for key, row in model.checks.items()
        )

    def parts(self) -> pd.DataFrame:
        """One row a part and method: value, weight, enterprise value, stake, value (CNY m)."""
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "part": part.key,
                    "method": method.key,
                    "method_value": self.number(method.value),
                    "weight": self.number(method.weight),
                    "enterprise_value": self.number(part.enterprise_value),
                    "stake": self.number(part.stake),
                    "value": self.number(part.value),
                }
                for part in self.company.parts
                for method in part.methods
            ]
        ).set_index(["part", "method"])

    def bridge(self) -> pd.Series[float]:
        """Sum of the parts to equity, signed as added (CNY m)."""
        import pandas as pd

        steps = {p.key: self.number(p.value) for p in self.company.parts}
        steps |= {self.company.model.key[row]: self.number(row) for row in self.company.bridge}
        return pd.Series(steps | {"equity_value": self.equity_value}, name="CNY m")

    def rows(self, under: str = "") -> pd.DataFrame:
        """Rows by key with label, unit and value; one column a year for yearly rows."""
        import pandas as pd

        records = {}
        for key, row in self.company.model.rows.items():
            if key.startswith(under):
                value = self[row]
                cells: dict[object, float] = {"value": float("nan")}
                if isinstance(value, tuple):
                    cells.update(zip(self.years, value, strict=True))
                else:
                    cells["value"] = value
                records[key] = {"label": row.label, "unit": row.unit_text, **cells}
        columns = ["label", "unit", "value", *self.years]
        return pd.DataFrame.from_dict(records, orient="index").reindex(columns=columns)

    def document(self) -> dict[str, object]:
        """The valuation as plain data: what `valuation value --json` prints."""
        company = self.company
        key = company.model.key
        return {
            "company": company.name,
            "valuation_date": iso_date(self.number(company.valuation_date)),
            "scenario": self.scenario,
            "currency": company.currency,
            "parts": [
                {
                    "key": part.key,
                    "label": part.title,
                    "methods": [
                        {
                            "key": method.key,
                            "label": method.title,
                            "value": _finite(self.number(method.value)),
                            "weight": self.number(method.weight),
                        }
                        for method in part.methods
                    ],
                    "enterprise_value": self.number(part.enterprise_value),
                    "stake": self.number(part.stake),
                    "value": self.number(part.value),
                }
                for part in company.parts
            ],
            "bridge": [
                {"key": key[row], "label": row.label, "value": self.number(row)}
                for row in company.bridge
            ],
            "equity_value": self.equity_value,
            "diluted_shares": self.number(company.diluted_shares),
            "value_per_share": self.value_per_share,
            "market_price": self.number(company.market_price),
            "upside": _finite(self.number(company.upside)),
        }


def iso_date(serial: float) -> str:
    """ISO date of an Excel serial number."""
    return str(np.datetime64("1899-12-30", "D") + int(serial))


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def base_values(assumptions: Assumptions) -> dict[str, float | tuple[float, ...]]:
    """Base value of every input by key."""
    return {key: given.value for key, given in assumptions.inputs.items()}


def bounds_of(assumptions: Assumptions) -> dict[str, tuple[float, float]]:
    """Physical bounds of every input by key."""
    return {key: (given.minimum, given.maximum) for key, given in assumptions.inputs.items()}


@cache
def _whole_plan(model: Model) -> Plan:
    """The plan of every row, made once a model."""
    return Plan(model, model.rows.values())


def value(
    assumptions: Assumptions,
    *,
    scenario: str = BASE,
    changes: Mapping[str, float] | None = None,
) -> Valuation:
    """Value a company once.

    Args:
        assumptions: The workbook read.
        scenario: Name of the scenario whose values replace the base ones.
        changes: Values by key that win over the scenario; for a yearly input, of every year.

    Raises:
        AssumptionError: A scenario, key or value that does not fit.
        NoAnswerError: The value per share, or a weighted method, has no value.
    """
    company = assumptions.company
    chosen = assumptions.scenario(scenario)
    changed = {**chosen.values, **assumptions.overrides, **(changes or {})}
    given = inputs(company.model, base_values(assumptions), changed, bounds=bounds_of(assumptions))
    plan = _whole_plan(company.model)
    result = Valuation(
        assumptions=assumptions,
        scenario=chosen.name,
        changes=dict(changes or {}),
        arrays=evaluate(plan, given, draws=1),
    )
    _refuse_gaps(result, given)
    return result


def _refuse_gaps(result: Valuation, given: Inputs) -> None:
    """Refuse a value that does not exist, and a method without value that carries weight."""
    company = result.company
    for part in company.parts:
        for method in part.methods:
            weight = result.number(method.weight)
            if weight > 0 and not np.isfinite(result.number(method.value)):
                start = f"{part.title}: {method.title} has no value but a weight of {weight:.0%}"
                remedy = "Change the inputs it rests on, or give the weight to the other methods."
                raise _gap(result, given, method.value, start, remedy)
    if not np.isfinite(result.value_per_share):
        start, remedy = "There is no value per share", "Change the inputs it rests on."
        raise _gap(result, given, company.value_per_share, start, remedy)


def _gap(result: Valuation, given: Inputs, row: Row, start: str, remedy: str) -> NoAnswerError:
    """Name the first row on the way that is not a number."""
    model = result.company.model
    below = [r for step in model.steps([row], ()) for r in step if isinstance(r, Line)]
    found = first_gap(Plan(model, below), given, draws=1)
    culprit, period, draw = found if found is not None else (row, 0, 0)
    key = model.key[culprit]
    year = str(result.years[period]) if culprit.shape == Shape.SERIES else ""
    where = f" in {year}" if year else ""
    note = f" {culprit.note}" if culprit.note else ""
    return NoAnswerError(
        f"{start}: {model.title(key)} ({key}) is not a number{where}.{note} {remedy}",
        key=key,
        period=year,
        draw=draw,
    )
