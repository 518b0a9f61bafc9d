"""The whole judgement: real rows pass as real, shuffled columns do not, and trees stand beside both."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from vaeaudit.analysis.generation.judging import Data, Rows, judge
from vaeaudit.analysis.generation.trees import rows_of_trees
from vaeaudit.data.encoding.features import fit_features
from vaeaudit.data.schema.columns import Column, Kind, Role, Schema

NAMES = ("age", "pay", "job", "label")


def people(n, seed):
    rng = np.random.default_rng(seed)
    age = rng.integers(20, 70, n).astype(float)
    job = np.where(rng.random(n) < (age - 15) / 70, "manager", "clerk")
    pay = np.round(np.where(job == "manager", 3000, 1500) + 20 * age + rng.normal(0, 200, n))
    label = np.where(pay + rng.normal(0, 300, n) > 3000, "yes", "no")
    frame = pd.DataFrame({"age": age, "pay": pay})
    frame["job"] = pd.Categorical(job, categories=["clerk", "manager"])
    frame["label"] = pd.Categorical(label, categories=["no", "yes"])
    frame.loc[::9, "pay"] = np.nan
    return frame


@pytest.fixture(scope="module")
def data():
    schema = Schema(
        (
            Column("age", Kind.COUNT),
            Column("pay", Kind.REAL),
            Column("job", Kind.CATEGORY, levels=("clerk", "manager")),
            Column("label", Kind.BOOLEAN, Role.LABEL, levels=("no", "yes")),
        )
    )
    trained, held_out = people(900, 0), people(400, 1)
    scaling = fit_features(trained, schema)

    def features(frame):
        return scaling.encode(frame, schema).astype(np.float64)

    rows = (Rows(frame, features(frame)) for frame in (trained, held_out))
    return Data(*rows, schema, NAMES, "columns", features)


def named(quality):
    return {measure.name: measure for measure in quality.measures}


def test_fresh_rows_of_the_same_source_are_as_good_as_real_ones(data):
    fresh = people(900, 2)
    found = named(judge(data, Rows(fresh, data.features(fresh)), 0.95, 0))
    assert list(found) == ["told_apart", "marginals", "associations", "utility"]
    assert found["told_apart"].model.ci.low < 0.5
    assert found["utility"].model.value == pytest.approx(found["utility"].real.value, abs=0.05)
    assert {measure.better for measure in found.values()} <= {"model", "too close to tell"}


def test_columns_that_know_nothing_of_each_other_lose_to_the_trees(data):
    rng = np.random.default_rng(0)
    fresh = people(900, 2)
    shuffled = pd.DataFrame({name: fresh[name].iloc[rng.permutation(900)].array for name in fresh})
    quality = judge(data, Rows(shuffled, data.features(shuffled)), 0.95, 0)
    found = named(quality)
    assert [found[name].better for name in ("told_apart", "associations", "utility")] == ["trees"] * 3
    assert found["marginals"].better == "too close to tell"
    assert {"pay", "job"} <= {name for pair in quality.worst_pairs[:3] for name in pair.columns}


def test_without_held_out_rows_nothing_is_judged(data):
    few = Data(data.trained, data.held_out.some(5, np.random.default_rng(0)), data.schema, NAMES, "columns")
    assert judge(few, data.trained, 0.95, 0) is None


def test_trees_draw_values_of_the_rows_and_keep_what_goes_together():
    rows = rows_of_trees(people(900, 0), NAMES, 2000, np.random.default_rng(0))
    assert list(rows) == list(NAMES)
    assert set(rows["job"].dropna()) == {"clerk", "manager"}
    gap = rows.groupby("job", observed=True)["pay"].mean()
    assert gap["manager"] - gap["clerk"] > 1200
    assert rows["pay"].isna().mean() == pytest.approx(1 / 9, abs=0.04)
