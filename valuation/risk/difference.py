"""What differs between two assumption workbooks of a company, and in the value they give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from math import isfinite

from valuation.errors import AssumptionError, NoAnswerError
from valuation.lines import Row
from valuation.risk.assumptions import BASE, Assumptions, Input, Scenario
from valuation.risk.document import plain
from valuation.risk.valuation import Valuation, iso_date, value
from valuation.risk.wanted import wanted_in_words

#: What of an input is compared, in the order of the sheet.
FIELDS = (
    "value",
    "low",
    "high",
    "distribution",
    "parameters",
    "minimum",
    "maximum",
    "shock_sd",
    "persistence",
    "source",
    "as_of",
    "confidence",
    "note",
)


@dataclass(frozen=True, kw_only=True)
class Change:
    """Something before and after; None where it stands on one side only.

    Attributes:
        what: A field of an input, a year, a key, or a pair of keys.
        before: In the old workbook.
        after: In the new one.
    """

    what: str
    before: object
    after: object


@dataclass(frozen=True, kw_only=True)
class InputChange:
    """An input that changed.

    Attributes:
        key: Its key.
        label: Its label.
        unit: Its unit.
        changes: By field, named as in `FIELDS`; a yearly base value is in `years` instead.
        years: Base values that changed, by year.
    """

    key: str
    label: str
    unit: str
    changes: tuple[Change, ...]
    years: tuple[Change, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ScenarioChange:
    """A scenario that changed.

    Attributes:
        name: Its name.
        status: `added`, `removed` or `changed`.
        changes: Of its weight and Chinese name.
        values: Values by key, None where it leaves the base value.
    """

    name: str
    status: str
    changes: tuple[Change, ...]
    values: tuple[Change, ...]


@dataclass(frozen=True, kw_only=True)
class Worth:
    """A row of the sum of the parts before and after."""

    key: str
    label: str
    unit: str
    before: float
    after: float

    @property
    def change(self) -> float:
        """After less before."""
        return self.after - self.before


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Two workbooks of a company compared.

    Attributes:
        old: The workbook before, valued.
        new: The workbook after, valued.
        inputs: Inputs that changed, in the order of the model.
        scenarios: Scenarios added, removed or changed.
        correlations: Pairs `key, key` that changed, and loadings `AI demand, key`.
        overrides: Keys whose override changed.
        guide: `gaps`, where that changed.
        tables: Sensitivity tables, prices and questions that changed, `table NAME` and so on.
        parts: Value of each part.
        bridge: Rows between the parts and equity.
        equity_value: The sum.
        value_per_share: A share of it.
    """

    old: Valuation
    new: Valuation
    inputs: tuple[InputChange, ...]
    scenarios: tuple[ScenarioChange, ...]
    correlations: tuple[Change, ...]
    overrides: tuple[Change, ...]
    guide: tuple[Change, ...]
    tables: tuple[Change, ...]
    parts: tuple[Worth, ...]
    bridge: tuple[Worth, ...]
    equity_value: Worth
    value_per_share: Worth

    @property
    def is_empty(self) -> bool:
        """Whether the workbooks say the same."""
        said = (self.scenarios, self.correlations, self.overrides, self.guide, self.tables)
        return not any((self.inputs, *said))

    def document(self) -> dict[str, object]:
        """The difference as plain data: what `valuation diff --json` prints."""
        said = ("scenarios", "correlations", "overrides", "guide", "tables")
        worth = ("parts", "bridge", "equity_value", "value_per_share")
        return {
            "company": self.old.company.name,
            "old": self.old.assumptions.source,
            "new": self.new.assumptions.source,
            "scenario": self.old.scenario,
            "inputs": [_input_document(change) for change in self.inputs],
            **{name: plain(getattr(self, name)) for name in said},
            **{name: _worth_document(getattr(self, name)) for name in worth},
        }


def difference(old: Assumptions, new: Assumptions, *, scenario: str = BASE) -> Difference:
    """Compare two workbooks of a company and value both in one scenario.

    Raises:
        AssumptionError: They are about different companies, or one has no such scenario.
        NoAnswerError: One of them has no value.
    """
    if old.company is not new.company:
        text = (
            f"{old.source} is about {old.company.name}, {new.source} about {new.company.name}. "
            "Name two workbooks of one company."
        )
        raise AssumptionError([text])
    before, after = (valued(book, scenario) for book in (old, new))
    company = old.company

    def worth(row: Row, key: str, label: str) -> Worth:
        return Worth(
            key=key,
            label=label,
            unit=row.unit_text,
            before=before.number(row),
            after=after.number(row),
        )

    def own(row: Row) -> Worth:
        return worth(row, company.model.key[row], row.label)

    return Difference(
        old=before,
        new=after,
        inputs=tuple(_inputs(old, new)),
        scenarios=tuple(_scenarios(old, new)),
        correlations=tuple(_mapping(_pairs(old), _pairs(new))),
        overrides=tuple(_mapping(old.overrides, new.overrides)),
        guide=tuple(_mapping({"gaps": old.gaps}, {"gaps": new.gaps})),
        tables=tuple(_mapping(wanted_in_words(old), wanted_in_words(new))),
        parts=tuple(worth(part.value, part.key, part.title) for part in company.parts),
        bridge=tuple(map(own, company.bridge)),
        equity_value=own(company.equity_value),
        value_per_share=own(company.value_per_share),
    )


def valued(
    book: Assumptions, scenario: str, changes: Mapping[str, float] | None = None
) -> Valuation:
    """Value one of several workbooks: what is wrong with it is told with its name."""
    try:
        return value(book, scenario=scenario, changes=changes)
    except AssumptionError as error:
        raise AssumptionError([f"{book.source}: {p}" for p in error.problems]) from None
    except NoAnswerError as error:
        text = f"{book.source}: {error}"
        raise NoAnswerError(text, key=error.key, period=error.period, draw=error.draw) from None


def _inputs(old: Assumptions, new: Assumptions) -> Iterator[InputChange]:
    for key, before in old.inputs.items():
        after = new.inputs[key]
        changes = [
            Change(what=name, before=left, after=right)
            for name in FIELDS
            if (left := getattr(before, name)) != (right := getattr(after, name))
            and not (name == "value" and before.is_yearly)
        ]
        years = list(_mapping(_by_year(old, before), _by_year(new, after)))
        if changes or years:
            yield InputChange(
                key=key,
                label=before.row.label,
                unit=before.row.unit_text,
                changes=tuple(changes),
                years=tuple(years),
            )


def _by_year(book: Assumptions, given: Input) -> dict[str, float]:
    """Base values of a yearly input by year; none for an input with one value."""
    base_year = book.inputs[book.company.model.key[book.company.base_year]].value
    if isinstance(base_year, tuple) or not isinstance(given.value, tuple):
        return {}
    return {str(y): v for y, v in enumerate(given.value, int(base_year) + 1)}


def _scenarios(old: Assumptions, new: Assumptions) -> Iterator[ScenarioChange]:
    for name in dict.fromkeys((*old.scenarios, *new.scenarios)):
        before, after = old.scenarios.get(name), new.scenarios.get(name)
        status = "added" if before is None else "removed" if after is None else "changed"
        changes = tuple(_mapping(_description(before), _description(after)))
        values = tuple(_mapping(before.values if before else {}, after.values if after else {}))
        if changes or values:
            yield ScenarioChange(name=name, status=status, changes=changes, values=values)


def _description(scenario: Scenario | None) -> dict[str, object]:
    if scenario is None:
        return {}
    compared = (f.name for f in fields(scenario) if f.name not in ("name", "values"))
    return {name: getattr(scenario, name) for name in compared}


def _pairs(book: Assumptions) -> dict[str, float]:
    """Correlations by pair, whichever of the two stands first on the sheet, and loadings."""
    order = {key: at for at, key in enumerate(book.inputs)}
    pairs = {
        ", ".join(sorted(pair, key=order.__getitem__)): value
        for pair, value in book.correlations.items()
    }
    return pairs | {f"AI demand, {key}": value for key, value in book.demand_loadings.items()}


def _mapping(old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[Change]:
    for key in dict.fromkeys((*old, *new)):
        before, after = old.get(key), new.get(key)
        if before != after:
            yield Change(what=key, before=before, after=after)


def _input_document(change: InputChange) -> object:
    if change.unit != "date":
        return plain(change)
    dated = [replace(c, before=_dated(c.before), after=_dated(c.after)) for c in change.changes]
    return plain(replace(change, changes=tuple(dated)))


def _dated(day: object) -> object:
    return iso_date(day) if isinstance(day, float | int) and isfinite(day) else day


def _worth_document(worth: Worth | tuple[Worth, ...]) -> object:
    if isinstance(worth, tuple):
        return [_worth_document(one) for one in worth]
    names = [f.name for f in fields(worth)]
    return {name: plain(getattr(worth, name)) for name in (*names, "change")}
