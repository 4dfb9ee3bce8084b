"""The Parameters of a distribution: `alpha: 2; beta: 3`, or the values and weights of discrete."""

from __future__ import annotations

from dataclasses import dataclass, field

from valuation.risk.distribution_faults import EXAMPLES, SETTINGS, unknown_setting
from valuation.workbook.findings import Bounds
from valuation.workbook.numbers import Refusal, parse_text, plain
from valuation.workbook.read_discrete import read_discrete


@dataclass(frozen=True)
class Parameters:
    """What a Parameters cell says.

    Attributes:
        settings: Numbers by name.
        weights: Value and weight of each pair, for discrete.
        faults: What cannot be read, with the remedy.
    """

    settings: dict[str, float] = field(default_factory=dict)
    weights: tuple[tuple[float, float], ...] = ()
    faults: list[str] = field(default_factory=list)


def read_parameters(distribution: str, text: str, bounds: Bounds) -> Parameters:
    """Read the Parameters of a distribution; numbers as in any other cell."""
    if distribution == "discrete":
        faults: list[str] = []
        return Parameters(weights=read_discrete(text, bounds, faults), faults=faults)
    found = Parameters()
    pairs = [pair for pair in plain(text).split(";") if pair.strip()]
    if pairs and distribution not in SETTINGS:
        found.faults.append(unknown_setting(distribution, ""))
        return found
    units = {
        s.name: bounds.unit if s.unit is None else s.unit for s in SETTINGS.get(distribution, ())
    }
    for pair in pairs:
        name, colon, number = (part.strip() for part in pair.partition(":"))
        name = next((known for known in units if known.casefold() == name.casefold()), name)
        if not colon:
            text = f"{pair.strip()!r} is no name and number. Write {EXAMPLES[distribution]}."
            found.faults.append(text)
        elif name not in units:
            found.faults.append(unknown_setting(distribution, name))
        elif name in found.settings:
            found.faults.append(f"{name} stands twice. Keep one.")
        else:
            value = parse_text(number, units[name])
            if isinstance(value, Refusal):
                found.faults.append(f"{name} {value.text}")
            else:
                found.settings[name] = value
    return found
