"""Accuracy of each group before and after, counted by hand; what few rows cannot tell is said to be too few."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vaeaudit.analysis.audit.audit import sensitive_groupings
from vaeaudit.analysis.fairness.group_accuracy import compare_accuracy
from vaeaudit.config import AnalysisConfig, Objective
from vaeaudit.data.schema.columns import Kind, Role
from vaeaudit.outputs.label_predictions import LabelPredictions

CONFIG = AnalysisConfig()
#: Group -> rows that both, the first alone, the second alone and neither told right.
CELLS = {"a": (60, 5, 25, 10), "b": (80, 10, 5, 5), "c": (5, 1, 1, 3)}


@pytest.fixture
def asked(build):
    """Held-out rows of the three groups, then rows that were trained on, one of them without a label."""

    def make(cells=CELLS, *, wrong_label=()):
        sizes = {name: sum(of) for name, of in cells.items()}
        group = np.repeat(list(cells), list(sizes.values()))
        pattern = np.concatenate([np.repeat(np.arange(4), of) for of in cells.values()])
        n, label = len(group), np.arange(len(group)) % 2
        before, after = (np.where(np.isin(pattern, right), label, 1 - label) for right in ((0, 1), (0, 2)))
        told = LabelPredictions(("no", "yes"), np.arange(n), label, *(np.eye(2)[part] for part in (before, after)))
        sex = (np.concatenate([group, ["a"] * 50]), Kind.CATEGORY, Role.SENSITIVE)
        hired = [*np.array(["no", "yes"])[label], *["yes"] * 49, None]
        inputs = build({"sex": sex, "hired": (hired, Kind.BOOLEAN, Role.LABEL)}, np.zeros((n + 50, 1)))
        return replace(inputs, label_predictions=told)

    return make


def compared(inputs, together=None, **settings):
    together = np.arange(len(inputs.frame)) if together is None else together
    return compare_accuracy(inputs, sensitive_groupings(inputs)[0], replace(CONFIG, **settings), 0, together)


def test_counts_are_those_of_the_table(asked):
    found = compared(asked())
    assert (found.label, found.classes, found.n, found.without_label) == ("hired", ("no", "yes"), 210, 1)
    assert found.accuracy.before == pytest.approx(161 / 210)
    assert found.accuracy.after == pytest.approx(176 / 210)
    a, b, _ = found.attributes[0].groups
    assert [(each.group, each.n) for each in (a, b)] == [("a", 100), ("b", 100)]
    assert (a.accuracy.before, a.accuracy.after, b.accuracy.before, b.accuracy.after) == (0.65, 0.85, 0.9, 0.85)
    assert a.accuracy.difference == pytest.approx(0.2)
    assert found.most_frequent == 0.5


def test_a_difference_is_told_where_the_same_rows_differ_by_more_than_chance(asked):
    a, b, _ = compared(asked()).attributes[0].groups
    assert a.accuracy.is_told
    assert not b.accuracy.is_told
    # 1 of all rows, 2 of groups, 3 of what is taken over them: all six hold at once.
    assert a.accuracy.difference_ci.level == pytest.approx(1 - 0.05 / 6)
    assert a.accuracy.before_ci.level == 0.95


def test_a_tiny_group_is_named_and_not_judged(asked):
    found = compared(asked()).attributes[0]
    tiny = found.groups[2]
    assert (tiny.group, tiny.n, tiny.accuracy) == ("c", 10, None)
    assert found.mean.before == pytest.approx((0.65 + 0.9) / 2)  # of those that are judged
    assert compared(asked(), smallest_group=10).attributes[0].groups[2].accuracy.before == pytest.approx(0.6)


def test_mean_worst_and_spread_are_over_groups_whatever_their_size(asked):
    found = compared(asked({"a": (60, 5, 25, 10), "b": (160, 20, 10, 10)})).attributes[0]
    assert found.mean.after == pytest.approx(0.85)
    assert (found.worst.before, found.worst.after) == (0.65, 0.85)
    assert found.spread.before == pytest.approx(np.std([0.65, 0.9], ddof=1))
    assert found.spread.after == pytest.approx(0, abs=1e-9)
    for change in (found.mean, found.worst, found.spread):
        assert change.before_ci.low <= change.before <= change.before_ci.high
        assert change.difference_ci.low <= change.difference <= change.difference_ci.high
    assert found.worst.is_told and found.spread.is_told


def test_one_group_that_is_judged_has_no_spread(asked):
    found = compared(asked({"a": (60, 5, 25, 10), "c": (5, 1, 1, 3)})).attributes[0]
    assert (found.mean, found.worst, found.spread) == (None, None, None)


def test_copies_of_a_row_tell_no_more_than_the_row(asked):
    inputs = asked({"a": (60, 6, 24, 10), "b": (80, 10, 6, 4)})
    twice = np.repeat(np.arange(len(inputs.frame) // 2), 2)
    alone, paired = compared(inputs).accuracy, compared(inputs, twice).accuracy
    assert paired.difference == alone.difference
    widths = [each.difference_ci.high - each.difference_ci.low for each in (alone, paired)]
    assert widths[1] / widths[0] == pytest.approx(2**0.5, rel=0.05)


def test_rows_that_are_too_few_altogether_are_said_to_be(asked):
    found = compared(asked({"a": (9, 1, 1, 1), "b": (9, 1, 1, 1)}))
    assert (found.accuracy, found.n, found.changes) == (None, 24, ())


def test_without_a_classifier_there_is_nothing_to_say(people):
    assert people.model.objective is Objective.BETA
    assert compared(people) is None
