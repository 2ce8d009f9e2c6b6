"""What has to be said beside the numbers, English and Chinese: assumptions, limits, what misleads."""

from __future__ import annotations

from suandian.experiments.classification.result import Classification
from suandian.experiments.classification.scales import power_scale, share_text

__all__ = ["LOCATION_WORDS", "Statement", "statements"]

Statement = tuple[str, str]

#: What binds work to its place, in words.
LOCATION_WORDS: dict[str, Statement] = {
    "latency": ("latency: no other place is near enough", "时延：没有足够近的其他站点"),
    "no_consent": ("no consent, or data must stay", "未同意迁移或数据不可出域"),
    "no_gain": ("no gain: no other place is cheaper then", "无收益：彼时他处并不更便宜"),
    "gravity": ("data: moving costs more than it saves", "数据量：迁移成本高于节省"),
    "latency_region": ("latency: only within its bound", "时延：仅限时延范围内"),
    "gravity_near": ("data: moving takes a good part of the gain", "数据量：迁移成本占去较多节省"),
    "data_unknown": ("not known: no data volume is recorded", "未知：未记录数据量"),
    "consent_unknown": ("consent is not recorded", "未记录是否同意迁移"),
    "free": ("nothing: it is free to move", "无：可自由迁移"),
}

_TIGHT = {
    "tariff": ("hours of peak or sharp price of the tariff", "电价的峰段与尖峰时段"),
    "county_limit": (
        "hours in which the county's import is at 90 % of its limit or above",
        "县域下网功率达到上限90%及以上的时段",
    ),
    "county_top": (
        "the 5 % of hours with the county's highest import (it stays below 90 % of the limit)",
        "县域下网功率最高的5%时段（未达上限的90%）",
    ),
    "site_import": ("the site's hours of highest import", "站点下网功率最高的时段"),
}


def statements(found: Classification) -> list[Statement]:
    """In the order in which a reader needs them."""
    told = [*_misleading(found), *_delay(found), *_site(found), *_method(found)]
    return [(english[0].upper() + english[1:], chinese) for english, chinese in told]


def _misleading(found: Classification) -> list[Statement]:
    """The class whose share of jobs is furthest from its share of energy."""
    gaps = [
        (abs(row["count_share_ratio"] - row["energy_share_ratio"]), row)
        for row in found.classes.iter_rows(named=True)
        if row["count"]
    ]
    if not gaps:
        return []
    gap, row = max(gaps, key=lambda pair: pair[0])
    if gap < 0.1:
        return []
    jobs, energy = share_text(row["count_share_ratio"]), share_text(row["energy_share_ratio"])
    return [
        (
            f"shares by number of jobs mislead: {row['label']} holds {jobs} of the jobs and {energy} of the energy",
            f"按作业数计算的占比会误导：{row['label']}占作业数的{jobs}，却占用电量的{energy}",
        )
    ]


def _delay(found: Classification) -> list[Statement]:
    share = found.facts.slack_share
    if share["stated"] >= 1.0:
        return [("every job states its deadline: no slack is assumed", "所有作业均有截止时间：裕度无需假定")]
    if share["user"] > 0:
        return [
            (
                f"{share_text(share['user'])} of the energy has no deadline; its permitted delay is the one "
                "given for this "
                f"run ({found.facts.delay_text})",
                f"{share_text(share['user'])}的用电量没有截止时间，其允许延迟按本次指定值计算",
            )
        ]
    return [
        (
            f"slack is assumed for {share_text(share['assumed'])} of the energy, which states no deadline (assumptions "
            f"{found.table.delay_version}, confidence D; change them with --delay or --delay-ratio)",
            f"{share_text(share['assumed'])}的用电量没有截止时间，其裕度为假定值（假定表{found.table.delay_version}，可信度D；"
            "可用--delay或--delay-ratio更改）",
        )
    ]


def _site(found: Classification) -> list[Statement]:
    facts, setting = found.facts, found.setting
    size = f"{facts.room_count:,.0f} {facts.unit}s"
    if facts.sized:
        parts = [
            (
                f"site: {setting.name}, sized to the work's own peak of {size}; region {setting.region}",
                f"站点：{setting.name_zh}，规模取作业自身峰值{facts.room_count:,.0f}个{facts.unit}；区域{setting.region}",
            )
        ]
    else:
        parts = [(f"site: {setting.name}, {size}", f"站点：{setting.name_zh}，{facts.room_count:,.0f}个{facts.unit}")]
    if facts.waits:
        parts.append(
            (
                f"run at once, the work would take {facts.peak_count:,.0f} {facts.unit}s: by default it waits, first "
                "come, first "
                f"served; {facts.late_count:,} jobs end after they may",
                f"若全部即到即算需{facts.peak_count:,.0f}个{facts.unit}：默认按先到先服务排队，{facts.late_count:,}个作业超出允许延迟",
            )
        )
    if facts.larger_count:
        parts.append(
            (
                f"{facts.larger_count:,} jobs are larger than the site: they are classified and left out of the "
                "envelope",
                f"{facts.larger_count:,}个作业超出站点规模：参与分类，但不计入可调包络",
            )
        )
    if setting.repeat_ratio > 1.001:
        parts.append(
            (
                f"the study's prices, carbon and grid are repeated {setting.repeat_ratio:.1f} times over the work",
                f"研究时段的电价、碳强度与电网数据重复{setting.repeat_ratio:.1f}次以覆盖全部作业",
            )
        )
    if facts.records:
        parts.append((f"clock: {facts.clock}", f"时间：{facts.clock_zh}"))
    return parts


def _method(found: Classification) -> list[Statement]:
    facts, setting, table = found.facts, found.setting, found.table
    tight_en, tight_zh = _TIGHT[setting.tight_why]
    mean = power_scale(found.mean_load_mw).with_unit(found.mean_load_mw)
    hours = f"{found.envelope.notice_h:g}"
    parts = [
        (
            "the envelope is IT power above idle that moves for the whole duration, against running at once (mean load "
            f"{mean}); turn-up needs work held back in the {hours} h before; energy turned down returns later",
            f"可调包络为相对即到即算、在整个时长内可移动的IT功率（高于空载，平均负荷{mean}）；上调需在此前{hours}小时内预留作业；"
            "下调的电量随后会回补",
        ),
        (
            'the bound takes work as a fluid with one queue; "by jobs" moves whole jobs, '
            f"at {found.envelope.sample_count} or more windows spread over the work",
            f"上界按单一队列的流体计算；“整作业”为移动完整作业所得，取不少于{found.envelope.sample_count}个均匀分布的窗口",
        ),
        (f"constrained hours: {tight_en}", f"受限时段：{tight_zh}"),
        (
            f"energy at the meter is {table.figure('pue_ratio'):g} × IT energy above idle; hourly carbon is modelled",
            f"计量点电量按高于空载IT电量的{table.figure('pue_ratio'):g}倍计；逐时碳强度为模型值",
        ),
    ]
    if not facts.data_stated:
        parts.append(
            (
                f"data volumes are not recorded: moving a job pays only below the break-even; a transfer costs "
                f"{table.figure('transfer_cny_per_gb'):g} CNY and {table.figure('transfer_kwh_per_gb'):g} kWh per GB",
                "未记录数据量：仅当数据量低于盈亏平衡值时迁移才划算；传输成本为每GB "
                f"{table.figure('transfer_cny_per_gb'):g}元、"
                f"{table.figure('transfer_kwh_per_gb'):g}千瓦时",
            ),
        )
    if not facts.consent_stated:
        parts.append(
            (
                "records do not state which work may leave its place: nothing is taken as free to move",
                "记录未说明哪些作业可以异地运行：不将任何作业视为可自由迁移",
            )
        )
    return parts
