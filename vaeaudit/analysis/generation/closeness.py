"""Whether generated rows lie where the data does, copy it, or give away who was in it."""

from __future__ import annotations

import numpy as np
from sklearn.neighbors import NearestNeighbors

from vaeaudit.analysis.generation.results import Closeness, Figure
from vaeaudit.outputs.record import FloatArray
from vaeaudit.statistics.cross_fit import macro_auc_interval
from vaeaudit.statistics.intervals import share_interval

#: Share of held-out rows that lie no farther from the nearest trained row than what counts as inside.
INSIDE = 0.95
#: Rows compared, and trained rows among which the nearest is sought.
_MOST, _MOST_TRAINED = 5_000, 20_000
#: Distance up to which two rows are one.
_SAME = 1e-6
#: Fewest rows of each sort that tell anything.
FEWEST = 20


def closeness(
    generated: FloatArray, trained: FloatArray, held_out: FloatArray, level: float, rng: np.random.Generator
) -> Closeness | None:
    """Compare generated rows with trained and with held-out ones; None where there are fewer than 20 of any.

    Distances are Euclidean in the features. The attack is that of Chen et al. (2020, GAN-Leaks), which knows the
    generated rows only; a nearest distance alone proves no privacy.

    Parameters
    ----------
    generated, trained, held_out
        [A, F], [B, F], [H, F]; of one scaling.
    level, rng
        Of intervals; of the rows where there are too many.
    """
    if min(len(generated), len(trained), len(held_out)) < FEWEST:
        return None
    generated, held_out = _some(generated, _MOST, rng), _some(held_out, _MOST, rng)
    trained = _some(trained, _MOST_TRAINED, rng)
    of_generated, of_held_out = _nearest(generated, trained), _nearest(held_out, trained)
    limit = float(np.quantile(of_held_out, INSIDE))
    n_outside = int(np.count_nonzero(of_generated > limit + _SAME))
    ci = share_interval(n_outside, len(generated), level)
    outside = Figure.within(n_outside / len(generated), ci)
    attacked = _some(trained, len(held_out), rng)
    return Closeness(
        compared=len(generated),
        trained=len(trained),
        held_out=len(held_out),
        outside=outside,
        nearer=_auc(-of_generated, -of_held_out, level),
        equal=float(np.mean(of_generated <= _SAME)),
        equal_held_out=float(np.mean(of_held_out <= _SAME)),
        membership=_auc(-_nearest(attacked, generated), -_nearest(held_out, generated), level),
    )


def _some(rows: FloatArray, most: int, rng: np.random.Generator) -> FloatArray:
    return rows if len(rows) <= most else rows[np.sort(rng.choice(len(rows), most, replace=False))]


def _nearest(rows: FloatArray, others: FloatArray) -> FloatArray:
    """Distance [A] to the nearest of the others, to six decimals: equal rows tie."""
    found = NearestNeighbors(n_neighbors=1).fit(others.astype(np.float64)).kneighbors(rows.astype(np.float64))[0]
    return np.asarray(np.round(found[:, 0], 6))


def _auc(higher: FloatArray, lower: FloatArray, level: float) -> Figure:
    """Return the probability that one of the first is above one of the second; DeLong's interval."""
    scores, member = np.concatenate([higher, lower]), np.arange(len(higher) + len(lower)) < len(higher)
    auc, ci = macro_auc_interval(scores[:, None], member[:, None], level)
    return Figure.within(auc, ci)
