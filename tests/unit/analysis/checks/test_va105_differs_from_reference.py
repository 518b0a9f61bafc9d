from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vaeaudit.analysis.checks.base import unmet
from vaeaudit.analysis.checks.va105_differs_from_reference import CHECK
from vaeaudit.analysis.coverage.results import Comparison, Difference
from vaeaudit.analysis.inputs import Reference
from vaeaudit.statistics.measures import Interval, Measure

JOB = Difference("job", "total variation", 0.3, 1e-9, True, "clerk: 40 % here, 10 % in the reference")


@pytest.fixture
def ask(seen_of):
    """The answer where rows are told apart by such an AUC, and these columns were compared."""

    def asked(auc, *columns):
        measure = None if auc is None else Measure(auc, Interval(auc - 0.02, auc + 0.02, 0.95), 900, 0.5)
        return CHECK.ask(seen_of(comparison=Comparison("before.csv", "0" * 64, 500, 400, measure, columns, ())))

    return asked


def test_a_reference_that_differs_is_one_finding_which_names_where(ask):
    answer = ask(0.7, JOB)
    (finding,) = answer.findings
    assert (answer.state, answer.tested, finding.id, finding.severity) == ("finding", 1, "VA105", "low")
    assert finding.title == (
        "The data differs from before.csv, most of all in job (clerk: 40 % here, 10 % in the reference)"
    )
    assert finding.evidence == {
        "n": 500,
        "n_reference": 400,
        "columns": {"job": 0.3},
        "auc": 0.7,
        "ci": [pytest.approx(0.68), pytest.approx(0.72)],
    }


def test_rows_that_are_plainly_told_apart_are_graver_and_without_a_measure_columns_are_told(ask):
    (apart,) = ask(0.95).findings
    assert (apart.severity, apart.title) == ("medium", "The data differs from before.csv")
    (unasked,) = ask(None, JOB).findings
    assert (unasked.severity, "auc" in unasked.evidence) == ("low", False)


def test_a_reference_that_does_not_differ_passes(ask):
    unlikely = replace(JOB, p_adjusted=0.2, significant=False)
    tiny = Difference("age", "ks", 0.01, 1e-9, True, "up to 30: 40 % here, 41 % in the reference")
    answer = ask(0.51, unlikely, tiny)
    assert (answer.state, answer.findings) == ("passed", ())
    assert answer.why == "No difference was shown in 2 columns and latents."


def test_a_reference_of_too_few_rows_is_inconclusive_and_without_one_it_is_not_asked(seen_of, people):
    assert unmet(CHECK, seen_of()) == ("not_asked", "Give --reference DATA.")
    reference = Reference("before.csv", "0" * 64, people.frame, people.codes, np.zeros(len(people.frame), dtype=bool))
    seen = seen_of(inputs=replace(people, reference=reference))
    assert unmet(CHECK, seen) is None
    assert CHECK.ask(seen).state == "inconclusive"
