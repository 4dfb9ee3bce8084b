"""Inputs by key: the base case, and what each draw changes. The one door into the engines."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import numpy as np

from valuation.engines.rules import Array
from valuation.errors import AssumptionError
from valuation.lines import Assumption, Model, Row, Shape

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

#: Lower and upper bound of an input, by key, where narrower than the model's.
Bounds = Mapping[str, tuple[float, float]]


def inputs(
    model: Model,
    base: Mapping[str, ArrayLike],
    changes: Mapping[str, ArrayLike] | None = None,
    *,
    typed: Collection[str] = (),
    bounds: Bounds | None = None,
) -> dict[Row, Array]:
    """Put the base case and the changes of some draws into arrays of shape (periods, draws).

    Args:
        model: Whose assumptions they are.
        base: A number or one number a period, by key.
        changes: Shape () or (draws,) holds for every period, (periods, draws) for each; by key.
        typed: Lines whose formula the changes replace, by key.
        bounds: Narrower bounds than the model's, by key.

    Raises:
        AssumptionError: Keys, shapes or values that do not fit, all together.
    """
    problems: list[str] = []
    result: dict[Row, Array] = {}
    changes = changes or {}
    for given, changed in ((base, False), (changes, True)):
        for key, value in given.items():
            row = model.rows.get(key)
            if row is None:
                problems.append(f"no input {key!r}.{model.nearest(key, model.assumptions)}")
            elif not isinstance(row, Assumption) and key not in typed:
                problems.append(
                    f"{key} is a formula. Name it in typed= to put values in its place."
                )
            else:
                array = np.asarray(value, dtype=np.float64)
                array = np.atleast_2d(array) if changed else array.reshape(-1, 1)
                problems += _problems(model, key, row, array, (bounds or {}).get(key))
                result[row] = array
    problems += [
        f"{key} is missing." for key, row in model.assumptions.items() if row not in result
    ]
    widths = {a.shape[1] for a in result.values()} - {1}
    if len(widths) > 1:
        problems.append(f"changes have different numbers of draws: {sorted(widths)}.")
    if problems:
        raise AssumptionError(problems)
    return result


def _problems(
    model: Model, key: str, row: Row, array: Array, bounds: tuple[float, float] | None
) -> list[str]:
    """What is wrong with the values of one row."""
    periods = model.periods if row.shape == Shape.SERIES else 1
    if array.ndim != 2 or array.shape[0] not in (1, periods):  # noqa: PLR2004 - periods and draws
        return [f"{key} has {array.shape[0]} periods, not {periods} or 1."]
    low, high = (-np.inf, np.inf)
    if isinstance(row, Assumption):
        low, high = bounds or (row.minimum, row.maximum)
    found = []
    outside = ~((array >= low) & (array <= high) & np.isfinite(array))
    if outside.any():
        place, value = _first(outside, array)
        remedy = f"Enter a number from {low:g} to {high:g}."
        if row.unit_text.startswith("%") and low <= value / 100 <= high:
            remedy = f"Enter {value:g}% or {value / 100:g}."
        found.append(f"{key}{place}: {value:g} is outside {low:g} to {high:g}. {remedy}")
    if isinstance(row, Assumption) and row.whole:
        broken = (array != np.floor(array)) & ~outside
        if broken.any():
            place, value = _first(broken, array)
            found.append(f"{key}{place}: {value:g} is not whole. Enter a whole number.")
    return found


def _first(flags: NDArray[np.bool_], array: Array) -> tuple[str, float]:
    """Where the first flag stands, in words where there is more than one value, and its value."""
    period, draw = (int(i) for i in np.argwhere(flags)[0])
    place = f", period {period + 1}" if array.shape[0] > 1 else ""
    place += f", draw {draw}" if array.shape[1] > 1 else ""
    return place, float(array[period, draw])
