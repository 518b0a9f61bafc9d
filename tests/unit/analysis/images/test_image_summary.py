"""What a report shows in pictures, and what is known about each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vaeaudit.analysis.coverage.results import Region
from vaeaudit.analysis.images.image_summary import lay_out, region_rows, row_tiles, rows_to_picture, summarise_pictures
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.latents.latent_map import sample_map, thumbnail_rows
from vaeaudit.analysis.latents.latent_summary import summarise_latents
from vaeaudit.config import AnalysisConfig
from vaeaudit.outputs.images import Pictures
from vaeaudit.outputs.region_rules import Condition, region_key
from vaeaudit.statistics.measures import Interval

SIDE = 8
WOMEN_NORTH = Region(
    "R1", "independence", (Condition("sex", "in", ["female"]), Condition("region", "in", ["north"])), (), 1, 0, 9.0,
    0.1, Interval(0.0, 0.5, 0.95), 0.001, 8, (4, 8), None,
)  # fmt: skip
MEN = replace(WOMEN_NORTH, id="R2", rule=(Condition("sex", "in", ["male"]),))


def latents_of(inputs):
    return summarise_latents(inputs, [], AnalysisConfig(), 0)


def keep(inputs: AuditInputs, rows: np.ndarray, regions: tuple[Region, ...] = ()) -> AuditInputs:
    """The same inputs with pictures of these rows; each pixel says which row it is of."""

    def of(places: np.ndarray) -> np.ndarray:
        return np.broadcast_to((places % 251).astype(np.uint8)[:, None, None, None], (len(places), SIDE, SIDE, 1))

    thumbnails = thumbnail_rows(inputs.codes, 0, 200)
    pictures = Pictures(
        rows=rows,
        originals=of(rows),
        reconstructions=of(rows),
        surprise=of(rows)[..., 0],
        surprise_top=8.0,
        traversals=np.zeros((4, 5, SIDE, SIDE, 1), np.uint8),
        prior=np.zeros((6, SIDE, SIDE, 1), np.uint8),
        region_rules=np.array([region_key(region) for region in regions], dtype=np.str_),
        regions=np.zeros((len(regions), 3, SIDE, SIDE, 1), np.uint8),
        thumbnail_rows=thumbnails,
        thumbnails=of(thumbnails)[:, ::2, ::2],
    )
    return replace(inputs, pictures=pictures)


@pytest.fixture(scope="module")
def pictured(people) -> AuditInputs:
    further = region_rows(people, [WOMEN_NORTH, MEN])
    return keep(people, rows_to_picture(people.scores, people.codes, further=further, seed=0), (WOMEN_NORTH,))


@pytest.fixture(scope="module")
def sheets(pictured):
    return summarise_pictures(pictured, (WOMEN_NORTH, MEN), sample_map(pictured, latents_of(pictured), [], 0), 0)


def test_a_table_has_no_pictures(people):
    assert summarise_pictures(people, (), None, 0) is None
    with pytest.raises(ValueError, match="needs inputs with pictures"):
        row_tiles(people, np.array([1]))


def test_every_tile_is_the_picture_of_its_row(pictured, sheets):
    for tile in (*sheets.outliers, *sheets.rare, *sheets.reconstructions):
        assert sheets.pictures.rows[tile.place] == tile.position
        assert sheets.pictures.originals[tile.place].max() == tile.position % 251
        assert tile.row_id == f"row-{tile.position}"
        assert tile.score == pictured.scores.outlier_score[tile.position]
        assert tile.groups["sex"] == pictured.frame["sex"].iloc[tile.position]


def test_nothing_that_belongs_on_a_sheet_is_missing_with_the_settings_of_the_fit(sheets):
    assert (len(sheets.outliers), len(sheets.rare), len(sheets.reconstructions)) == (24, 24, 16)
    assert sheets.outliers_missing == sheets.rare_missing == sheets.reconstructions_missing == 0


def test_flagged_rows_come_first_then_falling_scores(sheets):
    order = [(not tile.flagged, -tile.score) for tile in sheets.outliers]
    assert order == sorted(order)


def test_sensitive_columns_and_the_label_say_who_is_on_a_picture(sheets):
    assert list(sheets.outliers[0].groups)[:3] == ["age", "sex", "hired"]
    assert len(sheets.outliers[0].groups) == 4


def test_what_another_flagging_calls_for_and_was_not_kept_is_counted(pictured, with_scores):
    flagged = np.zeros(len(pictured.frame), dtype=bool)
    others = np.setdiff1d(np.arange(len(flagged)), pictured.pictures.rows)
    flagged[others[:10]] = True
    found = summarise_pictures(with_scores(pictured, outlier=flagged), (), None, 0)
    assert found.outliers_missing == 10
    assert len(found.outliers) == 14
    assert not any(tile.flagged for tile in found.outliers)


def test_another_seed_than_that_of_the_fit_is_noticed(pictured):
    found = summarise_pictures(pictured, (), None, 99)
    assert found.reconstructions_missing > 0
    assert found.reconstructions_missing + len(found.reconstructions) == 16


def test_a_region_finds_its_pictures_by_its_rule_and_one_that_was_not_decoded_says_so(sheets):
    decoded, unknown = sheets.regions
    assert (decoded.region, decoded.place) == ("R1", 0)
    assert (unknown.region, unknown.place) == ("R2", None)
    assert len(decoded.examples) == 4
    assert {tile.groups["sex"] for tile in decoded.examples} == {"female"}
    assert not any(tile.flagged for tile in (*decoded.examples, *unknown.examples))


def test_only_active_latents_are_shown(sheets):
    assert sheets.latents == (0, 1, 2)
    assert len(sheets.positions) == 5


def test_every_point_of_the_map_has_its_thumbnail(pictured):
    places = sample_map(pictured, latents_of(pictured), [], seed=7)
    rows = pictured.pictures.thumbnail_rows
    assert places.row_ids == tuple(f"row-{row}" for row in rows)
    first, second = places.latents
    assert np.array_equal(places.x, pictured.codes.mean[rows, first])
    assert np.array_equal(places.y, pictured.codes.mean[rows, second])


def test_a_table_and_thumbnails_are_sampled_alike(people):
    places = sample_map(people, latents_of(people), [], seed=5)
    rows = thumbnail_rows(people.codes, 5, 2_000)
    assert places.row_ids == ()
    assert np.array_equal(places.x, people.codes.mean[rows, places.latents[0]])


def test_pairs_keep_their_sides_and_those_without_pictures_are_left_out(pictured):
    kept = pictured.pictures.rows
    other = np.setdiff1d(np.arange(len(pictured.frame)), kept)[0]
    found = summarise_pictures(pictured, (), None, 0, pairs=np.array([[kept[5], kept[2]], [kept[0], other]]))
    ((left, right),) = found.pairs
    assert (left.position, right.position) == (kept[5], kept[2])


def test_one_active_latent_has_no_map(pictured):
    assert summarise_pictures(pictured, (), None, 0).grid is None


@settings(deadline=None)
@given(
    points=arrays(np.float64, st.tuples(st.integers(1, 40), st.just(2)), elements=st.floats(-5, 5)),
    shape=st.tuples(st.integers(1, 5), st.integers(1, 5)),
)
def test_each_cell_of_the_grid_shows_a_point_that_lies_in_it_and_none_twice(points, shape):
    grid = lay_out(points, shape)
    assert grid.cells.shape == shape
    shown = grid.cells[grid.cells >= 0]
    assert len(set(shown)) == len(shown)
    span = np.where(grid.high > grid.low, grid.high - grid.low, 1.0)
    for row, column in zip(*np.nonzero(grid.cells >= 0), strict=True):
        at = (points[grid.cells[row, column]] - grid.low) / span * [shape[1], shape[0]]
        assert column - 1e-9 <= at[0] <= column + 1 + 1e-9
        assert shape[0] - 1 - row - 1e-9 <= at[1] <= shape[0] - row + 1e-9


def test_a_regular_grid_of_points_comes_out_as_it_lies_the_highest_on_top():
    x, y = np.meshgrid(np.linspace(-1, 1, 101), np.linspace(-1, 1, 101))
    grid = lay_out(np.stack([x.ravel(), y.ravel()], axis=1), (2, 3))
    assert np.all(grid.cells >= 0)
    heights = y.ravel()[grid.cells]
    across = x.ravel()[grid.cells]
    assert np.all(heights[0] > 0.4)
    assert np.all(heights[1] < -0.4)
    assert np.allclose(across, [[-0.64, 0, 0.64]] * 2, atol=0.05)
