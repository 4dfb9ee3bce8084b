"""A model: every row of a company under its key, on one ruler of years."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches
from functools import cached_property

from valuation.errors import ModelError
from valuation.lines.nodes import (
    Assumption,
    Check,
    Expr,
    Line,
    Op,
    Previous,
    Row,
    Shape,
    below,
    postorder,
)
from valuation.lines.rows import OVER_TIME, Part, own_nodes, parts_of


class Model:
    """Keys such as `zhejiang_cloud.building_a.racks_in_use`, and what closes each previous value.

    Attributes:
        company: The group whose rows these are.
        year: The ruler: a row with the year of each period.
        periods: Number of periods of the ruler.
        rows: Every row by key, in the order of the sheets.
        key: Key of every row.
        groups: Every group by path, the company itself under "".
        closing: The row that closes each previous value.
    """

    def __init__(self, company: Part, *, year: Row, periods: int) -> None:
        """Collect and check the rows.

        Raises:
            ModelError: A row outside the company, an assumption no row uses, a circle.
        """
        self.company, self.year, self.periods = company, year, periods
        self.rows: dict[str, Row] = {}
        self.groups: dict[str, Part] = {}
        self.closing: dict[Previous, Line] = {}
        for path, part in _walk("", company):
            self.groups[path] = part
            for name, node in own_nodes(part):
                if isinstance(node, Row):
                    self.rows[f"{path}.{name}".lstrip(".")] = node
                if isinstance(node, Line) and node.closes is not None:
                    self.closing[node.closes] = node
        self.key = {row: key for key, row in reversed(self.rows.items())}
        self._refuse()

    def _refuse(self) -> None:
        reached = postorder(self.rows.values(), below)
        self._refuse_open_ends(reached)
        used = {n for node in reached for n in node.operands}
        lost = [n.label for n in reached if isinstance(n, Row) and n not in self.key]
        idle = [k for k, row in self.assumptions.items() if row not in used]
        twice = [k for k, row in self.rows.items() if self.key[row] != k]
        if lost:
            raise ModelError(f"used but in no part of the company: {', '.join(lost)}.")
        if idle:
            raise ModelError(f"assumptions no row uses: {', '.join(idle)}. Use or delete them.")
        if twice:
            raise ModelError(f"rows under two keys: {', '.join(twice)}. Keep one name.")
        if self.year not in self.key or self.year.shape != Shape.SERIES:
            raise ModelError("the ruler must be a row of the company with one value a period.")
        for group in self.steps(self.rows.values(), ()):
            if len(group) > 1 and any(isinstance(n, Op) and n.name in OVER_TIME for n in group):
                names = ", ".join(self.key[n] for n in group if isinstance(n, Row))
                raise ModelError(f"circular: a year depends on a total over all years: {names}.")

    def _refuse_open_ends(self, reached: list[Expr]) -> None:
        """Every previous value, named or not, is closed by exactly one row."""
        closers = [
            n.closes for n in self.rows.values() if isinstance(n, Line) and n.closes is not None
        ]
        for node in reached:
            if isinstance(node, Previous) and closers.count(node) != 1:
                users = [k for k, r in self.rows.items() if node in _inside(r)]
                raise ModelError(
                    f"{', '.join(users)}: a previous value is closed by {closers.count(node)} "
                    "rows. Give exactly one row closes=."
                )

    def title(self, key: str) -> str:
        """Where a row stands and what it is called: `Zhejiang cloud, Building A, Racks in use`."""
        *path, _ = key.split(".")
        groups = [self.groups[".".join(path[: i + 1])].title for i in range(len(path))]
        return ", ".join([*groups, self.rows[key].label])

    def nearest(self, key: str, among: Iterable[str] | None = None) -> str:
        """Suggest a known key, as the end of an error message."""
        known = list(self.rows if among is None else among)
        last = key.rpartition(".")[2]
        near = [k for k in known if k.rpartition(".")[2] == last]  # right word, wrong place
        near = get_close_matches(key, near, n=1, cutoff=0) or get_close_matches(key, known, n=1)
        return f" Did you mean {near[0]!r}?" if near else ""

    @cached_property
    def assumptions(self) -> dict[str, Assumption]:
        """The rows people edit, by key."""
        return {k: r for k, r in self.rows.items() if isinstance(r, Assumption)}

    @cached_property
    def checks(self) -> dict[str, Check]:
        """The rows that must be zero, by key."""
        return {k: r for k, r in self.rows.items() if isinstance(r, Check)}

    def needs(self, node: Expr) -> tuple[Expr, ...]:
        """What must be known first, the period before included."""
        if isinstance(node, Previous):
            return (*node.operands, self.closing[node])
        return node.operands

    def steps(self, outputs: Iterable[Expr], typed: Collection[Expr]) -> Iterator[list[Expr]]:
        """Yield nodes in order of calculation; those in one list depend on each other's past."""

        def needs(node: Expr) -> tuple[Expr, ...]:
            return () if node in typed else self.needs(node)

        found = postorder(outputs, needs)
        users: dict[Expr, list[Expr]] = {node: [] for node in found}
        for node in found:
            for operand in needs(node):
                users[operand].append(node)
        rank = {
            n: i for i, n in enumerate(postorder(found, lambda n: () if n in typed else n.operands))
        }
        done: set[Expr] = set()
        groups = []
        for node in reversed(found):
            if node not in done:
                group = postorder([node], lambda n: (u for u in users[n] if u not in done))
                done.update(group)
                groups.append(sorted(group, key=rank.__getitem__))
        yield from reversed(groups)


def _walk(path: str, part: Part) -> Iterator[tuple[str, Part]]:
    yield path, part
    for name, inner in parts_of(part):
        yield from _walk(f"{path}.{name}".lstrip("."), inner)


def _inside(row: Row) -> list[Expr]:
    """Nodes of a row's own formula."""
    return postorder(row.operands, lambda n: () if isinstance(n, Row) else n.operands)
