"""A dataset's schema as plain JSON types: what `inspect` prints."""

from __future__ import annotations

from typing import Any

import numpy as np

from vaeaudit.data.cells import number_text
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.image_store import ImageStore
from vaeaudit.data.schema import Column

MAX_LEVELS = 20
MAX_QUARANTINE = 20


def describe(dataset: Dataset) -> dict[str, Any]:
    """Return columns, row accounting, notes and the head of the quarantine, ready for JSON.

    `images` says what the pictures are, sizes as width and height; null where the source is a table.

    Parameters
    ----------
    dataset
        As `load` returned it.
    """
    accounting = dataset.accounting
    head = dataset.quarantine.head(MAX_QUARANTINE)
    return {
        "name": dataset.name,
        "fingerprint": dataset.fingerprint,
        "rows": {
            "read": accounting.read,
            "scored": accounting.scored,
            "quarantined": accounting.quarantined,
            "skipped": accounting.skipped,
        },
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
        "missing": column.missing,
        "unique": column.unique,
        "levels": list(column.levels[:MAX_LEVELS]),
        "n_levels": len(column.levels),
        "examples": examples,
        "problems": list(column.problems),
        "suggested_sensitive": column.suggested_sensitive,
        "derived": column.derived,
    }


def _examples(dataset: Dataset, column: Column) -> list[str]:
    """Return the range of a number or a date, the first values of anything that has no levels."""
    values = dataset.frame[column.name].dropna()
    if column.levels or values.empty:
        return []
    if column.kind.is_numeric:
        return [_number(value) for value in (values.min(), values.median(), values.max())]
    if values.dtype.kind == "M":
        return [str(values.min()), str(values.max())]
    return [str(value) for value in values.drop_duplicates().head(3)]


def _number(value: float) -> str:
    return number_text(value) if float(value).is_integer() else f"{value:.6g}"
