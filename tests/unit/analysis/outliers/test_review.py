from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest

from vaeaudit.analysis.judged import JudgedThings, row_contents
from vaeaudit.analysis.outliers.review import (
    proposals_table,
    propose,
    reranked,
    review_of,
    things_of_rows,
)
from vaeaudit.analysis.outliers.summary import summarise_outliers
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Kind
from vaeaudit.outputs.judgements import Judgement, Judgements
from vaeaudit.statistics.judged import Judged
from vaeaudit.wording.review import review_in_words


def judgement(inputs, position, verdict, *, by="Ann", at="2026-01-01T00:00:00+00:00"):
    content = row_contents(inputs, np.array([position]))[0]
    return Judgement("rows", str(inputs.row_ids[position]), content, verdict, "", by, at)


def with_women_judged_wrong(people, n_rows):
    female = (people.frame["sex"] == "female").to_numpy()
    proposed = propose(people, n_rows, by="Ann")
    given = [judgement(people, position, "wrong" if female[position] else "sound") for position in proposed]
    return replace(people, judgements=tuple(given))


@pytest.fixture
def judged(people):
    """Of the rows that are proposed, those of women are judged wrong."""
    return with_women_judged_wrong(people, 20)


def test_nothing_is_said_before_anybody_judged(people):
    assert review_of(people, AnalysisConfig()) is None
    assert summarise_outliers(people, [], AnalysisConfig()).review is None


def test_proposals_lie_in_the_first_hundred_and_say_what_a_reader_needs(people):
    table = proposals_table(people, propose(people, 12, by="Ann"))
    assert len(table) == 12
    assert table["rank"].between(1, 100).all()
    assert (table["judgement"] == "").all()
    first = people.scores.most_atypical_first[table["rank"].iloc[0] - 1]
    assert table["row_id"].iloc[0] == people.row_ids[first]
    assert set(people.schema.names) <= set(table.columns)


def test_who_judged_a_row_is_not_asked_again_and_others_are(judged):
    rows = {one.name for one in judged.judgements}
    assert not rows & set(judged.row_ids[propose(judged, 12, by="Ann")])
    assert rows & set(judged.row_ids[propose(judged, 20, by="Bob")])


def test_without_judgements_the_order_is_that_of_the_scores(people):
    none = Judged(np.zeros(0, np.int64), np.zeros(0, bool), len(people.frame))
    assert np.array_equal(reranked(people, none), people.scores.most_atypical_first)


def test_judgements_order_the_list_anew_and_say_how_right_it_is(judged):
    review = review_of(judged, AnalysisConfig())
    female = (judged.frame["sex"] == "female").to_numpy()
    assert (review.judgements, review.wrong + review.sound, review.readers) == (20, 20, ("Ann",))
    after = female[[row.position for row in review.order[:30]]].mean()
    assert after > female[judged.scores.most_atypical_first[:30]].mean()
    assert {at.k for at in review.precision} >= {10, 20, 50}
    assert all(at.ci.low <= at.share <= at.ci.high for at in review.precision)
    ranks = judged.row_ids[judged.scores.most_atypical_first]
    assert all(ranks[row.rank_by_score - 1] == row.row_id for row in review.order)


def test_what_rows_judged_wrong_have_in_common_is_said(people):
    judged = with_women_judged_wrong(people, 40)
    common = review_of(judged, AnalysisConfig()).common
    assert common.p_adjusted <= 0.01
    assert common.wrong >= 3
    assert (common.condition.column, common.condition.value) == ("sex", ["female"])
    said = " ".join(review_in_words(summary_of(judged)))
    assert "What rows judged wrong have in common: sex is female" in said


def summary_of(inputs):
    return asdict(review_of(inputs, AnalysisConfig()))


def test_judgements_at_random_have_nothing_in_common(people):
    proposed = propose(people, 20, by="Ann")
    found = []
    for seed in range(10):
        wrong = np.random.default_rng(seed).permutation(20) < 7
        given = [
            judgement(people, position, "wrong" if is_wrong else "sound")
            for position, is_wrong in zip(proposed, wrong, strict=True)
        ]
        found.append(review_of(replace(people, judgements=tuple(given)), AnalysisConfig()).common)
    assert sum(common is not None for common in found) <= 2


def test_readers_who_contradict_each_other_are_both_kept_and_weighed(judged):
    first = judged.judgements[0]
    other = "sound" if first.judgement == "wrong" else "wrong"
    second = replace(first, by="Bob", judgement=other)
    review = review_of(replace(judged, judgements=(*judged.judgements, second)), AnalysisConfig())
    assert (review.judgements, review.contradicted, review.readers) == (21, 1, ("Ann", "Bob"))
    assert (
        "contradict each other on 1 row" in review_in_words(summary_of(replace(judged, judgements=(first, second))))[0]
    )


def test_a_reader_who_thinks_again_has_one_voice(people):
    first = judgement(people, 3, "wrong")
    again = judgement(people, 3, "sound", at="2026-02-01T00:00:00+00:00")
    assert Judgements(2, (first, again)).latest == (again,)


def test_a_row_that_holds_other_values_now_is_not_taken_as_judged(judged):
    changed = judged.judgements[0].name
    frame = judged.frame.copy()
    frame.loc[list(judged.row_ids).index(changed), "hours"] = 77.0
    inputs = replace(judged, frame=frame)
    rows = JudgedThings.of(things_of_rows(inputs), inputs.judgements)
    assert (len(rows.place), rows.outdated) == (19, 1)
    assert "1 judgement of rows that are not in this run as they were" in " ".join(review_in_words(summary_of(inputs)))


def test_where_all_judgements_are_outdated_nothing_but_that_is_said(judged):
    inputs = replace(judged, frame=judged.frame.assign(hours=1.0))
    review = review_of(inputs, AnalysisConfig())
    assert (review.judgements, review.outdated, review.precision) == (0, 20, ())
    assert len(review_in_words(summary_of(inputs))) == 1


def test_the_content_of_a_row_is_all_its_cells(build):
    table = {"a": ([1.0, 1.0, np.nan], Kind.REAL), "b": (["x", "y", "x"], Kind.CATEGORY)}
    inputs = build(table, np.zeros((3, 1)))
    digests = row_contents(inputs, np.arange(3))
    assert len(set(digests)) == 3
    assert row_contents(inputs, np.array([1])) == [digests[1]]


def test_those_on_which_the_questions_disagree_most_are_proposed_first(people):
    apart = np.asarray(people.codes.surprises)[propose(people, 12, by="Ann")].std(axis=1)
    assert np.all(np.diff(apart) <= 0)


def test_pictures_are_judged_by_what_their_score_is_made_of(judged):
    n_rows, nothing = len(judged.frame), np.zeros((len(judged.frame), 0))
    female = (judged.frame["sex"] == "female").to_numpy()
    surprises = np.column_stack([female, np.random.default_rng(0).exponential(size=(n_rows, 4))])
    codes = replace(
        judged.codes,
        columns=(),
        reason_column=nothing.astype(np.int64),
        reason_nats=nothing,
        reason_p=nothing,
        image_statistics=np.zeros((n_rows, 3)),
        surprises=surprises,
    )
    pictured = replace(judged, codes=codes, cells=None)
    review = review_of(pictured, AnalysisConfig())
    assert len(propose(pictured, 12, by="Bob")) == 12
    assert female[[row.position for row in review.order[:30]]].mean() > 0.5
