"""Write a graph as Excel formulas: one formula a row, the same in every period."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from valuation.errors import EngineError
from valuation.lines import Expr, Line, Model, Row, Shape
from valuation.lines.nodes import Number, Op, Previous

_SIGNS = {
    "add": ("+", 2),
    "sub": ("-", 2),
    "mul": ("*", 3),
    "div": ("/", 3),
    "power": ("^", 5),
    "le": ("<=", 1),
    "lt": ("<", 1),
    "eq": ("=", 1),
}
_ATOM = 6  # -2^2 is 4 in Excel: whatever a minus stands before is put in brackets
_COMPARISONS = ("le", "lt", "eq")
_CALLS = {
    "max": "MAX",
    "min": "MIN",
    "mean": "AVERAGE",
    "sqrt": "SQRT",
    "exp": "EXP",
    "log": "LN",
    "calendar_year": "YEAR",
    "sum": "SUM",
    "dot": "SUMPRODUCT",
    "largest": "MAX",
    "smallest": "MIN",
}
#: Operations written by a rule of their own.
_SPECIAL = {"same", "where", "year_end", "final", "irr", "years_ago"}

#: Every operation that can be written.
OPERATIONS = frozenset({*_SIGNS, *_CALLS, *_SPECIAL})


@dataclass(frozen=True)
class Grid:
    """Columns and rows that model sheets share.

    Attributes:
        value: Column of single values.
        opening: Column of what stands before the first period.
        ruler: Row that holds the years on every sheet.
        periods: Number of periods; they follow the opening column.
    """

    value: int
    opening: int
    ruler: int
    periods: int

    @property
    def columns(self) -> range:
        """Columns of the periods."""
        return range(self.opening + 1, self.opening + 1 + self.periods)


@dataclass(frozen=True)
class Place:
    """Sheet and row number of a row."""

    sheet: str
    number: int


class Formulas:
    """The formula of each cell of a model whose rows have been given places."""

    def __init__(self, model: Model, grid: Grid, places: Mapping[Row, Place]) -> None:
        """Take the model, the shared grid, and where every row stands."""
        self.model, self.grid, self.places = model, grid, places

    def cells(self, row: Line) -> Iterator[tuple[int, str]]:
        """Yield column and formula of each cell of a line."""
        if row.opening is not None:
            yield self.grid.opening, "=" + self._text(row.opening, self.grid.opening, row, 0)
        single = row.shape != Shape.SERIES
        for column in [self.grid.value] if single else self.grid.columns:
            yield column, "=" + self._text(row.formula, column, row, 0)

    def reference(self, row: Row, column: int, sheet: str) -> str:
        """Address of a row's value for a formula on a sheet."""
        place = self.places[row]
        if row is self.model.year:
            return f"{letters(column)}${self.grid.ruler}"
        before = "" if place.sheet == sheet else f"{quoted(place.sheet)}!"
        if row.shape == Shape.SINGLE:
            return f"{before}${letters(self.grid.value)}${place.number}"
        return f"{before}{letters(column)}{place.number}"

    def _span(self, row: Row, first: int, last: int, home: Row, *, to_here: bool = False) -> str:
        """Range of a row's cells between two columns, fixed but for one that ends `to_here`."""
        place = self.places[row]
        before = "" if place.sheet == self.places[home].sheet else f"{quoted(place.sheet)}!"
        end = letters(last) if to_here else f"${letters(last)}"
        return f"{before}${letters(first)}{place.number}:{end}{place.number}"

    def _text(self, node: Expr, column: int, home: Row, outer: int) -> str:
        """The formula of a node, in brackets where the operation around it binds tighter."""
        if isinstance(node, Row):
            if isinstance(node, Line) and node is home:
                raise EngineError(f"{node.label} refers to itself.")
            return self.reference(node, column, self.places[home].sheet)
        if isinstance(node, Number):
            return node.name or f"{node.value:g}"
        if isinstance(node, Previous):
            closing = self.model.closing[node]
            return self.reference(closing, column - 1, self.places[home].sheet)
        if not isinstance(node, Op):
            raise EngineError(f"Excel has no rule for a {type(node).__name__}.")
        if node.name in _SIGNS:
            return self._signs(node, column, home, outer)
        if node.name in _CALLS:
            inside = ",".join(
                self._argument(node, n, column, home) for n in range(len(node.operands))
            )
            return f"{_CALLS[node.name]}({inside})"
        return self._special(node, column, home, outer)

    def _argument(self, node: Op, position: int, column: int, home: Row) -> str:
        operand = node.operands[position]
        if node.name in ("sum", "dot", "largest", "smallest") and isinstance(operand, Row):
            if node.name in ("largest", "smallest") and operand.shape != Shape.SERIES:
                return self._text(operand, column, home, 0)
            columns = self.grid.columns
            return self._span(operand, columns[0], columns[-1], home)
        return self._text(operand, column, home, 0)

    def _signs(self, node: Op, column: int, home: Row, outer: int) -> str:
        sign, level = _SIGNS[node.name]
        left, right = node.operands
        if node.name == "sub" and isinstance(left, Number) and left.value == 0:
            text = f"-{self._text(right, column, home, _ATOM)}"
            return f"({text})" if outer > 0 else text
        text = (
            self._text(left, column, home, level + (sign == "^"))
            + sign
            + self._text(right, column, home, level + (sign in "-/^"))
        )
        if node.name in _COMPARISONS:
            return f"IF({text},1,0)"
        return f"({text})" if level < outer else text

    def _special(self, node: Op, column: int, home: Row, outer: int) -> str:
        match node.name:
            case "same":
                return self._text(node.operands[0], column, home, outer)
            case "where":
                then, otherwise = (self._text(n, column, home, 0) for n in node.operands[1:])
                return f"IF({self._condition(node.operands[0], column, home)},{then},{otherwise})"
            case "year_end":
                # 31 December is the day before 1 January of the next year.
                year = self._text(node.operands[0], column, home, 2)
                return f"DATE({year}+1,1,1)-1" if outer == 0 else f"(DATE({year}+1,1,1)-1)"
            case "final" if isinstance(row := node.operands[0], Row):
                last = self.grid.columns[-1]
                return self._span(row, last, last, home).partition(":")[0]
            case "irr" if isinstance(row := node.operands[0], Row):
                return self._rate_of_return(row, home)
            case "years_ago" if isinstance(row := node.operands[0], Row):
                return self._years_ago(row, node.operands[2], column, home)
        raise EngineError(f"Excel has no rule for {node.name!r}. Add one to engines/formulas.py.")

    def _rate_of_return(self, row: Row, home: Row) -> str:
        """No value where the flows change their sign more than once: there may be several rates."""
        opening, last = self.grid.opening, self.grid.columns[-1]
        left = self._span(row, opening, last - 1, home)
        right = self._span(row, opening + 1, last, home)
        flows = self._span(row, opening, last, home)
        return f"IF(SUMPRODUCT(({left}*{right}<0)*1)>1,NA(),IRR({flows}))"

    def _years_ago(self, row: Row, years: Expr, column: int, home: Row) -> str:
        """Look the year up on the ruler to the left; there is no such year before the opening."""
        ruler, opening = self.grid.ruler, self.grid.opening
        before = letters(column - 1)
        left = f"${letters(opening)}${ruler}:{before}${ruler}"
        wanted = f"{letters(column)}${ruler}-{self._text(years, column, home, 3)}"
        return f"SUMIF({left},{wanted},{self._span(row, opening, column - 1, home, to_here=True)})"

    def _condition(self, flag: Expr, column: int, home: Row) -> str:
        """A flag as a condition: a comparison stands as it is, a number holds where not zero."""
        if isinstance(flag, Op) and flag.name in _COMPARISONS:
            sign, level = _SIGNS[flag.name]
            left, right = (self._text(n, column, home, level) for n in flag.operands)
            return f"{left}{sign}{right}"
        return f"{self._text(flag, column, home, 1)}<>0"


def relative(formula: str, column: int) -> str:
    """Formula with relative columns as offsets from its own: equal along a consistent row."""
    import re

    def shift(match: re.Match[str]) -> str:
        fixed, name, row = match.groups()
        return f"${name}{row}" if fixed else f"C[{number(name) - column}]{row}"

    return re.sub(r"(?<![A-Za-z_'])(\$?)([A-Z]{1,3})(\$?\d+)(?![\d(])", shift, formula)


def quoted(sheet: str) -> str:
    """Sheet title as a formula writes it."""
    plain = sheet.isascii() and sheet.replace("_", "a").isalnum() and not sheet[0].isdigit()
    return sheet if plain else "'" + sheet.replace("'", "''") + "'"


def letters(column: int) -> str:
    """Column letters of a column number, 1 being A."""
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def number(name: str) -> int:
    """Column number of column letters."""
    result = 0
    for letter in name:
        result = result * 26 + ord(letter) - 64
    return result
