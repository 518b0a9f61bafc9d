"""Which part each column plays, and what its name suggests."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vaeaudit.config import ReadConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.reading.load import load
from vaeaudit.data.schema.columns import Role
from vaeaudit.data.schema.names import suggests_identifier, suggests_sensitive
from vaeaudit.errors import InputError, UsageError

RNG = np.random.default_rng(5)
FRAME = pd.DataFrame(
    {
        "title": [f"person {i}" for i in range(60)],
        "age": RNG.integers(18, 90, 60),
        "sex": RNG.choice(["f", "m"], 60),
        "income": RNG.lognormal(10, 1, 60),
        "risk": RNG.integers(1, 3, 60),
        "empty": [None] * 60,
    }
)


def loaded(**options: Any) -> Dataset:
    return load(FRAME, ReadConfig(**options))


def test_labels_and_sensitive_columns_stay_out_of_the_model_unless_included() -> None:
    schema = loaded(label="risk", sensitive=("age", "sex"), exclude=("income",), include=("age",)).schema
    assert {column.name: column.role for column in schema} == {
        "title": Role.INPUT,
        "age": Role.SENSITIVE,
        "sex": Role.SENSITIVE,
        "income": Role.EXCLUDED,
        "risk": Role.LABEL,
        "empty": Role.INPUT,
    }
    assert [column.name for column in schema.modelled] == ["age"]


def test_columns_left_out_say_why() -> None:
    schema = loaded().schema
    assert "identifier" in schema["title"].problems[0]
    assert "all cells are missing" in schema["empty"].problems[0]
    assert not schema["title"].in_model


def test_sensitive_names_are_suggested_and_nothing_is_assumed() -> None:
    schema = loaded().schema
    assert [column.name for column in schema if column.suggested_sensitive] == ["age", "sex"]
    assert schema["sex"].role is Role.INPUT
    assert schema["sex"].in_model


def test_the_id_column_names_the_rows() -> None:
    dataset = loaded(id="title")
    assert dataset.row_ids[:2].tolist() == ["person 0", "person 1"]
    assert dataset.schema["title"].role is Role.ID


def test_an_id_that_repeats_or_is_missing_is_reported() -> None:
    frame = FRAME.assign(key=["a", "b", None] * 20)
    dataset = load(frame, ReadConfig(id="key"))
    assert dataset.row_ids[:4].tolist() == ["a", "b", "2", "a"]
    assert "missing in 20 row(s) and repeated in 38" in dataset.schema["key"].problems[-1]


def test_a_coded_label_gets_the_option_that_helps() -> None:
    frame = FRAME.assign(risk=RNG.integers(1, 4, 60))
    assert "--kind-of risk=category" in load(frame, ReadConfig(label="risk")).schema["risk"].problems[0]
    assert not load(frame, ReadConfig(label="risk", kinds={"risk": "category"})).schema["risk"].problems


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label": "nope"}, "--label: the data has no column 'nope'"),
        ({"id": "nope"}, "--id: "),
        ({"sensitive": ("nope",)}, "--sensitive: "),
        ({"exclude": ("nope",)}, "--exclude: "),
        ({"include": ("nope",)}, "--include: "),
        ({"kinds": {"nope": "real"}}, "--kind-of: "),
        ({"levels": {"nope": ["a", "b"]}}, "--levels: "),
        ({"label": "risk", "exclude": ("risk",)}, "--exclude risk: the column is the label already"),
        ({"label": "risk", "id": "risk"}, "--id risk: the column is the label"),
        ({"include": ("age",), "exclude": ("age",)}, "--include age: the column is excluded already"),
        ({"include": ("title",), "id": "title"}, "--include title: an id column"),
        ({"include": ("title",)}, "--include title: the column is an identifier"),
        ({"include": ("empty",)}, "--include empty: the column is constant"),
        ({"levels": {"sex": ["f", "m"]}, "kinds": {"sex": "category"}}, "--levels sex: declares the column ordinal"),
        ({"kinds": {"sex": "number"}}, "--kind-of sex=number: there is no such kind"),
    ],
)
def test_roles_that_cannot_be_are_usage_errors_that_name_the_option(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        loaded(**options)


def test_no_column_left_for_the_model_is_an_error_that_says_what_there_is() -> None:
    with pytest.raises(InputError, match="no column is left for the model"):
        loaded(exclude=("age", "sex", "income", "risk"))


SENSITIVE = [
    "sex", "Gender", "race", "ethnicity", "age", "Age_Group", "personal_status_sex", "marital-status", "MaritalStatus",
    "maritalstatus", "religion", "disability", "is_disabled", "nationality", "foreign_worker", "native-country",
    "birth_date", "dob", "skin color", "ageYears", "SEX", "applicant.race", "ethnic", "hispanic", "is_latino", "female",
    "is_female", "isFemale", "gender_id", "sexe", "Geschlecht", "Alter", "citizenship", "country", "country_of_birth",
    "birthplace", "pregnant", "marital", "sexual_orientation", "politics", "union", "mother_tongue", "zip", "postcode",
    "income_group", "black", "Religionszugehoerigkeit",
]  # fmt: skip
OTHER = [
    "package", "average", "message", "sextant", "trace", "embrace", "wage", "image", "language", "color", "retire_age",
    "house_age", "birth_weight",
    "income", "page", "Essex", "usage", "",
]  # fmt: skip


@pytest.mark.parametrize("name", SENSITIVE)
def test_whole_words_suggest_a_sensitive_attribute(name: str) -> None:
    assert suggests_sensitive(name)


@pytest.mark.parametrize("name", OTHER)
def test_parts_of_other_words_suggest_nothing(name: str) -> None:
    assert not suggests_sensitive(name)


@pytest.mark.parametrize(
    ("name", "says_so"),
    [
        *(
            (name, True)
            for name in ("customer_id", "userId", "ID", "customer_no", "Subject", "EmployeeNo", "household")
        ),
        *((name, False) for name in ("paid", "width", "number_of_children", "country")),
    ],
)
def test_names_of_identifiers(name: str, says_so: bool) -> None:
    assert suggests_identifier(name) is says_so


def test_an_identifier_that_repeats_becomes_a_group_and_others_are_declared() -> None:
    frame = pd.concat([FRAME] * 4, ignore_index=True).assign(
        subject=np.arange(240) // 4, clinic=RNG.choice(["a", "b", "c"], 240), title=[f"t{i}" for i in range(240)]
    )
    schema = load(frame, ReadConfig(group=("clinic",))).schema
    assert {column.name for column in schema.groups} == {"subject", "clinic"}
    assert not schema["clinic"].in_model
    with pytest.raises(UsageError, match="--group sex: the column is the label, an id, sensitive or excluded already"):
        load(frame, ReadConfig(group=("sex",), sensitive=("sex",)))
    with pytest.raises(UsageError, match="--include clinic: a group says"):
        load(frame, ReadConfig(group=("clinic",), include=("clinic",)))
