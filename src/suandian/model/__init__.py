"""Frozen data that every other stratum speaks of: parties, work, sites, grid, contracts, programmes, plans."""
