"""Typed columns become finite numbers in known ranges, whatever they hold, and densities keep their mass."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from scipy import stats

from vaeaudit.data.dataset import Dataset
from vaeaudit.data.encoding.column_encoding import CLIP, MISSING_CODE, ColumnEncoding, Likelihood, largest_count
from vaeaudit.data.encoding.table_encoding import EncodedRows, Encoding, fit_encoding
from vaeaudit.data.schema.columns import Kind
from vaeaudit.errors import InputError

RNG = np.random.default_rng(3)
N = 500
FINITE = st.floats(allow_nan=False, allow_infinity=False)
ENCODINGS = TypeAdapter(Encoding)
Make = Callable[[dict[str, tuple[Any, Kind]]], Dataset]
generous = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def assert_sound(encoding: Encoding, frame: pd.DataFrame) -> EncodedRows:
    """Everything finite, in range, and the same after a trip through JSON."""
    rows = encoding.encode(frame)
    assert np.isfinite(rows.values).all()
    for position, column in enumerate(encoding.numeric):
        limit = largest_count(column) if column.likelihood is Likelihood.NEGATIVE_BINOMIAL else CLIP
        assert np.abs(rows.values[:, position]).max() <= np.float32(limit)
    for position, column in enumerate(encoding.coded):
        assert rows.codes[:, position].max() < column.n_codes
        assert rows.codes[:, position].min() >= MISSING_CODE
    assert np.isfinite(encoding.base_log_density(frame)).all()
    assert np.isfinite(encoding.unit_correction(frame)).all()
    again = ENCODINGS.validate_json(json.dumps(asdict(encoding), allow_nan=False), strict=True)
    assert again == encoding
    return rows


def fit_one(dataset_of: Make, values: Any, kind: Kind, *, max_levels: int = 255) -> tuple[Encoding, Dataset]:
    dataset = dataset_of({"x": (values, kind)})
    return fit_encoding(dataset, max_levels=max_levels), dataset


# --- which likelihood -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "kind", "likelihood"),
    [
        (RNG.normal(size=N), Kind.REAL, Likelihood.NORMAL),
        (RNG.standard_t(2.5, N), Kind.REAL, Likelihood.STUDENT_T),
        (RNG.lognormal(size=N), Kind.POSITIVE, Likelihood.LOG_NORMAL),
        (np.floor(RNG.lognormal(4, 1, N)), Kind.COUNT, Likelihood.NEGATIVE_BINOMIAL),
        (RNG.integers(18, 75, N), Kind.COUNT, Likelihood.NORMAL),
        (RNG.integers(0, 5, N), Kind.COUNT, Likelihood.QUANTISED),
        (np.where(RNG.random(N) < 0.5, 40, RNG.normal(40, 9, N)), Kind.REAL, Likelihood.QUANTISED),
        (RNG.choice(["yes", "no"], N), Kind.BOOLEAN, Likelihood.BERNOULLI),
        (RNG.choice(["a", "b", "c"], N), Kind.ORDINAL, Likelihood.ORDERED_LOGISTIC),
        (RNG.choice(["a", "b", "c"], N), Kind.CATEGORY, Likelihood.CATEGORICAL),
        (np.datetime64("2020-01-01") + RNG.integers(0, 900, N), Kind.DATETIME, Likelihood.NORMAL),
    ],
)
def test_the_kind_and_the_values_choose_the_likelihood(
    dataset_of: Make, values: Any, kind: Kind, likelihood: Likelihood
) -> None:
    encoding, dataset = fit_one(dataset_of, values, kind)

    assert encoding.columns[0].likelihood is likelihood
    assert_sound(encoding, dataset.frame)


def test_columns_stand_in_model_order_whatever_their_order_in_the_table(dataset_of: Make) -> None:
    columns = {
        "big category": (RNG.choice(list("abcdefghij"), N), Kind.CATEGORY),
        "flag": (RNG.choice(["y", "n"], N), Kind.BOOLEAN),
        "real": (RNG.normal(size=N), Kind.REAL),
        "rank": (RNG.choice(["a", "b", "c"], N), Kind.ORDINAL),
        "small category": (RNG.choice(["a", "b"], N), Kind.CATEGORY),
        "income": (RNG.lognormal(size=N), Kind.POSITIVE),
    }
    names = fit_encoding(dataset_of(columns), max_levels=255).names
    turned = fit_encoding(dataset_of(dict(reversed(columns.items()))), max_levels=255).names

    assert names == ("real", "income", "flag", "rank", "small category", "big category")
    assert turned == names


def test_an_encoding_out_of_model_order_is_refused() -> None:
    coded = ColumnEncoding("c", Kind.CATEGORY, Likelihood.CATEGORICAL, n_codes=3)
    with pytest.raises(ValueError, match="model order"):
        Encoding((coded, ColumnEncoding("x", Kind.REAL, Likelihood.NORMAL)))


def test_a_table_without_a_column_for_the_model_is_refused_with_a_way_out(dataset_of: Make) -> None:
    dataset = dataset_of({"note": (["some text"] * 30, Kind.TEXT)})
    with pytest.raises(InputError, match="no column is left") as caught:
        fit_encoding(dataset, max_levels=255)
    assert "vaeaudit inspect" in str(caught.value.hint)


# --- numbers --------------------------------------------------------------------------------------------------------


def test_a_real_column_is_standardised_by_moments_that_an_extreme_value_does_not_move(dataset_of: Make) -> None:
    clean = RNG.normal(50, 10, 2000)
    encoding, _ = fit_one(dataset_of, clean, Kind.REAL)
    spoiled, dataset = fit_one(dataset_of, np.concatenate([clean, [1e308]]), Kind.REAL)

    column = spoiled.columns[0]
    assert column.location == pytest.approx(encoding.columns[0].location, abs=0.1)
    assert column.scale == pytest.approx(encoding.columns[0].scale, rel=0.02)
    assert assert_sound(spoiled, dataset.frame).values[-1, 0] == CLIP


@pytest.mark.parametrize("kind", [Kind.REAL, Kind.POSITIVE, Kind.COUNT])
@given(data=st.data())
@generous
def test_hostile_finite_numbers_give_finite_encodings(dataset_of: Make, kind: Kind, data: st.DataObject) -> None:
    least = {"min_value": 5e-324} if kind is Kind.POSITIVE else {}
    some = st.floats(allow_nan=False, allow_infinity=False, **least)
    if kind is Kind.COUNT:
        some = st.integers(0, 10**308).map(float)
    hostile = data.draw(st.lists(some, min_size=20, max_size=80))
    n_plain = data.draw(st.sampled_from([0, 40, 400]))
    plain = np.abs(np.round(np.random.default_rng(0).normal(50, 12, n_plain), 0 if kind is Kind.COUNT else 3)) + 1
    encoding, dataset = fit_one(dataset_of, np.concatenate([plain, hostile]), kind)
    assert_sound(encoding, dataset.frame)

    # New rows may hold what the kind of the fitted rows rules out.
    new = data.draw(st.lists(st.one_of(FINITE, st.just(np.nan)), min_size=1, max_size=20))
    assert_sound(encoding, pd.DataFrame({"x": np.array(new, np.float64)}))


def test_values_at_both_ends_of_float64_keep_their_place(dataset_of: Make) -> None:
    values = 1.7e308 * np.linspace(-1, 1, 200)
    encoding, dataset = fit_one(dataset_of, values, Kind.REAL)
    standardised = assert_sound(encoding, dataset.frame).values[:, 0]

    assert np.all(np.diff(standardised) > 0)
    np.testing.assert_allclose(standardised, stats.zscore(np.arange(200)), rtol=0.05, atol=0.02)


def test_missing_numbers_are_masked_and_encoded_as_zero(dataset_of: Make) -> None:
    values = RNG.normal(5, 1, N)
    values[::5] = np.nan
    encoding, dataset = fit_one(dataset_of, values, Kind.REAL)
    rows = encoding.encode(dataset.frame)

    assert encoding.columns[0].has_missing
    np.testing.assert_array_equal(rows.observed[:, 0], ~np.isnan(values))
    assert np.all(rows.values[::5] == 0)
    assert np.all(encoding.unit_correction(dataset.frame)[::5] == 0)


def test_dates_are_seconds_and_missing_dates_are_masked(dataset_of: Make) -> None:
    days = np.datetime64("1950-01-01") + RNG.integers(0, 40_000, N)
    days[3] = np.datetime64("NaT")
    encoding, dataset = fit_one(dataset_of, days, Kind.DATETIME)
    rows = encoding.encode(dataset.frame)
    column = encoding.columns[0]

    seconds = days.astype("datetime64[s]").astype(np.int64)
    keep = np.arange(N) != 3
    np.testing.assert_allclose(rows.values[keep, 0], (seconds[keep] - column.location) / column.scale, atol=1e-5)
    assert not rows.observed[3, 0]


# --- codes ----------------------------------------------------------------------------------------------------------


def test_rare_levels_share_the_last_code_and_split_its_probability(dataset_of: Make) -> None:
    values = ["a"] * 50 + ["b"] * 30 + ["c"] * 5 + ["d"] * 3 + ["e"] * 2
    encoding, dataset = fit_one(dataset_of, values, Kind.CATEGORY, max_levels=2)
    rows, base = encoding.encode(dataset.frame), encoding.base_log_density(dataset.frame)

    assert encoding.columns[0].n_codes == 3
    np.testing.assert_array_equal(rows.codes[:, 0], [0] * 50 + [1] * 30 + [2] * 10)
    np.testing.assert_allclose(base[:, 0], [0.0] * 80 + [-np.log(3)] * 10, rtol=1e-6)


def test_a_level_that_only_new_rows_have_takes_the_shared_code(dataset_of: Make) -> None:
    encoding, dataset = fit_one(dataset_of, ["a"] * 30 + ["b"] * 20, Kind.CATEGORY)
    new = pd.DataFrame({"x": pd.Categorical(["b", "new", "newer", None], categories=["a", "b", "new", "newer"])})
    rows = encoding.encode(new)

    np.testing.assert_array_equal(rows.codes[:, 0], [1, 2, 2, MISSING_CODE])
    np.testing.assert_array_equal(rows.observed[:, 0], [True, True, True, False])
    assert encoding.encode(dataset.frame).codes.max() == 1


@given(st.lists(st.sampled_from(["a", "b", "c", None]), min_size=25, max_size=60), st.integers(1, 4))
@generous
def test_any_mix_of_levels_and_gaps_is_encoded_in_range(dataset_of: Make, values: list[str], max_levels: int) -> None:
    if len(set(values) - {None}) < 2:
        values = [*values, "a", "b"]
    encoding, dataset = fit_one(dataset_of, values, Kind.CATEGORY, max_levels=max_levels)
    rows = assert_sound(encoding, dataset.frame)
    np.testing.assert_array_equal(rows.codes[:, 0] == MISSING_CODE, [value is None for value in values])


# --- rows and units -------------------------------------------------------------------------------------------------


def test_the_unit_correction_turns_standardised_densities_into_the_users_units(dataset_of: Make) -> None:
    dataset = dataset_of(
        {"real": (RNG.normal(5, 3, N), Kind.REAL), "income": (RNG.lognormal(8, 0.7, N), Kind.POSITIVE)}
    )
    encoding = fit_encoding(dataset, max_levels=255)
    rows = encoding.encode(dataset.frame)
    real, income = encoding.columns
    standard = stats.norm.logpdf(rows.values.astype(np.float64)).sum(axis=1)
    own = stats.norm.logpdf(dataset.frame["real"], real.location, real.scale) + stats.lognorm.logpdf(
        dataset.frame["income"], income.scale, scale=np.exp(income.location)
    )

    np.testing.assert_allclose(standard + encoding.unit_correction(dataset.frame), own, atol=1e-4)


def test_rows_must_share_their_number() -> None:
    values, codes = np.zeros((3, 1), np.float32), np.zeros((3, 1), np.int32)
    with pytest.raises(ValueError, match="N = 4"):
        EncodedRows(values, codes, np.ones((4, 2), bool))
    with pytest.raises(ValueError, match="C = 3"):
        EncodedRows(values, codes, np.ones((3, 3), bool))


def test_taking_rows_keeps_them_together() -> None:
    rows = EncodedRows(np.arange(4, dtype=np.float32)[:, None], np.zeros((4, 0), np.int32), np.ones((4, 1), bool))
    assert rows.take(np.array([3, 1])).values[:, 0].tolist() == [3, 1]
    assert len(rows.take(slice(1, 3))) == 2
