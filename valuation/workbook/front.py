"""The front of a report: Cover and Summary."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from typing import TYPE_CHECKING

from openpyxl.worksheet.datavalidation import DataValidation

from valuation.engines.formulas import letters, quoted
from valuation.risk.valuation import base_values, iso_date
from valuation.workbook import layout
from valuation.workbook.check_sheet import TOLERANCE_CELL
from valuation.workbook.draft import AMOUNT, COVER, SUMMARY
from valuation.workbook.styles import PASSED, number_format

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from valuation.lines import PartOfCompany, Row
    from valuation.workbook.draft import Draft

_PER_SHARE = "0.00_);(0.00)"
_SHARE = "0.0%_);(0.0%)"
_HEADS = ("Part", "名称", "Method", "Weight", "Method value", "Enterprise value", "Stake",
          "Value", "Per share", "Share of parts")  # fmt: skip
_WIDTHS = (34, 22, 36, 10, 14, 16, 9, 14, 11, 14)
_SCENARIO_ROW = 4


def write_summary(draft: Draft, sheet: Worksheet) -> None:
    """Parts by method, bridge, value per share against the price."""
    book, styles, company = draft.book, draft.styles, draft.company
    title = f"{company.title} {company.chinese} {company.ticker}: value by parts 分部估值"
    book.text(sheet, 1, 1, title, styles("title"))
    draft.heads(sheet, layout.RULER_ROW, _HEADS)
    at = first = layout.RULER_ROW + 1
    worth: dict[int, float] = {}
    for part in company.parts:
        worth[at] = draft.result.number(part.value)
        at = _part(draft, sheet, at, part)
    total = sum(worth.values())
    book.text(sheet, at, 1, "Sum of the parts", styles("total"))
    book.text(sheet, at, 2, "分部合计", styles("total"))
    formula = "=" + "+".join(f"H{row}" for row in worth)
    book.formula(sheet, at, 8, formula, total, styles("total", AMOUNT))
    for row, value in worth.items():
        share = value / total if total else float("nan")
        book.formula(sheet, row, 10, f"=H{row}/H${at}", share, styles("formula", _SHARE))
    worth[at] = total
    at += 2
    book.text(sheet, at, 1, "Bridge to equity  股权价值桥", styles("bold"))
    for step in (*company.bridge, company.equity_value):
        at += 1
        kind = "total" if step is company.equity_value else "text"
        book.text(sheet, at, 1, step.label, styles(kind))
        book.text(sheet, at, 2, step.chinese, styles(kind))
        draft.link(sheet, at, 8, step, AMOUNT, "link" if kind == "text" else kind)
        worth[at] = draft.result.number(step)
    shares = draft.formulas.reference(company.diluted_shares, layout.VALUE, SUMMARY)
    count = draft.result.number(company.diluted_shares)
    for row, value in worth.items():
        formula = f"=H{row}/{shares}"
        book.formula(sheet, row, 9, formula, value / count, styles("formula", _PER_SHARE))
    at += 1
    against = ((company.value_per_share, _PER_SHARE), (company.market_price, _PER_SHARE),
               (company.upside, _SHARE))  # fmt: skip
    for shown, fmt in against:
        at += 1
        book.text(sheet, at, 1, shown.label, styles("bold"))
        book.text(sheet, at, 2, shown.chinese, styles("bold"))
        draft.link(sheet, at, 8, shown, fmt)
    for column, width in enumerate(_WIDTHS, 1):
        sheet.column_dimensions[letters(column)].width = width
    sheet.freeze_panes = f"A{first}"


def _part(draft: Draft, sheet: Worksheet, at: int, part: PartOfCompany) -> int:
    """A part's line, its methods below, and the gap between them; returns the next row."""
    book, styles = draft.book, draft.styles
    book.text(sheet, at, 1, part.title, styles("bold"))
    book.text(sheet, at, 2, part.chinese, styles("bold"))
    draft.link(sheet, at, 6, part.enterprise_value, AMOUNT)
    draft.link(sheet, at, 7, part.stake, _SHARE)
    draft.link(sheet, at, 8, part.value, AMOUNT)
    for method in part.methods:
        at += 1
        book.text(sheet, at, 3, f"{method.title}  {method.chinese}", styles("text"))
        draft.link(sheet, at, 4, method.weight, _SHARE)
        draft.link(sheet, at, 5, method.value, AMOUNT)
    at += 1
    book.text(sheet, at, 3, "Highest less lowest method  方法间差异", styles("note"))
    draft.link(sheet, at, 5, part.method_gap, AMOUNT)
    return at + 1


def write_cover(draft: Draft, sheet: Worksheet, *, passed: float, titles: list[str]) -> None:
    """What the report is, its headline, the scenario selector, and an index of its sheets."""
    book, styles, company = draft.book, draft.styles, draft.company
    title = f"{company.title}  {company.chinese}  {company.ticker}"
    book.text(sheet, 1, 1, title, styles("title"))
    purpose = (
        "Sum-of-the-parts valuation. Every calculated cell is a live formula: "
        "edit blue cells, or choose a scenario below."
    )
    book.text(sheet, 2, 1, purpose, styles("note"))
    at = _headline(draft, sheet, passed)
    at = _about(draft, sheet, at + 2)
    at += 2
    book.text(sheet, at, 1, "Colours", styles("bold"))
    for kind, words in (("input", "blue: input, edit it"), ("formula", "black: formula"),
                        ("link", "green: link to another sheet"),
                        ("snapshot", "grey: snapshot or note")):  # fmt: skip
        at += 1
        book.text(sheet, at, 1, words, styles(kind))
    at += 2
    book.text(sheet, at, 1, "Sheets", styles("bold"))
    for row, other in enumerate((t for t in titles if t != COVER), at + 1):
        cell = book.text(sheet, row, 1, other)
        book.link(cell, f"{quoted(other)}!A1", styles("hyperlink"))
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 46, 18
    properties = book.workbook.properties
    properties.title = f"{company.title} {company.ticker}, sum of the parts"
    properties.subject = f"Valuation at {iso_date(draft.result.number(company.valuation_date))}"
    properties.creator = "valuation"


def _headline(draft: Draft, sheet: Worksheet, passed: float) -> int:
    """Scenario selector, value against price, master check, and whether it was edited since."""
    book, styles, company = draft.book, draft.styles, draft.company
    at = _SCENARIO_ROW
    book.text(sheet, at, 1, "Scenario  情景", styles("bold"))
    book.text(sheet, at, 2, draft.result.scenario, styles("input"))
    draft.name("scenario", COVER, at, 2)
    choice = DataValidation(type="list", formula1="=scenario_names", allow_blank=False)
    choice.add(f"B{at}")
    sheet.add_data_validation(choice)
    shown: tuple[tuple[str, Row, str], ...] = (
        ("Valuation date  估值日", company.valuation_date, number_format(company.valuation_date)),
        ("Value per share, CNY  每股价值", company.value_per_share, _PER_SHARE),
        ("Share price, CNY  股价", company.market_price, _PER_SHARE),
        ("Value against price  相对股价空间", company.upside, _SHARE),
        ("Equity value, CNY m  股权价值", company.equity_value, AMOUNT),
    )
    live = ""
    for label, row, fmt in shown:
        at += 1
        book.text(sheet, at, 1, label, styles("bold"))
        draft.link(sheet, at, 2, row, fmt)
        if row is company.value_per_share:
            draft.name("value_per_share", COVER, at, 2)
            live = f"B{at}"
        elif row is company.equity_value:
            draft.name("equity_value", COVER, at, 2)
    at += 1
    book.text(sheet, at, 1, "Master check  总校验", styles("bold"))
    book.formula(sheet, at, 2, "=master_check", passed, styles("formula", PASSED))
    at += 1
    book.text(sheet, at, 1, "Value per share when made (Python snapshot)", styles("text"))
    made = draft.result.value_per_share
    book.number(sheet, at, 2, made, styles("snapshot", _PER_SHARE))
    at += 1
    book.text(sheet, at, 1, "Still the value when made", styles("text"))
    formula = f"=IF(ABS({live}-B{at - 1})<={TOLERANCE_CELL},1,0)"
    status = styles("formula", '[=1]"yes";[=0]"edited since";General')
    book.formula(sheet, at, 2, formula, 1.0, status)
    return at


def _about(draft: Draft, sheet: Worksheet, at: int) -> int:
    """Conventions and provenance."""
    book, styles, told = draft.book, draft.styles, draft.assumptions
    parts = ", ".join(part.title for part in draft.company.parts)
    lines = (
        ("Parts valued", parts),
        ("Currency and unit", f"{draft.company.currency}; CNY m unless the unit says otherwise"),
        ("Signs", "Outflows are positive rows; the formula carries the sign. Bridge as added."),
        ("Inputs", f"{told.source}, digest {inputs_digest(draft)}"),
        ("Inputs without a source", f"{len(told.without_source)} of {len(told.inputs)}"),
        ("Made by", f"valuation {version('valuation')}"),
    )
    for row, (label, text) in enumerate(lines, at):
        book.text(sheet, row, 1, label, styles("text"))
        book.text(sheet, row, 2, text, styles("text"))
    return at + len(lines) - 1


def inputs_digest(draft: Draft) -> str:
    """Short digest of everything that decides the value."""
    told = draft.assumptions
    scenarios = {s.name: [s.weight, dict(s.values)] for s in told.scenarios.values()}
    decides = [base_values(told), scenarios, dict(told.overrides), draft.result.scenario]
    text = json.dumps(decides, sort_keys=True, default=list)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
