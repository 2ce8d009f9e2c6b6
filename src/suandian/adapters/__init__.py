"""Foreign formats and systems: traces, data sets, later schedulers, meters and protocols."""
