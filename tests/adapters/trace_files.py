"""Small files in the true format of each kind of trace, the same on every run; figures are to be checked by hand."""

# ruff: noqa: E501 (the lines are as long as the formats make them)

import gzip
import json
from pathlib import Path

# Two queues; job 1 waits 10 s and runs 100 s on 8 processors; job 2 has unknown allocation (4 requested); job 3 was
# checkpointed: a line of the whole job (status 1) and two partial ones; job 4 was cancelled before it ran; job 5 is known
# by partial executions only (60 + 40 s).
SWF = """\
; Version: 2.2
; Computer: IBM SP2
; UnixStartTime: 943135493
; TimeZoneString: US/Mountain
; MaxNodes: 128
; MaxProcs: 128
; Queue: 1 short
; Queue: 2 long
    1      0     10    100    8   95.0     -1    8    120     -1   1   1   1  -1   1  -1  -1  -1
    2     50      0     60   -1     -1     -1    4    600     -1   0   2   1  -1   2  -1  -1  -1
    3    100      5    300   16     -1     -1   16    600     -1   1   1   1  -1   2  -1  -1  -1
    3    100      5    100   16     -1     -1   16    600     -1   2   1   1  -1   2  -1  -1  -1
    3    210      0    200   16     -1     -1   16    600     -1   3   1   1  -1   2  -1  -1  -1
    4    200     -1     -1   -1     -1     -1   32    600     -1   5   3   1  -1   1  -1  -1  -1
    5    300      0     60    2     -1     -1    2    600     -1   2   3   1  -1   1  -1  -1  -1
    5    400      0     40    2     -1     -1    2    600     -1   4   3   1  -1   1  -1  -1  -1
"""

SACCT = """\
JobID|User|Partition|State|Submit|Start|End|Elapsed|AllocTRES|AllocCPUS
1001|li|a100|COMPLETED|2026-03-02T09:00:00|2026-03-02T09:10:00|2026-03-02T11:10:30|02:00:30|billing=128,cpu=128,gres/gpu:a100=8,gres/gpu=8,mem=1T,node=1|128
1001.batch|||COMPLETED|2026-03-02T09:10:00|2026-03-02T09:10:00|2026-03-02T11:10:30|02:00:30|cpu=128,gres/gpu=8,mem=1T,node=1|128
1001.extern|||COMPLETED|2026-03-02T09:10:00|2026-03-02T09:10:00|2026-03-02T11:10:30|02:00:30|billing=128,cpu=128,mem=1T,node=1|128
1001.0|||COMPLETED|2026-03-02T09:10:00|2026-03-02T09:10:00|2026-03-02T11:10:30|02:00:30|cpu=128,gres/gpu=8,mem=1T,node=1|128
1002_4|wang|cpu|CANCELLED by 1000|2026-03-02T09:05:00|2026-03-02T10:00:00|2026-03-03T11:00:00|1-01:00:00|billing=4,cpu=4,mem=8G,node=1|4
1002_[5-9]|wang|cpu|PENDING|2026-03-02T09:05:00|Unknown|Unknown|00:00:00||0
1003+0|chen|a100|OUT_OF_MEMORY|2026-03-02T09:06:00|2026-03-02T09:20:00|2026-03-02T09:21:40|00:01:40|billing=32,cpu=32,gres/gpu:a100=2,gres/gpu:v100=1,mem=64G,node=1|32
1004|chen|a100|RUNNING|2026-03-02T09:07:00|2026-03-02T09:30:00|Unknown|00:30:00.500|billing=16,cpu=16,gres/gpu=1,mem=64G,node=1|16
1005|zhao|cpu|NODE_FAIL|2026-03-02T09:08:00|2026-03-02T09:08:10|2026-03-02T09:09:10|00:01:00|cpu=2,mem=1G,node=1|2
1005|zhao|cpu|COMPLETED|2026-03-02T09:09:10|2026-03-02T09:12:00|2026-03-02T09:14:00|00:02:00|cpu=2,mem=1G,node=1|2
"""

_SACCT_TABLE_1001 = {
    "account": "llm",
    "association": {"account": "llm", "cluster": "c1", "partition": None, "user": "li"},
    "array": {"job_id": 0, "task_id": {"set": False, "infinite": False, "number": 0}},
    "het": {"job_id": 0, "job_offset": {"set": False, "infinite": False, "number": 0}},
    "job_id": 1001,
    "partition": "a100",
    "state": {"current": ["COMPLETED"], "reason": "None"},
    "time": {
        "elapsed": 7230,
        "eligible": 1772413200,
        "end": 1772421030,
        "limit": {"set": True, "infinite": False, "number": 1440},
        "start": 1772413800,
        "submission": 1772413200,
        "suspended": 0,
    },
    "tres": {
        "allocated": [
            {"type": "cpu", "name": "", "id": 1, "count": 128},
            {"type": "mem", "name": "", "id": 2, "count": 1048576},
            {"type": "gres", "name": "gpu", "id": 1001, "count": 8},
            {"type": "gres", "name": "gpu:a100", "id": 1002, "count": 8},
        ],
        "requested": [],
    },
    "user": "li",
    "steps": [{"step": {"id": "1001.batch"}}],
}


def sacct_json() -> str:
    """`sacct --json`: the first job as newer Slurm writes it, the others with the plain forms of older ones."""
    older = {
        "array": {"job_id": 1002, "task_id": 4},
        "association": {"user": "wang"},
        "job_id": 1007,
        "partition": "cpu",
        "state": {"current": "CANCELLED", "reason": "None"},
        "time": {"elapsed": 90000, "end": 1772506800, "start": 1772416800, "submission": 1772413500},
        "tres": {"allocated": [{"type": "cpu", "name": None, "count": 4}]},
    }
    typed = {
        "het": {"job_id": 1003, "job_offset": {"set": True, "infinite": False, "number": 0}},
        "job_id": 1003,
        "job_state": "OUT_OF_MEMORY",
        "partition": "a100",
        "time": {
            "elapsed": {"set": True, "infinite": False, "number": 100},
            "submission": 1772413560,
            "start": {"set": True, "infinite": False, "number": 1772414400},
            "end": 1772414500,
        },
        "tres": {
            "allocated": [
                {"type": "gres", "name": "gpu:a100", "count": 2},
                {"type": "gres", "name": "gpu:v100", "count": 1},
                {"type": "cpu", "name": "", "count": 32},
            ]
        },
    }
    waiting = {
        "job_id": 1008,
        "partition": "cpu",
        "job_state": ["PENDING"],
        "time": {"elapsed": 0, "end": 0, "start": 0, "submission": 1772413600},
        "tres": {"allocated": [], "requested": [{"type": "cpu", "name": "", "count": 64}]},
    }
    return json.dumps({"meta": {"plugin": {"type": "openapi/dbv0.0.40"}, "Slurm": {"version": {"major": 23}}},
                       "errors": [], "jobs": [_SACCT_TABLE_1001, older, typed, waiting]}, indent=2)  # fmt: skip


# The README's own example of PAI: 14 CPUs (600 % + 2 × 400 %) and one GPU (2 × 50 %); then a task that never ended.
PAI_TASK = """\
job_0,ps,1.0,Terminated,4550900.0,4551416.0,600.0,29.296875,0.0,
job_0,worker,2.0,Terminated,4550910.0,4551410.0,400.0,29.296875,50.0,MISC
job_1,tensorflow,1.0,Running,4560000.0,,600.0,29.296875,100.0,V100
job_2,xla,16.0,Failed,4570000.0,4570360.0,800.0,58.59,800.0,V100
"""
PAI_JOB = """\
job_0,inst_0,user_a,Terminated,4550879.0,4551416.0
job_1,inst_1,user_b,Running,4559990.0,
job_2,inst_2,user_b,Failed,4569000.0,4570360.0
"""
PAI_INSTANCE = """\
job_0,ps,n0,w0,inst_0,Terminated,4550900.0,4551416.0,m0
job_0,worker,n1,w1,inst_0,Terminated,4550910.0,4551310.0,m1
job_0,worker,n1,w2,inst_0,Terminated,4550911.0,4551410.0,m2
"""

OPENB = """\
name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time
openb-pod-0017,88000,327680,8,1000,,Burstable,Succeeded,9437497,10769854,9437497.0
openb-pod-0022,4000,15258,1,220,,BE,Running,9679175,9973826,9679175.0
openb-pod-0035,16000,32768,1,1000,V100M16|V100M32,LS,Running,9967058,9968575,9967063.0
openb-pod-0044,12000,16384,0,0,,LS,Failed,9970000,9970090,9970000.0
openb-pod-0050,8000,30517,1,1000,,LS,Pending,9980000,9990000,
"""

SEREN = """\
job_id,user,node_num,gpu_num,cpu_num,type,state,submit_time,start_time,end_time,duration,queue,gpu_time
5778432,u5907,1,8,128,Other,FAILED,2023-03-01 00:18:22+08:00,2023-03-01 00:18:54+08:00,2023-03-01 00:20:51+08:00,117,32,936.0
5778469,u5907,1,8,128,Pretrain,COMPLETED,2023-03-01 00:23:58+08:00,2023-03-01 00:24:11+08:00,2023-03-01 01:09:04+08:00,2693,13,21544.0
5778500,u5908,1,0,16,Other,NODE_FAIL,2023-03-01 00:24:00+08:00,2023-03-01 00:25:00+08:00,2023-03-01 00:26:00+08:00,60,60,0.0
"""

# Duration counts from the submission here (18 s for 8 s of running), as in the data set's own example.
KALOS = """\
job_id,user,node_num,gpu_num,cpu_num,mem_per_pod_GB,shared_mem_per_pod,type,state,submit_time,start_time,end_time,fail_time,stop_time,duration,queue,gpu_time
dlctk696s0jbvitv,uf794,8,64,960,1000,100.0,Other,FAILED,2023-05-17 11:00:58+00:00,2023-05-17 11:01:08+00:00,2023-05-17 11:01:16+00:00,2023-05-17 11:01:16+00:00,,18,10.0,1152.0
dlc1t2ypl09b8qtp,uf794,8,64,960,1000,100.0,Other,CANCELLED,2023-05-17 11:28:42+00:00,2023-05-17 11:28:54+00:00,2023-05-17 11:30:04+00:00,,2023-05-17 11:30:04+00:00,82,12.0,5248.0
"""

HELIOS = """\
job_id,user,vc,gpu_num,cpu_num,node_num,state,submit_time,start_time,end_time,duration,queue
1425511,uXBbc,vcJkd,1,1,1,COMPLETED,2020-06-09 18:41:01,2020-06-09 18:41:01,2020-06-10 04:55:09,36848,0
1425512,uVMrF,vchbv,4,16,1,FAILED,2020-06-09 18:41:27,2020-06-09 18:41:27,2020-06-09 18:45:36,249,0
1425513,uzqls,vcpDC,1,1,1,CANCELLED,2020-06-09 18:41:28,2020-06-09 18:41:28,2020-06-17 14:15:21,675233,0
"""


def _gpus(count: int) -> list[str]:
    return [f"gpu{number}" for number in range(count)]


def philly() -> str:
    """The README's own example (two attempts on 8 GPUs), a job of growing width, and two that never ran whole."""
    jobs = [
        {
            "status": "Pass",
            "vc": "ee9e8c",
            "jobid": "application_1506638472019_14199",
            "attempts": [
                {
                    "start_time": "2017-10-07 01:12:09",
                    "end_time": "2017-10-07 01:13:23",
                    "detail": [{"ip": "m47", "gpus": _gpus(8)}],
                },
                {
                    "start_time": "2017-10-07 01:13:30",
                    "end_time": "2017-10-09 06:53:12",
                    "detail": [{"ip": "m412", "gpus": _gpus(8)}],
                },
            ],
            "submitted_time": "2017-10-07 01:11:39",
            "user": "ce2f4c",
        },
        {
            "status": "Killed",
            "vc": "ee9e8c",
            "jobid": "application_2",
            "attempts": [
                {
                    "start_time": "2017-10-08 00:00:00",
                    "end_time": "2017-10-08 00:01:00",
                    "detail": [{"ip": "m1", "gpus": _gpus(1)}],
                },
                {
                    "start_time": "2017-10-08 00:02:00",
                    "end_time": "2017-10-08 00:03:00",
                    "detail": [{"ip": "m1", "gpus": _gpus(1)}, {"ip": "m2", "gpus": _gpus(1)}],
                },
            ],
            "submitted_time": "2017-10-07 23:59:00",
            "user": "a",
        },
        {
            "status": "Failed",
            "vc": "6214e9",
            "jobid": "application_3",
            "attempts": [],
            "submitted_time": "2017-10-09 00:00:00",
            "user": "b",
        },
        {
            "status": "Pass",
            "vc": "6214e9",
            "jobid": "application_4",
            "attempts": [
                {"start_time": "2017-12-15 00:00:00", "end_time": None, "detail": [{"ip": "m3", "gpus": _gpus(2)}]}
            ],
            "submitted_time": "2017-12-14 23:00:00",
            "user": "b",
        },
    ]
    return json.dumps(jobs, indent=1)


def _pod_spec(**requests: str) -> dict[str, object]:
    limits = {name: value for name, value in requests.items() if "/" in name}
    return {"containers": [{"name": "main", "resources": {"requests": requests, "limits": limits}}]}


def kubernetes() -> str:
    """A finished Job with its pod, a suspended one, a deadline, a Job in Kueue with its Workload, a lone Pod."""
    gpu = {"cpu": "500m", "memory": "64Gi", "nvidia.com/gpu": "4"}
    items: list[dict[str, object]] = [
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": "train", "namespace": "llm", "uid": "j1", "creationTimestamp": "2026-03-02T01:00:00Z",
                         "labels": {"kueue.x-k8s.io/queue-name": "team-a"}},
            "spec": {"parallelism": 3, "completions": 2, "suspend": False, "template": {"spec": _pod_spec(**gpu)}},
            "status": {"startTime": "2026-03-02T01:10:00Z", "completionTime": "2026-03-02T02:10:00Z", "succeeded": 2,
                       "conditions": [{"type": "Complete", "status": "True",
                                       "lastTransitionTime": "2026-03-02T02:10:00Z"}]},
        },
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "train-x", "namespace": "llm", "uid": "p1", "creationTimestamp": "2026-03-02T01:10:00Z",
                         "ownerReferences": [{"kind": "Job", "name": "train", "uid": "j1"}]},
            "spec": _pod_spec(**gpu),
            "status": {"phase": "Succeeded", "startTime": "2026-03-02T01:10:00Z"},
        },
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": "held", "namespace": "llm", "uid": "j2", "creationTimestamp": "2026-03-02T01:00:00Z"},
            "spec": {"parallelism": 1, "completions": 1, "suspend": True, "template": {"spec": _pod_spec(cpu="2")}},
            "status": {"conditions": [{"type": "Suspended", "status": "True"}]},
        },
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": "late", "namespace": "web", "uid": "j3", "creationTimestamp": "2026-03-02T01:05:00Z"},
            "spec": {"parallelism": 1, "template": {"spec": _pod_spec(cpu="2")}},
            "status": {"startTime": "2026-03-02T01:05:00Z",
                       "conditions": [{"type": "Failed", "status": "True", "reason": "DeadlineExceeded",
                                       "lastTransitionTime": "2026-03-02T01:06:40Z"}]},
        },
        {
            "apiVersion": "kueue.x-k8s.io/v1beta1",
            "kind": "Workload",
            "metadata": {"name": "job-train-1", "namespace": "llm", "uid": "w1",
                         "creationTimestamp": "2026-03-02T01:00:00Z",
                         "ownerReferences": [{"kind": "Job", "name": "train", "uid": "j1"}]},
            "spec": {"queueName": "team-a", "podSets": []},
        },
        {
            "apiVersion": "kueue.x-k8s.io/v1beta1",
            "kind": "Workload",
            "metadata": {"name": "ray-1", "namespace": "llm", "uid": "w2", "creationTimestamp": "2026-03-02T01:20:00Z"},
            "spec": {"queueName": "team-b", "priorityClassName": "high", "active": True, "podSets": [
                {"name": "head", "count": 1, "template": {"spec": _pod_spec(cpu="4")}},
                {"name": "workers", "count": 2, "template": {"spec": _pod_spec(**{"cpu": "8", "nvidia.com/gpu": "1"})}},
            ]},
            "status": {"conditions": [
                {"type": "QuotaReserved", "status": "True", "lastTransitionTime": "2026-03-02T01:21:00Z"},
                {"type": "Admitted", "status": "True", "lastTransitionTime": "2026-03-02T01:22:00Z"},
                {"type": "Finished", "status": "True", "reason": "Succeeded",
                 "lastTransitionTime": "2026-03-02T01:32:00Z"}]},
        },
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "lone", "namespace": "web", "uid": "p2", "creationTimestamp": "2026-03-02T01:30:00Z"},
            "spec": _pod_spec(cpu="1500m") | {"priorityClassName": "batch"},
            "status": {"phase": "Failed", "startTime": "2026-03-02T01:30:05Z", "containerStatuses": [
                {"state": {"terminated": {"exitCode": 1, "finishedAt": "2026-03-02T01:31:45Z"}}}]},
        },
    ]  # fmt: skip
    return json.dumps({"apiVersion": "v1", "items": items, "kind": "List", "metadata": {"resourceVersion": ""}})


OWN = """\
id,released,gpus [GPU],duration [min],power_per_gpu [W],slack [h],preemptible,kind
7,2026-03-02T09:00:00+08:00,4,90,300,2,true,training
8,2026-03-02T08:00:00+08:00,1,30,200,0,false,batch
"""

GAIA = """\
arrival_time,length,cpus
0.0,25.4081,1
0.5769,0.5,16
"""

REQUESTS = """\
TIMESTAMP,ContextTokens,GeneratedTokens
2024-05-10 00:00:00.009930+00:00,2162,5
2024-05-10 00:00:00.017335+00:00,2399,6
"""


def all_files(folder: Path) -> dict[str, Path]:
    """One file of each format in `folder`, by the format's name."""
    texts = {
        "swf": ("log.swf", SWF),
        "slurm": ("sacct.txt", SACCT),
        "pai2020": ("pai_task_table.csv", PAI_TASK),
        "alibaba_gpu2023": ("openb_pod_list_default.csv", OPENB),
        "acme": ("trace_seren.csv", SEREN),
        "helios": ("cluster_log.csv", HELIOS),
        "philly": ("cluster_job_log", philly()),
        "kubernetes": ("objects.json", kubernetes()),
        "table": ("own.csv", OWN),
        "gaia": ("gaia.csv", GAIA),
    }
    found = {}
    for name, (file, text) in texts.items():
        found[name] = folder / file
        found[name].write_text(text, encoding="utf-8")
    return found


def packed(path: Path, text: str, *, keep_ratio: float = 1.0) -> Path:
    """`text` as gzip; below 1 the file is cut off there."""
    data = gzip.compress(text.encode(), mtime=0)
    path.write_bytes(data[: int(len(data) * keep_ratio)])
    return path
