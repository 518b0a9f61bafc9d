"""JSON-lines, Parquet and Feather: what is damaged is refused, or quarantined line by line."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather

from vaeaudit.config import ReadConfig
from vaeaudit.data.sources.table_files import find
from vaeaudit.data.sources.typed_files import read_json_lines
from vaeaudit.data.tables.cells import NumberCells, TextCells, TimeCells, as_text
from vaeaudit.data.tables.records import RawTable
from vaeaudit.errors import InputError


def read_text(tmp_path: Path, *lines: str) -> RawTable:
    path = tmp_path / "table.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="surrogateescape")
    return read_json_lines(find(path).files[0])


def column(table: RawTable, name: str) -> list[str | None]:
    return as_text(table.cells[table.names.index(name)]).to_objects().tolist()


def test_values_of_every_json_type_become_cells(tmp_path: Path) -> None:
    table = read_text(tmp_path, '{"s": "x", "n": 1.5, "b": true, "o": {"k": [1, 2]}, "z": null}', '{"s": "y", "n": 2}')
    assert column(table, "s") == ["x", "y"]
    assert column(table, "n") == ["1.5", "2"]
    assert column(table, "b") == ["true", None]
    assert column(table, "o") == ['{"k": [1, 2]}', None]
    assert column(table, "z") == [None, None]


def test_a_key_that_appears_late_is_missing_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vaeaudit.data.sources.typed_files.CHUNK_RECORDS", 2)
    table = read_text(tmp_path, *(f'{{"a": {i}}}' for i in range(5)), '{"late": "x"}')
    assert column(table, "late") == [None] * 5 + ["x"]
    assert column(table, "a") == ["0", "1", "2", "3", "4", None]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"a": 1', "not a JSON object"),
        ("null", "expected a JSON object, found NoneType"),
        ("[1]", "expected a JSON object, found list"),
        ('{"a": ' + "[" * 100_000 + "}", "too deep"),
        ('{"a": ' + "9" * 5_000 + "}", "too large"),
        ('{"a": "\x00"}', "not a JSON object"),
        ('{"a": "\udcff"}', "cannot decode"),
    ],
)
def test_a_line_that_cannot_be_used_is_quarantined_with_its_number(tmp_path: Path, line: str, reason: str) -> None:
    # Plenty of valid non-ASCII text, so that the broken byte does not make the file look like Windows-1252.
    table = read_text(tmp_path, '{"a": "éé"}', line, '{"a": "ü"}')
    assert column(table, "a") == ["éé", "ü"]
    (entry,) = table.left_out
    assert (entry.row, table.read) == (1, 3)
    assert reason in entry.reason


def test_blank_lines_and_empty_objects_hold_no_value(tmp_path: Path) -> None:
    table = read_text(tmp_path, '{"a": 1}', "", "{}", '{"a": 2}')
    assert (table.read, len(table), table.blank) == (4, 2, 2)


def test_numbers_stay_exact_and_huge_integers_stay_text(tmp_path: Path) -> None:
    table = read_text(tmp_path, f'{{"a": 0.1, "b": {2**60 + 1}, "c": Infinity}}', '{"a": 1e308, "b": 1, "c": NaN}')
    cells = dict(zip(table.names, table.cells, strict=True))
    assert isinstance(cells["a"], NumberCells)
    assert cells["a"].numbers.tolist() == [0.1, 1e308]
    assert column(table, "b") == [str(2**60 + 1), "1"]
    assert np.isinf(cells["c"].numbers[0])
    assert np.isnan(cells["c"].numbers[1])


def test_mixed_types_and_lone_surrogates_become_text(tmp_path: Path) -> None:
    table = read_text(tmp_path, '{"a": 1}', '{"a": "x"}', '{"a": false}', '{"a": "\\ud800"}')
    assert column(table, "a") == ["1", "x", "false", "\\ud800"]


TABLE = pa.table(
    {
        "integer": pa.array([1, None, 3], pa.int64()),
        "huge": pa.array([2**60 + 1, 1, None], pa.int64()),
        "unsigned": pa.array([2**63 + 5, 1, None], pa.uint64()),
        "half": pa.array(np.array([0.5, 1.5, np.inf], dtype=np.float16)),
        "decimal": pa.array([Decimal("1.50"), None, Decimal("2.25")], pa.decimal128(6, 2)),
        "text": ["x", None, "z"],
        "flag": [True, False, None],
        "level": pa.array(["lo", "hi", "lo"]).dictionary_encode(),
        "when": pa.array([0, None, 10**9], pa.timestamp("s", tz="Europe/Berlin")),
        "far": pa.array([0, 10**12, None], pa.timestamp("s")),
        "day": pa.array([0, 1, None], pa.date32()),
        "clock": pa.array([0, 3600, None], pa.time32("s")),
        "span": pa.array([0, 1500, None], pa.duration("ms")),
        "nested": [[1], None, [2, 3]],
        "bytes": pa.array([b"ok", b"\xff\xfe", None]),
        "nothing": pa.nulls(3),
    }
)


def read(path: Path) -> RawTable:
    return find(path).files[0].read(ReadConfig())


@pytest.fixture
def parquet(tmp_path: Path) -> Path:
    path = tmp_path / "table.parquet"
    pq.write_table(TABLE.drop_columns(["half"]), path)
    return path


def text_of(table: RawTable, name: str) -> list[str | None]:
    return as_text(table.cells[table.names.index(name)]).to_objects().tolist()


EXPECTED = {
    "integer": ["1", None, "3"],
    "huge": [str(2**60 + 1), "1", None],
    "unsigned": [str(2**63 + 5), "1", None],
    "decimal": ["1.5", None, "2.25"],
    "text": ["x", None, "z"],
    "flag": ["true", "false", None],
    "level": ["lo", "hi", "lo"],
    "when": ["1970-01-01T00:00:00.000000000", None, "2001-09-09T01:46:40.000000000"],
    "far": ["1970-01-01T00:00:00.000000000", None, None],
    "day": ["1970-01-01T00:00:00.000000000", "1970-01-02T00:00:00.000000000", None],
    "clock": ["0", "3600", None],
    "span": ["0", "1.5", None],
    "nested": ["[1]", None, "[2, 3]"],
    "bytes": ["6f6b", "fffe", None],
    "nothing": [None, None, None],
}


def test_every_type_becomes_text_numbers_or_times(parquet: Path) -> None:
    table = read(parquet)
    assert {name: text_of(table, name) for name in table.names} == EXPECTED


def test_feather_gives_the_same_cells_as_parquet(parquet: Path, tmp_path: Path) -> None:
    path = tmp_path / "table.feather"
    feather.write_feather(TABLE, str(path))
    table = read(path)
    assert {name: text_of(table, name) for name in table.names if name != "half"} == EXPECTED
    half = table.cells[table.names.index("half")]
    assert isinstance(half, NumberCells)
    assert half.numbers.tolist() == [0.5, 1.5, np.inf]


def test_a_stream_of_arrow_batches_is_read(tmp_path: Path) -> None:
    path = tmp_path / "table.arrow"
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, TABLE.schema) as writer:
        writer.write_table(TABLE)
    assert text_of(read(path), "text") == ["x", None, "z"]


def test_declared_levels_are_kept(parquet: Path) -> None:
    level = read(parquet).cells[TABLE.drop_columns(["half"]).column_names.index("level")]
    assert isinstance(level, TextCells)
    assert level.declared
    assert not level.ordered


def test_dates_that_nanoseconds_cannot_hold_are_counted(parquet: Path) -> None:
    table = read(parquet)
    far = table.cells[table.names.index("far")]
    assert isinstance(far, TimeCells)
    assert far.out_of_range == 1


def test_a_compressed_parquet_file_is_unpacked(parquet: Path) -> None:
    packed = parquet.with_name("table.parquet.gz")
    packed.write_bytes(gzip.compress(parquet.read_bytes()))
    assert text_of(read(packed), "text") == ["x", None, "z"]


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.99])
def test_a_truncated_parquet_file_is_one_clear_error(parquet: Path, keep: float) -> None:
    content = parquet.read_bytes()
    parquet.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(InputError, match=r"table\.parquet: expected Parquet, found damaged or truncated"):
        read(parquet)


def test_a_truncated_feather_file_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "table.feather"
    feather.write_feather(TABLE, str(path))
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputError, match="expected Feather"):
        read(path)


def test_text_that_is_not_unicode_is_damage(tmp_path: Path) -> None:
    broken = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(np.array([0, 1], np.int32).tobytes()), pa.py_buffer(b"\xff")]
    )
    path = tmp_path / "table.parquet"
    pq.write_table(pa.table({"a": broken}), path)
    with pytest.raises(InputError, match="damaged"):
        read(path)


def test_duplicate_column_names_are_kept_apart(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    pq.write_table(pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]), path)
    assert read(path).names == ("a", "a.2")
