"""From a model to codes: every row once, with its bound and what no latent moves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vaeaudit.config import Objective
from vaeaudit.data.encoding.column_encoding import ColumnEncoding, Likelihood
from vaeaudit.data.schema.columns import Kind
from vaeaudit.models.inference import CHUNK, TRAVERSAL
from vaeaudit.models.table.inference import encode_rows, in_user_units, traversals


def encode(learned: Any, frame: pd.DataFrame, **more: Any) -> Any:
    model = learned.training.model
    options = {"n_samples": 8, "seed": 0, **more}
    return encode_rows(model, frame, np.zeros(len(frame), bool), **options)


def test_the_codes_have_the_shapes_that_the_contract_names(learned: Any) -> None:
    n_rows, n_latents = len(learned.dataset), 4
    assert learned.codes.mean.shape == learned.codes.kl.shape == (n_rows, n_latents)
    assert learned.codes.reason_nats.shape == learned.codes.reason_p.shape == (n_rows, 0)  # nobody asked the cells yet
    assert learned.codes.surprises is None
    assert learned.codes.columns == learned.encoding.names
    np.testing.assert_array_equal(learned.codes.held_out, learned.held_out)
    for name, array in learned.codes.to_arrays().items():
        if array.dtype.kind == "f":
            assert np.isfinite(array).all(), name


def test_kl_and_bounds_hang_together(learned: Any) -> None:
    codes = learned.codes
    closed = 0.5 * (codes.mean**2 + codes.stddev**2 - 1 - 2 * np.log(codes.stddev))
    np.testing.assert_allclose(codes.kl, closed, rtol=1e-3, atol=1e-4)
    assert codes.elbo.mean() < codes.iwae.mean()
    more = encode(learned, learned.dataset.frame, n_samples=64)
    assert codes.iwae.mean() < more.iwae.mean() + 0.02


def test_the_same_seed_gives_the_same_bound_and_another_a_similar_one(learned: Any) -> None:
    frame = learned.dataset.frame
    first, again, other = encode(learned, frame), encode(learned, frame), encode(learned, frame, seed=9)
    np.testing.assert_array_equal(first.iwae, again.iwae)
    assert (first.iwae != other.iwae).any()
    assert first.iwae.mean() == pytest.approx(other.iwae.mean(), abs=0.05)
    np.testing.assert_array_equal(first.mean, other.mean)


def test_a_table_longer_than_a_chunk_is_encoded_row_by_row(learned: Any) -> None:
    repeats = CHUNK // len(learned.dataset) + 2
    long = pd.concat([learned.dataset.frame] * repeats, ignore_index=True)
    told: list[int] = []
    codes = encode(learned, long, on_rows=told.append)

    np.testing.assert_allclose(codes.mean[: len(learned.dataset)], learned.codes.mean, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(codes.mean[-len(learned.dataset) :], learned.codes.mean, rtol=1e-4, atol=1e-5)
    assert told[-1] == len(long)
    assert told == sorted(told)


def test_a_row_with_a_broken_cell_is_less_probable_than_hardly_any_other(learned: Any) -> None:
    frame = learned.dataset.frame.iloc[:50].copy()
    frame["height"] = frame["height"] / 2.54
    assert np.median(encode(learned, frame).iwae) < np.quantile(learned.codes.iwae, 0.01)


def test_a_traversal_moves_one_latent_and_answers_in_the_users_units(learned: Any) -> None:
    found = traversals(learned.training.model)
    names = learned.encoding.names

    assert found.shape == (4, len(TRAVERSAL), len(names))
    middle = len(TRAVERSAL) // 2
    np.testing.assert_allclose(found[:, middle], np.repeat(found[:1, middle], 4, axis=0), rtol=1e-5)
    height, pay = found[..., names.index("height")], found[..., names.index("pay")]
    assert np.all((height > 100) & (height < 260))
    assert np.all(pay > 0)
    assert np.max(np.ptp(height, axis=1)) > 5  # some latent moves height
    grade = found[..., names.index("grade")]
    assert set(np.unique(grade)) <= {0, 1, 2, 3}


def test_encoded_expectations_come_back_in_the_users_units() -> None:
    columns = (
        ColumnEncoding("r", Kind.REAL, Likelihood.NORMAL, location=10, scale=2),
        ColumnEncoding("p", Kind.POSITIVE, Likelihood.LOG_NORMAL, location=1, scale=0.5),
        ColumnEncoding("n", Kind.COUNT, Likelihood.NEGATIVE_BINOMIAL, location=1, scale=1),
        ColumnEncoding("c", Kind.CATEGORY, Likelihood.CATEGORICAL, n_codes=3),
        ColumnEncoding("q", Kind.REAL, Likelihood.QUANTISED, n_codes=2, atoms=(7.0,), centres=(7.0, 9.0)),
    )
    found = in_user_units(np.array([[1.5, 2.0, 4.5, 1, 0], [-1.0, 0.0, 0.0, 2, 1]]), columns)
    np.testing.assert_allclose(found, [[13, np.exp(2), 4.5, 1, 7], [8, np.e, 0, np.nan, 9]])


def test_a_column_at_the_end_of_float64_is_expected_within_it() -> None:
    huge = (
        ColumnEncoding("r", Kind.REAL, Likelihood.NORMAL, location=1e308, scale=9e307),
        ColumnEncoding("p", Kind.POSITIVE, Likelihood.LOG_NORMAL, location=700, scale=5),
    )
    assert np.isfinite(in_user_units(np.array([[20.0, 20.0], [-20.0, -20.0]]), huge)).all()


def test_the_autoencoder_is_scored_like_the_others(learned: Any) -> None:
    model = replace(learned.training.model.config, objective=Objective.AE.value)
    training = learned.train_again(model=model)
    codes = learned.codes_of(training)

    assert codes.active.any()
    assert np.isfinite(codes.iwae).all()
    np.testing.assert_allclose(codes.iwae, codes.log_likelihood, atol=0.05)
    assert codes.log_likelihood[learned.held_out].mean() > training.baseline.mean()
