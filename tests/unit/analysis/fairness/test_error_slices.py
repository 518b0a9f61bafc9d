from __future__ import annotations

import numpy as np
import pytest

from vaeaudit.analysis.fairness.error_slices import MOST_SLICES, find_error_slices
from vaeaudit.analysis.fairness.predicted import Predicted
from vaeaudit.analysis.grouping.rules import apply_rule
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Kind, Role


@pytest.fixture
def table(build):
    """`table(seed)`: 4,000 people of whom nothing is wrong yet."""

    def made(seed, **more):
        rng = np.random.default_rng(seed)
        columns = {
            "age": (rng.uniform(18, 80, 4_000).round(), Kind.COUNT),
            "job": (rng.choice(["clerk", "driver", "nurse"], 4_000), Kind.CATEGORY),
            "town": (rng.choice(list("abcdefghijklmnop"), 4_000), Kind.CATEGORY),
            "sex": (rng.choice(["f", "m"], 4_000), Kind.CATEGORY, Role.SENSITIVE),
            **more,
        }
        return build(columns, np.zeros((4_000, 1)))

    return made


def slices_of(inputs, wrong, *, rng, **settings):
    label = rng.integers(0, 2, len(wrong))
    told = Predicted(np.arange(len(wrong)), classes=(label, np.where(wrong, 1 - label, label)))
    return find_error_slices(inputs, told, AnalysisConfig(**settings), 0, np.arange(len(wrong)))


def test_a_planted_slice_is_found_with_its_rule_and_alone(table):
    inputs, rng = table(0), np.random.default_rng(1)
    inside = np.asarray((inputs.frame["job"] == "nurse") & (inputs.frame["sex"] == "f"))
    found = slices_of(inputs, rng.uniform(size=4_000) < np.where(inside, 0.45, 0.1), rng=rng)
    (planted,) = found.slices
    assert (apply_rule(planted.rule, inputs.frame) == inside).all()
    assert planted.rows == inside.sum()
    assert planted.n == pytest.approx(planted.rows / 2, rel=0.15)
    assert planted.ci.low < 0.45 < planted.ci.high
    assert planted.others == pytest.approx(0.1, abs=0.02)
    assert planted.p_adjusted < 1e-6


def test_of_a_slice_of_one_condition_no_parts_are_listed(table):
    inputs, rng = table(2), np.random.default_rng(3)
    inside = np.asarray(inputs.frame["job"] == "driver")
    found = slices_of(inputs, rng.uniform(size=4_000) < np.where(inside, 0.4, 0.1), rng=rng)
    assert [[condition.column for condition in each.rule] for each in found.slices] == [["job"]]


def test_errors_that_lie_anywhere_are_seldom_a_slice(table):
    listed = 0
    for seed in range(40):
        rng = np.random.default_rng(100 + seed)
        found = slices_of(table(seed), rng.uniform(size=4_000) < 0.2, rng=rng)
        assert found.searched > 100
        listed += bool(found.slices)
    assert listed <= 2


def test_at_most_five_are_listed_the_highest_first(table):
    inputs, rng = table(4), np.random.default_rng(5)
    town = inputs.frame["town"].cat.codes.to_numpy()
    chance = np.append(np.full(10, 0.02), [0.5, 0.55, 0.6, 0.7, 0.8, 0.95])[town]
    found = slices_of(inputs, rng.uniform(size=4_000) < chance, rng=rng)
    rates = [each.error_rate for each in found.slices]
    assert len(rates) == MOST_SLICES
    assert rates == sorted(rates, reverse=True)
    assert found.slices[0].rule[0].value == ["p"]


def test_columns_that_are_the_label_in_other_words_take_no_part(table):
    rng = np.random.default_rng(6)
    label = rng.integers(0, 2, 4_000)
    inputs = table(7, score_text=(np.where(label == 1, "high", "low"), Kind.CATEGORY))
    wrong = rng.uniform(size=4_000) < 0.2 + 0.3 * label
    told = Predicted(np.arange(4_000), classes=(label, np.where(wrong, 1 - label, label)))
    found = find_error_slices(inputs, told, AnalysisConfig(), 0, np.arange(4_000))
    assert found.without == ("score_text",)
    assert found.slices == ()


def test_a_slice_is_at_least_as_large_as_the_smallest_group(table):
    inputs, rng = table(8), np.random.default_rng(9)
    inside = np.asarray((inputs.frame["town"] == "a") & (inputs.frame["job"] == "nurse"))
    wrong = rng.uniform(size=4_000) < np.where(inside, 0.9, 0.1)
    assert slices_of(inputs, wrong, rng=rng).slices
    few = slices_of(inputs, wrong, rng=rng, smallest_group=int(inside.sum()))
    assert all(each.n > inside.sum() for each in few.slices)


def test_rows_count_by_their_weight(table):
    rng = np.random.default_rng(10)
    weight = rng.uniform(0.5, 2, 4_000)
    plain = table(11)
    inside = np.asarray(plain.frame["job"] == "driver")
    wrong = rng.uniform(size=4_000) < np.where(inside, 0.5, 0.1)
    weightless = np.where(inside, 0.0, 1.0)
    found = [
        slices_of(table(11, worth=(each, Kind.REAL, Role.WEIGHT)), wrong, rng=rng).slices
        for each in (weight, weightless)
    ]
    (driver,) = found[0]
    assert driver.rows == inside.sum()
    assert driver.error_rate == pytest.approx(0.5, abs=0.05)
    assert found[1] == ()


def test_where_nothing_is_predicted_nothing_is_searched(table):
    assert find_error_slices(table(0), Predicted(np.arange(4_000)), AnalysisConfig(), 0, np.arange(4_000)) is None
