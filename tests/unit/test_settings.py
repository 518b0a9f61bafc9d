"""A setting has one name, on the command line and in Python, and a slip in it is met with the name that was meant."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from vaeaudit.cli.main import cli
from vaeaudit.config import AnalysisConfig, FitConfig, ModelConfig, Preset, ReadConfig, TrainConfig, preset_values
from vaeaudit.errors import UsageError
from vaeaudit.settings import (
    PLACES,
    FitSettings,
    OtherReadSettings,
    ReadSettings,
    RebalanceSettings,
    ReportSettings,
    refuse_unknown,
    section_with,
    with_settings,
)


@pytest.mark.parametrize(
    ("command", "settings"),
    [
        ("inspect", ReadSettings),
        ("fit", FitSettings),
        ("audit", FitSettings),
        ("report", ReportSettings),
        ("score", OtherReadSettings),
        ("rebalance", RebalanceSettings),
    ],
)
def test_the_options_of_a_command_are_the_keywords_of_its_function(command: str, settings: type) -> None:
    import vaeaudit

    parameters = cli.get_command(cli.make_context("vaeaudit", ["-h"], resilient_parsing=True), command).params
    options = {str(parameter.name) for parameter in parameters}
    shown = {"as_json", "quiet", "verbose", "write_config"}
    function = getattr(vaeaudit, command)
    own = {name for name in function.__annotations__ if name not in ("return", "settings")}
    known = {*settings.__annotations__, *own}
    assert {"config" if name == "config_file" else name for name in options - shown} <= known
    assert known - options - shown <= {"config", "on_progress", "is_interrupted", "source"}


def test_every_setting_has_a_place_and_every_place_is_a_field() -> None:
    names = {*FitSettings.__annotations__, *RebalanceSettings.__annotations__}
    assert {*PLACES, "preset", "seed"} == names
    known = {"read": ReadConfig, "model": ModelConfig, "train": TrainConfig, "analysis": AnalysisConfig}
    for section, field in PLACES.values():
        assert field in {entry.name for entry in fields(known[section])}


def test_settings_become_the_configuration_that_they_name() -> None:
    given: dict[str, Any] = {
        "label": "income",
        "sensitive": ["sex"],
        "include": "sex",
        "kind_of": {"zip": "category"},
        "levels": {"size": ("small", "large")},
        "cache": Path("a") / "b",
        "beta": 2.0,
        "preset": "quick",
        "epochs": 7,
        "fdr": 0.1,
        "uniform": True,
        "factors": "size",
        "seed": 3,
        "run": "not a setting",
    }
    read = ReadConfig(
        label="income",
        sensitive=("sex",),
        include=("sex",),
        kinds={"zip": "category"},
        levels={"size": ["small", "large"]},
        cache="a/b",
    )
    assert with_settings(FitConfig(), given) == FitConfig(
        read=read,
        model=ModelConfig(beta=2.0),
        train=TrainConfig(**{**preset_values("quick"), "epochs": 7}),
        analysis=AnalysisConfig(fdr=0.1, uniform=True, factors=("size",)),
        preset=Preset.QUICK,
        seed=3,
    )


def test_what_is_not_given_stays_and_what_is_given_wins_even_if_it_is_no() -> None:
    config = FitConfig(train={"debias": True}, read={"label": "y"}, seed=9)
    assert with_settings(config, {"label": None, "seed": None}) == config
    assert not with_settings(config, {"debias": False}).train.debias


def test_a_new_kind_of_a_column_takes_the_place_of_its_levels_and_the_other_way_round() -> None:
    base = ReadConfig(kinds={"a": "real"}, levels={"b": ["x", "y"]})
    read = section_with(base, {"kind_of": {"b": "category"}, "levels": {"a": ["1", "2"]}})
    assert (read.kinds, read.levels) == ({"b": "category"}, {"a": ["1", "2"]})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"sensitive": 3}, "sensitive: expected a list of texts, found 3"),
        ({"sensitive": [3]}, "sensitive: expected a list of texts"),
        ({"kind_of": "zip=category"}, "kind_of: expected a mapping from columns"),
        ({"levels": {"size": "small"}}, "levels: expected a table of lists of texts"),
        ({"preset": "slow"}, "--preset: expected one of"),
        ({"latents": "auto"}, "latents: expected a whole number"),
        ({"label": "y", "sensitive": "y"}, "is the label already"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        with_settings(FitConfig(), given)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("lable", "Did you mean label?"),
        ("sensitve", "Did you mean sensitive?"),
        ("kind-of", "Did you mean kind_of?"),
        ("populations", "Did you mean population?"),
        ("xyzzy", "It takes annotator, array_key, "),
    ],
)
def test_a_slip_is_met_with_the_name_that_was_meant(name: str, hint: str) -> None:
    from vaeaudit.workflow.fit import fit

    with pytest.raises(UsageError, match=f"fit: there is no setting '{name}'") as caught:
        refuse_unknown(fit, {name: 1}, FitSettings)
    assert hint in str(caught.value)


def test_every_function_refuses_what_it_does_not_know_before_it_does_anything() -> None:
    import vaeaudit

    calls: list[tuple[Any, tuple[Any, ...]]] = [
        (vaeaudit.inspect, ("no such data",)),
        (vaeaudit.fit, ("no such data",)),
        (vaeaudit.audit, ("no such data",)),
        (vaeaudit.report, ("no such run",)),
        (vaeaudit.score, ("no such run", "no such data")),
        (vaeaudit.rebalance, ("no such run",)),
    ]
    for call, places in calls:
        with pytest.raises(UsageError, match=f"{call.__name__}: there is no setting 'lable'"):
            call(*places, lable="income")


def test_a_fit_that_goes_on_takes_no_settings() -> None:
    import vaeaudit

    with pytest.raises(UsageError, match="leave out label, beta"):
        vaeaudit.fit("no such data", resume=True, label="y", beta=2.0)
