"""Copy of the part on the network behind a feeder: pairs of English and Chinese, gaps filled with marked-up numbers.

`WORDS` are labels; `PATTERNS` with `st_` tell the state of one instant, the others are titles and captions.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["PATTERNS", "WORDS"]

WORDS: Mapping[str, tuple[str, str]] = {
    "nav_network": ("Network", "配电网"),
    "play": ("Play", "播放"),
    "pause": ("Pause", "暂停"),
    "time_of_day": ("Time of day", "时刻"),
    "tightest": ("Tightest moment", "最紧张时刻"),
    "used_of_limit": ("Share of the limit in use", "占限值比例"),
    "above_limit": ("above", "超限"),
    "voltage_off": ("Voltage, off nominal", "电压偏差"),
    "outside_limits": ("outside the limits", "越限"),
    "grid_above": ("grid above", "上级电网"),
    "main_flow": ("{name}, MW (above zero: from the grid)", "{name}，MW（零线以上为下网）"),
    "rating_limit": ("{limit} ({rating} at power factor {factor})", "{limit}（{rating}，功率因数 {factor}）"),
    "rating_limit_short": ("{limit} ({rating} × {factor})", "{limit}（{rating} × {factor}）"),
    "grid_losses": ("Losses of the network", "网损"),
    "village": ("Village", "村"),
    "other_villages": ("{count} others", "其余 {count} 个"),
    "villages_without": ("{count} others without", "其余 {count} 个未受限"),
    "held_share": ("Solar held back, %", "弃光率，%"),
    "held_energy": ("Held back, MWh", "弃光电量，MWh"),
    "available_energy": ("Available, MWh", "可发电量，MWh"),
    "centre_import": ("Data centre's import, MW", "数据中心下网功率，MW"),
    "county_solar": ("The county's solar, MW", "全县光伏，MW"),
    "all_mains": ("Through the main transformers, MW (above zero: import)", "经主变功率，MW（零线以上为下网）"),
    "all_mains_narrow": ("Through the main transformers, MW", "经主变功率，MW"),
    "hosting_compute": ("New computing that fits, MW", "可新接入算力，MW"),
    "hosting_pv": ("Solar that fits in all, MW", "可接入光伏总量，MW"),
    "hosting_compute_short": ("New computing", "新增算力"),
    "hosting_pv_short": ("Solar in all", "光伏总量"),
    "pv_today": ("Today {size}", "现有 {size}"),
    "tolerated": ("Curtailed in at most this share of the hours", "受限时间占比上限"),
    "never": ("never", "从不"),
    "congestion_price": (
        "Price of congestion, CNY/MWh (below zero: use more here)",
        "阻塞价格，元/MWh（零线以下：宜在此多用）",
    ),
    "congestion_price_name": ("Price of congestion", "阻塞价格"),
    "congestion_price_narrow": ("Price of congestion, CNY/MWh", "阻塞价格，元/MWh"),
    "voltage_violation_bus_h": ("Voltage outside limits", "电压越限"),
    "overload_h": ("Overload of a branch", "支路过载"),
    "losses_mwh": ("Losses", "网损"),
    "transformer_loading_max_ratio": ("Fullest transformer", "变压器最大负载率"),
    "reverse_energy_mwh": ("Fed back through main transformers", "经主变反送电量"),
    "congestion_cost_cny": ("Cost of congestion", "阻塞成本"),
    "linearisation_error_max_pu": ("Error of the linear network", "线性化电压误差"),
    "hosting_pv_mw": (
        "Solar that still fits (below zero: too much), 1 % of hours held back",
        "可再接入光伏（负值为超出，1%时段受限）",
    ),
    "hosting_compute_mw": ("Room for more computing, firm", "可再接入算力（刚性）"),
    "network_kpis": ("Key figures of the network", "配电网指标"),
}

PATTERNS: Mapping[str, tuple[str, str]] = {
    "section_network": ("On the network", "配电网侧"),
    "n_network_known": (
        "The network is taken as balanced and as its tables say: unbalance, switching, protection and faults are not "
        "computed.",
        "配电网按表中参数作三相平衡处理：未计算不平衡、倒闸、保护与故障。",
    ),
    "network_sub": (
        "{buses} buses, {lines} lines and {transformers} transformers behind {place}; AC power flow of every interval.",
        "{place}下有 {buses} 个节点、{lines} 条线路、{transformers} 台变压器；逐时段交流潮流计算。",
    ),
    "map_title": (
        "At {time} on {date}, {before} of solar is held back with {control}, {after} with “{arm}”",
        "{date} {time}，{control}弃光 {before}，“{arm}”弃光 {after}",
    ),
    "map_title_alone": (
        "At {time} on {date}, {before} of solar is held back",
        "{date} {time}，弃光 {before}",
    ),
    "map_title_free": (
        "No solar is held back; at {time} on {date} the fullest branch uses {before} of its limit, with “{arm}” "
        "{after}",
        "没有弃光；{date} {time} 最满的支路用到限值的 {before}，“{arm}”为 {after}",
    ),
    "map_title_free_alone": (
        "No solar is held back; at {time} on {date} the fullest branch uses {before} of its limit",
        "没有弃光；{date} {time} 最满的支路用到限值的 {before}",
    ),
    "map_sub_held": (
        "The day with most solar held back in the control; local time, places to scale",
        "对照方式弃光最多的一天；当地时间，位置按比例",
    ),
    "map_sub_free": (
        "The day with the fullest branch in the control; local time, places to scale",
        "对照方式支路最满的一天；当地时间，位置按比例",
    ),
    "map_caption": (
        "A dot is the voltage at a village’s customers, the ring around it the village transformer; thick and dark is "
        "full. Percentages are of the limit that applies: the rating, or the reverse limit where power goes back "
        "to the grid.",
        "圆点为村内用户处电压，外环为该村配变；越粗越深表示越满。"
        "百分数以适用限值为准：下网为额定容量，反送为反送上限。",
    ),
    "map_caption_centre": (
        "Blue squares: where the data centre is fed; its figure is the sum.",
        "蓝色方块为数据中心受电点，数值为合计。",
    ),
    "st_transformer": ("{name} {share} %", "{name} {share}%"),
    "st_back": ("{names} back to the grid", "{names}（反送）"),
    "st_down": ("{names} from the grid", "{names}（下网）"),
    "st_high": ("{count} villages above {limit} pu", "{count} 个村电压高于 {limit} pu"),
    "st_high_one": ("{count} village above {limit} pu", "{count} 个村电压高于 {limit} pu"),
    "st_low": ("{count} villages below {limit} pu", "{count} 个村电压低于 {limit} pu"),
    "st_low_one": ("{count} village below {limit} pu", "{count} 个村电压低于 {limit} pu"),
    "st_over": ("{count} lines or transformers above their limit", "{count} 条支路超限"),
    "st_over_one": ("{count} line or transformer above its limit", "{count} 条支路超限"),
    "st_full": ("{count} village transformers at their limit", "{count} 台配变到限"),
    "st_full_one": ("{count} village transformer at its limit", "{count} 台配变到限"),
    "st_held": ("{held} MW of solar held back", "弃光 {held} MW"),
    "st_free": ("no solar held back", "无弃光"),
    "mains_title_limit": (
        "Main transformers are within {near} of their reverse limit for {after}; with {control} for {before}",
        "主变距反送上限不足 {near} 的时间为 {after}；{control}时为 {before}",
    ),
    "mains_title_limit_alone": (
        "Main transformers are within {near} of their reverse limit for {before}",
        "主变距反送上限不足 {near} 的时间为 {before}",
    ),
    "mains_title": (
        "The fullest main transformer draws {down_after} and feeds back {back_after} at most; with {control} "
        "{down_before} and {back_before}",
        "最满的主变最大下网 {down_after}、最大反送 {back_after}；{control}时为 {down_before} 与 {back_before}",
    ),
    "mains_title_alone": (
        "The fullest main transformer draws {down_before} and feeds back {back_before} at most",
        "最满的主变最大下网 {down_before}、最大反送 {back_before}",
    ),
    "mains_sub": (
        "Power through each main transformer, sorted over the study, MW; red lines are its limits",
        "各主变功率，按大小排序，MW；红线为限值",
    ),
    "mains_caption": (
        "Each point says for how much of the study the flow was at least that high. Where a curve lies flat on the "
        "reverse limit, more sun can only be thrown away, or used here. One transformer takes {down_before} at most "
        "from the grid in the control and {down_after} in the plan.",
        "每一点表示功率不低于该值的时间占比。曲线贴在反送上限处时，再多的阳光只能弃掉，或就地用掉。"
        "单台主变最大下网：对照 {down_before}，方案 {down_after}。",
    ),
    "mains_caption_alone": (
        "Each point says for how much of the study the flow was at least that high. Where the curve lies flat on the "
        "reverse limit, more sun can only be thrown away, or used here. One transformer takes {down_before} at most "
        "from the grid.",
        "每一点表示功率不低于该值的时间占比。曲线贴在反送上限处时，再多的阳光只能弃掉，或就地用掉。"
        "单台主变最大下网 {down_before}。",
    ),
    "held_title": (
        "With “{arm}” {after} of the villages’ solar is held back, with {control} {before}",
        "“{arm}”弃掉各村光伏的 {after}，{control}时为 {before}",
    ),
    "held_title_alone": ("{before} of the villages’ solar is held back", "各村光伏弃掉 {before}"),
    "held_sub": (
        "Share of each village’s available solar energy that is held back, %; those with most in the control",
        "各村可发光伏电量中被弃的比例，%；按对照方式由高到低",
    ),
    "held_caption": (
        "Hit hardest is {village}: {worst_before} in the control, {worst_after} in the plan. "
        "How the loss is shared among villages is the operator’s rule, not the weather.",
        "受影响最大的是 {village}：对照 {worst_before}，方案 {worst_after}。损失如何分摊取决于电网的规则，而非天气。",
    ),
    "held_caption_alone": (
        "Hit hardest is {village} with {worst_before}. How the loss is shared among villages is the operator’s rule, "
        "not the weather.",
        "受影响最大的是 {village}：{worst_before}。损失如何分摊取决于电网的规则，而非天气。",
    ),
    "held_caption_equal": (
        "Every village gives nearly the same share: the operator’s rule spreads the loss over all of them.",
        "各村弃光比例几乎相同：电网的规则把损失平均分摊。",
    ),
    "response_title": (
        "Against {control}, the data centre’s draw changes by {sun} while the county feeds back and by {tight} when it "
        "imports most",
        "与{control}相比，全县反送时数据中心用电平均变化 {sun}，下网最多时 {tight}",
    ),
    "response_title_sun": (
        "Against {control}, the data centre’s draw changes by {sun} in the sunniest hours and by {tight} when the "
        "county imports most",
        "与{control}相比，阳光最足时数据中心用电平均变化 {sun}，全县下网最多时 {tight}",
    ),
    "response_title_alone": (
        "The data centre draws {sun} while the county feeds back and {tight} when it imports most",
        "全县反送时数据中心用电平均 {sun}，下网最多时 {tight}",
    ),
    "response_title_sun_alone": (
        "The data centre draws {sun} in the sunniest hours and {tight} when the county imports most",
        "阳光最足时数据中心用电平均 {sun}，全县下网最多时 {tight}",
    ),
    "response_sub": ("Mean of all days, local time; red lines are limits", "全部日的平均，当地时间；红线为限值"),
    "response_caption": (
        "Good computing for a network draws more while local solar is high and less while the transformers are full. "
        "“Imports most” is the tenth of the time with the highest flow from the grid in the control.",
        "对电网友好的算力：本地光伏多时多用，主变紧张时少用。“下网最多”指对照方式下网功率最高的十分之一时间。",
    ),
    "price_caption": (
        "The price of congestion is what a MWh more at the data centre would cost the network, as the plan found it: "
        "negative while a MWh more lets through solar that is thrown away, positive while import is short. It was not "
        "zero for {hours} of {whole} and lay between {low} and {high} CNY/MWh; the picture shows its mean.",
        "阻塞价格是数据中心多用一 MWh 给电网带来的成本，由计划求得：多用一点就能少弃光时为负，下网能力紧张时为正。"
        "{whole}中有 {hours}不为零，介于 {low} 与 {high} 元/MWh 之间；图中为其平均值。",
    ),
    "curves_title": (
        "Beside “{arm}” the network takes {firm_after} of new computing at any hour and {some_after} if it may be "
        "curtailed in {some} of the hours; beside {control} {firm_before} and {some_before}",
        "采用“{arm}”时，配电网随时可再接入算力 {firm_after}，若容许 {some} 的时段受限则为 {some_after}；"
        "{control}时为 {firm_before} 与 {some_before}",
    ),
    "curves_title_alone": (
        "The network takes {firm_before} of new computing at any hour and {some_before} if it may be curtailed in "
        "{some} of the hours",
        "配电网随时可再接入算力 {firm_before}，若容许 {some} 的时段受限则为 {some_before}",
    ),
    "curves_title_pv": (
        "Beside “{arm}” the network takes {pv_after} of solar with at most {some} of the hours curtailed; beside "
        "{control} {pv_before}",
        "采用“{arm}”时，受限时段不超过 {some} 可接入光伏 {pv_after}；{control}时为 {pv_before}",
    ),
    "curves_title_pv_alone": (
        "The network takes {pv_before} of solar with at most {some} of the hours curtailed",
        "受限时段不超过 {some} 时，配电网可接入光伏 {pv_before}",
    ),
    "curves_sub": (
        "What fits behind the feeder beside what its data centre draws, by how often it may be curtailed; the steps "
        "of that share are not to scale",
        "在数据中心已有用电之外还能接入多少，按容许受限的时间占比；横轴各级不按比例",
    ),
    "curves_computing": (
        "New computing is a constant load at the data centre that can give way wholly in the tolerated hours: as much "
        "as the network takes in the tightest of all others. “Never” is a firm connection.",
        "新增算力按数据中心处的恒定负荷计，在容许的时段内可全部让出：取其余时段中最紧张时配电网所能承受的功率。"
        "“从不”即刚性接入。",
    ),
    "curves_solar": (
        "New solar comes in proportion to the roofs of today ({now}); more than the curve is held back more often than "
        "tolerated.",
        "新增光伏按现有屋顶（{now}）的比例增加；超过曲线则受限时间超出容许值。",
    ),
    "curves_solar_pair": (
        "At {some} of the hours, {pv_after} fit beside the plan and {pv_before} beside the control.",
        "容许 {some} 的时段受限时，方案可接入 {pv_after}，对照为 {pv_before}。",
    ),
}
