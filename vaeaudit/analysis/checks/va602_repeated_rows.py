"""Rows that repeat an earlier one exactly."""

from __future__ import annotations

from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Seen, answered
from vaeaudit.analysis.conclusions import Finding, facts
from vaeaudit.analysis.duplicates.duplicates import MOST_COPIES
from vaeaudit.statistics.intervals import share_interval
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import plural

CODE: Final = "VA602"
KIND: Final = "duplicate"


def ask(seen: Seen) -> Answer:
    """Tell all copies in one finding; in a table so coarse that equal rows must occur they are only mentioned."""
    duplicates = seen.measured.duplicates
    return answered(
        [_finding(seen)] if duplicates.rows_in_groups > duplicates.groups else (),
        f"No two of {plural(len(seen.inputs.frame), 'row')} are equal.",
        tested=len(seen.inputs.frame),
    )


def _finding(seen: Seen) -> Finding:
    duplicates, n_rows = seen.measured.duplicates, len(seen.inputs.frame)
    coarse = duplicates.coarse
    copies = duplicates.rows_in_groups - duplicates.groups
    share = copies / n_rows
    pictures = duplicates.basis == "pixels"
    repeat = "repeats" if copies == 1 else "repeat"
    how = f"{repeat} an earlier {'one pixel for pixel' if pictures else 'row in every column that is no id'}"
    note = ": no surprise, for few of the values possible here differ"
    note = note if coarse else ", and would go if one of each were kept"
    return Finding(
        code=CODE,
        subject="",
        kind=KIND,
        severity="info" if coarse else "medium" if share > MOST_COPIES else "low",
        title=f"{plural(copies, 'picture' if pictures else 'row')} ({numbers.share(share)}) {how}{note}",
        evidence={
            "copies": copies,
            **facts(duplicates, "rows_in_groups", "groups"),
            "largest_group": max((equal.rows for equal in duplicates.largest), default=2),
            "n": n_rows,
            "share": share,
            "ci": share_interval(copies, n_rows, seen.config.confidence).bounds,
            "pairs_expected": duplicates.expected_pairs,
        },
        action=(
            "Keep them unless the source shows that records were copied: equal people are not the same person."
            if coarse
            else "Find out at the source whether these are copies; if so keep one of each, above all before a split."
        ),
        anchor="duplicates",
    )


CHECK = Check(CODE, "repeated-rows", "Does every row occur once?", KIND, ask)
