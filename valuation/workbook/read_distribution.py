"""How an input is distributed, as its row says: range, distribution, parameters, yearly shock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from valuation.risk import distribution_faults as faults
from valuation.risk.assumptions import DISTRIBUTIONS, Input
from valuation.workbook.entries import Entry
from valuation.workbook.findings import Bounds
from valuation.workbook.layout import PERSISTENCE, SHOCK_SD
from valuation.workbook.numbers import shown
from valuation.workbook.read_parameters import read_parameters


def read_distribution(entry: Entry, given: Input, value: float) -> Input:
    """Read range, distribution and parameters of an input with one value, and check them.

    Args:
        entry: Its row.
        given: What else the row says.
        value: Its base value, not a number where it cannot be read.
    """
    bounds = Bounds(entry.row.unit_text, given.minimum, given.maximum, entry.row.whole)
    low, high = entry.number("Low", bounds), entry.number("High", bounds)
    word, parameters = entry.choice("Distribution", DISTRIBUTIONS), entry.text("Parameters")
    distribution = word or "fixed"
    is_known = bool(word) or entry.at.cell("Distribution").is_blank
    read = read_parameters(distribution, parameters if is_known else "", bounds)
    found = replace(
        given,
        low=low,
        high=high,
        distribution=distribution,
        parameters=parameters,
        settings=read.settings,
        weights=read.weights,
    )
    is_ordered = _is_range(entry, value, low, high)
    for text in read.faults:
        _tell(entry, "Parameters", text)
    for header, text in _faults(found, is_ordered=is_ordered, is_read=not read.faults):
        _tell(entry, header, text)
    return found


def read_shock(entry: Entry, given: Input) -> Input:
    """Read the yearly shock of a yearly input, and check it."""
    sd = entry.number(SHOCK_SD, Bounds(entry.row.unit_text))
    persistence = entry.number(PERSISTENCE, Bounds("%"))
    found = replace(given, shock_sd=sd or 0.0, persistence=persistence or 0.0)
    is_read = sd is not None or entry.at.cell(SHOCK_SD).is_blank
    for header, text in faults.shock_faults(found) if is_read else ():
        entry.problem(header, text)
    return found


def _faults(given: Input, *, is_ordered: bool, is_read: bool) -> Iterator[tuple[str, str]]:
    """Faults of the distribution that do not follow from one already told."""
    yield from faults.kind_faults(given)
    yield from faults.setting_faults(given)
    if is_read:
        yield from faults.missing_settings(given)
    needs_settings = given.distribution in ("normal", "lognormal")
    if is_ordered and (is_read or not needs_settings):
        yield from faults.range_faults(given)


def _tell(entry: Entry, header: str, text: str) -> None:
    """Note a fault at its cell, or where the cell is blank at the distribution that needs it."""
    if not entry.at.cell(header).is_blank:
        entry.problem(header, text)
    else:
        name = f"{entry.label}, {header}"
        entry.findings.problem(entry.at.cell("Distribution"), name, text)


def _is_range(entry: Entry, value: float, low: float | None, high: float | None) -> bool:
    """Whether Low and High are read and in order with Base; what is not is told."""
    cells = {header: entry.at.cell(header) for header in ("Low", "High")}
    blank = [header for header, cell in cells.items() if cell.is_blank]
    if len(blank) == 1:
        other = "High" if blank == ["Low"] else "Low"
        text = f"{other} has a value and {blank[0]} is empty. Give both or neither."
        entry.problem(blank[0] if entry.has(blank[0]) else other, text)
    unit = entry.row.unit_text
    if low is not None and high is not None and low > high:
        text = f"Low {shown(low, unit)} is above High {shown(high, unit)}. Exchange them."
        entry.problem("Low", text)
        return False
    if low is not None and low > value:
        text = f"Low {shown(low, unit)} is above Base {shown(value, unit)}."
        entry.problem("Low", f"{text} Lower Low or raise Base.")
        return False
    if high is not None and high < value:
        text = f"High {shown(high, unit)} is below Base {shown(value, unit)}."
        entry.problem("High", f"{text} Raise High or lower Base.")
        return False
    is_read = all(
        (v is None) == c.is_blank for v, c in zip((low, high), cells.values(), strict=True)
    )
    return is_read and len(blank) != 1
