"""Every error the package raises, each with its facts as attributes.

ValuationError
├── ModelError          a model is not well formed (found when it is built)
│   └── UnitError       a formula and its declared unit do not agree
├── EngineError         an operation an engine has no rule for
├── InputError          what the user gave cannot be used: carries every problem found
│   ├── AssumptionError  values and keys that do not fit the model
│   └── WorkbookError    a file that cannot be read or must not be written
└── NoAnswerError       the model has no value for these inputs, and says where
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong with an input: where it stands, what is wrong, what to do.

    Attributes:
        sheet: Sheet title, or empty outside a workbook.
        row: Row number on the sheet, for sorting; 0 outside a workbook.
        column: Column number on the sheet, for sorting.
        cell: Address such as `F12`.
        label: What the cell holds, as the sheet says it.
        text: What is wrong with the value and the remedy, as sentences.
        file: Name of the workbook.
    """

    sheet: str = ""
    row: int = 0
    column: int = 0
    cell: str = ""
    label: str = ""
    text: str = ""
    file: str = ""

    def __str__(self) -> str:
        """Write place, label and remedy as one line."""
        place = f"{self.sheet}!{self.cell}" if self.cell else self.sheet
        before = ", ".join(p for p in (self.file, place, self.label) if p)
        return f"{before}: {self.text}" if before else self.text


class ValuationError(ValueError):
    """Base of all errors: catch this one to catch any."""


class ModelError(ValuationError):
    """A model is not well formed."""


class UnitError(ModelError):
    """A formula and the unit declared for it do not agree."""


class EngineError(ValuationError):
    """An operation an engine has no rule for."""


class InputError(ValuationError):
    """What the user gave cannot be used.

    Attributes:
        problems: Every problem found, sorted by place.
    """

    def __init__(self, problems: Iterable[Problem | str]) -> None:
        """Collect problems; a plain text is a problem without a place."""
        found = [p if isinstance(p, Problem) else Problem(text=p) for p in problems]
        self.problems: tuple[Problem, ...] = tuple(sorted(found))
        super().__init__("\n".join(map(str, self.problems)))


class AssumptionError(InputError):
    """Keys or values given to a model do not fit it."""


class WorkbookError(InputError):
    """A file that cannot be read, or must not be written."""


class NoAnswerError(ValuationError):
    """The model has no value for these inputs.

    Attributes:
        key: First row, in order of calculation, that is not a number.
        period: Label of the period, or empty for a row with one value.
        draw: Position of the draw.
    """

    def __init__(self, text: str, *, key: str, period: str = "", draw: int = 0) -> None:
        """Say where the first gap is."""
        super().__init__(text)
        self.key, self.period, self.draw = key, period, draw
