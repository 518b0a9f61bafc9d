from __future__ import annotations

from dataclasses import replace

import pytest

from vaeaudit.analysis.checks.base import unmet
from vaeaudit.analysis.checks.va451_outcome_disparity import CHECK
from vaeaudit.analysis.fairness.disparities import assess_disparities
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Role, Schema

CONFIG = AnalysisConfig()


@pytest.fixture(scope="module")
def disparities(people):
    return assess_disparities(people.frame, people.schema, CONFIG).disparities


def test_a_planted_disparity_is_found_and_names_the_group_with_the_lower_rate(seen_of, disparities):
    answer = CHECK.ask(seen_of(disparities=disparities))
    finding = next(found for found in answer.findings if found.subject.startswith("sex-hired-yes-"))
    women = next(entry for entry in disparities if entry.group == "female")
    assert (answer.state, finding.severity) == ("finding", "high")
    assert finding.title.startswith(f"hired = yes: {100 * women.rate:.1f} % of the rows with sex = female, ")
    assert finding.evidence["difference"] == pytest.approx(-0.25, abs=0.06)
    assert finding.evidence["difference_ci"][1] < 0
    assert answer.detectable.endswith("would have been found with a probability of 80 %.")


def test_a_clear_difference_of_a_few_points_is_not_grave(seen_of, disparities):
    slight = [
        replace(entry, ratio=0.4, difference=-0.05, p_adjusted=1e-9) for entry in disparities if entry.group == "female"
    ]
    (finding,) = CHECK.ask(seen_of(disparities=tuple(slight))).findings
    assert finding.severity == "medium"


def test_a_sure_but_small_disparity_passes(seen_of, disparities):
    slight = tuple(replace(entry, ratio=0.93, p_adjusted=1e-9) for entry in disparities)
    answer = CHECK.ask(seen_of(disparities=slight))
    assert (answer.state, answer.tested) == ("passed", len(slight))
    assert answer.why.endswith("rates of hired differs both surely and clearly from that of all others.")


def test_a_large_but_unsure_disparity_passes_and_where_none_is_judged_the_answer_is_open(seen_of, disparities):
    unsure = tuple(replace(entry, ratio=0.1, p_adjusted=0.2) for entry in disparities)
    assert CHECK.ask(seen_of(disparities=unsure)).state == "passed"
    unjudged = tuple(replace(entry, ratio=0.1, p_adjusted=None) for entry in disparities)
    answer = CHECK.ask(seen_of(disparities=unjudged))
    assert (answer.state, answer.tested) == ("inconclusive", 0)


def test_without_a_label_it_is_not_asked(seen_of, people):
    columns = (replace(column, role=Role.INPUT) if column.role is Role.LABEL else column for column in people.schema)
    seen = seen_of(inputs=replace(people, schema=Schema(tuple(columns))))
    assert unmet(CHECK, seen) == ("not_asked", "Give --label COL.")
    assert unmet(CHECK, seen_of()) is None
