"""The Checks sheet: every rule with value, tolerance and verdict, and the master check."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from valuation.engines.formulas import letters, quoted
from valuation.workbook import layout
from valuation.workbook.draft import CHECKS
from valuation.workbook.styles import PASSED

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from valuation.workbook.draft import Draft

_WIDTHS = {1: 78, 2: 34, 3: 12, 4: 14, 5: 12, 6: 10}
_VALUE, _TOLERANCE, _VERDICT = 4, 5, 6
_FIRST = layout.RULER_ROW + 1
#: The cell whose tolerance the Cover uses for its own comparison.
TOLERANCE_CELL = f"{CHECKS}!${letters(_TOLERANCE)}${_FIRST}"


class Rule(NamedTuple):
    """One line of the sheet."""

    label: str
    chinese: str
    unit: str
    formula: str
    value: float
    tolerance: float

    @property
    def verdict(self) -> float:
        """1 where the rule holds, else 0; a gap does not pass."""
        return 1.0 if abs(self.value) <= self.tolerance else 0.0


def write_checks(draft: Draft, weights: str, more: Sequence[Rule] = ()) -> float:
    """Write the sheet and the status on every model sheet; returns the master check.

    Args:
        draft: The report.
        weights: Address of the sum of scenario weights.
        more: Rules of other sheets.
    """
    book, styles = draft.book, draft.styles
    sheet = book.sheet(CHECKS)
    book.text(sheet, 1, 1, "Checks  校验", styles("title"))
    hint = "Each rule is the amount by which it is broken: it passes within the tolerance."
    book.text(sheet, 2, 1, hint, styles("note"))
    heads = ("Check", "名称", "Unit", "Value", "Tolerance", "Verdict")
    draft.heads(sheet, layout.RULER_ROW, heads)
    rules = [*_model_rules(draft), _weights_rule(draft, weights), *_error_rules(draft)]
    rules += more
    for at, rule in enumerate(rules, _FIRST):
        _write(draft, sheet, at, rule)
    last = _FIRST + len(rules) - 1
    verdicts = f"{letters(_VERDICT)}{_FIRST}:{letters(_VERDICT)}{last}"
    passed = float(all(rule.verdict for rule in rules))
    book.text(sheet, last + 2, 1, "Master check", styles("bold"))
    book.text(sheet, last + 2, 2, "总校验", styles("bold"))
    formula = f"=IF(SUM({verdicts})=ROWS({verdicts}),1,0)"
    book.formula(sheet, last + 2, _VERDICT, formula, passed, styles("total", PASSED))
    draft.name("master_check", CHECKS, last + 2, _VERDICT)
    for held in draft.model_sheets:
        book.set_value(held, f"{letters(layout.VALUE)}1", passed)
    for column, width in _WIDTHS.items():
        sheet.column_dimensions[letters(column)].width = width
    sheet.freeze_panes = f"A{_FIRST}"
    return passed


def _model_rules(draft: Draft) -> list[Rule]:
    model = draft.company.model
    return [
        Rule(
            found.label,
            model.checks[found.key].chinese,
            model.checks[found.key].unit_text,
            f"={draft.formulas.reference(model.checks[found.key], layout.VALUE, CHECKS)}",
            found.value,
            found.tolerance,
        )
        for found in draft.result.checks
    ]


def _weights_rule(draft: Draft, weights: str) -> Rule:
    total = sum(s.weight for s in draft.assumptions.scenarios.values())
    label = "Scenario weights sum to 100%"
    return Rule(label, "情景权重合计100%", "%", f"={weights}-1", total - 1, 1e-6)


def _error_rules(draft: Draft) -> list[Rule]:
    """One a model sheet: how many of its cells hold no number."""
    values = draft.book.values()
    rules = []
    for sheet in draft.model_sheets:
        last = f"{letters(draft.grid.columns[-1])}{sheet.max_row}"
        span = f"{quoted(sheet.title)}!{letters(layout.VALUE)}{layout.FIRST_ROW}:{last}"
        errors = sum(
            isinstance(value, float) and not math.isfinite(value)
            for (title, _), value in values.items()
            if title == sheet.title
        )
        label = f"No error cells: {sheet.title}"
        formula = f"=COUNTA({span})-COUNT({span})"
        rules.append(Rule(label, "无错误单元格", "cells", formula, float(errors), 0.5))
    return rules


def _write(draft: Draft, sheet: Worksheet, at: int, rule: Rule) -> None:
    book, styles = draft.book, draft.styles
    for column, text in enumerate((rule.label, rule.chinese, rule.unit), 1):
        book.text(sheet, at, column, text, styles("text"))
    book.formula(sheet, at, _VALUE, rule.formula, rule.value, styles("link", "0.000000"))
    book.number(sheet, at, _TOLERANCE, rule.tolerance, styles("input", "0.0E+00"))
    value, tolerance = f"{letters(_VALUE)}{at}", f"{letters(_TOLERANCE)}{at}"
    formula = f"=IF(ISNUMBER({value}),IF(ABS({value})<={tolerance},1,0),0)"
    book.formula(sheet, at, _VERDICT, formula, rule.verdict, styles("formula", PASSED))
