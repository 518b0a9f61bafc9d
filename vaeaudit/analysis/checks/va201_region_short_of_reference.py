"""Combinations of columns with fewer rows than the reference has."""

from __future__ import annotations

from functools import partial

from vaeaudit.analysis.checks.base import Check, Need
from vaeaudit.analysis.checks.short_regions import KIND, answer_for

CHECK = Check(
    "VA201",
    "region-short-of-reference",
    "Has every combination of columns the rows that the reference leads one to expect?",
    KIND,
    partial(answer_for, "reference", "VA201"),
    needs=(Need.REFERENCE,),
)
