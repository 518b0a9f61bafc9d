"""Results as strict JSON, by one rule for all of them, and the JSON Schemas that are generated from their types."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd

from vaeaudit.analysis.audit.results import AuditResults, ReportDocument


def document(results: AuditResults) -> dict[str, Any]:
    """Return `report.json` of an audit: the fields of `ReportDocument`, made plain (see `plain`).

    Parameters
    ----------
    results
        What the analysis found.
    """
    return {entry.name: plain(getattr(results, entry.name), entry.name) for entry in fields(ReportDocument)}


def frame_of(kind: type, results: Iterable[Any]) -> pd.DataFrame:
    """Return a table with a row per result and a column per field, values made plain (see `plain`).

    Parameters
    ----------
    kind
        The dataclass that all of them are of; without any, the table has its columns all the same.
    results
        What becomes rows.
    """
    return pd.DataFrame([plain(result) for result in results], columns=[entry.name for entry in fields(kind)])


def to_json(written: Any) -> str:
    """Render plain values as strict JSON."""
    return json.dumps(written, ensure_ascii=False, allow_nan=False, indent=1)


def json_schema(name: str = "report") -> dict[str, Any]:
    """Return the JSON Schema (2020-12) that every `report.json` of this version satisfies.

    Parameters
    ----------
    name
        `report`; `rebalance` and `generated` for those of `rebalance.json` and `generated.json`.
    """
    text = files("vaeaudit.report").joinpath(f"{name}.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def plain(value: Any, where: str = "") -> Any:
    """Return results as plain `dict`, `list`, `str`, `int`, `float`, `bool` and `None`.

    Keys are the names of fields, less the underscore behind one that would be a keyword of Python. Intervals are
    `{low, high, level}` with `null` for an open bound.

    Parameters
    ----------
    value
        A result, or what it is made of.
    where
        Path that the message of an error names.

    Raises
    ------
    ValueError
        Where a number is NaN or infinite. No such number has a meaning in a report, so it is a defect of whatever
        computed it, and is not written as null; the message says where it stands.
    TypeError
        Where a value has no JSON counterpart.
    """
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        # Of an enumeration, its value; a lone surrogate is not UTF-8.
        return str(value).encode("utf-8", errors="replace").decode("utf-8")
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"expected a finite number at {where}, found {value}")
        return value
    return _plain_container(value, where)


def _plain_container(value: Any, where: str) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        value = {entry.name.removesuffix("_"): getattr(value, entry.name) for entry in fields(value)}
    if isinstance(value, Mapping):
        return {plain(str(key)): plain(entry, f"{where}.{key}".lstrip(".")) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry, f"{where}[{position}]") for position, entry in enumerate(value)]
    raise TypeError(f"expected a JSON value at {where}, found {type(value).__name__}")
