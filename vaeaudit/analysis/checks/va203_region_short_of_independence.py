"""Combinations of columns with fewer rows than unrelated columns would have: questions, not faults."""

from __future__ import annotations

from functools import partial

from vaeaudit.analysis.checks.base import Check
from vaeaudit.analysis.checks.short_regions import KIND, answer_for

CHECK = Check(
    "VA203",
    "region-short-of-independence",
    "Is no combination of columns much rarer than its columns alone lead one to expect?",
    KIND,
    partial(answer_for, "independence", "VA203"),
)
