"""What a few judgements say about a ranked list: how right it is down to each place, and in which order it should be.

Judgements may be wrong; several of one row all count. Nothing here knows what a row is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy import special, stats
from sklearn.linear_model import LogisticRegression

from vaeaudit.statistics.measures import Interval

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

#: Share of judgements that are taken to be mistaken.
MISTAKEN = 0.1
#: Places that judgements are asked for in, and below which a list is hardly read.
READ = 100
#: Prior of the log-odds that a row is wrong, by the log of its place: standard deviation at place 10 about 0, scale of
#: their fall (half-normal), and standard deviation and length of what else they do (a Gaussian process).
_SPREAD, _FALL, _BUMP, _LENGTH = 2.0, 0.8, 2.0, 0.7
#: Points of the curves, curves that are weighed by the judgements, and drawn from what is left.
_POINTS, _CURVES, _DRAWS = 25, 20_000, 4_000
#: Rows of the lower half of the list that are taken to belong, when judged rows are told from others; their weight is
#: that of all judgements together.
_SOUND = 200
#: Weight of the order that the list has.
_KEEP = 0.5


@dataclass(frozen=True)
class Judged:
    """Judgements on a ranked list of N rows.

    Attributes
    ----------
    place
        [J]; place in the list of the row that was judged, from 0 on; a row may be judged more than once.
    wrong
        [J]; whether it was judged not to belong.
    n_rows
        N.
    """

    place: IntArray
    wrong: Mask
    n_rows: int

    @property
    def evidence(self) -> FloatArray:
        """[N]; log of p(judgements | the row is wrong) / p(judgements | it is sound), 0 where it was not judged."""
        each = np.where(self.wrong, 1.0, -1.0) * np.log((1 - MISTAKEN) / MISTAKEN)
        return np.asarray(np.bincount(self.place, weights=each, minlength=self.n_rows), np.float64)


def spread_places(n_rows: int, n_asked: int, taken: IntArray, *, seed: int) -> IntArray:
    """Draw places to be judged: one at random of each of as many equal stretches of the first hundred.

    At random, and not those of which most is to be learned: where detectors disagree, the list is less right than
    elsewhere, and rows chosen for that would make the whole list look so (mean error .21 instead of .15).

    Parameters
    ----------
    n_rows
        Length of the list.
    n_asked
        How many; fewer where the first hundred have fewer left.
    taken
        Places that are not asked for again.
    seed
        Of the draw.
    """
    left = np.setdiff1d(np.arange(min(n_rows, READ)), taken)
    edges = np.linspace(0, len(left), min(n_asked, len(left)) + 1).round().astype(np.int64)
    return left[np.random.default_rng(seed).integers(edges[:-1], edges[1:])]


@dataclass(frozen=True)
class WrongByPlace:
    """Posterior of how the share of wrong rows falls along a list.

    Curves are drawn from a prior (log-odds that fall with the log of the place, and a smooth Gaussian process about
    that) and weighed by the judgements, each of which tells the truth with probability 1 - `MISTAKEN`.

    Attributes
    ----------
    curves
        [S, P]; draws of the posterior: log-odds that a row is wrong.
    at
        [P]; log of the places that they stand for, rising.
    evidence
        [N]; see `Judged.evidence`.
    """

    curves: FloatArray
    at: FloatArray
    evidence: FloatArray

    @classmethod
    def of(cls, judged: Judged) -> Self:
        """Learn from judgements; without any it is the prior."""
        rng = np.random.default_rng(0)
        at = np.linspace(0.0, np.log(max(judged.n_rows, 2)), _POINTS)
        along = at - np.log(10)
        smooth = stats.multivariate_normal(
            cov=_BUMP**2 * np.exp(-0.5 * np.square((at[:, None] - at) / _LENGTH)), allow_singular=True
        ).rvs(_CURVES, random_state=rng)
        level, fall = rng.normal(0, _SPREAD, (_CURVES, 1)), np.abs(rng.normal(0, _FALL, (_CURVES, 1)))
        curves = level - fall * along + smooth
        places, each = np.unique(judged.place, return_inverse=True)
        told = (np.bincount(each, weights=kind, minlength=len(places)) for kind in (judged.wrong, ~judged.wrong))
        told_wrong, told_sound = told
        if_wrong = told_wrong * np.log(1 - MISTAKEN) + told_sound * np.log(MISTAKEN)
        if_sound = told_wrong * np.log(MISTAKEN) + told_sound * np.log(1 - MISTAKEN)
        odds = _along(curves, at, places)
        likelihood = np.logaddexp(special.log_expit(odds) + if_wrong, special.log_expit(-odds) + if_sound).sum(axis=1)
        kept = rng.choice(_CURVES, size=_DRAWS, p=special.softmax(likelihood))
        return cls(curves[kept], at, judged.evidence)

    def first(self, k: int, level: float) -> tuple[float, Interval]:
        """Return the expected share of wrong rows among the first k, and its interval."""
        p = special.expit(_along(self.curves, self.at, np.arange(k)) + self.evidence[:k])
        mean, spread = p.mean(axis=1), np.sqrt((p * (1 - p)).sum(axis=1)) / k
        shares = np.clip(mean + spread * np.random.default_rng(0).normal(size=len(mean)), 0.0, 1.0)
        low, high = np.quantile(shares, [0.5 - level / 2, 0.5 + level / 2])
        return float(mean.mean()), Interval(float(low), float(high), level)


def _along(curves: FloatArray, at: FloatArray, places: IntArray) -> FloatArray:
    """Return curves [S, P] at K places [S, K], linear between their points."""
    where = np.interp(np.log1p(places), at, np.arange(len(at)))
    lower = np.minimum(where.astype(np.int64), len(at) - 2)
    return np.asarray(curves[:, lower] + (where - lower) * (curves[:, lower + 1] - curves[:, lower]))


def reordered(features: FloatArray, judged: Judged) -> IntArray:
    """Return the places [N] of a list in the order that judgements give: its own, where none says wrong.

    Log-odds that fall by `_KEEP` times the log of the place, and what a logistic regression with an L2 penalty adds: it
    tells the judged rows apart, and those judged wrong from rows of the lower half, which are taken to belong (judged
    rows alone let it follow chance far away from them: -.10 average precision after five judgements).

    Parameters
    ----------
    features
        [N, D], in the order of the list; their scale is that of the penalty.
    judged
        The judgements.
    """
    if not judged.wrong.any():
        return np.arange(judged.n_rows)
    half = (len(features) + 1) // 2
    sound = np.unique(np.linspace(half, len(features) - 1, min(_SOUND, len(features) - half)).astype(np.int64))
    rows = np.concatenate([judged.place, sound])
    wrong = np.concatenate([judged.wrong, np.zeros(len(sound), dtype=bool)])
    if wrong.all():
        return np.arange(judged.n_rows)
    weight = np.concatenate([np.ones(len(judged.place)), np.full(len(sound), len(judged.place) / max(len(sound), 1))])
    model = LogisticRegression(max_iter=1000).fit(features[rows], wrong, sample_weight=weight)
    odds = model.decision_function(features) - _KEEP * np.log1p(np.arange(judged.n_rows))
    return np.argsort(-odds, kind="stable")


def weighed(blocks: Sequence[tuple[npt.NDArray[np.floating], float]]) -> FloatArray:
    """Return features [N, D] made of blocks [N, K], each of the weight given, shared by its columns that vary."""
    scaled = []
    for block, weight in blocks:
        spread = block.std(axis=0)
        standard = np.clip((block - block.mean(axis=0)) / np.where(spread > 0, spread, 1.0), -6.0, 6.0)
        scaled.append(weight * standard / np.sqrt(max(int((spread > 0).sum()), 1)))
    return np.asarray(np.hstack(scaled), np.float64)


def common_to_wrong(holds: Mask, wrong: Mask, *, least: int, seed: int, rounds: int = 999) -> tuple[int, float] | None:
    """Return which condition is commonest among wrong rows beside sound ones, and its p-value over all conditions.

    Fisher's exact test of each, the smallest p-value compared with those after `rounds` permutations of the judgements
    (Westfall and Young 1993); None where no condition holds in enough wrong rows.

    Parameters
    ----------
    holds
        [K, J]; which conditions hold in which judged rows.
    wrong
        [J]; which rows were judged wrong.
    least
        In how many wrong rows a condition must hold, there and after permutations.
    seed, rounds
        Of the permutations.
    """
    n_rows, n_wrong = len(wrong), int(wrong.sum())
    if not len(holds) or n_wrong in (0, n_rows):
        return None
    rng = np.random.default_rng(seed)
    shuffled = np.vstack([wrong, *(rng.permutation(wrong) for _ in range(rounds))])
    hits, size = shuffled.astype(np.int64) @ holds.T.astype(np.int64), holds.sum(axis=1)
    counts = np.arange(n_rows + 1)
    p = np.asarray(stats.hypergeom.sf(counts - 1, n_rows, counts[:, None], n_wrong))[size, hits]
    p[hits < least] = 1.0
    smallest = p.min(axis=1)
    return None if smallest[0] == 1.0 else (int(p[0].argmin()), float((smallest <= smallest[0] * (1 + 1e-9)).mean()))
