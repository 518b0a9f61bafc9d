"""What stands above the header, delimiters that are named or spaces, headers that are a cell longer or shorter."""

from __future__ import annotations

from pathlib import Path

import pytest

from vaeaudit.data.reading.load import load
from vaeaudit.data.sources.delimited import read_delimited
from vaeaudit.data.sources.layout import Layout, find_layout
from vaeaudit.data.sources.table_files import find
from vaeaudit.data.tables.cells import TextCells
from vaeaudit.data.tables.records import RawTable
from vaeaudit.errors import InputError

ROWS = [f"{name},{i},{i / 7:.2f}" for i, name in enumerate(["Ann Lee", "Bo", "Cy", "Di", "Ed"])]


def read(tmp_path: Path, *lines: str, delimiter: str | None = None, name: str = "t.csv") -> RawTable:
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_delimited(find(path).files[0], delimiter=delimiter)


def column(table: RawTable, name: str) -> list[str | None]:
    cells = table.cells[table.names.index(name)]
    assert isinstance(cells, TextCells)
    return cells.to_objects().tolist()


@pytest.mark.parametrize("above", ["sep=;", "SEP=;", '"sep=;"', "\ufeffsep=;"])
def test_excels_first_line_names_the_delimiter(tmp_path: Path, above: str) -> None:
    table = read(tmp_path, above, "name;n", "a, b;1", "c, d;2")
    assert (table.names, column(table, "name"), table.read) == (("name", "n"), ["a, b", "c, d"], 2)
    assert "t.csv: its first line, 'sep=;', names the delimiter and was passed over" in [
        note.replace('"', "").replace("SEP", "sep") for note in table.notes
    ]


def test_a_column_called_sep_is_no_such_line(tmp_path: Path) -> None:
    assert read(tmp_path, "sep=;x", "1;2").names == ("sep=", "x")


@pytest.mark.parametrize(
    "above",
    [
        ["Report of the year"],
        ["Report of the year", "", "Generated on 2024-01-31, by hand"],
        ["# made by a tool", "# second, line"],
        ["% three, cells, here"],
        ['"Data Source",', "", '"Last Updated",'],
        ["a;b;c;d;e"],
    ],
)
def test_lines_above_the_header_are_passed_over_and_said(tmp_path: Path, above: list[str]) -> None:
    table = read(tmp_path, *above, "name,n,x", *ROWS)
    assert (table.names, len(table), table.read) == (("name", "n", "x"), 5, 5)
    assert f"{len(above):,} line(s) above the header were passed over, the first:" in table.notes[0]


def test_years_may_be_names_below_a_title(tmp_path: Path) -> None:
    table = read(tmp_path, "Title", "place,2019,2020,2021", *(f"{p},1.5,{i},3" for i, p in enumerate("abcde")))
    assert table.names == ("place", "2019", "2020", "2021")


def test_a_footer_is_quarantined(tmp_path: Path) -> None:
    table = read(tmp_path, "Title", "name,n,x", *ROWS * 3, "Source: here")
    assert [entry.reason for entry in table.left_out] == ["1 cell(s), the header has 3"]


def test_the_line_of_a_malformed_record_counts_what_was_passed_over(tmp_path: Path) -> None:
    table = read(tmp_path, "Title", "name,n,x", *ROWS * 3, 'a,"b"c,1')
    assert table.left_out[0].reason.startswith("line 18: ")


def test_a_commented_header_of_text_is_a_header(tmp_path: Path) -> None:
    table = read(tmp_path, "#name,n,x", *ROWS)
    assert table.names == ("#name", "n", "x")
    assert not table.notes


@pytest.mark.parametrize("above", ["3,2,yes,no", "Title"])
def test_numbers_below_something_else_are_not_taken_for_names_and_the_cause_is_named(tmp_path, above: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n".join([above, *(f"{i},{i / 7:.3f},1.5" for i in range(30))]), encoding="utf-8")
    with pytest.raises(InputError, match=f"line 1, '{above}', was taken for it: delete what stands above the names"):
        load(path)


def test_a_title_above_nothing_but_text_is_in_doubt(tmp_path: Path) -> None:
    table = read(tmp_path, "People", "name,city", "Bo,Rome", "Cy,Oslo", "Di,Bern")
    assert (len(table), table.names) == (0, ("People",))
    assert "line 1, 'People', was taken for it" in table.left_out[0].reason


# --- headers --------------------------------------------------------------------------------------------------------


def test_row_names_as_r_writes_them_get_a_column_without_a_name(tmp_path: Path) -> None:
    table = read(tmp_path, '"mpg" "cyl"', '"Mazda RX4" 21 6', '"Fiat 128" 32.4 4', '"Honda" 30 4', delimiter=None)
    assert table.names == ("column_1", "mpg", "cyl")
    assert column(table, "column_1") == ["Mazda RX4", "Fiat 128", "Honda"]
    assert any("the first column, row names, has none" in note for note in table.notes)
    assert "column_1" in table.problems


def test_a_first_column_that_repeats_holds_no_row_names(tmp_path: Path) -> None:
    table = read(tmp_path, "n,x", *(f"{i % 2},{i},{i / 7:.2f}" for i in range(9)))
    assert (len(table), table.names) == (0, ("n", "x"))
    assert "delete what stands above the names of the columns, or name all columns" in table.left_out[0].reason


def test_records_that_end_in_a_delimiter_fit_a_header_that_does_not(tmp_path: Path) -> None:
    table = read(tmp_path, "name,n,x", *(f"{row}," for row in ROWS))
    assert (table.names, len(table), column(table, "n")) == (("name", "n", "x"), 5, ["0", "1", "2", "3", "4"])
    assert any("the records end in a delimiter" in note for note in table.notes)


def test_a_header_that_ends_in_a_delimiter_fits_records_that_do_not(tmp_path: Path) -> None:
    table = read(tmp_path, "name,n,x,", *ROWS)
    assert (table.names, len(table)) == (("name", "n", "x"), 5)
    assert any("the header ends in a delimiter" in note for note in table.notes)


# --- spaces ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["t.txt", "t.csv", "t.tsv"])
def test_runs_of_spaces_separate_cells_and_quotes_hold_them(tmp_path: Path, name: str) -> None:
    lines = ["  id   name     x ", ' 1  "Ann Lee"  1.5', "20  Bo        22.5  ", "", "3 Cy 4"]
    table = read(tmp_path, *lines, name=name)
    assert table.names == ("id", "name", "x")
    assert column(table, "name") == ["Ann Lee", "Bo", "Cy"]
    assert (len(table), table.blank) == (3, 1)
    assert f"{name}: the delimiter is one or more spaces" in table.notes


def test_spaces_can_be_named(tmp_path: Path) -> None:
    table = read(tmp_path, "name city", "Bo Rome", "Cy Oslo", delimiter=" ")
    assert column(table, "city") == ["Rome", "Oslo"]


@pytest.mark.parametrize(
    "lines",
    [
        ["full name", "Ann Lee", "Bo Day", "Cy Fry"],  # words
        ["note", "one two", "three", "four five six 7"],  # of no steady number
        ["a b,c d", "1 2,3 4", "5 6,7 8", "9 9,9 9"],  # of which another delimiter makes cells
        ["day", "2024-01-01", "2024-01-02", "2024-01-03"],
    ],
)
def test_spaces_within_cells_separate_nothing(lines: list[str]) -> None:
    assert find_layout([f"{line}\n" for line in lines]) == Layout(",")


def test_a_plain_file_is_read_as_it_always_was() -> None:
    for sample in (["a,b\n", "1,2\n"], ["a\n", "1\n"], ["1,2\n", "3,4\n"], [], ["a,b\n"], ["a,b,\n", "1,2,\n"]):
        assert find_layout(sample) == Layout(",")
