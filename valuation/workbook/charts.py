"""Native charts: drawn from cells, with their values in them for readers that do not calculate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from openpyxl.chart import BarChart, LineChart
from openpyxl.chart.axis import ChartLines
from openpyxl.chart.data_source import (
    AxDataSource,
    NumData,
    NumDataSource,
    NumRef,
    NumVal,
    StrData,
    StrRef,
    StrVal,
)
from openpyxl.chart.layout import Layout, ManualLayout
from openpyxl.chart.legend import LegendEntry
from openpyxl.chart.series import Series, SeriesLabel
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText, Text
from openpyxl.chart.title import Title
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.text import (
    CharacterProperties,
    Font,
    Paragraph,
    ParagraphProperties,
    RegularTextRun,
    RichTextProperties,
)

from valuation.engines.formulas import letters, quoted
from valuation.risk.waterfall import NAMES

if TYPE_CHECKING:
    from openpyxl.chart._chart import ChartBase
    from openpyxl.worksheet.worksheet import Worksheet

NAVY, STEEL, SAND, CRIMSON, GREY = "1F3864", "5B84B1", "E3C77B", "C00000", "7F7F7F"
LEAF = "4E9A6B"
#: Fonts of text in Latin and in Chinese letters.
LATIN, EAST_ASIAN = "Arial", "Microsoft YaHei"
_SMALL, _LARGE = 900, 1200
#: Size of a chart in cm.
WIDTH, HEIGHT = 18, 9
_GAP: Final = 30


@dataclass(frozen=True)
class Cells:
    """Cells of one column, and the values in them.

    Attributes:
        sheet: Title of their sheet.
        column: Their column.
        first: Row of the first.
        values: What they hold: numbers or texts.
    """

    sheet: str
    column: int
    first: int
    values: Sequence[float | str]

    @property
    def address(self) -> str:
        """Range of the cells."""
        last = self.first + len(self.values) - 1
        column = letters(self.column)
        return f"{quoted(self.sheet)}!${column}${self.first}:${column}${last}"


@dataclass(frozen=True)
class Line:
    """A series of a chart: name, cells and colour; not seen without a colour."""

    name: str
    cells: Cells
    colour: str


def columns(
    title: str,
    names: Cells,
    bars: Sequence[Line],
    *,
    lines: Sequence[Line] = (),
    axes: tuple[str, str] = ("", ""),
    fmt: str = "General",
    line_fmt: str = "0%",
    line_top: float | None = None,
    every: int = 1,
) -> ChartBase:
    """Columns on top of each other, and lines on a second axis.

    Args:
        title: Above the chart.
        names: Of the columns, below them.
        bars: In the same place, the later before the earlier.
        lines: On the second axis.
        axes: Titles of the two value axes.
        fmt: Number format of the first axis.
        line_fmt: Number format of the second.
        line_top: Where the second axis ends.
        every: Write every so many names.
    """
    chart = BarChart()
    chart.type, chart.grouping, chart.overlap, chart.gapWidth = "col", "clustered", 100, _GAP
    _fill(chart, names, bars)
    _frame(chart, title, axes[0], fmt)
    chart.x_axis.tickLblSkip = chart.x_axis.tickMarkSkip = every
    if lines:
        second = LineChart()
        _fill(second, names, lines)
        second.y_axis.axId = 200
        second.y_axis.crosses = "max"
        second.y_axis.delete = False
        second.y_axis.scaling.max = line_top
        second.y_axis.number_format, second.y_axis.majorGridlines = line_fmt, None
        second.y_axis.title = _title(axes[1], _SMALL) if axes[1] else None
        second.y_axis.txPr = _text(_SMALL)
        for series in second.series:
            series.smooth = False
            series.marker.symbol = "none"
        chart += second
    return chart


def bars(
    title: str,
    names: Cells,
    series: Sequence[Line],
    *,
    fmt: str = "0%",
    axis: str = "",
    stacked: bool = False,
    room: tuple[float, float] | None = None,
) -> ChartBase:
    """Horizontal bars, the first on top.

    Args:
        title: Above the chart.
        names: Of the bars, on their left.
        series: In the same place, the later before the earlier; without a name not in the
            legend, without a colour not seen.
        fmt: Number format of the axis.
        axis: Its title.
        stacked: End to end, and not in the same place.
        room: Share of the width that the names get, and height in cm; by default the program
            that shows the chart decides.
    """
    chart = BarChart()
    chart.type, chart.overlap, chart.gapWidth = "bar", 100, _GAP
    chart.grouping = "stacked" if stacked else "clustered"
    _fill(chart, names, series)
    _frame(chart, title, axis, fmt)
    unnamed = [n for n, line in enumerate(series) if not line.name]
    chart.legend.legendEntry = [LegendEntry(idx=n, delete=True) for n in unnamed]
    if room is not None:
        chart.layout = _inner(*room)
    chart.x_axis.scaling.orientation = "maxMin"
    chart.x_axis.tickLblPos, chart.x_axis.tickLblSkip = "low", 1
    chart.y_axis.crosses = "max"  # the axis turned round would have its numbers on top
    return chart


def level(
    title: str,
    names: Cells,
    bars: Line,
    lines: Sequence[Line],
    *,
    axis: str = "",
    fmt: str = "0.00",
) -> ChartBase:
    """Columns, and lines across them on the same axis."""
    chart = BarChart()
    chart.type, chart.grouping, chart.gapWidth = "col", "clustered", 2 * _GAP
    _fill(chart, names, [bars])
    _frame(chart, title, axis, fmt)
    chart.x_axis.tickLblPos = "low"
    second = LineChart()
    _fill(second, names, lines, first=1)
    second.y_axis.delete = second.x_axis.delete = False
    for series in second.series:
        series.smooth = False
        series.marker.symbol = "none"
    chart += second
    return chart


def waterfall(
    title: str,
    names: Cells,
    series: Sequence[Cells],
    *,
    axis: str = "",
    fmt: str = "#,##0.00",
) -> ChartBase:
    """Bars that start where the one before ends, totals from zero; also across and below zero.

    Args:
        title: Above the chart.
        names: Of the bars, below the chart.
        series: Cells of the series of `valuation.risk.waterfall.stack`, in its order.
        axis: Title of the value axis.
        fmt: Its number format.
    """
    chart = BarChart()
    chart.type, chart.grouping, chart.overlap, chart.gapWidth = "col", "stacked", 100, _GAP
    colours = "", NAVY, LEAF, LEAF, CRIMSON, CRIMSON
    told = zip(NAMES, series, colours, strict=True)
    _fill(chart, names, [Line(name, cells, colour) for name, cells, colour in told])
    for one in chart.series:  # a line would show where a bar has no height
        one.graphicalProperties.line = LineProperties(noFill=True)
    _frame(chart, title, axis, fmt)
    chart.x_axis.tickLblPos, chart.x_axis.tickLblSkip = "low", 1
    chart.legend = None
    return chart


def place(
    sheet: Worksheet, chart: ChartBase, cell: str, *, height: int = HEIGHT, width: int = WIDTH
) -> None:
    """Put a chart on a sheet, its corner at a cell."""
    chart.width, chart.height = width, height
    sheet.add_chart(chart, cell)


def _inner(names_share: float, height: float) -> Layout:
    """A plot area that leaves room for names, for the title, and for axis title and legend."""
    top, bottom = 1.1 / height, 2.3 / height
    return Layout(
        ManualLayout(
            layoutTarget="inner", xMode="edge", yMode="edge",
            x=names_share, y=top, w=0.97 - names_share, h=1 - top - bottom,
        )
    )  # fmt: skip


def _fill(chart: ChartBase, names: Cells, lines: Sequence[Line], *, first: int = 0) -> None:
    texts = StrData(
        ptCount=len(names.values),
        pt=[StrVal(idx=i, v=str(text)) for i, text in enumerate(names.values)],
    )
    for index, line in enumerate(lines, first):
        numbers = NumData(
            formatCode="General",
            ptCount=len(line.cells.values),
            pt=[NumVal(idx=i, v=repr(v)) for i, v in enumerate(line.cells.values)],
        )
        series = Series(idx=index, order=index)
        series.tx = SeriesLabel(v=line.name)
        series.cat = AxDataSource(strRef=StrRef(f=names.address, strCache=texts))
        series.val = NumDataSource(numRef=NumRef(f=line.cells.address, numCache=numbers))
        series.graphicalProperties = (
            GraphicalProperties(solidFill=line.colour)
            if line.colour
            else GraphicalProperties(noFill=True, ln=LineProperties(noFill=True))
        )
        if isinstance(chart, LineChart):
            series.graphicalProperties = GraphicalProperties(
                ln=LineProperties(solidFill=line.colour, w=19050)
            )
        else:
            series.invertIfNegative = False
        chart.series.append(series)


def _frame(chart: BarChart, title: str, axis: str, fmt: str) -> None:
    chart.title = _title(title, _LARGE)
    chart.legend.position = "b"
    chart.legend.txPr = _text(_SMALL)
    chart.roundedCorners = False
    chart.x_axis.delete = chart.y_axis.delete = False
    chart.x_axis.txPr = chart.y_axis.txPr = _text(_SMALL)
    chart.y_axis.number_format = fmt
    chart.y_axis.title = _title(axis, _SMALL) if axis else None
    faint = GraphicalProperties(ln=LineProperties(solidFill="D9D9D9"))
    chart.y_axis.majorGridlines = ChartLines(spPr=faint)
    chart.layout = Layout(ManualLayout())


def _characters(size: int, *, bold: bool = False) -> CharacterProperties:
    return CharacterProperties(
        sz=size, b=bold, latin=Font(typeface=LATIN), ea=Font(typeface=EAST_ASIAN)
    )


def _text(size: int) -> RichText:
    paragraph = Paragraph(
        pPr=ParagraphProperties(defRPr=_characters(size)), endParaRPr=CharacterProperties()
    )
    return RichText(bodyPr=RichTextProperties(), p=[paragraph])


def _title(text: str, size: int) -> Title:
    run = RegularTextRun(rPr=_characters(size, bold=True), t=text)
    paragraph = Paragraph(pPr=ParagraphProperties(defRPr=_characters(size, bold=True)), r=[run])
    rich = RichText(bodyPr=RichTextProperties(), p=[paragraph])
    return Title(tx=Text(rich=rich), overlay=False)
