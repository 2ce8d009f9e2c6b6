"""The page's fixed words, English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["WORDS", "word"]

WORDS: Mapping[str, tuple[str, str]] = {
    "eyebrow": ("Flexibility of computing work", "算力负荷灵活性分类"),
    "skip": ("Skip to the content", "跳到正文"),
    "language": ("Language", "语言"),
    "nav_classes": ("Classes", "分类"),
    "nav_envelope": ("Envelope", "可调包络"),
    "nav_dimensions": ("Dimensions", "四个维度"),
    "nav_rules": ("Rules", "规则"),
    "nav_limits": ("Limits", "说明"),
    "rests": ("What this rests on", "结论的依据"),
    "figure": ("Figure", "图"),
    "numbers": ("Show the numbers", "显示数据"),
    "scroll": ("table, scrolls sideways", "表格，可左右滚动"),
    # headline
    "headline": (
        "{share} of the computing energy may wait {span}; {now} has less than an hour",
        "{share}的计算用电量{span}，{now}的裕度不足一小时",
    ),
    "headline_none": (
        "{share} of the computing energy may wait {span}; none has less than an hour",
        "{share}的计算用电量{span}，没有裕度不足一小时的作业",
    ),
    "span_day": ("a day or longer", "可推迟一天以上"),
    "span_hours": ("hours or longer", "可推迟数小时以上"),
    "lead": (
        "Moving whole jobs, the site can turn down {down} for {hours} h in half of all windows and "
        "{sure} in nine of ten: "
        "{ratio} and {sure_ratio} of its mean load. A fluid bound would promise {bound}.",
        "移动完整作业，站点在半数窗口中可下调{down}并持续{hours}小时，在九成窗口中可下调{sure}：分别为平均负荷的{ratio}与{sure_ratio}。"
        "流体上界为{bound}。",
    ),
    "assumed_pill": ("Slack is assumed", "裕度为假定值"),
    "stated_pill": ("Slack is stated", "裕度有据"),
    "user_pill": ("Slack as given for this run", "裕度按本次指定"),
    # cards
    "card_wait": ("of the energy may wait a day or longer (F4, F5)", "的用电量可推迟一天以上（F4、F5）"),
    "card_hours": ("may wait some hours (F3)", "可推迟数小时（F3）"),
    "card_now": ("has an hour or less (F0–F2)", "裕度不足一小时（F0–F2）"),
    "card_head_energy": ("Which energy is flexible", "哪些用电量灵活"),
    "card_head_down": ("What the site can turn down", "站点可下调多少"),
    "card_head_up": ("What the site can take up", "站点可上调多少"),
    "card_down": ("for {hours:g} h by whole jobs, median of windows", "持续{hours:g}小时，移动完整作业，窗口中位数"),
    "card_up": ("for {hours:g} h by whole jobs, {notice:g} h of notice", "持续{hours:g}小时，提前{notice:g}小时通知"),
    "to_classes": ("Classes", "分类"),
    "to_envelope": ("Envelope", "可调包络"),
    # classes
    "h_classes": ("Work by class", "按类别划分的作业"),
    "f_shares": (
        "{label} is {jobs} of the jobs and {energy} of the energy: count energy, not jobs",
        "{label}占作业数的{jobs}、用电量的{energy}：应按用电量而非作业数统计",
    ),
    "f_shares_even": ("Shares of energy, work and jobs agree", "用电量、算力与作业数的占比一致"),
    "s_shares": ("shares by class, dark is urgent, light may wait", "各类别占比，深色紧急，浅色可等待"),
    "c_shares": (
        "The grid sees energy. Many short jobs make a large share of the jobs and a small one of the energy.",
        "电网看到的是电量。大量短作业占作业数很多，却只用很少的电。",
    ),
    "row_energy": ("Energy", "用电量"),
    "row_work": ("{unit}-hours", "{unit}小时"),
    "row_count": ("Number of jobs", "作业数"),
    "f_day": (
        "By default the load peaks at {at}:00, {ratio} above its mean",
        "默认情况下负荷在{at}:00最高，高出平均{ratio}",
    ),
    "f_day_flat": ("By default the load is much the same at all hours", "默认情况下各时段负荷相近"),
    "s_day": ("jobs on the mean local day, IT power above idle", "作业的平均日（当地时间），高于空载的IT功率"),
    "axis_day": ("local hour", "当地时间"),
    "F0": ("Immediate", "立即"),
    "F1": ("Interactive", "在线推理"),
    "F2": ("Near-real-time", "准实时"),
    "F3": ("Batch, some hours", "批处理，数小时"),
    "F4": ("Training, days", "训练，数日"),
    "F5": ("Backup, days", "备份，数日"),
    "t_class": ("Class", "类别"),
    "t_energy": ("Energy, {unit}", "用电量，{unit}"),
    "t_of_energy": ("of energy", "电量占比"),
    "t_of_work": ("of {unit}-hours", "{unit}小时占比"),
    "t_of_jobs": ("of jobs", "作业占比"),
    "t_jobs": ("Jobs", "作业数"),
    "t_slack": ("Slack, h", "裕度，小时"),
    "t_site_peak": ("At the site's peak, {unit}", "站点峰值时刻，{unit}"),
    "t_grid_peak": ("At the grid's peak, {unit}", "电网峰值时刻，{unit}"),
    "t_tight": ("in constrained hours", "受限时段电量占比"),
    "t_carbon": ("g CO₂ per {unit}-hour: average", "每{unit}小时克CO₂：平均法"),
    "t_marginal": ("marginal", "边际法"),
    "t_official": ("official", "官方因子"),
    # envelope
    "h_envelope": ("How much power for how many hours", "多少功率，多少小时"),
    "f_envelope": (
        "Half of the windows give {short} for {short_h} h and {long} for {long_h} h",
        "半数窗口可下调{short}持续{short_h}小时、{long}持续{long_h}小时",
    ),
    "s_envelope": (
        "constant change of IT power that keeps every deadline, by duration",
        "满足全部截止时间的恒定IT功率变化，按持续时长",
    ),
    "c_envelope": (
        "Band and thin line: fluid bound, nine of ten windows to one of ten, and median. Dots and bars: "
        "whole jobs, the same "
        "quantiles. Turn-up needs {notice:g} h of notice, in which work is held back; what is turned "
        "down comes back later.",
        "色带与细线：流体上界的十分位区间与中位数。圆点与竖线：移动完整作业的同样分位数。上调需提前{notice:g}小时通知以预留作业；"
        "下调的电量随后回补。",
    ),
    "panel_down": ("Turn down", "下调"),
    "panel_up": ("Turn up", "上调"),
    "axis_y": ("{unit} of IT power", "IT功率，{unit}"),
    "axis_x": ("duration, h", "持续时长，小时"),
    "mean_load": ("mean load", "平均负荷"),
    "legend_bound": ("fluid bound, p10–p90 and median", "流体上界，p10–p90与中位数"),
    "legend_jobs": ("whole jobs, p10–p90 and median", "完整作业，p10–p90与中位数"),
    "f_stages": (
        "Turning down for {hours:g} h, whole jobs keep {share} of what deadlines alone would allow",
        "下调并持续{hours:g}小时，完整作业可实现仅受截止时间约束时的{share}",
    ),
    "s_stages": (
        "mean over sampled windows; hatched: taken away by that limit",
        "抽样窗口的平均值；斜线：该限制所减去的部分",
    ),
    "c_stages": (
        "Each limit is added to those above it. Gangs stay together, and a paused job finds its way "
        "back only where the whole "
        "of it fits.",
        "各项限制逐级叠加。成组作业不可拆分，被暂停的作业须有足以容纳整体的空间才能恢复。",
    ),
    "stage_deadlines": ("deadlines alone", "仅截止时间"),
    "stage_capacity": ("and the site's capacity", "加站点容量（恢复空间）"),
    "stage_no_pause": ("and jobs that may not pause", "加不可中断作业"),
    "stage_whole_jobs": ("and whole jobs", "加作业不可拆分"),
    "group_down": ("Turn down for {hours:g} h", "下调，持续{hours:g}小时"),
    "group_up": ("Turn up for {hours:g} h", "上调，持续{hours:g}小时"),
    "h_instants": ("At named instants", "指定时刻"),
    "s_instants": (
        "local time; energy that returns, work run twice after a pause, and the largest rebound belong to whole jobs",
        "当地时间；回补电量、暂停后重算的电量与最大反弹功率均对应完整作业",
    ),
    "i_instant": ("Instant", "时刻"),
    "i_hours": ("h", "小时"),
    "i_bound": ("Bound, {unit}", "上界，{unit}"),
    "i_jobs": ("By jobs, {unit}", "完整作业，{unit}"),
    "i_load": ("Load, {unit}", "负荷，{unit}"),
    "i_returns": ("Returns, {unit}", "回补，{unit}"),
    "i_lost": ("Run twice, {unit}", "重算，{unit}"),
    "i_rebound": ("Rebound, {unit}", "反弹，{unit}"),
    "i_count": ("Jobs moved", "移动作业数"),
    "i_refused": ("left alone", "未移动"),
    "site_peak": ("The site's peak", "站点峰值"),
    "grid_peak": ("The grid's peak", "电网峰值"),
    "surplus": ("Most solar surplus", "光伏盈余最大"),
    "down": ("down", "下调"),
    "up": ("up", "上调"),
    # dimensions
    "h_dimensions": ("The four dimensions", "四个维度"),
    "f_levels": (
        "{urgent} of the energy is urgent, {bound} is bound to its place, {dirty} runs in dirty hours, "
        "{tight} in constrained ones",
        "{urgent}的用电量紧急，{bound}受地点约束，{dirty}在高碳时段运行，{tight}在受限时段运行",
    ),
    "s_levels": ("share of energy by level", "各等级的用电量占比"),
    "c_levels": (
        "High urgency leaves no time; high location sensitivity leaves no other place; high carbon and "
        "high grid impact are "
        "where moving helps most.",
        "紧急度高即没有时间余地；地点敏感度高即不可异地；碳强度高与电网影响大之处，移动的价值最大。",
    ),
    "urgency": ("Urgency", "紧急度"),
    "location": ("Location sensitivity", "地点敏感度"),
    "carbon": ("Carbon intensity", "碳强度"),
    "grid": ("Grid impact", "电网影响"),
    "low": ("low", "低"),
    "medium": ("medium", "中"),
    "high": ("high", "高"),
    "t_bound": ("Bound to its place by", "受何约束"),
    "t_gravity": ("Data, GB per MWh", "数据量，GB/MWh"),
    "t_even": ("Moving pays below, GB per MWh", "迁移划算上限，GB/MWh"),
    "t_even_job": ("GB per job", "每作业GB"),
    # streams
    "h_streams": ("Interactive streams", "在线业务流"),
    "t_stream": ("Stream", "业务流"),
    "t_latency": ("Latency bound, ms", "时延要求，毫秒"),
    "t_reach": ("Reach, km", "可达距离，公里"),
    "t_places": ("Sites in reach", "可达站点数"),
    # rules
    "h_rules": ("What decided", "判定依据"),
    "s_rules": (
        "rules version {version}; the first rule that holds decides",
        "规则版本{version}；按顺序首个成立的规则生效",
    ),
    "t_rule": ("Rule", "规则"),
    "t_source": ("Source", "来源"),
    "t_confidence": ("Confidence", "可信度"),
    "stated_by_study": ("stated by the study", "由研究给定"),
    "h_sensitivity": ("If the assumed delay were half or twice as long", "若假定延迟减半或加倍"),
    "s_sensitivity": (
        "share of energy by class, and turn-down for {hours:g} h",
        "各类别用电量占比，及持续{hours:g}小时的下调能力",
    ),
    "t_factor": ("Delay", "延迟"),
    "t_down_bound": ("bound, {unit}", "上界，{unit}"),
    "t_down_jobs": ("by jobs, {unit}", "完整作业，{unit}"),
    # limits
    "h_limits": ("What these figures rest on", "数据说明与局限"),
    "h_read": ("What was read", "读取情况"),
    "read": ("rows read", "读取行数"),
    "kept": ("jobs kept", "保留作业"),
    "repaired": ("repaired", "修正"),
    "dropped": ("dropped", "舍弃"),
    "reason": ("Reason", "原因"),
    "rows": ("Rows", "行数"),
    "first_line": ("first line", "首个行号"),
    "h_sources": ("Sources", "来源"),
    "t_what": ("What", "内容"),
    "hours_unit": ("h", "小时"),
}


def word(lang: str, key: str, **gaps: object) -> str:
    """One text with its gaps filled."""
    text = WORDS[key][0 if lang == "en" else 1]
    return text.format(**gaps) if gaps else text
