"""Which region each row lies in: by the first rule that it satisfies."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.grouping.rules import apply_rule
from vaeaudit.errors import RunError
from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.outputs.region_rules import Ruled, latent_of


def place_rows(
    regions: Sequence[Ruled], frame: pd.DataFrame, codes: LatentCodes, *, lacking: Collection[str] = ()
) -> npt.NDArray[np.object_]:
    """Return [N]: id of the first region whose rule the row satisfies, or None.

    Parameters
    ----------
    regions
        By rank.
    frame
        [N] rows, stored as `Dataset.frame` is. A rule over `z_3` means the posterior mean of latent 3, unless the
        frame has a column of that name.
    codes
        Of the same rows.
    lacking
        Columns that are missing only because the data does not have them: rules over them place no row.
    """
    placed = np.full(len(frame), None, dtype=object)
    known = with_named_latents(frame, regions, codes)
    for region in regions:
        if not lacking or not {condition.column for condition in region.rule} & set(lacking):
            placed[apply_rule(region.rule, known) & pd.isna(placed)] = region.id
    return placed


def with_named_latents(frame: pd.DataFrame, regions: Sequence[Ruled], codes: LatentCodes) -> pd.DataFrame:
    """Return the frame with the posterior means that rules name, and that it has no column for, behind it.

    Parameters
    ----------
    frame, regions, codes
        As in `place_rows`.

    Raises
    ------
    RunError
        Where a rule names neither a column nor a latent.
    """
    named = dict.fromkeys(condition.column for region in regions for condition in region.rule)
    added = {name: codes.mean[:, _latent(name, codes)].astype(np.float64) for name in named if name not in frame}
    return frame.assign(**added)


def _latent(name: str, codes: LatentCodes) -> int:
    latent = latent_of(name, codes.n_latents)
    if latent is None:
        raise RunError(f"regions: a rule names {name!r}, which is neither a column nor a latent of the run.")
    return latent
