"""Trace a row down to inputs: its formula in words, what it reads, the sources and the facts."""

from __future__ import annotations

import math

import numpy as np

from valuation.engines.arrays import evaluate
from valuation.engines.plan import Plan
from valuation.engines.words import Mention, When, Words
from valuation.errors import AssumptionError
from valuation.lines import Assumption, Expr, Line, Row, Shape
from valuation.lines.nodes import Number
from valuation.risk.assumptions import BASE
from valuation.risk.explanation import Explanation, InputUsed, Operand, Step
from valuation.risk.facts import facts_named
from valuation.risk.valuation import Valuation, iso_date


def explain(
    result: Valuation, key: str, *, year: int | None = None, depth: int | None = 2
) -> Explanation:
    """Trace a row down to inputs, each row once, for the first year that leads to it.

    Args:
        result: A valuation.
        key: The row.
        year: Year to show; by default that of the valuation date.
        depth: How many formulas deep; None for all.

    Raises:
        AssumptionError: No such row, or no such year on the ruler.
    """
    model, years = result.company.model, result.years
    if key not in model.rows:
        raise AssumptionError([f"no row {key!r}.{model.nearest(key)}"])
    if year is not None and year not in years:
        text = f"{year} is not on the ruler. Name a year from {years[0]} to {years[-1]}."
        raise AssumptionError([text])
    if depth is not None and depth < 1:
        raise AssumptionError([f"depth {depth} shows nothing. Give 1 or more, or all."])
    valuation_year = int(iso_date(result.number(result.company.valuation_date))[:4])
    shown = valuation_year if year is None else year
    trace = _Trace(result, min(max(shown - years[0], 0), len(years) - 1))
    trace.follow(model.rows[key], depth)
    return Explanation(
        key=key,
        scenario=result.scenario,
        year=years[trace.position],
        valuation_year=valuation_year,
        steps=trace.steps,
        inputs=trace.inputs,
    )


#: A row to explain, and its period: -1 for its opening, None for a row with one value.
_Place = tuple[Row, int | None]


class _Trace:
    """Explains rows level by level."""

    def __init__(self, result: Valuation, position: int) -> None:
        self.result, self.position = result, position
        self.model = result.company.model
        self.steps: dict[tuple[str, bool], Step] = {}
        self.inputs: dict[str, InputUsed] = {}

    def follow(self, row: Row, depth: int | None) -> None:
        level = 0
        places: list[_Place] = [(row, self.position if row.shape == Shape.SERIES else None)]
        while places:
            following: list[_Place] = []
            for place in places:
                following += self._take(place, level, calculated=depth is None or level < depth)
            places, level = following, level + 1

    def _take(self, place: _Place, level: int, *, calculated: bool) -> list[_Place]:
        """Explain a row that is not explained yet; returns what its formula reads."""
        row, period = place
        key, opening = self.model.key[row], period == -1
        if isinstance(row, Assumption):
            if key not in self.inputs:
                self.inputs[key] = self._input(row, key, period)
        elif isinstance(row, Line) and calculated and (key, opening) not in self.steps:
            step, read = self._step(row, key, period, level)
            self.steps[key, opening] = step
            return read
        return []

    def _step(
        self, row: Line, key: str, period: int | None, level: int
    ) -> tuple[Step, list[_Place]]:
        words, opening = Words(self.model, row), period == -1
        mentions = words.opening_mentions if opening else words.mentions
        pairs = [self._operand(words, m, period) for m in mentions]
        operands, places = [o for o, _ in pairs], [p for _, p in pairs if p is not None]
        before = None
        if row.opening is not None and not opening and (row, -1) not in places:
            before = self._read(row, -1, f"{words.names[row]} before the first year")
            places.append((row, -1))
        step = Step(
            key=key,
            title=self.model.title(key),
            name=words.names[row],
            unit=row.unit_text,
            year=self._year(row, period),
            opening=opening,
            value=self._value(row, period),
            formula=words.opening if opening else words.formula,
            operands=tuple(operands),
            before=before,
            note=row.note,
            level=level,
        )
        return step, places

    def _operand(
        self, words: Words, mention: Mention, period: int | None
    ) -> tuple[Operand, _Place | None]:
        """A part of the formula of a row in a period; and the row to explain next."""
        text, row = words.say(mention.node), mention.row
        if row is None:
            value = mention.node.value if isinstance(mention.node, Number) else math.nan
            number = Operand(
                text=text, key="", year=None, opening=False, value=value, unit="", by_year={}
            )
            return number, None
        at = self._period(row, mention, period)
        if at is not None and at < -1:  # nothing stands before the opening; later years have it
            return self._read(row, at, text), (row, self.position)
        every = mention.when is When.ALL and row.shape == Shape.SERIES
        return self._read(row, at, text, every=every), (row, at)

    def _period(self, row: Row, mention: Mention, period: int | None) -> int | None:
        """Period in which a row is read by a formula of a period."""
        if row.shape != Shape.SERIES:
            return None
        now = self.position if period is None else period
        match mention.when:
            case When.BEFORE:
                return now - 1
            case When.AGO if mention.years is not None:
                return now - int(self._number(mention.years, now))
            case When.LAST:
                return self.model.periods - 1
        return now

    def _read(self, row: Row, period: int | None, text: str, *, every: bool = False) -> Operand:
        array, years = self.result.arrays[row], self.result.years
        return Operand(
            text=text,
            key=self.model.key[row],
            year=self._year(row, period),
            opening=period == -1,
            value=self._value(row, period),
            unit=row.unit_text,
            by_year=dict(zip(years, map(float, array[:, 0]), strict=True)) if every else {},
        )

    def _year(self, row: Row, period: int | None) -> int | None:
        if row.shape != Shape.SERIES or period is None or period == -1:
            return None
        return self.result.years[0] + period

    def _value(self, row: Row, period: int | None) -> float:
        if period is not None and period < -1:
            return 0.0
        if period == -1:
            opening = row.opening if isinstance(row, Line) else None
            return 0.0 if opening is None else self._number(opening, 0)
        return self._number(row, period)

    def _number(self, node: Expr, period: int | None) -> float:
        """Value of an expression in a period."""
        array = self.result.arrays.get(node) if isinstance(node, Row) else None
        if array is None:
            line = Line(label="", unit_text="", operands=(node,), unit=node.unit, shape=node.shape)
            plan = Plan(self.model, [line], typed=self.result.arrays)
            array = evaluate(plan, self.result.arrays, draws=1)[line]
        values = np.broadcast_to(array[:, 0], (self.model.periods,))
        return float(values[period or 0])

    def _input(self, row: Assumption, key: str, period: int | None) -> InputUsed:
        result, at = self.result, period or 0
        assumptions = result.assumptions
        given = assumptions.inputs[key]
        base = given.value[at] if isinstance(given.value, tuple) else given.value
        texts = f"{given.source}\n{given.as_of}\n{given.parameters}\n{given.note}"
        facts, lost = facts_named(texts, assumptions.tables.values())
        return InputUsed(
            given=given,
            title=self.model.title(key),
            year=self._year(row, period),
            value=self._number(row, period),
            base=base,
            set_by=_set_by(result, key),
            facts=tuple(facts),
            lost=tuple(lost),
        )


def _set_by(result: Valuation, key: str) -> str:
    """Which of the layers of a valuation gave an input its value."""
    if key in result.changes:
        return "set"
    if key in result.assumptions.overrides:
        return "override"
    if key in result.assumptions.scenario(result.scenario).values:
        return f"scenario {result.scenario}"
    return BASE
