"""From a file or folder to a Dataset: storage, accounting, shards, sizes."""

from __future__ import annotations

import csv
import os
import pickle
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vaeaudit.config import ReadConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.reading.inspection import describe
from vaeaudit.data.reading.load import load
from vaeaudit.data.schema.columns import Kind
from vaeaudit.data.schema.readings import ALWAYS_MISSING, AROUND
from vaeaudit.errors import InconclusiveError, InputError, UsageError, VaeauditError

ROWS = [f"{i / 7:.3f},{'xyz'[i % 3]}" for i in range(60)]


def write(path: Path, header: str, rows: list[str]) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_storage_is_as_the_dataset_promises(tmp_path: Path) -> None:
    rows = [
        f"id-{i},{i % 7},{i / 3:.2f},{'xy'[i % 2]},{'yes' if i % 3 else 'no'},2024-01-{1 + i % 28:02},same"
        for i in range(60)
    ]
    frame = load(write(tmp_path / "t.csv", "id,n,r,c,b,d,k", [*rows, "id-60,?,,NA,,n/a,"])).frame
    assert [str(frame[name].dtype) for name in "nrcbd"] == [
        "float64",
        "float64",
        "category",
        "category",
        "datetime64[ns]",
    ]
    assert [frame[name].dtype for name in ("id", "k")] == [np.dtype(object)] * 2
    assert isinstance(frame.index, pd.RangeIndex)
    last = frame.iloc[-1]
    assert last[["n", "r", "c", "b", "d", "k"]].isna().all()
    assert last["k"] is None
    assert last["id"] == "id-60"


def test_rows_without_any_value_are_skipped_and_counted(tmp_path: Path) -> None:
    dataset = load(write(tmp_path / "t.csv", "a,b", [*ROWS[:30], "?,NA", "", " , ", "1", *ROWS[30:]]))
    assert str(dataset.accounting) == "64 read = 60 scored + 1 quarantined + 3 skipped"
    assert dataset.row_ids[30] == "34"
    assert dataset.quarantine.to_dict("records") == [
        {"file": "t.csv", "row": 33, "reason": "1 cell(s), the header has 2"}
    ]
    assert dataset.name == "t.csv"


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        ([], InputError, "expected rows below the header, found none"),
        (ROWS[:1], InputError, "found one usable row"),
        (ROWS[:19], InconclusiveError, "found 19 usable rows"),
        (["1,2,3"] * 30, InputError, r"none of the 30 record\(s\) can be used.* the first \(t.csv, record 0\): 3 cell"),
        (["?,?"] * 30, InputError, "none of the 30"),
        (["1,"] * 30, InputError, "no column is left for the model"),
    ],
)
def test_too_little_data_is_one_clear_error(
    tmp_path: Path, rows: list[str], error: type[VaeauditError], message: str
) -> None:
    with pytest.raises(error, match=message):
        load(write(tmp_path / "t.csv", "a,b", rows))


def test_a_folder_of_shards_is_one_table(tmp_path: Path) -> None:
    write(tmp_path / "p2.csv", "b,a", [",".join(reversed(row.split(","))) for row in ROWS[30:]])
    write(tmp_path / "p1.csv", "a,b", ROWS[:30])
    pd.DataFrame({"a": [0.5, 1.5], "b": ["x", "new"]}).to_parquet(tmp_path / "p3.parquet")
    dataset = load(tmp_path)
    assert dataset.frame["a"].iloc[[0, 30, 60]].tolist() == [0.0, 4.286, 0.5]
    assert dataset.schema["b"].levels == ("x", "y", "z", "new")
    assert dataset.row_ids[-1] == "61"
    assert dataset.name == tmp_path.name


def test_a_shard_with_other_columns_is_quarantined_as_a_whole(tmp_path: Path) -> None:
    for name in ("p1.csv", "p2.csv"):
        write(tmp_path / name, "a,b", ROWS)
    write(tmp_path / "p3.csv", "a,c", [*ROWS[:9], "1"])
    (tmp_path / "p4.csv").write_bytes(pickle.dumps([1]))
    (tmp_path / "p5.parquet").write_bytes(b"PAR1 cut off")
    (tmp_path / "notes.txt").write_text("x")
    dataset = load(tmp_path)
    # 9 rows and 1 ragged row of p3; a file that cannot be read counts as one record.
    assert str(dataset.accounting) == "132 read = 120 scored + 12 quarantined + 0 skipped"
    listed = dataset.quarantine.set_index("file")["reason"].groupby(level=0).agg(list).to_dict()
    assert set(listed) == {"p3.csv", "p4.csv", "p5.parquet"}
    assert "lacks ['b'] and has ['c']" in listed["p3.csv"][1]
    assert dataset.quarantine.query("file == 'p3.csv'")["row"].tolist() == [9, -1]
    assert "pickle" in listed["p4.csv"][0]
    assert any("notes.txt" in note for note in dataset.notes)


def test_shards_without_a_common_schema_are_one_clear_error(tmp_path: Path) -> None:
    write(tmp_path / "p1.csv", "a,b", ROWS)
    write(tmp_path / "p2.csv", "a,c", ROWS)
    with pytest.raises(InputError, match="expected files with one schema, found 2 sets of columns in 2 files"):
        load(tmp_path)


def test_json_lines_shards_may_lack_keys(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("".join(f'{{"x": {i}.5, "y": "k"}}\n' for i in range(20)))
    (tmp_path / "b.jsonl").write_text("".join(f'{{"x": {i}.25, "y": "l", "z": {i % 3}}}\n' for i in range(20)))
    dataset = load(tmp_path)
    assert len(dataset) == 40
    assert dataset.schema["z"].missing == 20


def test_a_column_typed_differently_in_one_shard_is_inferred_from_all_values(tmp_path: Path) -> None:
    pd.DataFrame({"a": range(40), "b": [1.5, 2.5] * 20}).to_parquet(tmp_path / "p1.parquet")
    pd.DataFrame({"a": ["7", "oops"], "b": [None, None]}).to_parquet(tmp_path / "p2.parquet")
    dataset = load(tmp_path, ReadConfig(kinds={"a": "category"}))
    assert dataset.schema["b"].kind is Kind.REAL
    assert dataset.schema["b"].missing == 2
    assert {"7", "oops"} <= set(dataset.schema["a"].levels)


def test_further_missing_tokens_and_declared_levels_are_used(tmp_path: Path) -> None:
    rows = [f"{i / 3:.2f},{('lo', 'none', 'hi', 'n/a')[i % 4]}" for i in range(40)]
    path = write(tmp_path / "t.csv", "a,g", [*rows, "-99,lo"])
    dataset = load(path, ReadConfig(na=("-99",), levels={"g": ["none", "lo", "hi"]}))
    assert dataset.schema["a"].missing == 1
    assert dataset.schema["g"].kind is Kind.ORDINAL
    assert dataset.schema["g"].missing == 10


def test_the_same_bytes_give_the_same_dataset(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "a,b", ROWS)
    first, second = load(path), load(str(path))
    pd.testing.assert_frame_equal(first.frame, second.frame)
    assert (first.schema, first.fingerprint) == (second.schema, second.fingerprint)


def test_2000_columns_are_read(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    names = ",".join(f"c{i}" for i in range(2_000))
    path = write(tmp_path / "wide.csv", names, [",".join(map(str, row)) for row in rng.integers(0, 50, (25, 2_000))])
    description = describe(load(path))
    assert len(description["columns"]) == 2_000


def test_100000_levels_are_read(tmp_path: Path) -> None:
    path = write(tmp_path / "deep.csv", "level,n", [f"level {i % 100_000},{i % 9}" for i in range(200_000)])
    column = load(path).schema["level"]
    assert (column.kind, len(column.levels)) == (Kind.CATEGORY, 100_000)


CELL = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8),
    st.sampled_from(["1", "2.5", "-3", "inf", "1e308", "?", "NA", "", "yes", "no", "2024-01-01", "<b>", "=1+1", "007"]),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(CELL, CELL, CELL), max_size=12))
def test_for_any_table_of_text_the_account_adds_up_and_levels_come_back(tmp_path: Path, rows) -> None:
    # Forty plain rows keep the table large enough to be read at all, and the anchor column in the model.
    anchor = [(f"{i}.5", "x", "p q"[i % 3]) for i in range(40)]
    path = tmp_path / "t.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerows([("n", "c", "t"), *anchor, *rows])
    config = ReadConfig(delimiter=",", encoding="utf-8", kinds={"t": "category"})
    dataset = load(path, config)
    stripped = [tuple(cell.strip(AROUND) for cell in row) for row in [*anchor, *rows]]
    kept = [row for row in stripped if any(cell.lower() not in ALWAYS_MISSING for cell in row)]
    if any(cell in {"+", "++", "+++"} for row in stripped for cell in row):
        return  # then minus signs are values, which test_missing covers
    account = dataset.accounting
    assert (account.read, account.scored, account.quarantined) == (len(stripped), len(kept), 0)
    expected = [None if row[2].lower() in ALWAYS_MISSING else row[2] for row in kept]
    assert [None if pd.isna(value) else value for value in dataset.frame["t"].tolist()] == expected


def test_a_shard_whose_name_is_not_utf_8_is_quarantined_and_the_others_are_read(tmp_path):
    rows = "a,b\n" + "".join(f"{i},{i * i % 7}\n" for i in range(40))
    (tmp_path / "b.csv").write_text(rows)
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/a\xff.csv")).write_text(rows)
    dataset = load(tmp_path)
    assert len(dataset) == 40
    (left_out,) = dataset.quarantine.to_dict("records")
    assert left_out["file"] == "a\\xff.csv"
    assert "not UTF-8" in left_out["reason"]
    assert dataset.accounting.read == 41


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


@pytest.mark.parametrize("header", [",x,g", "Unnamed: 0,x,g", "...1,x,g"])
def test_the_index_of_a_saved_frame_stays_out_of_the_model(tmp_path: Path, header: str) -> None:
    order = np.random.default_rng(0).permutation(500)[:60]
    rows = [f"{number},{row}" for number, row in zip(order, ROWS, strict=True)]
    dataset = load(write(tmp_path / "t.csv", header, rows))
    index = next(iter(dataset.schema))
    assert (index.kind, index.in_model) == (Kind.IDENTIFIER, False)
    assert index.problems[-1].startswith("has no name and numbers the rows: the index of a saved data frame")


@pytest.mark.parametrize(("header", "repeat"), [("amount,x,g", 0), (",x,g", 1), ("x,g,", 0)])
def test_a_column_that_has_a_name_or_repeats_or_is_not_the_first_is_no_index(tmp_path, header, repeat) -> None:
    order = [*np.random.default_rng(0).permutation(5000)[:59].tolist()]
    numbers = [*order, order[0] if repeat else 7001]
    shape = "{row},{number}" if header.endswith(",") else "{number},{row}"
    rows = [shape.format(number=number, row=row) for number, row in zip(numbers, ROWS, strict=True)]
    dataset = load(write(tmp_path / "t.csv", header, rows))
    assert Kind.IDENTIFIER not in {column.kind for column in dataset.schema}


def test_an_index_that_parquet_stores_as_a_column_stays_out_of_the_model(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": [i / 7 for i in range(60)]}).sample(frac=1, random_state=0)
    frame.to_parquet(tmp_path / "t.parquet")
    assert load(tmp_path / "t.parquet").schema["__index_level_0__"].kind is Kind.IDENTIFIER


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"maybe": "p"}, "--probability maybe=p: y has no value 'maybe'"),
        ({"yes": "age"}, "--probability yes=age: expected probabilities from 0 to 1, found 30"),
    ],
)
def test_what_cannot_be_the_probability_of_a_value_of_the_label_is_refused(
    tmp_path: Path, declared: dict[str, str], said: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "y,p,age\n" + "".join(f"{'yes' if row % 2 else 'no'},{row / 100},{30 + row % 7}\n" for row in range(40))
    )
    with pytest.raises(UsageError, match=re.escape(said)):
        load(path, ReadConfig(label="y", probability=declared))
    assert load(path, ReadConfig(label="y", probability={"yes": "p"})).schema["p"].speaks_for == "yes"


def test_of_all_values_of_a_label_but_one_a_probability_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("y,p\n" + "".join(f"{'abc'[row % 3]},{row / 100}\n" for row in range(60)))
    with pytest.raises(UsageError, match="y has 3 values, of which 1 have a probability"):
        load(path, ReadConfig(label="y", probability={"a": "p"}))
