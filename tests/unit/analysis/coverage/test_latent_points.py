"""Points that stand for a region: inside its rule, near to what there is, and none of the rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from vaeaudit.analysis.coverage.baselines import MOST_OF_LATENTS
from vaeaudit.analysis.coverage.latent_points import points_of_regions, uncrossed, with_latents
from vaeaudit.analysis.coverage.regions import find_regions
from vaeaudit.analysis.coverage.results import Region
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Kind
from vaeaudit.outputs.region_rules import Condition, region_key

RegionOf = Callable[..., Region]


@pytest.fixture
def pictured(people: Any) -> Any:
    """An audit's inputs as if its rows were pictures: latents without columns, statistics of pictures."""
    return replace(people, codes=replace(people.codes, image_statistics=np.zeros((len(people.codes), 3))))


def test_a_condition_on_a_latent_is_met_by_the_rows_nearest_to_it(pictured: Any, region_of: RegionOf) -> None:
    latent = int(np.flatnonzero(pictured.codes.active)[0])
    high = float(pictured.codes.mean[:, latent].max())
    region = region_of(Condition(f"z_{latent}", "between", [high + 1, None]))
    points = points_of_regions(pictured, [region], seed=0)[region_key(region)].z
    assert np.all(points[:, latent] > high + 1)
    others = np.delete(points, latent, axis=1)
    rows = np.delete(pictured.codes.mean, latent, axis=1)
    assert all(np.isclose(rows, other).all(axis=1).any() for other in others)


def test_a_narrow_range_is_met_in_its_middle(pictured: Any, region_of: RegionOf) -> None:
    latent = int(np.flatnonzero(pictured.codes.active)[0])
    region = region_of(Condition(f"z_{latent}", "between", [0.1, 0.1002]))
    points = points_of_regions(pictured, [region], seed=0)[region_key(region)].z
    np.testing.assert_allclose(points[:, latent], 0.1001, atol=1e-6)


def test_of_known_columns_the_points_lie_between_rows_of_the_kind(pictured: Any, region_of: RegionOf) -> None:
    column = next(entry for entry in pictured.schema if entry.kind.is_levelled)
    region = region_of(Condition(column.name, "in", [column.levels[0]]))
    points = points_of_regions(pictured, [region], n_points=4, seed=0)[region_key(region)].z
    inside = pictured.codes.mean[(pictured.frame[column.name] == column.levels[0]).to_numpy()]
    assert points.shape == (4, pictured.codes.n_latents)
    assert np.all((points >= inside.min(axis=0)) & (points <= inside.max(axis=0)))
    same = points_of_regions(pictured, [region], n_points=4, seed=0)[region_key(region)].z
    np.testing.assert_array_equal(points, same)


def test_a_region_without_any_row_borrows_from_its_neighbours(pictured: Any, region_of: RegionOf) -> None:
    region = region_of(Condition(pictured.schema.names[0], "in", ["no such level"]))
    points = points_of_regions(pictured, [region], seed=0)[region_key(region)].z
    assert np.isfinite(points).all()


def test_latents_stand_behind_the_columns_unless_a_column_has_their_name(pictured: Any) -> None:
    frame, schema = with_latents(pictured.frame, pictured.schema, pictured.codes)
    added = [name for name in schema.names if name not in pictured.schema.names]
    assert added
    assert all(np.allclose(frame[name], pictured.codes.mean[:, int(name[2:])]) for name in added)
    again, same = with_latents(frame, schema, pictured.codes)
    assert same.names == schema.names
    assert again.equals(frame)


def test_latents_are_crossed_with_latents_and_sensitive_columns_only(pictured: Any) -> None:
    _, schema = with_latents(pictured.frame, pictured.schema, pictured.codes)
    latents = frozenset(schema.names) - frozenset(pictured.schema.names)
    sensitive = {column.name for column in schema.sensitive}
    apart = uncrossed(schema, schema.names, latents)
    for i, j in apart:
        names = {schema.names[i], schema.names[j]}
        assert len(names & latents) == 1
        assert not names & sensitive
    one = schema.names.index(min(latents))
    assert all((schema.names.index(name), one) not in apart for name in sensitive)


def test_of_clusters_only_a_few_combinations_of_latents_are_listed_and_it_is_said(build: Callable[..., Any]) -> None:
    generator = np.random.default_rng(0)
    centres = generator.choice([-2.0, 0.0, 2.0], (8, 6))
    mean = centres[generator.integers(0, 8, 4000)] + generator.normal(0, 0.3, (4000, 6))
    inputs = build({"flag": (np.where(generator.random(4000) < 0.5, "a", "b"), Kind.CATEGORY)}, mean)
    codes = replace(inputs.codes, image_statistics=np.zeros((4000, 3)))
    search = find_regions(replace(inputs, codes=codes), AnalysisConfig())
    assert len(search.regions) == MOST_OF_LATENTS
    assert all(condition.column.startswith("z_") for region in search.regions for condition in region.rule)
    assert any("most nearly empty" in note for note in search.notes)
