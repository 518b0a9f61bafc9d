"""DataFrames as sources: the types of their columns are respected, and Dask gives what pandas gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from vaeaudit.config import ReadConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.reading.load import load
from vaeaudit.data.schema.columns import Kind
from vaeaudit.errors import UsageError


@dataclass
class Partition:
    frame: pd.DataFrame

    def compute(self) -> pd.DataFrame:
        return self.frame


@dataclass
class LooksLikeDask:
    """The part of Dask's DataFrame that is used: it is no dependency, so it may be absent here."""

    partitions: list[Partition]

    @property
    def npartitions(self) -> int:
        return len(self.partitions)


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    n_rows = 120
    return pd.DataFrame(
        {
            "real": rng.normal(size=n_rows),
            "count": pd.array(rng.integers(0, 9, n_rows), dtype="Int64"),
            "flag": rng.random(n_rows) > 0.5,
            "text": rng.choice(["red", "green", None], n_rows),
            "level": pd.Categorical(rng.choice(["x", "y", "z"], n_rows)),
            "grade": pd.Categorical(rng.choice(["low", "mid", "high"], n_rows), ["low", "mid", "high"], ordered=True),
            "when": pd.date_range("2024-01-01", periods=n_rows, freq="h", tz="Europe/Paris"),
            "month": pd.period_range("2001-01", periods=n_rows, freq="M"),
            "mixed": [1, "a", None, 2.5] * (n_rows // 4),
            "banded": pd.cut(rng.normal(size=n_rows), [-9, 0, 9]),
        }
    )


def kinds(dataset: Dataset) -> dict[str, str]:
    return {column.name: column.kind.value for column in dataset.schema}


def test_types_are_respected(frame: pd.DataFrame) -> None:
    assert kinds(load(frame)) == {
        "real": "real",
        "count": "count",
        "flag": "boolean",
        "text": "category",
        "level": "category",
        "grade": "ordinal",
        "when": "datetime",
        "month": "datetime",
        "mixed": "category",
        "banded": "ordinal",
    }


def test_ordered_categories_keep_their_order_and_time_zones_become_utc(frame: pd.DataFrame) -> None:
    dataset = load(frame)
    assert dataset.schema["grade"].levels == ("low", "mid", "high")
    assert dataset.schema["banded"].levels == ("(-9, 0]", "(0, 9]")
    assert dataset.frame["when"].iloc[0] == pd.Timestamp("2023-12-31 23:00")
    assert dataset.schema["mixed"].levels == ("1", "2.5", "a")


def test_a_dask_frame_gives_the_same_dataset_as_the_pandas_frame(frame: pd.DataFrame) -> None:
    parts = LooksLikeDask([Partition(frame.iloc[:50]), Partition(frame.iloc[50:51]), Partition(frame.iloc[51:])])
    whole, joined = load(frame), load(parts)
    pd.testing.assert_frame_equal(whole.frame, joined.frame)
    assert whole.schema == joined.schema
    assert whole.fingerprint == joined.fingerprint
    assert whole.row_ids.tolist() == joined.row_ids.tolist()


def test_the_real_dask_gives_the_same_dataset(frame: pd.DataFrame) -> None:
    dask_frame = pytest.importorskip("dask.dataframe", reason="Dask is optional")
    plain = frame[["real", "text", "flag"]]
    pd.testing.assert_frame_equal(load(dask_frame.from_pandas(plain, npartitions=3)).frame, load(plain).frame)


def test_a_csv_of_a_frame_gives_the_same_numbers_and_levels(frame: pd.DataFrame, tmp_path) -> None:
    plain = frame[["real", "count", "text", "level"]]
    path = tmp_path / "frame.csv"
    plain.to_csv(path, index=False)
    pd.testing.assert_frame_equal(load(path).frame, load(plain).frame)


def test_the_fingerprint_follows_the_values(frame: pd.DataFrame) -> None:
    changed = frame.copy()
    changed.loc[5, "real"] += 1e-9
    assert load(frame).fingerprint == load(frame.copy()).fingerprint != load(changed).fingerprint


def test_names_are_made_text_and_unique(frame: pd.DataFrame) -> None:
    values = frame[["real", "real", "count"]].set_axis([0, 0, ("a", "b")], axis=1)
    assert load(values).schema.names == ("0", "0.2", "('a', 'b')")


def test_a_named_index_is_noted(frame: pd.DataFrame) -> None:
    dataset = load(frame.set_index("count"))
    assert "count" not in dataset.schema
    assert any("reset_index" in note for note in dataset.notes)


def test_a_frame_is_called_a_dataframe_and_rows_keep_their_numbers(frame: pd.DataFrame) -> None:
    frame = frame[["real", "level"]].astype({"level": object})
    frame.iloc[3] = None
    dataset = load(frame)
    assert dataset.name == "DataFrame"
    assert str(dataset.accounting) == "120 read = 119 scored + 0 quarantined + 1 skipped"
    assert dataset.row_ids[:4].tolist() == ["0", "1", "2", "4"]


def test_infinite_values_and_odd_objects_do_not_stop_the_reading() -> None:
    frame = pd.DataFrame({"a": np.linspace(-1, 1, 30), "b": [object()] * 30, "c": [1 + 2j, 3j] * 15})
    frame.loc[0, "a"] = np.inf
    dataset = load(frame)
    assert dataset.schema["a"].kind is Kind.REAL
    assert dataset.schema["a"].missing == 1
    assert dataset.schema["b"].kind is Kind.CONSTANT
    assert dataset.schema["c"].kind is Kind.CATEGORY


@pytest.mark.parametrize("source", [[1, 2], None, LooksLikeDask([])])
def test_anything_else_is_refused(source: object) -> None:
    with pytest.raises(UsageError, match="expected a"):
        load(source, ReadConfig())
