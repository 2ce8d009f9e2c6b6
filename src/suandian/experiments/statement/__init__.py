"""Statements of delivery: from any site's own meter file and a list of events to what was measured, and why."""

from suandian.experiments.statement.calls import Call, Calls, read_calls
from suandian.experiments.statement.measure import Measured, Statement, measure

__all__ = ["Call", "Calls", "Measured", "Statement", "measure", "read_calls"]
