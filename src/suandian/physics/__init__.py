"""From weather and work to power: IT load, cooling, batteries, facilities, feeders."""
