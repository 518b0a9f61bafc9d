"""Protocol `outliers`: rows that do not belong, found in tables by our score and by PyOD's; labels never seen.

    python -m benchmarks.outliers [--data PATH] [--seeds K] [--sets a,b] [--part PART ...] [--resume]

Every .npz of DATA/adbench (X, y): fitted to all rows, and the same rows scored, everything at the defaults for every
set. Detectors are given the numbers only, as a file of their own. Parts:

    vaeaudit     `BetaVAEDetector`, a process for each set and seed; before each, one that only imports the same
    detectors    PyOD's IForest, INNE, COPOD, ECOD, HBOS, CBLOF, KNN, PCA, LOF, a process for each set (`make peers`)
    vae          PyOD's VAE, likewise

Results are written after each set. A whole run starts anew; with --sets or --part the rest stays as it was, and
--resume leaves out what was measured already. Seconds of ours are compared with the isolation forest's only where both
were measured in the same run.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import detection, peers, record
from benchmarks.detection import AUROC, AVERAGE_PRECISION, OURS, Run, Table

_DETECTORS = ("IForest", "INNE", "COPOD", "ECOD", "HBOS", "CBLOF", "KNN", "PCA", "LOF")
_VAE = "VAE"
_OUR_SCRIPT = record.FOLDER / "beta_vae_scores.py"
_OUR_IMPORTS = "import vaeaudit.models, vaeaudit.sklearn"


@dataclass(frozen=True)
class Bench:
    """What a run of the benchmark shares: the seeds, a folder to put files in, when it was started."""

    seeds: Sequence[int]
    folder: Path
    started: str


@dataclass(frozen=True)
class Results:
    """What has been measured so far, in this run and in earlier ones."""

    tables: dict[str, Table]
    runs: list[Run]

    def has(self, table: str, part: str, seeds: Iterable[int]) -> bool:
        """Whether every detector of a part ran on a set with every seed."""
        done = {(run.detector, run.seed) for run in self.runs if run.table == table}
        return all((detector, seed) in done for detector in PARTS[part].detectors for seed in seeds)

    def replace(self, table: Table, part: str, runs: Iterable[Run]) -> None:
        """Put the runs of a part on a set in the place of earlier ones."""
        self.tables[table.name] = table
        replaced = PARTS[part].detectors
        kept = [run for run in self.runs if run.table != table.name or run.detector not in replaced]
        self.runs[:] = [*kept, *runs]


def main() -> None:
    """Measure, print and write."""
    arguments = _arguments()
    folder = record.require(arguments.data, "adbench")
    names = arguments.sets or sorted(path.stem for path in folder.glob("*.npz"))
    wanted = [record.require(folder, f"{name}.npz") for name in names]
    parts = [part for part in PARTS if part in (arguments.part or PARTS)]
    if set(parts) - {"vaeaudit"}:
        peers.require("tables")
    anew = not (arguments.resume or arguments.part or arguments.sets)
    results = Results({}, []) if anew else stored()
    with tempfile.TemporaryDirectory() as place:
        bench = Bench(range(arguments.seeds), Path(place), datetime.now(UTC).isoformat(timespec="seconds"))
        for path in wanted:
            left = [part for part in parts if not (arguments.resume and results.has(path.stem, part, bench.seeds))]
            measure(path, left, bench, results)
            write(results)
    for name, rows in figures(results).items():
        print(f"\n{name}\n{record.table(rows)}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=record.DATA)
    parser.add_argument("--seeds", type=int, default=3, help="how many, from 0 on; 3")
    parser.add_argument("--sets", type=lambda text: text.split(","), default=[], help="names of files, without .npz")
    parser.add_argument("--part", choices=PARTS, action="append", help="may be repeated; all")
    parser.add_argument("--resume", action="store_true", help="leave out what was measured already")
    return parser.parse_args()


def measure(path: Path, parts: Iterable[str], bench: Bench, results: Results) -> None:
    """Run the parts on one set, one after the other, and print a line for each detector."""
    with np.load(path) as archive:
        x, outlier = archive["X"].astype(np.float64), archive["y"].astype(bool)
    table = Table(path.stem, len(x), x.shape[1], int(outlier.sum()))
    unlabelled = bench.folder / "table.npy"
    np.save(unlabelled, x)
    for part in parts:
        load = os.getloadavg()[0]
        found = PARTS[part].run(unlabelled, bench)
        runs = [
            Run(table=table.name, measured=bench.started, load=load, **(facts | _judged(scores, outlier, facts)))
            for facts, scores in found
        ]
        results.replace(table, part, runs)
        _say(table, runs)


#: Fields of a run, and its scores [N] where it did not fail.
Found = list[tuple[dict[str, Any], npt.NDArray[np.floating] | None]]


def run_ours(table: Path, bench: Bench) -> Found:
    """Fit and score with each seed, each in a process of its own, after one that only imports the same."""
    found: Found = []
    scores = bench.folder / "scores.npy"
    software = f"vaeaudit {version('vaeaudit')}"
    for seed in bench.seeds:
        start = record.process([sys.executable, "-c", _OUR_IMPORTS])
        facts: dict[str, Any] = {"detector": OURS, "seed": seed, "software": software, "import_s": start.wall_s}
        try:
            done = record.process([sys.executable, str(_OUR_SCRIPT), str(table), str(scores), "--seed", str(seed)])
        except RuntimeError as error:  # counted as a failure, like those of the peers
            found.append((facts | {"failure": str(error).strip().splitlines()[-1][:200]}, None))
            continue
        seconds = json.loads(done.stdout.splitlines()[-1])["seconds"]
        found.append((facts | {"seconds": seconds, "process_s": done.wall_s}, np.load(scores)))
    return found


def run_detectors(names: Sequence[str]) -> Callable[[Path, Bench], Found]:
    """Return what fits and scores with PyOD's detectors, all seeds in one process."""

    def run(table: Path, bench: Bench) -> Found:
        scores = bench.folder / "scores.npz"
        seeds = [str(seed) for seed in bench.seeds]
        settings = [str(table), str(scores), "--detectors", *names, "--seeds", *seeds]
        done = record.process(peers.command("tables", "pyod_detectors.py", *settings))
        said = json.loads(done.stdout.splitlines()[-1])
        with np.load(scores) as archive:
            return [
                (facts | {"software": said["software"]}, archive.get(f"{facts['detector']} {facts['seed']}"))
                for facts in said["runs"]
            ]

    return run


@dataclass(frozen=True)
class Part:
    """Detectors that run together, and what runs them."""

    detectors: tuple[str, ...]
    run: Callable[[Path, Bench], Found]


PARTS = {
    "vaeaudit": Part((OURS,), run_ours),
    "detectors": Part(_DETECTORS, run_detectors(_DETECTORS)),
    "vae": Part((_VAE,), run_detectors((_VAE,))),
}


def stored() -> Results:
    """Return what earlier runs have written."""
    path = record.RESULTS / "outliers.json"
    if not path.exists():
        return Results({}, [])
    document = json.loads(path.read_text(encoding="utf-8"))
    tables = {entry["name"]: Table(**entry) for entry in document["sets"]}
    return Results(tables, [Run(**entry) for entry in document["runs"]])


def write(results: Results) -> None:
    """Write figures, and the runs that they follow from; what a run has not is left out."""
    seeds = sorted({run.seed for run in results.runs})
    details = {
        "sets": [asdict(table) for table in results.tables.values()],
        "runs": [
            {name: value for name, value in asdict(run).items() if value not in (None, "")} for run in results.runs
        ],
    }
    record.write("outliers", figures(results), data="adbench", seeds=seeds, details=details)


def figures(results: Results) -> dict[str, list[dict[str, Any]]]:
    """Return the tables that are shown, those without a row left out."""
    runs, tables = results.runs, list(results.tables.values())
    allowed = detection.allowed_time(runs, tables)
    found = {
        "means_over_sets": detection.means(runs),
        "vaeaudit_against_each_peer": detection.paired(runs),
        "auroc_per_set": detection.per_set(runs, tables, AUROC),
        "average_precision_per_set": detection.per_set(runs, tables, AVERAGE_PRECISION),
        "seconds_of_fitting_and_scoring": detection.seconds_per_set(runs, tables),
        "time_against_what_is_allowed": detection.allowed_time_summary(allowed),
        "time_against_what_is_allowed_per_set": allowed,
        "failures": detection.failures(runs),
    }
    return {name: rows for name, rows in found.items() if rows}


def _judged(
    scores: npt.NDArray[np.floating] | None, outlier: npt.NDArray[np.bool_], facts: dict[str, Any]
) -> dict[str, Any]:
    return {"failure": facts["failure"]} if scores is None else detection.judge(scores, outlier)


def _say(table: Table, runs: Sequence[Run]) -> None:
    """Print results as they come, for a run takes an hour."""
    finished = {detector: detection.by_set(runs, detector, AUROC) for detector in detection.detectors(runs)}
    said = [f"{detector} {auroc[table.name]:.3f}" for detector, auroc in finished.items() if auroc]
    failed = sum(bool(run.failure) for run in runs)
    print(f"{table.name}: AUROC {', '.join(said)}; {failed} of {len(runs)} failed", flush=True)


if __name__ == "__main__":
    main()
