"""The study report: one HTML file that opens offline, in English or Chinese."""

from suandian.experiments.report.page import html, write

__all__ = ["html", "write"]
