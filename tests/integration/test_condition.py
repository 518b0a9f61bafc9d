"""`--condition` from end to end: whole commands on a table and on pictures with metadata."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from vaeaudit.data.reading.load import load
from vaeaudit.errors import InputError, InterruptedFit, RunError
from vaeaudit.report.document import json_schema
from vaeaudit.runs.reading import load_run
from vaeaudit.workflow.builder import learn_detector, rebuild
from vaeaudit.workflow.fit import fit
from vaeaudit.workflow.rebalance import rebalance
from vaeaudit.workflow.report import report
from vaeaudit.workflow.score import score

N = 360
HOW = {"sensitive": ("sex",), "condition": ("sex", "age"), "id": "id"}


def people() -> pd.DataFrame:
    """Three columns of one cause, two of which sex and age move; some ages are missing, one sex is wrong."""
    generator = np.random.default_rng(8)
    cause, age = generator.normal(size=N), generator.integers(18, 80, N).astype(float)
    sex = generator.choice(["f", "m"], N)
    noise = generator.normal(size=(3, N)) / 4
    frame = pd.DataFrame(
        {
            "id": [f"p{row}" for row in range(N)],
            "height": 170 + 6 * cause + 12 * (sex == "m") + noise[0],
            "pay": np.exp(cause + age / 40 + noise[1]),
            "score": cause + noise[2],
            "sex": sex,
            "age": np.where(generator.random(N) < 0.05, np.nan, age),
        }
    )
    frame.loc[5, ["height", "score", "sex"]] = [170 - 12 - 8, -3.0, "m"]
    return frame


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("condition")


@pytest.fixture(scope="module")
def run(place: Path, small_config: Any) -> Any:
    config = small_config(**HOW, model={"latents": 2})
    config = replace(config, train=replace(config.train, members=1))
    people().to_csv(place / "people.csv", index=False)
    return fit(place / "people.csv", config, run=place / "runs" / "given")


def document_of(folder: Path) -> dict[str, Any]:
    document = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, json_schema())
    return document


def test_the_report_tells_what_was_given_and_what_it_moves(run: Any, place: Path) -> None:
    report(run, out=place / "report")
    document, page = document_of(place / "report"), (place / "report" / "report.html").read_text(encoding="utf-8")
    model = document["model"]
    assert (model["columns"], model["held_out"]["dimensions"]) == (3, 3)
    sex, age = model["given"]
    assert [value["value"] for value in sex["values"]] == run.frame["sex"].value_counts().index.tolist()
    assert [value["value"] for value in age["values"]][-1] == "(missing)"
    held_out = run.codes.held_out
    expected = {value["value"]: value["expected"]["height"] for value in sex["values"]}
    assert 6 < expected["m"] - expected["f"] < 16
    for value in sex["values"]:
        rows = run.frame["height"][held_out & (run.frame["sex"] == value["value"]).to_numpy()]
        assert (value["n"], sex["n"]) == (len(rows), held_out.sum())
        found = value["observed"]["height"]
        assert found["n"] == len(rows) and found["ci"]["low"] < rows.mean() < found["ci"]["high"]
    assert sum(value["n"] for value in age["values"]) == held_out.sum()
    given = {column["name"]: (column["in_model"], column["given"]) for column in document["columns"]}
    assert given["sex"] == given["age"] == (True, True)
    assert given["pay"] == (True, False)
    assert "beside its latents (--condition)" in page and "with another sex" in page
    assert any("sex was given to the model beside its latents" in note for note in document["notes"])


def test_cells_that_are_given_are_judged_as_without(run: Any, place: Path, small_config: Any) -> None:
    assert set(run.codes.columns) == {"height", "pay", "score", "sex", "age"}
    rows = run.rows
    assert rows["outlier_score"].rank(ascending=False)[5] <= 10
    config = small_config(id="id", sensitive=("sex",), include=("sex",), model={"latents": 2})
    plain = learn_detector(load(place / "people.csv", config.read), config)
    np.testing.assert_array_equal(rows["outlier_score"], plain.training_score)


def test_the_run_scores_its_own_rows_as_it_did(run: Any, place: Path) -> None:
    again = score(run, place / "people.csv", out=place / "again").rows
    own = run.rows
    np.testing.assert_allclose(again["outlier_score"], own["outlier_score"], rtol=1e-5)
    np.testing.assert_allclose(again["z_0"], own["z_0"], rtol=1e-4, atol=1e-5)


def test_other_rows_need_the_columns_and_unknown_levels_are_told(run: Any, place: Path) -> None:
    with pytest.raises(InputError, match=r"needs the column\(s\) sex"):
        score(run, people().drop(columns="sex"), out=place / "lacking")
    strange = people().head(40).assign(sex=["x", None] + ["f"] * 38)
    scored = score(run, strange, out=place / "strange")
    assert np.isfinite(scored.rows["outlier_score"]).all()
    assert any("does not know: x" in note and "the usual value" in note for note in scored.summary["notes"])
    assert any(note.startswith("sex: missing cells, of which the run has none") for note in scored.summary["notes"])


def test_an_interrupted_training_goes_on_with_its_condition(run: Any, place: Path) -> None:
    asked: list[int] = []

    def after_five_calls() -> bool:
        asked.append(1)
        return len(asked) > 5

    where, config = place / "runs" / "resumed", replace(run.config, train=replace(run.config.train, members=0))
    with pytest.raises(InterruptedFit):
        fit(place / "people.csv", config, run=where, is_interrupted=after_five_calls)
    resumed = fit(place / "people.csv", run=where, resume=True)
    assert [swap.column for swap in resumed.swaps.columns] == ["sex", "age"]
    pd.testing.assert_series_equal(resumed.history["val_loss"][:2], run.history["val_loss"][:2])


def test_weights_follow_and_the_model_comes_back(run: Any, place: Path) -> None:
    made = rebalance(run, out=place / "rebalance")
    assert len(made.weights) == N
    trained = rebuild(load_run(run.path))
    condition = trained.model.condition
    assert condition is not None and condition.names == ("sex", "age")
    assert trained.model.decode(np.zeros((1, 2), np.float32), condition.encode(run.frame.head(1))).shape[0] == 1


def test_a_schema_whose_condition_is_another_is_refused(run: Any, place: Path) -> None:
    copy = place / "runs" / "tampered"
    shutil.copytree(run.path, copy)
    schema = json.loads((copy / "schema.json").read_text(encoding="utf-8"))
    schema["encoding"]["condition"]["columns"][0]["usual"] = 7
    (copy / "schema.json").write_text(json.dumps(schema), encoding="utf-8")
    manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    manifest["sha256"]["schema.json"] = hashlib.sha256((copy / "schema.json").read_bytes()).hexdigest()
    (copy / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(RunError, match="its condition is not that of the columns that are given"):
        report(copy, out=place / "tampered")


# --- pictures -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pictures(place: Path, small_config: Any) -> Any:
    """Squares of any size, on a ground that a column of the metadata says the brightness of."""
    generator, folder = np.random.default_rng(1), place / "pictures"
    folder.mkdir()
    lines = []
    for number in range(120):
        lamp = ("dim", "lit")[number % 2]
        pixels = np.full((16, 16), 60 if lamp == "dim" else 160) + generator.normal(0, 4, (16, 16))
        half = generator.integers(2, 7)
        pixels[8 - half : 8 + half, 8 - half : 8 + half] += 70
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / f"{number}.png")
        lines.append({"file_name": f"{number}.png", "lamp": lamp})
    pd.DataFrame(lines).to_csv(folder / "metadata.csv", index=False)
    config = small_config(condition=("lamp",), model={"latents": 3}, cache=str(place / "cache"))
    return fit(folder, config, run=place / "runs" / "pictures")


def test_pictures_are_decoded_under_another_column_of_their_metadata(pictures: Any, place: Path) -> None:
    assert pictures.codes.columns == () and pictures.schema["lamp"].given and not pictures.schema["lamp"].in_model
    report(pictures, out=place / "of pictures")
    (lamp,) = document_of(place / "of pictures")["model"]["given"]
    page = (place / "of pictures" / "report.html").read_text(encoding="utf-8")
    assert "The same pictures with another lamp" in page and 'id="sheet-given-0"' in page
    (swap,) = pictures.swaps.columns
    assert swap.pictures is not None and swap.pictures.shape == (2, 6, 16, 16, 1)
    values = [value["value"] for value in lamp["values"]]
    lit, dim = (swap.pictures[values.index(level)].mean(axis=(1, 2, 3)) for level in ("lit", "dim"))
    assert np.all(lit > dim + 60)
    bright = {value["value"]: value["expected"]["picture_brightness"] for value in lamp["values"]}
    assert 0.3 < bright["lit"] - bright["dim"] < 0.45
    assert (
        pictures.pictures.prior.mean(axis=(1, 2, 3)).std() > 25
    )  # samples under the conditions of rows, of either sort


def test_other_pictures_need_the_column(pictures: Any, place: Path) -> None:
    bare = place / "bare"
    bare.mkdir()
    for number in range(3):
        (bare / f"{number}.png").write_bytes((place / "pictures" / f"{number}.png").read_bytes())
    with pytest.raises(InputError, match=r"needs the column\(s\) lamp, which the data lacks"):
        score(pictures, bare, out=place / "bare scores", cache=str(place / "cache"))
    again = score(pictures, place / "pictures", out=place / "own", cache=str(place / "cache")).rows
    np.testing.assert_allclose(again["outlier_score"], pictures.rows["outlier_score"], rtol=1e-4)
