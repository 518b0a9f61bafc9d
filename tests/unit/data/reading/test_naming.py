"""Columns as the user names them: in another Unicode form, or before levels that hold equals signs."""

from __future__ import annotations

import pandas as pd
import pytest

from vaeaudit.config import ReadConfig
from vaeaudit.data.reading.load import load
from vaeaudit.data.reading.naming import with_names_of
from vaeaudit.data.schema.columns import Kind, Role
from vaeaudit.errors import UsageError

COMPOSED, DECOMPOSED = "caf\u00e9", "cafe\u0301"


def test_a_name_in_another_unicode_form_is_found() -> None:
    frame = pd.DataFrame({DECOMPOSED: ["a", "b"] * 15, "x": [i / 7 for i in range(30)]})
    schema = load(frame, ReadConfig(sensitive=(COMPOSED,), kinds={COMPOSED: "category"})).schema
    assert schema[DECOMPOSED].role is Role.SENSITIVE


def test_of_two_columns_that_differ_in_their_unicode_form_the_one_that_was_written_is_meant() -> None:
    for written in (COMPOSED, DECOMPOSED):
        assert with_names_of([DECOMPOSED, COMPOSED], ReadConfig(label=written)).label == written


@pytest.mark.parametrize(
    ("columns", "given", "meant"),
    [
        (["income"], {"income": ["<=10", ">10"]}, {"income": ["<=10", ">10"]}),
        (["race=White"], {"race": ["White=no", "yes"]}, {"race=White": ["no", "yes"]}),
        (["a=b=c"], {"a": ["b=c=<=1", ">1"]}, {"a=b=c": ["<=1", ">1"]}),
        (["other"], {"nope": ["a=b", "c"]}, {"nope": ["a=b", "c"]}),
        (["other"], {"nope": []}, {"nope": []}),
    ],
)
def test_the_name_before_levels_ends_where_it_is_a_column(columns, given, meant) -> None:
    assert with_names_of(columns, ReadConfig(levels=given)).levels == meant


def test_levels_with_equals_signs_declare_an_ordinal() -> None:
    frame = pd.DataFrame({"income": ["<=10", "11-20", ">=21"] * 10, "x": [i / 7 for i in range(30)]})
    schema = load(frame, ReadConfig(levels={"income": ["<=10", "11-20", ">=21"]})).schema
    assert (schema["income"].kind, schema["income"].levels) == (Kind.ORDINAL, ("<=10", "11-20", ">=21"))


@pytest.mark.parametrize(("asked", "meant"), [("SEX", "sex"), ("zip-code", "zip code"), ("hieght", "height")])
def test_a_column_that_is_not_there_is_answered_by_the_one_that_was_meant(asked: str, meant: str) -> None:
    frame = pd.DataFrame({name: [i / 7 for i in range(30)] for name in ("height", "zip code", "sex")})
    with pytest.raises(UsageError) as error:
        load(frame, ReadConfig(label=asked))
    assert error.value.hint is not None
    assert error.value.hint.startswith(f"Did you mean {meant!r}?")


def test_nothing_is_suggested_where_no_name_is_near() -> None:
    with pytest.raises(UsageError) as error:
        load(pd.DataFrame({"x": range(30)}), ReadConfig(label="income"))
    assert error.value.hint == "Its columns are: x"
