"""What the latents hold, how rows lie on them, and what the decoder makes of moving along one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vaeaudit.analysis.results.measures import FloatArray, IntArray


@dataclass(frozen=True)
class HistogramCounts:
    """Counts per bin with intervals of the bin's share of the rows; all arrays are [bins]."""

    counts: IntArray
    share_low: FloatArray
    share_high: FloatArray

    @property
    def total(self) -> int:
        """Rows counted."""
        return int(self.counts.sum())


@dataclass(frozen=True)
class Histogram:
    """Histogram of one latent's posterior means, overall and per sensitive group.

    Attributes
    ----------
    edges
        [bins + 1]; the outer bins take in everything beyond them.
    overall
        All rows.
    by_group
        Attribute -> group -> counts over the same edges.
    """

    edges: FloatArray
    overall: HistogramCounts
    by_group: Mapping[str, Mapping[str, HistogramCounts]]

    def __post_init__(self) -> None:
        if self.overall.counts.shape != (len(self.edges) - 1,):
            raise ValueError(f"{len(self.edges)} edges need {len(self.edges) - 1} counts")


@dataclass(frozen=True)
class Explains:
    """How much of a latent's variance one column predicts on held-out rows (R^2, 0 to 1), and which way.

    `direction` is "rises" or "falls" for ordered columns (with the column's value), else the levels at the two ends.
    """

    column: str
    score: float
    direction: str


@dataclass(frozen=True)
class LatentSummary:
    """One axis. `stability` is None where no refit measured it."""

    index: int
    active: bool
    kl_nats: float
    stability: float | None
    explains: tuple[Explains, ...]
    histogram: Histogram


@dataclass(frozen=True)
class LatentMap:
    """A sample of rows placed on the two latents of largest KL, for a scatter plot."""

    latents: tuple[int, int]
    x: FloatArray
    y: FloatArray
    groups: Mapping[str, tuple[str, ...]]  # attribute -> group of each point
    outlier: npt.NDArray[np.bool_]
    row_ids: tuple[str, ...] = ()  # of pictures: the points are then those of `Pictures.thumbnails`, in their order


@dataclass(frozen=True)
class Traversal:
    """What the model decodes while one latent moves and the others rest at the prior mean."""

    latent: int
    positions: FloatArray  # [T], in prior standard deviations
    columns: Mapping[str, tuple[str, ...]]  # column -> decoded value at each position, as text
