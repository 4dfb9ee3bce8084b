"""Numbers as people type them: what is unambiguous becomes a float, the rest a remedy."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from valuation.lines.units import PURE
from valuation.lines.units import parse as parse_unit

#: Day 0 of Excel's serial numbers from 1 March 1900 on (Excel has a 29 February 1900).
_DAY_0: Final = datetime(1899, 12, 30)  # noqa: DTZ001  cells have no zone
#: Serial number of the 29 February 1900 that never was: before it, numbers are one less.
_LEAP_DAY: Final = 60
#: Days between the two date systems of Excel: serial 0 is in 1900 in one, in 1904 in the other.
DAYS_TO_1904: Final = 1462
#: Serial number of 9999-12-31, the last day Excel knows.
LAST_DAY: Final = 2_958_465

#: Full-width forms, the ideographic and the unbreakable space, the minus sign, invisible marks.
_PLAIN: Final[dict[int, int | str]] = {
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},
    0x3000: " ",
    0x00A0: " ",
    0x2212: "-",
    0x200B: "",
    0xFEFF: "",
}
#: Thousands come in groups of three, and the first group is no zero: `0,123` may be a decimal.
_NUMBER: Final = re.compile(
    r"(?P<sign>[+-]?)"
    r"(?P<digits>(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]*)?|\.[0-9]+)"
    r"(?:[eE](?P<exponent>[+-]?[0-9]{1,4}))?"
    r"\s*(?P<percent>%?)"
)
_BRACKETS: Final = re.compile(r"\(\s*(?P<inside>[^()+-][^()]*)\)\s*(?P<percent>%?)")
_ISO_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EIGHT_DIGITS: Final = re.compile(r"[0-9]{8}")
_ERROR: Final = re.compile(r"#[A-Z0-9/_]+[!?]?|Err:[0-9]+")
_QUOTED: Final = re.compile(r'"[^"]*"|\\.')
_LONGEST: Final = 40
#: Whole numbers in cells may have more digits than a float can hold.
_TOO_LARGE: Final = 10**300


@dataclass(frozen=True)
class Refusal:
    """Why a value is no number, and what to enter instead."""

    text: str


def plain(text: str) -> str:
    """Write full-width forms as ordinary ones and drop the spaces around."""
    return text.translate(_PLAIN).strip()


def parse_cell(
    value: object, number_format: str, unit: str, *, date_1904: bool = False
) -> float | Refusal:
    """Read the value of a cell as a number in the unit of its row.

    Args:
        value: As openpyxl gives it.
        number_format: Of the cell: a percentage is no price.
        unit: As the row declares it; `%`, `date` and `flag` have rules of their own.
        date_1904: The workbook counts days from 1904.

    Returns:
        The number (a date as its serial number from 1900), or why there is none.
    """
    match value:
        case None | str() | bool():
            text = str(value).upper() if isinstance(value, bool) else value or ""
            return _from_text(text, unit, date_1904=date_1904)
        case int() | float() if _is_odd_percentage(number_format, unit):
            return _percentage_refused(shown(value * 100), unit)
        case int() | float():
            return _from_number(value, unit, date_1904=date_1904)
        case date() if _is_date(unit):
            return _serial(value)
        case datetime() if value.time() == time():
            found = f"the date {value.date()}"
        case date():
            found = f"the date {value}"
        case _:  # a time of day, or a span of time
            found = f"the time {value}"
    return Refusal(f"{found} is not a number. {_remedy(unit)}")


def parse_text(text: str, unit: str) -> float | Refusal:
    """Read a number typed as text, in a cell or after `--set KEY=`.

    Returns:
        The number (a date as its serial number from 1900), or why there is none.
    """
    return _from_text(text, unit, date_1904=False)


def bound_fault(
    value: float,
    unit: str,
    minimum: float,
    maximum: float,
    *,
    whole: bool = False,
    as_percentage: bool = False,
) -> str:
    """Say what is wrong with a number outside its bounds, or not whole where it must be.

    Args:
        value: The number.
        unit: Of its row.
        minimum: Lower bound, itself allowed.
        maximum: Upper bound, itself allowed.
        whole: Only whole numbers make sense.
        as_percentage: It was typed with a percent sign, so the sign is not what is missing.

    Returns:
        What is wrong and the remedy, or an empty text.
    """
    if not minimum <= value <= maximum:
        hundredth = value / 100
        slip = is_percentage(unit) and not as_percentage and minimum <= hundredth <= maximum
        what, remedy = _outside(value, unit, minimum, maximum)
        if slip:
            remedy = f"Enter {shown(value)}% or {shown(hundredth)}."
        return f"{what}. {remedy}"
    if whole and not value.is_integer():
        low, high = (shown(n, unit) for n in (math.floor(value), math.ceil(value)))
        return f"{shown(value, unit)} is not a whole number. Enter {low} or {high}."
    return ""


def shown(value: float, unit: str = "") -> str:
    """Write a number for a message: no float noise, dates as dates."""
    if _is_date(unit) and 1 <= value <= LAST_DAY:
        moment = _DAY_0 + timedelta(days=value if value > _LEAP_DAY else value + 1)
        return str(moment.date() if moment.time() == time() else moment)
    return format(value, ".15g")


def is_percentage(unit: str) -> bool:
    """Whether values of the unit are percentages: `%`, `%/year`."""
    return "%" in unit


def is_typed_percentage(value: object) -> bool:
    """Whether a cell holds text with a percent sign."""
    return isinstance(value, str) and "%" in plain(value)


def _is_date(unit: str) -> bool:
    return unit.strip() == "date"


def _is_flag(unit: str) -> bool:
    return unit.strip() == "flag"


def _is_odd_percentage(number_format: str, unit: str) -> bool:
    """Whether a number shows as a percentage where its unit is none: 92% CNY."""
    if is_percentage(unit) or "%" not in _QUOTED.sub("", number_format):
        return False
    return _is_flag(unit) or parse_unit(unit) != PURE


def _from_text(raw: str, unit: str, *, date_1904: bool) -> float | Refusal:
    text = plain(raw)
    if not text or _ERROR.fullmatch(text):
        what = f"the cell holds the error {text}" if text else "empty"
        return Refusal(f"{what}. {_remedy(unit)}")
    if _is_flag(unit) and text.upper() in ("TRUE", "FALSE"):
        return float(text.upper() == "TRUE")
    if _is_date(unit) and _ISO_DATE.fullmatch(text):
        return _from_iso(text, unit)
    found = _digits(text)
    if found is None:
        return Refusal(f"{_quoted(raw.strip())} is not a number. {_remedy(unit)}")
    value, is_percent = found
    if is_percent and not is_percentage(unit):
        return _percentage_refused(text.rstrip("% "), unit)
    return _from_number(value, unit, date_1904=date_1904)


def _digits(text: str) -> tuple[float, bool] | None:
    """The number written and whether a percent sign is with it; brackets make it negative."""
    brackets = _BRACKETS.fullmatch(text)
    inside = brackets["inside"].strip() if brackets else text
    written = _NUMBER.fullmatch(inside)
    signs = (written["percent"] if written else "") + (brackets["percent"] if brackets else "")
    if written is None or signs == "%%":
        return None
    digits = written["digits"].replace(",", "")
    power = int(written["exponent"] or 0) - 2 * len(signs)
    value = float(f"{written['sign']}{digits}e{power}")  # one rounding: 7.1% is 0.071
    return (-value if brackets else value), bool(signs)


def _from_number(number: float, unit: str, *, date_1904: bool) -> float | Refusal:
    value = float(number) if abs(number) < _TOO_LARGE else math.inf
    if not math.isfinite(value):
        return Refusal(f"not a finite number. {_remedy(unit)}")
    if _is_date(unit):
        serial = value + (DAYS_TO_1904 if date_1904 else 0)
        if not 1 <= serial <= LAST_DAY:
            return Refusal(f"{shown(value)} is not a date. {_date_meant(shown(value))}")
        return serial
    return value


def _serial(value: date) -> float:
    """Serial number of a day in the 1900 system; a time of day is a fraction."""
    moment = value if isinstance(value, datetime) else datetime.combine(value, time())
    days = (moment.replace(tzinfo=None) - _DAY_0) / timedelta(days=1)
    return days if days > _LEAP_DAY else days - 1


def _from_iso(text: str, unit: str) -> float | Refusal:
    try:
        return _serial(date.fromisoformat(text))
    except ValueError:
        return Refusal(f"{text} is not a day of the calendar. {_remedy(unit)}")


def _date_meant(text: str) -> str:
    if _EIGHT_DIGITS.fullmatch(text):
        written = f"{text[:4]}-{text[4:6]}-{text[6:]}"
        try:
            return f"Enter {date.fromisoformat(written)}."
        except ValueError:
            pass
    return _remedy("date")


def _percentage_refused(number: str, unit: str) -> Refusal:
    return Refusal(f"{number}% is a percentage, the unit is {unit}. Enter the number without %.")


def _outside(value: float, unit: str, minimum: float, maximum: float) -> tuple[str, str]:
    number, low, high = (shown(n, unit) for n in (value, minimum, maximum))
    if math.isinf(maximum):
        return f"{number} is below {low}", f"Enter {low} or more."
    if math.isinf(minimum):
        return f"{number} is above {high}", f"Enter {high} or less."
    remedy = _remedy(unit) if _is_flag(unit) else "Enter a value within these bounds."
    return f"{number} is outside {low} to {high}", remedy


def _remedy(unit: str) -> str:
    if _is_flag(unit):
        return "Enter 1 or 0."
    if _is_date(unit):
        return "Enter a date such as 2026-02-27."
    if is_percentage(unit):
        return "Enter a percentage such as 92% or 0.92."
    return f"Enter a number in {unit}." if unit.strip() else "Enter a number."


def _quoted(text: str) -> str:
    return repr(text if len(text) <= _LONGEST else text[:_LONGEST] + "…")
