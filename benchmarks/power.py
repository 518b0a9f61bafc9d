"""Protocol `power`: what a run says that it could have seen, beside what is seen when faults are planted.

    python -m benchmarks.power [--data PATH] [--only NAME] [--table FILE LABEL] [--plantings K] [--part gaps|rows]

Adult (5,000 rows, against 5,000 others), COMPAS (one half against the other), attrition, and any further table. What
was measured of other tables before is kept. *gaps*: the recall that a run prints beside
that of other rules, drawn from another seed, in the same rows. *rows*: the recall that a run prints, which scores wrong
cells by the model as it is, beside that of runs that were made of broken copies, learned from the first row on.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import record
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.outliers.reasons import describe_reasons
from vaeaudit.analysis.power.results import Power
from vaeaudit.analysis.power.summary import pooled, summarise_power
from vaeaudit.outputs.plantings import Plantings
from vaeaudit.runs.reading import Run
from vaeaudit.samples.planting import BrokenRows, plant_errors
from vaeaudit.workflow.builder import rebuild
from vaeaudit.workflow.fit import fit
from vaeaudit.workflow.inputs import inputs_of
from vaeaudit.workflow.planted_gaps import SIZES, PlantedGaps, plant_gaps
from vaeaudit.workflow.planted_rows import BROKEN, Verdicts, counted, plant_rows, planted_columns
from vaeaudit.workflow.power import RULES
from vaeaudit.workflow.reading import read_data

PARTS = ("gaps", "rows")
#: Rows of Adult that are audited, and as many others that they are compared with.
_ADULT = 5_000
#: Seeds of what a run prints, and of what it is held against.
_PRINTED, _OTHER = 7_919, 500
_CONFIDENCE = 0.95


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=record.DATA)
    parser.add_argument("--only", action="append", metavar="NAME", help="adult, compas, attrition; may be repeated")
    parser.add_argument("--table", nargs=2, action="append", default=[], metavar=("FILE", "LABEL"))
    parser.add_argument("--plantings", type=int, default=200)
    parser.add_argument("--part", choices=PARTS, action="append")
    given = parser.parse_args()
    figures = record.figures_of("power")
    for name, frame, reference, label in _tables(given.data, given.table):
        if given.only and name not in given.only:
            continue
        for part in given.part or PARTS:
            measure = {"gaps": _gaps, "rows": _rows}[part]
            others = [row for row in figures.get(part, []) if _name(row) != name]
            figures[part] = others + _said(measure(name, frame, reference, label, given.plantings))
            names = dict.fromkeys(_name(row) for rows in figures.values() for row in rows)
            record.write("power", figures, data=", ".join(names), seeds=[_PRINTED, _OTHER])
    for part, rows in figures.items():
        print(f"\n{part}\n{record.table(rows)}")


def _name(row: dict[str, Any]) -> str:
    """Return the table of a row, without what it is held against."""
    return str(row["table"]).split(",")[0]


def _tables(
    data: Path, more: Sequence[tuple[str, str]]
) -> Iterator[tuple[str, pd.DataFrame, pd.DataFrame | None, str]]:
    cases = data.parent / "cases"
    adult = pd.read_csv(record.require(data, "tables/adult.csv"), na_values=["?"], skipinitialspace=True)
    yield "adult", *_two_parts(adult, _ADULT), "income"
    compas = pd.read_csv(record.require(cases, "tables/compas.csv"), low_memory=False)
    yield "compas", *_two_parts(compas, len(compas) // 2), "two_year_recid"
    yield "attrition", pd.read_csv(record.require(cases, "tables/attrition.csv")), None, "Attrition"
    for file, label in more:
        yield Path(file).stem, pd.read_csv(file), None, label


def _two_parts(frame: pd.DataFrame, n_rows: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw rows to be audited, and as many others to hold them against."""
    order = np.random.default_rng(0).permutation(len(frame))
    audited, other = (order[start : start + n_rows] for start in (0, n_rows))
    return frame.iloc[audited].reset_index(drop=True), frame.iloc[other].reset_index(drop=True)


def _gaps(
    name: str, frame: pd.DataFrame, reference: pd.DataFrame | None, label: str, plantings: int
) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        run = fit(frame, label=label, preset="quick", reference=reference, run=Path(folder) / "run")
        inputs = inputs_of(run, run.config.analysis)
    gaps = PlantedGaps.of(inputs, run.config.analysis, None, _PRINTED)
    n_rules = -(-plantings // len(SIZES))
    printed, measured = (
        _lines(plant_gaps(gaps, rules, seed, lambda done: None))
        for rules, seed in ((RULES, _PRINTED), (n_rules, _OTHER))
    )
    return [
        _beside(f"{name}, {gaps.baseline}", f"{share:.0%} deleted", (printed, measured), "first five", share)
        for share in dict.fromkeys(line.share for line in printed)
    ]


def _rows(
    name: str, frame: pd.DataFrame, reference: pd.DataFrame | None, label: str, plantings: int
) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        run = fit(frame, label=label, preset="quick", run=Path(folder) / "run")
        inputs = inputs_of(run, run.config.analysis)
        dataset, _ = read_data(frame, run.config.read, seed=0)
        printed = _lines(plant_rows(rebuild(run), dataset, inputs, _PRINTED))
        refits = -(-plantings // max(1, round(BROKEN * len(frame))))
        found = [line for seed in range(refits) for line in _refitted(run, inputs, _OTHER + seed, Path(folder))]
    measured = _lines(found)
    return [
        _beside(name, f"{kind}: {way}", (printed, measured), way, None if kind == "all kinds" else kind)
        for kind in ("all kinds", *dict.fromkeys(line.kind for line in printed))
        for way in ("first", "cell named")
    ]


def _lines(counts: Sequence[Any]) -> tuple[Power, ...]:
    return summarise_power(Plantings(0, tuple(counts)), _CONFIDENCE)


def _beside(
    table: str, what: str, recalls: tuple[Sequence[Power], Sequence[Power]], way: str, only: float | str | None
) -> dict[str, Any]:
    """Return one row: both recalls of what was found in a way, of all faults or those of one kind or share."""
    chosen = [
        [line for line in lines if line.found_as == way and only in (None, line.kind, line.share)] for lines in recalls
    ]
    said, seen = (pooled(lines) if lines else None for lines in chosen)
    row: dict[str, Any] = {"table": table, "what": what}
    for title, line in (("printed", said), ("measured", seen)):
        row[title] = "-" if line is None else round(line.recall, 3)
        row[f"{title}, of"] = 0 if line is None else line.planted
        row[f"{title}, interval"] = "-" if line is None else f"{line.ci.low:.2f} to {line.ci.high:.2f}"
    row["difference"] = "-" if said is None or seen is None else round(said.recall - seen.recall, 3)
    return row


def _refitted(run: Run, inputs: AuditInputs, seed: int, folder: Path) -> list[Any]:
    """Break one row in a hundred, make the run again from the first row on, and count what it tells."""
    rng = np.random.default_rng(seed)
    n_rows = len(inputs.frame)
    chosen = rng.permutation(n_rows)[: max(1, round(BROKEN * n_rows))]
    broken = plant_errors(inputs.frame, planted_columns(inputs), chosen, rng)
    frame = inputs.frame.copy()
    for name in broken.frame:
        values = frame[name].copy()
        values.iloc[broken.source] = broken.frame[name].to_numpy()
        frame[name] = values
    # kinds are found anew, as they would be: a count that is -999 makes its column one of numbers, and is not missing
    config = replace(run.config, read=replace(run.config.read, levels={}), seed=seed)
    again = fit(frame, config, run=folder / f"run-{seed}")
    told = _verdicts(inputs_of(again, config.analysis), broken)
    kinds_of = np.array(broken.kinds)
    return [line for kind in dict.fromkeys(broken.kinds) for line in counted(kind, kinds_of == kind, told)]


def _verdicts(inputs: AuditInputs, broken: BrokenRows) -> Verdicts:
    if len(inputs.frame) <= broken.source.max():
        raise RuntimeError("the run lost rows")
    reasons = describe_reasons(inputs, broken.source)
    return Verdicts(
        np.isin(broken.source, inputs.scores.most_atypical_first[: len(broken)]),
        np.array(
            [bool(found) and found[0].column in names for found, names in zip(reasons, broken.guilty, strict=True)]
        ),
    )


def _said(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Print rows as they come, for a table takes minutes."""
    for row in rows:
        print(json.dumps(row), flush=True)
    return rows


if __name__ == "__main__":
    main()
