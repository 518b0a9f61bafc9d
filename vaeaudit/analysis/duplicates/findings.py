"""Findings about rows that occur more than once, within a dataset and across its splits."""

from __future__ import annotations

from collections.abc import Iterator

from vaeaudit.analysis.conclusions import Finding, facts
from vaeaudit.analysis.duplicates.duplicates import Duplicates, Leak
from vaeaudit.config import AnalysisConfig
from vaeaudit.statistics.intervals import share_interval
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import finding_id, listed, plural

#: More copies than this share of the rows let the same facts count twice in training and in testing.
MOST_COPIES = 0.01
#: Pairs of splits with a finding of their own; the others share one.
MOST_LEAKS = 5


def duplicate_findings(duplicates: Duplicates, n_rows: int, config: AnalysisConfig) -> Iterator[Finding]:
    """Yield findings where rows repeat, exactly or nearly, or leak from split to split.

    Where a table is so coarse that equal rows must occur, they are mentioned and held against nobody.
    """
    coarse = is_coarse(duplicates, n_rows)
    leaks = [leak for leak in duplicates.leakage if leak.exact + leak.near]
    for leak in leaks[:MOST_LEAKS]:
        yield _leak_finding(leak, duplicates, coarse=coarse)
    if leaks[MOST_LEAKS:]:
        yield _other_leaks(leaks[MOST_LEAKS:], coarse=coarse)
    if duplicates.rows_in_groups > duplicates.groups:
        yield _exact_finding(duplicates, n_rows, config, coarse=coarse)
    if duplicates.near_pairs:
        yield _near_finding(duplicates, n_rows, config)


def is_coarse(duplicates: Duplicates, n_rows: int) -> bool:
    """Whether a table has so few possible rows that equal ones are no surprise; two equal pictures always are."""
    if duplicates.basis == "pixels":
        return False
    return duplicates.expected_pairs >= 1 or 2 * duplicates.rows_in_groups > n_rows


def _exact_finding(duplicates: Duplicates, n_rows: int, config: AnalysisConfig, *, coarse: bool) -> Finding:
    copies = duplicates.rows_in_groups - duplicates.groups
    share = copies / n_rows
    pictures = duplicates.basis == "pixels"
    repeat = "repeats" if copies == 1 else "repeat"
    how = f"{repeat} an earlier {'one pixel for pixel' if pictures else 'row in every column but the id'}"
    note = ": no surprise, for few of the values possible here differ" if coarse else ""
    return Finding(
        id="duplicate-rows",
        kind="duplicate",
        severity="info" if coarse else "medium" if share > MOST_COPIES else "low",
        title=f"{plural(copies, 'picture' if pictures else 'row')} ({numbers.share(share)}) {how}{note}",
        evidence={
            "copies": copies,
            **facts(duplicates, "rows_in_groups", "groups"),
            "largest_group": max((equal.rows for equal in duplicates.largest), default=2),
            "n": n_rows,
            "share": share,
            "ci": share_interval(copies, n_rows, config.confidence).bounds,
            "pairs_expected_if_independent": duplicates.expected_pairs,
        },
        action=(
            "Keep them unless the source shows that records were copied: equal people are not the same person."
            if coarse
            else "Find out at the source whether these are copies; if so keep one of each, above all before a split."
        ),
        anchor="duplicates",
    )


def _near_finding(duplicates: Duplicates, n_rows: int, config: AnalysisConfig) -> Finding:
    share = duplicates.near_rows / n_rows
    pictures = duplicates.basis == "pixels"
    alike = "the same picture, altered" if pictures else "the same row but for a cell or for small differences"
    return Finding(
        id="duplicate-near",
        kind="duplicate",
        severity="medium" if share > MOST_COPIES else "low",
        title=f"{plural(duplicates.near_pairs, 'pair')} of {'pictures' if pictures else 'rows'} look like {alike}",
        evidence={
            **facts(duplicates, "near_pairs", "near_rows"),
            "n": n_rows,
            "share": share,
            "ci": share_interval(duplicates.near_rows, n_rows, config.confidence).bounds,
        },
        action="Look at the listed pairs; of true copies keep one, and keep the others out of every other split.",
        anchor="duplicates",
    )


def _leak_finding(leak: Leak, duplicates: Duplicates, *, coarse: bool) -> Finding:
    noun = "picture" if duplicates.basis == "pixels" else "row"
    kinds = [f"{numbers.count(count)} {kind}" for count, kind in ((leak.exact, "exact"), (leak.near, "near")) if count]
    copies = leak.exact + leak.near
    title = f"{plural(copies, noun)} of {leak.split} ({numbers.share(leak.share)}) {'has' if copies == 1 else 'have'} "
    title += f"a copy in {leak.other} ({' and '.join(kinds)})"
    return Finding(
        id=finding_id("duplicate", "leak", leak.split, leak.other),
        kind="duplicate",
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


def _other_leaks(leaks: list[Leak], *, coarse: bool) -> Finding:
    names = [f"{leak.split} in {leak.other}" for leak in leaks]
    return Finding(
        id="duplicate-leak-others",
        kind="duplicate",
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
