"""Words a formula may use besides + - * / and comparisons; each has one rule in every engine."""

from __future__ import annotations

from valuation.errors import ModelError, UnitError
from valuation.lines.nodes import (
    YEAR,
    Assumption,
    Expr,
    Line,
    Number,
    Op,
    Previous,
    Row,
    Shape,
    alike,
    compare,
    in_unit,
    operation,
    postorder,
    to_expr,
)
from valuation.lines.units import PURE, Unit, parse

#: No answer: shows as #N/A on the sheet and stops a valuation that depends on it.
NO_VALUE = Number(value=float("nan"), name="NA()", shape=Shape.CONSTANT)


def at_least(value: Expr, floor: Expr | float) -> Expr:
    """Take the larger of two values, period by period."""
    return alike("max", value, floor)


def at_most(value: Expr, cap: Expr | float) -> Expr:
    """Take the smaller of two values, period by period."""
    return alike("min", value, cap)


def within(value: Expr, floor: Expr | float, cap: Expr | float) -> Expr:
    """Hold a value between a floor and a cap, period by period."""
    return at_most(at_least(value, floor), cap)


def average(left: Expr | float, right: Expr | float) -> Expr:
    """Mean of two values."""
    return alike("mean", left, right)


def total(*values: Expr) -> Expr:
    """Sum of rows, period by period."""
    result = values[0]
    for value in values[1:]:
        result = result + value
    return result


def equals(left: Expr, right: Expr | float) -> Expr:
    """Flag: 1 where two values are the same number."""
    return compare("eq", left, right)


def where(flag: Expr, then: Expr | float, otherwise: Expr | float) -> Expr:
    """Choose by a flag, period by period."""
    body = alike("where", then, otherwise)
    return operation("where", (flag, *body.operands), body.unit)


def _pure(name: str, *values: Expr | float) -> Expr:
    parts = [to_expr(v) for v in values]
    for part in parts:
        if part.unit != PURE:
            raise UnitError(
                f"{name}() takes pure numbers, not {part.unit}. Divide by a unit first."
            )
    return operation(name, parts, PURE)


def exp(value: Expr) -> Expr:
    """Exponential of a pure number."""
    return _pure("exp", value)


def log(value: Expr) -> Expr:
    """Natural logarithm of a pure number above zero."""
    return _pure("log", value)


def root(value: Expr) -> Expr:
    """Square root of a pure number."""
    return _pure("sqrt", value)


def power(value: Expr, exponent: Expr) -> Expr:
    """Raise a pure number to a pure number."""
    return _pure("power", value, exponent)


def ramp(start: Expr, target: Expr, rate: Expr, time: Expr) -> Expr:
    """Approach a target from a start: target - (target - start) * exp(-rate * time).

    `rate` is a speed in `1/year`, `time` in years since the start.
    """
    return target - (target - start) * exp(-(rate * time))


def calendar_year(date: Expr) -> Expr:
    """Year in which a date lies."""
    return operation("calendar_year", [_dated(date)], YEAR.unit)


def year_end(year: Expr) -> Expr:
    """Date of 31 December of a year."""
    if year.unit != YEAR.unit:
        raise UnitError(f"year_end() takes a year, not {year.unit}.")
    return operation("year_end", [year], parse("date"))


def _dated(date: Expr) -> Expr:
    if date.unit != parse("date"):
        raise UnitError(f"calendar_year() takes a date, not {date.unit}.")
    return date


def previous(first: Expr | float, unit: str = "") -> Previous:
    """Last period's value of the row declared with `closes=` this; `first` opens it.

    The row may stand anywhere below, so rows may depend on each other across periods. In Excel
    it is the cell to the left, and `first` is the cell of the opening column.
    """
    opening = in_unit(to_expr(first), parse(unit)) if unit else to_expr(first)
    if opening.shape == Shape.SERIES:
        raise ModelError("previous() opens with one value, not one a period.")
    return Previous(operands=(opening,), unit=opening.unit)


def _series(name: str, row: Expr) -> Row:
    if not isinstance(row, Row) or row.shape != Shape.SERIES:
        raise ModelError(f"{name}() takes a row with one value a period. Name the formula first.")
    return row


def _reduced(name: str, word: str, unit: Unit, *rows: Expr) -> Expr:
    for row in rows:
        _series(word, row)
    return Op(name=name, operands=rows, unit=unit, shape=Shape.SINGLE)


def over_years(row: Expr, times: Expr | None = None) -> Expr:
    """Sum of a row over all its periods, or of its product with a second row."""
    if times is None:
        return _reduced("sum", "over_years", row.unit, row)
    return _reduced("dot", "over_years", row.unit.times(times.unit), row, times)


def at_end(row: Expr) -> Expr:
    """Value of a row in its last period."""
    return _reduced("final", "at_end", row.unit, row)


def largest(row: Expr) -> Expr:
    """Largest value of a row over its periods."""
    return _reduced("largest", "largest", row.unit, row)


def smallest(row: Expr) -> Expr:
    """Smallest value of a row over its periods."""
    return _reduced("smallest", "smallest", row.unit, row)


def internal_rate_of_return(row: Line) -> Expr:
    """Rate at which a row, its opening value included, is worth nothing; no value without one."""
    opening = _series("internal_rate_of_return", row)
    if not isinstance(opening, Line) or opening.opening is None:
        raise ModelError(f"{row.label}: a rate of return needs an opening value. Give opening=.")
    return Op(name="irr", operands=(row, opening.opening), unit=PURE, shape=Shape.SINGLE)


def years_ago(row: Line, years: Expr) -> Expr:
    """Value of a row a whole number of years (1 or more) before, 0 before its opening.

    In Excel a SUMIF over the ruler to the left of the cell.
    """
    _series("years_ago", row)
    for leaf in postorder([years], lambda n: () if isinstance(n, Row) else n.operands):
        counted = isinstance(leaf, Assumption) and leaf.whole and leaf.minimum >= 1
        if isinstance(leaf, Row) and not (counted and leaf.shape == Shape.SINGLE):
            raise ModelError(
                f"{leaf.label}: years_ago() counts whole years. "
                "Declare the assumption with whole=True, minimum=1, and one value."
            )
        if isinstance(leaf, Op) and leaf.name not in ("add", "same"):
            raise ModelError("years_ago() adds whole years only: a difference may not be past.")
    opening = row.opening if row.opening is not None else to_expr(0)
    return Op(name="years_ago", operands=(row, opening, years), unit=row.unit, shape=Shape.SERIES)


def straight_line(gross: Line, life: Assumption) -> Expr:
    """Straight-line depreciation of a gross plant balance, vintage by vintage.

    Each year's addition, and the opening balance, is written off in equal parts over `life`
    whole years, from the year after it is spent: (gross a year ago - gross life + 1 years ago)
    / life. The unit is that of the balance.
    """
    return (gross.before - years_ago(gross, life + YEAR)) / life * YEAR
