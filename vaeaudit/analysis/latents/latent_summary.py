"""Each latent: how much it carries, how its values spread overall and per group, and which columns it encodes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vaeaudit.analysis.grouping.column_bins import bin_columns, sample_rows
from vaeaudit.analysis.grouping.groups import Grouping
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.latents.explained import explain_latents
from vaeaudit.analysis.latents.results import Explains, Histogram, HistogramCounts, LatentMap, LatentSummary
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.images.measured_columns import computed_columns
from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.statistics.intervals import wilson

FloatArray = npt.NDArray[np.floating]

#: Share of the rows that each outer bin takes in beside its own; the other bins divide what is left evenly.
OUTER_SHARE = 0.005
#: Points of the latent map: enough to see a cloud's shape, few enough for a page to stay light.
MAP_POINTS = 2_000
#: Points of the map of pictures, each with a thumbnail: what fits on the page besides.
THUMBNAILS = 480


def summarise_latents(
    inputs: AuditInputs, groupings: Sequence[Grouping], config: AnalysisConfig, seed: int
) -> tuple[LatentSummary, ...]:
    """Summarise all latents, active or not, in model order.

    Columns that were held out of the model, sensitive ones and the label among them, take part in `explains`: that
    is how a latent shows what the rest of the data gives away. Inactive latents explain nothing.
    """
    codes = inputs.codes
    active = np.flatnonzero(codes.active)
    rng = np.random.default_rng(seed)
    rows = sample_rows(len(codes), len(inputs.schema), rng)
    columns = bin_columns(inputs.frame.iloc[rows], inputs.schema)
    targets = codes.mean[rows][:, active].astype(np.float64)
    explained = explain_latents(columns, targets, rng, computed=computed_columns(inputs.schema))
    explains: dict[int, tuple[Explains, ...]] = dict(zip(active.tolist(), explained, strict=True))
    kl = codes.kl.mean(axis=0) if len(codes) else np.zeros(codes.n_latents)
    return tuple(
        LatentSummary(
            index=latent,
            active=latent in explains,
            kl_nats=float(kl[latent]),
            stability=None if inputs.model.stability is None else float(inputs.model.stability[latent]),
            explains=explains.get(latent, ()),
            histogram=histogram(codes.mean[:, latent], groupings, bins=config.bins, confidence=config.confidence),
        )
        for latent in range(codes.n_latents)
    )


def histogram(values: FloatArray, groupings: Sequence[Grouping], *, bins: int, confidence: float) -> Histogram:
    """Count values [N] per bin, overall and per group, with Wilson intervals of each bin's share.

    The bins divide the range between the 0.5 % and the 99.5 % quantile evenly; the outer bins take in the rest.
    """
    low, high = np.quantile(values.astype(np.float64), [OUTER_SHARE, 1 - OUTER_SHARE]) if values.size else (0.0, 0.0)
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, bins + 1)
    place = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, bins - 1)
    by_group = {
        grouping.column: _counts_by_group(place, grouping, bins=bins, confidence=confidence) for grouping in groupings
    }
    overall = _with_intervals(np.bincount(place, minlength=bins), confidence)
    return Histogram(**vars(overall), edges=edges, by_group=by_group)


def _counts_by_group(
    place: npt.NDArray[np.intp], grouping: Grouping, *, bins: int, confidence: float
) -> dict[str, HistogramCounts]:
    inside = grouping.codes >= 0
    joint = grouping.codes[inside] * bins + place[inside]
    counts = np.bincount(joint, minlength=len(grouping) * bins).reshape(len(grouping), bins)
    return {
        label: _with_intervals(row, confidence)
        for label, row in zip(grouping.labels, counts, strict=True)
        if row.sum() > 0
    }


def _with_intervals(counts: npt.NDArray[np.integer], confidence: float) -> HistogramCounts:
    low, high = wilson(counts, counts.sum(), confidence)
    return HistogramCounts(counts, low, high)


def sample_map(inputs: AuditInputs, groupings: Sequence[Grouping], seed: int) -> LatentMap | None:
    """Place a random sample of rows on the two active latents of largest KL; None where there are not two.

    Of pictures, the sample is that of the thumbnails, so that every point has one.
    """
    codes = inputs.codes
    active = np.flatnonzero(codes.active)
    if active.size < 2:
        return None
    strongest = active[np.argsort(-codes.kl.mean(axis=0)[active], kind="stable")[:2]]
    first, second = (int(latent) for latent in strongest)
    pictures = inputs.pictures
    rows = thumbnail_rows(codes, seed, MAP_POINTS) if pictures is None else pictures.thumbnail_rows
    outside = "(outside all groups)"
    return LatentMap(
        latents=(first, second),
        x=codes.mean[rows, first],
        y=codes.mean[rows, second],
        groups={
            grouping.column: tuple((*grouping.labels, outside)[code] for code in grouping.codes[rows])
            for grouping in groupings
        },
        outlier=inputs.scores.outlier[rows],
        row_ids=() if pictures is None else tuple(str(row_id) for row_id in inputs.row_ids[rows]),
    )


def thumbnail_rows(codes: LatentCodes, seed: int, most: int = THUMBNAILS) -> npt.NDArray[np.int64]:
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
