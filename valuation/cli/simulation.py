"""`simulate` and `replay`: the value as a distribution, and one draw of it again."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.box import SIMPLE
from rich.table import Table

from valuation import api
from valuation.cli.console import (
    WIDE,
    Json,
    Seed,
    Settings,
    Workbook,
    WorkbookOption,
    err,
    interruptible,
    out,
    print_json,
    progress,
    refusals,
    rounded,
    shown,
)
from valuation.cli.explain import print_explanation
from valuation.cli.values import print_value
from valuation.errors import AssumptionError

if TYPE_CHECKING:
    from valuation.risk.replay import Replay
    from valuation.risk.simulation import Simulation
    from valuation.risk.spread import Estimate

#: Percentiles shown in the terminal; `--json` has all.
_SHOWN = ("p5", "p25", "p50", "p75", "p95")
#: Inputs shown by importance, and lines of a draw.
_MOST = 10


class SamplerName(StrEnum):
    """How draws are made."""

    sobol = "sobol"
    random = "random"


class EngineName(StrEnum):
    """What evaluates them."""

    auto = "auto"
    numpy = "numpy"
    numba = "numba"


_ENGINES: dict[EngineName, Literal["numpy", "numba"] | None] = {
    EngineName.auto: None,
    EngineName.numpy: "numpy",
    EngineName.numba: "numba",
}
Draws = Annotated[int, typer.Option("--draws", help="How many draws.")]
Sampler = Annotated[SamplerName, typer.Option("--sampler", help="Sobol points or pseudo-random.")]
Around = Annotated[
    str, typer.Option("--scenario", help="Scenario to draw around, or mixture: by weight.")
]
Paths = Annotated[
    bool,
    typer.Option("--demand-paths", help="AI demand acts by its responses, not by correlations."),
]


def simulate(
    workbook: Workbook = api.DEFAULT,
    draws: Draws = 100_000,
    seed: Seed = 1,
    sampler: Sampler = SamplerName.sobol,
    scenario: Around = "mixture",
    workers: Annotated[
        int | None, typer.Option("--workers", help="How many at once; by default each core.")
    ] = None,
    engine: Annotated[
        EngineName, typer.Option("--engine", help="What evaluates.")
    ] = EngineName.auto,
    settings: Settings = None,
    rows: Annotated[
        list[str] | None, typer.Option("--row", metavar="KEY", help="Summarise this row too.")
    ] = None,
    demand_paths: Paths = False,
    walks: Annotated[
        int, typer.Option("--walks", help="Walks for the importance of inputs; 0: none.")
    ] = 4096,
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", help="Address of a dask scheduler to work on.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Every draw, as .parquet.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Simulate the value over the distributions of the inputs."""
    with refusals(), interruptible(), progress() as tell:
        if output is not None:
            _refuse_output(output, draws)
        assumptions = api.load(workbook)
        found = api.simulate(
            assumptions,
            draws=draws,
            seed=seed,
            sampler=sampler.value,
            scenario=scenario,
            changes=api.parse_changes(assumptions, settings or []),
            demand_paths=demand_paths,
            rows=rows or (),
            walks=walks,
            engine=_ENGINES[engine],
            workers=workers,
            scheduler=scheduler,
            progress=tell,
        )
        if output is not None:
            found.save(output)
    _print_notices(found)
    if as_json:
        print_json({**found.document(), **({"output": str(output)} if output else {})})
        return
    _print_simulation(found)
    if output is not None:
        out.print(f"Draws: {output}", markup=False, soft_wrap=True)


def replay(
    draw: Annotated[int, typer.Argument(help="Number of the draw, from 0.")],
    workbook: WorkbookOption = api.DEFAULT,
    draws: Draws = 100_000,
    seed: Seed = 1,
    sampler: Sampler = SamplerName.sobol,
    scenario: Around = "mixture",
    settings: Settings = None,
    demand_paths: Paths = False,
    explain: Annotated[
        str | None, typer.Option("--explain", metavar="KEY", help="Say a row of the draw in words.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Live workbook of the draw to write.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Value one draw of a simulation again; give the options the simulation had."""
    with refusals():
        assumptions = api.load(workbook)
        changes = api.parse_changes(assumptions, settings or [])
        found = api.replay(
            assumptions if output is None else workbook,
            draw,
            draws=draws,
            seed=seed,
            sampler=sampler.value,
            scenario=scenario,
            changes=changes,
            demand_paths=demand_paths,
            output=output,
        )
        explained = None if explain is None else api.explain(found.valuation, explain)
    if as_json:
        more = {} if explained is None else {"explanation": explained.document()}
        print_json({**found.document(), **more, **({"output": str(output)} if output else {})})
        return
    if explained is not None:
        print_explanation(explained)
        return
    print_value(found.valuation)
    _print_drawn(found)
    if output is not None:
        out.print(f"Workbook: {output}", markup=False, soft_wrap=True)


def _refuse_output(output: Path, draws: int) -> None:
    from valuation.risk.simulate import EXACT

    if output.suffix != ".parquet":
        raise AssumptionError([f"{output.name} is no .parquet file. Name one."])
    if draws > EXACT:
        text = (
            f"{draws:,} draws are too many to write. Ask for {EXACT:,} or fewer, or leave -o out."
        )
        raise AssumptionError([text])
    if not output.parent.is_dir():
        raise AssumptionError([f"there is no folder {output.parent}. Make it, or name another."])


def _print_notices(found: Simulation) -> None:
    texts = [*found.assumptions.notices, *found.uncertainty.notices]
    for move in found.uncertainty.moves:
        text = f"correlation of {move.first} and {move.second}: {move.typed:g} moved to "
        texts.append(f"{text}{move.used:.4f}, so that the matrix is one")
    if len(found.dropped):
        share = len(found.dropped) / found.draws
        count = f"{len(found.dropped):,} draws ({share:.2%})"
        texts.append(f"{count} have no value and are left out; the first row without one:")
        model = found.company.model
        texts += [f"  {n:,}: {model.title(k)} ({k})" for k, n in found.reasons.items()]
    for text in texts:
        err.print(f"Note: {text}", style="yellow", markup=False, soft_wrap=True)


def _print_simulation(found: Simulation) -> None:
    company = found.company
    price = found.centre.number(company.market_price)
    mean, above = found.mean(company.value_per_share), found.probability_above()
    chance = f"with probability {_pm(above, '.2%')}" if above.value else "in no draw"
    out.print(
        f"{company.title} {company.chinese} {company.ticker}: "
        f"{_pm(mean, '.3f')} {company.currency} a share on average; "
        f"above the price of {price:.2f} {chance}",
        style="bold",
        soft_wrap=True,
    )
    sampler = found.job.sampler
    out.print(
        f"{found.draws:,} draws, {sampler.kind}, seed {sampler.seed}, scenario {found.scenario}, "
        f"{found.job.engine}, {found.workers} workers, {found.seconds:.2f} s; "
        f"± is one standard error",
        style="dim",
        soft_wrap=True,
    )
    out.print(_values_table(found))
    shortfall = found.expected_shortfall()
    out.print(f"Mean of the worst 5%: {_pm(shortfall, '.3f')} {company.currency} a share")
    _print_events(found)
    if any(at.year is not None for at in found.likelihoods()):
        out.print(_events_table(found))
    out.print(_variance_table(found))
    if found.importance is not None:
        out.print(_importance_table(found))
    out.print(f"Digest {found.digest}", style="dim", soft_wrap=True)


def _pm(estimate: Estimate, form: str) -> str:
    """A figure and two digits of its standard error."""
    if form.endswith("%"):
        return f"{estimate.value:{form}} ± {100 * estimate.standard_error:.2g}%"
    return f"{estimate.value:{form}} ± {estimate.standard_error:.2g}"


def _table(first: str, *names: str) -> Table:
    table = Table(box=SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(first)
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _values_table(found: Simulation) -> Table:
    company = found.company
    table = _table("", "Base" if found.scenario == "mixture" else found.scenario, "Mean", "sd",
                   *(name.upper() for name in _SHOWN))  # fmt: skip
    parts = [(f"{part.title} {part.chinese}", part.value) for part in company.parts]
    equity, share = company.equity_value, company.value_per_share
    for label, row in [*parts, (f"{equity.label} {equity.chinese}", equity),
                       (f"{share.label} {share.chinese}", share)]:  # fmt: skip
        form = ",.3f" if row is share else ",.0f"
        figures = found.figures(row)
        cells = [found.centre.number(row), *(figures[n].value for n in ("mean", "sd", *_SHOWN))]
        table.add_row(label, *(f"{cell:{form}}" for cell in cells), style="bold" * (row is share))
    for column in found.further:
        year = None if column.period is None else found.centre.years[column.period]
        figures = found.figures(column.key, year)
        base = found.centre[column.key]
        own = base[column.period or 0] if isinstance(base, tuple) else base
        unit = column.row.unit_text
        cells = [own, *(figures[n].value for n in ("mean", "sd", *_SHOWN))]
        name = f"{column.row.label}{'' if year is None else f' {year}'} ({unit})"
        table.add_row(name, *(rounded(cell, unit).removesuffix(f" {unit}") for cell in cells))
    return table


def _events_table(found: Simulation) -> Table:
    likelihoods = found.likelihoods()
    years = sorted({at.year for at in likelihoods if at.year is not None})
    table = Table(box=SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("Probability, %")
    for year in years:
        table.add_column(str(year), justify="right", no_wrap=True, min_width=4)
    for event in found.company.events:
        chances = {at.year: at.probability for at in likelihoods if at.event is event}
        if None not in chances:
            cells = [f"{chances[year].value:.0%}"[:-1] if year in chances else "" for year in years]
            chinese = f" {event.chinese}" if out.width >= WIDE else ""
            table.add_row(f"{event.title}{chinese}", *cells)
    return table


def _print_events(found: Simulation) -> None:
    """Events asked for as a whole."""
    for at in found.likelihoods():
        if at.year is None:
            chance = _pm(at.probability, ".2%")
            out.print(f"{at.event.title} {at.event.chinese}: {chance}", soft_wrap=True)


def _variance_table(found: Simulation) -> Table:
    table = _table("Variance of equity", "sd, CNY m", "Correlation", "Share")
    for share in found.variance_by_part():
        if share.sd > 0:
            cells = f"{share.sd:,.0f}", f"{share.correlation:.2f}", f"{share.share:.1%}"
            table.add_row(share.label, *cells)
    return table


def _importance_table(found: Simulation) -> Table:
    table = _table("What matters most", "Shapley", "± ", "First order")
    importance = found.importance
    effects = [] if importance is None else importance.effects
    shown_ones = effects[:_MOST]
    rest = sum(effect.shapley.value for effect in effects[_MOST:])
    for effect in shown_ones:
        cells = effect.shapley.value, effect.shapley.standard_error, effect.first_order.value
        table.add_row(found.title_of(effect.key), *(f"{cell:.1%}" for cell in cells))
    table.add_row("All others", f"{rest:.1%}")
    return table


def _print_drawn(found: Replay) -> None:
    base, now = found.centre.value_per_share, found.valuation.value_per_share
    out.print(
        f"Draw {found.draw}, scenario {found.valuation.scenario}: {now:.4f} a share, "
        f"{now - base:+.4f} against {base:.4f} in scenario {found.centre.scenario}",
        style="bold",
        soft_wrap=True,
    )
    table = _table("Drawn, the farthest from the middle first", "Base", "Draw", "Percentile")
    certain = [drawn for drawn in found.inputs if drawn.percentile is None]
    ranked = sorted(
        (drawn for drawn in found.inputs if drawn.percentile is not None),
        key=lambda drawn: -abs((drawn.percentile or 0) - 0.5),
    )
    for drawn in [*ranked[: 2 * _MOST], *certain]:
        unit = drawn.given.row.unit_text
        title = found.company.model.title(drawn.given.key)
        label = f"{title}{'' if drawn.year is None else f' {drawn.year}'}"
        place = "scenario" if drawn.percentile is None else f"{drawn.percentile:.1%}"
        table.add_row(
            f"{label} ({unit})", shown(drawn.base, unit), _short(drawn.value, unit), place
        )
    out.print(table)
    left = len(ranked) - 2 * _MOST
    if left > 0:
        out.print(f"and {left} more; --json has all", style="dim")


def _short(value: float, unit: str) -> str:
    return rounded(value, unit).removesuffix(f" {unit}")
