"""Which combinations have fewer rows than they should, as rules."""

from __future__ import annotations

from dataclasses import dataclass

from vaeaudit.analysis.conditions import Condition
from vaeaudit.analysis.results.measures import Interval

#: A cell that accounts for at least this part of what its columns have to do with one another is told as a gap.
GAP = 0.7


@dataclass(frozen=True)
class LatentRange:
    """One side of a region's box in the latents; None = open."""

    latent: int
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Region:
    """A combination with fewer rows than its baseline leads one to expect.

    Attributes
    ----------
    id
        `R1`, `R2`, … by rank.
    baseline
        `reference`, `population`, `independence` or `uniform`.
    rule
        At most three conditions that hold together.
    latent_box
        Where in the latents such rows lie or would lie, where that is known.
    observed, expected, ratio
        Rows that satisfy the rule, rows the baseline leads one to expect, and their quotient.
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
    baseline: str
    rule: tuple[Condition, ...]
    latent_box: tuple[LatentRange, ...]
    observed: int
    expected: float
    ratio: float
    ci: Interval
    p_adjusted: float
    rows_to_collect: int
    rows_to_collect_range: tuple[int, int]
    stability: float | None
    stable: bool | None = None
    nearest: tuple[str, ...] = ()
    description: tuple[Condition, ...] = ()
    precision: float | None = None
    recall: float | None = None
    gap_share: float | None = None
    decoded: tuple[tuple[str, str], ...] = ()

    @property
    def is_dependence(self) -> bool:
        """Whether the cell is one sign of many that its columns go together, rather than a gap."""
        return self.gap_share is not None and self.gap_share < GAP
