"""A slow, plain placement written from the rules in docs/explanation/placement.md, to compare the kernel with.

It keeps no bitmaps, no calendars and no running sums: every interval looks at every job.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, inf

SUBMITTED, STARTED, PAUSED, RESUMED, MOVED, FINISHED, OVERRODE = range(7)
REFUSALS_MAX = 8
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
    status: str = "future"
    site: int = -1
    finish: int = -1
    paused_at: int = -1
    overrode: bool = False
    told: bool = False

    @property
    def latest(self) -> int:
        return self.due - self.remaining

    @property
    def order(self):
        return (self.due, self.row)


class ReferencePlacement:
    def __init__(self, table, class_index, classes, site_gpus, axis, *, reverse=False):
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
        return sum(job.gpus for job in self.running(site))

    def power(self, site, group=None):
        return sum(job.power_uw for job in self.running(site) if group is None or job.group == group)

    def has_slack(self, job):
        return job.preemptible and job.finish + job.checkpoint + self.axis.step_s <= job.due

    def victims(self, site):
        """May be paused, least urgent class and latest deadline first."""
        able = [job for job in self.running(site) if self.has_slack(job)]
        return sorted(able, key=lambda job: (job.urgency, job.order), reverse=True)

    def tell(self, job, kind, at):
        self.events.append((at, kind, job.row, -1 if kind == SUBMITTED else job.site))

    # What can be done
    def start(self, job, site, at):
        moved = job.status == "paused" and job.site != site
        kind = RESUMED if job.status == "paused" else STARTED
        job.status, job.site, job.finish, job.overrode = "running", site, at + job.remaining, False
        if moved:
            self.tell(job, MOVED, at)
        self.tell(job, kind, at)

    def pause(self, job, at):
        job.status, job.remaining, job.paused_at = "paused", job.finish - at + job.checkpoint, at
        job.overrode = False
        self.tell(job, PAUSED, at)

    def override(self, job, at):
        job.overrode = True
        self.tell(job, OVERRODE, at)

    def sites_in_order(self, job, sticky):
        order = list(self.order) if self.order is not None else [job.home, *(s for s in self.sites if s != job.home)]
        if job.status == "paused":
            order = [job.site] if sticky else [job.site, *(s for s in order if s != job.site)]
        return [s for s in order if job.mask >> s & 1]

    def advance(self, first, last, it_mw, gpus_free, *, start_at_once, may_pause, site_rank, hold_mw=None):
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
        calm = [job for job in waiting if job not in urgent and job.status != "running"]
        if not self.at_once:
            for borrowing in (False, True):
                for urgency in range(self.classes):
                    self.place_class([job for job in calm if job.urgency == urgency], borrowing)
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

    def sorted(self, jobs):
        return sorted(jobs, key=lambda job: job.order, reverse=self.reverse)

    def pause_down(self, site):
        if not self.may_pause:
            return
        while self.used(site) > self.cap[site] or self.power(site) > self.held[site]:
            victims = self.victims(site)
            if not victims:
                break
            self.pause(victims[0], self.now)
        if self.at_once:
            return
        forced = [job for job in self.running(site) if job.overrode]
        pinned = [
            job for job in self.running(site) if job.preemptible and not self.has_slack(job) and job not in forced
        ]
        pinned.sort(key=lambda job: (job.urgency, job.order))
        excess = self.power(site) - self.held[site] - sum(job.power_uw for job in forced)
        while excess > 0 and pinned:
            job = pinned.pop()
            self.override(job, self.now)
            excess -= job.power_uw

    def force(self, job, at, *, preempt):
        if job.paused_at == at:
            return False
        sites = self.sites_in_order(job, sticky=False)
        site = next((s for s in sites if self.used(s) + job.gpus <= self.cap[s]), None)
        if site is None and preempt and self.may_pause:
            for s in sites:
                if self.used(s) - sum(v.gpus for v in self.victims(s)) + job.gpus <= self.cap[s]:
                    site = s
                    while self.used(s) + job.gpus > self.cap[s]:
                        self.pause(self.victims(s)[0], at)
                    break
        if site is None:
            return False
        beyond = self.power(site) + job.power_uw > self.planned[site]
        self.start(job, site, at)
        if beyond:
            self.override(job, at)
        return True

    def place_class(self, jobs, borrowing):
        refused = {}
        for job in self.sorted([job for job in jobs if job.status != "running"]):
            place = job.site if job.status == "paused" else -1
            key = (place, job.mask, job.gpus.bit_length())
            if refused.get(key, 0) >= REFUSALS_MAX:
                continue
            for s in self.sites_in_order(job, sticky=True):
                fits = self.used(s) + job.gpus <= self.cap[s] and self.power(s) + job.power_uw <= self.planned[s]
                own = self.curve[job.group][s] + 10_000_000
                if fits and (borrowing or self.power(s, job.group) + job.power_uw <= own) and job.paused_at != self.now:
                    self.start(job, s, self.now)
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
            state = {"future": 0, "waiting": 0, "running": 1, "paused": 2}[job.status]
            remaining = job.finish - now if state == 1 else job.remaining
            rows.append((job.row, state, job.site if state else -1, remaining))
        return rows
