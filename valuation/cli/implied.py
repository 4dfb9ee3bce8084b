"""`implied`: what the market price implies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE
from rich.table import Table

from valuation import api
from valuation.cli.console import (
    Json,
    Scenario,
    Seed,
    Settings,
    WorkbookOption,
    err,
    out,
    paper,
    print_json,
    refusals,
)
from valuation.errors import AssumptionError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from valuation.lines import Row
    from valuation.risk.assumptions import Assumptions, Question
    from valuation.risk.implication import Implied, ImpliedTable
    from valuation.risk.implied_draws import ImpliedDistribution


def implied(
    key: Annotated[
        str | None,
        typer.Argument(
            help="An input, inputs joined by commas that one number multiplies, or a question of "
            "the Tables sheet; by default every question at every price."
        ),
    ] = None,
    price: Annotated[
        float | None, typer.Option("--price", help="Price a share; by default the market's.")
    ] = None,
    scenario: Scenario = "base",
    settings: Settings = None,
    draws: Annotated[
        int, typer.Option("--draws", help="Draws for the distribution of the answer; 0: none.")
    ] = 0,
    seed: Seed = 1,
    workbook: WorkbookOption = api.DEFAULT,
    as_json: Json = False,
) -> None:
    """Tell what must be so for the value per share to equal a price."""
    with refusals():
        assumptions = api.load(workbook)
        changes = api.parse_changes(assumptions, settings or [])
        _notices(assumptions)
        if key is None:
            if draws:
                raise AssumptionError(["--draws is for one question. Name an input or a question."])
            _table(assumptions, price, scenario, changes, as_json=as_json)
            return
        _one(assumptions, key, price, scenario, changes, draws, seed, as_json=as_json)


def _notices(assumptions: Assumptions) -> None:
    for notice in assumptions.notices:
        err.print(f"Note: {notice}", style="yellow", markup=False, soft_wrap=True)


def _one(
    assumptions: Assumptions,
    key: str,
    price: float | None,
    scenario: str,
    changes: Mapping[str, float],
    draws: int,
    seed: int,
    *,
    as_json: bool,
) -> None:
    """Answer one question on every yardstick, with its distribution if asked."""
    from valuation.risk.implied import implied as solve
    from valuation.risk.implied import question_of, yardsticks_of
    from valuation.risk.implied_draws import implied_distribution

    question = question_of(assumptions, key)
    at = _market(assumptions, scenario, changes) if price is None else price
    rows: list[Row] = list(yardsticks_of(assumptions).values())
    answers = [
        solve(assumptions, question, price=at, scenario=scenario, changes=changes, yardstick=row)
        for row in rows
    ]
    spreads = [
        implied_distribution(
            assumptions, question, price=at, draws=draws, seed=seed, scenario=scenario,
            changes=changes, yardstick=row,
        )
        for row in rows
        if draws
    ]  # fmt: skip
    if as_json:
        first, *others = [
            {**found.document(), **({"distribution": spreads[i].document()} if spreads else {})}
            for i, found in enumerate(answers)
        ]
        print_json({**first, "other_yardsticks": others})
        return
    _print_answers(assumptions, question, answers)
    _print_spreads(assumptions, answers, spreads)


def _market(assumptions: Assumptions, scenario: str, changes: Mapping[str, float]) -> float:
    result = api.value(assumptions, scenario=scenario, changes=changes)
    return result.number(assumptions.company.market_price)


def _name(assumptions: Assumptions, yardstick: str) -> str:
    titles = {further.key: further.title for further in assumptions.company.yardsticks}
    return titles.get(yardstick, assumptions.company.value_per_share.label)


def _print_answers(assumptions: Assumptions, question: Question, answers: list[Implied]) -> None:
    """One sentence a yardstick."""
    first = answers[0]
    base = "" if first.base is None else f", {first.number(first.base)} now"
    chinese = f" {question.chinese}" if question.chinese else ""
    text = f"{question.name or first.key}{chinese} at which the value per share is {first.price:g}"
    out.print(
        f"{text}, scenario {first.scenario}{base}", style="bold", markup=False, soft_wrap=True
    )
    for found in answers:
        name = _name(assumptions, found.yardstick)
        out.print(f"{name}: {found.answer}.", markup=False, soft_wrap=True)
        for low, high in found.gaps:
            text = f"no value per share between {found.between(low, high, ' and ')}"
            out.print(f"  {text}", style="dim", markup=False, soft_wrap=True)
    for note in first.notes:
        out.print(f"  {note}", style="dim", markup=False, soft_wrap=True)


def _print_spreads(
    assumptions: Assumptions, answers: list[Implied], spreads: list[ImpliedDistribution]
) -> None:
    for found, spread in zip(answers, spreads, strict=False):
        name = _name(assumptions, spread.yardstick)
        shares = [
            (spread.found, "have a solution"),
            (spread.outside, "have it outside 0 to 100%"),
            (spread.below, "stay below the price"),
            (spread.above, "stay above the price"),
            (spread.gaps, "have no value"),
        ]
        told = ", ".join(f"{share:.1%} {what}" for share, what in shares if share)
        text = f"{name}, {spread.draws:,} draws, seed {spread.seed}: {told}"
        out.print(text, style="bold", markup=False, soft_wrap=True)
        if spread.percentiles:
            table = Table(box=SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
            for percentile in spread.percentiles:
                table.add_column(percentile.upper(), justify="right", no_wrap=True)
            table.add_row(*(found.number(v).split()[0] for v in spread.percentiles.values()))
            out.print(table)


def _table(
    assumptions: Assumptions,
    price: float | None,
    scenario: str,
    changes: Mapping[str, float],
    *,
    as_json: bool,
) -> None:
    """Answer every question of the workbook."""
    from valuation.risk.implied import implied_table

    table = implied_table(assumptions, scenario=scenario, changes=changes, price=price)
    if as_json:
        print_json(table.document())
        return
    if not table.answers:
        text = "The workbook asks no questions. Write them on its Tables sheet, or name an input."
        out.print(text, soft_wrap=True)
        return
    text = f"What the price implies, scenario {table.scenario}: {table.value_per_share:.2f} a share"
    out.print(text, style="bold", soft_wrap=True)
    for yardstick, name in table.yardsticks.items():
        paper().print(_answers(table, yardstick, name))
    marks = "* outside the elicited range, or outside 0 to 100%; – none, with the best value"
    out.print(f"{marks} per share reached", style="dim", soft_wrap=True)


def _answers(table: ImpliedTable, yardstick: str, name: str) -> Table:
    """Questions down, prices along."""
    made = Table(box=SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    made.add_column(name)
    made.add_column("Now", justify="right", no_wrap=True)
    for price in table.prices:
        made.add_column(f"{price.name}\n{price.price:.2f}", justify="right", min_width=9)
    for answers in table.on(yardstick):
        first = answers[0]
        base = "" if first.base is None else _short(first, first.base)
        unit = "" if first.unit in ("%", "x") else f" ({first.unit})"
        cells = [_cell(found) for found in answers]
        made.add_row(f"{first.question.name}{unit}", base, *cells)
    return made


def _cell(found: Implied) -> str:
    """An answer as short as it can be."""
    if found.is_constant:
        return "every" if found.spans else "constant"
    texts = [_short(found, v) + "*" * found.is_outside(v) for v in found.solutions]
    texts += [f"{_short(found, a)}…{_short(found, b)}" for a, b in found.spans]
    if not texts and found.best is not None:
        texts = [f"– {found.best.value_per_share:.2f}"]
    return "; ".join(texts) or "no value"


def _short(found: Implied, number: float) -> str:
    return found.number(number).removesuffix(f" {found.unit}")
