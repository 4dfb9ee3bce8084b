"""What is wrong with the distribution of an input: every fault with the header of its cell."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from valuation.risk.assumptions import Input
from valuation.risk.metalog import HEAVIEST, LEAST_SHARE, Scale, fit, tail

#: Distributions that draw whole numbers where their values are whole.
WHOLE: Final = ("fixed", "discrete", "bernoulli")
#: Least share of a normal or lognormal distribution that its physical bounds must leave.
LEAST_LEFT: Final = 0.01
_RANGE: Final = "Give both, or enter fixed."


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A number that the Parameters of a distribution may give by name.

    Attributes:
        name: As written.
        unit: Its unit; None for that of the input.
        minimum: Lower bound.
        maximum: Upper bound, itself allowed.
        is_above: Whether the lower bound itself is refused.
        is_needed: Whether it must be given.
    """

    name: str
    unit: str | None = "ratio"
    minimum: float = 0.0
    maximum: float = math.inf
    is_above: bool = True
    is_needed: bool = False


#: What Parameters may give, by distribution; the pairs of discrete are no settings.
SETTINGS: Final = {
    "normal": (Setting(name="sd", unit=None),),
    "lognormal": (Setting(name="sd", unit="%", maximum=2.0),),
    "PERT": (Setting(name="lambda"),),
    "beta": (Setting(name="alpha", is_needed=True), Setting(name="beta", is_needed=True)),
    "bernoulli": (
        Setting(name="probability", unit="%", maximum=1.0, is_above=False, is_needed=True),
    ),
}
#: How each is written, for a remedy.
EXAMPLES: Final = {
    "normal": "sd: 20",
    "lognormal": "sd: 12%",
    "PERT": "lambda: 4",
    "beta": "alpha: 2; beta: 3",
    "discrete": "15%: 30%; 25%: 70%",
    "bernoulli": "probability: 30%",
}


def faults(given: Input) -> Iterator[tuple[str, str]]:
    """Every fault of the distribution of an input: header of the cell, and text with the remedy.

    A base value that is not a number (still blank) is not judged.
    """
    yield from kind_faults(given)
    yield from setting_faults(given)
    yield from missing_settings(given)
    yield from range_faults(given)
    yield from shock_faults(given)


def kind_faults(given: Input) -> Iterator[tuple[str, str]]:
    """Whether the distribution fits the numbers the input takes."""
    if given.row.whole and given.distribution not in WHOLE:
        text = f"{given.distribution} draws broken numbers, and only whole ones make sense here."
        yield "Distribution", f"{text} Enter discrete, bernoulli or fixed."


def setting_faults(given: Input) -> Iterator[tuple[str, str]]:
    """Parameters that are unknown or outside their range."""
    known = {setting.name: setting for setting in SETTINGS.get(given.distribution, ())}
    for name, value in given.settings.items():
        if name not in known:
            yield "Parameters", unknown_setting(given.distribution, name)
        elif fault := _setting_fault(known[name], value):
            yield "Parameters", fault


def missing_settings(given: Input) -> Iterator[tuple[str, str]]:
    """Parameters that must be given and are not."""
    name = given.distribution
    if name == "discrete" and not given.weights:
        yield "Parameters", f"discrete needs its values and weights. Write {EXAMPLES[name]}."
    for setting in SETTINGS.get(name, ()):
        if setting.is_needed and setting.name not in given.settings:
            yield "Parameters", f"{name} needs {setting.name}. Write {EXAMPLES[name]}."


def unknown_setting(distribution: str, name: str) -> str:
    """Say that a distribution has no such parameter."""
    if distribution not in SETTINGS:
        text = f"{distribution} takes no parameters."
        return f"{text} Empty the cell, or name the distribution they belong to."
    return f"{distribution} has no parameter {name!r}. Write {EXAMPLES[distribution]}."


def range_faults(given: Input) -> Iterator[tuple[str, str]]:
    """Low, Base and High that the distribution cannot have, with the bounds and parameters."""
    name, low, high = given.distribution, given.low, given.high
    if name in ("fixed", "discrete") or isinstance(given.value, tuple):
        return
    if name in ("normal", "lognormal") and "sd" in given.settings:
        yield from _sd_faults(given, given.value, given.settings["sd"])
        return
    if low is None or high is None:
        yield from _blank_faults(given)
    elif low >= high:
        text = f"Low {_said(low)} is not below High {_said(high)}."
        yield "Low", f"{text} Give a range, or enter fixed."
    elif not low <= given.value <= high and not math.isnan(given.value):
        text = f"Base {_said(given.value)} is outside Low {_said(low)} to High {_said(high)}."
        yield "Base", f"{text} Move one of them."
    elif name == "lognormal" and low <= 0:
        text = f"Low {_said(low)} is not above 0, as lognormal needs."
        yield "Low", f"{text} Raise Low, or enter normal."
    elif name == "fitted":
        yield from _fitted_faults(given, low, given.value, high)


def shock_faults(given: Input) -> Iterator[tuple[str, str]]:
    """What is wrong with the yearly shock of a yearly input."""
    sd, persistence = given.shock_sd, given.persistence
    if not isinstance(given.value, tuple):
        return
    if sd < 0:
        yield "Shock sd", f"{_said(sd)} is below 0. Enter 0 or more."
    if not -1 < persistence < 1:
        text = f"{_said(persistence)} is not between -1 and 1, both left out."
        yield "Persistence", f"{text} Enter a value such as 0.6."
    if persistence and not sd:
        text = f"{_said(persistence)} acts on nothing without a Shock sd."
        yield "Persistence", f"{text} Give Shock sd a value, or empty the cell."
    if sd > 0 and given.row.whole:
        text = f"{_said(sd)} draws broken numbers, and only whole ones make sense here."
        yield "Shock sd", f"{text} Empty the cell."
    elif sd > 0:
        shares = (_share_within(given, v, sd, logarithmic=False) for v in given.value)
        left = min(shares, default=1.0)  # no value could be read
        if left < LEAST_LEFT:
            yield "Shock sd", _too_wide(given, _said(sd), left)


def _blank_faults(given: Input) -> Iterator[tuple[str, str]]:
    """Low, High or both are blank, which only bernoulli can do with."""
    low, high = given.low, given.high
    if low is not None or high is not None:
        header = "Low" if low is None else "High"
        yield header, f"{header} is empty. {_RANGE}"
    elif given.distribution != "bernoulli":
        yield "Distribution", f"{given.distribution} needs Low and High. {_RANGE}"
    elif given.minimum > 0 or given.maximum < 1:
        bounds = f"{_said(given.minimum)} to {_said(given.maximum)}"
        yield "Low", f"bernoulli without Low and High is 0 or 1, outside {bounds}. Give both."


def _setting_fault(setting: Setting, value: float) -> str:
    least, most = setting.minimum, setting.maximum
    if least < value <= most or (value == least and not setting.is_above):
        return ""
    said = f"{setting.name} {_said(value)}"
    if math.isinf(most):
        return f"{said} is not above {_said(least)}. Enter a number above {_said(least)}."
    text = f"{said} is not {'above' if setting.is_above else 'from'} {_said(least)}"
    text += f"{' and at most' if setting.is_above else ' to'} {_said(most)}."
    if setting.unit == "%" and least <= value / 100 <= most:
        return f"{text} Enter {_said(value)}% or {_said(value / 100)}."
    return f"{text} Enter a percentage such as 12%."


def _sd_faults(given: Input, base: float, sd: float) -> Iterator[tuple[str, str]]:
    logarithmic = given.distribution == "lognormal"
    if math.isnan(base) or sd <= 0:
        return
    if logarithmic and base <= 0:
        text = f"{_said(base)} is not above 0, as lognormal needs."
        yield "Base", f"{text} Raise Base, or enter normal."
        return
    left = _share_within(given, base, sd, logarithmic=logarithmic)
    if left < LEAST_LEFT:
        yield "Parameters", _too_wide(given, f"sd {_said(sd)}", left)


def _too_wide(given: Input, what: str, left: float) -> str:
    bounds = f"{_said(given.minimum)} to {_said(given.maximum)}"
    return f"{what} leaves {left:.2%} of the distribution within {bounds}. Enter a smaller one."


def _share_within(given: Input, centre: float, spread: float, *, logarithmic: bool) -> float:
    """Probability of a normal distribution between the bounds of an input."""

    def score(bound: float) -> float:
        if not logarithmic:
            return (bound - centre) / spread
        return (math.log(bound / centre) if bound > 0 else -math.inf) / spread

    a, b = score(given.minimum) / math.sqrt(2), score(given.maximum) / math.sqrt(2)
    return (math.erfc(a) - math.erfc(b)) / 2 if a > 0 else (math.erfc(-b) - math.erfc(-a)) / 2


def _fitted_faults(given: Input, low: float, base: float, high: float) -> Iterator[tuple[str, str]]:
    """A metalog keeps inside its bounds, rises everywhere and has a standard deviation."""
    scale = Scale(lower=given.minimum, upper=given.maximum)
    at_bound = False
    if low <= given.minimum:
        at_bound = True
        text = f"Low {_said(low)} is at Minimum, where fitted ends."
        yield "Low", f"{text} Raise Low, lower Minimum, or enter PERT."
    if high >= given.maximum:
        at_bound = True
        text = f"High {_said(high)} is at Maximum, where fitted ends."
        yield "High", f"{text} Lower High, raise Maximum, or enter PERT."
    if at_bound or math.isnan(base):
        return
    first, last = scale.line(low), scale.line(high)
    share = (scale.line(base) - first) / (last - first)
    if not LEAST_SHARE < share < 1 - LEAST_SHARE:
        ends = [first + s * (last - first) for s in (LEAST_SHARE, 1 - LEAST_SHARE)]
        least, most = (f"{float(scale.value(np.array(end))):.4g}" for end in ends)
        text = f"Base {_said(base)} is too near an end for fitted: with Low {_said(low)} and High "
        text += f"{_said(high)} it must lie between {least} and {most}."
        yield "Base", f"{text} Move one of the three, or enter PERT."
    elif tail(fit(low, base, high, scale)) >= HEAVIEST:
        text = f"Low {_said(low)}, Base {_said(base)} and High {_said(high)} give fitted a tail "
        side = "Minimum" if math.isinf(given.minimum) else "Maximum"
        text += f"without a standard deviation. Give a {side}, or enter lognormal."
        yield "Distribution", text


def _said(value: float) -> str:
    return format(value, ".15g")
