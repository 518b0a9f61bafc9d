from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaeaudit.analysis.audit.audit import sensitive_groupings
from vaeaudit.analysis.grouping.groups import group_column
from vaeaudit.analysis.latents.latent_summary import MAP_POINTS, histogram, sample_map, summarise_latents
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Kind


@pytest.fixture(scope="module")
def latents(people):
    groupings, _ = sensitive_groupings(people)
    return summarise_latents(people, groupings, AnalysisConfig(), seed=0)


def test_a_latent_is_explained_by_the_columns_it_was_built_from_even_if_held_out_of_the_model(latents):
    assert [entry.column for entry in latents[0].explains] == ["hours"]
    assert latents[0].explains[0].score > 0.9
    found = {entry.column for entry in latents[1].explains}
    assert {"job", "age", "sex"} <= found
    assert not {"region", "since", "pay", "remark"} & found


def test_a_latent_of_noise_is_active_but_explained_by_nothing(latents):
    assert latents[2].active
    assert latents[2].explains == ()


def test_a_dead_latent_is_listed_as_such(latents):
    assert [latent.active for latent in latents] == [True, True, True, False]
    assert latents[3].explains == ()
    assert latents[3].kl_nats < 0.01
    assert all(latent.stability is None for latent in latents)


def test_histograms_count_every_row_once_overall_and_per_group(people, latents):
    for latent in latents:
        shown = latent.histogram
        assert shown.total == len(people.frame)
        assert (np.diff(shown.edges) > 0).all()
        for attribute, groups in shown.by_group.items():
            assert sum(counts.total for counts in groups.values()) == len(people.frame)
            sizes = people.frame[attribute].value_counts()
            if attribute == "sex":
                assert {group: counts.total for group, counts in groups.items()} == sizes.to_dict()


def test_outer_bins_take_in_what_lies_beyond_the_robust_range():
    values = np.concatenate([np.linspace(0, 1, 1_000), [1e6, -1e6]])
    shown = histogram(values, [], bins=10, confidence=0.95)
    assert shown.edges[0] > -1
    assert shown.edges[-1] < 2
    assert shown.counts.tolist() == pytest.approx([101] * 10, abs=8)


@given(st.lists(st.floats(-1e6, 1e6, width=32), max_size=60), st.integers(2, 40))
def test_any_values_make_a_histogram_whose_intervals_hold_the_shares(values, bins):
    shown = histogram(np.array(values), [], bins=bins, confidence=0.9)
    assert shown.total == len(values)
    share = shown.counts / max(len(values), 1)
    assert (shown.share_low <= share + 1e-12).all()
    assert (share <= shown.share_high + 1e-12).all()


def test_the_map_shows_a_sample_on_the_two_latents_of_largest_kl(build):
    rng = np.random.default_rng(0)
    mean = rng.normal(size=(3_000, 3)) * np.array([0.5, 2.0, 1.0])
    inputs = build({"x": (mean[:, 1], Kind.REAL)}, mean)
    shown = sample_map(inputs, [], seed=1)
    assert shown is not None
    assert shown.latents == (1, 2)
    assert len(shown.x) == MAP_POINTS
    assert set(shown.x) <= set(mean[:, 1])


def test_the_map_names_the_group_of_each_point(people):
    groupings = [group_column(people.frame["sex"], people.schema["sex"])]
    shown = sample_map(people, groupings, seed=0)
    assert shown is not None
    assert shown.groups["sex"] == tuple(people.frame["sex"])


def test_one_active_latent_makes_no_map(build):
    mean = np.stack([np.random.default_rng(0).normal(size=100), np.zeros(100)], axis=1)
    assert sample_map(build({"x": (mean[:, 0], Kind.REAL)}, mean), [], seed=0) is None
