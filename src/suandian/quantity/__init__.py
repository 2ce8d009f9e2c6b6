"""Units, time, series, money and errors: what every other stratum is made of."""
