"""Labels that the rest of the data contradicts however surely it speaks: errors, and not classes that overlap."""

from __future__ import annotations

from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Need, Seen, answered
from vaeaudit.analysis.conclusions import LISTED, Finding, facts
from vaeaudit.analysis.labels.summary import LabelSummary
from vaeaudit.analysis.labels.suspects import LabelErrors
from vaeaudit.statistics.measures import Interval
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import plural

CODE: Final = "VA402"
KIND: Final = "label"
#: Level of the test, and share and number of wrong labels from which a finding is worth telling.
LEVEL, LEAST_RATE, FEWEST_ERRORS = 0.01, 0.005, 5
#: Lower end of the interval from which it is graver; upper end from which "none found" is no answer.
MANY, UNSURE = 0.02, 0.05


def ask(seen: Seen) -> Answer:
    """Tell errors that do not become rarer where the label is told more surely."""
    label = seen.measured.labels
    errors = None if label is None else label.errors
    if label is None or errors is None:
        return Answer("inconclusive", "No label was judged: too few rows, or no column that could tell it.", 0)
    doubted = f"{plural(errors.doubted, 'label')} of {numbers.count(errors.n)}"
    listed = "labels.csv lists them, the most suspicious first"
    if errors.rate is None or errors.ci is None or errors.p_value is None:
        why = f"How many values of a number are wrong cannot be told: {doubted} lie far from what the rest speaks for; "
        return Answer("inconclusive", f"{why}{listed}.", errors.n)
    if errors.p_value <= LEVEL and errors.rate >= LEAST_RATE and errors.rate * errors.n >= FEWEST_ERRORS:
        return answered([_finding(label, errors, errors.rate, errors.ci)], "", tested=errors.n)
    high = errors.ci.high or 0.0
    overlap = (
        f"{doubted} contradict the rest of the data, where classes overlap: the surer it is, the fewer do, so that no "
        f"errors can be told from it. Up to {numbers.rate(high)} of the labels may be wrong; {listed}."
    )
    return Answer("inconclusive" if high > UNSURE else "passed", overlap, errors.n)


def _finding(label: LabelSummary, errors: LabelErrors, rate: float, ci: Interval) -> Finding:
    low, high = ci.low or 0.0, ci.high or 1.0
    return Finding(
        code=CODE,
        subject="",
        kind=KIND,
        severity="medium" if low >= MANY else "low",
        title=(
            f"About {numbers.rate(rate)} of the labels in {label.column} ({numbers.rate(low)} to "
            f"{numbers.rate(high)}) are contradicted however surely the rest of the data speaks: some "
            f"{plural(round(rate * errors.n), 'row')} of {numbers.count(errors.n)}"
        ),
        evidence={
            **facts(errors, "n", "doubted", "rate", "ci", "p_value", "basis"),
            "first": [suspect.row_id for suspect in label.suspects[:LISTED]],
        },
        action=(
            f"Go through labels.csv from the top ({plural(errors.doubted, 'row')}) with the source at hand: a wrong "
            "label, or a row whose other cells are wrong. Mend them before training, and in test data first of all."
        ),
        anchor="label",
    )


CHECK = Check(
    CODE, "label-errors", "Are there labels that the rest of the data contradicts?", KIND, ask, needs=(Need.LABEL,)
)
