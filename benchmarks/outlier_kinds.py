"""Protocol `outliers`, (b): real outliers, and synthetic ones of four kinds in real tables; choice by rotation.

    python -m benchmarks.outlier_kinds [--data PATH] [--more PATH] [--rows N]

Every .npz of DATA/adbench (X, y), and of --more (sets that are in no folder of the project's), is a base: as it is, and
with its outliers left out and 1, 5 or 10 % of synthetic ones put in, of each of ADBench's four kinds. *Local*: drawn
from a Gaussian mixture of the rows whose covariances are five times as large; *global*: uniform over the ranges of the
columns; *dependency*: each column drawn by itself; *cluster*: drawn about five times the means of the mixture. Rows are
scored as `vaeaudit fit` scores them, labels never seen.

*rotation*: of ways to join the questions, that is taken for each base which is best on all other bases; what stands
there was seen by no choice. Intervals are over bases, drawn with replacement.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import NearestNeighbors

from benchmarks import record
from benchmarks.detection import auroc_and_precision, rank_nats
from vaeaudit.config import FitConfig, ReadConfig
from vaeaudit.data.encoding.features import fit_features
from vaeaudit.data.encoding.table_encoding import fit_encoding
from vaeaudit.data.reading.load import load
from vaeaudit.outputs.row_scores import OF_TABLES
from vaeaudit.workflow.trained.table_score import judge_own

KINDS = ("local", "global", "dependency", "cluster")
#: Shares of synthetic outliers, in turn.
SHARES = (0.01, 0.05, 0.1)
OURS, M3, NEIGHBOURS = "vaeaudit", "M3", "50th neighbour"
_MOST_ROWS, _MOST_COLUMNS, _RESAMPLES = 2000, 200, 2000
Values = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Figures = dict[str, tuple[float, float]]


@dataclass(frozen=True)
class Outliers:
    """A table [N, C] with known outliers [N], its base and their kind."""

    base: str
    kind: str
    x: Values
    y: Flags


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=record.DATA)
    parser.add_argument("--more", type=Path)
    parser.add_argument("--rows", type=int, default=3000, help="of a base as it is, at most")
    arguments = parser.parse_args()
    files = sorted(record.require(arguments.data, "adbench").glob("*.npz"))
    files += sorted(arguments.more.glob("*.npz")) if arguments.more else []
    found: list[tuple[Outliers, dict[str, Figures]]] = []
    for path in files:
        for outliers in sets(path, arguments.rows):
            found.append((outliers, judged(outliers)))
            print(outliers.base, outliers.kind, outliers.x.shape, found[-1][1]["said"][OURS], flush=True)
        write(files, found)
    for name, rows in write(files, found).items():
        print(f"\n{name}\n{record.table(rows)}")


def write(
    files: Sequence[Path], found: Sequence[tuple[Outliers, dict[str, Figures]]]
) -> dict[str, list[dict[str, Any]]]:
    """Write what is known so far, and return it."""
    in_view = {path.stem for path in files if path.parent.name == "adbench"}
    parts = {"22 sets in view": in_view, "other sets": {path.stem for path in files} - in_view}
    figures = {
        "by kind": [row for part, bases in parts.items() for row in by_kind(part, bases, found)],
        "differences": [row for kinds in (("real",), KINDS) for row in differences(kinds, found)],
    }
    bases = len({outliers.base for outliers, _ in found})
    record.write("outlier_kinds", figures, data=f"{bases} bases, {len(found)} sets", seeds=range(1))
    return figures


def sets(path: Path, most_rows: int) -> Iterator[Outliers]:
    """Yield a base as it is, and with synthetic outliers."""
    with np.load(path) as archive:
        x, y = archive["X"].astype(np.float64), archive["y"].astype(bool)
    draw = np.random.default_rng(crc32(path.stem.encode()))
    x = x[:, draw.permutation(x.shape[1])[:_MOST_COLUMNS]]
    outlying, sound = draw.permutation(np.flatnonzero(y)), draw.permutation(np.flatnonzero(~y))
    share = min(1.0, most_rows / len(x))
    kept = np.concatenate([outlying[: max(10, round(share * len(outlying)))], sound[: round(share * len(sound))]])
    yield Outliers(path.stem, "real", x[kept], y[kept])
    for place, kind in enumerate(KINDS, start=crc32(path.stem.encode())):
        yield _with_synthetic(path.stem, kind, x[sound[:_MOST_ROWS]], SHARES[place % len(SHARES)], draw)


def _with_synthetic(base: str, kind: str, sound: Values, share: float, draw: np.random.Generator) -> Outliers:
    n_outliers = max(5, round(share * len(sound) / (1 - share)))
    x = np.concatenate([sound, _DRAWN[kind](sound, n_outliers, draw)])
    return Outliers(base, kind, x, np.arange(len(x)) >= len(sound))


def _global(sound: Values, n_rows: int, draw: np.random.Generator) -> Values:
    low, high = sound.min(axis=0), sound.max(axis=0)
    return draw.uniform(low - 0.05 * (high - low), high + 0.05 * (high - low), (n_rows, sound.shape[1]))


def _dependency(sound: Values, n_rows: int, draw: np.random.Generator) -> Values:
    return np.column_stack([draw.choice(column, n_rows) for column in sound.T])


def _of_mixture(spread: float, shift: float, sound: Values, n_rows: int, draw: np.random.Generator) -> Values:
    mean, scale = sound.mean(axis=0), sound.std(axis=0)
    varying = scale > 0
    standard = (sound[:, varying] - mean[varying]) / scale[varying]
    kind = "full" if standard.shape[1] <= 40 else "diag"
    mixtures = (GaussianMixture(k, covariance_type=kind, reg_covar=1e-3, random_state=0) for k in (1, 3, 5))
    mixture = min((each.fit(standard) for each in mixtures), key=lambda each: each.bic(standard))
    place = draw.choice(mixture.n_components, n_rows, p=mixture.weights_)
    covariance = [c if kind == "full" else np.diag(c) for c in mixture.covariances_]
    away = draw.normal(size=standard.shape[1])
    offset = 3 * away / np.linalg.norm(away) if mixture.n_components == 1 and shift > 1 else 0.0
    drawn = [draw.multivariate_normal(shift * mixture.means_[k] + offset, spread * covariance[k]) for k in place]
    rows = np.tile(mean, (n_rows, 1))
    rows[:, varying] = np.array(drawn) * scale[varying] + mean[varying]
    return rows


_DRAWN = {
    "local": lambda *given: _of_mixture(5.0, 1.0, *given),
    "global": _global,
    "dependency": _dependency,
    "cluster": lambda *given: _of_mixture(1.0, 5.0, *given),
}


def judged(outliers: Outliers) -> dict[str, Figures]:
    """Return AUROC and average precision of every score (`said`), and of every way to join the questions (`joined`)."""
    frame = pd.DataFrame(outliers.x, columns=[f"x{place}" for place in range(outliers.x.shape[1])])
    varying = {str(name): "real" for name in frame.columns[frame.to_numpy().std(axis=0) > 0]}
    dataset = load(frame, ReadConfig(kinds=varying))
    config = FitConfig()
    found, score = judge_own(fit_encoding(dataset, max_levels=100), dataset.frame, dataset.schema, config)
    features = fit_features(dataset.frame, dataset.schema).encode(dataset.frame, dataset.schema)
    neighbours = NearestNeighbors(n_neighbors=min(51, len(features) - 1)).fit(features)
    ranks = np.column_stack([rank_nats(member) for member in found.surprises.T])
    scores: dict[str, Values] = {
        OURS: score.compared.joined.score(found.surprises),
        M3: ranks[:, :3].sum(axis=1),
        NEIGHBOURS: neighbours.kneighbors(features)[0][:, -1],
        **dict(zip(OF_TABLES, np.asarray(found.surprises, np.float64).T, strict=True)),
    }
    return {
        "said": {name: auroc_and_precision(outliers.y, values) for name, values in scores.items()},
        "joined": {
            name: auroc_and_precision(outliers.y, values) for name, values in _ways(found.surprises, ranks).items()
        },
    }


def _ways(surprises: npt.NDArray[np.floating], ranks: Values) -> Mapping[str, Values]:
    """Return what was weighed: sums of powers, of ranks or of surprises no larger than 1.5 times those of the first."""
    limited = np.minimum(np.asarray(surprises, np.float64), 1.5 * np.log(len(ranks)))
    some = {"all five": [0, 1, 2, 3, 4], "M3": [0, 1, 2], "M3, all cells": [0, 1, 2, 3], "two": [1, 4]}
    return {
        f"{name}, {of}, power {power}": (values[:, chosen] ** power).sum(axis=1)
        for name, chosen in some.items()
        for of, values in (("ranks", ranks), ("surprises", limited))
        for power in (1, 2, 3)
    }


def by_kind(
    part: str, bases: set[str], found: Sequence[tuple[Outliers, dict[str, Figures]]]
) -> Iterator[dict[str, Any]]:
    """Yield a row per kind and score, with the mean over the sets of some bases."""
    for kind in ("real", *KINDS):
        of_kind = [figures["said"] for outliers, figures in found if outliers.kind == kind and outliers.base in bases]
        if of_kind:
            row: dict[str, Any] = {"sets": part, "kind": kind, "n": len(of_kind)}
            for name in of_kind[0]:
                auroc, precision = np.mean([each[name] for each in of_kind], axis=0)
                row[name] = f"{auroc:.3f} / {precision:.3f}"
            yield row


def differences(kinds: Sequence[str], found: Sequence[tuple[Outliers, dict[str, Figures]]]) -> Iterator[dict[str, Any]]:
    """Yield what the score gains over each other, and what a choice by rotation does, with intervals over bases."""
    of_kinds = [(outliers.base, figures) for outliers, figures in found if outliers.kind in kinds]
    bases = sorted({base for base, _ in of_kinds})
    said = {base: [figures["said"] for own, figures in of_kinds if own == base] for base in bases}
    joined = {base: [figures["joined"] for own, figures in of_kinds if own == base] for base in bases}
    rotated = _rotated(joined)
    for name in [*(other for other in said[bases[0]][0] if other != OURS), "rotation"]:
        gains = {
            base: np.array(
                [
                    np.subtract(own[OURS], rotated[base][place] if name == "rotation" else own[name])
                    for place, own in enumerate(said[base])
                ]
            )
            for base in bases
        }
        yield {"kinds": " ".join(kinds), "sets": len(of_kinds), f"{OURS} less": name, **_interval(gains)}


def _rotated(joined: Mapping[str, list[Figures]]) -> dict[str, list[tuple[float, float]]]:
    """Return by base the figures of the way that is best, in the sum of both measures, on all other bases."""
    mean = {
        base: {way: float(np.mean([sum(each[way]) for each in own])) for way in own[0]} for base, own in joined.items()
    }
    chosen = {}
    for base, own in mean.items():
        elsewhere = {way: float(np.mean([mean[other][way] for other in mean if other != base])) for way in own}
        chosen[base] = max(elsewhere, key=lambda way: elsewhere[way])
    return {base: [each[chosen[base]] for each in own] for base, own in joined.items()}


def _interval(gains: Mapping[str, Values]) -> dict[str, str]:
    draw, own = np.random.default_rng(0), list(gains.values())
    drawn = [
        np.concatenate([own[place] for place in draw.integers(0, len(own), len(own))]).mean(axis=0)
        for _ in range(_RESAMPLES)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    mean = np.concatenate(own).mean(axis=0)
    return {
        measure: f"{mean[place]:+.3f} [{low[place]:+.3f}, {high[place]:+.3f}]"
        for place, measure in enumerate(("AUROC", "average precision"))
    }


if __name__ == "__main__":
    main()
