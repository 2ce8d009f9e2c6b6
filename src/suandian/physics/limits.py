"""Limits of a network as rule records, turned into arrays, and where a flow exceeds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from suandian.model.network import Network
from suandian.physics.powerflow import Flow
from suandian.quantity.errors import DataError

__all__ = [
    "HostingRule",
    "Limits",
    "active_limits_mw",
    "hosting_rule",
    "hosting_rules",
    "limits_of",
    "records",
    "violations",
]

Array = NDArray[np.float64]

_MEASURED_RATIO = 0.05  # below this loading the quotient of power and loading says little


@dataclass(frozen=True, slots=True)
class Limits:
    """What each element may reach.

    voltage_low_pu, voltage_high_pu  `(buses,)`
    loading_max_ratio                `(branches,)`, lines first
    reverse_max_mw                   power back up through each transformer, `(transformers,)`
    """

    voltage_low_pu: Array
    voltage_high_pu: Array
    loading_max_ratio: Array
    reverse_max_mw: Array


@dataclass(frozen=True, slots=True)
class HostingRule:
    """One edition of the rule that says how much PV a transformer may still take."""

    id: str
    document: str
    effective_from: date
    confidence: str
    reverse_ratio: float
    form: str


@cache
def records() -> Mapping[str, Any]:
    """The shipped records, group by group."""
    text = (files("suandian.physics") / "data" / "network_limits.yaml").read_text(encoding="utf-8")
    values: Mapping[str, Any] = yaml.safe_load(text)
    return values


@cache
def hosting_rules() -> tuple[HostingRule, ...]:
    """Every edition, the newest first."""
    rules = [
        HostingRule(r["id"], r["document"], r["effective_from"], r["confidence"], r["reverse_ratio"], r["form"])
        for r in records()["hosting"]
    ]
    return tuple(sorted(rules, key=lambda rule: rule.effective_from, reverse=True))


def hosting_rule(name: str) -> HostingRule:
    """The edition called `name`. Raises `DataError` naming those that there are."""
    for rule in hosting_rules():
        if rule.id == name:
            return rule
    raise DataError(f"no hosting rule {name!r}; there are {', '.join(rule.id for rule in hosting_rules())}")


def limits_of(network: Network, *, power_factor_ratio: float = 0.95) -> Limits:
    """The shipped limits for every element; `power_factor_ratio` (D) turns β·S into MW of reverse flow."""
    bounds = [_voltage(float(nominal_kv)) for nominal_kv in network.buses.nominal_kv]
    most_ratio = float(records()["loading"][0]["most_ratio"])
    reverse_ratio = reverse_ratios(network, hosting_rules()[0])
    return Limits(
        voltage_low_pu=np.array([record["low_pu"] for record in bounds], dtype=np.float64),
        voltage_high_pu=np.array([record["high_pu"] for record in bounds], dtype=np.float64),
        loading_max_ratio=np.full(len(network.branch_ids), most_ratio),
        reverse_max_mw=reverse_ratio * network.transformers.rating_mva * power_factor_ratio,
    )


def reverse_ratios(network: Network, rule: HostingRule) -> Array:
    """β of each transformer: the rule's, or what is left of a parallel group when its largest is out."""
    table = network.transformers
    beta_ratio = np.full(len(table.ids), rule.reverse_ratio)
    pairs = np.stack([table.hv_bus, table.lv_bus], axis=1)
    for pair in np.unique(pairs, axis=0):
        group = np.flatnonzero((pairs == pair).all(axis=1))
        if len(group) > 1:
            rating_mva = table.rating_mva[group]
            beta_ratio[group] = min(rule.reverse_ratio, 1.0 - float(rating_mva.max() / rating_mva.sum()))
    return beta_ratio


def active_limits_mw(network: Network, limits: Limits, flow: Flow) -> Array:
    """Active power that every branch's rating leaves at the voltages and reactive power of `flow`, `(n, branches)`.

    `√(S² − Q²)` with S the apparent power over the loading of the state: exact where loading and limit meet.
    """
    apparent_mva = np.hypot(flow.branch_mw, flow.branch_mvar)
    measured = flow.loading_ratio > _MEASURED_RATIO
    rated_mva = np.where(measured, apparent_mva / np.where(measured, flow.loading_ratio, 1.0), network.branch_rated_mva)
    left_mw: Array = np.sqrt(np.maximum((rated_mva * limits.loading_max_ratio) ** 2 - flow.branch_mvar**2, 0.0))
    return left_mw


def violations(network: Network, flow: Flow, limits: Limits) -> dict[str, NDArray[np.bool_]]:
    """Where each limit is exceeded; an interval without a solution exceeds everything.

    voltage_low, voltage_high `(periods, buses)`, loading `(periods, branches)`, reverse `(periods, transformers)`.
    """
    failed = ~flow.converged[:, None]
    return {
        "voltage_low": (flow.voltage_pu < limits.voltage_low_pu) | failed,
        "voltage_high": (flow.voltage_pu > limits.voltage_high_pu) | failed,
        "loading": (flow.loading_ratio > limits.loading_max_ratio) | failed,
        "reverse": (-flow.transformer_mw(network) > limits.reverse_max_mw) | failed,
    }


def _voltage(nominal_kv: float) -> Mapping[str, Any]:
    for record in records()["voltage"]:
        if nominal_kv <= record["nominal_most_kv"]:
            chosen: Mapping[str, Any] = record
            return chosen
    raise DataError(f"no voltage limit for {nominal_kv:g} kV; the records end at 1000 kV")
