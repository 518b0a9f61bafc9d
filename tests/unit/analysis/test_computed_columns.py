"""Columns computed from pictures: they put findings into words, and what is trivial about them is not a finding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from vaeaudit.analysis.checks.base import Seen
from vaeaudit.analysis.checks.va203_region_short_of_independence import CHECK
from vaeaudit.analysis.coverage.baselines import MOST_OF_LATENTS
from vaeaudit.analysis.coverage.latent_points import uncrossed
from vaeaudit.analysis.coverage.regions import find_regions
from vaeaudit.analysis.fairness.proxies import find_proxies
from vaeaudit.analysis.grouping.groups import group_column
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.latents.explained import MOST_COLUMNS, MOST_COMPUTED, explain_latents
from vaeaudit.analysis.quality.columns import summarise_columns
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.images.measured_columns import MEANINGS, computed_columns
from vaeaudit.data.schema.columns import Kind, Role, Schema

Build = Callable[..., AuditInputs]
CONFIG = AnalysisConfig()
N = 6_000


def pictured(build: Build, columns: dict[str, tuple[Any, ...]], mean: np.ndarray) -> AuditInputs:
    """Inputs as if the rows were pictures: no column in the model, those called `picture_` computed."""
    inputs = build(columns, mean)
    schema = Schema(tuple(replace(column, in_model=False, derived=column.name in MEANINGS) for column in inputs.schema))
    codes = replace(inputs.codes, columns=(), image_statistics=np.zeros((len(mean), 3)))
    return replace(inputs, schema=schema, codes=codes)


@pytest.fixture(scope="module")
def drawn() -> tuple[dict[str, tuple[Any, ...]], np.ndarray]:
    """Brightness tells race, contrast and latent 0 follow brightness, and few pictures lie low on the left."""
    rng = np.random.default_rng(5)
    race = rng.choice(["dark", "light"], N)
    brightness = np.clip(rng.normal(np.where(race == "dark", 0.42, 0.58), 0.1), 0, 1)
    x, y = rng.uniform(0.2, 0.8, (2, N))
    kept = ~((x < 0.4) & (y > 0.6)) | (rng.random(N) < 0.1)
    contrast = np.sqrt(brightness * (1 - brightness)) * rng.uniform(0.3, 0.9, N)
    mean = np.stack([(brightness - 0.5) / 0.15 + rng.normal(0, 0.1, N), rng.normal(size=N)], axis=1)
    columns = {
        "race": (race, Kind.CATEGORY, Role.SENSITIVE),
        "shape": (np.where(x + rng.normal(0, 0.05, N) < 0.5, "disc", "square"), Kind.CATEGORY),
        "picture_brightness": (brightness, Kind.REAL),
        "picture_contrast": (contrast, Kind.REAL),
        "picture_centre_x": (x, Kind.REAL),
        "picture_centre_y": (y, Kind.REAL),
    }
    return {name: (np.asarray(values)[kept], *rest) for name, (values, *rest) in columns.items()}, mean[kept]


@pytest.fixture(scope="module")
def faces(build: Build, drawn: tuple[dict[str, tuple[Any, ...]], np.ndarray]) -> AuditInputs:
    return pictured(build, *drawn)


def test_a_column_that_somebody_gave_a_role_counts_as_one_of_the_data(faces: AuditInputs) -> None:
    assert computed_columns(faces.schema) == set(faces.schema.names) - {"race", "shape"}
    brightness = replace(faces.schema["picture_brightness"], role=Role.SENSITIVE)
    assert "picture_brightness" not in computed_columns(
        Schema(tuple(brightness if c.name == brightness.name else c for c in faces.schema))
    )


def test_they_are_crossed_with_sensitive_columns_and_where_they_are_not_tied(faces: AuditInputs) -> None:
    names = (*faces.schema.names, "z_0", "z_1")
    apart = {(names[i], names[j]) for i, j in uncrossed(faces.schema, names, frozenset({"z_0", "z_1"}))}
    assert {("shape", "picture_brightness"), ("picture_brightness", "z_0"), ("shape", "z_1")} <= apart
    assert ("picture_brightness", "picture_contrast") in apart
    with_sensitive = {("race", other) for other in names[1:]}
    free = {("picture_centre_x", "picture_centre_y"), ("picture_brightness", "picture_centre_x"), ("z_0", "z_1")}
    assert not (with_sensitive | free) & apart


def test_a_gap_in_what_a_person_can_measure_is_told_so_and_is_no_more_than_a_hint(
    faces: AuditInputs, seen_of: Callable[..., Seen]
) -> None:
    search = find_regions(faces, CONFIG)
    rules = [{condition.column for condition in region.rule} for region in search.regions]
    assert {"picture_centre_x", "picture_centre_y"} in rules
    assert {"race", "picture_brightness"} in rules
    assert not any(rule <= {"picture_brightness", "picture_contrast"} for rule in rules)
    alone = [rule for rule in rules if rule <= computed_columns(faces.schema)]
    assert len(alone) <= MOST_OF_LATENTS
    assert rules.index({"race", "picture_brightness"}) < rules.index({"picture_centre_x", "picture_centre_y"})
    answer = CHECK.ask(seen_of(inputs=faces, regions=search.regions))
    assert {finding.severity for finding in answer.findings} == {"low"}


def test_they_give_a_sensitive_attribute_away(faces: AuditInputs) -> None:
    proxies = {proxy.from_: proxy for proxy in find_proxies(faces, CONFIG, seed=0).proxies}
    assert next(iter(proxies["columns"].by_column)) == "picture_brightness"
    assert proxies["columns"].auc > 0.8
    assert set(proxies["columns"].by_column) == computed_columns(faces.schema)


def test_one_that_was_excluded_tells_nothing(faces: AuditInputs) -> None:
    excluded = replace(faces.schema["picture_brightness"], role=Role.EXCLUDED)
    proxies = find_proxies(
        replace(faces, schema=Schema(tuple(excluded if c.name == excluded.name else c for c in faces.schema))),
        CONFIG,
        seed=0,
    ).proxies
    assert all("picture_brightness" not in proxy.by_column for proxy in proxies)


def test_a_region_over_latents_is_told_in_them(faces: AuditInputs) -> None:
    regions = [
        region
        for region in find_regions(faces, CONFIG).regions
        if {condition.column for condition in region.rule} == {"race", "z_0"}
    ]
    assert regions
    described = {condition.column for region in regions for condition in region.description}
    assert "picture_brightness" in described


def test_they_do_not_crowd_the_columns_of_the_data_out_of_what_a_latent_encodes(build: Build) -> None:
    rng = np.random.default_rng(0)
    latent = rng.normal(size=2_000)
    computed = {name: (latent + rng.normal(0, 0.1, 2_000), Kind.REAL) for name in MEANINGS}
    own = {f"own_{number}": (latent + rng.normal(0, 1, 2_000), Kind.REAL) for number in range(7)}
    inputs = build({**computed, **own}, latent[:, None])
    groupings = [group_column(inputs.frame[column.name], column) for column in inputs.schema]
    (told,) = explain_latents(groupings, latent[:, None], rng, computed=set(MEANINGS))
    names = [entry.column for entry in told]
    assert (sum(name in MEANINGS for name in names), len(names)) == (MOST_COMPUTED, MOST_COMPUTED + MOST_COLUMNS)
    assert [entry.score for entry in told] == sorted((entry.score for entry in told), reverse=True)


def test_a_summary_says_what_was_measured(faces: AuditInputs) -> None:
    said = {column.name: column for column in summarise_columns(faces.frame, faces.schema)}
    assert (said["picture_brightness"].derived, said["race"].derived) == (True, False)
    assert said["picture_brightness"].meaning == MEANINGS["picture_brightness"]
    assert said["race"].meaning == ""
