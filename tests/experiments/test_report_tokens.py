"""Colours can be told apart, also by colour-blind readers, and text can be read on its ground."""

import math
from itertools import combinations

import numpy as np
import pytest

from suandian.experiments.report import tokens

#: Machado, Oliveira, Fernandes 2009, severity 1.0, on linear RGB.
SIGHT = {
    "normal": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
#: what is drawn together
TOGETHER = {
    "uses": [tokens.LOAD, tokens.LOSSES, tokens.BASE, *tokens.CLASSES.values()],
    "sources": [tokens.PV, tokens.BATTERY, tokens.IMPORT, tokens.EXPORT],
    "balance_out": [tokens.LOAD, tokens.LOSSES, tokens.BASE, tokens.BATTERY, tokens.EXPORT],
    "speeds": [
        tokens.CHOSEN,
        tokens.CAPPED,
        tokens.NARROWER,
        tokens.CONTROL,
        tokens.CONTROL_SLOWED,
        tokens.LIMIT,
        tokens.SURPLUS,
    ],
    "full": [*tokens.LOADING, tokens.LIMIT],
    "voltage": [tokens.NOMINAL, *tokens.ABOVE, *tokens.BELOW, tokens.LIMIT],
    "grades": [*tokens.GRADES.values()],
    "arms": [tokens.CONTROL, tokens.CHOSEN, tokens.LIMIT],
}


def linear(colour: str) -> np.ndarray:
    srgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> tuple[float, float, float]:
    matrix = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    xyz = np.array(matrix) @ np.clip(rgb, 0, 1) / np.array([0.95047, 1.0, 1.08883])
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return float(116 * f[1] - 16), float(500 * (f[0] - f[1])), float(200 * (f[1] - f[2]))


def difference(one: tuple[float, float, float], two: tuple[float, float, float]) -> float:
    """CIEDE2000 (Sharma, Wu, Dalal 2005)."""
    (l1, a1, b1), (l2, a2, b2) = one, two
    mean7 = ((math.hypot(a1, b1) + math.hypot(a2, b2)) / 2) ** 7
    g = 1.5 - 0.5 * math.sqrt(mean7 / (mean7 + 25**7))
    c1, c2 = math.hypot(a1 * g, b1), math.hypot(a2 * g, b2)
    h1, h2 = (math.degrees(math.atan2(b, a * g)) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = h2 - h1
    turn += 360 if turn < -180 else -360 if turn > 180 else 0
    turn = 0.0 if c1 * c2 == 0 else turn
    big = 2 * math.sqrt(c1 * c2) * math.sin(math.radians(turn / 2))
    lm, cm = (l1 + l2) / 2, (c1 + c2) / 2
    hm = h1 + h2 if c1 * c2 == 0 else (h1 + turn / 2) % 360
    t = 1 - 0.17 * math.cos(math.radians(hm - 30)) + 0.24 * math.cos(math.radians(2 * hm))
    t += 0.32 * math.cos(math.radians(3 * hm + 6)) - 0.2 * math.cos(math.radians(4 * hm - 63))
    sl = 1 + 0.015 * (lm - 50) ** 2 / math.sqrt(20 + (lm - 50) ** 2)
    sc, sh = 1 + 0.045 * cm, 1 + 0.015 * cm * t
    rt = -2 * math.sqrt(cm**7 / (cm**7 + 25**7)) * math.sin(math.radians(60 * math.exp(-(((hm - 275) / 25) ** 2))))
    dl, dc, dh = (l2 - l1) / sl, (c2 - c1) / sc, big / sh
    return math.sqrt(dl**2 + dc**2 + dh**2 + rt * dc * dh)


def contrast(colour: str, ground: str = "#FFFFFF") -> float:
    """WCAG 2 contrast ratio."""
    light, dark = sorted((float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (colour, ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        # Pairs 1, 7, 13 and 25 of the test data of Sharma, Wu and Dalal.
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
        ((50.0, -0.0010, 2.4900), (50.0, 0.0011, -2.4900), 4.7461),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ],
)
def test_the_measure_of_difference_is_right(one: tuple, two: tuple, expected: float) -> None:
    assert difference(one, two) == pytest.approx(expected, abs=2e-4)


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("group", TOGETHER)
def test_things_drawn_together_can_be_told_apart(group: str, sight: str) -> None:
    seen = {colour: lab(np.array(SIGHT[sight]) @ linear(colour)) for colour in TOGETHER[group]}
    # F0 and F1 are neighbours at the urgent end of one ramp and hardly ever occur together.
    pairs = [p for p in combinations(seen, 2) if set(p) != {tokens.CLASSES["F0"], tokens.CLASSES["F1"]}]
    close = {pair: difference(seen[pair[0]], seen[pair[1]]) for pair in pairs}
    assert min(close.values()) >= 9.5, min(close, key=lambda pair: close[pair])


@pytest.mark.parametrize("colour", [tokens.INK, tokens.MUTED, tokens.CONTROL_TEXT, tokens.CHOSEN, tokens.LIMIT])
def test_text_colours_have_contrast(colour: str) -> None:
    assert contrast(colour) >= 4.5
    assert contrast(colour, tokens.PANEL) >= 4.5


def test_class_ramp_gets_lighter_with_patience() -> None:
    lightness = [lab(linear(colour))[0] for colour in tokens.CLASSES.values()]
    assert lightness == sorted(lightness)
