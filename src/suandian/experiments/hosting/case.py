"""What is assessed: a network with a year of load, PV and computing, and everything that had to be assumed for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import yaml
from numpy.typing import NDArray

from suandian.adapters.networks import named
from suandian.experiments.scenario.networks import COUNTY, county_units, feeder_network
from suandian.experiments.scenario.places import FeederSection
from suandian.model.network import DataCentres, Network
from suandian.physics.limits import Limits, limits_of
from suandian.quantity.errors import Fault, ScenarioError
from suandian.quantity.timeaxis import TimeAxis
from suandian.signals import load, renewable
from suandian.signals.county import county_network

if TYPE_CHECKING:
    from suandian.experiments.scenario import Scenario

__all__ = ["Case", "case_of"]

Array = NDArray[np.float64]

_ZONE = "Asia/Shanghai"
_YEAR = 2026
_LOAD_MIN_RATIO = 0.39  # of the county's yearly peak (D): 20 of 51.5 MW in county-noon
_PLANT_WEIGHT_RATIO = 0.15  # as in county-noon (D): a county lies between one plant (0.35) and a province (0)
_POWER_FACTOR_RATIO = 0.95  # D
_UTILISATION_RATIO = 0.63  # rack use of the hub clusters, mid-2024 (as in county-noon)
_PUE_RATIO = 1.25  # upper bound for new large data centres in China's 2024 action plan
_STEP_MAX_S = 10_800


@dataclass(frozen=True, slots=True)
class Case:
    """A network and its year.

    load_ratio, pv_ratio   what multiplies reference loads and PV nameplates, `(periods,)`
    computing_mw           constant draw of the computing that is there; it may rise to `computing_max_mw`
    centre_ratio           share of existing and new computing at each bus, `(buses,)`
    assumptions            pairs of English and Chinese text
    """

    name: str
    network: Network
    limits: Limits
    axis: TimeAxis
    zone: str
    load_ratio: Array
    pv_ratio: Array
    computing_mw: float
    computing_max_mw: float
    centre_ratio: Array
    power_factor_ratio: float
    assumptions: tuple[tuple[str, str], ...]


def case_of(name: str, *, region: str = "", feeder: str = "", seed: int | None = None, step_h: float = 1.0) -> Case:
    """The case of a network (`county`, `ieee33`, `simbench:CODE`, a file) or of a scenario's feeder.

    region  province whose weather and load shape a bare network gets; a scenario has its own
    seed    of the generated county and of the year's series; the scenario's own if left out
    Raises `ScenarioError` or `DataError`.
    """
    step_s = round(step_h * 3600)
    if not 0 < step_s <= _STEP_MAX_S or 86400 % step_s:
        told = f"{step_h:g} h does not divide a day or is longer than 3 h, which smooths the noon away; write e.g. 1h"
        raise ScenarioError([Fault("--step", told)], source="hosting")
    if name == COUNTY:
        made = county_network(seed=seed or 0, data_centre_max_mw=20.0)
        return _bare(made, region or "shandong", seed or 0, step_s)
    if _is_network(name):
        return _bare(named.network(name), region or "shandong", seed or 0, step_s)
    if region:
        raise ScenarioError([Fault("--region", "a scenario has its own region; leave it out")], source="hosting")
    from suandian.experiments.scenario import load as load_scenario

    return _of_scenario(load_scenario(name), feeder, seed, step_s)


def _is_network(name: str) -> bool:
    """A shipped network, SimBench, pandapower JSON, or a YAML file with buses; anything else is a scenario."""
    if name in named.SHIPPED or name.startswith("simbench:") or name.lower().endswith(".json"):
        return True
    path = Path(name)
    if path.suffix.lower() not in (".yaml", ".yml") or not path.is_file():
        return False
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        return False
    return isinstance(values, dict) and "buses" in values


def _bare(network: Network, region: str, seed: int, step_s: int) -> Case:
    axis = _axis(_YEAR, _ZONE, step_s)
    centres = network.data_centres
    capacity_mw = float(centres.import_max_mw.sum())
    assumptions = [
        (f"Load, PV and weather of {_YEAR} are generated for {region}; every bus follows the same shape. The network's "
         "loads are taken as the year's peak.",
         f"{_YEAR}年负荷、光伏与气象按{region}生成，各节点同形；网络文件中的负荷视为全年最大值。"),
        (f"Existing computing draws {_UTILISATION_RATIO:.0%} of its import limit all day (D).",
         f"现有算力负荷全天恒为其受电上限的{_UTILISATION_RATIO:.0%}（默认值）。"),
    ]  # fmt: skip
    if not network.pv.connected.any():
        assumptions.append(("No PV is connected; it is taken to grow in proportion to load.",
                            "现无光伏接入；新增光伏按负荷比例分布。"))  # fmt: skip
    return _case(
        network, axis, _ZONE, region, seed, None,
        computing_mw=_UTILISATION_RATIO * capacity_mw, computing_max_mw=capacity_mw,
        power_factor_ratio=_POWER_FACTOR_RATIO, assumptions=assumptions,
    )  # fmt: skip


def _of_scenario(scenario: Scenario, feeder: str, seed: int | None, step_s: int) -> Case:
    """The generated county, scaled to the scenario's feeder and to the sites behind it."""
    world = scenario.study.feeders
    if not world:
        raise ScenarioError([Fault("feeders", "the scenario has no feeder; name a network instead")], source="hosting")
    feeder = feeder or next(iter(world))
    if feeder not in world:
        told = f"the scenario has no feeder {feeder!r}; there are {', '.join(world)}"
        raise ScenarioError([Fault("--feeder", told)], source="hosting")
    section = world[feeder]
    sites = [site for site in scenario.study.sites.values() if site.feeder == feeder]
    capacity_mw = sum(site.import_max_mw for site in sites)
    it_mw = sum(site.idle_it_mw + _UTILISATION_RATIO * (site.it_max_mw - site.idle_it_mw) for site in sites)
    it_max_mw = sum(site.it_max_mw for site in sites)
    seed = scenario.seed if seed is None else seed
    network = feeder_network(feeder, section, scenario.study.sites, seed=seed, data=scenario.data)
    network = replace(network, name=f"{scenario.name}: {feeder}")
    assumptions = [
        _stands_for(section, network),
        (f"The whole year {scenario.axis.start.year} is assessed, not only the scenario's days; load and PV come from "
         "the scenario's generators, and every village follows the same shape.",
         f"评估{scenario.axis.start.year}全年，而非仅情景时段；负荷与光伏由情景的生成器给出，各村同形。"),
        (f"Existing computing draws {_PUE_RATIO * it_mw:.1f} MW all day: {_UTILISATION_RATIO:.0%} of all GPUs busy, "
         f"PUE {_PUE_RATIO:g} (D). The site's battery stands still.",
         f"现有算力全天恒为{_PUE_RATIO * it_mw:.1f} MW：GPU利用率{_UTILISATION_RATIO:.0%}，"
         f"PUE {_PUE_RATIO:g}（默认值）；储能不动作。"),
    ]  # fmt: skip
    return _case(
        network, _axis(scenario.axis.start.astimezone(ZoneInfo(scenario.zone)).year, scenario.zone, step_s),
        scenario.zone, section.region, seed, (section.latitude_deg, section.longitude_deg),
        computing_mw=min(_PUE_RATIO * it_mw, capacity_mw), computing_max_mw=min(_PUE_RATIO * it_max_mw, capacity_mw),
        power_factor_ratio=section.power_factor_ratio, assumptions=assumptions, name=scenario.name,
        load_min_ratio=section.load_min_mw / section.load_max_mw if section.load_max_mw > 0.0 else 0.0,
    )  # fmt: skip


def _stands_for(section: FeederSection, network: Network) -> tuple[str, str]:
    """Where the network comes from, in both languages."""
    buses = len(network.buses.ids)
    if section.network is not None and section.network.source != COUNTY:
        return (f"The scenario's own network of {buses} buses: {network.source}.",
                f"情景自带{buses}节点网络：{network.source}。")  # fmt: skip
    ratings = county_units(section)
    each = f"{len(ratings)} × {ratings[0]:g} MVA"
    head_zh = "情景的馈线" if section.network is not None else "情景中的馈线为等值主变；此处以之代替的"
    head = ("The scenario's feeder is" if section.network is not None else
            "The scenario's feeder is one lumped transformer; in its place stands")  # fmt: skip
    return (
        f"{head} a generated county of {buses} buses with {each}, {section.pv_mw:g} MW of PV and "
        f"{section.load_max_mw:g} MW of peak load. Village transformers and feeders are sized to that load and PV, so "
        "that the county's own transformers bind first (D).",
        f"{head_zh}为{buses}节点的生成县网：{each}、光伏{section.pv_mw:g} MW、最大负荷"
        f"{section.load_max_mw:g} MW；配变与线路按该负荷与光伏配置，"
        "故主变先受限（默认值）。",
    )


def _case(
    network: Network,
    axis: TimeAxis,
    zone: str,
    region: str,
    seed: int,
    place: tuple[float, float] | None,
    *,
    computing_mw: float,
    computing_max_mw: float,
    power_factor_ratio: float,
    assumptions: list[tuple[str, str]],
    name: str = "",
    load_min_ratio: float = _LOAD_MIN_RATIO,
) -> Case:
    network, centre_ratio, told = _with_place_for_computing(network)
    load_ratio = np.ones(axis.periods)
    if load_min_ratio < 1.0:
        load_ratio = load.local_load_mw(
            axis, province=region, zone=zone, minimum_mw=load_min_ratio, maximum_mw=1.0, seed=seed
        )
    pv_ratio = renewable.pv_capacity_factor(
        axis, [region], seed=seed, plant_weight_ratio=_PLANT_WEIGHT_RATIO, name="hosting",
        points=(place,) if place is not None else None,
    )[0]  # fmt: skip
    return Case(
        name=name or network.name,
        network=network,
        limits=limits_of(network, power_factor_ratio=power_factor_ratio),
        axis=axis,
        zone=zone,
        load_ratio=load_ratio,
        pv_ratio=pv_ratio,
        computing_mw=computing_mw,
        computing_max_mw=computing_max_mw,
        centre_ratio=centre_ratio,
        power_factor_ratio=power_factor_ratio,
        assumptions=(*assumptions, *told),
    )


def _with_place_for_computing(network: Network) -> tuple[Network, Array, list[tuple[str, str]]]:
    """Where computing is and comes: at the data centres, else behind the transformers next to the slack, else there."""
    from suandian.physics.grades import top_transformers

    count = len(network.buses.ids)
    centres = network.data_centres
    ratio = np.zeros(count)
    if len(centres.ids) and centres.import_max_mw.sum() > 0.0:
        np.add.at(ratio, centres.bus, centres.import_max_mw / centres.import_max_mw.sum())
        return network, ratio, []
    top = top_transformers(network)
    rating_mva = network.transformers.rating_mva[top]
    if len(top):
        np.add.at(ratio, network.transformers.lv_bus[top], rating_mva / rating_mva.sum())
        told = ("New computing is connected at the low-voltage side of the transformers next to the grid above.",
                "新增算力接在与上级电网相邻的变压器低压侧。")  # fmt: skip
    else:
        far = int(np.argmax(network.at_buses(network.loads.bus, network.loads.active_mw)))
        ratio[far] = 1.0
        told = (f"New computing is connected at the bus with the largest load, {network.buses.ids[far]}.",
                f"新增算力接在负荷最大的节点{network.buses.ids[far]}。")  # fmt: skip
    return replace(network, data_centres=DataCentres()), ratio, [told]


def _axis(year: int, zone: str, step_s: int) -> TimeAxis:
    first = datetime(year, 1, 1, tzinfo=ZoneInfo(zone))
    after = datetime(year + 1, 1, 1, tzinfo=ZoneInfo(zone))
    return TimeAxis(first.astimezone(ZoneInfo("UTC")), timedelta(seconds=step_s),
                    round((after - first).total_seconds()) // step_s)  # fmt: skip
