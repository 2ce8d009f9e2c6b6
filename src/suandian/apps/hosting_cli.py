"""`suandian hosting`: how much more rooftop PV and computing a network takes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from suandian.apps.output import emit, write_whole

__all__ = ["hosting"]


def hosting(
    name: Annotated[
        str,
        typer.Argument(help="A network (county, ieee33, simbench:CODE, YAML or pandapower file) or a scenario."),
    ],
    rule: Annotated[
        str, typer.Option("--rule", help="Edition: dlt2041_2025 or dlt2041_2019; the newest if left out.")
    ] = "",
    region: Annotated[
        str, typer.Option("--region", help="Province of weather and load for a bare network; shandong if left out.")
    ] = "",
    feeder: Annotated[str, typer.Option("--feeder", help="Feeder of the scenario; its first if left out.")] = "",
    seed: Annotated[int | None, typer.Option("--seed", help="Seed of the generated county and of its year.")] = None,
    step: Annotated[str, typer.Option("--step", help="Interval of the year that is assessed, e.g. 15min.")] = "1h",
    html: Annotated[str, typer.Option("--html", help="HTML page, English and Chinese, that opens offline.")] = "",
    lang: Annotated[str, typer.Option("--lang", help="Language in which the page opens: en or zh.")] = "en",
    as_json: Annotated[bool, typer.Option("--json", help="Answer with one JSON document.")] = False,
) -> None:
    """Hosting capacity by AC power flow of a whole year: grades after DL/T 2041, and what PV and computing still fit.

    Both curves are given over the flexible share of computing and over the share of hours in which may be curtailed;
    a firm connection stands beside the flexible ones. What is assumed is part of the answer.

    Examples:

      suandian hosting county-noon --html hosting.html

      suandian hosting ieee33 --region gansu --json

      suandian hosting my-network.yaml --rule dlt2041_2019
    """
    from suandian.experiments.hosting import case_of
    from suandian.experiments.hosting import hosting as assess
    from suandian.experiments.hosting.text import text_of
    from suandian.quantity.errors import Fault, ScenarioError

    if lang not in ("en", "zh"):
        raise ScenarioError([Fault("--lang", f"unknown language {lang!r}; write en or zh")], source="command line")
    found = assess(case_of(name, region=region, feeder=feeder, seed=seed, step_h=_hours(step)), rule=rule)
    written: dict[str, object] = {}
    if html:
        from suandian.experiments.hosting.page import html as page

        write_whole(Path(html), page(found, lang))
        written["html"] = html
    text = "\n\n".join([text_of(found), *(f"{kind}: {path}" for kind, path in written.items())])
    emit(found.to_dict() | {"written": written}, text, as_json=as_json)


def _hours(text: str) -> float:
    from suandian.quantity.errors import Fault, ScenarioError
    from suandian.quantity.units import UnitError, parse_quantity

    try:
        return parse_quantity(text, "h")
    except UnitError as error:
        raise ScenarioError([Fault("--step", f"{error}; write e.g. 1h or 15min")], source="command line") from error
