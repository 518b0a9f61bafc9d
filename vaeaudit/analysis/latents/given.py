"""What the model is given beside its latents, and what it then expects of the same rows, beside what the data holds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.latents.model_summary import mean_interval
from vaeaudit.analysis.latents.results import GivenSummary, GivenValue
from vaeaudit.analysis.latents.traversals import data_spread
from vaeaudit.data.encoding.column_encoding import cell_numbers
from vaeaudit.data.schema.columns import Column
from vaeaudit.outputs.condition_swaps import ConditionSwap
from vaeaudit.outputs.record import FloatArray, IntArray
from vaeaudit.statistics.intervals import share_interval
from vaeaudit.statistics.measures import Measure
from vaeaudit.wording.cells import MISSING, column_texts

#: Columns told per given column.
MOST_COLUMNS = 5


def describe_given(inputs: AuditInputs, confidence: float) -> tuple[GivenSummary, ...]:
    """Describe each given column by the columns that move most with it, and by what held-out rows hold there.

    A number's way is measured in its standard deviations, a share's as it is. Means of the data are taken with the
    outer 1 % of the column on each side drawn in.

    Parameters
    ----------
    inputs
        The rows, and what the run swapped; nothing is described where the model is given nothing.
    confidence
        Of the intervals of what was observed.
    """
    swaps = () if inputs.swaps is None else inputs.swaps.columns
    return tuple(_summary(swap, inputs, confidence) for swap in swaps)


def _summary(swap: ConditionSwap, inputs: AuditInputs, confidence: float) -> GivenSummary:
    told = [place for place, name in enumerate(swap.quantity) if name in inputs.schema]
    moves = {place: _way(swap, place, inputs) for place in told}
    most = sorted((place for place in told if moves[place] > 0), key=lambda place: -moves[place])[:MOST_COLUMNS]
    held_out = inputs.codes.held_out
    values = []
    for setting in range(len(swap.given)):
        rows = np.flatnonzero(held_out & (swap.group == setting))
        found = {swap.quantity[place]: _observed(swap, place, rows, inputs, confidence) for place in most}
        values.append(
            GivenValue(
                value=_text(swap, setting, inputs),
                n=len(rows),
                expected={swap.quantity[place]: float(swap.expected[setting, place]) for place in most},
                observed={name: measure for name, measure in found.items() if measure is not None},
            )
        )
    levels = {
        swap.quantity[place]: inputs.schema[swap.quantity[place]].levels[swap.level[place]]
        for place in most
        if swap.level[place] >= 0
    }
    return GivenSummary(swap.column, swap.n_rows, levels, tuple(values))


def _way(swap: ConditionSwap, place: int, inputs: AuditInputs) -> float:
    """Return how far what is expected moves between the settings."""
    way = float(np.ptp(swap.expected[:, place]))
    if swap.level[place] >= 0:
        return way
    name = swap.quantity[place]
    spread = data_spread(inputs.frame[name], inputs.schema[name])
    return way / float(np.sqrt(spread)) if spread > 0 else 0.0


def _observed(
    swap: ConditionSwap, place: int, rows: IntArray, inputs: AuditInputs, confidence: float
) -> Measure | None:
    """Return the mean of these rows in the data, of those that have a cell; None where none has."""
    values = inputs.frame[swap.quantity[place]]
    present = values.iloc[rows].dropna()
    if present.empty:
        return None
    if swap.level[place] >= 0:
        count = int((present.cat.codes == swap.level[place]).sum())
        return Measure(count / len(present), share_interval(count, len(present), confidence), len(present))
    return Measure(*mean_interval(_drawn_in(present, values), confidence), len(present))


def _drawn_in(present: pd.Series, values: pd.Series) -> FloatArray:
    low, high = np.quantile(cell_numbers(values.dropna()), [0.01, 0.99], method="nearest")
    return np.clip(cell_numbers(present), low, high)


def _text(swap: ConditionSwap, setting: int, inputs: AuditInputs) -> str:
    """Name a setting: a level, or the range of the numbers that it stands for."""
    if np.isnan(swap.given[setting]):
        return MISSING
    column: Column = inputs.schema[swap.column]
    if column.kind.is_levelled:
        return column.levels[int(swap.given[setting])]
    held = inputs.frame[swap.column][swap.group == setting]
    ends = column_texts(held.iloc[[int(held.argmin()), int(held.argmax())]], column)
    return " to ".join(dict.fromkeys(ends))
