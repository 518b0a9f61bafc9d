"""How strongly the rest of the data speaks for another label than a row has, by models that never saw the row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import special
from threadpoolctl import threadpool_limits

from vaeaudit.analysis.grouping.together import rows_together
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.leakage.alone import Alone
from vaeaudit.analysis.leakage.predictors import features_of, learner, said_by, what_tells
from vaeaudit.analysis.leakage.target import Target
from vaeaudit.data.schema.columns import Schema
from vaeaudit.data.tables.cells import value_text
from vaeaudit.outputs.label_doubts import DoubtBasis, LabelDoubts
from vaeaudit.outputs.record import FloatArray, IntArray
from vaeaudit.statistics.cross_fit import FOLDS

#: Least spread of a number around what is expected, as a share of the median one: no row is judged by a spread of 0.
_LEAST_SPREAD = 0.25
_TINY = 1e-6


def doubt_labels(  # noqa: PLR0917 - rows, their columns and latents, what belongs together, what is left out
    frame: pd.DataFrame,
    schema: Schema,
    means: FloatArray | None,
    seed: int,
    together: IntArray | None = None,
    copies: Sequence[str] = (),
) -> LabelDoubts | None:
    """Ask gradient boosting, cross-fitted, which label each row ought to have; None where it cannot be told.

    Columns that are the label in other words take no part. A class is as suspicious as it is improbable: half by the
    model that never saw the row, half by those that learned from it, which still doubt a label that contradicts its
    neighbours (arXiv 2510.16211 compares such scores). A number is as suspicious as it lies far from what is
    expected, against how far such rows lie. At most `MOST_ROWS` rows are learned from; all are judged.

    Parameters
    ----------
    frame, schema
        [N, C] rows and their columns.
    means
        [N, L]; posterior means that speak, too. None: columns alone.
    seed, together
        As for `tell_label`.
    copies
        Columns that are the label by a rule of the table.
    """
    given = _given(frame, schema)
    if given is not None:
        return given
    telling = what_tells(frame, schema, 0.95, np.random.default_rng(seed), together)
    if telling is None:
        return None
    columns = [column for column in telling.columns if column.grouping.column not in copies]
    if means is None and not columns:
        return None
    target, away = telling.target, telling.away
    if not target.classes:
        target = replace(target, values=special.ndtri(target.values - 0.5 / len(target.rows)))
    asked = _Asked(frame, columns, means, target, _folds(frame[target.name], target, seed, together), seed)
    judge = _judge_classes if target.classes else _judge_numbers
    basis: DoubtBasis = "columns" if means is None else "columns and latents" if columns else "latents"
    without = tuple(dict.fromkeys([*(column.grouping.column for column in away), *copies]))
    return replace(judge(asked), basis=basis, without=tuple(name for name in without if name in schema))


def doubts_of(inputs: AuditInputs) -> LabelDoubts | None:
    """Ask about the labels of a run's rows: of pictures by latents and what was measured of them, of tables by columns.

    The latents of a table hold no more than its columns, among which are those that must not speak; and latents of
    pictures whose model is given the label, or is trained to tell it, were found with its help.
    """
    label, seed = inputs.schema.label, inputs.run.seed
    if label is None:
        return None
    found_with_it = label.given or inputs.model.objective.reads_label
    means = None if inputs.codes.columns or found_with_it else inputs.codes.mean
    copies = inputs.rules.copies_of(label.name)
    return doubt_labels(inputs.frame, inputs.schema, means, seed, rows_together(inputs), copies)


@dataclass(frozen=True)
class _Asked:
    """What is asked of which rows; `folds` [N] is below 0 for rows that are not judged."""

    frame: pd.DataFrame
    columns: list[Alone]
    means: FloatArray | None
    target: Target
    folds: IntArray
    seed: int

    def said(self) -> tuple[FloatArray, FloatArray]:
        """Return what models say of all rows [N, T]: all of them, that without the row for half; and that one alone."""
        drawn = self.target.rows
        rest = np.setdiff1d(np.flatnonzero(self.folds >= 0), drawn)
        wanted = self.target.values.argmax(axis=1) if self.target.classes else self.target.values[:, 0]
        by_all = np.zeros((len(self.folds), self.target.values.shape[1]))
        unseen = np.zeros_like(by_all)
        with threadpool_limits(limits=1):  # threads that wait for a busy core cost more than they bring
            for fold in range(FOLDS):
                features, learned = self._features(fold), self.target.folds != fold
                model = learner(self.target, self.seed).fit(features[learned], wanted[learned])
                for rows in (drawn, rest) if len(rest) else (drawn,):
                    found = said_by(model, features if rows is drawn else self._features(fold, rows), self.target)
                    own = self.folds[rows] == fold
                    by_all[rows] += np.where(own, 0.5, 0.5 / (FOLDS - 1))[:, None] * found
                    unseen[rows[own]] = found[own]
        return by_all, unseen

    def _features(self, fold: int, rows: IntArray | None = None) -> FloatArray:
        means = None if self.means is None else self.means[self.target.rows if rows is None else rows]
        parts = [] if means is None else [means]
        if self.columns:
            parts.append(features_of(self.frame, self.columns, self.target, fold, rows)[0])
        return np.concatenate(parts, axis=1)


def _folds(values: pd.Series, target: Target, seed: int, together: IntArray | None) -> IntArray:
    """Return the fold of every row whose label was learned [N], with those that belong together in one; -1 for others.

    Rows that nobody learned from come to a fold by lot.
    """
    known = values.isin(target.levels) if target.classes else values.notna()
    component = np.arange(len(values)) if together is None else together
    _, place = np.unique(component, return_inverse=True)
    folds = np.random.default_rng(seed).integers(0, FOLDS, int(place.max()) + 1)
    folds[place[target.rows]] = target.folds
    rows = np.where(known.to_numpy(), folds[place], -1)
    rows[target.rows] = target.folds
    return rows


def _judge_classes(asked: _Asked) -> LabelDoubts:
    by_all, unseen = asked.said()
    codes = asked.frame[asked.target.name].astype(object).map({level: k for k, level in enumerate(asked.target.levels)})
    return judged_by_probabilities(
        np.where(asked.folds >= 0, codes.fillna(-1).to_numpy(np.int64), -1),
        by_all,
        unseen,
        tuple(map(value_text, asked.target.levels)),
    )


def judged_by_probabilities(
    codes: IntArray, probability: FloatArray, unseen: FloatArray, levels: tuple[str, ...]
) -> LabelDoubts:
    """Judge classes by their probabilities.

    Parameters
    ----------
    codes
        [N]; the class of each row, below 0 where it is not judged.
    probability, unseen
        [N, K]; by all models, and by that which never saw the row.
    levels
        [K]; the classes.
    """
    rows = np.flatnonzero(codes >= 0)
    held = probability[rows]
    own, others = held[np.arange(len(rows)), codes[rows]], held.copy()
    others[np.arange(len(rows)), codes[rows]] = -1
    first = np.sort(np.clip(unseen[rows], _TINY, 1), axis=1)[:, ::-1]
    suspicion, said, held_own, held_other, odds = (np.full(len(codes), np.nan) for _ in range(5))
    suspicion[rows], held_own[rows], held_other[rows] = (
        np.clip(each, 0, 1) for each in (1 - own, own, others.max(axis=1))
    )
    said[rows] = others.argmax(axis=1)
    signs = np.where(unseen[rows].argmax(axis=1) == codes[rows], 1, -1)
    odds[rows] = signs * np.log(first[:, 0] / first[:, 1])
    return LabelDoubts("columns", suspicion, said, held_own, held_other, odds, levels)


def _judge_numbers(asked: _Asked) -> LabelDoubts:
    target, judged = asked.target, asked.folds >= 0
    expected, _ = asked.said()
    values = _number(asked.frame[target.name])
    known = np.sort(values[target.rows])
    place = (np.searchsorted(known, values, "left") + np.searchsorted(known, values, "right")) / (2 * len(known))
    apart = np.abs(special.ndtri(np.clip(place, 0.5 / len(known), 1 - 0.5 / len(known))) - expected[:, 0])
    spread = replace(asked, target=replace(target, values=apart[target.rows, None])).said()[0][:, 0]
    spread = np.maximum(spread, _LEAST_SPREAD * np.median(apart[target.rows]) + _TINY)
    none = np.full(len(values), np.nan)
    said = np.quantile(known, np.clip(special.ndtr(expected[:, 0]), 0, 1))
    return LabelDoubts(
        "columns",
        np.where(judged, apart / (apart + spread), np.nan),
        np.where(judged, said, np.nan),
        none,
        none,
        none,
        (),
    )


def _number(values: pd.Series) -> FloatArray:
    if values.dtype.kind == "M":
        return np.asarray(values.astype("int64").where(values.notna()).to_numpy(dtype=np.float64))
    return np.asarray(values.to_numpy(dtype=np.float64), np.float64)


def _given(frame: pd.DataFrame, schema: Schema) -> LabelDoubts | None:
    """Judge classes by the probabilities that the user's own model gave; None where there are none.

    Of all classes but one they may be given: that one has what is left of 1.
    """
    if schema.label is None or not schema.probabilities:
        return None
    values = frame[schema.label.name]
    codes, levels = pd.factorize(values.astype(object), sort=True)
    texts = tuple(map(value_text, levels))
    columns = {column.speaks_for: column.name for column in schema.probabilities}
    named = [text for text in texts if text in columns]
    if len(named) < max(len(texts) - 1, 1):
        return None
    held = np.stack(
        [
            frame[columns[text]].to_numpy(np.float64) if text in columns else np.full(len(frame), np.nan)
            for text in texts
        ],
        axis=1,
    )
    for place, text in enumerate(texts):
        if text not in columns:
            held[:, place] = 1 - np.nansum(held, axis=1)
    total = np.clip(held, 0, 1).sum(axis=1, keepdims=True)
    usable = np.isfinite(held).all(axis=1) & (total[:, 0] > 0)
    held = np.where(usable[:, None], np.clip(held, 0, 1) / np.where(usable[:, None], total, 1), 0)
    found = judged_by_probabilities(np.where(usable, codes, -1), held, held, texts)
    return replace(found, basis="given probabilities")
