"""Say a formula in words: labels in place of cells, `Power billed × Lease price ÷ million`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from valuation.errors import EngineError
from valuation.lines import Expr, Line, Model, Row
from valuation.lines.nodes import Number, Op, Previous

#: Words between two operands, and how tightly they bind.
_SIGNS = {
    "add": (" + ", 2),
    "sub": (" − ", 2),
    "mul": (" × ", 3),
    "div": (" ÷ ", 3),
    "power": (" to the power of ", 5),
    "le": (" is at most ", 1),
    "lt": (" is below ", 1),
    "eq": (" equals ", 1),
}
_COMPARISONS = ("le", "lt", "eq")
_TURNED = {"le": " is at least ", "lt": " is above "}
_ARGUMENT = 2  # inside brackets and commas only what holds commas or an "if" is bracketed again
_ATOM = 6
#: Words before operands in brackets.
_CALLS = {
    "max": "larger of",
    "min": "smaller of",
    "mean": "average of",
    "sqrt": "square root of",
    "exp": "e to the power of",
    "log": "natural logarithm of",
    "calendar_year": "calendar year of",
    "year_end": "31 December of",
    "sum": "sum over the years of",
    "largest": "largest over the years of",
    "smallest": "smallest over the years of",
}
#: Operations said by a rule of their own.
_SPECIAL = {"same", "where", "dot", "final", "irr", "years_ago"}

#: Every operation that can be said.
OPERATIONS = frozenset({*_SIGNS, *_CALLS, *_SPECIAL})

#: Operations that read a row in all its years.
_OVER_YEARS = {"sum", "dot", "largest", "smallest", "irr"}
#: What in a label could be taken for a part of the formula.
_MISLEADING = re.compile(r"[,:()\[\]=<>≤≥+×÷−]")


class When(Enum):
    """Which value of a row a formula reads."""

    NOW = "now"
    BEFORE = "the year before"
    AGO = "some years before"
    LAST = "the last year"
    ALL = "all years"


@dataclass(frozen=True)
class Mention:
    """A row or a named number in a formula.

    Attributes:
        node: The part of the formula that says it.
        row: The row read; none for a named number.
        when: In which year.
        years: For `AGO`, how many years before.
    """

    node: Expr
    row: Row | None
    when: When = When.NOW
    years: Expr | None = None


def mentions(model: Model, node: Expr) -> list[Mention]:
    """What a formula reads, in the order it is said, each once."""
    found: dict[tuple[object, ...], Mention] = {}
    for mention in _walk(model, node):
        what = getattr(mention.node, "name", "") if mention.row is None else mention.row
        found.setdefault((what, mention.when, mention.years), mention)
    return list(found.values())


def _walk(model: Model, node: Expr) -> Iterator[Mention]:
    match node:
        case Row():
            yield Mention(node, node)
        case Number():
            if node.name and node.value == node.value:
                yield Mention(node, None)
        case Previous():
            yield Mention(node, model.closing[node], When.BEFORE)
        case Op(name="years_ago", operands=(Row() as row, _, years)):
            yield Mention(node, row, When.AGO, years)
            yield from _walk(model, years)
        case Op(name="final", operands=(Row() as row,)):
            yield Mention(node, row, When.LAST)
        case Op() if node.name in _OVER_YEARS:
            rows = node.operands[:1] if node.name == "irr" else node.operands
            yield from (Mention(row, row, When.ALL) for row in rows if isinstance(row, Row))
        case _:
            for operand in node.operands:
                yield from _walk(model, operand)


class Words:
    """Says the formula of one row, and of its opening value."""

    def __init__(self, model: Model, row: Line) -> None:
        """Name the rows it mentions so that no two share a name."""
        self.model, self.row = model, row
        self.mentions = mentions(model, row.formula)
        self.opening_mentions = [] if row.opening is None else mentions(model, row.opening)
        both = (*self.mentions, *self.opening_mentions)
        rows = [row, *(m.row for m in both if m.row is not None)]
        self.names = names(model, dict.fromkeys(rows))

    @property
    def formula(self) -> str:
        """`Lease price of the year before × (1 + Change of the lease price)`."""
        return self._say(self.row.formula, 0)

    @property
    def opening(self) -> str:
        """What stands before the first year; empty where nothing does."""
        return "" if self.row.opening is None else self._say(self.row.opening, 0)

    def say(self, node: Expr) -> str:
        """Say a part of the formula."""
        return self._say(node, 0)

    def _say(self, node: Expr, outer: int) -> str:
        """Say a node, in brackets where what is around it binds tighter."""
        match node:
            case Row():
                return self.names[node]
            case Number():
                return _number(node)
            case Previous():
                return f"{self.names[self.model.closing[node]]} of the year before"
            case Op() if node.name in _SIGNS:
                return self._signs(node, outer)
            case Op() if node.name in _CALLS:
                return self._call(_CALLS[node.name], ", ", *node.operands)
            case Op():
                return self._special(node, outer)
        raise EngineError(f"there are no words for a {type(node).__name__}.")

    def _signs(self, node: Op, outer: int) -> str:
        sign, level = _SIGNS[node.name]
        left, right = node.operands
        if node.name == "sub" and isinstance(left, Number) and left.value == 0:
            text = f"−{self._say(right, _ATOM)}"
            return f"({text})" if outer > _ARGUMENT else text
        if node.name in _COMPARISONS:
            text = f"1 if {self._comparison(node)}, otherwise 0"
            return f"({text})" if outer else text
        tight = node.name in ("sub", "div", "power")
        before = self._say(left, level + (node.name == "power"))
        text = f"{before}{sign}{self._say(right, level + tight)}"
        bracketed = outer > 0 if node.name == "power" else level < outer
        return f"({text})" if bracketed else text

    def _comparison(self, node: Op) -> str:
        sign, level = _SIGNS[node.name]
        left, right = node.operands
        if isinstance(left, Number) and node.name in _TURNED:  # 0 < weight: the weight is above 0
            sign, left, right = _TURNED[node.name], right, left
        return f"{self._say(left, level)}{sign}{self._say(right, level)}"

    def _call(self, words: str, between: str, *operands: Expr) -> str:
        return f"{words} ({between.join(self._say(n, _ARGUMENT) for n in operands)})"

    def _special(self, node: Op, outer: int) -> str:
        match node.name:
            case "same":
                return self._say(node.operands[0], outer)
            case "where":
                flag, then, otherwise = node.operands
                after = f"otherwise {self._say(otherwise, 1)}"
                text = f"{self._say(then, 1)} if {self._condition(flag)}, {after}"
                return f"({text})" if outer else text
            case "dot":
                factors = " × ".join(self._say(n, _SIGNS["mul"][1]) for n in node.operands)
                return f"sum over the years of ({factors})"
            case "final":
                return f"{self._say(node.operands[0], _ATOM)} in the last year"
            case "irr":
                row = self._say(node.operands[0], _ARGUMENT)
                return f"internal rate of return of ({row}, its opening value included)"
            case "years_ago":
                return f"{self._say(node.operands[0], _ATOM)} {self._years(node.operands[2])}"
        raise EngineError(f"there are no words for {node.name!r}. Add a rule to engines/words.py.")

    def _years(self, years: Expr) -> str:
        if isinstance(years, Number):
            return f"{years.value:g} year{'s' * (years.value != 1)} before"
        return f"({self._say(years, 0)}) years before"

    def _condition(self, flag: Expr) -> str:
        """A comparison stands as it is, a number holds where it is not zero."""
        if isinstance(flag, Op) and flag.name in _COMPARISONS:
            return self._comparison(flag)
        return f"{self._say(flag, 1)} is not 0"


def _number(node: Number) -> str:
    if node.value != node.value:
        return "no value"
    return node.name.replace("_", " ") or f"{node.value:g}"


def names(model: Model, rows: Mapping[Row, None]) -> dict[Row, str]:
    """Label of each row; with its group or its key where others have the same label.

    A label that could be taken for a part of the formula stands in quotes.
    """
    named: dict[Row, str] = {}
    for row in rows:
        alike = [r for r in rows if r.label == row.label]
        groups = {_group(model, r) for r in alike}
        label = f"‘{row.label}’" if _MISLEADING.search(row.label) else row.label
        if len(alike) > 1:
            label += f" [{_group(model, row) if len(groups) == len(alike) else model.key[row]}]"
        named[row] = label
    return named


def _group(model: Model, row: Row) -> str:
    return model.groups[model.key[row].rpartition(".")[0]].title
