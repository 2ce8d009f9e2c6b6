"""The simulated world: the truth of a study, advanced in compiled kernels, leaving what meters would leave."""
