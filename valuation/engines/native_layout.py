"""What a kernel computes itself, what is handed to it, and in which loop each step is due."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from valuation.engines.native_rules import AHEAD, TOTALS
from valuation.engines.plan import Plan
from valuation.lines import Row


class Layout:
    """Where each step of a plan is computed, given which inputs differ by draw.

    Attributes:
        plan: Whose steps they are.
        periods: Rows of a series.
        cells: Rows of the varying table, by step of each varying input.
        width: Number of those rows.
        ahead: Rows after those of the table, by step that numpy computes for each draw.
        shared: Places among the numbers alike in all draws, by step.
        inside: Steps the kernel computes, in order.
        stage: Loop each of those is computed in: odd for a loop over the years, else even.
        outputs: Rows of the output table of each row asked for.
    """

    def __init__(self, plan: Plan, varying: Collection[Row]) -> None:
        """Follow what varies from the inputs, and what is needed from the outputs."""
        self.plan, self.periods = plan, plan.model.periods
        self._varies = _varying_steps(plan, varying)
        steps = plan.steps
        needed = self._below(plan.outputs, stop=AHEAD)
        ahead = {i for i in needed if i in self._varies and steps[i].name in AHEAD}
        self._cone = self._below(ahead) & self._varies
        order = [i for group in plan.groups for i in group if i in needed | self._cone]
        sources = [i for i in order if i in self._varies and steps[i].source is not None]
        self.cells = self._places(sources)
        self.width = sum(map(len, self.cells.values()))
        self.ahead = self._places([i for i in order if i in ahead], after=self.width)
        self.shared = self._places(
            i for i in order if i not in self._varies and steps[i].name != "number"
        )
        handed = {*self.cells, *self.ahead}
        self.inside = [i for i in order if i in needed & self._varies and i not in handed]
        self.stage = self._stages()
        self.outputs: list[range] = []
        for slot in plan.outputs:
            first = self.outputs[-1].stop if self.outputs else 0
            self.outputs.append(range(first, first + self.length(slot)))

    def length(self, slot: int) -> int:
        """Number of rows of a step's value."""
        return self.periods if self.plan.steps[slot].series else 1

    def alike(self) -> list[list[int]]:
        """Groups of steps that are alike in all draws."""
        return [group for group in self.plan.groups if group[0] not in self._varies]

    def before(self) -> list[list[int]]:
        """Groups of steps that numpy computes for each draw, for those ahead."""
        return [group for group in self.plan.groups if group[0] in self._cone]

    def _below(self, roots: Iterable[int], *, stop: Collection[str] = ()) -> set[int]:
        """Steps that others need; those alike in all draws are not looked into."""
        found: set[int] = set()
        path = list(roots)
        while path:
            slot = path.pop()
            if slot not in found:
                found.add(slot)
                if slot in self._varies and self.plan.steps[slot].name not in stop:
                    path += self.plan.steps[slot].operands
        return found

    def _places(self, slots: Iterable[int], *, after: int = 0) -> dict[int, range]:
        """Rows side by side, as many as each step has values."""
        places, end = dict[int, range](), after
        for slot in slots:
            places[slot] = range(end, end + self.length(slot))
            end = places[slot].stop
        return places

    def _stages(self) -> dict[int, int]:
        """Where each step is due: what is single after the loop that totals it, or before any."""
        stage: dict[int, int] = {}
        inside = set(self.inside)
        for group in self.plan.groups:
            steps = [(i, self.plan.steps[i]) for i in group if i in inside]
            due = max((stage.get(i, 0) for _, s in steps for i in s.operands), default=0)
            for slot, step in steps:
                if step.name in TOTALS:
                    stage[slot] = due + 2 - due % 2
                else:
                    stage[slot] = due + (due % 2 != step.series)
        return stage


def _varying_steps(plan: Plan, varying: Collection[Row]) -> set[int]:
    """Steps whose values differ by draw."""
    rows, found = set(varying), set[int]()
    for group in plan.groups:
        steps = [plan.steps[i] for i in group]
        if any(s.source in rows for s in steps) or any(found & set(s.operands) for s in steps):
            found.update(group)
    return found
