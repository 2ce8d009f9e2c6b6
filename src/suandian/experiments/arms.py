"""Running the arms of a study: the same truth, one coordinator each, side by side in processes of their own."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from queue import Empty
from threading import Thread
from time import perf_counter
from typing import Any

from suandian.coordination.base import Coordinator
from suandian.experiments.scenario.plugins import coordinator
from suandian.operation.loop import operate
from suandian.record.journal import Journal
from suandian.simulation.desk import ForecastSchedule
from suandian.simulation.engine import SimulatedWorld
from suandian.simulation.truth import Truth

__all__ = ["ArmPlan", "ArmResult", "Progress", "run_arms"]

#: Told the arm's name and the share of it that is done.
Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class ArmPlan:
    """One arm: the coordinator to be built, who decides, and which forecasts that party gets."""

    name: str
    coordinator: str
    options: Mapping[str, object]
    party: str
    schedule: ForecastSchedule


@dataclass(frozen=True, slots=True, eq=False)
class ArmResult:
    """The journal an arm left, how long deciding and simulating took, and what the first plan said of itself."""

    name: str
    journal: Journal
    wall_s: float


def run_arm(truth: Truth, arm: ArmPlan, progress: Progress | None = None) -> ArmResult:
    """Run one arm in this process. `wall_s` is the only figure of a study that is not reproducible."""
    built: Coordinator = coordinator(arm.coordinator, dict(arm.options))
    began_s = perf_counter()
    world = SimulatedWorld(truth, arm.schedule)
    told = None if progress is None else lambda share: progress(arm.name, share)
    journal = operate(world, built, party=arm.party, progress=told)
    return ArmResult(arm.name, journal, perf_counter() - began_s)


def run_arms(truth: Truth, arms: Sequence[ArmPlan], *, workers: int, progress: Progress | None) -> Iterator[ArmResult]:
    """Results as they finish. With one worker, or one arm, everything stays in this process."""
    if workers <= 1 or len(arms) == 1:
        for arm in arms:
            yield run_arm(truth, arm, progress)
        return
    context = multiprocessing.get_context("spawn")
    told: Queue[tuple[str, float]] = context.Queue()
    with ProcessPoolExecutor(workers, context, initializer=_start_worker, initargs=(truth, told)) as pool:
        # Scenarios list plain rules first and optimisers last; the longest work is begun first.
        waiting: set[Future[ArmResult]] = {pool.submit(_run_in_worker, arm) for arm in reversed(arms)}
        try:
            while waiting:
                done, waiting = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
                _pass_on(told, progress)
                for future in done:
                    yield future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                process.terminate()
            raise


def _pass_on(told: Queue[tuple[str, float]], progress: Progress | None) -> None:
    while progress is not None:
        try:
            progress(*told.get_nowait())
        except Empty:
            return


_worker: dict[str, Any] = {}


def _start_worker(truth: Truth, told: Queue[tuple[str, float]]) -> None:
    _worker["truth"], _worker["told"] = truth, told
    parent = multiprocessing.parent_process()
    if parent is not None:
        # A worker must not outlive a study that was interrupted: when the parent is gone, so is the reason to go on.
        Thread(target=_leave_after, args=(parent,), daemon=True).start()


def _leave_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _run_in_worker(arm: ArmPlan) -> ArmResult:
    last_percent = -1

    def progress(name: str, share: float) -> None:
        nonlocal last_percent
        if (percent := int(share * 100)) > last_percent:
            last_percent = percent
            _worker["told"].put((name, share))

    return run_arm(_worker["truth"], arm, progress)
