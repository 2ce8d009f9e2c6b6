"""Copy of the figures: titles, sub-lines and captions.

Pairs are (English, Chinese); gaps are filled with marked-up numbers. No pattern holds a figure of a study.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["PATTERNS"]

PATTERNS: Mapping[str, tuple[str, str]] = {
    "section_week": ("A week at {place}", "{place}的一周"),
    "section_work": ("Where and when the work ran", "计算在何时何地运行"),
    "section_grid": ("On the grid", "电网侧"),
    "section_limits": ("What these figures do not show", "这些数字没有说明什么"),
    "week_in": (
        "“{arm}” moves computing into the sunny hours: {delta} on average",
        "“{arm}”把计算移入阳光充足时段：平均 {delta}",
    ),
    "week_out": (
        "“{arm}” moves computing out of the sunny hours: {delta} on average",
        "“{arm}”把计算移出阳光充足时段：平均 {delta}",
    ),
    "week_none": ("“{arm}” hardly changes computing in the sunny hours", "“{arm}”几乎不改变阳光充足时段的计算"),
    "week_control": ("With {control}, computing does not look at the sun", "{control}时，计算不看阳光"),
    "week_no_sun": ("“{arm}” in a week without solar surplus", "“{arm}”：没有光伏富余的一周"),
    "week_sub": (
        "{period}, local time, five rows, one clock. Pale bands: solar exceeds what cannot wait. Red lines are limits.",
        "{period}，当地时间，五行共用时间轴。浅色带：光伏超过不可推迟的用电。红线为限值。",
    ),
    "week_sub_phone": ("Narrow screens show three of the days.", "窄屏显示其中三天。"),
    "week_caption": (
        "This is the week with the widest range from its cloudiest day ({cloudy}) to its sunniest ({sunny}). "
        "In the pale bands computing draws {inside} on average, elsewhere {outside}.",
        "所选为最阴天（{cloudy}）与最晴天（{sunny}）相差最大的一周。浅色带内计算平均 {inside}，其余时间 {outside}。",
    ),
    "week_caption_dark": (
        "Computing draws {outside} on average; there is no hour in which solar exceeds what cannot wait.",
        "计算平均 {outside}；没有光伏超过不可推迟用电的时段。",
    ),
    "day_title": (
        "On the mean day computing peaks at {after}; with {control} at {before}",
        "平均日中，计算在 {after} 达到最高；{control}时为 {before}",
    ),
    "day_title_alone": ("On the mean day computing peaks at {before}", "平均日中，计算在 {before} 达到最高"),
    "day_title_same": (
        "On the mean day computing peaks at {before} in both arms",
        "平均日中，两种方式的计算都在 {before} 达到最高",
    ),
    "day_sub": (
        "Computing at {place} by class, mean of all days, MW above idle, local time",
        "{place}的计算按类别，全部日的平均，高于待机的 MW，当地时间",
    ),
    "day_band": ("Grey band: low tariff.", "灰带：谷段电价。"),
    "day_band_spot": ("Grey band: lowest price.", "灰带：低价时段。"),
    "day_caption": (
        "Dark blue cannot wait. The lighter the blue, the longer the work may wait. "
        "Highest value {before} in the control, {after} in the plan.",
        "深蓝不能等待；颜色越浅，可等待越久。对照最高 {before}，方案最高 {after}。",
    ),
    "day_caption_alone": (
        "Dark blue cannot wait. The lighter the blue, the longer the work may wait.",
        "深蓝不能等待；颜色越浅，可等待越久。",
    ),
    "where_title": (
        "{site} computes {delta} more than with {control}",
        "{site}比{control}多计算 {delta}",
    ),
    "where_title_same": ("The work stays where it arrives", "计算留在原地"),
    "where_title_alone": ("Where the work ran", "计算在哪里运行"),
    "where_sub": ("IT energy above idle by site and class, {unit}", "各站点、各类别的 IT 电量（高于待机），{unit}"),
    "where_caption": ("Total {before} in the control and {after} in the plan.", "合计：对照 {before}，方案 {after}。"),
    "where_repeated": (
        "The plan pauses jobs; what it draws more is work repeated from the last checkpoint.",
        "方案会暂停作业；多出的电量是从上一检查点重算的工作。",
    ),
    "where_caption_alone": ("Total {before}.", "合计 {before}。"),
    "delay_title": (
        "{after} of jobs lose a minute or more; with {control} it is {before}",
        "{after} 的作业延迟一分钟以上；{control}时为 {before}",
    ),
    "delay_title_alone": ("{before} of jobs lose a minute or more", "{before} 的作业延迟一分钟以上"),
    "delay_sub": (
        "Share of jobs by how much later than possible they finish, %",
        "按比最早可能完成时间晚多少划分的作业占比，%",
    ),
    "delay_caption": (
        "In the plan 95 % of jobs lose no more than {p95}; deadline misses: {misses}. "
        "Interactive requests are not in this figure: they never wait.",
        "方案中 95% 的作业延迟不超过 {p95}；逾期 {misses}。在线推理不在图中：它从不等待。",
    ),
    "import_goes": ("Peak import goes from {before} to {after}", "最大下网功率由 {before} 变为 {after}"),
    "import_stays": ("Peak import stays at {value}", "最大下网功率维持 {value}"),
    "export_goes": ("peak export goes from {before} to {after}", "最大上网功率由 {before} 变为 {after}"),
    "export_stays": ("peak export stays at {value}", "最大上网功率维持 {value}"),
    "duration_title_alone": (
        "Peak import {before}, peak export {low_before}",
        "最大下网功率 {before}，最大上网功率 {low_before}",
    ),
    "duration_sub": (
        "Power at {place}, sorted, MW (above zero: import)",
        "{place}功率，按大小排序，MW（零线以上为下网）",
    ),
    "duration_caption": (
        "Each point says for how much of the study the flow was at least that high. "
        "Hours at the reverse limit: {hours_before} in the control, {hours_after} in the plan.",
        "每一点表示功率不低于该值的时间占比。触及反送上限：对照 {hours_before}，方案 {hours_after}。",
    ),
    "duration_caption_alone": (
        "Each point says for how much of the study the flow was at least that high.",
        "每一点表示功率不低于该值的时间占比。",
    ),
    "balance_title": ("Energy in equals energy out to {error}", "流入等于流出，误差 {error}"),
    "balance_title_open": ("Energy in and energy out differ by {error}", "流入与流出相差 {error}"),
    "balance_sub": ("{place}, whole study, {arm}, {unit}", "{place}，整个研究期，{arm}，{unit}"),
    "balance_caption": (
        "The two bars must have the same length. If they did not, no other figure here could be trusted.",
        "两条必须等长；否则此处其他图都不可信。",
    ),
}
