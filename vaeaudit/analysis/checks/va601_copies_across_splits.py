"""Rows of one split that have a copy in another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Need, Seen, answered
from vaeaudit.analysis.conclusions import Finding, facts, subject
from vaeaudit.analysis.duplicates.duplicates import Duplicates, Leak
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import listed, plural

CODE: Final = "VA601"
KIND: Final = "duplicate"
#: Pairs of splits with a finding of their own; the others share one.
MOST_LEAKS = 5


def ask(seen: Seen) -> Answer:
    """Tell one finding for each pair of splits."""
    duplicates = seen.measured.duplicates
    if len(duplicates.splits) < 2:
        return Answer("inconclusive", "All rows lie in one split.", 0)
    sought = "exact and near copies" if duplicates.searched else "exact copies"
    return answered(
        _findings(duplicates),
        f"No row has a copy in another of {len(duplicates.splits)} splits; {sought} were sought.",
        tested=sum(leak.n for leak in duplicates.leakage),
    )


def _findings(duplicates: Duplicates) -> Iterator[Finding]:
    leaks = [leak for leak in duplicates.leakage if leak.exact + leak.near]
    for leak in leaks[:MOST_LEAKS]:
        yield _finding(leak, duplicates)
    if leaks[MOST_LEAKS:]:
        yield _others(leaks[MOST_LEAKS:], coarse=duplicates.coarse)


def _finding(leak: Leak, duplicates: Duplicates) -> Finding:
    coarse = duplicates.coarse
    noun = "picture" if duplicates.basis == "pixels" else "row"
    kinds = [f"{numbers.count(count)} {kind}" for count, kind in ((leak.exact, "exact"), (leak.near, "near")) if count]
    copies = leak.exact + leak.near
    title = f"{plural(copies, noun)} of {leak.split} ({numbers.share(leak.share)}) {'has' if copies == 1 else 'have'} "
    title += f"a copy in {leak.other} ({' and '.join(kinds)})"
    return Finding(
        code=CODE,
        subject=subject(leak.split, leak.other),
        kind=KIND,
        severity="info" if coarse else "high" if leak.exact else "medium",
        title=f"{title}{': no surprise, for few of the values possible here differ' if coarse else ''}",
        evidence={
            **facts(leak, "split", "other", "exact", "near", "n", "share", "ci"),
            "rows_of_other": leak.other_rows,
        },
        action=(
            "Keep them unless the source shows that records were copied; a test on equal rows is then fair."
            if coarse
            else f"Remove their {plural(leak.other_rows, f'twin {noun}')} from {leak.other}, the larger split: "
            f"{leak.split} stays as it is, and results on it no longer count what was learned by heart."
        ),
        anchor="duplicates",
    )


def _others(leaks: Sequence[Leak], *, coarse: bool) -> Finding:
    names = [f"{leak.split} in {leak.other}" for leak in leaks]
    return Finding(
        code=CODE,
        subject="others",
        kind=KIND,
        severity="info" if coarse else "high" if any(leak.exact for leak in leaks) else "medium",
        title=f"{plural(len(leaks), 'more pair')} of splits share rows: {listed(names)}",
        evidence={
            "pairs_of_splits": len(leaks),
            "exact": sum(leak.exact for leak in leaks),
            "near": sum(leak.near for leak in leaks),
        },
        action="See the table of splits; keep all copies of a row in one split.",
        anchor="duplicates",
    )


CHECK = Check(
    CODE,
    "copies-across-splits",
    "Do the splits share no rows?",
    KIND,
    ask,
    needs=(Need.SPLIT,),
)
