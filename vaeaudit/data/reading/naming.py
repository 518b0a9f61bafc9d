"""Names of columns that the user gave, found among those of the data."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from vaeaudit.config import ReadConfig


def with_names_of(names: Sequence[str], config: ReadConfig) -> ReadConfig:
    """Write the columns that a configuration names as the data does; a name that it does not know stays as it is.

    A terminal and a file may hold the same letters in two Unicode normal forms. And of `--levels income=<=10,>10` only
    the data can tell where the name ends: at the first equals sign that leaves one of its columns.

    Parameters
    ----------
    names
        Unique names of columns.
    config
        As the user gave it.
    """
    known = {unicodedata.normalize("NFC", name): name for name in reversed(names)} | {name: name for name in names}

    def found(name: str) -> str:
        return known.get(name) or known.get(unicodedata.normalize("NFC", name), name)

    def split(name: str, levels: list[str]) -> tuple[str, list[str]]:
        parts = f"{name}={levels[0]}".split("=") if levels else []
        ends = (end for end in range(1, len(parts)) if found("=".join(parts[:end])) in known)
        end = None if found(name) in known else next(ends, None)
        return (name, levels) if end is None else ("=".join(parts[:end]), ["=".join(parts[end:]), *levels[1:]])

    levels = dict(split(name, entry) for name, entry in config.levels.items())
    return replace(
        config,
        label=config.label and found(config.label),
        id=config.id and found(config.id),
        split=config.split and found(config.split),
        sensitive=tuple(map(found, config.sensitive)),
        exclude=tuple(map(found, config.exclude)),
        include=tuple(map(found, config.include)),
        group=tuple(map(found, config.group)),
        annotator=tuple(map(found, config.annotator)),
        prediction=config.prediction and found(config.prediction),
        weight=config.weight and found(config.weight),
        probability={level: found(name) for level, name in config.probability.items()},
        kinds={found(name): kind for name, kind in config.kinds.items()},
        levels={found(name): entry for name, entry in levels.items()},
    )
