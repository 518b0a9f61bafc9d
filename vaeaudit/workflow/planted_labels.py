"""Labels flipped in copies of the rows, and whether the rest of the data tells them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.labels.doubts import doubts_of
from vaeaudit.outputs.plantings import Planted
from vaeaudit.outputs.record import BoolArray
from vaeaudit.workflow.planted_gaps import MOST_ROWS, of_rows

#: Share of the labels that is flipped.
FLIPPED = (0.01, 0.02, 0.05)
#: Labels to flip for each share, in at most so many copies.
_ENOUGH, _MOST_COPIES = 60, 4


def plant_labels(inputs: AuditInputs, seed: int, on_done: Callable[[int], None]) -> list[Planted]:
    """Flip labels in copies of the rows, or of some, and count those that come first among the suspicious ones.

    Parameters
    ----------
    inputs
        With a label of levels, else nothing is planted.
    seed
        Of the rows and the labels.
    on_done
        Told how many shares are done.
    """
    label = inputs.schema.label
    if label is None or not label.kind.is_levelled or inputs.label_doubts is None:
        return []
    rng = np.random.default_rng(seed)
    taken = of_rows(inputs, np.sort(rng.permutation(len(inputs.frame))[:MOST_ROWS]))
    lines = []
    for done, share in enumerate(FLIPPED, start=1):
        planted = found = 0
        for _ in range(_MOST_COPIES):
            copy, flipped = _flipped(taken, label.name, share, rng)
            doubts = doubts_of(copy) if planted < _ENOUGH else None
            if doubts is None:
                break
            first = np.argsort(-np.nan_to_num(doubts.suspicion, nan=-1.0), kind="stable")[: int(flipped.sum())]
            planted, found = planted + int(flipped.sum()), found + int(flipped[first].sum())
        lines.append(Planted("flipped label", label.name, share, (), "first", planted, found))
        on_done(done)
    return lines


def _flipped(inputs: AuditInputs, label: str, share: float, rng: np.random.Generator) -> tuple[AuditInputs, BoolArray]:
    """Return the rows with some labels flipped, and which [N]; other levels are drawn by how frequent they are."""
    values = inputs.frame[label]
    codes = values.cat.codes.to_numpy(np.int64).copy()
    known = np.flatnonzero(codes >= 0)
    rows = rng.permutation(known)[: max(1, round(share * len(known)))]
    counts = np.bincount(codes[known], minlength=len(values.cat.categories)).astype(np.float64)
    for row in rows.tolist():
        chance = np.where(np.arange(len(counts)) == codes[row], 0.0, counts)
        if chance.sum() > 0:
            codes[row] = rng.choice(len(counts), p=chance / chance.sum())
    flipped = codes != values.cat.codes.to_numpy(np.int64)
    changed = pd.Series(pd.Categorical.from_codes(codes, values.cat.categories, values.cat.ordered), index=values.index)
    return replace(inputs, frame=inputs.frame.assign(**{label: changed})), flipped
