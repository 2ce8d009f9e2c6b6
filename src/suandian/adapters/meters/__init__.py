"""Meter files of any site: interval tables, Green Button XML, OpenADR 3 reports, and the journal of a run."""

from suandian.adapters.meters.reading import read_meters
from suandian.adapters.meters.streams import MeterReadings, Stream, gather

__all__ = ["MeterReadings", "Stream", "gather", "read_meters"]
