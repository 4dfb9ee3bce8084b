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

if TYPE_CHECKING:
    from openpyxl.chart._chart import ChartBase
    from openpyxl.worksheet.worksheet import Worksheet

NAVY, STEEL, SAND, CRIMSON, GREY = "1F3864", "5B84B1", "E3C77B", "C00000", "7F7F7F"
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
    """A series of a chart: name, cells and colour."""

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


def bars(title: str, names: Cells, series: Sequence[Line], *, fmt: str = "0%") -> ChartBase:
    """Horizontal bars, the first on top."""
    chart = BarChart()
    chart.type, chart.grouping, chart.overlap, chart.gapWidth = "bar", "clustered", 100, _GAP
    _fill(chart, names, series)
    _frame(chart, title, "", fmt)
    chart.x_axis.scaling.orientation = "maxMin"
    chart.x_axis.tickLblPos, chart.x_axis.tickLblSkip = "low", 1
    chart.y_axis.crosses = "max"  # the axis turned round would have its numbers on top
    return chart


def place(sheet: Worksheet, chart: ChartBase, cell: str, *, height: int = HEIGHT) -> None:
    """Put a chart on a sheet, its corner at a cell."""
    chart.width, chart.height = WIDTH, height
    sheet.add_chart(chart, cell)


def _fill(chart: ChartBase, names: Cells, lines: Sequence[Line]) -> None:
    texts = StrData(
        ptCount=len(names.values),
        pt=[StrVal(idx=i, v=str(text)) for i, text in enumerate(names.values)],
    )
    for index, line in enumerate(lines):
        numbers = NumData(
            formatCode="General",
            ptCount=len(line.cells.values),
            pt=[NumVal(idx=i, v=repr(v)) for i, v in enumerate(line.cells.values)],
        )
        series = Series(idx=index, order=index)
        series.tx = SeriesLabel(v=line.name)
        series.cat = AxDataSource(strRef=StrRef(f=names.address, strCache=texts))
        series.val = NumDataSource(numRef=NumRef(f=line.cells.address, numCache=numbers))
        series.graphicalProperties = GraphicalProperties(solidFill=line.colour)
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
