"""The Bridge sheet: why the value changed, as a snapshot and a waterfall."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from valuation.engines.formulas import letters
from valuation.risk.waterfall import NAMES, stack
from valuation.workbook import charts, layout
from valuation.workbook.charts import Cells
from valuation.workbook.check_sheet import TOLERANCE_CELL
from valuation.workbook.draft import AMOUNT
from valuation.workbook.snapshot import verdict
from valuation.workbook.styles import number_format

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from valuation.risk.attribution import Bridge, Step
    from valuation.risk.valuation import Valuation
    from valuation.workbook.draft import Draft

BRIDGE: Final = "Bridge"
_PER_SHARE = "0.00_);(0.00)"
_FINE = "0.0000_);(0.0000)"
_WIDTHS: Final = {1: 52, 4: 14, 9: 60}
#: Columns of the amounts; column where the chart stands.
_CHANGE, _ERROR, _LEVEL, _EQUITY, _INPUTS = 5, 6, 7, 8, 9
_CHART = "K"
#: How near the value of the report must be for the bridge to end at it.
_SAME = 1e-9


def write_bridge(draft: Draft, found: Bridge) -> None:
    """Write the sheet."""
    sheet = draft.book.sheet(BRIDGE)
    book, styles = draft.book, draft.styles
    book.text(sheet, 1, 1, "Bridge  价值变动归因: Python snapshot", styles("title"))
    hint = (
        "Why the value per share changed: Shapley values over re-runs of the model. "
        "These numbers do not move with the workbook."
    )
    book.text(sheet, 2, 1, hint, styles("note"))
    writer = _Writer(draft, sheet, found)
    writer.steps()
    writer.provenance()
    writer.waterfall()
    for column in range(1, _INPUTS + 1):
        sheet.column_dimensions[letters(column)].width = _WIDTHS.get(column, 13)
    sheet.freeze_panes = f"B{layout.RULER_ROW}"


class _Writer:
    """Writes one block below the other."""

    def __init__(self, draft: Draft, sheet: Worksheet, found: Bridge) -> None:
        self.draft, self.sheet, self.found = draft, sheet, found
        self.book, self.styles = draft.book, draft.styles
        self.at = layout.RULER_ROW

    def text(self, column: int, text: str, kind: str = "text") -> None:
        """Text in the current row."""
        self.book.text(self.sheet, self.at, column, text, self.styles(kind))

    def number(self, column: int, value: float, fmt: str) -> None:
        """A snapshot value in the current row."""
        self.book.number(self.sheet, self.at, column, value, self.styles("snapshot", fmt))

    def head(self, *words: str) -> None:
        """A block's header row, after an empty one."""
        self.at += self.at > layout.RULER_ROW
        self.draft.heads(self.sheet, self.at, words)
        self.at += 1

    def steps(self) -> None:
        """The table from the old value to the new one."""
        found, (old, new) = self.found, self.found.names
        self.head("Step  步骤", "Before  之前", "After  之后", "Unit  单位", "CNY/share", "±",
                  "Cumulative  累计", "Equity, CNY m", "Inputs  假设")  # fmt: skip
        self.level(old, found.old, found.old.value_per_share, found.old.equity_value)
        level = found.old.value_per_share
        for step in found.steps:
            level += step.change
            self.text(1, step.label)
            self.sides(step)
            self.text(4, step.unit)
            self.number(_CHANGE, step.change, _FINE)
            if found.walks:
                self.number(_ERROR, step.standard_error, _FINE)
            self.number(_LEVEL, level, _FINE)
            self.number(_EQUITY, step.equity, AMOUNT)
            self.text(_INPUTS, ", ".join(step.keys), "note")
            self.at += 1
        self.level(new, found.new, found.change, found.equity_change)

    def level(self, name: str, state: Valuation, change: float, equity: float) -> None:
        """A row of a state: its value, and how far the table has come."""
        self.text(1, name, "bold")
        self.number(_LEVEL, state.value_per_share, _FINE)
        if state is self.found.new:
            self.number(_CHANGE, change, _FINE)
        self.number(_EQUITY, equity, AMOUNT)
        self.at += 1

    def sides(self, step: Step) -> None:
        """Old and new value of a single input; a yearly one by its span."""
        row = self.found.old.company.model.rows.get(step.keys[0]) if step.unit else None
        for column, side in ((2, step.before), (3, step.after)):
            if row is None or side is None:
                continue
            if isinstance(side, tuple):
                self.text(column, f"{min(side):g} … {max(side):g}", "snapshot")
            else:
                self.number(column, side, number_format(row, whole=True))

    def provenance(self) -> None:
        """What was compared and how, and whether the report ends where the bridge does."""
        found = self.found
        self.head("Snapshot  快照", "", "", "", "")
        for name, state in (("From  自", found.old), ("To  至", found.new)):
            self.text(1, name)
            date = str(state.document()["valuation_date"])
            dated = state.company.model.key[state.company.valuation_date]
            settings = (f"{k} = {v:g}" for k, v in state.changes.items() if k != dated)
            words = state.assumptions.source, f"scenario {state.scenario}", date, *settings
            self.text(2, ", ".join(filter(None, words)), "snapshot")
            self.at += 1
        self.text(1, "Steps  步骤")
        how = f"sampled, {found.walks:,} orders" if found.walks else "exact"
        self.text(2, f"by {found.by}, {how}, {found.runs:,} re-runs", "snapshot")
        self.at += 1
        for notice in found.notices:
            self.text(1, "Note  说明")
            self.text(2, notice, "snapshot")
            self.at += 1
        if abs(self.draft.result.value_per_share - found.new.value_per_share) <= _SAME:
            self.flag()

    def flag(self) -> None:
        """Whether the workbook still gives the value the bridge ends at."""
        self.text(1, "Value per share at the end of the bridge, CNY")
        self.number(_CHANGE, self.found.new.value_per_share, _FINE)
        self.at += 1
        self.text(1, "Value per share now, CNY  当前每股价值")
        self.draft.link(self.sheet, self.at, _CHANGE, self.found.new.company.value_per_share, _FINE)
        self.at += 1
        self.text(1, "The bridge ends at the value now  与当前一致", "bold")
        column = letters(_CHANGE)
        difference = f"{column}{self.at - 1}-{column}{self.at - 2}"
        formula = f"=IF(ABS({difference})<={TOLERANCE_CELL},1,0)"
        verdict(self.draft, self.sheet, self.at, _CHANGE, formula, value=1.0)
        self.draft.name("bridge_live", BRIDGE, self.at, _CHANGE)
        self.at += 1

    def waterfall(self) -> None:
        """The picture and its cells: names with amounts, and the series of the stack."""
        found, steps, (old, new) = self.found, self.found.largest(), self.found.names
        ends = found.old.value_per_share, found.new.value_per_share
        names = [
            f"{old} {ends[0]:,.2f}",
            *(f"{step.label} {step.change:+,.2f}" for step in steps),
            f"{new} {ends[1]:,.2f}",
        ]
        amounts = [ends[0], *(step.change for step in steps), ends[1]]
        made = stack(amounts, [True, *(False for _ in steps), True])
        self.head("Waterfall  瀑布图", "CNY/share", *NAMES)
        first = self.at
        for at, name in enumerate(names):
            self.text(1, name)
            self.number(2, amounts[at], _FINE)
            for column, series in enumerate(made, 3):
                self.number(column, series[at], _FINE)
            self.at += 1
        chart = charts.waterfall(
            "Why the value per share changed, CNY  每股价值变动",
            Cells(BRIDGE, 1, first, names),
            [Cells(BRIDGE, column, first, series) for column, series in enumerate(made, 3)],
            axis="CNY/share",
            fmt=_PER_SHARE,
        )
        charts.place(self.sheet, chart, f"{_CHART}{layout.RULER_ROW}", height=11)
