"""One call for every family of baseline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.quantity.errors import DataError
from suandian.verification.baseline import BaselineBatch
from suandian.verification.control_group import ControlGroup, control_group
from suandian.verification.declared import firm_level, nominated
from suandian.verification.event import Event, History
from suandian.verification.matching import match_days
from suandian.verification.metering import LoadTable
from suandian.verification.regression import regression
from suandian.verification.replay import Replayed, replay_baseline
from suandian.verification.rules import Family, Rule
from suandian.verification.same_day import same_day

__all__ = ["Evidence", "baseline"]


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What a rule may need beside the meters; what is not given makes the rules that need it not measurable.

    temperature_c    outdoor temperature by interval, `(periods,)`
    firm_mw          firm service level, `(meters,)` or one number
    nominated_mw     schedules given before the event, `(meters, periods)`
    controls         loads of resources that were not called
    replayed         counterfactual loads from the job log
    """

    temperature_c: NDArray[np.float64] | None = None
    firm_mw: NDArray[np.float64] | float | None = None
    nominated_mw: NDArray[np.float64] | None = None
    controls: ControlGroup | None = None
    replayed: Replayed | None = None


_NOTHING = Evidence()


def baseline(
    table: LoadTable, event: Event, rule: Rule, history: History | None = None, evidence: Evidence = _NOTHING
) -> BaselineBatch:
    """Baselines of all meters of `table` for one event under one rule.

    What cannot be measured is an outcome with its reason, by meter. Raises `DataError` for inputs that are wrong in
    themselves: an event off the interval grid or wholly outside the data, overlapping events, shapes that do not fit.
    """
    known = history if history is not None else History()
    if evidence.temperature_c is not None and evidence.temperature_c.shape != (table.axis.periods,):
        raise DataError(f"temperature_c is {evidence.temperature_c.shape}, the axis has {table.axis.periods} intervals")
    match rule.family:
        case Family.DAY_MATCHING:
            return match_days(table, event, rule, known, temperature_c=evidence.temperature_c)
        case Family.SAME_DAY:
            return same_day(table, event, rule, known)
        case Family.REGRESSION:
            return regression(table, event, rule, known, temperature_c=evidence.temperature_c)
        case Family.CONTROL_GROUP:
            return control_group(table, event, rule, known, evidence.controls)
        case Family.FIRM_LEVEL:
            firm = None if evidence.firm_mw is None else np.asarray(evidence.firm_mw, dtype=np.float64)
            return firm_level(table, event, rule, firm)
        case Family.NOMINATED:
            return nominated(table, event, rule, evidence.nominated_mw)
        case Family.REPLAY:
            return replay_baseline(table, event, rule, known, evidence.replayed)
