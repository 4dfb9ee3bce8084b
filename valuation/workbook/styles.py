"""How cells look: blue inputs, black formulas, green links, and a number format for each unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Protection, Side

if TYPE_CHECKING:
    from openpyxl import Workbook

    from valuation.lines import Row

LATIN = "Arial"
NAVY, BLUE, BLACK, GREEN, GREY, RED = "1F3864", "0000FF", "000000", "00703C", "7F7F7F", "C00000"
_FILLS = {
    "input": "FFF9E5",
    "head": NAVY,
    "block": "D9E2F3",
    "total": "F2F2F2",
    "added": "F8CBAD",
    "base": "FFD966",
}

#: Kinds of cells: font colour, bold, fill.
_KINDS: dict[str, tuple[str, bool, str]] = {
    "input": (BLUE, False, "input"),
    "added": (BLUE, False, "added"),
    "formula": (BLACK, False, ""),
    "link": (GREEN, False, ""),
    "total": (BLACK, True, "total"),
    "text": (BLACK, False, ""),
    "bold": (BLACK, True, ""),
    "note": (GREY, False, ""),
    "head": ("FFFFFF", True, "head"),
    "block": (NAVY, True, "block"),
    "title": (NAVY, True, ""),
    "hyperlink": (BLUE, False, ""),
    "source": (BLUE, False, "input"),
    "snapshot": (GREY, False, ""),
    "axis": (BLUE, True, "block"),
    "header": (NAVY, True, "block"),
    "base axis": (BLUE, True, "base"),
    "base header": (NAVY, True, "base"),
    "base": (BLACK, True, ""),
    "base snapshot": (GREY, True, ""),
}
_SIZES = {"title": 14}

#: Number formats by first word of the unit; brackets for negatives, a dash for zero amounts.
_AMOUNT = '#,##0.0_);(#,##0.0);"-"_)'
_FORMATS = {
    "%": "0.00%_);(0.00%)",
    "%/year": "0.00%_);(0.00%)",
    "x": "0.00x_);(0.00x)",
    "Mt": "0.00_);(0.00)",
    "t/t": "0.00_);(0.00)",
    "MW": "0.00_);(0.00)",
    "CNY/kWh": "0.000_);(0.000)",
    "kW/GPU": "0.00_);(0.00)",
    "m tokens/GPU/hour": "0.00_);(0.00)",
    "flag": "0",
    "date": "yyyy-mm-dd",
    "year": "0.00",
    "years": "0.00",
    "months": "0",
    "ratio": "0.0000_);(0.0000)",
    "1/year": "0.00",
    "racks": "#,##0_);(#,##0)",
    "CNY/share": "0.00_);(0.00)",
    "CNY m/rack": "0.000_);(0.000)",
    "CNY m/PFlops/year": "0.000_);(0.000)",
}
PASSED = '[=1]"OK";[=0]"CHECK";General'
WHOLE_FORMAT = "0"


def number_format(row: Row, *, whole: bool = False) -> str:
    """Format of a row's numbers."""
    if row.unit_text == "year" and whole:
        return WHOLE_FORMAT
    return _FORMATS.get(row.unit_text, _AMOUNT)


class Styles:
    """Named styles of a workbook, made when first asked for."""

    def __init__(self, workbook: Workbook) -> None:
        """Belong to one workbook."""
        self._workbook = workbook
        self._made: dict[tuple[str, str, bool], str] = {}

    def __call__(self, kind: str, fmt: str = "General", *, wrap: bool = False) -> str:
        """Name of the style for a kind of cell and a number format."""
        found = self._made.get((kind, fmt, wrap))
        if found is None:
            found = self._make(kind, fmt, wrap=wrap)
            self._made[kind, fmt, wrap] = found
        return found

    def _make(self, kind: str, fmt: str, *, wrap: bool) -> str:
        colour, bold, fill = _KINDS[kind]
        count = sum(k == kind for k, _, _ in self._made)
        style = NamedStyle(f"{kind} {count + 1}", number_format=fmt)
        style.font = Font(
            name=LATIN,
            size=_SIZES.get(kind, 9),
            bold=bold,
            color=colour,
            underline="single" if kind in ("hyperlink", "source") else None,
        )
        style.alignment = Alignment(
            vertical="top" if wrap else "center",
            wrap_text=wrap,
            horizontal="center" if kind == "head" and not wrap else None,
        )
        style.protection = Protection(locked=False)
        if fill:
            style.fill = PatternFill("solid", fgColor=_FILLS[fill])
        if kind == "total":
            style.border = Border(top=Side("thin", color=GREY))
        if kind in ("base", "base snapshot"):
            edge = Side("medium", color=NAVY)
            style.border = Border(left=edge, right=edge, top=edge, bottom=edge)
        if kind in ("input", "source", "added"):
            edge = Side("hair", color=GREY)
            style.border = Border(left=edge, right=edge, top=edge, bottom=edge)
        self._workbook.add_named_style(style)
        return style.name
