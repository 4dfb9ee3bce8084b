"""How fast the simulation is, and how exact, as ratios measured in one run: `make bench`.

    python tests/benchmarks/bench.py [NAME ...]     # all of it, or some of: kernel, whole, scaling,
                                                    # memory, sobol, shapley

Times are the best of runs that take turns, so that a busy machine slows all of them alike.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from valuation.companies.hangang import company
from valuation.engines.draws import inputs
from valuation.engines.native import Kernel
from valuation.engines.plan import Plan
from valuation.risk.importance import importance
from valuation.risk.simulate import simulate
from valuation.risk.simulation import Simulation
from valuation.risk.valuation import base_values

sys.path.insert(0, str(Path(__file__).parent))

import steel_by_hand as hand
import with_monaco as monaco

MILLION = 1 << 20
#: Draws of the numpy engine, of monaco, and of the two memory runs.
NUMPY, MONACO, SMALL, LARGE = 1 << 18, 1000, 1 << 20, 1 << 26
#: Draws a call of a kernel: no power of two, see `steel_by_hand`.
BLOCK = 1056
WALKS = 26_000


def best(*runs: Callable[[], object], turns: int = 5) -> list[float]:
    """Seconds of each, the best of several turns."""
    found = [float("inf")] * len(runs)
    for _ in range(turns):
        for i, run in enumerate(runs):
            began = time.perf_counter()
            run()
            found[i] = min(found[i], time.perf_counter() - began)
    return found


def say(what: str, goal: str, measured: str, *, met: bool) -> None:
    """Print a goal and what was measured."""
    sys.stdout.write(f"{'met  ' if met else 'NOT  '} {what}: {measured} (goal: {goal})\n")
    sys.stdout.flush()


def simulated(draws: int, **options: object) -> Simulation:
    """The benchmark's simulation: around the base case, equity and every part, correlated.

    Reading the workbook is left out, as it is for monaco.
    """
    book = monaco.assumptions()
    return simulate(book, draws=draws, scenario="base", events=False, **options)  # type: ignore[arg-type]


def kernel() -> None:
    """The generated kernel of the steel part against three written by hand."""
    book = monaco.assumptions()
    model = company.model
    plan = Plan(model, [model.rows[hand.VALUE]])
    varying = [*(model.rows[key] for key in hand.VARYING), model.rows[hand.SHOCK_KEY]]
    generated = Kernel(plan, varying, inputs(model, base_values(book)))
    table = hand.random_table(book, BLOCK)
    order = np.concatenate([list(generated.cells[row]) for row in varying])
    ours = np.empty_like(table)
    ours[order] = table
    out, own = np.empty(BLOCK), np.empty((generated.length, BLOCK))
    record = hand.fixed_inputs(book)

    def often(run: Callable[[], None]) -> Callable[[], None]:
        return lambda: [run() for _ in range(200)] and None

    times = best(
        often(lambda: generated.run(ours, own)),
        often(lambda: hand.strips_row_by_row(table, record, out)),
        often(lambda: hand.loop_per_draw(table, record, out)),
        often(lambda: hand.strips(table, record, out)),
        turns=9,
    )
    for by_hand in hand.KERNELS:
        by_hand(table, record, out)
        np.testing.assert_allclose(own[0], out, rtol=1e-9)
    ns = [1e9 * seconds / 200 / BLOCK for seconds in times]
    told = f"{ns[0]:.1f} ns a draw against {ns[1]:.1f}"
    say("generated kernel, share of the same rows in strips by hand", ">= 80%",
        f"{ns[1] / ns[0]:.0%}, {told}", met=ns[1] / ns[0] >= 0.8)  # fmt: skip
    say("generated kernel, times a loop per draw", ">= 3", f"{ns[2] / ns[0]:.1f}, {ns[2]:.0f} ns",
        met=ns[2] / ns[0] >= 3)  # fmt: skip
    sys.stdout.write(
        f"      share of strips reduced by algebra: {ns[3] / ns[0]:.0%}, {ns[3]:.1f} ns (no goal)\n"
    )


def whole() -> None:
    """The whole company, end to end, against monaco."""
    simulated(1 << 14, engine="numba")  # compiled and in the cache
    compiled, numpy = best(
        lambda: simulated(MILLION, engine="numba", workers=2),
        lambda: simulated(NUMPY, engine="numpy", workers=2),
        turns=3,
    )
    slow = monaco.seconds_per_draw(MONACO)
    fast = slow / (compiled / MILLION)
    say("2^20 draws, numba, wall", "< 1 s", f"{compiled:.2f} s", met=compiled < 1)
    say("times monaco, numba", ">= 300", f"{fast:.0f}, monaco {1e6 * slow:.0f} µs a draw",
        met=fast >= 300)  # fmt: skip
    medium = slow / (numpy / NUMPY)
    say("times monaco, numpy", ">= 80", f"{medium:.0f}, {1e6 * numpy / NUMPY:.2f} µs a draw",
        met=medium >= 80)  # fmt: skip


def scaling() -> None:
    """Two workers against one."""
    one, two = best(
        lambda: simulated(4 * MILLION, engine="numba", workers=1),
        lambda: simulated(4 * MILLION, engine="numba", workers=2),
        turns=3,
    )
    say("threads on 2 cores, numba", ">= 1.7", f"{one / two:.2f}", met=one / two >= 1.7)
    one, two = best(
        lambda: simulated(2 * NUMPY, engine="numpy", workers=1),
        lambda: simulated(2 * NUMPY, engine="numpy", workers=2),
        turns=3,
    )
    say("processes on 2 cores, numpy", ">= 1.6", f"{one / two:.2f}", met=one / two >= 1.6)


def memory() -> None:
    """Peak memory of few and of many draws, each in a process of its own."""
    peaks = [_peak(draws) for draws in (SMALL, LARGE)]
    told = f"{peaks[1] / peaks[0]:.2f}, {peaks[0]:.0f} and {peaks[1]:.0f} MB"
    say("peak memory, 2^26 against 2^20 draws", "<= 1.1", told, met=peaks[1] / peaks[0] <= 1.1)


def _peak(draws: int) -> float:
    done = subprocess.run(
        [sys.executable, __file__, "--peak", str(draws)], check=True, capture_output=True, text=True
    )
    return float(done.stdout)


def sobol() -> None:
    """Standard error of the mean, Sobol against pseudo-random, over several seeds."""
    errors = []
    for sampler in ("sobol", "random"):
        found = [
            simulated(MILLION, engine="numba", seed=seed, sampler=sampler).mean(
                company.value_per_share
            )
            for seed in range(3)
        ]
        errors.append(np.sqrt(np.mean([mean.standard_error**2 for mean in found])))
    ratio = errors[0] / errors[1]
    say("error of the mean at 2^20, Sobol against random", "<= 1/50", f"1/{1 / ratio:.0f}",
        met=ratio <= 1 / 50)  # fmt: skip


def shapley() -> None:
    """Largest standard error of a Shapley effect."""
    found = importance(simulated(1 << 17, engine="numba"), walks=WALKS)
    worst = max(effect.shapley.standard_error for effect in found.effects)
    told = f"{worst:.4f} after {found.walks:,} walks, {found.seconds:.1f} s"
    say("largest standard error of a Shapley effect", "<= 0.01", told, met=worst <= 0.01)


def main(words: Sequence[str]) -> None:
    """Run what is named, or everything."""
    if words[:1] == ["--peak"]:
        simulated(int(words[1]), engine="numba", workers=2)
        sys.stdout.write(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}\n")
        return
    parts = kernel, whole, scaling, memory, sobol, shapley
    for part in parts:
        if not words or part.__name__ in words:
            part()


if __name__ == "__main__":
    main(sys.argv[1:])
