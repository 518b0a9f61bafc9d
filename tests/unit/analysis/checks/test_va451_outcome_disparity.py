from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vaeaudit.analysis.checks.base import unmet
from vaeaudit.analysis.checks.va451_outcome_disparity import CHECK
from vaeaudit.analysis.fairness.adjusted import AdjustedDifference
from vaeaudit.analysis.fairness.disparities import assess_disparities
from vaeaudit.analysis.grouping.rules import apply_rule
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Kind, Role, Schema
from vaeaudit.statistics.measures import Interval

CONFIG = AnalysisConfig()


@pytest.fixture(scope="module")
def disparities(people):
    return assess_disparities(people, CONFIG).disparities


def between(entry, rate, others, p_adjusted=1e-9):
    """Give an entry a rate of its own and one of all others."""
    return replace(entry, rate=rate, difference=rate - others, ratio=rate / others, p_adjusted=p_adjusted)


def test_a_planted_disparity_is_found_and_names_the_group_with_the_lower_rate(seen_of, disparities):
    answer = CHECK.ask(seen_of(disparities=disparities))
    finding = next(found for found in answer.findings if found.subject.startswith("sex-hired-yes-"))
    women = next(entry for entry in disparities if entry.group == ("female",))
    assert (answer.state, finding.severity) == ("finding", "high")
    assert finding.title.startswith(f"hired = yes: {100 * women.rate:.1f} % of the rows with sex = female, ")
    assert finding.evidence["difference"] == pytest.approx(-0.25, abs=0.06)
    assert finding.evidence["difference_ci"][1] < 0
    assert answer.detectable.endswith("would have been found with a probability of 80 %.")


def test_a_clear_difference_of_a_few_points_is_not_grave(seen_of, disparities):
    slight = [between(entry, 0.03, 0.08) for entry in disparities if entry.group == ("female",)]
    (finding,) = CHECK.ask(seen_of(disparities=tuple(slight))).findings
    assert finding.severity == "medium"


def test_a_sure_but_small_disparity_passes(seen_of, disparities):
    slight = tuple(between(entry, 0.28, 0.30) for entry in disparities)
    answer = CHECK.ask(seen_of(disparities=slight))
    assert (answer.state, answer.tested) == ("passed", len(slight))
    assert answer.why.endswith("rates of hired differs both surely and clearly from that of all others.")


def test_a_large_but_unsure_disparity_passes_and_where_none_is_judged_the_answer_is_open(seen_of, disparities):
    unsure = tuple(between(entry, 0.03, 0.30, p_adjusted=0.2) for entry in disparities)
    assert CHECK.ask(seen_of(disparities=unsure)).state == "passed"
    unjudged = tuple(between(entry, 0.03, 0.30, p_adjusted=None) for entry in disparities)
    answer = CHECK.ask(seen_of(disparities=unjudged))
    assert (answer.state, answer.tested) == ("inconclusive", 0)


def test_without_a_label_it_is_not_asked(seen_of, people):
    columns = (replace(column, role=Role.INPUT) if column.role is Role.LABEL else column for column in people.schema)
    seen = seen_of(inputs=replace(people, schema=Schema(tuple(columns))))
    assert unmet(CHECK, seen) == ("not_asked", "Give --label COL.")
    assert unmet(CHECK, seen_of()) is None


def crossed(entries, rate, ci, **changes):
    """Cross the two entries, with a rate of their own."""
    first, second = entries
    return replace(
        first,
        attributes=(*first.attributes, *second.attributes),
        group=(*first.group, *second.group),
        rate=rate,
        ci=ci,
        **changes,
    )


def test_a_combination_is_told_only_where_it_lies_beyond_each_of_its_groups(seen_of, disparities):
    women = next(entry for entry in disparities if entry.attributes == ("sex",))
    other = replace(women, attributes=("region",), group=("north",))
    parts = [replace(women, rate=0.30, p_adjusted=0.5), replace(other, rate=0.25, p_adjusted=0.5)]
    clear = {"difference": -0.2, "p_adjusted": 1e-6}
    beyond = crossed(parts, 0.10, Interval(0.05, 0.15, 0.95), **clear)
    (finding,) = CHECK.ask(seen_of(disparities=(*parts, beyond))).findings
    assert finding.subject.startswith("combinations-")
    assert "beyond what either group shows alone" in finding.title
    between = crossed(parts, 0.27, Interval(0.20, 0.34, 0.95), **clear)
    assert CHECK.ask(seen_of(disparities=(*parts, between))).state == "passed"


def test_a_difference_that_equal_circumstances_explain_is_not_grave_and_what_is_left_is_said(seen_of, disparities):
    women = next(entry for entry in disparities if entry.group == ("female",))
    grave = between(women, 0.13, 0.33)
    config = replace(CONFIG, control=("age",))
    left = AdjustedDifference(0.01, Interval(-0.02, 0.04, 0.95), None, None, 0.6, None, 500, 5, ("age",), True)
    for adjusted, severity in ((None, "high"), (left, "medium"), (replace(left, p_adjusted=1e-6), "high")):
        (finding,) = CHECK.ask(seen_of(config=config, disparities=(replace(grave, adjusted=adjusted),))).findings
        assert finding.severity == severity
        assert ("among rows of equal age the difference is +1.0 pp" in finding.title) == (adjusted is not None)


def test_a_finding_picks_its_rows(seen_of, disparities, people):
    finding = next(iter(CHECK.ask(seen_of(disparities=disparities)).findings))
    assert apply_rule(finding.rule, people.frame).sum() == finding.evidence["n"]


def test_without_any_difference_at_most_one_table_in_twenty_has_a_finding(seen_of, build):
    found = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        columns = {
            "sex": (rng.choice(["f", "m"], 800), Kind.CATEGORY, Role.SENSITIVE),
            "region": (rng.choice(list("nesw"), 800), Kind.CATEGORY, Role.SENSITIVE),
            "hired": (np.where(rng.uniform(size=800) < 0.3, "yes", "no"), Kind.BOOLEAN, Role.LABEL),
        }
        table = assess_disparities(build(columns, np.zeros((800, 1))), CONFIG)
        found += CHECK.ask(seen_of(disparities=table.disparities)).state == "finding"
    assert found <= 5


def test_of_a_favourable_outcome_the_group_that_has_it_less_often_is_named(seen_of, disparities):
    women = next(entry for entry in disparities if entry.group == ("female",))
    both = (between(women, 0.13, 0.33), between(replace(women, group=("male",)), 0.5, 0.2))
    for favourable, named in ((None, "male"), (True, "female")):
        entries = tuple(replace(entry, favourable=favourable, p_adjusted=1e-9) for entry in both)
        (finding,) = CHECK.ask(seen_of(disparities=entries)).findings
        assert f"sex = {named}," in finding.title


def test_the_answer_does_not_hang_on_which_side_of_the_label_is_named(seen_of, build):
    colour = np.repeat(["black", "white"], [1_000, 3_000])
    released = np.concatenate([np.arange(1_000) < 740, np.arange(3_000) < 2_580])
    columns = {
        "colour": (colour, Kind.CATEGORY, Role.SENSITIVE),
        "released": (np.where(released, "yes", "no"), Kind.BOOLEAN, Role.LABEL),
    }
    inputs = build(columns, np.zeros((4_000, 1)))
    titles = []
    for favourable in ((), ("yes",)):
        found = assess_disparities(inputs, replace(CONFIG, favourable=favourable)).disparities
        (finding,) = CHECK.ask(seen_of(inputs=inputs, disparities=found)).findings
        titles.append(finding.title)
    assert titles == [
        "released = no: 14.0 % of the rows with colour = white, 26.0 % of all others",
        "released = yes: 74.0 % of the rows with colour = black, 86.0 % of all others",
    ]
