"""Draws by number: which scenario, and the value of every uncertain input.

A draw's number says all: block, place in the block, integers, normal scores, correlated scores,
values. So any block can be drawn by any worker in any order, and any draw again alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from valuation.engines.rules import Array
from valuation.risk import sobol
from valuation.risk.quantiles import Tables
from valuation.risk.scores import scores

Kind: TypeAlias = Literal["sobol", "random"]

#: Draws in a block, the unit of work: fixed, so that who computes a block does not matter.
BLOCK: Final = 8192
#: Independent scramblings; what a result differs by between them is its standard error.
SCRAMBLINGS: Final = 8
#: Name of the stream that picks the scenario.
SCENARIO: Final = "scenario"
_WORDS = 4  # numbers Philox makes for one value of its counter


@dataclass(frozen=True)
class Cell:
    """A number that differs by draw: an input, or one year of a yearly input."""

    key: str
    period: int | None = None

    @property
    def name(self) -> str:
        """Name of its stream."""
        return self.key if self.period is None else f"{self.key}@{self.period}"


@dataclass(frozen=True)
class Block:
    """Draws of one scrambling that follow each other.

    Attributes:
        number: Place among the blocks.
        scrambling: Which of the scramblings.
        start: First point, counted inside the scrambling.
        first: First draw, counted over all.
        count: How many.
    """

    number: int
    scrambling: int
    start: int
    first: int
    count: int


@dataclass(frozen=True)
class Drawn:
    """A block of draws.

    Attributes:
        scenario: Position of the scenario of each draw, shape (draws,).
        innovations: Independent normal scores, shape (cells, draws).
        values: Values of the cells, shape (cells, draws).
    """

    scenario: NDArray[np.intp]
    innovations: Array
    values: Array


@dataclass(frozen=True, kw_only=True)
class Sampler:
    """How draws are made; plain arrays, so that any worker can be handed one.

    Attributes:
        kind: Scrambled Sobol points, or pseudo-random Philox streams.
        draws: How many there are.
        seed: Any whole number, 0 as good as another.
        cells: What differs by draw, in order of the dimensions of the points.
        correlation: Of the normal scores of the cells, shape (cells, cells).
        factor: Correlated scores = factor x innovations; its lower triangular factor.
        scenarios: Names of the scenarios drawn from.
        weights: Their probabilities; a scenario alone has 1.
        tables: Quantile functions.
        table: Which of them each cell has in each scenario, shape (scenarios, cells).
        directions: Scrambled direction numbers, shape (scramblings, dimensions, 32).
        shifts: Shifts, shape (scramblings, dimensions).
    """

    kind: Kind
    draws: int
    seed: int
    cells: tuple[Cell, ...]
    correlation: Array
    factor: Array
    scenarios: tuple[str, ...]
    weights: tuple[float, ...]
    tables: Tables
    table: NDArray[np.intp]
    directions: sobol.Bits
    shifts: sobol.Bits

    @property
    def is_mixture(self) -> bool:
        """Whether the scenario differs by draw; it then is the first dimension."""
        return len(self.scenarios) > 1

    @property
    def sizes(self) -> list[int]:
        """Draws of each scrambling."""
        each, more = divmod(self.draws, SCRAMBLINGS)
        return [each + (i < more) for i in range(SCRAMBLINGS)]

    def blocks(self) -> Iterator[Block]:
        """Every block in order."""
        number = first = 0
        for scrambling, size in enumerate(self.sizes):
            for start in range(0, size, BLOCK):
                count = min(BLOCK, size - start)
                yield Block(number, scrambling, start, first, count)
                number, first = number + 1, first + count

    def find(self, draw: int) -> tuple[Block, int]:
        """Block of a draw, and its place there.

        Raises:
            IndexError: There is no such draw.
        """
        if not 0 <= draw < self.draws:
            raise IndexError(f"draw {draw} is not among 0 to {self.draws - 1}.")
        block = next(b for b in self.blocks() if draw < b.first + b.count)
        return block, draw - block.first

    def draw(self, block: Block, places: NDArray[np.intp] | slice = slice(None)) -> Drawn:
        """Draw a block, or the draws at some places of it."""
        integers = self.integers(block)[:, places]
        innovations = scores(integers[self.is_mixture :])
        count = integers.shape[1]
        scenario = self.pick(integers[0]) if self.is_mixture else np.zeros(count, np.intp)
        return Drawn(scenario, innovations, self.values(self.correlated(innovations), scenario))

    def integers(self, block: Block) -> sobol.Bits:
        """Uniform integers of a block, shape (dimensions, draws)."""
        if self.kind == "sobol":
            directions, shift = self.directions[block.scrambling], self.shifts[block.scrambling]
            return sobol.points(directions, shift, block.start, block.count)
        names = [SCENARIO] * self.is_mixture + [cell.name for cell in self.cells]
        return np.stack([_stream(self.seed, n, block.first, block.count) for n in names])

    def limits(self) -> NDArray[np.uint64]:
        """Integers from which on the next scenario is picked."""
        ends = np.cumsum(self.weights)[:-1] / sum(self.weights)
        return np.rint(ends * 2.0**sobol.BITS).astype(np.uint64)

    def pick(self, integers: sobol.Bits) -> NDArray[np.intp]:
        """Scenario of uniform integers."""
        return np.searchsorted(self.limits(), integers.astype(np.uint64), "right")

    def correlated(self, innovations: Array) -> Array:
        """Correlated scores; sums run in the order of the cells, so that they round alike."""
        result = np.empty_like(innovations)
        for i, weights in enumerate(self.factor):
            first, *others = np.flatnonzero(weights)
            np.multiply(innovations[first], weights[first], out=result[i])
            for other in others:
                result[i] += innovations[other] * weights[other]
        return result

    def values(
        self,
        correlated: Array,
        scenario: NDArray[np.intp],
        cells: NDArray[np.intp] | None = None,
    ) -> Array:
        """Values of the cells, or of some of them, at their correlated scores."""
        result = np.empty_like(correlated)
        of = self.table if cells is None else self.table[:, cells]
        for row, own, tables in zip(result, correlated, of.T, strict=True):
            for table in dict.fromkeys(tables.tolist()):
                chosen = (tables == table)[scenario]
                if chosen.all():
                    row[:] = self.tables.value(table, own)
                elif chosen.any():
                    row[chosen] = self.tables.value(table, own[chosen])
        return result


def scrambled(dimensions: int, seed: int | str) -> tuple[sobol.Bits, sobol.Bits]:
    """Direction numbers and shifts of every scrambling."""
    plain = sobol.direction_numbers(dimensions)
    random = [generator(f"{seed}|scrambling {i}") for i in range(SCRAMBLINGS)]
    found = [sobol.scramble(plain, r) for r in random]
    return np.stack([d for d, _ in found]), np.stack([s for _, s in found])


def _key(text: str) -> int:
    return int.from_bytes(sha256(text.encode()).digest()[:16], "little")


def generator(text: str) -> np.random.Generator:
    """Pseudo-random numbers that a text decides."""
    return np.random.Generator(np.random.Philox(key=_key(text)))


def _stream(seed: int, name: str, first: int, count: int) -> sobol.Bits:
    """Numbers `first` to `first + count` of the stream of a name."""
    skipped = first % _WORDS
    bits = np.random.Philox(key=_key(f"{seed}|{name}"), counter=first // _WORDS)
    raw = bits.random_raw(skipped + count)[skipped:]
    return (raw >> np.uint64(sobol.BITS)).astype(np.uint32)
