from __future__ import annotations

import json

import numpy as np
import pytest

from vaeaudit.analysis.checks.va606_rows_of_one_group import CHECK

RNG = np.random.default_rng(2)
PEOPLE = np.repeat(np.arange(100), 4)


@pytest.fixture
def ask(seen_as_read):
    """The answer about four rows of each of 100 people with these labels."""
    return lambda label: CHECK.ask(seen_as_read({"patient": PEOPLE, "x": RNG.normal(size=400), "y": label}, label="y"))


def test_labels_that_a_person_keeps_are_worth_one_row_each(ask):
    (finding,) = ask(RNG.choice(["no", "yes", "perhaps"], 100)[PEOPLE]).findings
    assert finding.title == "400 rows are of 100 patient, up to 4 of one: for y they are worth 100 independent rows"
    assert (finding.severity, finding.id) == ("medium", "VA606-patient")
    json.dumps(dict(finding.evidence), allow_nan=False)


def test_labels_of_their_own_are_worth_a_row_each(ask):
    (finding,) = ask(RNG.normal(size=400)).findings
    assert finding.severity == "info"
    assert finding.evidence["effective_rows"] > 300


def test_without_a_group_column_the_check_does_not_apply(seen_as_read):
    assert CHECK.ask(seen_as_read({"x": RNG.normal(size=40), "g": list("ab") * 20})).state == "not_applicable"
