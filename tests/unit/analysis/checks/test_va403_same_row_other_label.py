from __future__ import annotations

import pytest

from vaeaudit.analysis.checks.va403_same_row_other_label import CHECK
from vaeaudit.analysis.labels.same_rows import SameRows
from vaeaudit.analysis.labels.summary import LabelSummary


@pytest.fixture
def ask(seen_of):
    """The answer where so many labels of 1,000 rows cannot be right together."""

    def asked(errors, *, coarse=False):
        sets = min(errors, 1)
        same = SameRows(1_000, 6, 2 * errors, sets, 2 * errors, errors, 0.1, coarse, (0, 1) if errors else ())
        return CHECK.ask(seen_of(labels=LabelSummary("y", None, same_rows=same)))

    return asked


@pytest.mark.parametrize(
    ("errors", "coarse", "severity"), [(2, False, "low"), (30, False, "medium"), (300, True, "info")]
)
def test_copies_with_two_labels_are_an_error_and_few_possible_rows_a_fact(ask, errors, coarse, severity):
    (finding,) = ask(errors, coarse=coarse).findings
    assert (finding.id, finding.severity) == ("VA403", severity)
    assert f"at least {errors} of 1,000 rows" in finding.title
    assert len(finding.evidence["example"]) == 2
    assert ("no surprise" in finding.action) == coarse


def test_without_such_rows_it_passes_and_without_a_label_it_does_not_apply(ask, seen_of):
    assert ask(0).state == "passed"
    assert CHECK.ask(seen_of(labels=None)).state == "not_applicable"
