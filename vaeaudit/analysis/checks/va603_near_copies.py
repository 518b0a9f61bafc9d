"""Pairs of rows so alike that one may be an altered copy of the other."""

from __future__ import annotations

from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Seen, answered
from vaeaudit.analysis.conclusions import Finding, facts
from vaeaudit.analysis.duplicates.duplicates import MOST_COPIES
from vaeaudit.statistics.intervals import share_interval
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import listed, plural

CODE: Final = "VA603"
KIND: Final = "duplicate"


def ask(seen: Seen) -> Answer:
    """Tell all near pairs in one finding."""
    duplicates = seen.measured.duplicates
    if not duplicates.searched:
        return Answer("inconclusive", "Near copies were not sought: no model could say which rows are alike.")
    chances = [f"{kind} in {numbers.share(chance)}" for kind, chance in duplicates.chances.items()]
    return answered(
        [_finding(seen)] if duplicates.near_pairs else (),
        "No two rows are so alike that one may be an altered copy of the other.",
        tested=len(seen.inputs.frame),
        detectable=f"Altered copies would be found here: {listed(chances, most=9)} of the cases." if chances else "",
    )


def _finding(seen: Seen) -> Finding:
    duplicates, n_rows = seen.measured.duplicates, len(seen.inputs.frame)
    share = duplicates.near_rows / n_rows
    pictures = duplicates.basis == "pixels"
    noun, exact = "picture" if pictures else "row", duplicates.rows_in_groups - duplicates.groups
    going, more = duplicates.rows_to_drop - exact, "further " if exact else ""
    alike = "the same picture, altered" if pictures else "the same row but for a cell or for small differences"
    return Finding(
        code=CODE,
        subject="",
        kind=KIND,
        severity="medium" if share > MOST_COPIES else "low",
        title=f"{plural(duplicates.near_pairs, 'pair')} of {noun}s look like {alike}"
        + (f"; {plural(going, f'{more}{noun}')} would go if one of each were kept" if going > 0 else ""),
        evidence={
            **facts(duplicates, "near_pairs", "near_rows", "clusters", "rows_to_drop"),
            "n": n_rows,
            "share": share,
            "ci": share_interval(duplicates.near_rows, n_rows, seen.config.confidence).bounds,
        },
        action="Look at the listed pairs; of true copies keep one, and keep the others out of every other split.",
        anchor="duplicates",
    )


CHECK = Check(CODE, "near-copies", "Is no row an altered copy of another?", KIND, ask)
