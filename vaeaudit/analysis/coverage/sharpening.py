"""The exact edges of a cell found short: conditions moved, dropped and added while that makes the gap clearer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import special

from vaeaudit.analysis.coverage.axes import Axis, FloatArray, GroupMasks, IntArray
from vaeaudit.analysis.coverage.shortages import MAX_MERGED_LEVELS, MOST_CONDITIONS
from vaeaudit.outputs.record import BoolArray
from vaeaudit.statistics.two_samples import TwoSamples

Groups = dict[int, GroupMasks]

#: A condition on a latent costs as much as so many on a column: what a person knows is to be preferred.
LATENT_COST = 2.0
_MOST_ROUNDS = 10


@dataclass(frozen=True)
class ScanRows:
    """Rows of two tables, stacked: what columns say of them, and which of the two they are of.

    Attributes
    ----------
    axes
        Columns, each over the N rows.
    audited
        [N]; rows of the audited table; the others are of the reference.
    open
        [N]; rows that are counted.
    latents
        Names of the columns that are latents.
    n_audited, n_reference
        How many of either are counted.
    """

    axes: Sequence[Axis]
    audited: BoolArray
    open: BoolArray
    latents: frozenset[str] = frozenset()
    n_audited: float = field(init=False)
    n_reference: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "n_audited", float(np.count_nonzero(self.open & self.audited)))
        object.__setattr__(self, "n_reference", float(np.count_nonzero(self.open & ~self.audited)))

    def without(self, rows: BoolArray) -> ScanRows:
        """Count some rows [N] no longer."""
        return replace(self, open=self.open & ~rows)

    def compare(self, observed: FloatArray, reference: FloatArray) -> TwoSamples:
        """Set counts of cells beside all rows that are counted."""
        return TwoSamples(observed, reference, self.n_audited, self.n_reference)

    def inside(self, groups: Groups) -> BoolArray:
        """[N]; rows in a cell, counted or not."""
        rows = np.ones(self.audited.size, dtype=bool)
        for axis, chosen in groups.items():
            rows &= chosen[self.axes[axis].codes]
        return rows

    def count(self, rows: BoolArray) -> TwoSamples:
        """Count the rows [N] as one cell."""
        counted = rows & self.open
        observed = np.count_nonzero(counted & self.audited)
        return self.compare(np.array(float(observed)), np.array(float(np.count_nonzero(counted) - observed)))

    def along(self, axis: int, rows: BoolArray) -> tuple[FloatArray, FloatArray]:
        """[F], [F]; audited and reference rows among `rows` [N] per fine group of an axis."""
        size = self.axes[axis].groups
        chosen = np.flatnonzero(rows & self.open)
        codes = self.axes[axis].codes[chosen] + size * self.audited[chosen]
        reference, observed = np.bincount(codes, minlength=2 * size).reshape(2, size).astype(np.float64)
        return observed, reference


@dataclass(frozen=True)
class Sharpened:
    """A cell as sets of fine groups [F] per axis, its score, and how many cells were tried on the way to it."""

    groups: Groups
    score: float
    tried: int = 0


def sharpen(groups: Groups, rows: ScanRows) -> Sharpened:
    """Climb from a cell to one from which no single step leads to a better score.

    A step puts another range, or another set of at most `MAX_MERGED_LEVELS` levels, in the place of one condition,
    drops a condition, or adds one. The score is Kulldorff's scan statistic less what the conditions cost: the log of
    the number of conditions of that kind that one could choose from, since chance alone adds about as much (Rissanen's
    description length). The best set of levels is among those of lowest ratio, so that only those are tried (Neill
    2012, JRSS B 74).
    """
    best = Sharpened(groups, _score(groups, rows))
    tried = 0
    for _ in range(_MOST_ROUNDS):
        steps = list(_steps(best.groups, rows))
        tried += sum(step.tried for step in steps)
        better = max(steps, key=lambda step: step.score, default=best)
        if better.score <= best.score + 1e-9:
            break
        best = better
    return Sharpened(best.groups, best.score, tried)


def _score(groups: Groups, rows: ScanRows) -> float:
    return float(rows.count(rows.inside(groups)).scan_statistic()) - _total_cost(groups, rows)


def _total_cost(groups: Groups, rows: ScanRows) -> float:
    return sum(float(_cost(axis, np.array(np.count_nonzero(chosen)), rows)) for axis, chosen in groups.items())


def _cost(axis: int, taken: IntArray, rows: ScanRows) -> FloatArray:
    """Log of how many conditions that take in as many groups one could choose from, on all columns alike; in nats."""
    column = rows.axes[axis]
    known = column.known
    if column.ordered:
        ways = np.full(taken.shape, np.log(known * (known + 1) / 2))
    else:
        ways = special.gammaln(known + 1) - special.gammaln(taken + 1) - special.gammaln(known - taken + 1)
    factor = LATENT_COST if column.column in rows.latents else 1.0
    return np.asarray(factor * (ways + np.log(len(rows.axes))))


def _steps(groups: Groups, rows: ScanRows) -> Iterator[Sharpened]:
    for axis in groups:
        others = {other: chosen for other, chosen in groups.items() if other != axis}
        if others:
            yield Sharpened(others, _score(others, rows), tried=1)
        yield _best_on(axis, others, rows.inside(others), rows)
    if len(groups) < MOST_CONDITIONS:
        inside = rows.inside(groups)
        for axis in range(len(rows.axes)):
            if axis not in groups:
                yield _best_on(axis, groups, inside, rows)


def _best_on(axis: int, others: Groups, inside: BoolArray, rows: ScanRows) -> Sharpened:
    """Find the best condition on one axis beside others, whose rows [N] are `inside`."""
    observed, reference = rows.along(axis, inside)
    first, last, order = _candidates(rows.axes[axis], observed, reference)
    sums = (
        total[last + 1] - total[first]
        for total in (np.append(0.0, np.cumsum(counts[order])) for counts in (observed, reference))
    )
    scores = rows.compare(*sums).scan_statistic()
    scores = scores - _cost(axis, last - first + 1, rows)
    best = int(np.argmax(scores))
    chosen = np.zeros(rows.axes[axis].groups, dtype=bool)
    chosen[order[first[best] : last[best] + 1]] = True
    return Sharpened({**others, axis: chosen}, float(scores[best]) - _total_cost(others, rows), scores.size)


def _candidates(axis: Axis, observed: FloatArray, reference: FloatArray) -> tuple[IntArray, IntArray, IntArray]:
    """Return sets of groups as stretches, `first` to `last` [S], of the groups in some order [F]."""
    order = np.arange(axis.groups)
    if axis.ordered:
        first, last = np.triu_indices(axis.known)
    else:
        ratio = np.divide(observed, reference, out=np.full(axis.groups, np.inf), where=reference > 0)
        order[: axis.known] = np.argsort(ratio[: axis.known], kind="stable")
        last = np.arange(max(1, min(MAX_MERGED_LEVELS, axis.known - 1)))
        first = np.zeros_like(last)
    if axis.missing is not None:
        first, last = np.append(first, axis.known), np.append(last, axis.known)
    return first, last, order
