from __future__ import annotations

import pytest

from vaeaudit.analysis.checks.va807_missing_by_group import CHECK, MOST_FINDINGS
from vaeaudit.analysis.quality.missingness import MissingInGroup, Missingness
from vaeaudit.statistics.intervals import newcombe_difference, share_interval
from vaeaudit.statistics.measures import Interval


def column(name, missing, others=24, *, p=1e-6, together=()):
    """A column of 1,000 rows that lacks so many cells of 500 women and of 500 others."""
    low, high = (float(bound) for bound in newcombe_difference(missing, 500, others, 500))
    group = MissingInGroup(
        *("sex", "Female", 500, missing, missing / 500, share_interval(missing, 500, 0.95)),
        *((missing - others) / 500, Interval(low, high, 0.95), p),
    )
    total = missing + others
    ci = share_interval(total, 1_000, 0.95)
    return Missingness(name, total, 1_000, total / 1_000, ci, together, (group,))


@pytest.fixture
def ask(seen_of):
    return lambda *columns: CHECK.ask(seen_of(missingness=columns))


def test_a_column_that_one_group_lacks_is_told_with_both_shares(ask):
    (finding,) = ask(column("income", 156)).findings
    assert (finding.id, finding.severity) == ("VA807-income-sex", "medium")
    assert finding.title == (
        "income is missing in 31.2 % [27.3, 35.4] of the rows with sex = Female (156 of 500), and in 4.8 % of all "
        "others"
    )


def test_a_small_difference_is_low_and_one_within_the_limit_or_by_chance_none(ask):
    assert ask(column("income", 55)).findings[0].severity == "low"
    assert ask(column("income", 38)).state == "passed"
    assert ask(column("income", 156, p=0.2)).state == "passed"


def test_columns_that_are_missing_together_are_told_once(ask):
    answer = ask(column("income", 156, together=("hours",)), column("hours", 157, together=("income",)))
    (finding,) = answer.findings
    assert finding.title.startswith("income (and hours, in the same rows) is missing in 31.2 %")


def test_the_worst_have_findings_of_their_own_and_the_rest_share_one(ask):
    answer = ask(*(column(f"c{place}", 100 + 10 * place) for place in range(MOST_FINDINGS + 2)))
    assert len(answer.findings) == MOST_FINDINGS + 1
    assert answer.findings[0].evidence["missing"] == 130
    assert answer.findings[-1].title.endswith("outside it: c1 by sex and c0 by sex")


def test_nothing_missing_passes_and_groups_too_small_cannot_be_told(ask):
    assert ask().state == "passed"
    assert ask(column("income", 156, p=None)).state == "inconclusive"
