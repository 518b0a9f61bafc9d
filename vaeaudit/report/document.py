"""`report.json`: the results as strict JSON, with the keys of the contract in `report.schema.json`."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from importlib.resources import files
from typing import Any

import numpy as np

import vaeaudit
from vaeaudit.analysis.results.audit import AuditResults
from vaeaudit.analysis.results.duplicates import Duplicates
from vaeaudit.analysis.results.groups import Proxy
from vaeaudit.analysis.results.latents import Histogram, HistogramCounts, LatentSummary
from vaeaudit.analysis.results.outliers import OutlierSummary
from vaeaudit.analysis.results.quality import ModelSummary

#: Raised when a key changes its meaning or goes; additions leave it.
SCHEMA_VERSION = "1.0"


def document(results: AuditResults) -> dict[str, Any]:
    """Return the JSON document of an audit: plain `dict`, `list`, `str`, `int`, `float`, `bool` and `None`.

    Densities and scores are in nats; intervals are `{low, high, level}` with `null` for an open bound.

    Parameters
    ----------
    results
        What the analysis found.

    Raises
    ------
    ValueError
        Where a number is NaN or infinite. No such number has a meaning in a report, so it is a defect of whatever
        computed it, and is not written as null; the message says where it stands.
    TypeError
        Where a value has no JSON counterpart.
    """
    parts: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "vaeaudit", "version": vaeaudit.__version__},
        "run": results.run,
        "rows": results.rows,
        "quarantine": [{"file": file, "row": row, "reason": reason} for file, row, reason in results.quarantine],
        "verdict": results.verdict,
        "findings": results.findings,
        "latents": [_latent(latent) for latent in results.latents],
        "outliers": _outliers(results.outliers),
        "regions": results.regions,
        "regions_tested": results.regions_tested,
        "comparison": results.comparison,
        "representation": results.representation,
        "disparities": results.disparities,
        "proxies": [_proxy(proxy) for proxy in results.proxies],
        "duplicates": _duplicates(results.duplicates),
        "model": _model(results.model),
        "columns": results.columns,
        "traversals": results.traversals,
        "notes": results.notes,
    }
    return {key: plain(value, key) for key, value in parts.items()}


def to_json(results: AuditResults) -> bytes:
    """Render `document` as UTF-8."""
    return json.dumps(document(results), ensure_ascii=False, allow_nan=False, indent=1).encode("utf-8")


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) that every `report.json` of this version satisfies."""
    text = files("vaeaudit.report").joinpath("report.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _latent(latent: LatentSummary) -> dict[str, Any]:
    histogram: Histogram = latent.histogram
    by_group = {
        attribute: {group: _counts(counts) for group, counts in groups.items()}
        for attribute, groups in histogram.by_group.items()
    }
    return {
        "index": latent.index,
        "active": latent.active,
        "kl_nats": latent.kl_nats,
        "stability": latent.stability,
        "explains": latent.explains,
        "histogram": {"edges": histogram.edges, **_counts(histogram.overall), "by_group": by_group},
    }


def _counts(counts: HistogramCounts) -> dict[str, Any]:
    return {"counts": counts.counts, "share_low": counts.share_low, "share_high": counts.share_high}


def _outliers(outliers: OutlierSummary) -> dict[str, Any]:
    parts = {entry.name: getattr(outliers, entry.name) for entry in fields(outliers)}
    by_group = [{**vars(rate), "attribute": rate.attributes[0], "group": rate.group[0]} for rate in outliers.by_group]
    for entry in by_group:
        del entry["attributes"]
    return {**parts, "by_group": by_group}


def _proxy(proxy: Proxy) -> dict[str, Any]:
    return {{"source": "from"}.get(entry.name, entry.name): getattr(proxy, entry.name) for entry in fields(proxy)}


def _duplicates(duplicates: Duplicates) -> dict[str, Any]:
    parts = {entry.name: getattr(duplicates, entry.name) for entry in fields(duplicates)}
    return {**parts, "largest": [{"row_id": row_id, "rows": rows} for row_id, rows in duplicates.largest]}


def _model(model: ModelSummary) -> dict[str, Any]:
    parts = {entry.name: getattr(model, entry.name) for entry in fields(model)}
    lifted = {"continuity": model.continuity, "completeness": model.completeness}
    if (space := model.latent_space) is not None:
        names = (entry.name for entry in fields(space) if entry.name not in lifted)
        parts["latent_space"] = {name: getattr(space, name) for name in names}
    return {**parts, **lifted}


def plain(value: Any, where: str) -> Any:
    """Convert results to plain JSON types; `where` is the path that the message of an error names."""
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", errors="replace").decode("utf-8")  # a lone surrogate is not UTF-8
    if isinstance(value, float):
        return _finite(value, where)
    return _plain_container(value, where)


def _plain_container(value: Any, where: str) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        value = {entry.name: getattr(value, entry.name) for entry in fields(value)}
    if isinstance(value, Mapping):
        return {plain(str(key), where): plain(entry, f"{where}.{key}") for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry, f"{where}[{position}]") for position, entry in enumerate(value)]
    raise TypeError(f"report.json: expected a JSON value at {where}, found {type(value).__name__}")


def _finite(value: float, where: str) -> float:
    if not math.isfinite(value):
        raise ValueError(f"report.json: expected a finite number at {where}, found {value}")
    return value
