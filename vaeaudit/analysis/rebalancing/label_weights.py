"""Weights that know the label: every class as heavy as any other, or label and group independent of one another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize

from vaeaudit.analysis.grouping.groups import Grouping
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.labels.balance import MOST_CLASSES
from vaeaudit.analysis.representation.representation import OUTSIDE_LABEL, group_sensitive
from vaeaudit.config import Weighting
from vaeaudit.data.population_shares import Population
from vaeaudit.data.schema.columns import Column
from vaeaudit.data.tables.cells import value_text
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray
from vaeaudit.outputs.row_pairs import Rows
from vaeaudit.wording import numbers, phrases
from vaeaudit.wording.phrases import plural

#: Shares that are checked; of more, those of the largest groups.
MOST_SHARES = 200


@dataclass(frozen=True)
class LabelTarget:
    """The share that one class ought to have of the labelled rows of a group, or of all of them (no attributes)."""

    attributes: tuple[str, ...]
    group: tuple[str, ...]
    value: str
    members: BoolArray
    universe: BoolArray
    share: float


@dataclass(frozen=True)
class LabelGroups:
    """Class and group of N rows.

    Attributes
    ----------
    column, classes, class_of
        The label; [C] its values that have rows; [N] the class of each row, -1 without one.
    groupings
        Of each sensitive column.
    groups, group_of
        [G] combinations of their groups that have rows; [N] the combination of each row.
    refused
        Why there are no weights of a method, as a clause; the other fields may be empty then.
    """

    column: str
    classes: tuple[str, ...]
    class_of: IntArray
    groupings: tuple[Grouping, ...]
    groups: tuple[tuple[str, ...], ...]
    group_of: IntArray
    refused: Mapping[Weighting, str]

    @property
    def counts(self) -> IntArray:
        """[C]; rows per class."""
        return np.bincount(self.class_of[self.class_of >= 0], minlength=len(self.classes))

    def groups_of(self, method: Weighting) -> IntArray:
        """Return the group [N] within which a method weights classes: one of all rows, or the combinations."""
        return self.group_of if method is Weighting.REWEIGHING else np.zeros_like(self.group_of)

    def targets(self, method: Weighting) -> Iterator[LabelTarget]:
        """Yield the shares to be checked: of the largest classes, in all rows or in the largest groups of a column.

        Combinations of groups have few rows each; what holds for them holds for the groups they are parts of.
        """
        labelled, shares = self.class_of >= 0, class_goals(method, self.counts)
        classes = _largest(self.counts)
        for grouping, code in self._cells(method)[: MOST_SHARES // len(classes)]:
            attributes: tuple[str, ...] = ()
            group: tuple[str, ...] = ()
            universe = labelled
            if grouping is not None:
                attributes, group = (grouping.column,), ((*grouping.labels, OUTSIDE_LABEL)[code],)
                universe = labelled & (grouping.codes == code)
            for place in classes:
                members = universe & (self.class_of == place)
                yield LabelTarget(attributes, group, self.classes[place], members, universe, float(shares[place]))

    def shares_of(self, method: Weighting) -> tuple[int, int]:
        """Count the shares that a method is to reach in all rows or groups of a column, and the checked ones."""
        groups, told = len(self._cells(method)), min(len(self.classes), MOST_SHARES)
        return groups * len(self.classes), min(groups, MOST_SHARES // told) * told

    def _cells(self, method: Weighting) -> list[tuple[Grouping | None, int]]:
        """List the groups with labelled rows, the largest first; no column stands for all rows."""
        if method is not Weighting.REWEIGHING:
            return [(None, 0)]
        labelled = self.class_of >= 0
        sizes = [
            (int(size), grouping, int(code))
            for grouping in self.groupings
            for code, size in zip(*np.unique(grouping.codes[labelled], return_counts=True), strict=True)
        ]
        return [(grouping, code) for _, grouping, code in sorted(sizes, key=lambda each: -each[0])]


def class_goals(method: Weighting, counts: FloatArray | IntArray) -> FloatArray:
    """Return the shares [C] that a method gives the classes, which have these numbers [C] of rows: as now, or equal."""
    if method is Weighting.REWEIGHING:
        return np.asarray(counts / max(counts.sum(), 1), dtype=np.float64)
    return np.full(counts.size, 1 / counts.size)


def label_groups(inputs: AuditInputs, population: Population | None) -> LabelGroups:
    """Find the classes of the label and the product of the sensitive groups; missing values are a group of their own.

    Parameters
    ----------
    inputs
        The rows.
    population
        Divides the sensitive columns that it has shares of; what lies in none of its groups is a group of its own.
    """
    label, sensitive = inputs.schema.label, inputs.schema.sensitive
    classes, class_of = _classes(inputs.frame, label)
    groupings = tuple(group_sensitive(inputs.frame, column, population) for column in sensitive)
    groups, group_of = _combinations(groupings, len(class_of))
    why = _why_not(label, len(classes))
    refused = dict.fromkeys((Weighting.CLASS_BALANCED, Weighting.REWEIGHING), why) if why else {}
    if not why and len(groups) < 2:
        refused[Weighting.REWEIGHING] = "all rows are in one group" if sensitive else "no column was declared sensitive"
    return LabelGroups("" if label is None else label.name, classes, class_of, groupings, groups, group_of, refused)


def fit_label_weights(method: Weighting, label: LabelGroups, rows: Rows, cap: float) -> Callable[[Rows], FloatArray]:
    """Learn a factor per class and group: the rows that it ought to have, over those it has.

    For `reweighing` that is P(group) P(class) / P(group, class) (Kamiran and Calders 2012), which makes label and group
    independent; for `class-balanced` 1 / (classes * P(class)). Where there is no row to learn from the factor is the
    cap, and 1 where none ought to be; rows without a label weigh 1.

    Parameters
    ----------
    method
        One of these two, not refused.
    label
        Of all rows.
    rows
        Positions of the rows to learn from.
    cap
        Most that a weight may be; the mean is 1.
    """
    group_of = label.groups_of(method)
    rows = rows[label.class_of[rows] >= 0]
    counts = np.zeros((int(group_of.max()) + 1, len(label.classes)))
    np.add.at(counts, (group_of[rows], label.class_of[rows]), 1)
    wanted = counts.sum(axis=1, keepdims=True) * class_goals(method, counts.sum(axis=0))
    unseen = np.where(wanted > 0, cap, 1.0)
    factor = np.divide(wanted, counts, out=unseen, where=counts > 0)

    def weights(other: Rows) -> FloatArray:
        code = label.class_of[other]
        found = np.ones(len(other))
        found[code >= 0] = _within(factor[group_of[other], code][code >= 0], cap)
        return found

    return weights


def _within(weight: FloatArray, cap: float) -> FloatArray:
    """Scale positive weights so that, none being above the cap, their mean is 1."""
    if not weight.size:
        return weight
    weight = weight / weight.mean()
    if weight.max() <= cap:
        return weight
    scale = optimize.brentq(lambda s: np.minimum(s * weight, cap).mean() - 1, 0.0, cap / weight.min(), xtol=1e-12)
    capped: FloatArray = np.minimum(scale * weight, cap)
    return capped


def out_of_reach(method: Weighting, label: LabelGroups, weight: FloatArray, min_ratio: float) -> list[str]:
    """Say where classes stay below the accepted part of their share within a group, the largest groups first.

    Parameters
    ----------
    method, label
        What the weights are of.
    weight
        [N].
    min_ratio
        Part of a share that is accepted.
    """
    labelled, group_of = label.class_of >= 0, label.groups_of(method)
    goals = class_goals(method, label.counts)
    counts, weights = np.zeros((2, len(label.groups), len(label.classes)))
    cells = group_of[labelled], label.class_of[labelled]
    np.add.at(counts, cells, 1)
    np.add.at(weights, cells, weight[labelled])
    sizes = counts.sum(axis=1)
    shares = weights / np.maximum(weights.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    below = (shares < min_ratio * goals * (1 - 1e-6)) & (sizes[:, None] > 0)
    said = []
    for place in np.argsort(-sizes, kind="stable"):
        for code in np.flatnonzero(below[place]):
            group = "all rows"
            if method is Weighting.REWEIGHING:
                group = phrases.group([grouping.column for grouping in label.groupings], label.groups[place])
            named = f"{phrases.name(label.column)} {phrases.name(label.classes[code])}"
            if counts[place, code] == 0:
                rows = plural(int(sizes[place]), "row")
                said.append(f"{group}: none of {rows} has {named}; only collecting some changes that.")
            else:
                said.append(
                    f"{group}: weights within the cap bring {plural(int(counts[place, code]), 'row')} with {named} to "
                    f"{numbers.share(shares[place, code])}, not to {numbers.share(goals[code])}; collect more."
                )
    return said


def _largest(counts: IntArray) -> IntArray:
    return np.argsort(-counts, kind="stable")[:MOST_SHARES]


def _classes(frame: pd.DataFrame, label: Column | None) -> tuple[tuple[str, ...], IntArray]:
    if label is None:
        return (), np.full(len(frame), -1)
    codes, values = pd.factorize(frame[label.name], sort=True)
    return tuple(map(value_text, values)), codes.astype(np.int64)


def _why_not(label: Column | None, n_classes: int) -> str:
    if label is None:
        return "no label was declared"
    if n_classes < 2:
        return f"{label.name} has {'one value only' if n_classes else 'no value'}"
    if not label.kind.is_levelled and n_classes > MOST_CLASSES:
        return f"{label.name} has {plural(n_classes, 'value')} and no classes, which these weights are about"
    return ""


def _combinations(groupings: Sequence[Grouping], n_rows: int) -> tuple[tuple[tuple[str, ...], ...], IntArray]:
    """Name the combinations of groups that have rows, and say which each row is of; those without rows may be many."""
    if not groupings:
        return ((),), np.zeros(n_rows, dtype=np.int64)
    codes = np.stack([grouping.codes for grouping in groupings], axis=1)
    cells, group_of = np.unique(codes, axis=0, return_inverse=True)
    names = [(*grouping.labels, OUTSIDE_LABEL) for grouping in groupings]  # -1, outside, is the last
    groups = tuple(tuple(own[code] for own, code in zip(names, cell, strict=True)) for cell in cells)
    return groups, group_of.reshape(-1).astype(np.int64)
