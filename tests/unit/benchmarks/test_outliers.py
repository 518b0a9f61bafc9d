"""What the benchmark keeps of earlier runs: parts of a set are replaced whole, and what is stored comes back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import outliers, record
from benchmarks.detection import OURS, Run, Table


def run(table: str, detector: str, seed: int = 0, measured: str = "today") -> Run:
    return Run(
        table=table,
        detector=detector,
        seed=seed,
        software="some 1.0",
        measured=measured,
        load=0.0,
        seconds=1.0,
        auroc=0.75,
        average_precision=0.25,
    )


def results() -> outliers.Results:
    tables = {name: Table(name, 100, 3, 5) for name in ("a", "b")}
    return outliers.Results(tables, [run(name, detector) for name in tables for detector in (OURS, "VAE")])


def test_a_part_is_done_when_all_its_detectors_ran_with_all_seeds() -> None:
    found = results()
    assert found.has("a", "vae", range(1))
    assert not found.has("a", "vae", range(2))
    assert not found.has("a", "detectors", range(1))
    assert not found.has("c", "vae", range(1))


def test_a_part_of_a_set_is_replaced_and_the_rest_stays() -> None:
    found = results()
    found.replace(found.tables["a"], "vae", [run("a", "VAE", measured="now"), run("a", "VAE", 1, "now")])
    assert sorted((one.table, one.detector, one.seed, one.measured) for one in found.runs) == [
        ("a", "VAE", 0, "now"),
        ("a", "VAE", 1, "now"),
        ("a", OURS, 0, "today"),
        ("b", "VAE", 0, "today"),
        ("b", OURS, 0, "today"),
    ]


def test_what_is_written_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "RESULTS", tmp_path)
    assert outliers.stored() == outliers.Results({}, [])
    outliers.write(results())
    assert outliers.stored() == results()
    shown = json.loads((tmp_path / "outliers.json").read_text(encoding="utf-8"))["figures"]
    assert shown["vaeaudit_against_each_peer"][0]["sets"] == 2
    assert all(record.table(rows) for rows in shown.values())
    assert "failures" not in shown
