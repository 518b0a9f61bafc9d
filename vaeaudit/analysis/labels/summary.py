"""Everything about the label: how it is spread, what tells it, and what tells it too well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from vaeaudit.analysis.grouping.groups import Grouping
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.labels.annotators import Annotators, compare_annotators
from vaeaudit.analysis.labels.balance import LabelBalance, label_balance
from vaeaudit.analysis.labels.same_rows import SameRows, same_rows_other_label
from vaeaudit.analysis.labels.suspects import LabelErrors, Suspect, label_errors, suspects_of
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
    errors, suspects
        How many labels the rest of the data contradicts, and the first of them; None and empty where none was judged.
    same_rows
        Equal rows with different labels; None where there is no column to compare.
    annotators
        How far annotators agree; None with fewer than two.
    changes
        How it changes along a date, or with the order of the rows.
    alone
        How well each column by itself tells it, in the measure of `together`, the best first.
    """

    column: str
    balance: LabelBalance | None
    together: Together | None = None
    predictors: tuple[Predictor, ...] = ()
    leaks: tuple[Leak, ...] = ()
    errors: LabelErrors | None = None
    suspects: tuple[Suspect, ...] = ()
    same_rows: SameRows | None = None
    annotators: Annotators | None = None
    changes: tuple[Change, ...] = ()
    alone: Mapping[str, float] = field(default_factory=dict)


def summarise_label(
    inputs: AuditInputs,
    confidence: float,
    seed: int,
    together: IntArray | None = None,
    groupings: Sequence[Grouping] = (),
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
    groupings
        Of the sensitive columns, over the same rows.
    """
    label = inputs.schema.label
    if label is None:
        return None
    balance = label_balance(inputs.frame[label.name], confidence)
    if balance is not None:
        balance = replace(balance, counts=dict(list(balance.counts.items())[:MOST_VALUES]))
    changes = tuple(change for change in inputs.changes if change.column == label.name)
    told = tell_label(inputs.frame, inputs.schema, confidence, seed, together)
    doubts, is_table = inputs.label_doubts, inputs.pictures is None
    away = {*(told.together.without if told else ()), *inputs.rules.copies_of(label.name)}
    return LabelSummary(
        column=label.name,
        changes=changes,
        balance=balance,
        together=told.together if told else None,
        predictors=told.predictors if told else (),
        leaks=told.leaks if told else (),
        alone=told.alone if told else {},
        errors=None if doubts is None else label_errors(doubts, groupings, confidence),
        suspects=suspects_of(inputs),
        same_rows=same_rows_other_label(inputs.frame, inputs.schema, away) if is_table else None,
        annotators=compare_annotators(inputs.frame, inputs.schema, confidence, seed),
    )
