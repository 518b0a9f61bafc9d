"""Points in the latents that stand for a region: where the model decodes what is missing there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vaeaudit.analysis.picture_rows import region_key
from vaeaudit.analysis.results import Region

#: Standard deviations between the 5th and the 95th percentile of a Normal, which bound a box (`regions._latent_box`).
_WIDTH = 3.29
#: Pictures decoded per region.
POINTS = 6


def points_of_regions(
    regions: Sequence[Region], n_latents: int, *, n_points: int = POINTS, seed: int
) -> dict[str, npt.NDArray[np.float64]]:
    """Return, by `region_key`, points [n_points, L] in each region that has a box.

    Parameters
    ----------
    regions
        As `find_regions` gives them.
    n_latents, n_points
        L, and how many per region.
    seed
        Of the draw.
    """
    boxed = (region for region in regions if region.latent_box)
    return {region_key(region): region_points(region, n_latents, n_points, seed=seed) for region in boxed}


def region_points(region: Region, n_latents: int, n_points: int, *, seed: int) -> npt.NDArray[np.float64]:
    """Draw points [n_points, L] in a region's box: Normal per latent, with the box's percentiles; 0 on other latents.

    Parameters
    ----------
    region
        With a box of closed ranges, as `find_regions` gives it.
    n_latents
        L.
    n_points
        How many.
    seed
        Of the draw.
    """
    z = np.zeros((n_points, n_latents))
    generator = np.random.default_rng(seed)
    for side in region.latent_box:
        if side.low is None or side.high is None:
            raise ValueError(f"latent {side.latent} of {region.id} has an open range")
        centre, spread = (side.low + side.high) / 2, (side.high - side.low) / _WIDTH
        z[:, side.latent] = np.clip(generator.normal(centre, spread, n_points), side.low, side.high)
    return z
