"""The part on regions: curtailment avoided at each connection, and the same move under three carbon factors.

It stands only in studies with renewable energy behind more than one connection.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from markupsafe import Markup

from suandian.experiments.report.numbers import fixed, round_half_up
from suandian.experiments.report.pieces import Table
from suandian.experiments.report.sentences import sentence
from suandian.experiments.report.study import Study

__all__ = ["FACTORS", "Region", "RegionsPart", "regions", "regions_part"]

#: In the order of the columns; each is a column `carbon_<name>_kg` of the frame of connections.
FACTORS: tuple[str, ...] = ("average", "marginal", "official")

Number = dict[str, float]


@dataclass(frozen=True, slots=True)
class Region:
    """One connection (or with an empty id their sum): its frame's row in the control and in the chosen arm."""

    id: str
    name: str
    control: Number
    chosen: Number

    @property
    def available_mwh(self) -> float:
        return self.control["pv_available_mwh"] + self.control["wind_available_mwh"]

    @property
    def curtailed_mwh(self) -> tuple[Decimal, Decimal]:
        """Wind and solar thrown away in the control and in the chosen arm, as shown: whole MWh."""
        control, chosen = (
            round_half_up(row["pv_curtailed_mwh"] + row["wind_curtailed_mwh"], 0) for row in (self.control, self.chosen)
        )
        return control, chosen

    @property
    def avoided_mwh(self) -> Decimal:
        """Difference of what is shown."""
        control, chosen = self.curtailed_mwh
        return control - chosen

    def change(self, column: str) -> float:
        return self.chosen[column] - self.control[column]

    @classmethod
    def total(cls, found: Sequence[Region], name: str) -> Region:
        """Energies and carbon of all of them together, before anything is rounded."""
        control, chosen = (
            {column: sum(row[column] for row in rows) for column in rows[0] if column.endswith(("_mwh", "_kg"))}
            for rows in ([region.control for region in found], [region.chosen for region in found])
        )
        return cls("", name, control, chosen)


@dataclass(frozen=True, slots=True)
class RegionsPart:
    """What the page shows: a finding as title, two tables, and what each factor answers."""

    title: Markup
    sub: Markup
    tables: tuple[Table, ...]
    notes: tuple[Markup, ...]


def regions(study: Study) -> tuple[Region, ...]:
    """Connections with renewable energy or data centres; none where fewer than two have renewable energy."""
    frames = [study.finding.arms[arm].sites for arm in (study.control, study.chosen)]
    if not {"pv_available_mwh", "wind_available_mwh"} <= set(frames[0].columns):
        return ()
    rows = [{row["connection"]: row for row in frame.iter_rows(named=True)} for frame in frames]
    found = tuple(Region(key, _name(study, key), row, rows[1][key]) for key, row in rows[0].items())
    return found if sum(region.available_mwh > 0.0 for region in found) > 1 else ()


def _name(study: Study, connection: str) -> str:
    fleet = study.finding.truth.fleet
    places = {site.id: site for site in fleet.sites} | {feeder.id: feeder for feeder in fleet.feeders}
    place = places[connection]
    return (place.name_zh if study.lang == "zh" else place.name) or connection


def regions_part(study: Study) -> RegionsPart | None:
    """The part, or None for a study without regions."""
    found = regions(study)
    if not found:
        return None
    lang = study.lang
    notes = [] if study.alone else [sentence(lang, f"regions_{name}") for name in FACTORS]
    if study.finding.truth.fleet.ties:
        notes.append(sentence(lang, "regions_ties"))
    if not study.alone:
        notes.append(sentence(lang, "regions_scope"))
    tables = [_curtailment(study, found)] + ([] if study.alone else [_carbon(study, found)])
    return RegionsPart(_title(study, found), _sub(study), tuple(tables), tuple(notes))


def _title(study: Study, found: Sequence[Region]) -> Markup:
    whole = Region.total(found, "")
    if study.alone:
        total = study.fact("regions_total_mwh", float(whole.curtailed_mwh[0]), 0, "MWh")
        return sentence(study.lang, "regions_alone", total=total)
    avoided_mwh = whole.avoided_mwh
    if avoided_mwh == 0:
        return sentence(study.lang, "regions_same")
    gap = study.fact("regions_avoided_mwh", float(abs(avoided_mwh)), 0, "MWh")
    if avoided_mwh < 0:
        return sentence(study.lang, "regions_more", gap=gap)
    most = max(found, key=lambda region: region.avoided_mwh)
    best = study.fact("regions_most_mwh", float(most.avoided_mwh), 0, "MWh")
    key = "regions_less" if most.avoided_mwh <= avoided_mwh else "regions_less_shifted"
    return sentence(study.lang, key, gap=gap, place=most.name, best=best, signs=_signs(study, found))


def _signs(study: Study, found: Sequence[Region]) -> Markup:
    """Do the three factors agree on the sign of the move?"""
    down = [sum(region.change(f"carbon_{name}_kg") for region in found) < 0 for name in FACTORS]
    key = "regions_split" if len(set(down)) > 1 else "regions_all_down" if down[0] else "regions_all_up"
    return sentence(study.lang, key)


def _sub(study: Study) -> Markup:
    if study.alone:
        return sentence(study.lang, "regions_sub_alone")
    control, chosen = study.words.arm(study.control), study.words.arm(study.chosen)
    return sentence(study.lang, "regions_sub", control=control, chosen=chosen)


#: Head, what a region shows there, decimals, with sign?
_Column = tuple[str, Callable[[Region], float | Decimal], int, bool]


def _curtailment(study: Study, found: Sequence[Region]) -> Table:
    words = study.words
    columns: list[_Column] = [
        (words("r_available"), lambda r: r.available_mwh, 0, False),
        (words("r_curtailed", arm=words.arm(study.control)), lambda r: r.curtailed_mwh[0], 0, False),
    ]
    if not study.alone:
        columns += [
            (words("r_curtailed", arm=words.arm(study.chosen)), lambda r: r.curtailed_mwh[1], 0, False),
            (words("r_avoided"), lambda r: r.avoided_mwh, 0, True),
            (words("r_wind"), lambda r: -_moved(r, "wind_curtailed_mwh", 1.0, 0), 0, True),
        ]
    if study.finding.truth.fleet.ties:
        columns.append((words("r_tie"), lambda r: r.chosen["tie_out_mwh"], 0, False))
    return _table(study, "r_curtailment", found, columns)


def _moved(region: Region, column: str, scale: float, decimals: int) -> Decimal:
    """The change in units of `scale`; of the sum the difference of what the key figures show of both arms."""
    if region.id:
        return round_half_up(region.change(column) / scale, decimals)
    chosen, control = (round_half_up(row[column] / scale, decimals) for row in (region.chosen, region.control))
    return chosen - control


def _carbon(study: Study, found: Sequence[Region]) -> Table:
    words = study.words
    largest_kg = max(abs(region.change(f"carbon_{name}_kg")) for region in found for name in FACTORS)
    decimals = 0 if largest_kg >= 1e7 else 1
    columns: list[_Column] = [(words("r_computing"), lambda r: _moved(r, "facility_mwh", 1.0, 0), 0, True)]
    columns += [
        (
            words(f"r_{name}"),
            partial(_moved, column=f"carbon_{name}_kg", scale=1000.0, decimals=decimals),
            decimals,
            True,
        )
        for name in FACTORS
    ]
    return _table(study, "r_carbon", found, columns)


def _table(study: Study, caption: str, found: Sequence[Region], columns: Sequence[_Column]) -> Table:
    """One row per region and one of their sum, which is rounded once."""
    rows = [
        [region.name, *(fixed(of(region), decimals, signed=signed) for _, of, decimals, signed in columns)]
        for region in (*found, Region.total(found, study.words("total")))
    ]
    return Table(study.words(caption), [study.words("region"), *(column[0] for column in columns)], rows)
