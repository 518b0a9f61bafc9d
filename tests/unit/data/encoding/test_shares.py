"""What codes and missing cells are improbable by in their columns alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from vaeaudit.data.dataset import Dataset
from vaeaudit.data.encoding.shares import CodeShares, most_codes
from vaeaudit.data.encoding.table_encoding import Encoding, fit_encoding
from vaeaudit.data.schema.columns import Kind

N = 100
LEVELS = ["a"] * 50 + ["b"] * 25 + [None] * 25
HEIGHTS = np.where(np.arange(N) % 10 == 0, np.nan, 170.0 + np.arange(N))


@pytest.fixture
def fitted(dataset_of: Callable[..., Dataset]) -> tuple[Encoding, Dataset]:
    dataset = dataset_of(
        {
            "height": (HEIGHTS, Kind.REAL),
            "pay": (np.arange(N) + 1.5, Kind.POSITIVE),
            "level": (np.array(LEVELS, object), Kind.CATEGORY),
            "flag": (np.array(["no", "yes"], object)[(np.arange(N) < 3).astype(int)], Kind.BOOLEAN),
        }
    )
    return fit_encoding(dataset, max_levels=255), dataset


def test_nats_are_minus_the_log_of_the_smoothed_share_of_the_code_and_of_its_presence(
    fitted: tuple[Encoding, Dataset],
) -> None:
    encoding, dataset = fitted
    rows = encoding.encode(dataset.frame)
    nats = CodeShares.of(encoding, rows).nats(rows)
    of = {column.name: place for place, column in enumerate(encoding.columns)}

    def alone(count: int, n_rows: int) -> float:
        return -np.log((count + 0.5) / (n_rows + 1))

    missing = np.isnan(HEIGHTS)
    np.testing.assert_allclose(nats[:, of["height"]], np.where(missing, alone(10, N), alone(90, N)), rtol=1e-6)
    np.testing.assert_array_equal(nats[:, of["pay"]], 0)  # a plain number that is always there
    expected = [alone(75, N) + alone(50, 75)] * 50 + [alone(75, N) + alone(25, 75)] * 25 + [alone(25, N)] * 25
    np.testing.assert_allclose(nats[:, of["level"]], expected, rtol=1e-6)
    np.testing.assert_allclose(nats[:, of["flag"]], [alone(3, N)] * 3 + [alone(97, N)] * 97, rtol=1e-6)


def test_a_level_that_no_row_had_is_improbable_but_not_impossible(fitted: tuple[Encoding, Dataset]) -> None:
    encoding, dataset = fitted
    shares = CodeShares.of(encoding, encoding.encode(dataset.frame))
    frame = dataset.frame.iloc[:1].assign(level=pd.Categorical(["c"], categories=["a", "b", "c"]))
    nats = shares.nats(encoding.encode(frame))[0]
    known = shares.nats(encoding.encode(dataset.frame.iloc[[60]]))[0]  # the rarer of the known levels
    place = [column.name for column in encoding.columns].index("level")
    assert known[place] < nats[place] < np.inf


def test_they_survive_being_stored(fitted: tuple[Encoding, Dataset]) -> None:
    encoding, dataset = fitted
    rows = encoding.encode(dataset.frame)
    shares = CodeShares.of(encoding, rows)
    np.testing.assert_array_equal(CodeShares.from_arrays(shares.to_arrays()).nats(rows), shares.nats(rows))


def test_a_table_of_numbers_has_no_codes_and_no_nats(dataset_of: Callable[..., Dataset]) -> None:
    dataset = dataset_of({"x": (np.arange(N) * 1.1, Kind.REAL), "y": (np.arange(N) * 2.1, Kind.REAL)})
    encoding = fit_encoding(dataset, max_levels=255)
    rows = encoding.encode(dataset.frame)
    assert most_codes(encoding) == 1
    np.testing.assert_array_equal(CodeShares.of(encoding, rows).nats(rows), np.zeros((N, 2)))
