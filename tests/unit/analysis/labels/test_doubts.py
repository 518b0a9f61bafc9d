"""Doubts about labels: planted slips come first, a second label does not speak, copies help nobody."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from vaeaudit.analysis.checks.va402_label_errors import is_told
from vaeaudit.analysis.grouping.groups import group_column
from vaeaudit.analysis.labels.annotators import compare_annotators, majority_labels
from vaeaudit.analysis.labels.doubts import doubt_labels, doubts_of
from vaeaudit.analysis.labels.same_rows import same_rows_other_label
from vaeaudit.analysis.labels.suspects import LabelErrors, label_errors, most_suspicious
from vaeaudit.config import Objective, ReadConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.reading.load import load
from vaeaudit.data.schema.columns import Kind, Role
from vaeaudit.errors import UsageError
from vaeaudit.outputs.label_doubts import LabelDoubts

N = 1_200
OF_CELLS = ("reason_nats", "reason_p")


def read(columns: Any, **settings: Any) -> Dataset:
    return load(pd.DataFrame(columns), ReadConfig(**{"label": "y", **settings}))


def doubted(data: Dataset, means: np.ndarray | None = None) -> LabelDoubts:
    found = doubt_labels(data.frame, data.schema, means, 0)
    assert found is not None
    return found


def counted(doubts: LabelDoubts) -> LabelErrors:
    found = label_errors(doubts, [], 0.95)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def apart() -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Three classes that merge at the edges, a twentieth of whose labels are another one; and which these are."""
    rng = np.random.default_rng(0)
    true = rng.integers(0, 3, N)
    columns = {f"x{k}": rng.normal(size=N) + 2.2 * (true == k) for k in range(3)}
    wrong = np.isin(np.arange(N), rng.choice(N, N // 20, replace=False))
    return {**columns, "y": np.array(["a", "b", "c"])[(true + wrong * rng.integers(1, 3, N)) % 3]}, wrong


def test_planted_slips_are_suspicious_and_their_share_is_estimated(apart: Any) -> None:
    columns, wrong = apart
    doubts = doubted(read(columns))
    assert roc_auc_score(wrong, doubts.suspicion) > 0.85
    assert wrong[most_suspicious(doubts)[:20]].mean() > 0.5
    errors = counted(doubts)
    assert errors.ci is not None
    assert (errors.ci.low or 0) <= 0.05 <= (errors.ci.high or 1)
    assert errors.doubted > errors.n * (errors.rate or 0)


def test_classes_that_overlap_are_not_read_as_errors() -> None:
    told = 0
    for seed in range(5):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(N, 3))
        y = np.where(rng.random(N) < 1 / (1 + np.exp(-2 * x.sum(axis=1))), "yes", "no")
        told += is_told(counted(doubted(read({"a": x[:, 0], "b": x[:, 1], "c": x[:, 2], "y": y}))))
    assert told == 0


def test_a_column_that_is_the_label_in_other_words_does_not_vouch_for_it(apart: Any) -> None:
    columns, wrong = apart
    doubts = doubted(read({**columns, "code": np.char.add("is ", columns["y"])}))
    assert doubts.without == ("code",)
    assert roc_auc_score(wrong, doubts.suspicion) > 0.85


def test_rows_without_a_label_and_with_one_too_rare_are_not_judged(apart: Any) -> None:
    columns, _ = apart
    y = columns["y"].astype(object)
    y[:10], y[10:13] = None, "rare"
    doubts = doubted(read({**columns, "y": y}))
    assert np.isnan(doubts.suspicion[:13]).all()
    assert np.isfinite(doubts.suspicion[13:]).all()


def test_latents_alone_can_speak(apart: Any) -> None:
    columns, wrong = apart
    means = np.stack([columns[f"x{k}"] for k in range(3)], axis=1)
    data = read({"y": columns["y"], "empty_of_sense": np.random.default_rng(1).normal(size=N)})
    assert roc_auc_score(wrong, doubted(data, means).suspicion) > 0.85


def test_a_copy_with_the_same_wrong_label_does_not_vouch_for_it(apart: Any) -> None:
    columns, wrong = apart
    data = read({name: np.tile(values, 2) for name, values in columns.items()})
    found = doubt_labels(data.frame, data.schema, None, 0, np.tile(np.arange(N), 2))
    assert found is not None
    assert roc_auc_score(np.tile(wrong, 2), found.suspicion) > 0.85


def test_a_number_is_suspicious_against_the_spread_of_its_like() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 1, N)
    y = 5 * x + rng.normal(size=N) * np.where(x < 0.5, 0.02, 0.5)
    wrong = np.isin(np.arange(N), np.flatnonzero(x < 0.5)[:30])
    y[wrong] += 0.5  # nothing among the wide rows, much among the narrow ones
    doubts = doubted(read({"x": x, "y": y}))
    assert doubts.levels == ()
    assert roc_auc_score(wrong, doubts.suspicion) > 0.9
    assert counted(doubts).rate is None


def test_probabilities_of_the_users_own_model_take_the_place_of_ours(apart: Any) -> None:
    columns, _ = apart
    p = np.where(columns["y"] == "a", 0.9, 0.05)
    p[0] = 0.0 if columns["y"][0] == "a" else 1.0
    data = read({**columns, "pa": p, "pb": (1 - p) / 2}, probability={"a": "pa", "b": "pb"})
    doubts = doubted(data)
    assert doubts.basis == "given probabilities"
    assert doubts.suspicion.argmax() == 0
    assert not {"pa", "pb"} & {column.name for column in data.schema.modelled}
    with pytest.raises(UsageError, match="--probability pa"):
        read({**columns, "pa": p}, probability={"a": "pa"}, exclude=["pa"])


def test_groups_whose_labels_are_doubted_more_stand_out(apart: Any) -> None:
    columns, wrong = apart
    data = read({**columns, "g": np.where(wrong, "x", "y")}, sensitive=["g"], exclude=[])
    grouping = group_column(data.frame["g"], data.schema["g"])
    errors = label_errors(doubted(data), [grouping], 0.95)
    assert errors is not None
    by_group = {each.group: each for each in errors.by_group}
    assert by_group["x"].share > by_group["y"].share
    assert sum(each.n for each in errors.by_group) == N


def test_equal_rows_with_different_labels_are_counted_and_a_coarse_table_is_known() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=300), rng.choice(["a", "b"], 300)
    x[1:3], y[:3] = x[0], ["a", "a", "b"]
    data = read({"id": np.arange(300), "x": x, "z": rng.normal(size=300).round(1) * 0, "y": y}, id="id")
    found = same_rows_other_label(data.frame, data.schema)
    assert found is not None
    assert (found.groups, found.rows, found.errors, found.coarse) == (1, 3, 1, False)
    assert found.example == (0, 2)
    coarse = read({"u": rng.choice(["p", "q"], 300), "v": rng.choice(["r", "s"], 300), "y": y})
    found = same_rows_other_label(coarse.frame, coarse.schema)
    assert found is not None
    assert found.coarse
    assert found.errors > 100


def test_annotators_are_compared_by_krippendorffs_alpha() -> None:
    # reliability data of Krippendorff (2011, Computing Krippendorff's Alpha-Reliability), example C: alpha 0.743
    rows = ["1 1 _ 1", "2 2 3 2", "3 3 3 3", "3 3 3 3", "2 2 2 2", "1 2 3 4", "4 4 4 4", "1 1 2 1", "2 2 2 2"]
    rows += ["_ 5 5 5", "_ _ 1 1", "_ _ 3 _", *["_ _ _ _"] * 8]
    table = pd.DataFrame([[None if said == "_" else said for said in row.split()] for row in rows], columns=[*"abcd"])
    data = read({"y": [*"133321422513", *"11111111"], "x": np.arange(20) % 7 / 2, **table}, annotator=[*"abcd"])
    found = compare_annotators(data.frame, data.schema, 0.95, 0)
    assert found is not None
    assert found.alpha == pytest.approx(0.743, abs=0.001)
    assert (found.n, found.disagreed) == (11, 3)
    majority = majority_labels(data.frame, data.schema)
    assert majority is not None
    assert list(majority[[1, 5]]) == ["2", ""]
    assert found.contradicted == 2


@pytest.mark.parametrize(("objective", "speaks"), [(Objective.BETA, True), (Objective.DB_VAE, False)])
def test_latents_of_pictures_speak_unless_the_label_helped_to_find_them(
    build: Any, objective: Objective, speaks: bool
) -> None:
    rng = np.random.default_rng(0)
    x, told = rng.normal(size=400), rng.normal(size=(400, 2))
    label = np.where(told[:, 0] > 0, "a", "b")
    columns = {"x": (x, Kind.REAL, Role.SENSITIVE), "y": (label, Kind.CATEGORY, Role.LABEL)}
    inputs = build(
        columns, told, reason_column=np.zeros((400, 0), np.int64), **dict.fromkeys(OF_CELLS, np.zeros((400, 0)))
    )
    found = doubts_of(replace(inputs, model=replace(inputs.model, objective=objective)))
    assert (found is not None and "latents" in found.basis) == speaks
