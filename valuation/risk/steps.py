"""Steps of a sensitivity table: from the text an analyst writes to the values of an axis.

Steps are separated by `;`. Each is one of

- a value: `400; 440; 480`, `85%; 92%`, `-1%`, `2026-12-31` for a date;
- a difference from the base: `base-40; base; base+40`; a percentage is percentage points
  where the unit is %, else a share of the base: `base+10%`;
- a multiple of the base: `x0.9; x1.1`;
- the base and steps either side of it: `±40 3` is 7 values, 40 apart; `±10%` is 3;
  `base±40 3` and `+-40 3` are the same;
- a range: `70%..95% 6` is 6 values evenly spaced; 7 where no number is given.

Empty steps go from Low to High of the input with the base among them: 7 values, or the
values themselves where the distribution is discrete. The base is always among the values.
"""

from __future__ import annotations

import math
import re
from datetime import date
from typing import Final

from valuation.errors import AssumptionError
from valuation.lines import Row
from valuation.risk.assumptions import Input

#: Values of an axis whose steps are left empty, and of a range that gives no number of them.
USUAL: Final = 7
#: Most values of an axis.
MOST: Final = 200
#: Figures kept of a value worked out from others, and how near the base is the base.
_FIGURES, _NEAR = 12, 1e-9
#: Figures shown of a value that is no round number.
_SHOWN = 5

_DAY_0: Final = date(1899, 12, 30).toordinal()
#: Full-width forms, signs that Excel and phones put in place of the plain ones, other spaces.
_PLAIN: Final[dict[int, int | str]] = {
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},
    0x3000: " ",
    0x00A0: " ",
    0x2212: "-",
    0x00D7: "x",
    ord("…"): "..",
    ord("\n"): ";",
}
_DIGITS: Final = r"(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+"
_NUMBER: Final = rf"(?P<number>(?:{_DIGITS})(?:e[+-]?[0-9]{{1,3}})?)(?P<percent>%?)"
_ABSOLUTE: Final = re.compile(rf"(?P<sign>[+-]?){_NUMBER}")
_DIFFERENCE: Final = re.compile(rf"base(?P<sign>[+-]){_NUMBER}")
_TIMES: Final = re.compile(rf"(?:base\s*)?x\s*{_NUMBER}")
_AROUND: Final = re.compile(rf"(?:base)?(?:±|\+/?-){_NUMBER}(?:\s+(?P<count>[0-9]+))?")
_RANGE: Final = re.compile(r"(?P<low>.+?)\s*\.\.\s*(?P<high>\S+)(?:\s+(?P<count>[0-9]+))?")
_ISO: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_HOW: Final = "Write values such as 400; 480, or base-40; base+40, x0.9; x1.1, ±40 3, 400..480 5."


def parse_steps(
    text: str,
    row: Row,
    base: float | None,
    given: Input | None = None,
    left_out: list[str] | None = None,
) -> list[float]:
    """Read the steps of an axis, written as the module says.

    Args:
        text: The steps.
        row: Row of the axis, whose unit the values are in.
        base: Its base value; None where it has one a year that differ.
        given: What the workbook says of the input; None for a line.
        left_out: Told what is outside the bounds, which then is left out and no error.

    Returns:
        Values in rising order, each once.

    Raises:
        AssumptionError: Steps that cannot be read or are outside the bounds, all of them.
    """
    plain = re.sub(r"\s*([+±/-])\s*", r"\1", text.translate(_PLAIN).replace("*", "x").lower())
    pieces = [piece.strip() for piece in plain.split(";") if piece.strip()]
    if not pieces:
        return _arranged(_usual(given, base), base)
    values: list[float] = []
    problems: list[str] = []
    for piece in pieces:
        try:
            found = _values(piece, row, base)
            faults = {v: fault for v in found if (fault := _outside(v, piece, given))}
            (problems if left_out is None else left_out).extend([*faults.values()][:1])
            values += [v for v in found if v not in faults]
        except ValueError as error:
            problems.append(f"step {piece!r}: {error}")
    if not problems and len(values) > MOST:
        problems.append(f"{len(values)} steps. Write {MOST} or fewer.")
    if problems:
        raise AssumptionError(problems)
    return _arranged(values, base)


def shown(value: float, unit: str) -> str:
    """Write a value of an axis for people: `92%`, `4,400`, `2026-02-27`."""
    if unit == "date":
        return str(date.fromordinal(_DAY_0 + int(value)))
    number = 100 * value if "%" in unit else value
    if number:
        number = round(number, max(0, _SHOWN - 1 - math.floor(math.log10(abs(number))))) + 0.0
    text = f"{number:.10g}" if unit == "year" else f"{number:,.10g}"
    return f"{text}%" if "%" in unit else text


def _values(piece: str, row: Row, base: float | None) -> list[float]:
    if around := _AROUND.fullmatch(piece):
        count = int(around["count"] or 1)
        step = _amount(around, row, _known(base))
        _refuse_many(2 * count + 1)
        return [_clean(_known(base) + at * step) for at in range(-count, count + 1)]
    if between := _RANGE.fullmatch(piece):
        count = int(between["count"] or USUAL)
        _refuse_many(count)
        if count < 2:  # noqa: PLR2004 - both ends
            raise ValueError("a range has 2 values or more.")
        return _spaced(_value(between["low"], row, base), _value(between["high"], row, base), count)
    return [_value(piece, row, base)]


def _value(text: str, row: Row, base: float | None) -> float:
    """One value."""
    if text == "base":
        return _known(base)
    if row.unit_text == "date" and _ISO.fullmatch(text):
        return float(date.fromisoformat(text).toordinal() - _DAY_0)
    if times := _TIMES.fullmatch(text):
        return _clean(_known(base) * _number(times))
    if difference := _DIFFERENCE.fullmatch(text):
        amount = _amount(difference, row, _known(base))
        return _clean(_known(base) + (amount if difference["sign"] == "+" else -amount))
    absolute = _ABSOLUTE.fullmatch(text)
    if absolute is None:
        raise ValueError(f"not known. {_HOW}")
    if absolute["sign"] == "+":
        raise ValueError(f"a value or a difference? Write {text[1:]} or base{text}.")
    if absolute["percent"] and "%" not in row.unit_text:
        number = absolute["number"]
        raise ValueError(
            f"a percentage, the unit is {row.unit_text}. Write x{_number(absolute):g}, or "
            f"base+{number}% for {number}% more than the base."
        )
    value = _number(absolute) * (-1 if absolute["sign"] else 1)
    _refuse_slip(absolute, row)
    return value


def _amount(found: re.Match[str], row: Row, base: float) -> float:
    """A difference in the unit of the row."""
    _refuse_slip(found, row)
    share = bool(found["percent"]) and "%" not in row.unit_text
    return _number(found) * (abs(base) if share else 1)


def _number(found: re.Match[str]) -> float:
    mantissa, _, power = found["number"].replace(",", "").partition("e")
    return float(f"{mantissa}e{int(power or 0) - 2 * len(found['percent'])}")


def _refuse_slip(found: re.Match[str], row: Row) -> None:
    """8 in a unit of % would be 800%."""
    value = _number(found)
    if "%" in row.unit_text and not found["percent"] and value > 1:
        raise ValueError(f"reads as {100 * value:g}%. Write {value:g}% or {value / 100:g}.")


def _refuse_many(count: int) -> None:
    if count > MOST:
        raise ValueError(f"{count} values. Write {MOST} or fewer.")


def _known(base: float | None) -> float:
    if base is None:
        raise ValueError("the base differs from year to year. Write values that hold in all years.")
    if not math.isfinite(base):
        raise ValueError("the base has no value. Write values.")
    return base


def _outside(value: float, step: str, given: Input | None) -> str:
    """What is wrong with a value, where anything is."""
    if given is None:
        return ""
    unit = given.row.unit_text
    what = f"step {step!r}: " + ("" if step == shown(value, unit) else f"{shown(value, unit)} is ")
    if value < given.minimum:
        return f"{what}below the lower bound of {given.key}, {shown(given.minimum, unit)}."
    if value > given.maximum:
        return f"{what}above the upper bound of {given.key}, {shown(given.maximum, unit)}."
    return f"{what}not a whole number." if given.row.whole and not value.is_integer() else ""


def _usual(given: Input | None, base: float | None) -> list[float]:
    """The values where no steps are written."""
    if given is not None and given.weights:
        return [value for value, _ in given.weights]
    if given is not None and given.distribution == "bernoulli":
        return [0.0, 1.0]
    if given is None or given.low is None or given.high is None:
        what = f"{given.key} has no Low and High" if given else "a line has no Low and High"
        raise AssumptionError([f"{what}. Write its steps, such as ±10% 3."])
    low, high = given.low, given.high
    half = USUAL // 2 + 1
    if base is not None and low < base < high:
        values = [*_spaced(low, base, half), *_spaced(base, high, half)]
    else:
        values = _spaced(low, high, USUAL)
    return [float(round(value)) for value in values] if given.row.whole else values


def _spaced(low: float, high: float, count: int) -> list[float]:
    return [_clean(low + (high - low) * at / (count - 1)) for at in range(count)]


def _clean(value: float) -> float:
    """Without the noise of adding decimals: 7.5% and 0.5% are 8%."""
    return float(f"{value:.{_FIGURES}g}") if abs(value) > _NEAR * _NEAR else 0.0


def _arranged(values: list[float], base: float | None) -> list[float]:
    """Rising, each once, the base among them as it is."""
    if base is None or not math.isfinite(base):
        return sorted(set(values))
    near = _NEAR * max(abs(base), *map(abs, values))
    return sorted({base, *(value for value in values if abs(value - base) > near)})
