"""No cell of the data can become a formula, and nothing else changes."""

from __future__ import annotations

import csv
import io
import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaeaudit.storage.csv_safe import escaped, neutralise, read_exact_csv, to_csv, to_exact_csv, unescaped

PLAIN_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


@pytest.mark.parametrize(
    "text",
    [
        '=HYPERLINK("http://x")',
        "+1+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\rx",
        "\nx",
        "  =1",
        "\u00a0=1",
        "\uff1d1+1",
        "\uff0b1",
        "\uff0d1+1",
        "\uff20SUM(A1)",
        "\u200b=1",
        "\x00=1",
        "\x0c=1",
        "\u2028 +x",
        '"=1+1"',
    ],
)
def test_a_cell_that_could_become_a_formula_gets_an_apostrophe(text):
    assert neutralise(text).startswith("'")


@pytest.mark.parametrize("text", ["-12.5", "+3", "1e-7", "-.5", "-1E+10", "", "plain", "a=b", "2020-01-01", "a-b@c.d"])
def test_plain_numbers_and_harmless_text_stay_as_they_are(text):
    assert neutralise(text) == text


def test_a_piece_after_a_semicolon_is_neutralised_because_it_may_become_a_cell():
    assert neutralise("age = 17; =SUM(A1)") == "age = 17;' =SUM(A1)"
    assert neutralise("1;-5") == "1;-5"


def test_control_characters_are_removed_and_lines_joined():
    assert neutralise("a\x00b\x1bc\u202ed") == "abcd"
    assert neutralise("two\r\nlines\u2028more") == "two lines more"


@given(st.text())
def test_no_text_survives_as_a_formula(text):
    safe = neutralise(text)
    for piece in safe.split(";"):
        visible = piece.lstrip(' "\u00a0\u3000')
        assert not visible.startswith(tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")) or PLAIN_NUMBER.fullmatch(
            piece.strip(" ")
        )
    assert not re.search(r"[\x00-\x1f\x7f]", safe)
    assert neutralise(safe) == safe


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_plain_number_stays_a_number(value):
    assert float(neutralise(repr(value))) == value


def test_headers_text_and_categories_are_neutralised_and_numbers_are_not():
    frame = pd.DataFrame({"=a": [-1.5, 2.0], "text": ["=b", None], "ok": [True, False]})
    frame.insert(2, "kind", pd.Categorical(["@c", "d"]))
    rows = list(csv.reader(io.StringIO(to_csv(frame).decode("utf-8-sig"))))
    assert rows == [["'=a", "text", "kind", "ok"], ["-1.5", "'=b", "'@c", "True"], ["2.0", "", "d", "False"]]


def test_the_file_begins_with_a_byte_order_mark_and_pandas_reads_it_back():
    content = to_csv(pd.DataFrame({"row_id": ["é", "ü"], "score": [1.25, -2.5]}))
    assert content.startswith(b"\xef\xbb\xbf")
    back = pd.read_csv(io.BytesIO(content))
    assert back.to_dict("list") == {"row_id": ["é", "ü"], "score": [1.25, -2.5]}


def test_columns_of_the_same_name_are_all_written():
    frame = pd.DataFrame([["a", "=b"]], columns=["x", "x"])
    assert to_csv(frame).decode("utf-8-sig") == "x,x\na,'=b\n"


def test_a_lone_surrogate_does_not_stop_the_file():
    frame = pd.DataFrame({"x": pd.Series(["\ud800a"], dtype=object)})
    assert to_csv(frame).decode("utf-8-sig") == "x\n?a\n"


def test_an_empty_table_keeps_its_header():
    assert to_csv(pd.DataFrame({"row_id": pd.Series([], dtype=object)})).decode("utf-8-sig") == "row_id\n"


# --- a file that is read again ----------------------------------------------------------------------------------------


@given(st.text())
def test_what_is_read_again_is_what_was_written_and_no_formula_in_between(text):
    safe = escaped(text)
    assert neutralise(safe) == safe
    assert unescaped(safe) == text


@pytest.mark.parametrize("name", ["=1+1.png", "'=x", "a\nb.png", r"a\nb.png", "null", "", "+1;=2", "\u202egnp.exe"])
def test_a_name_in_an_exact_csv_compares_equal_and_is_no_formula(tmp_path, name):
    frame = pd.DataFrame({"file": [name, "b"], "row": [-1, 3], "reason": ["@why", "no"]})
    path = tmp_path / "quarantine.csv"
    path.write_bytes(to_exact_csv(frame))
    back = read_exact_csv(path)
    assert back["file"].fillna("").tolist() == [name, "b"]
    assert back["reason"].tolist() == ["@why", "no"]
    cells = [cell for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8"))) for cell in row]
    assert all(neutralise(cell) == cell for cell in cells)


def test_numbers_in_an_exact_csv_stay_numbers():
    assert to_exact_csv(pd.DataFrame({"loss": [-1.5, 2.0]})) == b"loss\n-1.5\n2.0\n"


def test_what_is_not_utf8_in_a_name_stays_an_escape():
    assert unescaped(escaped("b\udcffd")) == r"b\udcffd"
