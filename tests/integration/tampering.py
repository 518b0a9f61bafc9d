"""Damage to the files of a run, generated: each file, each key, array and column of it, in several ways.

Whoever alters a run can make the manifest's digests anew, so that hashes agree; what is read must then still be what
`vaeaudit.runs.artifacts` says.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

#: Arrays whose numbers may be NaN by their declaration.
MAY_BE_NAN = {"low", "high", "covered", "p_missing", "partner_nats"}
#: Arrays that a run need not have.
OPTIONAL = re.compile(r"stability|densities_density_nats_\w+|patch_scales|surprises|chance\w*")
#: What is named by the data, so that an entry more or less is no damage.
BY_NAME = {"density", "versions", "timings"}


@dataclass(frozen=True)
class Damage:
    """What was done to a file, and its bytes afterwards."""

    file: str
    what: str
    content: bytes


def damages(folder: Path) -> Iterator[Damage]:
    """Yield every damage to a run; none of them leaves a file that a run could have."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "manifest.json"):
        name = path.relative_to(folder).as_posix()
        content = path.read_bytes()
        whole = {"emptied": b"", "cut": content[: len(content) // 2], "replaced": b"\x00\xff not this"}
        yield from (Damage(name, what, broken) for what, broken in whole.items())
        kind = {".json": of_json, ".npz": of_arrays, ".parquet": of_table, ".csv": of_table}[path.suffix]
        for what, broken in kind(path):
            yield Damage(name, what, broken)


# --- JSON -----------------------------------------------------------------------------------------------------------


def of_json(path: Path) -> Iterator[tuple[str, bytes]]:
    text = path.read_text(encoding="utf-8")
    for whole in ("[]", "null", "3", '"text"', "{}", "[" * 100_000):
        yield f"is {whole[:6]}", whole.encode()
    for place in places(json.loads(text)):
        if place[0] in BY_NAME and (len(place) > 1 or place[0] == "density"):
            continue
        for what, change in changes_of(place):
            document = json.loads(text)
            holder = document
            for key in place[:-1]:
                holder = holder[key]
            change(holder, place[-1])
            yield f"{'.'.join(map(str, place))} {what}", json.dumps(document).encode()


def places(document: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to each key, and to the first element of each list."""
    entries = document.items() if isinstance(document, dict) else enumerate(document[:1])
    for key, value in entries:
        yield (*above, key)
        if isinstance(value, dict | list):
            yield from places(value, (*above, key))


def changes_of(place: tuple[Any, ...]) -> Iterator[tuple[str, Callable[[Any, Any], None]]]:
    def to(value: Any) -> Callable[[Any, Any], None]:
        def change(holder: Any, key: Any) -> None:
            holder[key] = value

        return change

    if isinstance(place[-1], str):
        yield "removed", lambda holder, key: holder.pop(key)
    yield "is an object", to({"a": [1]})
    yield "is NaN", to(float("nan"))


# --- arrays ---------------------------------------------------------------------------------------------------------


def of_arrays(path: Path) -> Iterator[tuple[str, bytes]]:
    with np.load(path, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    for name, values in arrays.items():
        if not OPTIONAL.fullmatch(name):
            yield f"{name} removed", packed({other: kept for other, kept in arrays.items() if other != name})
        if name == "patch_scales":
            continue
        for what, changed in changed_arrays(name, values):
            yield f"{name} {what}", packed(arrays | {name: changed})


def changed_arrays(name: str, values: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    yield "has one more axis", values[None]
    yield "is of another kind", np.zeros(values.shape) if values.dtype.kind == "U" else values.astype(np.str_)
    if values.dtype.kind == "f" and values.size and name not in MAY_BE_NAN:
        yield "is NaN", np.full_like(values, np.nan)
    yield "is complex", np.zeros(values.shape, np.complex64)


def packed(arrays: dict[str, np.ndarray]) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **arrays)
    return stream.getvalue()


# --- tables ---------------------------------------------------------------------------------------------------------


def of_table(path: Path) -> Iterator[tuple[str, bytes]]:
    is_csv = path.suffix == ".csv"
    table = pd.read_csv(path, keep_default_na=False) if is_csv else pd.read_parquet(path)
    optional = set() if path.name != "history.csv" else set(table.columns) - {"epoch"}
    for name in table.columns:
        if name not in optional:
            yield f"{name} removed", as_bytes(table.drop(columns=name), is_csv)
        if not len(table):
            continue
        is_text = not pd.api.types.is_numeric_dtype(table[name]) and table[name].dtype.kind != "M"
        if not is_csv or not is_text:
            changed = np.arange(len(table)) + 0.5 if is_text else [f"text {row}" for row in range(len(table))]
            yield f"{name} of another kind", as_bytes(table.assign(**{name: changed}), is_csv)
    if path.name != "quarantine.csv" and len(table):
        yield "a row fewer", as_bytes(table.iloc[:-1], is_csv)


def as_bytes(table: pd.DataFrame, is_csv: bool) -> bytes:
    stream = io.BytesIO()
    if is_csv:
        table.to_csv(stream, index=False)
    else:
        table.to_parquet(stream, index=False)
    return stream.getvalue()


# --- put in place ---------------------------------------------------------------------------------------------------


class Tampered:
    """A copy of a run, of which one file at a time is damaged, with a manifest whose digests agree."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._sound = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        self._manifest = folder / "manifest.json"

    def put(self, damage: Damage) -> None:
        path = self.folder / damage.file
        path.write_bytes(damage.content)
        manifest = json.loads(self._sound[self._manifest])
        manifest["sha256"][damage.file] = hashlib.sha256(damage.content).hexdigest()
        self._manifest.write_text(json.dumps(manifest), encoding="utf-8")

    def restore(self, damage: Damage) -> None:
        for path in (self.folder / damage.file, self._manifest):
            path.write_bytes(self._sound[path])
