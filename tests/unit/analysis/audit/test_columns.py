from __future__ import annotations

import pytest

from vaeaudit.analysis.audit.columns import describe_columns
from vaeaudit.analysis.fairness.proxies import find_proxies
from vaeaudit.analysis.labels.summary import summarise_label
from vaeaudit.config import AnalysisConfig


@pytest.fixture(scope="module")
def columns(people):
    config = AnalysisConfig()
    labels, proxies = summarise_label(people, 0.95, 0), find_proxies(people, config, 0).proxies
    found, _ = describe_columns(people, config, 0, labels=labels, proxies=proxies)
    return {column.name: column for column in found}


def test_a_column_says_what_it_gives_away_what_goes_with_it_and_how_the_label_differs(columns):
    job = columns["job"]
    assert job.associations[0].column == "sex"
    assert job.gives_away["sex"] > 0.8
    assert 0.4 < job.gives_away["age"] < 0.6
    assert job.tells_label > 0.5
    assert job.label_difference.outcome == "hired = yes"
    assert sum(job.histogram.counts) + job.histogram.rest == 1_500


def test_what_was_not_measured_of_a_column_is_left_open(columns):
    assert columns["hired"].label_difference is None
    assert columns["hired"].tells_label is None
    assert columns["sex"].gives_away == {}
    assert columns["remark"].associations == ()
    assert columns["job"].suspicious_cells is None
