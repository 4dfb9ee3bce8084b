"""Units: a product of symbols, scales among them, so that conversions can name their factors."""

from __future__ import annotations

import re
from dataclasses import dataclass

from valuation.errors import UnitError

#: Named cells of the Units sheet: a conversion multiplies or divides by these only.
FACTORS = {
    "thousand": 1e3,
    "ten_thousand": 1e4,
    "million": 1e6,
    "hundred_million": 1e8,
    "billion": 1e9,
    "months_per_year": 12.0,
    "days_per_year": 365.0,
    "hours_per_year": 8760.0,
}
_SCALES = {
    "k": "thousand",
    "万": "ten_thousand",
    "m": "million",
    "M": "million",
    "亿": "hundred_million",
    "bn": "billion",
}
_TIMES = {"month": "months_per_year", "day": "days_per_year", "hour": "hours_per_year"}
_SPELT = {
    "kW": "k W",
    "MW": "M W",
    "kWh": "k W hour",
    "MWh": "M W hour",
    "Mt": "M t",
    "万CNY": "万 CNY",
    "亿CNY": "亿 CNY",
    "date": "day",
}
_PURE = {"%", "ratio", "x", "flag", "1"}


@dataclass(frozen=True)
class Unit:
    """Powers of symbols: scales by factor name, all else by its own name, sorted."""

    powers: tuple[tuple[str, int], ...] = ()

    def times(self, other: Unit, power: int = 1) -> Unit:
        """Multiply by `other` raised to `power`."""
        powers = dict(self.powers)
        for name, p in other.powers:
            powers[name] = powers.get(name, 0) + power * p
        return Unit(tuple(sorted((n, p) for n, p in powers.items() if p)))

    def __str__(self) -> str:
        """Write the unit for an error message."""
        return "·".join(n if p == 1 else f"{n}^{p}" for n, p in self.powers) or "a pure number"


PURE = Unit()


def parse(text: str) -> Unit:
    """Read a unit as the desk writes it: `CNY m`, `万CNY`, `CNY/rack/month`, `CNY/kWh`, `%`."""
    unit, sign = PURE, 1
    for word in re.findall(r"[^\s/]+|/", text):
        if word == "/":
            sign = -1
            continue
        for token in _SPELT.get(word, word).split():
            if token not in _PURE:
                name = token if token.isupper() or token in _SCALES else token.removesuffix("s")
                unit = unit.times(Unit(((_SCALES.get(token, name), 1),)), sign)
    return unit


def conversion(formula: Unit, declared: Unit) -> tuple[list[str], list[str]]:
    """Name the factors that bring a formula to its declared unit.

    Returns:
        Names of `FACTORS` to multiply by, and names to divide by.

    Raises:
        UnitError: What is left after scales and times is not a pure number.
    """
    up: list[str] = []
    down: list[str] = []
    left = PURE
    for name, p in formula.times(declared, -1).powers:
        if name in FACTORS:
            (up if p > 0 else down).extend([name] * abs(p))
        elif name in _TIMES:
            (down if p > 0 else up).extend([_TIMES[name]] * abs(p))
            left = left.times(Unit((("year", p),)))
        else:
            left = left.times(Unit(((name, p),)))
    if left != PURE:
        raise UnitError(f"formula gives {formula}, declared {declared}")
    return up, down
