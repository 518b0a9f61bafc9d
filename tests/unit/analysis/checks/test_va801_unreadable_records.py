from __future__ import annotations

import pytest

from vaeaudit.analysis.checks.va801_unreadable_records import CHECK
from vaeaudit.data.dataset import RowAccounting


def test_quarantined_records_are_counted_against_all_that_were_read(seen_of):
    answer = CHECK.ask(seen_of(rows=RowAccounting(read=1_000, scored=900, quarantined=60, skipped=40)))
    (finding,) = answer.findings
    assert (answer.state, answer.tested, finding.id, finding.severity) == ("finding", 1_000, "VA801", "high")
    assert finding.title == "60 of 1,000 records (6.0 %) could not be read"
    assert (finding.evidence["share"], finding.evidence["tolerated_share"]) == (0.06, 0.01)


@pytest.mark.parametrize(("quarantined", "severity"), [(3, "low"), (10, "low"), (11, "high")])
def test_it_is_grave_only_beyond_the_tolerated_share(seen_of, quarantined, severity):
    rows = RowAccounting(1_000, 1_000 - quarantined, quarantined, 0)
    assert CHECK.ask(seen_of(rows=rows)).findings[0].severity == severity


def test_where_every_record_was_read_it_passes(seen_of):
    assert CHECK.ask(seen_of()).why == "All 1,000 records could be read."
