"""Pictures of the tornado, the scenarios and the football field, drawn with matplotlib."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from valuation.risk.plots import CRIMSON, NAVY, STEEL

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from valuation.risk.football import Football
    from valuation.risk.scenarios import Scenarios
    from valuation.risk.tornado import Tornado

SAND, GREY = "#E3C77B", "#7F7F7F"
#: Letters of a label on one line.
_WIDTH = 52


def _axes(ax: Axes | None, width: float, height: float) -> Axes:
    if ax is not None:
        return ax
    from matplotlib import pyplot as plt

    made: Axes = plt.subplots(figsize=(width, height), layout="constrained")[1]
    return made


def plot_tornado(found: Tornado, *, top: int, ax: Axes | None) -> Axes:
    """Bars from the value with no input shocked to those at low and at high."""
    swings = found.swings[:top]
    ax = _axes(ax, 10, 1.4 + 0.42 * len(swings))
    at = np.arange(len(swings))
    for side, (name, colour) in enumerate((("At low", STEEL), ("At high", SAND))):
        changes = [np.nan_to_num(swing.changes[side]) for swing in swings]
        ax.barh(at, changes, left=found.value, color=colour, label=name, height=0.7)
    labels = ["\n".join(textwrap.wrap(swing.label, _WIDTH)) for swing in swings]
    ax.set_yticks(at, labels=labels, fontsize=8)
    for place, swing in enumerate(swings):
        if not all(map(np.isfinite, swing.changes)):
            end = "low" if np.isnan(swing.changes[0]) else "high"
            text = f"no value at {end} "
            ax.annotate(text, (found.value, place), ha="right", va="center", fontsize=8)
    ax.invert_yaxis()
    ax.axvline(found.value, color="black", linewidth=0.8)
    unit = f", {found.row.unit_text}" if found.row.unit_text else ""
    ax.set_xlabel(f"{found.title}{unit}; {found.value:,.4g} in scenario {found.scenario}")
    ax.legend(loc="lower right")
    return ax


def plot_scenarios(found: Scenarios, *, ax: Axes | None) -> Axes:
    """Value per share by scenario with its weight, the weighted value and the price."""
    ax = _axes(ax, 9, 4.5)
    values, price = found.value_per_share.values, found.market_price.values[0]
    names = [
        f"{textwrap.fill(name, 10)}\n{weight:.0%}"
        for name, weight in zip(found.names, found.weights, strict=True)
    ]
    bars = ax.bar(names, values, color=STEEL)
    ax.bar_label(bars, fmt="%.2f", fontsize=8)
    weighted = found.value_per_share.weighted
    if np.isfinite(weighted):
        ax.axhline(weighted, color=NAVY, label=f"Weighted {weighted:.2f}")
    ax.axhline(price, color=CRIMSON, linestyle="--", label=f"Price {price:.2f}")
    ax.set_ylabel(f"Value per share, {found.assumptions.company.currency}")
    ax.margins(y=0.25)
    ax.legend(ncols=2, loc="upper left")
    return ax


def plot_football(found: Football, *, ax: Axes | None) -> Axes:
    """Spans by part and method, the value in the scenario looked at, and the prices."""
    spans = [s for s in (*found.spans, found.whole) if np.isfinite(s.low)]
    ax = _axes(ax, 10, 1.4 + 0.36 * len(spans))
    for place, span in enumerate(spans):
        base = span.base if np.isfinite(span.base) else span.low
        ax.barh(place, base - span.low, left=span.low, color=STEEL, height=0.6)
        ax.barh(place, span.high - base, left=base, color=SAND, height=0.6)
        ax.plot([base, base], [place - 0.3, place + 0.3], color=NAVY, linewidth=2)
    ax.set_yticks(range(len(spans)), labels=[span.label for span in spans], fontsize=8)
    ax.invert_yaxis()
    ax.axvline(found.price, color=CRIMSON, linestyle="--", label=f"Price {found.price:.2f}")
    for other in found.references:
        label = f"{other.name} {other.price:.2f}"
        ax.axvline(other.price, color=GREY, linestyle=":", label=label)
    ax.set_xlabel(f"{found.assumptions.company.currency} a share, over {', '.join(found.over)}")
    ax.legend(loc="best", fontsize=8)
    return ax
