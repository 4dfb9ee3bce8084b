"""A simulation as plain data."""

from __future__ import annotations

from valuation.lines import Row
from valuation.risk.document import plain
from valuation.risk.simulation import Column, Simulation


def document(found: Simulation) -> dict[str, object]:
    """The simulation as plain data: what `valuation simulate --json` prints."""
    company = found.company
    above = found.probability_above()
    weighed = found.importance
    return {
        "company": company.name,
        "scenario": found.scenario,
        "draws": found.draws,
        "seed": found.seed,
        "sampler": found.job.sampler.kind,
        "engine": found.job.engine,
        "workers": found.workers,
        "seconds": found.seconds,
        "inputs_hash": found.inputs_hash,
        "value_per_share": _figures(found, company.value_per_share),
        "equity_value": _figures(found, company.equity_value),
        "parts": [
            {"key": part.key, "label": part.title, **_figures(found, part.value)}
            for part in company.parts
        ],
        "rows": [
            {"key": column.key, "year": found.year_of(column), **_figures(found, column)}
            for column in found.further
        ],
        "market_price": found.centre.number(company.market_price),
        "probability_above_price": plain(above.value),
        "probability_above_price_standard_error": plain(above.standard_error),
        "expected_shortfall_5": plain(found.expected_shortfall().value),
        "events": [
            {
                "key": likelihood.event.key,
                "label": likelihood.event.title,
                "year": likelihood.year,
                "probability": plain(likelihood.probability.value),
                "standard_error": plain(likelihood.probability.standard_error),
            }
            for likelihood in found.likelihoods()
        ],
        "variance_by_part": plain(found.variance_by_part()),
        "correlations_moved": plain(list(found.uncertainty.moves)),
        "importance": [] if weighed is None else weighed.document(),
        "importance_seconds": None if weighed is None else weighed.seconds,
        "dropped": len(found.dropped),
        "dropped_by_reason": dict(found.reasons),
        "digest": found.digest,
    }


def _figures(found: Simulation, of: Row | Column) -> dict[str, object]:
    row, year = (of.row, found.year_of(of)) if isinstance(of, Column) else (of, None)
    figures = found.figures(row, year)
    return {
        "mean": plain(figures["mean"].value),
        "sd": plain(figures["sd"].value),
        "percentiles": {
            name: plain(e.value) for name, e in figures.items() if name not in ("mean", "sd")
        },
        "standard_errors": {name: plain(e.standard_error) for name, e in figures.items()},
    }
