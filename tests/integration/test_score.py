"""`vaeaudit score` and `--reference`: other data under the model of a run, whole commands from files to files."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from subprocess import run as start
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from PIL import Image

from vaeaudit.cli.main import run as vaeaudit
from vaeaudit.config import FitConfig
from vaeaudit.errors import InputError, InterruptedFit, RunError, UsageError
from vaeaudit.runs.contents import read_reference
from vaeaudit.runs.reading import load_run
from vaeaudit.workflow.fit import fit
from vaeaudit.workflow.report import report
from vaeaudit.workflow.score import score as score_rows

SCORED = {"rows.parquet", "quarantine.csv", "cells.parquet", "score.json"}


def scored(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    document = json.loads((path.parent / "score.json").read_text(encoding="utf-8"))
    rows, account = pd.read_parquet(path), document["rows"]
    files = {file.name for file in path.parent.iterdir()}
    assert files == (SCORED if document["data"]["kind"] == "table" else SCORED - {"cells.parquet"})
    assert account["read"] == account["scored"] + account["quarantined"] + account["skipped"]
    assert account["scored"] == len(rows)
    assert np.isfinite(rows.select_dtypes("number")).all(axis=None)
    return rows, document


def score(fitted: Any, source: Any, folder: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    return scored(score_rows(fitted.run, source, out=folder / "scores").path)


# --- tables ---------------------------------------------------------------------------------------------------------


def test_the_command_scores_the_same_file_as_the_run_did(
    fitted: Any, tmp_path: Path, in_process: Callable[..., CompletedProcess[str]]
) -> None:
    shutil.copytree(fitted.run.path, tmp_path / "runs" / "people")
    shutil.copy(fitted.source, tmp_path / "my people.csv")
    done = in_process("score", "runs/people", "my people.csv", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert done.stdout == "scores/people/my-people/rows.parquet\n"
    assert "Rows: " in done.stderr and "Scoring rows" in done.stderr
    rows, document = scored(tmp_path / done.stdout.strip())
    # The same seed draws the same posterior samples, so that even the importance-weighted bound is the same.
    pd.testing.assert_frame_equal(
        rows, fitted.run.rows.drop(columns=["duplicate_of", "label_suspicion"]), rtol=1e-4, atol=1e-4
    )
    assert document["rows"] == fitted.run.metadata["rows"]
    assert document["run"] == {"id": "people", "model": fitted.run.model_fingerprint}
    assert document["data"]["fingerprint"] == fitted.run.metadata["data"]["fingerprint"]
    assert document["outliers"]["flagged"] == rows["outlier"].sum()
    assert sum(document["regions"].values()) == rows["region"].notna().sum()
    metadata = pq.read_schema(tmp_path / done.stdout.strip()).metadata
    assert b"Five questions" in metadata[b"vaeaudit"]


def test_json_and_quiet_are_for_machines_and_scores_are_replaced(
    fitted: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for name, count in (("a.csv", 3), ("b.csv", 2)):
        fitted.truth.frame.head(count).to_csv(tmp_path / name, index=False)
        assert (
            vaeaudit(
                ["score", str(fitted.run.path), str(tmp_path / name), "--out", str(tmp_path / "o"), "--json", "-q"]
            )
            == 0
        )
        out, err = capfd.readouterr()
        assert err == ""
        assert json.loads(out)["rows"]["scored"] == count
        assert len(scored(tmp_path / "o" / "rows.parquet")[0]) == count


def test_one_row_gets_the_score_that_it_has_among_others(fitted: Any, tmp_path: Path) -> None:
    rows, _ = score(fitted, fitted.truth.frame.iloc[[7]], tmp_path)
    (again,) = rows.to_dict("records")
    before = fitted.run.rows.iloc[7]
    assert again["row_id"] == before["row_id"]
    assert again["z_0"] == pytest.approx(before["z_0"], abs=1e-4)
    assert again["region"] == before["region"] or (pd.isna(again["region"]) and pd.isna(before["region"]))
    # Other posterior samples: the bound of S samples varies by some tenths of a nat.
    assert again["outlier_score"] == pytest.approx(before["outlier_score"], abs=2.0)


def test_rows_of_another_seed_are_scored_like_the_runs_own(fitted: Any, tmp_path: Path) -> None:
    from vaeaudit.samples import people

    rows, document = score(fitted, people(400, seed=11, outlier_share=0).frame, tmp_path)
    own = fitted.run.rows["outlier_score"]
    spread = own.quantile(0.75) - own.quantile(0.25)
    assert abs(rows["outlier_score"].median() - own.median()) < spread
    assert set(rows["region"].dropna()) <= set(document["regions"])
    assert rows["weight"].mean() == pytest.approx(1)


def test_what_cannot_be_read_is_quarantined_and_the_rest_is_scored(fitted: Any, tmp_path: Path) -> None:
    text = fitted.truth.frame.head(10).to_csv(index=False)
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "a.csv").write_text(text + "\none,two\n,,\n", encoding="utf-8")
    (tmp_path / "new" / "b.parquet").write_bytes(b"PAR1 broken")
    rows, document = score(fitted, tmp_path / "new", tmp_path)
    quarantine = pd.read_csv(tmp_path / "scores" / "quarantine.csv")
    assert len(rows) == 10
    assert document["rows"]["quarantined"] == len(quarantine) == 3
    assert document["rows"]["skipped"] == 1
    assert set(quarantine["file"]) == {"a.csv", "b.parquet"}


def test_an_unknown_level_is_a_surprise_and_no_gap(fitted: Any, tmp_path: Path) -> None:
    frame = fitted.truth.frame.head(40).copy()
    usual, _ = score(fitted, frame, tmp_path)
    frame.loc[:, "occupation"] = "=SUM(A1) astronaut"
    rows, document = score(fitted, frame, tmp_path)
    assert rows["outlier_score"].median() > usual["outlier_score"].median()
    assert any(note.startswith("occupation: 40 cell(s) hold 1 level(s)") for note in document["notes"])


def test_cells_are_hostile_and_columns_too_many(fitted: Any, tmp_path: Path) -> None:
    frame = fitted.truth.frame.head(30).astype(object)
    numeric = next(column.name for column in fitted.run.schema.modelled if column.kind.is_numeric)
    frame.loc[0, numeric] = 1e308
    frame.loc[1, numeric] = -1e308
    frame.loc[2, numeric] = "inf"
    frame.loc[3, numeric] = "<script>"
    frame["{{ 7*7 }}"], frame["z_0"] = "\x1b[31m", "latent?"
    rows, document = score(fitted, frame, tmp_path)
    assert len(rows) == 30
    notes = "\n".join(document["notes"])
    assert "passed over: {{ 7*7 }}, z_0" in notes
    assert f"{numeric}: 1 cell(s) that are not numbers" in notes


def test_what_the_model_needs_is_named_where_it_is_missing(
    fitted: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    column = fitted.run.encoding.names[0]
    fitted.truth.frame.drop(columns=column).to_csv(tmp_path / "a.csv", index=False)
    assert vaeaudit(["score", str(fitted.run.path), str(tmp_path / "a.csv"), "--out", str(tmp_path / "o")]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert f"needs the column(s) {column}" in err and "Traceback" not in err
    assert not (tmp_path / "o").exists()


def test_what_only_groups_need_may_be_missing(fitted: Any, tmp_path: Path) -> None:
    frame = fitted.truth.frame.drop(columns=["sex", "loan_approved", "person_id"])
    rows, document = score(fitted, frame, tmp_path)
    assert set(document["lacking"]) == {"sex", "loan_approved", "person_id"}
    np.testing.assert_allclose(rows["outlier_score"], fitted.run.rows["outlier_score"], rtol=1e-4)
    rules = {rule.id: rule for rule in fitted.run.regions}
    over = {condition.column for name in rows["region"].dropna().unique() for condition in rules[name].rule}
    assert not over & set(document["lacking"])


def test_a_column_of_another_kind_and_an_empty_file_are_errors(fitted: Any, tmp_path: Path) -> None:
    numeric = next(column.name for column in fitted.run.schema.modelled if column.kind.is_numeric)
    with pytest.raises(InputError, match=f"'{numeric}': expected numbers"):
        score_rows(fitted.run, fitted.truth.frame.assign(**{numeric: "tall"}), out=tmp_path)
    fitted.truth.frame.head(0).to_csv(tmp_path / "none.csv", index=False)
    with pytest.raises(InputError, match="found none"):
        score_rows(fitted.run, tmp_path / "none.csv", out=tmp_path)


def test_the_file_may_be_written_in_another_way(fitted: Any, tmp_path: Path) -> None:
    fitted.truth.frame.to_csv(tmp_path / "a.csv", index=False, sep=";", decimal=",", encoding="utf-16")
    rows, _ = score(fitted, tmp_path / "a.csv", tmp_path)
    np.testing.assert_allclose(rows["outlier_score"], fitted.run.rows["outlier_score"], rtol=1e-4)


def test_an_altered_run_scores_nothing(fitted: Any, tmp_path: Path) -> None:
    shutil.copytree(fitted.run.path, tmp_path / "run")
    path = tmp_path / "run" / "regions.json"
    path.write_text(path.read_text(encoding="utf-8") + " ", encoding="utf-8")
    with pytest.raises(RunError, match=r"regions\.json was changed"):
        score_rows(tmp_path / "run", fitted.source, out=tmp_path)


def test_scores_go_where_they_can_be_written(fitted: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="--out"):
        score_rows(fitted.run, fitted.truth.frame.head(2), out=tmp_path / "file")


def test_vectors_are_scored_by_position(small_config: Callable[..., FitConfig], tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    values = generator.normal(size=(200, 1)) @ np.ones((1, 4)) + 0.3 * generator.normal(size=(200, 4))
    np.save(tmp_path / "vectors.npy", values)
    np.savez(tmp_path / "other.npz", x=np.vstack([values[:3], [[9, -9, 9, -9]], [[np.nan] * 4]]))
    run = fit(tmp_path / "vectors.npy", small_config(), run=tmp_path / "run")
    rows, document = scored(score_rows(run, tmp_path / "other.npz", out=tmp_path / "o").path)
    assert document["rows"] == {"read": 5, "scored": 4, "quarantined": 1, "skipped": 0}
    assert rows["outlier_score"].idxmax() == 3


# --- pictures -------------------------------------------------------------------------------------------------------


def disc(generator: np.random.Generator, side: int = 16) -> np.ndarray:
    rows, columns = np.mgrid[:side, :side]
    middle, size = generator.integers(5, side - 5, 2), generator.integers(2, 5)
    inside = np.hypot(rows - middle[0], columns - middle[1]) <= size
    return np.where(inside, 200, 40).astype(np.uint8) + generator.integers(0, 8, (side, side), dtype=np.uint8)


@pytest.fixture(scope="module")
def discs(tmp_path_factory: pytest.TempPathFactory, small_config: Callable[..., FitConfig]) -> tuple[Path, Any]:
    folder, generator = tmp_path_factory.mktemp("discs"), np.random.default_rng(0)
    (folder / "photos").mkdir()
    for number in range(120):
        Image.fromarray(disc(generator)).save(folder / "photos" / f"{number:03d}.png")
    config = small_config(cache=str(folder / "cache"))
    return folder, fit(folder / "photos", config, run=folder / "run")


def test_pictures_get_the_scores_that_they_had(discs: tuple[Path, Any], tmp_path: Path) -> None:
    folder, run = discs
    rows, document = scored(score_rows(run, folder / "photos", out=tmp_path / "o").path)
    pd.testing.assert_frame_equal(rows, run.rows.drop(columns="duplicate_of"), rtol=1e-3, atol=1e-3)
    assert document["data"]["kind"] == "images"


def test_new_pictures_of_any_form_are_compared_with_those_of_the_run(discs: tuple[Path, Any], tmp_path: Path) -> None:
    _, run = discs
    generator = np.random.default_rng(5)
    (tmp_path / "new").mkdir()
    Image.fromarray(disc(generator)).save(tmp_path / "new" / "a.png")
    Image.fromarray(generator.integers(0, 256, (40, 30, 3), dtype=np.uint8)).save(tmp_path / "new" / "noise.png")
    (tmp_path / "new" / "broken.png").write_bytes(b"\x89PNG")
    rows, document = scored(score_rows(run, tmp_path / "new", out=tmp_path / "o").path)
    assert rows["row_id"].tolist() == ["a.png", "noise.png"]
    assert rows["outlier_score"][1] > rows["outlier_score"][0]
    assert rows["outlier_p_value"][1] < 0.2  # calibrated on the run's pictures: two of its own could not say so
    assert document["rows"]["quarantined"] == 1
    assert any("in colour" in note for note in document["notes"])


def test_pictures_and_tables_are_told_apart(discs: tuple[Path, Any], fitted: Any, tmp_path: Path) -> None:
    folder, run = discs
    with pytest.raises(InputError, match="expected pictures"):
        score_rows(run, fitted.source, out=tmp_path)
    with pytest.raises(InputError, match="expected a table"):
        score_rows(fitted.run, folder / "photos", out=tmp_path)


# --- a reference ----------------------------------------------------------------------------------------------------


def test_a_report_compares_with_a_reference_that_is_scored_for_it(fitted: Any, tmp_path: Path) -> None:
    from vaeaudit.samples import people

    reference = people(900, seed=8, gaps=False).frame.drop(columns="loan_approved").assign(extra=1)
    page = report(fitted.run, out=tmp_path / "report", reference=reference).page
    document = json.loads((page.parent / "report.json").read_text(encoding="utf-8"))
    assert document["rows"]["scored"] == len(fitted.run.rows) == len(pd.read_parquet(page.parent / "rows.parquet"))


def test_a_reference_without_the_models_columns_is_refused(fitted: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="needs the column"):
        report(fitted.run, out=tmp_path, reference=pd.DataFrame({"a": [1, 2]}))
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory, fitted: Any, small_config: Callable[..., FitConfig]) -> Path:
    from vaeaudit.samples import people

    folder = tmp_path_factory.mktemp("compared")
    people(500, seed=9, gaps=False).frame.drop(columns="sex").to_csv(folder / "before.csv", index=False)
    config = small_config(id="person_id", sensitive=("sex",))
    fit(fitted.source, config, run=folder / "runs" / "people", reference=folder / "before.csv")
    return folder


def test_a_run_keeps_its_reference(compared: Path) -> None:
    run = load_run(compared / "runs" / "people")
    stored = read_reference(run)
    assert stored is not None
    assert stored.facts["name"] == run.metadata["reference"]["name"] == "before.csv"
    assert stored.facts["lacking"] == ["sex"]
    assert len(stored.frame) == len(stored.codes) == len(stored.p_value) == stored.facts["rows"]["scored"]
    assert list(stored.frame.columns) == list(run.schema.names)
    assert stored.codes.held_out.all()


def test_a_report_on_it_needs_no_tensorflow(compared: Path) -> None:
    code = (
        "import sys\nfrom vaeaudit.cli.main import run\nassert run(['report', '-q', '--uniform']) == 0\n"
        "print(sorted({name.split('.')[0] for name in sys.modules}))"
    )
    done = start([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=compared)
    loaded = set(done.stdout.splitlines()[-1].strip("[]").replace("'", "").split(", "))
    assert "vaeaudit" in loaded
    assert "tensorflow" not in loaded


def test_an_interrupted_fit_goes_on_with_its_reference(
    compared: Path, fitted: Any, small_config: Callable[..., FitConfig], tmp_path: Path
) -> None:
    reference = tmp_path / "before.csv"
    shutil.copy(compared / "before.csv", reference)
    config = small_config(id="person_id", sensitive=("sex",))
    with pytest.raises(InterruptedFit):
        fit(fitted.source, config, run=tmp_path / "run", reference=reference, is_interrupted=lambda: True)
    text = reference.read_text(encoding="utf-8")
    reference.write_text(text.replace("coast", "north", 1), encoding="utf-8")
    with pytest.raises(UsageError, match="not what it was"):
        fit(fitted.source, run=tmp_path / "run", resume=True)
    reference.write_text(text, encoding="utf-8")
    run = fit(fitted.source, run=tmp_path / "run", resume=True)
    assert read_reference(run) is not None
