"""Sentence patterns of the part on flexibility: how runs bent, and which kind of flexibility did the work.

Pairs are (English, Chinese); gaps are filled with marked-up numbers. No pattern holds a figure of a study.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["PATTERNS"]

PATTERNS: Mapping[str, tuple[str, str]] = {
    "section_bent": ("How computing bent", "计算如何让路"),
    "bent_run_training": ("training run", "训练任务"),
    "bent_run_any": ("run", "作业"),
    "bent_run_training_bent": ("training run that bent", "受调整训练任务"),
    "bent_run_any_bent": ("run that bent", "受调整作业"),
    "bent_runs_training": ("training runs", "训练任务"),
    "bent_runs_any": ("jobs", "作业"),
    "bent_sunny": (
        "The largest {run} draws {after} of its energy in the sunny hours, not {before}, and {end}",
        "最大的{run}有 {after} 的电量用在阳光充足时段（对照 {before}），{end}",
    ),
    "bent_price": (
        "The largest {run} buys its energy at {after} instead of {before} and {end}",
        "最大的{run}平均电价由 {before} 降至 {after}，{end}",
    ),
    "bent_carbon": (
        "The largest {run} runs on power of {after} instead of {before} and {end}",
        "最大的{run}所用电的碳强度由 {before} 降至 {after}，{end}",
    ),
    "bent_energy": (
        "The largest {run} needs {after} instead of {before} and {end}",
        "最大的{run}用电由 {before} 降至 {after}，{end}",
    ),
    "bent_none": (
        "The largest {run} gains nothing on its own: it pays {after}, not {before}, and {end}",
        "最大的{run}自身没有获益：平均电价 {after}，对照 {before}；{end}",
    ),
    "bent_same": (
        "The largest {run} pays {after}, as with {control}, and {end}",
        "最大的{run}平均电价 {after}，与{control}相同，{end}",
    ),
    "bent_alone": ("The largest {run} pays {after} and {end}", "最大的{run}平均电价 {after}，{end}"),
    "bent_early": ("finishes {hours} before it is due", "比截止时间早 {hours}完成"),
    "bent_just": ("finishes within minutes of its due time", "在截止时间前几分钟内完成"),
    "bent_late": ("finishes {hours} after it was due", "比截止时间晚 {hours}完成"),
    "bent_open": ("is not finished when the study ends", "到研究期末仍未完成"),
    "bent_sub": (
        "{period}, local time. Chosen by a fixed rule: the largest {runs} of which a tenth or more of the energy "
        "changed, among them the largest moved, the largest paused and the largest slowed one",
        "{period}，当地时间。按固定规则选取：一成以上电量发生改变的最大{runs}，其中包括最大的被迁移、被暂停、被降速者",
    ),
    "bent_sub_largest": ("{period}, local time. The largest {runs}", "{period}，当地时间。最大的{runs}"),
    "bent_caption": (
        "A bar is as tall as the power the run draws; the grey bar above is the same run with {control}. "
        "Paler is slower. On the pale bands, solar at {place} exceeds what cannot wait. "
        "Of all {runs}, {bent} of {all} were paused, slowed or moved.",
        "每个任务一条，高度为其功率；上方灰条是{control}时的同一任务。颜色越浅速度越低。"
        "浅色带：{place}光伏超过不可推迟用电的时段。全部{runs}中，{all} 个里有 {bent} 个被暂停、降速或迁移。",
    ),
    "bent_caption_alone": (
        "A bar is as tall as the power the run draws. Paler is slower. "
        "On the pale bands, solar at {place} exceeds what cannot wait.",
        "每个任务一条，高度为其功率。颜色越浅速度越低。浅色带：{place}光伏超过不可推迟用电的时段。",
    ),
    "bent_together": (
        "Together the runs shown wait {waits} and run {slowed} below full speed; pauses: {pauses}, data sent: {moved}.",
        "图中任务共等待 {waits}，降速运行 {slowed}；暂停次数 {pauses}，传输数据 {moved}。",
    ),
    "kinds_most": (
        "The kind of flexibility used most is {first}, {energy} of computing, then {second}, {less}",
        "用得最多的灵活性是{first}，涉及计算 {energy}；其次是{second}，{less}",
    ),
    "kinds_one": (
        "The only kind of flexibility used is {first}, {energy} of computing",
        "只用到{first}，涉及计算 {energy}",
    ),
    "kinds_batched": (
        "No job had to bend: larger batches of interactive requests saved {energy}",
        "作业无须让路：在线推理合批节省 {energy}",
    ),
    "kinds_none": ("No kind of flexibility was used", "没有用到任何一种灵活性"),
    "kinds_sub": (
        "Computing that each kind of flexibility touched: MWh of IT energy above idle, number of jobs, what was paid",
        "每种灵活性涉及的计算：高于待机的 IT 电量（MWh）、作业数、为此支付的费用",
    ),
    "kinds_caption": (
        "One job can bend in several ways and then counts in each, so the bars do not add up. "
        "Later is more than one interval after the release; paused is what ran after a pause; moved is what ran "
        "elsewhere than where it was submitted. "
        "In the plan {cost} are paid in all to carriers, tenants and users; pauses repeat {repeated} of work.",
        "一个作业可以有多种让路方式，分别计入，因此各条不可相加。推迟：晚于可开始时间一个时段以上；暂停：暂停之后的运行；"
        "迁移：在提交站点之外的运行。方案中共向网络、租户和用户支付 {cost}；暂停造成重算 {repeated}。",
    ),
    "kind_later": ("starting later", "推迟开始"),
    "kind_paused": ("pausing", "暂停"),
    "kind_capped": ("capping GPUs", "限功率"),
    "kind_narrower": ("using fewer GPUs", "减少 GPU"),
    "kind_moved": ("moving", "迁移"),
    "kind_batched": ("larger batches", "合批"),
}
