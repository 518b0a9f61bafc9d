from __future__ import annotations

import pytest

from vaeaudit.data.judgements import read_judgements
from vaeaudit.errors import InputError

IDS = [("a",), ("b",), ("007",), ("=sum(1)",)]


def read(tmp_path, text, *, encoding="utf-8"):
    path = tmp_path / "judged.csv"
    path.write_bytes(text.encode(encoding))
    return read_judgements(path, "rows", IDS)


def test_words_of_both_kinds_are_read_and_empty_ones_are_no_judgement(tmp_path):
    given = read(tmp_path, "row_id,judgement,note\na,wrong,\nb, Is so  in the world ,seen\n007,,\n\n")
    assert [(one.name, one.judgement, one.note) for one in given] == [("a", "wrong", ""), ("b", "sound", "seen")]


def test_semicolons_a_byte_order_mark_and_ids_made_safe_for_spreadsheets_are_understood(tmp_path):
    given = read(tmp_path, "row_id;judgement\r\n'=sum(1);cannot exist\r\n007;sound\r\n", encoding="utf-8-sig")
    assert [(one.name, one.judgement) for one in given] == [("=sum(1)", "wrong"), ("007", "sound")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("row_id,verdict\na,wrong\n", "expected one column called judgement, found 0"),
        ("row_id,judgement,judgement\na,wrong,wrong\n", "expected one column called judgement, found 2"),
        ("row_id,judgement\na,\n", "no row is judged"),
        ("row_id,judgement\nzz,wrong\n", "line 2: row 'zz': there is no such row"),
        ("row_id,judgement\n7,wrong\n", "there is no such row"),
        ("row_id,judgement\na,maybe\n", "line 2: expected sound, is so in the world, wrong or cannot exist"),
        ("row_id,judgement\na,wrong\nb\n", "line 3: expected 2 cells, found 1"),
        ("row_id,judgement\na,wrong\na,sound\n", "line 3: row 'a' is judged sound here and wrong in line 2"),
        ('row_id,judgement\n"a,wrong\n', "expected a CSV in UTF-8"),
    ],
)
def test_what_cannot_be_read_is_said_in_words(tmp_path, text, said):
    with pytest.raises(InputError, match=said.replace("(", r"\(")):
        read(tmp_path, text)


def test_the_same_judgement_twice_is_one(tmp_path):
    assert len(read(tmp_path, "row_id,judgement\na,wrong\na,cannot exist\n")) == 1


def test_a_file_that_is_no_text_or_not_there_is_refused(tmp_path):
    (tmp_path / "judged.csv").write_bytes(b"row_id,judgement\n\xff\xfe\x00,wrong\n")
    with pytest.raises(InputError, match="UTF-8"):
        read_judgements(tmp_path / "judged.csv", "rows", IDS)
    with pytest.raises(InputError, match="cannot be read"):
        read_judgements(tmp_path / "absent.csv", "rows", IDS)


def test_an_id_that_two_rows_are_written_as_is_refused(tmp_path):
    (tmp_path / "judged.csv").write_text("row_id,judgement\n'=1+1,wrong\n", encoding="utf-8")
    with pytest.raises(InputError, match="several rows are called so"):
        read_judgements(tmp_path / "judged.csv", "rows", [("=1+1",), ("'=1+1",)])


def test_line_ends_of_other_alphabets_are_part_of_a_cell(tmp_path):
    given = read(tmp_path, "row_id,judgement,note\na,wrong,one\u2028two\n")
    assert given[0].note == "one\u2028two"
