"""`sensitivity` and `tables`: rows of the model over one or two inputs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.box import SIMPLE
from rich.table import Table
from rich.text import Text

from valuation import api
from valuation.cli.console import (
    Json,
    Scenario,
    Settings,
    WorkbookOption,
    err,
    paper,
    print_json,
    refusals,
)
from valuation.errors import AssumptionError

if TYPE_CHECKING:
    from valuation.risk.assumptions import Assumptions, TableWanted
    from valuation.risk.sensitivity import Axis, Sensitivity

Steps = Annotated[
    str,
    typer.Option(
        "--steps",
        help="Row steps: 400; 480, base-40; base+40, x0.9; x1.1, ±40 3 or 400..480 5; "
        "by default from Low to High.",
        show_default=False,
    ),
]
#: Ground of the lowest, a middling and the highest value: red, pale, green.
_LOW, _MIDDLE, _HIGH = (246, 160, 150), (255, 244, 200), (140, 205, 150)
_INK: Final = "rgb(0,0,0)"


def sensitivity(
    row_key: Annotated[str, typer.Argument(help="Input or row that changes, or scenario.")],
    column_key: Annotated[
        str, typer.Argument(help="Another, for a two-way table.", show_default=False)
    ] = "",
    steps: Steps = "",
    column_steps: Annotated[
        str, typer.Option("--column-steps", help="As --steps, for the columns.", show_default=False)
    ] = "",
    outputs: Annotated[
        list[str] | None,
        typer.Option("--output", metavar="KEY", help="Row shown; KEY@2030 for one of a year."),
    ] = None,
    scenario: Scenario = "base",
    settings: Settings = None,
    workbook: WorkbookOption = api.DEFAULT,
    as_json: Json = False,
) -> None:
    """Value over one or two inputs, every cell a re-run."""
    from valuation.risk.assumptions import TableWanted
    from valuation.risk.sensitivity import sensitivity as compute

    with refusals():
        assumptions = api.load(workbook)
        wanted = TableWanted(
            name="",
            row_key=row_key,
            row_steps=steps,
            column_key=column_key,
            column_steps=column_steps,
            outputs=tuple(outputs or ()),
            scenario=scenario,
        )
        changes = api.parse_changes(assumptions, settings or [])
        found = compute(assumptions, wanted, changes=changes)
    if as_json:
        print_json(found.document())
    else:
        print_table(found)


def tables(
    name: Annotated[
        str, typer.Argument(help="Name of one; by default all.", show_default=False)
    ] = "",
    settings: Settings = None,
    workbook: WorkbookOption = api.DEFAULT,
    as_json: Json = False,
) -> None:
    """Sensitivity tables of the Tables sheet."""
    from valuation.risk.sensitivity import sensitivity as compute

    with refusals():
        assumptions = api.load(workbook)
        changes = api.parse_changes(assumptions, settings or [])
        wanted = _named(assumptions, name)
        found = [compute(assumptions, one, changes=changes) for one in wanted]
    if as_json:
        print_json([one.document() for one in found])
        return
    for one in found:
        print_table(one)
    if not found:
        text = "No tables. Add rows to the block Table of the sheet Tables."
        paper().print(text, soft_wrap=True)


def _named(assumptions: Assumptions, name: str) -> tuple[TableWanted, ...]:
    """All tables, or the one of a name, in English or Chinese."""
    from difflib import get_close_matches

    if not name:
        return assumptions.wanted
    plain = name.strip().casefold()
    found = [t for t in assumptions.wanted if plain in (t.name.casefold(), t.chinese.casefold())]
    if not found:
        known = [table.name for table in assumptions.wanted]
        near = get_close_matches(name, known, n=1, cutoff=0.4)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(known) or 'none'}."
        raise AssumptionError([f"no table {name!r}. {hint}"])
    return tuple(found)


def print_table(found: Sensitivity) -> None:
    """The table on grounds from red to green; the base row and column are bold, marked with *."""
    for notice in found.notices:
        err.print(f"Note: {notice}", style="yellow", markup=False, soft_wrap=True)
    console = paper()
    columns = found.columns
    title = found.wanted.name or " and ".join(found.labels)
    console.print(Text(f"{title}  {found.wanted.chinese}".rstrip(), "bold"), soft_wrap=True)
    console.print(_caption(found), style="dim", markup=False, soft_wrap=True)
    table = Table(box=SIMPLE, pad_edge=False, padding=(0, 0), show_header=True)
    table.add_column("")
    for at, label in enumerate(columns.labels if columns else found.labels):
        is_base = columns is not None and columns.base_at == at
        table.add_column(_marked(label, is_base=is_base), justify="right", no_wrap=bool(columns))
    heat = found.heat()
    for at, label in enumerate(found.rows.labels):
        is_row = found.rows.base_at == at
        cells = []
        for across, value in enumerate(found.values[at]):
            is_base = is_row or (columns is not None and columns.base_at == across)
            text = found.text(float(value), across)
            cells.append(Text(f" {text} ", _style(float(heat[at, across]), is_base=is_base)))
        table.add_row(_marked(label, is_base=is_row), *cells)
    console.print(table)


def _caption(found: Sensitivity) -> str:
    """What is shown, over what, in which scenario."""
    told = f"down: {_axis(found.rows)}"
    if found.columns:
        output = f"{found.labels[0]} ({found.outputs[0].unit_text}); "
        told = f"{output}{told}; across: {_axis(found.columns)}"
    return f"{told}; scenario {found.wanted.scenario}; * base"


def _axis(axis: Axis) -> str:
    return f"{axis.label} ({axis.unit})" if axis.unit else axis.label


def _marked(label: str, *, is_base: bool) -> Text:
    return Text(f"{label}*" if is_base else f"{label} ", "bold" if is_base else "")


def _style(heat: float, *, is_base: bool) -> str:
    """Ink and ground of a cell."""
    weight = "bold " if is_base else ""
    if not math.isfinite(heat):
        return f"{weight}dim"
    left, right, share = (_LOW, _MIDDLE, 2 * heat) if heat < 0.5 else (_MIDDLE, _HIGH, 2 * heat - 1)  # noqa: PLR2004
    ground = ",".join(str(round(a + (b - a) * share)) for a, b in zip(left, right, strict=True))
    return f"{weight}{_INK} on rgb({ground})"
