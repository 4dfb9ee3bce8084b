"""One input at its low and at its high: how far it may move, and what that does to a value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from valuation.errors import AssumptionError
from valuation.risk.assumptions import Assumptions, Input
from valuation.risk.document import plain
from valuation.risk.valuation import base_values

#: Change, relative to the base value, below which an input does not move it.
_STILL = 1e-12
#: Units that a number is read without.
_UNSPOKEN = ("", "1", "ratio", "flag", "year", "date")


@dataclass(frozen=True, kw_only=True)
class Swing:
    """What one input does to a value.

    Attributes:
        given: The input.
        title: Where it stands and what it is called.
        low: Its low, as set.
        base: Its value where the others are shocked.
        high: Its high, as set.
        centre: The value with no input shocked.
        at_low: The value with the input at its low; NaN where there is none.
        at_high: The value with the input at its high.
    """

    given: Input
    title: str
    low: float
    base: float
    high: float
    centre: float
    at_low: float
    at_high: float

    @property
    def changes(self) -> tuple[float, float]:
        """What low and high add to the value."""
        return self.at_low - self.centre, self.at_high - self.centre

    @property
    def swing(self) -> float:
        """The larger change, without its sign; a change that has no value does not count."""
        return max((abs(c) for c in self.changes if np.isfinite(c)), default=0.0)

    @property
    def moves(self) -> bool:
        """Whether the input changes the value, or leaves none."""
        gap = not all(map(np.isfinite, self.changes))
        return gap or self.swing > _STILL * max(1.0, abs(self.centre))

    @property
    def shock(self) -> str:
        """What was set: `480 → 350 / 600 CNY/kW/month`; a shift of a rate in percent points."""
        unit, share = self.given.row.unit_text, self.given.row.unit_text.startswith("%")
        shift = share and self.given.value == 0 and self.given.minimum < 0 < self.given.maximum
        sign, scale = "+" if shift else "", 100 if share else 1
        comma = "" if unit in ("year", "date") else ","
        end = "%" if unit == "%" and not shift else ""
        numbers = (f"{scale * x:{sign}{comma}.10g}{end}" for x in (self.base, self.low, self.high))
        said = "{} → {} / {}".format(*numbers)
        after = "pp" if shift else unit
        return said if end or after in _UNSPOKEN else f"{said} {after}"

    @property
    def label(self) -> str:
        """The input and what was set."""
        return f"{self.title}: {self.shock}"

    def document(self) -> dict[str, object]:
        """The swing as plain data."""
        change_low, change_high = self.changes
        return {
            "key": self.given.key,
            "label": self.label,
            "title": self.title,
            "unit": self.given.row.unit_text,
            "low": self.low,
            "base": self.base,
            "high": self.high,
            "value_at_low": plain(self.at_low),
            "value_at_high": plain(self.at_high),
            "change_at_low": plain(change_low),
            "change_at_high": plain(change_high),
            "swing": self.swing,
        }


def ranges(
    assumptions: Assumptions,
    scenario: str,
    changes: Mapping[str, float],
    keys: Sequence[str] | None,
) -> dict[str, tuple[float, float, float]]:
    """Low, base and high of every input with a range, in the order of the model."""
    inputs, model = assumptions.inputs, assumptions.company.model
    problems = []
    for key in keys or ():
        if key not in inputs:
            problems.append(f"no input {key!r}.{model.nearest(key, inputs)}")
        elif _range(inputs[key]) is None:
            problems.append(f"{key} has no range. Give Low and High.")
    if problems:
        raise AssumptionError(problems)
    now = {**base_values(assumptions), **assumptions.scenario(scenario).values}
    now |= {**assumptions.overrides, **changes}
    found = {}
    for key, given in inputs.items():
        base, span = now[key], _range(given)
        if (keys is None or key in keys) and span is not None and not isinstance(base, tuple):
            low, high = _moved(given, span, base)
            found[key] = low, float(base), high
    return found


def _range(given: Input) -> tuple[float, float] | None:
    """Low and high of an input; the least and the greatest value of a discrete one."""
    if given.is_yearly:
        return None
    if given.weights:
        values = [number for number, _ in given.weights]
        return min(values), max(values)
    if given.low is None or given.high is None:
        return (0.0, 1.0) if given.distribution == "bernoulli" else None
    return given.low, given.high


def _moved(given: Input, span: tuple[float, float], base: float) -> tuple[float, float]:
    """The range around another base value, cut at the bounds."""
    if base == given.value or given.distribution in ("discrete", "bernoulli"):
        return span
    shift = base - float(np.asarray(given.value))
    low, high = (
        min(max(float(f"{end + shift:.12g}"), given.minimum), given.maximum) for end in span
    )
    return low, high
