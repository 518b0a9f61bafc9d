"""The same rows with another y: what the decoder then expects of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.data.encoding.column_encoding import cell_numbers
from vaeaudit.data.encoding.condition_encoding import ConditionEncoding, GivenColumn
from vaeaudit.outputs.condition_swaps import ConditionSwap, ConditionSwaps
from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.outputs.record import FloatArray, IntArray, PixelArray

#: (column, -1) -> its number, or (column, position of a level) -> its probability, [A] each.
Expected = Mapping[tuple[str, int], FloatArray]
#: Held-out rows that are decoded under every setting, the levels that are given, and the groups of a number.
MOST_ROWS, MOST_LEVELS, GROUPS = 1000, 10, 5
#: Rows whose pictures are kept.
PICTURES = 6


def swap_conditions(
    condition: ConditionEncoding,
    frame: pd.DataFrame,
    codes: LatentCodes,
    expect: Callable[[FloatArray, FloatArray], Expected],
    *,
    seed: int,
    draw: Callable[[FloatArray, FloatArray], PixelArray] | None = None,
) -> ConditionSwaps:
    """Decode held-out rows at their posterior means, each given column set to one of its values after another.

    The settings of a column are its most frequent levels, or the middle row of each fifth of its numbers; and a missing
    cell, where the model has met one. Of the levels of a decoded column the one that moves most is kept.

    Parameters
    ----------
    condition
        How the given columns become numbers.
    frame, codes
        [N] rows, stored as in `Dataset.frame`, and what the model knows about them.
    expect
        What the decoder expects of each column at latents [A, L] that are given [A, E].
    seed
        Of the rows, and of which are taken where there are more than `MOST_ROWS` held-out ones.
    draw
        What is decoded there in pictures, of which `PICTURES` rows are kept; None for tables.
    """
    drawn = np.random.default_rng(seed).permutation(np.flatnonzero(codes.held_out))[:MOST_ROWS]
    z, own = codes.mean[drawn], condition.encode(frame.iloc[drawn])
    swaps = []
    for column, part in condition.parts():
        values = frame[column.name]
        group, cells = _settings(column, values)
        means, pictures = [], []
        for cell in cells:
            given = own.copy()
            given[:, part] = column.features(values.iloc[[cell]])
            means.append({key: float(np.mean(found)) for key, found in expect(z, given).items()})
            pictures += [] if draw is None else [draw(z[:PICTURES], given[:PICTURES])]
        kept = _most_moved(means)
        expected = np.array([[mean[key] for key in kept] for mean in means]).reshape(len(cells), len(kept))
        standing = _numbers(values)[cells]
        names, levels = tuple(name for name, _ in kept), np.array([level for _, level in kept], np.int64)
        shown = np.stack(pictures) if pictures else None
        swaps.append(ConditionSwap(column.name, len(drawn), group, standing, names, levels, expected, shown))
    return ConditionSwaps(tuple(swaps))


def _numbers(values: pd.Series) -> npt.NDArray[np.float64]:
    """Return cells [N] as numbers, levels as their positions; NaN where missing."""
    if not isinstance(values.dtype, pd.CategoricalDtype):
        return cell_numbers(values)
    return np.where(values.isna(), np.nan, values.cat.codes.to_numpy(np.float64))


def _settings(column: GivenColumn, values: pd.Series) -> tuple[IntArray, list[int]]:
    """Return the setting [N] that each row has, -1 for none, and for each setting a row whose cell stands for it."""
    numbers = _numbers(values)
    known = np.flatnonzero(~np.isnan(numbers))
    if column.n_levels:
        counts = np.bincount(numbers[known].astype(np.int64), minlength=column.n_levels)
        frequent = np.argsort(-counts, kind="stable")[:MOST_LEVELS]
        parts = [np.flatnonzero(numbers == level) for level in frequent if counts[level]]
    else:
        edges = np.unique(np.quantile(numbers[known], np.arange(1, GROUPS) / GROUPS, method="nearest"))
        place = np.searchsorted(edges, numbers[known], side="right")
        parts = [known[place == which] for which in np.unique(place)]
    if column.has_missing:
        parts.append(np.flatnonzero(np.isnan(numbers)))
    group = np.full(len(values), -1, np.int64)
    for setting, rows in enumerate(parts):
        group[rows] = setting
    return group, [int(rows[np.argsort(numbers[rows], kind="stable")[len(rows) // 2]]) for rows in parts]


def _most_moved(means: list[dict[tuple[str, int], float]]) -> list[tuple[str, int]]:
    """Return the keys of all numbers, and of each levelled column the level whose share moves most."""
    kept: dict[str, tuple[str, int]] = {}
    ranges = {key: np.ptp([mean[key] for mean in means]) for key in means[0]}
    for key, moved in ranges.items():
        if key[0] not in kept or moved > ranges[kept[key[0]]]:
            kept[key[0]] = key
    return list(kept.values())
