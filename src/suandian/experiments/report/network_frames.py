"""The map's day as compact frames: a digit per branch and place, the labels, and the state of each instant in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.experiments.report.county_map import CountyMap
from suandian.experiments.report.network import ArmNetwork, NetworkReading, villages
from suandian.experiments.report.numbers import fixed
from suandian.experiments.report.sentences import sentence
from suandian.experiments.report.study import Study

__all__ = ["HIGH", "LOW", "OVER", "ArmFrames", "arm_frames", "loading_digits", "voltage_digits"]

Array = NDArray[np.float64]

#: classes of a branch: fifths of its limit, and above it
FIFTHS = np.array([0.2, 0.4, 0.6, 0.8])
OVER = 5
#: classes of a voltage: near nominal 0, three steps above 1–3 and below 4–6, outside the limits 7 and 8
STEPS_PU = np.array([0.015, 0.03, 0.05])
HIGH, LOW = 7, 8
#: A transformer this near to its limit is said to stand at it.
_FULL_RATIO = 0.98


@dataclass(frozen=True, slots=True)
class ArmFrames:
    """One arm's day: per instant a digit per branch and per place, labels of main transformers and sites, words."""

    branches: tuple[str, ...]
    places: tuple[str, ...]
    labels: tuple[tuple[str, ...], ...]
    words: tuple[str, ...]


def loading_digits(used_ratio: Array, over: NDArray[np.bool_]) -> NDArray[np.int8]:
    """Class of every branch: the fifth of its limit that it uses, or `OVER` where the limit is exceeded."""
    digits = np.searchsorted(FIFTHS, used_ratio, side="right")
    return np.where(over, OVER, digits).astype(np.int8)


def voltage_digits(voltage_pu: Array, low: NDArray[np.bool_], high: NDArray[np.bool_]) -> NDArray[np.int8]:
    """Class of every bus by its distance from nominal, or `HIGH` and `LOW` where a limit is exceeded."""
    off_pu = voltage_pu - 1.0
    step = np.searchsorted(STEPS_PU, np.abs(off_pu), side="right")
    digits = np.where((off_pu < 0.0) & (step > 0), step + 3, step)
    return np.where(high, HIGH, np.where(low, LOW, digits)).astype(np.int8)


def arm_frames(study: Study, chart: CountyMap, arm: str) -> ArmFrames:
    """The frames of the telling day in one arm."""
    reading = _reading(study)
    found, rows = reading.arms[arm], list(study.telling_day.intervals)
    branch = loading_digits(found.used_ratio[rows], found.exceeded.branch(reading.lines)[rows])
    low, high = found.exceeded.voltage_low[rows], found.exceeded.voltage_high[rows]
    voltage = voltage_digits(found.step.flow.voltage_pu[rows], low, high)
    # The customers' bus of each place, or another bus there that is outside its limits.
    place = np.stack([_worst(voltage[:, list(spot.buses)]) for spot in chart.spots], axis=1)
    nets_mw = {site: net_mw[rows] for site, net_mw in site_nets_mw(study, arm).items()}
    return ArmFrames(
        branches=tuple("".join(map(str, row)) for row in branch.tolist()),
        places=tuple("".join(map(str, row)) for row in place.tolist()),
        labels=tuple(_labels(study, found, nets_mw, index, row) for index, row in enumerate(rows)),
        words=tuple(_words(study, found, row) for row in rows),
    )


def site_nets_mw(study: Study, arm: str) -> Mapping[str, Array]:
    """Import less export of the sites behind the feeder, `(T,)` by site id."""
    reading, journal = _reading(study), study.finding.arms[arm].journal
    found = {}
    for site in study.finding.truth.fleet.sites:
        if site.feeder == reading.feeder.id:
            imported, exported = journal.metered(f"site/{site.id}/grid")
            found[site.id] = (imported - exported) / study.step_h
    return found


def _reading(study: Study) -> NetworkReading:
    assert study.network is not None, "the map is drawn only where there is a network"
    return study.network


def _worst(digits: NDArray[np.int8]) -> NDArray[np.int8]:
    first: NDArray[np.int8] = digits[:, 0].copy()
    for column in digits.T[1:]:
        first = np.where((column >= HIGH) & (first < HIGH), column, first)
    return first


def _shares(study: Study, found: ArmNetwork, row: int) -> list[tuple[str, float, bool]]:
    """Id, share of its limit in percent, and whether it feeds back, of each main transformer."""
    reading = _reading(study)
    ids = reading.network.transformers.ids
    flow_mw = found.step.flow.transformer_mw(reading.network)[row]
    return [
        (ids[t], 100.0 * float(found.used_ratio[row, reading.lines + t]), bool(flow_mw[t] < 0.0))
        for t in reading.main.tolist()
    ]


def _labels(study: Study, found: ArmNetwork, nets_mw: Mapping[str, Array], index: int, row: int) -> tuple[str, ...]:
    mains = [f"{name} {'↑' if back else '↓'} {fixed(share, 0)} %" for name, share, back in _shares(study, found, row)]
    sites = study.finding.truth.fleet.sites
    names = {site.id: study.site_name(number) for number, site in enumerate(sites)}
    return (*mains, *(f"{names[site]} {fixed(float(net[index]), 1)} MW" for site, net in nets_mw.items()))


def _words(study: Study, found: ArmNetwork, row: int) -> str:
    """The state of one instant: main transformers, villages and branches outside limits, solar held back."""
    reading, lang = _reading(study), study.lang
    said = []
    shares = _shares(study, found, row)
    for back, key in ((True, "st_back"), (False, "st_down")):
        names = [
            str(sentence(lang, "st_transformer", name=name, share=fixed(share, 0)))
            for name, share, b in shares
            if b == back
        ]
        if names:
            joint = study.words("and") if len(names) == 2 else study.words("list")
            said.append(str(sentence(lang, key, names=joint.join(names))))
    limits = reading.limits
    for key, flags, bounds_pu in (
        ("st_high", found.exceeded.voltage_high[row], limits.voltage_high_pu),
        ("st_low", found.exceeded.voltage_low[row], limits.voltage_low_pu),
    ):
        if flags.any():
            count = villages(reading.network, flags)
            bound_pu = float(bounds_pu[flags].min() if key == "st_high" else bounds_pu[flags].max())
            said.append(_counted(lang, key, count, limit=fixed(bound_pu, 2)))
    over = int(found.exceeded.branch(reading.lines)[row].sum())
    if over:
        said.append(_counted(lang, "st_over", over))
    full = int(_full(reading, found, row).sum())
    if full:
        said.append(_counted(lang, "st_full", full))
    held_mw = float(found.held_mw[row].sum())
    shown = fixed(held_mw, 1)
    said.append(str(sentence(lang, "st_held", held=shown) if shown != "0.0" else sentence(lang, "st_free")))
    return study.words("comma").join(said)


def _full(reading: NetworkReading, found: ArmNetwork, row: int) -> NDArray[np.bool_]:
    """Transformers below the main ones that stand at their limit, or nearly, without exceeding it."""
    used = found.used_ratio[row, reading.lines :]
    full: NDArray[np.bool_] = (used >= _FULL_RATIO) & ~found.exceeded.branch(reading.lines)[row, reading.lines :]
    full[reading.main] = False
    return full


def _counted(lang: str, key: str, count: int, **gaps: str) -> str:
    return str(sentence(lang, f"{key}_one" if count == 1 else key, count=fixed(count, 0), **gaps))
