"""Sensitivity tables: rows of the model over one or two inputs, every cell a re-run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from valuation.engines.rules import Array
from valuation.errors import AssumptionError
from valuation.lines import Row
from valuation.risk.assumptions import Assumptions, TableWanted
from valuation.risk.axes import SCENARIO, axis_row, base_of, output_of, refuse, scenarios_named
from valuation.risk.document import plain
from valuation.risk.runs import rerun
from valuation.risk.steps import parse_steps, shown

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True, kw_only=True)
class Axis:
    """What changes along one side of a table.

    Attributes:
        key: `scenario`, or key of an input or of a line whose formula the values replace.
        label: What it is called, in words.
        unit: Unit of the values; empty for scenarios.
        values: Names of scenarios, or numbers in rising order.
        labels: The values as people read them.
        base_at: Position of the base; None where the base differs from year to year.
        left_out: Steps outside the bounds, once a scenario or a change has moved the base.
    """

    key: str
    label: str
    unit: str
    values: tuple[float | str, ...]
    labels: tuple[str, ...]
    base_at: int | None
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Sensitivity:
    """A sensitivity table, computed.

    Attributes:
        wanted: What was asked for, with scenario and outputs filled in.
        rows: Down the side.
        columns: Along the top; None in a one-way table, whose columns are the outputs.
        outputs: Rows of the model shown.
        years: Year of each output; None for a row with one value.
        labels: What each output is called.
        values: Shape (rows, columns), or (rows, outputs) in a one-way table; NaN for no value.
        base: Value of each output with nothing changed along the axes.
    """

    wanted: TableWanted
    rows: Axis
    columns: Axis | None
    outputs: tuple[Row, ...]
    years: tuple[int | None, ...]
    labels: tuple[str, ...]
    values: Array
    base: tuple[float, ...]

    @property
    def notices(self) -> list[str]:
        """Steps left out, in words."""
        axes = [axis for axis in (self.rows, self.columns) if axis is not None]
        return [f"left out, {text}" for axis in axes for text in axis.left_out]

    def document(self) -> dict[str, object]:
        """The table as plain data: what `valuation sensitivity --json` prints."""
        columns = self.columns
        found = {
            "name": self.wanted.name,
            "scenario": self.wanted.scenario,
            "left_out": self.notices,
            "row_key": self.rows.key,
            "column_key": columns.key if columns else None,
            "rows": self.rows.values,
            "columns": columns.values if columns else self.wanted.outputs,
            "output": self.wanted.outputs[0],
            "outputs": self.wanted.outputs,
            "values": self.values.tolist(),
            "base": self.base[0],
            "bases": self.base,
            "base_row": self.rows.base_at,
            "base_column": columns.base_at if columns else None,
        }
        return {name: plain(value) for name, value in found.items()}

    def frame(self) -> pd.DataFrame:
        """Values of the row axis down, those of the column axis or the outputs across."""
        import pandas as pd

        across = self.columns
        return pd.DataFrame(
            self.values,
            index=pd.Index(self.rows.values, name=self.rows.key),
            columns=pd.Index(
                across.values if across else self.wanted.outputs,
                name=across.key if across else "output",
            ),
        )

    def heat(self) -> Array:
        """Values from 0 (lowest) to 1 (highest), of the table or of each output; 0.5 if equal."""
        axis = None if self.columns else 0
        with np.errstate(all="ignore"):
            filled = np.where(np.isnan(self.values), np.inf, self.values)
            low = np.min(filled, axis=axis, keepdims=True)
            high = np.max(np.where(np.isinf(filled), -np.inf, filled), axis=axis, keepdims=True)
            heat: Array = np.where(high > low, (self.values - low) / (high - low), 0.5)
        return np.where(np.isnan(self.values), np.nan, heat)

    def text(self, value: float, output: int = 0) -> str:
        """A value of a column as people read it; `output` is the column in a one-way table."""
        if not np.isfinite(value):
            return "no value"
        row = self.outputs[0 if self.columns else output]
        if "%" in row.unit_text:
            return f"{value + 0.0:.1%}"
        if row.unit_text in ("date", "year"):
            return shown(value, row.unit_text)
        return f"{value + 0.0:,.2f}" if abs(value) < 1000 else f"{value:,.0f}"  # noqa: PLR2004

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the table as a heat map, the base row and column marked in its labels.

        Args:
            ax: Where to draw; by default a new figure.
        """
        from valuation.risk.heat_map import heat_map

        return heat_map(self, ax=ax)


def sensitivity(
    assumptions: Assumptions,
    wanted: TableWanted,
    *,
    changes: Mapping[str, float] | None = None,
) -> Sensitivity:
    """Compute a table.

    Args:
        assumptions: The workbook.
        wanted: Axes, steps, outputs (by default the value per share) and scenario.
        changes: Values by key that win over the scenario, but for those of the axes.

    Raises:
        AssumptionError: Keys, steps, outputs or a scenario that do not fit, all of them.
    """
    model = assumptions.company.model
    outputs = wanted.outputs or (model.key[assumptions.company.value_per_share],)
    wanted = replace(wanted, outputs=outputs)
    refuse(assumptions, wanted)
    wanted = replace(wanted, scenario=assumptions.scenario(wanted.scenario).name)
    base = _Base(assumptions, wanted.scenario, changes or {})
    rows, columns = base.axes(wanted)
    named = tuple(output_of(assumptions, key) for key in outputs)
    found = _computed(base, rows, columns, named)
    count = len(rows.values)
    values = found[0, 1:].reshape(count, -1) if columns else found[:, 1:].T
    return Sensitivity(
        wanted=wanted,
        rows=rows,
        columns=columns,
        outputs=tuple(row for row, _ in named),
        years=tuple(year for _, year in named),
        labels=tuple(_title(assumptions, row, year) for row, year in named),
        values=values,
        base=tuple(float(v) for v in found[:, 0]),
    )


@dataclass(frozen=True)
class _Base:
    """What holds where the axes change nothing."""

    assumptions: Assumptions
    scenario: str
    changes: Mapping[str, float]

    def axes(self, wanted: TableWanted) -> tuple[Axis, Axis | None]:
        """Both axes; what is wrong with their steps is told at once."""
        axes: list[Axis] = []
        problems: list[str] = []
        for key, steps in (
            (wanted.row_key, wanted.row_steps),
            (wanted.column_key, wanted.column_steps),
        ):
            try:
                axes += [self.axis(key, steps)] if key else []
            except AssumptionError as error:
                problems += [f"{key}: {problem.text}" for problem in error.problems]
        if problems:
            raise AssumptionError(problems)
        return axes[0], axes[1] if len(axes) > 1 else None

    def axis(self, key: str, steps: str) -> Axis:
        """One axis."""
        if key == SCENARIO:
            names = scenarios_named(self.assumptions, steps)
            names = names if self.scenario in names else [self.scenario, *names]
            at = names.index(self.scenario)
            return Axis(key=key, label="Scenario", unit="", values=tuple(names),
                        labels=tuple(names), base_at=at)  # fmt: skip
        row = axis_row(self.assumptions, key)
        base = self._value(key, row)
        given = self.assumptions.inputs.get(key)
        left_out: list[str] = []
        moved = given is not None and base != given.value
        values = parse_steps(steps, row, base, given, left_out if moved else None)
        return Axis(
            left_out=tuple(left_out),
            key=key,
            label=self.assumptions.company.model.title(key),
            unit=row.unit_text,
            values=tuple(values),
            labels=tuple(shown(value, row.unit_text) for value in values),
            base_at=values.index(base) if base is not None and base in values else None,
        )

    def _value(self, key: str, row: Row) -> float | None:
        if key in self.assumptions.inputs:
            return base_of(self.assumptions, key, self.scenario, self.changes)
        (found,) = rerun(
            self.assumptions, [row], draws=1, scenarios=self.scenario, changes=self.changes
        )
        return float(found[0, 0]) if len(np.unique(found)) == 1 else None


def _computed(
    base: _Base, rows: Axis, columns: Axis | None, named: tuple[tuple[Row, int | None], ...]
) -> Array:
    """Outputs by draw: first the base, then every cell, row by row."""
    assumptions = base.assumptions
    across = len(columns.values) if columns else 1
    cells = len(rows.values) * across
    at = {rows.key: np.repeat(np.arange(len(rows.values)), across)}
    if columns:
        at[columns.key] = np.tile(np.arange(across), len(rows.values))
    scenarios = [base.scenario] * cells
    changes: dict[str, float | Array] = dict(base.changes)
    for axis in filter(None, (rows, columns)):
        chosen = [axis.values[n] for n in at[axis.key]]
        if axis.key == SCENARIO:
            scenarios = [str(name) for name in chosen]
        else:
            changes[axis.key] = np.array(chosen, dtype=np.float64)
    wanted = [*(row for row, _ in named), assumptions.company.model.year]
    typed = [key for key in at if key != SCENARIO and key not in assumptions.inputs]
    alone = rerun(assumptions, wanted, draws=1, scenarios=base.scenario, changes=base.changes)
    found = rerun(
        assumptions,
        wanted,
        draws=cells,
        scenarios=scenarios if SCENARIO in at else base.scenario,
        changes=changes,
        typed=typed,
    )
    both = [np.hstack(pair) for pair in zip(alone, found, strict=True)]
    picked = np.array([_at_year(v, both[-1], y) for v, (_, y) in zip(both, named, strict=False)])
    finite: Array = np.where(np.isfinite(picked), picked, np.nan)
    return finite


def _at_year(values: Array, years: Array, year: int | None) -> Array:
    """One value a draw: that of a year, where the row has one a year."""
    if year is None:
        chosen: Array = values[0]
        return chosen
    due = years == year
    own: Array = np.take_along_axis(values, due.argmax(axis=0)[None, :], axis=0)[0]
    own[~due.any(axis=0)] = np.nan
    return own


def _title(assumptions: Assumptions, row: Row, year: int | None) -> str:
    model = assumptions.company.model
    title = model.title(model.key[row])
    return title if year is None else f"{title} {year}"
