"""What a column that exists already predicts of the label: which outcome, of which rows, and from which score on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from vaeaudit.analysis.fairness.outcomes import outcomes_of
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Column, Schema
from vaeaudit.data.tables.cells import value_text
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray
from vaeaudit.statistics.cross_fit import macro_auc_interval
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import plural
from vaeaudit.wording.rules import bound_text

#: From which probability on an outcome is predicted where nobody said it.
EVEN = 0.5


@dataclass(frozen=True)
class Predicted:
    """What is predicted of the M rows that have a label and a prediction.

    Attributes
    ----------
    rows
        [M]; their positions among all rows.
    outcome
        What is predicted, in words; empty where no single outcome is: of a label with several values, or with one.
    has, says
        [M]; which rows have it, and of which it is predicted; None where that is not known.
    classes
        [M] twice; the label and what is predicted of it, as codes; None where nothing is predicted.
    score
        [M]; None where values of the label are predicted.
    threshold
        From which score on the outcome is predicted.
    """

    rows: IntArray
    outcome: str = ""
    has: BoolArray | None = None
    says: BoolArray | None = None
    classes: tuple[IntArray, IntArray] | None = None
    score: FloatArray | None = None
    threshold: float | None = None

    @property
    def right(self) -> BoolArray | None:
        """[M]; of which rows the prediction is right; None where nothing is predicted."""
        return None if self.classes is None else self.classes[0] == self.classes[1]

    @property
    def is_probability(self) -> bool:
        """Whether it is a score within 0 and 1."""
        return self.score is not None and bool(np.all((self.score >= 0) & (self.score <= 1)))


def read_predictions(frame: pd.DataFrame, schema: Schema, config: AnalysisConfig, notes: list[str]) -> Predicted | None:
    """Read the column of predictions beside the label; None where either was not declared.

    Parameters
    ----------
    frame, schema
        [N, C] rows and their schema.
    config
        Says which label is favourable, and from which score on it is predicted.
    notes
        Hear what was left out or taken for granted.
    """
    label, column = schema.label, schema.prediction
    if label is None or column is None:
        return None
    both = np.asarray(frame[label.name].notna() & frame[column.name].notna())
    rows = np.flatnonzero(both)
    if len(rows) < len(frame):
        without = plural(len(frame) - len(rows), "row")
        notes.append(f"{without} without {label.name} or {column.name} took no part here.")
    outcomes = outcomes_of(frame[label.name], label, [], config.favourable)
    outcome, has = (outcomes[0].name, outcomes[0].has[rows]) if len(outcomes) == 1 else ("", None)
    if not column.kind.is_numeric:
        return _of_values(frame, (label, column), Predicted(rows, outcome, has), config, notes)
    if has is None:
        notes.append(
            f"{column.name} is a score, but {label.name} has no two values: say with --favourable which it predicts."
        )
        return Predicted(rows)
    score = frame[column.name].to_numpy(np.float64)[rows]
    return _of_score((label, column), Predicted(rows, outcome, has, score=score), config, notes)


def _of_values(
    frame: pd.DataFrame, columns: tuple[Column, Column], found: Predicted, config: AnalysisConfig, notes: list[str]
) -> Predicted:
    """Read predictions that are values of the label: those of the rows that have the outcome predict it."""
    if config.threshold is not None:
        notes.append(f"{columns[1].name} holds values of {columns[0].name}: --threshold says nothing of it.")
    held = [frame[column.name].iloc[found.rows].astype(object).map(value_text) for column in columns]
    codes = pd.factorize(pd.concat(held, ignore_index=True))[0].astype(np.int64)
    actual, said = codes[: len(found.rows)], codes[len(found.rows) :]
    says = None if found.has is None else np.isin(said, np.unique(actual[found.has]))
    return Predicted(found.rows, found.outcome, found.has, says, (actual, said))


def _of_score(columns: tuple[Column, Column], found: Predicted, config: AnalysisConfig, notes: list[str]) -> Predicted:
    """Read predictions that are numbers: the outcome is predicted from the threshold on."""
    label, column = columns
    outcome, has, score, threshold = found.outcome, found.has, found.score, config.threshold
    assert has is not None and score is not None  # noqa: S101 - the caller's
    if _is_reversed(score, has, config.confidence):
        other = [level for level in label.levels if outcome != f"{label.name} = {level}"]
        if len(other) != 1:
            notes.append(f"Rows with {outcome} have lower scores than others: does {column.name} predict the opposite?")
        else:
            outcome, has = f"{label.name} = {other[0]}", ~has
            notes.append(f"{column.name} is taken to predict {outcome}, whose rows have the higher scores.")
    if threshold is None and found.is_probability:
        threshold = EVEN
        notes.append(
            f"{column.name} lies within 0 and 1 and is taken to predict {outcome} from {bound_text(EVEN)} on; "
            "--threshold says otherwise."
        )
    if threshold is None:
        notes.append(
            f"{column.name} is a score from {numbers.number(score.min(initial=np.inf))} to "
            f"{numbers.number(score.max(initial=-np.inf))}: give --threshold to see whom it errs on."
        )
        return Predicted(found.rows, outcome, has, score=score)
    says = score >= threshold
    return Predicted(found.rows, outcome, has, says, (has.astype(np.int64), says.astype(np.int64)), score, threshold)


def _is_reversed(score: FloatArray, has: BoolArray, level: float) -> bool:
    """Whether rows with the outcome surely have lower scores than others."""
    if has.all() or not has.any():
        return False
    _, ci = macro_auc_interval(score[:, None], has[:, None], level)
    return ci.high is not None and ci.high < EVEN
