from __future__ import annotations

import pytest

from vaeaudit.analysis.checks.base import unmet
from vaeaudit.analysis.checks.va201_region_short_of_reference import CHECK


@pytest.fixture
def ask(seen_of, short_region):
    """The answer about one region that is short of the reference."""
    return lambda **fields: CHECK.ask(seen_of(regions=(short_region(baseline="reference", **fields),)))


def test_a_region_short_of_the_reference_is_told_with_both_numbers(ask, short_region):
    answer = ask(high=0.1)
    (finding,) = answer.findings
    assert (answer.state, answer.tested, finding.severity) == ("finding", 500, "high")
    assert finding.id == f"VA201-{short_region(baseline='reference').id}"
    assert finding.title == (
        "1 row where hours is 60 or more and sex is female; by the reference data it would be about 80"
    )
    assert finding.evidence["rows_to_collect_range"] == [20, 64]
    assert finding.action == "Collect at least 64 such rows."
    assert finding.rule == short_region().rule


@pytest.mark.parametrize(("high", "severity"), [(0.4, "high"), (0.5, "medium"), (0.7, "medium")])
def test_it_is_grave_where_surely_less_than_half_is_there(ask, high, severity):
    assert ask(high=high).findings[0].severity == severity


def test_what_seldom_comes_back_is_never_more_than_a_hint_and_says_so(ask):
    (finding,) = ask(high=0.1, stability=0.2, stable=False).findings
    assert finding.severity == "low"
    assert finding.title.endswith(" (unstable: it seldom comes back when the rows are drawn anew)")


def test_regions_by_other_baselines_are_not_told_here(seen_of, short_region):
    answer = CHECK.ask(seen_of(regions=(short_region(baseline="population"), short_region())))
    assert (answer.state, answer.findings) == ("passed", ())
    assert answer.why == (
        "None of 500 combinations tested, over all baselines, is surely below 80 % of what is to be expected by the "
        "reference data."
    )


def test_where_nothing_could_be_tested_it_is_no_pass(seen_of):
    answer = CHECK.ask(seen_of(regions_tested=0))
    assert (answer.state, answer.tested) == ("inconclusive", 0)


def test_without_a_reference_it_is_not_asked(seen_of):
    assert unmet(CHECK, seen_of()) == ("not_asked", "Give --reference DATA.")
