"""The run directory: built out of sight, completed by its manifest, then renamed into place.

While `fit` works, everything is in `.<name>.partial` beside the final place; a run that was killed or interrupted
therefore never looks complete, and `--resume` finds it there.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.config import FitConfig
from vaeaudit.errors import UsageError
from vaeaudit.runs import artifacts, documents, store

MANIFEST = artifacts.MANIFEST.name
MANIFEST_FORMAT = 1
RUNS = Path("runs")
_TRAINING = artifacts.TRAINING.name.removesuffix(".npz")


def new_run_path(name: str, *, now: datetime | None = None) -> Path:
    """Return a new `runs/<name>-<time>`, with everything out of `name` that a folder's name should not hold.

    Parameters
    ----------
    name
        What the data is called.
    now
        The time in the folder's name; the present one where None.
    """
    safe = folder_name(name)
    stamp = (now or datetime.now(UTC)).strftime("%Y%m%d-%H%M%S")
    wanted = RUNS / f"{safe}-{stamp}"
    for attempt in count(2):
        if not wanted.exists() and not partial_path(wanted).exists():
            break
        wanted = RUNS / f"{safe}-{stamp}-{attempt}"  # started within the same second
    return wanted


def folder_name(name: str) -> str:
    """Return what a folder about this data is called: the name without its endings, and plain characters only.

    Parameters
    ----------
    name
        What the data is called.
    """
    return (re.sub(r"[^A-Za-z0-9._-]+", "-", Path(name).name.split(".")[0]).strip("-.") or "data")[:60]


def partial_path(path: Path) -> Path:
    """Return where the unfinished run of `path` is kept.

    Parameters
    ----------
    path
        Where the complete run will be.
    """
    return path.with_name(f".{path.name}.partial")


class RunWriter:
    """Builds a run directory in its partial place; `complete` makes it one.

    Parameters
    ----------
    path
        Where the run will be; must not exist yet.
    resume
        Go on in what an interrupted run left; else it is removed, so that settings of one fit never meet the
        training of another.

    Raises
    ------
    UsageError
        Where `path` exists, or cannot be created.
    """

    def __init__(self, path: Path, *, resume: bool = False) -> None:
        if path.exists():
            raise UsageError(f"--run {path}: the folder exists already.", hint="Choose another name, or move it away.")
        if str(path) != os.fsencode(path).decode("utf-8", errors="replace"):
            raise UsageError(f"--run {path}: the name is not UTF-8.", hint="Choose another name.")
        self.path = path
        self.folder = partial_path(path)
        try:
            if self.folder.exists() and not resume:
                shutil.rmtree(self.folder)
            (self.folder / "model").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"--run {path}: cannot be created ({error.strerror}).") from error

    def document(self, name: str, document: Mapping[str, Any]) -> None:
        """Write a JSON file of the run."""
        store.write_json(artifacts.path_in(self.folder, name), document)

    def arrays(self, name: str, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Write an `.npz` of the run."""
        store.write_arrays(artifacts.path_in(self.folder, name), arrays)

    def table(self, name: str, table: pd.DataFrame, *, note: str = "") -> None:
        """Write a Parquet or CSV table of the run."""
        store.write_table(artifacts.path_in(self.folder, name), table, note=note)

    def training_state(self, facts: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Keep what an interrupted training needs to go on; one file, so that it is whole or absent."""
        text = json.dumps(facts)
        store.write_arrays(self.folder / f"{_TRAINING}.npz", {**arrays, "facts": np.array(text)})

    def complete(self) -> Path:
        """Drop the training state, write the manifest, and rename the run into place."""
        (self.folder / f"{_TRAINING}.npz").unlink(missing_ok=True)
        for left_over in self.folder.rglob(store.BESIDE):  # of a writer that was killed
            left_over.unlink()
        files = sorted(file for file in self.folder.rglob("*") if file.is_file() and file.name != MANIFEST)
        digests = {file.relative_to(self.folder).as_posix(): store.sha256(file) for file in files}
        self.document(MANIFEST, {"format": MANIFEST_FORMAT, "sha256": digests})
        if self.path.exists():
            raise UsageError(f"--run {self.path}: the folder appeared meanwhile; the run is in {self.folder}.")
        self.folder.rename(self.path)
        return self.path

    @property
    def is_resumable(self) -> bool:
        """Whether the partial folder holds a training that `--resume` can go on with."""
        return (self.folder / f"{_TRAINING}.npz").is_file()

    def discard(self) -> None:
        """Remove the partial folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def discard_unless_resumable(self) -> None:
        """Remove the partial folder, unless `is_resumable`."""
        if not self.is_resumable:
            self.discard()


@dataclass(frozen=True)
class PartialRun:
    """An interrupted run that training can go on from.

    Attributes
    ----------
    path
        Where the complete run will be.
    config, metadata
        Its settings, and what was known before training.
    facts, arrays
        The state of the training: plain values, and arrays by name.
    """

    path: Path
    config: FitConfig
    metadata: Mapping[str, Any]
    facts: Mapping[str, Any]
    arrays: Mapping[str, npt.NDArray[Any]]


def find_partial(path: Path | None, source: str) -> PartialRun:
    """Return the interrupted run of `path`, or the newest one in `runs/` that was started on `source`.

    Parameters
    ----------
    path
        Where the complete run will be; None to look for it.
    source
        As `source_text` names it.

    Raises
    ------
    UsageError
        Where there is none.
    """
    folders = [partial_path(path)] if path else sorted(RUNS.glob(".*.partial"), key=lambda found: found.stat().st_mtime)
    for folder in reversed(folders):
        if not (folder / f"{_TRAINING}.npz").is_file():
            continue
        place = folder / artifacts.METADATA.name
        metadata = store.read_json(place)
        with store.decoding(place, "what was known before training"):
            facts_of_start = documents.STARTED.parse(json.dumps(metadata))
        if path is None and facts_of_start.data.source != source:
            continue
        arrays = store.read_arrays(folder / f"{_TRAINING}.npz")
        with store.decoding(folder / f"{_TRAINING}.npz", "the state of a training"):
            facts = documents.TRAINING.parse(str(arrays.pop("facts")))
        config = artifacts.CONFIG.read(folder / artifacts.CONFIG.name)
        final = folder.with_name(folder.name.removeprefix(".").removesuffix(".partial"))
        return PartialRun(final, config, metadata, asdict(facts), arrays)
    where = f"{path}" if path else f"{source} in {RUNS}/"
    raise UsageError(
        f"--resume: there is no interrupted training of {where}.",
        hint="Leave out --resume to start afresh; --run DIR names the run to go on with.",
    )
