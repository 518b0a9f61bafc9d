"""Columns of pictures that nobody wrote down: latents, and what is computed from the pixels; which are crossed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.data.images.measured_columns import are_bound, computed_columns
from vaeaudit.data.schema.columns import Column, Kind, Role, Schema
from vaeaudit.outputs.latents import LatentCodes

#: Latents of largest KL that are searched; pairs grow with the square of them.
MOST_LATENTS = 8


def searched_latents(codes: LatentCodes) -> npt.NDArray[np.intp]:
    """Return the positions, rising, of the active latents of largest KL: those that regions are searched in."""
    if len(codes) == 0:
        return np.empty(0, dtype=np.intp)
    active = np.flatnonzero(codes.active)
    return np.sort(active[np.argsort(-codes.kl.mean(axis=0)[active], kind="stable")[:MOST_LATENTS]])


def with_latents(
    frame: pd.DataFrame, schema: Schema, codes: LatentCodes, latents: npt.NDArray[np.intp] | None = None
) -> tuple[pd.DataFrame, Schema]:
    """Return the table with the posterior means of the strongest active latents as columns `z_0`, … behind it.

    The names are those of `rows.parquet`, so that a rule over them can be applied there. A latent whose name the table
    has already is left out.

    Parameters
    ----------
    frame, schema
        [N, C] rows and their columns.
    codes
        Of the same rows.
    latents
        Positions of the latents; None for those of `searched_latents`.
    """
    chosen = searched_latents(codes) if latents is None else latents
    added = {f"z_{latent}": codes.mean[:, latent].astype(np.float64) for latent in chosen}
    added = {name: values for name, values in added.items() if name not in schema.names}
    columns = tuple(Column(name, Kind.REAL, in_model=False, unique=len(np.unique(added[name]))) for name in added)
    return frame.assign(**added), Schema((*schema.columns, *columns))


def uncrossed(schema: Schema, searched: tuple[str, ...], latents: frozenset[str]) -> set[tuple[int, int]]:
    """Return the pairs of searched columns, as rising positions, that no region is looked for in.

    A latent is crossed with latents and with sensitive columns. With the label, or a column that says what a picture
    shows, it is not: that a class lies elsewhere in the latents is what the model is for, and no gap. The same holds
    for columns computed from the pictures, which are crossed with one another only where they are not tied by what
    they measure (`are_bound`), and with latents never: that a latent follows brightness is no gap either.

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
    derived = {column.name for column in schema if column.derived}
    sort = dict.fromkeys(computed_columns(schema), "computed") | dict.fromkeys(latents, "latent")

    def is_crossed(one: str, other: str) -> bool:
        if {one, other} <= derived and are_bound(one, other):
            return False
        return sort.get(one) == sort.get(other) or bool({one, other} & sensitive)

    return {
        (i, j)
        for i, one in enumerate(searched)
        for j, other in enumerate(searched)
        if i < j and not is_crossed(one, other)
    }
