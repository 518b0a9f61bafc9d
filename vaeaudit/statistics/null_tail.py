"""The upper tail of scores that need not all belong: how the law of their bulk would go on where others begin.

A two-groups model (Efron 2004, JASA 99) whose null is not normal but learned: from a start in the lower half up to an
end, scores follow a smooth law of belonging rows; beyond the end a share of rows, possibly none, does not belong.
Start, end, share and law are unknown, so p-values are averages over all of them, weighted by how well each explains
the scores (Bayesian model averaging, Hoeting 1999): what the scores leave open makes the tail heavier.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating]

#: Share of the scores that lie above the possible starts of the law.
_STARTS = (0.75, 0.5)
#: A bin holds this share of the scores above its lower edge, and at least so many.
_BIN_SHARE, _BIN_LEAST = 0.12, 3
#: Bins that a law has to explain at least, to say anything about what follows.
_FEWEST_BINS = 7
#: A free parameter costs this many times the log of the number of scores. Half of it would be BIC (Schwarz 1978), a
#: price made for parameters that all scores bear on; the share of a bin rests on its own few.
_PRICE = 0.25
#: Prior probability that many of the scores beyond the end are of rows that do not belong.
_STRANGERS = 0.5
#: Prior probability of a hazard that falls in the end. Scores are made to be light-tailed, and a heavy tail looks much
#: like outliers that reach down into the bulk.
_FALLING = 0.1
#: Laws that explain the scores worse than the best by more than this, in nats, are left out.
_NEGLIGIBLE = 12.0
#: Points between which nats are interpolated.
_N_POINTS = 100
#: Arrays of `BulkTail`.
_PER_LAW = ("log_weight", "rate", "share", "start", "unit", "end")
#: Scores that lie closer together than this, relative to their size, are ties.
_RESOLUTION = 1e-9


@dataclass(frozen=True)
class Hazards:
    """Hazards `(1 + rise x) / (1 + bend x)^power` of K laws, up to a factor that is fitted; all are [K] or broadcast.

    With power 1 the hazard rises, without end (normal) or to a limit (Gumbel, chi-square) or not at all (exponential);
    with power 2 it falls like 1 / x in the end (generalised Pareto, t), perhaps after a rise (log-normal).
    """

    power: FloatArray
    bend: FloatArray
    rise: FloatArray

    def of(self, which: npt.NDArray[np.integer] | npt.NDArray[np.bool_]) -> Hazards:
        """Return some of [K] laws."""
        return Hazards(self.power[which], self.bend[which], self.rise[which])

    def hazard(self, x: FloatArray) -> npt.NDArray[np.float64]:
        """Return the hazard at x >= 0, which broadcasts against the parameters."""
        return np.asarray((1 + self.rise * x) / (1 + self.bend * x) ** self.power)

    def cumulative(self, x: FloatArray) -> npt.NDArray[np.float64]:
        """Return the integral of the hazard from 0 to x >= 0, which broadcasts against the parameters."""
        bend = np.where(self.bend > 0, self.bend, 1.0)
        ratio, log = self.rise / bend, np.log1p(bend * x)
        rising = ratio * x + (1 - ratio) * log / bend
        falling = ratio * log / bend + (1 - ratio) * x / (1 + bend * x)
        unbent = x + self.rise * np.square(x) / 2
        return np.asarray(np.where(self.bend == 0, unbent, np.where(self.power == 1, rising, falling)))

    def continued(self, x: FloatArray, end: FloatArray) -> npt.NDArray[np.float64]:
        """Return `cumulative` up to an end; beyond it the hazard falls on if it falls, but does not rise on."""
        known = np.minimum(x, end)
        level = self.cumulative(known) + self.hazard(end) * (x - known)
        return np.where(self.power == 1, level, np.minimum(level, self.cumulative(x)))


_RISING = [(1, bend, rise) for bend in (0.0, 0.3, 1.0, 3.0) for rise in np.geomspace(0.1, 30, 8) if rise > bend]
_BENDS = (0.04, 0.08, 0.13, 0.19, 0.26, 0.34, 0.45, 0.6, 0.8, 1.2)
_FALLING_ONES = [(2, bend, bend * ratio) for bend in _BENDS for ratio in (1, 2, 4, 8)]
_HAZARDS = Hazards(*np.array([(1, 0.0, 0.0), *_RISING, *_FALLING_ONES], np.float64).T)
_LOG_PRIOR = np.log(
    np.where(_HAZARDS.power == 2, _FALLING / np.sum(_HAZARDS.power == 2), (1 - _FALLING) / np.sum(_HAZARDS.power == 1))
)


@dataclass(frozen=True)
class Bins:
    """Sorted scores [M] in bins of about equal share of what is left above; the lowest quarter is not looked at.

    Attributes
    ----------
    edges
        [B], rising; lower edges, each a score.
    counts
        [B]; scores in each bin, the last of which has no upper edge.
    n_above
        [B]; scores at or above each edge.
    n_scores
        M.
    """

    edges: FloatArray
    counts: FloatArray
    n_above: npt.NDArray[np.integer]
    n_scores: int

    @classmethod
    def of(cls, ordered: FloatArray) -> Bins:
        """Return the bins of sorted scores [M], M >= 1."""
        n_scores = len(ordered)
        places = [n_scores // 4]
        while (left := n_scores - places[-1]) > 2 * _BIN_LEAST:
            places.append(places[-1] + max(_BIN_LEAST, int(_BIN_SHARE * left)))
        edges = np.unique(ordered[places])
        n_above = n_scores - np.searchsorted(ordered, edges, side="left")
        return cls(edges, -np.diff(n_above, append=0).astype(np.float64), n_above, n_scores)

    @property
    def freely(self) -> npt.NDArray[np.float64]:
        """[B]; how well shares of their own explain each bin, in nats, less what they cost."""
        return np.asarray(self.counts * np.log(self.counts / self.n_scores) - _PRICE * np.log(self.n_scores))


@dataclass(frozen=True)
class BulkTail:
    """Weighted laws of the scores of rows that belong, above their starts: C laws, each at D rates.

    Attributes
    ----------
    log_weight
        [C, D]; log weights, which sum to 1.
    rate
        [C, D]; factors of the hazards.
    share
        [C, D]; of all scores, the share of those above the start that belong.
    hazards
        Of C laws, in units of `unit` above `start`.
    start, unit, end
        [C]; where the law begins, the scale of x = (score - start) / unit, and the x that the scores speak for.
    """

    log_weight: FloatArray
    rate: FloatArray
    share: FloatArray
    hazards: Hazards
    start: FloatArray
    unit: FloatArray
    end: FloatArray

    @property
    def lowest(self) -> float:
        """The score from which on the tail is known."""
        return float(self.start.max())

    def nats(self, score: FloatArray) -> npt.NDArray[np.float64]:
        """Return -log P(a row that belongs scores as high) [N], for scores at or above `lowest`."""
        highest, unit = float(np.max(score)), float(self.unit.min())
        steps = np.geomspace(1e-3 * unit, max(highest - self.lowest, 2e-3 * unit), _N_POINTS)
        points = self.lowest + np.concatenate([[0.0], steps])
        x = (points[:, None] - self.start) / self.unit
        exposure = self.hazards.continued(x, self.end)
        law, at = np.nonzero(self.log_weight > self.log_weight.max() - _NEGLIGIBLE)
        log_share, rate = self.log_weight[law, at] + np.log(self.share[law, at]), self.rate[law, at]
        at_points = [-_log_sum(log_share - rate * passed[law]) for passed in exposure]
        return np.asarray(np.interp(score, points, at_points))


def fit_bulk_tail(ordered: FloatArray) -> BulkTail | None:
    """Weigh all laws, starts and ends; None where the scores are too few or too much alike to tell.

    Parameters
    ----------
    ordered
        [M] sorted scores; need not all belong.
    """
    if len(ordered) <= _FEWEST_BINS:
        return None
    bins = Bins.of(ordered)
    firsts = {int(np.searchsorted(-bins.n_above, -share * bins.n_scores)) for share in _STARTS}
    fitted = []
    for first in sorted(firsts):
        if len(bins.edges) - first <= _FEWEST_BINS:
            continue
        start = float(bins.edges[first])
        # the unit in which the median excess of an exponential law is that of the scores
        unit = (float(np.median(ordered[-bins.n_above[first] :])) - start) / np.log(2)
        if unit > _RESOLUTION * max(1.0, abs(start)):
            begun = _Start.of(bins, first, unit)
            fitted += [_window(bins, begun, end) for end in range(first + _FEWEST_BINS, len(bins.edges))]
    if not fitted:
        return None
    best = max(float(tail.log_weight.max()) for tail in fitted)
    return _joined([_kept(tail, tail.log_weight.max(axis=1) > best - _NEGLIGIBLE) for tail in fitted])


@dataclass(frozen=True)
class _Start:
    """A start of all K laws, and what they come to at the E edges of bins from it on.

    Attributes
    ----------
    first, unit
        Its bin, and the scale of x.
    x
        [E]; the edges.
    at_edges, at_middles
        [K, E] and [K, E - 1]; cumulative hazards there, and between them.
    """

    first: int
    unit: float
    x: FloatArray
    at_edges: FloatArray
    at_middles: FloatArray

    @classmethod
    def of(cls, bins: Bins, first: int, unit: float) -> _Start:
        x = (bins.edges[first:] - bins.edges[first]) / unit
        laws = Hazards(_HAZARDS.power[:, None], _HAZARDS.bend[:, None], _HAZARDS.rise[:, None])  # [K, 1] against x [E]
        return cls(first, unit, x, laws.cumulative(x), laws.cumulative((x[:-1] + x[1:]) / 2))


def _window(bins: Bins, start: _Start, last: int) -> BulkTail:
    """Weigh all laws that explain the bins from the start up to `last`; all other bins have shares of their own.

    The number of rows beyond that do not belong has a closed form: as many as the law leaves unexplained there. Log
    weights are not normalised.
    """
    first, n_inside = start.first, last - start.first
    counts, n_above, n_beyond = bins.counts[first:last], int(bins.n_above[first]), int(bins.n_above[last])
    exposure = start.at_middles[:, :n_inside] @ counts + n_beyond * start.at_edges[:, n_inside]
    factors, log_prior = _rates(n_above - n_beyond)
    rate = (n_above - n_beyond) / exposure[:, None] * factors
    survival = -rate[..., None] * start.at_edges[:, None, : n_inside + 1]
    np.exp(survival, out=survival)
    tiny = np.finfo(np.float64).tiny
    inside, beyond = survival[..., :-1] - survival[..., 1:], survival[..., -1]
    np.maximum(inside, tiny, out=inside)
    np.log(inside, out=inside)  # in place: nearly all the time of a fit goes here
    stranger = np.clip(1 - (1 - n_beyond / n_above) / np.maximum(1 - beyond, tiny), 0, 1 - 1e-9)
    explained = (
        inside @ counts
        + (n_above - n_beyond) * np.log1p(-stranger)
        + n_beyond * np.log(np.maximum((1 - stranger) * beyond + stranger, tiny))
        + n_above * np.log(n_above / bins.n_scores)
    )
    free = bins.freely
    others = free[:first].sum() + free[last:].sum() - n_beyond * np.log(n_beyond / bins.n_scores)
    log_weight = explained + others - 2 * _PRICE * np.log(bins.n_scores) + log_prior + _LOG_PRIOR[:, None]
    n_laws = len(rate)
    return BulkTail(
        log_weight=log_weight,
        rate=rate,
        share=(1 - stranger) * n_above / bins.n_scores,
        hazards=_HAZARDS,
        start=np.full(n_laws, bins.edges[first]),
        unit=np.full(n_laws, start.unit),
        end=np.full(n_laws, start.x[n_inside]),
    )


@lru_cache(maxsize=4096)
def _rates(n_inside: int) -> tuple[FloatArray, FloatArray]:
    """Return factors [D] of the rate that would hold if all rows belonged, and the log prior weight of each.

    Up to three standard errors either side all may belong; larger rates mean that rows beyond the end do not.
    """
    error = 1 / np.sqrt(n_inside)
    around = np.maximum(1 + error * np.linspace(-3, 3, 13), 0.05)
    larger = 1 + np.geomspace(3.6 * error, max(6.0, 9 * error), 20)
    prior = np.repeat([(1 - _STRANGERS) / len(around), _STRANGERS / len(larger)], [len(around), len(larger)])
    return np.concatenate([around, larger]), np.log(prior)


def _kept(tail: BulkTail, keep: npt.NDArray[np.bool_]) -> BulkTail:
    arrays = {name: getattr(tail, name)[keep] for name in _PER_LAW}
    return BulkTail(**arrays, hazards=tail.hazards.of(keep))


def _joined(tails: list[BulkTail]) -> BulkTail:
    """Put the laws of all windows together, with weights that sum to 1."""
    arrays = {name: np.concatenate([getattr(tail, name) for tail in tails]) for name in _PER_LAW}
    arrays["log_weight"] -= _log_sum(arrays["log_weight"])
    laws = [tail.hazards for tail in tails]
    parameters = (np.concatenate([getattr(law, name) for law in laws]) for name in ("power", "bend", "rise"))
    return BulkTail(**arrays, hazards=Hazards(*parameters))


def _log_sum(logs: FloatArray) -> float:
    """Return the log of the sum of exp(logs); as `scipy.special.logsumexp`, without what it checks at each call."""
    highest = float(logs.max())
    return highest + float(np.log(np.exp(logs - highest).sum()))
