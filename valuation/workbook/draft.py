"""A report being made: the valuation, where its rows stand, and links to them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from openpyxl.workbook.defined_name import DefinedName

from valuation.engines.formulas import Formulas, Grid, Place, letters, quoted
from valuation.lines import Row
from valuation.workbook import layout
from valuation.workbook.outline import outline
from valuation.workbook.store import Book

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from valuation.risk.valuation import Valuation
    from valuation.workbook.inputs import Places

#: Sheets of a report besides those of its parts and inputs.
COVER, SUMMARY, CHECKS, UNITS, RISK = "Cover", "Summary", "Checks", "Units", "Risk"
SENSITIVITY = "Sensitivity"
#: What the title of a model sheet adds to that of the input sheet.
MODEL = " model"
#: Numbers of money: brackets for negatives, a dash for zero.
AMOUNT = '#,##0.0_);(#,##0.0);"-"_)'


class Draft:
    """What every sheet of a report needs to know.

    Attributes:
        result: The valuation reported.
        assumptions: Those of the valuation, what was set on top standing as overrides.
        book: The workbook being written.
        titles: Title of the model sheet of each part, by path.
        formulas: Writer of the rows' formulas.
        inputs: Where the inputs stand; set once the input sheets are written.
        input_cells: Address of the cell through which sensitivity tables change a row, by key;
            set before the sheets that link to it are written.
        model_sheets: Model sheets written, whose status cells wait for the master check.
    """

    inputs: Places

    def __init__(self, result: Valuation) -> None:
        """Give every row of the model a place."""
        self.result, self.company = result, result.company
        given = result.assumptions
        self.assumptions = replace(given, overrides={**given.overrides, **result.changes})
        self.book = Book()
        self.styles = self.book.styles
        model = self.company.model
        self.grid = Grid(
            value=layout.VALUE,
            opening=layout.OPENING,
            ruler=layout.RULER_ROW,
            periods=model.periods,
        )
        self.titles = {p: g.title + (MODEL if p else "") for p, g in self.company.sheets.items()}
        self.places = {
            item: Place(title, number)
            for path, title in self.titles.items()
            for number, (_, item) in enumerate(outline(model, path), layout.FIRST_ROW)
            if isinstance(item, Row)
        }
        self.formulas = Formulas(model, self.grid, self.places)
        self.input_cells: dict[str, str] = {}
        self.model_sheets: list[Worksheet] = []

    def link(
        self, sheet: Worksheet, at: int, column: int, row: Row, fmt: str, kind: str = "link"
    ) -> None:
        """Show a row's single value in a cell."""
        text = f"={self.formulas.reference(row, layout.VALUE, sheet.title)}"
        self.book.formula(sheet, at, column, text, self.result.number(row), self.styles(kind, fmt))

    def name(self, name: str, sheet: str, row: int, column: int) -> None:
        """Define a name for a cell."""
        address = f"{quoted(sheet)}!${letters(column)}${row}"
        self.book.workbook.defined_names[name] = DefinedName(name, attr_text=address)

    def heads(self, sheet: Worksheet, row: int, words: tuple[str, ...]) -> None:
        """Write a header row from column A."""
        for column, word in enumerate(words, 1):
            self.book.text(sheet, row, column, word, self.styles("head"))
