"""End states as batch systems write them → `model.records.STATES`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["SLURM_STATES"]

#: Job states of Slurm, long and short (sacct manual, "JOB STATE CODES"); Helios and Acme use the same words.
SLURM_STATES: Mapping[str, str] = MappingProxyType(
    {
        "COMPLETED": "completed",
        "CD": "completed",
        "COMPLETING": "running",
        "CG": "running",
        "FAILED": "failed",
        "F": "failed",
        "BOOT_FAIL": "failed",
        "BF": "failed",
        "NODE_FAIL": "failed",
        "NF": "failed",
        "OUT_OF_MEMORY": "failed",
        "OUT_OF_ME+": "failed",  # cut by sacct without -P
        "OOM": "failed",
        "CANCELLED": "cancelled",
        "CANCELLED+": "cancelled",
        "CANCELED": "cancelled",
        "CA": "cancelled",
        "REVOKED": "cancelled",
        "RV": "cancelled",
        "DEADLINE": "timeout",
        "DL": "timeout",
        "TIMEOUT": "timeout",
        "TO": "timeout",
        "PREEMPTED": "preempted",
        "PR": "preempted",
        "REQUEUED": "preempted",
        "RQ": "preempted",
        "RUNNING": "running",
        "R": "running",
        "RESIZING": "running",
        "RS": "running",
        "SUSPENDED": "running",
        "S": "running",
        "PENDING": "pending",
        "PD": "pending",
        "CONFIGURING": "pending",
    }
)
