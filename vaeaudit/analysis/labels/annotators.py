"""How far several annotators agree on the label, and where most of them contradict it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.data.schema.columns import Schema
from vaeaudit.data.tables.cells import value_text
from vaeaudit.outputs.record import FloatArray, IntArray
from vaeaudit.statistics.measures import Count, Interval

#: Draws of the rows, for the interval.
_DRAWS = 500


@dataclass(frozen=True)
class Annotators:
    """What annotators say of the label.

    Attributes
    ----------
    columns
        One per annotator.
    n
        Rows that two of them judged.
    disagreed
        Those of these rows in which they do not all say the same.
    alpha, ci
        Krippendorff's for names (1 is agreement, 0 is what chance gives), and its interval over draws of the rows.
    n_majority, contradicted
        Rows with a label in which more annotators say one thing than any other, and those with another label.
    """

    columns: tuple[str, ...]
    n: Count
    disagreed: Count
    alpha: float
    ci: Interval
    n_majority: Count
    contradicted: Count


def compare_annotators(frame: pd.DataFrame, schema: Schema, confidence: float, seed: int) -> Annotators | None:
    """Measure the agreement of annotators; None with fewer than two, or where no two judged a row.

    Parameters
    ----------
    frame, schema
        [N, C] rows and their columns.
    confidence, seed
        Of the interval, and of the draws for it.
    """
    majority = majority_labels(frame, schema)
    if schema.label is None or majority is None or len(schema.annotators) < 2:
        return None
    counts, _ = _votes(frame, schema)
    counts = counts[counts.sum(axis=1) >= 2]
    if not len(counts):
        return None
    rng, alike = np.random.default_rng(seed), _parts(counts)
    drawn = [_alpha(rng.poisson(1.0, len(counts)) @ alike) for _ in range(_DRAWS)]
    tail = (1 - confidence) / 2
    alpha = _alpha(alike.sum(axis=0))
    low, high = np.quantile(drawn, [tail, 1 - tail])
    label = texts_of(frame[schema.label.name])
    both = (majority != "") & (label != "")
    return Annotators(
        columns=tuple(column.name for column in schema.annotators),
        n=len(counts),
        disagreed=int((counts.max(axis=1) < counts.sum(axis=1)).sum()),
        alpha=alpha,
        ci=Interval(float(min(low, alpha)), float(max(high, alpha)), confidence),
        n_majority=int(both.sum()),
        contradicted=int((both & (majority != label)).sum()),
    )


def majority_labels(frame: pd.DataFrame, schema: Schema) -> npt.NDArray[np.object_] | None:
    """Return what most annotators say of each row [N], empty where two things are said as often; None without them."""
    if not schema.annotators:
        return None
    counts, levels = _votes(frame, schema)
    most = counts.max(axis=1, initial=0)
    clear = ((counts == most[:, None]).sum(axis=1) == 1) & (most > 0)
    found = np.full(len(frame), "", dtype=object)
    found[clear] = np.array(levels, dtype=object)[counts[clear].argmax(axis=1)] if clear.any() else ""
    return found


def _votes(frame: pd.DataFrame, schema: Schema) -> tuple[IntArray, list[str]]:
    """Return how many annotators say each thing of each row [N, K], and the K things."""
    levels = sorted({level for column in schema.annotators for level in column.levels})
    counts = np.zeros((len(frame), len(levels)), np.int64)
    for column in schema.annotators:
        values = frame[column.name].astype(object)
        for place, level in enumerate(levels):
            counts[:, place] += (values == level).to_numpy()
    return counts, levels


def _parts(counts: IntArray) -> FloatArray:
    """Return per row its disagreement and how often each thing was said, [N, 1 + K]; sums of them give alpha."""
    judged = counts.sum(axis=1, keepdims=True)
    apart = (counts * (judged - counts)).sum(axis=1, keepdims=True) / (judged - 1)
    return np.concatenate([apart, counts], axis=1).astype(np.float64)


def _alpha(sums: FloatArray) -> float:
    """Krippendorff's alpha for names (2019, Content Analysis, chapter 12); 1 where all say the same all the time."""
    apart, said = float(sums[0]), sums[1:]
    total = float(said.sum())
    expected = float((said * (total - said)).sum())
    return 1.0 if expected == 0 else 1 - apart * (total - 1) / expected


def texts_of(values: pd.Series) -> npt.NDArray[np.object_]:
    """Return cells as text [N], as annotators write them; a missing one is empty."""
    codes, levels = pd.factorize(values.astype(object))
    return np.array([*map(value_text, levels), ""], dtype=object)[codes]
