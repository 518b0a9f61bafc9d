"""The label as classes: who has which, and what cannot be told."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from vaeaudit.data.encoding.label_encoding import MOST_CLASSES, LabelledRows, row_labels
from vaeaudit.data.encoding.table_encoding import EncodedRows
from vaeaudit.data.schema.columns import Column, Kind, Role, Schema
from vaeaudit.errors import UsageError


def labelled(cells, kind=Kind.CATEGORY, levels=None, **more):
    values = pd.Series(pd.Categorical(cells, categories=levels)) if kind.is_levelled else pd.Series(cells)
    levels = tuple(values.cat.categories) if kind.is_levelled else ()
    column = Column("grade", kind, **{"role": Role.LABEL, "in_model": False, "levels": levels, **more})
    return pd.DataFrame({"grade": values}), Schema((column,))


def test_classes_are_the_levels_that_rows_have_and_a_missing_label_is_none():
    labels = row_labels(*labelled(["b", None, "d", "b"], levels=["a", "b", "c", "d"]))
    assert labels.classes == ("b", "d")
    assert labels.codes.tolist() == [0, -1, 1, 0]
    assert labels.take(np.array([2, 1])).codes.tolist() == [1, -1]


def test_in_training_the_class_stands_behind_the_arrays_of_a_row():
    rows = EncodedRows(np.zeros((4, 1), np.float32), np.zeros((4, 0), np.int32), np.ones((4, 1), bool))
    given = LabelledRows(rows, np.arange(4, dtype=np.int32)).take(np.array([3, 1]))
    assert (len(given), given.condition) == (2, None)
    assert given.arrays()[-1].tolist() == [3, 1]
    assert len(given.arrays()) == len(rows.arrays()) + 1


MANY = [f"level {place}" for place in range(MOST_CLASSES + 1)]


@pytest.mark.parametrize(
    ("table", "said", "hint"),
    [
        (labelled(["a", "b"], role=Role.INPUT), "there is none", "Give --label COL."),
        (labelled([1.0, 2.0], Kind.REAL), "grade is real, and has no classes to tell", "--kind-of grade=category"),
        (labelled(["a", "a"], Kind.CONSTANT), "grade is constant, and has no classes to tell", ""),
        (labelled(["a", "a", None], levels=["a", "b"]), "has 1 class; expected 2 to 50", ""),
        (labelled(MANY), "has 51 classes; expected 2 to 50", ""),
        (labelled(["a", "b"], in_model=True), "--include grade lets the label into it", "Leave out --include grade."),
        (labelled(["a", "b"], given=True), "--condition grade lets the label into it", "Leave out --condition grade."),
    ],
)
def test_a_label_that_cannot_be_told_is_refused_in_words(table, said, hint):
    with pytest.raises(UsageError, match=said) as refused:
        row_labels(*table)
    assert hint in (refused.value.hint or "")
    assert refused.value.exit_code == 2
