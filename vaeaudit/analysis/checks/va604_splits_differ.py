"""A split differs from the one that is trained on: in columns, in levels, or by periods that overlap."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Need, Seen, answered
from vaeaudit.analysis.conclusions import LISTED, Finding, facts, subject
from vaeaudit.analysis.duplicates.splits import LEAST_DISTANCE, SplitComparison
from vaeaudit.statistics.intervals import share_interval
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import listed, plural

CODE: Final = "VA604"
KIND: Final = "other"


def ask(seen: Seen) -> Answer:
    """Tell, for each split, the columns that differ, the levels that are new, and the period that overlaps."""
    splits = seen.measured.splits
    if not splits:
        return Answer("inconclusive", "All rows lie in one split.", 0)
    label = seen.inputs.schema.label
    new = sum(split.unseen_rows for split in splits)
    aside = (
        f" {plural(new, 'row has', 'rows have')} levels that {splits[0].other} lacks, as chance gives." if new else ""
    )
    return answered(
        (finding for split in splits for finding in _findings(split, None if label is None else label.name, seen)),
        f"No column differs between {splits[0].other} and {listed([split.split for split in splits])}.{aside}",
        tested=sum(split.compared for split in splits),
        detectable=f"Distributions that lie less than {LEAST_DISTANCE:g} apart are taken as alike.",
    )


def _findings(split: SplitComparison, label: str | None, seen: Seen) -> Iterator[Finding]:
    if split.columns:
        yield _differing(split, label)
    if any(level.surely for level in split.unseen):
        yield _unseen(split, seen.config.confidence)
    if split.overlaps:
        yield _overlapping(split, seen.config.confidence)


def _differing(split: SplitComparison, label: str | None) -> Finding:
    named = [f"{column.name} ({column.differs})" for column in split.columns]
    return Finding(
        code=CODE,
        subject=subject(split.split, split.other),
        kind=KIND,
        severity="medium" if any(column.name == label for column in split.columns) else "low",
        title=f"{split.split} differs from {split.other} in {plural(len(named), 'column')}, most of all in "
        f"{listed(named, most=2, separator='; ')}",
        evidence={
            **facts(split, "split", "other", "n", "n_other", "compared", "in_time"),
            "columns": {column.name: column.distance for column in split.columns[:LISTED]},
            "p_adjusted": {column.name: column.p_adjusted for column in split.columns[:LISTED]},
        },
        action="Ask how the split was made. Where it was drawn at random, draw it anew; where it was not, as by time "
        f"or place, {split.split} measures how a model does elsewhere, and says so with its results.",
        anchor="duplicates",
    )


def _unseen(split: SplitComparison, confidence: float) -> Finding:
    sure = [level for level in split.unseen if level.surely]
    named = [f"{level.column} = {level.level} ({plural(level.rows, 'row')})" for level in sure]
    return Finding(
        code=CODE,
        subject=subject(split.split, split.other, "levels"),
        kind=KIND,
        severity="low",
        title=f"{split.other} knows none of {plural(len(sure), 'level')} of {split.split}: {listed(named, most=3)}",
        evidence={
            **facts(split, "split", "other", "n", "unseen_rows"),
            "levels": {f"{level.column} = {level.level}": level.rows for level in sure},
            "ci": share_interval(split.unseen_rows, split.n, confidence).bounds,
        },
        action=f"A model learns nothing of them: bring rows of each into {split.other}, or report them by themselves.",
        anchor="duplicates",
    )


def _overlapping(split: SplitComparison, confidence: float) -> Finding:
    overlap = max(split.overlaps, key=lambda each: each.rows)
    share = overlap.rows / split.n_other
    return Finding(
        code=CODE,
        subject=subject(split.split, split.other, "time"),
        kind=KIND,
        severity="low",
        title=f"{split.split} begins ({overlap.column}: {overlap.begins}) before {split.other} ends ({overlap.ends}): "
        f"{plural(overlap.rows, 'row')} of {split.other} ({numbers.share(share)}) "
        f"{'is' if overlap.rows == 1 else 'are'} no earlier",
        evidence={
            **facts(split, "split", "other", "n", "n_other"),
            **facts(overlap, "column", "begins", "ends", "rows"),
            "share": share,
            "ci": share_interval(overlap.rows, split.n_other, confidence).bounds,
        },
        action=f"Where {split.split} stands for the future, let {split.other} end before it begins: what is learned of "
        "later days is not known then.",
        anchor="duplicates",
    )


CHECK = Check(
    CODE, "splits-differ", "Are the splits alike, and apart in time if they are meant to be?", KIND, ask, (Need.SPLIT,)
)
