"""`vaeaudit audit`: what `fit` is told reaches it, what it made is reported, and one path goes to stdout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vaeaudit.cli.main import cli, run
from vaeaudit.runs.reading import Run


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fitted: Any) -> dict[str, Any]:
    """What `fit` was told; instead of training it gives the run of `fitted`."""
    from vaeaudit.workflow import report

    arguments: dict[str, Any] = {}

    def fit(source: Path, config: Any, **more: Any) -> tuple[Run, None]:
        arguments.update(source=source, config=config, **more)
        return fitted.run, None

    monkeypatch.setattr(report, "fit_and_find", fit)
    monkeypatch.chdir(tmp_path)
    return arguments


def test_what_fit_and_report_are_told_reaches_them(told: dict[str, Any], capfd: pytest.CaptureFixture[str]) -> None:
    options = ["--label", "y", "--sensitive", "a", "--preset", "quick", "--latents", "3", "--run", "there"]
    assert run(["audit", "people.csv", *options, "--population", "shares.csv", "--out", "here"]) == 0
    out, err = capfd.readouterr()
    assert out == "here/report.html\n"
    verdict = json.loads(Path("here/report.json").read_text(encoding="utf-8"))["verdict"]
    assert err.index("Rows: ") < err.index("Model: ") < err.index(f"{verdict['status'].upper()}: ")
    assert "Next:" not in err

    config = told["config"]
    assert (told["source"], told["run"], told["population"]) == (Path("people.csv"), Path("there"), Path("shares.csv"))
    assert (config.read.label, config.read.sensitive, config.model.latents) == ("y", ("a",), 3)
    assert (config.preset, config.train.members) == ("quick", 0)


def test_json_prints_the_document_alone(told: dict[str, Any], capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "people.csv", "--json", "-q"]) == 0
    out, err = capfd.readouterr()
    (page,) = Path("reports").glob("*/report.json")
    assert json.loads(out) == json.loads(page.read_text(encoding="utf-8"))
    assert err == ""


def test_with_resume_the_report_may_be_placed_but_nothing_may_be_set(
    told: dict[str, Any], capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["audit", "people.csv", "--resume", "--label", "y", "--out", "here"]) == 2
    assert "leave out --label." in capfd.readouterr().err
    assert told == {}
    assert run(["audit", "people.csv", "--resume", "--out", "here", "-q"]) == 0
    assert told["resume"] is True


def test_it_takes_every_option_of_fit_and_report() -> None:
    context = cli.make_context("vaeaudit", ["-h"], resilient_parsing=True)
    names = {
        name: {entry.name for entry in cli.get_command(context, name).params} for name in cli.list_commands(context)
    }
    assert names["audit"] == names["fit"] | (names["report"] - {"run"})
