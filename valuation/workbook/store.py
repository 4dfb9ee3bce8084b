"""A workbook being written: cells with formulas and the values Python computed for them.

openpyxl writes a formula without its value, and readers that do not calculate then show nothing.
Values are kept beside the cells and put into the sheet files after saving. The result is the same
bytes for the same content, and it replaces an old file in one step or not at all.
"""

from __future__ import annotations

import io
import math
import os
import re
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from openpyxl import Workbook
from openpyxl.worksheet.formula import DataTableFormula
from openpyxl.worksheet.hyperlink import Hyperlink

from valuation.errors import Problem, WorkbookError
from valuation.workbook.styles import Styles

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell, MergedCell
    from openpyxl.worksheet.worksheet import Worksheet

#: Time stamp of every member and of the document: the same content gives the same bytes.
_STAMP = (2000, 1, 1, 0, 0, 0)
#: A formula cell as openpyxl writes it: a text, or for a data table attributes only.
_FORMULA = re.compile(
    rb'<c r="([A-Z]+\d+)"([^>]*)><f((?: [^>]*?)?)(?: ?/>|>([^<]*)</f>)<v ?/?>(?:</v>)?</c>'
)
#: Longest text a cell holds; longer text would be cut without a word.
_LONGEST = 32_767


class Book:
    """An openpyxl workbook, its styles, and the value of every formula cell."""

    def __init__(self) -> None:
        """Start without sheets."""
        self.workbook = Workbook()
        self.workbook.remove(self.workbook.worksheets[0])
        self.styles = Styles(self.workbook)
        self._values: dict[str, dict[str, float | str]] = {}

    def sheet(self, title: str) -> Worksheet:
        """Add a sheet."""
        self._values[title] = {}
        made: Worksheet = self.workbook.create_sheet(title)
        return made

    def find(self, title: str) -> Worksheet:
        """A sheet added before."""
        return cast("Worksheet", self.workbook[title])

    def text(
        self, sheet: Worksheet, row: int, column: int, text: str, style: str = ""
    ) -> Cell | MergedCell:
        """Write text, never taken for a formula or an error."""
        if len(text) > _LONGEST:
            place = f"{sheet.title}!{sheet.cell(row, column).coordinate}"
            raise WorkbookError(
                [f"{place}: text of {len(text)} characters. Shorten to {_LONGEST}."]
            )
        cell = sheet.cell(row, column)
        if text:
            cell.value = text
            cell.data_type = "s"
        if style:
            cell.style = style
        return cell

    def number(
        self, sheet: Worksheet, row: int, column: int, value: float, style: str
    ) -> Cell | MergedCell:
        """Write a number; NaN and infinity are refused, openpyxl would leave the cell empty."""
        if not math.isfinite(value):
            raise ValueError(f"{sheet.title}, row {row}, column {column}: {value} is no number")
        cell = sheet.cell(row, column)
        cell.value = int(value) if value == int(value) and abs(value) < 1e15 else value  # noqa: PLR2004
        cell.style = style
        return cell

    def formula(
        self, sheet: Worksheet, row: int, column: int, formula: str, value: float | str, style: str
    ) -> Cell | MergedCell:
        """Write a formula with its value; a value that is no number is stored as an error."""
        cell = sheet.cell(row, column)
        cell.value = formula
        cell.style = style
        self._values[sheet.title][cell.coordinate] = value
        return cell

    def data_table(
        self,
        sheet: Worksheet,
        row: int,
        column: int,
        values: Sequence[Sequence[float]],
        *,
        down: str,
        along: str = "",
    ) -> None:
        """Write the body of a native data table, which the program works out anew itself.

        Args:
            sheet: Where it stands, with its input cells.
            row: Row of the first body cell.
            column: Its column.
            values: What it holds, row by row; a gap is stored as an error.
            down: Address of the cell that takes the values left of the body.
            along: Address of the cell that takes the values above it; without one the cells
                above hold formulas, an output each.
        """
        last = sheet.cell(row + len(values) - 1, column + len(values[0]) - 1)
        first = sheet.cell(row, column)
        ref = f"{first.coordinate}:{last.coordinate}"
        for at, across in enumerate(values):
            for n, value in enumerate(across):
                cell = sheet.cell(row + at, column + n)
                cell.value = value if math.isfinite(value) else "#N/A"
        # Excel calls the cell for the values above the row input cell, and names it first.
        first.value = (
            DataTableFormula(ref, dt2D=True, dtr=True, r1=along, r2=down)
            if along
            else DataTableFormula(ref, r1=down)
        )
        self._values[sheet.title][first.coordinate] = values[0][0]

    def link(self, cell: Cell | MergedCell, address: str, style: str) -> None:
        """Lead from a cell to another place of the workbook."""
        cell.hyperlink = Hyperlink(ref=cell.coordinate, location=address)
        cell.style = style

    def set_value(self, sheet: Worksheet, address: str, value: float | str) -> None:
        """Set the value of a formula already written, known only later."""
        if address not in self._values[sheet.title]:
            raise KeyError(f"{sheet.title}!{address} holds no formula")
        self._values[sheet.title][address] = value

    def values(self) -> dict[tuple[str, str], float | str]:
        """Value of every formula cell by sheet title and address."""
        return {
            (title, address): value
            for title, cells in self._values.items()
            for address, value in cells.items()
        }

    def to_bytes(self) -> bytes:
        """The finished file."""
        stamp = datetime(*_STAMP)  # noqa: DTZ001 - a constant, not a time
        self.workbook.properties.created = self.workbook.properties.modified = stamp
        for sheet in self.workbook.worksheets:
            sheet.sheet_view.selection[0].activeCell = sheet.sheet_view.selection[0].sqref = "A1"
        raw = io.BytesIO()
        self.workbook.save(raw)
        done = io.BytesIO()
        with zipfile.ZipFile(raw) as source, zipfile.ZipFile(done, "w") as target:
            names = {
                f"xl/worksheets/sheet{n}.xml": sheet.title
                for n, sheet in enumerate(self.workbook.worksheets, 1)
            }
            for member in source.namelist():
                data = source.read(member)
                if member in names:
                    data = _with_values(data, names[member], self._values[names[member]])
                if member == "docProps/core.xml":
                    data = re.sub(
                        rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>2000-01-01T00:00:00Z", data
                    )
                info = zipfile.ZipInfo(member, _STAMP)
                info.compress_type = zipfile.ZIP_DEFLATED
                target.writestr(info, data)
        return done.getvalue()

    def save(self, path: Path, *, backup: bool = False) -> None:
        """Write the file in one step; see `replace`."""
        replace(path, self.to_bytes(), backup=backup)


def _with_values(data: bytes, title: str, values: dict[str, float | str]) -> bytes:
    """Put a value behind each formula of a sheet file.

    Raises:
        ValueError: A formula has no value, or a value no formula.
    """
    filled: set[str] = set()

    def fill(match: re.Match[bytes]) -> bytes:
        address = match[1].decode()
        value = values.get(address, "")
        filled.add(address)
        attributes = re.sub(rb' t="[^"]*"', b"", match[2])
        if isinstance(value, str):
            kind, text = b' t="str"', _escaped(value)
        elif not math.isfinite(value):
            kind, text = b' t="e"', b"#N/A"
        else:
            kind, text = b"", repr(float(value)).removesuffix(".0").encode()
        formula = b"<f%s/>" % match[3] if match[4] is None else b"<f>%s</f>" % match[4]
        return b'<c r="%s"%s%s>%s<v>%s</v></c>' % (match[1], attributes, kind, formula, text)

    done = _FORMULA.sub(fill, data)
    if filled != values.keys() or len(re.findall(b"<f[ >]", done)) != len(filled):
        raise ValueError(f"{title}: formulas without a value: {sorted(values.keys() ^ filled)[:5]}")
    return done


def _escaped(text: str) -> bytes:
    for plain, code in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(plain, code)
    return text.encode()


def replace(path: Path, data: bytes, *, backup: bool = False) -> None:
    """Replace a file in one step: it is the old one or the new one, never half of either.

    Args:
        path: The file; a symbolic link is followed.
        data: The new content.
        backup: Keep the old file beside it, as `name.bak`.

    Raises:
        WorkbookError: The file is open elsewhere, or its folder cannot be written.
    """
    path = path.resolve()
    for lock in (path.with_name(f"~${path.name}"), path.with_name(f".~lock.{path.name}#")):
        if lock.exists():
            text = (
                f"open in another program ({lock.name} stands beside it). Close it and try again."
            )
            raise WorkbookError([Problem(file=path.name, text=text)])
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=".tmp")
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o644)
        if backup and path.exists():
            shutil.copy2(path, path.with_name(f"{path.name}.bak"))
        temporary.replace(path)
    except OSError as error:
        text = f"cannot be written: {error.strerror or error}. The old file is unchanged."
        raise WorkbookError([Problem(file=path.name, text=text)]) from None
    finally:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink()
