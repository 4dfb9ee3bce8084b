"""Declaring rows, and the group that holds them: a building, a segment, a method, a company."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar, TypeAlias, cast, dataclass_transform

from valuation.errors import ModelError, UnitError
from valuation.lines.functions import previous
from valuation.lines.nodes import (
    Assumption,
    Check,
    Expr,
    Given,
    Line,
    Op,
    Previous,
    Row,
    Shape,
    below,
    in_unit,
    postorder,
    to_expr,
)
from valuation.lines.units import parse

#: Operations that need every period of their operand.
OVER_TIME = {"sum", "dot", "final", "largest", "smallest", "irr"}


@dataclass(frozen=True)
class Heading:
    """A heading between the rows of a group."""

    label: str
    chinese: str = ""


def heading(text: str) -> Heading:
    """Declare a heading that reaches the sheet, as `English | 中文`."""
    return Heading(*_labels(text))


def _labels(text: str) -> tuple[str, str]:
    """Split `English | 中文`."""
    label, _, chinese = text.partition("|")
    return label.strip(), chinese.strip()


def assume(
    label: str,
    unit: str,
    *,
    yearly: bool = False,
    minimum: float = float("-inf"),
    maximum: float = float("inf"),
    whole: bool = False,
    note: str = "",
) -> Assumption:
    """Declare a cell people edit, or with `yearly` one a year.

    Args:
        label: `English | 中文`.
        unit: As in `units.parse`.
        yearly: One cell for each year of the ruler.
        minimum: Physical lower bound.
        maximum: Physical upper bound.
        whole: Only whole numbers make sense.
        note: What the editor should know.
    """
    english, chinese = _labels(label)
    return Assumption(
        label=english,
        chinese=chinese,
        unit_text=unit,
        unit=parse(unit),
        shape=Shape.SERIES if yearly else Shape.SINGLE,
        minimum=minimum,
        maximum=maximum,
        whole=whole,
        note=note,
    )


def switch(label: str, *, note: str = "") -> Assumption:
    """Declare a switch people set to 1 (yes) or 0 (no)."""
    return assume(label, "flag", minimum=0, maximum=1, whole=True, note=note)


def line(
    label: str,
    unit: str,
    formula: Expr | float,
    *,
    closes: Previous | None = None,
    opening: Expr | float | None = None,
    note: str = "",
) -> Line:
    """Name an expression as a row, checked against its unit.

    Args:
        label: `English | 中文`.
        unit: Declared unit; conversions to it are written with named factors.
        formula: The same in every period.
        closes: The previous value this row carries forward.
        opening: What stands in the opening column of a row that carries nothing forward.
        note: What the reader should know.
    """
    english, chinese = _labels(label)
    declared = parse(unit)
    try:
        body = in_unit(to_expr(formula), declared)
        first = None if opening is None else in_unit(to_expr(opening), declared)
    except UnitError as error:
        raise UnitError(f"line {english!r}: {error}. Check the formula or the unit.") from None
    if closes is not None and opening is not None:
        raise ModelError(f"line {english!r} opens with what it closes. Drop opening=.")
    if closes is not None and closes.unit != declared:
        raise UnitError(f"line {english!r} is in {declared}, but opens in {closes.unit}.")
    if first is not None and first.shape == Shape.SERIES:
        raise ModelError(f"line {english!r} opens with one value, not one a period.")
    yearly = closes is not None or first is not None
    return Line(
        label=english,
        chinese=chinese,
        unit_text=unit,
        unit=declared,
        shape=max(body.shape, Shape.SERIES if yearly else Shape.SINGLE),
        operands=(body,) if first is None else (body, first),
        closes=closes,
        note=note,
    )


def check(
    label: str, unit: str, difference: Expr, *, tolerance: float = 1e-6, note: str = ""
) -> Check:
    """Declare a rule as the amount by which it is broken: it passes within the tolerance."""
    made = line(label, unit, difference, note=note)
    if made.shape == Shape.SERIES:
        raise ModelError(f"check {made.label!r}: reduce it to one value, with largest() say.")
    fields = {name: getattr(made, name) for name in Line.__dataclass_fields__}
    return Check(**fields, tolerance=tolerance)


def balance(
    label: str, unit: str, opening: Expr | float, *, add: Expr, less: Expr | float, note: str = ""
) -> Line:
    """Roll a stock forward: closing = opening + add - less."""
    before = previous(opening, unit)
    return line(label, unit, before + add - less, closes=before, note=note)


def growing(label: str, unit: str, first: Expr | float, *, by: Expr, note: str = "") -> Line:
    """Compound a value by a rate per period, the first period included."""
    before = previous(first, unit)
    return line(label, unit, before * (1 + by), closes=before, note=note)


def given(label: str, unit: str, *, single: bool = False) -> Any:  # noqa: ANN401
    """Declare a row that the user of a group hands in, by keyword."""
    english, chinese = _labels(label)
    shape = Shape.SINGLE if single else Shape.SERIES
    return Given(label=english, chinese=chinese, unit_text=unit, unit=parse(unit), shape=shape)


Part: TypeAlias = "type[Group] | Group"


def members(part: Part) -> Iterator[tuple[str, object]]:
    """Attributes of a class or of one made from it, in the order written."""
    for name, value in vars(part).items():
        if not name.startswith("_") and name not in ("title", "chinese_title"):
            yield name, value


def parts_of(part: Part) -> Iterator[tuple[str, Part]]:
    """Groups inside a group."""
    for name, value in members(part):
        if isinstance(value, Group) or (isinstance(value, type) and issubclass(value, Group)):
            yield name, value


def own_nodes(part: Part) -> Iterator[tuple[str, Expr]]:
    """Nodes a group holds under a name of its own, rows handed in left out."""
    for name, value in members(part):
        handed_in = isinstance(getattr(type(part), name, None), Given)
        if isinstance(value, Expr) and not handed_in:
            yield name, value


def _refuse_open_ends(cls: type[Group]) -> None:
    """Every previous value is closed by exactly one row."""
    own = dict(own_nodes(cls))
    closed = [n.closes for n in own.values() if isinstance(n, Line)]
    for name, node in own.items():
        if isinstance(node, Previous) and closed.count(node) != 1:
            raise ModelError(
                f"{cls.__name__}: {name} is closed by {closed.count(node)} "
                "rows. Give exactly one row closes=."
            )


def _refuse_idle(cls: type[Group]) -> None:
    """Every assumption of a group that is not shared is used by one of its rows."""
    nodes = [n for n in _all_nodes(cls) if not isinstance(n, Assumption)]
    used = {o for node in postorder(nodes, below) for o in node.operands}
    idle = [n for n, v in own_nodes(cls) if isinstance(v, Assumption) and v not in used]
    if idle:
        raise ModelError(
            f"{cls.__name__}: no row of the group uses {', '.join(idle)}. Use or delete, or "
            "declare the group shared=True if other groups use its assumptions."
        )


def _handed_in(cls: type[Group], given: dict[str, Row]) -> dict[Expr, Expr]:
    """Rows handed in by the template they replace."""
    templates = {n: t for n, t in own_nodes(cls) if isinstance(t, Given)}
    lacking, unknown = templates.keys() - given.keys(), given.keys() - templates.keys()
    if lacking or unknown:
        raise ModelError(
            f"{cls.__name__}: not handed {sorted(lacking)}, not known {sorted(unknown)}."
        )
    for name, row in given.items():
        template = templates[name]
        if not isinstance(row, Row):
            raise ModelError(f"{cls.__name__}: {name} is no row. Name the formula as a line first.")
        if template.unit != row.unit:
            raise UnitError(
                f"{cls.__name__}: {name} is in {row.unit_text} where {template.unit_text} is due."
            )
        if template.shape < row.shape:
            raise ModelError(f"{cls.__name__}: {name} has one value a period where one is due.")
    return {templates[name]: row for name, row in given.items()}


def _copy(source: Part, made: dict[Expr, Expr], target: Rows) -> None:
    """Copy rows and inner groups, sharing what belongs to others."""
    inner = {name: p for name, p in parts_of(source) if isinstance(p, Group)}
    own = set(_all_nodes(source))

    def shared(node: Expr) -> bool:
        return isinstance(node, Row) and node not in own

    for node in postorder(own, lambda n: () if shared(n) else below(n)):
        if node not in made and not shared(node):
            operands = tuple(made.get(n, n) for n in node.operands)
            if isinstance(node, Op) and node.name in OVER_TIME:
                _refuse_single(node, operands)
            changed: dict[str, Any] = {"operands": operands}
            if isinstance(node, Line) and node.closes is not None:
                changed["closes"] = made[node.closes]
            made[node] = replace(node, **changed)
    for name, value in members(source):
        if name in inner:
            part = inner[name]
            twin = object.__new__(type(part))
            _copy(part, made, twin)
            vars(twin)["title"], vars(twin)["chinese_title"] = part.title, part.chinese_title
            vars(target)[name] = twin
        elif isinstance(value, Expr):
            vars(target)[name] = made.get(value, value)
        elif isinstance(value, Heading):
            vars(target)[name] = value


def _refuse_single(node: Op, operands: tuple[Expr, ...]) -> None:
    for before, after in zip(node.operands, operands, strict=True):
        if isinstance(after, Row) and after.shape < before.shape:
            raise ModelError(
                f"{after.label} has one value, but the group reduces it over the years. "
                "Name a row with one value a period."
            )


def _all_nodes(part: Part) -> list[Expr]:
    own = [node for _, node in own_nodes(part)]
    for _, inner in parts_of(part):
        if isinstance(inner, Group):
            own += _all_nodes(inner)
    return own


@dataclass_transform(kw_only_default=True, field_specifiers=(given,))
class Rows:
    """Base of `Group`, where the type checker learns that `given` rows are keywords."""

    chinese_title: ClassVar[str]

    def __init_subclass__(cls, *, title: str = "", shared: bool = False) -> None:
        """Refuse a group that could mislead.

        Args:
            title: `English | 中文`.
            shared: Its assumptions are there for other groups to use.
        """
        made = cast("type[Group]", cls)
        made.title, made.chinese_title = _labels(title or cls.__name__)
        if any(
            base not in (cls, Rows, object) and base.__name__ != "Group" for base in cls.__mro__
        ):
            raise ModelError(
                f"{cls.__name__}: extend Group itself. A replaced row would not "
                "reach the rows that use it."
            )
        _refuse_open_ends(made)
        if not shared:
            _refuse_idle(made)

    def __init__(self, title: str = "", **given: Row) -> None:
        """Make one more of this group, with cells of its own."""
        group = cast("type[Group]", type(self))
        _copy(group, _handed_in(group, given), self)
        titles = _labels(title) if title else (group.title, group.chinese_title)
        vars(self)["title"], vars(self)["chinese_title"] = titles


class Group(Rows):
    """Rows in the order of the sheet. Subclass to write them, call to make another set."""

    title: str = ""
