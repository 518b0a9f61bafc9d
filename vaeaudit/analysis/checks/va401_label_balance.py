"""A label with a class of so few rows that it can be neither learned nor tested."""

from __future__ import annotations

from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Need, Seen, answered
from vaeaudit.analysis.conclusions import LISTED, Finding, Severity, subject
from vaeaudit.analysis.labels.balance import MOST_CLASSES, LabelBalance, label_balance
from vaeaudit.data.schema.columns import Column
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import listed, plural

CODE: Final = "VA401"
KIND: Final = "label"
#: Rows of a class below which a test of a tenth holds one of them or none, and its share below which there is next to
#: nothing to learn from, whatever the number of rows.
FEWEST, TINY_SHARE = 10, 0.01
#: Shares of the rarer of two classes, and of the rarest of several, that are worth telling.
SMALL_SHARE, SMALL_OF_SEVERAL = 0.2, 0.05
#: Shares of a number's most frequent value that are worth telling.
SPIKE, NEARLY_CONSTANT = 0.5, 0.99


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
        () if severity is None else [_finding(balance, label, severity)],
        f"{label.name} has {classes} in {plural(balance.n, 'row')}; the most frequent one makes up "
        f"{numbers.share(balance.largest_share)}.",
        tested=len(balance.counts),
    )


def _severity(balance: LabelBalance, label: Column) -> Severity | None:
    large = sum(rows >= FEWEST for rows in balance.counts.values())
    number = _is_number(balance, label)
    if len(balance.counts) == 1 or (large < 2 and not number):
        return "high"
    if number:
        spike = balance.largest_share
        return "medium" if spike > NEARLY_CONSTANT else "low" if spike > SPIKE else None
    if large < len(balance.counts) or balance.smallest_share < TINY_SHARE:
        return "medium"
    small = SMALL_SHARE if len(balance.counts) == 2 else SMALL_OF_SEVERAL
    return "low" if balance.smallest_share < small else None


def _is_number(balance: LabelBalance, label: Column) -> bool:
    return label.kind.is_numeric and len(balance.counts) > MOST_CLASSES


def _finding(balance: LabelBalance, label: Column, severity: Severity) -> Finding:
    name, rarest = label.name, balance.rarest
    rows = balance.counts[rarest]
    rising = sorted(balance.counts.items(), key=lambda each: each[1])
    fewest = max(FEWEST, TINY_SHARE * balance.n)
    few = [f"{value} ({plural(held, 'row')})" for value, held in rising if held < fewest]
    also = f"; few have {listed(few)}" if len(few) > 1 else ""
    title = f"{name}: {plural(rows, 'row')} of {numbers.count(balance.n)} ({numbers.share(balance.smallest_share)}) "
    title += f"{'has' if rows == 1 else 'have'} the rarest value, {rarest}{also}"
    if len(balance.counts) == 1:
        title = f"{name} has the same value, {rarest}, in all {plural(balance.n, 'row')}"
    elif _is_number(balance, label):
        first, held = next(iter(balance.counts.items()))
        title = f"{name} is {first} in {plural(held, 'row')} of {numbers.count(balance.n)} "
        title += f"({numbers.share(balance.largest_share)})"
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
        anchor="label",
    )


CHECK = Check(
    CODE, "label-balance", "Has every value of the label enough rows to learn and to test it?", KIND, ask, (Need.LABEL,)
)
