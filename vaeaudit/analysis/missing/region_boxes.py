"""Where in the latents the rows of a region lie."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.results.coverage import LatentRange
from vaeaudit.analysis.rules import Rule, satisfies
from vaeaudit.latents import LatentCodes

#: The part of a region's rows that its box encloses, on each latent.
BOX_PERCENTILES = (5.0, 95.0)


def latent_box(
    rule: Rule, frame: pd.DataFrame, codes: LatentCodes, counted: npt.NDArray[np.bool_], fewest: int
) -> tuple[LatentRange, ...]:
    """Range of the posterior means of the rows in a region, on each active latent.

    Where the region has fewer rows than `fewest`, the rows that satisfy all conditions but one stand in for it.

    Parameters
    ----------
    rule
        Of the region.
    frame, codes
        [N] rows, with the columns that the rule names, and their latents.
    counted
        [N]; rows that are no outliers.
    fewest
        Rows that it takes to say where they lie.
    """
    active = np.flatnonzero(codes.active)
    satisfied = np.array([satisfies(condition, frame[condition.column]) for condition in rule]).sum(axis=0)
    rows = counted & (satisfied == len(rule))
    if rows.sum() < fewest:
        rows = counted & (satisfied >= len(rule) - 1)
    if rows.sum() < fewest or active.size == 0:
        return ()
    low, high = np.percentile(codes.mean[rows][:, active], BOX_PERCENTILES, axis=0)
    return tuple(
        LatentRange(int(latent), float(start), float(end)) for latent, start, end in zip(active, low, high, strict=True)
    )
