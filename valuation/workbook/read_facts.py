"""Sheets of reference tables, Facts and KPIs: rows kept as they are."""

from __future__ import annotations

from typing import Final

from valuation.risk.assumptions import Table
from valuation.workbook.cells import Sheet
from valuation.workbook.layout import REFERENCE
from valuation.workbook.numbers import plain

ID: Final = "ID"


def reference_title(sheet: Sheet) -> str:
    """Title of the reference sheet this is, alone or with more words, or nothing."""
    title = plain(sheet.title).casefold()
    return next((word for word in REFERENCE if title.startswith(word.casefold())), "")


def is_facts(sheet: Sheet) -> bool:
    """Whether a sheet holds reference tables."""
    return bool(reference_title(sheet))


def read_facts(sheet: Sheet) -> list[Table]:
    """Read each block under a header that begins with `ID`."""
    filled = [n for n in sheet.numbers if sheet.row(n)]
    headers = [n for n in filled if sheet.row(n)[0].text == ID]
    titles = {header: _title_row(sheet, filled, headers, header) for header in headers}
    tables = []
    for header, after in zip(headers, [*headers[1:], filled[-1] + 1 if filled else 0], strict=True):
        title_row = titles.get(after, 0)
        rows = [n for n in filled if header < n < after and n != title_row]
        cells = sheet.row(header)
        tables.append(
            Table(
                sheet=reference_title(sheet),
                title=sheet.row(titles[header])[0].text if titles[header] else sheet.title,
                headers=tuple(c.text for c in cells),
                rows=tuple(tuple(sheet.cell(n, c.column).value for c in cells) for n in rows),
            )
        )
    return tables


def _title_row(sheet: Sheet, filled: list[int], headers: list[int], header: int) -> int:
    """The nearest row of one text above a header and below the header before it; 0 without."""
    before = max((n for n in headers if n < header), default=0)
    for number in reversed([n for n in filled if before < n < header]):
        cells = sheet.row(number)
        if len(cells) == 1 and isinstance(cells[0].value, str):
            return number
    return 0
