"""Assumption workbooks, as people left them, to assumptions checked against their model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from valuation.errors import AssumptionError, Problem
from valuation.lines import Company
from valuation.risk.assumptions import GAPS, Assumptions, Table
from valuation.risk.blank import completed
from valuation.workbook.archive import has_macros, read_bytes
from valuation.workbook.cells import Book, Cell, Sheet, open_book, same_words
from valuation.workbook.findings import Findings
from valuation.workbook.layout import (
    COMPANY_LABEL,
    CORRELATIONS,
    GAPS_LABEL,
    GUIDE,
    SCENARIOS,
    TABLES,
)
from valuation.workbook.read_correlations import Correlations, is_correlations, read_correlations
from valuation.workbook.read_facts import is_facts, read_facts
from valuation.workbook.read_inputs import Inputs, read_inputs
from valuation.workbook.read_scenarios import Scenarios, is_scenarios, read_scenarios
from valuation.workbook.read_tables import is_tables, read_tables


def read(path: Path, find_company: Callable[[str], Company]) -> Assumptions:
    """Read an assumption workbook; a report is one too.

    Args:
        path: The workbook.
        find_company: Gives the company of a name, or raises AssumptionError.

    Raises:
        WorkbookError: The file cannot be read.
        AssumptionError: With every problem on its sheets, sorted by place.
    """
    assumptions, _, findings = _read(path, find_company)
    if findings.problems or findings.outdated:
        raise AssumptionError([*findings.problems, *findings.outdated])
    return assumptions


@dataclass(frozen=True, kw_only=True)
class Outdated:
    """A workbook made for an earlier or later model of its company.

    Attributes:
        assumptions: What it says; inputs it lacks are blank.
        missing: Keys of the inputs it lacks.
        unknown: Its keys that the model does not have, with their place.
        first_year: First of its yearly columns, where they can be told.
    """

    assumptions: Assumptions
    missing: tuple[str, ...]
    unknown: tuple[Problem, ...]
    first_year: int | None


def read_outdated(path: Path, find_company: Callable[[str], Company]) -> Outdated:
    """Read a workbook although the model has gained or lost inputs since it was made.

    Raises:
        WorkbookError: The file cannot be read.
        AssumptionError: With every problem but missing inputs and unknown keys.
    """
    assumptions, found, findings = _read(path, find_company)
    company = assumptions.company
    if not findings.problems and found.inputs.keys() | set(found.missing) != set(found.bounds):
        text = "no row for it, so the years of the yearly inputs cannot be told. Add it first."
        findings.absence("", company.base_year.label, text)
    if findings.problems:
        raise AssumptionError(findings.problems)
    return Outdated(
        assumptions=replace(assumptions, inputs=completed(company, found.inputs)),
        missing=found.missing,
        unknown=tuple(problem for problem in findings.outdated if problem.cell),
        first_year=found.years[0] if found.years else None,
    )


def _read(
    path: Path, find_company: Callable[[str], Company]
) -> tuple[Assumptions, Inputs, Findings]:
    """Read what is there, whatever is wrong with it."""
    data = read_bytes(path)
    book = open_book(data, path.name)
    findings = Findings(path.name, date_1904=book.date_1904)
    if has_macros(data):
        findings.notice("the workbook has macros; they are not run")
    _note_lost_tables(book, findings)
    company = _company(book, find_company, findings)
    model = company.model
    sheets = _sorted_out(book, company, findings)
    inputs = read_inputs(sheets.inputs, company, findings)
    scenarios, correlations = Scenarios(), Correlations()
    if sheets.scenarios is not None:
        scenarios = read_scenarios(sheets.scenarios, model, inputs.bounds, findings)
    if sheets.correlations is not None:
        correlations = read_correlations(sheets.correlations, model, findings)
    assumptions = Assumptions(
        company=company,
        inputs=inputs.inputs,
        scenarios=scenarios.scenarios,
        correlations=correlations.pairs,
        correlated=correlations.keys,
        demand_loadings=correlations.loadings,
        gaps=_gaps(book, findings),
        overrides=scenarios.overrides,
        tables=_tables(book),
        source=path.name,
    )
    return _with_tables(assumptions, sheets.tables, findings), inputs, findings


def _with_tables(assumptions: Assumptions, sheet: Sheet | None, findings: Findings) -> Assumptions:
    """With what the Tables sheet says, where there is one, and all that reading found."""
    if sheet is not None:
        found = read_tables(sheet, assumptions, findings)
        assumptions = replace(
            assumptions,
            wanted=tuple(found.tables),
            prices=tuple(found.prices),
            questions=tuple(found.questions),
        )
    return replace(assumptions, notices=findings.notices)


def _company(book: Book, find_company: Callable[[str], Company], findings: Findings) -> Company:
    """The company the Guide sheet names, or any sheet where there is no Guide."""
    guides = _guides(book)
    found = list(_beside(COMPANY_LABEL, guides)) or list(_beside(COMPANY_LABEL, book.sheets))
    problems: list[Problem] = []
    for cell in found:
        try:
            return find_company(cell.text)
        except AssumptionError as error:
            for problem in error.problems:
                findings.problem(cell, COMPANY_LABEL, problem.text)
            problems = problems or list(findings.problems)
    text = (
        f"no sheet names the company. On the sheet {GUIDE}, write {COMPANY_LABEL} in a cell "
        "and the name in the cell to its right."
    )
    raise AssumptionError(problems or [Problem(text=text, file=findings.file)])


def _gaps(book: Book, findings: Findings) -> str:
    """What becomes of draws without a value, as the Guide sheet says, or any other."""
    found = list(_beside(GAPS_LABEL, _guides(book))) or list(_beside(GAPS_LABEL, book.sheets))
    for cell in found[:1]:
        for word in GAPS:
            if same_words(cell.text, word):
                return word
        text = f"{cell.text!r} is not known. Enter one of: {', '.join(GAPS)}."
        findings.problem(cell, GAPS_LABEL, text)
    return GAPS[0]


def _guides(book: Book) -> list[Sheet]:
    return [s for s in book.sheets if same_words(s.title, GUIDE)]


def _beside(label: str, sheets: Sequence[Sheet]) -> Iterator[Cell]:
    """Cells to the right of a label."""
    for sheet in sheets:
        for number in sheet.numbers:
            for here, cell in pairwise(sheet.row(number)):
                if same_words(here.text.rstrip(":："), label):
                    yield cell


@dataclass(frozen=True, kw_only=True)
class _Sheets:
    """The sheets that are read, Guide and reference sheets aside."""

    scenarios: Sheet | None
    correlations: Sheet | None
    tables: Sheet | None
    inputs: list[Sheet]


def _sorted_out(book: Book, company: Company, findings: Findings) -> _Sheets:
    """Tell the Scenarios, Correlations and Tables sheets from those that may hold inputs."""
    rest = [s for s in book.sheets if not is_facts(s) and not same_words(s.title, GUIDE)]

    def pick(
        title: str, looks_like: Callable[[Sheet], bool], *, needed: bool = True
    ) -> Sheet | None:
        titled = [s for s in rest if same_words(s.title, title)]
        alike = [s for s in rest if s not in titled and looks_like(s)]
        found = [*titled, *alike]
        for sheet in found:
            rest.remove(sheet)
        for sheet in found[1:]:
            findings.notice(f"{sheet.title}: not read, the sheet {found[0].title} is")
        if needed and not found:
            text = f"sheet {title} is missing. Add it, or take it from the workbook as it was."
            findings.absence("", "", text)
        return found[0] if found else None

    return _Sheets(
        scenarios=pick(SCENARIOS, is_scenarios),
        correlations=pick(CORRELATIONS, lambda sheet: is_correlations(sheet, company.model)),
        tables=pick(TABLES, is_tables, needed=False),
        inputs=rest,
    )


def _note_lost_tables(book: Book, findings: Findings) -> None:
    for sheet in book.sheets:
        lost = [c for n in sheet.numbers for c in sheet.rows[n].values() if c.is_lost_table]
        if lost:
            findings.notice(
                f"{lost[0].place}: LibreOffice saved this file and wrote TABLE( in place of a "
                "data table; inputs are read all the same"
            )


def _tables(book: Book) -> dict[str, Table]:
    """Reference blocks by title; a second of the same title gets a number."""
    tables: dict[str, Table] = {}
    for table in (t for sheet in book.sheets if is_facts(sheet) for t in read_facts(sheet)):
        title, count = table.title, 1
        while title in tables:
            count += 1
            title = f"{table.title} ({count})"
        tables[title] = replace(table, title=title)
    return tables
