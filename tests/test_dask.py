"""Blocks on a dask cluster of this machine: the same answer, also when a worker dies."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from collections.abc import Iterator

import pytest
from sheets import pair_book

import valuation
from valuation.risk.assumptions import Assumptions
from valuation.risk.simulate import simulate

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from distributed import LocalCluster

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as found:
        yield found


def test_a_cluster_gives_the_same_digest(cluster: LocalCluster, book: Assumptions) -> None:
    here = valuation.simulate(book, draws=40_000, walks=0, workers=1)
    there = valuation.simulate(book, draws=40_000, walks=0, scheduler=cluster.scheduler_address)
    assert there.digest == here.digest
    assert there.summary().equals(here.summary())


def test_a_worker_lost_on_the_way_costs_a_retry(cluster: LocalCluster) -> None:
    book = pair_book({"north": {"distribution": "normal", "settings": {"sd": 30.0}}})
    here = simulate(book, draws=8 * 1_000_000, workers=1)
    first = threading.Event()
    victim = next(iter(cluster.workers.values()))

    def kill() -> None:
        first.wait(60)
        os.kill(victim.pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    there = simulate(
        book,
        draws=8 * 1_000_000,
        scheduler=cluster.scheduler_address,
        progress=lambda _done, _draws: first.set(),
    )
    killer.join()
    assert there.digest == here.digest
    while len(cluster.scheduler.workers) < 2:  # the nanny starts another
        time.sleep(0.1)
