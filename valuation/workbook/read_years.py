"""Which years the yearly blocks of a workbook must have."""

from __future__ import annotations

from collections.abc import Sequence

from valuation.risk.assumptions import Input
from valuation.workbook.blocks import Block
from valuation.workbook.findings import Findings


def years_after(base_year: Input | None, periods: int) -> tuple[int, ...]:
    """Years every yearly block must have; empty where the last actual year is not known."""
    if base_year is None or isinstance(base_year.value, tuple):
        return ()
    first = int(base_year.value) + 1
    return tuple(range(first, first + periods))


def years_headed(blocks: Sequence[Block], periods: int) -> tuple[int, ...]:
    """Years of the first yearly block, where they are as many as the model has."""
    years = next((tuple(sorted(b.years)) for b in blocks if b.is_yearly), ())
    return years if len(years) == periods else ()


def check_years(block: Block, years: Sequence[int], findings: Findings) -> None:
    """Say which years the header of a yearly block lacks, and which it has too many."""
    wrong = set(block.years) ^ set(years)
    if not block.is_yearly or not years or not wrong:
        return
    missing = ", ".join(str(y) for y in sorted(wrong) if y in years)
    extra = ", ".join(str(y) for y in sorted(wrong) if y not in years)
    told = [f"missing: {missing}"] * bool(missing) + [f"not among them: {extra}"] * bool(extra)
    text = f"the years must be {years[0]} to {years[-1]}, the {len(years)} after {years[0] - 1}"
    findings.problem(block.header_cell, "header", f"{text}. Mend the headers ({'; '.join(told)}).")
