"""Sensitivity tables: every cell is what a separate run gives."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import typer
from sheets import Mill, Ruler, pair_book
from typer.testing import CliRunner

import valuation
from valuation.cli.sensitivity import sensitivity as command
from valuation.cli.sensitivity import tables
from valuation.errors import AssumptionError
from valuation.risk.assumptions import Assumptions, Input, TableWanted
from valuation.risk.axes import base_of
from valuation.risk.sensitivity import sensitivity
from valuation.risk.steps import parse_steps, shown

EXACT = 1e-12


def wanted(row_key, row_steps="", column_key="", column_steps="", *outputs, **others):
    return TableWanted(
        name="t",
        row_key=row_key,
        row_steps=row_steps,
        column_key=column_key,
        column_steps=column_steps,
        outputs=outputs,
        **others,
    )


def steps(text, base=400.0, row=Mill.price, **given):
    """Steps of an input with these fields."""
    fields = {"minimum": row.minimum, "maximum": row.maximum, **given}
    return parse_steps(text, row, base, Input(key="k", row=row, value=base, **fields))


# Steps


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("360; 400; 480", [360, 400, 480]),
        ("480; 360", [360, 400, 480]),  # rising, the base put in
        ("base-40; base; base+40", [360, 400, 440]),
        ("base - 40", [360, 400]),
        ("base+10%", [400, 440]),
        ("x0.9; x1; x1.25", [360, 400, 500]),
        ("×0.5; *2; base x 4", [200, 400, 800, 1600]),
        ("±40 3", [280, 320, 360, 400, 440, 480, 520]),
        ("±40", [360, 400, 440]),
        ("base±40; +-80; +/-100", [300, 320, 360, 400, 440, 480, 500]),
        ("±10% 2", [320, 360, 400, 440, 480]),
        ("300..500 3", [300, 400, 500]),
        ("100..700", [100, 200, 300, 400, 500, 600, 700]),
        ("base-10..base+20 4", [390, 400, 410, 420]),
        ("x0.5..x1 3; 1,000", [200, 300, 400, 1000]),
        ("４００；５００", [400, 500]),  # full-width
        ("400;;410;", [400, 410]),
        ("4e2; .5", [0.5, 400]),
    ],
)
def test_steps_of_an_amount(text, values):
    assert steps(text) == pytest.approx(values, rel=EXACT)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("70%..95% 6", [0.70, 0.75, 0.80, 0.85, 0.90, 0.92, 0.95]),
        ("base+1%; base-1%", [0.91, 0.92, 0.93]),  # percentage points
        ("±2% 2", [0.88, 0.90, 0.92, 0.94, 0.96]),
        ("0.8; 100%; 1", [0.8, 0.92, 1.0]),
        ("x0.5", [0.46, 0.92]),
    ],
)
def test_steps_of_a_percentage(text, values):
    assert steps(text, 0.92, Mill.take_up) == values  # without the noise of adding


def test_a_negative_value_is_a_value_and_a_base_of_zero_is_a_base():
    found = steps("-1%; 0; 1%; ±2%", 0.0, Mill.margin_shift)
    assert found == [-0.02, -0.01, 0.0, 0.01, 0.02]


def test_dates():
    assert steps("2026-12-31", 46080.0, Ruler.valuation_date) == [46080.0, 46387.0]
    assert shown(46387.0, "date") == "2026-12-31"


def test_no_steps_go_from_low_to_high_by_way_of_the_base():
    assert steps("", low=100.0, high=460.0) == [100, 200, 300, 400, 420, 440, 460]
    assert steps("", 100.0, low=100.0, high=160.0) == [100, 110, 120, 130, 140, 150, 160]
    assert steps("", 20.0, Mill.life, low=15.0, high=25.0) == [15, 17, 18, 20, 22, 23, 25]
    weights = ((300.0, 0.5), (400.0, 0.2), (500.0, 0.3))
    assert steps("", weights=weights, distribution="discrete") == [300, 400, 500]
    assert steps("", 1.0, Ruler.mid_year, distribution="bernoulli") == [0, 1]


@pytest.mark.parametrize("text", ["", "x1.3; x0.7", "±33 2", "1; 2; 3", "0..5000 9", "399.9999999"])
def test_the_base_is_always_among_the_values(text):
    base = 400 * (1 + 2**-50)
    found = steps(text, base, low=100.0, high=900.0)
    assert base in found
    assert found == sorted(set(found))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("+40", r"step '\+40': a value or a difference\? Write 40 or base\+40\."),
        ("10%", r"'10%': a percentage, the unit is CNY m/t\. Write x0\.1, or base\+10%"),
        ("abc", "step 'abc': not known. Write values such as"),
        ("x", "'x': not known"),
        ("20001", r"'20001': 20,001 is above the upper bound of k, 20,000\."),
        ("base-401", r"'base-401': -1 is below the lower bound of k, 0\."),
        ("1..2 1", "a range has 2 values or more"),
        ("±1 100", "201 values. Write 200 or fewer"),
        ("1..2 200; 3", "201 steps. Write 200 or fewer"),
    ],
)
def test_steps_that_cannot_be_read(text, said):
    with pytest.raises(AssumptionError, match=said):
        steps(text)


def test_a_percentage_without_its_sign_is_a_slip():
    with pytest.raises(AssumptionError, match=r"'92': reads as 9200%\. Write 92% or 0\.92\."):
        steps("92", 0.92, Mill.take_up)
    with pytest.raises(AssumptionError, match=r"'±5': reads as 500%"):
        steps("±5", 0.92, Mill.take_up)


def test_whole_numbers_stay_whole():
    with pytest.raises(AssumptionError, match=r"'20\.5': not a whole number"):
        steps("20.5", 20.0, Mill.life)


def test_all_faults_of_steps_are_told():
    with pytest.raises(AssumptionError) as caught:
        steps("400; foo; +1; 30000")
    assert len(caught.value.problems) == 3


def test_without_a_range_steps_are_needed():
    with pytest.raises(AssumptionError, match=r"k has no Low and High\. Write its steps"):
        steps("")
    with pytest.raises(AssumptionError, match="a line has no Low and High"):
        parse_steps("", Mill.revenue, 1.0)


# Tables


def test_every_cell_is_a_run_of_its_own(book):
    asked = wanted(
        "steel.mid_cycle_margin", "320; 480", "corporate.net_cash", "5,000; 6,000; 8,000"
    )
    changes = {"corporate.holding_discount": 0.2}
    found = sensitivity(book, replace(asked, scenario="bull"), changes=changes)
    assert found.rows.values == (320.0, 480.0, 500.0)
    assert found.columns.values == (5000.0, 6000.0, 8000.0, 8500.0)
    assert (found.rows.base_at, found.columns.base_at) == (2, 3)
    for at, margin in enumerate(found.rows.values):
        for across, cash in enumerate(found.columns.values):
            own = {**changes, "steel.mid_cycle_margin": margin, "corporate.net_cash": cash}
            alone = valuation.value(book, scenario="bull", changes=own)
            assert found.values[at, across] == pytest.approx(alone.value_per_share, rel=EXACT)
    base = valuation.value(book, scenario="bull", changes=changes).value_per_share
    assert found.base == pytest.approx((base,), rel=EXACT)
    assert found.values[2, 3] == found.base[0]


def test_scenario_against_an_input(book):
    asked = wanted("zhejiang_cloud.lease_price", "300; 700", "scenario", "bear; 乐观", "upside")
    found = sensitivity(book, asked)
    assert found.columns.values == ("base", "bear", "bull")
    assert found.columns.base_at == 0
    for at, price in enumerate(found.rows.values):
        for across, name in enumerate(found.columns.values):
            alone = valuation.value(
                book, scenario=name, changes={"zhejiang_cloud.lease_price": price}
            )
            assert found.values[at, across] == pytest.approx(alone.number("upside"), rel=EXACT)


def test_several_outputs_in_a_one_way_table(book):
    outputs = ("value_per_share", "steel_value", "group.revenue@2030", "group.revenue@2033")
    found = sensitivity(book, wanted("scenario", "", "", "", *outputs))
    assert found.rows.values == tuple(book.scenarios)
    assert found.columns is None
    assert found.values.shape == (len(book.scenarios), 4)
    for at, name in enumerate(book.scenarios):
        alone = valuation.value(book, scenario=name)
        revenue = dict(zip(alone.years, alone["group.revenue"], strict=True))
        row = [alone.value_per_share, alone.number("steel_value"), revenue[2030], revenue[2033]]
        assert found.values[at] == pytest.approx(row, rel=EXACT)
    assert found.base == tuple(found.values[found.rows.base_at])
    assert found.years == (None, None, 2030, 2033)


def test_wacc_against_growth_is_the_algebra_of_the_terminal_value(book):
    base = valuation.value(book)
    nopat = base.number("steel.terminal_nopat")
    ronic = base.number("steel.end.return_on_new_capital")
    floor = base.number("steel.end.abandonment_value")
    last = np.array(base["steel.terminal_flow"]) > 0
    flows = np.array(base["steel.cash_flow"]) - np.array(base["steel.terminal_flow"])
    until = np.array(base["calendar.years_to_flow"])
    axes = ("steel.capital.wacc", "6%; 7%; 9%", "steel.end.growth", "-2%; 0%; 2%; 4%")
    terminal = sensitivity(book, wanted(*axes, "steel.end.terminal_value"))
    total = sensitivity(book, wanted(*axes, "steel.dcf.enterprise_value"))
    for at, wacc in enumerate(total.rows.values):
        for across, growth in enumerate(total.columns.values):
            value = nopat * (1 + growth) * (1 - growth / ronic) / (wacc - growth)
            assert terminal.values[at, across] == pytest.approx(max(value, floor), rel=1e-9)
            paid = (flows + last * max(value, floor)) / (1 + wacc) ** until
            assert total.values[at, across] == pytest.approx(paid.sum(), rel=1e-9)
    assert base.number("steel.capital.wacc") == total.rows.values[total.rows.base_at]
    at = (total.rows.base_at, total.columns.base_at)
    assert total.values[at] == pytest.approx(base.number("steel.dcf.enterprise_value"), rel=EXACT)


def test_growth_above_wacc_has_no_value(book):
    asked = wanted("steel.capital.wacc", "6%; 8%", "steel.end.growth", "7%", "steel_value")
    found = sensitivity(book, asked)
    assert np.isnan(found.values[0, 1])
    assert found.text(found.values[0, 1]) == "no value"
    assert found.document()["values"][0][1] is None
    assert np.isfinite(found.values[:, 0]).all()
    assert np.nanmax(found.heat()) == 1


def test_a_yearly_input_takes_values_and_no_differences():
    book = pair_book({})
    found = sensitivity(book, wanted("flow", "5; 10", "", "", "equity", "less_debt"))
    assert found.rows.base_at is None
    assert found.values[:, 0] == pytest.approx([300 + 200 + 3 * flow - 50 for flow in (5, 10)])
    with pytest.raises(AssumptionError, match="flow: step 'x2': the base differs from year"):
        sensitivity(book, wanted("flow", "x2"))


def test_the_base_of_an_input_is_what_holds(book):
    key = "steel.mid_cycle_margin"
    assert base_of(book, key, "base") == book.inputs[key].value
    assert base_of(book, key, "bear") == book.scenarios["bear"].values[key]
    over = replace(book, overrides={key: 333.0})
    assert base_of(over, key, "bear") == 333.0
    assert base_of(over, key, "bear", {key: 444.0}) == 444.0
    found = sensitivity(over, wanted(key, "±10", scenario="bear"))
    assert found.rows.values == (323.0, 333.0, 343.0)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (wanted("nort"), "no input or row 'nort'. Did you mean 'north'?"),
        (wanted("north", "1", "sout"), "no input or row 'sout'. Did you mean 'south'?"),
        (wanted("north", "1", "", "", "equty"), "no row 'equty'. Did you mean 'equity'?"),
        (wanted("north", "1", "", "", "inflow"), "Name one: inflow@2025."),
        (wanted("north", "1", "", "", "inflow@2029"), "no year 2029. Name one from 2025 to 2027."),
        (wanted("north", "1", "", "", "equity@2025"), "equity has one value. Leave out @2025."),
        (wanted("north", "1", "north", "2"), "north changes along both sides"),
        (wanted("north", "1", "south", "2", "equity", "debt"), "2 outputs in a two-way table"),
        (wanted("north", "1", "", "2"), "column steps without a column input"),
        (wanted("north", "1", "", "", "equity", "equity"), "an output stands twice"),
        (wanted(""), "no row input"),
        (wanted("north", "1", scenario="bare"), "no scenario 'bare'"),
        (wanted("scenario", "bare; foo"), "scenario: no scenario 'foo'"),
        (wanted("north", "x", "south", "y"), "south: step 'y'"),
    ],
)
def test_what_does_not_fit_is_named(asked, said):
    with pytest.raises(AssumptionError) as caught:
        sensitivity(pair_book({}), asked)
    assert said in str(caught.value)


def test_tables_of_the_workbook_have_their_base_inside(book):
    assert len(book.wanted) == 7
    for asked in book.wanted:
        found = sensitivity(book, asked)
        axes = [found.rows, *([found.columns] if found.columns else [])]
        for axis in axes:
            assert 0 < axis.base_at < len(axis.values) - 1
        base = found.values[tuple(axis.base_at for axis in axes)]
        assert base == pytest.approx(found.base if len(axes) == 1 else found.base[0], rel=EXACT)
        assert np.isfinite(found.values).all()


def test_frame_and_picture(book):
    import matplotlib as mpl

    mpl.use("agg")
    asked = wanted("corporate.net_cash", "5000; 6000", "scenario", "bear; base")
    found = sensitivity(book, asked)
    frame = found.frame()
    assert frame.loc[5000.0, "bear"] == found.values[0, 0]
    assert (frame.index.name, frame.columns.name) == ("corporate.net_cash", "scenario")
    ax = found.plot()
    texts = [text.get_text() for text in ax.texts]
    assert texts == [found.text(v) for v in found.values.ravel()]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["5,000", "6,000", "7,200"]
    one = sensitivity(book, wanted("corporate.net_cash", "5000", "", "", "upside", "equity_value"))
    assert one.plot().get_xticklabels()[1].get_text() == "Equity value"
    assert one.heat().tolist() == [[0, 0], [1, 1]]
    assert one.text(0.1234, 0) == "12.3%"
    mpl.pyplot.close("all")


# The commands

app = typer.Typer()
app.command()(command)
app.command()(tables)


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_json_of_the_command(book):
    key, other = "steel.mid_cycle_margin", "corporate.net_cash"
    done = run(
        "sensitivity", key, other, "--steps", "300", "--column-steps", "±100", "--json",
        "--output", "equity_value", "--scenario", "bear", "--set", "corporate.holding_discount=5%",
    )  # fmt: skip
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    asked = wanted(key, "300", other, "±100", "equity_value", scenario="bear")
    found = sensitivity(book, asked, changes={"corporate.holding_discount": 0.05})
    assert told["rows"] == [290, 300]
    assert told["columns"] == [5400, 5500, 5600]
    assert told["values"] == found.values.tolist()
    assert (told["row_key"], told["column_key"], told["output"]) == (key, other, "equity_value")
    assert (told["base"], told["base_row"], told["base_column"]) == (found.base[0], 0, 1)


def test_a_table_in_the_terminal(book):
    done = run("sensitivity", "steel.mid_cycle_margin", "--steps", "300; 500")
    assert done.exit_code == 0
    for margin in (300.0, 400.0, 500.0):
        alone = valuation.value(book, changes={"steel.mid_cycle_margin": margin})
        assert f" {alone.value_per_share:.2f} " in done.stdout
    assert "400*" in done.stdout


def test_named_tables(book):
    done = run("tables", "--json")
    told = json.loads(done.stdout)
    assert [one["name"] for one in told] == [one.name for one in book.wanted]
    assert all(not math.isnan(value) for one in told for row in one["values"] for value in row)
    one = run("tables", book.wanted[0].name.upper())
    assert one.exit_code == 0
    assert book.wanted[0].chinese in one.stdout
    assert book.wanted[1].name not in one.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("sensitivity", "steel.mid_cycle_margn"), "Did you mean 'steel.mid_cycle_margin'?"),
        (("sensitivity", "corporate.net_cash", "--output", "equty_value"), "'equity_value'?"),
        (("sensitivity", "corporate.net_cash", "--steps", "+1"), "Write 1 or base+1"),
        (("tables", "wacc x growth"), "Did you mean 'Steel WACC x terminal growth'?"),
    ],
)
def test_bad_words_exit_2(words, said):
    done = run(*words)
    assert done.exit_code == 2
    assert said in done.stderr


def test_steps_that_a_scenario_moves_out_of_bounds_are_left_out_and_told(book: Assumptions) -> None:
    """Around 92% of bull, four points three times go above 100%; the base case's 86% has room."""
    wanted = TableWanted(
        name="take-up", row_key="hangang_cloud.legacy.saturation_ratio", row_steps="±4% 3"
    )
    assert sensitivity(book, wanted).notices == []
    found = sensitivity(book, replace(wanted, scenario="bull"))
    assert found.rows.values == pytest.approx((0.80, 0.84, 0.88, 0.92, 0.96, 1.0))
    assert len(found.notices) == 1
    assert "104% is above the upper bound" in found.notices[0]
    with pytest.raises(AssumptionError, match=r"105%.: above the upper bound"):
        sensitivity(book, replace(wanted, row_steps="105%"))
