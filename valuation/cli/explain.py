"""`explain`: a row's formula in words, down to inputs, their sources and their facts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text
from rich.tree import Tree

from valuation import api
from valuation.cli.console import (
    Json,
    Scenario,
    Settings,
    WorkbookOption,
    paper,
    print_json,
    print_notices,
    refusals,
    rounded,
    shown,
    valued,
)
from valuation.errors import AssumptionError

if TYPE_CHECKING:
    from valuation.risk.explanation import Explanation, InputUsed, Operand, Step
    from valuation.risk.facts import Fact

#: Columns of one level of a tree, and columns a line needs beside them.
_INDENT, _LEAST = 4, 40
_ALL = "all"


def explain(
    row: Annotated[str, typer.Argument(help="Key of a row, such as zhejiang_cloud.revenue.")],
    year: Annotated[
        int | None, typer.Option("--year", help="Year shown; by default the valuation year.")
    ] = None,
    workbook: WorkbookOption = api.DEFAULT,
    scenario: Scenario = "base",
    settings: Settings = None,
    depth: Annotated[str, typer.Option("--depth", help="How many formulas deep, or all.")] = "2",
    as_json: Json = False,
) -> None:
    """Say a row's formula in words, with values, down to inputs and their sources."""
    with refusals():
        levels = _levels(depth)
        result = valued(workbook, scenario, settings)
        found = api.explain(result, row, year=year, depth=levels)
    print_notices(result)
    if as_json:
        print_json(found.document())
        return
    print_explanation(found, year_given=year is not None)


def print_explanation(found: Explanation, *, year_given: bool = False) -> None:
    """The row and its value, then the formulas as trees."""
    console = paper()
    console.print(_headline(found, year_given=year_given))
    for tree in _trees(found, max(3, (console.width - _LEAST) // _INDENT)):
        console.print()
        console.print(tree)


def _levels(depth: str) -> int | None:
    if depth.casefold() == _ALL:
        return None
    if not depth.isdecimal():
        raise AssumptionError([f"depth {depth!r} is no number. Give 1 or more, or {_ALL}."])
    return int(depth)


def _headline(found: Explanation, *, year_given: bool) -> Text:
    used, step = found.inputs.get(found.key), found.steps.get((found.key, False))
    title, value, unit, year = (
        (step.title, step.value, step.unit, step.year)
        if step is not None
        else (used.title, used.value, used.given.row.unit_text, used.year)
        if used is not None
        else ("", 0.0, "", None)
    )
    text = Text.assemble((title, "bold"), "  ", (found.key, "dim"), "\n")
    text.append(rounded(value, unit), "bold")
    chosen = not year_given and found.year == found.valuation_year
    told = f"{found.year}, the valuation year (--year shows another)" if chosen else f"{found.year}"
    if year is not None:
        text.append(f" in {told}")
    elif any(o.year is not None for s in found.steps.values() for o in s.operands):
        text.append(f"; rows with a value a year are shown for {told}")
    return text.append(f", scenario {found.scenario}.")


def _trees(found: Explanation, deepest: int) -> Iterator[Tree]:
    """The row asked for, then what lies too deep to stand in its tree."""
    used = found.inputs.get(found.key)
    if used is not None:
        tree = Tree(Text(f"{used.given.row.label} is an input"), guide_style="dim")
        for text in _provenance(used, set()):
            tree.add(text)
        yield tree
        return
    pending = [found.steps[found.key, False]]
    drawing = _Drawing(found, deepest, pending)
    while pending:
        step = pending.pop(0)
        text = _formula(step)
        if step.level:
            year = f" in {step.year}" if step.year else ""
            value = f"\n{rounded(step.value, step.unit)}{year}\n"
            text = Text.assemble((step.title, "bold"), "  ", (step.key, "dim"), value, text)
        tree = Tree(text, guide_style="dim")
        drawing.grow(tree, step, 1)
        yield tree


@dataclass
class _Drawing:
    """Draws steps as branches, each once, below the formula nearest to the row asked for."""

    found: Explanation
    deepest: int
    pending: list[Step]
    drawn: set[tuple[str, bool]] = field(default_factory=set)
    queued: set[tuple[str, bool]] = field(default_factory=set)
    told: set[str] = field(default_factory=set)

    def grow(self, tree: Tree, step: Step, depth: int) -> None:
        self.drawn.add((step.key, step.opening))
        for operand in (*step.operands, *([step.before] if step.before else [])):
            self._branch(tree, operand, step, depth)

    def _branch(self, tree: Tree, operand: Operand, home: Step, depth: int) -> None:
        text = _reading(operand, home)
        place = (operand.key, operand.opening)
        step, used = self.found.steps.get(place), self.found.inputs.get(operand.key)
        if used is not None:
            self._input(tree, text, used)
        elif step is None:
            tree.add(text)
        elif place in self.drawn:
            tree.add(text.append("  explained above", "italic dim"))
        elif step.level != home.level + 1 or place in self.queued:
            tree.add(text.append("  explained below", "italic dim"))
        elif depth >= self.deepest:
            self.queued.add(place)
            self.pending.append(step)
            tree.add(text.append("  explained below", "italic dim"))
        else:
            year = f"{step.year} " if step.year not in (None, operand.year) else ""
            text.append(f"\n{year}= {step.formula}")
            self.grow(tree.add(_noted(text, step)), step, depth + 1)

    def _input(self, tree: Tree, text: Text, used: InputUsed) -> None:
        if used.given.key in self.told:
            tree.add(text.append("  input, told above", "italic dim"))
            return
        self.told.add(used.given.key)
        for more in _provenance(used, self.told):
            text.append("\n").append(more)
        tree.add(text)


def _formula(step: Step) -> Text:
    text = Text.assemble((step.name, "bold"), " = ", step.formula)
    if step.opening:
        text = Text.assemble((step.name, "bold"), " before the first year = ", step.formula)
    return _noted(text, step)


def _noted(text: Text, step: Step) -> Text:
    return text.append(f"\n{step.note}", "italic") if step.note else text


def _reading(operand: Operand, home: Step) -> Text:
    """What a formula reads: as it says it, the value, and the key to ask for it."""
    text = Text.assemble((operand.text, "cyan"))
    value = rounded(operand.value, operand.unit)
    if operand.by_year:
        years, numbers = list(operand.by_year), list(operand.by_year.values())
        least = rounded(min(numbers), operand.unit).removesuffix(f" {operand.unit}")
        span = f"{least} … {rounded(max(numbers), operand.unit)}"
        text.append(f"  {years[0]} to {years[-1]}: {span}; {operand.year}: {value}")
    elif operand.year not in (None, home.year):
        text.append(f" ({operand.year})  {value}")
    elif operand.opening and operand is not home.before:
        text.append(f" (opening)  {value}")
    else:
        text.append(f"  {value}")
    return text.append(f"  {operand.key}", "dim") if operand.key else text


def _provenance(used: InputUsed, told: set[str]) -> Iterator[Text]:
    """Lines about an input: layer, range, source, note, facts; a fact told before by its name."""
    given, unit = used.given, used.given.row.unit_text
    if used.set_by != "base":
        by = "--set" if used.set_by == "set" else f"the {used.set_by}"
        yield Text(f"set by {by}; base {rounded(used.base, unit)}", "yellow")
    if given.low is not None and given.high is not None:
        drawn = f"{given.distribution} {given.parameters}".strip()
        yield Text(f"range {shown(given.low, unit)} … {shown(given.high, unit)}, {drawn}")
    source = f"source {given.source}" if given.source else "no source"
    parts = (f"as of {given.as_of}" * bool(given.as_of),
             f"confidence {given.confidence}" * bool(given.confidence))  # fmt: skip
    yield Text("; ".join((source, *filter(None, parts))))
    if given.note:
        yield Text(f"note {given.note}")
    for fact in used.facts:
        yield _fact(fact, told)
    for name in used.lost:
        yield Text(f"{name} is not on the Facts sheet", "yellow")


def _fact(fact: Fact, told: set[str]) -> Text:
    text = Text.assemble((fact.id, "bold green"))
    if fact.id in told:
        return text.append(" told above", "italic dim")
    told.add(fact.id)
    return text.append("  " + "; ".join(f"{name} {cell}" for name, cell in fact.cells.items()))
