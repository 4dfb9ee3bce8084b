"""A model worked out cell by cell for one draw: the judge of the engines, sharing no code.

What a cell holds is what a sheet would show. An error there is a gap (NaN) here: it spreads to
every cell that reads it, and only the branch of an IF that is chosen is read.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise

from valuation.lines import Expr, Line, Model, Row, Shape
from valuation.lines.nodes import Number, Op, Previous

GAP = math.nan
DAY_ZERO = date(1899, 12, 30)  # of the serial numbers of dates on sheets

Value = float | Sequence[float]


def _sum(values: Sequence[float]) -> float:
    result = 0.0
    for value in values:  # not sum(), which compensates for rounding from Python 3.12
        result += value
    return result


def _rate_of_return(flows: Sequence[float]) -> float:
    """Bisect the price of a claim on the next period, where the flows change their sign once."""
    signs = [math.copysign(1, f) for f in flows if f]
    if sum(a != b for a, b in pairwise(signs)) != 1:
        return GAP

    def worth(factor: float) -> float:
        return -signs[0] * _sum([flow * factor**n for n, flow in enumerate(flows)])

    low, high = 0.0, 1.0
    while worth(high) < 0:
        low, high = high, high * 2
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if worth(middle) < 0 else (low, middle)
    return 1 / high - 1


#: What one period of the operands gives.
CELL: dict[str, Callable[..., float]] = {
    "same": lambda a: a,
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "max": max,
    "min": min,
    "mean": lambda a, b: (a + b) / 2,
    "le": lambda a, b: float(a <= b),
    "lt": lambda a, b: float(a < b),
    "eq": lambda a, b: float(a == b),
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "power": math.pow,
    "calendar_year": lambda day: float((DAY_ZERO + timedelta(days=math.floor(day))).year),
    "year_end": lambda year: float((date(int(year), 12, 31) - DAY_ZERO).days),
}
#: What all periods of the operands give.
YEARS: dict[str, Callable[..., float]] = {
    "sum": _sum,
    "dot": lambda left, right: _sum([a * b for a, b in zip(left, right, strict=True)]),
    "final": lambda values: values[-1],
    "largest": max,
    "smallest": min,
}


class Slow:
    """Cells by node and period."""

    def __init__(self, model: Model, values: Mapping[str, Value]) -> None:
        """Take a model and the values of its inputs, or of lines typed over, by key."""
        self.model = model
        self.typed = {model.rows[key]: value for key, value in values.items()}
        self.known: dict[tuple[Expr, int], float] = {}

    def rows(self) -> dict[str, list[float]]:
        """Work out all cells of all rows, by key."""
        for t in range(self.model.periods):  # year by year, or one cell reads through too many
            for row in self.model.rows.values():
                self.at(row, t)
        return {
            key: [self.at(row, t) for t in range(self.model.periods)]
            if row.shape == Shape.SERIES
            else [self.at(row, 0)]
            for key, row in self.model.rows.items()
        }

    def openings(self) -> dict[str, float]:
        """Work out the cells of the opening column, by key of the row."""
        return {
            key: self.at(row.opening, 0)
            for key, row in self.model.rows.items()
            if isinstance(row, Line) and row.opening is not None
        }

    def at(self, node: Expr, t: int) -> float:
        """Cell of a node in a period."""
        t = t if node.shape == Shape.SERIES else 0
        if (node, t) not in self.known:
            value = self._work_out(node, t)
            self.known[node, t] = value if math.isfinite(value) else GAP
        return self.known[node, t]

    def _work_out(self, node: Expr, t: int) -> float:
        if isinstance(node, Row) and node in self.typed:
            value = self.typed[node]
            return float(value[t]) if isinstance(value, Sequence) else float(value)
        match node:
            case Number():
                return node.value
            case Line():
                return self.at(node.formula, t)
            case Previous():
                return self.at(self.model.closing[node], t - 1) if t else self.at(*node.operands, 0)
            case Op():
                return self._operation(node, t)
        raise NotImplementedError(type(node).__name__)

    def _operation(self, node: Op, t: int) -> float:
        if node.name in SPECIAL:
            return SPECIAL[node.name](self, t, *node.operands)
        over_years = node.name in YEARS
        read = [self.all(n) if over_years else [self.at(n, t)] for n in node.operands]
        if any(math.isnan(value) for values in read for value in values):
            return GAP
        if over_years:
            return YEARS[node.name](*read)
        try:
            return CELL[node.name](*(values[0] for values in read))
        except (ZeroDivisionError, ValueError, OverflowError):
            return GAP

    def all(self, node: Expr) -> list[float]:
        """Cells of a node in all periods."""
        return [self.at(node, t) for t in range(self.model.periods)]


def _where(cells: Slow, t: int, flag: Expr, then: Expr, otherwise: Expr) -> float:
    chosen = cells.at(flag, t)
    return GAP if math.isnan(chosen) else cells.at(then if chosen else otherwise, t)


def _years_ago(cells: Slow, t: int, row: Expr, opening: Expr, years: Expr) -> float:
    source = t - cells.at(years, t)
    if source == -1:
        return cells.at(opening, 0)
    return cells.at(row, int(source)) if source >= 0 else 0.0


def _irr(cells: Slow, t: int, row: Expr, opening: Expr) -> float:
    flows = [cells.at(opening, t), *cells.all(row)]
    return GAP if any(map(math.isnan, flows)) else _rate_of_return(flows)


#: What reads cells of its own choice.
SPECIAL: dict[str, Callable[..., float]] = {
    "where": _where,
    "years_ago": _years_ago,
    "irr": _irr,
}
OPERATIONS = {*CELL, *YEARS, *SPECIAL}
