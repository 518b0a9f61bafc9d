from __future__ import annotations

import pytest

from vaeaudit.analysis.checks.base import unmet
from vaeaudit.analysis.checks.va102_group_over_population import CHECK


@pytest.fixture
def ask(seen_of, census):
    """The answer about these groups."""
    return lambda *cells: CHECK.ask(seen_of(representation=cells, population=census))


def test_a_group_above_its_share_is_told_and_is_never_grave(ask, cell):
    answer = ask(cell(330, reference=0.52, status="under"), cell(670, reference=0.48, status="over", group=("male",)))
    (finding,) = answer.findings
    assert (answer.state, answer.tested) == ("finding", 2)
    assert (finding.id, finding.severity) == ("VA102-sex", "low")
    assert finding.title == "sex = male: 67.0 % [64.0, 69.8] of the rows, only 48.0 % of the population"
    assert finding.rule[0].value == ["male"]
    assert finding.action.startswith("Collect from the groups that are short")


def test_the_group_with_most_rows_too_many_comes_first_and_combinations_are_a_finding_of_their_own(ask, cell):
    race = {"status": "over", "attributes": ("race",)}
    both = {"attributes": ("sex", "race"), "group": ("male", "most")}
    alone, crossed = ask(
        cell(40, reference=0.01, group=("small",), **race),
        cell(800, reference=0.5, group=("most",), **race),
        cell(600, reference=0.3, status="over", **both),
    ).findings
    assert alone.title.startswith("race = most")
    assert alone.title.endswith("; 1 more group above their share")
    assert [entry["group"]["race"] for entry in alone.evidence["largest"]] == ["most", "small"]
    assert (alone.id, crossed.id) == ("VA102-race", "VA102-sex-race")


def test_groups_within_tolerance_pass(ask, cell):
    answer = ask(cell(500, reference=0.5, status="ok"), cell(90, 200, reference=0.5, status="inconclusive"))
    assert (answer.state, answer.findings) == ("passed", ())
    assert answer.why == "None of 2 groups and combinations is surely above 125 % of its share."


def test_without_a_population_it_is_not_asked(seen_of):
    assert unmet(CHECK, seen_of()) == ("not_asked", "Give --population FILE.")
