"""`suandian hosting`: how much more PV and computing a network takes, by transformer and for the county."""

from suandian.experiments.hosting.assess import hosting
from suandian.experiments.hosting.case import Case, case_of
from suandian.experiments.hosting.result import Hosting

__all__ = ["Case", "Hosting", "case_of", "hosting"]
