"""How often an answer is wrong that does not depend on how hard the question is: the lapse rate of psychophysics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize, special, stats

from vaeaudit.statistics.measures import Interval

FloatArray = npt.NDArray[np.floating]
#: Groups of rows of like sureness, at most, that the curve is fitted to.
_BINS = 200
#: Rates at which the likelihood is looked at: dense near 0, where they are told from it.
_RATES = np.concatenate([[0.0], np.geomspace(1e-4, 0.5, 80)])


@dataclass(frozen=True)
class Lapse:
    """`rate`, its profile-likelihood interval, and the p-value of "there is none"."""

    rate: float
    ci: Interval
    p_value: float


def lapse_rate(contradicted: npt.NDArray[np.bool_], sureness: FloatArray, level: float) -> Lapse:
    """Estimate the share of contradictions that remains however sure the answer is.

    `P(contradicted | s) = e + (1 - e) / (1 + exp(b s - a))`: where classes merge, contradictions become rare as the log
    odds `s` grow; those by error do not (Wichmann and Hill 2001, Perception & Psychophysics 63). Where every `s` is
    small, the two cannot be told apart, and the interval reaches down to 0. `a`, `b` >= 0 and `e` by maximum
    likelihood.

    Parameters
    ----------
    contradicted, sureness
        [N], at least one row; the latter at least 0.
    level
        Of the interval.
    """
    order = np.argsort(sureness, kind="stable")
    parts = np.array_split(order, min(_BINS, len(order)))
    rows = np.array([len(part) for part in parts], np.float64)
    hits = np.array([contradicted[part].sum() for part in parts], np.float64)
    place = np.array([sureness[part].mean() for part in parts])
    place = place / max(float(np.sqrt(rows @ place**2 / rows.sum())), 1e-12)
    start, losses = np.zeros(2), np.empty(len(_RATES))
    for number, rate in enumerate(_RATES):
        fitted = optimize.minimize(_loss, start, (rate, place, hits, rows), method="L-BFGS-B", jac=True, bounds=_BOUNDS)
        start, losses[number] = fitted.x, fitted.fun
    best = int(losses.argmin())
    inside = _RATES[2 * (losses - losses[best]) <= stats.chi2.ppf(level, 1)]
    gain = max(2 * (losses[0] - losses[best]), 0.0)
    p_value = 0.5 * float(stats.chi2.sf(gain, 1)) if best else 1.0  # half: a rate cannot be below 0
    return Lapse(float(_RATES[best]), Interval(float(inside[0]), float(inside[-1]), level), p_value)


_BOUNDS = [(-20.0, 20.0), (0.0, 200.0)]


def _loss(
    at: FloatArray, rate: float, place: FloatArray, hits: FloatArray, rows: FloatArray
) -> tuple[float, FloatArray]:
    """Return minus the log likelihood, and its slope along `a` and `b`."""
    merged = special.expit(at[0] - at[1] * place)
    share = np.clip(rate + (1 - rate) * merged, 1e-12, 1 - 1e-12)
    loss = -float(hits @ np.log(share) + (rows - hits) @ np.log1p(-share))
    slope = -(hits / share - (rows - hits) / (1 - share)) * (1 - rate) * merged * (1 - merged)
    return loss, np.array([slope.sum(), -(slope @ place)])
