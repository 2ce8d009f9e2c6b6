"""The append-only, hash-chained journal: all that verification and settlement ever see of a world."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from suandian.quantity.errors import DataError, InvariantBroken
from suandian.quantity.timeaxis import TimeAxis, instants
from suandian.record.events import JobBlock, JobEventKind, LevelBlock, Meter, MeterBlock, PlanEnacted

__all__ = ["Journal", "load_journal"]

Block = MeterBlock | LevelBlock | JobBlock | PlanEnacted
_B = TypeVar("_B", MeterBlock, LevelBlock, JobBlock, PlanEnacted)
_GENESIS = "0" * 64
_FORMAT = 2


@dataclass(eq=False)
class Journal:
    """Blocks of events in the order in which they were appended, each chained to the one before by SHA-256.

    Together with `World` this is the only object with state. Nothing is ever edited: a correction is a new event.
    """

    axis: TimeAxis
    meters: tuple[Meter, ...]
    sites: tuple[str, ...]
    _blocks: list[Block] = field(default_factory=list, init=False, repr=False)
    _chain: list[str] = field(default_factory=list, init=False, repr=False)
    _kinds: dict[type, list[Block]] = field(default_factory=dict, init=False, repr=False)
    _reads: tuple[int, NDArray[np.float64], NDArray[np.float64]] | None = field(default=None, init=False, repr=False)

    def append(self, block: Block) -> None:
        """Append a block. Raises `InvariantBroken` where meter reads would overlap or leave a hole."""
        if isinstance(block, MeterBlock | LevelBlock):
            self._check_contiguous(block)
        self._chain.append(_chained(self.head, block))
        self._blocks.append(block)
        self._kinds.setdefault(type(block), []).append(block)

    @property
    def head(self) -> str:
        """Hash of the last block; it commits to everything before."""
        return self._chain[-1] if self._chain else _GENESIS

    @property
    def hashes(self) -> tuple[str, ...]:
        """Hash of every block, in order."""
        return tuple(self._chain)

    @property
    def blocks(self) -> tuple[Block, ...]:
        return tuple(self._blocks)

    def chain_holds(self) -> bool:
        """True when every block still has the hash under which it was appended."""
        previous = _GENESIS
        for block, stored in zip(self._blocks, self._chain, strict=True):
            previous = _chained(previous, block)
            if previous != stored:
                return False
        return True

    def metered(self, meter_id: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Import and export of one meter, MWh per interval, shapes `(metered periods,)`.

        Raises `DataError` for a meter that the journal does not have.
        """
        ids = [meter.id for meter in self.meters]
        if meter_id not in ids:
            raise DataError(f"the journal has no meter {meter_id!r}; it has {', '.join(ids)}")
        row = ids.index(meter_id)
        imported, exported = self._all_reads()
        return imported[row], exported[row]

    def _all_reads(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Import and export of all meters, `(meters, metered periods)`, read-only; put together once."""
        blocks = self._of(MeterBlock)
        if self._reads is None or self._reads[0] != len(blocks):
            none = np.zeros((len(self.meters), 0))
            imported = np.concatenate([none, *(block.import_mwh for block in blocks)], axis=1)
            exported = np.concatenate([none, *(block.export_mwh for block in blocks)], axis=1)
            imported.setflags(write=False)
            exported.setflags(write=False)
            self._reads = (len(blocks), imported, exported)
        return self._reads[1], self._reads[2]

    def has_meter(self, meter_id: str) -> bool:
        return any(meter.id == meter_id for meter in self.meters)

    def stored_mwh(self) -> NDArray[np.float64]:
        """Battery energy at interval ends, `(sites, periods)`."""
        blocks = self._of(LevelBlock)
        return np.concatenate([b.energy_mwh for b in blocks], axis=1) if blocks else np.zeros((len(self.sites), 0))

    def job_events(self) -> JobBlock:
        """All job events as one block of columns, in order of appending."""
        blocks = self._of(JobBlock)
        if not blocks:
            none = np.zeros(0, dtype=np.int64)
            return JobBlock(none, none.astype(np.int8), none, none.astype(np.int16))
        return JobBlock(
            np.concatenate([b.job for b in blocks]),
            np.concatenate([b.kind for b in blocks]),
            np.concatenate([b.at_s for b in blocks]),
            np.concatenate([b.site for b in blocks]),
        )

    def plans(self) -> list[PlanEnacted]:
        return list(self._of(PlanEnacted))

    def meter_frame(self, meter_ids: Sequence[str] | None = None) -> pl.DataFrame:
        """Reads as a long frame: meter, start (UTC), import_mwh, export_mwh, quality."""
        wanted = [m.id for m in self.meters] if meter_ids is None else list(meter_ids)
        blocks = self._of(MeterBlock)
        none = np.zeros((len(self.meters), 0), dtype=np.int8)
        qualities = np.concatenate([none, *(block.quality for block in blocks)], axis=1)
        rows = {meter.id: row for row, meter in enumerate(self.meters)}
        frames = []
        starts = instants(self.axis.starts_s())
        for meter_id in wanted:
            imported, exported = self.metered(meter_id)
            frames.append(
                pl.DataFrame(
                    {
                        "start": starts[: len(imported)],
                        "import_mwh": imported,
                        "export_mwh": exported,
                        "quality": qualities[rows[meter_id]],
                    }
                ).select(
                    pl.lit(meter_id).alias("meter"), pl.col("start").dt.replace_time_zone("UTC"), pl.exclude("start")
                )
            )
        return pl.concat(frames) if frames else pl.DataFrame()

    def job_frame(self) -> pl.DataFrame:
        """Job events as a frame: job, event, at (UTC), site."""
        events = self.job_events()
        names = np.array([kind.name.lower() for kind in JobEventKind])
        sites = np.array([*self.sites, ""])
        return pl.DataFrame(
            {
                "job": events.job,
                "event": names[events.kind] if len(events.kind) else np.array([], dtype=str),
                "at": instants(events.at_s),
                "site": sites[events.site] if len(events.site) else np.array([], dtype=str),
            }
        ).with_columns(pl.col("at").dt.replace_time_zone("UTC"))

    def save(self, folder: Path) -> None:
        """Write `meters.parquet`, `levels.parquet`, `jobs.parquet`, `plans.parquet` and `chain.json` into `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        meter_blocks, level_blocks, job_blocks = self._of(MeterBlock), self._of(LevelBlock), self._of(JobBlock)
        self.meter_frame().write_parquet(folder / "meters.parquet")
        stored = self.stored_mwh()
        pl.DataFrame({site: stored[row] for row, site in enumerate(self.sites)}).write_parquet(
            folder / "levels.parquet"
        )
        events = self.job_events()
        pl.DataFrame({"job": events.job, "kind": events.kind, "at_s": events.at_s, "site": events.site}).write_parquet(
            folder / "jobs.parquet"
        )
        plans = self.plans()
        pl.DataFrame(
            {
                "first": [p.first for p in plans],
                "last": [p.last for p in plans],
                "coordinator": [p.coordinator for p in plans],
                "forecasts_issued_s": [p.forecasts_issued_s for p in plans],
                "diagnostics": [json.dumps(p.diagnostics, sort_keys=True) for p in plans],
                "it_mw": [p.it_mw.ravel().tolist() for p in plans],
                "congestion_cny_per_mwh": [p.congestion_cny_per_mwh.ravel().tolist() for p in plans],
            },
            schema_overrides={
                "it_mw": pl.List(pl.Float64),
                "congestion_cny_per_mwh": pl.List(pl.Float64),
                "coordinator": pl.String,
                "diagnostics": pl.String,
            },
        ).write_parquet(folder / "plans.parquet")
        sizes: dict[str, Iterable[int]] = {
            "MeterBlock": [b.import_mwh.shape[1] for b in meter_blocks],
            "LevelBlock": [b.energy_mwh.shape[1] for b in level_blocks],
            "JobBlock": [len(b.job) for b in job_blocks],
            "PlanEnacted": [1 for _ in plans],
        }
        chain = {
            "format": _FORMAT,
            "start": self.axis.start.isoformat(),
            "step_s": self.axis.step_s,
            "periods": self.axis.periods,
            "meters": [m.id for m in self.meters],
            "sites": list(self.sites),
            "order": [type(b).__name__ for b in self._blocks],
            "sizes": {name: list(size) for name, size in sizes.items()},
            "hashes": self._chain,
        }
        (folder / "chain.json").write_text(json.dumps(chain), encoding="utf-8")

    def _of(self, kind: type[_B]) -> list[_B]:
        return cast("list[_B]", self._kinds.get(kind, []))

    def _check_contiguous(self, block: MeterBlock | LevelBlock) -> None:
        width = block.import_mwh.shape[1] if isinstance(block, MeterBlock) else block.energy_mwh.shape[1]
        done = 0
        for earlier in self._kinds.get(type(block), [])[-1:]:
            assert isinstance(earlier, MeterBlock | LevelBlock)
            array = earlier.import_mwh if isinstance(earlier, MeterBlock) else earlier.energy_mwh
            done = earlier.first + array.shape[1]
        if block.first != done or done + width > self.axis.periods:
            raise InvariantBroken(
                f"meter reads for intervals {block.first}…{block.first + width} do not follow interval {done}"
            )


def load_journal(folder: Path) -> Journal:
    """Read a saved journal back and check its chain. Raises `DataError` when it was changed after it was written."""
    chain = json.loads((folder / "chain.json").read_text(encoding="utf-8"))
    if chain["format"] != _FORMAT:
        raise DataError(f"{folder}: journal format {chain['format']}, this version reads {_FORMAT}")
    axis = TimeAxis(datetime.fromisoformat(chain["start"]), timedelta(seconds=chain["step_s"]), chain["periods"])
    meters = tuple(Meter(meter_id) for meter_id in chain["meters"])
    journal = Journal(axis, meters, tuple(chain["sites"]))
    sources: dict[str, Iterator[Block]] = {
        "MeterBlock": _meter_blocks(folder, meters, chain["sizes"]["MeterBlock"]),
        "LevelBlock": _level_blocks(folder, chain["sites"], chain["sizes"]["LevelBlock"]),
        "JobBlock": _job_blocks(folder, chain["sizes"]["JobBlock"]),
        "PlanEnacted": _plan_blocks(folder, len(chain["sites"])),
    }
    for name in chain["order"]:
        journal.append(next(sources[name]))
    if list(journal.hashes) != chain["hashes"]:
        raise DataError(
            f"{folder}: the journal's hash chain does not hold; the files were changed after they were written"
        )
    return journal


def _meter_blocks(folder: Path, meters: tuple[Meter, ...], sizes: list[int]) -> Iterator[MeterBlock]:
    frame = pl.read_parquet(folder / "meters.parquet")
    total = sum(sizes)
    shape = (len(meters), total)
    imported = frame["import_mwh"].to_numpy().reshape(shape) if total else np.zeros(shape)
    exported = frame["export_mwh"].to_numpy().reshape(shape) if total else np.zeros(shape)
    quality = frame["quality"].to_numpy().reshape(shape) if total else np.zeros(shape, np.int8)
    first = 0
    for size in sizes:
        part = slice(first, first + size)
        yield MeterBlock(first, imported[:, part], exported[:, part], quality[:, part])
        first += size


def _level_blocks(folder: Path, sites: list[str], sizes: list[int]) -> Iterator[LevelBlock]:
    frame = pl.read_parquet(folder / "levels.parquet")
    stored = np.array([frame[site].to_numpy() for site in sites]).reshape(len(sites), -1)
    first = 0
    for size in sizes:
        yield LevelBlock(first, stored[:, first : first + size])
        first += size


def _job_blocks(folder: Path, sizes: list[int]) -> Iterator[JobBlock]:
    frame = pl.read_parquet(folder / "jobs.parquet")
    columns = [frame[name].to_numpy() for name in ("job", "kind", "at_s", "site")]
    first = 0
    for size in sizes:
        job, kind, at_s, site = (column[first : first + size] for column in columns)
        yield JobBlock(job, kind, at_s, site)
        first += size


def _plan_blocks(folder: Path, sites: int) -> Iterator[PlanEnacted]:
    for row in pl.read_parquet(folder / "plans.parquet").iter_rows(named=True):
        it_mw = np.array(row["it_mw"], dtype=np.float64).reshape(sites, row["last"] - row["first"])
        yield PlanEnacted(
            row["first"],
            row["last"],
            row["coordinator"],
            it_mw,
            row["forecasts_issued_s"],
            json.loads(row["diagnostics"]),
            np.array(row["congestion_cny_per_mwh"], dtype=np.float64).reshape(sites, -1),
        )


def _chained(previous: str, block: Block) -> str:
    digest = hashlib.sha256(previous.encode())
    digest.update(type(block).__name__.encode())
    for name in type(block).__slots__:
        value = getattr(block, name)
        digest.update(name.encode())
        if isinstance(value, np.ndarray):
            digest.update(np.ascontiguousarray(value).astype(value.dtype.newbyteorder("<")).tobytes())
        elif isinstance(value, dict):
            digest.update(json.dumps(value, sort_keys=True).encode())
        else:
            digest.update(repr(value).encode())
    return digest.hexdigest()
