"""Pieces that pages share: tables, figures with their numbers, the environment of templates and the style sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from suandian.experiments.report import tokens

__all__ = ["Picture", "Table", "environment", "resource_text", "style"]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a page: heads, rows of cells; the first column heads its row."""

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    scrolls: bool = True


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure: id, what it finds, what it shows, the drawing, a sentence below, and its numbers."""

    id: str
    title: str
    sub: str
    drawing: Markup
    caption: str
    legend: Sequence[tuple[str, str, str]] = ()
    table: Table | None = None


def environment() -> Environment:
    """Templates that escape everything and know `pieces.html`."""
    return Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FunctionLoader(lambda name: resource_text(__package__, name)),
    )


@cache
def resource_text(package: str, name: str) -> str:
    """A text file that ships with a package."""
    return resources.files(package).joinpath(name).read_text(encoding="utf-8")


def style(running: str, *packages: str) -> Markup:
    """The report's style, then `page.css` of each package; `running` heads printed pages.

    Characters that would end the style sheet's string or the element that holds it are left out of `running`.
    """
    head = running.replace("\\", "").replace('"', "").replace("<", "")
    colours = {
        "ink": tokens.INK, "muted": tokens.MUTED, "rule": tokens.RULE, "grid": tokens.GRID, "panel": tokens.PANEL,
        "chosen": tokens.CHOSEN, "control-text": tokens.CONTROL_TEXT, "limit": tokens.LIMIT,
    }  # fmt: skip
    root = "".join(f"--{name}:{value};" for name, value in colours.items())
    sheets = [resource_text("suandian.experiments.report", "report.css")]
    sheets += [resource_text(package, "page.css") for package in packages]
    return Markup(f':root{{{root}--font:{tokens.FONT};--running:"{head}"}}\n' + "\n".join(sheets))
