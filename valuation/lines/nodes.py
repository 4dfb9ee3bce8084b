"""Expression nodes: what a line item is, before anyone decides how to compute it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import NoReturn

from valuation.errors import ModelError, UnitError
from valuation.lines.units import FACTORS, PURE, Unit, conversion, parse


class Shape(IntEnum):
    """How many cells a value has: none of its own, one, or one a period."""

    CONSTANT = 0
    SINGLE = 1
    SERIES = 2


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Expr:
    """A value per period and draw, described but not computed."""

    operands: tuple[Expr, ...] = ()
    unit: Unit = PURE
    shape: Shape = Shape.SERIES

    def __add__(self, other: Expr | float) -> Expr:
        return alike("add", self, other)

    def __radd__(self, other: float) -> Expr:
        return alike("add", other, self)

    def __sub__(self, other: Expr | float) -> Expr:
        return alike("sub", self, other)

    def __rsub__(self, other: float) -> Expr:
        return alike("sub", other, self)

    def __mul__(self, other: Expr | float) -> Expr:
        return product("mul", self, other)

    def __rmul__(self, other: float) -> Expr:
        return product("mul", other, self)

    def __truediv__(self, other: Expr | float) -> Expr:
        return product("div", self, other)

    def __rtruediv__(self, other: float) -> Expr:
        return product("div", other, self)

    def __neg__(self) -> Expr:
        return alike("sub", 0, self)

    def __le__(self, other: Expr | float) -> Expr:
        return compare("le", self, other)

    def __lt__(self, other: Expr | float) -> Expr:
        return compare("lt", self, other)

    def __ge__(self, other: Expr | float) -> Expr:
        return compare("le", other, self)

    def __gt__(self, other: Expr | float) -> Expr:
        return compare("lt", other, self)

    def __repr__(self) -> str:
        """Name the node only: written out, a graph has no end."""
        name = getattr(self, "label", "") or getattr(self, "name", "")
        return f"<{type(self).__name__} {name!r}, {self.unit}>"

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "A line item has no single truth value: it stands for every period and draw. "
            "Use where(condition, a, b) for if/else, at_least and at_most for max and min."
        )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Number(Expr):
    """A number: 0 or 1 as written, a named factor of the Units sheet, or no value (NaN)."""

    value: float
    name: str = ""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Op(Expr):
    """An operation on other nodes."""

    name: str


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Previous(Expr):
    """Last period's value of the row that closes it; its operand in the first period."""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Row(Expr):
    """Anything with cells of its own.

    Attributes:
        label: English label.
        chinese: Chinese label, empty where none is given.
        unit_text: Unit as declared.
        note: What the reader of the sheet should know.
    """

    label: str
    chinese: str = ""
    unit_text: str
    note: str = ""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Given(Row):
    """A row that whoever uses the group hands in."""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Assumption(Row):
    """A row of an assumptions sheet.

    Attributes:
        minimum: Physical lower bound; the sheet may narrow it, never widen it.
        maximum: Physical upper bound.
        whole: Only whole numbers make sense (lives in years, switches).
    """

    minimum: float = float("-inf")
    maximum: float = float("inf")
    whole: bool = False


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Line(Row):
    """A row of the report. Operands: its formula and, where it has one, its opening value.

    Attributes:
        closes: The previous value that this row carries forward, if any.
    """

    closes: Previous | None = None

    @property
    def formula(self) -> Expr:
        """The expression of every period."""
        return self.operands[0]

    @property
    def opening(self) -> Expr | None:
        """What stands in the opening column, before the first period."""
        if self.closes is not None:
            return self.closes.operands[0]
        return self.operands[1] if len(self.operands) > 1 else None

    @property
    def before(self) -> Previous:
        """The row's value in the period before."""
        if self.closes is None:
            raise ModelError(f"{self.label} carries nothing forward. Declare it with closes=.")
        return self.closes


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Check(Line):
    """A row that must be zero: by how much a rule is broken.

    Attributes:
        tolerance: Largest size, in the row's unit, that still passes.
    """

    tolerance: float = 1e-6


#: One year: a number 1 that carries the unit, for `year + YEAR` and `per_month * YEAR`.
YEAR = Number(value=1.0, unit=parse("year"), shape=Shape.CONSTANT)


def to_expr(value: Expr | float) -> Expr:
    """Wrap a number written in a formula; only 0 and 1 need no name."""
    if isinstance(value, Expr):
        return value
    if value not in (0, 1):
        raise ModelError(f"{value!r} written in a formula. Make it an assumption with a unit.")
    return Number(value=float(value), shape=Shape.CONSTANT)


def _fits_any_unit(node: Expr) -> bool:
    return isinstance(node, Number) and (node.value == 0 or node.value != node.value)


def operation(name: str, operands: Iterable[Expr], unit: Unit) -> Op:
    """Build a node whose shape is the widest of its operands."""
    parts = tuple(operands)
    return Op(name=name, operands=parts, unit=unit, shape=max(p.shape for p in parts))


def alike(name: str, *values: Expr | float) -> Expr:
    """Build an operation whose operands share one unit; 0 and no value take any."""
    parts = [to_expr(v) for v in values]
    units = list(dict.fromkeys(p.unit for p in parts if not _fits_any_unit(p)))
    if len(units) > 1:
        raise UnitError(f"{name} mixes {' and '.join(map(str, units))}. Name one as a row first.")
    return operation(name, parts, units[0] if units else PURE)


def compare(name: str, left: Expr | float, right: Expr | float) -> Expr:
    """Build a flag: 1 where the comparison holds, else 0."""
    return operation(name, alike(name, left, right).operands, PURE)


def product(name: str, left: Expr | float, right: Expr | float) -> Expr:
    """Multiply or divide, and work out the unit."""
    a, b = to_expr(left), to_expr(right)
    unit = a.unit.times(b.unit, 1 if name == "mul" else -1)
    return operation("same", [a], unit) if b is YEAR else operation(name, [a, b], unit)


def in_unit(value: Expr, declared: Unit) -> Expr:
    """Convert to a declared unit by named factors, so that the sheet shows them."""
    if _fits_any_unit(value):
        return operation("same", [value], declared)
    up, down = conversion(value.unit, declared)
    for name, names in (("mul", up), ("div", down)):
        for factor in names:
            cell = Number(value=FACTORS[factor], name=factor, shape=Shape.CONSTANT)
            value = operation(name, [value, cell], declared)
    return value


def below(node: Expr) -> tuple[Expr, ...]:
    """What a node is made of; the previous value it closes included."""
    if isinstance(node, Line) and node.closes is not None:
        return (*node.operands, node.closes)
    return node.operands


def postorder(roots: Iterable[Expr], below: Callable[[Expr], Iterable[Expr]]) -> list[Expr]:
    """List every node reached from the roots once, those below before those above."""
    done: dict[Expr, None] = {}
    seen: set[Expr] = set()
    path = [(root, False) for root in reversed(list(roots))]
    while path:
        node, leaving = path.pop()
        if leaving:
            done[node] = None
        elif node not in seen:
            seen.add(node)
            path.append((node, True))
            path.extend((n, False) for n in reversed(list(below(node))) if n not in seen)
    return list(done)
