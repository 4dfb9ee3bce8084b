"""A graph made ready to compute: steps in order, equal steps merged, constants folded."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass

from valuation.engines.rules import ELEMENTWISE, apply
from valuation.errors import EngineError
from valuation.lines import Assumption, Expr, Line, Model, Row, Shape
from valuation.lines.nodes import Number, Op, Previous


@dataclass
class Step:
    """One operation; operands are positions of earlier steps (a previous value's may be later)."""

    name: str
    operands: tuple[int, ...] = ()
    series: bool = False
    value: float = 0.0
    source: Row | None = None


class Plan:
    """Steps, the order to run them in, and where the rows asked for are found.

    Attributes:
        model: Whose rows they are.
        periods: Number of periods of the model.
        rows: The rows asked for.
        steps: One operation each.
        groups: Positions of steps in order; those in one group depend on each other's past.
        outputs: Step of each row asked for.
    """

    def __init__(self, model: Model, rows: Iterable[Row], *, typed: Iterable[Row] = ()) -> None:
        """Number the steps needed for some rows; `typed` lines are given, not computed."""
        self.model, self.rows, self._typed = model, list(rows), set[Expr](typed)
        self.periods = model.periods
        self.steps: list[Step] = []
        self.groups: list[list[int]] = []
        self._slot: dict[Expr, int] = {}
        self._known: dict[tuple[object, ...], int] = {}
        for group in model.steps(self.rows, self._typed):
            before = len(self.steps)
            for node in group:
                self._slot[node] = self._place(node)
            if len(self.steps) > before:
                self.groups.append(list(range(before, len(self.steps))))
        for node, slot in self._slot.items():
            if isinstance(node, Previous):
                self.steps[slot].operands += (self._slot[model.closing[node]],)
        self.outputs = [self._slot[row] for row in self.rows]

    def __getstate__(self) -> dict[str, object]:
        """What another process needs to compute: steps without the graph they were made from."""
        kept = ("periods", "steps", "groups", "outputs")
        return {name: getattr(self, name) for name in kept}

    def first(self, count: int) -> Plan:
        """The plan of the first outputs alone."""
        part = copy(self)
        part.rows, part.outputs = [], self.outputs[:count]
        needed, path = set(part.outputs), list(part.outputs)
        while path:
            new = set(self.steps[path.pop()].operands) - needed
            needed |= new
            path += new
        part.groups = [group for group in self.groups if needed.intersection(group)]
        return part

    def _place(self, node: Expr) -> int:
        series = node.shape == Shape.SERIES
        if isinstance(node, Row) and (isinstance(node, Assumption) or node in self._typed):
            return self._add(Step("input", series=series, source=node), node)
        below = tuple(self._slot[n] for n in node.operands)
        match node:
            case Number():
                return self._add(Step("number", value=node.value))
            case Previous():
                return self._add(Step("previous", below, series), node)
            case Line() | Op(name="same"):
                return below[0]
            case Op():
                return self._add(self._folded(Step(node.name, below, series)))
        raise EngineError(f"no way to compute a {type(node).__name__}.")

    def _folded(self, step: Step) -> Step:
        parts = [self.steps[i] for i in step.operands]
        if step.name in ELEMENTWISE and all(p.name == "number" for p in parts):
            return Step("number", value=apply(step.name, *(p.value for p in parts)))
        return step

    def _add(self, step: Step, own: Expr | None = None) -> int:
        known = (step.name, step.operands, step.value, own)
        if known not in self._known:
            self._known[known] = len(self.steps)
            self.steps.append(step)
        return self._known[known]
