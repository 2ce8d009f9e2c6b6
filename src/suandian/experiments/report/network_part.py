"""The part of the report on the network behind a feeder, where there is one."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from suandian.experiments.report.canvas import Figure, Pool
from suandian.experiments.report.captions_network import network_sub
from suandian.experiments.report.figures_hosting import curves_figure
from suandian.experiments.report.figures_map import MapFigure, map_figure
from suandian.experiments.report.figures_network import held_figure, mains_figure
from suandian.experiments.report.figures_response import response_figure
from suandian.experiments.report.study import Study
from suandian.experiments.report.table import KpiRow, network_rows

__all__ = ["NetworkPart", "network_part"]


@dataclass(frozen=True, slots=True)
class NetworkPart:
    """Sub-line, map (None without places), the other figures, and rows of the network's key figures."""

    sub: Markup
    map: MapFigure | None
    drawn: tuple[Figure, ...]
    rows: tuple[KpiRow, ...]

    @property
    def figures(self) -> tuple[str, ...]:
        """Ids of the figures after the map, in their order."""
        return tuple(figure.id for figure in self.drawn)


def network_part(study: Study, pool: Pool) -> NetworkPart | None:
    """The part, or None where no feeder has a network."""
    reading = study.network
    if reading is None:
        return None
    figures = (
        mains_figure(study, pool, reading),
        held_figure(study, pool, reading),
        response_figure(study, pool, reading),
        curves_figure(study, pool, reading),
    )
    return NetworkPart(
        sub=network_sub(study, reading),
        map=map_figure(study),
        drawn=tuple(figure for figure in figures if figure is not None),
        rows=tuple(network_rows(study)),
    )
