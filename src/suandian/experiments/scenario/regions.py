"""Regions of a study: ties between shared connections, wind behind them, and prices that surplus sends to the floor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from suandian.experiments import presets
from suandian.experiments.scenario.faults import unknown
from suandian.experiments.scenario.study import StudyFile
from suandian.model.grid import Feeder, Tie
from suandian.quantity.errors import Fault
from suandian.signals import carbon, load, renewable
from suandian.signals.price import spot_price_cny_per_mwh

if TYPE_CHECKING:
    from suandian.experiments.scenario.provincial import Provincial
    from suandian.experiments.scenario.world import World

__all__ = ["feeder_wind_ratio", "region_faults", "spot_price", "surplus_hours", "ties_of"]

_Array = NDArray[np.float64]


def region_faults(study: StudyFile, feeders: tuple[str, ...], priced: tuple[str, ...] = ()) -> Iterator[Fault]:
    """Ties that lead nowhere, wind that no network knows, prices from two places (`priced`: given arrays)."""
    yield from _tie_faults(study, feeders)
    yield from _wind_faults(study)
    yield from _price_faults(study, priced)


def _tie_faults(study: StudyFile, feeders: tuple[str, ...]) -> Iterator[Fault]:
    for key, tie in study.ties.items():
        for end, name in (("from", tie.source), ("to", tie.target)):
            if name not in feeders:
                yield Fault(f"ties.{key}.{end}", unknown("feeder", name, feeders))
            elif name in study.feeders and study.feeders[name].network is not None:
                yield Fault(f"ties.{key}.{end}", f"{name} has a `network`; ties meet feeders without one")
        if tie.source == tie.target:
            yield Fault(f"ties.{key}.to", f"{tie.target} is where the tie begins; write another feeder")


def _wind_faults(study: StudyFile) -> Iterator[Fault]:
    for key, feeder in study.feeders.items():
        if feeder.wind_mw and feeder.network is not None:
            yield Fault(f"feeders.{key}.wind", "stands beside `network`, which knows PV only; leave one of them out")
        if not feeder.wind_mw and key in study.signals.feeder_wind:
            yield Fault(
                f"feeders.{key}.wind", "is missing beside its table in `signals.feeder_wind`; write e.g. 300 MW"
            )


def _price_faults(study: StudyFile, priced: tuple[str, ...]) -> Iterator[Fault]:
    for key, site in study.sites.items():
        if site.price != "spot":
            if site.spot_floor_cny_per_mwh is not None:
                yield Fault(
                    f"sites.{key}.spot_floor", "means nothing without `price: spot`; write that, or leave it out"
                )
        elif key in study.signals.price or key in priced:
            yield Fault(f"sites.{key}.price", "spot stands beside a table in `signals.price`; keep one of them")
        elif not site.tariff:
            yield Fault(f"sites.{key}.tariff", "is missing; a spot price takes its network part from it")


def ties_of(study: StudyFile) -> tuple[Tie, ...]:
    """The ties of a checked study."""
    return tuple(
        Tie(
            key,
            tie.source,
            tie.target,
            tie.limit_mw,
            tie.limit_mw if tie.limit_back_mw is None else tie.limit_back_mw,
            tie.loss_ratio,
        )
        for key, tie in study.ties.items()
    )


def feeder_wind_ratio(world: World, feeder: Feeder, provincial: Provincial | None) -> tuple[_Array, str]:
    """Wind capacity factor behind a feeder, `(periods,)`, and its source: the same wind as in the carbon signal."""
    mean_ratio = world.study.feeders[feeder.id].wind_mean_ratio
    told = f"long-run mean {mean_ratio:g} (given)" if mean_ratio is not None else ""
    if mean_ratio is None:
        mean_ratio = carbon.province_mix(feeder.region)["wind_mean"]
        told = f"long-run mean {mean_ratio:g} (D)"
    if provincial is not None:
        return provincial.wind_capacity_factor(feeder.region, mean_ratio), f"{provincial.source}; {told} [D]"
    values = renewable.wind_capacity_factor(
        world.axis, [feeder.region], seed=world.study.seed, mean_ratio={feeder.region: mean_ratio}
    )[0]
    return (
        values,
        f"generated: correlated wind of {feeder.region}, shape fitted on provincial series of 2020; {told} [D]",
    )


def surplus_hours(
    feeders: Sequence[Feeder], ties: Sequence[Tie], made_mw: _Array, load_mw: _Array
) -> NDArray[np.bool_]:
    """`(B, periods)`: what is made behind a feeder, less its local load, exceeds the ways out (export limit and ties).

    Data centres are left out: a price is told before they decide, and they take it as it is.
    """
    out_mw = np.array([feeder.export_max_mw for feeder in feeders], dtype=np.float64)
    row = {feeder.id: b for b, feeder in enumerate(feeders)}
    for tie in ties:
        out_mw[row[tie.source]] += tie.forward_max_mw
        out_mw[row[tie.target]] += tie.back_max_mw
    surplus: NDArray[np.bool_] = made_mw - load_mw > out_mw[:, None]
    return surplus


def spot_price(world: World, row: int, behind: NDArray[np.bool_], provincial: Provincial | None) -> tuple[_Array, str]:
    """Energy price at the meter of site `row`, `(periods,)`: its tariff's flat price with the spot price in place of
    the reference that the flat price holds; network, levies and demand charge stay the tariff's.

    behind   `(0 or 1, periods)` surplus hours of its feeder, if it hangs behind one
    """
    surplus = behind.sum(axis=0) > 0
    site, tariff = world.sites[row], world.tariffs[world.sites[row].id]
    section = world.study.sites[site.id]
    rule = presets.spot(site.region)
    floor = rule.floor_cny_per_mwh if section.spot_floor_cny_per_mwh is None else section.spot_floor_cny_per_mwh
    mix, seed = carbon.province_mix(site.region), world.study.seed
    if provincial is None:
        pv = renewable.pv_capacity_factor(world.axis, [site.region], seed=seed)[0]
        wind = renewable.wind_capacity_factor(
            world.axis, [site.region], seed=seed, mean_ratio={site.region: mix["wind_mean"]}
        )[0]
    else:
        pv = provincial.pv_capacity_factor(site.region)
        wind = provincial.wind_capacity_factor(site.region, mix["wind_mean"])
    spot = spot_price_cny_per_mwh(
        world.axis,
        load_ratio=load.province_load_ratio(world.axis, site.region, zone=world.study.time.zone, seed=seed),
        pv_ratio=mix["pv"] * pv,
        wind_ratio=mix["wind"] * wind,
        surplus=surplus,
        floor_cny_per_mwh=floor,
        cap_cny_per_mwh=rule.cap_cny_per_mwh,
        reference_cny_per_mwh=rule.reference_cny_per_mwh,
        seed=seed,
        name=site.region,
    )
    # A flat demand pays on average what its tariff would cost: another shape, not another level.
    reference = float(spot.mean())
    flat = tariff.floating_cny_per_mwh + tariff.fixed_cny_per_mwh
    told = f"generated spot price of {site.region}, floor {floor:g} in {surplus.mean():.0%} of hours (surplus)"
    source = rule.source
    note = f", {source.note}" if source.note else ""
    bounds = f"bounds ({source.confidence}{note}): {source.document}"
    return flat + spot - reference, f"{told}; {bounds}; level of tariff {tariff.id}, shape of Shandong's market [D]"
