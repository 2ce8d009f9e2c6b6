"""What a panel tilted at latitude would yield under a clear sky: the deterministic upper edge of PV."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from suandian.quantity.timeaxis import TimeAxis

__all__ = ["tilted_ratio"]

_SUBSTEP_MAX_S = 600  # the sun is looked at in the middle of parts no longer than ten minutes
_NODE_S = 3600  # the sun's place among the stars moves so slowly that hourly nodes and straight lines suffice
_DELTA_T_S = 70.0  # TT − UT1 in the 2020s (IERS: 69–70 s); a second more or less moves the sun by 1e-5 degrees
_LINKE_TURBIDITY = 3.0  # fixed, as in the fit of the cloud factor
_ALBEDO_RATIO = 0.2  # grass, Liu and Jordan 1963
_REFERENCE_W_PER_M2 = 1000.0  # irradiance at standard test conditions, IEC 60904-3


@lru_cache(maxsize=64)
def tilted_ratio(axis: TimeAxis, points: tuple[tuple[float, float], ...]) -> NDArray[np.float64]:
    """Clear-sky irradiance on south-facing planes tilted at latitude / 1000 W/m², `(periods,)`, read-only.

    Mean over `points` (latitude_deg, longitude_deg) and over each interval, from values at the middle of sub-intervals.
    Beam, diffuse and ground-reflected parts: Ineichen and Perez 2002 as in pvlib with Linke turbidity 3 at sea level,
    isotropic sky (Liu and Jordan 1963). Sun: NREL SPA (Reda and Andreas 2004) as in pvlib.
    """
    parts = -(-axis.step_s // _SUBSTEP_MAX_S)
    middle_s = axis.start_s + axis.step_s * (np.arange(axis.periods * parts) + 0.5) / parts
    greenwich_deg, declination_deg = _sun(middle_s)
    extra_w_per_m2 = _extraterrestrial_w_per_m2(middle_s)
    total = np.zeros(middle_s.size)
    for latitude_deg, longitude_deg in points:
        total += _plane_w_per_m2(latitude_deg, greenwich_deg + longitude_deg, declination_deg, extra_w_per_m2)
    mean_ratio: NDArray[np.float64] = (
        (total / (len(points) * _REFERENCE_W_PER_M2)).reshape(axis.periods, parts).mean(axis=1)
    )
    mean_ratio.setflags(write=False)
    return mean_ratio


def _sun(when_s: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Hour angle at Greenwich and declination in degrees at Unix seconds `when_s`."""
    from pvlib import spa  # slow to import

    nodes_s = np.arange(np.floor(when_s[0] / _NODE_S), np.floor(when_s[-1] / _NODE_S) + 2) * _NODE_S
    sidereal_deg, ascension_deg, declination_deg = spa.solar_position_numpy(
        nodes_s, 0.0, 0.0, 0.0, 1013.25, 12.0, _DELTA_T_S, 0.5667, 1, sst=True
    )
    hour_angle_deg = np.unwrap(sidereal_deg - ascension_deg, period=360.0)
    hour_deg: NDArray[np.float64] = np.interp(when_s, nodes_s, hour_angle_deg)
    delta_deg: NDArray[np.float64] = np.interp(when_s, nodes_s, declination_deg)
    return hour_deg, delta_deg


def _extraterrestrial_w_per_m2(when_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Normal irradiance above the atmosphere (Spencer 1971 as in pvlib)."""
    from pvlib import irradiance

    dates = when_s.astype("datetime64[s]")
    day = (dates - dates.astype("datetime64[Y]")).astype(np.float64) / 86400.0 + 1.0
    normal_w_per_m2: NDArray[np.float64] = np.asarray(irradiance.get_extra_radiation(day), dtype=np.float64)
    return normal_w_per_m2


def _plane_w_per_m2(
    latitude_deg: float,
    hour_angle_deg: NDArray[np.float64],
    declination_deg: NDArray[np.float64],
    extra_w_per_m2: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Irradiance on the plane (tilt = latitude, facing the equator); Duffie and Beckman eqs. 1.6.5 and 1.6.7."""
    from pvlib import atmosphere, clearsky, spa

    phi, hour, delta = np.radians(latitude_deg), np.radians(hour_angle_deg), np.radians(declination_deg)
    sin_elevation = np.sin(phi) * np.sin(delta) + np.cos(phi) * np.cos(delta) * np.cos(hour)
    elevation_deg = np.degrees(np.arcsin(sin_elevation))
    elevation_deg += spa.atmospheric_refraction_correction(1013.25, 12.0, elevation_deg, 0.5667)
    up = np.flatnonzero(elevation_deg > 0.0)
    zenith_deg = 90.0 - elevation_deg[up]
    airmass = atmosphere.get_relative_airmass(zenith_deg)
    sky = clearsky.ineichen(zenith_deg, airmass, _LINKE_TURBIDITY, altitude=0.0, dni_extra=extra_w_per_m2[up])
    # With tilt = latitude the plane sees the sun as a horizontal plane on the equator does.
    tilt = abs(phi)
    beam = sky["dni"] * np.maximum(np.cos(delta[up]) * np.cos(hour[up]), 0.0)
    diffuse = sky["dhi"] * (1.0 + np.cos(tilt)) / 2.0
    ground = sky["ghi"] * _ALBEDO_RATIO * (1.0 - np.cos(tilt)) / 2.0
    plane = np.zeros(hour_angle_deg.size)
    plane[up] = beam + diffuse + ground
    return plane
