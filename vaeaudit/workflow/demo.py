"""The demo: generated people, audited end to end, with the planted truth beside what was found."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from vaeaudit.analysis.grouping.rules import apply_rule, f1
from vaeaudit.config import FitConfig, ReadConfig
from vaeaudit.errors import UsageError
from vaeaudit.outputs.region_rules import Condition
from vaeaudit.progress import Listener, ignore
from vaeaudit.samples import People, matching, people
from vaeaudit.statistics.measures import Interval
from vaeaudit.storage.files import cannot_write, make_folder, replacing
from vaeaudit.storage.locks import LOCK, PATIENCE, Lock
from vaeaudit.wording import numbers, phrases
from vaeaudit.workflow.fit import fit
from vaeaudit.workflow.report import report

#: A region has found a gap if the two overlap with at least this F1 score over the rows before deletion (PROTOCOLS).
FOUND_F1 = 0.5
#: Left in the demo's folder, so that a later demo knows that it may replace it.
_MARK = ".vaeaudit-demo"


@dataclass(frozen=True)
class PlantedItem:
    """One planted truth, and whether and how the audit found it."""

    planted: str
    found: bool
    how: str


@dataclass(frozen=True)
class Demonstration:
    """What was planted and found, where the report and the run are, and the states of the report's checks."""

    items: tuple[PlantedItem, ...]
    page: Path
    run: Path
    checks: tuple[Mapping[str, Any], ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        planted = [asdict(item) for item in self.items]
        return {"report": str(self.page), "run": str(self.run), "planted": planted, "checks": list(self.checks)}


def run(
    folder: Path,
    *,
    n_rows: int = 12_000,
    seed: int = 0,
    on_progress: Listener = ignore,
    is_interrupted: Callable[[], bool] = lambda: False,
) -> Demonstration:
    """Generate people, audit them, and hold the report against the truth.

    Parameters
    ----------
    folder
        Gets `people.csv`, `population.csv`, `run/` and `report/`.
    n_rows, seed
        Of `vaeaudit.samples.people`.
    on_progress, is_interrupted
        As in `vaeaudit.workflow.fit.fit`.

    Raises
    ------
    UsageError
        Where `folder` holds something that is not an earlier demo.
    """
    make_folder(folder, option="--out")
    try:
        lock = Lock.take(folder / LOCK, patience=PATIENCE)
    except OSError as error:
        raise cannot_write(f"--out {folder}", error) from error
    if lock is None:
        raise UsageError(
            f"--out {folder}: another demo is running there.", hint="Wait for it, or choose another --out."
        )
    with lock:
        return _run(folder, n_rows, seed, on_progress, is_interrupted)


def _run(
    folder: Path, n_rows: int, seed: int, on_progress: Listener, is_interrupted: Callable[[], bool]
) -> Demonstration:
    _make_room(folder)
    truth = people(n_rows, seed=seed)
    for name, frame in (("people.csv", truth.frame), ("population.csv", truth.population)):
        with replacing(folder / name) as stream:
            frame.to_csv(stream, index=False)
    read = ReadConfig(id="person_id", label="loan_approved", sensitive=("sex", "age"), include=("age",))
    fitted = fit(
        folder / "people.csv",
        FitConfig(read=read, seed=seed),
        run=folder / "run",
        population=folder / "population.csv",
        on_progress=on_progress,
        is_interrupted=is_interrupted,
    )
    page = report(fitted, out=folder / "report", on_progress=on_progress).page
    document = json.loads((page.parent / "report.json").read_text(encoding="utf-8"))
    complete = people(n_rows, seed=seed, gaps=False, outlier_share=0.0)
    items = (*_gaps(truth, complete.frame, document), *_outliers(truth, page.parent), _proxy(truth, document))
    return Demonstration(items, page, fitted.path, tuple(document["checks"]))


def _make_room(folder: Path) -> None:
    try:
        if any(entry.name != LOCK for entry in folder.iterdir()) and not (folder / _MARK).is_file():
            raise UsageError(f"--out {folder}: the folder holds something else.", hint="Name an empty or a new folder.")
        (folder / _MARK).touch(0o600)
        for name in ("run", "report"):
            if (folder / name).exists():
                shutil.rmtree(folder / name)
    except OSError as error:
        raise cannot_write(f"--out {folder}", error) from error


def _gaps(truth: People, complete: pd.DataFrame, document: dict[str, Any]) -> list[PlantedItem]:
    """Hold each gap against the regions, on the rows as they were before anything was deleted."""
    items = []
    for gap in truth.gaps:
        planted = matching(complete, gap.query)
        scored = [(f1(_members(complete, region), planted), region) for region in document["regions"]]
        best, region = max(scored, key=lambda pair: pair[0], default=(0.0, None))
        how = "no region overlaps it"
        if region is not None:
            how = (
                f"{region['id']}: {phrases.plural(region['observed'], 'row')} where "
                f"{numbers.expected(region['expected'])} are expected ({region['baseline']}), F1 {numbers.ratio(best)}"
            )
        deleted = f"{numbers.count(gap.deleted)} of {numbers.count(gap.deleted + gap.remaining)} rows deleted"
        items.append(PlantedItem(f"{gap.name}: {deleted}", best >= FOUND_F1, how))
    return items


def _members(frame: pd.DataFrame, region: dict[str, Any]) -> np.ndarray:
    typed = frame.assign(member_since=pd.to_datetime(frame["member_since"]))
    return apply_rule(tuple(Condition(**condition) for condition in region["rule"]), typed)


def _outliers(truth: People, folder: Path) -> list[PlantedItem]:
    """Hold the list, read down to twice as many rows as are broken, and the flags against the truth."""
    rows = pd.read_parquet(folder / "rows.parquet").sort_values(
        ["outlier", "outlier_score"], ascending=False, kind="stable"
    )
    flagged, read = set(rows.query("outlier")["row_id"]), 2 * len(truth.outliers)
    listed, items = set(rows["row_id"].head(read)), []
    for kind in dict.fromkeys(truth.outliers.values()):
        broken = [row for row, what in truth.outliers.items() if what == kind]
        hits = sum(row in listed for row in broken)
        how = f"{hits} of {len(broken)} among the first {read} of the list, {sum(r in flagged for r in broken)} flagged"
        items.append(PlantedItem(f"{len(broken)} rows: {kind}", 2 * hits > len(broken), how))
    false = len(flagged - set(truth.outliers))
    kept = len(truth.frame) - len(truth.outliers)
    share = numbers.share(false / max(1, len(flagged)))
    how = f"{false} of {phrases.plural(kept, 'sound row')} flagged, {share} of all flags"
    return [*items, PlantedItem("all other rows are sound", false <= 0.1 * len(flagged), how)]


def _proxy(truth: People, document: dict[str, Any]) -> PlantedItem:
    entry = next(p for p in document["proxies"] if p["attribute"] == "sex" and p["from"] == "columns")
    strongest = max(entry["by_column"], key=entry["by_column"].get)
    auc = numbers.with_interval(entry["auc"], Interval(**entry["ci"]), "ratio")
    how = f"{strongest}; together the columns reach AUC {auc}"
    return PlantedItem(f"{truth.proxy} gives sex away", strongest == truth.proxy, how)
