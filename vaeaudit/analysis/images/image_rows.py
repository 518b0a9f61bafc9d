"""Which rows a run must keep the pictures of: chosen at fit, found again when a report is made."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vaeaudit.analysis.coverage.placing import with_named_latents
from vaeaudit.analysis.coverage.results import Region
from vaeaudit.analysis.grouping.rules import apply_rule
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.outputs.row_scores import RowScores

Rows = npt.NDArray[np.int64]

#: Rows of highest outlier score, rarest plausible rows, and rows for reconstructions: what fits on a page of 3 MB.
OUTLIERS, RARE, RECONSTRUCTIONS = 24, 24, 16
#: Rows of a region that are shown beside what the model decodes there.
EXAMPLES = 4
#: A row is plausible where nothing speaks against its belonging: far from flagged, not merely just below it.
PLAUSIBLE_P = 0.2


def rows_to_picture(scores: RowScores, codes: LatentCodes, *, further: npt.NDArray[np.integer], seed: int) -> Rows:
    """Choose the rows whose pictures a run keeps.

    Parameters
    ----------
    scores, codes
        Of all N rows.
    further
        Positions of rows that are shown for another reason: pairs of duplicates, `region_rows`.
    seed
        Of the choice of reconstructed rows.

    Returns
    -------
    Rows
        Positions in the dataset, rising, each once.

    Raises
    ------
    ValueError
        Where one of `further` lies outside the dataset.
    """
    added = np.asarray(further, dtype=np.int64).ravel()
    if added.size and not 0 <= added.min() <= added.max() < len(codes):
        raise ValueError(f"further rows must lie in [0, {len(codes)}), found {added.min()} to {added.max()}")
    return np.unique(
        np.concatenate([outlying_rows(scores), rarest_plausible(scores), reconstructed_rows(codes, seed), added])
    )


def outlying_rows(scores: RowScores, most: int = OUTLIERS) -> Rows:
    """Return the rows of highest outlier score, highest first."""
    return np.argsort(-scores.outlier_score, kind="stable")[:most].astype(np.int64)


def rarest_plausible(scores: RowScores, most: int = RARE) -> Rows:
    """Return the rarest rows that nothing speaks against (not flagged, p-value from `PLAUSIBLE_P` on), rarest first."""
    plausible = np.flatnonzero(~scores.outlier & (scores.p_value >= PLAUSIBLE_P))
    return plausible[np.argsort(-scores.rarity[plausible], kind="stable")][:most].astype(np.int64)


def reconstructed_rows(codes: LatentCodes, seed: int, most: int = RECONSTRUCTIONS) -> Rows:
    """Draw rows that took no part in training (any rows, where all did), rising: the same ones for the same seed."""
    eligible = np.flatnonzero(codes.held_out if codes.held_out.any() else np.ones(len(codes), dtype=bool))
    rng = np.random.default_rng(seed)
    return np.sort(rng.choice(eligible, size=min(most, eligible.size), replace=False)).astype(np.int64)


def region_rows(inputs: AuditInputs, regions: Sequence[Region], most: int = EXAMPLES) -> Rows:
    """Return rows that lie in each region, the most ordinary first: what there is of the kind that is missing.

    Parameters
    ----------
    inputs
        The rows, their latents and their scores; flagged rows are no example.
    regions
        As `find_regions` gives them for the same rows; their rows overlap where their rules do.
    most
        Rows per region.

    Returns
    -------
    Rows
        At most `most` per region, region by region.
    """
    frame = with_named_latents(inputs.frame, regions, inputs.codes)
    scores = inputs.scores
    chosen = [np.zeros(0, dtype=np.int64)]
    for region in regions:
        inside = np.flatnonzero(apply_rule(region.rule, frame) & ~scores.outlier)
        chosen.append(inside[np.argsort(-scores.p_value[inside], kind="stable")][:most])
    return np.concatenate(chosen).astype(np.int64)
