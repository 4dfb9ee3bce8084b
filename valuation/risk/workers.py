"""Who computes the blocks: this process, threads, processes, or a dask cluster.

Blocks go out in spans of one scrambling, the results come back in any order, and `in_order` gives
them out in order of their numbers, so that sums fold alike whoever computed them.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from contextlib import contextmanager
from itertools import groupby
from typing import Final

from valuation.risk.blocks import Job, Summed, run
from valuation.risk.sampler import Block

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
    job: Job, tasks: Sequence[list[Block]], *, workers: int, scheduler: str | None = None
) -> Iterator[list[Summed]]:
    """Compute tasks in any order.

    Args:
        job: What to do.
        tasks: From `spans`.
        workers: How many at once; 1 computes here.
        scheduler: Address of a dask scheduler, whose workers are used instead.
    """
    if scheduler is not None:
        yield from _on_dask(job, tasks, scheduler)
    elif workers == 1:
        yield from (run(job, task) for task in tasks)
    else:
        with _pool(job, workers) as pool:
            yield from _on_pool(pool, job, tasks, workers)


def _on_pool(
    pool: Executor, job: Job, tasks: Sequence[list[Block]], workers: int
) -> Iterator[list[Summed]]:
    """Keep every worker busy and one task waiting for each, so that memory stays flat."""
    waiting = iter(tasks)
    running: set[Future[list[Summed]]] = set()
    task_of = _run_own if isinstance(pool, ProcessPoolExecutor) else lambda task: run(job, task)
    while True:
        for task in waiting:
            running.add(pool.submit(task_of, task))
            if len(running) >= 2 * workers:
                break
        if not running:
            return
        done: set[Future[list[Summed]]] = set()
        while not done:
            done, running = wait(running, timeout=_TICK, return_when=FIRST_COMPLETED)
        for future in done:
            yield future.result()


@contextmanager
def _pool(job: Job, workers: int) -> Iterator[Executor]:
    """Threads for compiled code, which lets go of the lock; processes for numpy, which does not."""
    if job.engine == "numba":
        job.kernel()
        threads = ThreadPoolExecutor(workers)
        try:
            yield threads
        finally:
            threads.shutdown(cancel_futures=True)
        return
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    processes = ProcessPoolExecutor(
        workers, mp_context=context, initializer=_start, initargs=(job,)
    )
    try:
        yield processes
    except BaseException:
        for process in (processes._processes or {}).values():  # noqa: SLF001 - there is no other way
            process.terminate()
        raise
    finally:
        processes.shutdown(cancel_futures=True)


_own: list[Job] = []


def _start(job: Job) -> None:
    """Take the job once; Ctrl-C is the parent's to hear."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _own[:] = [job]


def _run_own(task: list[Block]) -> list[Summed]:
    return run(_own[0], task)


def _on_dask(job: Job, tasks: Sequence[list[Block]], scheduler: str) -> Iterator[list[Summed]]:
    """Send the same tasks to a dask cluster; a lost worker's are sent again by the scheduler."""
    from distributed import Client, as_completed

    with Client(scheduler, set_as_default=False, timeout="10s") as client:
        sent = client.scatter(job, broadcast=True, hash=False)
        futures = [client.submit(run, sent, task, pure=False, retries=RETRIES) for task in tasks]
        for future in as_completed(futures):
            yield future.result()
            future.release()


def available() -> int:
    """Cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Windows and macOS
        return os.cpu_count() or 1
