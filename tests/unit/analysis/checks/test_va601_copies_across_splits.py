from __future__ import annotations

import json

import pytest

from vaeaudit.analysis.checks.base import unmet
from vaeaudit.analysis.checks.va601_copies_across_splits import CHECK, MOST_LEAKS
from vaeaudit.analysis.duplicates.duplicates import Duplicates, EqualRows, Leak
from vaeaudit.statistics.measures import Interval

SPLITS = {"train": 1_000, "test": 200}
COARSE = {
    "rows_in_groups": 900,
    "groups": 30,
    "largest": (EqualRows("a", 40),),
    "expected_pairs": 5_000,
    "coarse": True,
}


def leak(exact, near, split="test", other="train"):
    n = 200
    share = (exact + near) / n
    return Leak(split, other, n, exact, near, share, Interval(share / 2, 2 * share, 0.95), exact + near + 1)


@pytest.fixture
def ask(seen_of):
    """The answer about these leaks."""

    def asked(*leaks, splits=SPLITS, **fields):
        found = {"rows_in_groups": 0, "groups": 0, "largest": (), **fields}
        return CHECK.ask(seen_of(duplicates=Duplicates(**found, splits=splits, leakage=leaks)))

    return asked


@pytest.mark.parametrize(("exact", "near", "severity"), [(3, 0, "high"), (3, 2, "high"), (0, 2, "medium")])
def test_a_leak_between_splits_names_the_side_to_clear(ask, exact, near, severity):
    answer = ask(leak(exact, near))
    (finding,) = answer.findings
    assert (answer.state, answer.tested) == ("finding", 200)
    assert (finding.id, finding.severity) == ("VA601-test-train", severity)
    assert finding.title.startswith(f"{exact + near} rows of test ({(exact + near) / 2:.1f} %) have a copy in train (")
    assert finding.action.startswith(f"Remove their {exact + near + 1} twin rows from train, the larger split")
    assert (finding.evidence["exact"], finding.evidence["near"]) == (exact, near)
    json.dumps(dict(finding.evidence), allow_nan=False)


def test_in_a_coarse_table_a_leak_accuses_nobody(ask):
    (finding,) = ask(leak(50, 0), **COARSE).findings
    assert (finding.severity, finding.kind) == ("info", "duplicate")
    assert "no surprise" in finding.title
    assert finding.action.startswith("Keep them")


@pytest.mark.parametrize(("searched", "sought"), [(False, "exact copies"), (True, "exact and near copies")])
def test_splits_without_a_shared_row_pass_and_it_is_said_what_was_sought(ask, searched, sought):
    answer = ask(leak(0, 0), searched=searched)
    assert (answer.state, answer.findings) == ("passed", ())
    assert answer.why == f"No row has a copy in another of 2 splits; {sought} were sought."


def test_many_leaking_splits_share_one_finding_after_the_first(ask):
    found = ask(*(leak(2, 0, f"fold {k}", "fold 0") for k in range(1, 10))).findings
    assert len(found) == MOST_LEAKS + 1
    assert found[-1].id == "VA601-others"
    assert found[-1].evidence == {"pairs_of_splits": 9 - MOST_LEAKS, "exact": 2 * (9 - MOST_LEAKS), "near": 0}


def test_splits_that_differ_in_case_or_hyphens_have_findings_of_their_own(ask):
    pairs = [("test", "train"), ("Test", "train"), ("a-b", "c"), ("a", "b-c")]
    assert len({finding.id for finding in ask(*(leak(1, 0, *pair) for pair in pairs)).findings}) == len(pairs)


def test_one_split_alone_leaves_the_answer_open_and_none_is_not_asked(ask, seen_of):
    assert ask(splits={"train": 1_000}).state == "inconclusive"
    assert unmet(CHECK, seen_of()) == ("not_asked", "Give --split COL.")
