"""Copy of the verdict, headline, lead, advice and table titles.

Pairs are (English, Chinese); gaps are filled with marked-up numbers. No pattern holds a figure of a study.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["PATTERNS"]

PATTERNS: Mapping[str, tuple[str, str]] = {
    # verdict
    "v_late": ("{n} jobs finish late", "{n} 个作业逾期"),
    "v_late_one": ("{n} job finishes late", "{n} 个作业逾期"),
    "v_cheaper_fewer": ("cheaper, with fewer late jobs: {n}, not {m}", "更省钱，逾期作业由 {m} 个减至 {n} 个"),
    "v_over": ("imports more than the connection may carry", "下网功率超出并网上限"),
    "v_better": ("better than {control}", "优于{control}"),
    "v_better_wait": ("better, at the price of waiting", "更优，代价是等待"),
    "v_cheaper_but": ("cheaper, but not better in everything", "更省钱，但并非处处更优"),
    "v_dearer_but": ("better in part, but dearer", "部分更优，但更贵"),
    "v_mixed": ("better in part, worse in part", "有得有失"),
    "v_worse": ("worse than {control}", "不如{control}"),
    "v_same": ("no difference", "没有差别"),
    "v_alone": ("one arm, nothing to compare", "仅一种方式，无从比较"),
    # subjects of the headline
    "s_rolling": ("Scheduling computing around sun and price", "让算力随阳光与电价而动"),
    "s_rolling_wind": ("Scheduling computing around sun, wind and price", "让算力随风光与电价而动"),
    "s_foresight": ("Scheduling computing with perfect knowledge", "以完美预知调度算力"),
    "s_greenest_site": ("Sending computing to the greenest site", "把算力任务送往最绿站点"),
    "s_other": ("Running computing by “{arm}”", "按“{arm}”方式调度算力"),
    "h_cut": ("{subject} cuts {gains}", "{subject}，{gains}"),
    "h_but": ("but {losses}", "但{losses}"),
    "h_bad": ("{subject} does not pay here", "{subject}，在此并不划算"),
    "h_same": (
        "{subject} changes neither bill, solar, carbon nor peak",
        "{subject}，电费、弃光、碳排放与最大下网功率均无变化",
    ),
    "h_same_wind": (
        "{subject} changes neither bill, wind and solar power, carbon nor peak",
        "{subject}，电费、弃风弃光、碳排放与最大下网功率均无变化",
    ),
    "h_late": ("{n} jobs finish late", "{n} 个作业逾期"),
    "h_late_one": ("{n} job finishes late", "{n} 个作业逾期"),
    "h_late_both": ("{n} jobs finish late, {m} with {control}", "{n} 个作业逾期，{control}时为 {m} 个"),
    "c_run_now": ("running at once", "即到即算"),
    "c_other": ("“{arm}”", "“{arm}”"),
    "h_alone": (
        "With {control}, computing costs {bill} and {curtailed} of solar go to waste",
        "{control}时，电费为 {bill}，弃光 {curtailed}",
    ),
    "h_alone_wind": (
        "With {control}, computing costs {bill} and {curtailed} of wind and solar go to waste",
        "{control}时，电费为 {bill}，弃风弃光 {curtailed}",
    ),
    "h_alone_clean": ("With {control}, computing costs {bill}", "{control}时，电费为 {bill}"),
    "g_total_cost_cny": ("the bill by {by}", "电费降低 {by}"),
    "g_pv_curtailed_mwh": ("wasted solar by {by}", "弃光减少 {by}"),
    "g_curtailed_mwh": ("wasted wind and solar by {by}", "弃风弃光减少 {by}"),
    "g_carbon_average_kg": ("carbon by {by}", "碳排放减少 {by}"),
    "g_peak_import_mw": ("peak import by {by}", "最大下网功率降低 {by}"),
    "g_peaks": ("the connections' peak imports by {by}", "下网峰值合计降低 {by}"),
    "g_fewer": ("late jobs from {before} to {after}", "逾期作业由 {before} 个减至 {after} 个"),
    "l_total_cost_cny": ("the bill rises by {by}", "电费上升 {by}"),
    "l_pv_curtailed_mwh": ("wasted solar rises by {by}", "弃光增加 {by}"),
    "l_curtailed_mwh": ("wasted wind and solar rise by {by}", "弃风弃光增加 {by}"),
    "l_carbon_average_kg": ("carbon rises by {by}", "碳排放增加 {by}"),
    "l_peak_import_mw": ("peak import rises by {by}", "最大下网功率升高 {by}"),
    "l_peaks": ("the connections' peak imports together rise by {by}", "下网峰值合计升高 {by}"),
    "l_delay_mean_h": ("the mean job finishes {gap} later", "作业平均晚完成 {gap}"),
    # lead
    "lead_bill": ("The bill goes from {before} to {after}.", "电费由 {before} 变为 {after}。"),
    "lead_solar": ("Curtailed solar goes from {before} to {after}.", "弃光由 {before} 变为 {after}。"),
    "lead_no_solar": ("No solar is curtailed.", "没有弃光。"),
    "lead_solar_wind": (
        "Curtailed wind and solar go from {before} to {after}.",
        "弃风弃光由 {before} 变为 {after}。",
    ),
    "lead_no_solar_wind": ("No wind or solar is curtailed.", "没有弃风弃光。"),
    "lead_on_time": ("Every one of {jobs} jobs is done when it is due.", "{jobs} 个作业全部按时完成。"),
    "lead_late": ("Of {jobs} jobs, {n} miss their deadline.", "{jobs} 个作业中有 {n} 个逾期。"),
    "lead_fewer": (
        "{gap} fewer jobs are completed than with {control}, so part of the saving is work not done.",
        "比{control}少完成 {gap} 个作业，部分节省来自未完成的工作。",
    ),
    "lead_unserved": (
        "{unserved} of interactive computing found no room.",
        "有 {unserved} 在线推理未获服务。",
    ),
    "lead_bound": (
        "By the objective, no punctual plan could save more than another {gap}.",
        "按优化目标，任何按时完成的方案最多还能再省 {gap}。",
    ),
    "lead_foresight": (
        "Perfect knowledge of the future would save {gap} more of the objective.",
        "若完全预知未来，目标值还可再降 {gap}。",
    ),
    "lead_over": (
        "{over} are imported above a limit of a connection.",
        "有 {over} 的购电超出并网上限。",
    ),
    # what to do next
    "a_adopt": ("Put “{arm}” into service: {delta} on the bill.", "采用“{arm}”：电费 {delta}。"),
    "a_no_adopt": (
        "Stay with {control}: “{arm}” changes the bill by {delta}.",
        "维持{control}：“{arm}”使电费变化 {delta}。",
    ),
    "a_late": ("First find out why {n} jobs are late.", "先查明 {n} 个作业为何逾期。"),
    "a_late_still": ("Find out why {n} jobs are still late.", "查明仍有 {n} 个作业逾期的原因。"),
    "a_over": ("Guard the import limit: {over} lie above it.", "守住下网上限：有 {over} 超限。"),
    "a_solar": ("Find a use for {rest} of solar still curtailed.", "为仍被弃掉的 {rest} 光伏找到用处。"),
    "a_solar_wind": (
        "Find a use for {rest} of wind and solar still curtailed.",
        "为仍被弃掉的 {rest} 风光电量找到用处。",
    ),
    "a_forecast": ("Improve the forecasts: worth at most {gap}.", "改进预测：最多值 {gap}。"),
    "a_bound": (
        "Improve forecasts and planning: worth at most {gap}.",
        "改进预测与调度：最多还值 {gap}。",
    ),
    "a_other": ("Look at “{arm}”: its bill is {gap} lower still.", "看看“{arm}”：电费还要低 {gap}。"),
    "a_reverse": ("Talk to the grid company: {hours} at the reverse limit.", "与电网公司商议：触及反送上限 {hours}。"),
    "a_compare": ("Run the study with a second coordinator to compare.", "再加入一种调度方式以作比较。"),
    # titles of sections
    "k_better": ("better on {groups}", "{groups}更优"),
    "k_worse": ("worse on {groups}", "{groups}变差"),
    "k_mixed": ("mixed on {groups}", "{groups}有得有失"),
    "k_title": ("“{arm}” is {states}", "“{arm}”：{states}"),
    "k_same": ("“{arm}” and the control differ in nothing shown here", "“{arm}”与对照在此没有差别"),
    "k_alone": ("What {control} costs", "{control}的代价"),
    "k_sub": (
        "“{arm}” against the control, “{control}”. Same weather, same jobs, same seed.",
        "“{arm}”与对照“{control}”。天气、作业与随机种子相同。",
    ),
    "k_sub_foresight": (
        "“{arm}” knows the future and is a yardstick, not a method. Same weather, same jobs, same seed as the control.",
        "“{arm}”预知未来，是参照而非可用方法。天气、作业与随机种子与对照相同。",
    ),
    "k_sub_alone": (
        "There is one arm; a second coordinator would give something to compare.",
        "只有一种方式；加入第二种才可比较。",
    ),
    "t_arms": ("All coordinators on the same weather and jobs", "相同天气与作业下的所有调度方式"),
    "t_arms_share": (
        "“{arm}” keeps {share} of what perfect knowledge would save",
        "“{arm}”实现了完美预知所能节省的 {share}",
    ),
    "t_arms_most": (
        "“{arm}” reaches {share} of the saving that the bound permits",
        "“{arm}”实现了理论最大节省的 {share}",
    ),
    "t_foresight_late": (
        "“{arm}” misses {n} deadlines because its plan treats work as divisible and leaves no margin for whole jobs, "
        "so its costs do not compare with those of punctual arms.",
        "“{arm}”有 {n} 个作业逾期：其计划把工作视为可任意拆分，未给整个作业的落位留余量，故其费用不可与按时方式相比。",
    ),
    "t_bound": (
        "The bound: by the objective, no punctual plan can cost less than {bound}.",
        "下界：按优化目标，任何按时完成的方案都不低于 {bound}。",
    ),
    "t_late": (
        "Arms with late jobs did less work in time and are not comparable by cost.",
        "有逾期作业的方式未按时完成同样的工作，费用不可比。",
    ),
    "t_arms_sub": (
        "Small: change against the control. The objective is what the optimisers minimise: the bill, battery wear and "
        "the study's prices for carbon, curtailment and violations.",
        "小字为相对对照的变化。优化目标为电费、电池损耗，以及本研究给碳排放、弃电与超限所定的价格之和。",
    ),
}
