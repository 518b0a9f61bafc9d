from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from fairlearn import metrics
from scipy import stats
from sklearn.metrics import accuracy_score, precision_score, roc_auc_score

from vaeaudit.analysis.fairness.crossed import crossed_groups
from vaeaudit.analysis.fairness.predictions import assess_predictions
from vaeaudit.analysis.grouping.rules import apply_rule
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Kind, Role
from vaeaudit.statistics.intervals import newcombe_difference, wilson
from vaeaudit.statistics.multiplicity import holm

THEIRS = {
    "selection": metrics.selection_rate,
    "false_positive": metrics.false_positive_rate,
    "false_negative": metrics.false_negative_rate,
    "precision": precision_score,
    "accuracy": accuracy_score,
}


@pytest.fixture
def assess(build):
    """`assess(label, prediction, settings..., weight=, **sensitive)`: what is measured of such a table."""

    def assessed(
        label, prediction, *, kind=None, label_kind=Kind.BOOLEAN, weight=None, seed=0, settings=None, **sensitive
    ):
        kind = kind or (Kind.BOOLEAN if isinstance(prediction[0], str) else Kind.REAL)
        table = {name: (values, Kind.CATEGORY, Role.SENSITIVE) for name, values in sensitive.items()}
        table |= {"hired": (label, label_kind, Role.LABEL), "said": (prediction, kind, Role.PREDICTION)}
        table |= {} if weight is None else {"worth": (weight, Kind.REAL, Role.WEIGHT)}
        inputs = build(table, np.zeros((len(label), 1)))
        config = AnalysisConfig(**(settings or {}))
        cells = list(crossed_groups(inputs, []))
        return assess_predictions(inputs, cells, config, seed, np.arange(len(label)))

    return assessed


def people(n, rng, *, gap=0.0):
    """Sex, race, who was hired, and what was said of it: of women who are not hired wrongly so more often by `gap`."""
    sex, race = rng.choice(["f", "m"], n), rng.choice(["a", "b", "c"], n, p=[0.5, 0.3, 0.2])
    hired = rng.uniform(size=n) < 0.4
    chance = np.where(hired, 0.7, 0.25 + gap * (sex == "f"))
    return sex, race, words(hired), words(rng.uniform(size=n) < chance)


def words(truth):
    return np.where(truth, "yes", "no")


def rates_of(found):
    return {(entry.group, rate.measure): rate for entry in found.groups for rate in entry.rates}


def test_rates_and_differences_are_those_of_the_table(assess):
    # women: of 60 without the outcome 15 are said to have it, of 40 with it 10 are missed; men: 20 of 80, 2 of 20
    label = ["no"] * 60 + ["yes"] * 40 + ["no"] * 80 + ["yes"] * 20
    said = (
        ["yes"] * 15 + ["no"] * 45 + ["no"] * 10 + ["yes"] * 30 + ["yes"] * 20 + ["no"] * 60 + ["no"] * 2 + ["yes"] * 18
    )
    found = assess(label, said, sex=["f"] * 100 + ["m"] * 100)
    rates = rates_of(found)
    women = {name: (rate.n, rate.rate) for (group, name), rate in rates.items() if group == ("f",)}
    assert found.outcome == "hired = yes"
    assert women == {
        "selection": (100, 0.45),
        "false_positive": (60, 0.25),
        "false_negative": (40, 0.25),
        "precision": (45, pytest.approx(30 / 45)),
        "accuracy": (100, 0.75),
    }
    misses = rates[("f",), "false_negative"]
    assert misses.difference == pytest.approx(0.25 - 0.1)
    assert misses.ratio == pytest.approx(2.5)
    assert misses.ci.bounds == pytest.approx([float(bound) for bound in wilson(10, 40)])
    assert misses.difference_ci.bounds == pytest.approx([float(bound) for bound in newcombe_difference(10, 40, 2, 20)])
    assert {rate.measure: rate.rate for rate in found.rates}["accuracy"] == pytest.approx((75 + 78) / 200)


@pytest.mark.parametrize("measure", THEIRS)
def test_every_rate_of_every_group_and_combination_is_fairlearns(assess, measure):
    sex, race, hired, said = people(2_000, np.random.default_rng(1), gap=0.1)
    rates = rates_of(assess(hired, said, sex=sex, race=race))
    for columns in ({"sex": sex}, {"race": race}, {"sex": sex, "race": race}):
        theirs = metrics.MetricFrame(
            metrics=THEIRS[measure],
            y_true=(hired == "yes").astype(int),
            y_pred=(said == "yes").astype(int),
            sensitive_features=pd.DataFrame(columns),
        ).by_group
        for group, value in theirs.items():
            key = group if isinstance(group, tuple) else (group,)
            assert rates[key, measure].rate == pytest.approx(value, abs=1e-12), (key, measure)


def test_p_values_are_fishers_raised_by_holm_over_groups_and_measures(assess):
    sex, _, hired, said = people(400, np.random.default_rng(2), gap=0.2)
    found = rates_of(assess(hired, said, sex=sex))
    p = []
    for group in ("f", "m"):
        for of, counts in (
            (np.ones(400, bool), said == "yes"),
            (hired == "no", said == "yes"),
            (hired == "yes", said == "no"),
            (said == "yes", hired == "yes"),
            (np.ones(400, bool), hired == said),
        ):
            inside, outside = counts[of & (sex == group)], counts[of & (sex != group)]
            table = [[inside.sum(), (~inside).sum()], [outside.sum(), (~outside).sum()]]
            p.append(stats.fisher_exact(table).pvalue)
    assert [rate.p_adjusted for rate in found.values()] == pytest.approx(holm(p).tolist())


def test_a_weight_of_two_gives_the_rates_of_the_row_twice(assess):
    rng = np.random.default_rng(3)
    sex, race, hired, said = people(600, rng)
    weight = rng.integers(1, 3, 600)
    twice = np.repeat(np.arange(600), weight)
    weighted = rates_of(assess(hired, said, weight=weight, sex=sex, race=race))
    repeated = rates_of(assess(hired[twice], said[twice], sex=sex[twice], race=race[twice]))
    for key, rate in weighted.items():
        assert rate.rate == pytest.approx(repeated[key].rate)
        assert rate.difference == pytest.approx(repeated[key].difference)
        assert rate.ci.high - rate.ci.low > repeated[key].ci.high - repeated[key].ci.low  # worth fewer rows than that


def test_a_weight_of_two_gives_the_ranking_of_the_row_twice(assess):
    rng = np.random.default_rng(3)
    sex, _, hired, _ = people(600, rng)
    score = np.round(rng.uniform(size=600) / 2 + (hired == "yes") * 0.3, 2)
    weight = rng.integers(1, 3, 600)
    twice = np.repeat(np.arange(600), weight)
    weighted = assess(hired, score, weight=weight, sex=sex).groups
    repeated = assess(hired[twice], score[twice], sex=sex[twice]).groups
    for one, other in zip(weighted, repeated, strict=True):
        assert one.score.auc == pytest.approx(other.score.auc)
        assert one.score.excess == pytest.approx(other.score.excess)
        of_women = sex[twice] == one.group[0]
        assert other.score.auc == pytest.approx(roc_auc_score(hired[twice][of_women] == "yes", score[twice][of_women]))


def test_equal_errors_are_seldom_called_different(assess):
    flagged = 0
    for seed in range(100):
        sex, race, hired, said = people(500, np.random.default_rng(seed))
        found = rates_of(assess(hired, said, sex=sex, race=race))
        flagged += any(rate.p_adjusted is not None and rate.p_adjusted < 0.05 for rate in found.values())
    assert flagged <= 5


def test_a_planted_gap_in_false_positives_is_found_and_in_nothing_else(assess):
    sex, race, hired, said = people(4_000, np.random.default_rng(5), gap=0.2)
    rates = rates_of(assess(hired, said, sex=sex, race=race))
    planted = rates[("f",), "false_positive"]
    assert planted.p_adjusted < 1e-6
    assert planted.difference_ci.low < 0.2 < planted.difference_ci.high
    assert planted.minimum_detectable < 0.1
    assert rates[("f",), "false_negative"].p_adjusted > 0.05


def test_small_and_empty_groups_are_listed_and_not_judged_and_missing_is_a_group(assess):
    sex, _, hired, said = people(300, np.random.default_rng(6))
    label = [*hired, "yes", None, "no"]
    found = assess(label, [*said, "no", "yes", "no"], sex=[*sex, "x", "empty", None])
    entries = {entry.group[0]: entry for entry in found.groups}
    assert list(entries) == ["empty", "f", "m", "x", "(missing)"]
    assert [entries[name].n for name in ("x", "empty", "(missing)")] == [1, 0, 1]
    assert {entries[name].status for name in ("x", "empty", "(missing)")} == {"inconclusive"}
    assert {rate.measure for rate in entries["x"].rates} == {"selection", "false_negative", "accuracy"}
    assert all(rate.p_adjusted is None for rate in entries["x"].rates)
    assert entries["empty"].rates == ()
    assert entries["f"].status == "judged"
    assert found.left_out == 1
    assert found.notes == ("1 row without hired or said took no part here.",)


def test_combinations_without_rows_are_left_out_and_rules_pick_the_rows_of_the_others(build):
    sex, race, hired, said = people(300, np.random.default_rng(7))
    race = np.where(sex == "f", "a", race)
    columns = {
        "sex": (sex, Kind.CATEGORY, Role.SENSITIVE),
        "race": (race, Kind.CATEGORY, Role.SENSITIVE),
        "hired": (hired, Kind.BOOLEAN, Role.LABEL),
        "said": (said, Kind.BOOLEAN, Role.PREDICTION),
    }
    inputs = build(columns, np.zeros((300, 1)))
    cells = list(crossed_groups(inputs, []))
    found = assess_predictions(inputs, cells, AnalysisConfig(), 0, np.arange(300))
    assert [entry.group for entry in found.groups if len(entry.group) == 2] == [
        ("f", "a"),
        ("m", "a"),
        ("m", "b"),
        ("m", "c"),
    ]
    assert all(apply_rule(entry.rule, inputs.frame).sum() == entry.n for entry in found.groups)


def test_a_score_predicts_from_the_threshold_on_and_one_within_0_and_1_from_a_half(assess):
    _, _, hired, _ = people(200, np.random.default_rng(8))
    score = np.where(hired == "yes", 0.6, 0.4)
    sex = ["f", "m"] * 100
    assumed = assess(hired, score, sex=sex)
    assert (assumed.threshold, assumed.form) == (0.5, "score")
    assert "taken to predict hired = yes from 0.5 on" in assumed.notes[0]
    low = assess(hired, score, sex=sex, settings={"threshold": 0.4})
    assert {rate.measure: rate.rate for rate in low.rates}["selection"] == 1
    assert low.notes == ()


def test_any_other_score_without_a_threshold_is_only_ranked(assess):
    _, _, hired, _ = people(400, np.random.default_rng(9))
    score = np.where(hired == "yes", 6.0, 4.0) + np.tile([0, 1, 2, 3.0], 100)
    found = assess(hired, score, sex=["f"] * 200 + ["m"] * 200)
    assert (found.rates, found.threshold, found.slices) == ((), None, None)
    assert all(entry.rates == () and entry.score.auc > 0.7 for entry in found.groups)
    assert all(entry.score.excess is None for entry in found.groups)
    assert found.notes == ("said is a score from 4 to 9: give --threshold to see whom it errs on.",)


def test_a_score_that_ranks_the_more_frequent_value_higher_is_taken_to_predict_that(assess):
    rng = np.random.default_rng(10)
    hired = words(rng.uniform(size=400) < 0.8)
    score = np.where(hired == "yes", 0.7, 0.3) + rng.normal(0, 0.1, 400)
    for settings in ({}, {"favourable": ("no",)}):  # as a score of risk does where the outcome is good
        found = assess(hired, np.clip(score, 0, 1), sex=["f", "m"] * 200, settings=settings)
        assert found.outcome == "hired = yes"
        assert found.notes[0] == "said is taken to predict hired = yes, whose rows have the higher scores."


def test_what_is_favourable_is_what_is_predicted(assess):
    sex, _, hired, said = people(300, np.random.default_rng(11))
    rare, asked = assess(hired, said, sex=sex), assess(hired, said, sex=sex, settings={"favourable": ("no",)})
    assert (rare.outcome, asked.outcome) == ("hired = yes", "hired = no")
    one, other = rates_of(rare), rates_of(asked)
    assert one[("f",), "false_positive"].rate == pytest.approx(other[("f",), "false_negative"].rate)


def test_of_a_label_with_several_values_only_accuracy_is_measured(assess):
    label = np.array(["a", "b", "c"] * 100)
    said = np.where(np.arange(300) < 60, "a", label)
    found = assess(label, said, label_kind=Kind.CATEGORY, kind=Kind.CATEGORY, sex=["f"] * 150 + ["m"] * 150)
    assert found.outcome == ""
    assert {rate.measure for rate in found.rates} == {"accuracy"}
    assert rates_of(found)[("f",), "accuracy"].rate == pytest.approx(1 - 40 / 150)
    scored = assess(label, np.arange(300.0), label_kind=Kind.CATEGORY, sex=["f", "m"] * 150)
    assert scored.rates == ()
    assert "say with --favourable" in scored.notes[0]


def test_a_score_that_says_too_much_of_one_group_is_told_so(assess):
    rng = np.random.default_rng(12)
    sex, score = rng.choice(["f", "m"], 6_000), rng.uniform(size=6_000)
    hired = words(rng.uniform(size=6_000) < np.clip(score - 0.1 * (sex == "f"), 0, 1))
    women, men = (entry.score for entry in assess(hired, score, sex=sex).groups)
    gap = np.clip(score - 0.1, 0, 1).mean() - score.mean()
    assert women.given_score_ci.low < gap < women.given_score_ci.high < 0
    assert men.given_score == pytest.approx(-women.given_score)
    assert women.excess_ci.low < -gap < women.excess_ci.high
    assert men.excess_ci.low < 0 < men.excess_ci.high


def test_a_score_that_means_the_same_in_all_groups_is_seldom_told_otherwise(assess):
    outside = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        sex = rng.choice(["f", "m"], 600)
        score = rng.beta(np.where(sex == "f", 2, 3), 2)
        found = assess(words(rng.uniform(size=600) < score), score, sex=sex)
        ci = found.groups[0].score.excess_ci
        outside += not ci.low <= 0 <= ci.high
    assert outside <= 11


def test_a_label_or_prediction_of_one_value_and_no_rows_at_all_are_no_trouble(assess):
    sex = ["f", "m"] * 50
    assert assess(["yes"] * 100, ["yes"] * 100, sex=sex).outcome == ""
    constant = assess(["yes", "no", "no", "no"] * 25, ["no"] * 100, sex=sex)
    assert {rate.measure for rate in constant.rates} == {"selection", "false_positive", "false_negative", "accuracy"}
    nobody = assess(["yes", "no"] * 50, [np.nan] * 100, sex=sex)
    assert (nobody.n, nobody.left_out, nobody.rates) == (0, 100, ())


def test_without_a_prediction_nothing_is_measured(build):
    sex, hired = (["f", "m"] * 20, Kind.CATEGORY, Role.SENSITIVE), (["y", "n"] * 20, Kind.BOOLEAN, Role.LABEL)
    inputs = build({"sex": sex, "hired": hired}, np.zeros((40, 1)))
    assert assess_predictions(inputs, [], AnalysisConfig(), 0, np.arange(40)) is None
