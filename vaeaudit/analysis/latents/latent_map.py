"""Rows laid out on two latents."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vaeaudit.analysis.grouping.groups import Grouping
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.latents.results import LatentMap, LatentSummary
from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.outputs.record import IntArray
from vaeaudit.outputs.row_pairs import Rows

#: Points of the latent map: enough to see a cloud's shape, few enough for a page to stay light.
MAP_POINTS = 2_000
#: Points of the map of pictures, each with a thumbnail: what fits on the page besides.
THUMBNAILS = 480


def sample_map(
    inputs: AuditInputs, latents: Sequence[LatentSummary], groupings: Sequence[Grouping], seed: int
) -> LatentMap | None:
    """Place a random sample of rows on two active latents; None where there are not two.

    Those that are shown come before others, and the larger KL first. Of pictures, the sample is that of the
    thumbnails, so that every point has one.
    """
    codes = inputs.codes
    active = sorted((each for each in latents if each.active), key=lambda each: (not each.shown, -each.kl_nats))
    if len(active) < 2:
        return None
    first, second = (latent.index for latent in active[:2])
    pictures = inputs.pictures
    rows = thumbnail_rows(codes, seed, MAP_POINTS) if pictures is None else pictures.thumbnail_rows
    return LatentMap(
        latents=(first, second),
        x=codes.mean[rows, first],
        y=codes.mean[rows, second],
        groups=groups_at(groupings, rows),
        outlier=inputs.scores.outlier[rows],
        row_ids=() if pictures is None else tuple(str(row_id) for row_id in inputs.row_ids[rows]),
    )


def groups_at(groupings: Sequence[Grouping], rows: IntArray) -> dict[str, tuple[str, ...]]:
    """Return by column the name of the group of each of some rows, given by position."""
    outside = "(outside all groups)"
    return {each.column: tuple((*each.labels, outside)[code] for code in each.codes[rows]) for each in groupings}


def thumbnail_rows(codes: LatentCodes, seed: int, most: int = THUMBNAILS) -> Rows:
    """Draw the rows that the map of the latents shows, rising.

    Parameters
    ----------
    codes
        Of all N rows.
    seed
        The same seed gives the same rows.
    most
        How many at most.
    """
    rng = np.random.default_rng(seed)
    return np.sort(rng.choice(len(codes), size=min(most, len(codes)), replace=False)).astype(np.int64)
