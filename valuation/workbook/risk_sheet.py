"""The Risk sheet: a snapshot of a simulation, and a flag that turns red when it is out of date."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from valuation.engines.formulas import letters
from valuation.engines.rules import Array
from valuation.lines import Row
from valuation.risk.spread import PERCENTS, Estimate
from valuation.workbook import charts, layout
from valuation.workbook.charts import Cells, Line
from valuation.workbook.check_sheet import TOLERANCE_CELL
from valuation.workbook.draft import AMOUNT, RISK
from valuation.workbook.snapshot import verdict

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from valuation.risk.correlation import Move
    from valuation.risk.simulation import Simulation
    from valuation.workbook.draft import Draft

_PER_SHARE = "0.00_);(0.00)"
_FINE = "0.0000_);(0.0000)"
_SHARE = "0.0%_);(0.0%)"
_WIDTHS: Final = {1: 46, 2: 30, 3: 12}
_NUMBERS = range(4, 16)
#: Bins of the histogram, the share of draws its ends leave out, and inputs shown by importance.
_BINS, _OUT, _MOST = 50, 0.001, 10
#: Column where the charts stand, and rows from one to the next.
_CHARTS, _STEP = "Q", 20
#: Values per share whose probability is told, on either side of the median.
_LADDER = 5


def write_risk(draft: Draft, found: Simulation) -> None:
    """Write the sheet."""
    sheet = draft.book.sheet(RISK)
    book, styles = draft.book, draft.styles
    book.text(sheet, 1, 1, "Risk  风险: Python snapshot", styles("title"))
    hint = (
        "A simulation, as Python ran it: these numbers do not move with the workbook. "
        "After an edit run `valuation report` on it again."
    )
    book.text(sheet, 2, 1, hint, styles("note"))
    writer = _Writer(draft, sheet, found)
    writer.provenance()
    writer.percentiles()
    writer.probabilities()
    writer.events()
    writer.variance()
    writer.importance()
    writer.histogram()
    for column, width in _WIDTHS.items():
        sheet.column_dimensions[letters(column)].width = width
    for column in _NUMBERS:
        sheet.column_dimensions[letters(column)].width = 11
    sheet.freeze_panes = f"B{layout.RULER_ROW}"


class _Writer:
    """Writes one block below the other."""

    def __init__(self, draft: Draft, sheet: Worksheet, found: Simulation) -> None:
        self.draft, self.sheet, self.found = draft, sheet, found
        self.book, self.styles = draft.book, draft.styles
        self.at = layout.RULER_ROW

    def head(self, *words: str) -> None:
        """A block's header row, after an empty one."""
        self.at += self.at > layout.RULER_ROW
        self.draft.heads(self.sheet, self.at, words)
        self.at += 1

    def words(self, label: str, chinese: str = "", unit: str = "", kind: str = "text") -> None:
        """Label, name and unit of the row."""
        for column, text in enumerate((label, chinese, unit), 1):
            self.book.text(self.sheet, self.at, column, text, self.styles(kind))

    def numbers(self, values: Sequence[float], fmt: str, first: int = 4) -> None:
        """Snapshot values from a column on; a gap stays empty. Goes on to the next row."""
        for column, value in enumerate(values, first):
            if np.isfinite(value):
                self.book.number(self.sheet, self.at, column, value, self.styles("snapshot", fmt))
        self.at += 1

    def said(self, label: str, chinese: str, text: str) -> None:
        """A row with a text."""
        self.words(label, chinese)
        self.book.text(self.sheet, self.at, 4, text, self.styles("snapshot"))
        self.at += 1

    def provenance(self) -> None:
        """How the draws were made, and whether the workbook still is the one simulated."""
        found, draft = self.found, self.draft
        self.head("Snapshot", "快照", "", "")
        sampler = found.job.sampler
        self.said("Draws", "抽样次数", f"{found.draws:,}")
        self.said("Sampler", "抽样方法", f"{sampler.kind}, seed {sampler.seed}")
        self.said("Scenario", "情景", found.scenario)
        self.said("Inputs hash", "假设摘要", found.inputs_hash[:16])
        self.said("Digest of the outputs", "输出摘要", found.digest[:16])
        share = len(found.dropped) / found.draws
        self.said(
            "Draws without a value, left out", "无解抽样", f"{len(found.dropped):,}, {share:.2%}"
        )
        for key, count in found.reasons.items():
            title = found.company.model.title(key)
            self.said(f"  first row without one: {title}", "", f"{count:,}")
        for notice in (*found.uncertainty.notices, *map(_moved, found.uncertainty.moves)):
            self.said("Note", "说明", notice)
        value = draft.result.value_per_share
        self.words("Value per share when simulated, CNY", "模拟时每股价值", "CNY/share")
        self.numbers([value], _FINE)
        self.words("Value per share now, CNY", "当前每股价值", "CNY/share")
        draft.link(self.sheet, self.at, 4, draft.company.value_per_share, _FINE)
        self.at += 1
        self.words("Simulated as the workbook stands", "模拟与当前一致", kind="bold")
        formula = f"=IF(ABS(D{self.at - 1}-D{self.at - 2})<={TOLERANCE_CELL},1,0)"
        verdict(draft, self.sheet, self.at, 4, formula, value=1.0)
        draft.name("simulation_live", RISK, self.at, 4)
        self.at += 1

    def percentiles(self) -> None:
        """Mean, deviation and percentiles of the parts and the whole."""
        found, company = self.found, self.found.company
        names = [f"P{percent}" for percent in PERCENTS]
        self.head("Distribution", "分布", "Unit", "Base", "Mean", "sd", *names)
        for part in company.parts:
            self._figures(part.title, part.chinese, part.value, AMOUNT)
        for row, fmt in ((company.equity_value, AMOUNT), (company.value_per_share, _PER_SHARE)):
            figures = self._figures(row.label, row.chinese, row, fmt, kind="bold")
            self.words("  standard error", "  标准误", row.unit_text, kind="note")
            self.numbers([e.standard_error for e in figures], _FINE if fmt != AMOUNT else fmt, 5)
        shortfall = found.expected_shortfall()
        self.words("Mean of the worst 5%", "最差5%均值", "CNY/share")
        self.numbers(shortfall, _PER_SHARE)

    def _figures(
        self, label: str, chinese: str, row: Row, fmt: str, kind: str = "text"
    ) -> list[Estimate]:
        figures = list(self.found.figures(row).values())
        self.words(label, chinese, row.unit_text, kind)
        self.numbers([self.found.centre.number(row), *(e.value for e in figures)], fmt)
        return figures

    def probabilities(self) -> None:
        """Probability that the value per share is above the price, and above a ladder of values."""
        found, company = self.found, self.found.company
        price = found.centre.number(company.market_price)
        self.head("Probability that the value per share is above", "每股价值高于该值的概率",
                  "CNY/share", "Probability", "±")  # fmt: skip
        spread = found.spread(company.value_per_share)
        low, high = spread.all.quantile(np.array([0.02, 0.98]))
        step = _round_step((high - low) / (2 * _LADDER))
        first = np.floor(low / step) * step
        ladder = first + step * np.arange(int(np.ceil((high - first) / step)) + 1)
        for value in [price, *ladder]:
            label = "Share price" if value == price else ""
            self.words(label, "股价" if value == price else "", kind="bold" if label else "text")
            self.book.number(
                self.sheet, self.at, 3, float(round(value, 10)), self.styles("snapshot", _PER_SHARE)
            )
            self.numbers(spread.probability_above(value), "0.00%")

    def events(self) -> None:
        """Probabilities of the company's events, by year."""
        found = self.found
        likelihoods = found.likelihoods()
        years = sorted({at.year for at in likelihoods if at.year is not None})
        if not likelihoods:
            return
        self.head("Probability by year", "分年概率", "", *(str(year) for year in years))
        for event in found.company.events:
            chances = {at.year: at.probability.value for at in likelihoods if at.event is event}
            self.words(event.title, event.chinese)
            whole = [chances[None]] if None in chances else []
            self.numbers(whole or [chances.get(year, np.nan) for year in years], _SHARE)

    def variance(self) -> None:
        """What the variance of equity is made of."""
        found = self.found
        self.head(
            "Variance of equity by part",
            "股权价值方差构成",
            "",
            "sd, CNY m",
            "Correlation",
            "Share",
        )
        shares = [share for share in found.variance_by_part() if share.sd > 0]
        first = self.at
        labels = found.company.model.rows
        for share in shares:
            self.words(share.label, labels[share.key].chinese)
            formats = (share.sd, AMOUNT), (share.correlation, "0.00"), (share.share, _SHARE)
            for column, (value, fmt) in enumerate(formats, 4):
                self.book.number(self.sheet, self.at, column, value, self.styles("snapshot", fmt))
            self.at += 1
        names = Cells(RISK, 1, first, [share.label for share in shares])
        line = Line(
            "Share of variance", Cells(RISK, 6, first, [s.share for s in shares]), charts.STEEL
        )
        chart = charts.bars("Variance of equity by part  股权价值方差构成", names, [line])
        charts.place(self.sheet, chart, f"{_CHARTS}{layout.RULER_ROW + _STEP}")

    def importance(self) -> None:
        """The inputs that matter most."""
        found = self.found.importance
        if found is None:
            return
        self.head(
            "What matters most: Shapley effects", "最重要的假设", "", "Effect", "±", "First order"
        )
        first = self.at
        labels = []
        for effect in found.effects[:_MOST]:
            labels.append(self.found.title_of(effect.key))
            self.words(labels[-1])
            self.numbers([*effect.shapley, effect.first_order.value], _SHARE)
        rest = sum(effect.shapley.value for effect in found.effects[_MOST:])
        self.words("All others", "其他")
        labels.append("All others")
        self.numbers([rest], _SHARE)
        effects = [effect.shapley.value for effect in found.effects[:_MOST]]
        names = Cells(RISK, 1, first, labels)
        line = Line("Shapley effect", Cells(RISK, 4, first, [*effects, rest]), charts.NAVY)
        chart = charts.bars("What the variance comes from  方差来源", names, [line])
        charts.place(self.sheet, chart, f"{_CHARTS}{layout.RULER_ROW + 2 * _STEP}", height=10)

    def histogram(self) -> None:
        """Draws by value per share, their cumulative share, and where the price stands."""
        found, company = self.found, self.found.company
        price = found.centre.number(company.market_price)
        spread = found.spread(company.value_per_share)
        low, high = spread.all.quantile(np.array([_OUT, 1 - _OUT]))
        edges = _edges(float(low), float(high), price)
        counts = spread.all.histogram(edges)
        total = spread.all.count
        below = 1 - np.array([spread.all.share_above(edge) for edge in edges[1:]])
        here = (edges[:-1] <= price) & (price < edges[1:])
        names = [f"{edge:.2f}" for edge in edges[:-1]]
        shares = np.asarray(counts / total, dtype=np.float64)
        tallest = float(shares.max())
        self.head("Histogram of the value per share", "每股价值直方图", "", "From", "To", "Draws",
                  "Share", "Cumulative", "Price")  # fmt: skip
        first = self.at
        columns = edges[:-1], edges[1:], counts, shares, below, here * tallest
        formats = _PER_SHARE, _PER_SHARE, "#,##0", "0.00%", "0.0%", "0.00%;;"
        for i, name in enumerate(names):
            self.words(name, "")
            for column, (values, fmt) in enumerate(zip(columns, formats, strict=True), 4):
                value = float(values[i])
                self.book.number(self.sheet, self.at, column, value, self.styles("snapshot", fmt))
            self.at += 1

        def line(name: str, column: int, values: Array, colour: str) -> Line:
            return Line(name, Cells(RISK, column, first, [float(v) for v in values]), colour)

        bars = [line("Draws", 7, shares, charts.STEEL)]
        if here.any():
            marked = np.asarray(here * tallest, dtype=np.float64)
            bars.append(line(f"Price {price:.2f}", 9, marked, charts.CRIMSON))
        chart = charts.columns(
            "Value per share, CNY  每股价值分布",
            Cells(RISK, 1, first, names),
            bars,
            lines=[line("Cumulative", 8, below, charts.NAVY)],
            axes=("Share of draws", "Cumulative"),
            fmt="0%",
            line_top=1.0,
            every=5,
        )
        charts.place(self.sheet, chart, f"{_CHARTS}{layout.RULER_ROW}")


def _moved(move: Move) -> str:
    return f"correlation of {move.first} and {move.second}: {move.typed:g} moved to {move.used:.4f}"


def _edges(low: float, high: float, price: float) -> Array:
    """Edges of round width that hold the price too, where it is not too far away."""
    if price - high < high - low and low - price < high - low:
        low, high = min(low, price), max(high, price)
    step = _round_step((high - low) / _BINS)
    first = np.floor(low / step)
    count = int(np.floor(high / step) - first) + 1
    edges: Array = np.round((first + np.arange(count + 1)) * step, 10)
    return edges


def _round_step(step: float) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    if not step > 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(step))
    return float(next(m * power for m in (1, 2, 5, 10) if m * power >= step * (1 - 1e-9)))
