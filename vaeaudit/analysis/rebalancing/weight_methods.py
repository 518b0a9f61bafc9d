"""The ways to weight rows: each is fitted to some rows and gives weights for any."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.rebalancing.gaps import Gap, Group
from vaeaudit.config import AnalysisConfig, Density, Weighting
from vaeaudit.outputs.histograms import fit_histograms
from vaeaudit.scoring.rarity.rareness import dbvae_weight, fit_density, resampling_weight
from vaeaudit.statistics.raking import rake

FloatArray = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
#: Gives weights [n], mean 1, of the rows at the positions [n].
Weigher = Callable[[Rows], FloatArray]


@dataclass(frozen=True)
class Floors:
    """Shares that weighting is asked to reach, or not to fall below.

    Attributes
    ----------
    members, universe
        [N, K]; the rows of each, and the rows that its share is taken of.
    shares
        [K].
    """

    members: npt.NDArray[np.bool_]
    universe: npt.NDArray[np.bool_]
    shares: FloatArray


def floors_of(gaps: Sequence[Gap], groups: Sequence[Group], n_rows: int, min_ratio: float) -> Floors:
    """Ask for the target of every fault, and of every group that is not short to stay where it passes.

    A group below the accepted part of its target that was not found short (too few rows to tell) keeps its share.
    """
    wanted = [(gap.members, gap.universe, gap.summary.target) for gap in gaps if gap.is_fault]
    if wanted:
        wanted += [
            (group.members, group.universe, min(min_ratio * (group.cell.reference_share or 0.0), group.cell.share))
            for group in groups
            if group.cell.reference_share is not None and group.cell.status != "under" and group.members.any()
        ]
    shares = np.array([share for _, _, share in wanted], dtype=np.float64)
    members = [members for members, _, _ in wanted]
    universe = [universe for _, universe, _ in wanted]
    return Floors(_columns(members, n_rows), _columns(universe, n_rows), np.minimum(shares, 1 - 1e-9))


def fit_weights(
    method: Weighting, inputs: AuditInputs, floors: Floors, rows: Rows, config: AnalysisConfig, *, seed: int
) -> Weigher:
    """Fit one method to some of the rows.

    Parameters
    ----------
    method
        Which; densities and histograms are of the latents of `rows`, raking's factors of their memberships.
    inputs
        All rows.
    floors
        What `targets` is to reach.
    rows
        Positions of the rows to fit to, at least one.
    config
        Gives `weight_alpha` and `weight_cap`.
    seed
        Of the density.
    """
    mean, active = inputs.codes.mean, inputs.codes.active
    alpha, cap = config.weight_alpha, config.weight_cap
    if method is Weighting.TARGETS:
        raking = rake(floors.members[rows], floors.universe[rows], floors.shares, cap=cap)
        return lambda other: raking.weight(floors.members[other], floors.universe[other])
    if method is Weighting.JOINT:
        # The check fits the density twice more, and without TensorFlow: a flow stays with the scoring of the rows.
        family = Density.KNN if config.density == Density.KNN.value else Density.GMM
        density = fit_density(mean[rows], active, seed=seed, family=family.value)
        return lambda other: resampling_weight(density.rarity(mean[other]), alpha=alpha, cap=cap)
    histograms = fit_histograms(mean[rows], active)
    return lambda other: dbvae_weight(histograms, mean[other], method.value, alpha=alpha, cap=cap)


def _columns(masks: Sequence[npt.NDArray[np.bool_]], n_rows: int) -> npt.NDArray[np.bool_]:
    return np.stack(masks, axis=1) if masks else np.zeros((n_rows, 0), dtype=bool)
