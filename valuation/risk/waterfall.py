"""Waterfalls: bars that start where the one before ends, also across and below zero."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from valuation.errors import AssumptionError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAVY, GREEN, CRIMSON, GREY = "#1F3864", "#4E9A6B", "#C00000", "#7F7F7F"


class Stack(NamedTuple):
    """Series that make a waterfall when stacked in this order, one value a bar.

    Charts stack what is above zero upwards and what is below downwards, each on its own. With a bar
    from `start` to `end`, `low` the smaller and `high` the larger of both:

        base  = max(low, 0) + min(high, 0)      not drawn
        above = max(high, 0) - max(low, 0)
        below = min(low, 0) - min(high, 0)

    A bar that crosses zero has a part above and one below; a total starts at zero, so it has one.
    """

    base: tuple[float, ...]
    total: tuple[float, ...]
    rise: tuple[float, ...]
    rise_below: tuple[float, ...]
    fall: tuple[float, ...]
    fall_below: tuple[float, ...]


#: What the series are called, in their order.
NAMES = ("Base", "Total", "Rise", "Rise below zero", "Fall", "Fall below zero")


def spans(amounts: Sequence[float], totals: Sequence[bool]) -> list[tuple[float, float]]:
    """Where each bar starts and ends: a total at zero, any other where the one before ended.

    Raises:
        AssumptionError: There is not one mark for each amount.
    """
    if len(amounts) != len(totals):
        text = f"{len(amounts)} amounts but {len(totals)} marks of totals. Give one for each."
        raise AssumptionError([text])
    found: list[tuple[float, float]] = []
    level = 0.0
    for amount, is_total in zip(amounts, totals, strict=True):
        start = 0.0 if is_total else level
        level = start + amount
        found.append((start, level))
    return found


def stack(amounts: Sequence[float], totals: Sequence[bool]) -> Stack:
    """Work out the series of a waterfall.

    Args:
        amounts: The level of a total, the change of any other bar.
        totals: Which bars are totals: they stand on zero.
    """
    columns = []
    for (start, end), is_total in zip(spans(amounts, totals), totals, strict=True):
        low, high = min(start, end), max(start, end)
        above, below = max(high, 0) - max(low, 0), min(low, 0) - min(high, 0)
        up = end >= start
        columns.append(
            (
                max(low, 0) + min(high, 0),
                end if is_total else 0.0,
                above if up and not is_total else 0.0,
                below if up and not is_total else 0.0,
                above if not up and not is_total else 0.0,
                below if not up and not is_total else 0.0,
            )
        )
    return Stack(*zip(*columns, strict=True)) if columns else Stack((), (), (), (), (), ())


def draw(
    labels: Sequence[str],
    amounts: Sequence[float],
    totals: Sequence[bool],
    *,
    ax: Axes | None = None,
    fmt: str = ",.2f",
) -> Axes:
    """Draw a waterfall with matplotlib, the amount at each bar.

    Args:
        labels: Of the bars.
        amounts: As in `stack`.
        totals: As in `stack`.
        ax: Where to draw; by default a new figure.
        fmt: Format of the amounts.
    """
    if ax is None:
        from matplotlib import pyplot as plt

        width = max(8.0, 0.7 * len(labels))
        ax = plt.subplots(figsize=(width, 5), layout="constrained")[1]
    found = spans(amounts, totals)
    for at, ((start, end), amount, total) in enumerate(zip(found, amounts, totals, strict=True)):
        colour = NAVY if total else GREEN if amount >= 0 else CRIMSON
        ax.bar(at, end - start, bottom=start, color=colour, width=0.7)
        text = format(amount, fmt if total else f"+{fmt}")
        ax.annotate(text, (at, max(start, end)), (0, 2), textcoords="offset points", ha="center",
                    fontsize="small")  # fmt: skip
        if at + 1 < len(found):
            ax.plot([at + 0.35, at + 0.65], [end, end], color=GREY, linewidth=0.8)
    ax.set_xticks(range(len(labels)), labels, rotation=35, ha="right", fontsize="small")
    ax.axhline(0, color="black", linewidth=0.8)
    ax.use_sticky_edges = False  # bars would keep the margin away
    ax.margins(y=0.1)
    return ax
