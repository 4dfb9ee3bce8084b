"""What a price implies: the values of a question that give it, or the one that comes closest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from valuation.engines.rules import Array
from valuation.risk.assumptions import Question, ReferencePrice
from valuation.risk.document import plain
from valuation.risk.valuation import iso_date

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Key of the yardstick that is the company's own value per share.
INTRINSIC: Final = "intrinsic"
#: Unit of a number that multiplies inputs.
MULTIPLE: Final = "x"


@dataclass(frozen=True, kw_only=True)
class Best:
    """The value that comes closest to a price.

    Attributes:
        value: Of what is sought.
        value_per_share: What it gives.
        shortfall: Price less value per share; negative where even the least is above the price.
    """

    value: float
    value_per_share: float
    shortfall: float


@dataclass(frozen=True, kw_only=True)
class Implied:
    """What must be so for the value per share to equal a price.

    Attributes:
        question: What was asked.
        yardstick: `intrinsic`, or the key of a further yardstick of the company.
        scenario: Scenario of all other inputs; of a mix, the two scenarios.
        price: The price sought.
        unit: Of the values.
        base: What it is without asking: the value of the scenario, 1 for a multiple; a yearly
            input whose years differ and the probability of a mix have none.
        low: Lower end of the search.
        high: Upper end.
        notes: Why the search ends there, where neither the question nor a bound says so.
        solutions: Every value that gives the price, in order.
        spans: Intervals of which every value gives it.
        elicited: Range of the sheet; for a multiple, of all its inputs; None where there is none.
        best: The value that comes closest where none gives the price; None where one does, or
            where there is no value at all.
        gaps: Intervals without a value per share.
        is_constant: The value per share is the same whatever the value.
        inputs: Value of the inputs sought before they are; empty for a mix.
        points: Values looked at.
        values: Value per share there.
    """

    question: Question
    yardstick: str
    scenario: str
    price: float
    unit: str
    base: float | None
    low: float
    high: float
    notes: tuple[str, ...] = ()
    solutions: tuple[float, ...]
    spans: tuple[tuple[float, float], ...] = ()
    elicited: tuple[float, float] | None
    best: Best | None
    gaps: tuple[tuple[float, float], ...] = ()
    is_constant: bool = False
    inputs: Mapping[str, float | tuple[float, ...]] = field(default_factory=dict)
    points: Array = field(repr=False, compare=False)
    values: Array = field(repr=False, compare=False)

    @property
    def key(self) -> str:
        """Keys of the inputs sought, joined by commas; of a mix, the first scenario."""
        first = f"probability of {self.question.scenarios[0]}" if self.question.scenarios else ""
        return first or ",".join(self.question.keys)

    @property
    def is_probability(self) -> bool:
        """Whether the weight of the first of two scenarios is sought."""
        return bool(self.question.scenarios)

    @property
    def outside(self) -> tuple[bool, ...]:
        """Which solutions lie outside the elicited range."""
        return tuple(self.is_outside(value) for value in self.solutions)

    def is_outside(self, value: float) -> bool:
        """Whether a value lies outside the elicited range, where there is one."""
        low, high = self.elicited or (-np.inf, np.inf)
        slack = 1e-12 * max(abs(value), 1e-300)
        return not low - slack <= value <= high + slack

    def number(self, value: float) -> str:
        """A value for people, with its unit."""
        if self.unit == "date":
            return iso_date(value)
        if self.unit in ("year", "flag"):
            return f"{value:.10g}"
        if self.unit.startswith("%"):
            return f"{100 * value:,.5g}%"
        size = 1000
        text = f"{value + 0.0:.5g}" if abs(value) < size else f"{value:,.1f}".removesuffix(".0")
        return f"{text}x" if self.unit == MULTIPLE else f"{text} {self.unit}".rstrip()

    def between(self, low: float, high: float, word: str = " … ") -> str:
        """Two values for people, the unit said once."""
        first, last = self.number(low), self.number(high)
        tail = f" {self.unit}"
        return f"{first.removesuffix(tail)}{word}{last}"

    @property
    def answer(self) -> str:
        """The answer in a few words: solutions with their marks, or the best there is."""
        if self.is_constant:
            does = "every value" if self.spans else "no value"
            return f"{does}: the value per share does not depend on it"
        found = [self.number(value) + self._mark(value) for value in self.solutions]
        found += [f"every value between {self.between(*span, ' and ')}" for span in self.spans]
        if found:
            return "; ".join(found)
        searched = f"no value between {self.between(self.low, self.high, ' and ')}"
        if self.best is None:
            return f"{searched} has a value per share"
        side = "short" if self.best.shortfall > 0 else "above"
        return (
            f"{searched} does; the best is {self.best.value_per_share:.2f} at "
            f"{self.number(self.best.value)}, {abs(self.best.shortfall):.2f} {side}"
        )

    def _mark(self, value: float) -> str:
        if not self.is_outside(value) or self.elicited is None:
            return ""
        if self.is_probability:
            none, all_of_it = self.values
            return f" (outside 0 … 100%; 0% gives {none:.2f}, 100% gives {all_of_it:.2f})"
        return f" (outside the elicited range {self.between(*self.elicited)})"

    def document(self) -> dict[str, object]:
        """The answer as plain data."""
        return {
            "key": self.key,
            "question": self.question.name,
            "yardstick": self.yardstick,
            "scenario": self.scenario,
            "unit": self.unit,
            "target": self.price,
            "base": self.base,
            "bounds": [self.low, self.high],
            "bounds_notes": list(self.notes),
            "solutions": list(self.solutions),
            "outside_elicited_range": list(self.outside),
            "elicited_range": plain(self.elicited),
            "solution_intervals": plain(self.spans),
            "best": plain(self.best),
            "without_value": plain(self.gaps),
            "constant": self.is_constant,
        }

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the value per share against what is sought, the price, and the solutions."""
        if ax is None:
            from matplotlib import pyplot as plt

            ax = plt.subplots(figsize=(8, 4.5), layout="constrained")[1]
        x, y = self.points, self.values
        if self.is_probability:  # a straight line, drawn as far as the solution
            x = np.union1d(x, np.array(self.solutions))
            y = self.values[0] + x * (self.values[1] - self.values[0])
        ax.plot(x, y, color="#1F3864", label="Value per share")
        ax.axhline(self.price, color="#C00000", linestyle="--", label=f"Price {self.price:.2f}")
        for value in self.solutions:
            ax.plot([value], [self.price], marker="o", color="#C00000")
            ax.annotate(self.number(value), (value, self.price), (4, 6), textcoords="offset points")
        if self.elicited is not None:
            ax.axvspan(*self.elicited, color="#5B84B1", alpha=0.2, label="Elicited range")
        ax.set_xlabel(f"{self.question.name or self.key} ({self.unit})")
        ax.set_ylabel(f"Value per share, {self.yardstick}")
        ax.legend()
        return ax


@dataclass(frozen=True, kw_only=True)
class ImpliedTable:
    """Every question at every price, on every yardstick.

    Attributes:
        prices: The market's first.
        yardsticks: Name by key, the intrinsic value first.
        scenario: Scenario of the inputs that are not sought.
        value_per_share: Intrinsic value there.
        answers: By question, then price, then yardstick.
    """

    prices: tuple[ReferencePrice, ...]
    yardsticks: Mapping[str, str]
    scenario: str
    value_per_share: float
    answers: tuple[tuple[tuple[Implied, ...], ...], ...]

    @property
    def questions(self) -> tuple[Question, ...]:
        """What was asked."""
        return tuple(by_price[0][0].question for by_price in self.answers)

    def on(self, yardstick: str) -> list[list[Implied]]:
        """Answers on one yardstick: a list a question, one answer a price."""
        at = list(self.yardsticks).index(yardstick)
        return [[by_yardstick[at] for by_yardstick in by_price] for by_price in self.answers]

    def document(self) -> dict[str, object]:
        """The table as plain data."""
        return {
            "scenario": self.scenario,
            "value_per_share": self.value_per_share,
            "prices": plain(self.prices),
            "yardsticks": [{"key": key, "title": name} for key, name in self.yardsticks.items()],
            "answers": [
                {"price": price.name, **answer.document()}
                for by_price in self.answers
                for price, by_yardstick in zip(self.prices, by_price, strict=True)
                for answer in by_yardstick
            ],
        }
