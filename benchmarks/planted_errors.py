"""Protocol `planted_errors`: wrong cells in one row of a hundred of mixed tables, and who finds the rows and the cells.

    python -m benchmarks.planted_errors [--data PATH] [--seeds K] [--rows N] [--table NAME ...]

One error of eight kinds is planted in each of the rows (`vaeaudit.samples.planting`), and the table is written and read
as its owner's would be. Rows: AUROC and average precision of the score of `vaeaudit fit`; precision among as many rows
of highest score as are broken. Cells: whether the first reason of the broken rows among twice as many is the guilty
cell; a plausible value of another group cannot be told and counts apart. Beside it, on the same rows: isolation
forest, robust distance, LeSiNN, M3, one boosted model per column (cross-validated; the largest rank of surprise over
columns), and a forest per column (out of bag, likewise). Also what is flagged in the tables as they are.

None of these tables was in view when the score was chosen.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.preprocessing import OrdinalEncoder

from benchmarks import record
from benchmarks.detection import rank_nats
from benchmarks.planted_columns import tables_at_hand
from vaeaudit.config import FitConfig, Preset
from vaeaudit.data.dataset import Dataset
from vaeaudit.outputs.latents import CellExpectations, LatentCodes
from vaeaudit.outputs.row_scores import RowScores
from vaeaudit.samples import people
from vaeaudit.samples.planting import BrokenRows, plant_errors
from vaeaudit.scoring.cells import suspicious
from vaeaudit.workflow.reading import inspect
from vaeaudit.workflow.trained.table import TrainedTable

OURS = "vaeaudit"
#: Cannot be told from what the table may hold.
PLAUSIBLE = "value from another group"
_SHARE = 0.01
Scores = dict[str, npt.NDArray[np.float64]]


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=record.DATA)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--table", action="append")
    arguments = parser.parse_args()
    rows: list[dict[str, Any]] = []
    cells: list[dict[str, Any]] = []
    clean: list[dict[str, Any]] = []
    for name, frame in tables(arguments.data, arguments.rows):
        if arguments.table and name not in arguments.table:
            continue
        clean.append(as_it_is(name, frame))
        print(clean[-1], flush=True)
        for seed in range(arguments.seeds):
            found, told = planted(name, frame, seed)
            rows += found
            cells.append(told)
            print(record.table(found), told, sep="\n", flush=True)
    figures = {"rows": rows, "over all tables": _means(rows), "cells": cells, "as they are": clean}
    print(record.table(figures["over all tables"]))
    if not arguments.table:
        record.write("planted_errors", figures, data=f"{len(clean)} tables, as named", seeds=range(arguments.seeds))


def tables(data: Path, most_rows: int) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield name and rows of each table."""
    yield from tables_at_hand(data, most_rows)
    yield "people", people(min(4000, most_rows), seed=0).frame


def _read(frame: pd.DataFrame) -> Dataset:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        frame.to_csv(path, index=False)
        return inspect(path)


def _judge(dataset: Dataset, seed: int) -> tuple[LatentCodes, RowScores, CellExpectations]:
    """Return what `fit --preset quick` knows of rows and cells."""
    prepared = TrainedTable.prepare(dataset, FitConfig(preset=Preset.QUICK, seed=seed))
    trained, codes, _ = TrainedTable.learn(prepared.train(), dataset, prepared, lambda done: None)
    scores = trained.row_scores(codes)
    return codes, scores, trained.cells(dataset.frame, codes, scores)


def as_it_is(name: str, frame: pd.DataFrame) -> dict[str, Any]:
    """Count the rows and cells that are flagged in a table without planted errors."""
    dataset = _read(frame)
    codes, scores, cells = _judge(dataset, 0)
    flagged = suspicious(cells.p_value, len(codes) * len(codes.columns), fdr=scores.fdr)
    return {
        "table": name,
        "rows": len(codes),
        "rows flagged": int(scores.outlier.sum()),
        "cells flagged": int(flagged.sum()),
    }


def planted(name: str, frame: pd.DataFrame, seed: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Plant errors in a table; return a row per detector, and what is said of the cells."""
    dataset, broken = _broken(_read(frame), seed)
    is_broken = np.isin(np.arange(len(dataset)), broken.source)
    codes, scores, cells = _judge(dataset, seed)
    if codes.surprises is None:
        raise ValueError("rows of a table have surprises")
    ranks = [rank_nats(member) for member in codes.surprises.T]
    detectors: Scores = {
        OURS: np.asarray(scores.outlier_score, np.float64),
        "isolation forest": ranks[0],
        "robust distance": ranks[1],
        "LeSiNN": ranks[2],
        "M3": ranks[0] + ranks[1] + ranks[2],
        "one cell": ranks[4],
        **per_column(dataset, seed),
    }
    found = [
        {"table": name, "seed": seed, "detector": detector, **_found(is_broken, score)}
        for detector, score in detectors.items()
    ]
    return found, {"table": name, "seed": seed, **_told(codes, scores, cells, broken)}


def _broken(dataset: Dataset, seed: int) -> tuple[Dataset, BrokenRows]:
    """Return the table with errors, read anew, and which."""
    rng = np.random.default_rng(seed)
    columns = [column.name for column in dataset.schema.modelled if not column.derived]
    rows = rng.permutation(len(dataset))[: max(10, round(_SHARE * len(dataset)))]
    broken = plant_errors(dataset.frame, columns, rows, rng)
    frame = dataset.frame.copy()
    for name in columns:
        cells = frame[name].copy()
        cells.iloc[broken.source] = broken.frame[name].to_numpy()
        frame[name] = cells
    return _read(frame), broken


def _found(is_broken: npt.NDArray[np.bool_], score: npt.NDArray[np.floating]) -> dict[str, float]:
    first = np.argsort(-score, kind="stable")[: is_broken.sum()]
    return {
        "AUROC": round(float(roc_auc_score(is_broken, score)), 3),
        "average precision": round(float(average_precision_score(is_broken, score)), 3),
        "precision": round(float(is_broken[first].mean()), 3),
    }


def _told(codes: LatentCodes, scores: RowScores, cells: CellExpectations, broken: BrokenRows) -> dict[str, Any]:
    listed = set(scores.most_atypical_first[: 2 * len(broken)].tolist())
    guilty = dict(zip(broken.source.tolist(), broken.guilty, strict=True))
    kinds = dict(zip(broken.source.tolist(), broken.kinds, strict=True))
    told = [row for row in guilty if row in listed and kinds[row] != PLAUSIBLE]
    first = [codes.columns[codes.reason_column[row, 0]] in guilty[row] for row in told]
    flagged = np.flatnonzero(suspicious(cells.p_value, len(codes) * len(codes.columns), fdr=scores.fdr))
    right = [codes.columns[cells.column[at]] in guilty.get(int(cells.row[at]), ()) for at in flagged]
    by_kind = {kind: sum(row in listed for row in guilty if kinds[row] == kind) for kind in sorted(set(broken.kinds))}
    return {
        "broken": len(broken),
        "listed": len([row for row in guilty if row in listed]),
        "guilty cell first": f"{sum(first)} of {len(first)}",
        "rows flagged": int(scores.outlier.sum()),
        "rightly": int(np.isin(np.flatnonzero(scores.outlier), broken.source).sum()),
        "cells flagged": len(flagged),
        "rightly so": sum(right),
        **{f"listed: {kind}": f"{count} of {broken.kinds.count(kind)}" for kind, count in by_kind.items()},
    }


def per_column(dataset: Dataset, seed: int) -> Scores:
    """Return the largest rank of surprise over columns, by boosting across folds and by forests out of bag."""
    columns = [column for column in dataset.schema.modelled if not column.derived]
    levelled = [column.name for column in columns if column.kind.is_levelled]
    frame = dataset.frame[[column.name for column in columns]].copy()
    frame[levelled] = OrdinalEncoder(encoded_missing_value=-1).fit_transform(frame[levelled].astype(object))
    values = frame.apply(lambda cells: cells.astype("int64") if cells.dtype.kind == "M" else cells).astype(float)
    ranks: dict[str, list[npt.NDArray[np.float64]]] = {"boosted per column": [], "forest per column": []}
    for name in values:
        others = values.drop(columns=[name])
        known = dataset.frame[name].notna().to_numpy()
        is_level = name in levelled
        for detector, surprise in (
            ("boosted per column", _boosted(others[known], values[name][known], seed, is_level=is_level)),
            (
                "forest per column",
                _out_of_bag(others[known].fillna(-1e6), values[name][known], seed, is_level=is_level),
            ),
        ):
            whole = np.zeros(len(values))
            whole[known] = rank_nats(surprise)
            ranks[detector].append(whole)
    return {detector: np.max(found, axis=0) for detector, found in ranks.items()}


def _boosted(x: pd.DataFrame, y: pd.Series, seed: int, *, is_level: bool) -> npt.NDArray[np.float64]:
    folds = KFold(3, shuffle=True, random_state=seed)
    if not is_level:
        said = cross_val_predict(HistGradientBoostingRegressor(max_iter=60, random_state=seed), x, y, cv=folds)
        return np.asarray(np.abs(y.to_numpy() - said))
    if y.nunique() < 2:
        return np.zeros(len(y))
    learner = HistGradientBoostingClassifier(max_iter=60, random_state=seed, early_stopping=False)
    return _of_levels(y, cross_val_predict(learner, x, y, cv=folds, method="predict_proba"))


def _out_of_bag(x: pd.DataFrame, y: pd.Series, seed: int, *, is_level: bool) -> npt.NDArray[np.float64]:
    settings = {"n_estimators": 60, "oob_score": True, "bootstrap": True, "random_state": seed, "n_jobs": 1}
    if not is_level:
        return np.asarray(np.abs(y.to_numpy() - RandomForestRegressor(**settings).fit(x, y).oob_prediction_))
    return _of_levels(y, RandomForestClassifier(**settings).fit(x, y).oob_decision_function_)


def _of_levels(y: pd.Series, said: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    codes = np.unique(y, return_inverse=True)[1]
    return -np.log(np.nan_to_num(said[np.arange(len(y)), codes], nan=1.0) + 1e-6)


def _means(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the mean of each detector, and by how much ours lies above it, with an interval over tables."""
    table = pd.DataFrame(rows).groupby(["detector", "table"], sort=False)[["AUROC", "average precision", "precision"]]
    mean = table.mean()
    found = []
    for detector in dict.fromkeys(row["detector"] for row in rows):
        gain = mean.loc[OURS] - mean.loc[detector]
        half = 2.78 * gain.std(ddof=1) / np.sqrt(len(gain))  # t of 4 degrees of freedom
        entry: dict[str, Any] = {"detector": detector}
        for measure in gain:
            entry[measure] = round(float(mean.loc[detector][measure].mean()), 3)
            if detector != OURS:
                low, high = gain[measure].mean() - half[measure], gain[measure].mean() + half[measure]
                entry[f"ours above, {measure}"] = f"{gain[measure].mean():+.3f} [{low:+.3f}, {high:+.3f}]"
        found.append(entry)
    return found


if __name__ == "__main__":
    main()
