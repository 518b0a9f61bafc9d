"""The generated people hold what their description plants, and the same seed gives the same people."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from vaeaudit.samples import People, people
from vaeaudit.samples.people import AGE_EDGES, AGE_SHARES, DELETED, GAPS


@pytest.fixture(scope="module")
def planted() -> People:
    return people(12_000, seed=0)


def test_the_same_seed_gives_the_same_people() -> None:
    pd.testing.assert_frame_equal(people(300, seed=4).frame, people(300, seed=4).frame)
    assert not people(300, seed=4).frame.equals(people(300, seed=5).frame)


def test_nine_tenths_of_each_gap_are_deleted(planted: People) -> None:
    assert {gap.name for gap in planted.gaps} == set(GAPS)
    for gap in planted.gaps:
        broken = planted.frame["person_id"].isin(list(planted.outliers))
        assert planted.frame[~broken].eval(gap.query).sum() <= gap.remaining
        assert gap.deleted / (gap.deleted + gap.remaining) == pytest.approx(DELETED, abs=0.05)


def test_without_gaps_and_broken_rows_the_same_people_are_whole(planted: People) -> None:
    whole = people(12_000, seed=0, gaps=False, outlier_share=0.0)
    assert len(whole.frame) == 12_000
    assert whole.gaps == () and whole.outliers == {}
    for gap in planted.gaps:
        assert whole.frame.eval(gap.query).sum() == gap.deleted + gap.remaining
    sound = planted.frame[~planted.frame["person_id"].isin(list(planted.outliers))].set_index("person_id")
    pd.testing.assert_frame_equal(sound, whole.frame.set_index("person_id").loc[sound.index])


def test_a_hundredth_of_the_rows_contradict_themselves(planted: People) -> None:
    assert len(planted.outliers) == pytest.approx(0.01 * len(planted.frame), abs=1)
    broken = planted.frame.set_index("person_id").loc[list(planted.outliers)]
    kinds = pd.Series(planted.outliers)
    assert kinds.value_counts().min() >= len(kinds) // 4
    assert (broken.loc[kinds == "height in inches", "height_cm"] < 85).all()
    work = broken[(kinds == "years of work that start before birth").to_numpy()]
    assert (work["years_of_work"] > work["age"]).all()
    assert planted.frame["person_id"].is_unique


def test_the_population_is_what_the_people_were_drawn_from(planted: People) -> None:
    assert planted.population["share"].sum() == pytest.approx(1)
    whole = people(20_000, seed=1, gaps=False, outlier_share=0.0).frame
    bands = pd.cut(whole["age"], AGE_EDGES, right=False).value_counts(normalize=True, sort=False)
    np.testing.assert_allclose(bands, AGE_SHARES, atol=0.015)


def test_height_gives_sex_away_and_hardly_anything_else_does(planted: People) -> None:
    by_sex = planted.frame.groupby("sex")[["height_cm", "hours_per_week", "children"]].agg(["mean", "std"])
    for column, least, most in (("height_cm", 1.5, 3), ("hours_per_week", 0, 0.1), ("children", 0, 0.15)):
        difference = by_sex[column]["mean"].diff().abs().iloc[-1] / by_sex[column]["std"].mean()
        assert least <= difference <= most
    assert planted.proxy == "height_cm"


def test_women_are_approved_less_often_at_the_same_pay(planted: People) -> None:
    frame = planted.frame.assign(band=pd.qcut(planted.frame["monthly_pay"], 5))
    rate = frame.assign(yes=frame["loan_approved"].eq("yes")).pivot_table("yes", "band", "sex", observed=True)
    assert ((rate["male"] - rate["female"]) > 0.04).all()
