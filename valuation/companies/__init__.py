"""Companies: which parts, weights, stakes and bridge. The Guide sheet names one of these."""

from importlib import import_module

from valuation.errors import AssumptionError
from valuation.lines import Company

#: Module of each company, by the name its assumption workbooks carry.
COMPANIES = {"hangang": "valuation.companies.hangang"}


def find(name: str) -> Company:
    """Load the company of a name.

    Raises:
        AssumptionError: No company has this name.
    """
    if name not in COMPANIES:
        known = ", ".join(sorted(COMPANIES))
        raise AssumptionError([f"no company {name!r}. Name one of: {known}."])
    company: Company = import_module(COMPANIES[name]).company
    return company
