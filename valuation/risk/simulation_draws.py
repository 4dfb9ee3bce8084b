"""Every draw of a simulation: as pandas frames, and as a parquet file written span by span."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from valuation.engines.rules import Array
from valuation.errors import AssumptionError, Problem, WorkbookError
from valuation.risk.simulation import Simulation

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

#: Blocks in a row group of the file.
_SPAN: Final = 16


def frame(found: Simulation) -> pd.DataFrame:
    """Every draw: its scenario and the values kept; draws without a value have NaN.

    Raises:
        AssumptionError: The draws were too many to keep.
    """
    import pandas as pd

    names = [found.name_of(found.columns[at]) for at in found.job.layout.kept]
    made = pd.DataFrame(dict(zip(names, _values(found), strict=True)))
    sampler = found.job.sampler
    if sampler.is_mixture:
        picked = [sampler.pick(sampler.integers(b)[0]) for b in sampler.blocks()]
        codes = pd.Series(np.concatenate(picked))
        scenario = codes.map(dict(enumerate(sampler.scenarios))).astype("category")
        made.insert(0, "scenario", scenario)
    return made.rename_axis("draw")


def inputs(found: Simulation, start: int = 0, stop: int | None = None) -> pd.DataFrame:
    """Inputs of some draws, drawn again: a column each, `key@year` for yearly ones."""
    import pandas as pd

    sampler = found.job.sampler
    stop = sampler.draws if stop is None else min(stop, sampler.draws)
    parts = []
    for block in sampler.blocks():
        low, high = max(start, block.first), min(stop, block.first + block.count)
        if low < high:
            places = slice(low - block.first, high - block.first)
            parts.append(sampler.draw(block, places).values)
    names = _names(found)
    data = np.concatenate(parts, axis=1) if parts else np.empty((len(names), 0))
    made = pd.DataFrame(data.T, columns=names, index=range(start, start + data.shape[1]))
    return made.rename_axis("draw")


def save(found: Simulation, path: Path) -> None:
    """Write every draw with its scenario, values and inputs, in one step.

    The seed, digest and inputs hash stand in the metadata of the file. A failure leaves an old
    file whole.

    Raises:
        AssumptionError: The draws were too many to keep.
        WorkbookError: The file cannot be written.
    """
    import pyarrow.parquet as pq

    _values(found)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    tables = _tables(found)
    first = next(tables)
    try:
        with pq.ParquetWriter(beside, first.schema) as writer:
            writer.write_table(first)
            for table in tables:
                writer.write_table(table)
        beside.replace(path)
    except OSError as error:
        text = f"cannot be written: {error.strerror or error}. Close it or name another file."
        raise WorkbookError([Problem(file=path.name, text=text)]) from None
    finally:
        beside.unlink(missing_ok=True)


def _tables(found: Simulation) -> Iterator[pa.Table]:
    """Draws span by span, so that memory stays flat."""
    import pyarrow as pa

    sampler, values = found.job.sampler, _values(found)
    outputs = [found.name_of(found.columns[at]) for at in found.job.layout.kept]
    said = {"seed": str(found.seed), "digest": found.digest, "inputs_hash": found.inputs_hash}
    blocks = list(sampler.blocks())
    for at in range(0, len(blocks), _SPAN):
        span = blocks[at : at + _SPAN]
        first, last = span[0].first, span[-1].first + span[-1].count
        drawn = [sampler.draw(block) for block in span]
        picked = np.concatenate([d.scenario for d in drawn]).astype(np.int32)
        columns = {
            "draw": pa.array(np.arange(first, last)),
            "scenario": pa.DictionaryArray.from_arrays(picked, list(sampler.scenarios)),
            **{name: pa.array(row[first:last]) for name, row in zip(outputs, values, strict=True)},
        }
        cells = np.concatenate([d.values for d in drawn], axis=1)
        columns |= {n: pa.array(row) for n, row in zip(_names(found), cells, strict=True)}
        yield pa.table(columns).replace_schema_metadata(said)


def _names(found: Simulation) -> list[str]:
    """Names of the inputs' columns."""
    years = found.centre.years
    cells = found.job.sampler.cells
    return [c.key if c.period is None else f"{c.key}@{years[c.period]}" for c in cells]


def _values(found: Simulation) -> Array:
    if found.values is None:
        text = f"{found.draws:,} draws are too many to keep, 10 million are not. Ask for fewer."
        raise AssumptionError([text])
    return found.values
