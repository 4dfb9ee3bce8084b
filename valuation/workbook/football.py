"""The Football field sheet: the span of every method over the scenarios, and the price."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from valuation.engines.formulas import letters
from valuation.risk.football import football
from valuation.workbook import charts
from valuation.workbook.charts import Cells, Line
from valuation.workbook.snapshot import heading, provenance, shown
from valuation.workbook.styles import number_format

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from valuation.risk.football import Football, Span
    from valuation.workbook.draft import Draft

FOOTBALL: Final = "Football field"
_HEADS: Final = ("Part and method", "名称", "Weight", "Low", "Base", "High", "Low in", "High in",
                 "Split", "Before", "Before, below 0", "To base", "From base", "One value", "Price",
                 "From base, below 0", "To base, below 0")  # fmt: skip
_WEIGHT, _LOW, _BASE, _HIGH, _LOW_IN, _HIGH_IN, _SPLIT = range(3, 10)
#: First column of the series of the chart.
_SERIES = _SPLIT + 1
_WIDTHS: Final = {1: 46, 2: 34, 7: 16, 8: 16}
#: Name and colour of each series; without a name not in the legend. As many without one in front
#: as behind: LibreOffice counts the entries to leave out from the other end.
_LOOKS: Final = (
    ("", ""),
    ("", ""),
    ("Least to chosen scenario", charts.STEEL),
    ("Chosen scenario to greatest", charts.SAND),
    ("The same in all scenarios", charts.NAVY),
    ("Price", charts.CRIMSON),
    ("", charts.SAND),
    ("", charts.STEEL),
)
#: A thin bar, as a share of the chart; size of the chart in cm.
_TICK, _WIDTH, _SHARE, _BAR, _FRAME = 0.006, 27, 0.33, 0.68, 3.4


class _Bar(NamedTuple):
    """A row of the chart: what stands in its cells, and whether it is a price."""

    low: float
    base: float
    high: float
    price: bool = False

    def drawn(self, tick: float) -> tuple[float, ...]:
        """Where the bar splits, then the series: stacked from zero, to the right and the left."""
        low, high = (x if math.isfinite(x) else 0.0 for x in (self.low, self.high))
        split = self.base if math.isfinite(self.base) else self.low
        middle = split if math.isfinite(split) else 0.0
        return (
            split,
            max(low, 0),
            min(high, 0),
            max(middle, 0) - max(low, 0),
            max(high, 0) - max(middle, 0),
            tick if self.high - self.low < tick and not self.price else 0.0,
            tick if self.price else 0.0,
            min(middle, 0) - min(high, 0),
            min(low, 0) - min(middle, 0),
        )


def write_football(draft: Draft) -> None:
    """Write the sheet; the spans are found for the scenario of the report."""
    found = football(draft.assumptions, scenario=draft.result.scenario)
    sheet = draft.book.sheet(FOOTBALL)
    hint = (
        "CNY a share: value of the method times the stake, over the scenarios with a weight; "
        "holding discount and bridge only in the value per share."
    )
    heading(draft, sheet, "Football field", "估值区间", hint)
    at = provenance(draft, sheet, found.scenario, draft.company.value_per_share, found.whole.base)
    tick = _tick(found)
    draft.book.text(sheet, at, 1, "Thickness of a thin bar", draft.styles("note"))
    shown(draft, sheet, at, _LOW, tick, "0.000")
    tick_cell = f"${letters(_LOW)}${at}"
    at += 1
    draft.heads(sheet, at, _HEADS)
    for column in range(1, len(_HEADS) + 1):
        sheet.cell(at, column).style = draft.styles("head", wrap=True)
        sheet.column_dimensions[letters(column)].width = _WIDTHS.get(column, 11)
    sheet.row_dimensions[at].height = 26
    first = at + 1
    bars: list[tuple[str, _Bar]] = []
    for span in (*found.spans, found.whole):
        at += 1
        bars.append((span.label, _span(draft, sheet, at, span)))
    bars += _prices(draft, sheet, at + 1, found)
    for number, (_, bar) in enumerate(bars, first):
        _drawing(draft, sheet, number, bar, tick, tick_cell)
    _chart(sheet, first, bars, tick, found.price)
    sheet.freeze_panes = "B5"


def _tick(found: Football) -> float:
    """How thick a thin bar is drawn."""
    numbers = [found.price, *(price.price for price in found.references), 0.0]
    for span in (*found.spans, found.whole):
        numbers += [x for x in (span.low, span.high) if math.isfinite(x)]
    return float(f"{_TICK * (max(numbers) - min(numbers)):.3g}")


def _span(draft: Draft, sheet: Worksheet, at: int, span: Span) -> _Bar:
    """Cells of a method, or of the whole."""
    book, kind = draft.book, "text" if span.part else "bold"
    fmt = number_format(draft.company.value_per_share)
    book.text(sheet, at, 1, span.label, draft.styles(kind))
    book.text(sheet, at, 2, span.chinese, draft.styles(kind))
    if span.part:
        shown(draft, sheet, at, _WEIGHT, span.weight, "0%")
    for column, value in ((_LOW, span.low), (_BASE, span.base), (_HIGH, span.high)):
        shown(draft, sheet, at, column, value, fmt)
    same = span.low == span.high
    for column, name in ((_LOW_IN, span.low_in), (_HIGH_IN, span.high_in)):
        book.text(sheet, at, column, "all alike" if same else name, draft.styles("snapshot"))
    return _Bar(span.low, span.base, span.high)


def _prices(draft: Draft, sheet: Worksheet, at: int, found: Football) -> list[tuple[str, _Bar]]:
    """The market price, live, and the other prices."""
    row = draft.company.market_price
    fmt = number_format(row)
    prices = [(row.label, row.chinese, found.price)]
    prices += [(price.name, price.chinese, price.price) for price in found.references]
    bars = []
    for number, (label, chinese, price) in enumerate(prices, at):
        draft.book.text(sheet, number, 1, label, draft.styles("bold"))
        draft.book.text(sheet, number, 2, chinese, draft.styles("bold"))
        for column in (_LOW, _BASE, _HIGH):
            if number == at:
                draft.link(sheet, number, column, row, fmt)
            else:
                shown(draft, sheet, number, column, price, fmt)
        bars.append((label, _Bar(price, price, price, price=True)))
    return bars


def _drawing(
    draft: Draft, sheet: Worksheet, at: int, bar: _Bar, tick: float, tick_cell: str
) -> None:
    """The series of the chart as formulas of the span: what MAX and MIN read as text counts 0."""
    low, base, high, split = (f"{letters(c)}{at}" for c in (_LOW, _BASE, _HIGH, _SPLIT))
    one = f"IF(ISNUMBER({high}-{low}),IF({high}-{low}<{tick_cell},{tick_cell},0),0)"
    formulas = (
        f"=IF(ISNUMBER({base}),{base},{low})",
        f"=MAX({low},0)",
        f"=MIN({high},0)",
        f"=MAX({split},0)-MAX({low},0)",
        f"=MAX({high},0)-MAX({split},0)",
        f"={0 if bar.price else one}",
        f"={tick_cell if bar.price else 0}",
        f"=MIN({split},0)-MIN({high},0)",
        f"=MIN({low},0)-MIN({split},0)",
    )
    style = draft.styles("formula", number_format(draft.company.value_per_share))
    told = zip(formulas, bar.drawn(tick), strict=True)
    for column, (formula, value) in enumerate(told, _SPLIT):
        known: float | str = value if math.isfinite(value) else "no value"
        draft.book.formula(sheet, at, column, formula, known, style)


def _chart(
    sheet: Worksheet, first: int, bars: list[tuple[str, _Bar]], tick: float, price: float
) -> None:
    drawn = [bar.drawn(tick)[1:] for _, bar in bars]
    looks = [(f"Price {price:.2f}" if name == "Price" else name, c) for name, c in _LOOKS]
    series = [
        Line(name, Cells(FOOTBALL, _SERIES + n, first, [row[n] for row in drawn]), colour)
        for n, (name, colour) in enumerate(looks)
    ]
    height = math.ceil(_FRAME + _BAR * len(bars))
    chart = charts.bars(
        "Football field  估值区间",
        Cells(FOOTBALL, 1, first, [label for label, _ in bars]),
        series,
        fmt="0.00",
        axis="CNY a share",
        stacked=True,
        room=(_SHARE, height),
    )
    charts.place(sheet, chart, f"A{first + len(bars) + 1}", height=height, width=_WIDTH)
