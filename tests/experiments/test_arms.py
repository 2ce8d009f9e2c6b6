"""Arms in processes of their own: progress is passed on, failures arrive, and nobody outlives an interrupted study."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import pytest
from small_study import small_study

from suandian.experiments.arms import ArmPlan, run_arms
from suandian.quantity.errors import ScenarioError
from suandian.simulation.desk import ForecastSchedule

SIMULATION = Path(__file__).resolve().parents[1] / "simulation"
PATIENCE_S = 60.0

#: A coordinator that notes the process it decides in and then never comes to a decision.
SLEEPER = """
import os
import time
from pathlib import Path


class Sleeper:
    name = "sleeper"

    def plan(self, view):
        (Path(os.environ["SLEEPER_FOLDER"]) / str(os.getpid())).touch()
        while True:
            time.sleep(0.05)
"""
STUDY = """
import sys

sys.path.insert(0, {simulation!r})
from small_study import SECTIONS
from suandian.experiments.run import run
from suandian.experiments.scenario import Scenario

if __name__ == "__main__":
    arms = ["sleeper", {{"name": "sleeper", "label": "second"}}]
    run(Scenario.build(**SECTIONS | {{"coordinators": arms}}), workers=2)
"""


def arm(name: str, coordinator: str | None = None) -> ArmPlan:
    return ArmPlan(name, coordinator or name, {}, "owner", ForecastSchedule.perfect())


@pytest.mark.parametrize("workers", [1, 2])
def test_progress_is_told_by_arm_up_to_the_end(workers: int) -> None:
    told: dict[str, list[float]] = {"threshold": [], "greenest_site": []}
    arms = [arm(name) for name in told]
    results = list(run_arms(small_study().truth(), arms, workers=workers, progress=lambda n, s: told[n].append(s)))
    assert {result.name for result in results} == set(told)
    assert all(result.wall_s > 0 and result.journal.chain_holds() for result in results)
    for shares in told.values():
        assert shares == sorted(shares)
        assert 0.0 < shares[0] < 1.0
        assert shares[-1] <= 1.0
    if workers == 1:
        assert [shares[-1] for shares in told.values()] == [1.0, 1.0]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_arm_that_fails_is_heard_and_ends_the_study(workers: int) -> None:
    arms = [arm("run_now"), arm("mine", "no_such_coordinator")]
    with pytest.raises(ScenarioError, match="no_such_coordinator"):
        list(run_arms(small_study().truth(), arms, workers=workers, progress=None))


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes under /proc")
def test_workers_leave_when_the_study_is_killed(tmp_path: Path) -> None:
    plugin, notes = tmp_path / "plugin", tmp_path / "notes"
    (plugin / "sleeper-1.0.dist-info").mkdir(parents=True)
    notes.mkdir()
    (plugin / "sleeper.py").write_text(SLEEPER)
    (plugin / "sleeper-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: sleeper\nVersion: 1.0\n")
    (plugin / "sleeper-1.0.dist-info" / "entry_points.txt").write_text(
        "[suandian.coordinators]\nsleeper = sleeper:Sleeper\n"
    )
    script = tmp_path / "study.py"
    script.write_text(STUDY.format(simulation=str(SIMULATION)))
    environment = os.environ | {"PYTHONPATH": str(plugin), "SLEEPER_FOLDER": str(notes)}
    with (tmp_path / "errors.txt").open("w") as errors:
        study = subprocess.Popen([sys.executable, str(script)], env=environment, stderr=errors)
    try:
        waited(lambda: study.poll() is not None or len(list(notes.iterdir())) == 2)
        assert study.poll() is None, (tmp_path / "errors.txt").read_text()
        workers = [int(note.name) for note in notes.iterdir()]
        assert len({*workers, study.pid}) == 3
        assert all(alive(worker) for worker in workers)
        study.kill()
        study.wait()
        waited(lambda: not any(alive(worker) for worker in workers))
        assert not any(alive(worker) for worker in workers)
    finally:
        study.kill()
        study.wait()
        for worker in (int(note.name) for note in notes.iterdir()):
            if alive(worker):
                os.kill(worker, signal.SIGKILL)


def waited(until: Callable[[], bool]) -> None:
    """Look every twentieth of a second, for as long as a loaded machine may need."""
    end_s = monotonic() + PATIENCE_S
    while monotonic() < end_s and not until():
        sleep(0.05)


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
