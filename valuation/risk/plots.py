"""Pictures of a simulation, drawn with matplotlib from its figures."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np

from valuation.errors import AssumptionError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from valuation.risk.simulation import Simulation

NAVY, STEEL, CRIMSON = "#1F3864", "#5B84B1", "#C00000"
#: Bins of the histogram, the share of the draws its ends leave out, inputs shown by importance.
_BINS, _OUT, _MOST = 80, 0.001, 10


def plot(found: Simulation, kind: str = "histogram", *, ax: Axes | None = None) -> Axes:
    """Draw a picture.

    Args:
        found: The simulation.
        kind: `histogram` of the value per share with its cumulative share and the price,
            `variance` of equity by part, `importance` of inputs, or `events` by year.
        ax: Where to draw; by default a new figure.

    Raises:
        AssumptionError: No picture has this name, or there is nothing to draw.
    """
    if kind not in _KINDS:
        raise AssumptionError([f"no picture {kind!r}. Name one of: {', '.join(_KINDS)}."])
    if ax is None:
        from matplotlib import pyplot as plt

        ax = plt.subplots(figsize=(8, 4.5), layout="constrained")[1]
    _KINDS[kind](found, ax)
    return ax


def _histogram(found: Simulation, ax: Axes) -> None:
    company = found.company
    spread = found.spread(company.value_per_share)
    low, high = spread.all.quantile(np.array([_OUT, 1 - _OUT]))
    edges = np.linspace(low, high, _BINS + 1)
    shares = spread.all.histogram(edges) / spread.all.count
    price = found.centre.number(company.market_price)
    ax.bar(edges[:-1], shares, width=np.diff(edges), align="edge", color=STEEL, label="Draws")
    ax.axvline(price, color=CRIMSON, linestyle="--", label=f"Price {price:.2f}")
    ax.set_xlabel(f"Value per share, {company.currency}")
    ax.set_ylabel("Share of draws")
    ax.set_title(f"{company.title} {company.ticker}: {found.draws:,} draws")
    second = ax.twinx()
    below = [1 - spread.all.share_above(edge) for edge in edges]
    second.plot(edges, below, color=NAVY, label="Cumulative")
    second.set_ylim(0, 1)
    second.set_ylabel("Cumulative")
    ax.legend(loc="upper left")


def _variance(found: Simulation, ax: Axes) -> None:
    shares = [share for share in found.variance_by_part() if share.sd > 0]
    _bars(ax, [share.label for share in shares], [share.share for share in shares])
    ax.set_xlabel("Share of the variance of equity")


def _importance(found: Simulation, ax: Axes) -> None:
    if found.importance is None:
        raise AssumptionError(["the importance of inputs was not worked out. Ask for walks."])
    effects = found.importance.effects[:_MOST]
    labels = [found.title_of(effect.key) for effect in effects]
    _bars(ax, labels, [effect.shapley.value for effect in effects],
          [effect.shapley.standard_error for effect in effects])  # fmt: skip
    ax.set_xlabel("Shapley effect: share of the variance")


def _bars(
    ax: Axes, labels: list[str], values: list[float], errors: list[float] | None = None
) -> None:
    ax.barh(labels, values, xerr=errors, color=STEEL, ecolor=NAVY)
    ax.invert_yaxis()
    ax.axvline(0, color="black", linewidth=0.8)


def _events(found: Simulation, ax: Axes) -> None:
    yearly = [at for at in found.likelihoods() if at.year is not None]
    for event in found.company.events:
        own = [at for at in yearly if at.event is event]
        if own:
            years = [at.year or 0 for at in own]
            ax.plot(years, [at.probability.value for at in own], marker="o", label=event.title)
    ax.set_ylim(0, 1)
    ax.set_ylabel("Probability")
    ax.legend()


_KINDS: Final[dict[str, Callable[[Simulation, Axes], None]]] = {
    "histogram": _histogram,
    "variance": _variance,
    "importance": _importance,
    "events": _events,
}
