"""Who computes the blocks: this process, threads, processes, or a dask cluster.

Blocks go out in spans of one scrambling, the results come back in any order, and `in_order` gives
them out in order of their numbers, so that sums fold alike whoever computed them.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from contextlib import contextmanager
from functools import partial
from itertools import groupby, islice
from multiprocessing.synchronize import Event
from typing import Any, Final, TypeVar

from valuation.errors import AssumptionError
from valuation.risk.blocks import Job, Summed, halt_when
from valuation.risk.sampler import Block

T = TypeVar("T")
R = TypeVar("R")

#: Blocks in a task: fewer on few workers cost waiting at the end, fewer on many cost messages.
SPAN: Final = 16
#: How often a task is tried again when its worker is lost.
RETRIES: Final = 3
#: Seconds between two looks at the keyboard.
_TICK = 0.2


def spans(blocks: Iterable[Block], workers: int) -> list[list[Block]]:
    """Cut blocks into tasks of one scrambling each."""
    found = []
    for _, group in groupby(blocks, key=lambda block: block.scrambling):
        same = list(group)
        size = max(1, min(SPAN, -(-len(same) * 8 // (4 * workers))))
        found += [same[i : i + size] for i in range(0, len(same), size)]
    return found


def in_order(results: Iterable[Sequence[Summed]]) -> Iterator[Summed]:
    """Give out results in order of their blocks, holding back those that came early."""
    early: dict[int, Summed] = {}
    due = 0
    for result in results:
        early |= {found.block.number: found for found in result}
        while due in early:
            yield early.pop(due)
            due += 1


def compute(
    do: Callable[[Job, T], R],
    job: Job,
    tasks: Iterable[T],
    *,
    workers: int,
    scheduler: str | None = None,
) -> Generator[R, None, None]:
    """Do tasks, giving out the results as they come.

    Args:
        do: A function of a module, so that other processes find it.
        job: Handed to it, once a worker.
        tasks: Handed to it one by one.
        workers: How many at once; 1 computes here.
        scheduler: Address of a dask scheduler, whose workers are used instead.
    """
    if scheduler is not None:
        yield from _on_dask(do, job, tasks, scheduler)
    elif workers == 1:
        yield from (do(job, task) for task in tasks)
    elif job.engine == "numba":
        job.kernel()  # compiled once, before the threads ask for it
        with ThreadPoolExecutor(workers) as threads:
            yield from _on_pool(threads, partial(do, job), tasks, workers)
    else:
        with _processes(do, job, workers) as processes:
            yield from _on_pool(processes, _do_own, tasks, workers)


def _on_pool(pool: Executor, do: Callable[[T], R], tasks: Iterable[T], workers: int) -> Iterator[R]:
    """Keep every worker busy and one task waiting for each, so that memory stays flat."""
    waiting = iter(tasks)
    running: set[Future[R]] = set()
    try:
        while True:
            for task in islice(waiting, 2 * workers - len(running)):
                running.add(pool.submit(do, task))
            if not running:
                return
            done: set[Future[R]] = set()
            while not done:  # a wait without end would not hear Ctrl-C everywhere
                done, running = wait(running, timeout=_TICK, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    finally:
        for future in running:
            future.cancel()


@contextmanager
def _processes(do: Callable[[Job, T], R], job: Job, workers: int) -> Iterator[Executor]:
    """Processes; where the work does not come to its end they are told to halt, and soon do.

    They must not be killed: what one was just sending would be waited for without end.
    """
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    halt = context.Event()
    pool = ProcessPoolExecutor(
        workers, mp_context=context, initializer=_start, initargs=(do, job, halt)
    )
    try:
        yield pool
    except BaseException:
        halt.set()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


_own: list[Any] = []


def _start(do: Callable[[Job, T], R], job: Job, halt: Event) -> None:
    """Take the job once; Ctrl-C is the parent's to hear."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    halt_when(halt.is_set)
    _own[:] = [do, job]


def _do_own(task: T) -> Any:  # noqa: ANN401 - what comes back is known where it is sent from
    do, job = _own
    return do(job, task)


def _on_dask(
    do: Callable[[Job, T], R], job: Job, tasks: Iterable[T], scheduler: str
) -> Iterator[R]:
    """Send the same tasks to a dask cluster; a lost worker's are sent again by the scheduler."""
    try:
        from distributed import Client, as_completed
    except ImportError:
        text = "dask.distributed is not installed. Run: pip install 'valuation[cluster]'"
        raise AssumptionError([text]) from None
    try:
        client = Client(scheduler, set_as_default=False, timeout="10s")  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        text = f"no dask scheduler at {scheduler}: {error}. Start one, or leave --scheduler out."
        raise AssumptionError([text]) from None
    with client:
        sent = client.scatter(job, broadcast=True, hash=False)  # type: ignore[no-untyped-call]
        futures = [client.submit(do, sent, task, pure=False, retries=RETRIES) for task in tasks]
        for future in as_completed(futures, loop=client.loop):  # type: ignore[no-untyped-call]
            yield future.result()
            future.release()


def available() -> int:
    """Cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Windows and macOS
        return os.cpu_count() or 1
