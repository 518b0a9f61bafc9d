"""Each latent: how much it carries, which columns it encodes, who lies at its ends, how groups lie on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from vaeaudit.analysis.grouping.groups import Grouping, bin_columns, sample_rows
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.latents.explained import explain_latents
from vaeaudit.analysis.latents.grades import name_of, stability
from vaeaudit.analysis.latents.results import (
    EndRow,
    Explains,
    GroupsApart,
    Histogram,
    HistogramCounts,
    LatentSummary,
)
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.images.measured_columns import computed_columns
from vaeaudit.outputs.record import FloatArray, IntArray
from vaeaudit.statistics.group_distances import group_distances
from vaeaudit.statistics.intervals import wilson
from vaeaudit.statistics.multiplicity import benjamini_hochberg
from vaeaudit.wording.cells import column_texts

#: Share of the rows that each outer bin takes in beside its own; the other bins divide what is left evenly.
OUTER_SHARE = 0.005
#: Rows told at each end of a latent, and the columns that are told of them.
END_ROWS, END_COLUMNS = 3, 4
#: Rows on which groups are compared, and two models.
COMPARED_ROWS, MATCHED_ROWS = 2_000, 5_000


def summarise_latents(
    inputs: AuditInputs,
    groupings: Sequence[Grouping],
    config: AnalysisConfig,
    seed: int,
    together: IntArray | None = None,
) -> tuple[LatentSummary, ...]:
    """Summarise all latents, active or not, in model order; grades are given where regions are known, by `graded`.

    Columns that were held out of the model, sensitive ones and the label among them, take part in `explains`: that
    is how a latent shows what the rest of the data gives away. Inactive latents explain nothing.
    """
    codes = inputs.codes
    active = np.flatnonzero(codes.active)
    rng = np.random.default_rng(seed)
    rows = sample_rows(len(codes), len(inputs.schema), rng)
    columns = bin_columns(inputs.frame.iloc[rows], inputs.schema)
    explained = explain_latents(
        columns,
        codes.mean[rows][:, active].astype(np.float64),
        rng,
        confidence=config.confidence,
        computed=computed_columns(inputs.schema),
        together=None if together is None else together[rows],
    )
    explains: dict[int, tuple[Explains, ...]] = dict(zip(active.tolist(), explained, strict=True))
    held_out = np.sort(rng.permutation(np.flatnonzero(codes.held_out))[:MATCHED_ROWS])
    returns = stability(codes.mean, codes.active, inputs.member_means, held_out, config.confidence)
    apart = _groups_apart(codes.mean[:, active], groupings, config, rng)
    kl = codes.kl.mean(axis=0) if len(codes) else np.zeros(codes.n_latents)
    found = [
        LatentSummary(
            index=latent,
            active=latent in explains,
            kl_nats=float(kl[latent]),
            name=name_of([(each.column, each.score) for each in explains.get(latent, ())]),
            stability=returns.get(latent),
            grade=None,
            why=(),
            shown=False,
            explains=explains.get(latent, ()),
            histogram=histogram(codes.mean[:, latent], groupings, bins=config.bins, confidence=config.confidence),
        )
        for latent in range(codes.n_latents)
    ]
    for latent, groups_apart in zip(active.tolist(), apart, strict=True):
        told = [each.column for each in found[latent].explains[:END_COLUMNS]]
        low_end, high_end = _ends(inputs, latent, told)
        found[latent] = replace(found[latent], low_end=low_end, high_end=high_end, groups_apart=groups_apart)
    return tuple(found)


def _ends(inputs: AuditInputs, latent: int, columns: Sequence[str]) -> tuple[tuple[EndRow, ...], tuple[EndRow, ...]]:
    """Return the rows at the two ends of a latent, outliers left out; of pictures those that have a thumbnail."""
    eligible = ~inputs.scores.outlier
    if inputs.pictures is not None:
        with_thumbnail = np.zeros(len(eligible), bool)
        with_thumbnail[inputs.pictures.thumbnail_rows] = True
        eligible = eligible & with_thumbnail
    rows, values = np.flatnonzero(eligible), inputs.codes.mean[:, latent]
    order = rows[np.argsort(values[rows], kind="stable")]

    def told(positions: IntArray) -> tuple[EndRow, ...]:
        cells = {name: column_texts(inputs.frame[name].iloc[positions], inputs.schema[name]) for name in columns}
        return tuple(
            EndRow(
                str(inputs.row_ids[position]),
                int(position),
                float(values[position]),
                {name: str(texts[place]) for name, texts in cells.items()},
            )
            for place, position in enumerate(positions)
        )

    half = min(END_ROWS, len(order) // 2)
    return told(order[:half]), told(order[::-1][:half])


def _groups_apart(
    means: FloatArray, groupings: Sequence[Grouping], config: AnalysisConfig, rng: np.random.Generator
) -> list[Mapping[str, GroupsApart]]:
    """Return for each of the latents [N, A] how far the groups of each attribute lie apart on it."""
    found: list[dict[str, GroupsApart]] = [{} for _ in range(means.shape[1])]
    for grouping in groupings if means.shape[1] else ():
        rows = rng.permutation(np.flatnonzero(grouping.codes >= 0))[:COMPARED_ROWS]
        groups, codes, counts = np.unique(grouping.codes[rows], return_inverse=True, return_counts=True)
        large = np.flatnonzero(counts >= config.smallest_group)
        if large.size < 2:
            continue
        rows, codes = rows[np.isin(codes, large)], np.searchsorted(large, codes[np.isin(codes, large)])
        measured = group_distances(means[rows].astype(np.float64), codes, large.size, rng)
        for place, latent in enumerate(found):
            distances = zip(groups[large], measured.distance[place].tolist(), strict=True)
            latent[grouping.column] = GroupsApart(
                {grouping.labels[group]: distance for group, distance in distances},
                int(rows.size),
                float(measured.chance[place]),
                float(measured.p_value[place]),
            )
    adjusted = iter(benjamini_hochberg([each.p_adjusted for latent in found for each in latent.values()]).tolist())
    return [{column: replace(each, p_adjusted=next(adjusted)) for column, each in latent.items()} for latent in found]


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
    counts = np.bincount(place, minlength=bins)
    return Histogram(counts, *wilson(counts, place.size, confidence), edges=edges, by_group=by_group)


def _counts_by_group(
    place: IntArray, grouping: Grouping, *, bins: int, confidence: float
) -> dict[str, HistogramCounts]:
    inside = grouping.codes >= 0
    joint = grouping.codes[inside] * bins + place[inside]
    counts = np.bincount(joint, minlength=len(grouping) * bins).reshape(len(grouping), bins)
    return {
        label: HistogramCounts(row, *wilson(row, row.sum(), confidence))
        for label, row in zip(grouping.labels, counts, strict=True)
        if row.sum() > 0
    }
