"""Why a row has its value, as data: formulas in words, inputs, their sources and their facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from valuation.risk.assumptions import Input
from valuation.risk.document import plain
from valuation.risk.facts import Fact
from valuation.risk.valuation import iso_date


@dataclass(frozen=True, kw_only=True)
class Operand:
    """What a formula reads, with its value.

    Attributes:
        text: As the formula says it.
        key: Key of the row read; empty for a named number such as `million`.
        year: Year of the value; none for a row with one value and for an opening value.
        opening: Whether it is the value before the first year.
        value: The number; NaN where there is none.
        unit: Of the number.
        by_year: For a row read in all its years, the value of each.
    """

    text: str
    key: str
    year: int | None
    opening: bool
    value: float
    unit: str
    by_year: Mapping[int, float]


@dataclass(frozen=True, kw_only=True)
class Step:
    """A calculated row, or with `opening` what stands before its first year.

    Attributes:
        key: Key of the row.
        title: Where it stands and what it is called.
        name: What its formula calls it.
        unit: Of the value.
        year: Year of the value; none for a row with one value and for an opening value.
        opening: Whether it is the value before the first year.
        value: The number; NaN where there is none.
        formula: In words.
        operands: What the formula reads.
        before: What stands before the first year, where the row has it and its formula does not
            read it in this year.
        note: What the reader of the row should know.
        level: 0 for the row asked for, 1 for what its formula reads, and so on.
    """

    key: str
    title: str
    name: str
    unit: str
    year: int | None
    opening: bool
    value: float
    formula: str
    operands: tuple[Operand, ...]
    before: Operand | None
    note: str
    level: int


@dataclass(frozen=True, kw_only=True)
class InputUsed:
    """An input at the foot of an explanation.

    Attributes:
        given: The input as the workbook has it.
        title: Where it stands and what it is called.
        year: Year of the value; none for an input with one value.
        value: The number used.
        base: The number of the workbook's base case.
        set_by: `base`, `scenario NAME`, `override` or `set`.
        facts: Rows of the Facts sheet its source and note name.
        lost: Facts they name that the sheet does not have.
    """

    given: Input
    title: str
    year: int | None
    value: float
    base: float
    set_by: str
    facts: tuple[Fact, ...]
    lost: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """The trace of one row.

    Attributes:
        key: The row asked for.
        scenario: Name of the scenario.
        year: Year shown of rows with a value a year.
        valuation_year: Year of the valuation date.
        steps: Calculated rows by key and whether the opening is meant; nearest first, each once.
        inputs: Inputs by key, nearest first, each once.
    """

    key: str
    scenario: str
    year: int
    valuation_year: int
    steps: Mapping[tuple[str, bool], Step]
    inputs: Mapping[str, InputUsed]

    def document(self) -> dict[str, object]:
        """The explanation as plain data: what `valuation explain --json` prints."""
        return {
            "row": self.key,
            "scenario": self.scenario,
            "year": self.year,
            "steps": [plain(step) for step in self.steps.values()],
            "inputs": [_input_document(used) for used in self.inputs.values()],
        }


def _input_document(used: InputUsed) -> dict[str, object]:
    given, unit = used.given, used.given.row.unit_text
    told = iso_date if unit == "date" else float
    return {
        "key": given.key,
        "title": used.title,
        "year": used.year,
        "value": told(used.value),
        "base": told(used.base),
        "set_by": used.set_by,
        "unit": unit,
        "low": given.low,
        "high": given.high,
        "distribution": given.distribution,
        "parameters": given.parameters,
        "source": given.source,
        "as_of": given.as_of,
        "confidence": given.confidence,
        "note": given.note,
        "facts": plain(used.facts),
        "facts_missing": plain(used.lost),
    }
