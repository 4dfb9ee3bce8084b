"""Methods weighed against each other."""

from typing import Protocol

from valuation.errors import ModelError
from valuation.lines import (
    Expr,
    Group,
    Line,
    Method,
    PartOfCompany,
    Row,
    at_least,
    at_most,
    total,
)


class Valued(Protocol):
    """A method group: its value, its weight, and the product of both."""

    @property
    def weight(self) -> Row:
        """Weight among the methods of the part."""

    @property
    def enterprise_value(self) -> Line:
        """What the method says the part is worth."""

    @property
    def weighted_value(self) -> Line:
        """Zero where the weight is zero, else weight times value, whatever the value is."""


def blended(*methods: Valued) -> Expr:
    """Weighted value; a method without a value and with a weight leaves no value."""
    return total(*(m.weighted_value for m in methods))


def weights(*methods: Valued) -> Expr:
    """Sum of the weights."""
    return total(*(m.weight for m in methods))


def spread(*methods: Valued) -> Expr:
    """Highest less lowest value among the methods."""
    high: Expr = methods[0].enterprise_value
    low: Expr = high
    for method in methods[1:]:
        high = at_least(method.enterprise_value, high)
        low = at_most(method.enterprise_value, low)
    return high - low


def methods_of(part: type[Group] | Group, *names: str) -> tuple[Method, ...]:
    """Roles of a part's method groups, for the company file."""
    found = []
    for name in names:
        group = getattr(part, name)
        found.append(
            Method(
                key=name,
                title=group.title,
                chinese=group.chinese_title,
                value=group.enterprise_value,
                weight=group.weight,
            )
        )
    return tuple(found)


def part(key: str, segment: type[Group], value: Line, methods: tuple[Method, ...]) -> PartOfCompany:
    """Roles of a segment in the sum of the parts; `value` is its row in the company.

    Raises:
        ModelError: The segment lacks a row that every part has.
    """
    rows = {}
    for name in ("enterprise_value", "method_gap", "stake"):
        found = getattr(segment, name, None)
        if not isinstance(found, Row):
            raise ModelError(f"{segment.__name__} has no row {name}. Every part of a sum has one.")
        rows[name] = found
    return PartOfCompany(
        key=key,
        title=segment.title,
        chinese=segment.chinese_title,
        methods=methods,
        value=value,
        **rows,
    )
