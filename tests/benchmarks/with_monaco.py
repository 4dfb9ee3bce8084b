"""What an analyst would do with a Monte Carlo library: the whole company, once a draw, in Python.

The library is monaco; the company is the hand arithmetic of the tests, which shares no code with
the engines. Inputs are drawn from the scipy distributions that the sheet names, without
correlation, and kept within the physical bounds.

    python tests/benchmarks/with_monaco.py        # check, then seconds a draw
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from monaco import Case, SampleMethod, Sim, SimFunctions
from scipy import stats

import valuation
from valuation.companies.hangang import company
from valuation.engines.arrays import evaluate
from valuation.engines.draws import inputs
from valuation.engines.plan import Plan
from valuation.risk.assumptions import Assumptions, Input
from valuation.risk.valuation import base_values

sys.path.insert(0, str(Path(__file__).parents[1]))  # the hand arithmetic lies beside this folder
import hand
import hand_steel_and_cloud as more
import mapping

WORKBOOK = Path(__file__).parents[2] / "assumptions" / "hangang.xlsx"
#: Distance from P10 to P90 of a normal distribution, in standard deviations.
P10_TO_P90 = 2 * float(stats.norm.ppf(0.9))
SEED = 600126


@cache
def assumptions() -> Assumptions:
    """The real workbook, read once."""
    return valuation.load(WORKBOOK)


@cache
def varying() -> dict[str, Input]:
    """Inputs that differ by draw, by key."""
    return {k: v for k, v in assumptions().inputs.items() if v.distribution != "fixed"}


def distribution(given: Input) -> tuple[Any, dict[str, float]]:
    """Distribution of scipy and its arguments: the range is P10 to P90 or the ends, as it says."""
    if given.distribution == "discrete":
        pairs = [pair.split(":") for pair in given.parameters.split(";")]
        numbers = [[_number(text) for text in pair] for pair in pairs]
        values, weights = zip(*numbers, strict=True)
        return stats.rv_discrete(values=(values, weights)), {}
    base, low, high = given.value, given.low, given.high
    assert not isinstance(base, tuple)
    assert low is not None
    assert high is not None
    span, mode = high - low, (base - low) / (high - low)
    match given.distribution:
        case "triangular":
            return stats.triang, {"c": mode, "loc": low, "scale": span}
        case "PERT":
            return stats.beta, {"a": 1 + 4 * mode, "b": 5 - 4 * mode, "loc": low, "scale": span}
        case "uniform":
            return stats.uniform, {"loc": low, "scale": span}
        case "normal":
            return stats.norm, {"loc": (low + high) / 2, "scale": span / P10_TO_P90}
        case "lognormal":
            spread = math.log(high / low) / P10_TO_P90
            return stats.lognorm, {"s": spread, "scale": math.sqrt(low * high)}
        case other:
            raise NotImplementedError(other)


def _number(text: str) -> float:
    plain = text.strip().replace(",", "")
    return float(plain[:-1]) / 100 if plain.endswith("%") else float(plain)


#: Inputs of the hand arithmetic by group; each draw overwrites the ones that vary.
BASE = mapping.base_inputs()


def value_once(changes: Mapping[str, float]) -> dict[str, float]:
    """Value per share, equity and the value of every part for one draw."""
    for key, number in changes.items():
        group, name = mapping.NAMES[key]
        BASE[group][name] = number
    general = BASE["general"]
    told = {
        "steel": more.steel(general, BASE["steel"]),
        "trading": more.trading(BASE["trading"]),
        "hangang_cloud": more.hangang_cloud(general, BASE["hangang_cloud"]),
        "zhejiang_cloud": hand.zhejiang_cloud(general, BASE["zhejiang_cloud"]),
        "compute_leasing": hand.compute_leasing(general, BASE["compute"]),
        "data_services": more.data_services(BASE["data_services"]),
    }
    parts = {part: result["values"]["ev"] for part, result in told.items()}
    stakes = {part: result["values"]["stake"] for part, result in told.items()}
    total = hand.sum_of_parts(parts, general, BASE["corporate"], stakes)
    return {
        "value_per_share": total["value_per_share"],
        "equity_value": total["equity"],
        **{f"{part}_value": total[f"part_{part}"] for part in told},
    }


@contextmanager
def only_what_is_valued() -> Iterator[None]:
    """Leave out what no value needs and bisects for long: break-even margins and project IRRs."""
    with (
        patch.object(more, "break_even_margins", lambda _steel, _rows: {}),
        patch.object(hand, "irr", lambda _flows: math.nan),
    ):
        yield


def _preprocess(case: Case) -> tuple[dict[str, float]]:
    """Values of the draw, within the physical bounds."""
    values = {
        key: min(max(float(case.invals[key].val), given.minimum), given.maximum)
        for key, given in varying().items()
    }
    return (values,)


def _run(changes: dict[str, float]) -> tuple[dict[str, float]]:
    return (value_once(changes),)


def _postprocess(case: Case, values: dict[str, float]) -> None:
    for name, number in values.items():
        case.addOutVal(name, number)


def simulate(draws: int, *, processes: int = 1) -> Sim:
    """Run the simulation; the outputs are `sim.outvars` by name."""
    functions = {
        SimFunctions.PREPROCESS: _preprocess,
        SimFunctions.RUN: _run,
        SimFunctions.POSTPROCESS: _postprocess,
    }
    sim = Sim(
        name="hangang",
        ndraws=draws,
        fcns=functions,
        samplemethod=SampleMethod.RANDOM,
        seed=SEED,
        singlethreaded=processes == 1,
        usedask=False,
        ncores=processes,
        multiprocessing_method="fork",
        verbose=False,
        debug=True,
    )
    for key, given in varying().items():
        dist, arguments = distribution(given)
        sim.addInVar(name=key, dist=dist, distkwargs=arguments)
    with only_what_is_valued():
        sim.runSim()
    return sim


def seconds_per_draw(draws: int, *, processes: int = 1) -> float:
    """Wall time a draw of the whole simulation, reading the workbook left out."""
    varying()
    start = time.perf_counter()
    simulate(draws, processes=processes)
    return (time.perf_counter() - start) / draws


def check(draws: int = 100, tolerance: float = 1e-9) -> float:
    """Hold each output of each draw to the numpy engine; the largest relative difference."""
    sim = simulate(draws)
    changes = {
        key: np.clip(np.array(sim.invars[key].vals, dtype=float), given.minimum, given.maximum)
        for key, given in varying().items()
    }
    model = company.model
    rows = {name: model.rows[name] for name in sim.outvars}
    given = inputs(model, base_values(assumptions()), changes)
    expected = evaluate(Plan(model, rows.values()), given, draws=draws)
    worst = 0.0
    for name, row in rows.items():
        found = np.array(sim.outvars[name].vals, dtype=float)
        np.testing.assert_allclose(found, expected[row][0], rtol=tolerance)
        worst = max(worst, float(np.max(np.abs(found / expected[row][0] - 1))))
    return worst


def main() -> None:
    """Print the difference from the engine and the speeds."""
    sys.stdout.write(f"largest relative difference from the engine: {check():.1e}\n")
    for processes in (1, 2):
        speed = seconds_per_draw(2_000, processes=processes)
        sys.stdout.write(f"{processes} process(es): {speed * 1e6:,.0f} microseconds a draw\n")


if __name__ == "__main__":
    main()
