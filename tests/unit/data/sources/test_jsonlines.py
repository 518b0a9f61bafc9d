"""JSON-lines: one object per line; a line that is none is quarantined."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vaeaudit.data.sources.jsonlines import read_json_lines
from vaeaudit.data.sources.table_files import find
from vaeaudit.data.tables.cells import NumberCells, as_text
from vaeaudit.data.tables.records import RawTable


def read(tmp_path: Path, *lines: str) -> RawTable:
    path = tmp_path / "table.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="surrogateescape")
    return read_json_lines(find(path).files[0])


def column(table: RawTable, name: str) -> list[str | None]:
    return as_text(table.cells[table.names.index(name)]).to_objects().tolist()


def test_values_of_every_json_type_become_cells(tmp_path: Path) -> None:
    table = read(tmp_path, '{"s": "x", "n": 1.5, "b": true, "o": {"k": [1, 2]}, "z": null}', '{"s": "y", "n": 2}')
    assert column(table, "s") == ["x", "y"]
    assert column(table, "n") == ["1.5", "2"]
    assert column(table, "b") == ["true", None]
    assert column(table, "o") == ['{"k": [1, 2]}', None]
    assert column(table, "z") == [None, None]


def test_a_key_that_appears_late_is_missing_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vaeaudit.data.sources.jsonlines.CHUNK_RECORDS", 2)
    table = read(tmp_path, *(f'{{"a": {i}}}' for i in range(5)), '{"late": "x"}')
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
    table = read(tmp_path, '{"a": "éé"}', line, '{"a": "ü"}')
    assert column(table, "a") == ["éé", "ü"]
    (entry,) = table.left_out
    assert (entry.row, table.read) == (1, 3)
    assert reason in entry.reason


def test_blank_lines_and_empty_objects_hold_no_value(tmp_path: Path) -> None:
    table = read(tmp_path, '{"a": 1}', "", "{}", '{"a": 2}')
    assert (table.read, len(table), table.blank) == (4, 2, 2)


def test_numbers_stay_exact_and_huge_integers_stay_text(tmp_path: Path) -> None:
    table = read(tmp_path, f'{{"a": 0.1, "b": {2**60 + 1}, "c": Infinity}}', '{"a": 1e308, "b": 1, "c": NaN}')
    cells = dict(zip(table.names, table.cells, strict=True))
    assert isinstance(cells["a"], NumberCells)
    assert cells["a"].numbers.tolist() == [0.1, 1e308]
    assert column(table, "b") == [str(2**60 + 1), "1"]
    assert np.isinf(cells["c"].numbers[0])
    assert np.isnan(cells["c"].numbers[1])


def test_mixed_types_and_lone_surrogates_become_text(tmp_path: Path) -> None:
    table = read(tmp_path, '{"a": 1}', '{"a": "x"}', '{"a": false}', '{"a": "\\ud800"}')
    assert column(table, "a") == ["1", "x", "false", "\\ud800"]
