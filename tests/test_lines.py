"""The line language: groups and their copies, keys, balances and growth, and what is refused."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import numpy as np
import pytest
from graphs import PERIODS, all_rows, recalculated, ruled
from hypothesis import given as drawn
from hypothesis import strategies as st

from valuation.errors import ModelError
from valuation.lines import (
    YEAR,
    Check,
    Expr,
    Group,
    Line,
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
    check,
    equals,
    exp,
    given,
    growing,
    heading,
    internal_rate_of_return,
    largest,
    line,
    over_years,
    previous,
    ramp,
    smallest,
    straight_line,
    switch,
    total,
    where,
    within,
    year_end,
    years_ago,
)
from valuation.lines.rows import Heading, members, parts_of


class Ruler(Group, title="Ruler | 时间轴", shared=True):
    base_year = assume("Base year", "year", whole=True)
    rate = assume("Rate", "%")
    year_before = previous(base_year)
    year = line("Year", "year", year_before + YEAR, closes=year_before)


class Building(Group, title="Building | 楼栋"):
    price: Row = given("Price", "CNY/rack")
    limit: Row = given("Limit", "racks", single=True)

    operations = heading("Operations | 经营")
    opening_racks = assume("Opening racks", "racks", minimum=0)
    speed = assume("Speed", "%", minimum=0, maximum=1)
    racks_before = previous(opening_racks)
    racks = line(
        "Racks | 机柜", "racks", racks_before + speed * (limit - racks_before), closes=racks_before
    )
    revenue = line("Revenue", "CNY m", racks * price * (1 + Ruler.rate))
    total_revenue = line("Total revenue", "CNY m", over_years(revenue))


class Campus(Group, title="Campus"):
    price = assume("Price", "CNY/rack", yearly=True)
    limit = assume("Limit", "racks")
    small_limit = assume("Small limit", "racks")
    building_a = Building(title="Building A | 甲楼", price=price, limit=limit)
    building_b = Building(price=price, limit=small_limit)
    buildings = (building_a, building_b)
    revenue = line("Revenue", "CNY m", total(*(b.revenue for b in buildings)))


class Whole(Group, title="Whole"):
    ruler = Ruler
    north = Campus(title="North")
    south = Campus(title="South | 南")
    revenue = line("Revenue", "CNY m", north.revenue + south.revenue)


WHOLE = Model(Whole, year=Ruler.year, periods=PERIODS)


def group(name: str, rows: dict[str, object], **more: object) -> type[Group]:
    return type(name, (Group,), rows, **more)


# ------------------------------------------------------------------------------------------------
# Groups and keys
# ------------------------------------------------------------------------------------------------


def test_keys_are_paths_in_the_order_written() -> None:
    building = ["opening_racks", "speed", "racks", "revenue", "total_revenue"]
    campus = [
        *("price", "limit", "small_limit", "revenue"),
        *(f"building_{letter}.{name}" for letter in "ab" for name in building),
    ]
    expected = [
        "revenue",
        *("ruler.base_year", "ruler.rate", "ruler.year"),
        *(f"{part}.{name}" for part in ("north", "south") for name in campus),
    ]
    assert list(WHOLE.rows) == expected
    assert {row: key for key, row in WHOLE.rows.items()} == WHOLE.key
    assert list(WHOLE.assumptions) == [
        key
        for key in expected
        if key.rpartition(".")[2]
        in ("base_year", "rate", "price", "limit", "small_limit", "opening_racks", "speed")
    ]


def test_groups_are_known_by_path_with_their_titles() -> None:
    titles = {path: (part.title, part.chinese_title) for path, part in WHOLE.groups.items()}
    assert titles == {
        "": ("Whole", ""),
        "ruler": ("Ruler", "时间轴"),
        "north": ("North", ""),
        "north.building_a": ("Building A", "甲楼"),
        "north.building_b": ("Building", "楼栋"),
        "south": ("South", "南"),
        "south.building_a": ("Building A", "甲楼"),
        "south.building_b": ("Building", "楼栋"),
    }
    assert WHOLE.title("south.building_a.racks") == "South, Building A, Racks"
    assert WHOLE.title("revenue") == "Revenue"
    assert Whole.north.building_a.racks.chinese == "机柜"


def test_a_copy_has_cells_of_its_own_and_shares_what_belongs_to_others() -> None:
    north, south = Whole.north, Whole.south
    nodes = {WHOLE.rows[f"{p}.building_{b}.racks"] for p in ("north", "south") for b in "ab"}
    assert len(nodes | {Building.racks, Campus.building_a.racks}) == 6
    assert north.building_a.racks.closes is not south.building_a.racks.closes
    assert north.building_a.racks.closes is WHOLE.rows["north.building_a.racks"].before
    assert north.building_a.price is north.price is north.building_b.price
    assert north.building_b.limit is north.small_limit

    def rates(part: object) -> set[Row]:
        found, path = set(), [part.building_a.revenue]
        while path:
            node = path.pop()
            found |= {node} if isinstance(node, Row) and node.label == "Rate" else set()
            path += node.operands
        return found

    assert rates(north) == rates(south) == {Ruler.rate}


def test_copies_are_computed_from_their_own_inputs() -> None:
    base: dict[str, object] = {"ruler.base_year": 2024, "ruler.rate": 0.1}
    starts, speeds = iter([1.0, 2.0, 3.0, 4.0]), iter([0.1, 0.2, 0.3, 0.4])
    expected = []
    for part, limit, small in (("north", 90.0, 40.0), ("south", 70.0, 30.0)):
        price = [1e5 * (len(part) + limit + t) for t in range(PERIODS)]
        base |= {f"{part}.price": price, f"{part}.limit": limit, f"{part}.small_limit": small}
        for letter, cap in (("a", limit), ("b", small)):
            start, speed = next(starts), next(speeds)
            base[f"{part}.building_{letter}.opening_racks"] = start
            base[f"{part}.building_{letter}.speed"] = speed
            racks = [cap - (cap - start) * (1 - speed) ** (t + 1) for t in range(PERIODS)]
            expected.append([r * p * 1.1 / 1e6 for r, p in zip(racks, price, strict=True)])
    found = all_rows(WHOLE, base)
    assert found["revenue"][:, 0] == pytest.approx(np.sum(expected, axis=0), rel=1e-12)
    assert found["south.building_a.total_revenue"][0, 0] == pytest.approx(sum(expected[2]))


def test_headings_stand_where_they_were_written_in_copies_too() -> None:
    names = [name for name, _ in members(Whole.south.building_a)]
    assert names.index("operations") == names.index("opening_racks") - 1
    assert Whole.south.building_a.operations == Heading("Operations", "经营")
    assert heading("Plain") == Heading("Plain", "")


def test_a_group_is_called_again_and_again() -> None:
    class Wing(Group, title="Wing"):
        size = assume("Size", "racks")
        twice = line("Twice", "racks", size + size)

    made = [Wing() for _ in range(5)]
    assert len({row.twice for row in made} | {Wing.twice}) == 6
    assert all(row.twice.formula.operands == (row.size, row.size) for row in made)
    assert [name for name, _ in parts_of(group("Five", {"a": made[0], "b": made[1]}))] == ["a", "b"]


def test_a_row_with_one_value_may_stand_for_one_a_year() -> None:
    class Doubled(Group, title="Doubled"):
        flow: Row = given("Flow", "CNY")
        twice = line("Twice", "CNY", flow + flow)
        sum = line("Sum", "CNY", over_years(twice))

    flat = assume("Flat", "CNY")
    model = ruled({"flat": flat, "doubled": Doubled(flow=flat)})
    base = {"base_year": 2024.0, "flat": 3.0}
    assert all_rows(model, base)["doubled.sum"][0, 0] == 6 * PERIODS
    assert recalculated(model, base)[0]["doubled.sum"] == [6 * PERIODS]


def test_labels_are_split_into_two_languages() -> None:
    row = assume(" Racks in use | 在用机柜 ", "racks", note="Counted in December.")
    assert (row.label, row.chinese, row.note) == (
        "Racks in use",
        "在用机柜",
        "Counted in December.",
    )
    assert line("Plain", "%", 0).chinese == ""
    flag = switch("On | 开")
    assert (flag.minimum, flag.maximum, flag.whole) == (0, 1, True)
    assert flag.shape == Shape.SINGLE


def test_shapes_are_the_widest_of_the_operands() -> None:
    one, yearly = assume("One", "%"), assume("Yearly", "%", yearly=True)
    assert line("A", "%", 1).shape == Shape.SINGLE
    assert line("B", "%", one + 1).shape == Shape.SINGLE
    assert line("C", "%", one + yearly).shape == Shape.SERIES
    assert line("D", "%", one, opening=0).shape == Shape.SERIES
    assert line("E", "%", over_years(yearly) + one).shape == Shape.SINGLE
    assert growing("F", "%", one, by=one).shape == Shape.SERIES


def test_openings() -> None:
    one = assume("One", "CNY k")
    carried = balance("Carried", "CNY", one, add=line("Add", "CNY", one), less=0)
    opened = line("Opened", "CNY", one, opening=one)
    plain = line("Plain", "CNY", one)
    assert carried.opening.unit == opened.opening.unit == carried.unit
    assert plain.opening is None
    assert carried.before is carried.closes
    with pytest.raises(ModelError, match=r"^Plain carries nothing forward\. Declare it with clos"):
        _ = plain.before


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("north.limt", " Did you mean 'north.limit'?"),
        ("ruler.rates", " Did you mean 'ruler.rate'?"),
        ("somewhere.else.base_year", " Did you mean 'ruler.base_year'?"),
        ("xyz", ""),
    ],
)
def test_a_near_key_is_suggested(key: str, expected: str) -> None:
    assert WHOLE.nearest(key) == expected


def test_a_suggestion_comes_from_the_keys_that_will_do() -> None:
    assert WHOLE.nearest("north.revenues") == " Did you mean 'north.revenue'?"
    assert WHOLE.nearest("north.revenues", ["north.price"]) in ("", " Did you mean 'north.price'?")


def test_groups_of_rows_that_depend_on_each_other_come_in_order() -> None:
    a = assume("A", "%")
    one_before, other_before = previous(0), previous(a)
    one = line("One", "%", other_before + a, closes=one_before)
    other = line("Other", "%", one_before - a, closes=other_before)
    lag_before = previous(0)
    lag = line("Lag", "%", other + a, closes=lag_before)
    after = line("After", "%", lag_before + lag)
    rows = {
        "a": a,
        "one_before": one_before,
        "other_before": other_before,
        "one": one,
        "other": other,
        "lag_before": lag_before,
        "lag": lag,
        "after": after,
    }
    model = ruled(rows)
    steps = list(model.steps([after], ()))
    (cycle,) = [step for step in steps if len(step) > 1]
    assert {one, other, one_before, other_before} <= set(cycle)
    assert not {lag, lag_before, after} & set(cycle)  # a plain lag is no cycle
    place = {node: n for n, step in enumerate(steps) for node in step}
    for node in (a, lag, lag_before, after):
        assert all(place[n] <= place[node] for n in model.needs(node))


# ------------------------------------------------------------------------------------------------
# What the words compute
# ------------------------------------------------------------------------------------------------


def only(
    rows: dict[str, object], base: dict[str, object], periods: int = PERIODS
) -> dict[str, np.ndarray]:
    """All rows of a few, at one draw."""
    found = all_rows(ruled(rows, periods), {"base_year": 2024, **base})
    return {key: array[:, 0] for key, array in found.items()}


MONEY = st.floats(-1e6, 1e6).map(lambda x: round(x, 2))


@drawn(
    start=MONEY,
    flows=st.lists(st.tuples(MONEY, MONEY), min_size=1, max_size=9),
    rate=st.floats(-0.9, 2),
)
def test_balances_roll_and_growth_compounds(
    start: float, flows: list[tuple[float, float]], rate: float
) -> None:
    opening, by = assume("Opening", "CNY"), assume("By", "%")
    add, less = (
        assume("Add", "CNY", yearly=True),
        assume("Less", "CNY", yearly=True),
    )
    rows = {
        "opening": opening,
        "by": by,
        "add": add,
        "less": less,
        "stock": balance("Stock", "CNY", opening, add=add, less=less),
        "index": growing("Index", "CNY", opening, by=by),
    }
    base = {
        "opening": start,
        "by": rate,
        "add": [a for a, _ in flows],
        "less": [b for _, b in flows],
    }
    found = only(rows, base, len(flows))
    stock = start
    for t, (a, b) in enumerate(flows):
        stock = stock + a - b
        assert found["stock"][t] == pytest.approx(stock, rel=1e-12, abs=1e-6)
        assert found["index"][t] == pytest.approx(start * (1 + rate) ** (t + 1), rel=1e-12)
    closing = start + sum(base["add"]) - sum(base["less"])
    assert found["stock"][-1] == pytest.approx(closing, rel=1e-9, abs=1e-6)


def test_growth_takes_a_rate_a_year() -> None:
    by = assume("By", "%", yearly=True)
    rates = [0.1, -0.2, 0.3, 0.0, 0.05]
    found = only({"by": by, "index": growing("Index", "ratio", 1, by=by)}, {"by": rates})
    expected = [math.prod(1 + r for r in rates[: t + 1]) for t in range(PERIODS)]
    assert found["index"] == pytest.approx(expected, rel=1e-14)


@drawn(
    start=st.floats(-100, 100),
    target=st.floats(-100, 100),
    rate=st.floats(0, 5),
    time=st.floats(0, 20),
)
def test_a_ramp_starts_at_its_start_and_closes_its_gap_at_a_speed(
    start: float, target: float, rate: float, time: float
) -> None:
    names = ("start", "target", "rate", "time")
    rows = {
        "start": assume("Start", "racks"),
        "target": assume("Target", "racks"),
        "rate": assume("Rate", "1/year"),
        "time": assume("Time", "years"),
    }
    at = [rows[name] for name in names]
    rows["ramp"] = line("Ramp", "racks", ramp(*at))
    rows["at_start"] = line("At start", "racks", ramp(*at[:3], at[3] - at[3]))
    found = only(rows, dict(zip(names, (start, target, rate, time), strict=True)))
    gap = (target - start) * math.exp(-rate * time)
    assert found["ramp"][0] == pytest.approx(target - gap, rel=1e-12, abs=1e-10)
    assert found["at_start"][0] == pytest.approx(start, rel=1e-12, abs=1e-12)


def test_a_ramp_halves_its_gap_in_a_half_life() -> None:
    rows: dict[str, object] = {"rate": assume("Rate", "1/year"), "time": assume("Time", "months")}
    years = line("Years", "years", rows["time"])
    rows["years"] = years
    share = line("Share", "%", ramp(0 * rows["rate"] * YEAR, 1, rows["rate"], years))
    rows["share"] = share
    found = only(rows, {"rate": math.log(2), "time": 24})
    assert found["share"][0] == pytest.approx(1 - 0.5**2, rel=1e-14)


@drawn(
    start=st.floats(0, 1e4),
    spent=st.lists(st.floats(0, 1e4), min_size=1, max_size=15),
    life=st.integers(1, 12),
)
def test_straight_line_is_the_sum_of_its_vintages(
    start: float, spent: list[float], life: int
) -> None:
    """Each year's spending, and the opening balance, in equal parts from the year after."""
    opening, years = (
        assume("Opening", "CNY m"),
        assume("Life", "years", whole=True, minimum=1),
    )
    capex = assume("Capex", "CNY k", yearly=True)
    gross = balance("Gross", "CNY m", opening, add=line("Capex, m", "CNY m", capex), less=0)
    model_rows = {
        "opening": opening,
        "years": years,
        "capex": capex,
        "capex_m": gross.formula.operands[0].operands[1],
        "gross": gross,
        "depreciation": line("Depreciation", "CNY m", straight_line(gross, years)),
    }
    base = {"opening": start, "capex": [1000 * s for s in spent], "years": life}
    found = only(model_rows, base, len(spent))
    expected = np.zeros(len(spent) + life + 2)
    for bought, amount in [(-1, start), *enumerate(spent)]:
        for year in range(bought + 1, bought + 1 + life):
            expected[year] += amount / life
    assert found["depreciation"] == pytest.approx(expected[: len(spent)], rel=1e-9, abs=1e-8)
    if len(spent) > life + 1:  # what was there at the opening is written off to the last cent
        assert found["depreciation"][:life].sum() >= start * (1 - 1e-9)


@drawn(values=st.lists(st.floats(-100, 100), min_size=1, max_size=8), years=st.integers(1, 9))
def test_years_ago_looks_back_to_the_opening_and_no_further(
    values: list[float], years: int
) -> None:
    told, opening = assume("Told", "%", yearly=True), assume("Opening", "%")
    back = assume("Back", "years", whole=True, minimum=1)
    row, bare = line("Row", "%", told, opening=opening), line("Bare", "%", told)
    rows = {
        "told": told,
        "opening": opening,
        "back": back,
        "row": row,
        "bare": bare,
        "ago": line("Ago", "%", years_ago(row, back)),
        "further": line("Further", "%", years_ago(row, back + back + YEAR)),
        "bare_ago": line("Bare ago", "%", years_ago(bare, back)),
    }
    found = only(rows, {"told": values, "opening": 7, "back": years}, len(values))
    history = [0.0] * 30 + [7.0, *values]
    for t in range(len(values)):
        at = 31 + t
        assert found["ago"][t] == history[at - years]
        assert found["further"][t] == history[at - 2 * years - 1]
        assert found["bare_ago"][t] == (values[t - years] if t >= years else 0)


def test_totals_over_the_years() -> None:
    a, b = assume("A", "racks", yearly=True), assume("B", "CNY/rack", yearly=True)
    rows = {
        "a": a,
        "b": b,
        "sum": line("Sum", "racks", over_years(a)),
        "dot": line("Dot", "CNY", over_years(a, b)),
        "last": line("Last", "racks", at_end(a)),
        "largest": line("Largest", "racks", largest(a)),
        "smallest": line("Smallest", "racks", smallest(a)),
    }
    left, right = [3.0, -1.5, 8.0, 2.0, 0.5], [1.0, 2.0, -3.0, 4.0, 5.0]
    found = only(rows, {"a": left, "b": right})
    assert {key: found[key].tolist() for key in list(rows)[2:]} == {
        "sum": [math.fsum(left)],
        "dot": [math.fsum(x * y for x, y in zip(left, right, strict=True))],
        "last": [0.5],
        "largest": [8.0],
        "smallest": [-1.5],
    }


@drawn(a=st.floats(-9, 9), b=st.floats(-9, 9), c=st.floats(-9, 9))
def test_conditions_and_bounds(a: float, b: float, c: float) -> None:
    x, y, z = rows = assume("A", "%"), assume("B", "%"), assume("C", "%")
    lines: dict[str, tuple[Expr, float]] = {
        "le": (x <= y, a <= b),
        "lt": (x < y, a < b),
        "ge": (x >= y, a >= b),
        "gt": (x > y, a > b),
        "eq": (equals(x, y), a == b),
        "eq_self": (equals(x, x), True),
        "least": (at_least(x, y), max(a, b)),
        "most": (at_most(x, y), min(a, b)),
        "within": (within(x, 0, 1), min(max(a, 0), 1)),
        "mean": (average(x, y), (a + b) / 2),
        "where": (where(x < y, z, 0), c if a < b else 0),
        "where_number": (where(x, y, z), b if a != 0 else c),
        "negative": (-x, -a),
        "total": (total(x, y, z), a + b + c),
        "reflected": (1 - x * 1, 1 - a),
        "added": (1 + x, 1 + a),
    }
    made = {key: line(key, "%", node) for key, (node, _) in lines.items()}
    found = only(
        {**dict(zip("abc", rows, strict=True)), **made}, dict(zip("abc", (a, b, c), strict=True))
    )
    for key, (_, expected) in lines.items():
        assert found[key][0] == expected, key


@drawn(day=st.dates(min_value=np.datetime64("1990-01-01").item()))
def test_dates_have_years_and_years_have_ends(day: object) -> None:
    serial = (day - np.datetime64("1899-12-30").item()).days
    date_row = assume("Day", "date", whole=True)
    rows = {
        "day": date_row,
        "of": line("Of", "year", calendar_year(date_row)),
        "end": line("End", "date", year_end(calendar_year(date_row))),
        "left": line("Left", "days", year_end(calendar_year(date_row)) - date_row),
    }
    found = only(rows, {"day": serial})
    assert found["of"][0] == day.year
    assert found["left"][0] == (day.replace(month=12, day=31) - day).days
    assert found["end"][0] == serial + found["left"][0]


def test_the_exponential_of_a_sum_is_the_product_of_exponentials() -> None:
    a, b = assume("A", "%"), assume("B", "%")
    rows = {
        "a": a,
        "b": b,
        "sum": line("Sum", "%", exp(a + b)),
        "product": line("Product", "%", exp(a) * exp(b)),
    }
    found = only(rows, {"a": 0.3, "b": -1.2})
    assert found["sum"][0] == pytest.approx(found["product"][0], rel=1e-14)
    assert found["sum"][0] == pytest.approx(math.e ** (0.3 - 1.2), rel=1e-14)


# ------------------------------------------------------------------------------------------------
# What is refused
# ------------------------------------------------------------------------------------------------

A, YEARLY = assume("A", "%"), assume("Yearly", "%", yearly=True)
CASH, LIFE = assume("Cash", "CNY m"), assume("Life", "years", whole=True, minimum=1)
BEFORE = previous(0)
NAMED = line("Named", "%", YEARLY, opening=A)


class Part(Group, title="Part"):
    flow: Row = given("Flow", "CNY m")
    rate: Row = given("Rate", "%", single=True)
    value = line("Value", "CNY m", over_years(flow) * rate)


FLOW = line("Flow", "CNY m", assume("Flow", "CNY m", yearly=True))
REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "previous closed by no row": (
        lambda: group("Open", {"a_before": previous(0), "a": line("A", "%", 0)}),
        "Open: a_before is closed by 0 rows. Give exactly one row closes=.",
    ),
    "previous closed by two rows": (
        lambda: group(
            "Twice",
            {
                "before": BEFORE,
                "one": line("One", "%", BEFORE, closes=BEFORE),
                "two": line("Two", "%", BEFORE, closes=BEFORE),
            },
        ),
        "Twice: before is closed by 2 rows. Give exactly one row closes=.",
    ),
    "previous opened by a series": (
        lambda: previous(YEARLY),
        "previous() opens with one value, not one a period.",
    ),
    "balance opened by a series": (
        lambda: balance("Stock", "%", YEARLY, add=A, less=0),
        "previous() opens with one value, not one a period.",
    ),
    "line opened by a series": (
        lambda: line("Row", "%", A, opening=YEARLY),
        "line 'Row' opens with one value, not one a period.",
    ),
    "opening= with closes=": (
        lambda: line("Row", "%", BEFORE, closes=BEFORE, opening=A),
        "line 'Row' opens with what it closes. Drop opening=.",
    ),
    "extending a group": (
        lambda: type("Wider", (Part,), {}),
        "Wider: extend Group itself. A replaced row would not reach the rows that use it.",
    ),
    "extending a class that is no group": (
        lambda: type("Mixed", (Group, Exception), {}),
        "Mixed: extend Group itself.",
    ),
    "not handed in": (
        lambda: Part(flow=FLOW),
        "Part: not handed ['rate'], not known [].",
    ),
    "handed in unknown": (
        lambda: Part(flow=FLOW, rate=A, rat=A),
        "Part: not handed [], not known ['rat'].",
    ),
    "handed in a row that is not given": (
        lambda: Part(flow=FLOW, rate=A, value=A),
        "Part: not handed [], not known ['value'].",
    ),
    "handed in an expression": (
        lambda: Part(flow=FLOW + FLOW, rate=A),
        "Part: flow is no row. Name the formula as a line first.",
    ),
    "handed in a number": (
        lambda: Part(flow=FLOW, rate=1),
        "Part: rate is no row. Name the formula as a line first.",
    ),
    "handed in another unit": (
        lambda: Part(flow=FLOW, rate=LIFE),
        "Part: rate is in years where % is due.",
    ),
    "handed in another scale": (
        lambda: Part(flow=line("Flow", "万CNY", FLOW), rate=A),
        "Part: flow is in 万CNY where CNY m is due.",
    ),
    "handed in a series for a single value": (
        lambda: Part(flow=FLOW, rate=YEARLY),
        "Part: rate has one value a period where one is due.",
    ),
    "handed in a single value that is reduced": (
        lambda: Part(flow=CASH, rate=A),
        "Cash has one value, but the group reduces it over the years. Name a row with one value",
    ),
    "idle assumption": (
        lambda: group("Idle", {"a": assume("A", "%"), "b": A, "row": line("Row", "%", A)}),
        "Idle: no row of the group uses a. Use or delete, or declare the group shared=True if",
    ),
    "a literal": (
        lambda: A * 0.5,
        "0.5 written in a formula. Make it an assumption with a unit.",
    ),
    "a literal in front": (
        lambda: 2 / A,
        "2 written in a formula. Make it an assumption with a unit.",
    ),
    "a literal minus one": (
        lambda: A + -1,
        "-1 written in a formula. Make it an assumption with a unit.",
    ),
    "a literal as a bound": (
        lambda: at_most(A, 100),
        "100 written in a formula. Make it an assumption with a unit.",
    ),
    "a literal as a formula": (
        lambda: line("Row", "%", 0.25),
        "0.25 written in a formula. Make it an assumption with a unit.",
    ),
    "truth": (
        lambda: 1 if A > 0 else 0,
        "Use where(condition, a, b) for if/else, at_least and at_most for max and min.",
    ),
    "max": (lambda: max(A, A), "at_least and at_most for max and min."),
    "and": (lambda: A > 0 and A < 1, "A line item has no single truth value"),
    "chained comparison": (lambda: 0 < A < 1, "A line item has no single truth value"),
    "years_ago by an assumption that is not whole": (
        lambda: years_ago(NAMED, assume("Term", "years", minimum=1)),
        "Term: years_ago() counts whole years. Declare the assumption with whole=True, minimum=1",
    ),
    "years_ago by an assumption that may be 0": (
        lambda: years_ago(NAMED, assume("Term", "years", whole=True) + YEAR),
        "Term: years_ago() counts whole years. Declare the assumption with whole=True, minimum=1",
    ),
    "years_ago by a line": (
        lambda: years_ago(NAMED, line("Term", "years", LIFE)),
        "Term: years_ago() counts whole years.",
    ),
    "years_ago of an expression": (
        lambda: years_ago(NAMED + A, LIFE),
        "years_ago() takes a row with one value a period. Name the formula first.",
    ),
    "straight line of what carries nothing forward": (
        lambda: straight_line(NAMED, LIFE),
        "Named carries nothing forward. Declare it with closes=.",
    ),
    "straight line over a life that is not whole": (
        lambda: straight_line(balance("G", "%", 0, add=A, less=0), assume("Life", "years")),
        "Life: years_ago() counts whole years.",
    ),
    "sum of an expression": (
        lambda: over_years(YEARLY + A),
        "over_years() takes a row with one value a period. Name the formula first.",
    ),
    "sum of a single value": (
        lambda: over_years(A),
        "over_years() takes a row with one value a period. Name the formula first.",
    ),
    "sum of a product with a single value": (
        lambda: over_years(YEARLY, A),
        "over_years() takes a row with one value a period. Name the formula first.",
    ),
    "last of a single value": (
        lambda: at_end(A),
        "at_end() takes a row with one value a period. Name the formula first.",
    ),
    "largest of an expression": (
        lambda: largest(YEARLY * A),
        "largest() takes a row with one value a period. Name the formula first.",
    ),
    "smallest of a single value": (
        lambda: smallest(A),
        "smallest() takes a row with one value a period. Name the formula first.",
    ),
    "rate of return of a single value": (
        lambda: internal_rate_of_return(line("Flow", "%", A)),
        "internal_rate_of_return() takes a row with one value a period.",
    ),
    "rate of return without an opening": (
        lambda: internal_rate_of_return(line("Flow", "%", YEARLY)),
        "Flow: a rate of return needs an opening value. Give opening=.",
    ),
    "rate of return of an assumption": (
        lambda: internal_rate_of_return(YEARLY),
        "Yearly: a rate of return needs an opening value. Give opening=.",
    ),
    "check of a series": (
        lambda: check("Rule", "%", YEARLY - A),
        "check 'Rule': reduce it to one value, with largest() say.",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_when_written(case: str) -> None:
    write, expected = REFUSED[case]
    error = TypeError if case in TYPE_ERRORS else ModelError
    with pytest.raises(error, match=re.escape(expected)):
        write()


TYPE_ERRORS = {"truth", "max", "and", "chained comparison"}


def test_a_shared_group_may_hold_assumptions_for_others() -> None:
    assert group("Shared", {"a": assume("A", "%")}, shared=True)


def circular(word: Callable[[Row], Expr]) -> dict[str, object]:
    before = previous(0)
    flow = line("Flow", "%", before + A)
    sum_ = line("Sum", "%", word(flow))
    return {
        "a": A,
        "before": before,
        "flow": flow,
        "sum": sum_,
        "closing": line("Closing", "%", sum_ + A, closes=before),
    }


@pytest.mark.parametrize(
    "word", [over_years, at_end, largest, smallest, lambda row: over_years(row, row)]
)
def test_a_year_that_depends_on_a_total_of_all_years_is_refused(
    word: Callable[[Row], Expr],
) -> None:
    with pytest.raises(ModelError, match=r"^circular: a year depends on a total over all") as told:
        ruled(circular(word))
    assert {"flow", "sum", "closing"} <= set(re.findall(r"\w+", str(told.value)))


def test_a_row_that_is_lost_is_named() -> None:
    lost = line("Lost row", "%", A)
    with pytest.raises(ModelError, match=r"^used but in no part of the company: Lost row\.$"):
        ruled({"a": A, "row": line("Row", "%", lost + A)})


def test_a_group_that_the_company_forgot_is_noticed() -> None:
    """As if a segment used a rate of the market, and the market were no part of the company."""
    with pytest.raises(
        ModelError, match=r"^used but in no part of the company: Rate, Base year\.$"
    ):
        ruled({"row": line("Row", "%", Ruler.rate), "from": line("From", "year", Ruler.base_year)})


def test_a_shared_assumption_that_no_row_uses_is_named_by_key() -> None:
    shared = group("Shared", {"a": assume("A", "%"), "b": assume("B", "%")}, shared=True)
    expected = r"^assumptions no row uses: shared\.b\. Use or delete them\.$"
    with pytest.raises(ModelError, match=expected):
        ruled({"shared": shared, "row": line("Row", "%", shared.a)})


def test_a_row_under_two_keys_is_refused() -> None:
    row = line("Row", "%", A)
    with pytest.raises(ModelError, match=r"^rows under two keys: again\. Keep one name\.$"):
        ruled({"a": A, "row": row, "again": row})


def test_the_ruler_is_a_yearly_row_of_the_company() -> None:
    company = group("Company", {"a": A, "row": line("Row", "%", A)})
    expected = "the ruler must be a row of the company with one value a period"
    with pytest.raises(ModelError, match=expected):
        Model(company, year=Ruler.year, periods=3)
    with pytest.raises(ModelError, match=expected):
        Model(company, year=company.row, periods=3)


def test_a_check_keeps_its_tolerance() -> None:
    rule = check("Rule | 规则", "CNY", CASH - CASH, tolerance=0.5, note="Why.")
    assert isinstance(rule, Check)
    assert (rule.tolerance, rule.label, rule.chinese, rule.note) == (0.5, "Rule", "规则", "Why.")
    assert check("Rule", "%", A).tolerance == 1e-6
    model = ruled({"cash": CASH, "rule": rule})
    assert model.checks == {"rule": rule}
    assert isinstance(model.rows["rule"], Line)


def test_years_ago_by_a_life_that_changes_by_year() -> None:
    """Numpy takes the life of the first year for all, the sheet that of each year."""
    life = assume("Life", "years", whole=True, minimum=1, yearly=True)
    with pytest.raises(ModelError, match=r"^Life: years_ago\(\) counts whole years\."):
        years_ago(NAMED, life)


def test_years_ago_by_a_difference_that_may_be_0() -> None:
    """Numpy reads the year itself, the sheet finds nothing to the left."""
    with pytest.raises(ModelError, match=r"^years_ago\(\) adds whole years only"):
        years_ago(NAMED, LIFE - YEAR)


def test_a_previous_value_without_a_name_that_no_row_closes() -> None:
    with pytest.raises(ModelError, match=r"^row: a previous value is closed by 0 rows"):
        ruled({"a": A, "row": line("Row", "%", previous(0) + A)})


def test_a_previous_value_without_a_name_that_two_rows_close() -> None:
    before = previous(0)
    one = line("One", "%", before + A, closes=before)
    with pytest.raises(ModelError, match="closed by 2 rows"):
        ruled({"a": A, "one": one, "two": line("Two", "%", before - A, closes=before)})
