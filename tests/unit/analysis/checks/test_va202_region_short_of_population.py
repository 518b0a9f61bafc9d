from __future__ import annotations

import pytest

from vaeaudit.analysis.checks.base import unmet
from vaeaudit.analysis.checks.va202_region_short_of_population import CHECK


@pytest.fixture
def ask(seen_of, short_region, census):
    """The answer about one region that is short of the population."""

    def asked(**fields):
        return CHECK.ask(seen_of(regions=(short_region(baseline="population", **fields),), population=census))

    return asked


@pytest.mark.parametrize(("high", "severity"), [(0.4, "high"), (0.7, "medium")])
def test_a_region_short_of_the_population_is_to_be_collected(ask, high, severity):
    answer = ask(high=high)
    (finding,) = answer.findings
    assert (answer.state, finding.code, finding.severity) == ("finding", "VA202", severity)
    assert finding.title.endswith("; by the population's shares it would be about 80")
    assert finding.action == "Collect at least 64 such rows."


def test_flagged_rows_are_counted_in_the_title_and_said(ask):
    (finding,) = ask(observed=12, set_aside=4).findings
    assert finding.title.startswith("12 rows (4 of them flagged as outliers) where hours is 60 or more")
    assert (finding.evidence["observed"], finding.evidence["set_aside"]) == (12, 4)


def test_what_seldom_comes_back_is_never_more_than_a_hint(ask):
    (finding,) = ask(high=0.1, stability=0.2, stable=False).findings
    assert (finding.severity, finding.evidence["stability"]) == ("low", 0.2)


def test_no_short_region_is_a_pass_and_nothing_tested_is_none(seen_of, census):
    passed = CHECK.ask(seen_of(population=census))
    assert passed.state == "passed"
    assert "by the population's shares" in passed.why
    assert CHECK.ask(seen_of(population=census, regions_tested=0)).state == "inconclusive"


def test_without_a_population_it_is_not_asked(seen_of):
    assert unmet(CHECK, seen_of()) == ("not_asked", "Give --population FILE.")
