"""Colours and sizes of the one visual language; the same thing has the same colour everywhere.

The palette was chosen so that the smallest colour difference (CIEDE2000) between things drawn together is at least
9.5 for normal, deutan, protan and tritan sight. Red is for limits and violations and for nothing else.
"""

from __future__ import annotations

INK = "#1B1F24"
MUTED = "#57606A"
RULE = "#D0D7DE"
GRID = "#E6EAEE"
PANEL = "#F5F7F9"

PV = "#F2A900"
#: green-teal
WIND = "#1F9E89"
#: over ties to and from other regions
TIE = "#7A5C3E"
CURTAILED = "#FFF0C2"
CURTAILED_HATCH = "#B87700"
SURPLUS = "#FFF6DC"
IMPORT = "#44546A"
EXPORT = "#A9B5C2"
BATTERY = "#AF5AA3"
LOAD = "#D3C9BC"
#: lines and transformers of a network
LOSSES = "#59483A"
#: idle servers, cooling and losses of the data centre: what its computing classes do not explain
BASE = "#8E8478"
#: F0 … F5, dark is urgent, light may wait
CLASSES: dict[str, str] = {
    "F0": "#04132B",
    "F1": "#08264F",
    "F2": "#1A4F96",
    "F3": "#3F86CC",
    "F4": "#86BCE8",
    "F5": "#CDE7FB",
}
PRICE = "#111111"
CARBON = "#8A4B1C"
LIMIT = "#C8102E"
CONTROL = "#8C929A"
CONTROL_TEXT = "#5F666E"
CHOSEN = "#0B5CAD"
#: a run below full speed: paler than the arm's own colour (capped GPUs, fewer GPUs; the control's in any gear)
CAPPED = "#6FA6DB"
NARROWER = "#C3DDF5"
CONTROL_SLOWED = "#BCC0C5"

#: share of a branch's limit that is used, in fifths; above it LIMIT
LOADING = ("#CBD3DB", "#9DABBA", "#6F8296", "#475B70", "#1F3145")
#: voltage: near nominal, then further above and further below; outside the limits LIMIT and another shape
NOMINAL = "#FAFAF7"
ABOVE = ("#C9D1A6", "#98A56E", "#606C46")
BELOW = ("#CBB8E4", "#A688CC", "#6A45A0")
#: grades of transformers; red is beyond what the rule allows, and each has its letter and shape
GRADES: dict[str, str] = {"green": "#2A9D8F", "yellow": "#E9A13B", "red": LIMIT}

FONT = (
    "Inter, 'Segoe UI', 'Helvetica Neue', Arial, 'Liberation Sans', Roboto, 'DejaVu Sans', 'PingFang SC', "
    "'Microsoft YaHei', 'Noto Sans CJK SC', 'Zen Hei here', 'WenQuanYi Zen Hei', sans-serif"
)

#: forms of a figure by the width of its container in px (lower bound), widest first
FORMS: tuple[tuple[str, int], ...] = (("wide", 900), ("medium", 560), ("narrow", 0))
#: width for which labels are laid out in each form
FORM_WIDTH: dict[str, int] = {"wide": 1120, "medium": 700, "narrow": 358}
