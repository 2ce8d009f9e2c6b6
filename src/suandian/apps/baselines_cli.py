"""`suandian baselines`: which baseline rule measures a scenario's load, and which can be gamed."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from suandian.apps.output import ProgressLine, emit

__all__ = ["baselines"]


def baselines(
    scenario: Annotated[
        str, typer.Argument(help="A shipped scenario (see `suandian scenarios`), a file, or a folder.")
    ],
    site: Annotated[
        list[str] | None, typer.Option("--site", help="Site to measure; may be given again. All sites if left out.")
    ] = None,
    days: Annotated[
        int | None,
        typer.Option(
            "--days", help="Length of the period in days; it ends with the scenario. A year, or the scenario's own."
        ),
    ] = None,
    policy: Annotated[
        str, typer.Option("--policy", help="Arm whose policy runs the jobs and is replayed; the control if left out.")
    ] = "",
    hours: Annotated[
        str, typer.Option("--hours", help="Local hours of the test calls, where the scenario has no instructions.")
    ] = "17-20",
    notice: Annotated[str, typer.Option("--notice", help="Notice of the test calls.")] = "4h",
    depth: Annotated[str, typer.Option("--depth", help="Share of the load that a test call asks for.")] = "20 %",
    reward: Annotated[
        float, typer.Option("--reward", help="Pay for a reduction in CNY/MWh, for false payments and gaming.")
    ] = 2500.0,
    data: Annotated[
        str, typer.Option("--data", help="Folder of data files; the scenario's own folder if left out.")
    ] = "",
    changes: Annotated[
        list[str] | None, typer.Option("--set", help="Change one value: path=value, e.g. 'seed=7'.")
    ] = None,
    override: Annotated[
        list[str] | None, typer.Option("--override", help="Apply a block of the file's `overrides:`.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer with one JSON document.")] = False,
) -> None:
    """League table of all baseline rules on a scenario's load: without events, in events, and against players.

    The scenario's world runs for a year before its end (--days), because rules need weeks of history. In windows
    without events the load itself is the truth. For every event a twin runs without it, on the same seeds: the
    difference is what was truly delivered. Scenarios without instructions get test calls.

    Examples:

      suandian baselines county-noon

      suandian baselines county-noon --site county --days 120 --json

      suandian baselines county-noon --hours 11-14 --notice 24h --depth '30 %'
    """
    # Small matrices by the thousand: more than one thread each costs far more than it gives. Set before NumPy loads.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("MKL_NUM_THREADS", "1")
    from suandian.experiments.measurement import TestCalls, league
    from suandian.experiments.measurement.text import text_of
    from suandian.experiments.scenario import load
    from suandian.experiments.scenario.layers import settings_from_texts
    from suandian.quantity.errors import Fault, ScenarioError

    if reward < 0:
        raise ScenarioError([Fault("--reward", f"{reward:g}: pay is not negative")], source="command line")
    from_h, to_h = _hours(hours)
    calls = TestCalls(
        from_h=from_h,
        to_h=to_h,
        notice_h=_number(notice, "h", "--notice", "4h"),
        depth_ratio=_number(depth, "1", "--depth", "20 %"),
    )
    study = load(scenario, data=data or None, set=settings_from_texts(changes or []), overrides=tuple(override or ()))
    progress = ProgressLine(quiet=quiet)
    try:
        found = league(
            study,
            sites=site or (),
            policy=policy,
            days=days,
            calls=calls,
            reward_cny_per_mwh=reward,
            told=progress,
        )
    finally:
        progress.close()
    emit(found.to_dict(), "" if as_json else text_of(found), as_json=as_json)


def _hours(text: str) -> tuple[float, float]:
    """`17-20` as two hours of the day."""
    from suandian.quantity.errors import Fault, ScenarioError

    first, dash, last = text.replace("–", "-").partition("-")
    try:
        if not dash:
            raise ValueError(text)
        return float(first), float(last)
    except ValueError as error:
        fault = Fault("--hours", f"{text!r} is no span of hours; write e.g. 17-20")
        raise ScenarioError([fault], source="command line") from error


def _number(text: str, unit: str, path: str, example: str) -> float:
    from suandian.quantity.errors import Fault, ScenarioError
    from suandian.quantity.units import UnitError, parse_quantity

    try:
        return parse_quantity(text, unit)
    except UnitError as error:
        raise ScenarioError([Fault(path, f"{error}; write e.g. {example}")], source="command line") from error
