"""The value of a perpetuity for any WACC and growth, as one formula of the model's rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from valuation.engines.formulas import letters, quoted
from valuation.lines import Perpetuity, Row, Shape

if TYPE_CHECKING:
    from valuation.risk.sensitivity import Sensitivity
    from valuation.workbook.draft import Draft


def perpetuity_of(draft: Draft, table: Sensitivity) -> Perpetuity | None:
    """The perpetuity whose WACC and growth a table changes to show its enterprise value."""
    key = draft.company.model.key
    if table.columns is None:
        return None
    for found in draft.company.perpetuities:
        axes = {key[found.wacc], key[found.growth]}
        if {table.rows.key, table.columns.key} == axes and table.outputs[
            0
        ] is found.enterprise_value:
            return found
    return None


def formula_of(draft: Draft, found: Perpetuity, wacc: str, growth: str) -> str:
    """The formula at a WACC and a growth, given by address; works in every program.

    The explicit flows and the flag of the last year are discounted at the WACC with powers; the
    rows on which neither bears are those of the model.
    """

    def at(row: Row) -> str:
        place = draft.places[row]
        columns = [draft.grid.value]
        if row.shape == Shape.SERIES:
            columns = [draft.grid.columns[0], draft.grid.columns[-1]]
        span = ":".join(f"${letters(column)}${place.number}" for column in columns)
        return f"{quoted(place.sheet)}!{span}"

    factors = f"(1+{wacc})^{at(found.years)}"
    explicit = f"SUMPRODUCT({'*'.join(map(at, found.flow))}/{factors})"
    share = f"1-{growth}/{at(found.return_on_new_capital)}"
    value = f"{at(found.nopat)}*(1+{growth})*({share})/({wacc}-{growth})"
    terminal = f"MAX({value},{at(found.abandonment_value)})"
    last = f"SUMPRODUCT({at(found.last_year)}/{factors})"
    return f"=IF({wacc}>{growth},{explicit}+{terminal}*{last},NA())"
