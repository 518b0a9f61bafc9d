"""Each latent: how much it carries, how its values spread overall and per group, and which columns it encodes."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from scipy import sparse, stats

from vaeaudit.analysis.grouping.groups import Grouping, bin_columns, sample_rows
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.latents.results import Explains, Histogram, HistogramCounts, LatentMap, LatentSummary
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.images.measured_columns import computed_columns
from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray
from vaeaudit.outputs.row_pairs import Rows
from vaeaudit.statistics.cross_fit import random_half
from vaeaudit.statistics.intervals import wilson

#: Share of the rows that each outer bin takes in beside its own; the other bins divide what is left evenly.
OUTER_SHARE = 0.005
#: Points of the latent map: enough to see a cloud's shape, few enough for a page to stay light.
MAP_POINTS = 2_000
#: Points of the map of pictures, each with a thumbnail: what fits on the page besides.
THUMBNAILS = 480
#: A bin's mean is drawn towards the overall mean as if by this many rows more, so that rare levels do not shout.
SHRINKAGE_ROWS = 5.0
#: Less than one per cent of a latent's variance is not worth a reader's time, whatever the sample size.
SMALLEST_SCORE = 0.01
#: Chance that any column at all passes the noise floor while none tells anything about any latent.
NOISE_LEVEL = 0.01
#: Columns of the data listed per latent, and columns computed from pictures, which must not crowd them out.
MOST_COLUMNS, MOST_COMPUTED = 5, 3
#: Beyond this many bins the null distribution of the held-out R^2 no longer reaches further up (see `noise_floor`).
_WIDEST_NULL = 50


def summarise_latents(
    inputs: AuditInputs,
    groupings: Sequence[Grouping],
    config: AnalysisConfig,
    seed: int,
    together: IntArray | None = None,
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
    explained = explain_latents(
        columns,
        targets,
        rng,
        computed=computed_columns(inputs.schema),
        together=None if together is None else together[rows],
    )
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


def held_out_r2(codes: IntArray, n_bins: int, targets: FloatArray, first_half: BoolArray) -> FloatArray:
    """Return how well the bin alone predicts each target on rows it was not learned from.

    Bin means are learned on one half of the rows and judged on the other, both ways. 1 is perfect, 0 is no better
    than the mean of the half that was learned from, below 0 is worse.

    Parameters
    ----------
    codes
        [N], the bin of each row, below `n_bins`.
    n_bins
        Number of bins.
    targets
        [N, L].
    first_half
        [N], which rows make up the first half.

    Returns
    -------
    FloatArray
        [L], R^2 over both directions; 0 for a target that does not vary.
    """
    error = np.zeros(targets.shape[1])
    total = np.zeros(targets.shape[1])
    for learn in (first_half, ~first_half):
        sums, counts = bin_sums(codes[learn], n_bins, targets[learn])
        centre = targets[learn].mean(axis=0)
        fitted = (sums - counts[:, None] * centre) / (counts[:, None] + SHRINKAGE_ROWS)
        deviation = targets[~learn] - centre
        error += np.square(deviation - fitted[codes[~learn]]).sum(axis=0)
        total += np.square(deviation).sum(axis=0)
    varying = total > 0
    return np.where(varying, 1 - error / np.where(varying, total, 1.0), 0.0)


def bin_sums(codes: IntArray, n_bins: int, targets: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the sum of the targets per bin [bins, L] and the rows per bin [bins]."""
    n_rows = len(codes)
    membership = sparse.csr_array((np.ones(n_rows), codes, np.arange(n_rows + 1)), shape=(n_rows, n_bins))
    return np.asarray(membership.T @ targets), np.bincount(codes, minlength=n_bins).astype(np.float64)


def noise_floor(n_rows: int, n_bins: int, n_tests: int) -> float:
    """Return a held-out R^2 that columns without information pass with a chance of `NOISE_LEVEL` over all tests.

    Under independence, with halves of m rows and unit variance, bin b adds `(2uv - u^2) / m` to R^2, where u and v
    are its standardised means in the two halves. Over both directions that is `(4uv - u^2 - v^2) / 2m`, whose
    quadratic form has the eigenvalues 1 and -3: a chi-squared variable with one degree of freedom per bin, over 2m = N,
    bounds it from above. The negative part takes over as bins are added; beyond 50 of them the bound of 50 holds.
    """
    degrees = min(n_bins, _WIDEST_NULL)
    bound = float(stats.chi2.isf(NOISE_LEVEL / max(n_tests, 1), degrees)) / max(n_rows, 1)
    return max(SMALLEST_SCORE, bound)


def explain_latents(
    columns: Sequence[Grouping],
    targets: FloatArray,
    rng: np.random.Generator,
    *,
    computed: Collection[str] = (),
    together: IntArray | None = None,
) -> tuple[tuple[Explains, ...], ...]:
    """List, per latent, the columns that predict its posterior mean best; those below the noise floor do not appear.

    Parameters
    ----------
    columns
        Binned columns; columns that were held out of the model are as welcome as those it saw.
    targets
        [N, L], posterior means.
    rng
        Splits the rows in halves.
    computed
        Names of columns that were computed from pictures.
    together
        [N]; rows of one number lie in one half. None: each lies where it falls.

    Returns
    -------
    tuple[tuple[Explains, ...], ...]
        One tuple per latent, at most `MOST_COLUMNS` columns each and `MOST_COMPUTED` computed ones, best first.
    """
    n_rows, n_latents = targets.shape
    if n_rows < 4 or not columns:
        return tuple(() for _ in range(n_latents))
    first_half = random_half(n_rows, rng, together)
    scores = np.stack([held_out_r2(column.codes, len(column), targets, first_half) for column in columns])
    floors = np.array([noise_floor(n_rows, int(np.count_nonzero(column.counts)), scores.size) for column in columns])
    are_computed = np.array([column.column in computed for column in columns])
    return tuple(
        _best_columns(columns, scores[:, latent], floors, targets[:, latent], are_computed)
        for latent in range(n_latents)
    )


def _best_columns(
    columns: Sequence[Grouping], scores: FloatArray, floors: FloatArray, target: FloatArray, computed: BoolArray
) -> tuple[Explains, ...]:
    ranked = np.argsort(-scores, kind="stable")
    ranked = ranked[(scores > floors)[ranked]]
    own = ~computed[ranked]
    listed = np.where(own, np.cumsum(own) <= MOST_COLUMNS, np.cumsum(~own) <= MOST_COMPUTED)
    return tuple(
        Explains(
            column=columns[place].column,
            score=float(min(scores[place], 1.0)),
            direction=direction(columns[place], target),
        )
        for place in ranked[listed].tolist()
    )


def direction(column: Grouping, target: FloatArray) -> str:
    """Say in words how a latent [N] moves with a column.

    For an ordered column "rises", "falls", or where the highest or lowest values lie if the relation bends; for
    levels, the two that lie furthest apart, low end first.
    """
    sums, counts = bin_sums(column.codes, len(column), target[:, None])
    held = np.flatnonzero(counts)
    means = sums[held, 0] / counts[held]
    counts = counts[held]
    if not column.ordered:
        return _level_ends([column.labels[place] for place in held], means, counts)
    values = held != column.missing
    if not values.all():
        missing = float(means[~values][0]) - float(target.mean())
        if values.sum() < 2 or abs(missing) > 2 * _weighted_spread(means[values], counts[values]):
            return "higher where missing" if missing > 0 else "lower where missing"
    return _trend(means[values], counts[values])


def _weighted_spread(means: FloatArray, counts: FloatArray) -> float:
    centre = np.average(means, weights=counts)
    return float(np.sqrt(np.average(np.square(means - centre), weights=counts)))


def _trend(means: FloatArray, counts: FloatArray) -> str:
    """Name the shape of a curve of bin means, weighted by the rows in each bin."""
    position = np.cumsum(counts) - counts / 2
    position = position / counts.sum()
    centred = means - np.average(means, weights=counts)
    offset = position - np.average(position, weights=counts)
    covariance = np.average(centred * offset, weights=counts)
    scale = np.sqrt(np.average(centred**2, weights=counts) * np.average(offset**2, weights=counts))
    correlation = covariance / scale if scale > 0 else 0.0
    if abs(correlation) >= 0.6:
        return "rises" if correlation > 0 else "falls"
    middle = np.abs(position - 0.5) <= 0.25
    if not middle.any() or middle.all():
        return "rises" if correlation > 0 else "falls"
    inner = np.average(means[middle], weights=counts[middle])
    outer = np.average(means[~middle], weights=counts[~middle])
    return "highest in the middle" if inner > outer else "lowest in the middle"


def _level_ends(labels: Sequence[str], means: FloatArray, counts: FloatArray) -> str:
    """Name the levels at the two ends, leaving aside levels too rare for their mean to be trusted where that can be."""
    common = counts >= max(10.0, 0.01 * counts.sum())
    eligible = np.flatnonzero(common) if common.sum() >= 2 else np.arange(len(means))
    low = labels[int(eligible[np.argmin(means[eligible])])]
    high = labels[int(eligible[np.argmax(means[eligible])])]
    return f"from {low} up to {high}"
