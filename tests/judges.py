"""Spreadsheet engines that share no code with the package."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import formualizer
import formulon
from openpyxl import load_workbook

SYSTEM_PYTHON = "/usr/bin/python3"
_SCRIPT = Path(__file__).parent / "uno_recalculate.py"

#: A cell set before recalculating: sheet, address, value.
Edit = tuple[str, str, Any]


def formula_cells(path: Path) -> dict[str, str]:
    """Formula of every formula cell, by `Sheet!A1`."""
    return {
        f"{sheet.title}!{cell.coordinate}": str(cell.value)
        for sheet in load_workbook(path)
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    }


def stored(path: Path) -> dict[str, Any]:
    """Stored value of every formula cell; dates as serial numbers."""
    cells = formula_cells(path)
    found = {}
    for sheet in load_workbook(path, data_only=True):
        for row in sheet.iter_rows():
            for cell in row:
                name = f"{sheet.title}!{cell.coordinate}"
                if name in cells:
                    found[name] = _serial(cell.value)
    return found


def _serial(value: Any) -> Any:
    if hasattr(value, "toordinal"):
        return float(value.toordinal() - 693594)
    return value


class Formualizer:
    """A workbook held by formualizer, recalculated after each edit."""

    def __init__(self, path: Path) -> None:
        self.cells = formula_cells(path)
        self._book = formualizer.load_workbook(str(path), strategy="eager_all")

    def recalculate(self, edits: list[Edit]) -> dict[str, Any]:
        """Set cells, recalculate, and tell the value of every formula cell."""
        for sheet, address, value in edits:
            row, column = _position(address)
            self._book.set_value(sheet, row, column, value)
        self._book.evaluate_all()
        told = {}
        for name in self.cells:
            sheet, _, address = name.rpartition("!")
            told[name] = _serial(self._book.get_value(sheet, *_position(address)))
        return told


class Formulon:
    """A workbook held by formulon, which recalculates data tables too."""

    def __init__(self, path: Path) -> None:
        self.cells = formula_cells(path)
        self._book = formulon.Workbook.load(path.read_bytes())
        count = self._book.sheet_count()
        self._sheets = {self._book.sheet_name(n): n for n in range(count)}

    def recalculate(self, edits: list[Edit], also: Iterable[str] = ()) -> dict[str, Any]:
        """Set cells, recalculate, and tell the value of every formula cell and of others."""
        for sheet, address, value in edits:
            row, column = _position(address)
            put = self._book.set_text if isinstance(value, str) else self._book.set_number
            put(self._sheets[sheet], row - 1, column - 1, value)
        self._book.recalc()
        return {name: self._value(name) for name in [*self.cells, *also]}

    def _value(self, name: str) -> Any:
        sheet, _, address = name.rpartition("!")
        row, column = _position(address)
        found = self._book.get_value(self._sheets[sheet], row - 1, column - 1)
        if found.error_code is not None:
            return {"error": found.error_code}
        return found.text if found.number is None else found.number


def _position(address: str) -> tuple[int, int]:
    letters = address.rstrip("0123456789")
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return int(address[len(letters) :]), column


def libreoffice(
    path: Path, edits: list[list[Edit]], *, pdf: Path | None = None
) -> list[dict[str, Any]]:
    """Recalculate in LibreOffice after each list of edits; edits stay for the lists after them."""
    job = {"path": str(path), "edits": edits, "pdf": str(pdf) if pdf else None}
    done = subprocess.run(
        [SYSTEM_PYTHON, str(_SCRIPT)],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: list[dict[str, Any]] = json.loads(done.stdout)
    return told


def differences(
    expected: dict[str, Any], found: dict[str, Any], *, leave_out: frozenset[str] = frozenset()
) -> dict[str, tuple[Any, Any]]:
    """Cells that differ by more than 1e-9 relative to max(1, size), or are of another kind."""
    assert expected.keys() == found.keys()
    return {
        name: (value, found[name])
        for name, value in expected.items()
        if name not in leave_out and not _alike(value, found[name])
    }


def _alike(one: Any, other: Any) -> bool:
    numbers = (int, float)
    if isinstance(one, numbers) and isinstance(other, numbers):
        return abs(one - other) <= 1e-9 * max(1.0, abs(one))
    if _is_error(one) or _is_error(other):
        return _is_error(one) and _is_error(other)
    return bool(one == other)


def _is_error(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, str) and value.startswith("#"))
