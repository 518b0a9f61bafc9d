"""P-values of scores: how often a row that belongs would score as high."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from vaeaudit.statistics.null_tail import BulkTail, fit_bulk_tail

FloatArray = npt.NDArray[np.floating]


def p_values_of(nats: FloatArray) -> npt.NDArray[np.float64]:
    """Return exp(-nats) [N], never 0: where it underflows, the smallest normal double.

    Parameters
    ----------
    nats
        [N] at least 0; see `bulk_nats`.
    """
    return np.maximum(np.exp(-np.asarray(nats, np.float64)), np.finfo(np.float64).tiny)


def bulk_nats(score: FloatArray, null: FloatArray) -> npt.NDArray[np.float64]:
    """Return -log P(a row that belongs scores as high) [N] for null scores [M] of which some need not belong.

    A tail fitted to the highest of such a null would be fitted to the very outliers that are sought. Here the tail is
    learned from the part of the null that one law explains, with a share of strangers beyond it (`fit_bulk_tail`);
    below the start of that law p-values are empirical, as they are everywhere where the null is too small or too tied
    for a law. What that gave on simulated scores stands in docs/methods.md.

    Parameters
    ----------
    score
        [N].
    null
        [M]; need not belong entirely. Without any, all rows are taken to belong (0 nats).
    """
    score, ordered = np.asarray(score, np.float64), np.sort(np.asarray(null, np.float64))
    nats = _empirical_nats(score, ordered)
    tail = _tail_of(ordered.tobytes())
    if tail is None:
        return nats
    above = score > tail.lowest
    if above.any():
        nats[above] = np.maximum(tail.nats(score[above]), _empirical_nats(np.array([tail.lowest]), ordered))
    return nats


@lru_cache(maxsize=16)
def _tail_of(ordered: bytes) -> BulkTail | None:
    """Return the tail of sorted doubles: batch after batch of rows is compared with the same ones."""
    return fit_bulk_tail(np.frombuffer(ordered, np.float64))


def _empirical_nats(score: FloatArray, ordered: FloatArray) -> npt.NDArray[np.float64]:
    """Return minus the log share of null scores [M], sorted, that reach each score [N]; finite."""
    at_least = len(ordered) - np.searchsorted(ordered, score, side="left")
    return np.asarray(np.log1p(len(ordered)) - np.log1p(at_least))
