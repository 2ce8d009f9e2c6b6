"""`suandian verify`: from any site's own files to a statement. `suandian rules`: what the rules say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from suandian.apps.output import document_text, emit, write_whole

if TYPE_CHECKING:
    from suandian.experiments.statement import Statement

__all__ = ["rules", "verify"]

_NOT_MEASURABLE = 2


def verify(
    meter: Annotated[
        str, typer.Option("--meter", help="Meter file (CSV, Parquet, Green Button, OpenADR report) or journal folder.")
    ],
    events: Annotated[
        str, typer.Option("--events", help="YAML file of events; or a scenario, whose instructions are taken.")
    ],
    rule: Annotated[
        list[str], typer.Option("--rule", help="Baseline rule, ID or ID@version; two rules: the lesser stands.")
    ],
    meter_id: Annotated[
        list[str] | None, typer.Option("--meter-id", help="Meter to measure; all that the events call if left out.")
    ] = None,
    event: Annotated[list[str] | None, typer.Option("--event", help="Event to measure; all if left out.")] = None,
    form: Annotated[str, typer.Option("--format", help="auto, table, green_button, openadr or journal.")] = "auto",
    zone: Annotated[str, typer.Option("--zone", help="Zone of local times and days, if the files name none.")] = "",
    label: Annotated[str, typer.Option("--label", help="What the stamps mark: start or end of the interval.")] = "",
    unit: Annotated[
        str, typer.Option("--unit", help="Unit of the readings, where the header has none or a wrong one.")
    ] = "",
    nameplate: Annotated[
        str, typer.Option("--nameplate", help="Power of the connection, e.g. '20 MW': readings are held against it.")
    ] = "",
    temperature: Annotated[
        str, typer.Option("--temperature", help="Table `time, temperature [°C]` (or [°F]), for rules that need it.")
    ] = "",
    job_log: Annotated[
        str, typer.Option("--job-log", help="Job records for REPLAY; the events file says the reference policy.")
    ] = "",
    own_rules: Annotated[str, typer.Option("--rules", help="YAML file with rule records of your own.")] = "",
    out: Annotated[str, typer.Option("--out", help="Folder for statement page, JSON and OpenADR report.")] = "",
    lang: Annotated[str, typer.Option("--lang", help="Language in which the page opens: en or zh.")] = "en",
    as_json: Annotated[bool, typer.Option("--json", help="Answer with one JSON document.")] = False,
) -> None:
    """Measure what was delivered in an event: baseline, reduction, interval, days used, and every reason.

    Give two rules and the lesser result stands; where they differ by more than their error, somebody has to look. Exit
    code 2 and the reasons where the inputs are doubtful or nothing is measurable.

    Example: meter.csv has the columns `start` and `import [kWh]`, and events.yaml says

    \b
      zone: Asia/Shanghai
      events:
        - id: april-22
          notice: 2026-04-22T09:00
          start: 2026-04-22T18:00
          end: 2026-04-22T20:00
          committed: 2 MW

    \b
    Then:
      suandian verify --meter meter.csv --events events.yaml --rule CN_5WD
      suandian verify --meter meter.csv --events events.yaml --rule CAISO_10IN10 --rule CN_5WD --out statement
    """
    from suandian.experiments.statement.document import statement_document
    from suandian.experiments.statement.orchestrate import Inputs, statements
    from suandian.experiments.statement.text import text_of
    from suandian.quantity.errors import Fault, ScenarioError

    if lang not in ("en", "zh"):
        raise ScenarioError([Fault("--lang", f"unknown language {lang!r}; write en or zh")], source="command line")
    made = statements(
        Inputs(
            meter=_found(meter), events=Path(events), rules=tuple(rule), meter_ids=tuple(meter_id or ()),
            event_ids=tuple(event or ()), form=form, zone=zone, label=label, unit=unit, nameplate=nameplate,
            temperature=Path(temperature) if temperature else None, job_log=Path(job_log) if job_log else None,
            own_rules=Path(own_rules) if own_rules else None,
        )
    )  # fmt: skip
    written = _write(made, Path(out), lang) if out else {}
    text = "\n\n════\n\n".join(text_of(one) for one in made)
    document = {"statements": [statement_document(one) for one in made], "written": written}
    emit(document, "\n\n".join([text, *(["\n".join(written.values())] if written else [])]), as_json=as_json)
    if not all(one.measurable for one in made):
        raise typer.Exit(_NOT_MEASURABLE)


def rules(
    name: Annotated[
        str, typer.Argument(metavar="[RULE]", help="Rule to show in full; all in a table if left out.")
    ] = "",
    own_rules: Annotated[str, typer.Option("--rules", help="YAML file with rule records of your own.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Answer with one JSON document.")] = False,
) -> None:
    """Show the baseline rules, which are records: what they do, their source and its confidence.

    Confidence: A official text, B secondary source read, C general knowledge, D our own choice. A record of C or D is
    in the manner of the rule that it is named after and claims no conformity to it.

    Examples:

      suandian rules

      suandian rules CAISO_10IN10
    """
    from suandian.experiments.statement.document import rule_document
    from suandian.experiments.statement.rule_text import record_text, table_text
    from suandian.verification.rules import read_rules
    from suandian.verification.rules import rule as shipped
    from suandian.verification.rules import rules as all_rules

    known = dict(all_rules()) | (dict(read_rules(Path(own_rules))) if own_rules else {})
    if name:
        found = known[name] if name in known else shipped(name)
        emit(rule_document(found), record_text(found), as_json=as_json)
        return
    emit({"rules": [rule_document(one) for one in known.values()]}, table_text(list(known.values())), as_json=as_json)


def _found(meter: str) -> Path:
    """The path, or the one that a pattern like `runs/name-*/arm/journal` fits: a run's folder ends in a hash."""
    from suandian.quantity.errors import Fault, ScenarioError

    path = Path(meter)
    if path.exists() or "*" not in meter:
        return path
    fits = sorted(Path(path.anchor or ".").glob(meter.removeprefix(path.anchor)))
    if len(fits) != 1:
        told = f"{len(fits)} paths fit {meter!r}; name one: {', '.join(map(str, fits[:4])) or 'there is none'}"
        raise ScenarioError([Fault("--meter", told)], source="command line")
    return fits[0]


def _write(made: list[Statement], folder: Path, lang: str) -> dict[str, str]:
    """Page, JSON and OpenADR report of every statement; each file appears whole or not at all."""
    from suandian.experiments.statement.document import openadr_of, statement_document
    from suandian.experiments.statement.orchestrate import file_names
    from suandian.experiments.statement.page import html

    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for name, one in zip(file_names(made), made, strict=True):
        texts = {
            f"{name}.html": html(one, lang),
            f"{name}.json": document_text(statement_document(one)) + "\n",
            f"{name}.openadr.json": document_text(openadr_of(one)) + "\n",
        }
        for file, text in texts.items():
            write_whole(folder / file, text)
            written[file] = str(folder / file)
    return written
