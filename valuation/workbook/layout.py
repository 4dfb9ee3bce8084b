"""Where things stand in the workbooks: sheet titles, headers and columns, for reader and writer.

Input sheets hold blocks. A block starts with a header row that has the word `Key`; scalar blocks
have a `Base` column, yearly blocks a column for each year. On every sheet with years the same
column is the same year.
"""

from __future__ import annotations

from typing import Final

GUIDE: Final = "Guide"
SCENARIOS: Final = "Scenarios"
CORRELATIONS: Final = "Correlations"
TABLES: Final = "Tables"
FACTS: Final = "Facts"
KPIS: Final = "KPIs"
#: Sheets of reference tables, kept as they are.
REFERENCE: Final = (FACTS, KPIS)

#: Headers of a block of inputs with one value, from column A.
SCALAR_HEADERS: Final = (
    "Key",
    "Label",
    "名称",
    "Unit",
    "Base",
    "Low",
    "High",
    "Distribution",
    "Parameters",
    "Minimum",
    "Maximum",
    "Source",
    "As of",
    "Confidence",
    "Note",
)
#: Headers of a block of yearly inputs before the years (column E stays empty) and after them.
YEARLY_HEADERS: Final = ("Key", "Label", "名称", "Unit", "")
SHOCK_SD: Final = "Shock sd"
PERSISTENCE: Final = "Persistence"
YEARLY_TAIL: Final = (
    SHOCK_SD,
    PERSISTENCE,
    "Minimum",
    "Maximum",
    "Source",
    "As of",
    "Confidence",
    "Note",
)

#: Headers of the Scenarios sheet before the scenario names; every other header is a scenario.
SCENARIO_HEADERS: Final = ("Key", "Label", "名称", "Unit", "Base", "Live", "Override")
#: Keys of the rows of the Scenarios sheet that are no inputs.
WEIGHT_KEY: Final = "weight"
NAME_KEY: Final = "name"

#: Headers of the blocks of the Tables sheet, from column A; the first word names the block.
TABLE_HEADERS: Final = (
    "Table",
    "名称",
    "Row input",
    "Row steps",
    "Column input",
    "Column steps",
    "Output",
    "Scenario",
)
PRICE_HEADERS: Final = ("Price", "名称", "Value", "Source")
QUESTION_HEADERS: Final = ("Question", "名称", "Inputs", "Scenarios", "From", "To")

#: Columns of model sheets: label, name, unit, single value, opening, then the years.
LABEL, CHINESE, UNIT, VALUE, OPENING = 1, 2, 3, 4, 5
FIRST_YEAR: Final = OPENING + 1
#: Row of the ruler on model sheets, and the first row below it.
RULER_ROW: Final = 4
FIRST_ROW: Final = 6

#: Row of the first header on input sheets.
HEADER_ROW: Final = 4

#: On the Guide sheet, the label whose neighbour to the right names the company.
COMPANY_LABEL: Final = "Company"
#: On the Guide sheet, the label whose neighbour says what becomes of draws without a value.
GAPS_LABEL: Final = "Draws without a value"
#: On the Correlations sheet, the column of loadings on the AI-demand factor.
DEMAND_LABEL: Final = "AI demand"
