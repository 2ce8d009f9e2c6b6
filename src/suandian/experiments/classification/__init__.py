"""Classification of computing work: which of it is flexible, by how much, why, and what the site can offer with it."""

from suandian.experiments.classification.orchestrate import classify
from suandian.experiments.classification.reading import read_trace
from suandian.experiments.classification.result import Classification

__all__ = ["Classification", "classify", "read_trace"]
