from __future__ import annotations

import pytest

from vaeaudit.analysis.checks.base import unmet
from vaeaudit.analysis.checks.va404_annotators_disagree import CHECK
from vaeaudit.analysis.labels.annotators import Annotators
from vaeaudit.analysis.labels.summary import LabelSummary
from vaeaudit.statistics.measures import Interval


@pytest.fixture
def ask(seen_of):
    """The answer where three annotators agree so well, and contradict so many labels."""

    def asked(alpha, contradicted=0):
        ci = Interval(alpha - 0.03, alpha + 0.03, 0.95)
        found = Annotators(("a", "b", "c"), 400, 87, alpha, ci, 390, contradicted)
        return CHECK.ask(seen_of(labels=LabelSummary("y", None, annotators=found)))

    return asked


@pytest.mark.parametrize(("alpha", "contradicted", "severity"), [(0.5, 0, "medium"), (0.7, 0, "low"), (0.9, 4, "low")])
def test_low_agreement_and_contradicted_labels_are_one_finding(ask, alpha, contradicted, severity):
    (finding,) = ask(alpha, contradicted).findings
    assert (finding.id, finding.severity) == ("VA404", severity)
    assert f"contradict y in {contradicted} of 390" in finding.title


def test_annotators_who_agree_with_one_another_and_the_label_pass(ask):
    assert ask(0.9).state == "passed"


def test_it_asks_for_annotators(seen_of, people):
    state, why = unmet(CHECK, seen_of(inputs=people)) or ("", "")
    assert state == "not_asked"
    assert "--annotator" in why
