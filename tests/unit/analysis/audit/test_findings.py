from __future__ import annotations

from typing import get_args

from vaeaudit.analysis.audit.audit import rank
from vaeaudit.analysis.conclusions import Finding, Severity


def finding(name, severity):
    return Finding(name, "quality", severity, "title", {}, "action", "quality")


def test_findings_are_ranked_by_severity_and_keep_their_order_among_equals():
    ranked = rank([finding("a", "info"), finding("b", "high"), finding("c", "low"), finding("d", "high")])
    assert [entry.id for entry in ranked] == ["b", "d", "c", "a"]
    assert [get_args(Severity).index(entry.severity) for entry in ranked] == [0, 0, 2, 3]


def test_ids_are_made_unique_without_touching_the_first():
    ranked = rank([finding("a", "low"), finding("a", "low"), finding("a-2", "low")])
    assert [entry.id for entry in ranked] == ["a", "a-2", "a-2-2"]
