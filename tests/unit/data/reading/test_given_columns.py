"""`--condition`: which columns the model can be given, and what other data says of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from vaeaudit.analysis.rules.find import find_rules
from vaeaudit.analysis.rules.repeats import without_repeats
from vaeaudit.config import ReadConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.reading.load import load
from vaeaudit.data.reading.load_like import load_like
from vaeaudit.errors import InputError, UsageError

RNG = np.random.default_rng(2)
N = 400
SEX = RNG.choice(["f", "m"], N)
FRAME = pd.DataFrame(
    {
        "name": [f"row {i}" for i in range(N)],
        "x": RNG.normal(size=N),
        "pay": RNG.normal(size=N),
        "sex": SEX,
        "gender": np.where(SEX == "f", "woman", "man"),
        "age": RNG.integers(18, 90, N),
        "label": RNG.choice(["yes", "no"], N),
        "one": "always",
        "split": RNG.choice(["train", "test"], N),
        "town": [f"town {i}" for i in RNG.permutation(np.arange(N) % 80)],
    }
)


def loaded(**options: Any) -> Dataset:
    return load(FRAME, ReadConfig(**options))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"condition": ("sexx",)}, r"--condition: the data has no column 'sexx'"),
        ({"condition": ("name",)}, r"--condition name: the column is an identifier"),
        ({"condition": ("name",), "id": "name"}, r"--condition name: the column is an id already"),
        ({"condition": ("one",)}, r"--condition one: the column is constant"),
        ({"condition": ("town",)}, r"--condition town: the column has 80 levels; a model can be given at most 64"),
        ({"condition": ("sex",), "exclude": ("sex",)}, r"--condition sex: the column is excluded already"),
        ({"condition": ("sex",), "include": ("sex",)}, r"--condition sex: .* by --include already"),
        ({"condition": ("split",), "split": "split"}, r"--condition split: the column is a split already"),
        ({"condition": ("town",), "group": ("town",)}, r"--condition town: the column is a group already"),
    ],
)
def test_what_cannot_be_given_is_refused_by_name_and_option(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        loaded(**options)


def test_all_columns_given_leave_nothing_to_learn() -> None:
    with pytest.raises(InputError, match="no column is left for the model"):
        load(FRAME[["sex", "age"]], ReadConfig(condition=("sex", "age")))


def test_the_label_and_sensitive_columns_can_be_given_and_keep_their_roles() -> None:
    schema = loaded(condition=("sex", "label"), sensitive=("sex",), label="label").schema
    assert [(column.name, column.role.value) for column in schema.given] == [("sex", "sensitive"), ("label", "label")]
    assert {"sex", "label"} <= {column.name for column in schema.modelled}  # their cells are judged


def test_what_says_the_same_as_a_given_column_stays_out_of_the_model() -> None:
    dataset = loaded(condition=("gender",))
    schema = without_repeats(dataset, find_rules(dataset.frame, dataset.schema, seed=0), ()).schema
    assert schema["gender"].in_model
    assert (schema["sex"].in_model, schema["sex"].same_as) == (False, "gender")


def test_other_data_needs_the_column_and_what_it_does_not_know_is_said() -> None:
    schema = loaded(condition=("sex", "age")).schema
    with pytest.raises(InputError, match=r"needs the column\(s\) sex, which the data lacks"):
        load_like(FRAME.drop(columns="sex"), schema, ReadConfig())
    strange = FRAME.assign(sex=["x"] * 3 + [None] + list(FRAME["sex"][4:]))
    notes = load_like(strange, schema, ReadConfig()).dataset.notes
    usual = "where its latents are concerned, the model is given the usual value of the column instead"
    assert f"sex: 3 cell(s) hold 1 level(s) that the run does not know: x; {usual}" in notes
    assert f"sex: missing cells, of which the run has none; {usual}" in notes
    assert not any(note.startswith("age") for note in notes)
