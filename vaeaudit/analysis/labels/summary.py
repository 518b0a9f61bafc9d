"""Everything about the label: how it is spread, what tells it, and what tells it too well."""

from __future__ import annotations

from dataclasses import dataclass, replace

from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.labels.balance import LabelBalance, label_balance
from vaeaudit.analysis.leakage.leaks import Leak
from vaeaudit.analysis.leakage.predictors import Predictor, Together, tell_label
from vaeaudit.outputs.changes import Change
from vaeaudit.outputs.record import IntArray

#: Values of the label whose rows are kept.
MOST_VALUES = 50


@dataclass(frozen=True)
class LabelSummary:
    """The label.

    Attributes
    ----------
    column
        Its name.
    balance
        Rows per value, of the most frequent ones; None where no row has a value.
    together
        How well all columns together tell it; None where that could not be measured.
    predictors, leaks
        The first columns by what they add to that, and those that tell too much.
    changes
        How it changes along a date, or with the order of the rows.
    """

    column: str
    balance: LabelBalance | None
    together: Together | None = None
    predictors: tuple[Predictor, ...] = ()
    leaks: tuple[Leak, ...] = ()
    changes: tuple[Change, ...] = ()


def summarise_label(
    inputs: AuditInputs, confidence: float, seed: int, together: IntArray | None = None
) -> LabelSummary | None:
    """Describe the label; None where none was declared.

    Parameters
    ----------
    inputs
        Of the audit.
    confidence, seed
        Of intervals; of folds and shuffles.
    together
        [N]; rows of one number, such as copies or rows of one person, are never on both sides of a fold.
    """
    label = inputs.schema.label
    if label is None:
        return None
    balance = label_balance(inputs.frame[label.name], confidence)
    if balance is not None:
        balance = replace(balance, counts=dict(list(balance.counts.items())[:MOST_VALUES]))
    changes = tuple(change for change in inputs.changes if change.column == label.name)
    told = tell_label(inputs.frame, inputs.schema, confidence, seed, together)
    if told is None:
        return LabelSummary(label.name, balance, changes=changes)
    return LabelSummary(label.name, balance, told.together, told.predictors, told.leaks, changes)
