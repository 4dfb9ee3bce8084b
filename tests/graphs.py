"""Random companies for Hypothesis, and the bare workbook that recalculates one.

A company is written row by row as a person would write it. Beside every row stand bounds of its
values, so that graphs neither overflow nor divide by nothing, and a bound of the rounding error by
which computations may differ: 0 where the arithmetic is fixed to the last bit. Only such values
are compared with each other, or a flag could be 1 in one engine and 0 in the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from math import log1p, prod
from operator import attrgetter
from typing import TYPE_CHECKING

import formualizer
import numpy as np
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.workbook.defined_name import DefinedName

from valuation.engines.arrays import BLOCK, evaluate
from valuation.engines.draws import inputs
from valuation.engines.formulas import Formulas, Grid, Place, letters, quoted
from valuation.engines.plan import Plan
from valuation.lines import (
    YEAR,
    Assumption,
    Expr,
    Group,
    Line,
    Model,
    Row,
    Shape,
    assume,
    at_end,
    at_least,
    at_most,
    average,
    balance,
    calendar_year,
    equals,
    exp,
    given,
    growing,
    heading,
    internal_rate_of_return,
    largest,
    line,
    log,
    over_years,
    power,
    previous,
    ramp,
    root,
    smallest,
    straight_line,
    switch,
    total,
    where,
    within,
    year_end,
    years_ago,
)
from valuation.lines.nodes import Op, Previous
from valuation.lines.units import FACTORS, PURE, Unit, conversion

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

PERIODS = 5
ULP = 2.0**-52
MOST = 1e18
MOST_ERROR = 5e-13  # engines are compared at 1e-12
PROMISE = 50.0  # bound of a value of the period before, kept by whatever closes it

# ------------------------------------------------------------------------------------------------
# What random rows are made of
# ------------------------------------------------------------------------------------------------

#: Label, unit, and how the assumption is declared.
ASSUMPTIONS: dict[str, tuple[str, dict[str, object]]] = {
    "rate": ("%", {"yearly": True, "minimum": -0.9, "maximum": 0.9}),
    "share": ("%", {"minimum": 0, "maximum": 1}),
    "factor": ("ratio", {"yearly": True, "minimum": 0.1, "maximum": 3}),
    "cash": ("万CNY", {"yearly": True, "minimum": -9, "maximum": 9}),
    "debt": ("亿CNY", {"minimum": -3, "maximum": 9}),
    "capex": ("CNY m", {"yearly": True, "minimum": 0.1, "maximum": 9}),
    "fee": ("CNY k", {"minimum": -9, "maximum": 9}),
    "racks": ("racks", {"yearly": True, "minimum": 0, "maximum": 90}),
    "price": ("CNY/rack/month", {"minimum": 0.1, "maximum": 90}),
    "load": ("kW/rack", {"minimum": 1, "maximum": 9}),
    "tariff": ("CNY/kWh", {"yearly": True, "minimum": 0.1, "maximum": 2}),
    "tonnes": ("Mt", {"minimum": 0.1, "maximum": 9}),
    "margin": ("CNY/t", {"yearly": True, "minimum": -90, "maximum": 90}),
    "months": ("months", {"minimum": 0.5, "maximum": 24}),
    "hours": ("hours", {"yearly": True, "minimum": 1, "maximum": 9}),
    "life": ("years", {"whole": True, "minimum": 1, "maximum": 3}),
    "long_life": ("years", {"whole": True, "minimum": 1, "maximum": 7}),
    "date": ("date", {"whole": True, "minimum": 45000, "maximum": 47500}),
}
SCALES = {
    "thousand": "k",
    "ten_thousand": "万",
    "million": "m",
    "hundred_million": "亿",
    "billion": "bn",
}
TIMES = ("year", "month", "day", "hour")


@dataclass(frozen=True)
class Term:
    """A node, with bounds of its values and of the rounding error in them.

    Attributes:
        node: The expression.
        most: No value is further from zero.
        least: Above 0, all values are at least this: it may be divided by.
        error: No two computations differ by more; 0 where they are equal to the last bit.
        reducible: A row whose cells stand one a period, whoever hands it in.
    """

    node: Expr
    most: float
    least: float = 0.0
    error: float = 0.0
    reducible: bool = True

    @property
    def unit(self) -> Unit:
        """Unit of the node."""
        return self.node.unit


class Graph:
    """A random company.

    Attributes:
        model: Its rows.
        exact: Rows that all engines compute to the last bit.
    """

    def __init__(self, model: Model, exact: frozenset[Row]) -> None:
        self.model, self.exact = model, exact

    def __repr__(self) -> str:
        """Show each line with its first formula."""
        text = formulas(self.model)
        return "\n".join(
            f"{place.sheet}!{place.number} {self.model.key[row]} [{row.unit_text}] "
            + " | ".join(f for _, f in (text.cells(row) if isinstance(row, Line) else ()))
            for row, place in text.places.items()
        )


class NothingFitsError(Exception):
    """No row so far can be used for what was to be written: something else is."""


def _spelt(unit: Unit) -> str:
    """Text from which `parse` reads a unit."""
    up = [SCALES.get(n, n) for n, p in unit.powers for _ in range(p)]
    down = [f"/{SCALES.get(n, n)}" for n, p in unit.powers for _ in range(-p)]
    return " ".join([*(up or ["1"]), *down])


@dataclass
class Writer:
    """Rows of one group, written one after the other."""

    draw: Callable[[st.SearchStrategy], object]
    depth: int = 0
    rows: dict[str, object] = field(default_factory=dict)
    terms: dict[str, Term] = field(default_factory=dict)
    pool: list[Term] = field(default_factory=list)
    open: list[Term] = field(default_factory=list)
    closing: dict[Previous, Line] = field(default_factory=dict)

    # Drawing

    def one_of(self, options: Sequence) -> object:
        return self.draw(st.sampled_from(options))

    def pick(self, fits: Callable[[Term], bool] = lambda _: True) -> Term:
        found = [t for t in self.pool if fits(t)]
        if not found:
            raise NothingFitsError
        return self.one_of(found)

    # Adding rows

    def name(self, word: str) -> str:
        return f"{word}_{len(self.rows)}"

    def add(self, name: str, term: Term) -> Term:
        if "." not in name:
            self.rows[name] = term.node
        self.terms[name] = term
        self.pool.append(term)
        return term

    def assumption(self, name: str, unit: str, **declared: object) -> Term:
        node = assume(name, unit, **declared)
        least = max(node.minimum, 0)
        return self.add(name, Term(node, max(-node.minimum, node.maximum), least))

    def declared(self, term: Term) -> tuple[str, float]:
        """A unit to declare an expression in, and by how much its numbers grow."""
        powers = dict(term.unit.powers)
        if sum(map(abs, powers.values())) > 6:
            raise NothingFitsError
        if self.one_of(["as it is", "as it is", "convert"]) == "convert":
            time = sum(powers.pop(t, 0) for t in TIMES)
            bare = {n: p for n, p in powers.items() if n not in SCALES}
            if bare:
                scale = self.one_of([None, *SCALES])
                bare |= {scale: 1} if scale else {}
            if time:
                bare[self.one_of(TIMES)] = time
            powers = bare
        unit = Unit(tuple(sorted(powers.items())))
        up, down = conversion(term.unit, unit)
        grown = prod(FACTORS[n] for n in up) / prod(FACTORS[n] for n in down)
        return _spelt(unit), grown

    def row(self, term: Term, word: str = "row", **more: object) -> Term:
        """Declare an expression as a line."""
        text, grown = self.declared(term)
        name = self.name(word)
        node = line(name, text, term.node, **more)
        made = self.bounded(node, term.most * grown, term.least * grown, term.error * grown)
        return self.add(name, made)

    def bounded(self, node: Expr, most: float, least: float = 0.0, error: float = 0.0) -> Term:
        if most > MOST or error > MOST_ERROR:
            raise NothingFitsError
        return Term(node, most, least, error)

    # Expressions

    def like(self, unit: Unit, *, exact: bool = False) -> Term:
        """A row of a unit, or two of them in a formula."""
        a = self.pick(lambda t: t.unit == unit and not (exact and t.error))
        if self.one_of([True, True, False]):
            return a
        b = self.pick(lambda t: t.unit == unit and not (exact and t.error))
        return self.combined(self.one_of(["sub", "add", "max", "min", "mean"]), a, b)

    def combined(self, word: str, a: Term, b: Term) -> Term:
        """Two values of one unit."""
        node = {
            "add": lambda: a.node + b.node,
            "sub": lambda: a.node - b.node,
            "max": lambda: at_least(a.node, b.node),
            "min": lambda: at_most(a.node, b.node),
            "mean": lambda: average(a.node, b.node),
        }[word]()
        most = a.most + b.most if word in ("add", "sub") else max(a.most, b.most)
        return self.bounded(node, most, 0, a.error + b.error + self.regrouped(word, b, most))

    def regrouped(self, word: str, right: Term, most: float) -> float:
        """Error from writing a+(b-c) as a+b-c, and a*(b/c) as a*b/c, as a sheet does."""
        inner = {"add": ("add", "sub"), "mul": ("mul", "div", "same")}.get(word, ())
        return 4 * ULP * most if isinstance(right.node, Op) and right.node.name in inner else 0.0

    def times(self, a: Term, b: Term) -> Term:
        most = a.most * b.most
        error = a.error * b.most + b.error * a.most + self.regrouped("mul", b, most)
        return self.bounded(a.node * b.node, most, a.least * b.least, error)

    def over(self, a: Term, b: Term) -> Term:
        if not b.least:
            raise NothingFitsError
        error = a.error / b.least + b.error * a.most / b.least**2
        return self.bounded(a.node / b.node, a.most / b.least, a.least / b.most, error)

    def flag(self) -> Term:
        """A comparison of values that all engines compute to the last bit."""
        a = self.pick(lambda t: not t.error)
        b = self.like(a.unit, exact=True)
        node = self.one_of(
            [
                a.node <= b.node,
                a.node < b.node,
                a.node > b.node,
                a.node >= 0,
                equals(a.node, b.node),
            ]
        )
        return Term(node, 1.0)

    def pure(self) -> Term:
        return self.like(PURE)

    def expression(self) -> Term:
        kind = self.one_of(sorted(EXPRESSIONS))
        return EXPRESSIONS[kind](self)

    def alike(self) -> Term:
        a = self.pick()
        word = self.one_of(["add", "sub", "max", "min", "mean"])
        return self.combined(word, a, self.like(a.unit))

    def product(self) -> Term:
        a, b = self.pick(), self.pick()
        if self.one_of([True, False]):
            return self.times(a, b)
        return self.times(a, self.over(self.pick(lambda t: t.unit == b.unit), self.positive()))

    def positive(self) -> Term:
        return self.pick(lambda t: t.least > 0)

    def quotient(self) -> Term:
        a, b, c = self.pick(), self.positive(), self.positive()
        form = self.one_of(["a/b", "a/(b*c)", "a/b/c", "a/(b/c)", "(a+a)/b"])
        return {
            "a/b": lambda: self.over(a, b),
            "a/(b*c)": lambda: self.over(a, self.times(b, c)),
            "a/b/c": lambda: self.over(self.over(a, b), c),
            "a/(b/c)": lambda: self.over(a, self.over(b, c)),
            "(a+a)/b": lambda: self.over(self.combined("add", a, self.like(a.unit)), b),
        }[form]()

    def negated(self) -> Term:
        a = self.pick()
        return replace(self.like(a.unit), node=-a.node, most=a.most, least=0, error=a.error)

    def choice(self) -> Term:
        a = self.pick()
        b = self.like(a.unit)
        flag = self.one_of([self.flag, self.plain_flag])()
        node = where(flag.node, a.node, self.one_of([b.node, 0]))
        return self.bounded(node, max(a.most, b.most), 0, max(a.error, b.error))

    def plain_flag(self) -> Term:
        return self.pick(lambda t: t.unit == PURE and not t.error)

    def flags(self) -> Term:
        a, b = self.flag(), self.flag()
        word = self.one_of(["mul", "add", "sub"])
        return self.times(a, b) if word == "mul" else self.combined(word, a, b)

    def squashed(self) -> Term:
        a = self.pure()
        size = root(a.node * a.node)
        return self.bounded(a.node / (1 + size), 1, 0, 4 * a.error)

    def above_one(self) -> Term:
        """From 1 to 2."""
        a = self.squashed()
        return Term(1 + root(a.node * a.node), 2, 1, a.error)

    def exponential(self) -> Term:
        a = self.squashed()
        node = exp(self.one_of([a.node, -a.node]))
        return self.bounded(node, 3, 0.3, 3 * a.error + 8 * ULP)

    def logarithm(self) -> Term:
        a = self.pure()
        node = log(1 + root(a.node * a.node))
        return self.bounded(node, log1p(a.most), 0, a.error + 4 * ULP * (1 + log1p(a.most)))

    def raised(self) -> Term:
        base, exponent = self.above_one(), self.squashed()
        error = base.error + 2 * exponent.error + 8 * ULP
        once = self.bounded(power(base.node, exponent.node), 2, 0.5, error)
        form = self.one_of(["a^b", "(a^b)^c", "a-b^c", "a*b^c"])
        if form == "(a^b)^c":
            c = self.squashed()
            return self.bounded(power(once.node, c.node), 2, 0.5, 2 * (error + c.error) + 8 * ULP)
        if form == "a^b":
            return once
        a = self.pure()
        return self.combined("sub", a, once) if form == "a-b^c" else self.times(a, once)

    def held(self) -> Term:
        a = self.pick()
        b, c = self.like(a.unit), self.like(a.unit)
        node = within(a.node, b.node, self.one_of([c.node, 0]))
        return self.bounded(node, max(a.most, b.most, c.most), 0, a.error + b.error + c.error)

    def summed(self) -> Term:
        a = self.pick()
        terms = [a, self.like(a.unit), self.like(a.unit)]
        most = sum(t.most for t in terms)
        error = sum(t.error for t in terms) + 8 * ULP * most
        return self.bounded(total(*(t.node for t in terms)), most, 0, error)

    def yearly(self) -> Term:
        a = self.pick()
        node = self.one_of([a.node * YEAR, a.node / YEAR])
        return replace(a, node=node)

    def ramped(self) -> Term:
        a, b = self.pure(), self.pure()
        speed, time = self.squashed(), self.squashed()
        node = ramp(a.node, b.node, speed.node / YEAR, time.node * YEAR)
        rounding = 40 * ULP * (a.most + b.most)
        error = 4 * (a.error + b.error) + 3 * (a.most + b.most) * (speed.error + time.error)
        return self.bounded(node, 4 * (a.most + b.most), 0, error + rounding)

    # Rows, one or several at a time

    def formula(self) -> None:
        term = self.expression()
        if self.one_of([True, True, True, False]):
            self.row(term)
            return
        unit = term.unit
        single = self.pick(lambda t: t.unit == unit and t.node.shape <= Shape.SINGLE)
        most, error = max(term.most, single.most), max(term.error, single.error)
        self.row(replace(term, most=most, error=error, least=0), "opened", opening=single.node)

    def lag(self) -> None:
        """A value of the period before, which a row further down will close."""
        fits = [
            t
            for t in self.pool
            if t.node.shape == Shape.SINGLE and not t.error and t.most <= PROMISE
        ]
        first = self.one_of([None, *fits])
        node = previous(0, "%") if first is None else previous(first.node)
        term = Term(node, PROMISE)
        self.rows[self.name("before")] = node
        self.open.append(term)
        self.pool += [term, term]

    def close(self) -> None:
        if not self.open:
            raise NothingFitsError
        before = self.one_of(self.open)
        unit, text = before.unit, _spelt(before.unit)
        target = self.like(unit, exact=True)
        kind = self.one_of(["hold", "revert", "plain"])
        if kind == "plain" and target.most <= PROMISE:
            body = target.node
        elif kind == "revert" and target.most <= PROMISE:
            speed = self.assumption(self.name("speed"), "%", minimum=0, maximum=1)
            body = before.node + speed.node * (target.node - before.node)
        else:
            cap = self.assumption(self.name("cap"), text, minimum=0, maximum=PROMISE)
            body = at_most(at_least(target.node, 0 - cap.node), cap.node)
        name = self.name("closed")
        made = line(name, text, body, closes=before.node)
        self.open.remove(before)
        self.closing[before.node] = made
        self.add(name, Term(made, PROMISE))

    def compounded(self) -> None:
        rate = self.pick(lambda t: t.unit == PURE and t.most <= 3)
        first = self.pick(lambda t: t.node.shape == Shape.SINGLE)
        name = self.name("growing")
        node = growing(name, _spelt(first.unit), first.node, by=rate.node)
        most = first.most * (1 + rate.most) ** PERIODS
        error = first.error * (1 + rate.most) ** PERIODS + PERIODS * rate.error * most
        term = self.bounded(node, most, 0, error)
        self.closing[node.before] = node
        self.add(name, term)

    def stock(self) -> Term:
        opening = self.pick(lambda t: t.node.shape == Shape.SINGLE)
        add, less = self.like(opening.unit), self.like(opening.unit)
        name = self.name("balance")
        node = balance(name, _spelt(opening.unit), opening.node, add=add.node, less=less.node)
        most = opening.most + PERIODS * (add.most + less.most)
        error = opening.error + PERIODS * (add.error + less.error)
        error += self.regrouped("add", add, PERIODS * most)
        term = self.bounded(node, most, 0, error)
        self.closing[node.before] = node
        return self.add(name, term)

    def written_off(self) -> None:
        gross, life = self.stock(), self.life()
        node = straight_line(gross.node, life.node)
        self.row(self.bounded(node, 2 * gross.most, 0, 2 * gross.error), "depreciation")

    def life(self) -> Term:
        return self.pick(lambda t: isinstance(t.node, Assumption) and t.node.unit_text == "years")

    def past(self) -> None:
        row = self.pick(lambda t: isinstance(t.node, Line) and t.node.shape == Shape.SERIES)
        years = self.one_of([lambda a: a, lambda a: a + YEAR, lambda a: a + a])(self.life().node)
        node = years_ago(row.node, years)
        most = max([row.most, *(t.most for t in self.pool if t.node is row.node.opening)])
        self.row(self.bounded(node, most, 0, row.error), "past")

    def reduced(self) -> None:
        a, b = self.reducible(), self.reducible()
        word = self.one_of(["sum", "dot", "final", "largest", "smallest"])
        slip = PERIODS * ULP * a.most
        term = {
            "sum": lambda: self.bounded(
                over_years(a.node), PERIODS * a.most, 0, PERIODS * a.error + slip
            ),
            "dot": lambda: self.bounded(
                over_years(a.node, b.node),
                PERIODS * a.most * b.most,
                0,
                PERIODS * (a.error * b.most + b.error * a.most) + slip * b.most,
            ),
            "final": lambda: replace(a, node=at_end(a.node)),
            "largest": lambda: replace(a, node=largest(a.node)),
            "smallest": lambda: replace(a, node=smallest(a.node)),
        }[word]()
        if self.one_of([True, False]):
            term = self.combined("sub", term, self.like(term.unit))
        self.row(term, word)

    def reducible(self) -> Term:
        return self.pick(
            lambda t: (
                isinstance(t.node, Row)
                and t.node.shape == Shape.SERIES
                and t.reducible
                and self.settled(t.node)
            )
        )

    def settled(self, node: Expr) -> bool:
        """Whether nothing under a node waits for a row that is still to be written."""
        waiting = {t.node for t in self.open}
        seen: set[Expr] = set()
        path = [node]
        while path:
            at = path.pop()
            if at in waiting:
                return False
            if at not in seen:
                seen.add(at)
                path += [*at.operands, *([self.closing[at]] if at in self.closing else [])]
        return True

    def dates(self) -> None:
        if "date" not in self.rows:
            unit, declared = ASSUMPTIONS["date"]
            self.assumption("date", unit, **declared)
        day = self.pick(lambda t: isinstance(t.node, Assumption) and t.node.unit_text == "date")
        year = self.row(Term(calendar_year(day.node), 2100, 1900), "calendar")
        if year.unit == YEAR.unit:
            end = Term(year_end(year.node), 80000, 20000)
            gap = Term(end.node - day.node, 80000)
            self.row(self.one_of([end, gap]), "year_end")

    def project(self) -> None:
        """A project with one rate of return; what stands before it is paid, the rest earned."""
        paid = self.assumption(self.name("paid"), "CNY m", minimum=2, maximum=20)
        earned = self.assumption(self.name("earned"), "CNY m", yearly=True, minimum=1, maximum=9)
        name = self.name("project")
        made = line(name, "CNY m", earned.node, opening=-paid.node)
        self.add(name, Term(made, 20))
        name = self.name("irr")
        self.rows[name] = line(name, "%", internal_rate_of_return(made))  # found by search

    def part(self) -> None:
        """A group with rows handed in, used twice."""
        if self.depth > 1:
            raise NothingFitsError
        inner = Writer(self.draw, self.depth + 1)
        handed: list[dict[str, Row]] = [{}, {}]
        for n in range(self.one_of([1, 2])):
            one = self.pick(lambda t: isinstance(t.node, Row) and self.settled(t.node))
            two = self.pick(
                lambda t, one=one: (
                    isinstance(t.node, Row)
                    and t.unit == one.unit
                    and t.node.shape <= one.node.shape
                    and self.settled(t.node)
                )
            )
            single = one.node.shape == Shape.SINGLE
            name = f"given_{n}"
            inner.rows[name] = given(name, _spelt(one.unit), single=single)
            inner.pool.append(
                Term(
                    inner.rows[name],
                    max(one.most, two.most),
                    min(one.least, two.least),
                    max(one.error, two.error),
                    reducible=one.node.shape == two.node.shape and one.reducible and two.reducible,
                )
            )
            handed[0][name], handed[1][name] = one.node, two.node
        inner.write(self.one_of([2, 4, 6]))
        made = type(self.name("Part"), (Group,), inner.rows, title="Part | 分部")
        for letter, rows in zip("ab", handed, strict=True):
            name = f"{self.name('part')}_{letter}"
            copy = made(title=f"Part {name}", **rows)
            self.rows[name] = copy
            for key, term in inner.terms.items():
                self.add(f"{name}.{key}", replace(term, node=attrgetter(key)(copy)))

    # All of it

    def write(self, moves: int) -> None:
        always = {} if self.depth else {"rate", "share"}
        names = self.draw(st.lists(st.sampled_from(sorted(ASSUMPTIONS)), max_size=6, unique=True))
        for name in sorted({*names, *always}):
            unit, declared = ASSUMPTIONS[name]
            self.assumption(name, unit, **declared)
        self.add("flagged", Term(switch("flagged"), 1))
        self.rows["heading"] = heading("Rows | 行")
        for _ in range(moves):
            kind = self.one_of(MOVES)
            try:
                kind(self)
            except NothingFitsError:
                continue
        while self.open:
            self.close()
        used = {n for row in self.rows.values() if isinstance(row, Expr) for n in _under(row)}
        used |= {n for part in self.rows.values() if isinstance(part, Group) for n in _inside(part)}
        for name, row in list(self.rows.items()):
            if isinstance(row, Assumption) and row not in used:
                alone = line(f"only {name}", row.unit_text, row)
                self.add(f"only_{name}", replace(self.terms[name], node=alone))


EXPRESSIONS = {
    "alike": Writer.alike,
    "choice": Writer.choice,
    "exponential": Writer.exponential,
    "flags": Writer.flags,
    "held": Writer.held,
    "logarithm": Writer.logarithm,
    "negated": Writer.negated,
    "product": Writer.product,
    "quotient": Writer.quotient,
    "raised": Writer.raised,
    "ramped": Writer.ramped,
    "squashed": Writer.squashed,
    "summed": Writer.summed,
    "yearly": Writer.yearly,
}
MOVES = [
    *[Writer.formula] * 8,
    *[Writer.lag] * 3,
    *[Writer.close] * 3,
    *[Writer.reduced] * 3,
    Writer.compounded,
    Writer.stock,
    Writer.written_off,
    Writer.past,
    Writer.past,
    Writer.dates,
    Writer.dates,
    Writer.project,
    Writer.part,
]


def _under(node: Expr) -> set[Expr]:
    """All that a row of a group is made of, itself left out."""
    found: set[Expr] = set()
    path = [*node.operands]
    while path:
        at = path.pop()
        if at not in found:
            found.add(at)
            path += at.operands
    return found


def _inside(part: Group) -> set[Expr]:
    """All that the rows of a part are made of."""
    found: set[Expr] = set()
    for value in vars(part).values():
        if isinstance(value, Line):
            found |= _under(value)
        elif isinstance(value, Group):
            found |= _inside(value)
    return found


@st.composite
def graphs(draw: Callable, moves: int = 20) -> Graph:
    """Random companies, valid ones only: none is thrown away."""
    writer = Writer(draw)
    base_year = assume("Base year", "year", whole=True, minimum=2020, maximum=2028)
    before = previous(base_year)
    year = line("Year", "year", before + YEAR, closes=before)
    writer.rows |= {"base_year": base_year, "year_before": before, "year": year}
    writer.closing[before] = year
    writer.pool += [Term(year, 2033, 2020), Term(base_year, 2028, 2020)]
    writer.write(draw(st.integers(4, moves)))
    company = type("Random", (Group,), writer.rows, title="Random | 随机")
    model = Model(company, year=year, periods=PERIODS)
    exact = {t.node for t in writer.terms.values() if isinstance(t.node, Row) and not t.error}
    return Graph(model, frozenset({*exact, year}))


def ruled(rows: Mapping[str, object], periods: int = PERIODS) -> Model:
    """A company of a few rows, with a ruler whose last actual year is the input `base_year`."""
    base_year = assume("Base year", "year", whole=True)
    before = previous(base_year)
    year = line("Year", "year", before + YEAR, closes=before)
    ruler = {"base_year": base_year, "year_before": before, "year": year}
    company = type("Company", (Group,), {**ruler, **rows}, title="Company | 公司")
    return Model(company, year=year, periods=periods)


def values(model: Model, seed: int) -> dict[str, float | list[float]]:
    """Numbers for the assumptions, within their bounds; none is special but by chance."""
    rng = np.random.default_rng(seed)

    def number(row: Assumption) -> float:
        if row.whole:
            return float(rng.integers(int(row.minimum), int(row.maximum) + 1))
        if rng.random() < 0.1:
            return float(row.minimum)
        return round(float(rng.uniform(row.minimum, row.maximum)), 3)

    return {
        key: [number(row) for _ in range(model.periods)]
        if row.shape == Shape.SERIES
        else number(row)
        for key, row in model.assumptions.items()
    }


def all_rows(
    model: Model,
    base: Mapping[str, ArrayLike],
    changes: Mapping[str, ArrayLike] | None = None,
    *,
    draws: int = 1,
    block: int = BLOCK,
) -> dict[str, np.ndarray]:
    """All rows by key as the numpy engine computes them."""
    plan = Plan(model, model.rows.values())
    result = evaluate(plan, inputs(model, base, changes), draws=draws, block=block)
    return {key: result[row] for key, row in model.rows.items()}


# ------------------------------------------------------------------------------------------------
# The workbook
# ------------------------------------------------------------------------------------------------

VALUE, OPENING, RULER, FIRST = 4, 5, 4, 6


def formulas(model: Model) -> Formulas:
    """Places for all rows: a sheet for the company, one for each of its groups."""
    grid = Grid(value=VALUE, opening=OPENING, ruler=RULER, periods=model.periods)
    places: dict[Row, Place] = {}
    used: dict[str, int] = {}
    for key, row in model.rows.items():
        top = key.partition(".")[0] if "." in key else ""
        sheet = f"Part {top}" if top else "Company"
        if row is model.year:
            places[row] = Place(sheet, RULER)
        else:
            number = used.get(sheet, FIRST)
            places[row] = Place(sheet, number)
            used[sheet] = number + 1
    return Formulas(model, grid, places)


def workbook(model: Model, base: Mapping[str, float | Sequence[float]]) -> bytes:
    """Formulas and inputs, no other value."""
    text = formulas(model)
    book = Workbook()
    book.remove(book.active)
    home = text.places[model.year].sheet
    columns = [OPENING, *text.grid.columns]
    for title in dict.fromkeys([home, *(place.sheet for place in text.places.values())]):
        sheet = book.create_sheet(title)
        if title != home:
            for column in columns:
                sheet.cell(RULER, column, f"={quoted(home)}!{letters(column)}${RULER}")
    for row, place in text.places.items():
        sheet = book[place.sheet]
        if isinstance(row, Line):
            for column, formula in text.cells(row):
                sheet.cell(place.number, column, formula)
            continue
        value = base[model.key[row]]
        if row.shape == Shape.SERIES:
            for t, column in enumerate(text.grid.columns):
                sheet.cell(
                    place.number, column, value if isinstance(value, int | float) else value[t]
                )
        else:
            sheet.cell(place.number, VALUE, value)
    units = book.create_sheet("Units")
    for number, (name, value) in enumerate(FACTORS.items(), 1):
        units.cell(number, 1, value)
        book.defined_names[name] = DefinedName(name, attr_text=f"Units!$A${number}")
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def recalculated(
    model: Model, base: Mapping[str, float | Sequence[float]]
) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Cells of the lines and of their openings as another program computes them; errors are NaN."""
    book = formualizer.load_workbook_bytes(workbook(model, base), strategy="eager_all")
    book.set_temporal_egress("serial")
    book.evaluate_all()
    text = formulas(model)
    rows: dict[str, list[float]] = {}
    openings: dict[str, float] = {}
    for key, row in model.rows.items():
        if isinstance(row, Line):
            place = text.places[row]
            cells = {
                column: _number(book.get_value(place.sheet, place.number, column))
                for column, _ in text.cells(row)
            }
            if row.opening is not None:
                openings[key] = cells.pop(OPENING)
            rows[key] = list(cells.values())
    return rows, openings


def _number(cell: object) -> float:
    """Number of a cell; errors come as dictionaries."""
    if isinstance(cell, dict):
        return float("nan")
    if not isinstance(cell, int | float):
        raise TypeError(f"no number: {cell!r}")
    return float(cell)
