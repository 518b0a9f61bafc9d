"""What is shown in pictures: which ones a run keeps, which of these the report shows, and what is known about each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vaeaudit.analysis.coverage.latent_points import with_named_latents
from vaeaudit.analysis.coverage.results import Region
from vaeaudit.analysis.grouping.rules import apply_rule
from vaeaudit.analysis.images.results import MapGrid, PictureSheets, RegionTiles, RowTile
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.latents.results import LatentMap
from vaeaudit.data.schema.columns import Column, Role
from vaeaudit.outputs.images import Pictures
from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.outputs.record import FloatArray, IntArray
from vaeaudit.outputs.region_rules import region_key
from vaeaudit.outputs.row_pairs import Rows
from vaeaudit.outputs.row_scores import RowScores
from vaeaudit.wording.cells import column_texts

#: Columns named under a picture: the sensitive ones and the label first.
MOST_COLUMNS = 4
#: Pairs of rows shown side by side.
MOST_PAIRS = 24
#: Rows and columns of the map laid out as a grid: it must be legible on a phone.
GRID = (6, 9)
#: Part of the points, along each latent, that the grid spans; the few beyond would leave it empty.
GRID_PERCENTILES = (2.0, 98.0)
#: Rows of highest outlier score, rarest plausible rows, and rows for reconstructions: what fits on a page of 3 MB.
OUTLIERS, RARE, RECONSTRUCTIONS = 24, 24, 16
#: Rows of a region that are shown beside what the model decodes there.
EXAMPLES = 4
#: A row is plausible where nothing speaks against its belonging: far from flagged, not merely just below it.
PLAUSIBLE_P = 0.2


def summarise_pictures(
    inputs: AuditInputs,
    regions: Sequence[Region],
    latent_map: LatentMap | None,
    seed: int,
    *,
    pairs: Rows | None = None,
) -> PictureSheets | None:
    """Arrange the kept pictures; None where the data is not made of pictures.

    What counts as flagged is what this report's scores say, so the choice may differ from that made at fit; rows that
    belong on a sheet and were not kept are counted.

    Parameters
    ----------
    inputs
        The rows, their scores, and the pictures that the run kept.
    regions, latent_map
        Those of this report.
    seed
        That of the fit, which chose the rows that are reconstructed.
    pairs
        [K, 2]; positions of rows that are equal or nearly so, the most telling first; None where none were sought.
    """
    kept = inputs.pictures
    if kept is None:
        return None
    scores = inputs.scores
    highest = scores.most_atypical_first[:OUTLIERS]
    rarest = rarest_plausible(scores, RARE)
    reconstructed = reconstructed_rows(inputs.codes, seed, RECONSTRUCTIONS)
    outliers, rare, reconstructions = (row_tiles(inputs, rows) for rows in (highest, rarest, reconstructed))
    return PictureSheets(
        pictures=kept,
        outliers=outliers,
        rare=rare,
        reconstructions=reconstructions,
        outliers_missing=len(highest) - len(outliers),
        rare_missing=len(rarest) - len(rare),
        reconstructions_missing=len(reconstructed) - len(reconstructions),
        latents=tuple(int(latent) for latent in np.flatnonzero(inputs.codes.active) if latent < len(kept.traversals)),
        positions=np.asarray(inputs.model.traversal_positions, dtype=np.float64),
        regions=tuple(_region_tiles(inputs, kept, region) for region in regions),
        grid=_map_grid(latent_map),
        pairs=() if pairs is None else _pair_tiles(inputs, kept, pairs),
        swapped={} if inputs.swaps is None else inputs.swaps.pictures,
    )


def row_tiles(inputs: AuditInputs, rows: Rows) -> tuple[RowTile, ...]:
    """Describe those of these rows [K] whose pictures were kept, in the order given.

    Raises
    ------
    ValueError
        Where the data is not made of pictures.
    """
    if inputs.pictures is None:
        raise ValueError("row_tiles needs inputs with pictures")
    wanted = np.asarray(rows, dtype=np.int64)
    present = wanted[np.isin(wanted, inputs.pictures.rows)]
    places = inputs.pictures.places(present)
    scores = inputs.scores
    columns = _named_columns(inputs)
    texts = {column.name: column_texts(inputs.frame[column.name].iloc[present], column) for column in columns}
    return tuple(
        RowTile(
            place=int(places[k]),
            row_id=str(inputs.row_ids[row]),
            position=int(row),
            score=float(scores.outlier_score[row]),
            p_value=float(scores.p_value[row]),
            flagged=bool(scores.outlier[row]),
            rarity=float(scores.rarity[row]),
            groups={name: str(values[k]) for name, values in texts.items()},
        )
        for k, row in enumerate(present)
    )


def _named_columns(inputs: AuditInputs) -> list[Column]:
    """Return the columns that say who or what is on a picture."""
    rank = {Role.SENSITIVE: 0, Role.LABEL: 1, Role.INPUT: 2}
    told = [
        column
        for column in inputs.schema
        if column.role in (Role.SENSITIVE, Role.LABEL) or (column.role is Role.INPUT and column.kind.is_levelled)
    ]
    return sorted(told, key=lambda column: rank[column.role])[:MOST_COLUMNS]


def _region_tiles(inputs: AuditInputs, kept: Pictures, region: Region) -> RegionTiles:
    found = np.flatnonzero(kept.region_rules == region_key(region))
    examples = region_rows(inputs, [region], len(inputs.frame))
    return RegionTiles(
        region=region.id,
        place=int(found[0]) if found.size and kept.regions.shape[1] else None,
        examples=row_tiles(inputs, examples[np.isin(examples, kept.rows)][:EXAMPLES]),
    )


def _pair_tiles(inputs: AuditInputs, kept: Pictures, pairs: Rows) -> tuple[tuple[RowTile, RowTile], ...]:
    shown = pairs[np.isin(pairs, kept.rows).all(axis=1)][:MOST_PAIRS]
    left, right = (row_tiles(inputs, shown[:, side]) for side in (0, 1))
    return tuple(zip(left, right, strict=True))


def _map_grid(latent_map: LatentMap | None) -> MapGrid | None:
    if latent_map is None or len(latent_map.x) == 0:
        return None
    return lay_out(np.stack([latent_map.x, latent_map.y], axis=1).astype(np.float64), GRID)


def lay_out(points: FloatArray, shape: tuple[int, int]) -> MapGrid:
    """Choose one point per cell of a grid over a plane: the one nearest to the cell's centre.

    Parameters
    ----------
    points
        [M, 2]; M at least 1.
    shape
        Rows and columns of the grid, which spans `GRID_PERCENTILES` of the points.
    """
    n_rows, n_columns = shape
    low, high = np.percentile(points, GRID_PERCENTILES, axis=0)
    span = np.where(high > low, high - low, 1.0)
    at = (points - low) / span * np.array([n_columns, n_rows])
    cell = np.floor(at).astype(np.int64)
    cell -= (at == [n_columns, n_rows]).astype(np.int64)  # the upper end belongs to the last cell
    inside = np.flatnonzero(((cell >= 0) & (cell < [n_columns, n_rows])).all(axis=1))
    distance = np.square(at[inside] - cell[inside] - 0.5).sum(axis=1)
    inside = inside[np.argsort(-distance, kind="stable")]  # the nearest is written last, and stays
    cells = np.full(shape, -1, dtype=np.int64)
    cells[n_rows - 1 - cell[inside, 1], cell[inside, 0]] = inside
    return MapGrid(cells, low, high)


def rows_to_picture(scores: RowScores, codes: LatentCodes, *, further: IntArray, seed: int) -> Rows:
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
