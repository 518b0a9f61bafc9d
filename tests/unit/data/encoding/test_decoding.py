"""Decoding undoes encoding: levels, integers, decimals, days and missing cells are as they were."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from vaeaudit.config import ReadConfig
from vaeaudit.data.encoding.decoding import CellValues, grain_of
from vaeaudit.data.encoding.table_encoding import fit_encoding
from vaeaudit.data.reading.load import load
from vaeaudit.data.schema.columns import Kind
from vaeaudit.data.schema.written import as_written


@pytest.fixture
def dataset(dataset_of):
    rng = np.random.default_rng(0)
    n = 2000
    days = np.datetime64("2020-01-01") + rng.integers(0, 900, n).astype("timedelta64[D]")
    colour = rng.choice(["red", "blue", "green"], n, p=[0.6, 0.3, 0.1]).astype(object)
    colour[::7] = None
    return dataset_of(
        {
            "height": (np.round(rng.normal(170, 10, n), 1), Kind.REAL),
            "pay": (np.round(np.exp(rng.normal(7, 1, n)), 2), Kind.POSITIVE),
            "calls": (rng.negative_binomial(2, 0.03, n).astype(float), Kind.COUNT),
            "hours": (np.where(rng.random(n) < 0.5, 40.0, rng.integers(1, 99, n)), Kind.COUNT),
            "since": (days, Kind.DATETIME),
            "colour": (colour, Kind.CATEGORY),
            "works": (rng.choice(["no", "yes"], n), Kind.BOOLEAN),
        }
    )


def test_what_was_encoded_comes_back(dataset):
    encoding = fit_encoding(dataset, max_levels=255)
    values = CellValues.of(encoding, dataset.schema, dataset.frame)
    back = values.decode(encoding.encode(dataset.frame), np.random.default_rng(0))
    assert list(back) == list(dataset.schema.names)
    for name in ("colour", "works", "calls", "since"):
        pd.testing.assert_series_equal(back[name], dataset.frame[name], check_names=False)
    assert back["height"].to_numpy() == pytest.approx(dataset.frame["height"].to_numpy(), abs=0.051)
    assert back["pay"].to_numpy() == pytest.approx(dataset.frame["pay"].to_numpy(), rel=1e-4, abs=0.01)
    assert (back["hours"] == 40).equals(dataset.frame["hours"] == 40)


def test_numbers_keep_their_decimals_and_their_range(dataset):
    encoding = fit_encoding(dataset, max_levels=255)
    values = CellValues.of(encoding, dataset.schema, dataset.frame)
    rows = encoding.encode(dataset.frame)
    far = rows.values + 100.0
    made = values.decode(type(rows)(far, rows.codes, rows.observed), np.random.default_rng(0))
    assert made["height"].max() <= dataset.frame["height"].max()
    assert (made["hours"] == made["hours"].round()).all()
    assert (made["height"] == made["height"].round(1)).all()


def test_rare_levels_that_share_a_code_are_drawn_as_often_as_each_occurs(dataset):
    encoding = fit_encoding(dataset, max_levels=1)
    values = CellValues.of(encoding, dataset.schema, dataset.frame)
    back = values.decode(encoding.encode(dataset.frame), np.random.default_rng(0))
    known = dataset.frame["colour"].value_counts(normalize=True)
    assert back["colour"].value_counts(normalize=True)["blue"] == pytest.approx(known["blue"], abs=0.03)
    assert (back["colour"].isna() == dataset.frame["colour"].isna()).all()


@pytest.mark.parametrize(
    ("numbers", "kind", "grain"),
    [
        ([1.0, 20.0], Kind.COUNT, 1.0),
        ([1.5, 2.25], Kind.REAL, 0.01),
        ([np.pi], Kind.REAL, 0.0),
        ([86400.0, 172800.0], Kind.DATETIME, 86400.0),
        ([3600.0], Kind.DATETIME, 3600.0),
        ([], Kind.REAL, 0.0),
        (list(np.arange(30) * 7 * 86400.0 + 3 * 86400.0), Kind.DATETIME, 7 * 86400.0),
        (list(np.arange(30) * 0.25), Kind.REAL, 0.25),
    ],
)
def test_the_grain_of_a_column(numbers, kind, grain):
    assert grain_of(np.array(numbers), kind) == grain


def test_numbers_are_brought_to_their_distribution_by_rank(dataset):
    encoding = fit_encoding(dataset, max_levels=255)
    rows = encoding.encode(dataset.frame)
    place = encoding.names.index("height")
    squeezed = rows.values.copy()
    squeezed[:, place] = 0.1 * squeezed[:, place] - 1.0  # as a model would draw that knows the order alone
    drawn = type(rows)(squeezed, rows.codes, rows.observed)
    values = CellValues.of(encoding, dataset.schema, dataset.frame).with_usual(drawn)
    back = values.decode(drawn, np.random.default_rng(0))
    assert back["height"].quantile([0.1, 0.5, 0.9]).to_numpy() == pytest.approx(
        dataset.frame["height"].quantile([0.1, 0.5, 0.9]).to_numpy(), abs=0.3
    )
    assert back["height"].corr(dataset.frame["height"], method="spearman") > 0.999


@pytest.mark.parametrize(
    ("seconds", "form", "grain"),
    [
        (60, "%H:%M", 60),
        (900, "%H:%M", 900),
        (1, "%H:%M:%S", 1),
        (3600, "%Y-%m-%d %H:%M", 3600),
        (60, "%Y-%m-%d %H:%M", 60),
        (86400, "%Y-%m-%d", 86400),
    ],
)
def test_times_are_as_fine_as_those_of_the_source_and_no_finer(seconds, form, grain):
    rng = np.random.default_rng(0)
    days = 1 if "%d" not in form else 400
    places = rng.integers(0, days * 86400 // seconds, 1500) * seconds
    texts = (pd.Timestamp("2024-01-01") + pd.to_timedelta(places, unit="s")).strftime(form)
    dataset = load(pd.DataFrame({"at": texts, "x": rng.normal(size=1500)}), ReadConfig())
    encoding = fit_encoding(dataset, max_levels=255)
    rows = encoding.encode(dataset.frame)
    moved = type(rows)(rows.values + 0.01 * rng.normal(size=rows.values.shape), rows.codes, rows.observed)
    made = CellValues.of(encoding, dataset.schema, dataset.frame).decode(moved, rng)["at"]
    written = as_written(made, dataset.schema["at"], as_text=True)
    read = pd.to_datetime(written, format="mixed")
    assert (read.dt.hour * 3600 + read.dt.minute * 60 + read.dt.second).mod(min(grain, 86400)).eq(0).all()
    assert made.nunique() > 30
    if form == "%H:%M":
        assert written.str.fullmatch(r"\d\d:\d\d").all()
