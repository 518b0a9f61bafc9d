"""How good the rows of a run's model are, beside a tree per column; and generated rows in the form of the source."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from vaeaudit.analysis.generation.judging import MOST_ROWS, Data, Rows, judge
from vaeaudit.analysis.generation.results import Quality
from vaeaudit.analysis.generation.wishes import Wish
from vaeaudit.config import LatentSource
from vaeaudit.data.encoding.features import fit_features
from vaeaudit.data.schema.columns import Kind, Schema
from vaeaudit.data.schema.written import as_written
from vaeaudit.outputs.record import FloatArray
from vaeaudit.workflow.drawing import Drawer, Made

#: What rows are judged by, and what brings those that were made to features.
Compared = tuple[Data, Callable[[Made], FloatArray]]


def quality_of(drawer: Drawer, compared: Compared, source: LatentSource, level: float, seed: int) -> Quality | None:
    """Judge rows of the model that nothing is asked of; None where too few rows were held out to tell.

    Parameters
    ----------
    drawer, compared, source
        Of the run; what `compared_with` returned of it; where z comes from.
    level, seed
        Of intervals; of rows, trees and folds.
    """
    data, features_of = compared
    free = Wish(min(MOST_ROWS, len(drawer.learned)), seed + 1, source, None, (), (), None)
    judged = drawer.draw(free, level)
    return judge(data, Rows(judged.frame, features_of(judged)), level, seed)


def compared_with(drawer: Drawer) -> Compared:
    """Return what rows are judged by, and what brings those that were made to features.

    Parameters
    ----------
    drawer
        Of the run.
    """
    schema, held = drawer.schema, np.flatnonzero(drawer.codes.held_out)
    names = tuple(name for name in schema.names if name in {*drawer.own, *drawer.given})
    learned = drawer.frame.iloc[drawer.learned].reset_index(drop=True)
    left = drawer.frame.iloc[held].reset_index(drop=True)
    if drawer.is_table:
        scaling = fit_features(learned, schema)

        def features(frame: pd.DataFrame) -> FloatArray:
            return scaling.encode(frame, schema).astype(np.float64)

        data = Data(Rows(learned, features(learned)), Rows(left, features(left)), schema, names, "columns", features)
        return data, lambda made: features(made.frame)
    codes, active = drawer.codes, drawer.codes.active
    measured = list(drawer.own)
    middle, spread = learned[measured].mean(), learned[measured].std(ddof=0).replace(0.0, 1.0)
    scale = np.maximum(codes.mean[drawer.learned].std(axis=0), 1e-9)[active]

    def joined(frame: pd.DataFrame, mean: FloatArray) -> FloatArray:
        computed = ((frame[measured] - middle) / spread).fillna(0.0).to_numpy(np.float64)
        return np.concatenate([mean[:, active] / scale, computed], axis=1)

    data = Data(
        Rows(learned, joined(learned, codes.mean[drawer.learned])),
        Rows(left, joined(left, codes.mean[held])),
        schema,
        names,
        "latents",
    )
    return data, lambda made: joined(made.frame, made.latents)


def in_own_form(
    made: pd.DataFrame, schema: Schema, data: pd.DataFrame, *, as_text: bool, complete: bool
) -> pd.DataFrame:
    """Return generated rows [M] in the columns and the form of the source.

    Parameters
    ----------
    made, schema, data
        What was made, stored as in `Dataset.frame`; the columns; the rows of the run, which constants are taken from.
    as_text
        See `as_written`.
    complete
        Whether columns that were not made are there, too: constants as in the data, all others empty.
    """
    rows = {}
    for column in schema:
        if column.name in made:
            rows[column.name] = as_written(made[column.name], column, as_text=as_text)
        elif complete:
            constant = column.kind is Kind.CONSTANT and column.unique
            value = data[column.name].dropna().iloc[0] if constant else None
            rows[column.name] = pd.Series([value] * len(made), dtype=object)
    return pd.DataFrame(rows, index=pd.RangeIndex(len(made)))
