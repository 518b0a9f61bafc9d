from __future__ import annotations

import pytest

from vaeaudit.analysis.checks.va603_near_copies import CHECK
from vaeaudit.analysis.duplicates.duplicates import Duplicates


@pytest.fixture
def ask(seen_of):
    return lambda **fields: CHECK.ask(seen_of(duplicates=Duplicates(0, 0, (), **fields)))


@pytest.mark.parametrize(("near_rows", "severity"), [(4, "low"), (40, "medium")])
def test_near_pairs_are_one_finding(ask, near_rows, severity):
    answer = ask(near_pairs=near_rows // 2, near_rows=near_rows, basis="pixels", searched=True)
    (finding,) = answer.findings
    assert (answer.state, finding.id, finding.severity) == ("finding", "VA603", severity)
    assert finding.title == f"{near_rows // 2} pairs of pictures look like the same picture, altered"
    assert finding.evidence["near_rows"] == near_rows
    assert finding.evidence["ci"][0] < near_rows / 1_500 < finding.evidence["ci"][1]


def test_no_near_pair_is_a_pass_which_says_how_many_altered_copies_would_be_found(ask):
    answer = ask(searched=True, chances={"with one cell changed": 0.31})
    assert answer.state == "passed"
    assert answer.detectable == "Altered copies would be found here: with one cell changed in 31.0 % of the cases."


def test_where_near_copies_were_not_sought_nothing_is_passed(ask):
    assert ask(searched=False).state == "inconclusive"
