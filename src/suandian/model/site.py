"""A computing site: GPUs, cooling, its connection, its own PV and battery."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Battery", "Cooling", "Site"]


@dataclass(frozen=True, slots=True)
class Battery:
    """Charge and discharge are measured at the terminals; `energy_mwh` is inside.

    `energy(t+1) = energy(t) + charge·charge_efficiency_ratio·Δ − discharge·Δ/discharge_efficiency_ratio`.
    `wear_cny_per_mwh` is counted per MWh discharged.
    """

    energy_mwh: float
    charge_max_mw: float
    discharge_max_mw: float
    charge_efficiency_ratio: float = 0.95
    discharge_efficiency_ratio: float = 0.95
    energy_min_mwh: float = 0.0
    energy_initial_mwh: float = 0.0
    wear_cny_per_mwh: float = 0.0


@dataclass(frozen=True, slots=True)
class Cooling:
    """Everything between the meter and the servers; formulas and sources in `suandian.physics.cooling`.

    model              name of a cooling model (`economiser_chiller`, `constant`)
    pue_ratio          used by `constant` only: facility / IT
    loss_fixed_ratio   power lost at any load, as a share of the site's largest IT power
    loss_ratio         power lost in proportion to IT power (UPS, distribution)
    moving_ratio       power of fans, pumps, dry coolers or towers, as a share of the heat moved
    supply_c           supply temperature that the servers are given
    approach_k         how far above outdoor air free cooling can supply
    blend_k            width of the band in which free cooling and chiller share the heat
    carnot_ratio       chiller efficiency as a share of Carnot's
    coil_approach_k    how far the chilled water lies below the supply temperature
    condenser_approach_k   how far condensing lies above outdoor air
    cop_max_ratio      cap on heat lifted per chiller power, where the lift gets small
    """

    model: str = "economiser_chiller"
    pue_ratio: float = 1.3
    loss_fixed_ratio: float = 0.03
    loss_ratio: float = 0.08
    moving_ratio: float = 0.035
    supply_c: float = 24.0
    approach_k: float = 6.0
    blend_k: float = 8.0
    carnot_ratio: float = 0.4
    coil_approach_k: float = 6.0
    condenser_approach_k: float = 12.0
    cop_max_ratio: float = 8.0


@dataclass(frozen=True, slots=True)
class Site:
    """A data centre at one connection point with one billing meter.

    id                the name in the scenario
    operator          the party that runs it
    region            the price and emission area, e.g. `shandong`
    latitude_deg, longitude_deg
    gpus              GPUs installed
    idle_it_mw        IT power with every GPU idle
    it_max_mw         IT power that the hall can feed
    import_max_mw     limit of the site's own meter; export likewise
    pv_mw             nameplate of PV behind the site's own meter
    feeder            id of the shared connection it hangs behind, or ""
    """

    id: str
    operator: str
    region: str
    latitude_deg: float
    longitude_deg: float
    gpus: int
    idle_it_mw: float
    it_max_mw: float
    import_max_mw: float
    export_max_mw: float = 0.0
    pv_mw: float = 0.0
    battery: Battery | None = None
    cooling: Cooling = Cooling()
    feeder: str = ""
    name: str = ""
    name_zh: str = ""
