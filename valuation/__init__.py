"""Equity valuation by parts: assumption sheets in, live Excel reports out."""

from valuation.api import (
    difference,
    explain,
    load,
    replay,
    report,
    simulate,
    template,
    upgrade,
    value,
)
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
    "difference",
    "explain",
    "load",
    "replay",
    "report",
    "simulate",
    "template",
    "upgrade",
    "value",
]
