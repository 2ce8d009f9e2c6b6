from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.model.grid import Feeder
from suandian.model.site import Battery, Site
from suandian.physics.facility import StepInputs, advance

BAND = 1e-8


class Reference:
    """The rules phase by phase, written from their text and not from the kernel: dicts and plain Python."""

    def __init__(self, sites, feeders, inputs):
        self.sites, self.feeders, self.inputs = sites, feeders, inputs
        self.stored = list(inputs.energy_mwh)

    def phases(self):
        """Yields (interval, hours, rows of the connection, powers by row, feeder or −1, its PV used, stores)."""
        groups = [([s for s, x in enumerate(self.sites) if x.feeder == f.id], b) for b, f in enumerate(self.feeders)]
        groups += [([s], -1) for s, site in enumerate(self.sites) if not site.feeder]
        for t in range(self.inputs.facility_mw.shape[1]):
            for own, b in groups:
                left_h = self.inputs.step_h
                while left_h > 1e-13:
                    used_mw = self.settle(own, b, t)
                    hours = min([left_h, *(self.until_bound_h(s) for s in own)])
                    for s in own:
                        self.move_on(s, hours)
                    yield t, hours, own, self.p, b, used_mw, list(self.stored)
                    left_h -= hours

    def until_bound_h(self, s):
        battery, p = self.sites[s].battery, self.p[s]
        if p["charge"] > 0:
            return (battery.energy_mwh - self.stored[s]) / (battery.charge_efficiency_ratio * p["charge"])
        if p["discharge"] > 0:
            return (self.stored[s] - battery.energy_min_mwh) * battery.discharge_efficiency_ratio / p["discharge"]
        return np.inf

    def move_on(self, s, hours):
        battery, p = self.sites[s].battery, self.p[s]
        if battery:
            self.stored[s] += hours * battery.charge_efficiency_ratio * p["charge"]
            self.stored[s] -= hours * p["discharge"] / battery.discharge_efficiency_ratio
            for bound in (battery.energy_min_mwh, battery.energy_mwh):
                if abs(self.stored[s] - bound) < 1e-11:
                    self.stored[s] = bound

    def room(self, s, what):
        battery = self.sites[s].battery
        if battery is None:
            return 0.0
        if what == "charge":
            return 0.0 if self.stored[s] >= battery.energy_mwh - 1e-11 else battery.charge_max_mw
        if self.stored[s] <= battery.energy_min_mwh + 1e-11:
            return 0.0
        return max(0.0, min(battery.discharge_max_mw, self.load[s] - self.pv[s] + self.sites[s].export_max_mw))

    def net(self, s):
        return self.load[s] + self.p[s]["charge"] - self.p[s]["discharge"] - self.p[s]["pv"]

    def settle_pv(self):
        for s, p in self.p.items():
            p["pv"] = max(
                0.0, min(self.pv[s], self.load[s] + p["charge"] - p["discharge"] + self.sites[s].export_max_mw)
            )

    def change(self, what, total, sizes):
        """Change `what` by `total` in all, in proportion to `sizes`, each at most by its size."""
        whole = sum(sizes.values())
        for s, size in sizes.items():
            if whole > 0:
                self.p[s][what] += np.sign(total) * size * min(1.0, abs(total) / whole)
        return whole

    def settle(self, own, b, t):
        """Powers of one phase: the wish, then each limit repaired in the stated order."""
        inputs = self.inputs
        self.load = {s: inputs.facility_mw[s, t] for s in own}
        self.pv = {s: max(0.0, inputs.site_pv_mw[s, t] - inputs.curtail_mw[s, t]) for s in own}
        self.stuck = {s: max(0.0, self.pv[s] - self.load[s] - self.sites[s].export_max_mw) for s in own}
        self.cap = {s: min(inputs.import_guard_mw[s], self.sites[s].import_max_mw) for s in own}
        self.p = {s: {"charge": 0.0, "discharge": 0.0, "pv": 0.0} for s in own}
        local_mw = inputs.feeder_load_mw[b, t] - inputs.feeder_pv_mw[b, t] if b >= 0 else 0.0
        if inputs.charge_mw is None:
            self.consume_own(local_mw)
        else:
            self.follow({s: inputs.charge_mw[s, t] - inputs.discharge_mw[s, t] for s in own})
        self.guard()
        if b < 0:
            return 0.0
        self.hold_import(local_mw, self.feeders[b].import_max_mw)
        return self.hold_export(local_mw, inputs.feeder_pv_mw[b, t], self.feeders[b].export_max_mw)

    def follow(self, wish):
        for s, p in self.p.items():
            p["charge"] = min(max(wish[s], 0.0), self.room(s, "charge"))
            p["discharge"] = min(max(-wish[s], 0.0), self.room(s, "discharge"))
        self.settle_pv()

    def consume_own(self, local_mw):
        for s, p in self.p.items():
            p["charge"] = min(self.stuck[s], self.room(s, "charge"))
        self.settle_pv()
        surplus = -local_mw - sum(self.net(s) for s in self.p)
        take = {
            s: max(0.0, min(self.room(s, "charge") - p["charge"], self.cap[s] - self.net(s))) for s, p in self.p.items()
        }
        cover = {s: max(0.0, min(self.room(s, "discharge"), self.net(s))) for s in self.p}
        self.change("charge", max(surplus, 0.0), take)
        self.change("discharge", max(-surplus, 0.0), cover)
        self.settle_pv()

    def guard(self):
        for s, p in self.p.items():
            over = max(0.0, self.net(s) - self.cap[s])
            cut = min(over, p["charge"])
            p["charge"] -= cut
            if p["charge"] == 0.0:
                p["discharge"] += min(over - cut, self.room(s, "discharge") - p["discharge"])
        self.settle_pv()

    def hold_import(self, local_mw, import_max_mw):
        over = local_mw + sum(self.net(s) for s in self.p) - import_max_mw
        if over > 0:
            over -= self.change("charge", -over, {s: max(0.0, p["charge"] - self.stuck[s]) for s, p in self.p.items()})
        if over > 0:
            resting = [s for s, p in self.p.items() if p["charge"] == 0.0]
            self.change("discharge", over, {s: self.room(s, "discharge") - self.p[s]["discharge"] for s in resting})
            self.settle_pv()

    def hold_export(self, local_mw, feeder_pv_mw, export_max_mw):
        over = -export_max_mw - (local_mw + sum(self.net(s) for s in self.p))
        used_mw = max(0.0, feeder_pv_mw - max(over, 0.0))
        over -= feeder_pv_mw - used_mw
        for what in ("pv", "discharge"):
            if over > 0:
                over -= self.change(what, -over, {s: min(p[what], max(0.0, -self.net(s))) for s, p in self.p.items()})
        return used_mw


power = st.one_of(st.just(0.0), st.floats(0.01, 30.0), st.sampled_from([1.0, 2.0, 5.0]))
limit = st.one_of(st.just(np.inf), st.just(0.0), st.floats(0.5, 30.0))
batteries = st.one_of(
    st.none(),
    st.builds(
        Battery,
        energy_mwh=st.floats(2.0, 20.0),
        charge_max_mw=power,
        discharge_max_mw=power,
        charge_efficiency_ratio=st.floats(0.5, 1.0),
        discharge_efficiency_ratio=st.floats(0.5, 1.0),
        energy_min_mwh=st.floats(0.0, 1.5),
    ),
)


@st.composite
def cases(draw, sites_max: int = 3, step_h: float | None = None):
    with_feeder = draw(st.booleans())
    count = draw(st.integers(1, sites_max))
    sites = [
        Site(
            id=f"s{i}",
            operator="o",
            region="shandong",
            latitude_deg=36.0,
            longitude_deg=117.0,
            gpus=1,
            idle_it_mw=0.0,
            it_max_mw=100.0,
            battery=draw(batteries),
            feeder="f" if with_feeder and draw(st.booleans()) else "",
            import_max_mw=draw(limit),
            export_max_mw=draw(limit),
        )
        for i in range(count)
    ]
    limits = draw(st.floats(1.0, 40.0)), draw(st.floats(0.0, 1.0))
    feeders = [Feeder("f", "o", "shandong", 36.0, 117.0, limits[0], 1.0, limits[1], 0.0)] if with_feeder else []
    periods = draw(st.integers(1, 4))
    planned = draw(st.booleans())

    def table(rows: int) -> np.ndarray:
        values = draw(st.lists(power, min_size=rows * periods, max_size=rows * periods))
        return np.array(values, dtype=float).reshape(rows, periods)

    lowest = np.array([site.battery.energy_min_mwh if site.battery else 0.0 for site in sites])
    highest = np.array([site.battery.energy_mwh if site.battery else 0.0 for site in sites])
    level = np.array([draw(st.sampled_from([0.0, 0.3, 0.99, 1.0])) for _ in sites])
    inputs = StepInputs(
        step_h=step_h or draw(st.sampled_from([1 / 12, 0.25, 1.0])),
        facility_mw=table(count),
        site_pv_mw=table(count),
        curtail_mw=table(count) * draw(st.sampled_from([0.0, 0.2])),
        charge_mw=table(count) if planned else None,
        discharge_mw=table(count) if planned else None,
        import_guard_mw=np.array([draw(limit) for _ in sites]),
        feeder_pv_mw=table(len(feeders)),
        feeder_load_mw=table(len(feeders)),
        energy_mwh=lowest + level * (highest - lowest),
    )
    return sites, feeders, inputs


@settings(max_examples=250, deadline=None)
@given(cases())
def test_kernel_equals_the_slow_reference(case):
    sites, feeders, inputs = case
    result = advance(sites, feeders, inputs)
    shape = inputs.facility_mw.shape
    want = {name: np.zeros(shape) for name in ("charge", "discharge", "pv", "import", "export", "over")}
    stored = np.zeros(shape)
    feeder = {name: np.zeros(inputs.feeder_pv_mw.shape) for name in ("import", "export", "pv", "over")}
    for t, hours, own, powers, b, used_mw, level in Reference(sites, feeders, inputs).phases():
        weight = hours / inputs.step_h
        flow_mw = (inputs.feeder_load_mw[b, t] if b >= 0 else 0.0) - used_mw
        for s in own:
            p = powers[s]
            assert min(p["charge"], p["discharge"]) == 0.0
            net_mw = inputs.facility_mw[s, t] + p["charge"] - p["discharge"] - p["pv"]
            flow_mw += net_mw
            want["charge"][s, t] += weight * p["charge"]
            want["discharge"][s, t] += weight * p["discharge"]
            want["pv"][s, t] += weight * p["pv"]
            want["import"][s, t] += weight * max(net_mw, 0.0)
            want["export"][s, t] += weight * max(-net_mw, 0.0)
            want["over"][s, t] += weight * max(net_mw - sites[s].import_max_mw, 0.0)
            stored[s, t] = level[s]
        if b >= 0:
            feeder["import"][b, t] += weight * max(flow_mw, 0.0)
            feeder["export"][b, t] += weight * max(-flow_mw, 0.0)
            feeder["pv"][b, t] += weight * used_mw
            feeder["over"][b, t] += weight * max(flow_mw - feeders[b].import_max_mw, 0.0)
    assert result.charge_mw == pytest.approx(want["charge"], abs=BAND)
    assert result.discharge_mw == pytest.approx(want["discharge"], abs=BAND)
    assert result.pv_used_mw == pytest.approx(want["pv"], abs=BAND)
    assert result.import_mw == pytest.approx(want["import"], abs=BAND)
    assert result.export_mw == pytest.approx(want["export"], abs=BAND)
    assert result.site_violation_mw == pytest.approx(want["over"], abs=BAND)
    assert result.energy_mwh == pytest.approx(stored, abs=BAND)
    assert result.feeder_import_mw == pytest.approx(feeder["import"], abs=BAND)
    assert result.feeder_export_mw == pytest.approx(feeder["export"], abs=BAND)
    assert result.feeder_pv_used_mw == pytest.approx(feeder["pv"], abs=BAND)
    assert result.feeder_violation_mw == pytest.approx(feeder["over"], abs=BAND)


@settings(max_examples=100, deadline=None)
@given(cases(step_h=1.0), st.sampled_from([4, 12, 60]))
def test_energies_are_equal_at_every_step_size(case, parts):
    sites, feeders, coarse = case

    def finer(array):
        return None if array is None else np.repeat(array, parts, axis=1)

    fine = StepInputs(
        1.0 / parts,
        finer(coarse.facility_mw),
        finer(coarse.site_pv_mw),
        finer(coarse.curtail_mw),
        finer(coarse.charge_mw),
        finer(coarse.discharge_mw),
        coarse.import_guard_mw,
        finer(coarse.feeder_pv_mw),
        finer(coarse.feeder_load_mw),
        coarse.energy_mwh,
    )
    whole, split = advance(sites, feeders, coarse), advance(sites, feeders, fine)
    assert split.energy_mwh[:, parts - 1 :: parts] == pytest.approx(whole.energy_mwh, abs=BAND)
    for name in ("import_mw", "export_mw", "charge_mw", "discharge_mw", "pv_used_mw", "site_violation_mw"):
        mean_mw = getattr(split, name).reshape(len(sites), -1, parts).mean(axis=2)
        assert mean_mw == pytest.approx(getattr(whole, name), abs=BAND), name
    for name in ("feeder_import_mw", "feeder_export_mw", "feeder_pv_used_mw", "feeder_violation_mw"):
        mean_mw = getattr(split, name).reshape(len(feeders), coarse.feeder_pv_mw.shape[1], parts).mean(axis=2)
        assert mean_mw == pytest.approx(getattr(whole, name), abs=BAND), name


@settings(max_examples=150, deadline=None)
@given(cases())
def test_limits_hold_and_pv_is_curtailed_only_at_a_limit(case):
    sites, feeders, inputs = case
    result = advance(sites, feeders, inputs)
    feeder_lost_mw = inputs.feeder_pv_mw - result.feeder_pv_used_mw
    for b, feeder in enumerate(feeders):
        assert (result.feeder_export_mw[b] <= feeder.export_max_mw + BAND).all()
        # Means can hide a part of the interval, so the limit has to be reached at least in that part.
        lost = feeder_lost_mw[b] > BAND
        assert (result.feeder_export_mw[b][lost] > 0.0).all() or feeder.export_max_mw < BAND
    for s, site in enumerate(sites):
        available_mw = np.maximum(inputs.site_pv_mw[s] - inputs.curtail_mw[s], 0.0)
        lost = available_mw - result.pv_used_mw[s] > BAND
        assert (result.pv_used_mw[s] <= available_mw + BAND).all()
        assert (result.export_mw[s] <= site.export_max_mw + BAND).all()
        over_mw = np.maximum(result.import_mw[s] - site.import_max_mw, 0.0)
        assert (result.site_violation_mw[s] >= over_mw - BAND).all()
        if not site.feeder:
            assert (np.minimum(result.charge_mw[s], result.discharge_mw[s]) == 0.0).all()
            surplus_mw = available_mw - inputs.facility_mw[s]
            assert (surplus_mw[lost] > site.export_max_mw).all()
            if inputs.charge_mw is None:
                # PV is lost only while the battery is full or charging at its power limit.
                battery = site.battery
                idle = lost & (result.charge_mw[s] < (battery.charge_max_mw if battery else 0.0) - BAND)
                assert all(result.energy_mwh[s][t] == battery.energy_mwh for t in np.flatnonzero(idle))
