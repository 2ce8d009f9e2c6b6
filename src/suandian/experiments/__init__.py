"""Scenarios, runs, comparisons and reports: the only stratum that may hold truth beside measurement."""
