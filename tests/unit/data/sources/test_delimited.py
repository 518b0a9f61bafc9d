"""Delimited text: every record is used, or quarantined with its number and the reason."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vaeaudit.data.sources.delimited import MAX_RECORD_LINES, read_delimited
from vaeaudit.data.sources.layout import sniff_delimiter
from vaeaudit.data.sources.table_files import find
from vaeaudit.data.tables.cells import TextCells
from vaeaudit.data.tables.records import RawTable
from vaeaudit.errors import InputError, UsageError


def read(path: Path, content: str | bytes, **options: str) -> RawTable:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_delimited(find(path).files[0], **options)


def column(table: RawTable, name: str) -> list[str | None]:
    cells = table.cells[table.names.index(name)]
    assert isinstance(cells, TextCells)
    return cells.to_objects().tolist()


def reasons(table: RawTable) -> list[tuple[int, str]]:
    return [(entry.row, entry.reason) for entry in table.left_out]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "table.csv"


def test_cells_come_back_and_quotes_hold_delimiters_and_line_ends(path: Path) -> None:
    table = read(path, 'a,b\r\n1,"x, ""y""\r\nz"\r\n 2 ,w\r\n')
    assert table.names == ("a", "b")
    assert column(table, "b") == ['x, "y"\r\nz', "w"]
    assert column(table, "a") == ["1", "2 "]
    assert (table.read, len(table), table.blank, table.left_out) == (2, 2, 0, ())


def test_a_ragged_row_is_quarantined_with_its_row_number(path: Path) -> None:
    table = read(path, "a,b\n1,x\n2\n3,y,z\n4,w\n")
    assert column(table, "a") == ["1", "4"]
    assert table.positions.tolist() == [0, 3]
    assert reasons(table) == [(1, "1 cell(s), the header has 2"), (2, "3 cell(s), the header has 2")]


def test_blank_lines_are_counted_as_records_without_values(path: Path) -> None:
    table = read(path, "\na,b\n1,x\n\n\n2,y\n")
    assert (table.read, len(table), table.blank) == (4, 2, 2)


def test_an_unclosed_quote_costs_its_own_line_only(path: Path) -> None:
    table = read(path, 'a,b\n1,x\n2,"y\n3,z\n4,w\n')
    assert column(table, "a") == ["1", "3", "4"]
    assert reasons(table) == [(1, "line 3: a quote opens and never closes")]


def test_an_unclosed_quote_before_another_quote_is_found_where_it_opens(path: Path) -> None:
    table = read(path, 'a,b\n1,"x\n2,"y"\n3,z\n')
    assert column(table, "a") == ["2", "3"]
    assert reasons(table) == [(0, "line 2: a quote opens and does not close where its cell ends")]


def test_text_after_a_closing_quote_is_quarantined(path: Path) -> None:
    table = read(path, 'a,b\n1,"x" oops\n2,y\n')
    assert column(table, "a") == ["2"]
    assert reasons(table)[0][1].startswith("line 2: text follows a closing quote")


def test_lines_that_would_make_one_endless_record_are_told_apart_in_linear_time(path: Path) -> None:
    n_lines = 3 * MAX_RECORD_LINES
    table = read(path, 'a,b\nq,"c\n' + 'a","c\n' * n_lines + "1,x\n")
    assert table.read == n_lines + 2
    assert column(table, "a") == ["1"]


def test_a_cell_of_more_than_the_parsers_limit_is_quarantined(path: Path) -> None:
    table = read(path, f"a,b\n1,{'x' * 200_000}\n2,y\n")
    assert column(table, "a") == ["2"]
    assert reasons(table) == [(0, "line 2: a cell is too long")]


def test_an_unclosed_quote_in_the_header_is_one_clear_error(path: Path) -> None:
    with pytest.raises(InputError, match="header, line 1, is malformed: a quote opens and never closes"):
        read(path, '"a,b\n1,x\n2,y\n')


@pytest.mark.parametrize(
    ("delimiter", "name"), [(";", "semicolon"), ("|", "vertical bar"), ("\t", "tab"), (",", "comma")]
)
def test_the_delimiter_is_found_from_the_data(path: Path, delimiter: str, name: str) -> None:
    table = read(path, "a,b,c\n1,2.5,x\n2,3.5,y\n".replace(",", delimiter))
    assert table.names == ("a", "b", "c")
    assert any(name in note for note in table.notes) == (delimiter in ";|")


def test_decimal_commas_do_not_pass_for_delimiters() -> None:
    assert sniff_delimiter(["a;b\n", "1,5;2,5\n", "3,5;4,5\n"]) == ";"


def test_a_delimiter_inside_quotes_is_not_counted() -> None:
    assert sniff_delimiter(["name;note\n", '"x, y, z";"a, b"\n', '"x, y";c\n']) == ";"


def test_one_column_of_plain_text_needs_no_delimiter(path: Path) -> None:
    assert column(read(path, "word\nred\nblue\n"), "word") == ["red", "blue"]


def test_a_wrong_delimiter_is_named_with_the_right_one(path: Path) -> None:
    with pytest.raises(InputError, match="a comma splits it into 2") as caught:
        read(path, "a,b\n1,x\n2,y\n", delimiter=";")
    assert "--delimiter" in str(caught.value)


def test_a_given_delimiter_is_used(path: Path) -> None:
    assert read(path, "a:b\n1:x\n", delimiter=":").names == ("a", "b")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_the_encoding_is_found_from_the_bytes(path: Path, encoding: str) -> None:
    table = read(path, "a,b\n1,café\n2,naïve\n3,plain\n".encode(encoding))
    assert table.names == ("a", "b")
    assert column(table, "b") == ["café", "naïve", "plain"]
    assert bool(table.notes) == (encoding != "utf-8")


def test_bytes_without_meaning_in_windows_1252_are_read_as_latin_1(path: Path) -> None:
    table = read(path, b"a,b\n1,\xe9\x81\n")
    assert column(table, "b") == ["\xe9\x81"]
    assert "latin-1" in table.notes[0]


def test_a_few_broken_bytes_in_utf_8_cost_their_records_only(path: Path) -> None:
    table = read(path, "a,b\n1,café\n2,été\n".encode() + b"3,\xff\n")
    assert column(table, "b") == ["café", "été"]
    assert reasons(table) == [(2, "holds bytes that the encoding cannot decode")]
    assert "not valid UTF-8" in table.notes[0]


def test_a_given_encoding_that_cannot_decode_a_record_quarantines_it(path: Path) -> None:
    table = read(path, b"a,b\n1,x\n2,\xe9\n", encoding="utf-8")
    assert column(table, "a") == ["1"]
    assert len(table.left_out) == 1


def test_truncated_utf_16_is_one_clear_error(path: Path) -> None:
    with pytest.raises(InputError, match="cannot be decoded as utf-16"):
        read(path, "a,b\n1,x\n".encode("utf-16") + b"z")


@pytest.mark.parametrize("encoding", ["klingon", "rot13", ""])
def test_an_unknown_encoding_names_the_option(path: Path, encoding: str) -> None:
    with pytest.raises(UsageError, match="--encoding"):
        read(path, "a\n1\n", encoding=encoding)


def test_a_record_with_a_nul_byte_is_quarantined(path: Path) -> None:
    table = read(path, b"a,b\n1,x\n2,y\0z\n3,w\n")
    assert column(table, "a") == ["1", "3"]
    assert reasons(table) == [(1, "holds a NUL byte")]


def test_a_table_whose_records_are_all_unusable_is_empty_and_accounted_for(path: Path) -> None:
    table = read(path, b"a,b\n1,\0\n2,\0\n")
    assert (table.read, len(table), len(table.left_out)) == (2, 0, 2)


def test_a_nul_byte_in_the_header_is_one_clear_error(path: Path) -> None:
    with pytest.raises(InputError, match="header holds NUL"):
        read(path, b"a\0,b\n" + b"1,x\n" * 50)


def test_duplicate_and_empty_names_are_kept_apart_and_reported(path: Path) -> None:
    table = read(path, "a,,a\n1,2,3\n")
    assert table.names == ("a", "column_2", "a.2")
    assert set(table.problems) == {"column_2", "a.2"}


def test_a_first_record_of_numbers_is_noted(path: Path) -> None:
    assert "taken as column names" in read(path, "1,2.5,x\n3,4.5,y\n").notes[0]


@pytest.mark.parametrize("compress", [gzip.compress, lambda data: pa.compress(data, codec="zstd", asbytes=True)])
def test_compressed_text_is_read_whatever_its_name(path: Path, compress) -> None:
    assert column(read(path, compress(b"a,b\n1,x\n2,y\n")), "b") == ["x", "y"]


def test_truncated_compression_is_one_clear_error(path: Path) -> None:
    rows = "".join(f"{value},x\n" for value in np.random.default_rng(0).random(20_000))
    with pytest.raises(InputError, match="damaged"):
        read(path, gzip.compress(f"a,b\n{rows}".encode())[:-100])


def test_chunks_join_into_one_column(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vaeaudit.data.sources.delimited.CHUNK_CELLS", 6)
    table = read(path, "a,b\n" + "".join(f"{i},{'xyz'[i % 3]}\n" for i in range(20)) + "20,\0\n")
    assert column(table, "a") == [str(i) for i in range(20)]
    assert column(table, "b") == ["xyz"[i % 3] for i in range(20)]
    assert reasons(table) == [(20, "holds a NUL byte")]


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data(), n_columns=st.integers(2, 5), delimiter=st.sampled_from(",;\t|"))
def test_any_cells_that_csv_writes_come_back_and_add_up(path: Path, data, n_columns: int, delimiter: str) -> None:
    row = st.lists(CELL, min_size=n_columns, max_size=n_columns)
    rows = data.draw(st.lists(row, max_size=8))
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow([f"c{position}" for position in range(n_columns)])
    writer.writerows(rows)
    table = read(path, text.getvalue(), delimiter=delimiter, encoding="utf-8")
    assert table.read == len(table) + table.blank == len(rows)
    for position in range(n_columns):
        expected = [cells[position].strip(" ") for cells in rows]
        assert [cell.strip(" ") for cell in column(table, f"c{position}")] == expected


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(body=st.text(st.sampled_from('ab,"\n\r\x00;é'), max_size=60))
def test_whatever_the_text_every_record_is_accounted_for(path: Path, body: str) -> None:
    table = read(path, "h,i\n1,2\n" + body, delimiter=",", encoding="utf-8")
    assert table.read == len(table) + table.blank + len(table.left_out)
    positions = [*table.positions.tolist(), *(entry.row for entry in table.left_out)]
    assert len(set(positions)) == len(positions)
    assert all(0 <= position < table.read for position in positions)
