"""All fixed words of the report, English and Chinese side by side. Sentences with numbers have named gaps."""

from __future__ import annotations

import re
from collections.abc import Mapping

from markupsafe import Markup

from suandian.experiments.report import copy_network

__all__ = ["WEEKDAYS", "Words", "place_name"]

#: key → (English, Chinese)
_WORDS: Mapping[str, tuple[str, str]] = {
    # page
    "study_report": ("Study report", "研究报告"),
    "skip": ("Skip to the report", "跳到正文"),
    "question": ("Question", "问题"),
    "verdict": ("Verdict: {what}", "结论：{what}"),
    "next": ("What to do next", "下一步"),
    "nav_kpi": ("Key figures", "指标"),
    "nav_week": ("A week", "一周"),
    "nav_work": ("Work", "任务"),
    "nav_grid": ("Grid", "电网"),
    "nav_limits": ("Limits", "局限"),
    "nav_provenance": ("Provenance", "来源"),
    "no_script": (
        "The figures need JavaScript. All their numbers are in the tables under “Show the numbers”.",
        "图表需要 JavaScript；所有数字都在“显示数据”的表格中。",
    ),
    "no_figure": (
        "This browser could not draw the figure; its numbers are in the table below.",
        "此浏览器无法绘制该图；数据见下方表格。",
    ),
    "show_numbers": ("Show the numbers", "显示数据"),
    "figure": ("Figure", "图"),
    "scroll_hint": ("Table, scrolls sideways", "表格，可左右滚动"),
    "footer": ("one file, opens offline", "单一文件，可离线打开"),
    "colon": (": ", "："),
    "comma": (", ", "，"),
    "and": (" and ", "和"),
    "list": (", ", "、"),
    "stop": (".", "。"),
    "late_stop": (". ", "；"),
    # arms
    "run_now": ("Run now", "即到即算"),
    "threshold": ("Threshold", "阈值"),
    "lowest_window": ("Lowest window", "最低连续窗口"),
    "lowest_slots": ("Lowest slots", "最低分散时段"),
    "greenest_site": ("Greenest site", "最绿站点"),
    "rolling": ("Rolling plan", "滚动优化"),
    "foresight": ("Perfect foresight", "完美预知"),
    "control_mark": ("{arm} (control)", "{arm}（对照）"),
    "bound_mark": ("{arm} (yardstick)", "{arm}（参照）"),
    # groups and measures
    "money": ("Money", "费用"),
    "grid": ("Grid", "电网"),
    "carbon": ("Carbon", "碳排放"),
    "service": ("Service", "服务"),
    "in_money": ("cost", "费用"),
    "in_grid": ("grid", "电网"),
    "in_carbon": ("carbon", "碳排放"),
    "in_service": ("service", "服务"),
    "energy_cost_cny": ("Energy cost", "电量电费"),
    "demand_charge_cny": ("Demand charge", "需量电费"),
    "total_cost_cny": ("Total bill", "电费合计"),
    "objective_cny": ("Objective", "优化目标值"),
    "pv_curtailed_mwh": ("Solar curtailed", "弃光电量"),
    "wind_curtailed_mwh": ("Wind curtailed", "弃风电量"),
    "tie_mwh": ("Sent over ties", "联络线送出电量"),
    "peak_import_mw": ("Peak import", "最大下网功率"),
    "reverse_limit_h": ("Hours at reverse limit", "触及反送上限"),
    "peaks": ("Sum of peak imports", "各并网点下网峰值合计"),
    "bound_row": ("Bound for punctual plans", "按时方案的下界"),
    "import_violation_mwh": ("Import above a limit", "超限购电量"),
    "import_mwh": ("Grid import", "下网电量"),
    "export_mwh": ("Grid export", "上网电量"),
    "renewable_share_ratio": ("Renewable share", "可再生占比"),
    "battery_throughput_mwh": ("Battery throughput", "电池吞吐量"),
    "carbon_average_kg": ("Hourly average", "小时平均法"),
    "carbon_marginal_kg": ("Marginal", "边际法"),
    "carbon_official_kg": ("Official factor", "官方因子法"),
    "deadline_misses": ("Deadline misses", "逾期作业"),
    "delay_mean_h": ("Mean delay", "平均延迟"),
    "delay_p95_h": ("Delay of 95 % of jobs", "95% 作业延迟不超过"),
    "jobs_completed": ("Jobs completed", "完成作业"),
    "interactive_unserved_mwh": ("Interactive not served", "未能服务的在线推理"),
    "unit_jobs": ("jobs", "个"),
    # table heads
    "measure": ("Measure", "指标"),
    "difference": ("Difference", "差异"),
    "change": ("Change", "变化"),
    "worse": ("worse", "变差"),
    "behind": ("What lies behind it", "背后的数"),
    "coordinator": ("Coordinator", "调度方式"),
    "col_total": ("Total bill, {unit}", "电费合计，{unit}"),
    "col_objective": ("Objective, {unit}", "目标值，{unit}"),
    "col_carbon": ("Carbon avg., {unit}", "碳排放（均值），{unit}"),
    "col_curtailed": ("Curtailed, {unit}", "弃光，{unit}"),
    "col_wind": ("Wind curtailed, {unit}", "弃风，{unit}"),
    "col_peaks": ("Sum of peaks, {unit}", "下网峰值合计，{unit}"),
    "col_peak": ("Peak import, {unit}", "最大下网功率，{unit}"),
    "col_limit": ("At limit, {unit}", "反送触限，{unit}"),
    "col_share": ("Renewable, {unit}", "可再生占比，{unit}"),
    "col_misses": ("Misses", "逾期"),
    "col_delay": ("Mean delay, {unit}", "平均延迟，{unit}"),
    # series
    "load": ("Local load", "当地负荷"),
    "base": ("Idle, cooling, losses", "待机、制冷与损耗"),
    "F0": ("Immediate", "立即"),
    "F1": ("Interactive", "在线推理"),
    "F2": ("Near-real-time", "准实时"),
    "F3": ("Batch, rendering", "批处理、渲染"),
    "F4": ("Training", "训练"),
    "F5": ("Backup", "备份"),
    "pv": ("Solar used or exported", "光伏利用"),
    "curtailed": ("Solar curtailed", "弃光"),
    "curtailed_all": ("Curtailed", "弃风弃光"),
    "wind": ("Wind used or exported", "风电利用"),
    "tie_in": ("From other regions", "跨省受入"),
    "tie_out": ("To other regions", "跨省送出"),
    "discharge": ("Battery discharge", "电池放电"),
    "charge": ("Battery charge", "电池充电"),
    "import": ("Grid import", "下网"),
    "export": ("Export to grid", "上网"),
    "battery_loss": ("Battery charge", "电池充电"),
    "total_at_once": ("Total in the control arm", "对照方式的总用电"),
    "goes": ("Where the power goes, MW", "电用在哪里，MW"),
    "comes": ("Where it comes from, MW (below zero: leaves)", "电从哪里来，MW（零线以下为上网）"),
    "comes_narrow": ("Where it comes from, MW", "电从哪里来，MW"),
    "through": ("Through the transformer, MW (above zero: import)", "经主变功率，MW（零线以上为下网）"),
    "through_narrow": ("Through the transformer, MW", "经主变功率，MW"),
    "through_site": ("At the site's connection, MW", "站点并网点功率，MW"),
    "price": ("Price, CNY/MWh", "电价，元/MWh"),
    "carbon_row": ("Carbon (modelled), kg/MWh", "碳强度（模型值），kg/MWh"),
    "limit_import": ("Import limit {limit}", "下网上限 {limit}"),
    "limit_export": ("Reverse limit {limit}", "反送上限 {limit}"),
    "low_tariff": ("low tariff", "谷段电价"),
    "low_price": ("lowest price", "低价时段"),
    "show_arm": ("Show", "显示"),
    "whole_week": ("All days", "全部"),
    "three_days": ("Three days", "三天"),
    "show_days": ("Days", "日期"),
    # runs that bent, kinds of flexibility
    "nav_bent": ("Flexibility", "灵活性"),
    "run_number": ("Run {number}", "任务 {number}"),
    "run": ("Run", "任务"),
    "checkpoint_every": ("checkpoint every {hours} h", "每 {hours} 小时检查点"),
    "full_speed": ("Full speed", "全速"),
    "capped": ("Capped GPUs", "限功率"),
    "narrower": ("Fewer GPUs", "减少 GPU"),
    "shares": ("{speed} of the speed, {power} of the power", "速度 {speed}，功率 {power}"),
    "waits": ("Waits or paused", "等待或暂停"),
    "sends": ("Data on their way to", "数据正传往"),
    "sends_data": ("Data on their way", "传输数据"),
    "released": ("Released", "可开始"),
    "paused_at": ("Paused", "暂停"),
    "due": ("Due", "截止"),
    "due_missed": ("Due, missed", "截止（逾期）"),
    "surplus": ("Solar surplus", "光伏富余"),
    "at_limit": ("{place} at its limit", "{place}触及限值"),
    "never_at_limit": ("{place} at its limit: never", "{place}触及限值：从未"),
    "limit_met": ("At the limit", "触及限值"),
    "price_narrow": ("Price, CNY/MWh", "电价，元/MWh"),
    "carbon_row_narrow": ("Carbon, kg/MWh", "碳强度，kg/MWh"),
    "started": ("Started", "开始"),
    "finished": ("Finished", "完成"),
    "h_full": ("Full speed, h", "全速，小时"),
    "h_slowed": ("Slowed, h", "降速，小时"),
    "h_waits": ("Waiting, h", "等待，小时"),
    "n_pauses": ("Pauses", "暂停次数"),
    "h_repeated": ("Repeated, h", "重算，小时"),
    "gb_sent": ("Data sent, GB", "传输数据，GB"),
    "mwh_drawn": ("Energy, MWh", "电量，MWh"),
    "sunny_share": ("In sunny hours, %", "阳光充足时段占比，%"),
    "sites_run": ("Sites", "站点"),
    "bent_numbers": ("The runs shown; means weighted by energy; local time", "图中任务；按电量加权平均；当地时间"),
    "kind_later": ("Starting later", "推迟开始"),
    "kind_paused": ("Pausing", "暂停"),
    "kind_capped": ("Slowing: capped GPUs", "降速：限功率"),
    "kind_narrower": ("Slowing: fewer GPUs", "降速：减少 GPU"),
    "kind_moved": ("Moving", "迁移"),
    "kind_batched": ("Larger batches", "合批"),
    "kind_none": ("none", "无"),
    "kind_absent": ("not in this study", "本研究不含"),
    "kind_saved": (" saved", "（节省）"),
    "money_unit": ("CNY", "元"),
    "kind": ("Kind", "方式"),
    "n_jobs": ("Jobs", "作业数"),
    "work_done": ("Work, GPU-h", "工作量，GPU·小时"),
    "paid_for": ("Paid for it, CNY", "为此支付，元"),
    "kinds_numbers": (
        "Work at full speed, energy drawn for it (larger batches: saved), and what was paid; a job may be in several",
        "全速折算的工作量、所用电量（合批为节省量）及支付；一个作业可属多类",
    ),
    # balance and delay
    "in": ("in", "流入"),
    "out": ("out", "流出"),
    "hours": ("h", "小时"),
    "bin_0": ("no delay", "无延迟"),
    "bin_1": ("< 1 h", "< 1 小时"),
    "bin_2": ("1–4 h", "1–4 小时"),
    "bin_3": ("4–12 h", "4–12 小时"),
    "bin_4": ("12–24 h", "12–24 小时"),
    "bin_5": ("> 24 h", "> 24 小时"),
    "share_of_time": ("share of the study with at least this flow", "功率不低于该值的时间占比"),
    # number tables
    "day": ("Day", "日期"),
    "time": ("Time", "时刻"),
    "site": ("Site", "站点"),
    "share": ("Share of time", "时间占比"),
    "delay": ("Delay", "延迟"),
    "total": ("Total", "合计"),
    "item": ("Item", "项目"),
    "direction": ("Direction", "方向"),
    # regions
    "nav_regions": ("Regions", "分地区"),
    "region": ("Region", "地区"),
    "r_available": ("Wind and solar available, MWh", "风光可发，MWh"),
    "r_curtailed": ("Curtailed, {arm}, MWh", "弃电（{arm}），MWh"),
    "r_avoided": ("Avoided, MWh", "减少弃电，MWh"),
    "r_wind": ("of it wind, MWh", "其中弃风，MWh"),
    "r_tie": ("Over ties, MWh", "跨省送出，MWh"),
    "r_computing": ("Data centres, MWh", "数据中心用电，MWh"),
    "r_average": ("Hourly average, t", "小时平均法，吨"),
    "r_marginal": ("Marginal, t", "边际法，吨"),
    "r_official": ("Official factor, t", "官方因子法，吨"),
    "r_curtailment": ("Curtailment by region", "各地区弃电"),
    "r_carbon": ("The same move under three factors, by region", "同一调度在三种因子下的各地区碳排放变化"),
    # provenance
    "provenance": ("Provenance", "来源与可复现"),
    "p_run": ("Run", "运行"),
    "p_reproduce": ("Reproduce", "复现"),
    "p_seeds": ("Seed", "随机种子"),
    "p_axis": ("Period", "时段"),
    "p_chain": ("Journal", "日志"),
    "p_versions": ("Versions", "版本"),
    "p_sources": ("Sources", "来源"),
    "field": ("Field", "字段"),
    "source": ("Source", "来源"),
    "confidence": ("Confidence", "可信度"),
    "confidence_key": (
        "A official document, B secondary source, C unverified, D engineering default of the project.",
        "A 官方文件，B 二手来源，C 未核实，D 本项目工程默认值。",
    ),
    **copy_network.WORDS,
}

WEEKDAYS: Mapping[str, tuple[str, ...]] = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
}


#: names that the generated county gives to its villages and pieces of town
_PLACE = re.compile(r"\b(village|town)(?= \d+-\d+-\d+)")


def place_name(name: str, lang: str) -> str:
    """A place of a generated county as it is shown: in Chinese `村 1-2-1` for `village 1-2-1`; its id stays."""
    if lang == "en":
        return name
    return _PLACE.sub(lambda found: "村" if found[0] == "village" else "镇", name)


class Words:
    """Fixed words in one language; `words("key", gap=…)` fills the gaps."""

    def __init__(self, lang: str) -> None:
        if lang not in ("en", "zh"):
            raise ValueError(f"the report speaks 'en' and 'zh', not {lang!r}")
        self.lang = lang
        self._column = 0 if lang == "en" else 1

    def __call__(self, key: str, **gaps: str) -> str:
        text = _WORDS[key][self._column]
        return text.format(**gaps) if gaps else text

    def markup(self, key: str, **gaps: str) -> Markup:
        """The same, with marked-up gaps kept and everything else escaped."""
        return Markup(_WORDS[key][self._column]).format(**gaps)

    def arm(self, name: str) -> str:
        """Name of a coordinator; an unknown one is shown by the id it registered under."""
        return _WORDS[name][self._column] if name in _WORDS else re.sub("[<>&_]+", " ", name).strip()

    def weekday(self, index: int) -> str:
        """Short name of a weekday, 0 is Monday."""
        return WEEKDAYS[self.lang][index]
