"""`vaeaudit fit`: options become settings, and what is printed goes where it should."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from vaeaudit.cli.fit import fit_config_of, say_what_was_read
from vaeaudit.cli.main import run
from vaeaudit.cli.options import Output
from vaeaudit.config import PRESETS, Objective, TrainConfig
from vaeaudit.errors import UsageError
from vaeaudit.runs.reading import load_run
from vaeaudit.workflow.betas import TRIED

TINY = """
preset = "quick"
[model]
hidden = [16]
[train]
epochs = 4
warmup_epochs = 1
batch_size = 32
learning_rate = 0.01
fewest_steps = 30
most_steps = 30
members = 0
[conditionals]
steps = 60
width = 16
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fitted: Any) -> Path:
    """An empty folder to work in, with the people of `fitted` in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "people.csv").write_bytes(fitted.source.read_bytes())
    (tmp_path / "tiny.toml").write_text(TINY, encoding="utf-8")
    return tmp_path


# --- settings -------------------------------------------------------------------------------------------------------


def test_without_options_the_defaults_hold() -> None:
    assert fit_config_of(None, {}).train == TrainConfig()


def test_options_lie_over_the_file_and_the_file_over_the_defaults(place: Path) -> None:
    config = fit_config_of(place / "tiny.toml", {"epochs": 7, "beta": 2.0, "latents": "5", "fdr": 0.2, "seed": 9})
    assert (config.train.epochs, config.train.fewest_steps) == (7, 30)
    assert (config.model.beta, config.model.latents, config.model.hidden) == (2.0, 5, (16,))
    assert (config.analysis.fdr, config.seed) == (0.2, 9)


def test_members_and_debias_reach_the_training() -> None:
    train = fit_config_of(None, {"members": 3, "debias": True}).train
    assert (train.members, train.debias) == (3, True)
    assert not fit_config_of(None, {"debias": False}).train.debias


def test_auto_latents_are_left_to_the_data() -> None:
    assert fit_config_of(None, {"latents": "auto"}).model.latents == 0


@pytest.mark.parametrize("preset", ["quick", "standard", "thorough"])
def test_a_preset_on_the_command_line_wins_over_that_of_the_file(place: Path, preset: str) -> None:
    (place / "other.toml").write_text('preset = "thorough"\n', encoding="utf-8")
    train = fit_config_of(place / "other.toml", {"preset": preset}).train
    assert train == TrainConfig(**PRESETS[preset])


@pytest.mark.parametrize("text", ["0", "-3", "3.5", "many", "", "١٢"])
def test_latents_are_auto_or_a_whole_number(text: str) -> None:
    with pytest.raises(UsageError, match="--latents"):
        fit_config_of(None, {"latents": text})


# --- what is printed ------------------------------------------------------------------------------------------------


def test_quiet_prints_the_path_alone(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["fit", "people.csv", "--config", "tiny.toml", "--run", "runs/a b", "-q"]) == 0
    assert capfd.readouterr() == ("runs/a b\n", "")
    assert load_run(place / "runs/a b").config.model.hidden == (16,)


def test_the_path_goes_to_stdout_and_everything_else_to_stderr(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    options = ["--config", "tiny.toml", "--sensitive", "sex", "--label", "loan_approved", "--id", "person_id"]
    assert run(["fit", "people.csv", *options]) == 0
    out, err = capfd.readouterr()

    path = out.removesuffix("\n")
    assert re.fullmatch(r"runs/people-\d{8}-\d{6}", path)
    rows = load_run(path).metadata["rows"]
    assert f"Rows: {rows['read']:,} read = {rows['scored']:,} scored + 1 quarantined + 1 skipped" in err
    assert rows["read"] == rows["scored"] + 2
    assert re.search(r"Model: \d+ of \d+ latents active; held-out ELBO −?\d", err)
    assert f"Next: vaeaudit report {path}" in err
    assert "\x1b" not in err


def test_json_prints_one_strict_document(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["fit", "people.csv", "--config", "tiny.toml", "--json", "--run", "größe"]) == 0
    out = capfd.readouterr().out

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    document = json.loads(out, parse_constant=refuse)
    assert document["run"] == "größe"
    assert document["rows"] == load_run(place / "größe").metadata["rows"]
    assert out.isascii()


def test_notes_are_shortened_unless_asked_for(fitted: Any, capsys: pytest.CaptureFixture[str]) -> None:
    made = load_run(fitted.run.path)
    notes = [f"note {i} \x1b[5m" for i in range(9)]
    made.metadata["notes"] = notes
    say_what_was_read(made, Output(as_json=False, quiet=False, verbose=False))
    short = capsys.readouterr().err
    say_what_was_read(made, Output(as_json=False, quiet=False, verbose=True))
    full = capsys.readouterr().err

    assert short.count("Note: note") == 5
    assert "more with -v" in short
    assert full.count("Note: note") == 9
    assert "\x1b" not in short + full


def test_resuming_refuses_other_settings_by_their_options(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["fit", "people.csv", "--resume", "--beta", "2", "--id", "x", "--kind-of", "a=real"]) == 2
    assert "leave out --id, --kind-of, --beta" in capfd.readouterr().err


def test_a_population_file_is_read_before_anything_is_trained(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (place / "wrong.csv").write_text("planet,share\nmars,1\n", encoding="utf-8")
    assert run(["fit", "people.csv", "--population", "wrong.csv", "-q"]) == 2
    assert "planet" in capfd.readouterr().err
    assert not (place / "runs").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--control", "aeg"], "--control: the data has no column 'aeg'"),
        (["--label", "loan_approved", "--favourable", "maybe"], "--favourable maybe: loan_approved has no such value"),
        (["--favourable", "yes"], "--favourable: says what is good of the label, but there is none"),
        (["--threshold", "0.5"], "--threshold: says what a score predicts, but there is none"),
        (["--threshold", "nan"], "--threshold: expected a finite number"),
        (["--bands", "age=30,20"], "--bands age: expected one or more rising numbers"),
        (["--bands", "age=a"], "--bands age=a: expected numbers with commas"),
        (["--bands", "aeg=30"], "--bands: the data has no column 'aeg'"),
        (["--min-cell", "0"], "--min-cell: expected at least 1"),
    ],
)
def test_what_is_said_of_groups_is_checked_before_anything_is_trained(
    place: Path, options: list[str], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["fit", "people.csv", *options, "-q"]) == 2
    assert said in capfd.readouterr().err
    assert not (place / "runs").exists()


def test_a_factor_is_looked_for_before_anything_is_trained(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["fit", str(place / "people.csv"), "--factors", "aeg", "-q"]) == 2
    assert "--factors aeg: there is no such column." in capfd.readouterr().err


@pytest.mark.parametrize("word", [word for word in Objective if word not in (Objective.BETA, Objective.FALLING)])
def test_every_objective_is_fitted_reported_and_scores_rows(place: Path, word: Objective) -> None:
    also = {"capacity": ["--capacity", "3", "--ladder"], "beta-tc": ["--members", "1"], "dip": ["--debias"]}
    also["db-vae"] = ["--label", "loan_approved"]
    options = ["--config", "tiny.toml", "--objective", word.value, *also.get(word, [])]
    assert run(["fit", "people.csv", *options, "--run", "one", "-q"]) == 0
    made = load_run(place / "one")
    assert (made.config.model.objective, made.config.model.beta) == (word, word.usual_beta)
    assert run(["report", "one", "--out", "page", "-q"]) == 0
    model = json.loads((place / "page" / "report.json").read_text(encoding="utf-8"))["model"]
    assert (model["objective"], model["beta"]) == (word, word.usual_beta)
    rungs = [("ae", 1), ("beta", 1), ("beta", 4)] if "--ladder" in options else []
    assert [(rung["objective"], rung["beta"]) for rung in model["ladder"]] == rungs
    page = (place / "page" / "report.html").read_text(encoding="utf-8")
    assert word.model_name in page
    assert ("The ladder in numbers" in page) == bool(rungs)
    assert (f"Weight of {word.weighs} (beta)" in page) == word.has_prior
    assert run(["score", "one", "people.csv", "--out", "scores", "-q"]) == 0


def test_a_falling_beta_is_refused_for_tables(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["fit", "people.csv", "--objective", "falling", "-q"]) == 2
    assert "--objective falling: is for pictures" in capfd.readouterr().err


def test_a_db_vae_keeps_and_tells_how_well_it_tells_the_label_of_held_out_rows(place: Path) -> None:
    options = ["--objective", "db-vae", "--label", "loan_approved", "--sensitive", "sex", "--config", "tiny.toml"]
    assert run(["fit", "people.csv", *options, "--run", "one", "-q"]) == 0
    made = load_run(place / "one")
    told = made.label_predictions
    assert (made.config.train.debias, made.config.model.label_weight) == (True, len(made.encoding.names))
    assert made.codes.held_out[told.row].all()
    assert run(["report", "one", "--out", "page", "-q"]) == 0
    found = json.loads((place / "page" / "report.json").read_text(encoding="utf-8"))["label_accuracy"]
    frame = made.frame.iloc[told.row].assign(right=told.after.argmax(axis=1) == told.label)
    by_sex = frame.groupby("sex", observed=False)["right"]
    groups = {group["group"]: group for group in found["attributes"][0]["groups"]}
    assert {name: group["n"] for name, group in groups.items()} == by_sex.size().to_dict()
    judged = {name: group["accuracy"]["after"] for name, group in groups.items() if group["accuracy"]}
    assert judged == pytest.approx({name: by_sex.mean()[name] for name in judged})
    assert found["accuracy"]["after"] == pytest.approx(frame["right"].mean())
    assert "A classifier of loan_approved was trained" in (place / "page" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "it learns to tell a label, but there is none. Give --label COL."),
        (["--label", "age"], "the label age is count, and has no classes to tell"),
        (["--label", "sex", "--include", "sex"], "--include sex lets the label into it"),
        (["--label", "sex", "--condition", "sex"], "--condition sex lets the label into it"),
    ],
)
def test_a_label_that_a_db_vae_cannot_tell_is_refused_before_anything_is_trained(
    place: Path, options: list[str], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["fit", "people.csv", "--objective", "db-vae", *options, "-q"]) == 2
    assert said in " ".join(capfd.readouterr().err.split())
    assert not list((place / "runs").glob("*"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--beta", "foo"], "--beta: expected a number above 0 and up to 1000, or auto, found 'foo'"),
        (["--beta", "auto", "--objective", "ae"], "--beta auto: the objective ae weighs nothing that could be chosen"),
    ],
)
def test_a_beta_that_cannot_be_is_refused_before_anything_is_read(
    options: list[str], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["fit", "no.csv", *options, "-q"]) == 2
    assert said in capfd.readouterr().err


def test_beta_auto_is_chosen_kept_and_shown(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TRIED, Objective.BETA, (1.0, 8.0))
    assert run(["fit", "people.csv", "--config", "tiny.toml", "--beta", "auto", "--run", "one", "-q"]) == 0
    made = load_run(place / "one")
    assert made.config.model.beta == 1.0  # 8 leaves nothing
    assert made.metadata["given"]["config"]["model"]["beta"] == "auto"
    assert made.beta_trials.beta.tolist() == [1, 8]
    assert run(["report", "one", "--out", "page", "-q"]) == 0
    model = json.loads((place / "page" / "report.json").read_text(encoding="utf-8"))["model"]
    assert model["beta"] == 1
    assert [(trial["beta"], trial["taken"]) for trial in model["beta_choice"]["tried"]] == [(1, True), (8, False)]
    page = (place / "page" / "report.html").read_text(encoding="utf-8")
    assert "Beta 1 was taken: " in page
    assert "--beta auto" in page  # of what makes it again
