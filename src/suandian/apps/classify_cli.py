"""`suandian classify`: which computing work is flexible, and what a site can offer with it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from suandian.apps.output import emit, write_whole

if TYPE_CHECKING:
    from suandian.experiments.classification import Classification

__all__ = ["classify"]


def classify(
    trace: Annotated[
        str, typer.Argument(help="File of job records; left out with --scenario: the study's own jobs.")
    ] = "",
    format_: Annotated[
        str, typer.Option("--format", help="Reader of the records; auto: by the look of the file.")
    ] = "auto",
    read: Annotated[
        list[str] | None, typer.Option("--read", help="Option of the reader: name=value, e.g. power=h100.")
    ] = None,
    zone: Annotated[str, typer.Option("--zone", help="Zone of local times in the records, e.g. Asia/Shanghai.")] = "",
    scenario: Annotated[
        str, typer.Option("--scenario", help="Take site, capacity, prices, carbon and grid from this scenario.")
    ] = "",
    site: Annotated[
        str, typer.Option("--site", help="Site of the scenario (its first if left out); or SCENARIO:SITE at once.")
    ] = "",
    region: Annotated[str, typer.Option("--region", help="Price area without a scenario; shandong if left out.")] = "",
    gpus: Annotated[
        int | None,
        typer.Option("--gpus", help="Size of the site; the work's own peak if left out. CPUs where no GPUs are."),
    ] = None,
    delay: Annotated[
        str,
        typer.Option("--delay", help="Permitted delay of work without a deadline, e.g. 24h, instead of the assumed."),
    ] = "",
    delay_ratio: Annotated[
        float | None, typer.Option("--delay-ratio", help="The same as a multiple of the run time, e.g. 0.5.")
    ] = None,
    notice: Annotated[str, typer.Option("--notice", help="Notice of a turn-up, in which work is held back.")] = "24h",
    at: Annotated[
        list[str] | None, typer.Option("--at", help="Instant at which the envelope is wanted, e.g. 2026-04-10T12:00.")
    ] = None,
    rules: Annotated[
        str, typer.Option("--rules", help="Another table of rules (YAML) instead of the shipped one.")
    ] = "",
    out: Annotated[
        str, typer.Option("--out", help="Parquet file for every job's numbers, class, rule and reason.")
    ] = "",
    html: Annotated[str, typer.Option("--html", help="HTML page, English and Chinese, that opens offline.")] = "",
    lang: Annotated[str, typer.Option("--lang", help="Language in which the page opens: en or zh.")] = "en",
    as_json: Annotated[bool, typer.Option("--json", help="Answer with one JSON document.")] = False,
) -> None:
    """Classify computing work by flexibility, F0 (immediate) to F5 (may wait for days), with the reason for each job.

    Four dimensions: urgency, place, carbon, grid impact; shares of energy first; and the site's envelope: how many MW
    can move for how long. Without a scenario the site is sized to the work's peak and stands in Shandong.

    Examples:

      suandian classify jobs.csv.gz --format gaia --html page.html

      suandian classify jobs.csv.gz --site county-noon:county --delay 24h

      suandian classify --scenario county-noon --site county --json
    """
    from suandian.experiments.classification.text import text_of
    from suandian.quantity.errors import Fault, ScenarioError

    if lang not in ("en", "zh"):
        raise ScenarioError([Fault("--lang", f"unknown language {lang!r}; write en or zh")], source="command line")
    scenario, site = _place(scenario, site)
    found = _classified(
        trace, format_, read or [], zone, scenario,
        site=site, region=region, gpus=gpus, delay=delay, delay_ratio=delay_ratio, notice=notice, at=at or [],
        rules=rules,
    )  # fmt: skip
    written: dict[str, object] = {}
    if out:
        _write_jobs(found, Path(out))
        written["jobs"] = out
    if html:
        from suandian.experiments.classification.page import html as page

        write_whole(Path(html), page(found, lang))
        written["html"] = html
    text = "\n\n".join([text_of(found), *(f"{name}: {path}" for name, path in written.items())])
    emit(found.to_dict() | {"written": written}, text, as_json=as_json)


def _place(scenario: str, site: str) -> tuple[str, str]:
    """`--site SCENARIO:SITE` is short for both options."""
    if ":" not in site:
        return scenario, site
    from suandian.quantity.errors import Fault, ScenarioError

    name, _, site = site.rpartition(":")
    if scenario and scenario != name:
        raise ScenarioError([Fault("--site", f"names the scenario {name!r}, --scenario {scenario!r}; write one")],
                            source="command line")  # fmt: skip
    return name, site


def _classified(
    trace: str,
    format_: str,
    read: list[str],
    zone: str,
    scenario: str,
    *,
    delay: str,
    notice: str,
    at: list[str],
    site: str,
    region: str,
    gpus: int | None,
    delay_ratio: float | None,
    rules: str,
) -> Classification:
    from suandian.experiments.classification import classify as classify_work
    from suandian.experiments.classification.reading import read_trace
    from suandian.experiments.scenario import load
    from suandian.quantity.errors import Fault, ScenarioError

    if not trace and not scenario:
        fault = Fault("TRACE", "name a file of job records, or a study with --scenario")
        raise ScenarioError([fault], source="command line")
    study = load(scenario) if scenario else None
    options = dict(_option(text) for text in read)
    work = read_trace(trace, format=format_, zone=zone, options=options) if trace else study
    assert work is not None
    return classify_work(
        work,
        scenario=study,
        site=site,
        region=region,
        gpus=gpus,
        delay_h=_hours(delay, "--delay") if delay else None,
        delay_ratio=delay_ratio,
        notice_h=_hours(notice, "--notice"),
        at=[_instant(text) for text in at],
        rules=rules or None,
    )


def _option(text: str) -> tuple[str, object]:
    """`name=value` as a reader's option; numbers become numbers."""
    from suandian.quantity.errors import Fault, ScenarioError

    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ScenarioError([Fault("--read", f"{text!r} is no option; write name=value")], source="command line")
    try:
        return name, float(value)
    except ValueError:
        return name, value


def _hours(text: str, path: str) -> float:
    from suandian.quantity.errors import Fault, ScenarioError
    from suandian.quantity.units import UnitError, parse_quantity

    try:
        return parse_quantity(text, "h")
    except UnitError as error:
        raise ScenarioError([Fault(path, f"{error}; write e.g. 24h or 2d")], source="command line") from error


def _instant(text: str) -> datetime:
    from suandian.quantity.errors import Fault, ScenarioError

    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        fault = Fault("--at", f"{text!r} is no date-time; write e.g. 2026-04-10T12:00")
        raise ScenarioError([fault], source="command line") from error


def _write_jobs(found: Classification, path: Path) -> None:
    """The Parquet file appears whole or not at all."""
    import os
    import tempfile

    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    os.close(handle)
    try:
        found.explained().write_parquet(name)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
