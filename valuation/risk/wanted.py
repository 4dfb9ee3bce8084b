"""What a workbook asks of every report, in words: its tables, prices and questions."""

from __future__ import annotations

from dataclasses import fields

from valuation.risk.assumptions import Assumptions, Question, ReferencePrice, TableWanted


def wanted_in_words(book: Assumptions) -> dict[str, str]:
    """Every row of the Tables sheet as one text, by `table NAME`, `price NAME`, `question NAME`."""
    kinds = (("table", book.wanted), ("price", book.prices), ("question", book.questions))
    return {f"{kind} {one.name}": _in_words(one) for kind, found in kinds for one in found}


def _in_words(one: TableWanted | ReferencePrice | Question) -> str:
    told = []
    for name in (f.name for f in fields(one) if f.name != "name"):
        value = getattr(one, name)
        text = "; ".join(value) if isinstance(value, tuple) else value
        if text not in ("", None):
            told.append(f"{name} {text:.15g}" if isinstance(text, float) else f"{name} {text}")
    return ", ".join(told)
