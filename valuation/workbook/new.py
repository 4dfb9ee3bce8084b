"""Assumption workbooks made from a model: empty ones, and old ones brought up to it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from valuation.errors import Problem, WorkbookError
from valuation.risk.blank import template
from valuation.workbook.inputs import assumption_workbook

if TYPE_CHECKING:
    from valuation.lines import Company
    from valuation.workbook.read import Outdated


def write_template(company: Company, path: Path, *, base_year: int) -> int:
    """Write a workbook whose Base cells are all to be filled in; returns how many inputs.

    Raises:
        WorkbookError: The file exists, or cannot be written.
    """
    refuse_existing(path)
    blank = template(company, base_year=base_year)
    assumption_workbook(blank, first_year=base_year + 1).save(path)
    return len(blank.inputs)


def write_upgraded(outdated: Outdated, path: Path, *, base_year: int) -> None:
    """Write an old workbook with a row for every input of the model.

    Args:
        outdated: The old workbook.
        path: The new one.
        base_year: Heads the yearly columns where the old workbook does not say.

    Raises:
        WorkbookError: The file exists, or cannot be written.
    """
    refuse_existing(path)
    first_year = outdated.first_year or base_year + 1
    assumption_workbook(outdated.assumptions, first_year=first_year).save(path)


def refuse_existing(path: Path) -> None:
    """Refuse to write over a file: a template or an upgrade is always a new one."""
    if path.exists():
        text = "is there already, and would be lost. Choose another name."
        raise WorkbookError([Problem(file=path.name, text=text)])
