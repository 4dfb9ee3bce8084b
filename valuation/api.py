"""What the package does, from Python: load a workbook, value it, explain it, write its report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from valuation.errors import AssumptionError, Problem, WorkbookError

if TYPE_CHECKING:
    from valuation.lines import Company
    from valuation.risk.assumptions import Assumptions, Question
    from valuation.risk.attribution import Bridge
    from valuation.risk.blocks import Engine
    from valuation.risk.difference import Difference
    from valuation.risk.explanation import Explanation
    from valuation.risk.implication import Implied
    from valuation.risk.players import By
    from valuation.risk.replay import Replay
    from valuation.risk.sampler import Kind
    from valuation.risk.scenarios import Scenarios
    from valuation.risk.sensitivity import Sensitivity
    from valuation.risk.simulation import Simulation
    from valuation.risk.tornado import Tornado
    from valuation.risk.valuation import Valuation
    from valuation.workbook.read import Outdated

#: Told draws done and draws asked for.
Progress = Callable[[int, int], None]
#: Workbook that commands read where none is named.
DEFAULT = Path("assumptions/hangang.xlsx")
#: Folder that reports go to.
REPORTS = Path("reports")


def load(path: str | Path = DEFAULT, *, company: Company | None = None) -> Assumptions:
    """Read an assumption workbook, or a report, which is one too.

    Args:
        path: The workbook.
        company: The company it is about; by default the one its Guide sheet names.

    Raises:
        WorkbookError: The file cannot be read.
        AssumptionError: Cells that do not fit the model, all of them.
    """
    from valuation.companies import find
    from valuation.workbook.read import read

    return read(Path(path), find if company is None else lambda _: company)


def value(
    source: str | Path | Assumptions = DEFAULT,
    *,
    scenario: str = "base",
    changes: Mapping[str, float] | None = None,
) -> Valuation:
    """Value a company once.

    Args:
        source: A workbook, or the assumptions loaded from one.
        scenario: Name of a scenario of the workbook; `base` overrides nothing.
        changes: Values by key, in the unit of the input cell (0.92 for 92%); they win over the
            scenario. For a yearly input the value holds for every year.

    Raises:
        InputError: Something given does not fit.
        NoAnswerError: The model has no value for these inputs.
    """
    from valuation.risk.valuation import value as value_once

    assumptions = load(source) if isinstance(source, str | Path) else source
    return value_once(assumptions, scenario=scenario, changes=changes)


def report(
    source: str | Path = DEFAULT,
    output: str | Path | None = None,
    *,
    scenario: str = "base",
    changes: Mapping[str, float] | None = None,
    in_place: bool = False,
    analyses: bool = True,
    against: str | Path | None = None,
    draws: int = 100_000,
    seed: int = 1,
    progress: Progress | None = None,
) -> tuple[Path, Valuation]:
    """Value a company and write its Excel report; a failure leaves an old report whole.

    Args:
        source: The workbook to read.
        output: The report; by default `reports/` and the name of the company.
        scenario: As in `value`.
        changes: As in `value`; they stand in the Override column of the report.
        in_place: Write over the workbook read, keeping it beside as `.bak`.
        analyses: Whether the report holds sensitivity tables, tornado, scenarios side by side,
            football field and what the prices imply.
        against: Workbook or report that the value is bridged from, step by step.
        draws: Draws of the simulation on the Risk sheet, scenarios by weight; 0 leaves it out.
        seed: Seed of the simulation.
        progress: Called with draws done and draws asked for.

    Returns:
        The path written and the valuation.

    Raises:
        WorkbookError: The output would overwrite the workbook read and neither `output` nor
            `in_place` says so.
    """
    from valuation.workbook.report import write_report

    source = Path(source)
    if in_place and output is not None and not _same(Path(output), source):
        text = "in place means over the workbook read. Give an output or in place, not both."
        raise WorkbookError([Problem(file=source.name, text=text)])
    assumptions = load(source)
    path = Path(output) if output is not None else REPORTS / f"{assumptions.company.name}.xlsx"
    path = source if in_place else path
    if _same(path, source) and not in_place and output is None:
        text = (
            "is both the workbook read and the report to write. Name another with -o, or write "
            "over it with --in-place (the old one is kept as .bak)."
        )
        raise WorkbookError([Problem(file=source.name, text=text)])
    result = value(assumptions, scenario=scenario, changes=changes)
    risk = None
    if draws:
        risk = simulate(assumptions, draws=draws, seed=seed, changes=changes, progress=progress)
    told = None
    if analyses:
        from valuation.risk.analyses import analyse

        before = load(against) if against is not None else None
        told = analyse(assumptions, scenario=scenario, changes=changes, against=before)
    write_report(
        result,
        path,
        simulation=risk,
        tables=told.tables if told is not None else (),
        analyses=told,
        backup=_same(path, source),
    )
    return path, result


def simulate(
    source: str | Path | Assumptions = DEFAULT,
    *,
    draws: int = 100_000,
    seed: int = 1,
    sampler: Kind = "sobol",
    scenario: str = "mixture",
    changes: Mapping[str, float] | None = None,
    demand_paths: bool = False,
    rows: Sequence[str] = (),
    walks: int = 4096,
    engine: Engine | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> Simulation:
    """Value a company over draws of its uncertain inputs.

    Args:
        source: A workbook, or the assumptions loaded from one.
        draws: How many; best a multiple of 8 times a power of two.
        seed: Any whole number; 0 is one.
        sampler: `sobol`, scrambled points, or `random`, pseudo-random streams by input.
        scenario: Name of a scenario to draw around, or `mixture`: drawn by its weight.
        changes: Inputs held at a value in every draw, by key.
        demand_paths: AI demand acts by its responses; its part then leaves the correlations.
        rows: Keys of further rows to summarise, year by year where they are yearly.
        walks: Walks for the Shapley effects of the inputs; 0 leaves them out.
        engine: `numpy` or `numba`; by default what is done sooner.
        workers: How many at once; by default one for each core where that pays.
        scheduler: Address of a dask scheduler that computes the blocks instead.
        progress: Called with draws done and draws asked for.

    Raises:
        InputError: Something given does not fit.
        NoAnswerError: A draw has no value, and the workbook says to stop at such a draw.
        Stopped: Ctrl-C; a KeyboardInterrupt that says how far it got.
    """
    from dataclasses import replace

    from valuation.risk.importance import importance
    from valuation.risk.simulate import simulate as simulate_all

    assumptions = load(source) if isinstance(source, str | Path) else source
    found = simulate_all(
        assumptions,
        draws=draws,
        seed=seed,
        sampler=sampler,
        scenario=scenario,
        changes=changes,
        demand_paths=demand_paths,
        rows=rows,
        engine=engine,
        workers=workers,
        scheduler=scheduler,
        progress=progress,
    )
    return replace(found, importance=importance(found, walks=walks)) if walks else found


def replay(
    source: str | Path | Assumptions,
    draw: int,
    *,
    draws: int = 100_000,
    seed: int = 1,
    sampler: Kind = "sobol",
    scenario: str = "mixture",
    changes: Mapping[str, float] | None = None,
    demand_paths: bool = False,
    output: str | Path | None = None,
) -> Replay:
    """Value one draw of a simulation again, alone.

    Args:
        source: As in `simulate`, which must have had the same arguments.
        draw: Number of the draw, from 0.
        draws: As in `simulate`.
        seed: As in `simulate`.
        sampler: As in `simulate`.
        scenario: As in `simulate`.
        changes: As in `simulate`.
        demand_paths: As in `simulate`.
        output: Workbook to write, whose live formulas give the value of the draw.

    Raises:
        InputError: Something given does not fit; there is no such draw.
        NoAnswerError: The draw has no value.
    """
    from valuation.risk.replay import replay as replay_one
    from valuation.risk.simulate import prepare

    assumptions = load(source) if isinstance(source, str | Path) else source
    task = prepare(
        assumptions,
        draws=draws,
        seed=seed,
        sampler=sampler,
        scenario=scenario,
        changes=changes or {},
        demand_paths=demand_paths,
    )
    found = replay_one(task, draw)
    if output is not None:
        from valuation.workbook.report import write_report

        path = Path(output)
        if isinstance(source, str | Path) and _same(path, Path(source)):
            text = "is the workbook read, which stays as it is. Name another with -o."
            raise WorkbookError([Problem(file=path.name, text=text)])
        write_report(found.valuation, path)
    return found


def explain(
    result: Valuation, row: str, *, year: int | None = None, depth: int | None = 2
) -> Explanation:
    """Say a row's formula in words, with what it reads, down to inputs, sources and facts.

    Args:
        result: A valuation, from `value`.
        row: Key of the row.
        year: Year shown of yearly rows; by default that of the valuation date.
        depth: How many formulas deep; None for all.

    Raises:
        AssumptionError: No such row, or no such year.
    """
    from valuation.risk.explain import explain as explain_row

    return explain_row(result, row, year=year, depth=depth)


def difference(
    old: str | Path | Assumptions, new: str | Path | Assumptions, *, scenario: str = "base"
) -> Difference:
    """Compare two workbooks of a company: what they say, and the value it gives.

    Raises:
        InputError: A workbook cannot be read, or they are about different companies.
        NoAnswerError: One of them has no value.
    """
    from valuation.risk.difference import difference as compare

    books = [load(book) if isinstance(book, str | Path) else book for book in (old, new)]
    return compare(*books, scenario=scenario)


def sensitivity(
    source: str | Path | Assumptions,
    row_key: str,
    column_key: str = "",
    *,
    steps: str = "",
    column_steps: str = "",
    outputs: Sequence[str] = (),
    scenario: str = "base",
    changes: Mapping[str, float] | None = None,
) -> Sensitivity:
    """Value over one or two inputs, every cell a re-run.

    Args:
        source: A workbook, or the assumptions loaded from one.
        row_key: Input or row that changes down the side, or `scenario`.
        column_key: Another along the top; by default the outputs stand there.
        steps: Its values, such as `±40 3`; see `valuation.risk.steps`.
        column_steps: As `steps`, for the columns.
        outputs: Keys of the rows shown, `key@2030` for a year; by default the value per share.
        scenario: As in `value`.
        changes: As in `value`; the axes win over them.

    Raises:
        InputError: Something given does not fit.
    """
    from valuation.risk.assumptions import TableWanted
    from valuation.risk.sensitivity import sensitivity as compute

    assumptions = load(source) if isinstance(source, str | Path) else source
    wanted = TableWanted(
        name="",
        row_key=row_key,
        row_steps=steps,
        column_key=column_key,
        column_steps=column_steps,
        outputs=tuple(outputs),
        scenario=scenario,
    )
    return compute(assumptions, wanted, changes=changes)


def tables(
    source: str | Path | Assumptions = DEFAULT, *, changes: Mapping[str, float] | None = None
) -> dict[str, Sensitivity]:
    """Every sensitivity table of the Tables sheet, by name.

    Raises:
        InputError: Something given does not fit.
    """
    from valuation.risk.sensitivity import sensitivity as compute

    assumptions = load(source) if isinstance(source, str | Path) else source
    return {one.name: compute(assumptions, one, changes=changes) for one in assumptions.wanted}


def tornado(
    source: str | Path | Assumptions = DEFAULT,
    *,
    output: str | None = None,
    scenario: str = "base",
    changes: Mapping[str, float] | None = None,
) -> Tornado:
    """Set each input to its low and its high, one at a time, and sort by what that does.

    Args:
        source: A workbook, or the assumptions loaded from one.
        output: Key of the row looked at; by default the value per share.
        scenario: As in `value`.
        changes: As in `value`.

    Raises:
        InputError: Something given does not fit.
    """
    from valuation.risk.runs import row_of
    from valuation.risk.tornado import tornado as swing

    assumptions = load(source) if isinstance(source, str | Path) else source
    row = None if output is None else row_of(assumptions, output)
    return swing(assumptions, output=row, scenario=scenario, changes=changes)


def scenarios(
    source: str | Path | Assumptions = DEFAULT,
    *,
    rows: Sequence[str] = (),
    changes: Mapping[str, float] | None = None,
) -> Scenarios:
    """Every scenario side by side, and weighted.

    Args:
        source: A workbook, or the assumptions loaded from one.
        rows: Keys of further rows to show.
        changes: As in `value`.

    Raises:
        InputError: Something given does not fit.
    """
    from valuation.risk.scenarios import compare

    assumptions = load(source) if isinstance(source, str | Path) else source
    return compare(assumptions, rows=rows, changes=changes)


def implied(
    source: str | Path | Assumptions,
    question: str | Question,
    *,
    price: float,
    scenario: str = "base",
    changes: Mapping[str, float] | None = None,
) -> Implied:
    """Find what must be so for the value per share to equal a price: every solution, or none.

    Args:
        source: A workbook, or the assumptions loaded from one.
        question: Key of an input, keys joined by commas (one number multiplies them all), the
            name of a question of the workbook, or a question.
        price: The price.
        scenario: As in `value`.
        changes: As in `value`.

    Raises:
        InputError: Something given does not fit.
    """
    from valuation.risk.implied import implied as solve
    from valuation.risk.implied import question_of

    assumptions = load(source) if isinstance(source, str | Path) else source
    asked = question_of(assumptions, question) if isinstance(question, str) else question
    return solve(assumptions, asked, price=price, scenario=scenario, changes=changes)


def bridge(
    old: str | Path | Assumptions,
    new: str | Path | Assumptions | None = None,
    *,
    scenario: str = "base",
    to_scenario: str | None = None,
    changes: Mapping[str, float] | None = None,
    to_changes: Mapping[str, float] | None = None,
    by: By | None = None,
    walks: int = 1024,
    seed: int = 1,
) -> Bridge:
    """Tell why the value changed, from one workbook, scenario or valuation date to another.

    Args:
        old: Workbook before.
        new: Workbook after; by default the same.
        scenario: Scenario before, and after where `to_scenario` is not given.
        to_scenario: Scenario after.
        changes: Values by key set before.
        to_changes: Values by key set after, such as another valuation date.
        by: Steps are `input` or `group`; by default inputs, up to 12 of them.
        walks: Orders sampled where there are too many steps to try all.
        seed: Seed of the sample.

    Raises:
        InputError: Something given does not fit, or the workbooks are about two companies.
        NoAnswerError: A state, or the old inputs on the new date, has no value.
    """
    from valuation.risk.attribution import bridge as attribute

    before = load(old) if isinstance(old, str | Path) else old
    after = load(new) if isinstance(new, str | Path) else new
    return attribute(
        before,
        after,
        scenario=scenario,
        to_scenario=to_scenario,
        changes=changes,
        to_changes=to_changes,
        by=by,
        walks=walks,
        seed=seed,
    )


def template(company: str, output: str | Path, *, base_year: int | None = None) -> int:
    """Write an assumption workbook of a company with every Base cell to be filled in.

    Args:
        company: Name of the company, as the Guide sheet has it.
        output: The workbook; it must not exist.
        base_year: Year before the yearly columns; by default the last calendar year.

    Returns:
        How many inputs there are.

    Raises:
        AssumptionError: No company has this name.
        WorkbookError: The file exists, or cannot be written.
    """
    from valuation.companies import find
    from valuation.workbook.new import write_template

    base_year = _last_year() if base_year is None else base_year
    return write_template(find(company), Path(output), base_year=base_year)


def upgrade(old: str | Path, output: str | Path) -> Outdated:
    """Write a new workbook from an old one, with a row for every input the model has today.

    Inputs the old one lacks are added blank and marked; keys the model does not have are left
    out. The old workbook stays as it is.

    Returns:
        What the old workbook says, lacks, and has too much.

    Raises:
        WorkbookError: The output exists, or a file cannot be read or written.
        AssumptionError: Problems of the old workbook other than missing inputs and unknown keys.
    """
    from valuation.companies import find
    from valuation.workbook.new import refuse_existing, write_upgraded
    from valuation.workbook.read import read_outdated

    old, output = Path(old), Path(output)
    if _same(old, output):
        text = "is the workbook to upgrade, which stays as it is. Name another with -o."
        raise WorkbookError([Problem(file=old.name, text=text)])
    refuse_existing(output)
    found = read_outdated(old, find)
    write_upgraded(found, output, base_year=_last_year())
    return found


def _last_year() -> int:
    from datetime import UTC, datetime

    return datetime.now(UTC).year - 1


def parse_changes(assumptions: Assumptions, settings: list[str]) -> dict[str, float]:
    """Read `KEY=VALUE` settings, in the units of the input cells.

    Raises:
        AssumptionError: Settings that cannot be read, all of them.
    """
    from valuation.workbook.numbers import bound_fault, parse_text

    changes: dict[str, float] = {}
    problems: list[str] = []
    model = assumptions.company.model
    for setting in settings:
        key, equals, text = setting.partition("=")
        key = key.strip()
        if not equals:
            problems.append(f"{setting!r} sets nothing. Write KEY=VALUE.")
        elif key not in assumptions.inputs:
            kind = "a formula" if key in model.rows else "no input"
            hint = model.nearest(key, assumptions.inputs)
            problems.append(f"{key!r} is {kind}.{hint}")
        elif key in changes:
            problems.append(f"{key} is set twice. Set it once.")
        else:
            found = parse_text(text, model.rows[key].unit_text)
            if not isinstance(found, float):
                problems.append(f"{key}: {found.text}")
                continue
            given = assumptions.inputs[key]
            fault = bound_fault(
                found,
                given.row.unit_text,
                given.minimum,
                given.maximum,
                whole=given.row.whole,
                as_percentage="%" in text,
            )
            changes[key] = found
            if fault:
                problems.append(f"{key}: {fault}")
    if problems:
        raise AssumptionError(problems)
    return changes


def _same(left: Path, right: Path) -> bool:
    return left.resolve() == right.resolve()
