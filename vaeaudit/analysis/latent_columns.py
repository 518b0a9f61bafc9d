"""Latents as columns: of pictures, they are what a search for regions crosses with the columns that a person knows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from vaeaudit.data.schema import Column, Kind, Role, Schema
from vaeaudit.latents import LatentCodes

#: Latents of largest KL that are searched; pairs grow with the square of them.
MOST_LATENTS = 8


def with_latents(frame: pd.DataFrame, schema: Schema, codes: LatentCodes) -> tuple[pd.DataFrame, Schema]:
    """Return the table with the posterior means of the strongest active latents as columns `z_0`, … behind it.

    The names are those of `rows.parquet`, so that a rule over them can be applied there. A latent whose name the table
    has already is left out.

    Parameters
    ----------
    frame, schema
        [N, C] rows and their columns.
    codes
        Of the same rows.
    """
    active = np.flatnonzero(codes.active)
    strongest = np.sort(active[np.argsort(-codes.kl.mean(axis=0)[active], kind="stable")[:MOST_LATENTS]])
    added = {f"z_{latent}": codes.mean[:, latent].astype(np.float64) for latent in strongest}
    added = {name: values for name, values in added.items() if name not in schema.names}
    columns = tuple(Column(name, Kind.REAL, in_model=False, unique=len(np.unique(added[name]))) for name in added)
    return frame.assign(**added), Schema((*schema.columns, *columns))


def uncrossed(schema: Schema, searched: tuple[str, ...], latents: frozenset[str]) -> set[tuple[int, int]]:
    """Return the pairs of searched columns, as rising positions, that no region is looked for in.

    A latent is crossed with latents and with sensitive columns. With the label, or a column that says what a picture
    shows, it is not: that a class lies elsewhere in the latents is what the model is for, and no gap.

    Parameters
    ----------
    schema
        Of the searched table.
    searched
        Names of the searched columns, in their order.
    latents
        Which of them are latents.
    """
    sensitive = {column.name for column in schema if column.role is Role.SENSITIVE}
    return {
        (i, j)
        for i, one in enumerate(searched)
        for j, other in enumerate(searched)
        if i < j and (one in latents) != (other in latents) and not {one, other} & sensitive
    }
