"""Write the report: input sheets, model sheets with live formulas, sum of parts and checks."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from valuation.engines.formulas import Formulas, Grid, Place, letters, quoted
from valuation.lines import Assumption, Line, Row, Shape
from valuation.lines.rows import Heading, members, parts_of
from valuation.lines.units import FACTORS
from valuation.risk.valuation import base_values, iso_date
from valuation.workbook import layout
from valuation.workbook.inputs import Places, finish, scenario_keys, write_inputs
from valuation.workbook.store import Book
from valuation.workbook.styles import PASS_FORMAT, number_format

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from valuation.lines.rows import Part
    from valuation.risk.assumptions import Assumptions
    from valuation.risk.valuation import Valuation

COVER, SUMMARY, CHECKS, UNITS = "Cover", "Summary", "Checks", "Units"
_MODEL = " model"
_AMOUNT = '#,##0.0_);(#,##0.0);"-"_)'


def inputs_hash(assumptions: Assumptions, scenario: str, changes: dict[str, float]) -> str:
    """Short digest of everything that decides the value."""
    told = [base_values(assumptions), scenario, dict(assumptions.overrides), changes]
    told += [{s.name: [s.weight, dict(s.values)] for s in assumptions.scenarios.values()}]
    text = json.dumps(told, sort_keys=True, default=list)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def report(result: Valuation) -> Book:
    """Build the report of a valuation.

    The scenario is chosen in its selector; values set on top stand in the Override column, so that
    the workbook shows what was asked for and can be read again as an assumption workbook.
    """
    return _Report(result).book


@dataclass(frozen=True)
class _Cell:
    """Where a figure stands, for links to it."""

    address: str
    value: float


class _Report:
    """One report being written, sheet after sheet."""

    def __init__(self, result: Valuation) -> None:
        self.result = result
        self.company = result.company
        given = result.assumptions
        self.assumptions = _with_overrides(given, {**given.overrides, **result.changes})
        self.book = Book()
        self.styles = self.book.styles
        self.grid = Grid(
            value=layout.VALUE,
            opening=layout.OPENING,
            ruler=layout.RULER_ROW,
            periods=self.company.model.periods,
        )
        self.titles = self._titles()
        self.places: dict[Row, Place] = {}
        for path, part in self.company.sheets.items():
            self._place(part, self.titles[path], layout.FIRST_ROW, top=path == "")
        self.formulas = Formulas(self.company.model, self.grid, self.places)
        cover, summary = self.book.sheet(COVER), self.book.sheet(SUMMARY)
        self.inputs = write_inputs(self.book, self.assumptions, live=True)
        self._live_scenarios()
        for path, part in self.company.sheets.items():
            if self._has_rows(path):
                self._model_sheet(path, part)
        master = self._checks()
        self._units()
        self._summary(summary)
        self._cover(cover, master)
        finish(self.book)
        self._order()

    def _titles(self) -> dict[str, str]:
        """Title of each model sheet: the input sheet has the plain one."""
        used = {"": self.company.sheets[""].title}
        for path, part in self.company.sheets.items():
            if path:
                used[path] = part.title + _MODEL
        return used

    def _has_rows(self, path: str) -> bool:
        return any(place.sheet == self.titles[path] for place in self.places.values())

    def _place(self, part: Part, sheet: str, number: int, *, top: bool = False) -> int:
        """Give every row of a part a place, its inner groups as blocks in the order written."""
        inner = dict(parts_of(part))
        for name, item in members(part):
            if isinstance(item, Heading):
                number += 1
            elif name in inner and not top:
                number = self._place(inner[name], sheet, number + 1)
            elif isinstance(item, Row) and item in self.company.model.key:
                self.places.setdefault(item, Place(sheet, number))
                number += self.places[item] == Place(sheet, number)
        return number

    # Scenarios -----------------------------------------------------------------------------

    def _live_scenarios(self) -> None:
        """Selector and live values on the Scenarios sheet."""
        sheet = self.book.workbook[layout.SCENARIOS]
        names = list(self.assumptions.scenarios)
        fixed = layout.SCENARIO_HEADERS
        first, last = len(fixed) + 1, len(fixed) + len(names)
        head = layout.HEADER_ROW
        number = names.index(self.result.scenario) + 1
        self.book.text(sheet, 2, 4, "Scenario number", self.styles("note"))
        self.book.formula(
            sheet,
            2,
            5,
            "=MATCH(scenario,scenario_names,0)",
            number,
            self.styles("formula", "0"),
        )
        self._name("scenario_number", layout.SCENARIOS, 2, 5)
        base, live, over = (fixed.index(w) + 1 for w in ("Base", "Live", "Override"))
        for key in scenario_keys(self.assumptions):
            row = self.inputs.scenarios[key]
            given = self.assumptions.inputs[key]
            span = f"{letters(first)}{row}:{letters(last)}{row}"
            chosen = f"INDEX({span},1,scenario_number)"
            fallback = '"base"' if given.is_yearly else f"{letters(base)}{row}"
            over_cell = f"{letters(over)}{row}"
            formula = (
                f"=IF(ISNUMBER({over_cell}),{over_cell},"
                f"IF(ISNUMBER({chosen}),{chosen},{fallback}))"
            )
            scenario = self.assumptions.scenarios[self.result.scenario]
            value: float | str = self.assumptions.overrides.get(
                key, scenario.values.get(key, float("nan"))
            )
            if value != value:  # noqa: PLR0124 - neither override nor scenario
                value = given.value if not isinstance(given.value, tuple) else "base"
            fmt = number_format(given.row, whole=given.row.whole)
            self.book.formula(sheet, row, live, formula, value, self.styles("formula", fmt))
        at = self.book.workbook[layout.SCENARIOS].max_row + 2
        weights = f"{letters(first)}{head + 2}:{letters(last)}{head + 2}"
        self.book.text(sheet, at, 2, "Sum of the weights", self.styles("text"))
        self.book.formula(
            sheet,
            at,
            base,
            f"=SUM({weights})",
            sum(s.weight for s in self.assumptions.scenarios.values()),
            self.styles("formula", "0%"),
        )
        self.weights = f"{quoted(layout.SCENARIOS)}!${letters(base)}${at}"

    def _live(self, key: str, row: Assumption, column: int) -> str:
        """Formula of an assumption on its model sheet: its live value."""
        title, number = self.inputs.inputs[key]
        if row.shape == Shape.SINGLE:
            source = f"{quoted(title)}!${letters(layout.SCALAR_HEADERS.index('Base') + 1)}${number}"
        else:
            source = f"{quoted(title)}!{letters(column)}{number}"
        if key not in self.inputs.scenarios:
            return f"={source}"
        live = letters(layout.SCENARIO_HEADERS.index("Live") + 1)
        chosen = f"{layout.SCENARIOS}!${live}${self.inputs.scenarios[key]}"
        if row.shape == Shape.SINGLE:
            return f"={chosen}"
        return f"=IF(ISNUMBER({chosen}),{chosen},{source})"

    # Model sheets --------------------------------------------------------------------------

    def _model_sheet(self, path: str, part: Part) -> None:
        title = self.titles[path]
        sheet = self.book.sheet(title)
        self._head(sheet, part.title, part.chinese_title)
        self._rows(sheet, path, part, top=path == "")
        for column, width in ((1, 52), (2, 30), (3, 16), (4, 13), (5, 11)):
            sheet.column_dimensions[letters(column)].width = width
        for column in self.grid.columns:
            sheet.column_dimensions[letters(column)].width = 10
        last = self.grid.columns[-1]
        sheet.column_dimensions[letters(last + 1)].width = 60
        sheet.column_dimensions[letters(last + 2)].width = 44
        sheet.freeze_panes = f"{letters(layout.OPENING)}{layout.RULER_ROW + 1}"

    def _head(self, sheet: Worksheet, title: str, chinese: str) -> None:
        """Title, status and the ruler, the same on every model sheet."""
        book, styles = self.book, self.styles
        book.text(sheet, 1, 1, f"{title}  {chinese}", styles("title"))
        book.text(sheet, 2, 1, "CNY m unless the unit says otherwise", styles("note"))
        book.text(sheet, 1, 3, "Checks", styles("note"))
        book.formula(sheet, 1, 4, "=master_check", 1.0, styles("formula", PASS_FORMAT))
        self._headers = [*getattr(self, "_headers", []), sheet]
        head = styles("head")
        for column, word in enumerate(("Label", "名称", "Unit", "Value"), 1):
            book.text(sheet, layout.RULER_ROW, column, word, head)
        model = self.company.model
        home = self.places[model.year]
        years = self.result.years
        for column, year in zip(
            [self.grid.opening, *self.grid.columns], [years[0] - 1, *years], strict=True
        ):
            link = f"={quoted(home.sheet)}!{letters(column)}{home.number}"
            fmt = '0"A"' if column == self.grid.opening else '0"E"'
            book.formula(sheet, layout.RULER_ROW, column, link, year, styles("head", fmt))
        last = self.grid.columns[-1]
        book.text(sheet, layout.RULER_ROW, last + 1, "Note", head)
        book.text(sheet, layout.RULER_ROW, last + 2, "Row", head)

    def _rows(self, sheet: Worksheet, path: str, part: Part, *, top: bool = False) -> None:
        inner = dict(parts_of(part))
        number = layout.FIRST_ROW if sheet.max_row <= layout.RULER_ROW else sheet.max_row + 1
        for name, item in members(part):
            key = f"{path}.{name}".lstrip(".")
            if isinstance(item, Heading):
                self._heading(sheet, number, item.label, item.chinese)
            elif name in inner and not top:
                self._heading(sheet, number, inner[name].title, inner[name].chinese_title)
                self._rows(sheet, key, inner[name])
                number = sheet.max_row + 1
                continue
            elif isinstance(item, Row) and self.company.model.key.get(item) == key:
                self._row(sheet, key, item)
            else:
                continue
            number += 1

    def _heading(self, sheet: Worksheet, number: int, label: str, chinese: str) -> None:
        style = self.styles("block")
        for column in range(1, self.grid.columns[-1] + 3):
            sheet.cell(number, column).style = style
        self.book.text(sheet, number, 1, label, style)
        self.book.text(sheet, number, 2, chinese, style)

    def _row(self, sheet: Worksheet, key: str, row: Row) -> None:
        book, styles, number = self.book, self.styles, self.places[row].number
        fmt = number_format(row, whole=_whole(row))
        book.text(sheet, number, 1, row.label, styles("text"))
        book.text(sheet, number, 2, row.chinese, styles("text"))
        book.text(sheet, number, 3, row.unit_text, styles("note"))
        last = self.grid.columns[-1]
        if row.note:
            book.text(sheet, number, last + 1, row.note, styles("note"))
        book.text(sheet, number, last + 2, key, styles("note"))
        values = np.broadcast_to(
            self.result.arrays[row][:, 0],
            (self.grid.periods if row.shape == Shape.SERIES else 1,),
        )
        columns = self.grid.columns if row.shape == Shape.SERIES else [self.grid.value]
        at = dict(zip(columns, map(float, values), strict=True))
        if isinstance(row, Line):
            for column, text in self.formulas.cells(row):
                value = at[column] if column in at else self._opening(row)
                book.formula(sheet, number, column, text, value, styles("formula", fmt))
            return
        if isinstance(row, Assumption):
            for column, value in at.items():
                text = self._live(key, row, column)
                book.formula(sheet, number, column, text, value, styles("link", fmt))

    def _opening(self, row: Line) -> float:
        """Value of the opening column."""
        opening = row.opening
        if opening is None:
            raise ValueError(f"{row.label} has no opening value")
        return self.result.node(opening)

    # Checks and units ----------------------------------------------------------------------

    def _checks(self) -> str:
        """Every rule with value, tolerance and verdict; returns the address of the master check."""
        sheet, book, styles = self.book.sheet(CHECKS), self.book, self.styles
        book.text(sheet, 1, 1, "Checks  校验", styles("title"))
        hint = "Each rule is the amount by which it is broken: it passes within the tolerance."
        book.text(sheet, 2, 1, hint, styles("note"))
        for column, word in enumerate(
            ("Check", "名称", "Unit", "Value", "Tolerance", "Verdict"), 1
        ):
            book.text(sheet, layout.RULER_ROW, column, word, styles("head"))
        at = layout.RULER_ROW + 1
        model = self.company.model
        for outcome in self.result.checks:
            row = model.checks[outcome.key]
            link = f"={self.formulas.reference(row, layout.VALUE, CHECKS)}"
            self._check(sheet, at, (outcome.label, row.chinese, row.unit_text), link,
                        outcome.value, outcome.tolerance)
            at += 1
        total = sum(s.weight for s in self.assumptions.scenarios.values())
        self._check(sheet, at, ("Scenario weights sum to 100%", "情景权重合计100%", "%"),
                    f"={self.weights}-1", total - 1, 1e-6)
        for title in self.titles.values():
            at += 1
            if title not in self.book.workbook.sheetnames:
                continue
            last = self.book.workbook[title].max_row
            span = f"{quoted(title)}!D{layout.FIRST_ROW}:{letters(self.grid.columns[-1])}{last}"
            errors = sum(
                isinstance(v, float) and not np.isfinite(v)
                for (where, _), v in book.values().items()
                if where == title
            )
            self._check(sheet, at, (f"No error cells: {title}", "无错误单元格", "cells"),
                        f"=SUMPRODUCT(ISERROR({span})*1)", float(errors), 0.5)
        verdicts = f"F{layout.RULER_ROW + 1}:F{at}"
        passed = [v for (where, cell), v in book.values().items()
                  if where == CHECKS and cell.startswith("F")]
        ok = 1.0 if all(v == 1 for v in passed) else 0.0
        book.text(sheet, at + 2, 1, "Master check", styles("bold"))
        book.text(sheet, at + 2, 2, "总校验", styles("bold"))
        book.formula(sheet, at + 2, 6, f"=IF(SUM({verdicts})=ROWS({verdicts}),1,0)", ok,
                     styles("total", PASS_FORMAT))
        self._name("master_check", CHECKS, at + 2, 6)
        for held in self._headers:
            book.set_value(held, "D1", ok)
        for column, width in ((1, 78), (2, 34), (3, 12), (4, 14), (5, 12), (6, 10)):
            sheet.column_dimensions[letters(column)].width = width
        sheet.freeze_panes = f"A{layout.RULER_ROW + 1}"
        self._ok = ok
        return "master_check"

    def _check(
        self,
        sheet: Worksheet,
        at: int,
        words: tuple[str, str, str],
        formula: str,
        value: float,
        tolerance: float,
    ) -> None:
        book, styles = self.book, self.styles
        for column, word in enumerate(words, 1):
            book.text(sheet, at, column, word, styles("text"))
        book.formula(sheet, at, 4, formula, value, styles("link", "0.000000"))
        book.number(sheet, at, 5, tolerance, styles("input", "0.0E+00"))
        verdict = 1.0 if abs(value) <= tolerance else 0.0
        formula = f"=IF(ISNUMBER(D{at}),IF(ABS(D{at})<=E{at},1,0),0)"
        book.formula(sheet, at, 6, formula, verdict, styles("formula", PASS_FORMAT))

    def _units(self) -> None:
        """Named factors of unit conversions."""
        sheet, book, styles = self.book.sheet(UNITS), self.book, self.styles
        book.text(sheet, 1, 1, "Units  单位换算", styles("title"))
        hint = "Formulas convert units by these names only; they are constants, not assumptions."
        book.text(sheet, 2, 1, hint, styles("note"))
        for column, word in enumerate(("Name", "", "", "Value"), 1):
            book.text(sheet, layout.RULER_ROW, column, word, styles("head"))
        for at, (name, value) in enumerate(FACTORS.items(), layout.RULER_ROW + 1):
            book.text(sheet, at, 1, name, styles("text"))
            book.number(sheet, at, 4, value, styles("text", "#,##0"))
            self._name(name, UNITS, at, 4)
        sheet.column_dimensions["A"].width, sheet.column_dimensions["D"].width = 24, 16

    def _name(self, name: str, sheet: str, row: int, column: int) -> None:
        address = f"{quoted(sheet)}!${letters(column)}${row}"
        self.book.workbook.defined_names[name] = DefinedName(name, attr_text=address)

    # Summary and cover ---------------------------------------------------------------------

    def _link(
        self, sheet: Worksheet, at: int, column: int, row: Row, fmt: str, kind: str = "link"
    ) -> None:
        """A cell that shows a row's single value."""
        text = f"={self.formulas.reference(row, layout.VALUE, sheet.title)}"
        value = self.result.number(row)
        self.book.formula(sheet, at, column, text, value, self.styles(kind, fmt))

    def _summary(self, sheet: Worksheet) -> None:
        book, styles, company = self.book, self.styles, self.company
        title = f"{company.title} {company.chinese} {company.ticker}: value by parts 分部估值"
        book.text(sheet, 1, 1, title, styles("title"))
        heads = ("Part", "名称", "Method", "Weight", "Method value", "Enterprise value", "Stake",
                 "Value", "Per share", "Share of parts")  # fmt: skip
        for column, word in enumerate(heads, 1):
            book.text(sheet, layout.RULER_ROW, column, word, styles("head"))
        at = layout.RULER_ROW + 1
        shares = self.formulas.reference(company.diluted_shares, layout.VALUE, SUMMARY)
        count = self.result.number(company.diluted_shares)
        first, lines = at, []
        for part in company.parts:
            book.text(sheet, at, 1, part.title, styles("bold"))
            book.text(sheet, at, 2, part.chinese, styles("bold"))
            self._link(sheet, at, 6, part.enterprise_value, _AMOUNT)
            self._link(sheet, at, 7, part.stake, "0.0%")
            self._link(sheet, at, 8, part.value, _AMOUNT)
            lines.append(at)
            at += 1
            for method in part.methods:
                book.text(sheet, at, 3, method.title, styles("text"))
                self._link(sheet, at, 4, method.weight, "0.0%")
                self._link(sheet, at, 5, method.value, _AMOUNT)
                at += 1
            book.text(sheet, at, 3, "Highest less lowest method", styles("note"))
            self._link(sheet, at, 5, part.method_gap, _AMOUNT)
            at += 1
        total = sum(self.result.number(p.value) for p in company.parts)
        book.text(sheet, at, 1, "Sum of the parts", styles("total"))
        book.text(sheet, at, 2, "分部合计", styles("total"))
        formula = "=" + "+".join(f"H{n}" for n in lines)
        book.formula(sheet, at, 8, formula, total, styles("total", _AMOUNT))
        for number, part in zip(lines, company.parts, strict=True):
            value = self.result.number(part.value)
            share = value / total if total else float("nan")
            book.formula(sheet, number, 10, f"=H{number}/H${at}", share, styles("formula", "0.0%"))
        lines.append(at)
        at += 2
        book.text(sheet, at, 1, "Bridge to equity  股权价值桥", styles("bold"))
        for row in company.bridge:
            at += 1
            book.text(sheet, at, 1, row.label, styles("text"))
            book.text(sheet, at, 2, row.chinese, styles("text"))
            self._link(sheet, at, 8, row, _AMOUNT)
            lines.append(at)
        at += 1
        for row in (company.equity_value,):
            book.text(sheet, at, 1, row.label, styles("total"))
            book.text(sheet, at, 2, row.chinese, styles("total"))
            self._link(sheet, at, 8, row, _AMOUNT, "total")
            lines.append(at)
        values = book.values()
        for number in lines:
            value = values[SUMMARY, f"H{number}"]
            per_share = value / count if isinstance(value, float) else float("nan")
            book.formula(
                sheet, number, 9, f"=H{number}/{shares}", per_share, styles("formula", "0.00_);(0.00)")
            )
        at += 2
        for row, fmt in (
            (company.value_per_share, "0.00"),
            (company.market_price, "0.00"),
            (company.upside, "0.0%_);(0.0%)"),
        ):
            book.text(sheet, at, 1, row.label, styles("bold"))
            book.text(sheet, at, 2, row.chinese, styles("bold"))
            self._link(sheet, at, 8, row, fmt)
            at += 1
        for column, width in enumerate((34, 22, 34, 10, 14, 16, 9, 14, 11, 14), 1):
            sheet.column_dimensions[letters(column)].width = width
        sheet.freeze_panes = f"A{first}"

    def _cover(self, sheet: Worksheet, master: str) -> None:
        book, styles, company = self.book, self.styles, self.company
        book.text(sheet, 1, 1, f"{company.title}  {company.chinese}  {company.ticker}",
                  styles("title"))
        book.text(sheet, 2, 1, "Sum-of-the-parts valuation. Every calculated cell is a live formula; "
                  "edit blue cells, or choose a scenario below.", styles("note"))
        facts = (("Scenario  情景", None), ("Valuation date  估值日", company.valuation_date),
                 ("Value per share  每股价值, CNY", company.value_per_share),
                 ("Share price  股价, CNY", company.market_price),
                 ("Value against price  空间", company.upside),
                 ("Equity value  股权价值, CNY m", company.equity_value))  # fmt: skip
        at = 4
        for label, row in facts:
            book.text(sheet, at, 1, label, styles("bold"))
            if row is None:
                book.text(sheet, at, 2, self.result.scenario, styles("input"))
                self._name("scenario", COVER, at, 2)
                choice = DataValidation(type="list", formula1="=scenario_names", allow_blank=False)
                choice.add(f"B{at}")
                sheet.add_data_validation(choice)
            else:
                fmt = "0.00" if row.unit_text == "CNY/share" else number_format(row)
                self._link(sheet, at, 2, row, fmt)
            at += 1
        self._name("value_per_share", COVER, 6, 2)
        self._name("equity_value", COVER, 9, 2)
        book.text(sheet, at, 1, "Master check  总校验", styles("bold"))
        book.formula(sheet, at, 2, f"={master}", self._ok, styles("formula", PASS_FORMAT))
        at += 1
        book.text(sheet, at, 1, "Value per share when made (Python snapshot)", styles("text"))
        book.number(sheet, at, 2, self.result.value_per_share, styles("snapshot", "0.00"))
        book.text(sheet, at + 1, 1, "Still the value when made", styles("text"))
        book.formula(sheet, at + 1, 2,
                     f"=IF(ABS(B6-B{at})<=Checks!E{layout.RULER_ROW + 1},1,0)", 1.0,
                     styles("formula", '[=1]"yes";[=0]"edited since";General'))
        at += 2
        told = self.assumptions
        lines = (
            ("Currency and unit", f"{company.currency}; CNY m unless the unit says otherwise"),
            ("Signs", "Outflows are positive rows; the formula carries the sign. Bridge as added."),
            ("Inputs", f"{told.source}, digest {self._digest()}"),
            ("Inputs without a source", f"{len(told.without_source)} of {len(told.inputs)}"),
            ("Made by", f"valuation {version('valuation')}"),
        )
        for label, text in lines:
            at += 1
            book.text(sheet, at, 1, label, styles("text"))
            book.text(sheet, at, 2, text, styles("text"))
        at += 2
        book.text(sheet, at, 1, "Colours", styles("bold"))
        for kind, words in (("input", "blue: input, edit it"), ("formula", "black: formula"),
                            ("link", "green: link to another sheet"),
                            ("snapshot", "grey: snapshot or note")):  # fmt: skip
            at += 1
            book.text(sheet, at, 1, words, styles(kind))
        at += 2
        book.text(sheet, at, 1, "Sheets", styles("bold"))
        for other in self._sorted():
            if other != COVER:
                at += 1
                cell = book.text(sheet, at, 1, other, styles("hyperlink"))
                cell.hyperlink = f"#{quoted(other)}!A1"
                cell.style = styles("hyperlink")
        sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 46, 16
        properties = book.workbook.properties
        properties.title = f"{company.title} {company.ticker}, sum of the parts"
        properties.subject = f"Valuation at {iso_date(self.result.number(company.valuation_date))}"
        properties.creator = "valuation"

    def _digest(self) -> str:
        return inputs_hash(self.assumptions, self.result.scenario, dict(self.result.changes))

    def _sorted(self) -> list[str]:
        """Sheets in calculation order: front, inputs, calculations, result, checks, reference."""
        titles = self.book.workbook.sheetnames
        model = [t for p, t in self.titles.items() if p and t in titles]
        back = [self.titles[""], CHECKS, layout.FACTS, UNITS]
        front = [COVER, SUMMARY]
        middle = [t for t in titles if t not in {*front, *model, *back}]
        return [t for t in (*front, *middle, *model, *back) if t in titles]

    def _order(self) -> None:
        order = {title: n for n, title in enumerate(self._sorted())}
        self.book.workbook._sheets.sort(key=lambda s: order[s.title])  # noqa: SLF001


def _with_overrides(assumptions: Assumptions, overrides: dict[str, float]) -> Assumptions:
    from dataclasses import replace  # noqa: PLC0415

    return replace(assumptions, overrides=overrides)


def _whole(row: Row) -> bool:
    """Whether a row holds calendar years, written without decimals."""
    return isinstance(row, Assumption) and row.whole or row.label == "Year"


def write_report(result: Valuation, path: Path, *, backup: bool = False) -> Book:
    """Build the report and replace the file in one step."""
    book = report(result)
    book.save(path, backup=backup)
    return book


__all__ = ["Places", "inputs_hash", "report", "write_report"]
