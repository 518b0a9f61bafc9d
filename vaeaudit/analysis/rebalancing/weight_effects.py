"""What weights change: shares of groups and gaps before and after, and a check on rows they were not fitted to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.rebalancing.gaps import Gap, Group
from vaeaudit.analysis.rebalancing.results import GapChange, GroupChange, Judgement, MethodResult
from vaeaudit.analysis.rebalancing.weight_methods import Floors, Rows, Weigher, fit_weights
from vaeaudit.analysis.rebalancing.weighted_shares import judge_share, weighted_share
from vaeaudit.config import AnalysisConfig, Weighting
from vaeaudit.outputs.histograms import effective_sample_size
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import plural

FloatArray = npt.NDArray[np.float64]
#: Attributes of the groups whose shares are listed before and after.
MOST_ATTRIBUTES = 2


@dataclass(frozen=True)
class Question:
    """What is asked of every method.

    Attributes
    ----------
    inputs, gaps, groups, floors
        The rows; what is short; the cells of sensitive attributes; what `targets` is to reach.
    config, seed
        Settings, and the seed of halves and densities.
    check_level
        Confidence of each interval of the check.
    """

    inputs: AuditInputs
    gaps: Sequence[Gap]
    groups: Sequence[Group]
    floors: Floors
    config: AnalysisConfig
    seed: int
    check_level: float


def measure_method(method: Weighting, asked: Question) -> tuple[MethodResult, FloatArray]:
    """Fit a method to all rows and, for the check, to each half; return what changes, and the weights [N]."""
    n_rows = len(asked.inputs.frame)
    everybody = np.arange(n_rows)
    weight = _fit(method, asked, everybody)(everybody)
    halves = _halves(n_rows, asked.seed)
    held_out = [(there, _fit(method, asked, here)(there)) for here, there in (halves, halves[::-1])]
    gaps = tuple(_gap_change(gap, weight, held_out, asked) for gap in asked.gaps)
    faults = [change for gap, change in zip(asked.gaps, gaps, strict=True) if gap.is_fault]
    size = effective_sample_size(weight)
    result = MethodResult(
        method=method,
        alpha=None if method is Weighting.TARGETS else asked.config.weight_alpha,
        cap=asked.config.weight_cap,
        effective_size=size,
        effective_share=size / n_rows,
        largest=float(weight.max()),
        closed=sum(change.held_out == "passes" for change in faults),
        faults=len(faults),
        newly_short=_newly_short(weight, asked),
        gaps=gaps,
        groups=tuple(_group_changes(weight, asked)),
        unreachable=tuple(_unreachable(gaps, asked)) if method is Weighting.TARGETS else (),
    )
    return result, weight


def combine_halves(first: Judgement, second: Judgement) -> Judgement:
    """Say what two halves say together: passes only where both pass; fails where one fails and none passes."""
    if first == second:
        return first
    return "still fails" if "passes" not in (first, second) else "too few to tell"


def _fit(method: Weighting, asked: Question, rows: Rows) -> Weigher:
    return fit_weights(method, asked.inputs, asked.floors, rows, asked.config, seed=asked.seed)


def _halves(n_rows: int, seed: int) -> tuple[Rows, Rows]:
    """Two random halves; a single row is both."""
    shuffled = np.random.default_rng(seed).permutation(n_rows)
    middle = max(n_rows // 2, 1)
    return np.sort(shuffled[:middle]), np.sort(shuffled[middle:] if n_rows > 1 else shuffled)


def _gap_change(
    gap: Gap, weight: FloatArray, held_out: Sequence[tuple[Rows, FloatArray]], asked: Question
) -> GapChange:
    level, tolerance = asked.check_level, gap.summary.tolerance
    before = weighted_share(np.ones_like(weight), gap.members, gap.universe, level)
    after = weighted_share(weight, gap.members, gap.universe, level)
    first, second = (weighted_share(part, gap.members[rows], gap.universe[rows], level) for rows, part in held_out)
    return GapChange(
        id=gap.summary.id,
        before=before,
        after=after,
        status_before=judge_share(before, tolerance),
        status_after=judge_share(after, tolerance),
        held_out=combine_halves(judge_share(first, tolerance), judge_share(second, tolerance)),
        halves=(first, second),
    )


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
