from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vaeaudit.analysis.checks.base import unmet
from vaeaudit.analysis.checks.va455_difference_reverses import CHECK
from vaeaudit.analysis.fairness.disparities import assess_disparities
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Kind, Role

CONFIG = AnalysisConfig(control=("faculty",))


@pytest.fixture
def applied(build):
    """Women apply where few are taken: in each faculty more of them are, in all fewer."""

    def made(women_gain):
        rng = np.random.default_rng(0)
        sex = np.repeat(["f", "m"], 2_000)
        hard = rng.uniform(size=4_000) < np.where(sex == "f", 0.8, 0.2)
        taken = rng.uniform(size=4_000) < np.where(hard, 0.2, 0.7) + women_gain * (sex == "f")
        columns = {
            "sex": (sex, Kind.CATEGORY, Role.SENSITIVE),
            "faculty": (np.where(hard, "hard", "easy"), Kind.CATEGORY),
            "taken": (np.where(taken, "yes", "no"), Kind.BOOLEAN, Role.LABEL),
        }
        return build(columns, np.zeros((4_000, 1)))

    return made


def answer(seen_of, inputs):
    found = assess_disparities(inputs, CONFIG).disparities
    return CHECK.ask(seen_of(inputs=inputs, config=CONFIG, disparities=found))


def test_a_difference_that_turns_round_within_equal_circumstances_is_told_once(seen_of, applied):
    told = answer(seen_of, applied(0.1))
    (finding,) = told.findings
    assert (told.state, finding.severity) == ("finding", "medium")
    assert finding.evidence["difference"] < -0.1 < 0.05 < finding.evidence["difference_within"]
    assert "among rows of equal faculty by +" in finding.title


def test_a_difference_that_circumstances_explain_passes(seen_of, applied):
    assert answer(seen_of, applied(0.0)).state == "passed"


def test_without_a_group_that_shares_a_stratum_it_is_open(seen_of, applied):
    inputs = applied(0.1)
    alone = tuple(replace(e, adjusted=None) for e in assess_disparities(inputs, CONFIG).disparities)
    assert CHECK.ask(seen_of(inputs=inputs, config=CONFIG, disparities=alone)).state == "inconclusive"


def test_without_control_columns_it_is_not_asked(seen_of, applied):
    assert unmet(CHECK, seen_of(inputs=applied(0.1))) == ("not_asked", "Give --control COL.")
