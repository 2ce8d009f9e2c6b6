"""The day-matching engine against a slow loop written from the rules' prose, and against cases done by hand."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.model.contract import Source
from suandian.quantity.timeaxis import TimeAxis
from suandian.verification.baseline import DayState, Fallback, Outcome, Why
from suandian.verification.calendar import WEEKDAYS, Calendar
from suandian.verification.event import Event, History, Span
from suandian.verification.matching import match_days
from suandian.verification.metering import LoadTable
from suandian.verification.rules import Family, rules

MATCHING = [r for r in rules().values() if r.family is Family.DAY_MATCHING]


# --- the oracle: one meter, one interval at a time, wall-clock arithmetic with datetime, no arrays -------------------


class Loop:
    def __init__(self, table, row, event, rule, history, temperature=None):
        self.rule, self.event, self.temperature = rule, event, temperature
        self.zone, self.calendar = ZoneInfo(table.zone), table.calendar
        self.step_s = table.axis.step_s
        self.load = [float(v) for v in table.load_mw[row]]
        self.starts = [int(s) for s in table.axis.starts_s()]
        me = table.meters[row]
        self.events = [(s.start_s, s.end_s) for s in history.events if s.meter in (None, me) and s.id != event.id]
        self.events.append((event.start_s, event.end_s))
        self.outages = [(s.start_s, s.end_s) for s in history.outages if s.meter in (None, me)]
        self.declared = history.excluded_days
        self.at = {}
        for i, s in enumerate(self.starts):
            wall = self.wall(s)
            self.at.setdefault((wall.date(), wall.hour * 60 + wall.minute), i)

    def wall(self, s):
        return datetime.fromtimestamp(s, self.zone)

    def hit(self, i, spans, longer_s=0):
        s = self.starts[i]
        return any(s < b + longer_s and s + self.step_s > a for a, b in spans)

    def kind(self, d):
        if d in self.calendar.holidays:
            return "holiday"
        if d in self.calendar.workdays or d.weekday() < 5:
            return "working"
        return "saturday" if d.weekday() == 5 else "sunday"

    def irregular(self, d):
        a = datetime(d.year, d.month, d.day, tzinfo=self.zone).timestamp()
        e = d + timedelta(days=1)
        b = datetime(e.year, e.month, e.day, tzinfo=self.zone).timestamp()
        return b - a != 86400

    def offset(self, i):
        wall = self.wall(self.starts[i])
        return (wall.date() - self.day0).days * 1440 + wall.hour * 60 + wall.minute

    def index(self, d, minutes):
        return self.at.get((d + timedelta(days=minutes // 1440), minutes % 1440))

    def value(self, d, minutes):
        i = self.index(d, minutes)
        return float("nan") if i is None else self.load[i]

    def window(self):
        """Interval indices of the adjustment windows, whether data are missing, whether the window is not used."""
        adjustment, found, missing = self.rule.adjustment, set(), False
        if adjustment.kind == "none":
            return [], False, True
        for w in adjustment.windows:
            anchor = {"start": self.event.start_s, "end": self.event.end_s, "notice": self.event.notified_s}[w.anchor]
            a, b = anchor + w.from_h * 3600, anchor + w.to_h * 3600
            s = self.starts[0] + -(-(a - self.starts[0]) // self.step_s) * self.step_s
            any_inside = False
            while s + self.step_s <= b:
                any_inside = True
                i = round((s - self.starts[0]) / self.step_s)
                if 0 <= i < len(self.starts):
                    found.add(i)
                else:
                    missing = True
                s += self.step_s
            missing = missing or not any_inside
        if any(w.anchor == "notice" for w in adjustment.windows):
            away = missing or any(self.wall(self.starts[i]).date() != self.day0 for i in found)
            told = self.wall(self.event.notified_s - 1).date() == self.day0
            if away and not told:
                return [], False, True
        return sorted(found), missing, False

    def run(self):
        rule = self.rule
        own = [i for i, s in enumerate(self.starts) if self.event.start_s <= s < self.event.end_s]
        self.day0 = self.wall(self.starts[own[0]]).date()
        group = next((g for g in rule.groups if self.kind(self.day0) in g.days), None)
        if group is None:
            return None, None, "NO_DAY_TYPE"
        win, missing, unused = self.window()
        e_off, w_off = [self.offset(i) for i in own], [self.offset(i) for i in win]
        step = self.step_s // 60
        states, order, prior_seen = {}, [], 0
        first_day = self.wall(self.starts[0]).date()
        spare_events = []
        for back in range(1, group.lookback_days + 1):
            d = self.day0 - timedelta(days=back)
            if d < first_day:
                break
            if back <= rule.skip_recent_days:
                states[d] = "SKIPPED"
                continue
            if self.kind(d) not in group.days:
                states[d] = "OTHER_TYPE"
                continue
            order.append(d)
            minutes = sorted({*range(0, 1440, step), *e_off, *w_off})
            idx = [self.index(d, m) for m in minutes]
            days = {d + timedelta(days=m // 1440) for m in minutes}
            prior = any(i is not None and self.hit(i, self.events, rule.post_event_h * 3600) for i in idx)
            if prior:
                prior_seen += 1
                prior = rule.event_days_max is None or prior_seen <= rule.event_days_max
            complete = all(i is not None and self.load[i] == self.load[i] for i in idx)
            complete = complete and not self.irregular(d)
            outage = any(i is not None and self.hit(i, self.outages) for i in idx)
            last = datetime(d.year, d.month, d.day) + timedelta(minutes=max([*e_off, *w_off]))
            begin = datetime(self.day0.year, self.day0.month, self.day0.day) + timedelta(minutes=min(e_off))
            if any(self.irregular(x) for x in days if x >= first_day):
                states[d] = "CLOCK_CHANGE"
            elif d.isoformat() in self.declared:
                states[d] = "DECLARED"
            elif last >= begin:
                states[d] = "OVERLAPS_EVENT"
            elif prior:
                states[d] = "PRIOR_EVENT"
                if complete and not outage:
                    spare_events.append(d)
            elif outage:
                states[d] = "OUTAGE"
            elif not complete:
                states[d] = "INCOMPLETE"
            else:
                states[d] = "SPARE"
        mean = {d: sum(self.value(d, m) for m in e_off) / len(e_off) for d in order}
        pool = self.pool(group, rule, order, states, mean, e_off)
        from_events = False
        if len(pool) < group.minimum and "previous_event_days" in rule.fallback:
            add = self.rank(spare_events, mean)[: group.minimum - len(pool)]
            from_events = bool(add)
            pool = [d for d in order if d in pool or d in add]
        else:
            add = []
        for d in pool:
            states[d] = "POOLED"
        if len(pool) < group.minimum:
            return None, states, "TOO_FEW_DAYS"
        chosen, why = self.select(group, pool, mean, e_off)
        if why:
            return None, states, why
        for d in chosen:
            states[d] = "EVENT_DAY_USED" if d in add else "USED"
        u = {m: self.weighted(group, chosen, m) for m in {*e_off, *w_off}}
        out, why = self.adjusted(u, e_off, win, w_off, missing, unused)
        return out, states, why or ("FALLBACK" if from_events else "")

    def pool(self, group, rule, order, states, mean, e_off):
        most = group.pool or 10**9
        ok = [d for d in order if states[d] == "SPARE"]
        if rule.usage is None:
            return ok[:most]
        if rule.usage.reference == "lookback_peak":
            per = max(round(3600 / self.step_s), 1)
            hours = [e_off[i : i + per] for i in range(0, len(e_off), per)]
            peaks = [sum(self.value(d, m) for m in h) / len(h) for d in ok for h in hours]
            for d in list(ok):
                if mean[d] < (rule.usage.low_ratio - 1e-9) * max(peaks):
                    states[d] = "LOW_USAGE"
                    ok.remove(d)
            return ok[:most]
        while True:
            pool = ok[:most]
            if not pool:
                return pool
            reference = sum(mean[d] for d in pool) / len(pool)
            low = [d for d in pool if mean[d] < (rule.usage.low_ratio - 1e-9) * reference]
            most_ratio = (rule.usage.high_ratio or float("inf")) + 1e-9
            high = [d for d in pool if mean[d] > most_ratio * reference]
            for d in low:
                states[d] = "LOW_USAGE"
            for d in high:
                states[d] = "HIGH_USAGE"
            if not low and not high:
                return pool
            ok = [d for d in ok if d not in low and d not in high]

    @staticmethod
    def rank(days, value):
        """Highest first; values equal to 9 digits are ties, which the newer day wins."""
        top = max((abs(value[d]) for d in days), default=0.0) or 1.0
        return sorted(days, key=lambda d: (-round(value[d] / top * 1e9), -d.toordinal()))

    def select(self, group, pool, mean, e_off):
        if group.select == "all":
            return pool, ""
        if group.select == "high":
            return self.rank(pool, mean)[: group.keep], ""
        if group.select == "mid":
            return self.rank(pool, mean)[group.drop_high : len(pool) - group.drop_low], ""
        if group.select == "match":
            margin, step = self.rule.match_margin_h * 60, self.step_s // 60
            free = [m for m in range(0, 1440, step) if m < min(e_off) - margin or m > max(e_off) + margin]
            distance = {}
            for d in pool:
                total = 0.0
                for m in free:
                    i = self.index(self.day0, m)
                    if i is not None and self.hit(i, self.events):
                        continue
                    total += (self.value(d, m) - self.value(self.day0, m)) ** 2
                distance[d] = -total
            bad = any(v != v for v in distance.values())
            return ([] if bad else self.rank(pool, distance)[: group.keep]), "EVENT_DAY_GAP" if bad else ""
        if self.temperature is None:
            return [], "NO_TEMPERATURE"
        top = {}
        for d in [*pool, self.day0]:
            top[d] = max(self.temperature[i] for (x, _), i in self.at.items() if x == d)
        return self.rank(pool, {d: -abs(top[d] - top[self.day0]) for d in pool})[: group.keep], ""

    def weighted(self, group, chosen, minutes):
        newest = sorted(chosen, reverse=True)
        if group.decay_ratio is not None:
            value = self.value(newest[-1], minutes)
            for d in reversed(newest[:-1]):
                value = group.decay_ratio * value + (1 - group.decay_ratio) * self.value(d, minutes)
            return value
        weights = group.weights or [1 / len(newest)] * len(newest)
        return sum(w * self.value(d, minutes) for w, d in zip(weights, newest))

    def adjusted(self, u, e_off, win, w_off, missing, unused):
        rule = self.rule.adjustment
        flat = [u[m] for m in e_off]
        if unused:
            return flat, ""
        readings = [self.load[i] for i in win]
        if missing or any(v != v for v in readings) or any(self.hit(i, self.events) for i in win):
            return None, "ADJUSTMENT_GAP"
        actual, expected = sum(readings) / len(readings), sum(u[m] for m in w_off) / len(w_off)
        if rule.kind == "additive":
            return [max(0.0, b + actual - expected) for b in flat], ""
        if expected <= 0:
            return None, "ADJUSTMENT_UNDEFINED"
        r = actual / expected
        r = min(max(r, rule.low_ratio if rule.low_ratio is not None else r), rule.high_ratio or max(r, 0))
        return [b * r for b in flat], ""


# --- random tables ---------------------------------------------------------------------------------------------------


def case(seed):
    """Three meters with holidays, gaps, outages, earlier events, unusual days, and clock changes in some zones."""
    rng = np.random.default_rng(seed)

    def one_of(*values):
        return values[int(rng.integers(len(values)))]

    zone = one_of("Asia/Shanghai", "America/New_York", "Europe/Berlin")
    step = one_of(60, 60, 30)
    days = int(rng.integers(12, 61))
    month, day = one_of((1, 20), (2, 20), (3, 25), (9, 25), (10, 20))
    begin = datetime(2025, month, day, tzinfo=ZoneInfo(zone))
    axis = TimeAxis(begin.astimezone(UTC), timedelta(minutes=step), days * 1440 // step)
    hour = np.arange(axis.periods) * step / 60
    meters = ("a", "b", "c")
    level = rng.uniform(0.5, 20.0, (3, 1))
    load = level * (1 + 0.3 * np.sin(hour * 2 * np.pi / 24) + 0.3 * rng.standard_normal((3, axis.periods)))
    slow = np.repeat(rng.choice([1.0, 1.0, 1.0, 0.1, 2.5], (3, days + 2)), 1440 // step, axis=1)[:, : axis.periods]
    load = np.round(np.maximum(load * slow, 0.0), one_of(0, 3))
    for _ in range(int(rng.integers(0, 7))):
        at = int(rng.integers(0, axis.periods))
        load[rng.integers(0, 3), at : at + int(rng.integers(1, 30))] = np.nan
    dates = [begin.date() + timedelta(days=i) for i in range(days)]
    off = frozenset(d for d in dates if rng.random() < 0.06)
    work = frozenset(d for d in dates if d.weekday() >= 5 and rng.random() < 0.2) - off
    calendar = Calendar("random", off, work, Source("test", "D"))
    table = LoadTable(meters, axis, load, zone, calendar)
    per_h = 60 // step
    start = int(rng.integers(axis.periods // 3, axis.periods - 6 * per_h))
    length = int(rng.integers(1, 7 * per_h))
    stamp = axis.starts_s()
    end_s = int(stamp[start]) + min(length, axis.periods - start) * axis.step_s
    notified = int(stamp[start]) - one_of(0, 1800, 7200, 86400)
    event = Event("now", notified, int(stamp[start]), end_s)
    spans = []
    for meter in (None, *meters):
        used = [(event.start_s, event.end_s), *[(s.start_s, s.end_s) for s in spans]]
        for k in range(int(rng.integers(0, 5))):
            a = int(stamp[rng.integers(0, axis.periods)]) + int(rng.integers(0, 2)) * 600
            b = a + int(rng.integers(1, 8)) * 3600
            if all(b <= x or a >= y for x, y in used):
                spans.append(Span(a, b, meter, f"{meter}{k}"))
                used.append((a, b))
    gone = [Span(int(s), int(s) + 7200, m) for m, s in zip(meters, rng.choice(stamp, 3)) if rng.random() < 0.4]
    history = History(tuple(spans), tuple(gone), frozenset(d.isoformat() for d in dates if rng.random() < 0.03))
    return table, event, history, np.round(15 + 10 * rng.standard_normal(axis.periods), 1)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), pick=st.sets(st.integers(0, len(MATCHING) - 1), min_size=3, max_size=5))
def test_the_engine_agrees_with_the_loop(seed, pick):
    table, event, history, temperature = case(seed)
    for rule in (MATCHING[i] for i in sorted(pick)):
        batch = match_days(table, event, rule, history, temperature_c=temperature)
        for row in range(3):
            expected, states, why = Loop(table, row, event, rule, history, temperature).run()
            where = f"{rule.id} {table.meters[row]}"
            if expected is None:
                assert batch.outcome[row] == Outcome.NOT_MEASURABLE, where
                assert Why(batch.why[row]).name == why, where
                assert np.isnan(batch.baseline_mw[row]).all()
            else:
                assert batch.outcome[row] == (Outcome.FALLBACK if why else Outcome.MEASURED), where
                np.testing.assert_allclose(batch.baseline_mw[row], expected, rtol=1e-9, atol=1e-6, err_msg=where)
            if states is not None:
                days = [d.item() for d in batch.ledger.days]
                got = {d: DayState(s).name for d, s in zip(days, batch.ledger.state[row], strict=True)}
                assert got == states, where
