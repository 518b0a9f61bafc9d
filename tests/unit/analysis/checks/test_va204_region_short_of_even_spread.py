from __future__ import annotations

from vaeaudit.analysis.checks.base import unmet
from vaeaudit.analysis.checks.va204_region_short_of_even_spread import CHECK
from vaeaudit.config import AnalysisConfig

EVEN = AnalysisConfig(uniform=True)


def test_an_uneven_spread_is_a_wish_and_never_grave(seen_of, short_region):
    answer = CHECK.ask(seen_of(config=EVEN, regions=(short_region(baseline="uniform", high=0.1),)))
    (finding,) = answer.findings
    assert (answer.state, finding.code, finding.severity) == ("finding", "VA204", "low")
    assert finding.title.endswith("; if coverage were even it would be about 80")
    assert finding.action == (
        "Only if a model has to do equally well on every combination: collect at least 64 such rows."
    )


def test_an_even_spread_passes_and_nothing_tested_is_no_pass(seen_of):
    assert CHECK.ask(seen_of(config=EVEN)).state == "passed"
    assert CHECK.ask(seen_of(config=EVEN, regions_tested=0)).state == "inconclusive"


def test_it_is_asked_only_of_those_who_want_it(seen_of):
    assert unmet(CHECK, seen_of()) == ("not_asked", "Give --uniform.")
    assert unmet(CHECK, seen_of(config=EVEN)) is None
