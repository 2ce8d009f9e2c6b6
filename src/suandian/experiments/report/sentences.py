"""Sentence patterns with gaps for numbers, English and Chinese; which one is said is decided elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from suandian.experiments.report import copy_bent, copy_cards, copy_figures, copy_network, copy_regions, copy_verdict

__all__ = ["PATTERNS", "sentence"]

#: key → (English, Chinese), from all parts of the copy; the parts may not share a key (a test holds it)
PATTERNS: Mapping[str, tuple[str, str]] = {
    **copy_verdict.PATTERNS,
    **copy_cards.PATTERNS,
    **copy_figures.PATTERNS,
    **copy_bent.PATTERNS,
    **copy_regions.PATTERNS,
    **copy_network.PATTERNS,
}


def sentence(lang: str, key: str, **gaps: Markup | str) -> Markup:
    """The pattern filled; marked-up gaps stay marked up, everything else is escaped."""
    pattern = PATTERNS[key][0 if lang == "en" else 1].replace(" %", "\u00a0%")
    return Markup(pattern).format(**gaps)
