"""What a classifier says of rows that the run does not have, or of another label than theirs, is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from vaeaudit.data.schema.columns import Column, Kind, Role, Schema
from vaeaudit.outputs.label_predictions import LabelPredictions
from vaeaudit.runs.agreement import check_label_predictions

FRAME = pd.DataFrame({"grade": pd.Categorical(["a", "b", None, "b"])})
SCHEMA = Schema((Column("grade", Kind.CATEGORY, Role.LABEL, in_model=False, levels=("a", "b")),))


def told(row=(0, 3), label=(0, 1), classes=("a", "b")):
    said = np.array([[0.8, 0.2], [0.4, 0.6]]), np.array([[0.3, 0.7], [0.4, 0.6]])
    return LabelPredictions(classes, np.array(row), np.array(label), *said)


def test_what_fit_writes_is_accepted_and_comes_back_from_its_arrays():
    again = LabelPredictions.from_arrays(told().to_arrays())
    check_label_predictions(again, FRAME, SCHEMA)
    assert [right.tolist() for right in again.right] == [[True, True], [False, True]]


@pytest.mark.parametrize(
    "changes", [{"row": (0, 4)}, {"row": (0, 2)}, {"row": (3, 3)}, {"label": (1, 1)}, {"classes": ("a", "c")}]
)
def test_others_are_refused(changes):
    with pytest.raises(ValueError, match="row|expected each row once|label must hold the classes"):
        check_label_predictions(told(**changes), FRAME, SCHEMA)


def test_a_class_that_is_not_named_is_refused():
    with pytest.raises(ValueError, match="positions of 2 classes"):
        told(label=(0, 2))
