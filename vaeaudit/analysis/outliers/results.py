"""Which rows are atypical, why, and how flags are spread over groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
from annotated_types import Ge, Le

from vaeaudit.analysis.fairness.group_rates import RateStatus
from vaeaudit.analysis.judged import ListReview
from vaeaudit.outputs.region_rules import Condition
from vaeaudit.outputs.row_scores import Question
from vaeaudit.statistics.measures import Count, FloatArray, Interval, NonNegative, Share, ShareArray


@dataclass(frozen=True)
class Reason:
    """Why a row is atypical: a cell, how many nats beyond a typical cell of its column, and what was expected.

    `partner` names the other column of the row that the cell contradicts, and `partner_value` its cell; both are empty
    where no single one does.
    """

    column: str
    nats: float
    value: str
    expected: str
    partner: str = ""
    partner_value: str = ""


@dataclass(frozen=True)
class OutlierRow:
    """One flagged (or merely top-ranked) row.

    `aspect` says of a picture in words what about it is atypical; `questions` are those that put the row among the
    highest hundredth.
    """

    row_id: str
    position: Count
    score: float
    p_value: Share
    flagged: bool
    reasons: tuple[Reason, ...]
    aspect: str = ""
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True)
class SuspiciousCell:
    """A cell that contradicts the rest of its row; `row_flagged` says whether the row is flagged as a whole, too."""

    row_id: str
    position: Count
    reason: Reason
    p_value: Share
    row_flagged: bool


@dataclass(frozen=True)
class CellSummary:
    """Suspicious cells of a table, told apart from rows that do not belong.

    Attributes
    ----------
    definition
        What is tested, in one or two sentences.
    fdr
        The false-discovery rate over all cells.
    flagged, n
        Suspicious cells, and all cells of the modelled columns.
    rows, share_of_rows, ci
        Rows that hold a suspicious cell, their share of all rows, and its interval (Wilson 1927).
    rows_not_flagged
        How many of these rows are not flagged as a whole.
    by_column
        Column -> number of suspicious cells; most frequent first.
    top
        The least probable ones.
    """

    definition: str
    fdr: Share
    flagged: Count
    n: Count
    rows: Count
    share_of_rows: Share
    ci: Interval
    rows_not_flagged: Count
    by_column: Mapping[str, Count]
    top: tuple[SuspiciousCell, ...]

    def __post_init__(self) -> None:
        if not 0 <= self.rows_not_flagged <= self.rows <= self.flagged <= self.n:
            raise ValueError(
                "expected rows_not_flagged <= rows <= flagged <= n, found "
                f"{self.rows_not_flagged}, {self.rows}, {self.flagged}, {self.n}"
            )


@dataclass(frozen=True)
class OutlierRate:
    """Share of a group's rows that are flagged: what deleting the flagged rows would do to that group.

    Attributes
    ----------
    n, flagged, rate, ci
        Rows, flagged rows, and their share with its interval (Wilson 1927).
    n_others, rate_of_others
        Rows outside the group, and the flagged share among them; None where there are none.
    ratio, ratio_ci
        The one share over the other; None where nobody outside is flagged. The interval is exact given the number of
        flagged rows.
    p_adjusted
        Of Fisher's exact test, over all groups; None for groups too small to judge.
    status
        `harder` or `less`: surely and by more than the tolerance; `unclear`: neither is shown; `small`: too few rows,
        inside or outside, to judge; `empty`.
    """

    n: Count
    flagged: Count
    rate: Share
    ci: Interval
    n_others: Count
    rate_of_others: Share | None
    ratio: NonNegative | None
    ratio_ci: Interval
    p_adjusted: Share | None
    status: RateStatus

    def __post_init__(self) -> None:
        if not 0 <= self.flagged <= self.n:
            raise ValueError(f"flagged must lie between 0 and n = {self.n}, found {self.flagged}")


@dataclass(frozen=True)
class GroupOutlierRate(OutlierRate):
    """Of one group of a sensitive attribute."""

    attribute: str
    group: str

    @property
    def attributes(self) -> tuple[str, ...]:
        """The attribute, as combinations have two."""
        return (self.attribute,)

    @property
    def groups(self) -> tuple[str, ...]:
        """The group, as combinations have two."""
        return (self.group,)


@dataclass(frozen=True)
class ListedGroup(GroupOutlierRate):
    """Of one group: how many of its rows are among the `first` share of the list, flagged or not."""

    first: Share


@dataclass(frozen=True)
class CombinationOutlierRate(OutlierRate):
    """Of the rows in which a group of one sensitive attribute meets a group of another."""

    attributes: tuple[str, str]
    group: tuple[str, str]

    @property
    def groups(self) -> tuple[str, ...]:
        """The two groups."""
        return self.group


AnyOutlierRate = GroupOutlierRate | CombinationOutlierRate


@dataclass(frozen=True)
class ScoreCurve:
    """How many rows score as high, and how many would if all of them belonged; arrays are [P], scores rising.

    Attributes
    ----------
    scores
        Scores of rows, the highest of them all included.
    observed
        Share of the rows that score at least as high.
    expected
        The largest share that would if all rows belonged: the p-value of such a row.
    """

    scores: FloatArray
    observed: ShareArray
    expected: ShareArray

    def __post_init__(self) -> None:
        for name in ("observed", "expected"):
            found = getattr(self, name)
            if found.shape != self.scores.shape or np.any((found < 0) | (found > 1)):
                raise ValueError(f"{name} must be {self.scores.shape} shares in [0, 1]")


@dataclass(frozen=True)
class Companion:
    """One of the questions that the score is made of, and how far it agrees with the score.

    Attributes
    ----------
    name
        Of the question.
    correlation, correlation_ci
        Spearman's rank correlation of the two scores over all rows; None where one of them is constant.
    shared, shared_ci
        How many of the `n_top` rows of highest score are also among its own, and the interval of their share.
    """

    name: Question
    correlation: Annotated[float, Ge(-1), Le(1)] | None
    correlation_ci: Interval | None
    shared: Count
    shared_ci: Interval


@dataclass(frozen=True)
class DifferingRow:
    """A row that one side puts on top and the other does not; ranks begin at 1, the highest score.

    `companion_ranks` are in the order of `Agreement.companions`; `reasons` and `aspect` as in `OutlierRow`.
    """

    row_id: str
    position: Count
    rank: Annotated[int, Ge(1)]
    companion_ranks: tuple[Annotated[int, Ge(1)], ...]
    flagged: bool
    reasons: tuple[Reason, ...]
    aspect: str = ""


@dataclass(frozen=True)
class Agreement:
    """Where the score and the questions that it is made of agree, and which rows only one side finds.

    Attributes
    ----------
    n, n_top
        Rows, and how many of highest score are compared: the flagged ones, or if these are few the top per cent.
    of_flagged
        Whether these are the flagged rows.
    companions
        The questions.
    only_model, n_only_model
        Rows among the top by the score and by no companion, highest score first; how many there are in all.
    only_model_columns
        Column -> how many of these name it as their first reason; most frequent first.
    only_companions, n_only_companions
        Rows among the top by a companion but not by the score, those first that all companions have there.
    """

    n: Annotated[int, Ge(2)]
    n_top: Annotated[int, Ge(1)]
    of_flagged: bool
    companions: tuple[Companion, ...]
    only_model: tuple[DifferingRow, ...]
    n_only_model: Count
    only_model_columns: Mapping[str, Count]
    only_companions: tuple[DifferingRow, ...]
    n_only_companions: Count

    def __post_init__(self) -> None:
        if not 0 < self.n_top < self.n:
            raise ValueError(f"n_top must lie between 1 and n - 1 = {self.n - 1}, found {self.n_top}")


@dataclass(frozen=True)
class RerankedRow:
    """A row in the order that judgements give: its rank then, and by its score alone; ranks begin at 1."""

    row_id: str
    position: Count
    rank: Annotated[int, Ge(1)]
    rank_by_score: Annotated[int, Ge(1)]


@dataclass(frozen=True)
class CommonToWrong:
    """What rows that were judged wrong have in common, and those judged sound mostly have not.

    Attributes
    ----------
    condition
        On a cell of the row; None where it is `reason` that they share.
    reason
        The column whose cell is the first reason of all of them; empty where it is `condition`.
    wrong, n_wrong, sound, n_sound
        How many of the rows judged wrong, and of those judged sound, it holds for.
    rows
        For how many of all rows it holds.
    p_adjusted
        Over all conditions that were tried.
    """

    condition: Condition | None
    reason: str
    wrong: Count
    n_wrong: Count
    sound: Count
    n_sound: Count
    rows: Count
    p_adjusted: Share


@dataclass(frozen=True)
class Review(ListReview):
    """What readers' judgements say of the list of rows.

    Attributes
    ----------
    order
        The first rows of the list in the order that the judgements give.
    common
        None where nothing is shown.
    """

    order: tuple[RerankedRow, ...]
    common: CommonToWrong | None


@dataclass(frozen=True)
class OutlierSummary:
    """Outlier scores of the whole dataset.

    Attributes
    ----------
    definition
        What the score is, in one or two sentences.
    threshold
        Lowest flagged score, or None where nothing is flagged.
    fdr
        The false-discovery rate that the flags were chosen for.
    flagged, n
        Flagged rows and all rows.
    by_group, by_combination
        See `OutlierRate`: every group of one sensitive attribute; the combinations of two that hold rows.
    listed_by_group
        Every group's part of the first hundredth and the first twentieth of the list; where no sensitive column is
        declared, the groups of other columns that the list leans on.
    top
        The rows of highest score, flagged ones first.
    score_quantiles
        [101]; quantiles 0, 1, ..., 100 % of the score, for the score curve.
    by_column
        Column -> number of flagged rows in which it is the first reason.
    curve
        For the score curve; None where there is no row.
    agreement
        With the questions by themselves; None where there are too few rows.
    cells
        Suspicious cells; None for pictures and embeddings.
    review
        What readers judged of the list; None before anybody did.
    """

    definition: str
    threshold: float | None
    fdr: Share
    flagged: Count
    n: Count
    by_group: tuple[GroupOutlierRate, ...]
    top: tuple[OutlierRow, ...]
    score_quantiles: FloatArray
    by_column: Mapping[str, Count] = field(default_factory=dict)
    by_combination: tuple[CombinationOutlierRate, ...] = ()
    listed_by_group: tuple[ListedGroup, ...] = ()
    curve: ScoreCurve | None = None
    agreement: Agreement | None = None
    cells: CellSummary | None = None
    review: Review | None = None

    @property
    def combinations_beyond_their_groups(self) -> tuple[CombinationOutlierRate, ...]:
        """Combinations hit harder than all others, and surely harder than each of the two groups that meet in them."""
        alone = {(rate.attribute, rate.group): rate.rate for rate in self.by_group}
        return tuple(
            rate
            for rate in self.by_combination
            if rate.status == "harder"
            and (rate.ci.low or 0.0)
            > max(alone.get(part, 0.0) for part in zip(rate.attributes, rate.group, strict=True))
        )
