"""What the price implies: the inputs at which the value per share equals a price.

The model is re-run for every number looked at; nothing is approximated. Where the value per share
of the company has no value, no other yardstick is taken to have one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from valuation.engines.rules import Array
from valuation.errors import AssumptionError
from valuation.lines import Row
from valuation.risk.assumptions import BASE, Assumptions, Question, ReferencePrice
from valuation.risk.brackets import TIGHT, Target
from valuation.risk.implication import INTRINSIC, Best, Implied, ImpliedTable
from valuation.risk.roots import Found, Search
from valuation.risk.runs import rerun
from valuation.risk.sought import Sought, refuse_faults, sought
from valuation.risk.valuation import value

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

#: Probabilities of the first scenario of a mix that are shown.
_PROBABILITIES: Final = np.linspace(0.0, 1.0, 2)


def implied(
    assumptions: Assumptions,
    question: Question,
    *,
    price: float,
    scenario: str = BASE,
    changes: Mapping[str, float] | None = None,
    yardstick: Row | None = None,
) -> Implied:
    """Find what must be so for the value per share to equal a price: every solution.

    Put back through `value`, a solution gives the price at 1e-9, relatively. For a mix, the value
    is that of the first scenario times its probability plus that of the second times the rest:
    the probability is exact, and told as it is when it is above 1 or below 0.

    Args:
        assumptions: The workbook.
        question: The input, inputs or scenarios, and the ends of the search; without ends, the
            physical bounds, and where there are none 10 ranges around the base value, or 10 times
            the base value.
        price: In the currency of the company.
        scenario: Scenario of all other inputs; a mix has its own two.
        changes: Values by key that win over the scenario.
        yardstick: Row held against the price; by default the value per share.

    Raises:
        AssumptionError: A question, scenario, change or price that does not fit.
    """
    rows = _rows(assumptions, yardstick)
    found = _answers(assumptions, question, [price], rows, scenario, changes or {})
    return found[0][-1]


def implied_table(
    assumptions: Assumptions,
    *,
    scenario: str = BASE,
    changes: Mapping[str, float] | None = None,
    questions: Sequence[Question] | None = None,
    price: float | None = None,
) -> ImpliedTable:
    """Answer questions at every price of the workbook, on every yardstick of the company.

    Args:
        assumptions: The workbook.
        scenario: Scenario of all inputs that are not sought.
        changes: Values by key that win over the scenario.
        questions: By default those of the workbook.
        price: The only price; by default that of the market and those of the workbook.

    Raises:
        AssumptionError: A question, scenario or change that does not fit.
        NoAnswerError: There is no value per share to begin with.
    """
    company = assumptions.company
    now = value(assumptions, scenario=scenario, changes=changes)
    market = ReferencePrice(
        name=company.market_price.label,
        chinese=company.market_price.chinese,
        price=now.number(company.market_price),
    )
    prices = (market, *assumptions.prices)
    if price is not None:
        prices = (ReferencePrice(name="Price asked for", chinese="给定股价", price=price),)
    rows = yardsticks_of(assumptions)
    names = {further.key: further.title for further in company.yardsticks}
    asked = assumptions.questions if questions is None else questions
    wanted = [each.price for each in prices]
    found = [_answers(assumptions, q, wanted, rows, scenario, changes or {}) for q in asked]
    return ImpliedTable(
        prices=prices,
        yardsticks={INTRINSIC: company.value_per_share.label, **names},
        scenario=now.scenario,
        value_per_share=now.value_per_share,
        answers=tuple(tuple(map(tuple, by_price)) for by_price in found),
    )


def question_of(assumptions: Assumptions, text: str) -> Question:
    """The question that a text names: one of the workbook, an input, or inputs with commas.

    A question of the workbook about the same inputs lends its ends of the search.

    Raises:
        AssumptionError: It names none; the nearest key is told.
    """
    plain = text.strip().casefold()
    keys = tuple(key.strip() for key in text.split(",") if key.strip())
    for question in assumptions.questions:
        names = {question.name.casefold(), question.chinese.casefold()} - {""}
        if plain in names or (keys and set(keys) == set(question.keys)):
            return question
    inputs, model = assumptions.inputs, assumptions.company.model
    unknown = [key for key in keys if key not in inputs]
    if unknown or not keys:
        among = [*inputs, *(q.name for q in assumptions.questions)] if len(keys) == 1 else inputs
        told = [
            f"{key!r} is {'a formula' if key in model.rows else 'no input and no question'}."
            f"{model.nearest(key, among)}"
            for key in unknown or [text]
        ]
        raise AssumptionError(told)
    name = model.title(keys[0]) if len(keys) == 1 else f"Multiple of {', '.join(keys)}"
    return Question(name=name, keys=keys)


def yardsticks_of(assumptions: Assumptions) -> dict[str, Row]:
    """Rows that prices are held against, the intrinsic value per share first, by key."""
    company = assumptions.company
    further = {yardstick.key: yardstick.value_per_share for yardstick in company.yardsticks}
    return {INTRINSIC: company.value_per_share, **further}


def yardstick_key(assumptions: Assumptions, row: Row | None) -> str:
    """Key of a yardstick by its row; another row's own key."""
    if row is None:
        return INTRINSIC
    own = (key for key, each in yardsticks_of(assumptions).items() if each is row)
    return next(own, assumptions.company.model.key[row])


def _rows(assumptions: Assumptions, yardstick: Row | None) -> dict[str, Row]:
    """The intrinsic value, which must be there, and the yardstick asked for."""
    own: dict[str, Row] = {INTRINSIC: assumptions.company.value_per_share}
    if yardstick is not None:
        own[yardstick_key(assumptions, yardstick)] = yardstick
    return own


def _answers(
    assumptions: Assumptions,
    question: Question,
    prices: Sequence[float],
    rows: Mapping[str, Row],
    scenario: str,
    changes: Mapping[str, float],
) -> list[list[Implied]]:
    """Answers by price, then yardstick; the model is scanned once for all of them."""
    if not np.isfinite(prices).all():
        raise AssumptionError([f"the price {p} is no number." for p in prices])
    refuse_faults(assumptions, question)
    if question.scenarios:
        return _mixed(assumptions, question, prices, rows, changes)
    chosen = assumptions.scenario(scenario).name
    seek = sought(assumptions, question, scenario=chosen, changes=changes)

    def per_share(numbers: Array) -> Array:
        settings: dict[str, ArrayLike] = {**changes, **seek.inputs(numbers)}
        found = rerun(
            assumptions, list(rows.values()), draws=len(numbers), scenarios=chosen, changes=settings
        )
        both = np.concatenate(found)
        both[:, ~np.isfinite(both[0])] = np.nan  # infinite is no value either
        return both

    middle = (seek.low + seek.high) / 2 if seek.base is None else seek.base
    search = Search(per_share, seek.points, middle, whole=seek.whole)
    targets = [Target(at, price) for price in prices for at in range(len(rows))]
    answers = [
        _implied(question, key, chosen, seek, search, target, found)
        for (target, found), key in zip(
            zip(targets, search.find(targets), strict=True), [*rows] * len(prices), strict=True
        )
    ]
    return [answers[i : i + len(rows)] for i in range(0, len(answers), len(rows))]


def _implied(
    question: Question,
    key: str,
    scenario: str,
    seek: Sought,
    search: Search,
    target: Target,
    found: Found,
) -> Implied:
    """Put what was found into words of the question."""
    best = None
    if found.best is not None and not found.roots and not found.spans:
        best = Best(
            value=found.best[0],
            value_per_share=found.best[1],
            shortfall=target.value - found.best[1],
        )
    return Implied(
        question=question, yardstick=key, scenario=scenario, price=target.value, unit=seek.unit,
        base=seek.base, low=seek.low, high=seek.high, notes=seek.notes, solutions=found.roots,
        spans=found.spans, elicited=seek.elicited, best=best, gaps=search.gaps(target.row),
        is_constant=search.is_constant(target.row), inputs=seek.values, points=search.points,
        values=search.values[target.row],
    )  # fmt: skip


def _mixed(
    assumptions: Assumptions,
    question: Question,
    prices: Sequence[float],
    rows: Mapping[str, Row],
    changes: Mapping[str, float],
) -> list[list[Implied]]:
    """Probability of the first of two scenarios at which their mix is worth a price."""
    names = [assumptions.scenario(name).name for name in question.scenarios]
    ends = np.concatenate(
        rerun(assumptions, list(rows.values()), draws=2, scenarios=names, changes=changes)
    )
    ends[:, ~np.isfinite(ends[0])] = np.nan
    return [
        [
            _mixture(question, " / ".join(names), key, (first, second), price)
            for key, (first, second) in zip(rows, ends.tolist(), strict=True)
        ]
        for price in prices
    ]


def _mixture(
    question: Question, scenario: str, key: str, ends: tuple[float, float], price: float
) -> Implied:
    """The probability of the first scenario, from the value in each of the two."""
    first, second = ends
    apart = first - second
    is_gap = not np.isfinite(apart)
    constant = abs(apart) <= TIGHT * max(abs(first), abs(second))
    same = constant and abs(price - second) <= TIGHT * abs(price)
    best = None
    if constant and not same:
        best = Best(value=1.0, value_per_share=first, shortfall=price - first)
    return Implied(
        question=question, yardstick=key, scenario=scenario, price=price, unit="%", base=None,
        low=0.0, high=1.0, elicited=(0.0, 1.0), best=best, is_constant=constant,
        solutions=() if constant or is_gap else ((price - second) / apart,),
        spans=((0.0, 1.0),) if same else (), gaps=((0.0, 1.0),) if is_gap else (),
        points=_PROBABILITIES, values=np.array([second, first]),
    )  # fmt: skip
