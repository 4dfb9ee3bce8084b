"""Who plays when a change of value is shared out: the inputs that changed, and where they play."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from valuation.engines.rules import Array
from valuation.lines import Company
from valuation.risk.assumptions import BASE, Assumptions, Scenario
from valuation.risk.difference import valued
from valuation.risk.runs import rerun
from valuation.risk.shapley import Coalitions, Game
from valuation.risk.valuation import Valuation, iso_date

By: TypeAlias = Literal["input", "group"]
Value: TypeAlias = float | tuple[float, ...]


class Player(NamedTuple):
    """Inputs that come together."""

    key: str
    label: str
    keys: tuple[str, ...]


def together(players: Sequence[Player]) -> Player:
    """Several players as one."""
    return Player(
        " + ".join(player.key for player in players),
        " + ".join(player.label for player in players),
        tuple(key for player in players for key in player.keys),
    )


@dataclass(frozen=True, kw_only=True)
class Ground:
    """The old inputs on the new date, and the inputs that still differ from the new ones.

    Attributes:
        book: The old inputs on the new date, as a workbook without scenarios and overrides.
        before: Their values.
        after: The new values.
        moved: Keys of the valuation date and the base year, where they changed.
        keys: Inputs that changed and that the value reads, in the order of the model.
        without_effect: Inputs that changed and that the value does not read.
        notices: What was assumed.
    """

    book: Assumptions
    before: dict[str, Value]
    after: dict[str, Value]
    moved: tuple[str, ...]
    keys: tuple[str, ...]
    without_effect: tuple[str, ...]
    notices: tuple[str, ...]

    @property
    def company(self) -> Company:
        """The company valued."""
        return self.book.company

    def passage(self) -> Valuation | None:
        """The old inputs on the new date, valued; None where no time passed.

        Raises:
            NoAnswerError: They have no value there.
        """
        return valued(self.book, BASE) if self.moved else None

    def players(self, by: By) -> list[Player]:
        """The inputs that changed, or groups of them: the first word of the key."""
        found: dict[str, Player] = {}
        for key in self.keys:
            name, label = self._name(key, by)
            before = found[name].keys if name in found else ()
            found[name] = Player(name, label, (*before, key))
        return list(found.values())

    def _name(self, key: str, by: By) -> tuple[str, str]:
        """Key and label of the player an input is."""
        model = self.company.model
        if by == "group":
            top = key.partition(".")[0]
            return top, model.groups[top].title if top in model.groups else model.title(top)
        for part in self.company.parts:
            weights = {model.key[m.weight] for m in part.methods}
            if key in weights and len(weights.intersection(self.keys)) > 1:
                return f"{part.key}.method_weights", f"{part.title}, method weights"
        return key, model.title(key)

    def game(self, players: Sequence[Player]) -> Game:
        """Value per share and equity value of coalitions: who is in has its new values."""
        company = self.company
        rows = company.value_per_share, company.equity_value

        def worth(inside: Coalitions) -> Array:
            changes = {
                key: np.where(flags, _column(self.after[key]), _column(self.before[key]))
                for player, flags in zip(players, inside, strict=True)
                for key in player.keys
            }
            return np.concatenate(rerun(self.book, rows, draws=inside.shape[1], changes=changes))

        return worth


def ground(old: Valuation, new: Valuation) -> Ground:
    """Move the old inputs to the new date and tell which of them differ from the new ones."""
    company = old.company
    model = company.model
    before, after = ({key: r[key] for key in model.assumptions} for r in (old, new))
    roles = [model.key[row] for row in (company.valuation_date, company.base_year)]
    moved = tuple(key for key in roles if before[key] != after[key])
    shift = int(new.number(company.base_year) - old.number(company.base_year))
    before = {key: after[key] if key in roles else _later(v, shift) for key, v in before.items()}
    changed = [key for key in model.assumptions if before[key] != after[key]]
    goals = company.value_per_share, company.equity_value
    read = {node for step in model.steps(goals, ()) for node in step}
    return Ground(
        book=_book(old, new, before),
        before=before,
        after=after,
        moved=moved,
        keys=tuple(key for key in changed if model.rows[key] in read),
        without_effect=tuple(key for key in changed if model.rows[key] not in read),
        notices=tuple(_notice(old, new, shift)),
    )


def _book(old: Valuation, new: Valuation, values: dict[str, Value]) -> Assumptions:
    """A workbook of these values, whose bounds let the new values in too."""
    one, other = old.assumptions, new.assumptions
    inputs = {
        key: replace(
            given,
            value=values[key],
            minimum=min(given.minimum, other.inputs[key].minimum),
            maximum=max(given.maximum, other.inputs[key].maximum),
        )
        for key, given in one.inputs.items()
    }
    date = iso_date(new.number(new.company.valuation_date))
    return replace(
        one,
        inputs=inputs,
        scenarios={BASE: Scenario(name=BASE, weight=1.0)},
        overrides={},
        source=f"{one.source} on {date}".strip(),
    )


def _later(value: Value, shift: int) -> Value:
    """A yearly value on a ruler moved by some years; the nearest year where one is missing."""
    if not isinstance(value, tuple):
        return value
    return tuple(value[min(max(at + shift, 0), len(value) - 1)] for at in range(len(value)))


def _notice(old: Valuation, new: Valuation, shift: int) -> list[str]:
    yearly = any(given.is_yearly for given in old.assumptions.inputs.values())
    lacking = [year for year in new.years if year not in old.years]
    if not shift or not yearly:
        return []
    nearest = old.years[-1] if shift > 0 else old.years[0]
    span = f"{lacking[0]}" if len(lacking) == 1 else f"{lacking[0]}–{lacking[-1]}"
    text = (
        f"The years move from {old.years[0]}–{old.years[-1]} to {new.years[0]}–{new.years[-1]}: "
        f"yearly inputs stay with their years; the old ones lack {span}, taken from {nearest}."
    )
    return [text]


def _column(value: Value) -> Array:
    return np.reshape(np.asarray(value, dtype=np.float64), (-1, 1))
