"""What is asked is read, or refused by name."""

from __future__ import annotations

import pytest

from vaeaudit.analysis.generation.wishes import (
    LatentRange,
    Wish,
    conditions_of,
    parted,
    ranges_of,
    region_called,
    require_known,
)
from vaeaudit.config import LatentSource
from vaeaudit.data.schema.columns import Column, Kind, Schema
from vaeaudit.errors import UsageError
from vaeaudit.outputs.region_rules import Condition, RegionRule

SCHEMA = Schema(
    (
        Column("sex", Kind.CATEGORY, levels=("male", "female")),
        Column("age", Kind.COUNT),
        Column("since", Kind.DATETIME),
        Column("note", Kind.TEXT, in_model=False),
    )
)


def test_levels_numbers_ranges_dates_and_missing_cells_are_read():
    given = {"sex": "FEMALE", "age": "20..30", "since": "2024-01-01"}
    sex, age, since = conditions_of(given, SCHEMA)
    assert sex == Condition("sex", "in", ["female"])
    assert age == Condition("age", "between", [20.0, 30.0])
    assert since.value == ["2024-01-01 00:00:00", "2024-01-02 00:00:00"]
    assert conditions_of({"age": ""}, SCHEMA) == (Condition("age", "missing", None),)
    assert conditions_of({"age": "..30"}, SCHEMA)[0].value == [None, 30.0]
    assert conditions_of({"age": (20, None)}, SCHEMA)[0].value == [20.0, None]
    low, high = conditions_of({"age": 40}, SCHEMA)[0].value
    assert low == 40 < high < 40.001


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"colour": "red"}, "no column 'colour'"),
        ({"sex": "other"}, "no such level"),
        ({"age": "old"}, "expected a number"),
        ({"age": "nan"}, "expected a number"),
        ({"age": "30..20"}, "a range that rises"),
        ({"since": "soon"}, "expected a date"),
        ({"note": "x"}, "knows no text column"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(given, said):
    with pytest.raises(UsageError, match=said) as refused:
        conditions_of(given, SCHEMA)
    assert "\n" not in refused.value.message


def test_ranges_of_latents_are_read_and_met_together():
    ranges = (*ranges_of({3: (-2, None), 0: 1.5}, 4), LatentRange(3, None, 1.0))
    wish = Wish(1, 0, LatentSource.PRIOR, None, (), ranges, None)
    assert wish.box == {3: (-2.0, 1.0), 0: (1.5, 1.5)}
    assert not wish.is_free
    for given, said in (({4: 1.0}, "latents 0 to 3"), ({0: (2, 1)}, "a range that rises")):
        with pytest.raises(UsageError, match=said):
            ranges_of(given, 4)


def test_a_region_is_parted_into_columns_and_latents():
    rule = (Condition("age", "between", [20.0, None]), Condition("z_2", "between", [None, -1.0]))
    assert parted(rule, SCHEMA, 4) == (rule[:1], (LatentRange(2, None, -1.0),))
    region = RegionRule("R1", "uniform", rule)
    assert region_called("R1", [region]) is region
    with pytest.raises(UsageError, match="no such region"):
        region_called("R2", [region])


def test_a_column_that_the_model_does_not_know_is_named_with_the_option_that_helps():
    with pytest.raises(UsageError, match="does not know the column 'sex'") as refused:
        require_known((Condition("sex", "in", ["male"]),), SCHEMA, ["age"], "--condition")
    assert "--include sex" in refused.value.hint
