"""Recalculate a workbook in LibreOffice; run by a Python that has `uno`, not by pytest.

Reads a job from standard input: {"path": ..., "edits": [[[sheet, cell, value], ...], ...],
"pdf": path or null}. For each list of edits (an empty one to begin with) the cells are set, the
whole workbook is calculated anew, and every formula cell is told on standard output:
[{"sheet!cell": number or text or {"error": code}}, ...]. Edits stay for the lists after them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.sheet.FormulaResult import ERROR as ERROR_RESULTS

FORMULA_CELLS = 16  # com.sun.star.sheet.CellFlags.FORMULA


def main() -> None:
    job = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as profile:
        pipe = f"valuation{time.time_ns()}"
        office = subprocess.Popen(
            [
                "soffice",
                "--headless",
                "--norestore",
                "--nologo",
                f"-env:UserInstallation=file://{profile}",
                f"--accept=pipe,name={pipe};urp;",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            desktop = connect(pipe)
            document = desktop.loadComponentFromURL(
                Path(job["path"]).absolute().as_uri(), "_blank", 0, (option("Hidden", True),)
            )
            told = []
            for edits in job["edits"]:
                for sheet, cell, value in edits:
                    target = document.Sheets.getByName(sheet).getCellRangeByName(cell)
                    if isinstance(value, str):
                        target.String = value
                    elif value is None:
                        target.String = ""
                    else:
                        target.Value = value
                document.calculateAll()
                told.append(values(document))
            if job.get("pdf"):
                document.storeToURL(
                    Path(job["pdf"]).absolute().as_uri(), (option("FilterName", "calc_pdf_Export"),)
                )
            document.close(True)
            desktop.terminate()
            office.wait(timeout=30)
        finally:
            if office.poll() is None:
                office.kill()
    json.dump(told, sys.stdout)


def connect(pipe: str) -> object:
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext(
        "com.sun.star.bridge.UnoUrlResolver", local
    )
    for _ in range(240):
        try:
            context = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
            return context.ServiceManager.createInstanceWithContext(
                "com.sun.star.frame.Desktop", context
            )
        except Exception:  # noqa: BLE001 - uno raises a class of its own until the office listens
            time.sleep(0.25)
    raise SystemExit("LibreOffice did not start")


def option(name: str, value: object) -> PropertyValue:
    made = PropertyValue()
    made.Name, made.Value = name, value
    return made


def values(document: object) -> dict[str, object]:
    """Every formula cell: a whole block of values at once, then the few cells with errors."""
    told: dict[str, object] = {}
    for sheet in document.Sheets:
        for block in sheet.queryContentCells(FORMULA_CELLS):
            area = block.RangeAddress
            for r, line in enumerate(block.getDataArray()):
                for c, value in enumerate(line):
                    told[name_of(sheet, area.StartColumn + c, area.StartRow + r)] = value
        for block in sheet.queryFormulaCells(ERROR_RESULTS):
            area = block.RangeAddress
            for row in range(area.StartRow, area.EndRow + 1):
                for column in range(area.StartColumn, area.EndColumn + 1):
                    code = sheet.getCellByPosition(column, row).getError()
                    told[name_of(sheet, column, row)] = {"error": code}
    return told


def name_of(sheet: object, column: int, row: int) -> str:
    return f"{sheet.Name}!{letters(column + 1)}{row + 1}"


def letters(column: int) -> str:
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


main()
