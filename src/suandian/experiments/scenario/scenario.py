"""The Scenario: one study, frozen and checked, from a file, a shipped name, or Python."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml

from suandian.experiments.scenario.build import Inputs, to_inputs
from suandian.experiments.scenario.check import data_file
from suandian.experiments.scenario.clock import axis_of
from suandian.experiments.scenario.layers import layered, shipped
from suandian.experiments.scenario.networks import network_file
from suandian.experiments.scenario.resolve import Forecasts, forecasts_of, resolve
from suandian.experiments.scenario.study import SIGNALS, StudyFile
from suandian.experiments.scenario.validate import validated
from suandian.model.site import Site
from suandian.model.workload import JobTable
from suandian.quantity.errors import Fault, InvariantBroken, ScenarioError
from suandian.quantity.timeaxis import TimeAxis
from suandian.simulation.truth import Truth

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Arm", "Scenario", "load", "scenarios"]

#: Part of the hash: a scenario resolved by other rules is another study.
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm: its name, the coordinator's registered name, its options, and which forecasts it is told."""

    name: str
    coordinator: str
    options: Mapping[str, object]
    forecasts: str


@dataclass(frozen=True, eq=False)
class Scenario:
    """A checked study. Make one with `load` or `Scenario.build`; nothing of it changes afterwards.

    study     the validated parts, numbers in the units of their names
    data      folder of data files, or None
    inputs    arrays and job tables given in Python instead of files
    source    where it was read from, for messages and the report
    """

    study: StudyFile
    data: Path | None = None
    inputs: Inputs = field(default_factory=Inputs)
    source: str = "Python"

    @classmethod
    def build(
        cls,
        *,
        sites: Mapping[str, object] | Sequence[Site],
        coordinators: Sequence[str | Mapping[str, object]],
        axis: TimeAxis | None = None,
        zone: str = "",
        jobs: JobTable | pl.DataFrame | pl.LazyFrame | Mapping[str, object] | None = None,
        signals: Mapping[str, object] | None = None,
        data: str | Path | None = None,
        **sections: object,
    ) -> Scenario:
        """A scenario from Python values; whatever YAML can say can be said here.

        Sections are mappings as in a file (`time`, `parties`, `feeders`, `streams`, `tariffs`, `forecasts`, …), with
        units as text (`it_max="20 MW"`) or as plain numbers under the field's full name (`it_max_mw=20.0`).
        `axis` with `zone` stands for `time`; `sites` may hold `suandian.model.site.Site` objects; `jobs` may be a
        JobTable or a polars frame with the columns of `suandian.adapters.job_tables.JOB_COLUMNS`; `signals` maps a
        signal's name to `{id: array, Series or table}`. Raises `ScenarioError` with every fault.
        """
        values, inputs = to_inputs(
            {"sites": sites, "coordinators": list(coordinators), **sections},
            axis=axis,
            zone=zone,
            jobs=jobs,
            signals=signals or {},
        )
        folder = Path(data) if data is not None else None
        return cls(validated(values, {}, folder, "Scenario.build", inputs=inputs), folder, inputs)

    @property
    def name(self) -> str:
        return self.study.name

    @property
    def title(self) -> dict[str, str]:
        """Language code (`en`, `zh`) → text; the name where the scenario gives none."""
        texts = self.study.title.as_mapping()
        return {language: text or self.name for language, text in texts.items()}

    @property
    def question(self) -> dict[str, str]:
        return dict(self.study.question.as_mapping())

    @property
    def seed(self) -> int:
        return self.study.seed

    @property
    def currency(self) -> str:
        return self.study.currency

    @property
    def zone(self) -> str:
        return self.study.time.zone

    @cached_property
    def axis(self) -> TimeAxis:
        axis, faults = axis_of(self.study.time)
        if axis is None:
            raise ScenarioError(faults, source=self.name)
        return axis

    @property
    def coordinators(self) -> tuple[Arm, ...]:
        """The arms in the scenario's order."""
        return tuple(
            Arm(entry.arm, entry.name, dict(entry.options), entry.forecasts or self.study.forecasts.mode)
            for entry in self.study.coordinators
        )

    @property
    def control(self) -> str:
        return self.study.control or self.study.coordinators[0].arm

    @property
    def chosen(self) -> str:
        return self.study.chosen or self.study.coordinators[-1].arm

    @property
    def deciding_party(self) -> str:
        """Who runs the coordinators: `decided_by`, else the first computing platform, else the first party."""
        platforms = [key for key, party in self.study.parties.items() if "computing_platform" in party.roles]
        return self.study.decided_by or (platforms[0] if platforms else next(iter(self.study.parties)))

    @property
    def forecasts(self) -> Forecasts:
        """When forecasts are issued and how far they err, one error model per quantity."""
        return forecasts_of(self.study, self.inputs)

    def forecasts_for(self, arm: Arm) -> Forecasts:
        """What `arm` is told: the study's forecasts, perfect ones, or yesterday's values."""
        return forecasts_of(self.study, self.inputs, arm.forecasts)

    @property
    def command(self) -> str:
        """The command that runs this study again."""
        given = f" --data {self.data}" if self.data is not None and self.needs_data else ""
        return f"suandian run {self.source}{given}" if self.source != "Python" else "suandian.run(scenario)"

    @property
    def needs_data(self) -> bool:
        """Does the study read files from the data folder?"""
        return bool(self.files) or self.study.signals.provinces != "generated"

    @property
    def files(self) -> tuple[str, ...]:
        """Data files that the study names, relative to the data folder."""
        tables = [table.file for signal in SIGNALS for table in getattr(self.study.signals, signal).values()]
        jobs = self.study.jobs
        own = [part.file for part in (jobs.table, jobs.trace) if part is not None]
        own += [stream.requests for stream in self.study.streams.values() if stream.requests]
        own += [name for feeder in self.study.feeders.values() if (name := network_file(feeder))]
        return tuple(dict.fromkeys([*own, *tables]))

    def resolved(self) -> dict[str, Any]:
        """Every value of the scenario, defaults included, units as text, as a file would hold it."""
        values: dict[str, Any] = self.study.model_dump(by_alias=True, exclude_none=True, mode="json")
        return values

    def to_yaml(self) -> str:
        """The resolved scenario: a file that needs no parent and no overrides."""
        text = yaml.safe_dump(self.resolved(), allow_unicode=True, sort_keys=False, width=110)
        head = (
            ""
            if not self.inputs
            else "# Some series or jobs were given in Python as arrays and are not in this file.\n"
        )
        return f"{head}{text}"

    @cached_property
    def hash(self) -> str:
        """SHA-256 over the resolved values and the content of every data file and array."""
        digest = hashlib.sha256()
        digest.update(json.dumps([_FORMAT, self.resolved()], sort_keys=True, ensure_ascii=False).encode())
        for name in self.files:
            path = data_file(name, self.data, name)
            if isinstance(path, Fault):
                raise ScenarioError([path], source=self.name)
            with path.open("rb") as stream:
                digest.update(name.encode() + hashlib.file_digest(stream, "sha256").digest())
        for name, array in self.inputs.arrays():
            digest.update(name.encode() + np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    def truth(self) -> Truth:
        """The realised world: every series generated or read. Made once, then kept."""
        return self._truth

    @cached_property
    def _truth(self) -> Truth:
        truth = resolve(self.study, self.axis, self.data, self.inputs)
        if len(truth.class_index) != len(truth.jobs):
            raise InvariantBroken(f"{len(truth.jobs)} jobs, {len(truth.class_index)} classified")
        return truth


def load(
    name_or_path: str | Path,
    data: str | Path | None = None,
    set: Mapping[str, object] | None = None,  # noqa: A002
    overrides: Sequence[str] = (),
) -> Scenario:
    """A shipped scenario by name, or the file at a path.

    data        folder of data files; the scenario's own folder if left out (a shipped scenario has none)
    set         single values by path: `{"time.step": "5 min", "sites.county.battery": None}`
    overrides   names of blocks under `overrides:` to apply

    Raises `ScenarioError` with every fault, each with its path and remedy.
    """
    layers = layered(name_or_path, overrides=overrides, settings=set)
    folder = Path(data) if data is not None else layers.folder
    source = str(name_or_path)
    if data is not None and not Path(data).is_dir():
        raise ScenarioError(
            [Fault("--data", f"no such folder: {data}; write the folder of the data files")], source=source
        )
    study = validated(layers.values, layers.places, folder, source)
    return Scenario(study, folder, source=source)


def scenarios() -> dict[str, dict[str, str]]:
    """The shipped scenarios: name → title by language."""
    found = {}
    for name in shipped():
        values = layered(name).values
        title = values.get("title") or name
        found[name] = dict(title) if isinstance(title, dict) else {"en": str(title), "zh": str(title)}
    return found
