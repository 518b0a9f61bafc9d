"""Everything that an audit measured, before anything is concluded from it."""

from __future__ import annotations

from dataclasses import dataclass

from vaeaudit.analysis.coverage.results import Comparison, Region
from vaeaudit.analysis.duplicates.duplicates import Duplicates
from vaeaudit.analysis.duplicates.splits import SplitComparison
from vaeaudit.analysis.fairness.cleaning import NOTHING_CLEANED, Cleaning
from vaeaudit.analysis.fairness.disparities import Disparity
from vaeaudit.analysis.fairness.graded import GradedDisparity
from vaeaudit.analysis.fairness.group_accuracy import LabelAccuracy
from vaeaudit.analysis.fairness.group_views import GroupView
from vaeaudit.analysis.fairness.predictions import Predictions
from vaeaudit.analysis.fairness.proxies import Proxy
from vaeaudit.analysis.labels.summary import LabelSummary
from vaeaudit.analysis.latents.results import LatentSummary, ModelSummary
from vaeaudit.analysis.outliers.results import OutlierSummary
from vaeaudit.analysis.power.results import Power, SmallestGap
from vaeaudit.analysis.quality.columns import ColumnSummary
from vaeaudit.analysis.quality.missingness import Missingness
from vaeaudit.analysis.representation.representation import Representation
from vaeaudit.analysis.rules.find import RuleSummary
from vaeaudit.data.dataset import RowAccounting
from vaeaudit.outputs.changes import Change
from vaeaudit.statistics.measures import Count


@dataclass(frozen=True, kw_only=True)
class Measurements:
    """What was measured.

    Attributes
    ----------
    rows
        What became of every record: read = scored + quarantined + skipped.
    latents, outliers, regions, representation, disparities, graded_disparities, proxies, duplicates, model, columns
        Each type says what its fields are.
    regions_tested
        Cells that the search for regions tested.
    rules_of_the_table
        What holds in it by construction.
    comparison
        All rows against the reference; None where none was given.
    splits
        Each split against the one that is trained on; empty where no two have rows.
    labels
        What the label is and what tells it; None where none was declared.
    missingness
        The missing cells of each column that has any.
    changes
        What changes along a date, or depends on the order of the rows.
    power, smallest_gaps
        What the audit finds of faults that are planted in copies of the rows, and the smallest gap in each sensitive
        group that it could have told; empty where the run did not plant any.
    label_accuracy
        How well a classifier on the latents tells the label of each group, with and without resampling by the latents;
        None where none was trained.
    predictions
        What a column of predictions does to each group; None where none was declared.
    group_views
        How the rows of each sensitive group fare in what is said of every row.
    cleaning
        Whom the usual cleaning would remove; empty where no sensitive column was declared.
    """

    rows: RowAccounting
    latents: tuple[LatentSummary, ...]
    outliers: OutlierSummary
    regions: tuple[Region, ...]
    regions_tested: Count
    representation: tuple[Representation, ...]
    disparities: tuple[Disparity, ...]
    proxies: tuple[Proxy, ...]
    duplicates: Duplicates
    model: ModelSummary
    columns: tuple[ColumnSummary, ...]
    rules_of_the_table: tuple[RuleSummary, ...] = ()
    comparison: Comparison | None = None
    splits: tuple[SplitComparison, ...] = ()
    labels: LabelSummary | None = None
    missingness: tuple[Missingness, ...] = ()
    changes: tuple[Change, ...] = ()
    power: tuple[Power, ...] = ()
    smallest_gaps: tuple[SmallestGap, ...] = ()
    label_accuracy: LabelAccuracy | None = None
    predictions: Predictions | None = None
    graded_disparities: tuple[GradedDisparity, ...] = ()
    group_views: tuple[GroupView, ...] = ()
    cleaning: Cleaning = NOTHING_CLEANED
