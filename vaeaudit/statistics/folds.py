"""Folds for cross-fitting, by what a row holds: equal rows share a fold, today and when they are scored again."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

#: A fold is worth having if it holds this share of the rows, and so many.
_LEAST_SHARE, _FEWEST = 0.25, 10
_CHUNK = 65_536


def content_folds(features: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """Return the fold [N], 0 or 1, of each row, from a hash of its features alone.

    Multiply-shift hashing (Dietzfelbinger 1997) of the bits of each number. A row that occurs twice, or is scored again
    later, comes to the same fold, so that no copy of it helps to judge it.

    Parameters
    ----------
    features
        [N, F]; finite.
    """
    drawn = np.random.default_rng(0).integers(0, 2**62, features.shape[1]).astype(np.uint64)
    odd = np.asarray(2 * drawn + 1, np.uint64)
    fold = np.empty(len(features), np.int64)
    for start in range(0, len(features), _CHUNK):
        bits = (features[start : start + _CHUNK].astype(np.float32) + np.float32(0)).view(np.uint32).astype(np.uint64)
        mixed = (bits * odd).sum(axis=1, dtype=np.uint64)
        mixed ^= mixed >> np.uint64(29)
        fold[start : start + _CHUNK] = (mixed * odd[0]) >> np.uint64(63)
    return fold


def can_cross_fit(fold: npt.NDArray[np.integer]) -> bool:
    """Whether both folds hold enough rows to learn from.

    Parameters
    ----------
    fold
        [N]; see `content_folds`.
    """
    smaller = min(int(fold.sum()), len(fold) - int(fold.sum()))
    return smaller >= max(_FEWEST, _LEAST_SHARE * len(fold))
