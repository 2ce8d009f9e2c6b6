"""The scenario door: text with units becomes a frozen, checked Scenario, and a Scenario becomes a Truth."""

from suandian.experiments.scenario.scenario import Arm, Scenario, load, scenarios

__all__ = ["Arm", "Scenario", "load", "scenarios"]
