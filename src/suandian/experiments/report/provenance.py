"""What is needed to reproduce the study, as rows of (heading, text)."""

from __future__ import annotations

from suandian.experiments.report.study import Study

__all__ = ["provenance_rows"]


def provenance_rows(study: Study) -> list[tuple[str, str, bool]]:
    """(heading, text, is it code?) of the run: hash, command, seed, period, journals' heads, versions."""
    words, finding = study.words, study.finding
    origin, axis = finding.provenance, finding.truth.axis
    local = study.local
    minutes = axis.step_s / 60
    step = f"{minutes:g} min" if study.lang == "en" else f"{minutes:g} 分钟"
    period = f"{str(local[0])[:16].replace('T', ' ')}, {axis.periods} × {step}, {finding.truth.fleet.zone}"
    versions = " · ".join(f"{name} {version}" for name, version in origin.versions.items())
    heads = " · ".join(f"{name} {arm.journal.head[:12]}" for name, arm in finding.arms.items())
    return [
        (words("p_run"), f"{origin.scenario}-{origin.scenario_hash[:12]}", False),
        (words("p_reproduce"), origin.command, True),
        (words("p_seeds"), str(origin.seed), False),
        (words("p_axis"), period, False),
        (words("p_chain"), heads, True),
        (words("p_versions"), versions, False),
    ]
