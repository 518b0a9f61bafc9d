"""Whom deleting the flagged rows would hit: their share in every group, against everybody else."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from vaeaudit.analysis.fairness.group_rates import MOST_COMBINATIONS, MOST_SETS, against_others
from vaeaudit.analysis.fairness.rates import RateComparison, compare_rates
from vaeaudit.analysis.grouping.groups import Grouping, bin_columns, product, product_size
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.outliers.results import (
    CombinationOutlierRate,
    GroupOutlierRate,
    ListedGroup,
    OutlierRate,
)
from vaeaudit.config import AnalysisConfig
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray
from vaeaudit.outputs.row_scores import OF_VECTORS
from vaeaudit.statistics.multiplicity import benjamini_hochberg

#: Shares of the list whose first rows are held against the groups.
LISTED = (0.01, 0.05)
#: Columns named that the list leans on, where no sensitive one is declared.
MOST_LEANING = 5


def outlier_rates(
    groupings: Sequence[Grouping], flagged: BoolArray, config: AnalysisConfig
) -> tuple[tuple[GroupOutlierRate, ...], tuple[CombinationOutlierRate, ...]]:
    """Return the share of flagged rows in every group, and in every combination of two attributes' groups.

    Each is compared with all rows outside it: Fisher's exact test, adjusted over all groups and combinations together
    (Benjamini, Hochberg 1995), and the ratio of the two shares. A group counts as hit harder, or less, where the
    adjusted p is below `fdr` *and* the ratio's whole interval lies beyond the tolerance (`max_ratio`, `min_ratio`).

    Parameters
    ----------
    groupings
        The sensitive attributes, over the same N rows.
    flagged
        [N].
    config
        Gives `confidence`, `fdr`, the tolerance and the smallest group that is judged.

    Returns
    -------
    tuple
        One entry per group, empty ones too; one per combination that holds rows.
    """
    pairs = [pair for pair in combinations(groupings, 2) if product_size(pair) <= MOST_COMBINATIONS]
    crossed = [product(chosen) for chosen in (*([grouping] for grouping in groupings), *pairs[:MOST_SETS])]
    inside = [cells.codes >= 0 for cells in crossed]
    compared = [
        compare_rates(cells.codes[rows], flagged[rows], len(cells), config)
        for cells, rows in zip(crossed, inside, strict=True)
    ]
    p = np.concatenate([comparison.p for comparison in compared] or [np.empty(0)])
    tested = np.isfinite(p)
    p[tested] = benjamini_hochberg(p[tested])
    parts = np.split(p, np.cumsum([len(cells) for cells in crossed])[:-1]) if compared else []
    found = [
        (cells.attributes, group, rate)
        for cells, comparison, adjusted in zip(crossed, compared, parts, strict=True)
        for group, rate in zip(cells.labels, _rates(comparison, adjusted, config), strict=True)
    ]
    by_group = (
        GroupOutlierRate(**vars(rate), attribute=attributes[0], group=group[0])
        for attributes, group, rate in found
        if len(attributes) == 1
    )
    by_combination = (
        CombinationOutlierRate(**vars(rate), attributes=(first, second), group=(group[0], group[1]))
        for (first, *others), group, rate in found
        for second in others
        if rate.n > 0
    )
    return tuple(by_group), tuple(by_combination)


def listed_groups(groupings: Sequence[Grouping], order: IntArray, config: AnalysisConfig) -> tuple[ListedGroup, ...]:
    """Return what part of every group stands among the first of the list; see `outlier_rates`.

    A score may be the higher for belonging to a small group, or to one with habits of its own, and a list that leans on
    a group is no list of errors.

    Parameters
    ----------
    groupings, config
        As for `outlier_rates`.
    order
        [N]; positions of the rows, the most atypical first.
    """
    found: list[ListedGroup] = []
    for first in LISTED:
        listed = np.zeros(len(order), dtype=bool)
        listed[order[: max(1, round(first * len(order)))]] = True
        found += [ListedGroup(**vars(rate), first=first) for rate in outlier_rates(groupings, listed, config)[0]]
    return tuple(found)


def leaning_groups(inputs: AuditInputs, config: AnalysisConfig) -> tuple[ListedGroup, ...]:
    """Return what the list leans on where nobody declared a sensitive column: of any column the group it favours most.

    Of the label, of columns computed from pictures, of all others alike; at most `MOST_LEANING` columns, those that
    stand out most, and only groups that are listed more often than others beyond what all these comparisons bring by
    chance. Elements of vectors are not asked.

    Parameters
    ----------
    inputs, config
        The rows, and what counts as a finding.
    """
    if inputs.codes.questions == OF_VECTORS:
        return ()
    columns = bin_columns(inputs.frame, inputs.schema)
    found = listed_groups(columns, inputs.scores.most_atypical_first, config)
    leaning = [rate for rate in found if rate.status == "harder"]
    leaning.sort(key=lambda rate: -(np.inf if rate.ratio is None else rate.ratio))
    of_column: dict[str, ListedGroup] = {}
    for rate in leaning:
        of_column.setdefault(rate.attribute, rate)
    return tuple(of_column.values())[:MOST_LEANING]


def _rates(comparison: RateComparison, p_adjusted: FloatArray, config: AnalysisConfig) -> list[OutlierRate]:
    same = ("n", "rate", "ci", "n_others", "rate_of_others", "ratio", "ratio_ci", "p_adjusted", "status")
    return [
        OutlierRate(flagged=rate.hits, **{name: getattr(rate, name) for name in same})
        for rate in against_others(comparison, p_adjusted, config)
    ]
