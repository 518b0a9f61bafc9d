"""Combinations of columns with fewer rows than the population that was given says."""

from __future__ import annotations

from functools import partial

from vaeaudit.analysis.checks.base import Check, Need
from vaeaudit.analysis.checks.short_regions import KIND, answer_for

CHECK = Check(
    "VA202",
    "region-short-of-population",
    "Has every combination of columns the rows that the population leads one to expect?",
    KIND,
    partial(answer_for, "population", "VA202"),
    needs=(Need.POPULATION,),
)
