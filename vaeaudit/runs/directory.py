"""The run directory: built out of sight, completed by its manifest, then renamed into place.

While `fit` works, everything is in `.<name>.partial` beside the final place; a run that was killed or interrupted
therefore never looks complete, and `--resume` finds it there.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial as with_arguments
from itertools import chain, count
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.config import FitConfig
from vaeaudit.data.sources.listing import sha256
from vaeaudit.errors import UsageError
from vaeaudit.outputs.record import Record
from vaeaudit.runs import artifacts, documents, store
from vaeaudit.runs.artifacts import Artifact
from vaeaudit.storage.files import cannot_write, make_folder
from vaeaudit.storage.locks import PATIENCE, Lock, is_ours, remove, sweep

R = TypeVar("R", bound=Record)

MANIFEST = artifacts.MANIFEST.name
MANIFEST_FORMAT = 1
RUNS = Path("runs")
_TRAINING = artifacts.TRAINING.name
_LOCK = ".vaeaudit-lock"
#: All that a run can hold before its training is first kept: what holds more, or other things, is not swept.
_BEFORE_TRAINING = {
    "model",
    *(name for name, artifact in artifacts.ARTIFACTS.items() if artifact.step is artifacts.Step.START),
}


def new_run_path(name: str, *, now: datetime | None = None) -> Path:
    """Return a new `runs/<name>-<time>`, with everything out of `name` that a folder's name should not hold.

    Parameters
    ----------
    name
        What the data is called.
    now
        The time in the folder's name; the present one where None.
    """
    stamp = (now or datetime.now(UTC)).strftime("%Y%m%d-%H%M%S")
    return _free(RUNS / f"{store.folder_name(name)}-{stamp}")  # another may have started within the same second


def _free(wanted: Path) -> Path:
    """Return a path that nobody has taken: the one wanted, or with a number behind its name."""
    numbered = (wanted.with_name(f"{wanted.name}-{number}") for number in count(2))
    return next(path for path in chain([wanted], numbered) if not path.exists() and not partial_path(path).exists())


def partial_path(path: Path) -> Path:
    """Return where the unfinished run of `path` is kept.

    Parameters
    ----------
    path
        Where the complete run will be.
    """
    return path.with_name(f".{path.name}.partial")


def sweep_partial_runs(folder: Path) -> None:
    """Remove what killed fits left in a folder of runs and nobody can resume.

    Parameters
    ----------
    folder
        Such as `RUNS`. A training that can be resumed, what a living process works on, what another user owns and what
        does not look like an unfinished run are all left alone.
    """
    for lock in folder.glob(f".*{_LOCK}"):
        if is_ours(lock):
            sweep(lock, lambda: None)
    for partial in folder.glob(".*.partial"):
        if is_ours(partial) and _cannot_be_resumed(partial):
            sweep(_lock_path(partial), with_arguments(_remove_unless_resumable, partial))


def _lock_path(partial: Path) -> Path:
    return partial.with_suffix(_LOCK)


def _remove_unless_resumable(partial: Path) -> None:
    if _cannot_be_resumed(partial):  # asked again, since its owner may have worked on until the lock was free
        remove(partial)


def _cannot_be_resumed(partial: Path) -> bool:
    try:
        names = {entry.name for entry in partial.iterdir() if not entry.name.endswith(".writing")}
        return "model" in names and names <= _BEFORE_TRAINING and not any((partial / "model").iterdir())
    except OSError:
        return False


class RunWriter:
    """Builds a run directory in its partial place; `complete` makes it one.

    No other process can write the same run before `release`, `complete` or `discard`.

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
        Where `path` exists, cannot be created, or is being written by another process.
    """

    def __init__(self, path: Path, *, resume: bool = False) -> None:
        self.path = path
        self._require_free()
        if str(path) != os.fsencode(path).decode("utf-8", errors="replace"):
            raise UsageError(f"--run {path}: the name is not UTF-8.", hint="Choose another name.")
        self.folder = partial_path(path)
        make_folder(path.parent, option="--run")
        try:
            lock = Lock.take(_lock_path(self.folder), patience=PATIENCE)
            if lock is None:
                raise UsageError(
                    f"--run {path}: another vaeaudit is making this run.", hint="Wait for it, or choose another name."
                )
            self._lock = lock
            self._require_free()  # another process may have completed it meanwhile
            if self.folder.exists() and not resume:
                shutil.rmtree(self.folder)
        except OSError as error:
            raise cannot_write(f"--run {path}", error) from error
        make_folder(self.folder / "model", option="--run")

    def _require_free(self) -> None:
        if self.path.exists():
            raise UsageError(
                f"--run {self.path}: the folder exists already.", hint="Choose another name, or move it away."
            )

    def document(self, artifact: Artifact[Any], document: Mapping[str, Any]) -> None:
        """Write a JSON file of the run."""
        store.write_json(self.folder / artifact.name, document)

    def record(self, artifact: Artifact[R], record: R) -> None:
        """Write a record of the run."""
        self.arrays(artifact, record.to_arrays())

    def arrays(self, artifact: Artifact[Any], arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Write an `.npz` of the run."""
        store.write_arrays(self.folder / artifact.name, arrays)

    def table(self, artifact: Artifact[pd.DataFrame], table: pd.DataFrame, *, note: str = "") -> None:
        """Write a Parquet or CSV table of the run."""
        store.write_table(self.folder / artifact.name, table, note=note)

    def training_state(self, facts: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Keep what an interrupted training needs to go on; one file, so that it is whole or absent."""
        text = json.dumps(facts)
        store.write_arrays(self.folder / _TRAINING, {**arrays, "facts": np.array(text)})

    def complete(self) -> Path:
        """Write the manifest and rename the run into place; only then is the training state dropped.

        Raises
        ------
        UsageError
            Where something else has taken the place of the run: `path` is then a free name beside it, under which the
            training can be resumed.
        """
        for left_over in self.folder.rglob(".*.writing"):  # of a writer that was killed
            left_over.unlink()
        files = sorted(file for file in self.folder.rglob("*") if file.is_file())
        names = [file.relative_to(self.folder).as_posix() for file in files]
        digests = {name: sha256(self.folder / name) for name in names if name not in {MANIFEST, _TRAINING}}
        self.document(artifacts.MANIFEST, {"format": MANIFEST_FORMAT, "sha256": digests})
        try:
            self._move_into_place()
        except OSError as error:
            raise cannot_write(f"--run {self.path}", error) from error
        with contextlib.suppress(OSError):  # the run is complete, and what its manifest does not list is never read
            (self.path / _TRAINING).unlink(missing_ok=True)
        self.release()
        return self.path

    def _move_into_place(self) -> None:
        wanted = self.path
        if not wanted.exists():
            self.folder.rename(wanted)
            return
        self.path = _free(wanted)
        self.folder = self.folder.rename(partial_path(self.path))
        raise UsageError(f"--run {wanted}: the folder appeared meanwhile; nothing in it was touched.")

    def release(self) -> None:
        """Let other processes write this run."""
        self._lock.release()

    @property
    def is_resumable(self) -> bool:
        """Whether the partial folder holds a training that `--resume` can go on with."""
        return (self.folder / _TRAINING).is_file()

    def discard(self) -> None:
        """Remove the partial folder."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.release()


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
        if not (folder / _TRAINING).is_file():
            continue
        place = folder / artifacts.METADATA.name
        metadata = store.read_json(place)
        with store.decoding(place, "what was known before training"):
            facts_of_start = documents.STARTED.parse(json.dumps(metadata))
        if path is None and facts_of_start.data.source != source:
            continue
        arrays = store.read_arrays(folder / _TRAINING)
        with store.decoding(folder / _TRAINING, "the state of a training"):
            facts = documents.TRAINING.parse(str(arrays.pop("facts")))
        config = artifacts.CONFIG.read(folder / artifacts.CONFIG.name)
        final = folder.with_name(folder.name.removeprefix(".").removesuffix(".partial"))
        return PartialRun(final, config, metadata, asdict(facts), arrays)
    where = f"{path}" if path else f"{source} in {RUNS}/"
    raise UsageError(
        f"--resume: there is no interrupted training of {where}.",
        hint="Leave out --resume to start afresh; --run DIR names the run to go on with.",
    )
