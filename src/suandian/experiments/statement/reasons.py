"""Reasons and notes of verification in Chinese: what has no translation stays as it is, never guessed."""

from __future__ import annotations

import re

from suandian.verification.baseline import DAY_TEXT, WHY_TEXT, DayState, Why

__all__ = ["END_LOOK", "NO_HOLIDAYS", "NO_NAMEPLATE", "PATTERNS", "translated"]

NO_HOLIDAYS = "no holidays are known in this calendar: write them under `holidays` in the events file"
NO_NAMEPLATE = "the unit of the readings was not held against a nameplate (--nameplate)"
END_LOOK = "the stamps look like ends of intervals; they are taken as starts, as told"

_DAYS: dict[DayState, str] = {
    DayState.USED: "采用",
    DayState.POOLED: "入池未选",
    DayState.SPARE: "可比，但更近的日期已足够",
    DayState.OTHER_TYPE: "日类型不同",
    DayState.SKIPPED: "按规则过近",
    DayState.CLOCK_CHANGE: "时钟调整日",
    DayState.DECLARED: "约定剔除",
    DayState.OVERLAPS_EVENT: "其时窗伸入事件",
    DayState.PRIOR_EVENT: "另有事件或其余波",
    DayState.OUTAGE: "非计划停运",
    DayState.INCOMPLETE: "数据缺失",
    DayState.LOW_USAGE: "用电异常偏低",
    DayState.HIGH_USAGE: "用电异常偏高",
    DayState.EVENT_DAY_USED: "以往事件日，作备用",
}
_WHY: dict[Why, str] = {
    Why.NO_DAY_TYPE: "规则没有事件日所属的日类型",
    Why.TOO_FEW_DAYS: "可比日少于规则下限，且备用方法不成立",
    Why.ADJUSTMENT_GAP: "修正时段的数据缺失或受其他事件干扰",
    Why.ADJUSTMENT_UNDEFINED: "基线在修正时段的均值不为正，比值没有意义",
    Why.EVENT_OUTSIDE_DATA: "事件有一部分在数据之外",
    Why.WINDOW_GAP: "事件前后时段的数据缺失或受其他事件干扰",
    Why.EVENT_DAY_GAP: "事件日在比对时段有数据缺失",
    Why.NO_TEMPERATURE: "规则需要每个时段的气温",
    Why.NO_EVIDENCE: "未提供规则所需的负荷水平、曲线、对照组或回放",
    Why.POLICY_NOT_IN_FORCE: "回放所用策略不是事件前记录的策略，或当时并未执行",
    Why.NOT_VALIDATED: "回放在无事件日与计量之差超过限值",
    Why.CONTROLS_NOT_ALIKE: "对照组在无事件日与计量点不一致",
}
_EXACT: dict[str, str] = (
    {text: _DAYS[state] for state, text in DAY_TEXT.items()}
    | {text: _WHY[why] for why, text in WHY_TEXT.items()}
    | {
        "clocks change on the event day: intervals are compared by wall clock": "事件日有时钟调整：按当地时刻比对",
        "no interval: the level is a contract, not an estimate": "无区间：该水平为合同约定，不是估计",
        "no interval: too few windows without events to try the rule on": "无区间：可供检验规则的无事件时窗太少",
        "not adjusted: the hours before the notice are not of the event day": "未修正：通知前的时段不在事件日",
        "the reference policy was recorded after the notice": "参考策略记录于通知之后",
        "it is not shown which policy was in force on all days before the event": "未说明事件前各日执行的策略",
        NO_HOLIDAYS: "此日历没有节假日：请在事件文件的holidays中列出",
        NO_NAMEPLATE: "读数单位未与铭牌容量核对（--nameplate）",
        END_LOOK: "时标看似为时段终点；按所述作为起点",
    }
)
#: Texts with numbers in them; groups are put into the Chinese text by number.
PATTERNS: tuple[tuple[str, str], ...] = (
    (r"(\d+) of (\d+) intervals of the event were not read", r"事件\2个时段中有\1个没有读数"),
    (r"(\d+) of (\d+) intervals of the event are estimated readings", r"事件\2个时段中有\1个为估计读数"),
    (r"days used with estimated readings: (.*)", r"采用的日期中含估计读数：\1"),
    (r"holidays of (.*) are not in calendar (.*)", r"日历\2不含\1年的节假日"),
    (r"rule (\S+) holds from (.*) to (.*), the event is of (.*)", r"规则\1的有效期为\2至\3，事件日为\4"),
    (r"(\S+) and (\S+) differ by (.*) MWh, more than 2σ = (.*) MWh", r"\1与\2相差\3 MWh，超过2σ = \4 MWh"),
    (r"(\S+) has no 90 % interval to compare with", r"\1没有可供比较的90%区间"),
    (
        r"(\S+): the adjustment hours from (\S+) lie after the notice; load raised or lowered then moves the baseline",
        r"\1：自\2起的修正时段在通知之后，此间抬高或压低负荷会改变基线",
    ),
    (
        r"(\S+): the hours of the baseline from (\S+) lie after the notice; "
        r"load raised or lowered then moves the baseline",
        r"\1：自\2起的基线取值时段在通知之后，此间抬高或压低负荷会改变基线",
    ),
    (r"column (.*) is read in (.*), as told, not in (.*)", r"列\1按所述以\2读取，而非\3"),
    (
        r"(.*): (\d+) missing intervals and (\d+) empty values filled by interpolate",
        r"\1：\2个缺失时段与\3个空值按线性插值补齐",
    ),
    (
        r"(\d+) blocks of other quantities than active energy or power are passed over",
        r"略过\1个非有功电量或功率的数据块",
    ),
    (
        r"(.*): replay against meter on (\d+) non-event days: bias (\S+), CV\(RMSE\) (\S+?)(?:; (.*))?",
        r"\1：\2个无事件日上回放与计量相比，偏差\3，CV(RMSE) \4",
    ),
)  # fmt: skip


def translated(text: str, lang: str) -> str:
    """A reason or note in `lang`; English texts without a translation are given back."""
    if lang == "en":
        return text
    if text in _EXACT:
        return _EXACT[text]
    for pattern, chinese in PATTERNS:
        match = re.fullmatch(pattern, text)
        if match is not None:
            return match.expand(chinese)
    return text
