"""The generated kernel: the same numbers as numpy's, on the real company and on random ones."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import numpy as np
import pytest
from graphs import Graph, graphs, ruled, values
from hypothesis import given, settings
from hypothesis import strategies as st

from valuation.companies.hangang import company
from valuation.engines import native_cache, rules
from valuation.engines.arrays import evaluate
from valuation.engines.draws import inputs
from valuation.engines.native import Kernel
from valuation.engines.native_rules import AHEAD, COMPARISONS, PAST, RULES, TOTALS
from valuation.engines.plan import Plan, Step
from valuation.errors import EngineError
from valuation.lines import (
    NO_VALUE,
    YEAR,
    Expr,
    Model,
    Row,
    Shape,
    assume,
    at_end,
    at_least,
    at_most,
    average,
    balance,
    calendar_year,
    equals,
    exp,
    internal_rate_of_return,
    largest,
    line,
    log,
    over_years,
    power,
    previous,
    root,
    smallest,
    straight_line,
    where,
    year_end,
    years_ago,
)

if TYPE_CHECKING:
    from valuation.risk.assumptions import Assumptions

pytest.importorskip("numba")

DRAWS = 75  # no multiple of the lanes


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of compiled kernels for these tests alone: nothing in it is stale."""
    return tmp_path_factory.mktemp("kernels")


def same(found: np.ndarray, expected: np.ndarray, least: float = 0) -> bool:
    """Whether values agree at 1e-12 of their size, and gaps stand where they should.

    Differences of larger numbers, which lose digits, are measured against `least`.
    """
    with np.errstate(invalid="ignore"):
        near = np.abs(found - expected) <= 1e-12 * np.maximum(np.abs(expected), least)
    gaps = np.isnan(found) & np.isnan(expected)
    return found.shape == expected.shape and bool(np.all(near | gaps | (found == expected)))


def agree(
    model: Model,
    base: Mapping[str, object],
    changes: Mapping[str, np.ndarray],
    cache: Path,
    rows: Iterable[Row] | None = None,
    *,
    least: float = 0,
) -> tuple[Kernel, dict[Row, np.ndarray]]:
    """All rows are the same from the kernel and from numpy."""
    plan = Plan(model, model.rows.values() if rows is None else rows)
    kernel = Kernel(plan, [model.rows[k] for k in changes], inputs(model, base), cache=cache)
    draws = next((np.shape(v)[-1] for v in changes.values()), DRAWS)
    told = inputs(model, base, changes)
    found, expected = kernel.evaluate(told, draws=draws), evaluate(plan, told, draws=draws)
    assert found.keys() == expected.keys()
    for row, array in expected.items():
        assert same(found[row], array, least), model.key[row]
    return kernel, found


# ------------------------------------------------------------------------------------------------
# Every operation
# ------------------------------------------------------------------------------------------------


def test_no_operation_is_missing() -> None:
    written = {*RULES, *COMPARISONS, *TOTALS, *PAST, *AHEAD}
    assert written == {*rules.ELEMENTWISE, *rules.OVER_PERIODS, *rules.OVER_PAST}
    assert len(written) == sum(map(len, (RULES, COMPARISONS, TOTALS, PAST, AHEAD)))


def test_an_operation_without_a_rule_is_refused(cache: Path) -> None:
    a = assume("A", "%")
    model = ruled({"a": a, "b": line("B", "%", a + a)})
    plan = Plan(model, [model.rows["b"]])
    plan.steps[-1] = Step("cube", (0, 0))
    with pytest.raises(EngineError, match=r"no rule for 'cube'.*native_rules"):
        Kernel(plan, [a], {}, cache=cache)


#: Numbers among which gaps, ends of ranges and ties are found.
AWKWARD = np.r_[
    [0, -0.0, 1, -1, 2, -2, 0.5, -0.5, 3, -3, 1.5, 0.1, 7, 1e-3, -1e-3, 1e3, 30, -30, 1 / 3],
    [709.7, 709.9, -745, -746, 800, -800, 2.0**53, 2.0**53 + 2, 1 - 2**-53, 1 + 2**-52],
    [1e155, -1e155, 1e308, -1e308, 1e-310, 5e-324, 1e-155, 1e200, -1e200, 1e20, -1e25],
]
PAIRS: dict[str, Callable[[Expr, Expr], Expr]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "div_of_overflow": lambda a, b: (a * a) / b,
    "max": at_least,
    "min": at_most,
    "max_0": lambda a, _: at_least(a, 0),
    "max_0_of_gap": lambda a, b: at_least(a / b, 0),
    "min_1_of_gap": lambda a, b: at_most(1, a / b),
    "max_of_gaps": lambda a, b: at_least(root(a), log(b)),
    "min_of_gaps": lambda a, b: at_most(root(a), log(b)),
    "max_no_value": lambda a, _: at_least(a, NO_VALUE),
    "mean": average,
    "sqrt": lambda a, _: root(a),
    "sqrt_of_overflow": lambda a, b: root(a * b),
    "exp": lambda a, _: exp(a),
    "exp_of_overflow": lambda a, b: exp(a * b),
    "log": lambda a, _: log(a),
    "log_of_overflow": lambda a, b: log(a * b),
    "power": power,
    "power_of_overflow": lambda a, b: power(a * a * a, b),
    "power_to_overflow": lambda a, b: power(a, b * b * b),
    "power_of_gap": lambda a, b: power(root(a), b),
    "power_to_gap": lambda a, b: power(a, root(b)),
    "le": lambda a, b: a <= b,
    "lt": lambda a, b: a < b,
    "eq": equals,
    "eq_of_gap": lambda a, b: equals(root(a), b),
    "lt_of_gap": lambda a, b: a < root(b),
    "where_lt": lambda a, b: where(a < b, a, b),
    "where_gap_flag": lambda a, b: where(root(a) < b, a, b),
    "where_gap_branch": lambda a, b: where(a < b, root(a), log(b)),
    "where_plain": lambda a, b: where(a, b, 1),
    "where_number": lambda a, b: where(root(a), b, 0),
    "where_no_value": lambda a, b: where(a <= b, NO_VALUE, a),
    "where_flags": lambda a, b: where((a < b) * (a <= root(b)), a, b),
}


@pytest.mark.parametrize("yearly", [False, True])
def test_operations_on_awkward_numbers(cache: Path, *, yearly: bool) -> None:
    a, b = assume("A", "ratio", yearly=yearly), assume("B", "ratio", yearly=yearly)
    lines = {name: line(name, "ratio", make(a, b)) for name, make in PAIRS.items()}
    model = ruled({"a": a, "b": b, **lines}, periods=2)
    pairs = np.array(np.meshgrid(AWKWARD, AWKWARD)).reshape(2, -1)
    changes = {"a": pairs[0], "b": pairs[1]}
    if yearly:
        changes = {k: np.array([v, v[::-1]]) for k, v in changes.items()}
    _, found = agree(model, {"base_year": 2024, "a": 1, "b": 1}, changes, cache)
    for name in ("div", "sqrt", "exp", "log", "power", "lt_of_gap", "where_gap_flag"):
        gaps = np.isnan(found[lines[name]])
        assert gaps.any(), name
        assert not gaps.all(), name


@pytest.mark.parametrize("exponent", [0, 1, -3, 0.5, -0.5, 1e25, -1e-310])
def test_powers_whose_exponent_is_alike_in_all_draws(cache: Path, exponent: float) -> None:
    a, b = assume("A", "ratio"), assume("B", "ratio")
    lines = {"c": line("C", "ratio", power(a, b)), "d": line("D", "ratio", power(a * a * a, b))}
    model = ruled({"a": a, "b": b, **lines})
    agree(model, {"base_year": 2024, "a": 1, "b": exponent}, {"a": AWKWARD}, cache)


def test_functions_are_as_good_as_the_library(cache: Path) -> None:
    """Within two units in the last place, wherever they are normal numbers."""
    rng = np.random.default_rng(1)
    a, b = assume("A", "ratio"), assume("B", "ratio")
    lines = {
        "exp": line("Exp", "ratio", exp(a)),
        "log": line("Log", "ratio", log(b)),
        "power": line("Power", "ratio", power(b, a)),
    }
    model = ruled({"a": a, "b": b, **lines})
    draws = 40_000
    changes = {
        "a": np.r_[rng.normal(size=draws), rng.uniform(-700, 700, draws)],
        "b": np.r_[rng.uniform(0.5, 2, draws), np.exp(rng.uniform(-20, 20, draws))],
    }
    plan = Plan(model, lines.values())
    told = inputs(model, {"base_year": 2024, "a": 1, "b": 1}, changes)
    found = Kernel(plan, [a, b], told, cache=cache).evaluate(told, draws=2 * draws)
    expected = evaluate(plan, told, draws=2 * draws)
    for row, array in expected.items():
        normal = np.abs(array) > np.finfo(float).tiny
        slip = np.abs(found[row] - array)[normal] / np.spacing(np.abs(array[normal]))
        assert slip.max() <= 2, row.label
    whole = inputs(model, {"base_year": 2024, "a": 1, "b": 1}, {"a": np.r_[0:5], "b": np.r_[3:8]})
    powers = Kernel(plan, [a, b], told, cache=cache).evaluate(whole, draws=5)[lines["power"]]
    assert powers.tolist() == [[1, 4, 25, 216, 2401]]


def past(periods: int = 6) -> Model:
    """Rows that look back and over all years, nested so that they take several passes."""
    life, spent, start = (
        assume("Life", "years", whole=True, minimum=1, maximum=9),
        assume("Spent", "CNY m", yearly=True),
        assume("Start", "CNY m"),
    )
    share = assume("Share", "%", yearly=True)
    gross = balance("Gross", "CNY m", start, add=spent, less=0)
    before = previous(start)
    other_before, own = previous(0, "CNY m"), previous(start)
    renewed = line("Renewed", "CNY m", before + spent)
    again = line("Again", "CNY m", renewed * share - years_ago(renewed, life), closes=before)
    older = previous(start)  # closed by a previous value: the value of two years ago
    aged = line("Aged", "CNY m", before, closes=older)
    total = line("Total", "CNY m", over_years(again))
    rest = line("Rest", "CNY m", (total - again) * share)
    high, low = line("High", "CNY m", largest(rest)), line("Low", "CNY m", smallest(rest))
    ratio = line("Ratio", "ratio", (rest - low) / (high - low))
    worth = line("Worth", "CNY m", over_years(ratio, spent))
    other = line("Other", "CNY m", at_most(other_before + worth, own), closes=other_before)
    kept = line("Kept", "CNY m", at_least(own, other), closes=own)
    rows = {
        "life": life,
        "spent": spent,
        "start": start,
        "share": share,
        "gross": gross,
        "written_off": line("Written off", "CNY m", straight_line(gross, life)),
        "spent_ago": line("Spent ago", "CNY m", years_ago(renewed, life + YEAR)),
        "before": before,
        "renewed": renewed,
        "again": again,
        "older": older,
        "aged": aged,
        "oldest": line("Oldest", "CNY m", older - before),
        "total": total,
        "rest": rest,
        "high": high,
        "low": low,
        "ratio": ratio,
        "worth": worth,
        "other_before": other_before,
        "own": own,
        "other": other,
        "kept": kept,
        "end": line("End", "CNY m", at_end(kept)),
    }
    return ruled(rows, periods)


PAST_BASE = {"base_year": 2024, "life": 2, "spent": [9, 4, 0, 7, 1, 3], "start": 5, "share": 0.4}


@pytest.mark.parametrize(
    "varying", [["life"], ["spent", "share"], ["start"], ["life", "share"], []]
)
def test_rows_that_look_back_and_over_all_years(varying: list[str], cache: Path) -> None:
    rng = np.random.default_rng(len(varying))
    model = past()
    drawn = {
        "life": rng.integers(1, 10, DRAWS).astype(float),
        "spent": rng.uniform(-2, 9, (6, DRAWS)),
        "start": rng.uniform(-5, 9, DRAWS),
        "share": rng.uniform(0, 1, DRAWS),
    }
    agree(model, PAST_BASE, {k: drawn[k] for k in varying}, cache)


def test_a_gap_goes_through_totals_and_recurrences(cache: Path) -> None:
    model = past()
    spent = np.ones((6, DRAWS))
    spent[3] = np.linspace(-1, 1, DRAWS)  # equal in all years but this one: 0 / 0 at one draw
    base = PAST_BASE | {"share": 0, "spent": [1] * 6}
    _, found = agree(model, base, {"spent": spent}, cache)
    assert np.isnan(found[model.rows["worth"]]).any()
    assert np.isnan(found[model.rows["end"]]).any()


def dated() -> Model:
    """Rows that numpy computes ahead, on an input, on a recurrence and on a total."""
    day, paid, earned = (
        assume("Day", "date", whole=True, minimum=1, maximum=90000),
        assume("Paid", "CNY m"),
        assume("Earned", "CNY m", yearly=True),
    )
    before = previous(paid)
    flow = line("Flow", "CNY m", earned - before, opening=-paid)
    cash = line("Cash", "CNY m", average(before, earned), closes=before)
    rate = line("Rate", "%", internal_rate_of_return(flow))
    rows = {
        "day": day,
        "paid": paid,
        "earned": earned,
        "before": before,
        "flow": flow,
        "cash": cash,
        "rate": rate,
        "left": line("Left", "years", year_end(calendar_year(day)) - day),
        "worth": line("Worth", "CNY m", over_years(flow) / (1 + rate)),
        "each": line("Each", "CNY m", cash * rate),
    }
    return ruled(rows, periods=4)


def test_dates_and_rates_of_return_are_computed_ahead(cache: Path) -> None:
    rng = np.random.default_rng(2)
    model, draws = dated(), 2100  # more than one block
    changes = {
        "day": rng.integers(40000, 50000, draws).astype(float),
        "paid": rng.uniform(-9, 9, draws),
        "earned": np.repeat(rng.uniform(-1, 9, (4, 25)), draws // 25, axis=1),
    }
    base = {"base_year": 2024, "day": 45000, "paid": 5, "earned": 9}
    rows = [row for row in model.rows.values() if model.key[row] not in {"year", "base_year"}]
    _, found = agree(model, base, changes, cache, rows)
    assert not np.isnan(found[model.rows["rate"]]).all()
    agree(model, base, {"day": changes["day"]}, cache)


# ------------------------------------------------------------------------------------------------
# Random companies and the real one
# ------------------------------------------------------------------------------------------------


@settings(max_examples=9, derandomize=True, database=None)
@given(graph=graphs(), seed=st.integers(0, 2**32 - 1))
def test_random_companies_are_the_same(graph: Graph, seed: int, cache: Path) -> None:
    model, rng = graph.model, np.random.default_rng(seed)
    base = values(model, seed)
    drawn = [values(model, int(rng.integers(2**32))) for _ in range(40)]
    changes = {}
    for key, row in model.assumptions.items():
        if rng.random() < 0.6:
            table = np.array([np.atleast_1d(one[key]) for one in drawn]).T
            yearly = row.shape == Shape.SERIES and rng.random() < 0.7
            changes[key] = table if yearly else table[0]
    agree(model, base, changes, cache, least=1)


def base_of(book: Assumptions) -> dict[str, object]:
    return {
        key: list(found.value) if isinstance(found.value, tuple) else found.value
        for key, found in book.inputs.items()
    }


def drawn_from(book: Assumptions, draws: int) -> dict[str, np.ndarray]:
    """All inputs with a range within it, shocks by year, and some draws without a value."""
    rng = np.random.default_rng(draws)
    ranged = {key: found for key, found in book.inputs.items() if found.has_continuous_range}
    changes = {key: rng.uniform(found.low, found.high, draws) for key, found in ranged.items()}
    periods = company.model.periods
    changes["steel.margin_shock"] = rng.normal(size=(periods, draws)) * 50
    changes["demand.shock"] = rng.normal(size=(periods, draws)) * 0.1
    changes["market.equity_risk_premium"][:20] = 0  # discounts below growth: no terminal value
    changes["market.risk_free_rate"][:20] = 0
    changes["steel.mid_cycle_margin"][20:40] = 100  # sold at no multiple
    return changes


def test_the_company_is_the_same(book: Assumptions, cache: Path) -> None:
    draws = 3000
    model, changes = company.model, drawn_from(book, draws)
    assert len(changes) > 50
    wanted = [company.value_per_share, company.equity_value, *(p.value for p in company.parts)]
    rounding = model.rows["group.cash_adds_up"]  # zero but for the last bits of large balances
    series = [row for row in model.rows.values() if row.shape == Shape.SERIES]
    rows = [*wanted, *(row for row in series if row is not rounding)]
    kernel, found = agree(model, base_of(book), changes, cache, rows, least=1)
    assert kernel.width > 100
    assert kernel.length > 100 * model.periods
    worth = found[company.value_per_share][0]
    assert np.isnan(worth[:20]).any()
    assert not np.isnan(worth[40:]).any()


# ------------------------------------------------------------------------------------------------
# Calling it
# ------------------------------------------------------------------------------------------------


def small() -> tuple[Model, Plan]:
    a, b, c = assume("A", "%"), assume("B", "%", yearly=True), assume("C", "%")
    rows = {
        "a": a,
        "b": b,
        "c": c,
        "d": line("D", "%", a * b + exp(c)),
        "e": line("E", "%", c + c),
        "f": line("F", "%", over_years(b) * a),
    }
    model = ruled(rows)
    return model, Plan(model, [model.rows[key] for key in "dcefb"])


BASE = {"base_year": 2024, "a": 2.0, "b": [1.0, 2, 3, 4, 5], "c": 0.5}


def test_tables_are_laid_out_as_promised(cache: Path) -> None:
    model, plan = small()
    kernel = Kernel(plan, [model.rows["a"], model.rows["b"]], inputs(model, BASE), cache=cache)
    a, b = kernel.cells[model.rows["a"]], kernel.cells[model.rows["b"]]
    assert (len(a), len(b), kernel.width) == (1, 5, 6)
    assert set(a) | set(b) == set(range(6))
    assert kernel.length == 5 + 1 + 1 + 1 + 5
    draws = 3 * kernel.lanes
    table = np.random.default_rng(1).normal(size=(kernel.width, draws))
    out = np.full((kernel.length, draws), 7.0)
    kernel.run(table, out)
    first, years = table[a.start], table[b.start : b.stop]
    assert np.allclose(out[:5], first * years + np.exp(0.5), rtol=1e-14)
    assert (out[5] == 0.5).all()
    assert (out[6] == 1).all()
    assert np.allclose(out[7], first * years.sum(axis=0), rtol=1e-12)
    assert (out[8:] == years).all()


def test_tables_of_other_shapes_are_refused(cache: Path) -> None:
    model, plan = small()
    kernel = Kernel(plan, [model.rows["a"]], inputs(model, BASE), cache=cache)
    n = kernel.lanes
    for table, out in [
        ((2, n), (13, n)),
        ((1, n), (12, n)),
        ((1, n), (13, 2 * n)),
        ((1, 9), (13, 9)),
    ]:
        with pytest.raises(EngineError, match=r"must have 1 and 13 rows, .* a multiple of"):
            kernel.run(np.zeros(table), np.zeros(out))
    kernel.run(np.zeros((1, 0)), np.zeros((13, 0)))


def test_a_draw_is_the_same_wherever_it_stands(cache: Path) -> None:
    model, plan = small()
    rows = [model.rows["a"], model.rows["b"]]
    kernel = Kernel(plan, rows, inputs(model, BASE), cache=cache)
    rng = np.random.default_rng(4)
    changes = {"a": rng.normal(size=DRAWS), "b": rng.normal(size=(5, DRAWS))}
    among_many = kernel.evaluate(inputs(model, BASE, changes), draws=DRAWS)
    for draw in (0, 31, 32, DRAWS - 1):
        alone = {k: v[..., draw : draw + 1] for k, v in changes.items()}
        for row, array in kernel.evaluate(inputs(model, BASE, alone), draws=1).items():
            assert np.array_equal(array[:, 0], among_many[row][:, draw])


def test_threads_do_not_disturb_each_other(cache: Path) -> None:
    model = dated()
    plan = Plan(model, [model.rows[k] for k in ("left", "worth", "each")])
    base = {"base_year": 2024, "day": 45000, "paid": 5, "earned": 9}
    kernel = Kernel(plan, [model.rows["day"], model.rows["paid"]], inputs(model, base), cache=cache)
    rng = np.random.default_rng(3)
    tables = [np.empty((2, 10 * kernel.lanes)) for _ in range(4)]
    for table in tables:
        table[kernel.cells[model.rows["day"]].start] = rng.integers(40000, 50000, table.shape[1])
        table[kernel.cells[model.rows["paid"]].start] = rng.uniform(1, 20, table.shape[1])

    def run(table: np.ndarray, out: np.ndarray) -> None:
        for _ in range(3):
            kernel.run(table, out)

    expected = [np.empty((kernel.length, 10 * kernel.lanes)) for _ in tables]
    for table, out in zip(tables, expected, strict=True):
        run(table, out)
    found = [np.empty_like(out) for out in expected]
    threads = [Thread(target=run, args=pair) for pair in zip(tables, found, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(found, expected, strict=True))


# ------------------------------------------------------------------------------------------------
# The cache
# ------------------------------------------------------------------------------------------------


def test_the_source_does_not_depend_on_values(cache: Path) -> None:
    model, plan = small()
    varying = [model.rows["a"]]
    other = BASE | {"b": [9, 8, 7, 6, 5], "c": -1.0, "a": 77.0}
    one = Kernel(plan, varying, inputs(model, BASE), cache=cache)
    two = Kernel(plan, varying, inputs(model, other), cache=cache)
    assert one.source == two.source
    assert one.source != Kernel(plan, [], inputs(model, BASE), cache=cache).source
    told = inputs(model, other, {"a": np.arange(3.0)})
    for row, array in evaluate(plan, told, draws=3).items():
        assert same(two.evaluate(told, draws=3)[row], array)


PROGRAM = """
import sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])
from test_native import BASE, inputs, small, Kernel

model, plan = small()
kernel = Kernel(plan, [model.rows["a"]], inputs(model, BASE), cache=Path(sys.argv[2]))
kernel.evaluate(inputs(model, BASE), draws=1)
stats = kernel._kernel.stats
print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))
"""


def in_fresh_process(folder: Path) -> list[int]:
    """Make a kernel; how often it was found compiled, and how often not."""
    argv = [sys.executable, "-c", PROGRAM, str(Path(__file__).parent), str(folder)]
    done = subprocess.run(argv, capture_output=True, check=True, text=True)
    return [int(word) for word in done.stdout.split()]


def test_a_second_process_compiles_nothing(tmp_path: Path) -> None:
    assert in_fresh_process(tmp_path / "new") == [0, 1]
    files = {p: p.stat().st_mtime_ns for p in (tmp_path / "new").rglob("*.nb*")}
    (module,) = (tmp_path / "new").glob("*.py")
    module.write_text("no kernel")  # a damaged file is written again, and is as old as before
    assert in_fresh_process(tmp_path / "new") == [1, 0]
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "new").rglob("*.nb*")} == files
    assert not list((tmp_path / "new").glob("*.tmp"))


def test_a_folder_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    taken = tmp_path / "file"
    taken.write_text("in the way")
    module = native_cache.load("kernel = 41 + 1\n", taken / "cache")
    assert module.kernel == 42
    assert taken.read_text() == "in the way"
    assert not Path(str(module.__file__)).is_relative_to(tmp_path)


def test_a_module_that_fails_is_not_kept(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(ZeroDivisionError, match="division"):
            native_cache.load("1 / 0\n", tmp_path)


@pytest.mark.parametrize(
    ("platform", "told", "expected"),
    [
        ("linux", {"VALUATION_CACHE": "/a/b"}, Path("/a/b")),
        ("linux", {"XDG_CACHE_HOME": "/c"}, Path("/c/valuation")),
        ("linux", {}, Path("~/.cache/valuation").expanduser()),
        ("darwin", {}, Path("~/Library/Caches/valuation").expanduser()),
        ("win32", {"LOCALAPPDATA": "/d"}, Path("/d/valuation")),
        ("win32", {}, Path("~/AppData/Local/valuation").expanduser()),
    ],
)
def test_the_default_folder(
    monkeypatch: pytest.MonkeyPatch, platform: str, told: dict[str, str], expected: Path
) -> None:
    for name in ("VALUATION_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert native_cache.default_folder() == expected


def test_numba_is_imported_by_kernels_only() -> None:
    code = "import sys, valuation.engines.native; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "False"
