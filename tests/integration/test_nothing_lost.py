"""A training that is finished is not lost, whatever fails after it: `--resume` comes to the same run."""

from __future__ import annotations

import errno
import json
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vaeaudit.cli.main import run as run_command
from vaeaudit.errors import InterruptedFit, UsageError, VaeauditError
from vaeaudit.models.fitting import training
from vaeaudit.runs.directory import RunWriter
from vaeaudit.runs.reading import load_run
from vaeaudit.storage import locks
from vaeaudit.workflow.fit import fit
from vaeaudit.workflow.trained.table import TrainedTable

OTHERWISE = {"metadata.json", "model/architecture.json"}
FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fitted: Any) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "people.csv").write_bytes(fitted.source.read_bytes())
    (tmp_path / "others.csv").write_bytes(fitted.source.read_bytes())
    return tmp_path


def digests(run: Path) -> dict[str, str]:
    """The digests of a run, but for what says when and how long, and for layers, which Keras numbers per process."""
    listed = json.loads((run / "manifest.json").read_text(encoding="utf-8"))["sha256"]
    return {name: digest for name, digest in listed.items() if name not in OTHERWISE}


def failing(error: BaseException) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


def test_whatever_fails_after_training_resume_comes_to_the_same_run(
    place: Path, small_config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = small_config(id="person_id")
    undisturbed = fit("people.csv", config, run="runs/a", reference="others.csv")
    trained: list[int] = []
    fit_until = training._fit_until

    def counted(*arguments: Any) -> None:
        trained.append(1)
        fit_until(*arguments)

    monkeypatch.setattr(training, "_fit_until", counted)
    steps: list[tuple[Any, str, BaseException]] = [
        (TrainedTable, "learn", FULL),
        (sys.modules["vaeaudit.workflow.learn"], "write_after_training", MemoryError()),
        (sys.modules["vaeaudit.workflow.fit"], "write_reference", RuntimeError("a defect")),
        (sys.modules["vaeaudit.workflow.fit"], "judge_rows", KeyboardInterrupt()),
        (locks, "beside", FULL),
        (RunWriter, "_move_into_place", FULL),
    ]
    given: dict[str, Any] = {"reference": "others.csv"}
    for place_of, name, error in steps:
        with monkeypatch.context() as patched:
            if name == "beside":  # the manifest is the last file that is written
                beside = locks.beside
                patched.setattr(
                    locks, name, lambda path, b=beside: failing(FULL)() if path.name == "manifest.json" else b(path)
                )
            else:
                patched.setattr(place_of, name, failing(error))
            with pytest.raises((type(error), VaeauditError)) as caught:
                fit("people.csv", config, run="runs/b", **given)
        said = " ".join([str(caught.value), *getattr(caught.value, "__notes__", [])])
        assert f"vaeaudit fit {shlex.quote(str(place / 'people.csv'))} --run runs/b --resume" in said
        config, given = None, {"resume": True}
    resumed = fit("people.csv", run="runs/b", resume=True)

    assert len(trained) == 1
    assert digests(resumed.path) == digests(undisturbed.path)
    facts = [run.metadata["training"] for run in (undisturbed, resumed)]
    assert [fact["stopped"] for fact in facts] == ["epochs", "epochs"]
    assert sorted(path.name for path in (place / "runs").iterdir()) == ["a", "b"]


def test_a_run_whose_place_is_taken_steps_aside_and_the_command_that_is_said_finishes_it(
    place: Path, small_config: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    def take_the_place(progress: Any) -> None:
        if progress.phase == "analysing":
            (place / "runs" / "a").mkdir()
            (place / "runs" / "a" / "mine").touch()

    with pytest.raises(UsageError, match="--run runs/a: the folder appeared meanwhile") as caught:
        fit("people.csv", small_config(id="person_id"), run="runs/a", on_progress=take_the_place)
    assert [path.name for path in (place / "runs" / "a").iterdir()] == ["mine"]
    said = str(caught.value.hint)
    assert run_command(shlex.split(said[said.index("vaeaudit fit") :])[1:]) == 0
    assert capfd.readouterr().out == "runs/a-2\n"
    assert load_run("runs/a-2").metadata["id"] == "a-2"


def test_data_in_memory_is_gone_on_with_from_python(place: Path, small_config: Any, fitted: Any) -> None:
    def stop(progress: Any) -> None:
        if progress.phase == "scoring":
            raise KeyboardInterrupt

    with pytest.raises(InterruptedFit) as caught:
        fit(fitted.truth.frame, small_config(), run="runs/a", on_progress=stop)
    assert "vaeaudit.fit(data, run='runs/a', resume=True), data being the same DataFrame" in str(caught.value.hint)


def test_a_fit_that_is_killed_after_training_is_finished_by_resume_without_training(
    place: Path, command: list[str], in_process: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    options = ["fit", "people.csv", "--preset", "quick", "--id", "person_id", "--epochs", "2", "--run", "runs/a"]
    process = subprocess.Popen(
        [*command, *options], cwd=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    partial = place / "runs" / ".a.partial"
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("Scoring"):
            break
    assert (partial / "training.npz").is_file()
    second = in_process(*options, cwd=place)  # while the first one is still at work
    assert (second.returncode, second.stdout) == (2, "")
    assert "--run runs/a: another vaeaudit is making this run" in second.stderr
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)

    done = in_process("fit", "people.csv", "--run", "runs/a", "--resume", cwd=place)
    assert (done.returncode, done.stdout) == (0, "runs/a\n")
    assert "Training 1" not in done.stderr
    assert load_run(place / "runs" / "a").metadata["training"]["epochs"] == 2
    assert sorted(path.name for path in (place / "runs").iterdir()) == ["a"]
