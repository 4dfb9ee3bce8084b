"""The Parameters of a discrete distribution: `5,850: 30%; 8,640: 20%; 10,800: 50%`."""

from __future__ import annotations

import math
from typing import Final

from valuation.workbook.findings import Bounds
from valuation.workbook.numbers import (
    Refusal,
    bound_fault,
    is_typed_percentage,
    parse_text,
    plain,
    shown,
)

#: How far weights may be from 100%.
TOLERANCE: Final = 1e-9
_WEIGHT: Final = Bounds("%", 0.0, 1.0)
_REMEDY: Final = "Write value: weight; value: weight, such as 15%: 30%; 25%: 70%."


def read_discrete(text: str, bounds: Bounds, faults: list[str]) -> tuple[tuple[float, float], ...]:
    """Values and weights of a discrete distribution; what is wrong with them goes to the faults."""
    pairs = [pair for pair in plain(text).split(";") if pair.strip()]
    if not pairs:
        faults.append(f"discrete needs its values and weights. {_REMEDY}")
    found: dict[float, float] = {}
    weights: list[float] = []
    for pair in pairs:
        value_text, colon, weight_text = pair.partition(":")
        if not colon:
            faults.append(f"{pair.strip()!r} has no weight. {_REMEDY}")
            continue
        value, fault = _number(value_text, bounds)
        weight, weight_fault = _number(weight_text, _WEIGHT)
        faults += [f"value {f}" for f in (fault,) if f]
        faults += [f"weight {f}" for f in (weight_fault,) if f]
        if not fault and value in found:
            faults.append(f"value {shown(value, bounds.unit)} stands twice. Add its weights up.")
        found[value] = weight
        weights += [] if weight_fault else [weight]
    total = math.fsum(weights)
    if pairs and len(weights) == len(pairs) and abs(total - 1) > TOLERANCE:
        faults.append(
            f"weights sum to {shown(100 * total)}%, not 100%. Change them to sum to 100%."
        )
    return tuple(found.items())


def _number(text: str, bounds: Bounds) -> tuple[float, str]:
    value = parse_text(text, bounds.unit)
    if isinstance(value, Refusal):
        return math.nan, value.text
    return value, bound_fault(
        value,
        bounds.unit,
        bounds.minimum,
        bounds.maximum,
        whole=bounds.whole,
        as_percentage=is_typed_percentage(text),
    )
