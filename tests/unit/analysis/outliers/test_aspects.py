"""A picture is told by its measures that stand out, and by what the model says of its patches."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vaeaudit.analysis.outliers.aspects import aspects_of
from vaeaudit.data.schema.columns import Kind, Role, Schema
from vaeaudit.outputs.row_scores import OF_PICTURES
from vaeaudit.scoring.image_score import NOTHING

N = 400
TEXTURE = "fine texture is unusual in itself"


@pytest.fixture
def pictures(build):
    """`pictures(said, **columns)`: pictures of which the model says this, with columns that were measured on them."""

    def made(said=NOTHING, derived=None, **columns):
        roles = {name: (values, Kind.REAL) for name, values in columns.items()}
        inputs = build(roles, np.zeros((N, 1)))
        measured = columns if derived is None else derived
        schema = Schema(tuple(replace(column, derived=column.name in measured) for column in inputs.schema))
        return replace(inputs, schema=schema, aspects=np.full(N, said, object))

    return made


def brightness(**odd):
    """Values around 0.5, all of them within 0.4 and 0.6 but those that are `odd` by their row."""
    values = np.random.default_rng(0).permutation(np.linspace(0.4, 0.6, N))
    values[[int(row[1:]) for row in odd]] = list(odd.values())
    return values


def test_a_measure_that_stands_out_is_named_with_what_most_pictures_have(pictures):
    inputs = pictures(picture_brightness=brightness(_3=0.95))
    (said,) = aspects_of(inputs, np.array([3]))
    assert said == "picture_brightness is 0.95, of most pictures 0.41 to 0.591"


def test_too_little_of_a_measure_stands_out_as_too_much_does(pictures):
    inputs = pictures(picture_contrast=brightness(_3=0.95, _9=0.0))
    assert "picture_contrast is 0, of most pictures" in aspects_of(inputs, np.array([9]))[0]


def test_where_nothing_is_odd_that_is_what_is_said(pictures):
    inputs = pictures(picture_brightness=brightness(_3=0.95))
    others = np.setdiff1d(np.arange(N), 3)
    assert set(aspects_of(inputs, others)) == {NOTHING}


def test_what_the_model_says_stands_behind_what_was_measured(pictures):
    inputs = pictures(TEXTURE, picture_brightness=brightness(_3=0.95))
    with_measure, alone = aspects_of(inputs, np.array([3, 4]))
    assert with_measure.startswith("picture_brightness is 0.95")
    assert with_measure.endswith(f"; {TEXTURE}")
    assert alone == TEXTURE


def test_the_measures_that_are_farthest_out_are_named_first_and_no_more_than_two(pictures):
    inputs = pictures(a=brightness(_3=0.95), b=brightness(_3=2.0), c=brightness(_3=0.05), d=brightness(_3=5.0))
    (said,) = aspects_of(inputs, np.array([3]))
    assert [part.split(" is ")[0] for part in said.split("; ")] == ["d", "b"]


def test_columns_that_were_not_measured_on_pictures_or_were_given_a_role_are_not_named(pictures):
    inputs = pictures(price=brightness(_3=9.0), picture_warmth=brightness(_3=9.0), derived=("picture_warmth",))
    assert "price" not in aspects_of(inputs, np.array([3]))[0]
    as_label = Schema(tuple(replace(column, role=Role.SENSITIVE) for column in inputs.schema))
    assert aspects_of(replace(inputs, schema=as_label), np.array([3])).tolist() == [NOTHING]


@pytest.mark.parametrize("values", [np.full(N, np.nan), np.where(np.arange(N) == 3, 1.0, 0.0)])
def test_a_measure_that_does_not_vary_or_that_nothing_is_known_of_says_nothing(pictures, values):
    assert aspects_of(pictures(picture_extent=values), np.array([3])).tolist() == [NOTHING]


def test_a_picture_on_which_a_measure_cannot_be_taken_is_not_told_by_it(pictures):
    values = brightness(_3=0.95)
    values[4] = np.nan
    found = aspects_of(pictures(picture_sharpness=values), np.array([4, 3]))
    assert found[0] == NOTHING
    assert found[1].startswith("picture_sharpness is 0.95")


def test_rows_of_a_table_have_no_aspect(people):
    assert aspects_of(people, np.array([5, 1])).tolist() == ["", ""]
    assert aspects_of(people, np.array([], int)).shape == (0,)


def test_where_no_single_measure_is_odd_it_is_said_what_does_not_go_together(pictures):
    inputs = pictures(picture_brightness=brightness())
    surprises = np.full((N, len(OF_PICTURES)), 0.1)
    surprises[5, 1], surprises[6, [1, 2]] = 9.0, 9.0
    codes = replace(inputs.codes, surprises=surprises, image_statistics=np.zeros((N, 3)))
    said = aspects_of(replace(inputs, codes=codes), np.array([4, 5, 6]))
    assert said[0] == NOTHING
    assert said[1] == "its measures do not go together as in most pictures"
    assert said[2] == f"{said[1]}; it lies apart in the latents"
