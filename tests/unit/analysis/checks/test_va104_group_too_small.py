from __future__ import annotations

from vaeaudit.analysis.checks.va104_group_too_small import CHECK
from vaeaudit.config import AnalysisConfig


def groups(cell, sizes):
    return tuple(cell(n, attributes=("race",), group=(name,)) for name, n in sizes.items())


def test_small_groups_are_one_finding_smallest_first(seen_of, cell):
    answer = CHECK.ask(seen_of(representation=groups(cell, {"a": 29, "b": 2, "c": 969})))
    (finding,) = answer.findings
    assert (answer.state, answer.tested, finding.id, finding.severity) == ("finding", 3, "VA104-race", "low")
    assert finding.title == "Too small to judge: race = b (2 rows) and race = a (29 rows)"
    assert finding.rule[0].value == ["b"]
    assert (finding.evidence["n"], finding.evidence["smallest_group"]) == (2, 30)


def test_the_size_that_is_judged_is_a_setting_and_groups_of_it_are_large_enough(seen_of, cell):
    cells = groups(cell, {"a": 30, "c": 970})
    assert CHECK.ask(seen_of(representation=cells)).why == "Each of 2 groups has at least 30 rows."
    stricter = AnalysisConfig(smallest_group=31)
    assert CHECK.ask(seen_of(representation=cells, config=stricter)).state == "finding"


def test_combinations_and_groups_that_a_population_judges_are_left_to_others(seen_of, cell):
    pair = cell(2, attributes=("sex", "race"), group=("female", "a"))
    judged = cell(0, reference=0.3, status="under")
    assert CHECK.ask(seen_of(representation=(*groups(cell, {"c": 970}), judged, pair))).state == "passed"


def test_a_declared_group_without_any_row_is_told(seen_of, cell):
    (finding,) = CHECK.ask(seen_of(representation=groups(cell, {"a": 0, "c": 970}))).findings
    assert finding.title == "Too small to judge: race = a (no rows)"


def test_small_groups_of_several_attributes_share_the_finding(seen_of, cell):
    (finding,) = CHECK.ask(seen_of(representation=(cell(3), *groups(cell, {"a": 2})))).findings
    assert finding.id == "VA104-combinations"
