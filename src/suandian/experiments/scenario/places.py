"""The parts of a scenario that stand somewhere: parties, sites, the shared connections they hang behind."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from suandian.experiments.scenario.types import Count, Quantity, Section, Text, both_languages
from suandian.model.grid import CurtailmentRule, ReactiveMode
from suandian.model.party import Role
from suandian.model.site import Cooling

__all__ = [
    "BatterySection",
    "CoolingSection",
    "FeederSection",
    "NetworkSection",
    "PartySection",
    "SiteSection",
    "TieSection",
]

_Title = Annotated[Text, BeforeValidator(both_languages, json_schema_input_type=str | Text)]
_PowerMw = Annotated[float, Quantity("MW", minimum=0)]
_Ratio = Annotated[float, Quantity("1", minimum=0, maximum=1)]
_Efficiency = Annotated[float, Quantity("1", above=0, maximum=1)]
_Latitude = Annotated[float, Quantity("°", minimum=-66, maximum=66)]
_Longitude = Annotated[float, Quantity("°", minimum=-180, maximum=180)]


class PartySection(Section):
    """Who takes part, in which roles, and over whom it has dispatch authority."""

    name: _Title = Field(default=Text(), description="Name shown in the report, `{en: …, zh: …}` or one text for both.")
    roles: tuple[Role, ...] = Field(
        min_length=1,
        description="One or more of grid_operator, data_centre_operator, computing_platform, energy_user, aggregator, "
        "verifier.",
    )
    may_instruct: tuple[str, ...] = Field(default=(), description="Parties over which this one has dispatch authority.")


class BatterySection(Section):
    """A battery behind the site's meter. Powers are measured at its terminals, the energy is inside."""

    energy_mwh: Annotated[float, Quantity("MWh", above=0)] = Field(description="Usable energy when full.")
    charge_max_mw: _PowerMw = Field(description="Largest charging power.")
    discharge_max_mw: _PowerMw = Field(description="Largest discharging power.")
    charge_efficiency_ratio: _Efficiency = Field(
        default=0.95, description="Stored energy per energy charged. D (engineering default): 0.95."
    )
    discharge_efficiency_ratio: _Efficiency = Field(
        default=0.95, description="Delivered energy per energy taken out. D (engineering default): 0.95."
    )
    energy_min_mwh: Annotated[float, Quantity("MWh", minimum=0)] = Field(
        default=0.0, description="Energy that is never taken out."
    )
    energy_initial_mwh: Annotated[float, Quantity("MWh", minimum=0)] = Field(
        default=0.0, description="Energy inside at the start of the study."
    )
    wear_cny_per_mwh: Annotated[float, Quantity("CNY/MWh", minimum=0)] = Field(
        default=0.0, description="Loss of value per MWh discharged."
    )


_COOLING = Cooling()


class CoolingSection(Section):
    """Everything between the meter and the servers; formulas and sources in `suandian.physics.cooling`."""

    model: str = Field(
        default=_COOLING.model, description="`economiser_chiller` (outdoor air first, chiller after) or `constant`."
    )
    pue_ratio: Annotated[float, Quantity("1", minimum=1, maximum=4)] = Field(
        default=_COOLING.pue_ratio, description="Facility power / IT power; used by `constant` only."
    )
    loss_fixed_ratio: _Ratio = Field(
        default=_COOLING.loss_fixed_ratio,
        description="Power lost at any load, as a share of the site's largest IT power.",
    )
    loss_ratio: _Ratio = Field(
        default=_COOLING.loss_ratio, description="Power lost in proportion to IT power: UPS, distribution."
    )
    moving_ratio: _Ratio = Field(
        default=_COOLING.moving_ratio, description="Power of fans and pumps, as a share of the heat moved."
    )
    supply_c: Annotated[float, Quantity("°C", minimum=5, maximum=50)] = Field(
        default=_COOLING.supply_c, description="Supply temperature that the servers are given."
    )
    approach_k: Annotated[float, Quantity("K", minimum=0, maximum=30)] = Field(
        default=_COOLING.approach_k, description="How far above outdoor air free cooling can supply."
    )
    blend_k: Annotated[float, Quantity("K", above=0, maximum=40)] = Field(
        default=_COOLING.blend_k,
        description="Width of the band in which free cooling and chiller share the heat.",
    )
    carnot_ratio: _Efficiency = Field(
        default=_COOLING.carnot_ratio, description="Chiller efficiency as a share of Carnot's."
    )


class SiteSection(Section):
    """A data centre with a billing meter of its own."""

    name: _Title = Field(default=Text(), description="Name shown in the report.")
    operator: str = Field(description="The party that runs it.")
    region: str = Field(description="Province whose emission factor, PV and carbon shape apply, e.g. `shandong`.")
    hub: str = Field(
        default="",
        description="National hub cluster, e.g. `qingyang`; gives latitude and longitude where they are left out.",
    )
    latitude_deg: _Latitude | None = Field(default=None, description="Latitude, north positive.")
    longitude_deg: _Longitude | None = Field(default=None, description="Longitude, east positive.")
    gpus: Count = Field(ge=1, description="GPUs installed.")
    it_max_mw: Annotated[float, Quantity("MW", above=0)] = Field(description="IT power that the hall can feed.")
    idle_it_mw: _PowerMw = Field(description="IT power with every GPU idle.")
    import_max_mw: Annotated[float, Quantity("MW", above=0)] = Field(
        description="Most that the site's own meter may import (contract with the grid company)."
    )
    export_max_mw: _PowerMw = Field(default=0.0, description="Most that the site's own meter may deliver.")
    pv_mw: _PowerMw = Field(default=0.0, description="Nameplate of PV behind the site's own meter.")
    battery: BatterySection | None = Field(default=None, description="Battery behind the site's own meter.")
    cooling: CoolingSection = Field(default=CoolingSection(), description="Cooling and electrical losses.")
    feeder: str = Field(default="", description="Shared connection it hangs behind; left out: a connection of its own.")
    bus: str = Field(
        default="",
        description="Bus of the feeder's network that feeds it; left out: the network's data centre buses, else the "
        "low-voltage side of its main transformers.",
    )
    tariff: str = Field(
        default="",
        description="Tariff preset, e.g. `shandong_2025`, or one of this scenario's `tariffs`; may be left out only "
        "where `signals.price` has a table for the site (no demand charge then).",
    )
    price: Literal["tariff", "spot"] = Field(
        default="tariff",
        description="`spot`: the tariff's flat price moves with a generated spot price of the province, which falls to "
        "its floor where the feeder has more surplus than ways out; forecasts of it err.",
    )
    spot_floor_cny_per_mwh: Annotated[float, Quantity("CNY/MWh")] | None = Field(
        default=None, description="Floor of the spot price; left out: the province's in the preset."
    )
    emission_factor_kg_per_mwh: Annotated[float, Quantity("kg/MWh", above=0)] | None = Field(
        default=None, description="Official average emission factor; left out: the province's in the preset."
    )


class NetworkSection(Section):
    """The network behind a feeder: AC power flow in every interval instead of one lumped transformer.

    Loads and PV of the network give the shares at its buses; their sums are the feeder's `load_max` and `pv`.
    """

    source: str = Field(
        default="county",
        description="`county` (generated from the seed), `ieee33`, `simbench:CODE`, or a YAML or pandapower JSON file "
        "in the data folder. It must be radial.",
    )
    seed: Count | None = Field(default=None, ge=0, lt=2**63, description="Seed of the generated county.")
    villages: Count = Field(default=56, ge=1, le=2000, description="Villages of the generated county.")
    units: Count | None = Field(
        default=None,
        ge=1,
        le=20,
        description="Main transformers of the generated county; left out: one per 40 MVA (D).",
    )
    curtailment: CurtailmentRule = Field(
        default="proportional",
        description="How the grid operator holds PV back at a limit: `proportional` behind the limit, "
        "`last_connected` first, or `volt_watt` (by the inverter's own voltage).",
    )
    reactive: ReactiveMode = Field(
        default="fixed", description="Reactive power of inverters: `fixed` power factor or `volt_var` curve."
    )
    pv_power_factor_ratio: _Efficiency = Field(
        default=1.0, description="cos φ of inverters under `fixed`; below 1 they draw reactive power."
    )
    site_power_factor_ratio: _Efficiency = Field(
        default=0.95, description="cos φ of the data centres' meters. D (engineering default): 0.95."
    )


class FeederSection(Section):
    """A connection to the upper grid, shared by sites, local load, PV and wind: a county, or a province's base."""

    name: _Title = Field(default=Text(), description="Name shown in the report.")
    operator: str = Field(description="The party that runs it.")
    region: str = Field(description="Province whose PV, wind and load shape apply.")
    latitude_deg: _Latitude = Field(description="Latitude, north positive.")
    longitude_deg: _Longitude = Field(description="Longitude, east positive.")
    transformer_mva: Annotated[float, Quantity("MVA", above=0)] = Field(description="Sum of the transformers' ratings.")
    power_factor_ratio: _Efficiency = Field(
        default=0.95, description="cos φ at which the rating is turned into MW. D (engineering default): 0.95."
    )
    reverse_limit_ratio: _Ratio = Field(
        default=0.8, description="Reverse flow allowed, as a share of the rating (DL/T 2041: 80 %)."
    )
    pv_mw: _PowerMw = Field(default=0.0, description="Nameplate of the neighbours' PV.")
    wind_mw: _PowerMw = Field(default=0.0, description="Nameplate of wind behind the connection.")
    wind_mean_ratio: Annotated[float, Quantity("1", minimum=0.005, maximum=0.7)] | None = Field(
        default=None, description="Long-run capacity factor of that wind; left out: the province's (D)."
    )
    load_min_mw: _PowerMw = Field(default=0.0, description="Lowest local load of the study.")
    load_max_mw: _PowerMw = Field(default=0.0, description="Highest local load of the study.")
    network: NetworkSection | None = Field(
        default=None, description="The network behind it; left out: one lumped transformer."
    )


class TieSection(Section):
    """A line between two feeders. It carries what one would curtail to the other, as far as that one imports."""

    source: str = Field(alias="from", description="Feeder at one end.")
    target: str = Field(alias="to", description="Feeder at the other end.")
    limit_mw: _PowerMw = Field(description="Most that may leave an end for the other, in both directions.")
    limit_back_mw: _PowerMw | None = Field(
        default=None, description="Most that may leave `to` for `from`; left out: `limit`."
    )
    loss_ratio: Annotated[float, Quantity("1", minimum=0, maximum=0.5)] = Field(
        default=0.05, description="Share that is lost on the way. D (engineering default): 5 %."
    )
