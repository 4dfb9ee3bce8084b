"""Equity valuation by parts: assumption sheets in, live Excel reports out."""

from valuation.api import load, report, value
from valuation.errors import (
    AssumptionError,
    EngineError,
    InputError,
    ModelError,
    NoAnswerError,
    UnitError,
    ValuationError,
    WorkbookError,
)

__all__ = [
    "AssumptionError",
    "EngineError",
    "InputError",
    "ModelError",
    "NoAnswerError",
    "UnitError",
    "ValuationError",
    "WorkbookError",
    "load",
    "report",
    "value",
]
