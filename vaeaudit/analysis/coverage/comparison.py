"""A table against a reference as a whole: can rows be told apart, and which columns and latents differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from vaeaudit.analysis.coverage.axes import is_searchable
from vaeaudit.analysis.coverage.both_tables import both_tables
from vaeaudit.analysis.coverage.results import Comparison, Difference, Statistic
from vaeaudit.analysis.grouping.groups import Grouping, bin_columns, column_features
from vaeaudit.analysis.inputs import AuditInputs, Reference
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Column, Kind, Schema
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray
from vaeaudit.statistics.cross_fit import FOLDS, macro_auc_interval, out_of_fold_scores, stratified_folds
from vaeaudit.statistics.measures import Measure
from vaeaudit.statistics.multiplicity import benjamini_hochberg
from vaeaudit.wording import numbers
from vaeaudit.wording.cells import moment_text, number_text

#: Rows of either table that the classifier sees at most: its interval is then about 0.02 wide.
MOST_ROWS = 10_000
#: Rows of either table from which on rows can be told apart or not.
FEWEST_ROWS = 4 * FOLDS
#: Rows of a level that are expected on the smaller side, below which it is tested with the other rare ones.
FEWEST_EXPECTED = 5.0
_SIDES = ("here", "in the reference")


def compare_with_reference(
    inputs: AuditInputs, config: AnalysisConfig, seed: int, together: IntArray | None = None
) -> Comparison | None:
    """Compare all rows with the reference; None where there is none, or no row is left on one side.

    The overall figure is a classifier two-sample test (Lopez-Paz and Oquab 2017): a ridge regression on binned columns
    and latents, each row scored by a fit without it, and the area under its ROC curve with DeLong's interval. It is
    additive in the columns: a difference that shows in no single column can escape it, and the search for regions
    is there to find it. Columns and latents are then compared one by one: ordered values by Kolmogorov and Smirnov's
    distance, missing values below all others; levels by total variation, tested by Pearson's chi-square. p-values are
    adjusted over all of them (Benjamini and Hochberg 1995).

    Parameters
    ----------
    inputs
        Rows, latents and reference; flagged rows of either are set aside.
    config
        Gives `confidence` and `fdr`.
    seed
        Of the rows and folds.
    together
        [N]; rows of one number come to one fold.
    """
    reference = inputs.reference
    if reference is None:
        return None
    stacked = _stacked(inputs, reference)
    n, n_reference = int(stacked.audited.sum()), int((~stacked.audited).sum())
    if min(n, n_reference) == 0:
        return None
    compared = []
    for column in filter(is_searchable, stacked.schema):
        compared.append((column.name, *compare_column(stacked.frame[column.name], column, stacked.audited, _SIDES)))
    adjusted = benjamini_hochberg(np.array([p for *_, p in compared]))
    found = [
        Difference(name, statistic, distance, float(p_adjusted), bool(p_adjusted < config.fdr), words)
        for (name, statistic, distance, words, _), p_adjusted in zip(compared, adjusted, strict=True)
    ]
    found.sort(key=lambda difference: -difference.distance)
    return Comparison(
        name=reference.name,
        fingerprint=reference.fingerprint,
        n=n,
        n_reference=n_reference,
        auc=_auc(
            stacked, config.confidence, np.random.default_rng(seed), _stacked_components(inputs, together, n_reference)
        ),
        columns=tuple(difference for difference in found if difference.name not in stacked.latents),
        latents=tuple(difference for difference in found if difference.name in stacked.latents),
    )


@dataclass(frozen=True)
class _Stacked:
    """Both tables, the audited rows first, with the active latents as columns."""

    frame: pd.DataFrame
    schema: Schema
    latents: frozenset[str]
    audited: BoolArray


def _stacked(inputs: AuditInputs, reference: Reference) -> _Stacked:
    shared = [column for column in inputs.schema if column.name not in reference.lacking]
    names = [column.name for column in shared]
    sound = ~inputs.scores.outlier, ~reference.outlier
    frame, common = both_tables(
        inputs.frame.loc[sound[0], names], reference.frame.loc[sound[1], names], Schema(tuple(shared))
    )
    means = np.concatenate([inputs.codes.mean[sound[0]], reference.codes.mean[sound[1]]]).astype(np.float64)
    active = [int(latent) for latent in np.flatnonzero(inputs.codes.active) if f"z_{latent}" not in inputs.schema]
    frame = frame.assign(**{f"z_{latent}": means[:, latent] for latent in active})
    latents = tuple(Column(f"z_{latent}", Kind.REAL, in_model=False) for latent in active)
    audited = np.arange(len(frame)) < int(sound[0].sum())
    return _Stacked(frame, Schema((*common.columns, *latents)), frozenset(column.name for column in latents), audited)


def _stacked_components(inputs: AuditInputs, together: IntArray | None, n_reference: int) -> IntArray | None:
    """Return the components of the rows of both tables; those of the reference stand alone."""
    if together is None:
        return None
    return np.concatenate([together[~inputs.scores.outlier], together.max() + 1 + np.arange(n_reference)])


def _auc(stacked: _Stacked, confidence: float, rng: np.random.Generator, together: IntArray | None) -> Measure | None:
    sides = [np.flatnonzero(stacked.audited), np.flatnonzero(~stacked.audited)]
    chosen = [np.sort(rng.choice(side, min(MOST_ROWS, side.size), replace=False)) for side in sides]
    if min(side.size for side in chosen) < FEWEST_ROWS:
        return None
    rows = np.concatenate(chosen)
    columns: Sequence[Grouping] = bin_columns(stacked.frame.iloc[rows], stacked.schema)
    if not columns:
        return None
    member = stacked.audited[rows][:, None]
    features = column_features(columns, np.arange(rows.size))
    components = None if together is None else together[rows]
    folds = stratified_folds(np.concatenate([member, ~member], axis=1), rng, components)
    scores = out_of_fold_scores(features, member.astype(np.float64), folds)
    auc, interval = macro_auc_interval(scores, member, confidence, components)
    return Measure(auc, interval, int(rows.size), expected=0.5)


def compare_column(
    values: pd.Series, column: Column, one: BoolArray, sides: tuple[str, str], *, independent: float = 1.0
) -> tuple[Statistic, float, str, float]:
    """Return statistic, distance, where it is largest in words, and p-value of a column in two sets of rows.

    Parameters
    ----------
    values, column
        [N]; a column of a typed frame, and its entry in the schema.
    one
        [N]; which rows are of the one set; all others are of the other.
    sides
        How the two sets are called in words, such as "here".
    independent
        Share of the rows that count as evidence, where others are their copies.
    """
    compare = _of_levels if column.kind.is_levelled and column.kind is not Kind.ORDINAL else _of_order
    return compare(values, column, one, sides, independent)


def _of_levels(
    values: pd.Series, column: Column, audited: BoolArray, sides: tuple[str, str], independent: float
) -> tuple[Statistic, float, str, float]:
    codes = values.cat.codes.to_numpy().astype(np.int64) + 1  # missing values come first
    counts = np.bincount(codes + (len(column.levels) + 1) * ~audited, minlength=2 * (len(column.levels) + 1))
    counts = counts.reshape(2, -1)
    shares = counts / counts.sum(axis=1, keepdims=True)
    gaps = shares[0] - shares[1]
    place = int(np.argmax(np.abs(gaps)))
    met = _pooled(counts)
    p = float(stats.chi2_contingency(met * independent).pvalue) if met.shape[1] > 1 else 1.0
    what = "missing" if place == 0 else column.levels[place - 1]
    return "total variation", float(np.abs(gaps).sum() / 2), _in_words(what, shares[:, place], sides), p


def _pooled(counts: IntArray) -> IntArray:
    """Return counts [2, G'] of the levels met, all that are too rare for a chi-square (Cochran 1954) as one."""
    expected = counts.sum(axis=0) * counts.sum(axis=1).min() / counts.sum()
    rare = expected < FEWEST_EXPECTED
    table = np.concatenate([counts[:, ~rare], counts[:, rare].sum(axis=1, keepdims=True)], axis=1)
    return np.asarray(table[:, table.sum(axis=0) > 0])


def _of_order(
    values: pd.Series, column: Column, audited: BoolArray, sides: tuple[str, str], independent: float
) -> tuple[Statistic, float, str, float]:
    distinct, codes = np.unique(_on_a_line(values, column), return_inverse=True)
    counts = np.bincount(codes + distinct.size * ~audited, minlength=2 * distinct.size).reshape(2, -1)
    below = np.cumsum(counts, axis=1) / counts.sum(axis=1, keepdims=True)
    gaps = below[0] - below[1]
    place = int(np.argmax(np.abs(gaps)))
    n, m = counts.sum(axis=1)
    p = float(stats.kstwobign.sf(abs(gaps[place]) * np.sqrt(independent * n * m / (n + m))))
    what = "missing" if np.isneginf(distinct[place]) else f"up to {_value_text(distinct[place], column)}"
    return "ks", float(abs(gaps[place])), _in_words(what, below[:, place], sides), min(p, 1.0)


def _on_a_line(values: pd.Series, column: Column) -> FloatArray:
    """[N]; values as numbers, missing ones below all others."""
    if column.kind is Kind.ORDINAL:
        numbers = values.cat.codes.to_numpy().astype(np.float64)
    elif column.kind is Kind.DATETIME:
        numbers = values.to_numpy(dtype="datetime64[ns]").astype(np.int64).astype(np.float64)
    else:
        numbers = values.to_numpy(dtype=np.float64)
    return np.where(np.asarray(values.isna()), -np.inf, numbers)


def _value_text(value: float, column: Column) -> str:
    if column.kind is Kind.ORDINAL:
        return column.levels[int(value)]
    return moment_text(pd.Timestamp(int(value))) if column.kind is Kind.DATETIME else number_text(float(value))


def _in_words(what: str, shares: FloatArray, sides: tuple[str, str]) -> str:
    one, other = (f"{numbers.share(float(share))} {side}" for share, side in zip(shares, sides, strict=True))
    return f"{what}: {one}, {other}"
