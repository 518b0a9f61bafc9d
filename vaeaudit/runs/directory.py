"""The run directory: built out of sight, completed by its manifest, then renamed into place.

While `fit` works, everything is in `.<name>.partial` beside the final place; a run that was killed or interrupted
therefore never looks complete, and `--resume` finds it there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from functools import partial as with_arguments
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.config import FitConfig
from vaeaudit.data.encoding import Encoding
from vaeaudit.data.image_encoding import ImageEncoding
from vaeaudit.data.rows import AnyEncoding
from vaeaudit.data.schema import Schema
from vaeaudit.errors import RunError, UsageError
from vaeaudit.latents import LatentCodes, LatentSpace
from vaeaudit.pictures import Pictures
from vaeaudit.runs import store
from vaeaudit.storage.files import cannot_write, make_folder
from vaeaudit.storage.leftovers import is_ours, remove, sweep
from vaeaudit.storage.locks import PATIENCE, Lock

MANIFEST = "manifest.json"
MANIFEST_FORMAT = 1
RUNS = Path("runs")
_TRAINING = "training.npz"
_LOCK = ".vaeaudit-lock"
#: All that a run can hold before its training is first kept: what holds more, or other things, is not swept.
_BEFORE_TRAINING = {"model", "config.json", "schema.json", "metadata.json", "columns.parquet", "quarantine.csv"}


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

    def subfolder(self, name: str) -> None:
        """Make a folder within the run."""
        make_folder(self.folder / name)

    def document(self, name: str, document: Mapping[str, Any]) -> None:
        """Write a JSON file of the run."""
        store.write_json(self.folder / name, document)

    def arrays(self, name: str, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Write an `.npz` of the run."""
        store.write_arrays(self.folder / name, arrays)

    def table(self, name: str, table: pd.DataFrame, *, note: str = "") -> None:
        """Write a Parquet or CSV table of the run."""
        store.write_table(self.folder / name, table, note=note)

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
        digests = {name: store.sha256(self.folder / name) for name in names if name not in {MANIFEST, _TRAINING}}
        self.document(MANIFEST, {"format": MANIFEST_FORMAT, "sha256": digests})
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
        for attempt in count(2):
            self.path = wanted.with_name(f"{wanted.name}-{attempt}")
            if not self.path.exists() and not partial_path(self.path).exists():
                break
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
        metadata = store.read_json(folder / "metadata.json")
        if path is None and metadata["data"]["source"] != source:
            continue
        arrays = store.read_arrays(folder / _TRAINING)
        facts = json.loads(str(arrays.pop("facts")))
        config = FitConfig.from_dict(store.read_json(folder / "config.json"))
        final = folder.with_name(folder.name.removeprefix(".").removesuffix(".partial"))
        return PartialRun(final, config, metadata, facts, arrays)
    where = f"{path}" if path else f"{source} in {RUNS}/"
    raise UsageError(
        f"--resume: there is no interrupted training of {where}.",
        hint="Leave out --resume to start afresh; --run DIR names the run to go on with.",
    )


@dataclass(frozen=True)
class Run:
    """A complete, verified run in the folder `path`; its files are read when asked for."""

    path: Path

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.path.resolve().name

    @cached_property
    def config(self) -> FitConfig:
        """The resolved configuration."""
        return FitConfig.from_dict(store.read_json(self.path / "config.json"))

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """Versions, seed, data, row accounting, timings, facts of the training."""
        return store.read_json(self.path / "metadata.json")

    @cached_property
    def schema(self) -> Schema:
        """Columns, kinds and roles."""
        return Schema.from_dict(store.read_json(self.path / "schema.json"))

    @cached_property
    def encoding(self) -> AnyEncoding:
        """How columns or pictures become numbers."""
        document = store.read_json(self.path / "schema.json")["encoding"]
        return ImageEncoding.from_dict(document) if "images" in document else Encoding.from_dict(document)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """[N, C]; the scored rows, typed as in `Dataset.frame`."""
        return store.read_frame(self.path / "columns.parquet", self.schema, self.metadata["rows"]["scored"])

    @cached_property
    def rows(self) -> pd.DataFrame:
        """`rows.parquet`: one row per scored row, in input order."""
        return store.read_table(self.path / "rows.parquet")

    @cached_property
    def codes(self) -> LatentCodes:
        """What the model knows about each row."""
        return LatentCodes.from_arrays(store.read_arrays(self.path / "latents.npz"))

    @cached_property
    def scoring(self) -> dict[str, npt.NDArray[Any]]:
        """`density_null` [M], `typical` [C], the densities and, where there were refits, `stability` [L]."""
        return store.read_arrays(self.path / "model" / "scoring.npz")

    @cached_property
    def regions(self) -> dict[str, Any]:
        """The rules of the regions that were found, by rank."""
        return store.read_json(self.path / "regions.json")

    @cached_property
    def model_fingerprint(self) -> str:
        """SHA-256 over the digests of the model's files and of the schema, as hex."""
        digests = store.read_json(self.path / MANIFEST)["sha256"]
        named = {name: digest for name, digest in digests.items() if name.startswith("model/") or name == "schema.json"}
        return hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()

    @cached_property
    def traversals(self) -> dict[str, npt.NDArray[Any]]:
        """`values` [L, T, C] and `positions` [T]."""
        return store.read_arrays(self.path / "traversals.npz")

    @cached_property
    def pictures(self) -> Pictures | None:
        """The pictures that a report shows; None for a table."""
        arrays = self.optional_arrays("pictures.npz")
        return None if arrays is None else Pictures.from_arrays(arrays)

    @cached_property
    def latent_space(self) -> LatentSpace | None:
        """What continuity and completeness are computed from; None for a run of an earlier version."""
        arrays = self.optional_arrays("latent_space.npz")
        return None if arrays is None else LatentSpace.from_arrays(arrays)

    def optional_arrays(self, name: str) -> dict[str, npt.NDArray[Any]] | None:
        """Return the arrays of a file that not every run has, or None where this one has not."""
        path = self.path / name
        return store.read_arrays(path) if path.is_file() else None

    @cached_property
    def history(self) -> pd.DataFrame:
        """One row per epoch."""
        return store.read_table(self.path / "history.csv")

    @cached_property
    def quarantine(self) -> pd.DataFrame:
        """Every row or file that was left out, with the reason."""
        return store.read_table(self.path / "quarantine.csv")

    def model_files(self) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
        """Return the architecture and the weights."""
        folder = self.path / "model"
        return store.read_json(folder / "architecture.json"), store.read_arrays(folder / "weights.npz")


def load_run(path: Path | str | None = None) -> Run:
    """Return a complete run whose files are those that its manifest lists.

    Parameters
    ----------
    path
        The run's folder; None for the newest complete run in `runs/`.

    Raises
    ------
    RunError
        Where there is no run, it is incomplete, or a file was altered since.
    """
    folder = Path(path) if path is not None else _newest()
    if not folder.is_dir():
        raise RunError(f"{folder}: there is no such run.", hint="`vaeaudit fit DATA` makes one and prints its path.")
    if not (folder / MANIFEST).is_file():
        raise RunError(f"{folder}: not a complete run: it has no {MANIFEST}.", hint="Run `vaeaudit fit` again.")
    manifest = store.read_json(folder / MANIFEST)
    if manifest.get("format") != MANIFEST_FORMAT:
        raise RunError(f"{folder}: expected manifest format {MANIFEST_FORMAT}, found {manifest.get('format')!r}.")
    digests = manifest.get("sha256")
    if not isinstance(digests, dict):
        raise RunError(f"{folder}: {MANIFEST} lists no files.", hint="Run `vaeaudit fit` again.")
    for name, digest in digests.items():
        file = folder / name
        if not file.is_file():
            raise RunError(f"{folder}: {name} is missing.", hint="Run `vaeaudit fit` again.")
        if store.sha256(file) != digest:
            raise RunError(f"{folder}: {name} was changed after the run.", hint="Run `vaeaudit fit` again.")
    return Run(folder)


def _newest() -> Path:
    complete = [folder for folder in RUNS.glob("*") if (folder / MANIFEST).is_file()]
    if not complete:
        raise RunError(f"{RUNS}/: no complete run found here.", hint="`vaeaudit fit DATA` makes one; or name a RUN.")
    return max(complete, key=lambda folder: (folder / MANIFEST).stat().st_mtime)
