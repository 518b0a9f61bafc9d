"""Rates of two groups compared within strata: Mantel and Haenszel's common difference and ratio of odds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vaeaudit.statistics.intervals import FloatArray, normal_quantile


@dataclass(frozen=True)
class Stratified:
    """What K tables of two by two have in common.

    Attributes
    ----------
    difference, low, high
        Rate of the first less that of the second, strata weighted by n1 n2 / (n1 + n2), with its interval.
    odds_ratio, odds_low, odds_high
        Of Mantel and Haenszel; NaN where it is not defined.
    p
        Two-sided, of no association in any stratum (Cochran, Mantel, Haenszel).
    same_odds_p
        Of one ratio of odds in all strata (Breslow and Day, with Tarone's correction); NaN with one stratum.
    strata
        Those that hold rows of both.
    """

    difference: float
    low: float
    high: float
    odds_ratio: float
    odds_low: float
    odds_high: float
    p: float
    same_odds_p: float
    strata: int


def compare_within_strata(
    count: FloatArray, n: FloatArray, other_count: FloatArray, other_n: FloatArray, level: float
) -> Stratified | None:
    """Compare two groups within strata; None where no stratum holds rows of both.

    The difference has the variance of Sato (1989, Biometrics 45), which holds for few large and for many small strata;
    the rest is that of statsmodels.

    Parameters
    ----------
    count, n, other_count, other_n
        [K]; rows with the outcome and all rows of each stratum, of the first and of the second group.
    level
        Of the intervals.
    """
    both = (n > 0) & (other_n > 0)
    if not both.any():
        return None
    a, n1, c, n2 = (part[both] for part in (count, n, other_count, other_n))
    total = n1 + n2
    weight = n1 * n2 / total
    difference = float(((a * n2 - c * n1) / total).sum() / weight.sum())
    # Sato's two parts: of strata as they are, and of what is left within each
    first = (n1**2 * c - n2**2 * a + n1 * n2 * (n2 - n1) / 2) / total**2
    second = (a * (n2 - c) + c * (n1 - a)) / (2 * total)
    variance = max((difference * first.sum() + second.sum()) / weight.sum() ** 2, 0.0)
    half = normal_quantile(level) * np.sqrt(variance)
    odds, bounds, p, same = _of_odds(np.array([[a, n1 - a], [c, n2 - c]]), level)
    return Stratified(
        difference=difference,
        low=max(difference - half, -1.0),
        high=min(difference + half, 1.0),
        odds_ratio=odds,
        odds_low=bounds[0],
        odds_high=bounds[1],
        p=p,
        same_odds_p=same,
        strata=int(both.sum()),
    )


def _of_odds(tables: FloatArray, level: float) -> tuple[float, tuple[float, float], float, float]:
    """Ratio of odds, its bounds, and both p-values, of tables [2, 2, K] by statsmodels."""
    from statsmodels.stats.contingency_tables import StratifiedTable  # noqa: PLC0415 - a tenth of a second

    informative = (tables.sum(axis=0) > 0).all(axis=0)  # a stratum of one outcome alone says nothing of odds
    if not informative.any():
        return np.nan, (np.nan, np.nan), 1.0, np.nan
    told = StratifiedTable(tables[:, :, informative])
    with np.errstate(divide="ignore", invalid="ignore"):
        odds, p = float(told.oddsratio_pooled), float(told.test_null_odds(correction=False).pvalue)
        defined = np.isfinite(odds) and odds > 0
        bounds = told.oddsratio_pooled_confint(alpha=1 - level) if defined else (np.nan, np.nan)
        several = defined and informative.sum() > 1
        same = float(told.test_equal_odds(adjust=True).pvalue) if several else np.nan
    return odds, (float(bounds[0]), float(bounds[1])), p, same
