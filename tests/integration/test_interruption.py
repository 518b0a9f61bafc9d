"""A fit that is stopped or killed never leaves a run that looks complete, and can be gone on with."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vaeaudit.config import Objective
from vaeaudit.errors import InterruptedFit, RunError, UsageError
from vaeaudit.runs.reading import load_run
from vaeaudit.workflow.betas import TRIED
from vaeaudit.workflow.fit import fit
from vaeaudit.workflow.report import report

EPOCHS = 20
LONG = f"""
[model]
hidden = [16]
[train]
epochs = {EPOCHS}
patience = {EPOCHS}
warmup_epochs = 2
batch_size = 32
fewest_steps = 30
most_steps = 30
members = 0
[conditionals]
steps = 60
width = 16
[read]
id = "person_id"
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fitted: Any) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my people.csv").write_bytes(fitted.source.read_bytes())
    (tmp_path / "long.toml").write_text(LONG, encoding="utf-8")
    return tmp_path


def start(command: list[str], place: Path, *options: str) -> subprocess.Popen[str]:
    """Start a fit and wait until its first epoch is kept."""
    process = subprocess.Popen(
        [*command, "fit", "my people.csv", "--config", "long.toml", *options],
        cwd=place,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while not list(place.glob("runs/.*.partial/training.npz")):
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return process


def complete_runs(place: Path) -> list[Path]:
    return [folder for folder in (place / "runs").iterdir() if not folder.name.startswith(".")]


def test_ctrl_c_ends_training_with_130_and_resume_finishes_it(
    place: Path, command: list[str], in_process: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    process = start(command, place)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)

    assert process.returncode == 130
    assert out == ""
    assert "Interrupted after epoch" in err
    assert "--resume" in err and "'" + str(place / "my people.csv") + "'" in err
    assert "Traceback" not in err
    assert complete_runs(place) == []
    with pytest.raises(RunError, match="no complete run"):
        load_run()

    done = in_process("fit", "my people.csv", "--resume", "-q", cwd=place)
    assert (done.returncode, done.stderr) == (0, "")
    run = load_run(place / done.stdout.strip())
    assert run.metadata["training"]["epochs"] == len(run.history) == EPOCHS
    assert run.history["epoch"].tolist() == list(range(1, EPOCHS + 1))
    assert [folder.name for folder in (place / "runs").iterdir()] == [run.id]  # the partial place is gone


def test_a_killed_fit_leaves_no_run_and_can_be_gone_on_with(place: Path, command: list[str]) -> None:
    process = start(command, place, "--run", "runs/killed")
    process.kill()
    process.communicate(timeout=60)

    assert process.returncode == -signal.SIGKILL
    assert complete_runs(place) == []
    for path in (None, "runs/killed", "runs/.killed.partial"):
        with pytest.raises(RunError):
            report(path)

    run = fit("my people.csv", run="runs/killed", resume=True)
    assert load_run("runs/killed").metadata["training"]["epochs"] == EPOCHS
    assert len(run.rows) == run.metadata["rows"]["scored"]


def test_interrupted_training_is_bound_to_its_data(place: Path, small_config: Any) -> None:
    with pytest.raises(InterruptedFit) as caught:
        fit("my people.csv", small_config(), run="runs/a", is_interrupted=lambda: True)
    assert "--run runs/a --resume" in str(caught.value.hint)
    assert caught.value.exit_code == 130

    path = place / "my people.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("north", "south", 1), encoding="utf-8")
    with pytest.raises(UsageError, match="is not what it was"):
        fit("my people.csv", run="runs/a", resume=True)


def test_to_be_stopped_at_once_keeps_what_was_checkpointed(place: Path, small_config: Any) -> None:
    def stop(progress: Any) -> None:
        if progress.phase == "scoring":
            raise KeyboardInterrupt

    with pytest.raises(InterruptedFit, match="best weights so far are kept"):
        fit("my people.csv", small_config(id="person_id"), run="runs/a", on_progress=stop)
    run = fit("my people.csv", run="runs/a", resume=True)
    assert len(run.history) == run.config.train.epochs


def test_stopped_before_anything_was_learned_nothing_is_left(place: Path, small_config: Any) -> None:
    def stop(progress: Any) -> None:
        if progress.phase == "training":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit("my people.csv", small_config(), run="runs/a", on_progress=stop)
    assert list((place / "runs").iterdir()) == []


def test_a_beta_that_was_chosen_is_not_chosen_again(
    place: Path, small_config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TRIED, Objective.BETA, (0.5, 1.0))
    phases: list[str] = []

    def stop(progress: Any) -> None:
        phases.append(progress.phase)
        if progress.phase == "scoring":
            raise KeyboardInterrupt

    with pytest.raises(InterruptedFit, match="best weights so far are kept"):
        fit("my people.csv", small_config(model={"beta": "auto"}, id="person_id"), run="runs/a", on_progress=stop)
    assert "choosing" in phases
    phases.clear()
    run = fit("my people.csv", run="runs/a", resume=True, on_progress=lambda progress: phases.append(progress.phase))
    assert "choosing" not in phases
    assert run.config.model.beta in run.beta_trials.beta
    assert run.metadata["given"]["config"]["model"]["beta"] == "auto"


def test_stopped_while_beta_is_chosen_nothing_is_left(place: Path, small_config: Any) -> None:
    with pytest.raises(InterruptedFit, match="nothing is kept"):
        fit("my people.csv", small_config(model={"beta": "auto"}), run="runs/a", is_interrupted=lambda: True)
    assert list((place / "runs").iterdir()) == []
