from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from vaeaudit.analysis.checks.va605_groups_across_splits import CHECK
from vaeaudit.analysis.duplicates.splits import SharedGroups, SplitComparison
from vaeaudit.data.schema.columns import Kind, Role
from vaeaudit.statistics.intervals import share_interval

ALIKE = SplitComparison("test", "train", 200, 800, 9, (), 0, (), (), (), ())


@pytest.fixture
def ask(seen_of, build):
    """The answer about a test of 200 rows, so many of them in so many groups that train holds too."""
    inputs = build({"home": (["a", "b"], Kind.CATEGORY, Role.GROUP)}, np.zeros((2, 1)))

    def asked(groups, rows):
        shared = SharedGroups("home", groups, rows, rows / 200, share_interval(rows, 200, 0.95))
        return CHECK.ask(seen_of(inputs=inputs, splits=(replace(ALIKE, groups=(shared,)),)))

    return asked


@pytest.mark.parametrize(("rows", "severity"), [(50, "high"), (1, "medium")])
def test_rows_of_groups_that_are_trained_on_are_counted(ask, rows, severity):
    (finding,) = ask(1, rows).findings
    assert (finding.id, finding.severity) == ("VA605-home-test-train", severity)
    assert finding.title.endswith("to a home that train holds too (1 group)")
    json.dumps(dict(finding.evidence), allow_nan=False)


def test_groups_that_lie_in_one_split_pass(ask):
    answer = ask(0, 0)
    assert (answer.state, answer.why) == ("passed", "No home has rows both in train and in test.")


def test_without_a_group_column_the_check_does_not_apply(seen_of):
    assert CHECK.ask(seen_of(splits=(ALIKE,))).state == "not_applicable"
