"""How well the label is told of each group, by a classifier that learned with resampling by the latents and without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vaeaudit.analysis.grouping.groups import Grouping
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.config import AnalysisConfig
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray
from vaeaudit.statistics.clustered import clustered
from vaeaudit.statistics.intervals import newcombe_paired_difference, share_interval
from vaeaudit.statistics.measures import Count, Interval, Share

#: Draws behind the intervals of what is taken over groups.
_DRAWS = 4000


@dataclass(frozen=True)
class AccuracyChange:
    """A figure of the same rows `before`, without resampling, and `after`, with it; `difference` is after - before.

    The intervals of all differences of a `LabelAccuracy` hold at once, at the level of the run: each has the higher
    level that Bonferroni's correction gives it.
    """

    before: Share
    before_ci: Interval
    after: Share
    after_ci: Interval
    difference: float
    difference_ci: Interval

    @property
    def is_told(self) -> bool:
        """Whether the difference is beyond what the rows can leave to chance."""
        low, high = self.difference_ci.low, self.difference_ci.high
        return low is not None and high is not None and not low <= 0 <= high


@dataclass(frozen=True)
class GroupAccuracy:
    """Accuracy on the `n` held-out rows of a group; None where they are too few to be judged."""

    group: str
    n: Count
    accuracy: AccuracyChange | None


@dataclass(frozen=True)
class AttributeAccuracy:
    """Accuracy over the groups of a sensitive column.

    Attributes
    ----------
    attribute, groups
        Its name, and every group of it.
    mean, worst, spread
        Over the groups that are judged, each as much as any other: the mean of their accuracies, the lowest, and the
        standard deviation; None for fewer than two.
    """

    attribute: str
    groups: tuple[GroupAccuracy, ...]
    mean: AccuracyChange | None
    worst: AccuracyChange | None
    spread: AccuracyChange | None


@dataclass(frozen=True)
class LabelAccuracy:
    """How well a classifier on the latents tells the label of held-out rows, before and after resampling.

    Attributes
    ----------
    label, classes
        Its name, and the classes that are told apart.
    n
        Held-out rows that have a label.
    without_label
        Rows of all that have none, and took part in training without it.
    most_frequent
        Accuracy of always saying the class that most of the `n` rows have.
    accuracy
        On all of them; None where they are too few to be judged.
    attributes
        The same for the groups of each sensitive column.
    """

    label: str
    classes: tuple[str, ...]
    n: Count
    without_label: Count
    most_frequent: Share
    accuracy: AccuracyChange | None
    attributes: tuple[AttributeAccuracy, ...]

    @property
    def changes(self) -> tuple[AccuracyChange, ...]:
        """All that changed or did not."""
        over = [each for found in self.attributes for each in (found.mean, found.worst, found.spread)]
        groups = [group.accuracy for found in self.attributes for group in found.groups]
        return tuple(change for change in (self.accuracy, *over, *groups) if change is not None)


@dataclass(frozen=True)
class _Counted:
    """Of rows: how many both, the first alone, the second alone and neither got right [4], and how many they count."""

    cells: FloatArray
    n: int
    effective: float

    @classmethod
    def of(cls, right: tuple[BoolArray, BoolArray], together: IntArray) -> _Counted:
        before, after = right
        cells = np.bincount(3 - 2 * before.astype(np.int64) - after, minlength=4).astype(np.float64)
        values = np.stack(right, axis=1).astype(np.float64)
        return cls(cells, len(before), clustered(values, together.astype(np.int64)).effective)

    @property
    def shares(self) -> tuple[float, float]:
        """Accuracy before and after."""
        before_and_after = (self.cells[0] + self.cells[1]) / self.n, (self.cells[0] + self.cells[2]) / self.n
        return float(before_and_after[0]), float(before_and_after[1])

    def change(self, level: float, level_of_difference: float) -> AccuracyChange:
        (before, after), n = self.shares, self.effective
        both, first, second, _ = self.cells * (n / self.n)
        low, high = newcombe_paired_difference(both, first, second, n, level_of_difference)
        return AccuracyChange(
            before,
            share_interval(min(before * n, n), n, level),
            after,
            share_interval(min(after * n, n), n, level),
            after - before,
            Interval(float(low), float(high), level_of_difference),
        )

    def drawn(self, rng: np.random.Generator) -> npt.NDArray[np.float64]:
        """Draw accuracies [draws, 2] that as many other rows could have given."""
        size = max(round(self.effective), 1)
        cells = rng.multinomial(size, self.cells / self.n, _DRAWS) / size
        return np.stack([cells[:, 0] + cells[:, 1], cells[:, 0] + cells[:, 2]], axis=1)


def compare_accuracy(
    inputs: AuditInputs, groupings: Sequence[Grouping], config: AnalysisConfig, seed: int, together: IntArray
) -> LabelAccuracy | None:
    """Count how often each group's label is told right, before and after; None where no classifier was trained.

    Accuracies have Wilson's interval, their differences Newcombe's for pairs, since the same rows are asked; what is
    taken over groups has that of 4,000 draws of other rows within each group. Rows that belong together count for as
    many as they are worth (see `clustered`). All intervals are of the rows: another training is not among what they
    hold.

    Parameters
    ----------
    inputs
        With `label_predictions`.
    groupings
        Of the sensitive columns, all N rows.
    config
        Gives the confidence, and the rows below which a group is not judged.
    seed
        Of the draws.
    together
        [N]; see `rows_together`.
    """
    told, label = inputs.label_predictions, inputs.schema.label
    if told is None or label is None:
        return None
    right, apart = told.right, together[told.row]

    def counted(chosen: BoolArray) -> _Counted | None:
        few = np.count_nonzero(chosen) < config.smallest_group
        return None if few else _Counted.of((right[0][chosen], right[1][chosen]), apart[chosen])

    of_all = counted(np.ones(len(told.row), bool))
    by_group = [
        [counted(grouping.codes[told.row] == group) for group in range(len(grouping))] for grouping in groupings
    ]
    judged = [sum(each is not None for each in groups) for groups in by_group]
    n_differences = 1 + sum(n + 3 * (n > 1) for n in judged)
    levels = config.confidence, 1 - (1 - config.confidence) / n_differences
    rng = np.random.default_rng(seed)
    return LabelAccuracy(
        label=label.name,
        classes=told.classes,
        n=len(told.row),
        without_label=int(inputs.frame[label.name].isna().sum()),
        most_frequent=float(np.bincount(told.label).max(initial=0) / max(len(told.row), 1)),
        accuracy=None if of_all is None else of_all.change(*levels),
        attributes=tuple(
            _over_groups(grouping, groups, told.row, levels, rng)
            for grouping, groups in zip(groupings, by_group, strict=True)
        ),
    )


def _over_groups(
    grouping: Grouping,
    groups: Sequence[_Counted | None],
    rows: IntArray,
    levels: tuple[float, float],
    rng: np.random.Generator,
) -> AttributeAccuracy:
    sizes = np.bincount(grouping.codes[rows], minlength=len(grouping))
    entries = tuple(
        GroupAccuracy(name, int(size), None if found is None else found.change(*levels))
        for name, size, found in zip(grouping.labels, sizes, groups, strict=True)
    )
    judged = [found for found in groups if found is not None]
    if len(judged) < 2:
        return AttributeAccuracy(grouping.column, entries, None, None, None)
    shares = np.array([found.shares for found in judged])
    drawn = np.stack([found.drawn(rng) for found in judged], axis=1)
    mean, worst, spread = (
        _taken(take(shares, 0), take(drawn, 1), levels) for take in (np.mean, np.min, _standard_deviation)
    )
    return AttributeAccuracy(grouping.column, entries, mean, worst, spread)


def _standard_deviation(accuracy: FloatArray, axis: int) -> FloatArray:
    return np.asarray(np.std(accuracy, axis=axis, ddof=1))


def _taken(found: FloatArray, drawn: FloatArray, levels: tuple[float, float]) -> AccuracyChange:
    """Return what was taken over groups [2], with quantiles of what draws gave [draws, 2], moved by their bias.

    Draws add the noise of counting to that which is in the rows already: groups lie farther apart in them.
    """
    (before, after), (level, of_difference) = found.tolist(), levels

    def bounds(value: float, values: FloatArray, level: float, least: float) -> Interval:
        low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2]) - values.mean() + value
        return Interval(max(float(low), least), min(float(high), 1.0), level)

    first, second = (bounds(value, part, level, 0.0) for value, part in zip((before, after), drawn.T, strict=True))
    apart = bounds(after - before, drawn[:, 1] - drawn[:, 0], of_difference, -1.0)
    return AccuracyChange(before, first, after, second, after - before, apart)
