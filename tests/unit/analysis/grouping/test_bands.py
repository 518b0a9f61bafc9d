from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from vaeaudit.analysis.grouping.bands import banded
from vaeaudit.analysis.grouping.groups import group_column
from vaeaudit.data.population_shares import Population, PopulationColumn
from vaeaudit.data.schema.columns import Column, Kind, Role, Schema
from vaeaudit.errors import UsageError

SCHEMA = Schema((Column("age", Kind.COUNT, Role.SENSITIVE), Column("sex", Kind.CATEGORY, levels=("f", "m"))))
AGES = PopulationColumn("age", intervals=((15.0, 25.0), (25.0, 35.0), (35.0, 65.0), (65.0, None)))
SEX = PopulationColumn("sex", levels=("f", "m"))


def census(*shares: float | None) -> Population:
    return Population("census.csv", (AGES, SEX), shares or tuple([0.125] * 8))


def test_a_column_is_cut_as_was_said_and_others_as_before() -> None:
    schema, _ = banded(SCHEMA, {"age": [18, 30]}, None)
    grouping = group_column(pd.Series([17.0, 18.0, 29.9, 30.0]), schema["age"])
    assert grouping.labels == ("< 18", "[18, 30)", ">= 30")
    assert grouping.codes.tolist() == [0, 1, 1, 2]
    assert schema["sex"].bands == ()


def test_a_population_cuts_what_nobody_cut_otherwise() -> None:
    schema, shares = banded(SCHEMA, {}, census())
    assert schema["age"].bands == (15.0, 25.0, 35.0, 65.0)
    assert shares == census()


def test_the_intervals_of_a_population_are_put_together_to_the_bands() -> None:
    given = census(0.1, 0.2, 0.1, 0.2, 0.05, 0.05, 0.1, 0.2)
    _, shares = banded(SCHEMA, {"age": [35]}, given)
    assert shares is not None
    assert shares["age"].intervals == ((15.0, 35.0), (35.0, None))
    assert shares.marginal(["age", "sex"]) == pytest.approx((0.2, 0.4, 0.15, 0.25))
    rows = pd.DataFrame({"age": [14.0, 20.0, 34.0, 80.0], "sex": pd.Categorical(list("fmfm"), ["f", "m"])})
    assert shares.cell_codes(rows).tolist() == [-1, 1, 0, 3]


def test_what_a_population_does_not_list_stays_unknown() -> None:
    given = census(None, 0.2, None, 0.3, 0.1, 0.1, 0.1, 0.2)
    _, shares = banded(SCHEMA, {"age": [35]}, given)
    assert shares is not None
    assert shares.shares[0] is None
    assert shares.shares[1:] == pytest.approx((0.5, 0.2, 0.3))


@pytest.mark.parametrize(
    ("bands", "message"),
    [
        ({"age": [30]}, "30 lies within an interval of census.csv"),
        ({"sex": [1]}, "the column is category; only numbers"),
        ({"aeg": [1]}, "has no column 'aeg'"),
    ],
)
def test_what_cannot_be_cut_is_refused(bands: dict[str, list[float]], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        banded(SCHEMA, bands, census())


def test_bands_beyond_all_values_leave_empty_groups() -> None:
    schema, _ = banded(SCHEMA, {"age": [18, 200]}, None)
    assert group_column(pd.Series(np.arange(20.0, 60.0)), schema["age"]).counts.tolist() == [0, 40, 0]
