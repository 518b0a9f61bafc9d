"""Pictures of one size kept on disk, so that none is decoded twice: a `.npy` of uint8 and a small JSON beside it.

A source is recognised by a key over the names, sizes and times of change of its files and over how they were to be
read; what was found out while decoding (hashes of the pixels, what was refused and why) is read back from the JSON. The
JSON is written last: pixels without it are not used. The folder may be emptied whenever nothing reads from it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from functools import cache, partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import PIL
from pydantic import TypeAdapter

from vaeaudit.data.images.decoding import Picture, Remark, Unusable, in_grey
from vaeaudit.data.sources.image_store import ImageStore, PixelWriter
from vaeaudit.data.sources.listing import os_reason
from vaeaudit.errors import UsageError
from vaeaudit.storage.files import make_folder
from vaeaudit.storage.locks import LOCK, Lock, remove, sweep

DEFAULT_FOLDER = Path("runs", ".cache")
#: Counted up when the same files would come out differently.
_VERSION = 5
_REPORT_EVERY = 200
_PIXELS, _PARTS = re.compile(r"[0-9a-f]{32}\.npy"), re.compile(r"tmp[a-z0-9_]{8}\.part")
#: Called with the number of pictures done and their total.
Listener = Callable[[int, int], None]


@dataclass(frozen=True)
class Decoding:
    """Pictures about to be decoded.

    Attributes
    ----------
    side, total
        The side they are brought to, and how many there are.
    outcomes
        One for each.
    said
        Notes on the source as a whole.
    channels
        What they are brought to; None for grey where all are grey, else colour.
    value_range
        As in `PictureForm`.
    """

    side: int
    total: int
    outcomes: Generator[Picture | Unusable, None, None]
    said: tuple[str, ...] = ()
    channels: int | None = None
    value_range: tuple[float, float] | None = None


@dataclass(frozen=True)
class Preparation:
    """What bringing the pictures of a source to one size gave.

    Attributes
    ----------
    shape
        (N, side, side, channels) of the pixels; channels is 1 where all pictures are grey.
    content, sizes
        [N] and [N, 2], as in `ImageStore`.
    modes
        Pixel format -> how many pictures had it.
    remarks
        What was done -> to how many pictures.
    refused
        Position in the source -> why there is no picture.
    said
        What was noticed about the source as a whole.
    value_range
        As in `PictureForm`.
    """

    shape: tuple[int, int, int, int]
    content: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...]
    modes: dict[str, int]
    remarks: dict[str, int]
    refused: dict[int, str]
    said: tuple[str, ...] = ()
    value_range: tuple[float, float] | None = None

    @property
    def positions(self) -> npt.NDArray[np.int64]:
        """[N]; which entry of the source each picture was."""
        used = np.ones(self.shape[0] + len(self.refused), dtype=bool)
        used[list(self.refused)] = False
        return np.flatnonzero(used)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know, one sentence each."""
        said = {remark.value: count for remark in Remark if (count := self.remarks.get(remark.name, 0))}
        return (*self.said, *(f"{count:,} of {self.shape[0]:,} pictures {what}" for what, count in said.items()))

    def digest(self) -> str:
        """Return SHA-256 over what the pictures show and what was refused, as hex."""
        total = hashlib.sha256("\n".join(self.content).encode())
        total.update(json.dumps(sorted(self.refused.items())).encode())
        return total.hexdigest()


def cache_key(*parts: object) -> str:
    """Return a short name for everything that decides what the cached pixels are."""
    described = json.dumps([_VERSION, PIL.__version__, *map(str, parts)])
    return hashlib.sha256(described.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def prepare(
    folder: Path, key: str, decoding: Callable[[], Decoding], on_progress: Listener | None = None
) -> tuple[Preparation, ImageStore]:
    """Return the cached pictures of a source, or decode it and cache them.

    Parameters
    ----------
    folder, key
        Where the cache is, and what the source is called in it.
    decoding
        Called only where nothing is cached.
    on_progress
        Told how many are done.

    Raises
    ------
    UsageError
        Where the cache cannot be written.
    """
    pixels_path, document_path = folder / f"{key}.npy", folder / f"{key}.json"
    if folder.is_dir():
        with suppress(OSError):  # what is cached can be read even where nothing can be written
            _use(folder)
    kept = _read(pixels_path, document_path)
    if kept is not None:
        return kept
    begun, ledger = decoding(), _Ledger()
    make_folder(folder, option="--cache")
    with _reporting(folder):
        _use(folder)
    with (
        closing(begun.outcomes) as outcomes,
        _reporting(folder),
        PixelWriter(folder, begun.side, begun.channels or 1) as writer,
    ):
        for done, decoded in enumerate(outcomes, start=1):
            outcome = in_grey(decoded) if begun.channels == 1 and isinstance(decoded, Picture) else decoded
            if isinstance(outcome, Picture):
                writer.append(outcome.pixels)
            ledger.add(done - 1, outcome)
            if on_progress is not None and (done % _REPORT_EVERY == 0 or done == begun.total):
                on_progress(done, begun.total)
        preparation = ledger.close(writer.finish(pixels_path), begun)
        document_path.unlink(missing_ok=True)
        if ledger.lasting:  # otherwise what could not be read now may be readable next time
            _write_document(document_path, preparation)
    return preparation, _store(pixels_path, preparation)


@dataclass
class _Ledger:
    """What is written down about the pictures while they pass."""

    content: list[str] = field(default_factory=list)
    sizes: list[tuple[int, int]] = field(default_factory=list)
    modes: Counter[str] = field(default_factory=Counter)
    remarks: Counter[str] = field(default_factory=Counter)
    refused: dict[int, str] = field(default_factory=dict)
    lasting: bool = True

    def add(self, position: int, outcome: Picture | Unusable) -> None:
        if isinstance(outcome, Unusable):
            self.refused[position] = outcome.reason
            self.lasting = self.lasting and outcome.lasting
            return
        self.content.append(outcome.content)
        self.sizes.append(outcome.size)
        self.modes[outcome.mode] += 1
        self.remarks.update(remark.name for remark in outcome.remarks)

    def close(self, shape: tuple[int, int, int, int], begun: Decoding) -> Preparation:
        seen = (tuple(self.content), tuple(self.sizes), dict(self.modes), dict(self.remarks), self.refused)
        return Preparation(shape, *seen, begun.said, begun.value_range)


# --- files ----------------------------------------------------------------------------------------------------------


def _write_document(path: Path, preparation: Preparation) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(asdict(preparation), stream)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


@cache
def _use(folder: Path) -> Lock | None:
    """Remove what killed commands left in a cache that nobody else uses; then use it as long as this process lives.

    Pixels without their JSON belong to a process that reads them, or to none.
    """
    sweep(folder / LOCK, partial(_remove_leftovers, folder))
    return Lock.take(folder / LOCK, shared=True, patience=60.0)


def _remove_leftovers(folder: Path) -> None:
    for path in folder.iterdir():
        is_orphan = _PIXELS.fullmatch(path.name) and not path.with_suffix(".json").exists()
        if is_orphan or _PARTS.fullmatch(path.name):
            remove(path)


def _read(pixels_path: Path, document_path: Path) -> tuple[Preparation, ImageStore] | None:
    """Return what is cached, or None where it is not there, not complete or not what it should be."""
    try:
        preparation = TypeAdapter(Preparation).validate_json(document_path.read_bytes())
        store = _store(pixels_path, preparation)
        store.check()
    except (OSError, ValueError):
        return None
    return preparation, store


def _store(path: Path, preparation: Preparation) -> ImageStore:
    return ImageStore(
        path=path,
        shape=preparation.shape,
        content=np.array(preparation.content, dtype="<U64"),
        sizes=np.array(preparation.sizes, dtype=np.int32).reshape(-1, 2),
        modes=preparation.modes,
        value_range=preparation.value_range,
    )


@contextmanager
def _reporting(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"--cache {folder}: resized pictures cannot be kept there: {os_reason(error)}.",
            hint="Name a folder on a disk with room for them: --cache DIR",
        ) from error
