"""Every number that the report shows is rounded and written here, and nowhere else.

A number in prose becomes `<data value="kind|name|arm">text</data>`: a test reads it back from the page and checks it
against the KPI record. Differences and changes are those of the *rounded* values shown, so that a reader who
subtracts two figures of the table gets the third.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from markupsafe import Markup, escape

__all__ = [
    "CURTAILED",
    "MEASURES",
    "MINUS",
    "NBSP",
    "NETWORK_MEASURES",
    "Measure",
    "Numbers",
    "count",
    "fixed",
    "join_unit",
    "percent",
    "round_half_up",
    "tagged",
]

MINUS = "\u2212"
NBSP = "\u00a0"


def round_half_up(value: float | Decimal, decimals: int) -> Decimal:
    """`value` rounded to `decimals`, halves away from zero; floats pass through `repr`. Never minus zero."""
    exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    rounded = exact.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    return abs(rounded) if rounded == 0 else rounded


def fixed(value: float | Decimal, decimals: int, *, signed: bool = False) -> str:
    """`1,234.5` with `decimals`; the sign is U+2212; `signed` adds `+`, and `±` to zero."""
    rounded = round_half_up(value, decimals)
    digits = f"{abs(rounded):,.{decimals}f}"
    if rounded < 0:
        return MINUS + digits
    if not signed:
        return digits
    return ("+" if rounded > 0 else "±") + digits


def count(value: float) -> str:
    """A whole number with thousands separators."""
    return fixed(value, 0)


def percent(value: float | Decimal, decimals: int = 1, *, signed: bool = False) -> str:
    """`16.3 %`: the value is in percent already."""
    return f"{fixed(value, decimals, signed=signed)}{NBSP}%"


def join_unit(text: str, unit: str) -> str:
    """Number and unit, held together by a no-break space."""
    return f"{text}{NBSP}{unit.replace(' ', NBSP)}" if unit else text


def tagged(kind: str, name: str, arm: str, text: str) -> Markup:
    """`text` as a `<data>` element that says which record it was made from."""
    return Markup('<data value="{}">{}</data>').format(f"{kind}|{name}|{arm}", escape(text))


#: What is left of a limit: a percentage of it grows without bound as it nears zero.
_REMAINDERS = ("hosting_pv_mw", "hosting_compute_mw")


@dataclass(frozen=True, slots=True)
class Measure:
    """How one KPI is shown.

    `family` decides unit and decimals: money, energy, power, hours, mass, ratio, count.
    `better` is −1 where less is better, +1 where more is better, 0 where neither is.
    """

    kpi: str
    group: str
    family: str
    better: int


#: the KPI table, in its order
MEASURES: tuple[Measure, ...] = (
    Measure("energy_cost_cny", "money", "money", -1),
    Measure("demand_charge_cny", "money", "money", -1),
    Measure("total_cost_cny", "money", "money", -1),
    Measure("objective_cny", "money", "money", -1),
    Measure("pv_curtailed_mwh", "grid", "energy", -1),
    Measure("wind_curtailed_mwh", "grid", "energy", -1),
    Measure("tie_mwh", "grid", "energy", 0),
    Measure("peak_import_mw", "grid", "power", -1),
    Measure("reverse_limit_h", "grid", "hours", -1),
    Measure("import_violation_mwh", "grid", "energy", -1),
    Measure("import_mwh", "grid", "energy", 0),
    Measure("export_mwh", "grid", "energy", 0),
    Measure("renewable_share_ratio", "grid", "ratio", 1),
    Measure("battery_throughput_mwh", "grid", "energy", 0),
    Measure("carbon_average_kg", "carbon", "mass", -1),
    Measure("carbon_marginal_kg", "carbon", "mass", -1),
    Measure("carbon_official_kg", "carbon", "mass", -1),
    Measure("jobs_completed", "service", "count", 1),
    Measure("deadline_misses", "service", "count", -1),
    Measure("delay_mean_h", "service", "hours", -1),
    Measure("delay_p95_h", "service", "hours", -1),
    Measure("interactive_unserved_mwh", "service", "energy", -1),
)
#: wind and solar curtailed together: what the verdict speaks of where there is wind
CURTAILED = Measure("curtailed_mwh", "grid", "energy", -1)
#: measures of the network behind a feeder, in a table of their own
NETWORK_MEASURES: tuple[Measure, ...] = (
    Measure("voltage_violation_bus_h", "grid", "bus_hours", -1),
    Measure("overload_h", "grid", "hours", -1),
    Measure("transformer_loading_max_ratio", "grid", "ratio", 0),
    Measure("losses_mwh", "grid", "energy", -1),
    Measure("reverse_energy_mwh", "grid", "energy", 0),
    Measure("congestion_cost_cny", "grid", "cost", -1),
    Measure("hosting_pv_mw", "grid", "power", 1),
    Measure("hosting_compute_mw", "grid", "power", 1),
    Measure("linearisation_error_max_pu", "grid", "voltage", 0),
)
_OTHER = {"work_gpu_h": "gpu_hours", "deadline_overrides": "count"}
_UNITS = {"energy": "MWh", "power": "MW", "hours": "h", "gpu_hours": "GPU-h", "ratio": "%", "count": "",
          "bus_hours": "bus-h", "voltage": "pu"}  # fmt: skip
_UNITS_ZH = _UNITS | {"hours": "小时", "gpu_hours": "GPU·小时", "bus_hours": "节点·小时"}


@dataclass(frozen=True, slots=True)
class Scale:
    """Shown value = KPI / `scale`, with `decimals`, in `unit`."""

    scale: float
    decimals: int
    unit: str


class Numbers:
    """Rounded values, differences and changes of the KPIs of a study, in one language.

    `kpis` maps arm → KPI name → value; the scale of each measure is the same for all arms.
    """

    def __init__(self, kpis: Mapping[str, Mapping[str, float]], control: str, lang: str) -> None:
        self._kpis = kpis
        self.control = control
        self.lang = lang
        self._family = {measure.kpi: measure.family for measure in (*MEASURES, CURTAILED, *NETWORK_MEASURES)} | _OTHER
        self._money_max = max((self._largest(m.kpi) for m in MEASURES if m.family == "money"), default=0.0)

    def has(self, kpi: str) -> bool:
        """Does every arm have this KPI as a finite number?"""
        return all(kpi in record and abs(record[kpi]) < float("inf") for record in self._kpis.values())

    def scale(self, kpi: str) -> Scale:
        """Unit and decimals of a KPI: fewer decimals for larger figures."""
        family = self._family[kpi]
        if family == "money":
            return _money_scale(self._money_max, self.lang)
        if family == "cost":
            return _money_scale(self._largest(kpi), self.lang)
        if family == "mass":
            return Scale(1000.0, _decimals(self._largest(kpi) / 1000.0), "t" if self.lang == "en" else "吨")
        unit = (_UNITS if self.lang == "en" else _UNITS_ZH)[family]
        if family in ("count", "gpu_hours"):
            return Scale(1.0, 0, unit)
        if family == "ratio":
            return Scale(0.01, 1, unit)
        if family == "voltage":
            return Scale(1.0, 4, unit)
        if family == "energy":
            return Scale(1.0, _decimals(self._largest(kpi)), unit)
        return Scale(1.0, 1 if self._largest(kpi) >= 0.05 or self._largest(kpi) == 0 else 2, unit)

    def unit(self, kpi: str) -> str:
        """Unit of a KPI that the study does not have."""
        return (_UNITS if self.lang == "en" else _UNITS_ZH).get(self._family[kpi], "")

    def shown(self, kpi: str, arm: str) -> Decimal:
        """The value as it is shown: scaled and rounded."""
        scale = self.scale(kpi)
        return round_half_up(self._kpis[arm][kpi] / scale.scale, scale.decimals)

    def difference(self, kpi: str, arm: str) -> Decimal:
        """Shown value minus the control's shown value."""
        return self.shown(kpi, arm) - self.shown(kpi, self.control)

    def change(self, kpi: str, arm: str) -> Decimal | None:
        """Difference as a percentage of the control's shown value, one decimal; None where that is zero or below."""
        base = self.shown(kpi, self.control)
        if base <= 0:
            return None
        return round_half_up(self.difference(kpi, arm) / base * 100, 1)

    def text(self, kpi: str, arm: str) -> str:
        """The shown value without unit."""
        return fixed(self.shown(kpi, arm), self.scale(kpi).decimals)

    def difference_text(self, kpi: str, arm: str) -> str:
        """The signed difference without unit."""
        return fixed(self.difference(kpi, arm), self.scale(kpi).decimals, signed=True)

    def change_text(self, kpi: str, arm: str) -> str:
        """Signed percentage, percentage points for shares, or `–` where there is none and the arm is not the same."""
        if self._family[kpi] == "ratio":
            points = "pp" if self.lang == "en" else "个百分点"
            return join_unit(fixed(self.difference(kpi, arm), 1, signed=True), points)
        change = None if kpi in _REMAINDERS else self.change(kpi, arm)
        if change is None:
            return "±0" if self.difference(kpi, arm) == 0 else "–"
        if change >= 1000:
            # Thousands of percent are read by nobody: how many times as much.
            return f"×{fixed(self.shown(kpi, arm) / self.shown(kpi, self.control), 0)}"
        return percent(change, signed=True)

    def value(self, kpi: str, arm: str) -> Markup:
        """Value with unit, for prose."""
        return tagged("value", kpi, arm, join_unit(self.text(kpi, arm), self.scale(kpi).unit))

    def delta(self, kpi: str, arm: str) -> Markup:
        """Signed difference with unit, for prose and cards."""
        unit = self.scale(kpi).unit
        if self._family[kpi] == "ratio":
            unit = "pp" if self.lang == "en" else "个百分点"
        return tagged("difference", kpi, arm, join_unit(self.difference_text(kpi, arm), unit))

    def gap(self, kpi: str, arm: str, other: str) -> Markup:
        """How much more `other` has than `arm`, unsigned, with unit."""
        scale = self.scale(kpi)
        gap = abs(self.shown(kpi, other) - self.shown(kpi, arm))
        return tagged("gap", kpi, f"{arm}|{other}", join_unit(fixed(gap, scale.decimals), scale.unit))

    def bound(self, bound_cny: float) -> Markup:
        """The bound on the objective, in the objective's unit."""
        scale = self.scale("objective_cny")
        text = join_unit(fixed(bound_cny / scale.scale, scale.decimals), scale.unit)
        return tagged("fluid", "objective_cny", "", text)

    def above_bound(self, bound_cny: float, arm: str) -> Decimal:
        """Shown objective of `arm` minus the shown bound."""
        scale = self.scale("objective_cny")
        return self.shown("objective_cny", arm) - round_half_up(bound_cny / scale.scale, scale.decimals)

    def bound_gap(self, bound_cny: float, arm: str) -> Markup:
        """How far the objective of `arm` lies above the bound, with unit."""
        scale = self.scale("objective_cny")
        text = join_unit(fixed(self.above_bound(bound_cny, arm), scale.decimals), scale.unit)
        return tagged("fluid", "objective_cny", arm, text)

    def signed_change(self, kpi: str, arm: str) -> Markup:
        """Signed percentage for prose and cards."""
        return tagged("change", kpi, arm, self.change_text(kpi, arm))

    def by(self, kpi: str, arm: str) -> Markup:
        """Size of the change without sign: `16 %`, one decimal below 10 %, or the difference where no % tells it."""
        change = self.change(kpi, arm)
        if not change or self._family[kpi] == "ratio":
            scale = self.scale(kpi)
            text = join_unit(fixed(abs(self.difference(kpi, arm)), scale.decimals), scale.unit)
            return tagged("by", kpi, arm, text)
        size = abs(change)
        return tagged("by", kpi, arm, percent(size, 0 if size >= 10 else 1))

    def direction(self, measure: Measure, arm: str) -> int:
        """+1 better than the control, −1 worse, 0 equal as shown (or a measure that is neither)."""
        difference = self.difference(measure.kpi, arm)
        if measure.better == 0 or difference == 0:
            return 0
        return measure.better if difference > 0 else -measure.better

    def mark(self, measure: Measure, arm: str) -> int:
        """The direction, or 0 where the change is shown as ±0.0 %: nothing to colour, nothing to call better."""
        still = self._family[measure.kpi] != "ratio" and self.change(measure.kpi, arm) == 0
        return 0 if still else self.direction(measure, arm)

    def _largest(self, kpi: str) -> float:
        return max((abs(record.get(kpi, 0.0)) for record in self._kpis.values()), default=0.0)


def _decimals(value: float) -> int:
    """Decimals for figures of which `value` is the largest."""
    if value >= 100 or value == 0:
        return 0
    return 1 if value >= 1 else 3


def _money_scale(largest_cny: float, lang: str) -> Scale:
    if lang == "en":
        return Scale(1e6, 2, "M CNY") if largest_cny >= 5e5 else Scale(1e3, 2, "k CNY")
    return Scale(1e4, 0, "万元") if largest_cny >= 5e5 else Scale(1.0, 0, "元")
