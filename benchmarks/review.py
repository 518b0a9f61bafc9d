"""Protocol `calibration`, the part on readers: what is known of a list, and how it is mended, after a few judgements.

    python -m benchmarks.review [--data PATH] [--readers K] [--sets a,b] [--resume]

Every .npz of DATA/adbench (X, y), at most 3,000 rows with at least ten outliers: fitted by `vaeaudit fit --preset
quick` without labels. Then K simulated readers judge 0, 5, 10 and 20 of the rows that `vaeaudit review` would propose,
by the labels, and are mistaken in a tenth. Measured: the share of wrong rows among the first 10, 20, 50 and 1 % of the
list, as it is told and as it is (mean absolute error beside that of the best constant; coverage of the 95 % interval),
and AUROC and average precision of the rows that were *not* judged, in the order of the list and in that after the
judgements. How it is done was chosen on sets whose name has an even CRC-32; the others are held out. Results are
written after each set.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import average_precision_score, roc_auc_score

from benchmarks import record
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.outliers.review import reranked
from vaeaudit.statistics.judged import Judged, WrongByPlace, spread_places
from vaeaudit.workflow.fit import fit
from vaeaudit.workflow.inputs import inputs_of

NAME = "review"
JUDGED = (0, 5, 10, 20)
PLACES = (10, 20, 50)
MISTAKEN = 0.1
_LEVEL = 0.95
_MOST_ROWS, _FEWEST = 3_000, 10


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=record.DATA)
    parser.add_argument("--readers", type=int, default=5)
    parser.add_argument("--sets", type=lambda text: text.split(","), default=[], help="names of files, without .npz")
    parser.add_argument("--resume", action="store_true", help="leave out sets that were measured already")
    arguments = parser.parse_args()
    folder = record.require(arguments.data, "adbench")
    readings = _stored() if arguments.resume or arguments.sets else []
    for name in arguments.sets or sorted(path.stem for path in folder.glob("*.npz")):
        if arguments.resume and any(reading["set"] == name for reading in readings):
            continue
        readings = [reading for reading in readings if reading["set"] != name]
        table, outlier = sample(record.require(folder, f"{name}.npz"))
        if outlier.sum() < _FEWEST:
            print(f"{name}: left out, {outlier.sum()} outliers", flush=True)
            continue
        inputs = fitted(table)
        if len(inputs.row_ids) != len(outlier):
            raise RuntimeError(f"{name}: {len(inputs.row_ids)} of {len(outlier)} rows were scored")
        readings += measured(name, inputs, outlier, arguments.readers)
        print(name, flush=True)
        record.write(
            NAME,
            figures(readings),
            data="adbench",
            seeds=range(arguments.readers),
            details={"readings": readings},
        )
    for title, rows in figures(readings).items():
        print(f"\n{title}\n{record.table(rows)}")


def sample(path: Path) -> tuple[pd.DataFrame, npt.NDArray[np.bool_]]:
    """Return rows of a set without their labels, and which of them [N] are outliers."""
    with np.load(path) as archive:
        x, outlier = archive["X"].astype(np.float64), archive["y"].astype(bool)
    kept = np.random.default_rng(0).permutation(len(x))[:_MOST_ROWS]
    return pd.DataFrame(x[kept], columns=[f"x{column}" for column in range(x.shape[1])]), outlier[kept]


def fitted(table: pd.DataFrame) -> AuditInputs:
    """Fit a table; return what a review starts from."""
    with tempfile.TemporaryDirectory() as place:
        table.to_parquet(Path(place) / "table.parquet")
        run = fit(Path(place) / "table.parquet", preset="quick", run=Path(place) / "run")
        return inputs_of(run, run.config.analysis)


def measured(
    name: str, inputs: AuditInputs, outlier: npt.NDArray[np.bool_], n_readers: int
) -> Iterator[dict[str, Any]]:
    """Yield what is measured with each reader and number of judgements."""
    ranked = inputs.scores.most_atypical_first
    wrong, n_rows = outlier[ranked], len(ranked)
    for reader in range(n_readers):
        for n_judged in JUDGED:
            rng = np.random.default_rng([reader, n_judged])
            place = spread_places(n_rows, n_judged, np.zeros(0, np.int64), seed=reader)
            judged = Judged(place, wrong[place] ^ (rng.random(len(place)) < MISTAKEN), n_rows)
            rest = np.setdiff1d(np.arange(n_rows), place)
            order = np.empty(n_rows, np.int64)
            order[reranked(inputs, judged)] = np.arange(n_rows)
            told = WrongByPlace.of(judged)
            at = sorted({k for k in (*PLACES, round(n_rows / 100)) if 1 <= k <= n_rows})
            yield {
                "set": name,
                "reader": reader,
                "judged": n_judged,
                "places": [_place(told, wrong, k) for k in at],
                **_ranking("before", wrong[rest], -rest),
                **_ranking("after", wrong[rest], -order[ranked[rest]]),
            }


def _place(told: WrongByPlace, wrong: npt.NDArray[np.bool_], k: int) -> dict[str, float]:
    share, interval = told.first(k, _LEVEL)
    return {"k": k, "told": share, "low": interval.low or 0.0, "high": interval.high or 0.0, "is": wrong[:k].mean()}


def _ranking(when: str, wrong: npt.NDArray[np.bool_], score: npt.NDArray[np.int64]) -> dict[str, float]:
    if not wrong.any() or wrong.all():
        return {}
    return {
        f"auroc_{when}": float(roc_auc_score(wrong, score)),
        f"ap_{when}": float(average_precision_score(wrong, score)),
    }


def is_held_out(name: str) -> bool:
    """Whether nothing was chosen on a set of this name."""
    return zlib.crc32(name.encode()) % 2 == 1


def figures(readings: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return the tables that are shown: held-out sets, the others, and each set by itself."""
    found = {
        "held_out": _by_judged([reading for reading in readings if is_held_out(reading["set"])]),
        "chosen_on": _by_judged([reading for reading in readings if not is_held_out(reading["set"])]),
        "per_set_after_20": [
            {"set": name, "held out": is_held_out(name), **_by_judged(own)[-1]}
            for name in dict.fromkeys(reading["set"] for reading in readings)
            if (own := [reading for reading in readings if reading["set"] == name])
        ],
    }
    return {name: rows for name, rows in found.items() if rows}


def _by_judged(readings: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"judged": n_judged, "sets": len({one["set"] for one in own}), **_means(own)}
        for n_judged in JUDGED
        if (own := [reading for reading in readings if reading["judged"] == n_judged])
    ]


def _means(readings: Sequence[dict[str, Any]]) -> dict[str, float]:
    places = pd.DataFrame([place for reading in readings for place in reading["places"]])
    ranked = pd.DataFrame([reading for reading in readings if "ap_after" in reading])
    inside = places["is"].between(places["low"] - 1e-9, places["high"] + 1e-9)
    means = {
        "error": float((places["told"] - places["is"]).abs().mean()),
        "error of the best constant": float((places["is"] - places["is"].median()).abs().mean()),
        "coverage of 95 %": float(inside.mean()),
        "width": float((places["high"] - places["low"]).mean()),
    }
    for measure in ("auroc", "ap"):
        for when in ("before", "after"):
            means[f"{measure} {when}"] = float(ranked[f"{measure}_{when}"].mean())
    return means


def _stored() -> list[dict[str, Any]]:
    path = record.RESULTS / f"{NAME}.json"
    if not path.exists():
        return []
    readings: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["readings"]
    return readings


if __name__ == "__main__":
    main()
