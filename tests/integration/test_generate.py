"""`generate` from end to end: whole commands on a table and on pictures, marked, private, and judged."""

from __future__ import annotations

import hashlib
import json
import stat

import jsonschema
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from PIL import Image

import vaeaudit
from vaeaudit.analysis.generation import likeness, utility
from vaeaudit.cli.main import run as command_line
from vaeaudit.errors import InconclusiveError, UsageError
from vaeaudit.report.document import json_schema
from vaeaudit.runs.reading import load_run
from vaeaudit.workflow import drawing
from vaeaudit.workflow.fit import fit
from vaeaudit.workflow.generate import generate

N = 900


def people():
    """Ids, a text, a constant, levels, whole numbers, money, days, and three rules of the table."""
    rng = np.random.default_rng(2)
    cause = rng.normal(size=N)
    sex, plan = rng.choice(["f", "m"], N), rng.choice(["free", "paid"], N, p=[0.4, 0.6])
    age = np.clip(np.round(45 + 12 * cause), 20, 80)
    pay = np.round(np.exp(7 + 0.4 * cause + 0.2 * rng.normal(size=N) + 0.3 * (sex == "m")), 2)
    start = pd.Timestamp("2020-01-05") + pd.to_timedelta(7 * rng.integers(0, 150, N), unit="D")
    return pd.DataFrame(
        {
            "id": [f"p{row:04d}" for row in range(N)],
            "country": "=Norge",
            "sex": sex,
            "sex_code": np.where(sex == "f", 1, 2),
            "age": age.astype(int),
            "pay": pay,
            "plan": plan,
            "fee": np.where(plan == "free", 0, rng.integers(5, 60, N)),
            "since": start.strftime("%Y-%m-%d"),
            "worked": np.floor((age - 17) * rng.random(N)).astype(int),
            "note": [f"said {rng.integers(1_000_000)} and {rng.integers(1_000_000)} in a long text" for _ in range(N)],
            "rich": np.where(pay * np.exp(0.2 * rng.normal(size=N)) > np.median(pay), "yes", "no"),
        }
    )


@pytest.fixture(scope="module", autouse=True)
def quick_measures():
    """How well rows are measured is asked in the tests of the measures; here few trees and few resamples do."""
    with pytest.MonkeyPatch.context() as patched:
        for measure in (likeness, utility):
            patched.setattr(measure, "_TREES", 10)
        for resamples in ("_OF_PAIRS", "_OF_MARGINS"):
            patched.setattr(likeness, resamples, 5)
        yield


@pytest.fixture(scope="module")
def runs(made_once, small_config):
    def make(folder):
        people().to_csv(folder / "people.csv", index=False)
        config = small_config(id="id", label="rich", include=("rich",))
        fit(folder / "people.csv", config, run=folder / "plain")
        config = small_config(id="id", label="rich", condition=("sex",))
        fit(folder / "people.csv", config, run=folder / "given")
        rng = np.random.default_rng(0)
        pixels = np.zeros((300, 8, 8), np.uint8)
        for picture, (row, column) in zip(pixels, rng.integers(0, 5, (300, 2)), strict=True):
            picture[row : row + 3, column : column + 3] = rng.integers(120, 255)
        np.save(folder / "squares.npy", pixels)
        fit(folder / "squares.npy", small_config(), run=folder / "pictures")

    return made_once("generation", make)


@pytest.fixture(scope="module")
def made(runs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "out"
    assert command_line(["generate", str(runs / "plain"), "-n", "300", "--out", str(folder), "-q"]) == 0
    return folder


def test_rows_have_the_columns_and_the_form_of_the_source(made):
    rows = pd.read_csv(made / "people_generated.csv")
    assert list(rows) == [*people(), "generated_by"]
    assert len(rows) == 300
    assert rows["id"].isna().all()
    assert rows["note"].isna().all()
    assert (rows["country"] == "'=Norge").all()  # a constant, and no formula
    assert rows["age"].dtype == rows["fee"].dtype == np.int64
    assert rows["age"].between(20, 80).all()
    assert (pd.to_datetime(rows["since"]).dt.day_of_week == 6).all()
    assert np.allclose(rows["pay"], rows["pay"].round(2))
    assert rows["generated_by"].str.startswith("vaeaudit").all()


def test_the_rules_of_the_table_are_kept(made):
    rows = pd.read_csv(made / "people_generated.csv")
    assert (rows["sex_code"] == rows["sex"].map({"f": 1, "m": 2})).all()
    assert (rows.loc[rows["plan"] == "free", "fee"] == 0).all()
    assert (rows["worked"] <= rows["age"] - 18).all()
    kept = json.loads((made / "generated.json").read_text())["rules"]
    assert len(kept) >= 3
    assert sum(rule["written_broke"] for rule in kept) == 0


def test_the_document_keeps_its_schema_and_says_what_was_made(made):
    document = json.loads((made / "generated.json").read_text(encoding="utf-8"))
    schema = json_schema("generated")
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(document)
    digest = hashlib.sha256((made / "people_generated.csv").read_bytes()).hexdigest()
    assert document["file"] == {"name": "people_generated.csv", "format": "csv", "sha256": digest}
    how = {column["name"]: column["how"] for column in document["columns"]}
    assert {how["id"], how["note"]} == {"empty"}
    assert (how["country"], how["sex_code"], how["age"]) == ("constant", "follows", "drawn")
    names = [measure["name"] for measure in document["quality"]["measures"]]
    assert names == ["told_apart", "marginals", "associations", "utility"]
    assert any("Left empty: id and note" in said for said in document["shortcomings"])


def test_files_are_for_their_owner_alone_and_the_source_can_be_read_again(made, runs, tmp_path):
    assert {stat.S_IMODE(path.stat().st_mode) for path in made.iterdir()} == {0o600}
    scored = vaeaudit.score(runs / "plain", made / "people_generated.csv", out=tmp_path / "scores")
    assert len(scored.rows) == 300


def test_a_seed_makes_the_same_rows_and_another_makes_others(runs, tmp_path):
    first, again, other = (
        generate(runs / "plain", 50, seed=seed, out=tmp_path / f"{place}.parquet")
        for place, seed in enumerate((1, 1, 2))
    )
    pd.testing.assert_frame_equal(first.rows, again.rows)
    assert not first.rows.equals(other.rows)
    assert first.path.name == "0_generated.parquet"
    metadata = pq.read_schema(first.path).metadata
    assert metadata[b"generated"] == b"true"
    assert b"run plain" in metadata[b"vaeaudit"]


def test_conditions_are_met_and_their_share_is_said(runs, tmp_path):
    wish = {"sex": "f", "age": "50..60"}
    made = generate(runs / "plain", 80, condition=wish, out=tmp_path / "a.csv")
    assert (made.rows["sex"] == "f").all()
    assert made.rows["age"].between(50, 59).all()
    drawing = made.results.drawing
    data = people().query("sex == 'f' and 50 <= age < 60")
    assert drawing.met_share == pytest.approx(len(data) / N, abs=0.06)
    assert drawing.ci.low <= drawing.met_share <= drawing.ci.high


def test_a_given_column_is_set_and_moves_what_hangs_on_it(runs, tmp_path):
    women, men = (
        generate(runs / "given", 400, condition={"sex": sex}, out=tmp_path / f"{sex}.csv") for sex in ("f", "m")
    )
    assert women.results.drawing.met_share == 1.0
    assert set(women.rows["sex"]) == {"f"}
    assert set(women.rows["sex_code"]) == {"1"} or set(women.rows["sex_code"]) == {1}
    assert men.rows["pay"].median() > women.rows["pay"].median()
    rich = next(column for column in women.results.columns if column.name == "rich")
    assert rich.how == "empty"
    assert "--include rich" in rich.why


def test_what_cannot_be_met_is_said_and_writes_nothing(runs, tmp_path, monkeypatch):
    monkeypatch.setattr(drawing, "_BUDGET", {True: 20_000, False: 5_000})
    with pytest.raises(InconclusiveError, match="None of .* meets what is asked"):
        generate(runs / "plain", 10, condition={"plan": "free", "fee": "50.."}, out=tmp_path / "none")
    with pytest.raises(UsageError, match="--condition: the model does not know the column 'rich'"):
        generate(runs / "given", 10, condition={"rich": "yes"}, out=tmp_path / "none")
    with pytest.raises(UsageError, match="--like p9999"):
        generate(runs / "plain", 10, like="p9999", out=tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_rows_like_one_row_lie_near_it_and_say_so(runs, tmp_path):
    made = generate(runs / "plain", 60, like="p0007", out=tmp_path / "a.csv")
    age = people().loc[7, "age"]
    assert abs(made.rows["age"].astype(float) - age).mean() < abs(people()["age"] - age).mean()
    assert any("made from row p0007" in said for said in made.results.shortcomings)


def test_latents_lie_where_they_are_asked_to(runs, tmp_path):
    run = load_run(runs / "plain")
    latent = int(np.argmax(run.codes.kl.mean(axis=0)))
    low, high = (
        generate(run, 200, latent={latent: place}, out=tmp_path / f"{place}.csv").rows["age"].astype(float).mean()
        for place in (-2.0, 2.0)
    )
    assert abs(high - low) > 1


def test_a_region_of_the_report_is_met(runs, tmp_path):
    run = load_run(runs / "plain")
    if not run.regions:
        pytest.skip("the small run found no region")
    made = generate(run, 20, region=run.regions[0].id, out=tmp_path / "a.csv")
    assert made.results.asked.region == run.regions[0].id
    assert len(made.rows) > 0


def test_pictures_are_a_folder_whose_files_say_what_they_are(runs, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    arguments = ["generate", str(runs / "pictures"), "-n", "12", "--out", "pictures"]
    assert command_line(arguments) == 0
    said = capfd.readouterr()
    assert said.out.strip() == "pictures"
    assert "12 pictures" in said.err
    assert "tree per column" in said.err
    folder = tmp_path / "pictures"
    names = sorted(path.name for path in folder.glob("*.png"))
    assert names == [f"generated_{place:06d}.png" for place in range(12)]
    with Image.open(folder / names[0]) as image:
        assert image.size == (8, 8)
        assert "generated by vaeaudit" in image.text["Source"]
    metadata = pd.read_csv(folder / "metadata.csv")
    assert metadata["file_name"].tolist() == names
    document = json.loads((folder / "generated.json").read_text())
    jsonschema.Draft202012Validator(json_schema("generated")).validate(document)
    assert document["quality"]["space"] == "latents"
    assert command_line([*arguments[:2], "-n", "3", "--out", "pictures", "-q"]) == 0
    assert len(list(folder.glob("*.png"))) == 3


def test_json_is_one_document_and_mistakes_are_one_line(runs, tmp_path, in_process, monkeypatch, capfd):
    said = in_process("generate", str(runs / "plain"), "-n", "30", "--json", "-q", cwd=tmp_path)
    assert json.loads(said.stdout)["drawing"]["written"] == 30
    assert (tmp_path / "generated" / "plain" / "people_generated.csv").is_file()
    monkeypatch.chdir(tmp_path)
    for wrong, words in (
        (["--latent", "a"], "--latent a: expected"),
        (["--condition", "sex"], "--condition sex: expected COL=VALUE"),
        (["--condition", "sex=f", "--condition", "sex=m"], "--condition sex: given twice"),
        (["--region", "R0"], "--region R0: there is no such region"),
        (["-n", "0"], "-n 0: expected"),
    ):
        assert command_line(["generate", str(runs / "plain"), *wrong]) == 2
        said = capfd.readouterr().err
        assert words in said
        assert "Traceback" not in said
