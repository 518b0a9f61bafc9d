"""Weights of rows, and what they change: shares before and after, and a check on rows they were not fitted to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from vaeaudit.analysis.grouping.together import rows_together
from vaeaudit.analysis.rebalancing.gaps import Asked, Gap, Group
from vaeaudit.analysis.rebalancing.label_weights import LabelGroups, fit_label_weights, out_of_reach
from vaeaudit.analysis.rebalancing.results import (
    GapChange,
    GroupChange,
    Judgement,
    LabelChange,
    MethodResult,
    WeightedShare,
)
from vaeaudit.config import Density, Weighting
from vaeaudit.outputs.histograms import effective_sample_size, fit_histograms
from vaeaudit.outputs.record import BoolArray, FloatArray
from vaeaudit.outputs.row_pairs import Rows
from vaeaudit.scoring.rarity.rareness import dbvae_weight, fit_density, resampling_weight
from vaeaudit.statistics.cross_fit import random_half
from vaeaudit.statistics.intervals import share_interval
from vaeaudit.statistics.measures import Interval
from vaeaudit.statistics.raking import rake
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import plural

#: Attributes of the groups whose shares are listed before and after.
MOST_ATTRIBUTES = 2
#: Methods that weight by a density, which `weight_alpha` smooths, and those that know the label.
_BY_DENSITY = (Weighting.JOINT, Weighting.DBVAE_PRODUCT, Weighting.DBVAE_MAX)
_BY_LABEL = (Weighting.CLASS_BALANCED, Weighting.REWEIGHING)
#: Gives weights [n], mean 1, of the rows at the positions [n].
Weigher = Callable[[Rows], FloatArray]


@dataclass(frozen=True)
class Question(Asked):
    """What is asked of every method: also the floors of `targets`, confidence of each interval, and the label."""

    floors: Floors
    check_level: float
    label: LabelGroups


class Weighted(NamedTuple):
    """Weights [N] fitted to all rows; and, per half, its rows with weights that were fitted to the other."""

    everybody: FloatArray
    held_out: Sequence[tuple[Rows, FloatArray]]


def measure_method(method: Weighting, asked: Question) -> tuple[MethodResult, FloatArray]:
    """Fit a method to all rows and, for the check, to each half; return what changes, and the weights [N]."""
    n_rows = len(asked.inputs.frame)
    everybody = np.arange(n_rows)
    weight = fit_weights(method, asked, everybody)(everybody)
    halves = _halves(random_half(n_rows, np.random.default_rng(asked.seed), rows_together(asked.inputs)))
    held_out = [(there, fit_weights(method, asked, here)(there)) for here, there in (halves, halves[::-1])]
    weighted = Weighted(weight, held_out)
    gaps = tuple(_gap_change(gap, weighted, asked) for gap in asked.gaps)
    faults = [change for gap, change in zip(asked.gaps, gaps, strict=True) if gap.is_fault]
    labels: tuple[LabelChange, ...] = ()
    unreachable = _unreachable(gaps, asked) if method is Weighting.TARGETS else []
    if method in _BY_LABEL:
        labels = _label_changes(method, weighted, asked)
        unreachable = out_of_reach(method, asked.label, weight, asked.config.min_ratio)
    size = effective_sample_size(weight)
    result = MethodResult(
        method=method,
        alpha=asked.config.weight_alpha if method in _BY_DENSITY else None,
        cap=asked.config.weight_cap,
        effective_size=size,
        effective_share=size / n_rows,
        largest=float(weight.max()),
        closed=sum(change.held_out == "passes" for change in faults),
        faults=len(faults),
        newly_short=_newly_short(weight, asked),
        gaps=gaps,
        groups=tuple(_group_changes(weight, asked)),
        unreachable=tuple(unreachable),
        labels=labels,
    )
    return result, weight


def combine_halves(first: Judgement, second: Judgement) -> Judgement:
    """Say what two halves say together: passes only where both pass; fails where one fails and none passes."""
    if first == second:
        return first
    return "still fails" if "passes" not in (first, second) else "too few to tell"


def _halves(chosen: BoolArray) -> tuple[Rows, Rows]:
    """Return the rows of either half; where one is empty, all rows are both."""
    halves = np.flatnonzero(chosen), np.flatnonzero(~chosen)
    everybody = np.arange(len(chosen))
    return halves if all(map(len, halves)) else (everybody, everybody)


def _gap_change(gap: Gap, weighted: Weighted, asked: Question) -> GapChange:
    change = _change((gap.members, gap.universe), gap.summary.tolerance, weighted, asked.check_level)
    return GapChange(id=gap.summary.id, **change)


def _label_changes(method: Weighting, weighted: Weighted, asked: Question) -> tuple[LabelChange, ...]:
    level = 1 - (1 - asked.config.confidence) / asked.label.shares_of(method)[1]
    changes = []
    for target in asked.label.targets(method):
        tolerance = asked.config.min_ratio * target.share
        change = LabelChange(
            attributes=target.attributes,
            group=target.group,
            value=target.value,
            n=int(target.members.sum()),
            total=int(target.universe.sum()),
            target=target.share,
            tolerance=tolerance,
            **_change((target.members, target.universe), tolerance, weighted, level),
        )
        changes.append(change)
    return tuple(changes)


def _change(rows: tuple[BoolArray, BoolArray], tolerance: float, weighted: Weighted, level: float) -> dict[str, Any]:
    """Return the fields of a `ShareChange`; `rows` are members and universe."""
    members, universe = rows
    before = weighted_share(np.ones_like(weighted.everybody), members, universe, level)
    after = weighted_share(weighted.everybody, members, universe, level)
    first, second = (weighted_share(part, members[half], universe[half], level) for half, part in weighted.held_out)
    return {
        "before": before,
        "after": after,
        "status_before": judge_share(before, tolerance),
        "status_after": judge_share(after, tolerance),
        "held_out": combine_halves(judge_share(first, tolerance), judge_share(second, tolerance)),
        "halves": (first, second),
    }


def _group_changes(weight: FloatArray, asked: Question) -> list[GroupChange]:
    level = asked.config.confidence
    return [
        GroupChange(
            attributes=group.cell.attributes,
            group=group.cell.group,
            before=weighted_share(np.ones_like(weight), group.members, group.universe, level),
            after=weighted_share(weight, group.members, group.universe, level),
            target=group.cell.reference_share,
        )
        for group in asked.groups
        if len(group.cell.attributes) <= MOST_ATTRIBUTES
    ]


def _newly_short(weight: FloatArray, asked: Question) -> tuple[str, ...]:
    """Name the groups with a share to reach that are not short without weights, and are with them."""
    names = []
    for group in asked.groups:
        target = group.cell.reference_share
        if target is None or group.cell.status == "under":
            continue
        after = weighted_share(weight, group.members, group.universe, asked.check_level)
        if judge_share(after, asked.config.min_ratio * target) == "still fails":
            names.append(group.name)
    return tuple(names)


def _unreachable(changes: Sequence[GapChange], asked: Question) -> list[str]:
    said = []
    for gap, change in zip(asked.gaps, changes, strict=True):
        if not gap.is_fault or change.after.share >= gap.summary.tolerance * (1 - 1e-6):
            continue
        name, goal = gap.summary.name, numbers.share(gap.summary.target)
        if gap.summary.n == 0:
            said.append(f"{name}: there is no such row to weight; {goal} can only be reached by collecting some.")
        else:
            said.append(
                f"{name}: weights of at most {asked.config.weight_cap:g} bring {plural(gap.summary.n, 'row')} to "
                f"{numbers.share(change.after.share)} of all, not to {goal}; collect more."
            )
    return said


@dataclass(frozen=True)
class Floors:
    """Shares that weighting is asked to reach, or not to fall below.

    Attributes
    ----------
    members, universe
        [N, K]; the rows of each, and the rows that its share is taken of.
    shares
        [K].
    """

    members: BoolArray
    universe: BoolArray
    shares: npt.NDArray[np.float64]


def floors_of(gaps: Sequence[Gap], groups: Sequence[Group], n_rows: int, min_ratio: float) -> Floors:
    """Ask for the target of every fault, and of every group that is not short to stay where it passes.

    A group below the accepted part of its target that was not found short (too few rows to tell) keeps its share.
    """
    wanted = [(gap.members, gap.universe, gap.summary.target) for gap in gaps if gap.is_fault]
    if wanted:
        wanted += [
            (group.members, group.universe, min(min_ratio * (group.cell.reference_share or 0.0), group.cell.share))
            for group in groups
            if group.cell.reference_share is not None and group.cell.status != "under" and group.members.any()
        ]
    shares = np.array([share for _, _, share in wanted], dtype=np.float64)
    members = [members for members, _, _ in wanted]
    universe = [universe for _, universe, _ in wanted]
    return Floors(_columns(members, n_rows), _columns(universe, n_rows), np.minimum(shares, 1 - 1e-9))


def fit_weights(method: Weighting, asked: Question, rows: Rows) -> Weigher:
    """Fit one method to some of the rows.

    Parameters
    ----------
    method
        Which; densities and histograms are of the latents of `rows`, raking's factors of their memberships.
    asked
        All rows, the floors that `targets` is to reach, `weight_alpha` and `weight_cap`, and the seed of the density.
    rows
        Positions of the rows to fit to, at least one.
    """
    codes, config, floors = asked.inputs.codes, asked.config, asked.floors
    mean, active, alpha, cap = codes.mean, codes.active, config.weight_alpha, config.weight_cap
    if method in _BY_LABEL:
        return fit_label_weights(method, asked.label, rows, cap)
    if method is Weighting.TARGETS:
        raking = rake(floors.members[rows], floors.universe[rows], floors.shares, cap=cap)
        return lambda other: raking.weight(floors.members[other], floors.universe[other])
    if method is Weighting.JOINT:
        # The check fits the density twice more, and without TensorFlow: a flow stays with the scoring of the rows.
        family = Density.KNN if config.density == Density.KNN.value else Density.GMM
        density = fit_density(mean[rows], active, seed=asked.seed, family=family.value)
        return lambda other: resampling_weight(density.rarity(mean[other]), alpha=alpha, cap=cap)
    histograms = fit_histograms(mean[rows], active)
    return lambda other: dbvae_weight(histograms, mean[other], method.value, alpha=alpha, cap=cap)


def _columns(masks: Sequence[BoolArray], n_rows: int) -> BoolArray:
    return np.stack(masks, axis=1) if masks else np.zeros((n_rows, 0), dtype=bool)


def weighted_share(weight: FloatArray, members: BoolArray, universe: BoolArray, level: float) -> WeightedShare:
    """Estimate the weighted share of the universe that its members hold.

    The interval is Wilson's at an effective size (Korn and Graubard 1998, Survey Methodology 24): the number of equally
    weighted rows that would give the share the variance of its linearisation, `sum w^2 (y - p)^2 / (sum w)^2`, or
    Kish's `(sum w)^2 / sum w^2` (1965) where that is smaller; at most the rows there are. Weights are taken as given.

    Parameters
    ----------
    weight
        [N], not negative.
    members, universe
        [N]; only members inside the universe count.
    level
        Confidence in (0, 1).

    Returns
    -------
    WeightedShare
        Share 0 and the interval (0, 1) where the universe holds no weight.
    """
    w = np.asarray(weight[universe], np.float64)
    total = float(w.sum())
    if total <= 0:
        return WeightedShare(0.0, Interval(0.0, 1.0, level), 0.0)
    y = members[universe]
    share = min(float(w[y].sum()) / total, 1.0)
    size = effective_sample_size(w)
    variance = float((np.square(w) * np.square(y - share)).sum()) / total**2
    if variance > 0:
        size = min(size, share * (1 - share) / variance)
    size = min(size, float(w.size))
    return WeightedShare(share, share_interval(share * size, size, level), size)


def judge_share(found: WeightedShare, tolerance: float) -> Judgement:
    """Say whether a share reaches the least that is accepted: its whole interval does, or none of it, or neither."""
    assert found.ci.low is not None  # noqa: S101 - `weighted_share` leaves no bound open
    assert found.ci.high is not None  # noqa: S101
    if found.ci.low >= tolerance:
        return "passes"
    return "still fails" if found.ci.high < tolerance else "too few to tell"
