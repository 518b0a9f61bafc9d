from __future__ import annotations

from dataclasses import replace

import numpy as np

from vaeaudit.analysis.grouping.groups import group_column
from vaeaudit.analysis.latents.latent_map import MAP_POINTS, sample_map
from vaeaudit.analysis.latents.latent_summary import summarise_latents
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Kind


def test_the_map_shows_a_sample_on_the_two_latents_of_largest_kl(build):
    rng = np.random.default_rng(0)
    mean = rng.normal(size=(3_000, 3)) * np.array([0.5, 2.0, 1.0])
    inputs = build({"x": (mean[:, 1], Kind.REAL)}, mean)
    latents = summarise_latents(inputs, [], AnalysisConfig(), seed=0)
    shown = sample_map(inputs, latents, [], seed=1)
    assert shown is not None
    assert shown.latents == (1, 2)
    assert len(shown.x) == MAP_POINTS
    assert set(shown.x) <= set(mean[:, 1])


def test_the_map_names_the_group_of_each_point(people):
    groupings = [group_column(people.frame["sex"], people.schema["sex"])]
    latents = summarise_latents(people, [], AnalysisConfig(), seed=0)
    shown = sample_map(people, latents, groupings, seed=0)
    assert shown is not None
    assert shown.groups["sex"] == tuple(people.frame["sex"])


def test_one_active_latent_makes_no_map(build):
    mean = np.stack([np.random.default_rng(0).normal(size=100), np.zeros(100)], axis=1)
    inputs = build({"x": (mean[:, 0], Kind.REAL)}, mean)
    assert sample_map(inputs, summarise_latents(inputs, [], AnalysisConfig(), seed=0), [], seed=0) is None


def test_latents_that_are_shown_come_before_stronger_ones(build):
    mean = np.random.default_rng(0).normal(size=(200, 3)) * np.array([0.5, 2.0, 1.0])
    inputs = build({"x": (mean[:, 1], Kind.REAL)}, mean)
    latents = summarise_latents(inputs, [], AnalysisConfig(), seed=0)
    shown = sample_map(inputs, [replace(latents[0], shown=True), *latents[1:]], [], seed=1)
    assert shown is not None
    assert shown.latents == (0, 1)
