"""Keeping a finding: `runs/<name>-<hash>/` appears whole or not at all."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from suandian.experiments.finding import Finding

__all__ = ["keep", "run_folder"]

#: Written last of all: a folder without it is no result.
COMPLETE = "finding.json"


def run_folder(out: Path, name: str, scenario_hash: str, part: str = "") -> Path:
    """Where a study with this name and hash is kept, or the `part` of it that was run."""
    return out / "-".join(filter(None, [name, scenario_hash[:12], part]))


def keep(finding: Finding, scenario_yaml: str, out: Path, *, languages: tuple[str, ...], part: str = "") -> Path:
    """Write everything into a hidden folder beside the target and rename it; an older result is replaced whole.

    Layout: `scenario.yaml` (resolved), `kpis.csv`, `finding.json`, `report.<lang>.html`, and for every arm
    `<arm>/journal/*.parquet`, `<arm>/jobs.parquet`, `<arm>/connections.csv`, `<arm>/ledger.beancount`; where a feeder
    has a network also `<arm>/buses.parquet` and `<arm>/branches.parquet`.
    """
    target = run_folder(out, finding.name, finding.provenance.scenario_hash, part)
    out.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=out))
    try:
        _write(finding, scenario_yaml, draft, languages)
        _swap(draft, target)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return target


def _write(finding: Finding, scenario_yaml: str, folder: Path, languages: tuple[str, ...]) -> None:
    (folder / "scenario.yaml").write_text(scenario_yaml, encoding="utf-8")
    finding.kpis.write_csv(folder / "kpis.csv")
    for name, arm in finding.arms.items():
        arm.journal.save(folder / name / "journal")
        arm.jobs.write_parquet(folder / name / "jobs.parquet")
        arm.sites.write_csv(folder / name / "connections.csv")
        for part, frame in (("buses", arm.buses), ("branches", arm.branches)):
            if frame.height:
                frame.write_parquet(folder / name / f"{part}.parquet")
        (folder / name / "ledger.beancount").write_text(arm.ledger.to_beancount(), encoding="utf-8")
    for lang in languages:
        finding.report(folder / f"report.{lang}.html", lang=lang)
    (folder / COMPLETE).write_text(
        json.dumps(finding.to_dict(), indent=1, ensure_ascii=False, allow_nan=False), encoding="utf-8"
    )
    folder.chmod(0o755)


def _swap(part: Path, target: Path) -> None:
    if not target.exists():
        part.replace(target)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{target.name}-old-", dir=target.parent))
    target.replace(old / "result")
    part.replace(target)
    shutil.rmtree(old, ignore_errors=True)
