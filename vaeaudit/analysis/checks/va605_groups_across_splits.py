"""Groups of rows that belong together, with rows in more than one split."""

from __future__ import annotations

from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Need, Seen, answered
from vaeaudit.analysis.conclusions import Finding, facts, subject
from vaeaudit.analysis.duplicates.duplicates import MOST_COPIES
from vaeaudit.analysis.duplicates.splits import SharedGroups, SplitComparison
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import listed, plural

CODE: Final = "VA605"
KIND: Final = "duplicate"


def ask(seen: Seen) -> Answer:
    """Tell one finding for each split that shares groups with the one that is trained on."""
    names, splits = [column.name for column in seen.inputs.schema.groups], seen.measured.splits
    if not names:
        return Answer("not_applicable", "No column says which rows belong together.")
    if not splits:
        return Answer("inconclusive", "All rows lie in one split.", 0)
    return answered(
        [_finding(split, shared) for split in splits for shared in split.groups if shared.groups],
        f"No {listed(names)} has rows both in {splits[0].other} and in {listed([split.split for split in splits])}.",
        tested=sum(split.n for split in splits),
    )


def _finding(split: SplitComparison, shared: SharedGroups) -> Finding:
    return Finding(
        code=CODE,
        subject=subject(shared.column, split.split, split.other),
        kind=KIND,
        severity="high" if shared.share > MOST_COPIES else "medium",
        title=f"{plural(shared.rows, 'row')} of {split.split} ({numbers.share(shared.share)}) "
        f"{'belongs' if shared.rows == 1 else 'belong'} to a {shared.column} that {split.other} holds too "
        f"({plural(shared.groups, 'group')})",
        evidence={**facts(split, "split", "other", "n"), **facts(shared, "column", "groups", "rows", "share", "ci")},
        action=f"Split by {shared.column}, all rows of one on one side: what one row teaches tells of its others.",
        anchor="duplicates",
    )


CHECK = Check(CODE, "groups-across-splits", "Does each group of rows lie in one split?", KIND, ask, needs=(Need.SPLIT,))
