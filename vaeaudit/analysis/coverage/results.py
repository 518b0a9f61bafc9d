"""Which combinations have fewer rows than they should, as rules, and how the table differs from a reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Len

from vaeaudit.outputs.region_rules import Condition
from vaeaudit.statistics.measures import Count, Interval, Measure, NonNegative, Share

#: What a region is short against: another dataset, given shares, what unrelated columns would give, an even spread.
Baseline = Literal["reference", "population", "independence", "uniform"]
Statistic = Literal["total variation", "ks"]

#: A cell that accounts for at least this part of what its columns have to do with one another is told as a gap.
GAP = 0.7


@dataclass(frozen=True)
class LatentRange:
    """One side of a region's box in the latents; None = open."""

    latent: Count
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Region:
    """A combination with fewer rows than its baseline leads one to expect.

    Attributes
    ----------
    id
        Of baseline and rule: the same region has it in every run and report.
    baseline
        `reference`, `population`, `independence` or `uniform`.
    rule
        At most three conditions that hold together.
    latent_box
        Where in the latents such rows lie or would lie, where that is known.
    observed, set_aside
        Scored rows that satisfy the rule, as anybody counts them who applies it to the file (of a population, those
        that it speaks of); and how many of these are flagged as outliers, among which no region was sought.
    expected, ratio
        Rows that the baseline leads one to expect among all scored rows, and observed / expected.
    ci
        Of the ratio.
    p_adjusted
        One-sided p-value, adjusted over everything that was tested.
    rows_to_collect
        Fewest rows of this kind that, once added, bring the ratio to `min_ratio` even if it now stands at the lower
        end of `ci`; at least 1. Added rows also raise what the baseline leads one to expect, and that is counted in
        (for rules of three conditions against independence it is not).
    rows_to_collect_range
        The same from the upper and from the lower end of `ci`: between so many and so many rows close the finding.
    stability
        Share of resamples (of refits, where the rule names latents) in which the region came back, or None where none
        was made.
    stable
        Whether that share is at least `min_stability`; None where nothing was resampled.
    nearest
        Ids of existing rows: those in the region first, then those whose latents lie nearest to it.
    description, precision, recall
        Where the rule names latents: the rule over the user's columns that comes nearest, the share of its rows that
        lie in the region, and the share of the region's rows that it holds; None where no column tells. Against
        independence the rows that would be there are meant, and each condition is put into words by itself.
    gap_share
        Against independence: the part of what the rule's columns have to do with one another that this one cell
        accounts for. Near 1 they are otherwise unrelated, and the cell is a gap; near 0 they go together in many ways,
        of which the cell is one. None for other baselines, and where the two cannot be told apart.
    decoded
        What the model decodes in the region, for tables: column and typical value, what sets it apart most first.
    """

    id: str
    baseline: Baseline
    rule: Annotated[tuple[Condition, ...], Len(1)]
    latent_box: tuple[LatentRange, ...]
    observed: Count
    set_aside: Count
    expected: NonNegative
    ratio: NonNegative
    ci: Interval
    p_adjusted: Share
    rows_to_collect: Count
    rows_to_collect_range: tuple[Count, Count]
    stability: Share | None
    stable: bool | None = None
    nearest: tuple[str, ...] = ()
    description: Annotated[tuple[Condition, ...], Len(0, 3)] = ()
    precision: Share | None = None
    recall: Share | None = None
    gap_share: Share | None = None
    decoded: tuple[tuple[str, str], ...] = ()

    @property
    def is_question(self) -> bool:
        """Whether only somebody who knows the field can say if it is short: nothing was stated about it."""
        return self.baseline == "independence"

    @property
    def is_dependence(self) -> bool:
        """Whether the cell is one sign of many that its columns go together, rather than a gap."""
        return self.gap_share is not None and self.gap_share < GAP


@dataclass(frozen=True)
class Difference:
    """How differently one column, or one latent, is distributed in the two tables.

    Attributes
    ----------
    name
        Of the column; `z_0`, … of a latent.
    statistic
        `total variation` (of levels: half the sum of the absolute differences of their shares) or `ks` (of ordered
        values: the largest difference of the cumulative shares).
    distance
        Its value, 0 to 1.
    p_adjusted
        Adjusted over all columns and latents.
    significant
        Whether that is below the false-discovery rate.
    differs
        In words, where the difference is largest.
    """

    name: str
    statistic: Statistic
    distance: Share
    p_adjusted: Share
    significant: bool
    differs: str


@dataclass(frozen=True)
class Comparison:
    """The audited table against a reference, outliers of both set aside.

    Attributes
    ----------
    name, fingerprint
        Of the reference.
    n, n_reference
        Rows of either that were compared.
    auc
        How well a row can be told to be of the one or the other; 0.5 where they do not differ. None where there are too
        few rows to tell.
    columns, latents
        By falling distance.
    """

    name: str
    fingerprint: str
    n: Annotated[int, Ge(1)]
    n_reference: Annotated[int, Ge(1)]
    auc: Measure | None
    columns: tuple[Difference, ...]
    latents: tuple[Difference, ...]
