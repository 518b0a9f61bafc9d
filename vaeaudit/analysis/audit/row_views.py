"""What the audit says of every row, gathered from all questions: how groups fare, and what cleaning would take."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vaeaudit.analysis.duplicates.clusters import Clusters
from vaeaudit.analysis.fairness.cleaning import Cleaning, Removal, incomplete_rows, measure_cleaning, missing_cells
from vaeaudit.analysis.fairness.group_views import Aspect, GroupView, view_groups
from vaeaudit.analysis.grouping.groups import Grouping
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.labels.suspects import is_doubted
from vaeaudit.analysis.outliers.groups import LISTED
from vaeaudit.config import AnalysisConfig
from vaeaudit.outputs.record import BoolArray, IntArray
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import plural


def views_of(
    inputs: AuditInputs, groupings: Sequence[Grouping], clusters: Clusters, config: AnalysisConfig, together: IntArray
) -> tuple[GroupView, ...]:
    """Compare the groups in what model, cells, copies and label say of their rows; see `view_groups`."""
    codes, scores = inputs.codes, inputs.scores
    rank = np.empty(len(inputs.frame))
    rank[scores.most_atypical_first] = -np.arange(len(rank))
    missing, _ = missing_cells(inputs.frame, inputs.schema)
    aspects = [
        Aspect("improbable", -codes.elbo, codes.held_out),
        Aspect("outlier rank", rank),
        Aspect("rarity", scores.rarity),
        Aspect("missing cells", missing.sum(axis=1).to_numpy(np.float64)),
        Aspect("copy", _copies(clusters)),
    ]
    if inputs.label_doubts is not None:
        aspects.append(Aspect("label suspicion", inputs.label_doubts.suspicion))
    return view_groups(groupings, aspects, config, together)


def cleaning_of(
    inputs: AuditInputs, groupings: Sequence[Grouping], clusters: Clusters, config: AnalysisConfig
) -> Cleaning:
    """Say whom the usual cleaning would remove; see `measure_cleaning`."""
    removals = [
        _outliers(inputs),
        incomplete_rows(inputs.frame, inputs.schema),
        Removal("copies", "rows that copy an earlier one, exactly or nearly", _copies(clusters)),
    ]
    if inputs.label_doubts is not None:
        doubted = is_doubted(inputs.label_doubts)
        removals.append(Removal("doubted labels", "rows whose label the rest of the data contradicts", doubted))
    return measure_cleaning(groupings, removals, config, inputs.rules)


def _outliers(inputs: AuditInputs) -> Removal:
    """Return the flagged rows, or where there are none the first of the list, which somebody may delete by rank."""
    flagged = inputs.scores.outlier
    if flagged.any():
        return Removal("outliers", "the rows that are flagged as outliers", flagged)
    first = inputs.scores.most_atypical_first[: max(1, round(LISTED[0] * len(flagged)))]
    listed = np.zeros(len(flagged), bool)
    listed[first] = True
    share = numbers.rate(LISTED[0])
    said = f"no row is flagged: in their place the first {share} of the list of outliers, {plural(len(first), 'row')}"
    return Removal("outliers", said, listed)


def _copies(clusters: Clusters) -> BoolArray:
    copied = np.zeros(len(clusters.kept), bool)
    copied[clusters.dropped] = True
    return copied
