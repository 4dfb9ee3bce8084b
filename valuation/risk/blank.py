"""Inputs still to be filled in: they have no base value, and their cells are left blank.

The reader refuses a blank Base cell, so no workbook with one is ever valued.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from valuation.lines import Assumption, Company, Shape
from valuation.risk.assumptions import BASE, Assumptions, Input, Scenario

#: Base value of an input that has none yet.
BLANK: Final = math.nan
#: Note of an input the model has gained since a workbook was made.
ADDED: Final = "added by upgrade: fill in Base"


def is_blank(value: float) -> bool:
    """Whether a base value is still to be filled in."""
    return math.isnan(value)


def template(company: Company, *, base_year: int) -> Assumptions:
    """Assumptions that say nothing but which inputs the model has.

    Args:
        company: Whose model it is.
        base_year: Year before the first column of yearly inputs; it too is to be filled in.
    """
    inputs = _blank_inputs(company)
    key = company.model.key[company.base_year]
    note = f"The yearly columns begin with {base_year + 1}: enter {base_year}, or change them."
    inputs[key] = _blank(key, company.base_year, company.model.periods, note)
    base = Scenario(name=BASE, chinese="基准", weight=1.0)
    return Assumptions(company=company, inputs=inputs, scenarios={BASE: base})


def completed(company: Company, known: Mapping[str, Input]) -> dict[str, Input]:
    """The inputs known and, blank and marked, those that are missing; in the order of the model."""
    return {key: known.get(key, blank) for key, blank in _blank_inputs(company, ADDED).items()}


def _blank_inputs(company: Company, note: str = "") -> dict[str, Input]:
    model = company.model
    return {key: _blank(key, row, model.periods, note) for key, row in model.assumptions.items()}


def _blank(key: str, row: Assumption, periods: int, note: str) -> Input:
    return Input(
        key=key,
        row=row,
        value=(BLANK,) * periods if row.shape == Shape.SERIES else BLANK,
        minimum=row.minimum,
        maximum=row.maximum,
        note=note,
    )
