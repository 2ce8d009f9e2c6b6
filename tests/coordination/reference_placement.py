"""A slow, plain placement written from the rules in docs/explanation/placement.md, to compare the kernel with.

It keeps no bitmaps, no calendars and no running sums: every interval looks at every job.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, inf

SUBMITTED, STARTED, PAUSED, RESUMED, MOVED, FINISHED, OVERRODE, ARRIVED, GEAR = range(9)
REFUSALS_MAX = 8
MOVE_AFTER = 7200
TOLERANCE_MW = 1e-5


@dataclass
class Job:
    row: int
    gpus: int
    power_uw: int
    submitted: int
    released: int
    due: int
    remaining: int
    checkpoint: int
    home: int
    mask: int
    urgency: int  # position of its class, 0 most urgent
    group: int
    label: int
    preemptible: bool
    transfer: int
    every: int
    pauses_left: int
    gears: list  # (GPUs, power, speed in thousandths)
    gear: int = 0
    units: int = 0
    since: int = 0
    began: int = -1
    arrives: int = 0
    status: str = "future"
    site: int = -1
    finish: int = -1
    paused_at: int = -(10**9)
    overrode: bool = False
    told: bool = False

    @property
    def held(self):
        return self.gears[self.gear][0]

    @property
    def drawn(self):
        return self.gears[self.gear][1]

    def left(self, at):
        """Thousandths of a second at full speed that remain while it runs."""
        return self.units - (at - self.since) * self.gears[self.gear][2]

    def run(self, units, gear, at):
        self.units, self.gear, self.since = units, gear, at
        self.finish = at + ceil_div(units, self.gears[gear][2])

    def in_time(self, units, gear, at):
        return at + ceil_div(units, self.gears[gear][2]) <= self.due

    def slowest(self, units, gear, at):
        return next((g for g in range(gear, 0, -1) if self.in_time(units, g, at)), 0)

    @property
    def latest(self) -> int:
        return self.due - self.remaining

    @property
    def order(self):
        return (self.due, self.row)


def ceil_div(a, b):
    return -(-a // b)


def gears_of(pace, gpus, power_uw):
    rows = [(gpus, power_uw, 1000)]
    for share, power, speed in list(zip(pace.gpu_ratio, pace.power_ratio, pace.speed_ratio, strict=True))[1:]:
        held = ceil_div(gpus * round(share * 1000), 1000)
        rows.append((held, power_uw * round(share * 1000) // 1000 * round(power * 1000) // 1000, round(speed * 1000)))
    return rows


class ReferencePlacement:
    def __init__(self, table, class_index, classes, site_gpus, axis, transfer_s=None, *, reverse=False):
        key = sorted(range(len(classes)), key=lambda c: (classes.label[c], classes.slack_h[c], c))
        self.jobs = [
            Job(
                row=row,
                gpus=int(table.gpus_max[row]),
                power_uw=round(float(table.gpus_max[row]) * float(table.power_per_gpu_kw[row]) * 1e9),
                submitted=int(table.submitted_s[row]),
                released=int(table.released_s[row]),
                due=int(table.due_s[row]),
                remaining=max(1, ceil(table.work_gpu_h[row] / table.gpus_max[row] * 3600 - 1e-6)),
                checkpoint=ceil(table.checkpoint_h[row] * 3600 - 1e-6),
                home=int(table.home[row]),
                mask=int(table.sites_allowed[row]),
                urgency=key.index(int(class_index[row])),
                group=int(class_index[row]),
                label=int(classes.label_index[class_index[row]]),
                preemptible=bool(table.preemptible[row]),
                transfer=0 if transfer_s is None else int(transfer_s[row]),
                every=round(float(table.checkpoint_every_h[row]) * 3600),
                pauses_left=int(table.interruptions_max[row]),
                gears=gears_of(
                    classes.paces[int(classes.pace[class_index[row]])],
                    int(table.gpus_max[row]),
                    round(float(table.gpus_max[row]) * float(table.power_per_gpu_kw[row]) * 1e9),
                ),
            )
            for row in range(len(table))
        ]
        self.classes = len(classes)
        self.sites = range(len(site_gpus))
        self.installed = [int(g) for g in site_gpus]
        self.axis = axis
        self.events = []
        self.reverse = reverse

    # What is there now
    def running(self, site):
        return [job for job in self.jobs if job.status == "running" and job.site == site]

    def used(self, site):
        return sum(job.held for job in self.running(site))

    def power(self, site, group=None):
        return sum(job.drawn for job in self.running(site) if group is None or job.group == group)

    def coming(self, site):
        under_way = [job for job in self.jobs if job.status == "moving" and job.site == site]
        return sum(job.held for job in under_way), sum(job.drawn for job in under_way)

    def room_gpus(self, site):
        return self.cap[site] - self.used(site) - self.coming(site)[0]

    def room_power(self, site):
        return self.planned[site] - self.power(site) - self.coming(site)[1]

    def has_slack(self, job):
        """Even at its present speed, with one pause and all of a checkpoint interval lost."""
        if not job.preemptible or job.pauses_left == 0:
            return False
        return job.finish + job.checkpoint + job.every + self.axis.step_s <= job.due

    def by_urgency(self, site):
        return sorted(self.running(site), key=lambda job: (job.urgency, job.order))

    def lead(self, job, site):
        at = job.site if job.status == "paused" else job.home
        return 0 if site == at else job.transfer

    def victims(self, site):
        """May be paused, least urgent class and latest deadline first."""
        able = [job for job in self.running(site) if self.has_slack(job)]
        return sorted(able, key=lambda job: (job.urgency, job.order), reverse=True)

    def tell(self, job, kind, at):
        self.events.append((at, kind, job.row, -1 if kind == SUBMITTED else job.site))

    # What can be done
    def start(self, job, site, gear, at):
        if job.status == "paused" and job.site != site:
            job.site = site
            self.tell(job, MOVED, at)
        job.status, job.site, job.overrode = "running", site, False
        self.tell(job, RESUMED if job.began >= 0 else STARTED, at)
        if gear:
            self.tell(job, GEAR + gear, at)
        job.began = job.remaining * 1000
        job.run(job.began, gear, at)

    def put(self, job, site, gear, at):
        """Start where the data are; else send them and keep the room."""
        lead = self.lead(job, site)
        if not lead:
            self.start(job, site, gear, at)
            return
        job.status, job.site, job.gear, job.arrives = "moving", site, gear, at + lead
        self.tell(job, MOVED, at)

    def shift(self, job, gear, at):
        job.run(job.left(at), gear, at)
        self.tell(job, GEAR + gear, at)

    def pause(self, job, at):
        left = job.left(at)
        if job.every:
            left += (job.began - left) % (job.every * 1000)
        job.status, job.remaining, job.paused_at = "paused", ceil_div(left, 1000) + job.checkpoint, at
        job.overrode, job.gear = False, 0
        job.pauses_left -= 1
        self.tell(job, PAUSED, at)

    def override(self, job, at):
        job.overrode = True
        self.tell(job, OVERRODE, at)

    def sites_in_order(self, job, sticky):
        order = list(self.order) if self.order is not None else [job.home, *(s for s in self.sites if s != job.home)]
        if job.status == "paused":
            order = [job.site] if sticky else [job.site, *(s for s in order if s != job.site)]
        return [s for s in order if job.mask >> s & 1]

    def gear_that_fits(self, job, site, at, *, planned, own=None):
        """The plan's gear or a slower one that fits while the job is in time; None for none."""
        units = job.remaining * 1000
        first = job.slowest(units, min(self.wanted[job.group][site], len(job.gears) - 1), at)
        for gear in range(first, len(job.gears)):
            if gear > first and not job.in_time(units, gear, at):
                return None
            gpus, power, _ = job.gears[gear]
            fits = gpus <= self.room_gpus(site) and (not planned or power <= self.room_power(site))
            if fits and (own is None or self.power(site, job.group) + power <= own[site]):
                return gear
        return None

    def advance(self, first, last, it_mw, gpus_free, *, start_at_once, may_pause, site_rank, hold_mw=None, gear=None):
        start_s, step = self.axis.start_s, self.axis.step_s
        for index in range(first, last):
            column = index - first
            self.now, self.end = start_s + index * step, start_s + (index + 1) * step
            self.cap = [int(gpus_free[s, column]) for s in self.sites]
            self.at_once, self.may_pause = start_at_once, may_pause
            self.order = None if site_rank is None else sorted(self.sites, key=lambda s, c=column: (site_rank[s, c], s))
            curve = [[int(it_mw[c, s, column] * 1e12) for s in self.sites] for c in range(self.classes)]
            if start_at_once:
                self.planned = [inf for _ in self.sites]
            else:
                self.planned = [sum(curve[c][s] for c in range(self.classes)) + 10_000_000 for s in self.sites]
            self.curve = curve
            self.wanted = [
                [0 if gear is None or start_at_once else int(gear[c, s, column]) for s in self.sites]
                for c in range(self.classes)
            ]
            held = [0 if hold_mw is None else int(hold_mw[s, column] * 1e12) for s in self.sites]
            self.held = [max(self.planned[s], held[s] + 10_000_000) for s in self.sites]
            self.interval()

    def interval(self):
        self.admit()
        for site in self.sites:
            self.pause_down(site)
        waiting = [job for job in self.jobs if job.status in ("waiting", "paused")]
        urgent = [job for job in waiting if self.at_once or job.latest < self.end]
        refused = {}
        for job in self.sorted(urgent):
            key = (job.mask, job.gpus.bit_length())
            if refused.get(key, 0) < REFUSALS_MAX and not self.force(job, self.now, preempt=not self.at_once):
                refused[key] = refused.get(key, 0) + 1
        calm = [job for job in waiting if job not in urgent and job.status in ("waiting", "paused")]
        if not self.at_once:
            for borrowing in (False, True):
                for urgency in range(self.classes):
                    self.place_class([job for job in calm if job.urgency == urgency], borrowing)
        for site in self.sites:
            self.speed_up(site)
        self.inside()
        for job in self.jobs:
            if job.status == "running" and job.finish <= self.end:
                job.status = "finished"
                self.tell(job, FINISHED, job.finish)

    def admit(self):
        for job in sorted(self.jobs, key=lambda job: (job.submitted, job.row)):
            if not job.told and job.submitted < self.end:
                job.told = True
                self.tell(job, SUBMITTED, job.submitted)
        for job in self.jobs:
            if job.status == "future" and job.released <= self.now:
                job.status = "waiting"
            if job.status == "moving" and job.arrives <= self.now:
                job.status, job.gear, job.paused_at = "paused", 0, job.arrives - 1
                self.tell(job, ARRIVED, job.arrives)

    def sorted(self, jobs):
        return sorted(jobs, key=lambda job: job.order, reverse=self.reverse)

    def pause_down(self, site):
        if not self.may_pause:
            return
        for job in self.running(site):
            wanted = min(self.wanted[job.group][site], len(job.gears) - 1)
            gear = job.slowest(job.left(self.now), wanted, self.now) if wanted > job.gear else job.gear
            if gear > job.gear:
                self.shift(job, gear, self.now)
        for job in reversed(self.by_urgency(site)):
            self.slow_down(job, site)
        while self.used(site) > self.cap[site] or self.power(site) > self.held[site]:
            victims = self.victims(site)
            if not victims:
                break
            self.pause(victims[0], self.now)
        if self.at_once:
            return
        forced = [job for job in self.running(site) if job.overrode]
        pinned = [
            job
            for job in self.running(site)
            if job.preemptible and job.pauses_left and not self.has_slack(job) and job not in forced
        ]
        pinned.sort(key=lambda job: (job.urgency, job.order))
        excess = self.power(site) - self.held[site] - sum(job.drawn for job in forced)
        while excess > 0 and pinned:
            job = pinned.pop()
            self.override(job, self.now)
            excess -= job.drawn

    def slow_down(self, job, site):
        gpus_over = self.used(site) - self.cap[site]
        power_over = 0 if self.at_once else self.power(site) - self.planned[site]
        if gpus_over <= 0 and power_over <= 0:
            return
        best = job.gear
        for gear in range(job.gear + 1, len(job.gears)):
            if not job.in_time(job.left(self.now), gear, self.now):
                break
            gpus, power = job.held - job.gears[gear][0], job.drawn - job.gears[gear][1]
            if (gpus_over > 0 and gpus > 0) or (power_over > 0 and power > 0):
                best = gear
                if gpus >= gpus_over and power >= power_over:
                    break
        if best > job.gear:
            self.shift(job, best, self.now)

    def speed_up(self, site):
        for job in self.by_urgency(site):
            gpus, power = self.room_gpus(site) + job.held, self.room_power(site) + job.drawn
            for gear in range(min(self.wanted[job.group][site], job.gear), job.gear):
                if job.gears[gear][0] <= gpus and (self.at_once or job.gears[gear][1] <= power):
                    self.shift(job, gear, self.now)
                    break

    def force(self, job, at, *, preempt):
        if job.paused_at == at:
            return False
        sites = self.sites_in_order(job, sticky=False)
        here = [s for s in sites if not self.lead(job, s)]
        site, gear = self.first_that_fits(job, here, at)
        if site is None and preempt and self.may_pause:
            for s in here:
                if self.room_gpus(s) + sum(v.held for v in self.victims(s)) >= job.gpus:
                    site, gear = s, 0
                    while self.room_gpus(s) < job.gpus:
                        self.pause(self.victims(s)[0], at)
                    break
        if site is None:
            site, gear = self.first_that_fits(job, sites, at)
        if site is None:
            return False
        beyond = not self.lead(job, site) and self.power(site) + job.gears[gear][1] > self.planned[site]
        self.put(job, site, gear, at)
        if beyond:
            self.override(job, at)
        return True

    def first_that_fits(self, job, sites, at):
        for s in sites:
            gear = self.gear_that_fits(job, s, at + self.lead(job, s), planned=False)
            if gear is not None:
                return s, gear
        return None, 0

    def place_class(self, jobs, borrowing):
        refused = {}
        for job in self.sorted([job for job in jobs if job.status in ("waiting", "paused")]):
            place = job.site if job.status == "paused" else -1
            key = (place, job.mask, job.gpus.bit_length())
            if refused.get(key, 0) >= REFUSALS_MAX:
                continue
            own = None if borrowing else [curve + 10_000_000 for curve in self.curve[job.group]]
            for s in self.sites_in_order(job, sticky=not borrowing or self.now - job.paused_at < MOVE_AFTER):
                lead = self.lead(job, s)
                if lead and self.now + lead + job.remaining + self.axis.step_s > job.due:
                    continue
                gear = self.gear_that_fits(job, s, self.now + lead, planned=True, own=own)
                if gear is not None and job.paused_at != self.now:
                    self.put(job, s, gear, self.now)
                    break
            else:
                refused[key] = refused.get(key, 0) + 1

    def inside(self):
        for job in self.jobs:
            if job.status == "future" and job.released < self.end:
                job.status = "waiting"
                if self.at_once or job.latest < self.end:
                    self.force(job, job.released, preempt=False)

    def queue(self):
        now = self.axis.start_s + round((self.end - self.axis.start_s) / self.axis.step_s) * self.axis.step_s
        alive = [job for job in self.jobs if job.submitted <= now and job.status != "finished"]
        rows = []
        for job in sorted(alive, key=lambda job: (job.submitted, job.row)):
            state = {"future": 0, "waiting": 0, "running": 1, "paused": 2, "moving": 2}[job.status]
            remaining = ceil_div(job.left(now), 1000) if state == 1 else job.remaining
            rows.append((job.row, state, job.site if state else -1, remaining))
        return rows
