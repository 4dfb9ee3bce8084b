"""Units: reading them, converting between them by named factors, refusing what does not fit."""

from __future__ import annotations

import re
from math import prod

import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from valuation.errors import ModelError, UnitError
from valuation.lines import (
    YEAR,
    Expr,
    assume,
    at_least,
    at_most,
    average,
    balance,
    calendar_year,
    equals,
    exp,
    growing,
    line,
    log,
    over_years,
    power,
    previous,
    ramp,
    root,
    total,
    where,
    year_end,
)
from valuation.lines.nodes import Number
from valuation.lines.units import FACTORS, PURE, Unit, conversion, parse

#: What every unit of the desk is, for a unit library that knows none of ours.
ORACLE = pint.UnitRegistry(None)
for definition in (
    *("CNY = [money]", "rack = [rack]", "share = [share]", "day = [time]", "watt = [power]"),
    *("tonne = [mass]", "pflop = [computing]", "percent_ = []"),
    *("year = 365 * day", "month = year / 12", "hour = day / 24"),
    *("thousand = 1e3", "ten_thousand = 1e4", "million = 1e6"),
    *("hundred_million = 1e8", "billion = 1e9"),
):
    ORACLE.define(definition)

#: The desk's word, and the same for the oracle. Words of one family convert into each other.
FAMILIES: dict[str, dict[str, str]] = {
    "money": {
        "CNY": "CNY",
        "万CNY": "ten_thousand * CNY",
        "万 CNY": "ten_thousand * CNY",
        "CNY k": "thousand * CNY",
        "CNY m": "million * CNY",
        "亿CNY": "hundred_million * CNY",
        "CNY bn": "billion * CNY",
    },
    "racks": {"rack": "rack", "racks": "rack", "k racks": "thousand * rack"},
    "power": {"W": "watt", "kW": "thousand * watt", "MW": "million * watt"},
    "energy": {
        "W hours": "watt * hour",
        "kWh": "thousand * watt * hour",
        "MWh": "million * watt * hour",
        "kW years": "thousand * watt * year",
    },
    "mass": {
        "t": "tonne",
        "k t": "thousand * tonne",
        "万 t": "ten_thousand * tonne",
        "Mt": "million * tonne",
    },
    "computing": {"PFlops": "pflop"},
    "time": {
        "year": "year",
        "years": "year",
        "months": "month",
        "days": "day",
        "hours": "hour",
        "date": "day",
    },
    "pure": {"%": "1", "ratio": "1", "x": "1", "flag": "1"},
    "shares": {"shares": "share", "shares m": "million * share"},
}
WORDS = [(family, word) for family, words in FAMILIES.items() for word in words]


def oracle(family: str, word: str) -> pint.Quantity:
    return ORACLE.Quantity(1, "dimensionless") * ORACLE(FAMILIES[family][word])


def factor(source: str, target: str) -> float:
    """What the numbers of one unit are multiplied by to be in the other."""
    up, down = conversion(parse(source), parse(target))
    return prod(FACTORS[name] for name in up) / prod(FACTORS[name] for name in down)


def test_every_factor_is_what_its_name_says() -> None:
    year, scale = ORACLE.Quantity(1, "year"), ORACLE.Quantity
    expected = {
        "months_per_year": (year / ORACLE.Quantity(1, "month")).to("").magnitude,
        "days_per_year": (year / ORACLE.Quantity(1, "day")).to("").magnitude,
        "hours_per_year": (year / ORACLE.Quantity(1, "hour")).to("").magnitude,
    }
    names = {"thousand", "ten_thousand", "million", "hundred_million", "billion"}
    expected |= {name: scale(1, name).to("").magnitude for name in names}
    assert expected.keys() == FACTORS.keys()
    assert pytest.approx(expected, rel=1e-15) == FACTORS


@pytest.mark.parametrize(("family", "source"), WORDS)
def test_words_of_a_family_convert_as_in_pint(family: str, source: str) -> None:
    for target in FAMILIES[family]:
        expected = (oracle(family, source) / oracle(family, target)).to("").magnitude
        assert factor(source, target) == pytest.approx(expected, rel=1e-14), target


@pytest.mark.parametrize(("family", "source"), WORDS)
def test_words_of_other_families_do_not_convert(family: str, source: str) -> None:
    for other, target in WORDS:
        if other != family:
            assert not oracle(family, source).is_compatible_with(oracle(other, target))
            with pytest.raises(UnitError, match=r"^formula gives .*, declared "):
                conversion(parse(source), parse(target))


#: Words of one family each, so that a product of them has one of each family above or below.
TERMS = st.lists(
    st.tuples(
        st.sampled_from(["money", "racks", "power", "mass", "computing", "time", "pure"]),
        st.sampled_from([1, -1]),
    ),
    min_size=1,
    max_size=4,
)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[str, str, float]:
    """Two texts of one dimension, and the factor between them by the oracle."""
    terms = draw(TERMS)
    texts, worth = [], []
    for _ in range(2):
        picked = [(family, draw(st.sampled_from(sorted(FAMILIES[family])))) for family, _ in terms]
        above = [w for (_, w), (_, p) in zip(picked, terms, strict=True) if p > 0]
        below = [w for (_, w), (_, p) in zip(picked, terms, strict=True) if p < 0]
        texts.append(" ".join(above or ["1"]) + "".join(f"/{w}" for w in below))
        value = ORACLE.Quantity(1.0, "dimensionless")
        for (family, word), (_, sign) in zip(picked, terms, strict=True):
            value = value * oracle(family, word) ** sign
        worth.append(value)
    return texts[0], texts[1], (worth[0] / worth[1]).to("").magnitude


@given(pair=pairs())
def test_products_convert_as_in_pint_there_and_back(pair: tuple[str, str, float]) -> None:
    source, target, expected = pair
    assert factor(source, target) == pytest.approx(expected, rel=1e-12)
    assert factor(source, target) * factor(target, source) == pytest.approx(1, rel=1e-12)
    assert conversion(parse(source), parse(source)) == ([], [])


@given(pair=pairs())
def test_a_line_shows_the_factors_of_its_conversion(pair: tuple[str, str, float]) -> None:
    """Walking the expression of a line: a number in one unit becomes the number in the other."""
    source, target, expected = pair
    made = line("Converted", target, assume("Given", source))

    def worth(node: Expr) -> float:
        if isinstance(node, Number):
            assert node.name in FACTORS
            assert node.value == FACTORS[node.name]
            return node.value
        if not node.operands:
            return 1.0
        left, right = map(worth, node.operands)
        return {"mul": left * right, "div": left / right}[node.name]

    assert worth(made.formula) == pytest.approx(expected, rel=1e-12)
    assert made.unit == parse(target)
    assert made.unit_text == target


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CNY/rack/month", "CNY / rack / month"),
        ("kWh", "k W hour"),
        ("Mt", "M t"),
        ("CNY m", "M CNY"),
        ("1/year", "/year"),
        ("PFlops", "PFlop"),
        ("%/year", "1/years"),
        ("CNY/kW/year", "CNY/kW year"),
    ],
)
def test_one_unit_has_several_spellings(one: str, other: str) -> None:
    assert parse(one) == parse(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("M", "%"), ("W", "kW"), ("t", "Mt"), ("CNY/kW", "kW/CNY"), ("month", "m")],
)
def test_units_that_look_alike_are_told_apart(one: str, other: str) -> None:
    assert parse(one) != parse(other)


def test_units_multiply_and_cancel() -> None:
    price, racks = parse("CNY/rack/month"), parse("racks")
    assert price.times(racks) == parse("CNY/month")
    assert price.times(price, -1) == PURE == Unit()
    assert parse("kW/rack").times(racks).times(parse("hours")) == parse("kWh")
    assert parse("CNY/kWh").times(parse("kWh")) == parse("CNY")


def test_units_are_written_for_messages() -> None:
    assert str(parse("万CNY")) == "CNY·ten_thousand"
    assert str(parse("CNY/rack/month")) == "CNY·month^-1·rack^-1"
    assert str(parse("%")) == "a pure number"


# ------------------------------------------------------------------------------------------------
# Formulas
# ------------------------------------------------------------------------------------------------

WAN, YI, MILLION = assume("Wan", "万CNY"), assume("Yi", "亿CNY"), assume("Million", "CNY m")
RACKS, SHARE = assume("Racks", "racks", yearly=True), assume("Share", "%")

MIXED = {
    "add": lambda: WAN + YI,
    "sub": lambda: YI - WAN,
    "max": lambda: at_least(WAN, MILLION),
    "min": lambda: at_most(WAN, RACKS),
    "mean": lambda: average(SHARE, WAN),
    "where": lambda: where(SHARE > 0, WAN, YI),
    "le": lambda: WAN <= YI,
    "lt": lambda: WAN < YI,
    "le, turned round": lambda: WAN >= YI,
    "lt, turned round": lambda: WAN > YI,
    "eq": lambda: equals(WAN, YI),
    "add, total": lambda: total(WAN, WAN, YI),
    "add, a bare 1": lambda: 1 + WAN,
    "sub, a bare 1": lambda: WAN - 1,
    "add, months to years": lambda: assume("M", "months") + assume("Y", "years"),
}


@pytest.mark.parametrize("case", MIXED)
def test_scales_and_units_do_not_mix(case: str) -> None:
    word = case.partition(",")[0]
    with pytest.raises(UnitError, match=f"^{word} mixes .+ and .+. Name one as a row first.$"):
        MIXED[case]()


def test_the_message_names_both_units() -> None:
    expected = "add mixes CNY·ten_thousand and CNY·hundred_million. Name one as a row first."
    with pytest.raises(UnitError, match=re.escape(expected)):
        WAN + YI


def test_a_unit_error_is_a_model_error() -> None:
    with pytest.raises(ModelError, match="mixes"):
        WAN + RACKS


def test_zero_takes_any_unit_and_one_is_a_pure_number() -> None:
    assert (WAN + 0).unit == at_least(WAN, 0).unit == where(SHARE > 0, WAN, 0).unit == WAN.unit
    assert line("Nothing", "racks", 0).unit == parse("racks")
    assert (WAN * 1).unit == WAN.unit
    assert (1 / WAN).unit == PURE.times(WAN.unit, -1)
    assert (1 - SHARE).unit == PURE


WRONG = {
    "money as racks": lambda: line("Wrong", "racks", WAN),
    "money as a share": lambda: line("Wrong", "%", WAN),
    "a product": lambda: line("Wrong", "CNY m", WAN * RACKS),
    "a price without its year": lambda: line("Wrong", "CNY", assume("P", "CNY/year")),
    "an opening": lambda: line("Wrong", "CNY", RACKS * (WAN / RACKS), opening=SHARE),
    "a bare number": lambda: line("Wrong", "CNY", 1),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_formula_must_fit_its_declared_unit(case: str) -> None:
    expected = r"^line 'Wrong': formula gives .+, declared .+\. Check the formula or the unit\.$"
    with pytest.raises(UnitError, match=expected):
        WRONG[case]()


def test_the_message_names_what_the_formula_gives() -> None:
    expected = "line 'Wrong': formula gives CNY·million·rack, declared CNY·million."
    with pytest.raises(UnitError, match=re.escape(expected)):
        line("Wrong", "CNY m", MILLION * RACKS)


def test_a_row_that_carries_forward_opens_in_its_own_unit() -> None:
    before = previous(WAN)
    expected = "line 'Cash' is in CNY·million, but opens in CNY·ten_thousand."
    with pytest.raises(UnitError, match=re.escape(expected)):
        line("Cash", "CNY m", before, closes=before)


def test_previous_converts_its_first_value_to_the_unit_named() -> None:
    before = previous(WAN, "CNY m")
    assert before.unit == parse("CNY m")
    (opening,) = before.operands
    assert opening.unit == parse("CNY m")
    assert [n.name for n in opening.operands if isinstance(n, Number)] == ["million"]


@pytest.mark.parametrize(
    "make",
    [
        lambda: previous(RACKS, "CNY m"),
        lambda: growing("Growing", "CNY m", SHARE, by=SHARE),
        lambda: balance("Balance", "CNY m", SHARE, add=MILLION, less=0),
    ],
)
def test_a_first_value_of_another_kind_is_refused(make: object) -> None:
    with pytest.raises(UnitError, match="declared CNY·million"):
        make()


def test_a_growth_rate_is_a_pure_number() -> None:
    with pytest.raises(UnitError, match="add mixes"):
        growing("Growing", "CNY m", MILLION, by=MILLION)


PURE_ONLY = {
    "exp": lambda: exp(WAN),
    "log": lambda: log(RACKS),
    "sqrt": lambda: root(WAN * WAN),
    "power": lambda: power(SHARE, assume("Years", "years")),
    "power, the base": lambda: power(WAN, SHARE),
    "exp, of a ramp whose speed is per month": lambda: ramp(
        SHARE, SHARE, assume("Speed", "1/month"), assume("Time", "years")
    ),
}


@pytest.mark.parametrize("case", PURE_ONLY)
def test_functions_take_pure_numbers(case: str) -> None:
    word = case.partition(",")[0]
    with pytest.raises(UnitError, match=rf"^{word}\(\) takes pure numbers, not .+\. Divide by a"):
        PURE_ONLY[case]()


def test_dates_and_years_are_not_numbers_of_days() -> None:
    day, year = assume("Day", "date", whole=True), assume("Year", "year", whole=True)
    assert calendar_year(day).unit == parse("year")
    assert year_end(year).unit == parse("date")
    assert line("Left", "years", year_end(year) - day).unit == parse("years")
    with pytest.raises(UnitError, match=r"^calendar_year\(\) takes a date, not year\.$"):
        calendar_year(year)
    with pytest.raises(UnitError, match=r"^year_end\(\) takes a year, not day\.$"):
        year_end(day)


def test_a_year_is_multiplied_without_a_number() -> None:
    per_year = assume("Per year", "CNY/year", yearly=True)
    a_year = per_year * YEAR
    assert a_year.unit == parse("CNY")
    assert a_year.operands == (per_year,)
    assert (a_year / YEAR).unit == per_year.unit


def test_a_total_over_years_keeps_the_unit_and_a_product_multiplies_it() -> None:
    price = assume("Price", "CNY/rack", yearly=True)
    assert over_years(price).unit == price.unit
    assert over_years(price, RACKS).unit == parse("CNY")
