"""Curves over time: weather, renewables, load, prices, carbon, tariffs, arrivals, and their forecasts."""
