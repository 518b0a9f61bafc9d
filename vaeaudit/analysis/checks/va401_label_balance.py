"""A label with a class of so few rows that it can be neither learned nor tested."""

from __future__ import annotations

from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Need, Seen, answered
from vaeaudit.analysis.conclusions import LISTED, Finding, Severity, subject
from vaeaudit.analysis.labels.balance import LabelBalance, label_balance
from vaeaudit.data.schema.columns import Column
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import listed, plural

CODE: Final = "VA401"
KIND: Final = "label"
#: Rows of a class below which a test of a tenth holds one of them or none, and shares of the rarest class that are
#: worth telling: below the second one, whoever always says the other is right in 99 of 100 cases.
FEWEST, SMALL_SHARE, TINY_SHARE = 10, 0.1, 0.01
#: A number of more values than this is no class.
MOST_CLASSES = 50


def ask(seen: Seen) -> Answer:
    """Judge the rarest class; of a number only whether it varies."""
    label = seen.inputs.schema.label
    if label is None:
        return Answer("not_applicable", "No label was declared.")
    balance = label_balance(seen.inputs.frame[label.name], seen.config.confidence)
    if balance is None:
        return Answer("inconclusive", f"No row has a value of {label.name}.", 0)
    severity = _severity(balance, label)
    classes = plural(len(balance.counts), "value")
    return answered(
        () if severity is None else [_finding(balance, label.name, severity)],
        f"{label.name} has {classes} in {plural(balance.n, 'row')}; the most frequent one makes up "
        f"{numbers.share(balance.largest_share)}.",
        tested=len(balance.counts),
    )


def _severity(balance: LabelBalance, label: Column) -> Severity | None:
    large = sum(rows >= FEWEST for rows in balance.counts.values())
    if len(balance.counts) == 1 or (large < 2 and len(balance.counts) <= MOST_CLASSES):
        return "high"
    if label.kind.is_numeric and len(balance.counts) > MOST_CLASSES:
        return "medium" if balance.largest_share > 1 - TINY_SHARE else None
    if large < len(balance.counts) or balance.smallest_share < TINY_SHARE:
        return "medium"
    return "low" if balance.smallest_share < SMALL_SHARE and len(balance.counts) == 2 else None


def _finding(balance: LabelBalance, name: str, severity: Severity) -> Finding:
    rarest = balance.rarest
    rows = balance.counts[rarest]
    rising = sorted(balance.counts.items(), key=lambda each: each[1])
    few = [f"{value} ({plural(held, 'row')})" for value, held in rising if held < FEWEST]
    also = f"; fewer than {FEWEST} rows have {listed(few)}" if len(few) > 1 else ""
    title = f"{name}: {plural(rows, 'row')} of {numbers.count(balance.n)} ({numbers.share(balance.smallest_share)}) "
    title += f"{'has' if rows == 1 else 'have'} the rarest value, {rarest}{also}"
    if len(balance.counts) == 1:
        title = f"{name} has the same value, {rarest}, in all {plural(balance.n, 'row')}"
    return Finding(
        code=CODE,
        subject=subject(name),
        kind=KIND,
        severity=severity,
        title=title,
        evidence={
            "n": balance.n,
            "values": len(balance.counts),
            "largest_share": balance.largest_share,
            "share": balance.smallest_share,
            "ci": balance.ci.bounds,
            "counts": dict(list(balance.counts.items())[:LISTED]),
        },
        action=(
            "Nothing can be learned from it, nor tested: collect rows of the rare values, or ask another question."
            if severity == "high"
            else f"Whoever always says {next(iter(balance.counts))} is right in {numbers.share(balance.largest_share)} "
            "of the rows: judge a model by more than accuracy, and split so that every part holds the rare values."
        ),
        anchor="disparities",
    )


CHECK = Check(
    CODE, "label-balance", "Has every value of the label enough rows to learn and to test it?", KIND, ask, (Need.LABEL,)
)
