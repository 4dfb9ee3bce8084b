"""The sheet of scenario values: all side by side, and the chosen one live beside them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from valuation.engines.formulas import letters
from valuation.workbook import charts, layout
from valuation.workbook.charts import Cells, Line
from valuation.workbook.draft import AMOUNT
from valuation.workbook.snapshot import flag, heading, new_page, shown, verdict
from valuation.workbook.styles import number_format

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from valuation.risk.scenarios import Figure, Scenarios
    from valuation.workbook.draft import Draft

SCENARIO_VALUES: Final = "Scenario values"
_HEADS: Final = ("Line", "名称", "Unit")
_AFTER: Final = ("Weighted", "Chosen, live", "Chosen, snapshot", "The same")
_FIRST: Final = len(_HEADS) + 1
_WIDTHS: Final = {1: 38, 2: 20, 3: 12}
_SHARE = "0.0%_);(0.0%)"
#: Size of the chart in cm; rows after which it goes to a new page.
_HEIGHT, _WIDTH, _PAGE = 9, 22, 32


def write_scenarios(draft: Draft, found: Scenarios) -> None:
    """Write the sheet.

    Args:
        draft: The report.
        found: Its scenarios, under the assumptions of the report.
    """
    sheet = draft.book.sheet(SCENARIO_VALUES)
    hint = "Every scenario valued. Only the column Chosen, live follows the selector on the Cover."
    heading(draft, sheet, "Scenario values", "情景对比", hint)
    _Writer(draft, sheet, found).write()
    for column, width in _WIDTHS.items():
        sheet.column_dimensions[letters(column)].width = width
    sheet.freeze_panes = f"{letters(_FIRST)}{layout.RULER_ROW + 1}"


class _Writer:
    """Writes the table line by line, and the chart below it."""

    def __init__(self, draft: Draft, sheet: Worksheet, found: Scenarios) -> None:
        self.draft, self.sheet, self.found = draft, sheet, found
        self.book, self.styles = draft.book, draft.styles
        self.last = _FIRST + len(found.names) - 1
        self.weighted, self.live, self.chosen, self.same = range(self.last + 1, self.last + 5)
        self.at = layout.RULER_ROW
        self.rows: dict[Figure, int] = {}

    def write(self) -> None:
        """Header, weights, one line a figure, the flag of all lines above them, and the chart."""
        found = self.found
        self.draft.heads(self.sheet, self.at, (*_HEADS, *found.names, *_AFTER))
        for column in range(_FIRST, self.same + 1):
            self.sheet.column_dimensions[letters(column)].width = 15
        self.at += 1
        self.words("Weight", "权重", "%")
        self.numbers([*found.weights, math.fsum(found.weights)], "0%")
        year = self.draft.company.model.year
        flags = [self.line(figure) for figure in found.figures if figure.row is not year]
        span = f"{letters(self.same)}{self.at - len(flags)}:{letters(self.same)}{self.at - 1}"
        at = layout.RULER_ROW - 1
        self.book.text(self.sheet, at, 1, "Live column equals the snapshot", self.styles("bold"))
        self.book.text(self.sheet, at, 2, "实时列与快照一致", self.styles("bold"))
        formula = f"=IF(SUM({span})=ROWS({span}),1,0)"
        verdict(self.draft, self.sheet, at, _FIRST, formula, value=float(all(flags)))
        self.chart()

    def words(self, label: str, chinese: str, unit: str, kind: str = "text") -> None:
        """Label, name and unit of the row."""
        for column, text in enumerate((label, chinese, unit), 1):
            self.book.text(self.sheet, self.at, column, text, self.styles(kind))

    def numbers(self, values: Sequence[float], fmt: str) -> None:
        """Snapshot values by scenario, the weighted one last. Goes on to the next row."""
        for column, value in enumerate(values, _FIRST):
            shown(self.draft, self.sheet, self.at, column, value, fmt)
        self.at += 1

    def line(self, figure: Figure) -> float:
        """A figure in every scenario, and live in the chosen one; whether they are the same."""
        found, at = self.found, self.at
        bold = figure in (found.equity_value, found.value_per_share)
        self.words(figure.label, figure.chinese, figure.unit, "bold" if bold else "text")
        fmt = _format(figure, found)
        self.rows[figure] = at
        self.numbers([*figure.values, figure.weighted], fmt)
        live = self._live(figure)
        column = layout.VALUE if figure.period is None else layout.FIRST_YEAR + figure.period
        reference = self.draft.formulas.reference(figure.row, column, SCENARIO_VALUES)
        self.book.formula(
            self.sheet, at, self.live, f"={reference}", live, self.styles("link", fmt)
        )
        head = f"${letters(_FIRST)}${layout.RULER_ROW}:${letters(self.last)}${layout.RULER_ROW}"
        span = f"{letters(_FIRST)}{at}:{letters(self.last)}{at}"
        value = figure.values[found.names.index(self.draft.result.scenario)]
        formula = f"=INDEX({span},1,MATCH(scenario,{head},0))"
        told = value if math.isfinite(value) else "no value"
        self.book.formula(self.sheet, at, self.chosen, formula, told, self.styles("formula", fmt))
        ends = f"{letters(self.live)}{at}", f"{letters(self.chosen)}{at}"
        return flag(self.draft, self.sheet, at, self.same, ends, (live, value))

    def _live(self, figure: Figure) -> float:
        found = self.draft.result[figure.row]
        return found[figure.period or 0] if isinstance(found, tuple) else found

    def chart(self) -> None:
        """Value per share by scenario beside its table: the value, the price, and the mean."""
        found, share = self.found, self.rows[self.found.value_per_share]
        price = self.rows[found.market_price]
        self.at += 1
        if self.at > _PAGE:
            new_page(self.sheet, self.at)
        heads = "Value per share", "名称", "Weight", "Value", "Price", "Weighted"
        self.draft.heads(self.sheet, self.at, heads)
        first = self.at + 1
        labels = [f"{s.name}, {s.weight:.0%}" for s in found.scenarios]
        fmt = number_format(found.value_per_share.row)
        mean = found.value_per_share.weighted
        for n, scenario in enumerate(found.scenarios):
            self.at += 1
            self.words(labels[n], scenario.chinese, "")
            here, end = letters(_FIRST + n), letters(self.weighted)
            weight = f"={here}{layout.RULER_ROW + 1}"
            cells = (
                (3, weight, scenario.weight, "0%"),
                (4, f"={here}{share}", found.value_per_share.values[n], fmt),
                (5, f"={here}{price}", found.market_price.values[n], fmt),
                (6, f"=${end}${share}", mean, fmt),
            )
            for column, formula, value, form in cells:
                told = value if math.isfinite(value) else "no value"
                style = self.styles("formula", form)
                self.book.formula(self.sheet, self.at, column, formula, told, style)
        self._draw(first, labels)

    def _draw(self, first: int, labels: list[str]) -> None:
        found = self.found
        values = [v if math.isfinite(v) else 0.0 for v in found.value_per_share.values]
        prices, mean = list(found.market_price.values), found.value_per_share.weighted
        lines = [Line(f"Price {prices[0]:.2f}", _cells(5, first, prices), charts.CRIMSON)]
        if math.isfinite(mean):
            means = _cells(6, first, [mean] * len(values))
            lines.append(Line(f"Weighted {mean:.2f}", means, charts.NAVY))
        chart = charts.level(
            "Value per share by scenario, CNY  各情景每股价值",
            Cells(SCENARIO_VALUES, 1, first, labels),
            Line("Value per share", _cells(4, first, values), charts.STEEL),
            lines,
        )
        charts.place(self.sheet, chart, f"H{first - 1}", height=_HEIGHT, width=_WIDTH)


def _cells(column: int, first: int, values: Sequence[float]) -> Cells:
    return Cells(SCENARIO_VALUES, column, first, list(values))


def _format(figure: Figure, found: Scenarios) -> str:
    if figure is found.upside:
        return _SHARE
    return AMOUNT if figure.unit == "CNY m" else number_format(figure.row)
