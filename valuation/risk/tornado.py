"""How far each input moves the value: set to its low and to its high, all else left alone.

Every figure is a re-run of the model. Around a scenario, low and high move with the scenario's
value by the same amount and are cut at the physical bounds; a discrete input keeps its values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from valuation.engines.rules import Array
from valuation.errors import AssumptionError, NoAnswerError
from valuation.lines import Row, Shape
from valuation.risk.assumptions import BASE, Assumptions
from valuation.risk.runs import rerun
from valuation.risk.swings import Swing, ranges
from valuation.risk.valuation import Valuation, value

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True, kw_only=True)
class Tornado:
    """What each input does to one value, the largest swing first.

    Attributes:
        assumptions: The workbook.
        scenario: Scenario that all inputs stand at.
        changes: Inputs set on top of it, by key.
        row: The row looked at.
        title: What it is called.
        value: Its value with no input shocked.
        swings: One an input.
    """

    assumptions: Assumptions
    scenario: str
    changes: Mapping[str, float]
    row: Row
    title: str
    value: float
    swings: tuple[Swing, ...]

    @property
    def without_value(self) -> tuple[Swing, ...]:
        """Inputs whose low or high leaves no value."""
        return tuple(s for s in self.swings if not all(map(np.isfinite, s.changes)))

    def document(self) -> dict[str, object]:
        """The tornado as plain data: what `valuation tornado --json` prints."""
        model = self.assumptions.company.model
        return {
            "company": self.assumptions.company.name,
            "scenario": self.scenario,
            "changes": dict(self.changes),
            "output": {
                "key": model.key[self.row],
                "label": self.title,
                "unit": self.row.unit_text,
                "value": self.value,
            },
            "inputs": [swing.document() for swing in self.swings],
        }

    def frame(self) -> pd.DataFrame:
        """One row an input, by key."""
        import pandas as pd

        records = [{**s.document(), "value_at_low": s.at_low, "value_at_high": s.at_high,
                    "change_at_low": s.changes[0], "change_at_high": s.changes[1]}
                   for s in self.swings]  # fmt: skip
        columns = list(records[0]) if records else ["key"]
        return pd.DataFrame(records, columns=columns).set_index("key")

    def plot(self, *, top: int = 15, ax: Axes | None = None) -> Axes:
        """Draw the inputs that move the value most."""
        from valuation.risk.analysis_plots import plot_tornado

        return plot_tornado(self, top=top, ax=ax)


def tornado(
    assumptions: Assumptions,
    *,
    output: Row | None = None,
    scenario: str = BASE,
    changes: Mapping[str, float] | None = None,
    keys: Sequence[str] | None = None,
) -> Tornado:
    """Set each input with a range to its low and to its high.

    Args:
        assumptions: The workbook.
        output: Row looked at, of one value; by default the value per share.
        scenario: Scenario that all inputs stand at.
        changes: Inputs set on top of it, by key; a range moves with the value set.
        keys: Inputs shocked; by default all with a range.

    Raises:
        AssumptionError: A scenario, key, value or output that does not fit.
        NoAnswerError: There is no value to start from.
    """
    row = assumptions.company.value_per_share if output is None else output
    return _tornadoes(assumptions, [(row, row.label)], scenario, changes, keys)[0]


def tornadoes(
    assumptions: Assumptions,
    *,
    scenario: str = BASE,
    changes: Mapping[str, float] | None = None,
    keys: Sequence[str] | None = None,
) -> dict[str, Tornado]:
    """One tornado a part, of its value, by key; only with the inputs that move it.

    Args:
        assumptions: As in `tornado`.
        scenario: As in `tornado`.
        changes: As in `tornado`.
        keys: As in `tornado`.

    Raises:
        AssumptionError: As in `tornado`.
        NoAnswerError: As in `tornado`.
    """
    parts = assumptions.company.parts
    rows = [(part.value, part.title) for part in parts]
    found = _tornadoes(assumptions, rows, scenario, changes, keys, movers=True)
    return {part.key: one for part, one in zip(parts, found, strict=True)}


def _tornadoes(
    assumptions: Assumptions,
    rows: Sequence[tuple[Row, str]],
    scenario: str,
    changes: Mapping[str, float] | None,
    keys: Sequence[str] | None,
    *,
    movers: bool = False,
) -> list[Tornado]:
    """Tornadoes of several rows from one batch: low and high of each input, then none shocked."""
    model, changes = assumptions.company.model, dict(changes or {})
    yearly = [model.key[row] for row, _ in rows if row.shape == Shape.SERIES]
    if yearly:
        raise AssumptionError([f"{yearly[0]} has one value a year. Name a row with one value."])
    centre = value(assumptions, scenario=scenario, changes=changes)
    spans = ranges(assumptions, scenario, changes, keys)
    draws = 2 * len(spans) + 1
    shocked: dict[str, Array] = {}
    for i, (key, (low, base, high)) in enumerate(spans.items()):
        shocked[key] = np.full(draws, base)
        shocked[key][2 * i : 2 * i + 2] = low, high
    found = rerun(assumptions, [row for row, _ in rows], draws=draws, scenarios=scenario,
                  changes={**changes, **shocked})  # fmt: skip
    made = []
    for (row, title), values in zip(rows, found, strict=True):
        own = np.broadcast_to(values[0], draws)
        if not np.isfinite(own[-1]):
            text = f"{title} ({model.key[row]}) has no value in scenario {centre.scenario}."
            raise NoAnswerError(f"{text} Change the inputs it rests on.", key=model.key[row])
        swings = _swings(assumptions, spans, own)
        shown = tuple(swing for swing in swings if swing.moves or not movers)
        made.append(_made(centre, row, title, float(own[-1]), shown))
    return made


def _made(
    centre: Valuation, row: Row, title: str, own: float, swings: tuple[Swing, ...]
) -> Tornado:
    return Tornado(
        assumptions=centre.assumptions,
        scenario=centre.scenario,
        changes=centre.changes,
        row=row,
        title=title,
        value=own,
        swings=swings,
    )


def _swings(
    assumptions: Assumptions, spans: Mapping[str, tuple[float, float, float]], values: Array
) -> list[Swing]:
    """One an input, the largest first; equal ones in the order of the model."""
    model = assumptions.company.model
    found = [
        Swing(
            given=assumptions.inputs[key],
            title=model.title(key),
            low=low,
            base=base,
            high=high,
            centre=float(values[-1]),
            at_low=float(values[2 * i]),
            at_high=float(values[2 * i + 1]),
        )
        for i, (key, (low, base, high)) in enumerate(spans.items())
    ]
    return sorted(found, key=lambda swing: -swing.swing)
