"""How well detectors find outliers: per set, over sets and seeds, ours against each peer; for `benchmarks.outliers`.

A detector that fails on a set has no figure there, and is compared with ours on the sets that both finished: a failure
is counted, and is no win of the other. A set at which only some seeds fail counts with the others.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata
from sklearn.metrics import average_precision_score, roc_auc_score

FloatArray = npt.NDArray[np.floating]

OURS = "vaeaudit"
#: Whose seconds ours are held against, and how many times them we may take beside TensorFlow's start.
YARDSTICK, ALLOWED_TIMES = "IForest", 5
_CONFIDENCE = 0.95
_RESAMPLES = 10_000
_NOTHING = "-"


@dataclass(frozen=True)
class Table:
    """A set of rows with known outliers."""

    name: str
    rows: int
    columns: int
    outliers: int


@dataclass(frozen=True, kw_only=True)
class Run:
    """One detector on one set with one seed.

    Attributes
    ----------
    auroc, average_precision
        None where it failed; `failure` then says why.
    software
        What it is part of, with its version.
    seconds
        Of fitting and scoring; None where ours failed.
    measured
        When the benchmark that this belongs to was started: seconds are compared within one start only.
    process_s, import_s
        Of ours: the whole process, and one that only imports the same.
    load
        Of the machine when the set was begun (processes waiting, one minute's mean).
    """

    table: str
    detector: str
    seed: int
    software: str
    measured: str
    load: float
    seconds: float | None = None
    auroc: float | None = None
    average_precision: float | None = None
    failure: str = ""
    process_s: float | None = None
    import_s: float | None = None

    def __post_init__(self) -> None:
        """Refuse a run that neither failed nor has its figures."""
        judged = self.auroc is not None and self.average_precision is not None
        if judged == bool(self.failure):
            raise ValueError(f"{self.detector} on {self.table}: expected either figures or why there are none")


Runs = Sequence[Run]
Measure = Callable[[Run], float | None]
AUROC: Measure = attrgetter("auroc")
AVERAGE_PRECISION: Measure = attrgetter("average_precision")
MEASURES: Mapping[str, Measure] = {"AUROC": AUROC, "average precision": AVERAGE_PRECISION}


def judge(scores: FloatArray, outlier: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """Return AUROC and average precision of scores [N], or why there are none, as fields of a `Run`."""
    if scores.shape != outlier.shape:
        return {"failure": f"scores of shape {scores.shape} for {outlier.shape[0]} rows"}
    if not np.isfinite(scores).all():
        return {"failure": "scores hold NaN or infinity"}
    auroc, precision = auroc_and_precision(outlier, scores)
    return {"auroc": auroc, "average_precision": precision}


def auroc_and_precision(outlier: npt.NDArray[np.bool_], scores: FloatArray) -> tuple[float, float]:
    """Return AUROC and average precision of scores [N]."""
    return float(roc_auc_score(outlier, scores)), float(average_precision_score(outlier, scores))


def by_set(runs: Runs, detector: str, measure: Measure) -> dict[str, float]:
    """Return the mean over seeds for each set that a detector finished with at least one of them."""
    found: dict[str, list[float]] = {}
    for run in runs:
        value = measure(run)
        if run.detector == detector and value is not None:
            found.setdefault(run.table, []).append(value)
    return {name: float(np.mean(values)) for name, values in found.items()}


def spread_over_seeds(runs: Runs, detector: str, measure: Measure) -> float | None:
    """Return the standard deviation (n - 1) over seeds of the mean over sets; None with a single seed.

    Sets at which a seed failed are left out, so that all seeds are of the same sets.
    """
    finished: dict[int, dict[str, float]] = {run.seed: {} for run in runs if run.detector == detector}
    for run in runs:
        value = measure(run)
        if run.detector == detector and value is not None:
            finished[run.seed][run.table] = value
    shared = sorted(set[str]().union(*finished.values()).intersection(*finished.values()))
    if len(finished) < 2 or not shared:
        return None
    # Exact fractions: of a detector without randomness the answer is 0, not the rounding of a mean.
    return statistics.stdev(statistics.fmean(values[table] for table in shared) for values in finished.values())


def bootstrap_interval(differences: Sequence[float], *, seed: int = 0) -> tuple[float, float] | None:
    """Return the percentile interval (95 %) of the mean of paired differences, sets drawn with replacement.

    None for fewer than two sets. Source: Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 13.
    """
    if len(differences) < 2:
        return None
    values = np.asarray(differences)
    drawn = np.random.default_rng(seed).integers(0, len(values), size=(_RESAMPLES, len(values)))
    tail = (1 - _CONFIDENCE) / 2
    low, high = np.quantile(values[drawn].mean(axis=1), [tail, 1 - tail])
    return float(low), float(high)


def means(runs: Runs) -> list[dict[str, Any]]:
    """Return one row per detector: means over the sets it finished, ours on the same sets, failures, spread."""
    rows = []
    for detector in detectors(runs):
        own = [run for run in runs if run.detector == detector]
        failed = sum(bool(run.failure) for run in own)
        row: dict[str, Any] = {"detector": detector, "sets": 0, "runs": len(own), "of these failed": failed}
        for name, measure in MEASURES.items():
            theirs, ours = by_set(runs, detector, measure), by_set(runs, OURS, measure)
            shared = sorted(theirs.keys() & ours.keys())
            row |= {
                name: _shown(_mean(theirs.values())),
                f"{name}, vaeaudit on the same sets": _shown(_mean(ours[table] for table in shared)),
                f"{name}, sd over seeds": _shown(spread_over_seeds(runs, detector, measure)),
                "sets": len(theirs),
            }
        rows.append(row)
    return rows


def paired(runs: Runs) -> list[dict[str, Any]]:
    """Return one row per peer: ours minus theirs over the sets that both finished, with its interval, and wins."""
    rows = []
    for peer in detectors(runs):
        pairs = {name: _differences(runs, peer, measure) for name, measure in MEASURES.items()}
        if peer == OURS or not all(pairs.values()):
            continue
        row: dict[str, Any] = {"peer": peer}
        for name, differences in pairs.items():
            interval = bootstrap_interval(differences)
            row |= {
                "sets": len(differences),
                f"{name}, vaeaudit minus peer": float(np.mean(differences)),
                f"95 % interval of {name}": _NOTHING if interval is None else f"{interval[0]:.3f} to {interval[1]:.3f}",
                f"sets where vaeaudit has the higher {name}": sum(difference > 0 for difference in differences),
            }
        rows.append(row)
    return rows


def _differences(runs: Runs, peer: str, measure: Measure) -> list[float]:
    """Return ours minus theirs for each set that both finished."""
    theirs, ours = by_set(runs, peer, measure), by_set(runs, OURS, measure)
    return [ours[table] - theirs[table] for table in sorted(theirs.keys() & ours.keys())]


def per_set(runs: Runs, tables: Sequence[Table], measure: Measure) -> list[dict[str, Any]]:
    """Return one row per set: each detector's mean over seeds, `-` where it failed."""
    found = {detector: by_set(runs, detector, measure) for detector in detectors(runs)}
    return [
        {
            "set": table.name,
            "rows": table.rows,
            "columns": table.columns,
            "outliers %": 100 * table.outliers / table.rows,
        }
        | {detector: _shown(values.get(table.name)) for detector, values in found.items()}
        for table in tables
    ]


def seconds_per_set(runs: Runs, tables: Sequence[Table]) -> list[dict[str, Any]]:
    """Return one row per set: seconds of fitting and scoring, medians over the seeds that did not fail."""
    done = [run for run in runs if not run.failure]
    return [
        {"set": table.name}
        | {detector: _shown(_median(run.seconds for run in _of(done, table, detector))) for detector in detectors(runs)}
        for table in tables
    ]


def allowed_time(runs: Runs, tables: Sequence[Table]) -> list[dict[str, Any]]:
    """Return one row per set: our whole process against five times the isolation forest plus TensorFlow's start.

    Medians over the seeds. Only sets at which both were measured in the same run of the benchmark have a row.
    """
    rows = []
    for table in tables:
        ours, forest = _of(runs, table, OURS), _of(runs, table, YARDSTICK)
        start, process = _median(run.import_s for run in ours), _median(run.process_s for run in ours)
        forest_s = _median(run.seconds for run in forest)
        together = {run.measured for run in ours} == {run.measured for run in forest}
        if start is None or process is None or forest_s is None or not together:
            continue
        allowed = ALLOWED_TIMES * forest_s + start
        rows.append(
            {
                "set": table.name,
                "TensorFlow's start": start,
                f"{YARDSTICK}, fit and score": forest_s,
                "allowed": allowed,
                f"{OURS}, whole process": process,
                "ratio to allowed": process / allowed,
                "load before": max(run.load for run in ours),
            }
        )
    return rows


def allowed_time_summary(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return one row on the rows of `allowed_time`, or none where it has none."""
    ratios = [row["ratio to allowed"] for row in rows]
    if not ratios:
        return []
    return [
        {
            "sets": len(ratios),
            "within what is allowed": sum(ratio <= 1 for ratio in ratios),
            "median ratio": float(np.median(ratios)),
            "largest ratio": max(ratios),
        }
    ]


def failures(runs: Runs) -> list[dict[str, Any]]:
    """Return what failed, where, with which seeds, and why."""
    found: dict[tuple[str, str, str], list[int]] = {}
    for run in runs:
        if run.failure:
            found.setdefault((run.detector, run.table, run.failure), []).append(run.seed)
    return [
        {"detector": detector, "set": table, "seeds": ", ".join(map(str, sorted(seeds))), "why": why}
        for (detector, table, why), seeds in found.items()
    ]


def detectors(runs: Runs) -> list[str]:
    """Return who ran: ours first, the others as they come."""
    return sorted(dict.fromkeys(run.detector for run in runs), key=lambda name: name != OURS)


def _of(runs: Runs, table: Table, detector: str) -> list[Run]:
    return [run for run in runs if run.table == table.name and run.detector == detector]


def _mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return float(np.mean(found)) if found else None


def _median(values: Iterable[float | None]) -> float | None:
    found = [value for value in values if value is not None]
    return float(np.median(found)) if found else None


def _shown(value: float | None) -> float | str:
    return _NOTHING if value is None else value


def rank_nats(score: FloatArray) -> npt.NDArray[np.float64]:
    """Return -log of the share of scores [N] that are as high, of equal ones half."""
    return np.asarray(-np.log1p(-(rankdata(score) - 0.5) / len(score)))
