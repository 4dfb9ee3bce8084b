"""Why the value changed: from one state of a company to another, input by input.

A state is a workbook in a scenario on a date. Time comes first: its step is the value of the old
inputs on the new date less the old value. What is left is shared out on the new date among the
inputs that differ, or groups of them, by Shapley values over re-runs (`valuation.risk.shapley`). A
yearly input is one player. So are the weights of a part's methods, as weights that do not add up
are no state of the company, and inputs of which one without the other leaves no value. The way
back gives the same steps with the sign turned, but for time, which comes first both ways.

When the ruler moves by a year, yearly inputs stay with their calendar years, and a year that the
old workbook lacks is taken from its nearest; what the new one says for it is a change of the input.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from valuation.errors import AssumptionError
from valuation.risk.assumptions import BASE, Assumptions
from valuation.risk.difference import valued
from valuation.risk.document import plain
from valuation.risk.players import By, Ground, Player, Value, ground, together
from valuation.risk.shapley import EXACT, WALKS, shapley
from valuation.risk.valuation import Valuation, iso_date

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Key of the step of time, and of steps told together.
TIME: Final = "time"
OTHERS: Final = "others"
#: Steps of a picture.
MOST: Final = 12


@dataclass(frozen=True, kw_only=True)
class Step:
    """What one player adds.

    Attributes:
        key: Key of the input, group of inputs, or `time`; of several, joined by ` + `.
        label: What it is called.
        change: Change of the value per share.
        equity: Change of the equity value.
        standard_error: Of the change of the value per share; 0 where it is exact.
        keys: Keys of its inputs.
        unit: Unit of its input, where it is a single one.
        before: Its old value, where it is a single one; one a year of the new ruler if yearly.
        after: Its new value.
    """

    key: str
    label: str
    change: float
    equity: float
    standard_error: float = 0.0
    keys: tuple[str, ...] = ()
    unit: str = ""
    before: Value | None = None
    after: Value | None = None

    def document(self) -> dict[str, object]:
        """The step as plain data."""
        dated = self.unit == "date"
        sides = {
            name: iso_date(side) if dated and isinstance(side, float) else plain(side)
            for name, side in (("before", self.before), ("after", self.after))
        }
        return {
            "key": self.key,
            "label": self.label,
            "change": self.change,
            "equity_change": self.equity,
            "standard_error": self.standard_error,
            "keys": list(self.keys),
            "unit": self.unit,
            **sides,
        }


@dataclass(frozen=True, kw_only=True)
class Bridge:
    """The way from one value to another.

    Attributes:
        old: The state before, valued.
        new: The state after, valued.
        by: Whether the steps are inputs or groups of them.
        steps: Time first, where it passed; then the largest first.
        walks: Orders drawn; 0 where the steps are exact.
        runs: Re-runs of the model for it.
        without_effect: Keys of inputs that changed and that the value does not read.
        notices: What the reader should know.
    """

    old: Valuation
    new: Valuation
    by: By
    steps: tuple[Step, ...]
    walks: int
    runs: int
    without_effect: tuple[str, ...]
    notices: tuple[str, ...]

    @property
    def change(self) -> float:
        """New value per share less the old one: the sum of the steps."""
        return self.new.value_per_share - self.old.value_per_share

    @property
    def equity_change(self) -> float:
        """New equity value less the old one."""
        return self.new.equity_value - self.old.equity_value

    @property
    def standard_error(self) -> float:
        """The largest of the steps."""
        return max((step.standard_error for step in self.steps), default=0.0)

    @property
    def names(self) -> tuple[str, str]:
        """The two states by what differs of workbook, scenario and date."""
        told = [
            (r.assumptions.source, r.scenario, iso_date(r.number(r.company.valuation_date)))
            for r in (self.old, self.new)
        ]
        differ = [pair for pair in zip(*told, strict=True) if pair[0] != pair[1]]
        old, new = (", ".join(words) for words in zip(*differ, strict=True)) if differ else ("", "")
        return old or "Old", new or "New"

    def largest(self, most: int = MOST) -> tuple[Step, ...]:
        """The steps of a picture: time, the largest, and all others as one."""
        if len(self.steps) <= most:
            return self.steps
        kept, rest = self.steps[: most - 1], self.steps[most - 1 :]
        others = Step(
            key=OTHERS,
            label=f"{len(rest)} others",
            change=sum(step.change for step in rest),
            equity=sum(step.equity for step in rest),
            keys=tuple(key for step in rest for key in step.keys),
        )
        return (*kept, others)

    def document(self) -> dict[str, object]:
        """The bridge as plain data: what `valuation bridge --json` prints."""
        return {
            "company": self.old.company.name,
            "from": _state(self.old),
            "to": _state(self.new),
            "by": self.by,
            "steps": [step.document() for step in self.steps],
            "change": self.change,
            "equity_change": self.equity_change,
            "standard_error": self.standard_error,
            "walks": self.walks,
            "runs": self.runs,
            "without_effect": list(self.without_effect),
            "notices": list(self.notices),
        }

    def plot(self, *, most: int = MOST, ax: Axes | None = None) -> Axes:
        """Draw the waterfall from the old value per share to the new one with matplotlib."""
        from valuation.risk.waterfall import draw

        steps, (old, new) = self.largest(most), self.names
        labels = [old, *(step.label for step in steps), new]
        ends = self.old.value_per_share, self.new.value_per_share
        amounts = [ends[0], *(step.change for step in steps), ends[1]]
        ax = draw(labels, amounts, [True, *(False for _ in steps), True], ax=ax)
        ax.set_ylabel(f"Value per share, {self.old.company.currency}")
        return ax


def bridge(
    old: Assumptions,
    new: Assumptions | None = None,
    *,
    scenario: str = BASE,
    to_scenario: str | None = None,
    changes: Mapping[str, float] | None = None,
    to_changes: Mapping[str, float] | None = None,
    by: By | None = None,
    exact: int = EXACT,
    walks: int = WALKS,
    seed: int = 1,
) -> Bridge:
    """Attribute the change of the value from one state to another.

    Args:
        old: Workbook before.
        new: Workbook after; by default the same.
        scenario: Scenario before.
        to_scenario: Scenario after; by default the same.
        changes: Values by key set on top before.
        to_changes: Values by key set on top after, such as another valuation date.
        by: Steps by `input` or by `group`, the first word of the key; by default by input where
            no more changed than can be told exactly.
        exact: Most players whose every coalition is evaluated.
        walks: Orders drawn where there are more.
        seed: Seed of the orders.

    Raises:
        AssumptionError: The workbooks are of two companies; scenarios or keys that do not exist.
        NoAnswerError: A state, or the old inputs on the new date, has no value.
    """
    new = old if new is None else new
    if old.company is not new.company:
        text = (
            f"{old.source} is about {old.company.name}, {new.source} about {new.company.name}. "
            "Name two workbooks of one company."
        )
        raise AssumptionError([text])
    before = valued(old, scenario, changes)
    after = valued(new, scenario if to_scenario is None else to_scenario, to_changes)
    field = ground(before, after)
    players = field.players("input" if by is None else by)
    if by is None:
        by = "input" if len(players) <= exact else "group"
        players = field.players(by)
    middle = field.passage()
    shares = shapley(field.game(players), len(players), exact=exact, walks=walks, seed=seed)
    teams = [together([players[i] for i in team]) for team in shares.teams]
    joined = [team.label for team, who in zip(teams, shares.teams, strict=True) if len(who) > 1]
    steps = [_step(field, team, *shares.of(at)) for at, team in enumerate(teams)]
    time = [] if middle is None else [_time(field, before, middle)]
    alone = "one step, as one without the other leaves no value."
    return Bridge(
        old=before,
        new=after,
        by=by,
        steps=(*time, *sorted(steps, key=lambda step: -abs(step.change))),
        walks=shares.walks,
        runs=shares.runs + len(time),
        without_effect=field.without_effect,
        notices=(*field.notices, *(f"{label}: {alone}" for label in joined)),
    )


def _step(field: Ground, team: Player, change: float, equity: float, error: float) -> Step:
    """What a team adds; with its values where it is a single input."""
    step = Step(
        key=team.key,
        label=team.label,
        change=change,
        equity=equity,
        standard_error=error,
        keys=team.keys,
    )
    row = field.company.model.rows.get(team.key)
    if row is None:
        return step
    before, after = field.before[team.key], field.after[team.key]
    return replace(step, unit=row.unit_text, before=before, after=after)


def _time(field: Ground, before: Valuation, middle: Valuation) -> Step:
    """What the old inputs gain or lose by the new date alone."""
    key = field.moved[0]
    return Step(
        key=TIME,
        label="Passage of time",
        change=middle.value_per_share - before.value_per_share,
        equity=middle.equity_value - before.equity_value,
        keys=field.moved,
        unit=field.company.model.rows[key].unit_text,
        before=before[key],
        after=middle[key],
    )


def _state(result: Valuation) -> dict[str, object]:
    return {
        "workbook": result.assumptions.source,
        "scenario": result.scenario,
        "changes": dict(result.changes),
        "valuation_date": iso_date(result.number(result.company.valuation_date)),
        "value_per_share": result.value_per_share,
        "equity_value": result.equity_value,
    }
