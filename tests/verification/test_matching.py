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
        states, order, spare_events = self.walk(group, e_off, w_off)
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

    def walk(self, group, e_off, w_off):
        """State of every day of the look-back, days of the right type, and event days that could be used."""
        rule, states, order, prior_seen, spare_events = self.rule, {}, [], 0, []
        first_day = self.wall(self.starts[0]).date()
        minutes = sorted({*range(0, 1440, self.step_s // 60), *e_off, *w_off})
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
            idx = [self.index(d, m) for m in minutes]
            prior = any(i is not None and self.hit(i, self.events, rule.post_event_h * 3600) for i in idx)
            if prior:
                prior_seen += 1
                prior = rule.event_days_max is None or prior_seen <= rule.event_days_max
            states[d] = self.state(d, minutes, idx, e_off, w_off, prior)
            whole = all(i is not None and self.load[i] == self.load[i] for i in idx)
            if states[d] == "PRIOR_EVENT" and whole and not self.out(idx):
                spare_events.append(d)
        return states, order, spare_events

    def out(self, idx):
        return any(i is not None and self.hit(i, self.outages) for i in idx)

    def state(self, d, minutes, idx, e_off, w_off, prior):
        first_day = self.wall(self.starts[0]).date()
        days = {d + timedelta(days=m // 1440) for m in minutes}
        reach = (d - self.day0).days * 1440 + max([*e_off, *w_off])
        if any(self.irregular(x) for x in days if x >= first_day):
            return "CLOCK_CHANGE"
        if d.isoformat() in self.declared:
            return "DECLARED"
        if reach >= min(e_off):
            return "OVERLAPS_EVENT"
        if prior:
            return "PRIOR_EVENT"
        if self.out(idx):
            return "OUTAGE"
        whole = all(i is not None and self.load[i] == self.load[i] for i in idx)
        return "SPARE" if whole else "INCOMPLETE"

    def pool(self, group, rule, order, states, mean, e_off):
        most = group.pool or 10**9
        ok = [d for d in order if states[d] == "SPARE"]
        if rule.usage is not None and rule.usage.measure == "day":
            minutes = range(0, 1440, self.step_s // 60)
            mean = {d: sum(self.value(d, m) for m in minutes) / len(minutes) for d in order}
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
        return sum(w * self.value(d, minutes) for w, d in zip(weights, newest, strict=False))

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
    gone = [
        Span(int(s), int(s) + 7200, m) for m, s in zip(meters, rng.choice(stamp, 3), strict=False) if rng.random() < 0.4
    ]
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


# --- by hand ---------------------------------------------------------------------------------------------------------


def daily(levels, hourly=None, begin=(2025, 6, 2), zone="Asia/Shanghai", **more):
    """One meter whose day d has `levels[d]` MW in every hour; `hourly` sets single (day, hour) readings."""
    start = datetime(*begin, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    load = np.repeat(np.array(levels, float), 24)
    for (day, hour), value in (hourly or {}).items():
        load[day * 24 + hour] = value
    axis = TimeAxis(start, timedelta(hours=1), len(load))
    return LoadTable(("a",), axis, load[None, :], zone, more.pop("calendar", WEEKDAYS), **more)


def on_day(table, day, first, last, notice_h=0):
    s = table.axis.start_s + day * 86400
    return Event("e", s + (first - notice_h) * 3600, s + first * 3600, s + last * 3600)


def used(batch, row=0):
    days = batch.ledger.days.astype(str)
    return [
        d for d, s in zip(days, batch.ledger.state[row], strict=True) if s in (DayState.USED, DayState.EVENT_DAY_USED)
    ]


def test_high_5_of_10_by_hand() -> None:
    # Monday 2 June 2025 + 11 working days in 15 days; event on Tuesday 17 June (day 15).
    # Working days before it, newest first: 16 13 12 11 10 9 6 5 4 3 June = levels 8 3 9 9 1 2 7 4 6 5 → highest five
    # 9 9 8 7 6, mean 39/5 = 7.8.
    by_date = {16: 8, 13: 3, 12: 9, 11: 9, 10: 1, 9: 2, 6: 7, 5: 4, 4: 6, 3: 5}
    table = daily([by_date.get(2 + d, 50) for d in range(16)])
    batch = match_days(table, on_day(table, 15, 14, 16), rules()["HIGH_5OF10"], History())
    assert batch.baseline_mw[0].tolist() == pytest.approx([7.8, 7.8])
    assert used(batch) == ["2025-06-16", "2025-06-12", "2025-06-11", "2025-06-06", "2025-06-04"]


def test_ties_go_to_the_newer_day() -> None:
    table = daily([5] * 16)
    batch = match_days(table, on_day(table, 15, 14, 16), rules()["HIGH_3OF10"], History())
    assert used(batch) == ["2025-06-16", "2025-06-13", "2025-06-12"]


def test_the_ratio_is_capped_by_hand() -> None:
    # Ten days of 10 MW; on the day 13, 14, 15 MW in the hours [10, 13): r = 14/10 = 1.4 → 1.2; B = 12.
    table = daily([10] * 22, {(21, 10): 13, (21, 11): 14, (21, 12): 15})
    batch = match_days(table, on_day(table, 21, 14, 16), rules()["CAISO_10IN10"], History())
    assert (batch.adjustment_raw_ratio[0], batch.adjustment_ratio[0]) == (pytest.approx(1.4), 1.2)
    assert batch.baseline_mw[0].tolist() == [12.0, 12.0]
    assert batch.unadjusted_mw[0].tolist() == [10.0, 10.0]


def test_an_additive_baseline_does_not_fall_below_zero() -> None:
    # 2 MW on like days, but 10 MW in the hours before; on the day 1 MW there: s = 1 − 10 = −9; max(0, 2 − 9) = 0.
    hourly = {(d, h): 10 for d in range(21) for h in (12, 13)} | {(21, 12): 1, (21, 13): 1}
    table = daily([2] * 22, hourly)
    batch = match_days(table, on_day(table, 21, 14, 16), rules()["ISONE_10OF10"], History())
    assert (batch.adjustment_mw[0], batch.baseline_mw[0].tolist()) == (-9.0, [0.0, 0.0])


def test_unusual_days_are_replaced_by_hand() -> None:
    # Newest five working days 10 10 10 10 1: mean 8.2, limits 2.05 and 16.4: the 1 goes, the 20 behind it comes in:
    # 10 10 10 10 20: mean 12, limits 3 and 24: all stay. B = 60/5 = 12.
    by_date = {16: 10, 13: 10, 12: 10, 11: 10, 10: 1, 9: 20}
    table = daily([by_date.get(2 + d, 10) for d in range(16)])
    batch = match_days(table, on_day(table, 15, 14, 16), rules()["CN_5WD"], History())
    assert batch.baseline_mw[0].tolist() == [12.0, 12.0]
    states = dict(zip(batch.ledger.days.astype(str), batch.ledger.state[0], strict=True))
    assert states["2025-06-10"] == DayState.LOW_USAGE


def test_too_few_days_takes_event_days_and_says_so() -> None:
    # CAISO 10 in 10 needs 5: of six working days before, three had events; the two highest of those (9, 8) are added.
    by_date = {2: 9, 3: 4, 4: 8, 5: 4, 6: 4, 9: 7}
    table = daily([by_date.get(2 + d, 50) for d in range(9)])
    s = table.axis.start_s
    events = tuple(Span(s + d * 86400 + 50400, s + d * 86400 + 57600, None, f"x{d}") for d in (0, 2, 7))
    event = on_day(table, 8, 14, 16)
    batch = match_days(table, event, rules()["CAISO_10IN10"], History(events))
    # (4 + 4 + 4 + 9 + 8)/5 = 5.8, ratio 50/5.8 capped at 1.2 → 6.96
    assert batch.outcome[0] == Outcome.FALLBACK
    assert batch.fallback[0] == Fallback.PREVIOUS_EVENT_DAYS
    assert batch.baseline_mw[0].tolist() == pytest.approx([6.96, 6.96])
    assert batch.ledger.state[0][np.isin(batch.ledger.days.astype(str), ["2025-06-02", "2025-06-04"])].tolist() == [
        13,
        13,
    ]


def test_without_a_fallback_it_is_not_measurable() -> None:
    table = daily([5] * 5)
    batch = match_days(table, on_day(table, 4, 14, 16), rules()["HIGH_5OF10"], History())
    assert batch.outcome[0] == Outcome.NOT_MEASURABLE
    assert batch.why[0] == Why.TOO_FEW_DAYS
    assert np.isnan(batch.baseline_mw).all()
    assert used(batch) == []


def test_a_rule_of_working_days_has_nothing_for_a_saturday() -> None:
    table = daily([5] * 13)
    assert match_days(table, on_day(table, 12, 14, 16), rules()["CONED_CBL"], History()).why[0] == Why.NO_DAY_TYPE


def test_a_transferred_workday_is_a_working_day() -> None:
    # Sunday 15 June made a working day, Monday 16 June a holiday: the newest working day before the 17th is the 15th.
    calendar = Calendar("t", frozenset({date(2025, 6, 16)}), frozenset({date(2025, 6, 15)}), Source("test", "D"))
    table = daily([5] * 16, calendar=calendar)
    batch = match_days(table, on_day(table, 15, 14, 16), rules()["HIGH_3OF10"], History())
    assert used(batch) == ["2025-06-15", "2025-06-13", "2025-06-12"]


def test_the_90_10_recursion_by_hand() -> None:
    # Five working days 10 20 30 40 50, oldest first: 10; 0.9·10 + 0.1·20 = 11; 12.9; 15.61; 19.049.
    table = daily([10, 20, 30, 40, 50, 0, 0, 60], {(7, 12): 19.049, (7, 13): 19.049})
    batch = match_days(table, on_day(table, 7, 14, 16), rules()["ISONE_90_10"], History())
    assert batch.baseline_mw[0].tolist() == pytest.approx([19.049, 19.049])


def test_an_event_longer_than_the_data_is_not_measurable() -> None:
    table = daily([5] * 16)
    batch = match_days(table, on_day(table, 15, 14, 30), rules()["HIGH_3OF10"], History())
    assert batch.why[0] == Why.EVENT_OUTSIDE_DATA


def test_the_freeze_is_bounded_by_the_guarded_rule() -> None:
    """With an event on every working day, published rules go on using the old days, ours takes newer ones again."""
    table = daily([20] * 14 + [5] * 21)
    s = table.axis.start_s
    spans = tuple(Span(s + d * 86400 + 50400, s + d * 86400 + 57600, None, f"x{d}") for d in range(14, 35) if d % 7 < 5)
    event = on_day(table, 32, 14, 16)
    history = History(tuple(x for x in spans if x.start_s != event.start_s))
    frozen = match_days(table, event, rules()["HIGH_5OF10"], history)
    guarded = match_days(table, event, rules()["GUARDED_10OF10"], history)
    assert frozen.baseline_mw[0].tolist() == [20.0, 20.0]
    # 5 of the 14 event days at 5 MW are passed over, the 9 others and one old day come in: (9·5 + 20)/10 = 6.5.
    assert guarded.unadjusted_mw[0].tolist() == [6.5, 6.5]


def test_a_notice_on_the_day_before_leaves_the_baseline_as_it_is() -> None:
    table = daily([5] * 16 + [9])
    batch = match_days(table, on_day(table, 16, 14, 16, notice_h=24), rules()["GUARDED_10OF10"], History())
    assert batch.adjustment_mw[0] == 0.0
    assert "not adjusted" in batch.notes[0]


def test_unknown_holidays_are_noted() -> None:
    calendar = Calendar("short", frozenset(), frozenset(), Source("test", "D"), years=(2020, 2024))
    table = daily([5] * 16, calendar=calendar)
    batch = match_days(table, on_day(table, 15, 14, 16), rules()["HIGH_3OF10"], History())
    assert batch.notes == ("holidays of 2025 are not in calendar short",)
