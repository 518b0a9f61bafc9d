"""Pictures as they are met: whole commands on a folder with splits, classes, copies and files that cannot be used."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from vaeaudit.report.document import json_schema
from vaeaudit.runs.reading import load_run
from vaeaudit.workflow.fit import fit
from vaeaudit.workflow.report import report

SIDE, N = 24, 420
BAD = {
    "train/disc/empty.png": b"",
    "train/disc/text.png": b"this is no picture\n" * 20,
    "train/square/cut.png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
}
#: Shapes of another kind than all others, which should stand out.
ODD = 6
COPIES = 5


def draw(generator: np.random.Generator, kind: str) -> np.ndarray:
    """A disc or a square of any place, size and grey on a darker ground; `odd` ones are noise."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    middle, size = generator.integers(7, SIDE - 7, 2), generator.integers(4, 7)
    far = np.hypot(*(rows - middle[0], columns - middle[1]))
    if kind == "square":
        far = np.maximum(abs(rows - middle[0]), abs(columns - middle[1]))
    ground, bright = generator.integers(20, 70), generator.integers(140, 230)
    shape = np.where(far <= size, bright, ground)
    noise = generator.normal(0, 90 if kind == "odd" else 3, shape.shape)
    return np.clip(shape + noise, 0, 255).astype(np.uint8)


def fill(folder: Path) -> None:
    generator = np.random.default_rng(4)
    for number in range(N):
        split = "test" if number % 6 == 0 else "train"
        kind = "odd" if number >= N - ODD else ("disc", "square")[number % 2]
        path = folder / split / ("disc" if kind == "odd" else kind) / f"{number:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(draw(generator, kind)).save(path)
    for number in range(COPIES):
        source = folder / "train" / "disc" / f"{2 + 12 * number:03d}.png"
        shutil.copy(source, folder / "test" / "disc" / f"copy-{number}.png")
    for name, content in BAD.items():
        (folder / name).write_bytes(content)
    (folder / "train" / "disc" / "loop").symlink_to(folder)


@dataclass(frozen=True)
class Fitted:
    folder: Path
    done: CompletedProcess[str]
    reported: CompletedProcess[str]

    @property
    def run(self) -> Path:
        return self.folder / "runs" / "shapes"

    @property
    def document(self) -> dict[str, Any]:
        return json.loads((self.folder / "report" / "report.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory, in_process: Callable[..., CompletedProcess[str]]) -> Fitted:
    folder = tmp_path_factory.mktemp("shapes")
    fill(folder / "photos")
    options = ["--preset", "quick", "--sensitive", "class", "--run", "runs/shapes"]
    done = in_process("fit", "photos", *options, cwd=folder)
    reported = in_process("report", "runs/shapes", "--out", "report", cwd=folder)
    return Fitted(folder, done, reported)


def test_a_folder_of_pictures_is_fitted_and_reported(shapes: Fitted) -> None:
    assert (shapes.done.returncode, shapes.reported.returncode) == (0, 0), shapes.done.stderr + shapes.reported.stderr
    assert shapes.done.stdout.strip() == "runs/shapes"
    jsonschema.validate(shapes.document, json_schema())
    assert shapes.document["run"]["data"]["kind"] == "images"
    page = (shapes.folder / "report" / "report.html").stat().st_size
    assert page < 3_000_000


def test_every_file_is_accounted_for_and_every_bad_one_has_its_reason(shapes: Fitted) -> None:
    rows = shapes.document["rows"]
    assert rows == {"read": N + COPIES + 3, "scored": N + COPIES, "quarantined": 3, "skipped": 0}
    quarantine = pd.read_csv(shapes.run / "quarantine.csv")
    assert set(quarantine["file"]) == set(BAD)
    assert quarantine["reason"].str.len().min() > 10


def test_pictures_unlike_all_others_have_the_highest_scores(shapes: Fitted) -> None:
    rows = pd.read_parquet(shapes.run / "rows.parquet").sort_values("outlier_score", ascending=False)
    numbers = rows["row_id"].str.extract(r"(\d+)\.png$")[0].astype(int)
    assert set(numbers.head(ODD)) == set(range(N - ODD, N))


def test_copies_across_splits_are_found_and_listed(shapes: Fitted) -> None:
    duplicates = shapes.document["duplicates"]
    assert duplicates["rows_in_groups"] == 2 * COPIES
    (leak,) = [entry for entry in duplicates["leakage"] if entry["split"] == "test"]
    assert leak["exact"] == COPIES
    finding = next(entry for entry in shapes.document["findings"] if entry["kind"] == "duplicate")
    assert finding["severity"] == "high"


def test_the_run_keeps_pictures_for_the_report_and_nothing_that_could_run(shapes: Fitted) -> None:
    run = load_run(shapes.run)
    pictures = run.pictures
    assert pictures is not None
    outliers = np.argsort(-run.rows["outlier_score"].to_numpy())[:ODD]
    assert len(pictures.places(outliers)) == ODD
    assert pictures.traversals.shape[0] == run.codes.n_latents
    assert not list(run.path.rglob("*.pkl"))


def test_a_second_fit_decodes_nothing_and_gives_the_same_scores(
    shapes: Fitted, in_process: Callable[..., CompletedProcess[str]]
) -> None:
    (cached,) = (shapes.folder / "runs" / ".cache").glob("*.npy")
    before = cached.stat().st_mtime_ns
    done = in_process(
        "fit", "photos", "--preset", "quick", "--run", "runs/again", "--sensitive", "class", cwd=shapes.folder
    )
    assert done.returncode == 0, done.stderr
    assert cached.stat().st_mtime_ns == before
    first, second = (pd.read_parquet(shapes.folder / "runs" / name / "rows.parquet") for name in ("shapes", "again"))
    pd.testing.assert_frame_equal(first, second)


def test_what_is_computed_from_the_pixels_puts_latents_and_attributes_into_words(shapes: Fitted) -> None:
    columns = {column["name"]: column for column in shapes.document["columns"]}
    computed = {name for name, column in columns.items() if column["derived"]}
    assert {"picture_brightness", "picture_centre_x", "picture_sharpness"} <= computed
    assert not columns["class"]["derived"]
    assert not any(column["in_model"] for column in columns.values())
    explained = {entry["column"] for latent in shapes.document["latents"] for entry in latent["explains"]}
    assert explained & {"picture_brightness", "picture_centre_x", "picture_centre_y"}
    proxies = {proxy["from"]: proxy for proxy in shapes.document["proxies"]}
    assert set(proxies["columns"]["by_column"]) == computed
    page = (shapes.folder / "report" / "report.html").read_text(encoding="utf-8")
    assert "computed from the pictures" in page


def test_pictures_that_are_scored_later_are_measured_likewise(
    shapes: Fitted, in_process: Callable[..., CompletedProcess[str]]
) -> None:
    generator = np.random.default_rng(9)
    (shapes.folder / "later").mkdir()
    for number in range(30):
        Image.fromarray(draw(generator, "disc")).save(shapes.folder / "later" / f"{number}.png")
    scored = in_process("score", "runs/shapes", "later", "--out", "scored", cwd=shapes.folder)
    assert scored.returncode == 0, scored.stderr
    assert len(pd.read_parquet(shapes.folder / "scored" / "rows.parquet")) == 30
    assert "picture_" not in scored.stderr


def test_inspect_marks_what_is_computed(shapes: Fitted, in_process: Callable[..., CompletedProcess[str]]) -> None:
    shown = in_process("inspect", "photos", cwd=shapes.folder)
    assert "computed from the pixels" in shown.stdout
    described = json.loads(in_process("inspect", "photos", "--json", cwd=shapes.folder).stdout)
    assert {column["name"]: column["derived"] for column in described["columns"]}["class"] is False


def test_an_array_of_pictures_without_columns_goes_all_the_way(
    tmp_path: Path, small_config: Callable[..., Any]
) -> None:
    generator = np.random.default_rng(0)
    images = np.stack([draw(generator, ("disc", "square")[row % 2]) for row in range(150)])
    np.save(tmp_path / "shapes.npy", images)
    config = small_config(cache=str(tmp_path / "cache"))
    run = fit(tmp_path / "shapes.npy", config, run=tmp_path / "run")
    assert all(column.derived for column in run.schema)
    page = report(run, out=tmp_path / "report").page
    document = json.loads((page.parent / "report.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, json_schema())
    assert document["rows"]["scored"] == 150
    assert len(pd.read_parquet(page.parent / "rows.parquet")) == 150
