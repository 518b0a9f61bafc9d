"""Which pictures a run keeps, and how a report finds them again."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaeaudit.analysis.coverage.results import Region
from vaeaudit.analysis.images.image_summary import (
    EXAMPLES,
    OUTLIERS,
    PLAUSIBLE_P,
    RARE,
    RECONSTRUCTIONS,
    outlying_rows,
    rarest_plausible,
    reconstructed_rows,
    region_rows,
    rows_to_picture,
)
from vaeaudit.analysis.latents.latent_map import thumbnail_rows
from vaeaudit.outputs.region_rules import Condition, region_key
from vaeaudit.outputs.row_scores import RowScores
from vaeaudit.statistics.measures import Interval


def scores_of(n_rows: int, seed: int = 0) -> RowScores:
    rng = np.random.default_rng(seed)
    score = rng.normal(size=n_rows)
    p_value = 1 - np.argsort(np.argsort(score)) / max(n_rows, 1)
    return RowScores(score, p_value, p_value < 0.01, rng.gamma(2, size=n_rows), np.ones(n_rows), "A score.", 0.05)


def region_of(*rule: Condition, baseline: str = "independence", **changes: object) -> Region:
    fields = {
        "id": "R1",
        "observed": 1,
        "set_aside": 0,
        "expected": 9.0,
        "ratio": 1 / 9,
        "p_adjusted": 0.001,
        "rows_to_collect": 8,
        "rows_to_collect_range": (4, 8),
    }
    more = {"latent_box": (), "ci": Interval(0.0, 0.5, 0.95), "stability": None}
    return Region(baseline=baseline, rule=rule, **(fields | more | changes))


@settings(deadline=None)
@given(n_rows=st.integers(1, 300), seed=st.integers(0, 5), further=st.lists(st.integers(0, 299), max_size=5))
def test_kept_rows_rise_each_once_and_hold_what_every_sheet_calls_for(people, n_rows, seed, further):
    codes = replace(people.codes, **{
        name: getattr(people.codes, name)[:n_rows]
        for name in ("mean", "stddev", "kl", "log_likelihood", "iwae", "unit_correction", "reason_column",
                     "reason_nats", "reason_p", "held_out", "surprises")
    })  # fmt: skip
    scores = scores_of(n_rows, seed)
    added = np.array([row for row in further if row < n_rows], dtype=np.int64)
    kept = rows_to_picture(scores, codes, further=added, seed=seed)
    assert kept.dtype == np.int64
    assert np.all(np.diff(kept) > 0)
    assert kept[0] >= 0
    assert kept[-1] < n_rows
    wanted = {*outlying_rows(scores), *rarest_plausible(scores), *reconstructed_rows(codes, seed), *added}
    assert set(kept) == wanted
    assert len(kept) <= OUTLIERS + RARE + RECONSTRUCTIONS + len(further)


def test_a_row_outside_the_dataset_is_refused(people):
    n_rows = len(people.codes)
    with pytest.raises(ValueError, match=rf"further rows must lie in \[0, {n_rows}\)"):
        rows_to_picture(people.scores, people.codes, further=np.array([n_rows]), seed=0)


def test_outlying_rows_are_those_of_highest_score_highest_first():
    scores = scores_of(100)
    rows = outlying_rows(scores)
    assert len(rows) == OUTLIERS
    assert np.all(np.diff(scores.outlier_score[rows]) <= 0)
    assert scores.outlier_score[rows].min() >= np.delete(scores.outlier_score, rows).max()


def test_rare_rows_are_never_flagged_nor_suspicious():
    scores = scores_of(500)
    rarity = np.where(scores.outlier, 100.0, scores.rarity)  # the flagged ones would be the rarest of all
    rarity[scores.p_value < PLAUSIBLE_P] += 50
    scores = replace(scores, rarity=rarity)
    rows = rarest_plausible(scores)
    assert len(rows) == RARE
    assert not scores.outlier[rows].any()
    assert scores.p_value[rows].min() >= PLAUSIBLE_P
    assert np.all(np.diff(rarity[rows]) <= 0)


def test_where_nothing_is_plausible_no_row_is_rare():
    scores = replace(scores_of(50), p_value=np.full(50, 0.01))
    assert rarest_plausible(scores).size == 0


def test_reconstructed_rows_took_no_part_in_training_and_come_back_with_the_seed(people):
    rows = reconstructed_rows(people.codes, 3)
    assert len(rows) == RECONSTRUCTIONS
    assert people.codes.held_out[rows].all()
    assert np.array_equal(rows, reconstructed_rows(people.codes, 3))
    assert not np.array_equal(rows, reconstructed_rows(people.codes, 4))
    trained = replace(people.codes, held_out=np.zeros(len(people.codes), dtype=bool))
    assert len(reconstructed_rows(trained, 3)) == RECONSTRUCTIONS


@settings(deadline=None)
@given(most=st.integers(1, 2_000), seed=st.integers(0, 9))
def test_thumbnails_are_a_sample_of_the_rows(people, most, seed):
    rows = thumbnail_rows(people.codes, seed, most)
    assert len(rows) == min(most, len(people.codes))
    assert np.all(np.diff(rows) > 0)
    assert rows[-1] < len(people.codes)


def test_a_region_is_called_by_what_it_is_not_by_its_rank_or_its_counts():
    rule = (Condition("age", "between", [None, 25.0]), Condition("sex", "in", ["f", "m"]))
    key = region_key(region_of(*rule))
    assert json.loads(key)["baseline"] == "independence"
    assert key == region_key(region_of(*rule, id="R7", observed=5, ratio=0.4))
    same = (Condition("sex", "in", ["m", "f"]), Condition("age", "between", (None, np.float64(25))))
    assert key == region_key(region_of(*same))
    others = (
        region_of(*rule, baseline="population"),
        region_of(*rule[:1]),
        region_of(Condition("age", "between", [25.0, None]), rule[1]),
        region_of(Condition("age", "between", [None, 25.5]), rule[1]),
        region_of(rule[0], Condition("sex", "in", ["f"])),
        region_of(rule[0], Condition("sex", "missing", None)),
    )
    assert len({key, *(region_key(other) for other in others)}) == 1 + len(others)


def test_the_rows_of_a_region_satisfy_its_rule_the_most_ordinary_first(people):
    women, north = Condition("sex", "in", ["female"]), Condition("region", "in", ["north"])
    rows = region_rows(people, [region_of(women, north), region_of(women)])
    assert len(rows) == 2 * EXAMPLES
    assert (people.frame["sex"].iloc[rows] == "female").all()
    assert (people.frame["region"].iloc[rows[:EXAMPLES]] == "north").all()
    assert not people.scores.outlier[rows].any()
    assert np.all(np.diff(people.scores.p_value[rows[:EXAMPLES]]) <= 0)


def test_a_rule_over_latents_finds_its_rows_too(people):
    rows = region_rows(people, [region_of(Condition("z_0", "between", [1.5, None]))], most=1_000)
    assert set(rows) == set(np.flatnonzero((people.codes.mean[:, 0] >= 1.5) & ~people.scores.outlier))


def test_no_region_has_no_rows(people):
    assert region_rows(people, []).shape == (0,)
