"""The rows of the Facts sheet that a text names, such as F27 and I-21."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from valuation.risk.assumptions import Table

#: Header of the column by which rows are named.
ID: Final = "ID"
_NAMED: Final = re.compile(r"(?<![A-Za-z0-9])([A-Z]+)-?([0-9]+)(?![A-Za-z0-9])")
#: Words that can only be the name of a fact or of a conflict between facts.
_SURELY: Final = ("F", "I")


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One row of a reference table.

    Attributes:
        id: As the sheet writes it.
        table: Title of the table.
        cells: What stands in the row under each other header, blank cells left out.
    """

    id: str
    table: str
    cells: Mapping[str, object]


def facts_named(text: str, tables: Iterable[Table]) -> tuple[list[Fact], list[str]]:
    """Look up the rows a text names; `F1`, `F01` and `F-01` are the same row.

    Returns:
        The rows in the order named, and the names of facts that no table has.
    """
    known = _by_name(tables)
    found: dict[tuple[str, int], Fact] = {}
    lost: dict[str, None] = {}
    for match in _NAMED.finditer(text):
        name = (match[1], int(match[2]))
        if name in known:
            found[name] = known[name]
        elif match[1] in _SURELY:
            lost[match[0]] = None
    return list(found.values()), list(lost)


def _by_name(tables: Iterable[Table]) -> dict[tuple[str, int], Fact]:
    known: dict[tuple[str, int], Fact] = {}
    for table in tables:
        if ID not in table.headers:
            continue
        at = table.headers.index(ID)
        for row in table.rows:
            match = _NAMED.fullmatch(str(row[at]).strip())
            if match:
                cells = {
                    header: cell
                    for header, cell in zip(table.headers, row, strict=True)
                    if header != ID and cell not in (None, "")
                }
                fact = Fact(id=match[0], table=table.title, cells=cells)
                known.setdefault((match[1], int(match[2])), fact)
    return known
