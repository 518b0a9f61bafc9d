"""A classifier's accuracy over groups: per training, over seeds, and arm against arm; for `benchmarks.debiasing`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

FloatArray = npt.NDArray[np.floating]

_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Judged:
    """One training: its arm, and the percentage of right answers per group."""

    seed: int
    cut: str
    classifier: str
    arm: str
    accuracy: Mapping[str, float]
    #: Of a binomial count, averaged over groups: what the variance over groups would be if all were equally easy.
    noise: float
    effective_share: float
    #: Mean weight of the cut group's rows over that of all rows of its label.
    lift: float

    @property
    def values(self) -> FloatArray:
        """Percentages, one per group."""
        return np.array(list(self.accuracy.values()))

    @property
    def mean(self) -> float:
        """Over groups, in %."""
        return float(self.values.mean())

    @property
    def variance(self) -> float:
        """Over groups (n - 1), in %^2."""
        return float(self.values.var(ddof=1))


def summary(judged: Sequence[Judged]) -> list[dict[str, Any]]:
    """Return one row per classifier and arm, means over the seeds; accuracies in %, variances in %^2."""
    return [
        {
            "classifier": classifier,
            "weights": arm,
            "mean": _rounded(np.mean([one.mean for one in runs])),
            "variance": _rounded(np.mean([one.variance for one in runs])),
            "smallest": _rounded(min(one.variance for one in runs)),
            "largest": _rounded(max(one.variance for one in runs)),
            "of it sampling noise": _rounded(np.mean([one.noise for one in runs])),
            "cut group": _rounded(np.mean([one.accuracy[one.cut] for one in runs])),
            "effective share of rows": _rounded(np.mean([one.effective_share for one in runs])),
            "lift of the cut group": _rounded(np.mean([one.lift for one in runs])),
        }
        for (classifier, arm), runs in _by_arm(judged).items()
    ]


def paired(judged: Sequence[Judged], base: str) -> list[dict[str, Any]]:
    """Return each arm against `base`, seed by seed: the variance's ratio (geometric), and the mean's difference."""
    by_arm = _by_arm(judged)
    rows = []
    for (classifier, arm), runs in by_arm.items():
        if arm == base:
            continue
        pairs = list(zip(runs, by_arm[classifier, base], strict=True))
        low, ratio, high = np.exp(_interval([np.log(one.variance / other.variance) for one, other in pairs]))
        least, difference, most = _interval([one.mean - other.mean for one, other in pairs])
        rows.append(
            {
                "classifier": classifier,
                "weights": arm,
                "variance ratio": _rounded(ratio),
                "95 % interval": _span(low, high),
                "mean accuracy, difference": _rounded(difference),
                "95 % interval of it": _span(least, most),
            }
        )
    return rows


def per_seed(one: Judged) -> dict[str, Any]:
    """Return a training as a row."""
    return {
        "seed": one.seed,
        "cut group": one.cut,
        "classifier": one.classifier,
        "weights": one.arm,
        "mean": _rounded(one.mean),
        "variance": _rounded(one.variance),
        "accuracy of the cut group": _rounded(one.accuracy[one.cut]),
        "lift of the cut group": _rounded(one.lift),
    }


def per_group(judged: Sequence[Judged], classifier: str) -> list[dict[str, Any]]:
    """Return one row per group and one column per arm, means over the seeds."""
    runs = {arm: runs for (by, arm), runs in _by_arm(judged).items() if by == classifier}
    return [
        {"group": name, **{arm: _rounded(np.mean([one.accuracy[name] for one in of])) for arm, of in runs.items()}}
        for name in judged[0].accuracy
    ]


def _by_arm(judged: Sequence[Judged]) -> dict[tuple[str, str], list[Judged]]:
    found: dict[tuple[str, str], list[Judged]] = {}
    for one in sorted(judged, key=lambda one: one.classifier == judged[0].classifier, reverse=True):
        found.setdefault((one.classifier, one.arm), []).append(one)
    return found


def _interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Return Student's interval around a mean, and the mean between its ends; infinite ends for a single value."""
    mean = float(np.mean(values))
    if len(values) < 2:
        return -np.inf, mean, np.inf
    half = float(stats.t.ppf((1 + _CONFIDENCE) / 2, len(values) - 1) * stats.sem(values))
    return mean - half, mean, mean + half


def _span(low: float, high: float) -> str:
    return f"{low:.2f} to {high:.2f}" if np.isfinite([low, high]).all() else "needs two seeds"


def _rounded(value: float) -> float:
    return round(float(value), 3)
