"""`vaeaudit report`: verdict on stderr, one path on stdout, the document on request, and no TensorFlow."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vaeaudit.cli.main import run
from vaeaudit.cli.report import say_findings


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fitted: Any) -> Path:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(fitted.run.path, tmp_path / "runs" / "people")
    return tmp_path


def test_the_newest_run_is_reported_where_none_is_named(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["report"]) == 0
    out, err = capfd.readouterr()
    assert out == "reports/people/report.html\n"
    assert {file.name for file in Path("reports/people").iterdir()} == {
        "report.html",
        "report.json",
        "rows.parquet",
        "flagged.csv",
        "cells.csv",
        "duplicates.csv",
        "labels.csv",
    }
    verdict = json.loads(Path("reports/people/report.json").read_text(encoding="utf-8"))["verdict"]
    assert f"{verdict['status'].upper()}: " in err


def test_quiet_prints_the_path_alone(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["report", "runs/people", "--out", "here", "-q"]) == 0
    assert capfd.readouterr() == ("here/report.html\n", "")


def test_json_prints_the_document_that_was_written(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["report", "runs/people", "--json", "-q"]) == 0
    out = capfd.readouterr().out
    assert json.loads(out) == json.loads(Path("reports/people/report.json").read_text(encoding="utf-8"))


def test_another_rate_flags_other_rows(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    flagged = []
    for rate in ("0.001", "0.5"):
        assert run(["report", "--fdr", rate, "--json", "-q"]) == 0
        outliers = json.loads(capfd.readouterr().out)["outliers"]
        assert outliers["fdr"] == float(rate)
        flagged.append(outliers["flagged"])
    assert flagged[0] < flagged[1]


def test_named_factors_are_compared_with_the_latents_and_kept_in_the_commands(
    place: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["report", "--factors", "age", "--factors", "region", "--json", "-q"]) == 0
    document = json.loads(capfd.readouterr().out)
    found = document["model"]["disentanglement"]
    assert [factor["factor"] for factor in found["factors"]] == ["age", "region"]
    assert {"mig", "dci_disentanglement", "factorvae", "sap", "infom"} <= set(found["scores"])
    assert all(score["ci"]["low"] <= score["value"] <= score["ci"]["high"] for score in found["scores"].values())
    assert document["run"]["commands"].endswith("--factors age --factors region")
    assert "MIG" in Path("reports/people/report.html").read_text(encoding="utf-8")


def test_a_factor_that_is_no_column_is_refused_by_its_name(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["report", "--factors", "aeg", "-q"]) == 2
    assert "--factors aeg: there is no such column." in capfd.readouterr().err


def test_an_altered_run_is_refused_by_the_file(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Path("runs/people/rows.parquet").write_bytes(b"PAR1")
    assert run(["report", "-q"]) == 2
    assert "rows.parquet was changed" in capfd.readouterr().err


def test_reporting_loads_no_tensorflow(place: Path) -> None:
    code = (
        "import sys\nfrom vaeaudit.cli.main import run\nassert run(['report', '-q']) == 0\n"
        "print(sorted({name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].strip("[]").replace("'", "").split(", "))
    assert "vaeaudit" in loaded
    assert loaded.isdisjoint({"tensorflow", "keras", "tensorflow_probability", "tf_keras"})


def test_ten_findings_are_printed_unless_all_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    finding: Callable[[int], dict[str, str]] = lambda i: {  # noqa: E731
        **{"code": "VA101", "severity": "high", "title": f"finding {i}: a\x1b[2Jb"}
    }
    reason = {"code": "VA101", "effect": "fail", "state": "finding", "why": "Too\x1b few."}
    document = {
        "verdict": {"status": "fail", "sentence": "No.", "checks": [reason]},
        "checks": [{"state": "finding"}, {"state": "passed"}],
        "findings": [finding(i) for i in range(14)],
    }
    say_findings(document, most=10)
    short = capsys.readouterr().err
    say_findings(document, most=None)
    full = capsys.readouterr().err

    said = "  Speaks against it (VA101): Too\\x1b few.\n2 checks: 1 found something, 1 passed\n"
    assert short.startswith(f"FAIL: No.\n{said}")
    assert short.count("finding ") == 10
    assert "and 4 more" in short
    assert full.count("finding ") == 14
    assert "\x1b" not in short + full
