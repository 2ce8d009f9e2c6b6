"""Copy of the three cards, of the limits, and of what lies behind each key figure.

Pairs are (English, Chinese); gaps are filled with marked-up numbers. No pattern holds a figure of a study.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["PATTERNS"]

PATTERNS: Mapping[str, tuple[str, str]] = {
    "head_decide": ("If you decide", "决策者"),
    "head_grid": ("If you run the grid", "电网工程师"),
    "head_regulate": ("If you regulate", "监管者"),
    "link_decide": ("See all coordinators", "查看所有调度方式"),
    "link_grid": ("See the flow at the connection", "查看并网点功率"),
    "link_regulate": ("See what the figures do not show", "查看这些数字没有说明什么"),
    "bill": ("on the bill, {change} against {control}", "电费，相对{control} {change}"),
    "bill_alone": ("total bill of the study", "研究期电费合计"),
    "missed": ("missed deadlines, was {before}", "逾期作业（个），原为 {before}"),
    "missed_alone": ("missed deadlines", "逾期作业（个）"),
    "delay": (
        "by which the mean job finishes later than it could; 95 % within {p95}",
        "作业平均晚完成；95% 不超过 {p95}",
    ),
    "peak": ("peak import of {place}, was {before}; limit {limit}", "{place}最大下网功率，原为 {before}；上限 {limit}"),
    "peak_alone": ("peak import of {place}; limit {limit}", "{place}最大下网功率；上限 {limit}"),
    "peak_free": ("peak import of {place}, was {before}", "{place}最大下网功率，原为 {before}"),
    "peak_free_alone": ("peak import of {place}", "{place}最大下网功率"),
    "reverse": ("at the reverse-flow limit, was {before}", "触及反送上限，原为 {before}"),
    "reverse_alone": ("at the reverse-flow limit", "触及反送上限"),
    "over": ("imported above a limit, was {before}", "超限购电，原为 {before}"),
    "over_alone": ("imported above a limit", "超限购电"),
    "carbon": (
        "carbon by hourly average; {official} by the official factor",
        "碳排放（小时平均法）；官方因子法 {official}",
    ),
    "carbon_alone": (
        "carbon by hourly average; {official} by the official factor",
        "碳排放（小时平均法）；官方因子法 {official}",
    ),
    "share": ("of all power used was renewable, was {before}", "用电中可再生占比，原为 {before}"),
    "share_alone": ("of all power used was renewable", "用电中可再生占比"),
    "solar": ("of solar curtailed, was {before}", "弃光电量，原为 {before}"),
    "solar_alone": ("of solar curtailed", "弃光电量"),
    "solar_wind": ("of wind and solar curtailed, was {before}", "弃风弃光电量，原为 {before}"),
    "solar_wind_alone": ("of wind and solar curtailed", "弃风弃光电量"),
    # what the figures do not show
    "n_carbon": (
        "Hourly carbon is modelled; only the annual factor is official.",
        "逐时碳强度为模型值；只有年度因子为官方数据。",
    ),
    "n_period": (
        "One period of {days} days with one seed: no other season, no spread over seeds.",
        "仅 {days} 天、一个随机种子：没有其他季节，也没有种子间的离散度。",
    ),
    "n_short": ("An arm that knows the future is a yardstick, not a method.", "预知未来的方式是参照，不是可用方法。"),
    "n_willing": ("How long tenants would wait is assumed, not surveyed.", "用户愿意等待多久为假设，未经调查。"),
    "n_network": (
        "The connection is one transformer: voltages, losses and protection inside the county are not computed.",
        "并网点按一台主变处理：未计算县内电压、损耗与保护。",
    ),
    "n_data": ("Moving data between sites costs nothing here.", "站点间传输数据在此不计成本。"),
    "n_over": (
        "{over} are imported above a limit in the chosen arm; a real connection might trip.",
        "所选方式有 {over} 超限购电；现实中可能跳闸。",
    ),
    "n_base": (
        "Of {bought} bought by the sites, the coordinator decides only over the computing classes, "
        "not over idle power or cooling.",
        "站点购电 {bought}，调度只影响计算部分，不影响待机与制冷。",
    ),
    # what lies behind a key figure
    "b_mean_price": ("mean price {values} CNY/MWh", "平均电价 {values} 元/MWh"),
    "b_billed": ("sites' highest imports together {values} MW", "各站点最大下网功率合计 {values} MW"),
    "b_both": ("energy and demand together", "电量与需量之和"),
    "b_objective": ("what the optimisers minimise", "优化器所最小化的量"),
    "b_tie": ("surplus that another region took", "其他地区受入的富余电量"),
    "b_wind": ("{values} % of the wind available", "占可用风电的 {values}%"),
    "b_curtailed": ("{values} % of the solar available", "占可用光伏的 {values}%"),
    "b_at_place": ("{place}: {values} MW", "{place}：{values} MW"),
    "b_at_place_limit": ("{place}: {values} of {limit} MW", "{place}：{values}，上限 {limit} MW"),
    "b_of_hours": ("of {values} h; curtailing starts here", "共 {values} 小时；由此开始弃光"),
    "b_violation": ("metered as it is, never hidden", "如实计量，不作隐藏"),
    "b_intensity": ("{values} kg per MWh bought", "每 MWh 购电 {values} kg"),
    "b_cycles": ("{values} full cycles", "{values} 次完整循环"),
    "b_of_jobs": ("of {values} jobs", "共 {values} 个作业"),
    "b_on_time": ("jobs that lose less than a minute: {values} %", "延迟不足一分钟的作业：{values}%"),
    "b_hourly": ("of all power used at the connections", "占各并网点全部用电"),
}
