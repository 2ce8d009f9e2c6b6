"""Where things are, and which sites a stream can reach within its latency."""

from __future__ import annotations

from collections.abc import Mapping

from suandian.experiments import presets
from suandian.experiments.scenario.places import SiteSection
from suandian.experiments.scenario.work import StreamSection
from suandian.signals.interactive import one_way_fibre_ms

__all__ = ["allowed_sites", "has_place", "latency_ms", "place_of"]


def has_place(section: SiteSection) -> bool:
    """Is it said where the site is, by coordinates or by a hub that exists?"""
    given = section.latitude_deg is not None and section.longitude_deg is not None
    return given or section.hub in presets.hub_names()


def place_of(section: SiteSection) -> tuple[float, float]:
    """Latitude and longitude of a site in degrees: as given, else those of its hub."""
    if section.latitude_deg is not None and section.longitude_deg is not None:
        return section.latitude_deg, section.longitude_deg
    hub = presets.hub(section.hub)
    latitude_deg = section.latitude_deg if section.latitude_deg is not None else hub.latitude_deg
    return latitude_deg, section.longitude_deg if section.longitude_deg is not None else hub.longitude_deg


def latency_ms(stream: StreamSection, site: SiteSection) -> float:
    """One-way network delay from the stream's origin to the site."""
    if stream.origin_latitude_deg is not None and stream.origin_longitude_deg is not None:
        origin = (stream.origin_latitude_deg, stream.origin_longitude_deg)
    else:
        city = presets.city(stream.origin)
        origin = (city.latitude_deg, city.longitude_deg)
    return one_way_fibre_ms(*origin, *place_of(site))


def allowed_sites(stream: StreamSection, sites: Mapping[str, SiteSection]) -> list[str]:
    """Sites that may serve the stream: its home, and for F1 every site within its latency."""
    near = [key for key, site in sites.items() if latency_ms(stream, site) <= stream.latency_max_ms]
    return [key for key in sites if key == stream.home or (stream.label == "F1" and key in near)]
