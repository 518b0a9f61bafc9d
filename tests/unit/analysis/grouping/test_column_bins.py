from __future__ import annotations

import numpy as np
import pytest

from vaeaudit.analysis.grouping.groups import MOST_CELLS, bin_columns, sample_rows, smooth_features
from vaeaudit.data.schema.columns import Kind


def test_columns_that_cannot_repeat_or_that_never_vary_are_left_out(people):
    names = [column.column for column in bin_columns(people.frame, people.schema)]
    assert names == ["hours", "job", "region", "since", "pay", "age", "sex", "hired"]
    constant = people.frame.iloc[[0, 0, 0]]
    assert bin_columns(constant, people.schema) == []


def test_every_row_has_a_bin_and_missing_cells_have_one_of_their_own(people):
    (pay,) = bin_columns(people.frame, people.schema, ["pay"])
    missing = people.frame["pay"].isna().to_numpy()
    assert (pay.codes >= 0).all()
    assert ((pay.codes == pay.missing) == missing).all()


def test_a_wide_table_is_judged_on_fewer_rows_and_a_narrow_one_on_all():
    rng = np.random.default_rng(0)
    assert sample_rows(5_000, 10, rng).tolist() == list(range(5_000))
    wide = sample_rows(50_000, 5_000, rng)
    assert len(wide) * 5_000 <= MOST_CELLS
    assert (np.diff(wide) > 0).all()


def test_smooth_features_hold_a_curve_per_number_and_a_flag_per_level(build):
    table = {"size": (np.r_[np.arange(20.0), np.nan], Kind.REAL), "job": (["a", "b", "c"] * 7, Kind.CATEGORY)}
    inputs = build(table, np.zeros((21, 1)))
    columns = bin_columns(inputs.frame, inputs.schema)
    features = smooth_features(columns, np.arange(21)).toarray()
    assert features.shape == (21, 3 + 3)
    place, square, absent = features[:, :3].T
    assert (np.diff(place[:20]) >= 0).all()
    assert place.mean() == pytest.approx(0, abs=1e-9)
    assert place.std() == pytest.approx(1)
    assert square == pytest.approx(place**2 - 1)
    assert absent.tolist() == [0.0] * 20 + [1.0]
    assert features[:, 3:].sum(axis=1).tolist() == [1.0] * 21
