"""The existing rows that lie in a region or come nearest to it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.missing.placing import with_named_latents
from vaeaudit.analysis.missing.region_points import points_of_regions
from vaeaudit.analysis.picture_rows import region_key
from vaeaudit.analysis.results.coverage import Region
from vaeaudit.analysis.rules import apply_rule

#: Rows named per region.
MOST_NEAREST = 5


def nearest_rows(inputs: AuditInputs, regions: Sequence[Region], *, seed: int) -> list[tuple[str, ...]]:
    """Return, per region, ids of at most `MOST_NEAREST` rows: those in it first, then those nearest in the latents.

    Distances are Euclidean over the active latents, each in its own standard deviations, to the nearest of the points
    that stand for the region (`points_of_regions`). Flagged rows are left out.
    """
    if not regions:
        return []
    frame = with_named_latents(inputs.frame, regions, inputs.codes)
    active = np.flatnonzero(inputs.codes.active)
    sound = np.flatnonzero(~inputs.scores.outlier)
    points = points_of_regions(inputs, regions, seed=seed) if sound.size else {}
    means = inputs.codes.mean[:, active].astype(np.float64)
    spread = np.maximum(means.std(axis=0), 1e-9) if len(means) else np.ones(active.size)
    means = means[sound] / spread
    named = []
    for region in regions:
        inside = apply_rule(region.rule, frame)[sound]
        distance = np.zeros(sound.size)
        if active.size and sound.size:
            squared = [np.square(means - point[active] / spread).sum(axis=1) for point in points[region_key(region)]]
            distance = np.min(squared, axis=0)
        order = np.lexsort((distance, ~inside))[:MOST_NEAREST]
        named.append(tuple(str(inputs.row_ids[row]) for row in sound[order]))
    return named
