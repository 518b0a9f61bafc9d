"""What `inspect` says of a dataset: its schema as plain JSON types, and an `audit.toml` to edit and give back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from vaeaudit.config import FitConfig, ReadConfig, SourceKind
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.schema.columns import Column, Kind, Role
from vaeaudit.data.sources.image_store import ImageStore
from vaeaudit.data.tables.cells import number_text

MAX_LEVELS = 20
MAX_QUARANTINE = 20
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+\Z")


def describe(dataset: Dataset) -> dict[str, Any]:
    """Return columns, row accounting, notes and the head of the quarantine, ready for JSON.

    `images` says what the pictures are, sizes as width and height; null where the source is a table.

    Parameters
    ----------
    dataset
        As `load` returned it.
    """
    head = dataset.quarantine.head(MAX_QUARANTINE)
    return {
        "name": dataset.name,
        "fingerprint": dataset.fingerprint,
        "rows": asdict(dataset.accounting),
        "images": _describe_images(dataset.images) if dataset.images is not None else None,
        "columns": [_describe_column(column, _examples(dataset, column)) for column in dataset.schema],
        "notes": list(dataset.notes),
        "quarantine": {
            "entries": len(dataset.quarantine),
            "head": [
                {"file": str(file), "row": int(row), "reason": str(reason)}
                for file, row, reason in head.itertuples(index=False, name=None)
            ],
        },
    }


def _describe_images(images: ImageStore) -> dict[str, Any]:
    n_images, height, width, channels = images.shape
    by_area = np.argsort(images.sizes.prod(axis=1, dtype=np.int64), kind="stable")
    smallest, median, largest = (images.sizes[by_area[rank]].tolist() for rank in (0, n_images // 2, n_images - 1))
    return {
        "count": n_images,
        "size_in_model": [width, height],
        "channels": channels,
        "original_sizes": {"smallest": smallest, "median": median, "largest": largest},
        "modes": dict(sorted(images.modes.items(), key=lambda entry: (-entry[1], entry[0]))),
        "exact_duplicates": n_images - len(np.unique(images.content)),
    }


def _describe_column(column: Column, examples: list[str]) -> dict[str, Any]:
    return {
        "name": column.name,
        "kind": column.kind.value,
        "role": column.role.value,
        "in_model": column.in_model,
        "given": column.given,
        "missing": column.missing,
        "unique": column.unique,
        "levels": list(column.levels[:MAX_LEVELS]),
        "n_levels": len(column.levels),
        "examples": examples,
        "problems": list(column.problems),
        "suggested_sensitive": column.suggested_sensitive,
        "derived": column.derived,
        "unit": column.unit,
        "personal": column.personal,
        "same_as": column.same_as,
    }


def _examples(dataset: Dataset, column: Column) -> list[str]:
    """Return the range of a number or a date, the first values of anything that has no levels and is not personal."""
    values = dataset.frame[column.name].dropna()
    if column.levels or values.empty or column.personal:
        return []
    if column.kind.is_numeric:
        found = values.to_numpy(np.float64)
        shown = (float(found.min()), float(np.median(found)), float(found.max()))
        return [number_text(value) if value.is_integer() else f"{value:.6g}" for value in shown]
    if values.dtype.kind == "M":
        return [str(values.min()), str(values.max())]
    return [str(value) for value in values.drop_duplicates().head(3)]


# --- audit.toml -----------------------------------------------------------------------------------------------------


def audit_toml(dataset: Dataset, config: ReadConfig | FitConfig) -> str:
    """Return the text of a commented TOML file with the tables of `FitConfig`.

    Reading it back with `FitConfig.from_dict` gives the same roles and the kinds that were inferred. Kinds that leave
    a column out, and ordinals that the source itself orders, are written as they are, so that an edit is one word.

    Parameters
    ----------
    dataset
        As read with `config`.
    config
        The settings that it was read with.
    """
    read = config.read if isinstance(config, FitConfig) else config
    lines = [
        f"# How vaeaudit reads {_comment(dataset.name)}. Edit it, then: vaeaudit fit DATA --config THIS_FILE",
        f"# {dataset.accounting}",
        "",
        "[read]",
        *_roles(dataset, read),
        "",
        *_reading(read),
        *_pictures(dataset, read),
        "",
        "# Column = kind: real, positive, count, category, boolean, datetime, text, constant, identifier.",
        "# text, constant and identifier columns stay out of the model. Ordinal columns stand under [read.levels].",
        "[read.kinds]",
        *(_kind_line(column) for column in dataset.schema if column.kind is not Kind.ORDINAL),
        "",
        "# Column = its levels in rising order: declares the column ordinal.",
        "[read.levels]",
        *(f"{key(column.name)} = {toml(column.levels)}" for column in dataset.schema if column.kind is Kind.ORDINAL),
    ]
    return "\n".join(lines) + "\n"


def _roles(dataset: Dataset, read: ReadConfig) -> list[str]:
    suggested = [c.name for c in dataset.schema if c.suggested_sensitive and c.role is Role.INPUT]
    split = dataset.schema.split
    return [
        "# The column that a model would be trained to predict; it stays out of the audit's own model.",
        f"label = {toml(read.label)}" if read.label is not None else '# label = "column"',
        "# Attributes whose groups are compared; they stay out of the model too, unless included below.",
        *([f"# Names that suggest one: {toml(suggested)}"] if suggested else []),
        f"sensitive = {toml(read.sensitive)}",
        "# Columns that take no part at all.",
        f"exclude = {toml(read.exclude)}",
        "# The label or sensitive columns that the model is to see nevertheless.",
        f"include = {toml(read.include)}",
        "# Columns that the model is given beside its latents, which then need not tell them; they are not decoded.",
        f"condition = {toml(read.condition)}",
        "# The column that names the rows.",
        f"id = {toml(read.id)}" if read.id is not None else '# id = "column"',
        "# The column that says train, val or test; rows that occur in more than one split are reported.",
        f"split = {toml(split.name)}" if split is not None else '# split = "column"',
        "# Columns that say which rows belong together: one person, one household.",
        f"group = {toml([column.name for column in dataset.schema.groups])}",
        "# Columns in which annotators say what the label is; level of the label = column of its probability.",
        f"annotator = {toml(read.annotator)}",
        f"probability = {{{', '.join(f'{key(level)} = {toml(name)}' for level, name in read.probability.items())}}}",
        "# The column in which a model that exists predicts the label; the one that says how much a row counts.",
        f"prediction = {toml(read.prediction)}" if read.prediction is not None else '# prediction = "column"',
        f"weight = {toml(read.weight)}" if read.weight is not None else '# weight = "column"',
    ]


def _reading(read: ReadConfig) -> list[str]:
    return [
        '# Further tokens that mean "missing".',
        f"na = {toml(read.na)}",
        "# Tokens, such as NA, that are values in columns of text.",
        f"keep = {toml(read.keep)}",
        "# Found from the data unless given.",
        f"delimiter = {toml(read.delimiter)}" if read.delimiter is not None else '# delimiter = ","',
        f"encoding = {toml(read.encoding)}" if read.encoding is not None else '# encoding = "utf-8"',
        "# Which comes first in dates, day-first or month-first, and what parts decimals, comma or point: for doubts.",
        f"date_order = {toml(read.date_order)}",
        f"decimal = {toml(read.decimal)}",
    ]


def _pictures(dataset: Dataset, read: ReadConfig) -> list[str]:
    """Write how pictures and arrays are read, where the source is one."""
    lines = [] if read.kind == SourceKind.AUTO else ["# auto, table, images or array.", f"kind = {toml(read.kind)}"]
    if dataset.images is not None:
        lines += [
            "# Side in pixels of the square that pictures are brought to.",
            f"image_size = {dataset.images.shape[1]}",
        ]
    if read.array_key is not None:
        lines += ["# The array that holds the rows.", f"array_key = {toml(read.array_key)}"]
    if read.cache is not None:
        lines += ["# Where resized pictures are kept.", f"cache = {toml(read.cache)}"]
    return lines


def _kind_line(column: Column) -> str:
    line = f"{key(column.name)} = {toml(column.kind.value)}"
    remarks = list(column.problems)
    if column.levels:
        listed = ", ".join(column.levels[:MAX_LEVELS]) + (", …" if len(column.levels) > MAX_LEVELS else "")
        remarks.insert(0, f"{len(column.levels):,} levels: {listed}")
    return f"{line}  # {_comment('; '.join(remarks))}" if remarks else line


# --- TOML -----------------------------------------------------------------------------------------------------------


def toml(value: Any) -> str:
    r"""Write a value as TOML, whose texts, numbers and lists look as in JSON.

    Examples
    --------
    >>> print(toml({'a "quoted"\n\x00 name': ["b", 1.5, True]}))
    {"a \"quoted\"\n\u0000 name" = ["b", 1.5, true]}
    """
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{toml(str(name))} = {toml(entry)}" for name, entry in value.items()) + "}"
    written = json.dumps(value, ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\U{ord(char):08X}" for char in written)


def key(name: str) -> str:
    """Write a TOML key, quoted only where it must be."""
    return name if _BARE_KEY.match(name) else toml(name)


def _comment(text: str) -> str:
    """Bring text onto one line without characters that TOML forbids in a comment."""
    return "".join(character if character.isprintable() else " " for character in text)
