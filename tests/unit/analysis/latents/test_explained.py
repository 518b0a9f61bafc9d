from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from vaeaudit.analysis.grouping.groups import group_column
from vaeaudit.analysis.latents.explained import bin_sums, direction, explain_latents, held_out_r2, noise_floor
from vaeaudit.data.schema.columns import Column, Kind


def grouping(values, kind=Kind.REAL, name="x", bins=20):
    if kind.is_levelled:
        series = pd.Series(pd.Categorical(values))
        return group_column(series, Column(name, kind, levels=tuple(series.cat.categories)))
    return group_column(pd.Series(np.asarray(values, dtype=float)), Column(name, kind), bins=bins)


def test_bin_sums_are_those_of_a_loop():
    rng = np.random.default_rng(0)
    codes, targets = rng.integers(0, 4, 50), rng.normal(size=(50, 3))
    sums, counts = bin_sums(codes, 5, targets)
    for place in range(5):
        assert sums[place] == pytest.approx(targets[codes == place].sum(axis=0))
        assert counts[place] == (codes == place).sum()


def test_a_column_that_fixes_the_latent_explains_all_of_it_and_a_constant_one_nothing():
    codes = np.tile([0, 1], 5_000)
    half = np.arange(10_000) < 5_000
    targets = np.stack([codes * 2.0, np.zeros(10_000)], axis=1)
    r2, error = held_out_r2(codes, 2, targets, half)
    assert r2 == pytest.approx([1.0, 0.0], abs=1e-4)
    assert error == pytest.approx([0.0, 0.0], abs=1e-4)
    assert held_out_r2(np.zeros(10_000, dtype=int), 1, targets, half)[0] == pytest.approx(0, abs=1e-6)


def test_the_share_of_variance_that_is_explained_is_the_one_that_was_planted():
    rng = np.random.default_rng(1)
    level = rng.integers(0, 2, 20_000)
    target = level + rng.normal(0, 0.5, 20_000)  # variance 1/4 from the level, 1/4 from noise
    r2, _ = held_out_r2(level, 2, target[:, None], np.arange(20_000) < 10_000)
    assert r2[0] == pytest.approx(0.5, abs=0.02)


def test_many_rare_levels_do_not_explain_noise():
    rng = np.random.default_rng(2)
    codes = rng.integers(0, 800, 1_000)
    r2, _ = held_out_r2(codes, 800, rng.normal(size=(1_000, 20)), rng.permutation(1_000) < 500)
    assert r2.max() < noise_floor(1_000, 800, 20)
    assert r2.mean() < 0


@pytest.mark.parametrize("n_bins", [2, 5, 20, 60, 300])
def test_columns_of_noise_stay_below_the_noise_floor(n_bins):
    rng = np.random.default_rng(n_bins)
    n_rows, n_latents = 300, 400
    codes = rng.integers(0, n_bins, n_rows)
    r2, _ = held_out_r2(codes, n_bins, rng.normal(size=(n_rows, n_latents)), rng.permutation(n_rows) < n_rows // 2)
    assert (r2 > noise_floor(n_rows, n_bins, n_latents)).sum() == 0


def test_the_noise_floor_is_not_so_high_that_a_clear_effect_hides():
    assert noise_floor(1_000, 20, 100) < 0.06
    assert noise_floor(1_000_000, 5, 100) == 0.01


def test_a_latent_made_from_a_column_is_explained_by_it_first():
    rng = np.random.default_rng(3)
    made, noise = rng.normal(size=2_000), rng.normal(size=(3, 2_000))
    columns = [grouping(noise[0], name="a"), grouping(made, name="made"), grouping(noise[1], name="b")]
    first, second = explain_latents(columns, np.stack([made, noise[2]], axis=1), rng)
    assert [entry.column for entry in first] == ["made"]
    assert first[0].score > 0.95
    assert first[0].direction == "rises"
    assert second == ()


def test_no_column_or_hardly_a_row_explains_nothing():
    rng = np.random.default_rng(0)
    assert explain_latents([], np.zeros((10, 2)), rng) == ((), ())
    assert explain_latents([grouping([1.0, 2.0])], np.ones((2, 1)), rng) == ((),)


def test_directions_are_named_in_words():
    x = np.linspace(-1, 1, 1_000)
    assert direction(grouping(x), 3 * x) == "rises"
    assert direction(grouping(x), -(x**3)) == "falls"
    assert direction(grouping(x), x**2) == "lowest in the middle"
    assert direction(grouping(x), -(x**2)) == "highest in the middle"
    levels = np.repeat(["a", "b", "c"], 400)
    target = np.repeat([0.0, 2.0, -1.0], 400)
    assert direction(grouping(levels, Kind.CATEGORY), target) == "from c up to b"


def test_a_level_of_three_rows_does_not_name_the_direction():
    levels = np.array(["a"] * 500 + ["b"] * 500 + ["rare"] * 3)
    target = np.array([0.0] * 500 + [1.0] * 500 + [9.0] * 3)
    assert direction(grouping(levels, Kind.CATEGORY), target) == "from a up to b"


def test_an_effect_of_missingness_is_said_to_be_one():
    values = np.where(np.arange(1_000) % 4 == 0, np.nan, np.arange(1_000) % 7)
    target = np.isnan(values) * 2.0
    assert direction(grouping(values), target) == "higher where missing"
    assert direction(grouping(values), -target) == "lower where missing"


def test_the_interval_holds_the_planted_share_as_often_as_it_says():
    rng, held = np.random.default_rng(4), 0
    half = np.arange(400) < 200
    for _ in range(300):
        level = rng.integers(0, 2, 400)
        r2, error = held_out_r2(level, 2, (level + rng.normal(0, 0.5, 400))[:, None], half)
        held += abs(r2[0] - 0.5) < 1.96 * error[0]
    assert held / 300 > 0.9
