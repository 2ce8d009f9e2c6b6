from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from suandian.model.workload import KINDS
from suandian.physics import itload

QUANTILES = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "gpu_power" / "acme_quantiles.csv"


@pytest.fixture(scope="module")
def acme() -> dict[str, np.ndarray]:
    if not QUANTILES.exists():
        pytest.skip(f"AcmeTrace quantiles are not at {QUANTILES}")
    with QUANTILES.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([float(row[name] or "nan") for row in rows]) for name in rows[0]}


def test_idle_server_by_hand():
    # 571 + 1.75 · 8 · 58.2 = 1385.8 W
    assert itload.server_power_w(np.full(8, 58.2)) == pytest.approx(1385.8)
    assert itload.idle_power_per_gpu_kw() == pytest.approx(1.3858 / 8)


def test_server_power_keeps_leading_axes_and_is_linear():
    power_w = np.arange(48.0).reshape(2, 3, 8)
    assert itload.server_power_w(power_w).shape == (2, 3)
    assert itload.server_power_w(power_w + 10.0) - itload.server_power_w(power_w) == pytest.approx(140.0)


def test_every_kind_of_work_has_a_power_and_an_unknown_kind_is_refused():
    for kind in (*KINDS, "inference"):
        assert 0.0 < itload.dynamic_power_per_gpu_kw(kind) < 1.75 * 0.4
        assert itload.DYNAMIC_POWER_PER_GPU_KW[kind] == itload.dynamic_power_per_gpu_kw(kind)
    with pytest.raises(ValueError, match="quantum"):
        itload.dynamic_power_per_gpu_kw("quantum")


def test_training_by_hand():
    # 1.75 · (371.7 − 58.2) = 548.6 W
    assert itload.dynamic_power_per_gpu_kw("training") == pytest.approx(0.548625)


def test_two_points_of_the_estimate(acme):
    gpu_w, server_w = acme["seren_gpu_power_W"], acme["seren_gpu_server_power_W"]
    idle = np.argmin(np.abs(acme["quantile_pct"] - 0.1))
    assert itload.server_power_w(np.full(8, gpu_w[idle])) == pytest.approx(server_w[idle], rel=0.01)
    assert itload.server_power_w(np.full(8, gpu_w.mean())) == pytest.approx(server_w.mean(), rel=0.01)


def test_powers_by_kind_are_the_quantiles_they_name(acme):
    def at(column: str, percent: float) -> float:
        return float(acme[column][np.argmin(np.abs(acme["quantile_pct"] - percent))])

    assert itload.GPU_POWER_BY_KIND_W["training"] == at("kalos_gpu_power_W", 75)
    assert itload.GPU_POWER_BY_KIND_W["fine_tuning"] == at("seren_gpu_power_W", 80)
    assert itload.GPU_POWER_BY_KIND_W["simulation"] == at("kalos_gpu_power_W", 70)
    assert itload.GPU_POWER_BY_KIND_W["rendering"] == at("seren_gpu_power_W", 75)
    assert itload.GPU_POWER_BY_KIND_W["batch"] == at("seren_gpu_power_W", 70)
    assert itload.GPU_POWER_BY_KIND_W["analytics"] == at("kalos_gpu_power_W", 60)
    assert itload.GPU_POWER_BY_KIND_W["backup"] == at("seren_gpu_power_W", 50)


def test_distribution_of_server_power_is_the_measured_one(acme):
    share = acme["quantile_pct"] / 100.0
    sample_w = itload.sampled_server_power_w(share, acme["seren_gpu_power_W"], servers=40_000, seed=7)
    percent = np.linspace(0.01, 0.99, 99)
    measured_w = np.interp(percent, share, acme["seren_gpu_server_power_W"])
    off_w = np.quantile(sample_w, percent) - measured_w
    assert np.abs(off_w).mean() < 0.065 * measured_w.mean()
    assert np.abs(off_w / measured_w)[:80].max() < 0.12
    assert np.abs(off_w / measured_w)[80:].max() < 0.19
    # Eight equal GPUs in every server are clearly worse, so the correlation carries information.
    gpu_w = np.interp(percent, share, acme["seren_gpu_power_W"])
    identical_w = itload.server_power_w(np.repeat(gpu_w[:, None], 8, axis=1))
    assert np.abs(identical_w - measured_w).mean() > 2.0 * np.abs(off_w).mean()


def test_the_same_seed_gives_the_same_servers():
    share, power_w = np.array([0.0, 1.0]), np.array([60.0, 400.0])
    first = itload.sampled_server_power_w(share, power_w, servers=50, seed=3)
    assert np.array_equal(first, itload.sampled_server_power_w(share, power_w, servers=50, seed=3))
    assert not np.array_equal(first, itload.sampled_server_power_w(share, power_w, servers=50, seed=4))
