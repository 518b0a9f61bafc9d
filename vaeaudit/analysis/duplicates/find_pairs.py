"""Find the rows of a dataset that occur more than once, whatever it is made of."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vaeaudit.analysis.duplicates.image_pairs import find_picture_pairs
from vaeaudit.analysis.duplicates.table_pairs import find_table_pairs
from vaeaudit.data.dataset import Dataset
from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.outputs.row_pairs import RowPairs


def find_pairs(dataset: Dataset, codes: LatentCodes, *, seed: int) -> RowPairs:
    """Find exact and near duplicates, before the pixels are out of reach.

    Parameters
    ----------
    dataset
        N rows of a table, or pictures.
    codes
        Their latents: neighbours there are candidates.
    seed
        Of the sample of pictures whose altered copies tell what would be found.
    """
    split = dataset.schema.split
    splits = np.full(len(dataset), -1) if split is None else dataset.frame[split.name].cat.codes.to_numpy(np.int64)
    latents = _scaled_latents(codes)
    if dataset.images is not None:
        return find_picture_pairs(dataset.images, latents, splits, seed=seed)
    return find_table_pairs(dataset.frame, dataset.schema, latents, splits)


def _scaled_latents(codes: LatentCodes) -> npt.NDArray[np.float64]:
    """[N, A]; posterior means of the active latents, in standard deviations of the aggregated posterior."""
    mean = np.asarray(codes.mean, np.float64)[:, codes.active]
    variance = np.square(codes.stddev[:, codes.active], dtype=np.float64).mean(axis=0)
    return np.asarray(mean / np.sqrt(mean.var(axis=0) + variance))
