"""The whole scenario as a file holds it, and the parts that are neither places nor work."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from suandian.experiments.scenario.places import FeederSection, PartySection, SiteSection, TieSection
from suandian.experiments.scenario.tables import TableSection
from suandian.experiments.scenario.types import Count, Identifier, Quantity, Section, Text, both_languages
from suandian.experiments.scenario.work import JobsSection, StreamSection, TransferSection

__all__ = [
    "SIGNALS",
    "CoordinatorSection",
    "ForecastErrorSection",
    "ForecastSection",
    "InstructionSection",
    "ObjectiveSection",
    "SignalsSection",
    "StudyFile",
    "TariffSection",
    "TimeSection",
]

_Price = Annotated[float, Quantity("CNY/MWh")]
_Ratio = Annotated[float, Quantity("1", minimum=0, maximum=1)]
_Title = Annotated[Text, BeforeValidator(both_languages, json_schema_input_type=str | Text)]

#: Signals that a table of one's own may replace: name → unit of its column (`1` is a share of nameplate).
SIGNALS: dict[str, str] = {
    "price": "CNY/MWh",
    "export_price": "CNY/MWh",
    "carbon_average": "kg/MWh",
    "carbon_marginal": "kg/MWh",
    "outdoor": "°C",
    "site_pv": "MW",
    "feeder_pv": "MW",
    "feeder_load": "MW",
    "feeder_wind": "MW",
    "stream": "MW",
}


class TimeSection(Section):
    """The period of the study: uniform intervals from `start`, up to and without `end`."""

    start: str = Field(
        description="First instant: a date or date-time in `zone` (`2026-04-01`), or with an offset "
        "(`2026-04-01T00:00+08:00`)."
    )
    end: str = Field(default="", description="First instant that no longer belongs to the study; or give `duration`.")
    duration_s: Annotated[float, Quantity("s", above=0)] | None = Field(
        default=None, description="Length of the study, e.g. `30 d`; instead of `end`."
    )
    step_s: Annotated[float, Quantity("s", minimum=60, maximum=86400)] = Field(
        default=900.0, description="Length of an interval, a whole number of seconds."
    )
    zone: str = Field(description="Local time zone of tariffs, calendar months and the report, e.g. `Asia/Shanghai`.")


class TemplateSection(Section):
    """One kind of day of a tariff."""

    months: tuple[Count, ...] = Field(description="Calendar months, 1…12.")
    half_hours: str = Field(
        pattern="^[SPFVDpv]{48}$",
        description="48 letters, one per half hour of local time: S sharp, P peak, F flat, V valley, D deep valley; "
        "p and v the same at the ratio of another season.",
    )


class TariffSection(Section):
    """A two-part time-of-use tariff of one's own. Energy price of a band = floating · ratio + fixed."""

    templates: tuple[TemplateSection, ...] = Field(
        min_length=1, description="Kinds of day; together all twelve months."
    )
    ratio: dict[Literal["S", "P", "F", "V", "D", "p", "v"], Annotated[float, Quantity("1", minimum=0)]] = Field(
        description="Factor on the floating part by band letter."
    )
    floating_cny_per_mwh: _Price = Field(description="Part of the price that moves with the band.")
    fixed_cny_per_mwh: _Price = Field(default=0.0, description="Part that does not: network, levies.")
    demand_cny_per_mw_month: Annotated[float, Quantity("CNY/MW/month", minimum=0)] = Field(
        default=0.0, description="Charged on the highest metered import of a calendar month."
    )
    export_cny_per_mwh: _Price = Field(default=0.0, description="Paid for energy delivered.")
    source: str = Field(description="Document or contract that these figures come from.")


class SignalsSection(Section):
    """Signals are generated from `seed` unless a table stands here, by the id of its site, feeder or stream."""

    price: dict[str, TableSection] = Field(
        default_factory=dict, description="Energy price at the meter [CNY/MWh] by site."
    )
    export_price: dict[str, TableSection] = Field(
        default_factory=dict, description="Price paid for export [CNY/MWh] by site."
    )
    carbon_average: dict[str, TableSection] = Field(
        default_factory=dict, description="Average emission factor [kg/MWh] by site."
    )
    carbon_marginal: dict[str, TableSection] = Field(
        default_factory=dict, description="Marginal emission factor [kg/MWh] by site."
    )
    outdoor: dict[str, TableSection] = Field(default_factory=dict, description="Outdoor temperature [°C] by site.")
    site_pv: dict[str, TableSection] = Field(default_factory=dict, description="Available PV [MW] by site.")
    feeder_pv: dict[str, TableSection] = Field(default_factory=dict, description="Available PV [MW] by feeder.")
    feeder_load: dict[str, TableSection] = Field(default_factory=dict, description="Local load [MW] by feeder.")
    feeder_wind: dict[str, TableSection] = Field(default_factory=dict, description="Available wind [MW] by feeder.")
    stream: dict[str, TableSection] = Field(
        default_factory=dict, description="Interactive demand [MW of IT] by stream."
    )
    pv_plant_weight_ratio: _Ratio = Field(
        default=0.15,
        description="Share of fast cloud noise in generated PV: 0 a whole province, 0.35 one plant. "
        "A county lies between. D (engineering default): 0.15.",
    )
    provinces: Literal["generated", "cn_2020"] = Field(
        default="generated",
        description="`cn_2020`: provincial PV and wind of 2020 from the data folder instead of generated weather.",
    )


class ForecastErrorSection(Section):
    """What is changed in the shipped error model of one quantity; see `suandian.signals.forecast.ErrorModel`.

    sd(lead) = √(sd_initial² + sd_growth²·(1 − e^(−2·lead/time_constant))), in units of the scale `relative_to`.
    """

    kind: Literal["perfect", "persistence", "noisy"] | None = Field(
        default=None, description="How forecasts come about."
    )
    sd_initial_ratio: Annotated[float, Quantity("1", minimum=0)] | None = Field(
        default=None, description="Standard deviation at no lead, in units of the scale."
    )
    sd_growth_ratio: Annotated[float, Quantity("1", minimum=0)] | None = Field(
        default=None, description="What growing lead adds in the end, in units of the scale."
    )
    time_constant_h: Annotated[float, Quantity("h", minimum=0)] | None = Field(
        default=None, description="Lead time over which it is added."
    )
    correlation_h: Annotated[float, Quantity("h", minimum=0)] | None = Field(
        default=None, description="How long an error lasts."
    )
    persistent_ratio: _Ratio | None = Field(
        default=None, description="Share of the variance that all issues have in common."
    )
    daily_ratio: _Ratio | None = Field(default=None, description="Share of the variance that is constant within a day.")
    relative_to: Literal["value", "peak", "clear_sky", "unit"] | None = Field(
        default=None, description="Scale: the value, the series' peak, the clear sky, or 1 in the series' own unit."
    )

    def changes(self) -> dict[str, Any]:
        """The fields that were given."""
        return {name: getattr(self, name) for name in type(self).model_fields if getattr(self, name) is not None}


ForecastMode = Literal["issued", "perfect", "persistence"]


class ForecastSection(Section):
    """When forecasts are issued and how far they err. Nobody sees one before it is issued."""

    every_s: Annotated[float, Quantity("s", above=0)] = Field(default=21600.0, description="Time between two issues.")
    mode: ForecastMode = Field(
        default="issued",
        description="`issued`: with errors; `perfect`: without; `persistence`: as it was at this hour of yesterday.",
    )
    errors: dict[str, ForecastErrorSection] = Field(
        default_factory=dict, description="Error model by quantity; left out: the shipped one."
    )


class ObjectiveSection(Section):
    """What optimisers minimise beside the bill: weights in money, the same for every arm."""

    carbon_cny_per_t: Annotated[float, Quantity("CNY/t", minimum=0)] = Field(
        default=0.0, description="Price put on emissions."
    )
    carbon_signal: Literal["average", "marginal"] = Field(default="average", description="Which signal is priced.")
    curtailment_cny_per_mwh: Annotated[float, Quantity("CNY/MWh", minimum=0)] = Field(
        default=0.0, description="Value of PV and wind energy that is thrown away."
    )
    violation_cny_per_mwh: Annotated[float, Quantity("CNY/MWh", minimum=0)] = Field(
        default=20_000.0, description="Penalty on import above a limit."
    )
    lateness_cny_per_mwh: Annotated[float, Quantity("CNY/MWh", minimum=0)] = Field(
        default=50_000.0, description="Penalty on work not done when due, per MWh of IT energy."
    )
    slowing_cny_per_mwh: Annotated[float, Quantity("CNY/MWh", minimum=0)] = Field(
        default=0.0, description="Given to tenants for work that runs slower than it could, per MWh at full speed."
    )
    batching_cny_per_mwh: Annotated[float, Quantity("CNY/MWh", minimum=0)] = Field(
        default=0.0, description="Given to users for slower answers, per MWh that larger inference batches save."
    )


class CoordinatorSection(Section):
    """One arm of the study. Its name alone stands for `{name: …}` without options."""

    name: str = Field(description="A coordinator's registered name, e.g. `rolling`.")
    label: Identifier | None = Field(
        default=None, description="Name of the arm where one coordinator runs twice; left out: `name`."
    )
    options: dict[str, Any] = Field(default_factory=dict, description="Options of that coordinator.")
    forecasts: ForecastMode | None = Field(
        default=None, description="What this arm is told; left out: `forecasts.mode`."
    )

    @property
    def arm(self) -> str:
        return self.label or self.name


def _named(value: object) -> object:
    return (
        [{"name": entry} if isinstance(entry, str) else entry for entry in value] if isinstance(value, list) else value
    )


_Coordinators = Annotated[
    tuple[CoordinatorSection, ...],
    BeforeValidator(_named, json_schema_input_type=tuple[str | CoordinatorSection, ...]),
]


class InstructionSection(Section):
    """A binding limit on a site's import, known from `issued` on."""

    id: Identifier = Field(description="Name of the instruction.")
    issuer: str = Field(description="Party that issues it; it needs dispatch authority over the receiver.")
    receiver: str = Field(description="Party that has to follow it.")
    site: str = Field(description="Site whose import is limited.")
    issued: str = Field(description="When it becomes known: local time in `time.zone`, or with an offset.")
    start: str = Field(description="When it begins to bind.")
    end: str = Field(description="When it ends.")
    import_max_mw: Annotated[float, Quantity("MW", minimum=0)] = Field(description="Most that the site may import.")


class StudyFile(Section):
    """A scenario: one study of who computes what, where and when, on which grid, at which price."""

    name: Identifier = Field(description="Name of the study; results go to `runs/<name>-<hash>/`.")
    title: _Title = Field(default=Text(), description="Title of the report, `{en: …, zh: …}`.")
    question: _Title = Field(default=Text(), description="The question that the study answers.")
    seed: Count = Field(default=1, ge=0, lt=2**63, description="Seed of everything random; same seed, same world.")
    currency: Literal["CNY"] = Field(default="CNY", description="Currency of all money.")
    time: TimeSection = Field(description="Period, step and zone.")
    parties: dict[Identifier, PartySection] = Field(min_length=1, description="Who takes part.")
    feeders: dict[Identifier, FeederSection] = Field(default_factory=dict, description="Shared connections.")
    ties: dict[Identifier, TieSection] = Field(default_factory=dict, description="Lines between shared connections.")
    sites: dict[Identifier, SiteSection] = Field(min_length=1, max_length=64, description="Data centres.")
    jobs: JobsSection = Field(default=JobsSection(), description="Deferrable work.")
    streams: dict[Identifier, StreamSection] = Field(default_factory=dict, description="Interactive load by city.")
    transfer: TransferSection | None = Field(default=None, description="What moving a job's data takes.")
    tariffs: dict[Identifier, TariffSection] = Field(default_factory=dict, description="Tariffs of one's own.")
    signals: SignalsSection = Field(default=SignalsSection(), description="Tables instead of generated signals.")
    forecasts: ForecastSection = Field(default=ForecastSection(), description="What coordinators are told ahead.")
    objective: ObjectiveSection = Field(default=ObjectiveSection(), description="What optimisers minimise.")
    instructions: tuple[InstructionSection, ...] = Field(default=(), description="Limits set by the grid.")
    coordinators: _Coordinators = Field(min_length=1, description="The arms of the study.")
    decided_by: str = Field(
        default="", description="Party that runs the coordinators; left out: the first computing_platform."
    )
    control: str = Field(default="", description="Arm that others are compared with; left out: the first.")
    chosen: str = Field(default="", description="Arm that the report puts forward; left out: the last.")
