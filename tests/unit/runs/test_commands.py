"""The commands of a run say all that was given: read back, they are the same settings."""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import click
import pytest

from vaeaudit.cli.fit import fit as fit_command
from vaeaudit.cli.fit import fit_config_of
from vaeaudit.config import (
    AnalysisConfig,
    ConditionalsConfig,
    FitConfig,
    ModelConfig,
    Objective,
    ReadConfig,
    TrainConfig,
)
from vaeaudit.runs.commands import commands_again, describe_given
from vaeaudit.runs.reading import Run


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def a_run(config: FitConfig, *, source: str = "people.csv", population: str | None = None, **metadata: Any) -> Run:
    source = source if source == "DataFrame" else str(Path(source).resolve())
    known = {"data": {"source": source}, "given": describe_given(config, population), **metadata}
    return cast("Run", SimpleNamespace(path=Path("runs/a"), config=config, metadata=known))


def settings_of(words: list[str]) -> FitConfig:
    """What `fit` makes of these words."""
    context: click.Context = fit_command.make_context("fit", words)
    return fit_config_of(context.params["config_file"], context.params)


READ = ReadConfig(
    label="a b",
    id="-id",
    sensitive=("größe", "it's"),
    exclude=("$x",),
    include=("größe",),
    na=("?", "-"),
    delimiter="\t",
    encoding="latin-1",
    split="s",
    kinds={"x=y": "category"},
    levels={"size": ["small", "large"]},
)


@pytest.mark.parametrize(
    "config",
    [
        FitConfig(),
        FitConfig(read=READ, seed=7),
        FitConfig(read=replace(READ, delimiter="-", kind="images", image_size=32, array_key="k", cache="c d")),
        FitConfig(preset="quick"),
        FitConfig(preset="quick", train=TrainConfig(epochs=3)),
        FitConfig.from_dict({"preset": "thorough", "train": {"epochs": 9, "patience": 2, "debias": True}}),
        FitConfig.from_dict({"preset": "quick", "train": {"members": 2}, "model": {"latents": 3, "beta": 0.5}}),
        FitConfig(model=ModelConfig(hidden=(16,), objective="ae"), conditionals=ConditionalsConfig(steps=9)),
        FitConfig(analysis=AnalysisConfig(fdr=0.1, uniform=True, density="gmm", rarity="dbvae-max", bins=9)),
        FitConfig(read=ReadConfig(levels={"a.b": ["x,y", " z", 'q"\x7f']}), train=TrainConfig(trim=0.0)),
    ],
)
def test_the_fit_command_comes_to_the_same_settings(config: FitConfig) -> None:
    *files, fit, report = commands_again(a_run(config)).split("\nvaeaudit ")
    if not files:
        fit = fit.removeprefix("vaeaudit ")
    for file in files:
        subprocess.run(["sh", "-c", file], check=True)
    words = shlex.split(fit)
    assert words[:2] == ["fit", "people.csv"]
    assert settings_of(words[1:]) == config
    assert report == "report runs/a-again"


def test_nothing_but_options_is_needed_where_there_is_one_for_everything() -> None:
    said = commands_again(a_run(FitConfig(read=READ), population="p q.csv", reference={"source": "/else/where.csv"}))
    assert "cat >" not in said
    assert "--population 'p q.csv' --reference /else/where.csv --run runs/a-again\n" in said


def test_the_report_command_has_what_the_report_was_given() -> None:
    run = a_run(FitConfig())
    analysis = replace(run.config.analysis, fdr=0.2, uniform=True, factors=("hue", "size"))
    said = commands_again(run, analysis, population="new.csv", reference=Path("r.csv"))
    given = "--population new.csv --reference r.csv --fdr 0.2 --uniform --factors hue --factors size"
    assert said.endswith(f"\nvaeaudit report runs/a-again {given}")
    assert "only Python can give: {'bins': 7}" in commands_again(run, replace(run.config.analysis, bins=7))


def test_mutes_are_given_again_with_their_reasons_by_whoever_makes_it_again() -> None:
    muted = AnalysisConfig(mutes={"VA602": "copies are weights", "VA501:sex": "by law"}, muted_by="Ada")
    fit, report = commands_again(a_run(FitConfig(analysis=muted))).splitlines()
    assert "--mute VA602 'copies are weights' --mute VA501:sex 'by law'" in fit
    assert report == "vaeaudit report runs/a-again"
    assert "Ada" not in fit


def test_the_report_command_mutes_what_the_run_did_not_and_what_it_muted_for_another_reason() -> None:
    run = a_run(FitConfig(analysis=AnalysisConfig(mutes={"VA602": "weights", "VA603": "twins"})))
    later = replace(run.config.analysis, mutes={"VA602": "no copies", "VA603": "twins"}, muted_by="Ada")
    assert commands_again(run, later).endswith("\nvaeaudit report runs/a-again --mute VA602 'no copies'")


def test_for_data_in_memory_it_is_said_what_to_call() -> None:
    config = FitConfig(read=ReadConfig(label="y"), model=ModelConfig(objective=Objective.AE), seed=3)
    said = commands_again(a_run(config, source="DataFrame"))
    assert said.startswith("# No command can read what was in memory (DataFrame).")
    assert "{'preset': 'standard', 'seed': 3, 'read': {'label': 'y'}, 'model': {'objective': 'ae'}}" in said
    assert "vaeaudit fit" not in said
    compile(said, "again", "exec")


def test_a_name_that_looks_like_an_option_is_none() -> None:
    assert "vaeaudit fit ./-x.csv " in commands_again(a_run(FitConfig(), source="-x.csv"))
