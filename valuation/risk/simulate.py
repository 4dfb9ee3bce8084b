"""Simulate a company: its value over draws of all that is uncertain."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from valuation.engines.plan import Plan
from valuation.engines.rules import Array
from valuation.errors import AssumptionError, NoAnswerError
from valuation.lines import Company, Row, Shape
from valuation.risk import workers as hands
from valuation.risk.assumptions import Assumptions
from valuation.risk.blocks import Engine, Job, Layout, run, run_block
from valuation.risk.gaps import culprits
from valuation.risk.sampler import BLOCK, SCRAMBLINGS, Kind
from valuation.risk.simulation import Column, Simulation
from valuation.risk.totals import Totals
from valuation.risk.uncertainty import MIXTURE, Uncertainty, chosen_scenarios, uncertainty
from valuation.risk.valuation import value

#: Draws whose values are all kept; beyond, they are counted into bins.
EXACT: Final = 10_000_000
#: Draws without a value whose reason is looked for.
EXPLAINED: Final = 2_000
#: Draws from which compiled code is done sooner, compiling included.
COMPILED: Final = 1_000_000
#: How far histograms reach beyond what the first blocks show, as a share of their range.
_MARGIN: Final = 0.5

Progress = Callable[[int, int], None]


class Stopped(KeyboardInterrupt):
    """The simulation was interrupted.

    Attributes:
        done: Draws evaluated.
        draws: Draws asked for.
    """

    def __init__(self, done: int, draws: int) -> None:
        super().__init__(f"stopped after {done:,} of {draws:,} draws; nothing was written.")
        self.done, self.draws = done, draws


def simulate(
    assumptions: Assumptions,
    *,
    draws: int = 100_000,
    seed: int = 1,
    sampler: Kind = "sobol",
    scenario: str = MIXTURE,
    changes: Mapping[str, float] | None = None,
    demand_paths: bool = False,
    rows: Sequence[str] = (),
    events: bool = True,
    engine: Engine | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> Simulation:
    """Value a company over draws of its uncertain inputs.

    Args:
        assumptions: The workbook read.
        draws: How many; eight scramblings share them. Best a multiple of 8 times a power of two.
        seed: Any whole number; 0 is one.
        sampler: `sobol`, scrambled points, or `random`, pseudo-random streams by input.
        scenario: Name of a scenario to draw around, or `mixture`: drawn by its weight.
        changes: Inputs held at a value in every draw, by key.
        demand_paths: AI demand acts by its responses; its part then leaves the correlations.
        rows: Keys of further rows to summarise, year by year where they are yearly.
        events: Whether the company's events are told the probability of.
        engine: `numpy` or `numba`; by default what is done sooner.
        workers: How many at once; by default one for each core where that pays.
        scheduler: Address of a dask scheduler that computes the blocks instead.
        progress: Called with draws done and draws asked for.

    Raises:
        AssumptionError: Something given does not fit.
        NoAnswerError: A draw has no value, and the workbook says to stop at such a draw.
        Stopped: Ctrl-C.
    """
    began = time.perf_counter()
    wrong = faults(
        assumptions,
        draws=draws,
        sampler=sampler,
        scenario=scenario,
        rows=rows,
        engine=engine,
        workers=workers,
    )
    if wrong:
        raise AssumptionError(wrong)
    task = prepare(
        assumptions,
        draws=draws,
        seed=seed,
        sampler=sampler,
        scenario=scenario,
        changes=changes or {},
        demand_paths=demand_paths,
        rows=rows,
        events=events,
    )
    chosen, count = _how(task.job, engine, workers, scheduler)
    job = replace(task.job, engine=chosen)
    if draws > EXACT:
        job = replace(job, ranges=_ranges(job))
    totals = _run(replace(task, job=job), count, scheduler, progress)
    spreads = totals.spreads()
    seconds = time.perf_counter() - began
    centre = task.uncertainty.scenarios[task.uncertainty.centre].name
    return Simulation(
        assumptions=assumptions,
        uncertainty=task.uncertainty,
        columns=task.columns,
        job=job,
        workers=count,
        seconds=seconds,
        moments=tuple(m for m in totals.moments if m is not None),
        spreads=dict(zip(job.layout.kept, spreads, strict=True)),
        values=totals.values,
        dropped=totals.dropped,
        reasons=_reasons(replace(task, job=job), totals.dropped),
        digest=totals.digest,
        centre=value(assumptions, scenario=centre, changes=task.uncertainty.changes),
    )


@dataclass(frozen=True, kw_only=True)
class Task:
    """A simulation made ready: what is uncertain, and the job of its workers."""

    uncertainty: Uncertainty
    columns: tuple[Column, ...]
    job: Job


def prepare(
    assumptions: Assumptions,
    *,
    draws: int,
    seed: int,
    sampler: Kind,
    scenario: str,
    changes: Mapping[str, float],
    demand_paths: bool,
    rows: Sequence[str] = (),
    events: bool = True,
) -> Task:
    """Make a simulation ready; the arguments are those of `simulate`.

    Raises:
        AssumptionError: Something given does not fit.
    """
    company = assumptions.company
    chosen = [company.model.rows[key] for key in dict.fromkeys(rows)]
    first = (company.value_per_share, company.equity_value, *(p.value for p in company.parts))
    joint = (*first, *company.bridge)
    flags = [event.flag for event in company.events] if events else []
    plan = Plan(company.model, dict.fromkeys([*joint, *chosen, *flags]))
    found = uncertainty(
        assumptions, scenario=scenario, changes=changes, reached=plan, demand_paths=demand_paths
    )
    order = found.by_importance(plan) if sampler == "sobol" else list(found.cells)
    columns = tuple(chain.from_iterable(_columns(company, row) for row in plan.rows))
    keep = {*first, *chosen}
    layout = Layout(
        joint=len(joint),
        kept=tuple(i for i, column in enumerate(columns) if column.row in keep),
        lines=len(columns),
    )
    made = found.sampler(order, kind=sampler, draws=draws, seed=seed)
    job = Job(plan=plan, shared=found.shared(), rows=found.rows(order), sampler=made, layout=layout)
    return Task(uncertainty=found, columns=columns, job=job)


def faults(
    assumptions: Assumptions,
    *,
    draws: int,
    sampler: str,
    scenario: str = MIXTURE,
    rows: Sequence[str] = (),
    engine: str | None = None,
    workers: int | None = None,
) -> list[str]:
    """Say what does not fit in the arguments of a simulation; everything."""
    found = []
    model = assumptions.company.model
    if draws < 2 * SCRAMBLINGS:
        found.append(f"{draws} draws are too few. Ask for {2 * SCRAMBLINGS} or more.")
    if sampler not in ("sobol", "random"):
        found.append(f"no sampler {sampler!r}. Name sobol or random.")
    if engine not in (None, "numpy", "numba"):
        found.append(f"no engine {engine!r}. Name numpy or numba.")
    if workers is not None and workers < 1:
        found.append(f"{workers} workers are too few. Ask for 1 or more.")
    try:
        chosen_scenarios(assumptions, scenario)
    except AssumptionError as error:
        found += [problem.text for problem in error.problems]
    found += [f"no row {key!r}.{model.nearest(key)}" for key in rows if key not in model.rows]
    return found


def _columns(company: Company, row: Row) -> Iterator[Column]:
    key = company.model.key[row]
    yearly = row.shape == Shape.SERIES
    for period in range(company.model.periods) if yearly else [None]:
        yield Column(key=key, row=row, period=period)


def _how(
    job: Job, engine: Engine | None, workers: int | None, scheduler: str | None
) -> tuple[Engine, int]:
    """Which engine and how many workers are done soonest, where nobody says."""
    cores = hands.available()
    chosen = engine or ("numba" if _compiled_pays(job, scheduler) else "numpy")
    blocks = -(-job.sampler.draws // BLOCK)
    return chosen, workers if workers is not None else max(1, min(cores, blocks // 2))


def _compiled_pays(job: Job, scheduler: str | None) -> bool:
    """Compiling costs as much as millions of draws in numpy, and fetching it as many thousands."""
    return scheduler is None and job.sampler.draws >= COMPILED


def _run(task: Task, workers: int, scheduler: str | None, progress: Progress | None) -> Totals:
    """Have every block computed, and add them up in order."""
    job, draws = task.job, task.job.sampler.draws
    totals = Totals(job)
    tasks = hands.spans(job.sampler.blocks(), workers)
    results = hands.compute(run, job, tasks, workers=workers, scheduler=scheduler)
    stops = task.uncertainty.assumptions.gaps == "stop"
    try:
        for found in hands.in_order(results):
            totals.add(found)
            if stops and len(found.dropped):
                raise _no_answer(task, found.dropped)
            if progress is not None:
                progress(totals.done, draws)
    except KeyboardInterrupt:
        raise Stopped(totals.done, draws) from None
    finally:
        results.close()
    if totals.done == len(totals.dropped):
        raise _no_answer(task, totals.dropped)
    return totals


def _ranges(job: Job) -> Array:
    """Ends of the histograms, from the first block of every scrambling."""
    first = [block for block in job.sampler.blocks() if block.start == 0]
    ends = np.array([run_block(job, block).ends for block in first])
    low, high = ends[:, :, 0].min(axis=0), ends[:, :, 1].max(axis=0)
    low, high = np.where(low <= high, low, 0.0), np.where(low <= high, high, 0.0)
    reach = np.maximum((high - low) * _MARGIN, 1e-9 + 1e-9 * np.abs(high))
    return np.stack([low - reach, high + reach], axis=1)


def _reasons(task: Task, dropped: NDArray[np.int64]) -> dict[str, int]:
    """Draws without a value by the key of the row that is the reason, the most frequent first."""
    job = task.job
    model = task.uncertainty.assumptions.company.model
    wanted = [column.row for column in task.columns[: job.layout.joint]]
    looked_at = dropped[:EXPLAINED]
    parts = []
    for block in job.sampler.blocks():
        here = looked_at[(looked_at >= block.first) & (looked_at < block.first + block.count)]
        if len(here):
            parts.append(job.sampler.draw(block, here - block.first).values)
    if not parts:
        return {}
    inputs = job.inputs(np.concatenate(parts, axis=1))
    found = culprits(model, wanted, inputs, draws=len(looked_at))
    return {model.key[row]: count for row, count in found.most_common()}


def _no_answer(task: Task, dropped: NDArray[np.int64]) -> NoAnswerError:
    """Say which draw has no value, why, and what may be done."""
    model = task.uncertainty.assumptions.company.model
    key = next(iter(_reasons(task, dropped[:1])))
    note = model.rows[key].note
    text = (
        f"Draw {dropped[0]} has no value: {model.title(key)} ({key}) is not a number."
        f"{' ' if note else ''}{note} Change the inputs it rests on, or write drop beside "
        "'Draws without a value' on the Guide sheet: such draws are then counted and left out."
    )
    return NoAnswerError(text, key=key, draw=int(dropped[0]))
