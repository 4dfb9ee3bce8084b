"""Why draws have no value: for each of them, the first row on the way that has none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

import numpy as np

from valuation.engines.arrays import Inputs, evaluate
from valuation.engines.plan import Plan
from valuation.lines import Assumption, Expr, Line, Model, Row
from valuation.lines.nodes import postorder

#: Draws whose rows are looked at together.
_AT_ONCE = 256


def culprits(model: Model, values: Collection[Row], inputs: Inputs, *, draws: int) -> Counter[Row]:
    """Count draws by the row that is the reason why they have no value.

    The reason is found from the value downwards: a row without a number none of whose own
    operands lacks one.

    Args:
        model: Whose rows they are.
        values: Rows that must all have a number.
        inputs: Inputs of the draws without a value.
        draws: How many there are.
    """
    below = [row for step in model.steps(values, ()) for row in step if isinstance(row, Line)]
    plan = Plan(model, below)
    operands: dict[Row, list[Row]] = {row: _rows_under(model, row) for row in below}
    found: Counter[Row] = Counter()
    for start in range(0, draws, _AT_ONCE):
        stop = min(start + _AT_ONCE, draws)
        part = {k: v if v.shape[1] == 1 else v[:, start:stop] for k, v in inputs.items()}
        result = evaluate(plan, part, draws=stop - start)
        gaps = np.array([~np.isfinite(result[row]).all(axis=0) for row in below])
        for pattern, count in Counter(column.tobytes() for column in gaps.T).items():
            flags = np.frombuffer(pattern, dtype=np.bool_)
            without: set[Row] = {row for row, gap in zip(below, flags, strict=True) if gap}
            reason = _reason((row for row in values if row in without), without, operands)
            if reason is not None:
                found[reason] += count
    return found


def _reason(starts: Iterable[Row], without: set[Row], operands: dict[Row, list[Row]]) -> Row | None:
    """The first row, going down from the value, that lacks a number on its own account."""
    seen: set[Row] = set()
    path = list(starts)[:1]
    while path:
        row = path.pop()
        seen.add(row)
        under = [r for r in operands[row] if r in without]
        if not under:
            return row
        path += [r for r in reversed(under) if r not in seen]
    return None


def _rows_under(model: Model, row: Line) -> list[Row]:
    """Rows that a row's formula reads, those of the year before included."""

    def needs(node: Expr) -> tuple[Expr, ...]:
        is_other_row = isinstance(node, Row) and node is not row
        return () if is_other_row else model.needs(node)

    found = postorder(model.needs(row), needs)
    return [
        n for n in found if isinstance(n, Row) and n is not row and not isinstance(n, Assumption)
    ]
