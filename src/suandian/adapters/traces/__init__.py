"""What operators have of their work: job traces in their own formats, and requests to language models.

One reader per format, `read(path, **options) -> JobRecords`; `recognise` finds the format of a file; `lay` puts any
records onto a study. The formats are registered under the entry-point group `suandian.traces`; how to add one:
docs/reference/traces.md.
"""

from suandian.adapters.traces.formats import Format, Head, recognise
from suandian.adapters.traces.laying import TraceJobs, lay
from suandian.adapters.traces.power import POWER_MODELS, PowerModel
from suandian.adapters.traces.requests import azure_requests

__all__ = ["POWER_MODELS", "Format", "Head", "PowerModel", "TraceJobs", "azure_requests", "lay", "recognise"]
