"""Small companies: one with its workbook as a person might have saved it, one to simulate."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook

from valuation.errors import AssumptionError
from valuation.lines import (
    YEAR,
    Company,
    Event,
    Group,
    Model,
    PartOfCompany,
    assume,
    calendar_year,
    exp,
    line,
    over_years,
    previous,
    root,
    switch,
)
from valuation.risk.assumptions import Assumptions, Input, Scenario
from valuation.workbook.read import read

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

NAME = "mill.xlsx"
YEARS = (2025, 2026, 2027)
SCALAR = (
    *("Key", "Label", "名称", "Unit", "Base", "Low", "High", "Distribution", "Parameters"),
    *("Minimum", "Maximum", "Source", "As of", "Confidence", "Note"),
)
YEARLY = ("Key", "Label", "名称", "Unit", None, *YEARS, "Minimum", "Maximum", "Source")


class Ruler(Group, title="Ruler | 时间轴", shared=True):
    """The years."""

    base_year = assume("Last actual year", "year", whole=True, minimum=2000)
    valuation_date = assume("Valuation date", "date", whole=True, minimum=40000)
    mid_year = switch("Mid-year discounting")
    year_before = previous(base_year)
    year = line("Year", "year", year_before + YEAR, closes=year_before)
    timing = line("Timing", "year", calendar_year(valuation_date) + mid_year * YEAR)


class Mill(Group, title="Mill | 工厂"):
    """One plant."""

    take_up = assume("Take-up", "%", minimum=0, maximum=1)
    price = assume("Price", "CNY m/t", minimum=0, maximum=20000)
    margin_shift = assume("Margin shift", "%")
    life = assume("Life", "years", whole=True, minimum=1, maximum=50)
    shares = assume("Shares", "shares", minimum=0)
    volume = assume("Volume", "t", yearly=True, minimum=0, maximum=1000)

    revenue = line("Revenue", "CNY m", volume * take_up * price * (1 + margin_shift))
    revenue_per_year = line("Revenue a year of life", "CNY m/year", over_years(revenue) / life)
    equity = line("Equity value", "CNY m", over_years(revenue))
    per_share = line("Value per share", "CNY m/share", equity / shares)
    upside = line("Upside", "%", per_share / per_share - 1)


class Whole(Group, title="Sum of parts"):
    """The company."""

    ruler = Ruler
    mill = Mill


company = Company(
    name="mill",
    title="Mill",
    chinese="工厂",
    ticker="000000.SH",
    currency="CNY",
    model=Model(Whole, year=Ruler.year, periods=len(YEARS)),
    base_year=Ruler.base_year,
    valuation_date=Ruler.valuation_date,
    parts=(),
    bridge=(),
    equity_value=Mill.equity,
    diluted_shares=Mill.shares,
    value_per_share=Mill.per_share,
    market_price=Mill.per_share,
    upside=Mill.upside,
)


def find_company(name: str) -> Company:
    """Know one company only."""
    if name != company.name:
        raise AssumptionError([f"no company {name!r}. Known: {company.name}."])
    return company


def valid() -> Workbook:
    """A workbook in which all is well: Base is E, Low F, High G, the years F to H."""
    book = Workbook()
    guide = book.active
    guide.title = "Guide"
    fill(guide, {1: ("Assumptions",), 3: ("Company", "mill")})
    fill(
        book.create_sheet("Ruler"),
        {
            1: ("Ruler",),
            4: SCALAR,
            5: ("ruler.base_year", "Last actual year", "", "year", 2024),
            6: ("ruler.valuation_date", "Valuation date", "", "date", date(2026, 2, 27)),
            7: ("ruler.mid_year", "Mid-year", "", "flag", 1),
        },
    )
    fill(
        book.create_sheet("Mill"),
        {
            4: SCALAR,
            5: (None, "Operations"),
            6: ("mill.take_up", "Take-up, saturated", "", "%", 0.92, 0.8, 1, "PERT"),
            7: ("mill.price", "Price", "", "CNY m/t", 8640, None, None, "discrete"),
            8: ("mill.margin_shift", "Margin shift", "", "%", 0),
            9: ("mill.life", "Life", "", "years", 20, 15, 25, "fixed"),
            10: ("mill.shares", "Shares", "", "shares", 3377.2),
            12: (None, "Yearly inputs"),
            13: YEARLY,
            14: ("mill.volume", "Volume", "", "t", None, 100, 110, 120.5, 10, 900, "[S]"),
        },
    )
    mill = book["Mill"]
    mill["I7"] = "5,850: 30%; 8,640: 20%; 10,800: 50%"
    mill["E6"].number_format = "0.0%"
    fill(
        book.create_sheet("Scenarios"),
        {
            1: ("Scenarios  情景",),
            2: ("Blank means base.",),
            4: ("Key", "Label", "名称", "Unit", "Base", "Live", "Override", "bear", "base", "bull"),
            5: ("name", None, None, None, None, None, None, "悲观", "基准", "乐观"),
            6: ("weight", None, None, None, None, None, None, 0.25, 0.5, 0.25),
            7: ("mill.take_up", "Take-up", "", "%", 0.92, None, None, 0.85, None, 0.95),
            8: ("mill.life", "Life", "", "years", 20, None, None, 15),
        },
    )
    fill(
        book.create_sheet("Correlations"),
        {
            1: ("Rank correlations",),
            4: ("Key", "mill.take_up", "mill.price", "mill.life"),
            5: ("mill.take_up", 1, 0.5),
            6: ("mill.price", 0.5, 1),
            7: ("mill.life", -0.25, 0, 1),
        },
    )
    fill(
        book.create_sheet("Facts"),
        {
            1: ("Facts",),
            2: ("Facts of the article",),
            4: ("ID", "Value", "Unit"),
            5: ("F01", 10800, "racks"),
            6: ("F02", 0.92, "%"),
            9: ("Conflicts",),
            10: ("ID", "Conflict"),
            11: ("I-01", "15.8bn is not capex"),
        },
    )
    return book


def fill(sheet: Worksheet, rows: dict[int, tuple[object, ...]]) -> None:
    """Write rows from column A on."""
    for number, values in rows.items():
        for column, value in enumerate(values, 1):
            sheet.cell(number, column).value = value


def to_bytes(book: Workbook) -> bytes:
    """What saving the workbook gives."""
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def read_data(data: bytes) -> Assumptions:
    """Read what a file of these bytes says."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / NAME
        path.write_bytes(data)
        return read(path, find_company)


def read_book(book: Workbook) -> Assumptions:
    """Read what a workbook says."""
    return read_data(to_bytes(book))


def told(book: Workbook | bytes) -> list[str]:
    """Every problem of a workbook, without the name of the file, in the order told."""
    with pytest.raises(AssumptionError, match=r"mill\.xlsx") as caught:
        read_data(book if isinstance(book, bytes) else to_bytes(book))
    assert all(problem.file == NAME for problem in caught.value.problems)
    return [str(p).removeprefix(NAME).lstrip(",: ") for p in caught.value.problems]


def with_members(data: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """Change the members of a zip archive."""
    with ZipFile(BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    stream = BytesIO()
    with ZipFile(stream, "w", ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def with_cell_xml(data: bytes, sheet_number: int, address: str, xml: str) -> bytes:
    """Replace one cell's XML, as an office program would have written it."""
    name = f"xl/worksheets/sheet{sheet_number}.xml"
    pattern = re.compile(rf'<c r="{address}"[^>]*?(/>|>.*?</c>)', re.DOTALL)

    def change(members: dict[str, bytes]) -> None:
        text, count = pattern.subn(xml, members[name].decode())
        assert count == 1, address
        members[name] = text.encode()

    return with_members(data, change)


class Pair(Group, title="Pair | 两部分"):
    """Two parts and a debt: linear in what is drawn, unless the depth is drawn."""

    base_year = assume("Last actual year", "year", whole=True, minimum=2000)
    valuation_date = assume("Valuation date", "date", whole=True)
    north = assume("North", "CNY m")
    south = assume("South", "CNY m")
    debt = assume("Net debt", "CNY m")
    flow = assume("Flow", "CNY m", yearly=True)
    depth = assume("Depth", "ratio")
    shares = assume("Shares", "m shares", minimum=0.001)
    price = assume("Price", "CNY m/m shares", minimum=0.001)

    year_before = previous(base_year)
    year = line("Year", "year", year_before + YEAR, closes=year_before)
    draught = line("Draught", "ratio", root(depth), note="The depth must not be below zero.")
    north_value = line("North, value", "CNY m", north)
    south_value = line("South, value", "CNY m", south * draught + over_years(flow))
    less_debt = line("Less net debt", "CNY m", -debt)
    equity = line("Equity value", "CNY m", north_value + south_value + less_debt)
    per_share = line("Value per share", "CNY m/m shares", equity / shares)
    upside = line("Upside", "%", per_share / price - 1)
    inflow = line("Inflow", "flag", flow > 0)
    asked = line("Years asked", "flag", year >= calendar_year(valuation_date))
    ruin = line("Ruin", "flag", equity < 0)
    curve = line("Curve", "ratio", exp(root(depth)) + upside)
    inverse = line("Inverse of the depth", "ratio", 1 / depth)
    never = line("Never a number", "ratio", root(-draught - 1))


def _part(key: str) -> PartOfCompany:
    found = getattr(Pair, f"{key}_value")
    return PartOfCompany(
        key=key, title=key, chinese=key, methods=(), enterprise_value=found, method_gap=found,
        stake=found, value=found,
    )  # fmt: skip


pair = Company(
    name="pair", title="Pair", chinese="两部分", ticker="", currency="CNY",
    model=Model(Pair, year=Pair.year, periods=3), base_year=Pair.base_year,
    valuation_date=Pair.valuation_date, parts=(_part("north"), _part("south")),
    bridge=(Pair.less_debt,), equity_value=Pair.equity, diluted_shares=Pair.shares,
    value_per_share=Pair.per_share, market_price=Pair.price, upside=Pair.upside,
    events=(
        Event(key="inflow", title="Inflow", chinese="", flag=Pair.inflow, during=Pair.asked),
        Event(key="ruin", title="Ruin", chinese="", flag=Pair.ruin),
    ),
)  # fmt: skip
PAIR: dict[str, float | tuple[float, ...]] = {
    "base_year": 2024.0, "valuation_date": 46080.0, "north": 300.0, "south": 200.0, "debt": 50.0,
    "flow": (10.0, 20.0, 30.0), "depth": 1.0, "shares": 10.0, "price": 50.0,
}  # fmt: skip


def pair_book(
    drawn: Mapping[str, Mapping[str, Any]],
    scenarios: Mapping[str, tuple[float, Mapping[str, float]]] | None = None,
    **others: Any,
) -> Assumptions:
    """Assumptions of the pair: what is drawn as fields of its input, scenarios with weights."""
    told = {"base": (1.0, {}), **(scenarios or {})}
    return Assumptions(
        company=pair,
        inputs={
            key: Input(
                key=key,
                row=row,
                **{
                    "value": PAIR[key],
                    "minimum": row.minimum,
                    "maximum": row.maximum,
                    **drawn.get(key, {}),
                },
            )
            for key, row in pair.model.assumptions.items()
        },
        scenarios={
            name: Scenario(name=name, weight=weight, values=values)
            for name, (weight, values) in told.items()
        },
        **others,
    )
