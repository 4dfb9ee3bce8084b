"""A sensitivity table as a heat map, drawn with matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from valuation.risk.sensitivity import Axis, Sensitivity

#: Low is red, high is green, the middle pale.
_COLOURS: Final = "RdYlGn"
#: Colours stop short of the ends of the map, where text is hard to read.
_MARGIN: Final = 0.25


def heat_map(found: Sensitivity, *, ax: Axes | None = None) -> Axes:
    """Draw a table; the base row, column and cell are marked.

    Args:
        found: The table.
        ax: Where to draw; by default a new figure.
    """
    count, across = found.values.shape
    if ax is None:
        from matplotlib import pyplot as plt

        size = (3 + 0.9 * across, 1.5 + 0.45 * count)
        ax = plt.subplots(figsize=size, layout="constrained")[1]
    ax.imshow(found.heat(), cmap=_COLOURS, vmin=-_MARGIN, vmax=1 + _MARGIN, aspect="auto")
    for (row, column), value in np.ndenumerate(found.values):
        ax.text(column, row, found.text(value, column), ha="center", va="center", fontsize=8)
    _labelled(ax, found.rows, found.columns, found.labels)
    names = " and ".join(found.labels) if found.columns else "Outputs"
    ax.set_title(found.wanted.name or names)
    _mark(ax, found)
    return ax


def _labelled(ax: Axes, rows: Axis, columns: Axis | None, outputs: tuple[str, ...]) -> None:
    ax.set_yticks(range(len(rows.values)), rows.labels)
    ax.set_ylabel(rows.label)
    across = columns.labels if columns else tuple(label.replace(", ", "\n") for label in outputs)
    ax.set_xticks(range(len(across)), across)
    if columns:
        ax.set_xlabel(columns.label)
    base = [(ax.get_yticklabels(), rows.base_at)]
    base += [(ax.get_xticklabels(), columns.base_at)] if columns else []
    for ticks, at in base:
        if at is not None:
            ticks[at].set_fontweight("bold")


def _mark(ax: Axes, found: Sensitivity) -> None:
    """A frame around the base cell, or around the base row of a one-way table."""
    from matplotlib.patches import Rectangle

    row, columns = found.rows.base_at, found.columns
    column = columns.base_at if columns else 0
    if row is None or column is None:
        return
    width = 1 if columns else found.values.shape[1]
    corner = (column - 0.5, row - 0.5)
    ax.add_patch(Rectangle(corner, width, 1, fill=False, edgecolor="black", linewidth=2))
