"""Sentence patterns of the part on regions.

Pairs are (English, Chinese); gaps are filled with marked-up numbers. No pattern holds a figure of a study.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["PATTERNS"]

PATTERNS: Mapping[str, tuple[str, str]] = {
    "section_regions": ("By region", "分地区"),
    "regions_less": (
        "{gap} of wind and solar energy are used instead of thrown away, {best} of them at {place}; {signs}",
        "少弃风光电量 {gap}，其中{place} {best}；{signs}",
    ),
    "regions_less_shifted": (
        "{gap} less wind and solar energy is thrown away: {best} less at {place}, more elsewhere; {signs}",
        "少弃风光电量 {gap}：{place}少弃 {best}，其他地区多弃；{signs}",
    ),
    "regions_more": (
        "{gap} more wind and solar energy are thrown away than in the control",
        "与对照相比多弃风光电量 {gap}",
    ),
    "regions_same": ("Curtailment is the same as in the control", "弃风弃光与对照相同"),
    "regions_alone": ("{total} of wind and solar energy are thrown away", "弃风弃光 {total}"),
    "regions_all_down": ("all three factors say that the move saves carbon", "三种因子都表明此次调度减碳"),
    "regions_all_up": (
        "all three factors say that the move does not save carbon",
        "三种因子都表明此次调度没有减碳",
    ),
    "regions_split": (
        "whether the move saves carbon depends on the factor",
        "此次调度是否减碳取决于所用因子",
    ),
    "regions_sub": (
        "“{chosen}” against “{control}”. Available energy is the same for both; energy is read from meters, and totals "
        "are rounded once",
        "“{chosen}”与“{control}”对比。两者的可发电量相同；电量均取自电表，合计先加总后取整",
    ),
    "regions_sub_alone": (
        "Energy is read from meters; totals are rounded once",
        "电量均取自电表，合计先加总后取整",
    ),
    "regions_average": (
        "Hourly average (modelled): how much carbon the electricity drawn carries when all who draw at that hour in "
        "that province share it alike. It suits a footprint by hour and place.",
        "小时平均法（模型值）：该时该省所有用户平均分担时，所用电带有多少碳。适用于分时分地的碳足迹。",
    ),
    "regions_marginal": (
        "Marginal (modelled): what drawing more or less causes at once in the fossil plants of that province. It suits "
        "the question whether to move, but it knows the province's surplus only, not that of the base itself.",
        "边际法（模型值）：多用或少用电会使该省火电立即增减多少排放。适用于判断是否应当迁移，但只反映全省富余，不反映基地自身的富余。",
    ),
    "regions_official": (
        "Official factor: what reports have to say, one annual figure for each province. It sees where power is drawn, "
        "never when, and so cannot see that a windy hour was chosen.",
        "官方因子法：报告必须采用，每省每年一个数值。只反映在哪里用电，不反映何时用电，因此看不到选择了多风时段。",
    ),
    "regions_ties": (
        "Over ties flows only what a base would throw away otherwise, to where energy is imported. When computing uses "
        "more on the spot, less is left for them.",
        "联络线只输送本将弃掉的电，送往正在受电的地区。就地计算用得越多，可外送的就越少。",
    ),
    "regions_scope": (
        "The factors value what the data centres import, at the mix of their province. That part of it was saved from "
        "being thrown away is in none of them and stands in the first table.",
        "三种因子按各省电源结构核算数据中心的下网电量；其中一部分本会被弃掉，这一点不包含在任何一种因子中，见第一张表。",
    ),
}
