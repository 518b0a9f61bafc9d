from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaeaudit.analysis.audit.audit import sensitive_groupings
from vaeaudit.analysis.latents.latent_summary import END_ROWS, histogram, summarise_latents
from vaeaudit.config import AnalysisConfig


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


def test_the_rows_at_the_ends_of_a_latent_are_its_extremes_and_no_outliers(people, latents):
    latent, mean = latents[0], people.codes.mean[:, 0]
    eligible = np.where(people.scores.outlier, np.nan, mean)
    assert latent.low_end[0].position == np.nanargmin(eligible)
    assert latent.high_end[0].position == np.nanargmax(eligible)
    assert len(latent.low_end) == len(latent.high_end) == END_ROWS
    assert [row.value for row in latent.low_end] == sorted(row.value for row in latent.low_end)
    told = latent.low_end[0]
    assert set(told.cells) == {"hours"}
    assert told.cells["hours"] == f"{people.frame['hours'].iloc[told.position]:g}"


def test_a_latent_is_named_after_the_columns_that_it_goes_with(latents):
    assert latents[0].name == "hours"
    assert latents[2].name == ""


def test_groups_that_a_latent_was_built_from_lie_apart_and_others_do_not(people, latents):
    built, noise = latents[1].groups_apart["sex"], latents[2].groups_apart["sex"]
    assert built.p_adjusted < 0.05
    assert min(built.distances.values()) > built.chance
    assert noise.p_adjusted > 0.05
    assert set(built.distances) == set(people.frame["sex"])
    assert latents[3].groups_apart == {}
