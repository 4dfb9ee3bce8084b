"""What a question seeks: an input, or a number that multiplies inputs, and where it is sought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from valuation.engines.rules import Array
from valuation.errors import AssumptionError
from valuation.risk.assumptions import Assumptions, Input, Question
from valuation.risk.implication import MULTIPLE
from valuation.risk.valuation import base_values

Values: TypeAlias = float | tuple[float, ...]

#: Where neither a bound nor a question ends the search: so many ranges around the base value, so
#: many times the base value, or so many units where that is zero.
_WIDE: Final = 10
#: Most values of a whole-number input; points of the scan, and more of them in the elicited range.
_WHOLE: Final = 4_000
_POINTS, _FINE_POINTS = 1_025, 129
#: Largest multiple where the question names none.
_MULTIPLE: Final = 10.0


@dataclass(frozen=True, kw_only=True)
class Sought:
    """An input sought, or a number that multiplies several.

    Attributes:
        keys: The inputs.
        values: What they are before they are sought; None where each draw has its own.
        unit: Of the number sought.
        base: What it is without asking; None where the years of an input differ.
        low: Lower end of the search.
        high: Upper end.
        elicited: Range of the sheet, in the unit of the number.
        whole: Only whole numbers make sense.
        limits: Bounds of each input, by key.
        notes: Why the search ends where it does.
    """

    keys: tuple[str, ...]
    values: Mapping[str, Values]
    unit: str
    base: float | None
    low: float
    high: float
    elicited: tuple[float, float] | None
    whole: bool
    limits: Mapping[str, tuple[float, float]]
    notes: tuple[str, ...]

    def inputs(self, numbers: Array) -> dict[str, Array]:
        """Values of the inputs at numbers sought, one a draw: (draws,) or (years, draws) by key."""
        if len(self.keys) == 1:
            return {self.keys[0]: numbers}
        return {key: self.times(key, np.asarray(v), numbers) for key, v in self.values.items()}

    def times(self, key: str, value: Array, numbers: Array) -> Array:
        """Multiples of an input; rounding does not take them over its bounds."""
        product = np.multiply(value[:, None] if value.ndim == 1 else value, numbers)
        clipped: Array = np.clip(product, *self.limits[key])
        return clipped

    @property
    def points(self) -> Array:
        """Numbers to scan: the whole search, and the elicited range more closely."""
        if self.whole:
            return np.arange(np.ceil(self.low), np.floor(self.high) + 1)
        found = [np.linspace(self.low, self.high, _POINTS)]
        if self.elicited is not None:
            found.append(np.linspace(*self.elicited, _FINE_POINTS))
        if self.base is not None:
            found.append(np.array([self.base]))
        points = np.concatenate(found)
        return points[(points >= self.low) & (points <= self.high)]


def refuse_faults(assumptions: Assumptions, question: Question) -> None:
    """Refuse a question that cannot be asked.

    Raises:
        AssumptionError: What is wrong with it, everything.
    """
    inputs, model = assumptions.inputs, assumptions.company.model
    problems = []
    if bool(question.keys) == bool(question.scenarios):
        problems.append(f"{question.name or 'the question'} needs inputs, or two scenarios.")
    if question.scenarios and len(question.scenarios) != 2:  # noqa: PLR2004 - a mix of two
        problems.append(f"{question.name}: a mix has two scenarios, {question.scenarios} are not.")
    for key in question.keys:
        if key not in inputs:
            kind = "a formula" if key in model.rows else "no input"
            problems.append(f"{key!r} is {kind}.{model.nearest(key, inputs)}")
        elif len(question.keys) > 1 and inputs[key].row.whole:
            problems.append(f"{key} is a whole number, which cannot be multiplied. Leave it out.")
    low, high = question.low, question.high
    if low is not None and high is not None and not low < high:
        problems.append(f"{question.name}: {low:g} is not below {high:g}. Give low and high.")
    if problems:
        raise AssumptionError(problems)


def sought(
    assumptions: Assumptions,
    question: Question,
    *,
    scenario: str,
    changes: Mapping[str, float],
) -> Sought:
    """Find out what a question about inputs seeks, and where.

    Raises:
        AssumptionError: The search would be empty.
    """
    known = {**base_values(assumptions), **assumptions.scenario(scenario).values}
    known |= {**assumptions.overrides, **changes}
    values = {key: known[key] for key in question.keys}
    limits = {k: (assumptions.inputs[k].minimum, assumptions.inputs[k].maximum) for k in values}
    several = len(values) > 1
    first = assumptions.inputs[question.keys[0]]
    base = 1.0 if several else _one(values[first.key])
    notes: list[str] = []
    if several:
        low, high = _multiples(question, values, limits, notes)
        ranges = [_elicited(assumptions.inputs[key], values[key]) for key in values]
        known_ranges = [found for found in ranges if found is not None]
        elicited = _shared(known_ranges)
    else:
        low, high = _ends(question, first, values[first.key], notes)
        given = (first.low, first.high)
        elicited = None if given[0] is None or given[1] is None else (given[0], given[1])
    if not low <= high:
        raise AssumptionError([f"{question.name}: nothing lies from {low:g} to {high:g}."])
    return Sought(
        keys=question.keys, values=values, unit=MULTIPLE if several else first.row.unit_text,
        base=base, low=low, high=high, elicited=elicited, whole=first.row.whole and not several,
        limits=limits, notes=tuple(notes),
    )  # fmt: skip


def _one(value: Values) -> float | None:
    """A value, or the one value of all years."""
    found = set(value) if isinstance(value, tuple) else {value}
    return float(found.pop()) if len(found) == 1 else None


def _ends(question: Question, given: Input, value: Values, notes: list[str]) -> tuple[float, float]:
    """Ends of the search for an input: the question's or its bounds, else wide enough."""
    wide = _wide(given, value)
    ends = []
    for asked, bound, reach, name in (
        (question.low, given.minimum, wide[0], "low"),
        (question.high, given.maximum, wide[1], "high"),
    ):
        inside = bound if asked is None else min(max(asked, given.minimum), given.maximum)
        if asked is not None and inside != asked:
            notes.append(f"{asked:g} is beyond the bound {inside:g} of {given.key}")
        if not np.isfinite(inside):
            inside = reach
            text = f"{given.key} has no {name} bound: searched to {reach:g}"
            notes.append(f"{text}, {_reach(given, value)} the base value")
        ends.append(float(inside))
    if given.row.whole and ends[1] - ends[0] > _WHOLE:
        middle = round(float(np.mean(value)))
        ends = [max(ends[0], middle - _WHOLE // 2), min(ends[1], middle + _WHOLE // 2)]
        notes.append(f"{given.key} has many whole values: searched {ends[0]:g} to {ends[1]:g}")
    return ends[0], ends[1]


def _reach(given: Input, value: Values) -> str:
    """How far from the base value the search goes, in words."""
    if given.low is not None and given.high is not None:
        return f"{_WIDE} ranges from"
    return f"{_WIDE} times" if np.any(value) else f"{_WIDE} from"


def _wide(given: Input, value: Values) -> tuple[float, float]:
    """Ten ranges either side of the base value, or from zero to ten times the base value."""
    least, most = float(np.min(value)), float(np.max(value))
    if given.low is not None and given.high is not None:
        reach = _WIDE * (given.high - given.low)
        return least - reach, most + reach
    low, high = min(0.0, _WIDE * least), max(0.0, _WIDE * most)
    return (low, high) if low < high else (-float(_WIDE), float(_WIDE))


def _multiples(
    question: Question,
    values: Mapping[str, Values],
    limits: Mapping[str, tuple[float, float]],
    notes: list[str],
) -> tuple[float, float]:
    """Ends of the search for a multiple, such that no input leaves its bounds."""
    low = 0.0 if question.low is None else question.low
    high = _MULTIPLE if question.high is None else question.high
    if question.high is None:
        notes.append(f"searched to {high:g} times the values")
    cut = {"below": "", "above": ""}
    for key, value in values.items():
        for one in value if isinstance(value, tuple) else (value,):
            least, most = sorted(bound / one for bound in limits[key]) if one else (low, high)
            if least > low:
                low, cut["below"] = least, key
            if most < high:
                high, cut["above"] = most, key
    for (side, key), end in zip(cut.items(), (low, high), strict=True):
        if key:
            notes.append(f"{side} {end:.6g}x {key} would leave its bounds")
    return low, high


def _elicited(given: Input, value: Values) -> tuple[float, float] | None:
    """Range of an input as multiples of its value."""
    one = _one(value)
    if given.low is None or given.high is None or not one:
        return None
    ends = sorted((given.low / one, given.high / one))
    return ends[0], ends[1]


def _shared(ranges: list[tuple[float, float]]) -> tuple[float, float] | None:
    """Multiples at which every input stays in its range."""
    if not ranges:
        return None
    low, high = max(low for low, _ in ranges), min(high for _, high in ranges)
    return (low, high) if low <= high else None
