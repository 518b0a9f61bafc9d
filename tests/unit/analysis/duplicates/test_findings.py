from __future__ import annotations

import json

import pytest

from vaeaudit.analysis.duplicates.duplicates import Duplicates, EqualRows, Leak
from vaeaudit.analysis.duplicates.findings import MOST_LEAKS, duplicate_findings
from vaeaudit.config import AnalysisConfig
from vaeaudit.statistics.measures import Interval

CONFIG = AnalysisConfig()


def leak(exact, near, split="test", other="train"):
    n = 200
    share = (exact + near) / n
    return Leak(split, other, n, exact, near, share, Interval(share / 2, 2 * share, 0.95), exact + near + 1)


def findings(n_rows=1_000, **fields):
    return list(
        duplicate_findings(Duplicates(**{"rows_in_groups": 0, "groups": 0, "largest": (), **fields}), n_rows, CONFIG)
    )


def test_copies_are_counted_without_their_originals():
    (finding,) = findings(rows_in_groups=40, groups=20, largest=(EqualRows("a", 2),), expected_pairs=0.001)
    assert (finding.severity, finding.evidence["copies"]) == ("medium", 20)
    assert findings() == []


def test_in_a_coarse_table_copies_are_no_surprise_and_the_finding_says_so():
    (finding,) = findings(rows_in_groups=900, groups=30, largest=(EqualRows("a", 40),), expected_pairs=5_000)
    assert finding.severity == "info"
    assert "no surprise" in finding.title
    assert finding.action.startswith("Keep them")


def test_two_equal_pictures_are_always_a_surprise():
    (finding,) = findings(rows_in_groups=900, groups=30, largest=(EqualRows("a", 40),), basis="pixels")
    assert finding.severity == "medium"
    assert finding.title == "870 pictures (87.0 %) repeat an earlier one pixel for pixel"


@pytest.mark.parametrize(("near_rows", "severity"), [(4, "low"), (40, "medium")])
def test_near_pairs_are_a_finding_of_their_own(near_rows, severity):
    (finding,) = findings(near_pairs=near_rows // 2, near_rows=near_rows, basis="pixels", searched=True)
    assert (finding.id, finding.severity, finding.evidence["near_rows"]) == ("duplicate-near", severity, near_rows)
    assert finding.evidence["ci"][0] < near_rows / 1_000 < finding.evidence["ci"][1]


@pytest.mark.parametrize(("exact", "near", "severity"), [(3, 0, "high"), (3, 2, "high"), (0, 2, "medium")])
def test_a_leak_between_splits_names_the_side_to_clear(exact, near, severity):
    (finding,) = findings(leakage=(leak(exact, near),))
    assert finding.severity == severity
    assert finding.id == "duplicate-leak-test-train"
    assert finding.action.startswith(f"Remove their {exact + near + 1} twin rows from train, the larger split")
    assert (finding.evidence["exact"], finding.evidence["near"]) == (exact, near)
    json.dumps(dict(finding.evidence), allow_nan=False)


def test_in_a_coarse_table_a_leak_accuses_nobody():
    first, *_ = findings(
        leakage=(leak(50, 0),), rows_in_groups=900, groups=30, largest=(EqualRows("a", 40),), expected_pairs=50
    )
    assert (first.severity, first.kind) == ("info", "duplicate")
    assert "no surprise" in first.title


def test_splits_without_a_shared_row_are_no_finding():
    assert findings(leakage=(leak(0, 0),)) == []


def test_many_leaking_splits_share_one_finding_after_the_first():
    many = tuple(leak(2, 0, f"fold {k}", "fold 0") for k in range(1, 10))
    found = findings(leakage=many)
    assert len(found) == MOST_LEAKS + 1
    assert found[-1].evidence == {"pairs_of_splits": 9 - MOST_LEAKS, "exact": 2 * (9 - MOST_LEAKS), "near": 0}
