"""The command line: `suandian run | check | classify | verify | hosting | …`; heavy imports happen inside."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from suandian.apps.baselines_cli import baselines
from suandian.apps.classify_cli import classify
from suandian.apps.hosting_cli import hosting
from suandian.apps.output import (
    ProgressLine,
    document_text,
    emit,
    exit_code,
    kpi_table,
    listed,
    tell_error,
    write_whole,
)
from suandian.apps.verify_cli import rules, verify

if TYPE_CHECKING:
    from suandian.experiments.scenario import Scenario

__all__ = ["app", "main"]

app = typer.Typer(
    name="suandian",
    help="Computing-power coordination (算电协同): plan, run and check studies of flexible computing on a real grid.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

_Name = Annotated[str, typer.Argument(help="A shipped scenario (see `suandian scenarios`), a file, or a folder.")]
_Data = Annotated[str, typer.Option("--data", help="Folder of data files; the scenario's own folder if left out.")]
_Set = Annotated[list[str] | None, typer.Option("--set", help="Change one value: path=value, e.g. 'time.step=5 min'.")]
_Override = Annotated[list[str] | None, typer.Option("--override", help="Apply a block of the file's `overrides:`.")]
_Json = Annotated[bool, typer.Option("--json", help="Answer with one JSON document.")]


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context, version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False
) -> None:
    if version:
        from suandian import __version__

        print(f"suandian {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())


@app.command()
def run(
    name: _Name,
    data: _Data = "",
    out: Annotated[str, typer.Option("--out", help="Folder in which results are kept.")] = "runs",
    lang: Annotated[
        str, typer.Option("--lang", help="Language of the table and of the report named: en or zh (both are kept).")
    ] = "en",
    coordinators: Annotated[
        str, typer.Option("--coordinators", help="Arms to run, joined by commas; all if left out.")
    ] = "",
    changes: _Set = None,
    override: _Override = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress, no table: only the report's path.")] = False,
    as_json: _Json = False,
) -> None:
    """Run a study: every coordinator on the same world; prints the KPI table and keeps results and report."""
    from suandian.quantity.errors import Fault, ScenarioError

    if lang not in ("en", "zh"):
        raise ScenarioError([Fault("--lang", f"unknown language {lang!r}; write en or zh")], source="command line")
    scenario = _scenario(name, data, changes, override)
    progress = ProgressLine(quiet=quiet or as_json)
    from suandian.apps.output import cores
    from suandian.experiments.run import run as run_study

    try:
        arms = [arm.strip() for arm in coordinators.split(",") if arm.strip()]
        finding = run_study(scenario, coordinators=arms, out=Path(out), workers=cores(), progress=progress)
    finally:
        progress.close()
    report = str(finding.folder / f"report.{lang}.html") if finding.folder is not None else ""
    document = finding.to_dict() | {"report": report}
    records = {arm: result.kpis for arm, result in finding.arms.items()}
    table = f"{scenario.title[lang]}\n\n{kpi_table(records, control=finding.control)}\n\nreport: {report}"
    emit(document, report if quiet else table, as_json=as_json)


@app.command()
def check(
    name: _Name, data: _Data = "", changes: _Set = None, override: _Override = None, as_json: _Json = False
) -> None:
    """Check a scenario and tell every fault at once, each with its place and what to write instead."""
    scenario = _scenario(name, data, changes, override)
    axis = scenario.axis
    document = {
        "scenario": scenario.name,
        "faults": [],
        "hash": scenario.hash,
        "start": axis.start.isoformat(),
        "end": axis.end.isoformat(),
        "step_s": axis.step_s,
        "periods": axis.periods,
        "sites": list(scenario.study.sites),
        "coordinators": [arm.name for arm in scenario.coordinators],
    }
    text = (
        f"{scenario.name}: no faults; {axis.periods} intervals of {axis.step_s / 60:g} min, "
        f"{len(scenario.study.sites)} sites, {len(scenario.coordinators)} coordinators"
    )
    emit(document, text, as_json=as_json)


app.command()(classify)
app.command()(verify)
app.command()(rules)
app.command()(baselines)
app.command()(hosting)


@app.command()
def schema(
    out: Annotated[str, typer.Option("--out", help="File to write instead of printing; replaced if it exists.")] = "",
    as_json: _Json = False,
) -> None:
    """Print the JSON Schema of a scenario, for editors."""
    from suandian.experiments.scenario.reference import json_schema

    if not out:
        emit(json_schema(), "", as_json=True)
        return
    write_whole(Path(out), document_text(json_schema()) + "\n")
    emit({"schema": out}, out, as_json=as_json)


@app.command()
def init(
    folder: Annotated[str, typer.Argument(help="Folder that will hold scenario.yaml.")],
    source: Annotated[str, typer.Option("--from", help="Shipped scenario to start from.")] = "county-noon",
    as_json: _Json = False,
) -> None:
    """Write a commented scenario to edit; refuses to overwrite one."""
    from suandian.experiments.scenario.starter import write_starter

    path = write_starter(Path(folder), source)
    emit({"scenario": str(path), "from": source}, f"{path}\nnext: suandian check {path}", as_json=as_json)


@app.command()
def scenarios(as_json: _Json = False) -> None:
    """List the scenarios that ship with suandian."""
    from suandian.experiments.scenario import scenarios as shipped

    titles = shipped()
    rows = [(name, title.get("en", name)) for name, title in titles.items()]
    emit(
        {"scenarios": [{"name": name, "title": title} for name, title in titles.items()]}, listed(rows), as_json=as_json
    )


def _scenario(name: str, data: str, changes: list[str] | None, override: list[str] | None) -> Scenario:
    from suandian.experiments.scenario import load
    from suandian.experiments.scenario.layers import settings_from_texts

    return load(name, data=data or None, set=settings_from_texts(changes or []), overrides=tuple(override or ()))


def main(arguments: list[str] | None = None) -> None:
    """Entry point: runs the command and turns every error into its text (or JSON) and exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        code = app(given, standalone_mode=False)
    except (Exception, KeyboardInterrupt) as error:
        if os.environ.get("SUANDIAN_TRACEBACK"):
            raise
        tell_error(error, as_json="--json" in given)
        sys.exit(exit_code(error))
    sys.exit(code if isinstance(code, int) else 0)
