"""How the audited table differs from a reference, over all rows."""

from __future__ import annotations

from dataclasses import dataclass

from vaeaudit.analysis.results.measures import Measure, require_one_of


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
    statistic: str
    distance: float
    p_adjusted: float
    significant: bool
    differs: str

    def __post_init__(self) -> None:
        require_one_of("statistic", self.statistic, ("total variation", "ks"))


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
    n: int
    n_reference: int
    auc: Measure | None
    columns: tuple[Difference, ...]
    latents: tuple[Difference, ...]
