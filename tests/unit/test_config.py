"""Settings are validated where they are made, survive JSON, and a slip in a file is named."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import replace
from enum import StrEnum
from typing import Any

import numpy as np
import pytest

from vaeaudit.config import (
    PRESETS,
    AnalysisConfig,
    ConditionalsConfig,
    Density,
    FitConfig,
    ModelConfig,
    Preset,
    ReadConfig,
    SourceKind,
    TrainConfig,
    preset_values,
)
from vaeaudit.errors import UsageError


def test_the_defaults_are_valid_and_survive_json() -> None:
    config = FitConfig()
    assert FitConfig.from_dict(json.loads(json.dumps(config.to_dict(), allow_nan=False))) == config


def test_every_setting_survives_json() -> None:
    config = FitConfig(
        read=ReadConfig(
            na=("none",), label="y", sensitive=("a", "b"), kinds={"x": "real"}, levels={"z": ["low", "high"]}
        ),
        model=ModelConfig(beta=2.5, latents=3, hidden=(8, 4)),
        train=TrainConfig(epochs=3, trim=0.1),
        analysis=AnalysisConfig(fdr=0.1),
        preset="quick",
        seed=2**32 - 1,
    )
    assert FitConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize("preset", list(Preset))
def test_a_preset_in_a_file_sets_what_the_file_leaves_open(preset: Preset) -> None:
    config = FitConfig.from_dict({"preset": preset.value, "train": {"patience": 11}})
    for name, value in PRESETS[preset.value].items():
        assert getattr(config.train, name) == (11 if name == "patience" else value)


def test_a_preset_from_python_sets_what_python_leaves_open() -> None:
    assert FitConfig(preset="quick") == FitConfig.from_dict({"preset": "quick"})
    assert FitConfig(preset="quick").train.members == 0
    given = FitConfig(preset="quick", train=TrainConfig(epochs=TrainConfig().epochs))
    assert given == FitConfig.from_dict({"preset": "quick", "train": {"epochs": TrainConfig().epochs}})
    assert (given.train.epochs, given.train.members) == (TrainConfig().epochs, 0)
    unpickled = pickle.loads(pickle.dumps(given))  # noqa: S301 - our own bytes
    for again in (replace(given, seed=3), copy.deepcopy(given), unpickled):
        assert again.train == given.train


def test_numbers_of_numpy_become_numbers_of_python() -> None:
    config = FitConfig(model=ModelConfig(beta=np.float32(0.5), latents=np.int64(3)), seed=np.uint32(7))
    assert FitConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    assert (type(config.model.beta), type(config.model.latents), type(config.seed)) == (float, int, int)


def test_a_table_of_settings_from_python_becomes_its_section_and_anything_else_is_refused() -> None:
    config = FitConfig(read={"sensitive": ["sex"]}, train={"epochs": 3}, preset="quick")
    assert config == FitConfig.from_dict({"read": {"sensitive": ["sex"]}, "train": {"epochs": 3}, "preset": "quick"})
    with pytest.raises(UsageError, match="read: expected a table of settings or ReadConfig, found 'sex'"):
        FitConfig(read="sex")
    with pytest.raises(UsageError, match="sensitive: expected a list of texts, found 'sex'"):
        ReadConfig(sensitive="sex")


def test_going_back_to_a_preset_goes_back_in_every_field() -> None:
    quick, standard = preset_values("quick"), preset_values("standard")
    assert set(quick) == set(standard) == set(preset_values("thorough"))
    assert standard["epochs"] == TrainConfig().epochs
    assert quick["epochs"] == PRESETS["quick"]["epochs"]


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: ReadConfig(kind="video"), "--kind"),
        (lambda: ReadConfig(delimiter="ab"), "--delimiter: expected one character"),
        (lambda: ReadConfig(label="y", sensitive=("y",)), "is the label already"),
        (lambda: ReadConfig(exclude=("a",), sensitive=("a",)), "is excluded already"),
        (lambda: ModelConfig(objective="gan"), "--objective: expected one of"),
        (lambda: ModelConfig(beta=0), "--beta"),
        (lambda: ModelConfig(capacity=5.0), "--capacity: goes with --objective capacity only"),
        (lambda: ModelConfig(objective="capacity", capacity=-1.0), "--capacity"),
        (lambda: ModelConfig(corruption=1.0), "model.corruption"),
        (lambda: ModelConfig(beta=float("nan")), "--beta"),
        (lambda: ModelConfig(beta="foo"), "--beta: expected a number above 0 and up to 1000, or auto, found 'foo'"),
        (lambda: ModelConfig(beta="auto", objective="ae"), "--beta auto: the objective ae weighs nothing"),
        (lambda: ModelConfig(latents=-1), "--latents"),
        (lambda: ModelConfig(hidden=()), "model.hidden"),
        (lambda: ModelConfig(hidden=(8, 0)), "model.hidden"),
        (lambda: ModelConfig(embed_levels=0), "model.embed_levels"),
        (lambda: TrainConfig(epochs=0), "train.epochs"),
        (lambda: TrainConfig(most_steps=5, fewest_steps=6), "train.most_steps"),
        (lambda: TrainConfig(trim=0.5), "train.trim"),
        (lambda: TrainConfig(held_out=0), "train.held_out"),
        (lambda: TrainConfig(learning_rate=-0.1), "train.learning_rate"),
        (lambda: TrainConfig(learning_rate=float("inf")), "train.learning_rate"),
        (lambda: TrainConfig(warmup_epochs=-1), "train.warmup_epochs"),
        (lambda: ConditionalsConfig(folds=0), "conditionals.folds"),
        (lambda: ConditionalsConfig(folds=21), "conditionals.folds"),
        (lambda: ConditionalsConfig(hidden=(0.3, 0.2)), "conditionals.hidden"),
        (lambda: ConditionalsConfig(hidden=(0.0, 1.0)), "conditionals.hidden"),
        (lambda: AnalysisConfig(confidence=1), "confidence"),
        (lambda: AnalysisConfig(fdr=0), "--fdr"),
        (lambda: AnalysisConfig(min_ratio=1.1), "tolerance"),
        (lambda: AnalysisConfig(bins=1), "analysis.bins"),
        (lambda: AnalysisConfig(max_outlier_share=2), "analysis.max_outlier_share"),
        (lambda: FitConfig(preset="slow"), "--preset"),
        (lambda: FitConfig(seed=-1), "--seed"),
        (lambda: FitConfig(seed=2**32), "--seed"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_its_option(make: Any, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        make()


@pytest.mark.parametrize(
    ("document", "what"),
    [
        ({"modell": {}}, "unknown key.*modell"),
        ({"model": {"lantents": 3}}, "unknown key.*lantents"),
        ({"model": {"latents": "3"}}, "latents: expected a whole number, found '3'"),
        ({"model": {"latents": 3.5}}, "latents: expected a whole number"),
        ({"model": {"latents": True}}, "latents: expected a whole number"),
        ({"model": {"hidden": 64}}, "hidden: expected a list of whole numbers"),
        ({"model": {"hidden": ["64"]}}, "hidden: expected a list of whole numbers"),
        ({"model": {"beta": "high"}}, "beta: expected a number"),
        ({"model": 3}, "model: expected a table of settings or ModelConfig, found 3"),
        ({"read": {"sensitive": "sex"}}, "sensitive: expected a list of texts, found 'sex'"),
        ({"read": {"kinds": {"x": 3}}}, "kinds: expected a table of texts"),
        ({"read": {"label": 3}}, "label: expected text"),
        ({"seed": "3"}, "seed: expected a whole number"),
        ({"seed": 1.5}, "seed: expected a whole number"),
    ],
)
def test_a_slip_in_a_file_is_named_with_what_was_expected(document: dict[str, Any], what: str) -> None:
    with pytest.raises(UsageError, match=what):
        FitConfig.from_dict(document)


def test_overrides_replace_single_fields() -> None:
    changed = FitConfig().with_overrides({"model": {"beta": 4.0}, "train": {}})
    assert changed.model.beta == 4.0
    assert changed.model.hidden == FitConfig().model.hidden


def test_fixed_words_are_types_however_they_were_given_and_plain_json_when_written() -> None:
    read = FitConfig.from_dict({"preset": "quick", "read": {"kind": "images"}, "analysis": {"density": "gmm"}})
    assert (read.preset, read.read.kind, read.analysis.density) == (Preset.QUICK, SourceKind.IMAGES, Density.GMM)
    assert all(isinstance(word, StrEnum) for word in (read.preset, read.read.kind, read.analysis.density))
    assert FitConfig.from_dict(json.loads(json.dumps(read.to_dict()))) == read
    assert {type(read.to_dict()["preset"]), *map(type, read.read.to_dict().values())} <= {
        str,
        int,
        tuple,
        dict,
        type(None),
    }


@pytest.mark.parametrize("found", ["pictures", 3, ["table"], None])
def test_a_word_that_is_none_of_the_fixed_ones_is_an_error_that_lists_them(found: object) -> None:
    with pytest.raises(UsageError, match=r"--kind: expected one of \['auto', 'table', 'images', 'array'\], found"):
        ReadConfig.from_dict({"kind": found})
