from __future__ import annotations

import pytest

from vaeaudit.analysis.checks.va808_missing_for_a_reason import CHECK, MOST_FINDINGS
from vaeaudit.analysis.quality.contrast import Contrast
from vaeaudit.analysis.quality.missingness import Missingness, MissingReason
from vaeaudit.outputs.region_rules import Condition
from vaeaudit.statistics.measures import Interval

CI = Interval(0.9, 0.99, 0.95)
RULE = Condition("ended", "in", ["no"])
REASON = MissingReason(0.96, CI, Contrast("ended", "no", RULE, 930, 1_000, 10, 1_000, 1e-9))


def column(name, missing=940, reason=REASON, together=()):
    return Missingness(name, missing, 2_000, missing / 2_000, CI, together, (), reason)


@pytest.fixture
def ask(seen_of):
    return lambda *columns: CHECK.ask(seen_of(missingness=columns))


def test_a_set_of_columns_is_told_once_with_the_column_that_says_where(ask):
    (finding,) = ask(column("months", together=("why",)), column("why", together=("months",))).findings
    assert (finding.id, finding.severity, finding.rule) == ("VA808-months", "low", (RULE,))
    assert finding.title == (
        "months and why are missing in 93.0 % of the rows with ended = no (930 of 1,000), and in 1.0 % of all others"
    )


def test_the_emptiest_have_findings_of_their_own_and_the_rest_share_one(ask):
    answer = ask(*(column(f"c{place}", 100 + place) for place in range(MOST_FINDINGS + 2)))
    assert [finding.id for finding in answer.findings][:1] == ["VA808-c3"]
    assert answer.findings[-1].title.endswith("2 more columns go with another column: c1 (by ended) and c0 (by ended)")


def test_scattered_cells_pass_and_few_cannot_be_told(ask):
    assert (ask(column("months", reason=None)).state, ask(column("months", reason=None)).tested) == ("passed", 1)
    assert ask(column("months", missing=3, reason=None)).state == "inconclusive"
    assert ask().why == "No cell is missing."
