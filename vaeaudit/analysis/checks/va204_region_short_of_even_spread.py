"""Groups with fewer rows than an even spread would give them."""

from __future__ import annotations

from functools import partial

from vaeaudit.analysis.checks.base import Check, Need
from vaeaudit.analysis.checks.short_regions import KIND, answer_for

CHECK = Check(
    "VA204",
    "region-short-of-even-spread",
    "Are the rows spread evenly over groups and label?",
    KIND,
    partial(answer_for, "uniform", "VA204"),
    needs=(Need.UNIFORM,),
)
