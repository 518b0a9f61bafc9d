from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from pydantic import TypeAdapter

from vaeaudit.data.population import read_population
from vaeaudit.data.population_shares import OUTSIDE, Population, PopulationColumn
from vaeaudit.data.schema.columns import Column, Kind, Role, Schema
from vaeaudit.errors import InputError

SCHEMA = Schema(
    (
        Column("age", Kind.COUNT, Role.SENSITIVE, in_model=False),
        Column("sex", Kind.CATEGORY, Role.SENSITIVE, in_model=False, levels=("Female", "Male")),
        Column("remark", Kind.TEXT, in_model=False),
    )
)
GOOD = """age,sex,count
"[15,40)",Female,30
"[15,40)",Male,20
"[40,inf)",Female,40
"[40,inf)",Male,10
"""


@pytest.fixture
def read(tmp_path):
    def from_text(text, encoding="utf-8"):
        path = tmp_path / "people.csv"
        path.write_bytes(text.encode(encoding))
        return read_population(path, SCHEMA)

    return from_text


def frame_of(ages, sexes):
    return pd.DataFrame({"age": np.array(ages, dtype=float), "sex": pd.Categorical(sexes)})


def test_counts_become_shares_of_the_full_product(read):
    population = read(GOOD)
    assert population.column_names == ("age", "sex")
    assert population["age"].intervals == ((15.0, 40.0), (40.0, None))
    assert population["sex"].levels == ("Female", "Male")
    assert population.shares == (0.3, 0.2, 0.4, 0.1)
    assert population.notes == ()


def test_marginal_shares_add_up_in_any_order_of_columns(read):
    population = read(GOOD)
    assert population.marginal(["sex"]) == pytest.approx((0.7, 0.3))
    assert population.marginal(["age"]) == pytest.approx((0.5, 0.5))
    assert population.marginal(["sex", "age"]) == pytest.approx((0.3, 0.4, 0.2, 0.1))
    assert population.covers(["sex"])
    assert not population.covers(["sex", "remark"])
    with pytest.raises(KeyError, match="remark"):
        population.marginal(["remark"])


def test_it_survives_the_way_through_json(read):
    population = read(GOOD.replace('"[40,inf)",Male,10\n', ""))
    assert population.shares[-1] is None
    text = json.dumps(asdict(population), allow_nan=False)
    assert TypeAdapter(Population).validate_json(text, strict=True) == population


def test_rows_are_placed_in_cells_and_strangers_are_counted(read):
    population = read(GOOD)
    frame = frame_of([14, 15, 39.9, 40, 120, np.nan, 20], ["Male", "Female", "Male", "Female", "Male", "Male", "Other"])
    assert population.cell_codes(frame).tolist() == [OUTSIDE, 0, 1, 2, 3, OUTSIDE, OUTSIDE]
    (note,) = population.outside(frame)
    assert note.startswith("3 of 7 rows lie outside the cells of people.csv")
    assert "1 without age" in note
    assert "such as 14" in note
    assert "such as Other" in note
    assert population.outside(frame.iloc[1:5]) == ()


def test_a_combination_that_is_not_listed_has_no_share_and_holds_no_rows(read):
    population = read(GOOD.replace('"[40,inf)",Male,10\n', ""))
    assert population.shares == pytest.approx((30 / 90, 20 / 90, 40 / 90, None))
    assert population.cell_codes(frame_of([50], ["Male"])).tolist() == [OUTSIDE]
    assert "combinations that the file does not list" in population.outside(frame_of([50], ["Male"]))[0]
    assert "does not list 1 of the 4 combinations" in population.notes[0]


def test_rows_may_stand_in_any_order_and_the_value_column_anywhere(read):
    text = 'share,sex,age\n0.1,Male,"[40,inf)"\n0.4,Female,"[40, inf)"\n0.2,Male,"[15,40)"\n0.3,Female,"[15,40)"\n'
    population = read(text)
    assert population["sex"].levels == ("Male", "Female")
    assert population.marginal(["age", "sex"]) == pytest.approx((0.2, 0.3, 0.1, 0.4))


def test_a_byte_order_mark_and_blank_lines_are_no_trouble(read):
    assert read("\ufeff" + GOOD.replace("\n", "\n\n")).shares == (0.3, 0.2, 0.4, 0.1)


def test_shares_are_scaled_within_rounding_and_that_is_said(read):
    population = read("sex,share\nFemale,0.333\nMale,0.666\n")
    assert sum(population.shares) == pytest.approx(1)
    assert "add up to 0.999" in population.notes[0]


def test_open_intervals_take_in_everything_beyond(read):
    population = read('age,share\n"[-inf,30)",0.5\n"[30,inf)",0.5\n')
    assert population["age"].intervals == ((None, 30.0), (30.0, None))
    assert population["age"].codes(pd.Series([-1e300, 30.0, 1e300])).tolist() == [0, 1, 1]


def test_levels_on_one_side_only_are_noted(read):
    population = read("sex,count\nFemale,5\nDiverse,1\n")
    assert any("no row with sex = Diverse" in note for note in population.notes)
    assert any("gives no share for sex = Male" in note for note in population.notes)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "found 0 row"),
        ("sex,share\n", "found 1 row"),
        ("sex,amount\nFemale,1\n", "one called count or share"),
        ("sex,count,share\nFemale,1,1\n", "one called count or share"),
        ("count\n1\n", "one called count or share"),
        ("sex,sex,count\nFemale,Male,1\n", "one called count or share"),
        ("gender,count\nFemale,1\n", "no column 'gender'"),
        ("sex,count\nFemale,1,2\n", "line 2: expected 2 cells, found 3"),
        ("sex,count\nx,1\nm,1\n", "none of the levels"),
        ("sex,share\nFemale,0.5\nMale,0.4\n", "must add up to 1, found 0.9"),
        ("sex,share\nFemale,-0.5\nMale,1.5\n", "line 2: expected a share of at least 0, found '-0.5'"),
        ("sex,count\nFemale,many\nMale,1\n", "line 2: expected a count of at least 0, found 'many'"),
        ("sex,count\nFemale,nan\nMale,1\n", "found 'nan'"),
        ("sex,count\nFemale,0\nMale,0\n", "adds up to 0"),
        ("sex,count\nFemale,1e308\nMale,1e308\n", "adds up to inf"),
        ("sex,count\nFemale,1\nMale,1\n\nMale,1\n", "line 5: the cell sex = Male is listed twice"),
        ('age,count\n"[15,30)",1\n"[25,40)",1\n', "overlap: [15,30) and [25,40)"),
        ('age,count\n"[15,30)",1\n"[35,40)",1\n', "leave a gap between 30 and 35"),
        ("age,count\n15..30,1\n", "intervals such as [15,20)"),
        ('age,count\n"[30,15)",1\n', "found '[30,15)'"),
        ('age,count\n"[a,b)",1\n', "found '[a,b)'"),
        ("remark,count\nhello,1\n", "'remark' is text in the data"),
        ('sex,count\n"Female,1\n', "expected a CSV in UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_words(read, text, expected):
    with pytest.raises(InputError) as refused:
        read(text)
    assert expected in str(refused.value)
    assert "people.csv" in str(refused.value)


def test_a_file_in_another_encoding_or_place_is_refused(read, tmp_path):
    with pytest.raises(InputError, match="UTF-8"):
        read(GOOD.replace("Male", "Mäle"), encoding="latin-1")
    with pytest.raises(InputError, match="cannot be read"):
        read_population(tmp_path / "absent.csv", SCHEMA)
    with pytest.raises(InputError, match="cannot be read"):
        read_population(tmp_path, SCHEMA)


def test_a_population_checks_its_own_shapes():
    sex = PopulationColumn("sex", levels=("f", "m"))
    with pytest.raises(ValueError, match="2 cells, found 1"):
        Population("p", (sex,), (1.0,))
    with pytest.raises(ValueError, match="add up to 1"):
        Population("p", (sex,), (0.5, 0.4))
    with pytest.raises(ValueError, match="either levels or intervals"):
        PopulationColumn("sex")
