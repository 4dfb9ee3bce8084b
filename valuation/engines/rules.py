"""What each operation does to numbers, for numpy."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from valuation.errors import EngineError

Array: TypeAlias = NDArray[np.float64]
Rule: TypeAlias = Callable[..., None]

_EPOCH = np.datetime64("1899-12-30", "D")


def _ufunc(function: np.ufunc) -> Rule:
    def rule(out: Array, *parts: Array) -> None:
        function(*parts, out=out)

    return rule


def _gapped(function: np.ufunc) -> Rule:
    """What is no number is a gap, as on the sheet: nothing computes on with infinity."""

    def rule(out: Array, *parts: Array) -> None:
        function(*parts, out=out)
        np.copyto(out, np.nan, where=~np.isfinite(out))

    return rule


def _comparison(function: np.ufunc) -> Rule:
    """A flag; a gap on either side is a gap."""

    def rule(out: Array, *parts: Array) -> None:
        function(*parts, out=out)
        for part in parts:
            np.copyto(out, np.nan, where=np.isnan(part))

    return rule


def _mean(out: Array, left: Array, right: Array) -> None:
    np.add(left, right, out=out)
    np.multiply(out, 0.5, out=out)


def _where(out: Array, flag: Array, then: Array, otherwise: Array) -> None:
    chosen = np.asarray(flag) != 0
    if np.may_share_memory(out, then):
        then = np.array(then)
    np.copyto(out, otherwise)
    np.copyto(out, then, where=chosen)
    np.copyto(out, np.nan, where=np.isnan(flag))


def _calendar_year(out: Array, date: Array) -> None:
    days = np.nan_to_num(np.floor(date)).astype(np.int64) + _EPOCH.astype(np.int64)
    years = days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64)
    np.add(years, 1970.0, out=out)
    np.copyto(out, np.nan, where=np.isnan(date))


def _year_end(out: Array, year: Array) -> None:
    ends = (np.nan_to_num(year).astype(np.int64) - 1969).astype("datetime64[Y]")
    days = ends.astype("datetime64[D]").astype(np.int64) - 1 - _EPOCH.astype(np.int64)
    np.copyto(out, days)
    np.copyto(out, np.nan, where=np.isnan(year))


#: Operations whose result in a period needs only that period. A rule fills its first argument.
ELEMENTWISE: dict[str, Rule] = {
    "add": _ufunc(np.add),
    "sub": _ufunc(np.subtract),
    "mul": _ufunc(np.multiply),
    "div": _gapped(np.divide),
    "max": _ufunc(np.maximum),
    "min": _ufunc(np.minimum),
    "mean": _mean,
    "where": _where,
    "le": _comparison(np.less_equal),
    "lt": _comparison(np.less),
    "eq": _comparison(np.equal),
    "sqrt": _gapped(np.sqrt),
    "exp": _gapped(np.exp),
    "log": _gapped(np.log),
    "power": _gapped(np.power),
    "calendar_year": _calendar_year,
    "year_end": _year_end,
}


def apply(name: str, *values: float) -> float:
    """Apply an elementwise operation to plain numbers."""
    out = np.empty((1, 1))
    with np.errstate(all="ignore"):
        ELEMENTWISE[name](out, *(np.full((1, 1), v) for v in values))
    return float(out[0, 0])


def _fold(step: Callable[[Array, Array], Array]) -> Callable[..., Array]:
    """Reduce period by period, so that one draw and many give the same last bit."""

    def rule(series: Array) -> Array:
        result: Array = series[0]
        for values in series[1:]:
            result = step(result, values)
        return result

    return rule


_SUM = _fold(np.add)


def _dot(left: Array, right: Array) -> Array:
    result: Array = _SUM(np.multiply(left, right))
    return result


def _irr(series: Array, opening: Array) -> Array:
    """Rate at which opening and series together are worth nothing, draw by draw.

    No value where there is none, or where flows that follow each other change their sign more
    than once: then there may be several rates, and no one of them is the answer.
    """
    import numpy_financial as npf

    draws = max(series.shape[1], opening.shape[1])
    flows = np.vstack([np.broadcast_to(part, (len(part), draws)) for part in (opening, series)])
    rates = np.full(draws, np.nan)
    for draw, flow in enumerate(flows.T):
        turns = int((flow[:-1] * flow[1:] < 0).sum())
        if np.isfinite(flow).all() and flow.min() < 0 < flow.max() and turns <= 1:
            rates[draw] = npf.irr(np.trim_zeros(flow, "b"))
    return rates


#: Operations over all periods of a series of shape (periods, draws); the result is (draws,).
OVER_PERIODS: dict[str, Callable[..., Array]] = {
    "sum": _SUM,
    "dot": _dot,
    "final": lambda series: series[-1],
    "largest": _fold(np.maximum),
    "smallest": _fold(np.minimum),
    "irr": _irr,
}

#: Operations that look at other periods of a series, computed in `arrays`.
OVER_PAST = {"previous", "years_ago"}


def rule_for(name: str) -> Rule:
    """Elementwise rule of an operation.

    Raises:
        EngineError: There is none.
    """
    try:
        return ELEMENTWISE[name]
    except KeyError:
        raise EngineError(f"numpy has no rule for {name!r}. Add one to engines/rules.py.") from None
